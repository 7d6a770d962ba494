/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What document.c and lane.c have in common: a process with a state, a deadline and a restart
 * throttle. A worker that answers out of turn is killed, and the page it held is not believed.
 */
#include "work/scheduler_internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"

enum {
    START_TIMEOUT_MS = 20000, /* loading a few languages takes 0.2 s; a cold disk may need more */
    THROTTLE_FIRST_MS = 100,
    THROTTLE_MOST_MS = 5000,
};

int worker_start(struct scheduler *s, struct worker *w, const struct recipe *recipe,
                 const char *const *stage)
{
    struct error err;
    if (clock_steady() < w->not_before)
        return 0;
    if (process_start(&w->process, s->settings, recipe, stage, &err) < 0) {
        log_error("%s", err.text);
        worker_throttle(w);
        return 0;
    }
    w->state = WORKER_STARTING;
    w->deadline = clock_steady() + START_TIMEOUT_MS;
    w->ticket = 0;
    w->slot = NULL;
    status_note(s, 1, 0, 0);
    return 1;
}

void worker_stop(struct worker *w)
{
    process_kill(&w->process);
    w->state = WORKER_NONE;
    w->slot = NULL;
}

void worker_throttle(struct worker *w)
{
    w->backoff = w->backoff ? w->backoff * 2 : THROTTLE_FIRST_MS;
    if (w->backoff > THROTTLE_MOST_MS)
        w->backoff = THROTTLE_MOST_MS;
    w->not_before = clock_steady() + w->backoff;
}

void worker_send(struct scheduler *s, struct worker *w, struct message *m, int fd,
                 int64_t timeout_ms)
{
    struct error err;
    m->version = MESSAGE_VERSION;
    m->ticket = w->ticket = ++s->ticket;
    w->deadline = clock_steady() + timeout_ms;
    /* On failure it is dying: the next poll sees the end of its socket. */
    if (message_send(w->process.socket, m, fd, &err) < 0)
        log_debug("%s", err.text);
}

bool worker_late(const struct worker *w, int64_t now)
{
    return w->state != WORKER_NONE && w->state != WORKER_IDLE && now >= w->deadline;
}

void worker_disown(struct scheduler *s, struct worker *w)
{
    process_kill(&w->process);
    status_note(s, 0, 1, 0);
    w->state = WORKER_NONE;
    worker_throttle(w);
}

int worker_receive(struct scheduler *s, struct worker *w, struct message *m, int *fd,
                   enum process_end *end, struct error *why)
{
    int rc = message_receive(w->process.socket, m, fd, 0, why);
    if (rc > 0 && m->ticket == w->ticket)
        return 1;
    fd_close(fd);
    if (rc != 0) {
        if (rc > 0)
            error_set(why, ERROR_BUG, "a worker answered out of turn");
        worker_disown(s, w);
        *end = PROCESS_CRASHED;
        return 0;
    }
    *end = process_reap(&w->process, why);
    status_note(s, 0, *end == PROCESS_CRASHED, *end == PROCESS_KILLED);
    w->state = WORKER_NONE;
    worker_throttle(w);
    return 0;
}
