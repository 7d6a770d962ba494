/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Housekeeping: heal rows, expire jobs, remove the blobs of jobs that are gone, and at start those
 * of uploads that a crash cut short. Called by the scheduler.
 */
#include "job/job.h"

#include "base/clock.h"
#include "base/log.h"

#include <string.h>

enum {
    GARBAGE_BATCH = 64,
    ORPHAN_AGE_MS = 3600 * 1000, /* an upload in progress is younger: it may yet become a job */
};

/* One that cannot be removed must not keep the others. */
static int remove_garbage(struct job_service *s, struct error *err)
{
    char ids[GARBAGE_BATCH][ID_SIZE];
    int n = store_garbage(job_store(s), ids, GARBAGE_BATCH, err);
    int rc = n < 0 ? -1 : 0;
    for (int i = 0; i < n; i++)
        if (blob_remove_all(job_blobs(s), ids[i], err) < 0 ||
            store_forget(job_store(s), ids[i], err) < 0)
            rc = -1;
    return rc;
}

static int remove_if_orphan(void *arg, const char *root, int64_t modified_ms)
{
    struct job_service *s = arg;
    auto_job job = {0};
    struct error err;
    bool old = clock_wall() - modified_ms > ORPHAN_AGE_MS;
    if (!old || !id_valid(root) || store_find_job(job_store(s), root, &job, &err) == 0 ||
        err.class != ERROR_NOT_FOUND)
        return 0;
    if (blob_remove_all(job_blobs(s), root, &err) < 0)
        log_line(LOG_WARNING, root, 0, "removing the files of an upload cut short: %s", err.text);
    else
        log_line(LOG_INFO, root, 0, "removed the files of an upload cut short");
    return 0;
}

static int sweep_start(struct job_service *s, struct error *err)
{
    if (store_exclusive(job_store(s)) && store_release_all(job_store(s), err) < 0)
        return -1;
    return blob_list_roots(job_blobs(s), remove_if_orphan, s, err);
}

int job_sweep(struct job_service *s, bool start, struct error *err)
{
    struct store_healed healed;
    if (start && sweep_start(s, err) < 0)
        return -1;
    if (store_sweep(job_store(s), &healed, err) < 0)
        return -1;
    if (healed.counters || healed.finished)
        log_warning("healed %lld counters, finished %lld jobs", (long long)healed.counters,
                    (long long)healed.finished);
    if (healed.expired)
        log_info("%lld jobs past their time are deleted", (long long)healed.expired);
    return remove_garbage(s, err);
}
