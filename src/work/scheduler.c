/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The scheduler's thread: claims, one poll over all workers, deadlines, leases, housekeeping,
 * drain. Everything about a document is in document.c, everything about a lane in lane.c.
 */
#include "work/scheduler_internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    IDLE_CLAIM_MS = 1000, /* nothing in flight: look for pages whose retry has come */
    BUSY_CLAIM_MS = 250,
    SWEEP_MS = 10000,
    CLAIM_BATCH = 64,
};

static struct slot *free_slot(struct scheduler *s)
{
    for (size_t i = 0; i < s->slots_size; i++)
        if (s->slots[i].state == SLOT_FREE)
            return &s->slots[i];
    return NULL;
}

static void take_claim(struct scheduler *s, const struct claim *claim)
{
    struct error err;
    struct slot *slot = free_slot(s);
    must(slot != NULL);
    *slot =
        (struct slot){.state = SLOT_WAITING, .claim = *claim, .sheaf_fd = -1, .order = ++s->order};
    slot->document = document_attach(s, claim->job, &err);
    if (!slot->document)
        slot_fail(s, slot, &err);
}

static size_t claim_some(struct scheduler *s, bool idle_jobs, size_t limit)
{
    struct claim claims[CLAIM_BATCH];
    struct error err;
    size_t used = slot_count(s, NULL, SLOT_FREE);
    size_t want = limit > used ? limit - used : 0;
    if (want > CLAIM_BATCH)
        want = CLAIM_BATCH;
    int n = want ? job_claim(s->service, idle_jobs, claims, want, &err) : 0;
    if (n < 0)
        log_error("claiming pages: %s", err.text);
    for (int i = 0; i < n; i++) {
        document_trim(s);
        take_claim(s, &claims[i]);
    }
    return n > 0 ? (size_t)n : 0;
}

/* A long job fills the normal slots; the rest of the slots lets a new job start at once all the
 * same. */
static void claim_pages(struct scheduler *s, int64_t now)
{
    if (s->draining || now < s->next_claim)
        return;
    size_t got = claim_some(s, false, s->capacity);
    got += claim_some(s, true, s->slots_size);
    bool busy = slot_count(s, NULL, SLOT_FREE) > 0;
    s->next_claim = now + (got || busy ? BUSY_CLAIM_MS : IDLE_CLAIM_MS);
}

static void beat(struct scheduler *s, int64_t now)
{
    if (now < s->next_beat)
        return;
    s->next_beat = now + JOB_BEAT_MS;
    struct claim *claims = x_calloc(s->slots_size, sizeof *claims);
    struct slot **slots = x_calloc(s->slots_size, sizeof *slots);
    bool *held = x_calloc(s->slots_size, sizeof *held);
    struct error err;
    size_t n = 0;
    for (size_t i = 0; i < s->slots_size; i++)
        if (s->slots[i].state != SLOT_FREE) {
            slots[n] = &s->slots[i];
            claims[n++] = s->slots[i].claim;
        }
    int rc = n ? store_beat(job_store(s->service), JOB_LEASE_MS, claims, held, n, &err) : 0;
    if (rc < 0)
        log_error("renewing leases: %s", err.text);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (!held[i])
            document_abandon(s, slots[i]);
    free(claims);
    free(slots);
    free(held);
}

static void sweep(struct scheduler *s, int64_t now)
{
    struct error err;
    if (now < s->next_sweep)
        return;
    s->next_sweep = now + SWEEP_MS;
    if (job_sweep(s->service, false, &err) < 0)
        log_error("housekeeping: %s", err.text);
}

/* A job that has ended, been cancelled or deleted takes its workers with it. */
static void drop_if_ended(struct scheduler *s, const char *id)
{
    struct document *d = document_find(s, id);
    auto_job job = {0};
    struct error err;
    if (!d)
        return;
    int rc = store_find_job(job_store(s->service), id, &job, &err);
    if (rc == 0 ? job_state_ended(job.state) : err.class == ERROR_NOT_FOUND)
        document_drop(s, d);
}

