/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Connections, and the end of those whose client is too slow: headers, a body below HTTP_MIN_RATE,
 * silence between requests. libmicrohttpd's own timeout restarts with every byte, so it only serves
 * for clients that stop taking an answer. Called by http_exchange and by the clock thread.
 *
 * A connection is in the list exactly while its descriptor is open, and descriptors are only
 * touched under the lock. The event thread writes phase last, so a phase is never judged by an
 * older time than its own. On a kept connection the header deadline begins with the request line;
 * before that the idle limit holds, however the bytes drip.
 */
#include "http/http_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <sys/socket.h>

struct http_timing http_timing = {
    .tick = 100,
    .header = HTTP_HEADER_SECONDS * 1000,
    .idle = HTTP_IDLE_SECONDS * 1000,
    .window = 10 * 1000,
    .linger = 2 * 1000,
    .no_stream = 100,
};

static void open_connection(struct http_listener *listener, struct MHD_Connection *mhd,
                            void **context)
{
    struct http_server *server = listener->server;
    struct http_connection *c = x_calloc(1, sizeof *c);
    c->listener = listener;
    http_peer_find(listener, mhd, &c->peer);
    c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    http_connection_enter(c, HTTP_HEADERS);
    *context = c;
    pthread_mutex_lock(&server->lock);
    c->next = server->connections;
    c->link = &server->connections;
    if (c->next)
        c->next->link = &c->next;
    server->connections = c;
    pthread_mutex_unlock(&server->lock);
}

static void close_connection(struct http_connection *c)
{
    struct http_server *server = c->listener->server;
    pthread_mutex_lock(&server->lock);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    pthread_mutex_unlock(&server->lock);
    free(c);
}

void http_connection_event(void *listener, struct MHD_Connection *mhd, void **context,
                           enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        open_connection(listener, mhd, context);
    else
        close_connection(*context);
}

struct http_connection *http_connection_of(struct MHD_Connection *mhd)
{
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void http_connection_enter(struct http_connection *c, enum http_phase phase)
{
    if (phase != HTTP_BUSY) {
        atomic_store(&c->since, clock_steady());
        atomic_store(&c->bytes, 0);
    }
    atomic_store(&c->phase, (int)phase);
}

static bool too_slow(struct http_connection *c, int64_t now)
{
    int64_t passed = now - atomic_load(&c->since);
    if (passed < http_timing.window)
        return false;
    int64_t bytes = atomic_exchange(&c->bytes, 0);
    atomic_store(&c->since, now);
    return bytes < passed * HTTP_MIN_RATE / 1000;
}

static bool overdue(struct http_connection *c, int64_t now)
{
    int phase = atomic_load(&c->phase);
    int64_t passed = now - atomic_load(&c->since);
    switch (phase) {
    case HTTP_HEADERS:
        return passed > http_timing.header;
    case HTTP_BODY:
        return too_slow(c, now);
    case HTTP_IDLE:
        return passed > http_timing.idle;
    case HTTP_LINGER:
        return passed > http_timing.linger;
    default:
        return false;
    }
}

void http_reap(struct http_server *server, int64_t now)
{
    pthread_mutex_lock(&server->lock);
    for (struct http_connection *c = server->connections; c; c = c->next)
        if (overdue(c, now))
            shutdown(c->fd, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
}

void http_cut_all(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    for (struct http_connection *c = server->connections; c; c = c->next)
        shutdown(c->fd, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
}
