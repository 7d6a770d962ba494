/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What other threads may know of the scheduler: a copy of its counts, made anew every turn.
 */
#include "work/scheduler_internal.h"

#include <string.h>

void status_note(struct scheduler *s, int64_t starts, int64_t crashes, int64_t kills)
{
    pthread_mutex_lock(&s->mutex);
    s->status.worker_starts += starts;
    s->status.worker_crashes += crashes;
    s->status.worker_kills += kills;
    pthread_mutex_unlock(&s->mutex);
}

void status_note_ready(struct scheduler *s, const struct message *ready, bool lane)
{
    pthread_mutex_lock(&s->mutex);
    s->status.sandbox &= ready->u.ready.sandbox;
    if (lane) {
        memcpy(s->status.engine, ready->u.ready.engine, sizeof s->status.engine);
        memcpy(s->status.device, ready->u.ready.device, sizeof s->status.device);
        memcpy(s->status.note, ready->u.ready.note, sizeof s->status.note);
    }
    pthread_mutex_unlock(&s->mutex);
}

void status_publish(struct scheduler *s)
{
    int ready = 0, busy = 0, documents = 0;
    for (size_t i = 0; i < s->lane_count; i++) {
        ready += s->lanes[i].worker.state >= WORKER_IDLE;
        busy += s->lanes[i].worker.state == WORKER_BUSY;
    }
    for (size_t i = 0; i < s->document_count; i++)
        documents += s->documents[i].worker.state != WORKER_NONE;
    pthread_mutex_lock(&s->mutex);
    s->status.lanes = (int)s->lane_count;
    s->status.lanes_ready = ready;
    s->status.lanes_busy = busy;
    s->status.documents = documents;
    s->status.claims = (int)slot_count(s, NULL, SLOT_FREE);
    pthread_mutex_unlock(&s->mutex);
}

void scheduler_status(struct scheduler *s, struct scheduler_status *out)
{
    pthread_mutex_lock(&s->mutex);
    *out = s->status;
    pthread_mutex_unlock(&s->mutex);
}
