/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A client of raw sockets for the tests of the HTTP server: it sends exactly the bytes it is told,
 * and reads one answer at a time. Every wait ends after 20 s, as a failure.
 */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H

#include "base/strbuf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct answer {
    int status; /* 0: the connection ended before an answer */
    bool cut;   /* it ended within one */
    struct strbuf head, body;
};

static inline void answer_free(struct answer *a)
{
    strbuf_free(&a->head);
    strbuf_free(&a->body);
}

#define auto_answer __attribute__((cleanup(answer_free))) struct answer

static inline int client_connect(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, "127.0.0.1", &a.sin_addr);
    struct timeval limit = {.tv_sec = 20};
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline bool client_send(int fd, const void *bytes, size_t len)
{
    for (const char *p = bytes; len;) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static inline bool client_sends(int fd, const char *text)
{
    return client_send(fd, text, strlen(text));
}

/* Does the server end the connection without another byte? */
static inline bool client_sees_end(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static inline bool client_line(int fd, struct strbuf *to)
{
    char c = 0;
    while (c != '\n') {
        if (recv(fd, &c, 1, 0) != 1)
            return false;
        strbuf_addc(to, c);
    }
    return true;
}

static inline bool client_exact(int fd, struct strbuf *to, size_t len)
{
    char buffer[16384];
    while (len) {
        ssize_t n = recv(fd, buffer, len < sizeof buffer ? len : sizeof buffer, 0);
        if (n <= 0)
            return false;
        if (to)
            strbuf_add(to, buffer, (size_t)n);
        len -= (size_t)n;
    }
    return true;
}

static inline bool client_chunks(int fd, struct strbuf *to)
{
    for (;;) {
        auto_strbuf line = {0};
        if (!client_line(fd, &line))
            return false;
        size_t len = strtoul(line.data, NULL, 16);
        if (!client_exact(fd, to, len) || !client_exact(fd, NULL, 2))
            return false;
        if (!len)
            return true;
    }
}

/* The value of a header of the answer, copied to out; "" if it has none. */
static inline const char *client_header(const struct answer *a, const char *name, char out[256])
{
    char start[128];
    snprintf(start, sizeof start, "\r\n%s: ", name);
    const char *p = strcasestr(strbuf_str(&a->head), start);
    out[0] = '\0';
    if (p)
        sscanf(p + strlen(start), "%255[^\r\n]", out);
    return out;
}

static inline bool client_head(int fd, struct answer *a)
{
    do {
        strbuf_clear(&a->head);
        a->status = 0;
        do
            if (!client_line(fd, &a->head))
                return false;
        while (a->head.len < 4 || strcmp(a->head.data + a->head.len - 4, "\r\n\r\n") != 0);
        sscanf(a->head.data, "HTTP/1.1 %d", &a->status);
    } while (a->status == 100);
    return true;
}

static inline void client_read(int fd, bool head, struct answer *a)
{
    char value[256];
    answer_free(a);
    *a = (struct answer){0};
    if (!client_head(fd, a) || head)
        return;
    if (strcmp(client_header(a, "Transfer-Encoding", value), "chunked") == 0)
        a->cut = !client_chunks(fd, &a->body);
    else
        a->cut = !client_exact(fd, &a->body,
                               strtoul(client_header(a, "Content-Length", value), NULL, 10));
}

/* One request on its own connection. */
static inline int client_ask(int port, const char *request, struct answer *a)
{
    int fd = client_connect(port);
    client_sends(fd, request);
    client_read(fd, strncmp(request, "HEAD ", 5) == 0, a);
    close(fd);
    return a->status;
}

#endif
