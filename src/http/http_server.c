/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Start and stop: libmicrohttpd's event threads, a set for each listener, the pool, and the clock
 * thread that ends waits and slow connections.
 *
 * Stopping, in this order because libmicrohttpd refuses to stop with suspended connections: stop
 * accepting; handlers that wait answer; requests in flight get their time; sockets are shut down;
 * the pool ends (a handler that runs is waited for); from then on nothing can be suspended.
 */
#include "http/http_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- the clock thread ---- */

static struct timespec steady_time(int64_t ms)
{
    return (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
}

static bool ended_by(struct http_server *server, int64_t until)
{
    struct timespec t = steady_time(until);
    pthread_mutex_lock(&server->lock);
    while (!server->ended)
        if (pthread_cond_timedwait(&server->changed, &server->lock, &t) == ETIMEDOUT)
            break;
    bool ended = server->ended;
    pthread_mutex_unlock(&server->lock);
    return ended;
}

static void *tick(void *arg)
{
    struct http_server *server = arg;
    int64_t reaped = 0;
    for (;;) {
        int64_t now = clock_steady();
        http_wait_expire(server, now);
        if (now - reaped >= 1000 || now - reaped >= http_timing.header / 4) {
            http_reap(server, now);
            reaped = now;
        }
        if (ended_by(server, now + http_timing.tick))
            return NULL;
    }
}

static void init_locks(struct http_server *server)
{
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, &steady);
    pthread_condattr_destroy(&steady);
    pthread_mutex_init(&server->waits.lock, NULL);
    server->waits.earliest = INT64_MAX;
}

/* ---- start ---- */

static int start_ticker(struct http_server *server, struct error *err)
{
    errno = pthread_create(&server->ticker, NULL, tick, server);
    server->ticking = errno == 0;
    return server->ticking ? 0 : error_errno(err, "starting the HTTP clock");
}

static char tls_versions[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

/* The control socket serves one administrator: one thread. */
static int start_daemon(struct http_listener *l, struct error *err)
{
    const struct http_config *config = &l->server->config;
    unsigned threads = config->threads && !l->control ? config->threads : 1;
    unsigned connections = config->connections > threads ? config->connections : threads;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, l->server->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, l->server->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, tls_versions},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, l->fd, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_CONNECTION_MEMORY, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, connections, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_SECONDS, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_connection_event, l},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)http_exchange_open, l},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_exchange_close, l},
        {MHD_OPTION_ARRAY, 0, l->tls ? tls : &tls[3]},
        /* One thread: the option is left out, libmicrohttpd would only complain about it. */
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    l->daemon = MHD_start_daemon(flags | (l->tls ? MHD_USE_TLS : 0), 0, NULL, NULL, http_exchange,
                                 l, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (!l->daemon)
        return error_set(err, ERROR_IO, "%s: no threads or descriptors for the HTTP server",
                         l->where);
    return 0;
}

static void free_server(struct http_server *server)
{
    for (size_t i = 0; i < server->listener_count; i++)
        http_listen_close(&server->listeners[i]);
    http_tls_forget(server);
    pthread_mutex_destroy(&server->pool.lock);
    pthread_mutex_destroy(&server->waits.lock);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

int http_open(struct http_server **out, const struct http_config *config, struct error *err)
{
    http_route_check(config);
    struct http_server *server = x_calloc(1, sizeof *server);
    server->config = *config;
    init_locks(server);
    if (http_networks_read(config->proxies, server->proxies, &server->proxy_count, err) < 0 ||
        http_tls_read(server, err) < 0 || http_listen(server, err) < 0) {
        free_server(server);
        return -1;
    }
    *out = server;
    return 0;
}

int http_serve(struct http_server *server, struct error *err)
{
    if (http_pool_start(&server->pool, server->config.pool_threads, err) < 0 ||
        start_ticker(server, err) < 0)
        return -1;
    for (size_t i = 0; i < server->listener_count; i++)
        if (start_daemon(&server->listeners[i], err) < 0)
            return -1;
    return 0;
}

int http_port(const struct http_server *server)
{
    for (size_t i = 0; i < server->listener_count; i++)
        if (!server->listeners[i].path)
            return http_listen_port(server->listeners[i].fd);
    return 0;
}

void http_addresses(const struct http_server *server, struct strbuf *out)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        const struct http_listener *l = &server->listeners[i];
        if (l->control)
            continue;
        if (l->path)
            strbuf_addf(out, "%s\n", l->where);
        else
            strbuf_addf(out, "%s://%.*s:%d\n", l->tls ? "https" : "http",
                        (int)(strrchr(l->where, ':') - l->where), l->where,
                        http_listen_port(l->fd));
    }
}

bool http_stopping(const struct http_server *server)
{
    return atomic_load(&server->stopping);
}

/* ---- stop ---- */

static void wait_idle(struct http_server *server, int64_t until)
{
    struct timespec t = steady_time(until);
    pthread_mutex_lock(&server->lock);
    while (atomic_load(&server->in_flight) > 0)
        if (pthread_cond_timedwait(&server->changed, &server->lock, &t) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&server->lock);
}

static void end_ticker(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->ended = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    if (server->ticking)
        pthread_join(server->ticker, NULL);
}

/* New clients are refused, not left in the backlog; whoever starts next finds no file of ours.
 *
 * Not MHD_quiesce_daemon: in 0.9.75 it takes the socket from the event threads' epoll sets while a
 * busy thread does so itself, and whoever comes second aborts the process. The threads see a socket
 * that is always ready and has nobody to accept, and turn in vain while requests in flight end. */
static void refuse_connections(struct http_listener *l)
{
    http_listen_remove(l);
    shutdown(l->fd, SHUT_RDWR);
}

static void stop_daemon(struct http_listener *l)
{
    if (!l->daemon)
        return;
    MHD_stop_daemon(l->daemon);
    l->fd = -1; /* closed by it */
}

void http_stop(struct http_server **slot, int wait_ms)
{
    struct http_server *server = *slot;
    if (!server)
        return;
    *slot = NULL;
    atomic_store(&server->stopping, true);
    for (size_t i = 0; i < server->listener_count; i++)
        refuse_connections(&server->listeners[i]);
    http_wait_stop(server);
    wait_idle(server, clock_steady() + wait_ms);
    http_cut_all(server);
    http_pool_end(&server->pool);
    end_ticker(server);
    for (size_t i = 0; i < server->listener_count; i++)
        stop_daemon(&server->listeners[i]);
    free_server(server);
}
