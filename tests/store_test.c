/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The contract of store.h for jobs and pages, on every backend.
 */
#include "store_contract.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct error err;

static void pause_ms(int ms)
{
    int64_t end = clock_wall() + ms;
    while (clock_wall() <= end)
        usleep(1000);
}

static struct error why(enum error_class class, const char *text)
{
    struct error e;
    error_set(&e, class, "%s", text);
    return e;
}

static void fail_for_good(struct store *s, const struct claim *c, const char *text)
{
    struct error e = why(ERROR_TIMEOUT, text);
    assert_int_equal(OK(store_fail(s, c, STORE_FINAL, &e, 0, &err)), 1);
}

static int claim_count(struct store *s)
{
    struct claim c[64];
    return OK(store_claim(s, HOUR_MS, false, c, 64, &err));
}

static void check_counts(struct store *s, const char *id, enum job_state state, struct job_counts w)
{
    auto_job job = find(s, id);
    assert_string_equal(job_state_name(job.state), job_state_name(state));
    assert_int_equal(job.pages.total, w.total);
    assert_int_equal(job.pages.ready, w.ready);
    assert_int_equal(job.pages.running, w.running);
    assert_int_equal(job.pages.done, w.done);
    assert_int_equal(job.pages.failed, w.failed);
    assert_int_equal(job.pages.cancelled, w.cancelled);
}
#define COUNTS(...) ((struct job_counts){__VA_ARGS__})

static void submit_keeps_every_field(void **state)
{
    struct store *s = contract_store(state);
    struct job job = support_job("alice", -3);
    job.strict = true;
    char metadata[] = "{\"a\":[1,\"\xC3\xA4\"]}";
    job.metadata = metadata;
    strcpy(job.password, "geheim");
    int64_t before = clock_wall();
    OK(submit_alone(s, &job, &err));
    auto_job got = find(s, job.id);
    assert_string_equal(got.id, job.id);
    assert_string_equal(got.owner, "alice");
    assert_string_equal(got.filename, job.filename);
    assert_string_equal(got.content_type, "application/pdf");
    assert_string_equal(got.sha256, job.sha256);
    assert_string_equal(got.password, "geheim");
    assert_int_equal(got.size, 1234);
    assert_int_equal(got.priority, -3);
    assert_int_equal(got.ttl_ms, HOUR_MS);
    assert_true(got.strict);
    assert_string_equal(got.options, job.options);
    assert_string_equal(got.metadata, metadata);
    assert_int_equal(got.state, JOB_PENDING);
    assert_int_equal(got.error.class, ERROR_NONE);
    assert_true(got.created >= before && got.created <= clock_wall());
    assert_int_equal(got.started + got.finished + got.expires, 0);
    assert_true(got.sequence > 0 && got.revision > 0);
    check_counts(s, job.id, JOB_PENDING, COUNTS(0));
    FAILS(ERROR_CONFLICT, submit_alone(s, &job, &err));
}

static void unknown_ids_are_not_found(void **state)
{
    struct store *s = contract_store(state);
    char ghost[ID_SIZE];
    id_new(ghost);
    const char *ids[] = {ghost, "", "nonsense", "../../etc/passwd"};
    for (size_t i = 0; i < 4; i++) {
        struct job job;
        struct page_row row;
        memset(&job, 0x5A, sizeof job);
        FAILS(ERROR_NOT_FOUND, store_find_job(s, ids[i], &job, &err));
        assert_int_equal(job.id[0], 0x5A);
        FAILS(ERROR_NOT_FOUND, store_find_page(s, ids[i], 1, &row, &err));
        FAILS(ERROR_NOT_FOUND, store_list_pages(s, ids[i], 1, false, &row, 1, &err));
        FAILS(ERROR_NOT_FOUND, store_cancel(s, ids[i], &err));
        FAILS(ERROR_NOT_FOUND, store_retry(s, ids[i], true, &err));
        FAILS(ERROR_NOT_FOUND, store_delete(s, ids[i], &err));
    }
    struct claim c = {.page = 1, .token = 1};
    memcpy(c.job, ghost, ID_SIZE);
    assert_int_equal(OK(store_done(s, &c, 1, 1, &err)), 0);
    assert_int_equal(OK(store_fail(s, &c, STORE_RELEASE, NULL, 0, &err)), 0);
}

