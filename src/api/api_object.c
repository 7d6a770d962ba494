/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The job object: what every surface that shows jobs is made from, and the native one shows whole.
 */
#include "api/api_internal.h"

#include "base/memory.h"
#include "export/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FAILED_PAGES_SHOWN = 100, /* in a job object; /pages?status=failed has all */
    TEXT_MOST = 4 << 20,      /* bytes of result.text */
};

static const char *phase_of(const struct job *job)
{
    if (job->state == JOB_PENDING) /* opening is no page: only the time of the claim tells of it */
        return job->started ? "opening" : "queued";
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

void api_job_write_failed(struct api *api, const struct job *job, struct json_writer *w)
{
    json_add_array(w, "failed_pages");
    if (job->pages.failed) {
        struct page_row *rows = x_calloc(FAILED_PAGES_SHOWN, sizeof *rows);
        int n = store_list_pages(api_store(api), job->id, 1, true, rows, FAILED_PAGES_SHOWN, NULL);
        for (int i = 0; i < n; i++) {
            rows[i].error.page = (int)rows[i].number;
            write_error(w, NULL, &rows[i].error, true);
        }
        free(rows);
    }
    json_end_array(w);
}

static void write_forecast(struct api *api, const struct job *job, bool whole,
                           struct json_writer *w)
{
    struct forecast_answer a = {.eta_seconds = -1};
    if (!job_state_ended(job->state))
        forecast_of(api->forecast, job, &a);
    if (whole)
        json_add_count(w, "queue_position", a.position);
    if (a.eta_seconds >= 0)
        json_add_number(w, "eta_seconds", a.eta_seconds, 1);
    else
        json_add_null(w, "eta_seconds");
}

/* A client of system C has no other way to its text than the job object. */
static bool shows_text(const struct job *job)
{
    return strcmp(job->surface, "c") == 0;
}

static void write_text(struct api *api, const struct job *job, struct json_writer *w)
{
    auto_strbuf text = {0};
    bool cut = false;
    if (!job_state_ended(job->state) || !job->pages.total ||
        api_read_all(api, job, export_find("txt"), TEXT_MOST, &text, &cut, NULL) < 0) {
        json_add_null(w, "text");
        return;
    }
    json_add_string_n(w, "text", strbuf_str(&text), text.len);
    if (cut)
        json_add_bool(w, "text_truncated", true);
}

static void write_link(const struct job *job, const char *extension, struct json_writer *w)
{
    char link[128];
    snprintf(link, sizeof link, "/v1/jobs/%s/result.%s", job->id, extension);
    json_add_string(w, extension, link);
}

static void write_links(struct api *api, const struct job *job, bool text, struct json_writer *w)
{
    char link[128];
    json_add_object(w, "result");
    if (text)
        write_text(api, job, w);
    for (size_t i = 0; export_formats[i]; i++)
        if (!export_formats[i]->single || job->pages.total == 1)
            write_link(job, export_formats[i]->extension, w);
    for (const struct api_kept *k = api_kept; k->extension; k++)
        write_link(job, k->extension, w);
    snprintf(link, sizeof link, "/v1/jobs/%s/pages", job->id);
    json_add_string(w, "pages", link);
    json_end_object(w);
}

static void write_engine(const struct job *job, struct json_writer *w)
{
    json_add_object(w, "engine");
    json_add_string(w, "name", job->engine);
    json_add_string(w, "version", *job->engine_version ? job->engine_version : NULL);
    json_end_object(w);
}

/* System C knows no cancelled jobs: there they failed. */
static void write_state(const struct job *job, struct json_writer *w)
{
    bool failed = job->state == JOB_CANCELLED && shows_text(job);
    json_add_string(w, "status", job_state_name(failed ? JOB_FAILED : job->state));
    json_add_string(w, "phase", phase_of(job));
}

void api_job_failure(const struct job *job, struct error *out)
{
    *out = job->error;
    if (job->state == JOB_CANCELLED)
        error_set(out, ERROR_CANCELLED, "Cancelled");
}

static void write_job_error(const struct job *job, struct json_writer *w)
{
    struct error failure;
    api_job_failure(job, &failure);
    write_error(w, "error", shows_text(job) ? &failure : &job->error, false);
}

static void write_job(struct api *api, const struct job *job, bool whole, bool text,
                      struct json_writer *w)
{
    json_add_object(w, NULL);
    json_add_string(w, "id", job->id);
    json_add_string(w, "job_id", job->id);
    json_add_string(w, "document_id", job->id);
    write_state(job, w);
    json_add_string(w, "filename", job->filename);
    json_add_string(w, "content_type", job->content_type);
    json_add_int(w, "size", job->size);
    json_add_string(w, "sha256", job->sha256);
    json_add_string(w, "owner", job->owner);
    json_add_raw(w, "options", job->options);
    json_add_int(w, "priority", job->priority);
    write_pages(job, w);
    json_add_int(w, "document_pages", job->document_pages);
    if (whole)
        api_job_write_failed(api, job, w);
    write_forecast(api, job, whole, w);
    write_engine(job, w);
    write_job_error(job, w);
    write_links(api, job, text, w);
    json_add_time(w, "created_at", job->created);
    json_add_time(w, "started_at", job->started);
    json_add_time(w, "updated_at", job->updated);
    json_add_time(w, "finished_at", job->finished);
    json_add_time(w, "expires_at", job->expires);
    json_add_int(w, "revision", job->revision);
    json_add_raw(w, "metadata", job->metadata ? job->metadata : "null");
    json_end_object(w);
}

void api_job_write(struct api *api, const struct job *job, bool whole, struct json_writer *w)
{
    write_job(api, job, whole, false, w);
}

void api_job_body(struct api *api, const struct job *job, bool text, struct strbuf *body)
{
    struct json_writer w = {.out = body};
    write_job(api, job, true, text || shows_text(job), &w);
    strbuf_addc(body, '\n');
}

void api_job_reply(struct api *api, struct http_request *req, int status, const struct job *job)
{
    struct strbuf body = {0};
    api_job_body(api, job, false, &body);
    http_reply_json(req, status, &body);
}
