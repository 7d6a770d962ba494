/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Surface b, /process_pdf and what follows: PDF jobs in the words of the original. Its statuses
 * know no "cancelled": such a job failed, and says so.
 */
#include "api/api_internal.h"

#include "export/export.h"

#include <stdio.h>
#include <string.h>

enum { LIST_IDS = 1000, TASKS_MOST = 10000 };

static enum job_state state_of(const struct job *job)
{
    return job->state == JOB_CANCELLED ? JOB_FAILED : job->state;
}

static const char *message_of(const struct job *job)
{
    return job->state == JOB_CANCELLED ? "Cancelled" : job->error.text;
}

/* ---- submitting ---- */

static void write_message(struct api *api, const struct job *job, bool joined, struct strbuf *out)
{
    struct forecast_answer where = {0};
    if (joined && job->state == JOB_COMPLETED) {
        strbuf_adds(out, "Retrieved from cache (file already processed)");
        return;
    }
    forecast_of(api->forecast, job, &where);
    strbuf_addf(out,
                "PDF processing queued (position: %lld). Use /result/%s/status to check progress.",
                (long long)where.position, job->id);
}

static void reply_queued(struct api *api, struct http_request *req)
{
    auto_job job = {0};
    struct error err;
    const struct api_request *mine = api_request(req);
    if (store_find_job(api_store(api), mine->job, &job, &err) < 0) {
        http_reply_error(req, &err, NULL);
        return;
    }
    auto_strbuf message = {0};
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    write_message(api, &job, mine->joined, &message);
    json_add_object(&w, NULL);
    json_add_string(&w, "job_id", job.id);
    json_add_string(&w, "status", job_state_name(state_of(&job)));
    json_add_string(&w, "message", strbuf_str(&message));
    json_end_object(&w);
    http_reply_json(req, 200, &body);
}

void api_pdf_process(void *context, struct http_request *req)
{
    struct api *api = context;
    static const struct api_intake intake = {
        .surface = "b", .plain = true, .any_type = true, .pdf_only = true};
    struct error err;
    int rc = api_has_form(req) ? api_take(api, req, &intake, &err) : -2;
    if (rc == -2)
        api_reply_missing_file(req);
    else if (rc < 0 && err.class == ERROR_UNSUPPORTED)
        api_reply_detail(req, 400, err.text);
    else if (rc < 0)
        http_reply_error(req, &err, NULL);
    else
        reply_queued(api, req);
}

/* ---- looking ---- */

static void write_task(const struct job *job, struct json_writer *w)
{
    bool failed = state_of(job) == JOB_FAILED;
    json_add_object(w, NULL);
    json_add_string(w, "job_id", job->id);
    json_add_string(w, "status", job_state_name(state_of(job)));
    json_add_string(w, "filename", job->filename);
    json_add_int(w, "total_pages", job->pages.total);
    json_add_int(w, "processed_pages", job->pages.done + job->pages.failed);
    json_add_time(w, "created_at", job->created);
    json_add_time(w, "updated_at", job->updated);
    json_add_string(w, "error_message", failed ? message_of(job) : NULL);
    json_end_object(w);
}

static int find(struct api *api, struct http_request *req, const char *missing, struct job *job)
{
    struct error err;
    if (api_job_look(api, &api_request(req)->caller, http_param(req, "id"), job, &err) == 0)
        return 0;
    if (err.class == ERROR_NOT_FOUND)
        api_reply_detail(req, 404, missing);
    else
        http_reply_error(req, &err, NULL);
    return -1;
}

void api_pdf_status(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    if (find(api, req, "Job not found", &job) < 0)
        return;
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    write_task(&job, &w);
    http_reply_json(req, 200, &body);
}

/* The job if its result can be read; else an answer in the original's words. */
static int find_result(struct api *api, struct http_request *req, struct job *job)
{
    auto_strbuf text = {0};
    if (find(api, req, "Job not found", job) < 0)
        return -1;
    if (job->state == JOB_COMPLETED)
        return 0;
    if (state_of(job) == JOB_FAILED) {
        strbuf_addf(&text, "Processing failed: %s", message_of(job));
        api_reply_detail(req, 500, strbuf_str(&text));
    } else {
        api_reply_detail(req, 202,
                         job->state == JOB_PENDING ? "Processing not started yet"
                                                   : "Processing in progress");
    }
    return -1;
}

static void reply_content(struct api *api, struct http_request *req, const char *extension)
{
    auto_job job = {0};
    struct api_reader *r;
    struct error err;
    char head[128];
    if (find_result(api, req, &job) < 0)
        return;
    snprintf(head, sizeof head, "{\"job_id\":\"%s\",\"status\":\"completed\",\"content\":\"",
             job.id);
    if (api_reader_new(&r, api, &job, export_find(extension), PAGE_PIXELS, NULL, &err) < 0)
        http_reply_error(req, &err, NULL);
    else
        api_reply_framed(req, r, API_QUOTED, head, "\"}");
}

void api_pdf_markdown(void *api, struct http_request *req)
{
    reply_content(api, req, "mmd");
}