static void a_job_runs_to_its_end(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    submit_job(s, "a", id);
    struct claim c = claim_one(s);
    assert_int_equal(c.page, 0);
    auto_job pending = find(s, id);
    assert_int_equal(pending.state, JOB_PENDING);
    assert_true(pending.started > 0);
    const uint32_t pages[] = {2, 5};
    assert_int_equal(OK(store_opened(s, &c, pages, 2, 9, &err)), 1);
    assert_int_equal(OK(store_opened(s, &c, pages, 2, 9, &err)), 0);
    check_counts(s, id, JOB_PROCESSING, COUNTS(.total = 2, .ready = 2));
    struct claim two[3];
    assert_int_equal(OK(store_claim(s, HOUR_MS, false, two, 3, &err)), 2);
    assert_int_equal(two[0].page, 2);
    assert_int_equal(two[1].page, 5);
    check_counts(s, id, JOB_PROCESSING, COUNTS(.total = 2, .running = 2));
    finish_page(s, &two[1]);
    check_counts(s, id, JOB_PROCESSING, COUNTS(.total = 2, .running = 1, .done = 1));
    assert_int_equal(OK(store_done(s, &two[1], 1, 1, &err)), 0);
    finish_page(s, &two[0]);
    auto_job job = find(s, id);
    assert_int_equal(job.state, JOB_COMPLETED);
    assert_int_equal(job.document_pages, 9);
    assert_true(job.finished >= job.started);
    assert_int_equal(job.expires, job.finished + HOUR_MS);
    struct page_row row = find_row(s, id, 5);
    assert_int_equal(row.state, PAGE_DONE);
    assert_int_equal(row.result, two[1].token);
    assert_int_equal(row.attempts, 1);
    assert_int_equal(row.duration_ms, 7);
    assert_float_equal(row.confidence, 0.5, 0);
    assert_true(row.finished > 0);
    FAILS(ERROR_NOT_FOUND, store_find_page(s, id, 0, &row, &err));
    FAILS(ERROR_NOT_FOUND, store_find_page(s, id, 3, &row, &err));
}

static void every_change_raises_the_revision(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    int64_t last = 0;
    struct claim c[2];
    const uint32_t pages[] = {1, 2};
    submit_job(s, "a", id);
    for (int step = 0; step < 9; step++) {
        struct error e = why(ERROR_BUSY, "later");
        switch (step) {
        case 1:
            c[0] = claim_one(s);
            break;
        case 2:
            OK(store_opened(s, &c[0], pages, 2, 2, &err));
            break;
        case 3:
            OK(store_claim(s, HOUR_MS, false, c, 2, &err));
            break;
        case 4:
            OK(store_fail(s, &c[0], STORE_RETRY, &e, HOUR_MS, &err));
            break;
        case 5:
            finish_page(s, &c[1]);
            break;
        case 6:
            OK(store_cancel(s, id, &err));
            break;
        case 7:
            OK(store_retry(s, id, false, &err));
            break;
        case 8:
            OK(store_claim(s, HOUR_MS, false, c, 2, &err));
            break;
        }
        auto_job job = find(s, id);
        if (job.revision <= last)
            fail_msg("revision %lld after step %d", (long long)job.revision, step);
        assert_true(job.updated >= job.created);
        last = job.revision;
    }
}

static void a_lapsed_lease_is_claimed_and_fences(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    open_job(s, "a", 1, id);
    struct claim old, new;
    assert_int_equal(OK(store_claim(s, 0, false, &old, 1, &err)), 1);
    assert_int_equal(OK(store_claim(s, HOUR_MS, false, &new, 1, &err)), 1);
    assert_int_equal(new.page, 1);
    assert_true(new.token > old.token);
    assert_int_equal(new.losses, 1);
    assert_int_equal(new.failures, 0);
    check_counts(s, id, JOB_PROCESSING, COUNTS(.total = 1, .running = 1));
    struct error e = why(ERROR_BUG, "late");
    assert_int_equal(OK(store_done(s, &old, 1, 1, &err)), 0);
    assert_int_equal(OK(store_fail(s, &old, STORE_FINAL, &e, 0, &err)), 0);
    assert_int_equal(OK(store_fail(s, &old, STORE_RELEASE, NULL, 0, &err)), 0);
    bool held[2] = {true, false};
    const struct claim both[] = {old, new};
    OK(store_beat(s, HOUR_MS, both, held, 2, &err));
    assert_false(held[0]);
    assert_true(held[1]);
    finish_page(s, &new);
    assert_int_equal(find_row(s, id, 1).attempts, 2);
    assert_int_equal(find_row(s, id, 1).result, new.token);
}

