/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The scheduler: one thread that claims pages, has them rendered by decode processes and read by
 * the lanes, and commits what comes back. Pixels pass from worker to worker as sealed descriptors,
 * never through here.
 */
#ifndef WORK_SCHEDULER_H
#define WORK_SCHEDULER_H

#include "base/error.h"
#include "base/settings.h"
#include "job/job.h"
#include "model/recipe.h"
#include "work/capabilities.h"
#include "work/message.h"

struct scheduler;

struct scheduler_status {
    int lanes, lanes_ready, lanes_busy;
    int documents, claims;
    int64_t worker_starts, worker_crashes, worker_kills;
    uint32_t sandbox; /* parts that hold in every worker seen so far (enum sandbox_part) */
    char engine[WORK_ENGINE_NAME]; /* of the lane that was ready last, and what it computes on */
    char device[WORK_DEVICE];
    char note[WORK_NOTE]; /* why not on what was asked for; "" */
};

/* Everything passed must outlive the scheduler. Registers itself as a listener of the service.
 */
int scheduler_start(struct scheduler **out, struct job_service *service,
                    const struct settings *settings, const struct recipe *recipe,
                    const struct capabilities *capabilities, struct error *err);
/* Claim nothing more, let pages being read finish for at most drain_ms, give the others back, end
 * all workers. Free it when nobody uses the service any more. */
void scheduler_stop(struct scheduler *scheduler, int64_t drain_ms);
void scheduler_free(struct scheduler **scheduler);
/* Pages in flight at most. */
size_t scheduler_slots(const struct settings *settings);
void scheduler_status(struct scheduler *scheduler, struct scheduler_status *out);

#endif
