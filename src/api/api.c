/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Starts and stops the HTTP side. Called by cmd/serve; calls http.
 */
#include "api/api_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    POOL_THREADS =
        8 /* submits, deletions and pictures at once; each waits for a disk or a process */
};

struct api *api_new(void)
{
    struct api *api = x_calloc(1, sizeof *api);
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&api->lock, NULL);
    pthread_cond_init(&api->changed, &steady);
    pthread_condattr_destroy(&steady);
    return api;
}

void api_free(struct api **slot)
{
    struct api *api = *slot;
    if (!api)
        return;
    forecast_free(&api->forecast);
    pthread_cond_destroy(&api->changed);
    pthread_mutex_destroy(&api->lock);
    free(api->routes);
    free(api);
    *slot = NULL;
}

/* Forgotten before anybody is woken to look again. */
void api_changed(void *context, const char *id)
{
    struct api *api = context;
    struct http_server *server = atomic_load(&api->server);
    char key[16 + ID_SIZE];
    if (!server)
        return;
    snprintf(key, sizeof key, "job:%s", id);
    cache_drop(api->rooms.cache, key);
    http_wake(server, id);
}

static int start_server(struct api *api, struct error *err)
{
    const struct settings *s = api->rooms.settings;
    char control[sizeof s->data + 32];
    snprintf(control, sizeof control, "%s/control.sock", s->data);
    const struct http_config config = {
        .listen = s->listen,
        .control = control,
        .tls_certificate = s->tls_certificate,
        .tls_key = s->tls_key,
        .proxies = s->proxies,
        .cors_origins = s->cors_origins,
        .max_body = s->max_upload,
        .threads = (unsigned)s->http_threads,
        .pool_threads = POOL_THREADS,
        .connections = (unsigned)s->connections,
        .routes = api->routes,
        .route_count = api->route_count,
        .app = api,
        .context = sizeof(struct api_request),
        .admit = api_admit,
        .done = api_done,
    };
    struct http_server *server;
    if (http_open(&server, &config, err) < 0)
        return -1;
    atomic_store(&api->server, server);
    return http_serve(server, err);
}

int api_start(struct api *api, const struct api_rooms *rooms, struct error *err)
{
    api->rooms = *rooms;
    api->started = clock_wall();
    api->forecast = forecast_new(rooms->service, scheduler_slots(rooms->settings));
    if (api_admit_setup(api, err) == 0 && api_watch_start(api, err) == 0 &&
        start_server(api, err) == 0)
        return 0;
    api_stop(api, 0);
    return -1;
}

void api_addresses(const struct api *api, struct strbuf *out)
{
    http_addresses(atomic_load(&api->server), out);
}

void api_drain(struct api *api)
{
    atomic_store(&api->draining, true);
}

void api_stop(struct api *api, int wait_ms)
{
    struct http_server *server = atomic_load(&api->server);
    http_stop(&server, wait_ms);
    atomic_store(&api->server, NULL);
    api_watch_stop(api);
}