static void a_beat_keeps_the_lease(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    open_job(s, "a", 1, id);
    struct claim c;
    OK(store_claim(s, 0, false, &c, 1, &err));
    bool held = false;
    OK(store_beat(s, HOUR_MS, &c, &held, 1, &err));
    assert_true(held);
    assert_int_equal(claim_count(s), 0);
    OK(store_beat(s, 0, &c, &held, 1, &err));
    assert_int_equal(claim_count(s), 1);
}

static void failures_count_apart(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    open_job(s, "a", 1, id);
    struct error crash = why(ERROR_CRASHED, "it died"), slow = why(ERROR_TIMEOUT, "too slow");
    struct claim c = claim_one(s);
    assert_int_equal(OK(store_fail(s, &c, STORE_RELEASE, NULL, HOUR_MS, &err)), 1);
    assert_int_equal(find_row(s, id, 1).attempts, 0);
    c = claim_one(s);
    assert_int_equal(OK(store_fail(s, &c, STORE_LOSS, &crash, 0, &err)), 1);
    assert_int_equal(find_row(s, id, 1).error.class, ERROR_CRASHED);
    c = claim_one(s);
    assert_int_equal(OK(store_fail(s, &c, STORE_RETRY, &slow, 0, &err)), 1);
    c = claim_one(s);
    assert_int_equal(c.losses, 1);
    assert_int_equal(c.failures, 1);
    struct page_row row = find_row(s, id, 1);
    assert_int_equal(row.attempts, 3);
    assert_int_equal(row.error.page, 1);
    assert_string_equal(row.error.text, "too slow");
    finish_page(s, &c);
    assert_int_equal(find_row(s, id, 1).error.class, ERROR_NONE);
}

static void a_delay_holds_a_page_back(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    open_job(s, "a", 2, id);
    struct error e = why(ERROR_BUSY, "later");
    struct claim c = claim_one(s);
    assert_int_equal(OK(store_fail(s, &c, STORE_RETRY, &e, HOUR_MS, &err)), 1);
    c = claim_one(s);
    assert_int_equal(c.page, 2);
    assert_int_equal(OK(store_fail(s, &c, STORE_RETRY, &e, 5, &err)), 1);
    check_counts(s, id, JOB_PROCESSING, COUNTS(.total = 2, .ready = 2));
    pause_ms(6);
    c = claim_one(s);
    assert_int_equal(c.page, 2);
    assert_int_equal(c.losses, 0);
    assert_int_equal(claim_count(s), 0);
}

static void a_job_without_a_page_read_fails(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    open_job(s, "a", 2, id);
    struct claim one = claim_one(s), two = claim_one(s);
    fail_for_good(s, &two, "second");
    fail_for_good(s, &one, "first");
    auto_job job = find(s, id);
    assert_int_equal(job.state, JOB_FAILED);
    assert_int_equal(job.error.class, ERROR_TIMEOUT);
    assert_int_equal(job.error.page, 1);
    assert_string_equal(job.error.text, "page 1: timeout: first");
    struct page_row rows[4];
    assert_int_equal(OK(store_list_pages(s, id, 2, true, rows, 4, &err)), 1);
    assert_int_equal(rows[0].number, 2);
}

static void one_page_read_completes_unless_strict(void **state)
{
    struct store *s = contract_store(state);
    for (int strict = 0; strict < 2; strict++) {
        struct job job = support_job("a", 0);
        job.strict = strict;
        OK(submit_alone(s, &job, &err));
        struct claim c = claim_one(s);
        const uint32_t pages[] = {1, 2, 3};
        OK(store_opened(s, &c, pages, 3, 3, &err));
        c = claim_one(s);
        finish_page(s, &c);
        c = claim_one(s);
        fail_for_good(s, &c, "slow");
        check_counts(s, job.id, JOB_PROCESSING,
                     COUNTS(.total = 3, .ready = 1, .done = 1, .failed = 1));
        c = claim_one(s);
        finish_page(s, &c);
        check_counts(s, job.id, strict ? JOB_FAILED : JOB_COMPLETED,
                     COUNTS(.total = 3, .done = 2, .failed = 1));
        auto_job got = find(s, job.id);
        assert_string_equal(got.error.text, strict ? "page 2: timeout: slow" : "");
    }
}

