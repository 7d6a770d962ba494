/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The log of a job's webhook, and delivering once more.
 */
#include "api/api_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <stdio.h>

enum { DELIVERIES = 64, ATTEMPTS = 32 };

static void write_attempts(struct api *api, const char *id, struct json_writer *w)
{
    struct delivery_attempt *tries = x_calloc(ATTEMPTS, sizeof *tries);
    int n = store_delivery_attempts(api_store(api), id, tries, ATTEMPTS, NULL);
    json_add_array(w, "attempts");
    for (int i = 0; i < n; i++) {
        json_add_object(w, NULL);
        json_add_int(w, "number", tries[i].number);
        json_add_time(w, "at", tries[i].at);
        json_add_int(w, "duration_ms", tries[i].duration_ms);
        json_add_count(w, "status", tries[i].status);
        json_add_string(w, "error", *tries[i].error ? tries[i].error : NULL);
        json_end_object(w);
    }
    json_end_array(w);
    free(tries);
}

static void write_delivery(struct api *api, const struct delivery *d, struct json_writer *w)
{
    static const char *const states[] = {"waiting", "delivered", "failed"};
    char type[32];
    snprintf(type, sizeof type, "job.%s", job_state_name(d->event));
    json_add_object(w, NULL);
    json_add_string(w, "id", d->id);
    json_add_string(w, "type", type);
    json_add_string(w, "status", states[d->state]);
    write_attempts(api, d->id, w);
    json_add_time(w, "created_at", d->created);
    json_add_time(w, "next_attempt_at", d->state == DELIVERY_WAITING ? d->due : 0);
    json_add_time(w, "finished_at", d->finished);
    json_end_object(w);
}

static void reply_list(struct api *api, struct http_request *req, const struct job *job)
{
    struct delivery *list = x_calloc(DELIVERIES, sizeof *list);
    struct error err;
    int n = store_delivery_list(api_store(api), job->id, list, DELIVERIES, &err);
    if (n < 0) {
        http_reply_error(req, &err, job->id);
    } else {
        struct strbuf body = {0};
        struct json_writer w = {.out = &body};
        json_add_object(&w, NULL);
        json_add_string(&w, "job_id", job->id);
        json_add_array(&w, "deliveries");
        for (int i = 0; i < n; i++)
            write_delivery(api, &list[i], &w);
        json_end_array(&w);
        json_end_object(&w);
        strbuf_addc(&body, '\n');
        http_reply_json(req, 200, &body);
    }
    free(list);
}

void api_delivery_list(void *api, struct http_request *req)
{
    auto_job job = {0};
    if (api_job_find(api, req, "id", &job) == 0)
        reply_list(api, req, &job);
}

void api_delivery_resend(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    struct error err;
    if (api_job_find(api, req, "id", &job) < 0)
        return;
    if (job_resend(api->rooms.service, job.id, http_param(req, "delivery"), &err) < 0)
        http_reply_error(req, &err, job.id);
    else
        reply_list(api, req, &job);
}
