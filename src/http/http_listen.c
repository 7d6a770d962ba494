/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The listening socket, from "HOST:PORT" or "[IPv6]:PORT". Refuses an address without a host: to
 * listen on every interface is said with 0.0.0.0 or [::]. Called by http_server.
 */
#include "http/http_internal.h"

#include "base/fd.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKLOG = 1024 };

static int split(const char *where, char host[NI_MAXHOST], const char **port, struct error *err)
{
    const char *colon = strrchr(where, ':');
    size_t len = colon ? (size_t)(colon - where) : 0;
    const char *start = where;
    if (len >= 2 && where[0] == '[' && where[len - 1] == ']') {
        start++;
        len -= 2;
    } else if (len && memchr(where, ':', len)) {
        len = 0; /* a bare IPv6 address: where would its port begin? */
    }
    if (!len || len >= NI_MAXHOST || !colon[1])
        return error_set(err, ERROR_INPUT, "%s: expected HOST:PORT or [IPv6]:PORT", where);
    memcpy(host, start, len);
    host[len] = '\0';
    *port = colon + 1;
    return 0;
}

static int listen_on(const struct addrinfo *a, const char *where, struct error *err)
{
    auto_fd fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int one = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
        return error_errno(err, "%s", where);
    return fd_take(&fd);
}

int http_listen(const char *where, struct error *err)
{
    char host[NI_MAXHOST];
    const char *port = NULL;
    if (split(where, host, &port, err) < 0)
        return -1;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list;
    /* RFC 6761: loopback, whatever a resolver or a missing /etc/hosts may say. */
    bool local = strcmp(host, "localhost") == 0;
    int code = getaddrinfo(local ? "127.0.0.1" : host, port, &hints, &list);
    if (code)
        return error_set(err, ERROR_INPUT, "%s: %s", where, gai_strerror(code));
    int fd = -1;
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
        fd = listen_on(a, where, err);
    freeaddrinfo(list);
    return fd;
}

int http_listen_port(int fd)
{
    struct sockaddr_storage a = {0};
    socklen_t len = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
        return 0;
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                         : ((struct sockaddr_in *)&a)->sin_port);
}