static void a_document_that_does_not_open_fails_the_job(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    submit_job(s, "a", id);
    struct claim c = claim_one(s);
    struct error e = why(ERROR_PASSWORD, "it is encrypted");
    assert_int_equal(OK(store_fail(s, &c, STORE_FINAL, &e, 0, &err)), 1);
    auto_job job = find(s, id);
    assert_int_equal(job.state, JOB_FAILED);
    assert_int_equal(job.error.class, ERROR_PASSWORD);
    assert_int_equal(job.error.page, 0);
    assert_string_equal(job.error.text, "it is encrypted");
    OK(store_retry(s, id, false, &err));
    check_counts(s, id, JOB_PENDING, COUNTS(0));
    c = claim_one(s);
    assert_int_equal(c.page, 0);
    assert_int_equal(c.failures, 0);
}

static void cancel_stops_everything(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    open_job(s, "a", 3, id);
    struct claim one = claim_one(s), two = claim_one(s);
    finish_page(s, &one);
    OK(store_cancel(s, id, &err));
    check_counts(s, id, JOB_CANCELLED, COUNTS(.total = 3, .done = 1, .cancelled = 2));
    assert_int_equal(OK(store_done(s, &two, 1, 1, &err)), 0);
    bool held = true;
    OK(store_beat(s, HOUR_MS, &two, &held, 1, &err));
    assert_false(held);
    assert_int_equal(claim_count(s), 0);
    OK(store_cancel(s, id, &err));
    auto_job job = find(s, id);
    assert_true(job.finished > 0 && job.expires > 0);
    submit_job(s, "a", id);
    OK(store_cancel(s, id, &err));
    check_counts(s, id, JOB_CANCELLED, COUNTS(0));
    OK(store_retry(s, id, false, &err));
    assert_int_equal(claim_count(s), 1);
    open_job(s, "b", 1, id);
    one = claim_one(s);
    finish_page(s, &one);
    FAILS(ERROR_CONFLICT, store_cancel(s, id, &err));
}

static void retry_runs_what_failed_or_all(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    open_job(s, "a", 2, id);
    FAILS(ERROR_CONFLICT, store_retry(s, id, true, &err));
    struct claim one = claim_one(s), two = claim_one(s);
    fail_for_good(s, &one, "x");
    finish_page(s, &two);
    OK(store_retry(s, id, false, &err));
    check_counts(s, id, JOB_PROCESSING, COUNTS(.total = 2, .ready = 1, .done = 1));
    auto_job running = find(s, id);
    assert_int_equal(running.finished + running.expires, 0);
    struct claim again = claim_one(s);
    assert_int_equal(again.page, 1);
    assert_true(again.token > one.token);
    assert_int_equal(again.failures, 0);
    assert_int_equal(find_row(s, id, 1).error.class, ERROR_NONE);
    finish_page(s, &again);
    check_counts(s, id, JOB_COMPLETED, COUNTS(.total = 2, .done = 2));
    FAILS(ERROR_CONFLICT, store_retry(s, id, false, &err));
    OK(store_retry(s, id, true, &err));
    check_counts(s, id, JOB_PROCESSING, COUNTS(.total = 2, .ready = 2));
    assert_int_equal(find_row(s, id, 2).result, 0);
    assert_int_equal(claim_count(s), 2);
}

static void a_password_lives_as_long_as_a_retry_needs_it(void **state)
{
    struct store *s = contract_store(state);
    struct job job = support_job("a", 0);
    strcpy(job.password, "geheim");
    OK(submit_alone(s, &job, &err));
    struct claim c = claim_one(s);
    const uint32_t page = 1;
    OK(store_opened(s, &c, &page, 1, 1, &err));
    c = claim_one(s);
    fail_for_good(s, &c, "x");
    auto_job failed = find(s, job.id);
    assert_string_equal(failed.password, "geheim");
    OK(store_retry(s, job.id, false, &err));
    c = claim_one(s);
    finish_page(s, &c);
    auto_job done = find(s, job.id);
    assert_string_equal(done.password, "");
    FAILS(ERROR_CONFLICT, store_retry(s, job.id, true, &err));
}

