/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Surface c, /v1/documents: uploads and their list. Its jobs are shown by GET /v1/jobs/{id}, with
 * their text.
 */
#include "api/api_internal.h"

#include <string.h>

static void reply_upload(struct api *api, struct http_request *req)
{
    auto_job job = {0};
    struct error err;
    if (store_find_job(api_store(api), api_request(req)->job, &job, &err) < 0) {
        http_reply_error(req, &err, NULL);
        return;
    }
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    json_add_object(&w, NULL);
    json_add_string(&w, "job_id", job.id);
    json_add_string(&w, "document_id", job.id);
    json_add_string(&w, "status", job_state_name(job.state));
    json_add_string(&w, "filename", job.filename);
    json_add_string(&w, "content_type", job.content_type);
    json_add_int(&w, "size", job.size);
    json_end_object(&w);
    http_reply_json(req, 202, &body);
}

void api_library_upload(void *context, struct http_request *req)
{
    struct api *api = context;
    static const struct api_intake intake = {.surface = "c", .plain = true};
    struct error err;
    int rc = api_has_form(req) ? api_take(api, req, &intake, &err) : -2;
    if (rc == -2)
        api_reply_missing_file(req);
    else if (rc < 0)
        http_reply_error(req, &err, NULL);
    else
        reply_upload(api, req);
}

static int add_item(void *arg, const struct job *job)
{
    struct json_writer *w = arg;
    enum job_state state = job->state == JOB_CANCELLED ? JOB_FAILED : job->state;
    json_add_object(w, NULL);
    json_add_string(w, "id", job->id);
    json_add_string(w, "filename", job->filename);
    json_add_string(w, "content_type", job->content_type);
    json_add_int(w, "size", job->size);
    json_add_time(w, "created_at", job->created);
    json_add_string(w, "status", job_state_name(state));
    json_add_string(w, "job_id", job->id);
    json_end_object(w);
    return 0;
}

void api_library_list(void *context, struct http_request *req)
{
    struct api *api = context;
    struct error err;
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    struct job_filter filter = {
        .limit = (uint32_t)api_int(req, "limit"),
        .offset = (uint32_t)api_int(req, "offset"),
        .ascending = strcmp(api_text(req, "sort"), "created_at_asc") == 0,
    };
    int64_t total;
    api_filter(req, &filter);
    if (store_count_jobs(api_store(api), &filter, &total, &err) < 0) {
        http_reply_error(req, &err, NULL);
        return;
    }
    json_add_object(&w, NULL);
    json_add_int(&w, "total", total);
    json_add_int(&w, "limit", filter.limit);
    json_add_int(&w, "offset", filter.offset);
    json_add_array(&w, "items");
    if (store_list_jobs(api_store(api), &filter, add_item, &w, &err) < 0) {
        strbuf_free(&body);
        http_reply_error(req, &err, NULL);
        return;
    }
    json_end_array(&w);
    json_end_object(&w);
    http_reply_json(req, 200, &body);
}
