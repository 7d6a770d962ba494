/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/jobs/{id}/events: a job as server-sent events. `page` for each page that was read or
 * failed, `progress` with the counts, `done` at the end. Event ids are revisions of the job, and a
 * page remembers the one with which it ended: so Last-Event-ID resumes without a log of events, and
 * nothing is told twice or left out.
 */
#include "api/api_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 128, HEARTBEAT_MS = 15000 };

struct events {
    struct api *api;
    char id[ID_SIZE];
    int64_t told;  /* the revision up to which the client knows */
    int64_t spoke; /* steady ms */
    bool begun;
    struct page_row rows[ROWS];
};

static void add_event(struct strbuf *out, const char *name, int64_t revision,
                      const struct strbuf *data)
{
    strbuf_addf(out, "id: %lld\nevent: %s\ndata: %s\n\n", (long long)revision, name,
                strbuf_str(data));
}

static void tell_page(struct strbuf *out, const struct page_row *row)
{
    auto_strbuf data = {0};
    struct json_writer w = {.out = &data};
    api_page_write(row, &w);
    add_event(out, "page", row->revision, &data);
}

/* Is there more to tell at once? */
static bool tell_pages(struct events *e, struct strbuf *out)
{
    int n = store_list_changed(api_store(e->api), e->id, e->told, e->rows, ROWS, NULL);
    for (int i = 0; i < n; i++) {
        tell_page(out, &e->rows[i]);
        e->told = e->rows[i].revision;
    }
    return n == ROWS;
}

static void tell_job(struct events *e, const struct job *job, struct strbuf *out)
{
    bool ended = job_state_ended(job->state);
    if (job->revision <= e->told && !ended && e->begun)
        return;
    if (job->revision > e->told)
        e->told = job->revision;
    auto_strbuf data = {0};
    struct json_writer w = {.out = &data};
    api_job_write(e->api, job, true, &w);
    add_event(out, ended ? "done" : "progress", e->told, &data);
}

static int tell_deleted(struct events *e, struct strbuf *out)
{
    auto_strbuf data = {0};
    strbuf_addf(&data, "{\"id\":\"%s\",\"status\":\"deleted\"}", e->id);
    add_event(out, "done", e->told + 1, &data);
    return 0;
}

static int events_next(void *context, struct strbuf *out)
{
    struct events *e = context;
    auto_job job = {0};
    struct error err;
    int64_t now = clock_steady();
    if (store_find_job(api_store(e->api), e->id, &job, &err) < 0)
        return err.class == ERROR_NOT_FOUND ? tell_deleted(e, out) : -1;
    if (tell_pages(e, out))
        return 1;
    tell_job(e, &job, out);
    e->begun = true;
    if (!out->len && now - e->spoke >= HEARTBEAT_MS)
        strbuf_adds(out, ":\n\n");
    if (out->len)
        e->spoke = now;
    return !job_state_ended(job.state);
}

void api_events(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    if (api_job_find(api, req, "id", &job) < 0)
        return;
    const char *last = http_header(req, "Last-Event-ID");
    struct events *e = x_calloc(1, sizeof *e);
    e->api = api;
    e->spoke = clock_steady();
    memcpy(e->id, job.id, sizeof e->id);
    e->told = last ? strtoll(last, NULL, 10) : 0;
    const struct http_stream stream = {
        .next = events_next, .close = free, .key = e->id, .idle_ms = HEARTBEAT_MS};
    http_set_header(req, "X-Accel-Buffering", "no"); /* a proxy would hold events back */
    http_reply_stream(req, "text/event-stream", &stream, e);
}
