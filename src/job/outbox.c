/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The outbox's thread: claims deliveries that are due, lets each wait for a place with its host,
 * attempts them side by side, and writes down what came of it. A delivery whose job is gone is gone
 * with it. Called by cmd/serve.
 */
#include "job/outbox_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/must.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLAIMED = 64,     /* by one question to the store */
    WOKEN_SHARE = 10, /* of a second: how close two questions may be, as every page read wakes us */
    ASK_AT_LEAST_MS = 60000, /* whatever the clock does */
    STORE_PAUSE_MS = 5000,   /* after it failed */
};

/* Claimed, and waiting for its host. */
struct held {
    struct delivery delivery;
    char host[NET_HOST]; /* "": not known, fails when begun */
    int64_t since;       /* steady */
};

struct outbox {
    struct store *store;
    const struct net_guard *guard;
    pthread_t thread;
    CURLM *multi;
    _Atomic bool stopping, woken;
    struct held *held; /* OUTBOX_HELD of them, the oldest first */
    size_t held_count;
    struct sending sending[OUTBOX_SENDING];
    size_t sending_count;
    bool unsettled; /* something new is held, or a place became free */
    int64_t asked;  /* steady: the last question to the store */
    int64_t ask_at; /* steady: the next one, unless woken */
};

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- what came of an attempt ---- */

static void tell(const struct sending *s, const struct delivery_attempt *a,
                 enum delivery_state state)
{
    static const char *const ends[] = {
        [DELIVERY_WAITING] = "to be tried again",
        [DELIVERY_DELIVERED] = "delivered",
        [DELIVERY_FAILED] = "given up",
    };
    enum log_level level = state == DELIVERY_FAILED ? LOG_WARNING : LOG_DEBUG;
    char answer[24];
    snprintf(answer, sizeof answer, "HTTP %" PRId32, a->status);
    log_line(level, s->delivery.job, 0, "webhook %s to %s, attempt %" PRIu32 ": %s: %s",
             s->delivery.id, s->host[0] ? s->host : "nowhere", a->number, ends[state],
             a->status ? answer : a->error);
}

static void record(struct outbox *o, const struct sending *s, const struct delivery_attempt *a,
                   struct verdict v)
{
    struct error err;
    int written = store_delivery_attempted(o->store, s->delivery.id, a, v.state, v.due, &err);
    if (written > 0)
        tell(s, a, v.state);
    else if (written < 0)
        log_line(LOG_ERROR, s->delivery.job, 0, "webhook %s: not written down: %s", s->delivery.id,
                 err.text);
    if (v.state == DELIVERY_WAITING)
        o->ask_at = earlier(o->ask_at, clock_steady() + v.due - clock_wall());
}

static void release(struct outbox *o, struct sending *s)
{
    sending_end(s, o->multi);
    o->sending_count--;
    o->unsettled = true;
}

/* status 0: there was no answer, and why says why. */
static void conclude(struct outbox *o, struct sending *s, int32_t status, int64_t wait_s,
                     const struct error *why)
{
    int64_t now = clock_wall();
    struct delivery_attempt a = {
        .number = s->delivery.attempts + 1,
        .at = s->at,
        .duration_ms = clock_steady() - s->begun,
        .status = status,
    };
    if (!status)
        snprintf(a.error, sizeof a.error, "%.*s", (int)sizeof a.error - 1, why->text);
    else if (status < 200 || status > 299)
        snprintf(a.error, sizeof a.error, "HTTP %" PRId32, status);
    record(o, s, &a, outbox_judge(a.number, status, wait_s, now));
    release(o, s);
}

/* ---- from the store ---- */

/* The host is what the places are counted by; a job that cannot be read shows when begun. */
static void hold(struct outbox *o, const struct delivery *d)
{
    struct held *h = &o->held[o->held_count++];
    struct webhook hook;
    struct error err;
    auto_job job = {0};
    *h = (struct held){.delivery = *d, .since = clock_steady()};
    o->unsettled = true;
    if (store_find_job(o->store, d->job, &job, &err) == 0 && webhook_read(&job, &hook, &err) == 0)
        net_url_host(hook.url, h->host, &err);
}

/* Steady time at which the store has something to claim. */
static int next_question(struct outbox *o, struct error *err)
{
    int64_t due, now = clock_steady();
    if (store_delivery_next(o->store, &due, err) < 0)
        return -1;
    o->ask_at = now + ASK_AT_LEAST_MS;
    if (due < INT64_MAX)
        o->ask_at = earlier(o->ask_at, now + due - clock_wall());
    return 0;
}

static int claim(struct outbox *o, struct error *err)
{
    struct delivery claimed[CLAIMED];
    size_t room = OUTBOX_HELD - o->held_count;
    int n = store_delivery_claim(o->store, OUTBOX_LEASE_MS, claimed,
                                 room < CLAIMED ? room : CLAIMED, err);
    for (int i = 0; i < n; i++)
        hold(o, &claimed[i]);
    return n;
}

static void ask(struct outbox *o)
{
    struct error err;
    int n;
    o->woken = false;
    do
        n = o->held_count < OUTBOX_HELD ? claim(o, &err) : 0;
    while (n > 0);
    o->asked = clock_steady();
    if (n < 0 || next_question(o, &err) < 0) {
        log_error("the outbox of webhooks cannot be read: %s", err.text);
        o->ask_at = o->asked + STORE_PAUSE_MS;
    }
}

/* A second apart unless woken: what is due may be leased, to us or by a process that is no more. */
static int64_t question_time(const struct outbox *o)
{
    int64_t routine = o->asked + outbox_second_ms;
    int64_t at = o->ask_at > routine ? o->ask_at : routine;
    return o->woken ? earlier(at, o->asked + outbox_second_ms / WOKEN_SHARE) : at;
}

