/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Start and stop: libmicrohttpd's event threads, the pool, and the clock thread that ends waits and
 * slow connections.
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
#include <sys/socket.h>
#include <unistd.h>

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

static int start_daemon(struct http_server *server, struct error *err)
{
    const struct http_config *config = &server->config;
    unsigned threads = config->threads ? config->threads : 1;
    unsigned connections = config->connections > threads ? config->connections : threads;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, server->listen_fd, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_CONNECTION_MEMORY, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, connections, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_SECONDS, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_connection_event, server},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)http_exchange_open, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_exchange_close, server},
        /* One thread: the option is left out, libmicrohttpd would only complain about it. */
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    server->daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
                         http_exchange, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (!server->daemon)
        return error_set(err, ERROR_IO, "%s: no threads or descriptors for the HTTP server",
                         config->listen);
    return 0;
}

int http_open(struct http_server **out, const struct http_config *config, struct error *err)
{
    http_route_check(config);
    int fd = http_listen(config->listen, err);
    if (fd < 0)
        return -1;
    struct http_server *server = x_calloc(1, sizeof *server);
    server->config = *config;
    server->token = x_strdup(config->token ? config->token : "");
    server->listen_fd = fd;
    server->port = http_listen_port(fd);
    init_locks(server);
    *out = server;
    return 0;
}

int http_serve(struct http_server *server, struct error *err)
{
    if (http_pool_start(&server->pool, server->config.pool_threads, err) < 0 ||
        start_ticker(server, err) < 0)
        return -1;
    return start_daemon(server, err);
}

int http_port(const struct http_server *server)
{
    return server->port;
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

static void refuse_connections(struct http_server *server)
{
    if (!server->daemon)
        return;
    MHD_quiesce_daemon(server->daemon);
    shutdown(server->listen_fd, SHUT_RDWR); /* new clients are refused, not left in the backlog */
}

static void free_server(struct http_server *server)
{
    close(server->listen_fd);
    pthread_mutex_destroy(&server->pool.lock);
    pthread_mutex_destroy(&server->waits.lock);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server->token);
    free(server);
}

void http_stop(struct http_server **slot, int wait_ms)
{
    struct http_server *server = *slot;
    if (!server)
        return;
    *slot = NULL;
    atomic_store(&server->stopping, true);
    refuse_connections(server);
    http_wait_stop(server, false);
    wait_idle(server, clock_steady() + wait_ms);
    http_wait_stop(server, true);
    http_cut_all(server);
    http_pool_end(&server->pool);
    end_ticker(server);
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    free_server(server);
}
