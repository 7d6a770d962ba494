/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What scheduler.c and the files below it share: document.c and lane.c, on slot.c, worker.c and
 * scheduler_status.c. All of it belongs to the scheduler's thread.
 *
 * A slot is one claim in flight. It waits for its document's decode process, is rendered, waits for
 * a lane, is read; with a text layer it ends after the first. Page 0 of a claim opens the document.
 */
#ifndef WORK_SCHEDULER_INTERNAL_H
#define WORK_SCHEDULER_INTERNAL_H

#include "job/job.h"
#include "page/options.h"
#include "work/capabilities.h"
#include "work/process.h"
#include "work/scheduler.h"

#include <poll.h>
#include <pthread.h>

enum slot_state {
    SLOT_FREE,
    SLOT_WAITING,
    SLOT_RENDERING,
    SLOT_RENDERED,
    SLOT_READING,
    SLOT_WRITING
};

struct document;

struct slot {
    enum slot_state state;
    struct claim claim;
    struct document *document;
    struct sheaf sheaf;
    int sheaf_fd;
    uint64_t order;  /* of claiming */
    uint64_t served; /* the last lane_dispatch that looked at it */
};

/* STARTING: the process loads; OPENING: it opens the document. */
enum worker_state { WORKER_NONE, WORKER_STARTING, WORKER_OPENING, WORKER_IDLE, WORKER_BUSY };

struct worker {
    enum worker_state state;
    struct process process;
    struct slot *slot;  /* BUSY: what for */
    int64_t deadline;   /* steady ms; not NONE or IDLE: killed then */
    int64_t not_before; /* steady ms; NONE: the restart throttle */
    int64_t backoff;    /* ms; 0 after a success */
    uint64_t ticket;
};

struct document {
    char id[ID_SIZE]; /* "": free */
    struct options options;
    struct worker worker;
    int fd;           /* −1: not opened yet */
    uint32_t pages;   /* once open */
    int64_t rendered; /* by the present process */
    int64_t last_used;
};

struct lane {
    struct worker worker;
    char engine[64], languages[128];
    int64_t pages;     /* read since its start */
    uint64_t promised; /* the last lane_dispatch that kept it for a page */
};

struct scheduler {
    struct job_service *service;
    const struct settings *settings;
    const struct capabilities *capabilities;
    const struct recipe *recipe;
    struct slot *slots;
    struct document *documents; /* as many as slots and some that stay open */
    struct lane *lanes;
    struct pollfd *polls;
    size_t slots_size, document_count, lane_count;
    size_t capacity; /* slots claimed in normal times; the rest is for jobs that have nothing in
                        flight */
    uint64_t ticket, order;
    int64_t next_beat, next_sweep, next_claim;
    bool draining;
    int64_t drain_deadline; /* steady ms */

    pthread_t thread;
    int wake;              /* eventfd: something changed, or stop */
    pthread_mutex_t mutex; /* guards what follows, which other threads touch */
    bool stop;
    int64_t drain_until;
    struct scheduler_status status;
    char (*changed)[ID_SIZE]; /* jobs that changed since the last turn */
    size_t changed_count, changed_space;
};

/* slot.c. slot_count: slots of a document (NULL: of all) in a state (SLOT_FREE: in any but free).
 */
size_t slot_count(const struct scheduler *s, const struct document *document,
                  enum slot_state state);
void slot_clear(struct slot *slot);
/* End the slot's claim: with a result, as failed, given back. */
void slot_finish(struct scheduler *s, struct slot *slot, int fd, uint64_t size);
void slot_fail(struct scheduler *s, struct slot *slot, const struct error *why);
void slot_release(struct scheduler *s, struct slot *slot);
/* The slot's worker has gone: as process_reap says, the page is to blame or not. */
void slot_bereave(struct scheduler *s, struct slot *slot, enum process_end end,
                  const struct error *why);

/* scheduler_status.c */
void status_note(struct scheduler *s, int64_t starts, int64_t crashes, int64_t kills);
void status_note_ready(struct scheduler *s, const struct message *ready, bool lane);
void status_publish(struct scheduler *s);

/* worker.c */
/* What a worker's socket holds: 1 a message that answers its ticket, 0 the worker is gone or was
 * killed for nonsense, with *end and *why set. */
int worker_receive(struct scheduler *s, struct worker *w, struct message *m, int *fd,
                   enum process_end *end, struct error *why);
void worker_send(struct scheduler *s, struct worker *w, struct message *m, int fd,
                 int64_t timeout_ms);
int worker_start(struct scheduler *s, struct worker *w, const struct recipe *recipe,
                 const char *const *stage);
void worker_stop(struct worker *w);
bool worker_late(const struct worker *w, int64_t now); /* its deadline has passed */
/* It makes no sense: kill it and count it as crashed. */
void worker_disown(struct scheduler *s, struct worker *w);
void worker_throttle(struct worker *w);

/* document.c */
struct document *document_find(struct scheduler *s, const char *id);
struct document *document_attach(struct scheduler *s, const char *id, struct error *err);
void document_close_all(struct scheduler *s);
void document_abandon(struct scheduler *s,
                      struct slot *slot); /* its claim is not ours any more: stop the work */
void document_drop(struct scheduler *s, struct document *d);
void document_step(struct scheduler *s,
                   struct document *d); /* start, open or give it work, as it can */
void document_receive(struct scheduler *s, struct document *d); /* its socket is readable */
void document_expire(struct scheduler *s, struct document *d);  /* its deadline has passed */
void document_trim(struct scheduler *s); /* close decode processes nobody needs */

/* lane.c */
void lane_dispatch(struct scheduler *s); /* rendered pages to idle lanes, in fair order */
void lane_receive(struct scheduler *s, struct lane *l);
void lane_expire(struct scheduler *s, struct lane *l);
void lane_abort(struct scheduler *s, const struct slot *slot); /* kill the lane that reads it */
void lane_close_all(struct scheduler *s);

#endif
