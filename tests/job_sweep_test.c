/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The job service: storage that fails, what clients do to jobs, and housekeeping.
 */
#include "job_support.h"

/* ---- storage that fails ---- */

static const struct blob_driver *real;
static char stuck[ID_SIZE];

static int no_create(struct blob_store *b, const char *key, struct blob_writer **out,
                     struct error *why)
{
    (void)b, (void)key, (void)out;
    return error_set(why, ERROR_BUSY, "the disk is full");
}

static int remove_all_but_one(struct blob_store *b, const char *prefix, struct error *why)
{
    return strcmp(prefix, stuck) == 0 ? error_set(why, ERROR_IO, "stuck")
                                      : real->remove_all(b, prefix, why);
}

static void a_full_disk_is_tried_again(void **state)
{
    static struct blob_driver full;
    char id[ID_SIZE];
    (void)state;
    open_job(1, id);
    struct claim c = claim_one();
    full = *(real = blobs->drv);
    full.create = no_create;
    blobs->drv = &full;
    assert_int_equal(done(&c), 1); /* applied: as a failure */
    blobs->drv = real;
    assert_int_equal(row_of(id, 1).error.class, ERROR_BUSY);
    now_ms += 60000;
    c = claim_one();
    assert_int_equal(done(&c), 1);
    assert_state(id, JOB_COMPLETED);
}

static void garbage_that_is_stuck_keeps_no_other(void **state)
{
    static struct blob_driver sticky;
    char ids[5][ID_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        now_ms++; /* the stuck one has the smallest id: it comes first */
        open_job(1, ids[i]);
        OK(job_delete(service, ids[i], &err));
    }
    sticky = *(real = blobs->drv);
    sticky.remove_all = remove_all_but_one;
    memcpy(stuck, ids[0], sizeof stuck);
    blobs->drv = &sticky;
    REFUSED_SAYING(ERROR_IO, "stuck", job_sweep(service, false, &err));
    blobs->drv = real;
    for (size_t i = 0; i < COUNT(ids); i++)
        assert_int_equal(document_exists(ids[i]), i == 0);
    OK(job_sweep(service, false, &err));
    assert_false(document_exists(ids[0]));
}

/* ---- what clients do ---- */

static void cancelled_jobs_run_again(void **state)
{
    char id[ID_SIZE];
    (void)state;
    open_job(2, id);
    struct claim c = claim_one();
    assert_int_equal(done(&c), 1);
    OK(job_cancel(service, id, &err));
    OK(job_cancel(service, id, &err)); /* once is enough, twice no error */
    assert_state(id, JOB_CANCELLED);
    assert_nothing_to_claim();
    OK(job_retry(service, id, false, &err));
    c = claim_one();
    assert_int_equal(c.page, 2);
    assert_int_equal(done(&c), 1);
    assert_state(id, JOB_COMPLETED);
    REFUSED(ERROR_CONFLICT, job_retry(service, id, false, &err));
    REFUSED(ERROR_CONFLICT, job_cancel(service, id, &err));
    OK(job_retry(service, id, true, &err));
    assert_state(id, JOB_PROCESSING);
    for (uint32_t n = 1; n <= 2; n++) {
        c = claim_one();
        assert_int_equal(c.page, n);
        assert_int_equal(done(&c), 1);
        assert_int_equal(row_of(id, n).result, c.token);
    }
    assert_state(id, JOB_COMPLETED);
}

static void failed_pages_run_again_with_a_clean_slate(void **state)
{
    char id[ID_SIZE];
    (void)state;
    open_job(1, id);
    struct claim c = claim_one();
    failed(&c, ERROR_INPUT);
    assert_state(id, JOB_FAILED);
    OK(job_retry(service, id, false, &err));
    c = claim_one();
    assert_int_equal(c.failures, 0);
    assert_int_equal(done(&c), 1);
    auto_job job = find(id);
    assert_int_equal(job.state, JOB_COMPLETED);
    assert_int_equal(job.error.class, ERROR_NONE);
    assert_int_equal(row_of(id, 1).error.class, ERROR_NONE);
}

