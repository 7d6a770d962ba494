/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Is it alive (the loop turns), is it ready (store, lanes, not draining), and how is it.
 */
#include "api/api_internal.h"

#include "base/clock.h"
#include "work/sandbox.h"

void api_live(void *app, struct http_request *req)
{
    static const char alive[] = "{\"status\":\"ok\"}\n";
    (void)app;
    http_reply(req, 200, "application/json", alive, sizeof alive - 1);
}

struct condition {
    struct scheduler_status scheduler;
    struct store_stats store;
    bool store_ok, draining, room, ready;
};

static void examine(struct api *api, struct condition *c)
{
    *c = (struct condition){0};
    scheduler_status(api->rooms.scheduler, &c->scheduler);
    c->store_ok = store_stats(api_store(api), &c->store, NULL) == 0;
    c->draining = atomic_load(&api->draining);
    c->room = api_room(api, NULL) == 0;
    c->ready = c->store_ok && !c->draining && c->scheduler.lanes_ready > 0;
}

static void write_sandbox(const struct api *api, const struct condition *c, struct json_writer *w)
{
    auto_strbuf parts = {0};
    sandbox_describe(c->scheduler.lanes_ready ? c->scheduler.sandbox : 0, &parts);
    json_add_string(w, "sandbox", api->rooms.settings->sandbox ? strbuf_str(&parts) : "off");
}

void api_ready(void *app, struct http_request *req)
{
    struct condition c;
    examine(app, &c);
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    json_add_object(&w, NULL);
    json_add_string(&w, "status", c.ready ? "ready" : c.draining ? "draining" : "not ready");
    json_add_bool(&w, "store", c.store_ok);
    json_add_int(&w, "lanes_ready", c.scheduler.lanes_ready);
    json_add_bool(&w, "room", c.room);
    write_sandbox(app, &c, &w);
    json_end_object(&w);
    strbuf_addc(&body, '\n');
    http_reply_json(req, c.ready ? 200 : 503, &body);
}

static void write_work(const struct condition *c, struct json_writer *w)
{
    json_add_object(w, "jobs");
    for (int i = 0; i < JOB_STATES; i++)
        json_add_int(w, job_state_name((enum job_state)i), c->store.jobs[i]);
    json_end_object(w);
    json_add_object(w, "pages");
    json_add_int(w, "ready", c->store.pages_ready);
    json_add_int(w, "running", c->store.pages_running);
    json_end_object(w);
    json_add_object(w, "workers");
    json_add_int(w, "lanes", c->scheduler.lanes);
    json_add_int(w, "lanes_ready", c->scheduler.lanes_ready);
    json_add_int(w, "lanes_busy", c->scheduler.lanes_busy);
    json_add_int(w, "documents_open", c->scheduler.documents);
    json_add_int(w, "pages_in_flight", c->scheduler.claims);
    json_add_int(w, "starts", c->scheduler.worker_starts);
    json_add_int(w, "crashes", c->scheduler.worker_crashes);
    json_add_int(w, "kills", c->scheduler.worker_kills);
    json_end_object(w);
}

static void write_cache(const struct api *api, struct json_writer *w)
{
    struct cache_stats c;
    cache_stats(api->rooms.cache, &c);
    json_add_object(w, "cache");
    json_add_int(w, "entries", (int64_t)c.entries);
    json_add_int(w, "bytes", (int64_t)c.bytes);
    json_add_int(w, "hits", (int64_t)c.hits);
    json_add_int(w, "misses", (int64_t)c.misses);
    json_end_object(w);
}

void api_health(void *app, struct http_request *req)
{
    struct api *api = app;
    struct condition c;
    examine(api, &c);
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    json_add_object(&w, NULL);
    json_add_string(&w, "status", c.ready ? "healthy" : c.draining ? "draining" : "unhealthy");
    json_add_bool(&w, "model_loaded", c.scheduler.lanes_ready > 0);
    json_add_string(&w, "version", PAGEMILL_VERSION);
    json_add_string(&w, "engine", c.scheduler.engine);
    json_add_string(&w, "device", c.scheduler.device);
    if (*c.scheduler.note)
        json_add_string(&w, "note", c.scheduler.note);
    json_add_int(&w, "uptime_seconds", (clock_wall() - api->started) / 1000);
    write_sandbox(api, &c, &w);
    write_work(&c, &w);
    write_cache(api, &w);
    json_add_raw(&w, "capabilities", capabilities_json(api->rooms.capabilities));
    json_end_object(&w);
    strbuf_addc(&body, '\n');
    http_reply_json(req, 200, &body);
}