static void delete_leaves_the_id_in_the_garbage(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE], ids[4][ID_SIZE];
    open_job(s, "a", 3, id);
    struct claim c = claim_one(s);
    OK(store_delete(s, id, &err));
    struct job job;
    FAILS(ERROR_NOT_FOUND, store_find_job(s, id, &job, &err));
    assert_int_equal(OK(store_done(s, &c, 1, 1, &err)), 0);
    assert_int_equal(claim_count(s), 0);
    assert_int_equal(OK(store_garbage(s, ids, 4, &err)), 1);
    assert_string_equal(ids[0], id);
    assert_int_equal(OK(store_garbage(s, ids, 0, &err)), 0);
    OK(store_forget(s, id, &err));
    OK(store_forget(s, id, &err));
    assert_int_equal(OK(store_garbage(s, ids, 4, &err)), 0);
}

static void sweep_deletes_what_has_expired(void **state)
{
    struct store *s = contract_store(state);
    char later[ID_SIZE], ids[4][ID_SIZE];
    struct job job = support_job("a", 0);
    job.ttl_ms = 0;
    OK(submit_alone(s, &job, &err));
    OK(store_cancel(s, job.id, &err));
    submit_job(s, "a", later);
    OK(store_cancel(s, later, &err));
    struct store_healed healed;
    OK(store_sweep(s, &healed, &err));
    assert_int_equal(healed.expired, 1);
    assert_int_equal(healed.counters + healed.finished, 0);
    assert_int_equal(OK(store_garbage(s, ids, 4, &err)), 1);
    assert_string_equal(ids[0], job.id);
    check_counts(s, later, JOB_CANCELLED, COUNTS(0));
    OK(store_sweep(s, &healed, &err));
    assert_int_equal(healed.expired, 0);
}