void api_pdf_markdown_det(void *api, struct http_request *req)
{
    reply_content(api, req, "det.mmd");
}

void api_pdf_layout(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    struct error err;
    uint64_t size;
    char name[64];
    if (find_result(api, req, &job) < 0)
        return;
    int fd = api_bound(api, &job, "layouts.pdf", &size, &err);
    if (fd < 0 && err.class == ERROR_NOT_FOUND) {
        api_reply_detail(req, 404, "PDF not found");
    } else if (fd < 0) {
        http_reply_error(req, &err, job.id);
    } else {
        snprintf(name, sizeof name, "layout_%s.pdf", job.id);
        api_attachment(req, name);
        http_reply_fd(req, "application/pdf", fd, size);
    }
}

void api_pdf_images(void *context, struct http_request *req)
{
    auto_job job = {0};
    if (find_result(context, req, &job) == 0)
        api_figures_reply(context, req, &job, "completed");
}

void api_pdf_image(void *context, struct http_request *req)
{
    auto_job job = {0};
    struct error err;
    uint64_t size;
    if (find_result(context, req, &job) < 0)
        return;
    int fd = api_figure(context, &job, http_param(req, "name"), &size, &err);
    if (fd >= 0)
        http_reply_fd(req, "image/jpeg", fd, size);
    else if (err.class == ERROR_NOT_FOUND)
        api_reply_detail(req, 404, "Image not found");
    else
        http_reply_error(req, &err, job.id);
}

void api_pdf_delete(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    struct error err;
    if (find(api, req, "Job not found", &job) < 0)
        return;
    if (job_delete(api->rooms.service, job.id, &err) < 0) {
        http_reply_error(req, &err, NULL);
        return;
    }
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    json_add_object(&w, NULL);
    json_add_string(&w, "job_id", job.id);
    json_add_string(&w, "status", "deleted");
    json_end_object(&w);
    http_reply_json(req, 200, &body);
}

/* ---- lists ---- */

struct task_list {
    struct json_writer w;
    int64_t count;
};

static int add_task(void *arg, const struct job *job)
{
    struct task_list *list = arg;
    write_task(job, &list->w);
    list->count++;
    return 0;
}

static uint32_t states_named(const char *status)
{
    uint32_t states = status ? 1u << job_state_of(status) : 0;
    return states == 1u << JOB_FAILED ? states | 1u << JOB_CANCELLED : states;
}

void api_pdf_tasks(void *context, struct http_request *req)
{
    struct api *api = context;
    struct error err;
    struct strbuf body = {0};
    struct task_list list = {.w.out = &body};
    struct job_filter filter = {.owner = api_request(req)->caller.owner,
                                .states = states_named(api_text(req, "status")),
                                .limit = TASKS_MOST};
    json_add_object(&list.w, NULL);
    json_add_array(&list.w, "tasks");
    if (store_list_jobs(api_store(api), &filter, add_task, &list, &err) < 0) {
        strbuf_free(&body);
        http_reply_error(req, &err, NULL);
        return;
    }
    json_end_array(&list.w);
    json_add_int(&list.w, "count", list.count);
    json_end_object(&list.w);
    http_reply_json(req, 200, &body);
}

static int add_id(void *arg, const struct job *job)
{
    json_add_string(arg, NULL, job->id);
    return 0;
}

static int count_state(struct api *api, const char *owner, uint32_t states, int64_t *out,
                       struct error *err)
{
    struct job_filter filter = {.owner = owner, .states = states};
    return store_count_jobs(api_store(api), &filter, out, err);
}

static int write_ids(struct api *api, const char *owner, enum job_state state, const char *key,
                     struct json_writer *w, struct error *err)
{
    struct job_filter filter = {
        .owner = owner, .states = 1u << state, .limit = LIST_IDS, .ascending = true};
    json_add_array(w, key);
    int rc = store_list_jobs(api_store(api), &filter, add_id, w, err);
    json_end_array(w);
    return rc;
}

void api_pdf_queue(void *context, struct http_request *req)
{
    struct api *api = context;
    const char *owner = api_request(req)->caller.owner;
    struct error err;
    int64_t queued = 0, processing = 0;
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    if (count_state(api, owner, 1u << JOB_PENDING, &queued, &err) < 0 ||
        count_state(api, owner, 1u << JOB_PROCESSING, &processing, &err) < 0) {
        http_reply_error(req, &err, NULL);
        return;
    }
    json_add_object(&w, NULL);
    json_add_int(&w, "queue_size", queued);
    json_add_int(&w, "total_tasks", queued + processing);
    json_add_int(&w, "queued_tasks", queued);
    json_add_int(&w, "processing_tasks", processing);
    if (write_ids(api, owner, JOB_PENDING, "queued_task_ids", &w, &err) < 0 ||
        write_ids(api, owner, JOB_PROCESSING, "processing_task_ids", &w, &err) < 0) {
        strbuf_free(&body);
        http_reply_error(req, &err, NULL);
        return;
    }
    json_end_object(&w);
    http_reply_json(req, 200, &body);
}
