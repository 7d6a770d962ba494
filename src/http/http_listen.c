/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The listening sockets, from a list of "HOST:PORT", "[IPv6]:PORT" and "unix:PATH". Refuses an
 * address without a host: to listen on every interface is said with 0.0.0.0 or [::]. The socket
 * file of a server that is gone is replaced; one that answers, and any other file, is left alone.
 * Called by http_server.
 */
#include "http/http_internal.h"

#include "base/fd.h"
#include "base/memory.h"
#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    UNIX_MODE = 0660, /* a proxy shares the group */
    CONTROL_MODE = 0600,
};

/* ---- HOST:PORT ---- */

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

static int listen_tcp(const char *where, struct error *err)
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

/* ---- unix:PATH ---- */

/* An address holds some hundred bytes of a path. A longer one is said by its directory's
 * descriptor, which *directory then is and must stay while the address is used. */
static int unix_address(const char *path, int *directory, struct sockaddr_un *out,
                        struct error *err)
{
    const char *slash = strrchr(path, '/');
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len = snprintf(out->sun_path, sizeof out->sun_path, "%s", path);
    if (*path && len < (int)sizeof out->sun_path)
        return 0;
    if (!slash)
        return error_set(err, ERROR_INPUT, "unix:%s: a path is needed", path);
    auto_strbuf parent = {0};
    strbuf_add(&parent, path, (size_t)(slash - path) + 1);
    *directory = open(strbuf_str(&parent), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*directory < 0)
        return error_errno(err, "unix:%s", path);
    len = snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d%s", *directory, slash);
    if (len < (int)sizeof out->sun_path)
        return 0;
    return error_set(err, ERROR_INPUT, "unix:%s: the name of the socket is too long", path);
}

/* Makes room for a socket at the path. */
static int clear_path(const struct sockaddr_un *a, struct error *err)
{
    const char *path = a->sun_path;
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : error_errno(err, "unix:%s", path);
    if (!S_ISSOCK(st.st_mode))
        return error_set(err, ERROR_CONFLICT, "unix:%s: there is a file that is no socket", path);
    auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_errno(err, "unix:%s", path);
    if (connect(fd, (const struct sockaddr *)a, sizeof *a) == 0 || errno == EAGAIN)
        return error_set(err, ERROR_CONFLICT, "unix:%s: another server answers there", path);
    if (errno != ECONNREFUSED)
        return error_errno(err, "unix:%s", path);
    return unlink(path) < 0 && errno != ENOENT ? error_errno(err, "unix:%s", path) : 0;
}

static int listen_unix(struct http_listener *l, const char *path, mode_t mode, struct error *err)
{
    struct sockaddr_un a;
    struct stat st;
    auto_fd directory = -1;
    if (unix_address(path, &directory, &a, err) < 0 || clear_path(&a, err) < 0)
        return -1;
    auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* Linux makes the file with the mode of the socket: nobody may come in before the chmod, which
     * only undoes the umask. */
    if (fd < 0 || fchmod(fd, mode) < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0)
        return error_errno(err, "unix:%s", path);
    l->path = x_strdup(path);
    if (lstat(path, &st) < 0 || chmod(path, mode) < 0 || listen(fd, BACKLOG) < 0)
        return error_errno(err, "unix:%s", path);
    l->device = st.st_dev;
    l->inode = st.st_ino;
    l->fd = fd_take(&fd);
    return 0;
}

void http_listen_remove(struct http_listener *l)
{
    struct stat st;
    if (l->path && lstat(l->path, &st) == 0 && st.st_dev == l->device && st.st_ino == l->inode)
        unlink(l->path);
}

/* ---- the list ---- */

static struct http_listener *add(struct http_server *server, const char *where, struct error *err)
{
    if (server->listener_count == HTTP_LISTENERS) {
        error_set(err, ERROR_LIMIT, "more than %d addresses to listen on", HTTP_LISTENERS);
        return NULL;
    }
    struct http_listener *l = &server->listeners[server->listener_count++];
    *l = (struct http_listener){.server = server, .where = x_strdup(where), .fd = -1};
    return l;
}

static int listen_one(struct http_server *server, const char *where, struct error *err)
{
    struct http_listener *l = add(server, where, err);
    if (!l)
        return -1;
    if (strncmp(where, "unix:", 5) == 0)
        return listen_unix(l, where + 5, UNIX_MODE, err);
    l->tls = server->key != NULL;
    l->fd = listen_tcp(where, err);
    return l->fd < 0 ? -1 : 0;
}

static int listen_control(struct http_server *server, const char *path, struct error *err)
{
    struct http_listener *l = add(server, path, err);
    if (!l)
        return -1;
    l->control = true;
    return listen_unix(l, path, CONTROL_MODE, err);
}

int http_listen(struct http_server *server, struct error *err)
{
    char *list = x_strdup(server->config.listen), *rest = list;
    const char *control = server->config.control;
    int rc = 0;
    for (char *one; rc == 0 && (one = strsep(&rest, ","));)
        rc = listen_one(server, one + strspn(one, " "), err);
    free(list);
    return rc == 0 && control ? listen_control(server, control, err) : rc;
}

void http_listen_close(struct http_listener *l)
{
    http_listen_remove(l);
    fd_close(&l->fd);
    free(l->where);
    free(l->path);
}