static void release_all_voids_every_lease(void **state)
{
    struct store *s = contract_store(state);
    char a[ID_SIZE], b[ID_SIZE];
    open_job(s, "a", 2, a);
    submit_job(s, "b", b);
    struct claim c[4];
    assert_int_equal(OK(store_claim(s, HOUR_MS, false, c, 4, &err)), 3);
    assert_true(store_exclusive(s));
    OK(store_release_all(s, &err));
    check_counts(s, a, JOB_PROCESSING, COUNTS(.total = 2, .ready = 2));
    assert_int_equal(find_row(s, a, 1).attempts, 0);
    assert_int_equal(OK(store_done(s, &c[0], 1, 1, &err)), 0);
    assert_int_equal(OK(store_claim(s, HOUR_MS, false, c, 4, &err)), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(c[i].losses + c[i].failures, 0);
}

/* One letter for the owner of each of the next n claims. */
static void check_owners(struct store *s, const char *expected, bool idle)
{
    char got[32] = "";
    struct claim c[32];
    int n = OK(store_claim(s, HOUR_MS, idle, c, strlen(expected), &err));
    for (int i = 0; i < n; i++) {
        auto_job job = find(s, c[i].job);
        got[i] = job.owner[0];
    }
    assert_string_equal(got, expected);
}

static void owners_take_turns(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    open_job(s, "a", 10, id); /* a has paid 1 */
    submit_job(s, "b", id);   /* level with a: 1 */
    submit_job(s, "b", id);
    submit_job(s, "b", id);
    check_owners(s, "ababab", false);
    check_owners(s, "aa", false); /* a: 6 */
    submit_job(s, "c", id);       /* nobody saves up turns: c starts at 4, where idle b is */
    submit_job(s, "c", id);
    submit_job(s, "c", id);
    check_owners(s, "ccaca", false);
}

static void open_two(struct store *s, uint32_t pages, char older[ID_SIZE], char younger[ID_SIZE])
{
    submit_job(s, "a", older);
    submit_job(s, "a", younger);
    struct claim one = claim_one(s), two = claim_one(s);
    assert_string_equal(one.job, older);
    open_claimed(s, &one, pages);
    open_claimed(s, &two, pages);
}

static void priority_then_fewest_running_then_age(void **state)
{
    struct store *s = contract_store(state);
    char old[ID_SIZE], young[ID_SIZE];
    open_two(s, 3, old, young);
    struct job urgent = support_job("a", 5);
    OK(submit_alone(s, &urgent, &err));
    struct claim c[8];
    assert_int_equal(OK(store_claim(s, HOUR_MS, false, c, 8, &err)), 7);
    const char *order[] = {urgent.id, old, young, old, young, old, young};
    const uint32_t pages[] = {0, 1, 1, 2, 2, 3, 3};
    for (int i = 0; i < 7; i++) {
        assert_string_equal(c[i].job, order[i]);
        assert_int_equal(c[i].page, pages[i]);
    }
}

static void idle_jobs_only(void **state)
{
    struct store *s = contract_store(state);
    char a[ID_SIZE], b[ID_SIZE];
    open_two(s, 3, a, b);
    check_owners(s, "aa", true);
    struct claim c;
    assert_int_equal(OK(store_claim(s, HOUR_MS, true, &c, 1, &err)), 0);
    assert_int_equal(OK(store_claim(s, HOUR_MS, false, &c, 1, &err)), 1);
    assert_int_equal(OK(store_claim(s, HOUR_MS, false, &c, 0, &err)), 0);
}

static void idle_jobs_see_lapsed_leases(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    open_job(s, "a", 1, id);
    struct claim c;
    assert_int_equal(OK(store_claim(s, 0, true, &c, 1, &err)), 1);
    assert_int_equal(OK(store_claim(s, HOUR_MS, true, &c, 1, &err)), 1);
    assert_int_equal(c.losses, 1);
}

struct seen {
    char names[200];
    int stop_after;
    struct store *store;
};

static int note(void *arg, const struct job *job)
{
    struct seen *seen = arg;
    auto_job again = find(seen->store, job->id); /* the store may be used while it lists */
    assert_string_equal(again.owner, job->owner);
    size_t len = strlen(seen->names);
    assert_true(len + 1 < sizeof seen->names);
    seen->names[len] = job->owner[0]; /* the rest is zero */
    return --seen->stop_after == 0;
}

static void check_list(struct store *s, struct job_filter f, const char *expected)
{
    struct seen seen = {.store = s};
    if (!f.limit)
        f.limit = 100;
    OK(store_list_jobs(s, &f, note, &seen, &err));
    assert_string_equal(seen.names, expected);
}

static void lists_filter_and_page(void **state)
{
    struct store *s = contract_store(state);
    int64_t second = 0;
    for (const char *owner = "abcba"; *owner; owner++) {
        struct job job = support_job((char[]){*owner, 0}, 0);
        if (*owner == 'c')
            strcpy(job.filename, "Rechnung.tiff");
        if (*owner == 'b')
            strcpy(job.content_type, "image/png");
        OK(submit_alone(s, &job, &err));
        auto_job got = find(s, job.id);
        if (*owner == 'c')
            second = got.sequence;
        if (*owner == 'c')
            OK(store_cancel(s, job.id, &err));
    }
    check_list(s, (struct job_filter){0}, "abcba");
    check_list(s, (struct job_filter){.limit = 2}, "ab");
    check_list(s, (struct job_filter){.before = second}, "ba");
    check_list(s, (struct job_filter){.owner = "b"}, "bb");
    check_list(s, (struct job_filter){.states = 1u << JOB_PENDING}, "abba");
    check_list(s, (struct job_filter){.states = 1u << JOB_CANCELLED | 1u << JOB_FAILED}, "c");
    check_list(s, (struct job_filter){.owner = "a", .states = 1u << JOB_CANCELLED}, "");
    check_list(s, (struct job_filter){.states = 1u << 20}, "");
    check_list(s, (struct job_filter){.filename = "rechNUNG"}, "c");
    check_list(s, (struct job_filter){.filename = "50%_OFF!"}, "abba");
    check_list(s, (struct job_filter){.filename = "5%f"}, "");
    check_list(s, (struct job_filter){.content_type = "image/png"}, "bb");
    check_list(s, (struct job_filter){.created_from = clock_wall() + HOUR_MS}, "");
    check_list(s, (struct job_filter){.created_to = clock_wall()}, "abcba");
    struct seen seen = {.store = s, .stop_after = 3};
    OK(store_list_jobs(s, &(struct job_filter){.limit = 100}, note, &seen, &err));
    assert_string_equal(seen.names, "abc");
}

static void long_lists_come_whole(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    for (int i = 0; i < 70; i++)
        submit_job(s, i % 2 ? "a" : "b", id);
    char expected[71] = "";
    for (int i = 0; i < 35; i++)
        memcpy(expected + 2 * i, "ab", 3);
    check_list(s, (struct job_filter){0}, expected);
    expected[64] = '\0';
    check_list(s, (struct job_filter){.limit = 64}, expected);
}

static void pages_are_listed_in_order(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    struct page_row rows[10];
    submit_job(s, "a", id);
    assert_int_equal(OK(store_list_pages(s, id, 0, false, rows, 10, &err)), 0);
    struct claim c = claim_one(s);
    open_claimed(s, &c, 10);
    assert_int_equal(OK(store_list_pages(s, id, 0, false, rows, 10, &err)), 10);
    assert_int_equal(rows[9].number, 10);
    assert_int_equal(OK(store_list_pages(s, id, 4, false, rows, 3, &err)), 3);
    assert_int_equal(rows[0].number, 4);
    assert_int_equal(rows[2].number, 6);
    assert_int_equal(OK(store_list_pages(s, id, 11, false, rows, 3, &err)), 0);
    assert_int_equal(OK(store_list_pages(s, id, 1, true, rows, 3, &err)), 0);
}

static void statistics(void **state)
{
    struct store *s = contract_store(state);
    char id[3][ID_SIZE];
    open_job(s, "a", 3, id[0]);
    submit_job(s, "b", id[1]);
    submit_job(s, "b", id[2]);
    check_owners(s, "a", false);
    OK(store_cancel(s, id[2], &err));
    struct store_stats stats;
    OK(store_stats(s, &stats, &err));
    assert_int_equal(stats.jobs[JOB_PENDING], 1);
    assert_int_equal(stats.jobs[JOB_PROCESSING], 1);
    assert_int_equal(stats.jobs[JOB_CANCELLED], 1);
    assert_int_equal(stats.jobs[JOB_COMPLETED] + stats.jobs[JOB_FAILED], 0);
    assert_int_equal(stats.pages_ready, 2);
    assert_int_equal(stats.pages_running, 1);
}

static void long_error_text_is_kept_whole(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE], text[ERROR_TEXT];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    open_job(s, "a", 1, id);
    struct claim c = claim_one(s);
    fail_for_good(s, &c, text);
    assert_string_equal(find_row(s, id, 1).error.text, text);
    auto_job job = find(s, id);
    assert_int_equal(strlen(job.error.text), ERROR_TEXT - 1);
}

