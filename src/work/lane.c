/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The lanes: warm recognise processes, each with an engine and its languages loaded. A lane is
 * replaced when it dies, after its share of pages, and when the next page in fair order needs other
 * languages.
 */
#include "work/scheduler_internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

static void start(struct scheduler *s, struct lane *l)
{
    const char *const stage[] = {"recognise",   "--engine",   l->engine,
                                 "--languages", l->languages, NULL};
    l->pages = 0;
    worker_start(s, &l->worker, s->recipe, stage);
}

static bool suits(const struct lane *l, const struct slot *slot)
{
    const struct options *o = &slot->document->options;
    return strcmp(l->engine, o->engine) == 0 && strcmp(l->languages, o->languages) == 0;
}

static void read_page(struct scheduler *s, struct lane *l, struct slot *slot)
{
    int64_t timeout = s->settings->page_timeout * 1000;
    struct message m = {.type = MESSAGE_READ};
    m.u.read.page = slot->claim.page;
    m.u.read.timeout_ms = (uint32_t)timeout;
    m.u.read.wish = options_wish(&slot->document->options);
    m.u.read.sheaf = slot->sheaf;
    enum { GRACE_MS = 2000 };
    worker_send(s, &l->worker, &m, slot->sheaf_fd, timeout + GRACE_MS);
    fd_close(&slot->sheaf_fd);
    l->worker.state = WORKER_BUSY;
    l->worker.slot = slot;
    slot->state = SLOT_READING;
}

/* Fewest pages of its job being read, then first claimed. */
static bool fairer(const struct scheduler *s, const struct slot *a, const struct slot *b)
{
    size_t reading_a = slot_count(s, a->document, SLOT_READING);
    size_t reading_b = slot_count(s, b->document, SLOT_READING);
    return reading_a != reading_b ? reading_a < reading_b : a->order < b->order;
}

static struct slot *fairest(struct scheduler *s, uint64_t served)
{
    struct slot *best = NULL;
    for (size_t i = 0; i < s->slots_size; i++) {
        struct slot *slot = &s->slots[i];
        if (slot->state == SLOT_RENDERED && slot->served != served &&
            (!best || fairer(s, slot, best)))
            best = slot;
    }
    return best;
}

/* A lane for the page: idle and suitable; else on its way up and suitable; else one that can be
 * changed. */
static struct lane *choose(struct scheduler *s, const struct slot *slot, uint64_t pass)
{
    struct lane *coming = NULL, *other = NULL;
    for (size_t i = 0; i < s->lane_count; i++) {
        struct lane *l = &s->lanes[i];
        bool suitable = suits(l, slot);
        if (l->worker.state == WORKER_BUSY || l->promised == pass)
            continue;
        if (suitable && l->worker.state == WORKER_IDLE)
            return l;
        if (suitable)
            coming = l;
        else if (l->worker.state == WORKER_IDLE || l->worker.state == WORKER_NONE)
            other = l;
    }
    return coming ? coming : other;
}

static void give(struct scheduler *s, struct lane *l, struct slot *slot, uint64_t pass)
{
    if (suits(l, slot) && l->worker.state == WORKER_IDLE) {
        read_page(s, l, slot);
        return;
    }
    l->promised = pass;
    if (suits(l, slot))
        return;
    worker_stop(&l->worker);
    l->worker.not_before = l->worker.backoff = 0;
    snprintf(l->engine, sizeof l->engine, "%s", slot->document->options.engine);
    snprintf(l->languages, sizeof l->languages, "%s", slot->document->options.languages);
}

void lane_dispatch(struct scheduler *s)
{
    uint64_t pass = ++s->order;
    struct slot *slot;
    while ((slot = fairest(s, pass))) {
        struct lane *l = choose(s, slot, pass);
        slot->served = pass;
        if (l)
            give(s, l, slot, pass);
    }
    for (size_t i = 0; i < s->lane_count; i++)
        if (s->lanes[i].worker.state == WORKER_NONE && *s->lanes[i].engine)
            start(s, &s->lanes[i]);
}