static void listeners_hear_of_what_happened_only(void **state)
{
    static const char absent[] = "0192d3a0-0000-7000-8000-000000000000";
    char id[ID_SIZE];
    (void)state;
    int before = told;
    REFUSED(ERROR_NOT_FOUND, job_cancel(service, absent, &err));
    REFUSED(ERROR_NOT_FOUND, job_delete(service, absent, &err));
    REFUSED(ERROR_NOT_FOUND, job_retry(service, absent, true, &err));
    assert_int_equal(told, before);
    open_job(1, id); /* submit, claim, opened */
    assert_int_equal(told, before + 3);
    OK(job_cancel(service, id, &err));
    assert_int_equal(told, before + 4);
    OK(job_retry(service, id, false, &err));
    OK(job_delete(service, id, &err));
    assert_int_equal(told, before + 6);
    assert_string_equal(told_of, id);
}

/* ---- housekeeping ---- */

static void a_deleted_job_leaves_nothing(void **state)
{
    char id[ID_SIZE], kept[ID_SIZE];
    (void)state;
    open_job(1, id);
    struct claim c = claim_one();
    done(&c);
    open_job(1, kept);
    OK(job_delete(service, id, &err));
    struct job gone;
    REFUSED(ERROR_NOT_FOUND, store_find_job(store, id, &gone, &err));
    assert_true(document_exists(id)); /* until the next sweep */
    OK(job_sweep(service, false, &err));
    assert_false(document_exists(id));
    assert_false(result_exists(&c));
    assert_true(document_exists(kept));
    char ids[1][ID_SIZE];
    assert_int_equal(OK(store_garbage(store, ids, 1, &err)), 0);
}

static void an_old_job_expires(void **state)
{
    struct options o = standard();
    char id[ID_SIZE];
    struct job gone;
    (void)state;
    o.ttl = 60;
    open_with(&o, 1, id);
    now_ms += 3600000; /* not while it runs */
    OK(job_sweep(service, false, &err));
    struct claim c = claim_one();
    done(&c);
    now_ms += 59000;
    OK(job_sweep(service, false, &err));
    assert_state(id, JOB_COMPLETED);
    now_ms += 1001;
    OK(job_sweep(service, false, &err));
    REFUSED(ERROR_NOT_FOUND, store_find_job(store, id, &gone, &err));
    assert_false(document_exists(id));
}

static void put(const char *root)
{
    char key[BLOB_KEY];
    snprintf(key, sizeof key, "%s/document", root);
    OK(blob_put(blobs, key, "x", 1, &err));
}

static void orphans_go_at_start_when_they_are_old(void **state)
{
    char old[ID_SIZE], young[ID_SIZE], job[ID_SIZE];
    struct options o = standard();
    (void)state;
    id_new(old);
    id_new(young);
    put(old);
    put("not-an-id");
    submit_with(&o, job);
    now_ms += 3600 * 1000 + 1;
    put(young);
    OK(job_sweep(service, false, &err));
    assert_true(document_exists(old));
    OK(job_sweep(service, true, &err));
    assert_false(document_exists(old));
    assert_true(document_exists(young));
    assert_true(document_exists(job));
    assert_true(document_exists("not-an-id"));
}

static void a_start_voids_the_leases_of_the_life_before(void **state)
{
    char id[ID_SIZE];
    (void)state;
    open_job(1, id);
    struct claim before = claim_one();
    assert_nothing_to_claim();
    OK(job_sweep(service, true, &err));
    struct claim after = claim_one();
    assert_int_equal(after.losses, 0);
    assert_int_equal(done(&before), 0);
    assert_int_equal(done(&after), 1);
    assert_int_equal(row_of(id, 1).attempts, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(a_full_disk_is_tried_again),
        SERVED(garbage_that_is_stuck_keeps_no_other),
        SERVED(cancelled_jobs_run_again),
        SERVED(failed_pages_run_again_with_a_clean_slate),
        SERVED(listeners_hear_of_what_happened_only),
        SERVED(a_deleted_job_leaves_nothing),
        SERVED(an_old_job_expires),
        SERVED(orphans_go_at_start_when_they_are_old),
        SERVED(a_start_voids_the_leases_of_the_life_before),
    };
    log_setup("job_sweep_test", LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests_name("job_sweep", tests, NULL, NULL);
}
