/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Refusals as application/problem+json (RFC 9457): type, title, status, detail; and code, job_id,
 * page and request_id as extensions. Called by handlers and by the server itself.
 */
#include "http/http_internal.h"

#include "base/json_writer.h"

#include <stdio.h>

void http_reply_problem(struct http_request *req, const struct http_problem *problem)
{
    char type[96];
    snprintf(type, sizeof type, "urn:pagemill:error:%s", problem->code);
    auto_strbuf body = {0};
    struct json_writer w = {.out = &body};
    json_add_object(&w, NULL);
    json_add_string(&w, "type", type);
    json_add_string(&w, "title", problem->title);
    json_add_int(&w, "status", problem->status);
    json_add_string(&w, "detail", problem->detail);
    json_add_string(&w, "code", problem->code);
    if (problem->job_id)
        json_add_string(&w, "job_id", problem->job_id);
    if (problem->page)
        json_add_int(&w, "page", problem->page);
    json_add_string(&w, "request_id", http_request_id(req));
    json_end_object(&w);
    http_set_header(req, "Content-Type", "application/problem+json");
    http_reply_json(req, problem->status, &body);
}

void http_refuse(struct http_request *req, int status, enum error_class class, const char *detail)
{
    http_reply_problem(req, &(struct http_problem){.status = status,
                                                   .code = error_code(class),
                                                   .title = error_title(class),
                                                   .detail = detail});
}

void http_refuse_busy(struct http_request *req)
{
    req->answer.close = atomic_load(&req->server->stopping);
    http_refuse(req, 503, ERROR_BUSY, "no answer in time, or the server is stopping");
}

void http_reply_error(struct http_request *req, const struct error *err, const char *job_id)
{
    http_reply_problem(req, &(struct http_problem){.status = error_http_status(err->class),
                                                   .code = error_code(err->class),
                                                   .title = error_title(err->class),
                                                   .detail = err->text,
                                                   .job_id = job_id,
                                                   .page = err->page});
}
