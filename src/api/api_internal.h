/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the route files share.
 */
#ifndef API_API_INTERNAL_H
#define API_API_INTERNAL_H

#include "api/api.h"
#include "base/json_writer.h"

/* api_job.c */
/* whole: with what takes further queries (failed_pages, queue_position); never from within a store
 * visit. */
void api_job_write(struct api *api, const struct job *job, bool whole, struct json_writer *w);
void api_job_reply(struct api *api, struct http_request *req, int status, const struct job *job);
/* The job named by {id}, or an answer sent and −1. */
int api_job_find(struct api *api, struct http_request *req, struct job *job);
int64_t api_wait_ms(struct http_request *req); /* ?wait=SECONDS, at most a minute; 0: none */
void api_job_show(void *app, struct http_request *req);
void api_job_list(void *app, struct http_request *req);
void api_job_cancel(void *app, struct http_request *req);
void api_job_retry(void *app, struct http_request *req);
void api_job_delete(void *app, struct http_request *req);

/* api_submit.c */
extern const struct http_sink api_upload_sink;
void api_submit(void *app, struct http_request *req);

/* api_page.c */
void api_page_list(void *app, struct http_request *req);
void api_page_show(void *app, struct http_request *req);
void api_page_image(void *app, struct http_request *req);

/* api_result.c */
void api_result(void *app, struct http_request *req);

/* api_health.c */
void api_live(void *app, struct http_request *req);
void api_ready(void *app, struct http_request *req);
void api_health(void *app, struct http_request *req);

/* api_ui.c */
void api_ui(void *app, struct http_request *req);
void api_ui_file(void *app, struct http_request *req);

#endif
