/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One thread that looks, about once a second, at what every request would otherwise have to ask:
 * the queue, free space, the numbers of jobs. Looks less often when looking takes long. Started and
 * stopped by api.
 */
#include "api/api_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>

enum {
    LOOK_MS = 500,
    LOOK_SHARE = 20, /* at most this part of a thread's time is spent looking: one twentieth */
};

static void look_at_space(struct api *api)
{
    uint64_t bytes;
    bool known = blob_space(job_blobs(api->rooms.service), &bytes, NULL) == 0 && bytes < INT64_MAX;
    atomic_store(&api->free_bytes, known ? (int64_t)bytes : INT64_MAX);
}

static void look_at_queue(struct api *api)
{
    struct error err;
    struct store_stats stats;
    atomic_store(&api->submitted, 0);
    bool ok = store_stats(api_store(api), &stats, &err) == 0;
    if (ok && forecast_refresh(api->forecast, &err) < 0)
        ok = false;
    if (!ok)
        log_warning("looking at the queue: %s", err.text);
    pthread_mutex_lock(&api->lock);
    api->stats_ok = ok;
    if (ok)
        api->stats = stats;
    pthread_mutex_unlock(&api->lock);
}

static void look_after_tokens(struct api *api)
{
    struct error err;
    if (auth_tick(api->rooms.auth, &err) < 0)
        log_warning("tokens: %s", err.text);
}

static bool ended_by(struct api *api, int64_t until)
{
    struct timespec t = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
    pthread_mutex_lock(&api->lock);
    while (!api->ended)
        if (pthread_cond_timedwait(&api->changed, &api->lock, &t) == ETIMEDOUT)
            break;
    bool ended = api->ended;
    pthread_mutex_unlock(&api->lock);
    return ended;
}

static void *watch(void *arg)
{
    struct api *api = arg;
    int64_t took;
    do {
        int64_t start = clock_steady();
        look_at_space(api);
        look_at_queue(api);
        look_after_tokens(api);
        took = clock_steady() - start;
    } while (!ended_by(api, clock_steady() + LOOK_MS + took * LOOK_SHARE));
    look_after_tokens(api);
    return NULL;
}

int api_watch_start(struct api *api, struct error *err)
{
    look_at_space(api);
    look_at_queue(api);
    errno = pthread_create(&api->watch, NULL, watch, api);
    api->watching = errno == 0;
    return api->watching ? 0 : error_errno(err, "starting the watch over the queue");
}

void api_watch_stop(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    api->ended = true;
    pthread_cond_broadcast(&api->changed);
    pthread_mutex_unlock(&api->lock);
    if (api->watching)
        pthread_join(api->watch, NULL);
    api->watching = false;
}

int api_room(struct api *api, struct error *err)
{
    const struct settings *s = api->rooms.settings;
    struct forecast_totals queue;
    if (atomic_load(&api->draining))
        return error_set(err, ERROR_BUSY, "the server is shutting down");
    forecast_totals(api->forecast, &queue);
    int64_t jobs = queue.unfinished + atomic_load(&api->submitted);
    if (jobs >= s->max_queue)
        return error_set(err, ERROR_BUSY, "the queue is full: %lld jobs, at most %lld",
                         (long long)jobs, (long long)s->max_queue);
    if (atomic_load(&api->free_bytes) < s->min_free)
        return error_set(err, ERROR_BUSY, "the disk is almost full: less than %lld MiB are free",
                         (long long)(s->min_free >> 20));
    return 0;
}

bool api_stats(struct api *api, struct store_stats *out)
{
    pthread_mutex_lock(&api->lock);
    bool ok = api->stats_ok;
    if (ok)
        *out = api->stats;
    pthread_mutex_unlock(&api->lock);
    return ok;
}
