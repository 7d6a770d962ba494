/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * See net_server.h.
 */
#include "net_server.h"

#include "base/memory.h"
#include "base/must.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    struct net_server *server;
    int fd;
};

bool net_server_says(int fd, const char *text)
{
    for (size_t len = strlen(text); len;) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

const char *net_request_header(const struct net_request *request, const char *name)
{
    static _Thread_local char value[512];
    const char *p = strbuf_str(&request->head);
    size_t len = strlen(name);
    while ((p = strchr(p, '\n')) && *++p)
        if (strncasecmp(p, name, len) == 0 && p[len] == ':') {
            p += len + 1 + strspn(p + len + 1, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(p, "\r"), p);
            return value;
        }
    return "";
}

static void read_request(int fd, struct net_request *r)
{
    char c, buf[4096];
    while (!strstr(strbuf_str(&r->head), "\r\n\r\n") && recv(fd, &c, 1, 0) == 1)
        strbuf_addc(&r->head, c);
    size_t len = strtoul(net_request_header(r, "Content-Length"), NULL, 10);
    while (r->body.len < len) {
        ssize_t n = recv(fd, buf, sizeof buf, 0);
        if (n <= 0)
            return;
        strbuf_add(&r->body, buf, (size_t)n);
    }
}

static void *serve(void *arg)
{
    struct connection c = *(struct connection *)arg;
    struct net_request r = {0};
    free(arg);
    read_request(c.fd, &r);
    c.server->requests++;
    c.server->answer(c.server, c.fd, &r);
    shutdown(c.fd, SHUT_WR);
    close(c.fd);
    strbuf_free(&r.head);
    strbuf_free(&r.body);
    c.server->open--;
    return NULL;
}

static void *accept_all(void *arg)
{
    struct net_server *s = arg;
    int fd;
    while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
        struct connection *c = x_calloc(1, sizeof *c);
        pthread_t thread;
        *c = (struct connection){s, fd};
        int open = ++s->open;
        if (open > s->most_open)
            s->most_open = open;
        must(pthread_create(&thread, NULL, serve, c) == 0);
        pthread_detach(thread);
    }
    return NULL;
}

void net_server_start(struct net_server *server)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(server->listener, (struct sockaddr *)&a, sizeof a) == 0);
    must(listen(server->listener, 512) == 0);
    must(getsockname(server->listener, (struct sockaddr *)&a, &len) == 0);
    server->port = ntohs(a.sin_port);
    must(pthread_create(&server->thread, NULL, accept_all, server) == 0);
}

void net_server_stop(struct net_server *server)
{
    server->stopping = true;
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    while (server->open > 0)
        usleep(1000);
}
