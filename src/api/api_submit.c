/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * POST /v1/jobs, and POST /v1/ocr, which answers with the output itself.
 */
#include "api/api_internal.h"

#include "base/clock.h"
#include "export/export.h"

#include <stdio.h>
#include <string.h>

static void refuse_missing(struct http_request *req)
{
    http_reply_problem(
        req, &(struct http_problem){.status = 422,
                                    .code = error_code(ERROR_INPUT),
                                    .title = error_title(ERROR_INPUT),
                                    .detail = "no document: send it as the body, or as the part "
                                              "'file' of a multipart form",
                                    .field = "file"});
}

/* Once, whatever often the handler is called; −1 with the answer sent. */
static int take_once(struct api *api, struct http_request *req, const struct api_intake *intake)
{
    struct error err;
    if (*api_request(req)->job)
        return 0;
    int rc = api_take(api, req, intake, &err);
    if (rc == -2)
        refuse_missing(req);
    else if (rc < 0)
        http_reply_error(req, &err, NULL);
    return rc < 0 ? -1 : 0;
}

/* 200 when the job has ended, else 202, and the place to look. ?wait=S holds it back that long. */
void api_submit(void *context, struct http_request *req)
{
    struct api *api = context;
    static const struct api_intake native = {.surface = ""};
    auto_job job = {0};
    struct error err;
    char location[64];
    if (take_once(api, req, &native) < 0)
        return;
    const char *id = api_request(req)->job;
    if (store_find_job(api_store(api), id, &job, &err) < 0) {
        http_reply_error(req, &err, id);
        return;
    }
    int64_t wait = api_wait_ms(req);
    bool ended = job_state_ended(job.state);
    if (wait && !ended && !http_wait_over(req)) {
        http_wait(req, id, wait);
        return;
    }
    snprintf(location, sizeof location, "/v1/jobs/%s", id);
    http_set_header(req, "Location", location);
    api_job_reply(api, req, ended ? 200 : 202, &job);
}

/* ---- one call, one small document ---- */

static void refuse(struct http_request *req, int status, enum error_class class, const char *job_id,
                   const char *detail)
{
    http_reply_problem(req, &(struct http_problem){.status = status,
                                                   .code = error_code(class),
                                                   .title = error_title(class),
                                                   .detail = detail,
                                                   .job_id = job_id});
}

static void refuse_too_long(struct api *api, struct http_request *req, const struct job *job)
{
    char detail[160];
    if (!api_request(req)->joined)
        job_cancel(api->rooms.service, job->id, NULL);
    snprintf(detail, sizeof detail, "%lld pages, and /v1/ocr reads at most %lld: use POST /v1/jobs",
             (long long)job->pages.total, (long long)api->rooms.settings->sync_pages);
    refuse(req, 413, ERROR_LIMIT, NULL, detail);
}

static void reply_output(struct api *api, struct http_request *req, struct job *job,
                         const struct export_format *format)
{
    struct api_reader *r;
    struct error err;
    http_set_header(req, "X-Job-Id", job->id);
    if (job->state != JOB_COMPLETED) {
        api_job_failure(job, &err);
        http_reply_error(req, &err, job->id);
    } else if (format->single && job->pages.total != 1) {
        export_too_many(format, &err);
        http_reply_error(req, &err, job->id);
    } else if (api_reader_new(&r, api, job, format, api_unit(req), NULL, &err) < 0) {
        http_reply_error(req, &err, NULL);
    } else {
        api_reply_reader(req, r, format->content_type);
    }
}

void api_ocr(void *context, struct http_request *req)
{
    struct api *api = context;
    static const struct api_intake one_call = {.surface = "", .apart = true};
    const struct settings *s = api->rooms.settings;
    const struct export_format *format = export_find(api_text(req, "format"));
    auto_job job = {0};
    struct error err;
    char known[EXPORT_LIST], detail[EXPORT_LIST + 32];
    export_extensions(known);
    if (!format) {
        snprintf(detail, sizeof detail, "format: one of %s", known);
        http_reply_problem(req, &(struct http_problem){.status = 422,
                                                       .code = error_code(ERROR_INPUT),
                                                       .title = error_title(ERROR_INPUT),
                                                       .detail = detail,
                                                       .field = "format"});
        return;
    }
    if (take_once(api, req, &one_call) < 0)
        return;
    const char *id = api_request(req)->job;
    if (store_find_job(api_store(api), id, &job, &err) < 0)
        http_reply_error(req, &err, id);
    else if (job.pages.total > s->sync_pages)
        refuse_too_long(api, req, &job);
    else if (job_state_ended(job.state))
        reply_output(api, req, &job, format);
    else if (!http_wait_over(req))
        http_wait(req, id, s->sync_timeout * 1000);
    else
        refuse(req, 504, ERROR_TIMEOUT, id,
               "not done in time; the job goes on: ask for its result");
}
