/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The HTTP routes. A thing that two surfaces offer is one function behind both.
 */
#ifndef API_API_H
#define API_API_H

#include "base/settings.h"
#include "http/http.h"
#include "job/job.h"
#include "work/capabilities.h"
#include "work/scheduler.h"

#include <stdatomic.h>

struct api {
    const struct settings *settings;
    struct job_service *service;
    struct scheduler *scheduler;
    const struct capabilities *capabilities;
    _Atomic(struct http_server *) server; /* set by api_start, read by api_changed on any thread */
    atomic_bool draining;
    int64_t started; /* Unix ms */
};

/* A listener of the job service (job_listen): wakes the clients that wait for the job. */
void api_changed(void *api, const char *id);

/* Fill the rest of *api first; it must outlive the server. */
int api_start(struct api *api, struct error *err);
/* Readiness goes down and submissions are refused; reads go on until api_stop. */
void api_drain(struct api *api);
void api_stop(struct api *api, int wait_ms);

#endif
