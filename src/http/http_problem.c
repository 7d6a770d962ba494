/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Refusals as application/problem+json (RFC 9457): type, title, status, detail; and code, job_id,
 * page, errors and request_id as extensions. On routes that ask for it (HTTP_DETAIL) only detail,
 * as application/json. Called by handlers and by the server itself.
 */
#include "http/http_internal.h"

#include "base/json_writer.h"

#include <stdio.h>

static void write_problem(const struct http_request *req, const struct http_problem *problem,
                          struct json_writer *w)
{
    char type[96];
    snprintf(type, sizeof type, "urn:pagemill:error:%s", problem->code);
    json_add_string(w, "type", type);
    json_add_string(w, "title", problem->title);
    json_add_int(w, "status", problem->status);
    json_add_string(w, "detail", problem->detail);
    json_add_string(w, "code", problem->code);
    if (problem->job_id)
        json_add_string(w, "job_id", problem->job_id);
    if (problem->page)
        json_add_int(w, "page", problem->page);
    if (problem->field) {
        json_add_array(w, "errors");
        json_add_object(w, NULL);
        json_add_string(w, "field", problem->field);
        json_add_string(w, "message", problem->detail);
        json_end_object(w);
        json_end_array(w);
    }
    json_add_string(w, "request_id", http_request_id(req));
}

void http_reply_problem(struct http_request *req, const struct http_problem *problem)
{
    auto_strbuf body = {0};
    char seconds[24];
    struct json_writer w = {.out = &body};
    json_add_object(&w, NULL);
    if (req->detail)
        json_add_string(&w, "detail", problem->detail);
    else
        write_problem(req, problem, &w);
    json_end_object(&w);
    if (problem->retry_after > 0) {
        snprintf(seconds, sizeof seconds, "%lld", (long long)problem->retry_after);
        http_set_header(req, "Retry-After", seconds);
    }
    http_set_header(req, "Content-Type",
                    req->detail ? "application/json" : "application/problem+json");
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
    req->answer.close = http_stopping(req->server);
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