static void take_changes(struct scheduler *s)
{
    uint64_t ignored;
    pthread_mutex_lock(&s->mutex);
    size_t n = s->changed_count;
    char(*changed)[ID_SIZE] = s->changed;
    s->changed = NULL;
    s->changed_count = s->changed_space = 0;
    if (s->stop && !s->draining) {
        s->draining = true;
        s->drain_deadline = s->drain_until;
        s->next_claim = INT64_MAX;
    }
    pthread_mutex_unlock(&s->mutex);
    if (read(s->wake, &ignored, sizeof ignored) > 0 && n && !s->draining)
        s->next_claim = 0;
    for (size_t i = 0; i < n; i++)
        drop_if_ended(s, changed[i]);
    free(changed);
}

static void on_change(void *context, const char *id)
{
    struct scheduler *s = context;
    uint64_t one = 1;
    pthread_mutex_lock(&s->mutex);
    bool known = s->changed_count && strcmp(s->changed[s->changed_count - 1], id) == 0;
    if (!known && s->changed_count == s->changed_space) {
        s->changed_space = s->changed_space ? s->changed_space * 2 : 16;
        s->changed = x_realloc(s->changed, s->changed_space, sizeof *s->changed);
    }
    if (!known)
        snprintf(s->changed[s->changed_count++], ID_SIZE, "%s", id);
    pthread_mutex_unlock(&s->mutex);
    ssize_t written = write(s->wake, &one, sizeof one);
    (void)written;
}

