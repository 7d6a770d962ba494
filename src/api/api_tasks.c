/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Surface a, /api/v1/ocr: tasks in Celery's words. Documents are always read from their pixels, at
 * twice the size of a PDF's points, and results are kept an hour. An unknown task is PENDING, as
 * the original answers, and so is another owner's.
 */
#include "api/api_internal.h"

#include "base/log.h"
#include "export/export.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { DPI = 144 }; /* twice the size of a PDF's points */

static const char *const task_states[] = {
    [JOB_PENDING] = "PENDING", [JOB_PROCESSING] = "STARTED", [JOB_COMPLETED] = "SUCCESS",
    [JOB_FAILED] = "FAILURE",  [JOB_CANCELLED] = "REVOKED",
};

void api_reply_missing_file(struct http_request *req)
{
    static const char body[] = "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",\"file\"],"
                               "\"msg\":\"Field required\"}]}";
    http_reply(req, 422, "application/json", body, sizeof body - 1);
}

/* The originals know the form only. */
bool api_has_form(const struct http_request *req)
{
    static const char form[] = "multipart/form-data";
    const char *type = http_header(req, "Content-Type");
    return type && strncasecmp(type, form, sizeof form - 1) == 0;
}

void api_task_process(void *context, struct http_request *req)
{
    struct api *api = context;
    struct api_intake intake = {.surface = "a",
                                .pixels = true,
                                .plain = true,
                                .any_type = true,
                                .ttl = api->rooms.settings->ocr_result_ttl,
                                .dpi = DPI};
    struct error err;
    int rc = api_has_form(req) ? api_take(api, req, &intake, &err) : -2;
    if (rc == -2) {
        api_reply_missing_file(req);
    } else if (rc < 0 && error_http_status(err.class) == 500) {
        log_error("queueing a task: %s", err.text);
        api_reply_detail(req, 500, "Failed to queue OCR task.");
    } else if (rc < 0) {
        http_reply_error(req, &err, NULL);
    } else {
        struct strbuf body = {0};
        struct json_writer w = {.out = &body};
        json_add_object(&w, NULL);
        json_add_string(&w, "task_id", api_request(req)->job);
        json_add_string(&w, "status", "pending");
        json_add_string(&w, "message", "OCR task queued successfully.");
        json_end_object(&w);
        http_reply_json(req, 202, &body);
    }
}

/* ---- detections ---- */

/* Boxes fit the picture that a client of this surface has: a PDF's page at 144 dpi, or the image as
 * it was sent. Only a page too large for that was read smaller. */
static double scale_of(const struct page *page)
{
    for (size_t i = 0; i < page->warning_count; i++)
        if (strcmp(page->warnings[i].code, "dpi_reduced") == 0)
            return (double)DPI / page->dpi;
    return 1;
}

static void write_line(struct json_writer *w, const struct line *line, const struct page *page,
                       double scale)
{
    json_add_object(w, NULL);
    json_add_string(w, "text", line->text);
    json_add_array(w, "box");
    for (int i = 0; i < 4; i++) {
        json_add_array(w, NULL);
        json_add_number(w, NULL, (double)line->polygon.corner[i].x * scale, 2);
        json_add_number(w, NULL, (double)line->polygon.corner[i].y * scale, 2);
        json_end_array(w);
    }
    json_end_array(w);
    json_add_number(w, "confidence", (double)line->confidence, 4);
    json_add_int(w, "page_number", page->number);
    json_end_object(w);
}

static void write_page(struct strbuf *out, const struct export_page *e, bool first)
{
    struct json_writer w = {.out = out};
    const struct page *page = e->page;
    (void)first;
    for (size_t b = 0; page && b < page->block_count; b++)
        for (size_t i = 0; i < page->blocks[b].line_count; i++)
            write_line(&w, &page->blocks[b].lines[i], page, scale_of(page));
}

static const struct export_format detections = {.extension = "detections",
                                                .content_type = "application/json",
                                                .decoded = true,
                                                .page = write_page};

static void write_head(struct json_writer *w, const char *id, const char *state)
{
    json_add_object(w, NULL);
    json_add_string(w, "task_id", id);
    json_add_string(w, "status", state);
}

static int64_t waiting(struct api *api)
{
    struct forecast_totals totals;
    forecast_totals(api->forecast, &totals);
    return totals.waiting;
}

static void write_tail(struct api *api, struct json_writer *w)
{
    json_add_int(w, "pending_tasks", waiting(api));
    json_end_object(w);
}

static void reply_detections(struct api *api, struct http_request *req, struct job *job)
{
    auto_strbuf head = {0}, tail = {0};
    struct json_writer h = {.out = &head}, t = {.out = &tail, .comma = true};
    struct api_reader *r;
    struct error err;
    write_head(&h, job->id, task_states[JOB_COMPLETED]);
    json_add_object(&h, "result");
    json_add_array(&h, "detections");
    strbuf_addc(&tail, ']');
    if (job->pages.failed)
        api_job_write_failed(api, job, &t);
    json_end_object(&t);
    write_tail(api, &t);
    if (api_reader_new(&r, api, job, &detections, PAGE_PIXELS, NULL, &err) < 0)
        http_reply_error(req, &err, NULL);
    else
        api_reply_framed(req, r, API_LISTED, strbuf_str(&head), strbuf_str(&tail));
}

static void write_failure(const struct job *job, struct json_writer *w)
{
    auto_strbuf text = {0};
    if (job->error.class == ERROR_UNSUPPORTED)
        strbuf_addf(&text, "Unsupported file type: %s. Supported: PDF and image formats.",
                    job->content_type);
    else
        strbuf_adds(&text, job->error.text);
    json_add_object(w, "result");
    json_add_string(w, "error", strbuf_str(&text));
    json_end_object(w);
}

static void reply_state(struct api *api, struct http_request *req, const char *id,
                        const struct job *job)
{
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    write_head(&w, id, task_states[job->state]);
    if (job->state == JOB_FAILED)
        write_failure(job, &w);
    else
        json_add_null(&w, "result");
    write_tail(api, &w);
    http_reply_json(req, 200, &body);
}

void api_task_result(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    struct error err;
    const char *id = http_param(req, "task_id");
    if (api_job_look(api, &api_request(req)->caller, id, &job, &err) < 0 &&
        err.class != ERROR_NOT_FOUND)
        http_reply_error(req, &err, NULL);
    else if (job.state == JOB_COMPLETED)
        reply_detections(api, req, &job);
    else
        reply_state(api, req, id, &job);
}
