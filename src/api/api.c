/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The route table. Called by cmd/serve; calls http.
 */
#include "api/api_internal.h"

#include "base/clock.h"

static const struct http_route routes[] = {
    {"POST", "/v1/jobs", api_submit, &api_upload_sink, HTTP_BLOCKING},
    {"GET", "/v1/jobs", api_job_list, NULL, 0},
    {"GET", "/v1/jobs/{id}", api_job_show, NULL, 0},
    {"DELETE", "/v1/jobs/{id}", api_job_delete, NULL, HTTP_BLOCKING},
    {"POST", "/v1/jobs/{id}/cancel", api_job_cancel, NULL, HTTP_BLOCKING},
    {"POST", "/v1/jobs/{id}/retry", api_job_retry, NULL, HTTP_BLOCKING},
    {"GET", "/v1/jobs/{id}/pages", api_page_list, NULL, 0},
    {"GET", "/v1/jobs/{id}/pages/{page}", api_page_show, NULL, 0},
    {"GET", "/v1/jobs/{id}/pages/{page}/image", api_page_image, NULL, HTTP_BLOCKING},
    {"GET", "/v1/jobs/{id}/{result}", api_result, NULL, 0},
    {"GET", "/livez", api_live, NULL, HTTP_OPEN},
    {"GET", "/readyz", api_ready, NULL, HTTP_OPEN},
    {"GET", "/health", api_health, NULL, HTTP_OPEN},
    {"GET", "/", api_ui, NULL, HTTP_OPEN},
    {"GET", "/ui/{name}", api_ui_file, NULL, HTTP_OPEN},
};

enum {
    POOL_THREADS =
        8 /* submits, deletions and pictures at once; each waits for a disk or a process */
};

void api_changed(void *context, const char *id)
{
    struct api *api = context;
    struct http_server *server = atomic_load(&api->server);
    if (server)
        http_wake(server, id);
}

int api_start(struct api *api, struct error *err)
{
    const struct settings *s = api->settings;
    const struct http_config config = {
        .listen = s->listen,
        .token = s->auth_token,
        .hosts = *s->auth_token ? NULL : s->hosts,
        .max_body = s->max_upload,
        .threads = (unsigned)s->http_threads,
        .pool_threads = POOL_THREADS,
        .connections = (unsigned)s->connections,
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .app = api,
    };
    api->started = clock_wall();
    struct http_server *server;
    if (http_open(&server, &config, err) < 0)
        return -1;
    atomic_store(&api->server, server);
    if (http_serve(server, err) == 0)
        return 0;
    api_stop(api, 0);
    return -1;
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
}
