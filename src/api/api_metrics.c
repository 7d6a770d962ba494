/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /metrics: counters and gauges in Prometheus' text format, from what the process already
 * counts.
 */
#include "api/api_internal.h"

#include "page/state.h"

#include <stdio.h>

static void add_head(struct strbuf *out, const char *name, const char *type, const char *help)
{
    strbuf_addf(out, "# HELP pagemill_%s %s\n# TYPE pagemill_%s %s\n", name, help, name, type);
}

static void add_one(struct strbuf *out, const char *name, const char *type, const char *help,
                    double value)
{
    add_head(out, name, type, help);
    strbuf_addf(out, "pagemill_%s %.17g\n", name, value);
}

static void add_jobs(struct api *api, struct strbuf *out)
{
    struct store_stats stats;
    if (!api_stats(api, &stats))
        return;
    add_head(out, "jobs", "gauge", "Jobs in the store by status.");
    for (int i = 0; i < JOB_STATES; i++)
        strbuf_addf(out, "pagemill_jobs{status=\"%s\"} %lld\n", job_state_name((enum job_state)i),
                    (long long)stats.jobs[i]);
    add_head(out, "pages", "gauge", "Pages of unfinished jobs by state.");
    strbuf_addf(out, "pagemill_pages{state=\"ready\"} %lld\n", (long long)stats.pages_ready);
    strbuf_addf(out, "pagemill_pages{state=\"running\"} %lld\n", (long long)stats.pages_running);
}

static void add_workers(struct api *api, struct strbuf *out)
{
    struct scheduler_status s;
    scheduler_status(api->rooms.scheduler, &s);
    add_one(out, "lanes", "gauge", "Lanes that read pages.", s.lanes);
    add_one(out, "lanes_ready", "gauge", "Lanes with an engine loaded.", s.lanes_ready);
    add_one(out, "lanes_busy", "gauge", "Lanes reading a page.", s.lanes_busy);
    add_one(out, "worker_starts_total", "counter", "Worker processes started.",
            (double)s.worker_starts);
    add_one(out, "worker_crashes_total", "counter", "Worker processes that crashed.",
            (double)s.worker_crashes);
    add_one(out, "worker_kills_total", "counter", "Worker processes killed from outside.",
            (double)s.worker_kills);
}

static void add_requests(struct api *api, struct strbuf *out)
{
    add_head(out, "http_requests_total", "counter", "Requests answered, by class of status.");
    for (int i = 1; i < API_STATUS_CLASSES; i++)
        strbuf_addf(out, "pagemill_http_requests_total{status=\"%dxx\"} %llu\n", i,
                    (unsigned long long)atomic_load(&api->answered[i]));
    add_one(out, "http_limited_total", "counter", "Requests refused by a rate limit.",
            (double)atomic_load(&api->limited_requests));
}

static void add_cache(struct api *api, struct strbuf *out)
{
    struct cache_stats c;
    cache_stats(api->rooms.cache, &c);
    add_one(out, "cache_bytes", "gauge", "Bytes held by the cache.", (double)c.bytes);
    add_one(out, "cache_hits_total", "counter", "Answers from the cache.", (double)c.hits);
    add_one(out, "cache_misses_total", "counter", "Answers not in the cache.", (double)c.misses);
}

void api_metrics(void *context, struct http_request *req)
{
    struct api *api = context;
    struct job_counters counters;
    struct forecast_totals queue;
    auto_strbuf out = {0};
    job_counters(api->rooms.service, &counters);
    forecast_totals(api->forecast, &queue);
    add_jobs(api, &out);
    add_one(&out, "pages_ended_total", "counter", "Pages read or failed since the start.",
            (double)counters.pages_ended);
    add_one(&out, "pages_per_second", "gauge", "Pace of the last seconds with work.", queue.pace);
    add_workers(api, &out);
    add_requests(api, &out);
    add_cache(api, &out);
    http_reply(req, 200, "text/plain; version=0.0.4; charset=utf-8", out.data, out.len);
}
