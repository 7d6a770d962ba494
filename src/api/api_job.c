/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The routes that show, list, cancel, retry and delete jobs. What a job looks like is kept in the
 * cache until it changes.
 */
#include "api/api_internal.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum {
    REMEMBER_ENDED_MS = 60000,
    REMEMBER_RUNNING_MS = 1000, /* what changes without an event: position and eta */
};

/* ---- finding ---- */

/* Another owner's job does not exist. */
static bool may_see(const struct caller *caller, const char *owner)
{
    return (caller->scopes & SCOPE_ADMIN) || strcmp(caller->owner, owner) == 0;
}

int api_job_look(struct api *api, const struct caller *caller, const char *id, struct job *job,
                 struct error *err)
{
    if (store_find_job(api_store(api), id, job, err) < 0)
        return -1;
    if (may_see(caller, job->owner))
        return 0;
    job_free_members(job);
    return error_set(err, ERROR_NOT_FOUND, "Job not found");
}

int api_job_find(struct api *api, struct http_request *req, const char *param, struct job *job)
{
    struct error err;
    const char *id = http_param(req, param);
    if (api_job_look(api, &api_request(req)->caller, id, job, &err) == 0)
        return 0;
    http_reply_error(req, &err, NULL);
    return -1;
}

int64_t api_wait_ms(const struct http_request *req)
{
    return (int64_t)(api_real(req, "wait") * 1000);
}

/* ---- one job, through the cache ---- */

/* What is kept of a job: enough to say who may see it and whether it is news, and its body. */
struct remembered {
    char owner[STORE_OWNER];
    int64_t revision;
    bool ended;
};

struct shown {
    struct remembered about;
    struct strbuf bytes; /* the same as kept: about, then the body */
};

static const char *body_of(const struct shown *s)
{
    return s->bytes.data + sizeof s->about;
}

static size_t body_length(const struct shown *s)
{
    return s->bytes.len - sizeof s->about;
}

/* That a job's time is over is no event. */
static int64_t remember_ms(const struct job *job)
{
    int64_t left = job->expires ? job->expires - clock_wall() : REMEMBER_ENDED_MS;
    if (!job_state_ended(job->state))
        return REMEMBER_RUNNING_MS;
    return left < REMEMBER_ENDED_MS ? left : REMEMBER_ENDED_MS;
}

static int load_shown(struct api *api, const char *id, const char *key, uint64_t mark,
                      struct shown *s, struct error *err)
{
    auto_job job = {0};
    if (store_find_job(api_store(api), id, &job, err) < 0)
        return -1;
    s->about = (struct remembered){.revision = job.revision, .ended = job_state_ended(job.state)};
    memcpy(s->about.owner, job.owner, sizeof job.owner);
    strbuf_add(&s->bytes, &s->about, sizeof s->about);
    api_job_body(api, &job, false, &s->bytes);
    int64_t keep = remember_ms(&job);
    if (keep > 0)
        cache_put(api->rooms.cache, key, s->bytes.data, s->bytes.len, keep, mark);
    return 0;
}

static int find_shown(struct api *api, struct http_request *req, struct shown *s, struct error *err)
{
    const char *id = http_param(req, "id");
    char key[16 + ID_SIZE];
    uint64_t mark;
    if (!id_valid(id))
        return error_set(err, ERROR_NOT_FOUND, "Job not found");
    snprintf(key, sizeof key, "job:%s", id);
    if (cache_find(api->rooms.cache, key, &s->bytes, &mark))
        memcpy(&s->about, s->bytes.data, sizeof s->about);
    else if (load_shown(api, id, key, mark, s, err) < 0)
        return -1;
    if (may_see(&api_request(req)->caller, s->about.owner))
        return 0;
    return error_set(err, ERROR_NOT_FOUND, "Job not found");
}

static void reply_with_text(struct api *api, struct http_request *req)
{
    auto_job job = {0};
    if (api_job_find(api, req, "id", &job) < 0)
        return;
    struct strbuf body = {0};
    api_job_body(api, &job, true, &body);
    http_reply_json(req, 200, &body);
}

/* Is there news for a client that knows ?revision, or what it saw first? */
static bool is_news(struct http_request *req, const struct remembered *about)
{
    struct api_request *mine = api_request(req);
    int64_t known = api_int(req, "revision");
    if (!mine->revision)
        mine->revision = known ? known : about->revision;
    return about->ended || mine->revision != about->revision;
}