/* The engine or a language is not to be had: pages that want it cannot be read here. */
static void refuse_config(struct scheduler *s, struct lane *l, const struct error *why)
{
    for (size_t i = 0; i < s->slots_size; i++)
        if (s->slots[i].state == SLOT_RENDERED && suits(l, &s->slots[i]))
            slot_fail(s, &s->slots[i], why);
    *l->engine = '\0';
}

static void start_failed(struct scheduler *s, struct lane *l, const struct message *m)
{
    struct error why;
    message_error(m, &why);
    log_error("recognise (%s, %s): %s", l->engine, l->languages, why.text);
    worker_stop(&l->worker);
    if (why.class == ERROR_UNSUPPORTED)
        refuse_config(s, l, &why);
    else
        worker_throttle(&l->worker);
}

static void gone(struct scheduler *s, struct lane *l, enum process_end end, const struct error *why)
{
    struct slot *slot = l->worker.slot;
    l->worker.slot = NULL;
    if (slot)
        slot_bereave(s, slot, end, why);
    else
        log_warning("recognise: %s", why->text);
}

static void nonsense(struct scheduler *s, struct lane *l)
{
    struct error why;
    error_set(&why, ERROR_BUG, "the recogniser answered out of turn");
    worker_disown(s, &l->worker);
    gone(s, l, PROCESS_CRASHED, &why);
}

/* The next page goes out before this one is written down: the lane need not wait for the disk. */
static void receive_busy(struct scheduler *s, struct lane *l, const struct message *m, int fd)
{
    struct slot *slot = l->worker.slot;
    struct error err;
    l->worker.slot = NULL;
    l->worker.state = WORKER_IDLE;
    l->worker.backoff = 0;
    slot->state = SLOT_WRITING;
    bool leaves = m->type == MESSAGE_ERROR && m->u.error.last;
    if (++l->pages >= s->settings->worker_pages || leaves)
        worker_stop(&l->worker);
    lane_dispatch(s);
    if (m->type == MESSAGE_RESULT)
        slot_finish(s, slot, fd, m->u.result.size);
    else
        message_error(m, &err), slot_fail(s, slot, &err);
}

void lane_receive(struct scheduler *s, struct lane *l)
{
    struct message m;
    struct error why;
    enum process_end end;
    auto_fd fd = -1;
    enum worker_state state = l->worker.state;
    if (!worker_receive(s, &l->worker, &m, &fd, &end, &why)) {
        gone(s, l, end, &why);
    } else if (state == WORKER_STARTING && m.type == MESSAGE_READY) {
        l->worker.state = WORKER_IDLE;
        if (*m.u.ready.note)
            log_warning("recognise (%s): %s", l->engine, m.u.ready.note);
        status_note_ready(s, &m, true);
    } else if (state == WORKER_STARTING && m.type == MESSAGE_ERROR) {
        start_failed(s, l, &m);
    } else if (state == WORKER_BUSY && (m.type == MESSAGE_RESULT || m.type == MESSAGE_ERROR)) {
        receive_busy(s, l, &m, fd);
    } else {
        nonsense(s, l);
    }
}

void lane_expire(struct scheduler *s, struct lane *l)
{
    struct error why;
    struct slot *slot = l->worker.slot;
    error_set(&why, ERROR_TIMEOUT, "the page was not read after %lld s",
              (long long)s->settings->page_timeout);
    worker_stop(&l->worker);
    status_note(s, 0, 0, 1);
    if (slot)
        slot_fail(s, slot, &why);
    else
        worker_throttle(&l->worker);
}

void lane_abort(struct scheduler *s, const struct slot *slot)
{
    for (size_t i = 0; i < s->lane_count; i++)
        if (s->lanes[i].worker.slot == slot)
            worker_stop(&s->lanes[i].worker);
}

void lane_close_all(struct scheduler *s)
{
    for (size_t i = 0; i < s->lane_count; i++)
        worker_stop(&s->lanes[i].worker);
}
