/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The job object, and the routes that show, list, cancel, retry and delete jobs.
 */
#include "api/api_internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "export/export.h"
#include "page/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FAILED_PAGES_SHOWN = 100, /* in a job object; /pages?status=failed has all */
    LIST_DEFAULT = 50,
    LIST_MOST = 500,
    WAIT_MOST_MS = 60000,
};

static const char *phase_of(const struct job *job)
{
    if (job->state == JOB_PENDING)
        return job->pages.running ? "opening" : "queued";
    return job->state == JOB_PROCESSING ? "reading" : "ended";
}

static void write_pages(const struct job *job, struct json_writer *w)
{
    json_add_object(w, "pages");
    json_add_int(w, "total", job->pages.total);
    json_add_int(w, "done", job->pages.done);
    json_add_int(w, "failed", job->pages.failed);
    json_add_int(w, "running", job->state == JOB_PENDING ? 0 : job->pages.running);
    json_end_object(w);
}

static void write_error(struct json_writer *w, const char *key, const struct error *e, bool in_page)
{
    if (e->class == ERROR_NONE) {
        json_add_null(w, key);
        return;
    }
    json_add_object(w, key);
    if (in_page)
        json_add_int(w, "page", e->page);
    json_add_string(w, "code", error_code(e->class));
    json_add_string(w, "message", e->text);
    if (in_page)
        json_add_bool(w, "retryable", error_attempts(e->class) > 1);
    else if (e->page)
        json_add_int(w, "page", e->page);
    json_end_object(w);
}

static void write_failed_pages(struct api *api, const struct job *job, struct json_writer *w)
{
    json_add_array(w, "failed_pages");
    if (job->pages.failed) {
        struct page_row *rows = x_calloc(FAILED_PAGES_SHOWN, sizeof *rows);
        int n = store_list_pages(job_store(api->service), job->id, 1, true, rows,
                                 FAILED_PAGES_SHOWN, NULL);
        for (int i = 0; i < n; i++) {
            rows[i].error.page = (int)rows[i].number;
            write_error(w, NULL, &rows[i].error, true);
        }
        free(rows);
    }
    json_end_array(w);
}

/* From the pace of this job so far; null until it has one. */
static void write_eta(const struct job *job, struct json_writer *w)
{
    int64_t ended = job->pages.done + job->pages.failed;
    if (job->state != JOB_PROCESSING || !ended || !job->started) {
        json_add_null(w, "eta_seconds");
        return;
    }
    double pace = (double)(clock_wall() - job->started) / 1000 / (double)ended;
    json_add_number(w, "eta_seconds", pace * (double)(job->pages.total - ended), 1);
}

static void write_queue_position(struct api *api, const struct job *job, struct json_writer *w)
{
    int64_t position;
    if (job->state == JOB_PENDING &&
        store_queue_position(job_store(api->service), job, &position, NULL) == 0)
        json_add_int(w, "queue_position", position);
    else
        json_add_null(w, "queue_position");
}

static void write_links(const struct job *job, struct json_writer *w)
{
    char link[128];
    json_add_object(w, "result");
    for (size_t i = 0; export_formats[i]; i++) {
        const char *extension = export_formats[i]->extension;
        snprintf(link, sizeof link, "/v1/jobs/%s/result.%s", job->id, extension);
        json_add_string(w, extension, link);
    }
    snprintf(link, sizeof link, "/v1/jobs/%s/pages", job->id);
    json_add_string(w, "pages", link);
    json_end_object(w);
}

static void write_engine(const struct job *job, struct json_writer *w)
{
    struct options options = {0};
    options_decode(&options, job->options, strlen(job->options), NULL, NULL);
    json_add_object(w, "engine");
    json_add_string(w, "name", options.engine);
    json_end_object(w);
}

void api_job_write(struct api *api, const struct job *job, bool whole, struct json_writer *w)
{
    json_add_object(w, NULL);
    json_add_string(w, "id", job->id);
    json_add_string(w, "job_id", job->id);
    json_add_string(w, "document_id", job->id);
    json_add_string(w, "status", job_state_name(job->state));
    json_add_string(w, "phase", phase_of(job));
    json_add_string(w, "filename", job->filename);
    json_add_string(w, "content_type", job->content_type);
    json_add_int(w, "size", job->size);
    json_add_string(w, "sha256", job->sha256);
    json_add_string(w, "owner", job->owner);
    json_add_raw(w, "options", job->options);
    json_add_int(w, "priority", job->priority);
    write_pages(job, w);
    json_add_int(w, "document_pages", job->document_pages);
    if (whole) {
        write_failed_pages(api, job, w);
        write_queue_position(api, job, w);
    }
    write_eta(job, w);
    write_engine(job, w);
    write_error(w, "error", &job->error, false);
    write_links(job, w);
    json_add_time(w, "created_at", job->created);
    json_add_time(w, "started_at", job->started);
    json_add_time(w, "updated_at", job->updated);
    json_add_time(w, "finished_at", job->finished);
    json_add_time(w, "expires_at", job->expires);
    json_add_int(w, "revision", job->revision);
    json_add_raw(w, "metadata", job->metadata ? job->metadata : "null");
    json_end_object(w);
}