void api_job_show(void *context, struct http_request *req)
{
    struct api *api = context;
    struct shown s = {0};
    struct error err;
    int64_t wait = api_wait_ms(req);
    if (find_shown(api, req, &s, &err) < 0)
        http_reply_error(req, &err, NULL);
    else if (wait && !is_news(req, &s.about) && !http_wait_over(req))
        http_wait(req, http_param(req, "id"), wait);
    else if (api_bool(req, "text"))
        reply_with_text(api, req);
    else
        http_reply(req, 200, "application/json", body_of(&s), body_length(&s));
    strbuf_free(&s.bytes);
}

/* ---- lists ---- */

struct list {
    struct api *api;
    struct json_writer w;
    int64_t last;
    uint32_t count;
};

static int list_one(void *arg, const struct job *job)
{
    struct list *list = arg;
    api_job_write(list->api, job, false, &list->w);
    list->last = job->sequence;
    list->count++;
    return 0;
}

void api_filter(struct http_request *req, struct job_filter *filter)
{
    filter->owner = api_request(req)->caller.owner;
    filter->filename = api_text(req, "filename");
    filter->content_type = api_text(req, "content_type");
    filter->created_from = api_time(req, "date_from");
    filter->created_to = api_time(req, "date_to");
}

/* ?owner: everybody may name themselves, the scope admin anybody. */
static int choose_owner(struct http_request *req, struct job_filter *filter, struct error *err)
{
    const struct caller *caller = &api_request(req)->caller;
    const char *owner = api_text(req, "owner");
    if (!owner || strcmp(owner, caller->owner) == 0)
        return 0;
    if (!(caller->scopes & SCOPE_ADMIN))
        return error_set(err, ERROR_DENIED, "owner: other owners' jobs need the scope admin");
    filter->owner = strcmp(owner, "*") == 0 ? NULL : owner;
    return 0;
}

void api_job_list(void *context, struct http_request *req)
{
    struct api *api = context;
    struct job_filter filter = {.before = api_int(req, "cursor"),
                                .limit = (uint32_t)api_int(req, "limit")};
    const char *status = api_text(req, "status");
    struct error err;
    struct strbuf body = {0};
    struct list list = {.api = api, .w.out = &body};
    api_filter(req, &filter);
    if (status)
        filter.states = 1u << job_state_of(status);
    json_add_object(&list.w, NULL);
    json_add_array(&list.w, "jobs");
    if (choose_owner(req, &filter, &err) < 0 ||
        store_list_jobs(api_store(api), &filter, list_one, &list, &err) < 0) {
        strbuf_free(&body);
        http_reply_error(req, &err, NULL);
        return;
    }
    json_end_array(&list.w);
    char cursor[32];
    snprintf(cursor, sizeof cursor, "%lld", (long long)list.last);
    json_add_string(&list.w, "next_cursor", list.count == filter.limit ? cursor : NULL);
    json_end_object(&list.w);
    strbuf_addc(&body, '\n');
    http_reply_json(req, 200, &body);
}

/* ---- acting ---- */

/* Do something to the caller's job named by {id}, and show it as it is then. */
static void act(struct api *api, struct http_request *req,
                int (*action)(struct job_service *, const char *, struct error *))
{
    auto_job job = {0};
    struct error err;
    if (api_job_find(api, req, "id", &job) < 0)
        return;
    if (action(api->rooms.service, job.id, &err) < 0) {
        http_reply_error(req, &err, job.id);
        return;
    }
    job_free_members(&job);
    if (api_job_find(api, req, "id", &job) == 0)
        api_job_reply(api, req, 200, &job);
}

void api_job_cancel(void *api, struct http_request *req)
{
    act(api, req, job_cancel);
}

static int retry_failed(struct job_service *service, const char *id, struct error *err)
{
    return job_retry(service, id, false, err);
}

static int retry_all(struct job_service *service, const char *id, struct error *err)
{
    return job_retry(service, id, true, err);
}

void api_job_retry(void *api, struct http_request *req)
{
    act(api, req, api_bool(req, "all") ? retry_all : retry_failed);
}

void api_job_delete(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    struct error err;
    if (api_job_find(api, req, "id", &job) < 0)
        return;
    if (job_delete(api->rooms.service, job.id, &err) < 0)
        http_reply_error(req, &err, job.id);
    else
        http_reply(req, 204, NULL, NULL, 0);
}