static const struct CMUnitTest contract[] = {
    CONTRACT(submit_keeps_every_field),
    CONTRACT(unknown_ids_are_not_found),
    CONTRACT(a_job_runs_to_its_end),
    CONTRACT(every_change_raises_the_revision),
    CONTRACT(a_lapsed_lease_is_claimed_and_fences),
    CONTRACT(a_beat_keeps_the_lease),
    CONTRACT(failures_count_apart),
    CONTRACT(a_delay_holds_a_page_back),
    CONTRACT(a_job_without_a_page_read_fails),
    CONTRACT(one_page_read_completes_unless_strict),
    CONTRACT(a_document_that_does_not_open_fails_the_job),
    CONTRACT(cancel_stops_everything),
    CONTRACT(retry_runs_what_failed_or_all),
    CONTRACT(a_password_lives_as_long_as_a_retry_needs_it),
    CONTRACT(delete_leaves_the_id_in_the_garbage),
    CONTRACT(sweep_deletes_what_has_expired),
    CONTRACT(release_all_voids_every_lease),
    CONTRACT(owners_take_turns),
    CONTRACT(priority_then_fewest_running_then_age),
    CONTRACT(idle_jobs_only),
    CONTRACT(idle_jobs_see_lapsed_leases),
    CONTRACT(lists_filter_and_page),
    CONTRACT(long_lists_come_whole),
    CONTRACT(pages_are_listed_in_order),
    CONTRACT(statistics),
    CONTRACT(long_error_text_is_kept_whole),
};

int main(void)
{
    return contract_run("store", contract, sizeof contract / sizeof contract[0]);
}