void api_job_reply(struct api *api, struct http_request *req, int status, const struct job *job)
{
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    api_job_write(api, job, true, &w);
    strbuf_addc(&body, '\n');
    http_reply_json(req, status, &body);
}

int api_job_find(struct api *api, struct http_request *req, struct job *job)
{
    struct error err;
    const char *id = http_param(req, "id");
    if (store_find_job(job_store(api->service), id, job, &err) == 0)
        return 0;
    http_reply_error(req, &err, NULL);
    return -1;
}

int64_t api_wait_ms(struct http_request *req)
{
    const char *text = http_query(req, "wait");
    double seconds = text ? strtod(text, NULL) : 0;
    int64_t ms = seconds > 0 ? (int64_t)(seconds * 1000) : 0;
    return ms < WAIT_MOST_MS ? ms : WAIT_MOST_MS;
}

/* ?wait=S: answered when the job's revision is no longer the one first seen (or ?revision=N), when
 * it ends, or after S seconds. */
void api_job_show(void *app, struct http_request *req)
{
    struct api *api = app;
    auto_job job = {0};
    if (api_job_find(api, req, &job) < 0)
        return;
    struct http_scratch *memory = http_scratch(req);
    const char *known = http_query(req, "revision");
    if (!memory->number)
        memory->number = known ? strtoll(known, NULL, 10) : job.revision;
    int64_t wait = api_wait_ms(req);
    bool changed = memory->number != job.revision || job_state_ended(job.state);
    if (wait && !changed && !http_wait_over(req))
        http_wait(req, job.id, wait);
    else
        api_job_reply(api, req, 200, &job);
}

struct list {
    struct api *api;
    struct json_writer w;
    int64_t last;
    uint32_t count;
};

static int list_one(void *arg, const struct job *job)
{
    struct list *list = arg;
    api_job_write(list->api, job, false, &list->w);
    list->last = job->sequence;
    list->count++;
    return 0;
}

static int read_states(const char *text, uint32_t *states, struct error *err)
{
    int state = job_state_of(text);
    if (state < 0)
        return error_set(err, ERROR_INPUT, "status: '%.32s' is not a job's status", text);
    *states = 1u << state;
    return 0;
}

static int read_filter(struct http_request *req, struct job_filter *f, struct error *err)
{
    const char *limit = http_query(req, "limit"), *cursor = http_query(req, "cursor");
    const char *status = http_query(req, "status");
    *f = (struct job_filter){.filename = http_query(req, "filename"),
                             .content_type = http_query(req, "content_type"),
                             .limit = LIST_DEFAULT};
    if (limit) {
        long n = strtol(limit, NULL, 10);
        if (n < 1 || n > LIST_MOST)
            return error_set(err, ERROR_INPUT, "limit: '%.32s' is not a number from 1 to %d", limit,
                             LIST_MOST);
        f->limit = (uint32_t)n;
    }
    if (cursor && (f->before = strtoll(cursor, NULL, 10)) <= 0)
        return error_set(err, ERROR_INPUT, "cursor: '%.32s' was not given out here", cursor);
    return status ? read_states(status, &f->states, err) : 0;
}

void api_job_list(void *app, struct http_request *req)
{
    struct api *api = app;
    struct job_filter filter;
    struct error err;
    struct strbuf body = {0};
    struct list list = {.api = api, .w.out = &body};
    json_add_object(&list.w, NULL);
    json_add_array(&list.w, "jobs");
    if (read_filter(req, &filter, &err) < 0 ||
        store_list_jobs(job_store(api->service), &filter, list_one, &list, &err) < 0) {
        strbuf_free(&body);
        http_reply_error(req, &err, NULL);
        return;
    }
    json_end_array(&list.w);
    char cursor[32];
    snprintf(cursor, sizeof cursor, "%lld", (long long)list.last);
    json_add_string(&list.w, "next_cursor", list.count == filter.limit ? cursor : NULL);
    json_end_object(&list.w);
    strbuf_addc(&body, '\n');
    http_reply_json(req, 200, &body);
}

/* Do something to the job named by {id}, and show it as it is then. */
static void act(struct api *api, struct http_request *req, int rc, const struct error *err)
{
    auto_job job = {0};
    if (rc < 0)
        http_reply_error(req, err, http_param(req, "id"));
    else if (api_job_find(api, req, &job) == 0)
        api_job_reply(api, req, 200, &job);
}

void api_job_cancel(void *app, struct http_request *req)
{
    struct api *api = app;
    struct error err;
    act(api, req, job_cancel(api->service, http_param(req, "id"), &err), &err);
}

void api_job_retry(void *app, struct http_request *req)
{
    struct api *api = app;
    struct error err;
    const char *all = http_query(req, "all");
    bool every = all && (strcmp(all, "1") == 0 || strcmp(all, "true") == 0);
    act(api, req, job_retry(api->service, http_param(req, "id"), every, &err), &err);
}

void api_job_delete(void *app, struct http_request *req)
{
    struct api *api = app;
    struct error err;
    if (job_delete(api->service, http_param(req, "id"), &err) < 0)
        http_reply_error(req, &err, http_param(req, "id"));
    else
        http_reply(req, 204, NULL, NULL, 0);
}
