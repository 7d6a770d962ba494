/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Figures cut from the pages. No engine finds figures yet: the list of a job that has ended is
 * empty, and no name is known.
 */
#include "api/api_internal.h"

static int find_ended(struct api *api, struct http_request *req, struct job *job)
{
    struct error err;
    if (api_job_find(api, req, "id", job) < 0)
        return -1;
    if (job_state_ended(job->state))
        return 0;
    error_set(&err, ERROR_CONFLICT, "the job is %s", job_state_name(job->state));
    http_reply_error(req, &err, job->id);
    return -1;
}

void api_image_list(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    if (find_ended(api, req, &job) < 0)
        return;
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    json_add_object(&w, NULL);
    json_add_string(&w, "job_id", job.id);
    json_add_array(&w, "images");
    json_end_array(&w);
    json_add_int(&w, "count", 0);
    json_end_object(&w);
    strbuf_addc(&body, '\n');
    http_reply_json(req, 200, &body);
}

void api_image_show(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    struct error err;
    if (find_ended(api, req, &job) < 0)
        return;
    error_set(&err, ERROR_NOT_FOUND, "Image not found");
    http_reply_error(req, &err, job.id);
}