static void expire(struct scheduler *s, int64_t now)
{
    for (size_t i = 0; i < s->document_count; i++)
        if (worker_late(&s->documents[i].worker, now))
            document_expire(s, &s->documents[i]);
    for (size_t i = 0; i < s->lane_count; i++)
        if (worker_late(&s->lanes[i].worker, now))
            lane_expire(s, &s->lanes[i]);
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t worker_due(const struct worker *w)
{
    if (w->state == WORKER_NONE)
        return w->not_before > 0 ? w->not_before : INT64_MAX;
    return w->state == WORKER_IDLE ? INT64_MAX : w->deadline;
}

static int next_timeout(const struct scheduler *s, int64_t now)
{
    int64_t due = earliest(s->next_beat, earliest(s->next_sweep, s->next_claim));
    if (s->draining)
        due = earliest(due, s->drain_deadline);
    for (size_t i = 0; i < s->document_count; i++)
        if (*s->documents[i].id && (s->documents[i].worker.state != WORKER_NONE ||
                                    slot_count(s, &s->documents[i], SLOT_WAITING)))
            due = earliest(due, worker_due(&s->documents[i].worker));
    for (size_t i = 0; i < s->lane_count; i++)
        if (*s->lanes[i].engine)
            due = earliest(due, worker_due(&s->lanes[i].worker));
    return due <= now ? 0 : (int)(due - now);
}

static void wait_for_workers(struct scheduler *s)
{
    size_t n = 0;
    s->polls[n++] = (struct pollfd){.fd = s->wake, .events = POLLIN};
    for (size_t i = 0; i < s->document_count; i++)
        s->polls[n++] =
            (struct pollfd){.fd = s->documents[i].worker.process.socket, .events = POLLIN};
    for (size_t i = 0; i < s->lane_count; i++)
        s->polls[n++] = (struct pollfd){.fd = s->lanes[i].worker.process.socket, .events = POLLIN};
    poll(s->polls, n, next_timeout(s, clock_steady()));
}

/* A turn may close or replace a socket seen by this poll; then its number no longer matches, and it
 * waits for the next. */
static void receive(struct scheduler *s)
{
    const struct pollfd *p = s->polls + 1;
    for (size_t i = 0; i < s->lane_count; i++) {
        const struct pollfd *of_lane = &p[s->document_count + i];
        if (of_lane->revents && of_lane->fd == s->lanes[i].worker.process.socket)
            lane_receive(s, &s->lanes[i]);
    }
    for (size_t i = 0; i < s->document_count; i++)
        if (p[i].revents && p[i].fd == s->documents[i].worker.process.socket)
            document_receive(s, &s->documents[i]);
}

static bool drained(struct scheduler *s, int64_t now)
{
    for (size_t i = 0; i < s->slots_size; i++)
        if (s->slots[i].state == SLOT_WAITING || s->slots[i].state == SLOT_RENDERED)
            slot_release(s, &s->slots[i]);
    return now >= s->drain_deadline || !slot_count(s, NULL, SLOT_FREE);
}

static void *run(void *arg)
{
    struct scheduler *s = arg;
    for (;;) {
        int64_t now = clock_steady();
        take_changes(s);
        if (s->draining && drained(s, now))
            break;
        claim_pages(s, now);
        for (size_t i = 0; i < s->document_count; i++)
            if (*s->documents[i].id)
                document_step(s, &s->documents[i]);
        lane_dispatch(s);
        beat(s, now);
        sweep(s, now);
        status_publish(s);
        wait_for_workers(s);
        receive(s);
        expire(s, clock_steady());
    }
    for (size_t i = 0; i < s->slots_size; i++)
        if (s->slots[i].state != SLOT_FREE)
            slot_release(s, &s->slots[i]);
    document_close_all(s);
    lane_close_all(s);
    return NULL;
}

size_t scheduler_slots(const struct settings *settings)
{
    return (size_t)(settings->lanes * (2 + settings->ahead));
}

static struct scheduler *scheduler_new(struct job_service *service, const struct settings *settings)
{
    struct scheduler *s = x_calloc(1, sizeof *s);
    s->service = service;
    s->settings = settings;
    s->lane_count = (size_t)settings->lanes;
    s->slots_size = scheduler_slots(settings);
    s->capacity = s->slots_size - s->lane_count;
    s->document_count = s->slots_size + s->lane_count + 1;
    s->slots = x_calloc(s->slots_size, sizeof *s->slots);
    s->documents = x_calloc(s->document_count, sizeof *s->documents);
    s->lanes = x_calloc(s->lane_count, sizeof *s->lanes);
    s->polls = x_calloc(1 + s->document_count + s->lane_count, sizeof *s->polls);
    s->status.sandbox = UINT32_MAX;
    for (size_t i = 0; i < s->slots_size; i++)
        s->slots[i].sheaf_fd = -1;
    for (size_t i = 0; i < s->document_count; i++)
        s->documents[i] = (struct document){.fd = -1, .worker.process = PROCESS_NONE};
    for (size_t i = 0; i < s->lane_count; i++) {
        s->lanes[i].worker.process = PROCESS_NONE;
        snprintf(s->lanes[i].engine, sizeof s->lanes[i].engine, "%s", settings->engine);
        snprintf(s->lanes[i].languages, sizeof s->lanes[i].languages, "%s", settings->languages);
    }
    pthread_mutex_init(&s->mutex, NULL);
    return s;
}

void scheduler_free(struct scheduler **s)
{
    if (!*s)
        return;
    fd_close(&(*s)->wake);
    pthread_mutex_destroy(&(*s)->mutex);
    free((*s)->slots);
    free((*s)->documents);
    free((*s)->lanes);
    free((*s)->polls);
    free((*s)->changed);
    free(*s);
    *s = NULL;
}

int scheduler_start(struct scheduler **out, struct job_service *service,
                    const struct settings *settings, const struct recipe *recipe,
                    const struct capabilities *capabilities, struct error *err)
{
    if (job_sweep(service, true, err) < 0)
        return -1;
    struct scheduler *s = scheduler_new(service, settings);
    s->recipe = recipe;
    s->capabilities = capabilities;
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->wake < 0) {
        error_errno(err, "eventfd");
        scheduler_free(&s);
        return -1;
    }
    job_listen(service, on_change, s);
    must(pthread_create(&s->thread, NULL, run, s) == 0);
    *out = s;
    return 0;
}

void scheduler_stop(struct scheduler *s, int64_t drain_ms)
{
    uint64_t one = 1;
    pthread_mutex_lock(&s->mutex);
    bool stopped = s->stop;
    s->stop = true;
    s->drain_until = clock_steady() + drain_ms;
    pthread_mutex_unlock(&s->mutex);
    ssize_t written = write(s->wake, &one, sizeof one);
    (void)written;
    if (!stopped)
        pthread_join(s->thread, NULL);
}