/* ---- from held to under way ---- */

static size_t places_taken(const struct outbox *o, const char *host)
{
    size_t n = 0;
    for (size_t i = 0; i < OUTBOX_SENDING; i++)
        n += o->sending[i].used && strcmp(o->sending[i].host, host) == 0;
    return n;
}

static struct sending *free_place(struct outbox *o)
{
    for (size_t i = 0; i < OUTBOX_SENDING; i++)
        if (!o->sending[i].used)
            return &o->sending[i];
    return NULL;
}

static void begin(struct outbox *o, const struct held *h)
{
    struct sending *s = free_place(o);
    struct error err;
    must(s);
    *s = (struct sending){.used = true, .delivery = h->delivery};
    memcpy(s->host, h->host, sizeof s->host);
    o->sending_count++;
    int rc = sending_begin(s, o->store, o->guard, &err);
    if (rc < 0)
        conclude(o, s, 0, 0, &err);
    else if (rc == 0)
        release(o, s);
}

static bool may_begin(const struct outbox *o, const struct held *h)
{
    return o->sending_count < OUTBOX_SENDING && places_taken(o, h->host) < OUTBOX_SENDING_HOST;
}

static void begin_held(struct outbox *o)
{
    size_t kept = 0;
    int64_t now = clock_steady();
    o->unsettled = false;
    for (size_t i = 0; i < o->held_count; i++) {
        if (now - o->held[i].since > OUTBOX_HOLD_MS)
            continue;
        if (may_begin(o, &o->held[i]))
            begin(o, &o->held[i]);
        else
            o->held[kept++] = o->held[i];
    }
    o->held_count = kept;
}

/* ---- from lookup to answer ---- */

static bool may_connect(const struct sending *s)
{
    return s->used && !s->on_wire &&
           (net_target_ready(s->target) || clock_steady() - s->begun > outbox_timeout_ms);
}

/* Returns the lookups still under way, as descriptors. */
static unsigned connect_ready(struct outbox *o, struct curl_waitfd fds[OUTBOX_SENDING])
{
    struct error err;
    unsigned n = 0;
    for (size_t i = 0; i < OUTBOX_SENDING; i++) {
        struct sending *s = &o->sending[i];
        if (may_connect(s) && sending_connect(s, o->multi, &err) < 0)
            conclude(o, s, 0, 0, &err);
        else if (s->used && !s->on_wire)
            fds[n++] = (struct curl_waitfd){net_target_fd(s->target), CURL_WAIT_POLLIN, 0};
    }
    return n;
}

static void finish_one(struct outbox *o, CURL *curl, CURLcode code)
{
    struct sending *s = NULL;
    struct error err;
    int32_t status = 0;
    int64_t wait_s = 0;
    curl_easy_getinfo(curl, CURLINFO_PRIVATE, &s);
    must(s);
    sending_result(s, code, &status, &wait_s, &err);
    conclude(o, s, status, wait_s, &err);
}

static void finish_done(struct outbox *o)
{
    CURLMsg *m;
    int running, queued;
    curl_multi_perform(o->multi, &running);
    while ((m = curl_multi_info_read(o->multi, &queued)))
        if (m->msg == CURLMSG_DONE)
            finish_one(o, m->easy_handle, m->data.result);
}

/* ---- the thread ---- */

static int wait_ms(const struct outbox *o, bool lookups)
{
    int64_t wait = ASK_AT_LEAST_MS;
    if (o->unsettled)
        return 0;
    if (o->held_count < OUTBOX_HELD)
        wait = earlier(wait, question_time(o) - clock_steady());
    if (lookups)
        wait = earlier(wait, outbox_second_ms);
    return wait > 0 ? (int)wait : 0;
}

static void turn(struct outbox *o)
{
    struct curl_waitfd fds[OUTBOX_SENDING];
    if (o->held_count < OUTBOX_HELD && clock_steady() >= question_time(o))
        ask(o);
    if (o->unsettled)
        begin_held(o);
    unsigned lookups = connect_ready(o, fds);
    finish_done(o);
    curl_multi_poll(o->multi, fds, lookups, wait_ms(o, lookups > 0), NULL);
}

static void *run(void *arg)
{
    struct outbox *o = arg;
    while (!o->stopping)
        turn(o);
    for (size_t i = 0; i < OUTBOX_SENDING; i++)
        sending_end(&o->sending[i], o->multi);
    return NULL;
}

/* Signals are for the threads that wait for them. */
static int start_thread(struct outbox *o)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&o->thread, NULL, run, o);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

static void outbox_free(struct outbox *o)
{
    curl_multi_cleanup(o->multi);
    free(o->held);
    free(o);
}

int outbox_start(struct outbox **out, struct job_service *service, const struct net_guard *guard,
                 struct error *err)
{
    struct outbox *o = x_calloc(1, sizeof *o);
    o->store = job_store(service);
    o->guard = guard;
    o->held = x_calloc(OUTBOX_HELD, sizeof *o->held);
    o->multi = curl_multi_init();
    if (!o->multi || start_thread(o) != 0) {
        outbox_free(o);
        return error_set(err, ERROR_BUSY, "the outbox of webhooks does not start");
    }
    *out = o;
    return 0;
}

void outbox_stop(struct outbox **outbox)
{
    struct outbox *o = *outbox;
    if (!o)
        return;
    o->stopping = true;
    curl_multi_wakeup(o->multi);
    pthread_join(o->thread, NULL);
    outbox_free(o);
    *outbox = NULL;
}

void outbox_wake(void *outbox, const char *id)
{
    struct outbox *o = outbox;
    (void)id;
    if (!o->woken) {
        o->woken = true;
        curl_multi_wakeup(o->multi);
    }
}
