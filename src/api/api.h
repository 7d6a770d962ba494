/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The HTTP routes. A thing that two surfaces offer is one function behind both.
 */
#ifndef API_API_H
#define API_API_H

#include "auth/auth.h"
#include "base/settings.h"
#include "cache/cache.h"
#include "http/http.h"
#include "job/job.h"
#include "model/recipe.h"
#include "net/net.h"
#include "work/capabilities.h"
#include "work/scheduler.h"

struct api;

/* What it stands on; all of it must outlive the api. */
struct api_rooms {
    const struct settings *settings;
    const struct recipe *recipe;
    const struct capabilities *capabilities;
    struct job_service *service;
    struct scheduler *scheduler;
    struct auth *auth;
    struct cache *cache;
    const struct net_guard *guard;
};

struct api *api_new(void);
void api_free(struct api **api);

/* A listener of the job service (job_listen), from before the start on: wakes the clients that wait
 * for the job, and makes the cache forget it. */
void api_changed(void *api, const char *id);

int api_start(struct api *api, const struct api_rooms *rooms, struct error *err);
void api_addresses(const struct api *api, struct strbuf *out); /* one a line */
/* Readiness goes down and submissions are refused; reads go on until api_stop. */
void api_drain(struct api *api);
void api_stop(struct api *api, int wait_ms);

/* The same tables as documents, without a server: OpenAPI 3.1 in JSON, and Markdown for people. */
void api_write_openapi(struct strbuf *out);
void api_write_reference(struct strbuf *out);

#endif
