/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The contract of store.h for submissions, on every backend: twins, idempotency keys, limits and
 * what is charged; and the lists that came with them.
 */
#include "store_contract.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct error err;

enum { MINUTE_MS = 60000 };

static struct job twin_job(const char *owner, char letter)
{
    struct job job = support_job(owner, 0);
    memset(job.twin, letter, sizeof job.twin - 1);
    return job;
}

/* Submits and checks how it went; id: whose it is then. */
static void submit_as(struct store *s, const struct submission *what, enum store_submitted expected,
                      char id[ID_SIZE])
{
    enum store_submitted how = STORE_NEW;
    OK(store_submit(s, what, id, &how, &err));
    assert_int_equal(how, expected);
    auto_job job = find(s, id);
    assert_string_equal(job.owner, what->job->owner);
    assert_int_equal(strcmp(id, what->job->id) == 0, expected == STORE_NEW);
}

/* Both out-parameters stay as they were. */
static void submit_fails(struct store *s, const struct submission *what, enum error_class class,
                         const char *text)
{
    char id[ID_SIZE] = "untouched";
    enum store_submitted how = STORE_REPLAYED;
    FAILS(class, store_submit(s, what, id, &how, &err));
    assert_string_equal(err.text, text);
    assert_string_equal(id, "untouched");
    assert_int_equal(how, STORE_REPLAYED);
}

static void read_pages(struct store *s, char *id, int pages, int fail_page)
{
    struct error slow;
    error_set(&slow, ERROR_TIMEOUT, "slow");
    struct claim c = claim_one(s);
    assert_string_equal(c.job, id);
    open_claimed(s, &c, (uint32_t)pages);
    for (int p = 1; p <= pages; p++) {
        c = claim_one(s);
        if (p == fail_page)
            assert_int_equal(OK(store_fail(s, &c, STORE_FINAL, &slow, 0, &err)), 1);
        else
            finish_page(s, &c);
    }
}

static int64_t unfinished_jobs(struct store *s)
{
    struct store_stats stats;
    OK(store_stats(s, &stats, &err));
    return stats.jobs[JOB_PENDING] + stats.jobs[JOB_PROCESSING];
}

static void what_came_later_is_kept_too(void **state)
{
    struct store *s = contract_store(state);
    char webhook[] = "{\"url\":\"https://example.org/\",\"secret\":\"whsec_x\"}";
    struct job job = twin_job("alice", 'c');
    strcpy(job.surface, "b");
    strcpy(job.engine, "ppocr");
    strcpy(job.engine_version, "PP-OCRv6_tiny");
    job.webhook = webhook;
    job.webhook_states = 1u << JOB_COMPLETED | 1u << JOB_FAILED;
    job.page_quota = 1000;
    job.quota_since = 1234567890123;
    OK(submit_alone(s, &job, &err));
    auto_job got = find(s, job.id);
    assert_string_equal(got.surface, "b");
    assert_string_equal(got.engine, "ppocr");
    assert_string_equal(got.engine_version, "PP-OCRv6_tiny");
    assert_string_equal(got.twin, job.twin);
    assert_string_equal(got.webhook, webhook);
    assert_int_equal(got.webhook_states, job.webhook_states);
    assert_int_equal(got.page_quota, 1000);
    assert_int_equal(got.quota_since, 1234567890123);
    struct job plain = support_job("alice", 0);
    OK(submit_alone(s, &plain, &err));
    auto_job bare = find(s, plain.id);
    assert_null(bare.webhook);
    assert_string_equal(bare.twin, "");
}

static void twins_join_whatever_state_is_good(void **state)
{
    struct store *s = contract_store(state);
    char first[ID_SIZE], id[ID_SIZE];
    struct job job = twin_job("a", '1');
    submit_as(s, &(struct submission){.job = &job, .join = true}, STORE_NEW, first);
    struct job again = twin_job("a", '1');
    const struct submission joining = {.job = &again, .join = true};
    submit_as(s, &joining, STORE_JOINED, id);
    assert_string_equal(id, first);
    struct claim c = claim_one(s);
    open_claimed(s, &c, 1);
    submit_as(s, &joining, STORE_JOINED, id);
    assert_string_equal(id, first);
    c = claim_one(s);
    submit_as(s, &joining, STORE_JOINED, id);
    finish_page(s, &c);
    submit_as(s, &joining, STORE_JOINED, id);
    assert_string_equal(id, first);
    assert_int_equal(unfinished_jobs(s), 0);
}

static void strangers_do_not_join(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    struct job job = twin_job("a", '1'), other_owner = twin_job("b", '1');
    struct job other_twin = twin_job("a", '2'), forced = twin_job("a", '1');
    struct job none = support_job("a", 0), none_again = support_job("a", 0);
    submit_as(s, &(struct submission){.job = &job, .join = true}, STORE_NEW, id);
    submit_as(s, &(struct submission){.job = &other_owner, .join = true}, STORE_NEW, id);
    submit_as(s, &(struct submission){.job = &other_twin, .join = true}, STORE_NEW, id);
    submit_as(s, &(struct submission){.job = &forced}, STORE_NEW, id);
    submit_as(s, &(struct submission){.job = &none, .join = true}, STORE_NEW, id);
    submit_as(s, &(struct submission){.job = &none_again, .join = true}, STORE_NEW, id);
    assert_int_equal(unfinished_jobs(s), 6);
}

static void nobody_joins_what_went_wrong(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    struct job cancelled = twin_job("a", '1'), failed = twin_job("a", '2');
    struct job partly = twin_job("a", '3'), failing = twin_job("a", '4');
    submit_as(s, &(struct submission){.job = &cancelled}, STORE_NEW, id);
    OK(store_cancel(s, id, &err));
    submit_as(s, &(struct submission){.job = &failed}, STORE_NEW, id);
    read_pages(s, id, 1, 1);
    submit_as(s, &(struct submission){.job = &partly}, STORE_NEW, id);
    read_pages(s, id, 2, 2);
    auto_job completed = find(s, id);
    assert_int_equal(completed.state, JOB_COMPLETED);
    submit_as(s, &(struct submission){.job = &failing}, STORE_NEW, id);
    struct claim c = claim_one(s);
    open_claimed(s, &c, 2);
    c = claim_one(s);
    struct error slow;
    error_set(&slow, ERROR_TIMEOUT, "slow");
    OK(store_fail(s, &c, STORE_FINAL, &slow, 0, &err));
    for (char twin = '1'; twin <= '4'; twin++) {
        struct job job = twin_job("a", twin);
        submit_as(s, &(struct submission){.job = &job, .join = true}, STORE_NEW, id);
    }
}

static void nobody_joins_what_is_about_to_go(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    struct job brief = twin_job("a", '1'), again = twin_job("a", '1');
    brief.ttl_ms = MINUTE_MS;
    submit_as(s, &(struct submission){.job = &brief}, STORE_NEW, id);
    read_pages(s, id, 1, 0);
    submit_as(s, &(struct submission){.job = &again, .join = true}, STORE_NEW, id);
}

static void joining_raises_and_prolongs(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    struct job job = twin_job("a", '1'), more = twin_job("a", '1'), less = twin_job("a", '1');
    job.priority = 3;
    more.priority = 7;
    more.ttl_ms = 2 * HOUR_MS;
    less.priority = -1;
    less.ttl_ms = 1;
    submit_as(s, &(struct submission){.job = &job}, STORE_NEW, id);
    auto_job before = find(s, id);
    submit_as(s, &(struct submission){.job = &less, .join = true}, STORE_JOINED, id);
    auto_job same = find(s, id);
    assert_int_equal(same.priority, 3);
    assert_int_equal(same.ttl_ms, HOUR_MS);
    assert_int_equal(same.revision, before.revision);
    submit_as(s, &(struct submission){.job = &more, .join = true}, STORE_JOINED, id);
    auto_job raised = find(s, id);
    assert_int_equal(raised.priority, 7);
    assert_int_equal(raised.ttl_ms, 2 * HOUR_MS);
    assert_int_equal(raised.expires, 0);
    assert_true(raised.revision > before.revision);
    read_pages(s, id, 1, 0);
    more.ttl_ms = 3 * HOUR_MS;
    int64_t now = clock_wall();
    submit_as(s, &(struct submission){.job = &more, .join = true}, STORE_JOINED, id);
    auto_job kept = find(s, id);
    assert_true(kept.expires >= now + 3 * HOUR_MS);
    assert_int_equal(kept.ttl_ms, 3 * HOUR_MS);
    submit_as(s, &(struct submission){.job = &less, .join = true}, STORE_JOINED, id);
    auto_job still = find(s, id);
    assert_int_equal(still.expires, kept.expires);
    while (clock_wall() <= kept.updated)
        usleep(1000);
    submit_as(s, &(struct submission){.job = &more, .join = true}, STORE_JOINED, id);
    auto_job longer = find(s, id);
    assert_true(longer.expires > kept.expires);
    assert_true(longer.revision > kept.revision);
}

static void the_furthest_twin_is_joined(void **state)
{
    struct store *s = contract_store(state);
    char pending[ID_SIZE], done[ID_SIZE], id[ID_SIZE];
    struct job job = twin_job("a", '1');
    submit_as(s, &(struct submission){.job = &job}, STORE_NEW, done);
    read_pages(s, done, 1, 0);
    id_new(job.id);
    submit_as(s, &(struct submission){.job = &job}, STORE_NEW, pending);
    id_new(job.id);
    submit_as(s, &(struct submission){.job = &job, .join = true}, STORE_JOINED, id);
    assert_string_equal(id, done);
    OK(store_delete(s, done, &err));
    submit_as(s, &(struct submission){.job = &job, .join = true}, STORE_JOINED, id);
    assert_string_equal(id, pending);
}

static struct submission keyed(struct job *job, const char *key, const char *fingerprint)
{
    *job = support_job("a", 0);
    return (struct submission){
        .job = job, .idempotency_key = key, .fingerprint = fingerprint, .key_ttl_ms = HOUR_MS};
}

static void a_key_replays_its_request(void **state)
{
    struct store *s = contract_store(state);
    char first[ID_SIZE], id[ID_SIZE];
    struct job job;
    struct submission what = keyed(&job, "k", "f00d");
    submit_as(s, &what, STORE_NEW, first);
    what = keyed(&job, "k", "f00d");
    submit_as(s, &what, STORE_REPLAYED, id);
    assert_string_equal(id, first);
    OK(store_cancel(s, first, &err)); /* whatever became of it */
    submit_as(s, &what, STORE_REPLAYED, id);
    what = keyed(&job, "k", "beef");
    submit_fails(s, &what, ERROR_INPUT, "Idempotency-Key: used for another request");
    strcpy(job.owner, "b");
    submit_as(s, &what, STORE_NEW, id);
    OK(store_delete(s, first, &err));
    what = keyed(&job, "k", "f00d");
    submit_fails(s, &what, ERROR_CONFLICT, "the job of this Idempotency-Key is gone");
    assert_int_equal(unfinished_jobs(s), 1);
}

static void a_key_lives_for_its_time(void **state)
{
    struct store *s = contract_store(state);
    char first[ID_SIZE], id[ID_SIZE];
    struct job job;
    struct submission what = keyed(&job, "k", "f00d");
    what.key_ttl_ms = 0;
    submit_as(s, &what, STORE_NEW, first);
    what = keyed(&job, "k", "beef"); /* free again, and taken anew */
    submit_as(s, &what, STORE_NEW, id);
    what = keyed(&job, "k", "f00d");
    submit_fails(s, &what, ERROR_INPUT, "Idempotency-Key: used for another request");
    struct store_healed healed;
    OK(store_sweep(s, &healed, &err));
    what = keyed(&job, "k", "beef");
    char again[ID_SIZE];
    submit_as(s, &what, STORE_REPLAYED, again);
    assert_string_equal(again, id);
}

static void keys_are_compared_exactly(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE], longest[STORE_IDEMPOTENCY_KEY + 1] = "", other[STORE_IDEMPOTENCY_KEY];
    memset(longest, 'x', STORE_IDEMPOTENCY_KEY - 1);
    memcpy(other, longest, sizeof other);
    other[STORE_IDEMPOTENCY_KEY - 2] = 'y';
    const char *keys[] = {"key",         "Key",      "key ",  " key", "k\xC3\xA9y",
                          "ke\xCC\x81y", "\xFF\xFE", longest, other};
    struct job job;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct submission what = keyed(&job, keys[i], "f00d");
        submit_as(s, &what, STORE_NEW, id);
        what = keyed(&job, keys[i], "f00d");
        submit_as(s, &what, STORE_REPLAYED, id);
    }
    longest[STORE_IDEMPOTENCY_KEY - 1] = 'x';
    struct submission what = keyed(&job, longest, "f00d");
    submit_fails(s, &what, ERROR_INPUT, "Idempotency-Key: must have 1 to 255 bytes");
    what = keyed(&job, "", "f00d");
    submit_fails(s, &what, ERROR_INPUT, "Idempotency-Key: must have 1 to 255 bytes");
}

static void a_key_remembers_what_was_joined(void **state)
{
    struct store *s = contract_store(state);
    char first[ID_SIZE], id[ID_SIZE];
    struct job job = twin_job("a", '1');
    submit_as(s, &(struct submission){.job = &job}, STORE_NEW, first);
    id_new(job.id);
    struct submission what = {.job = &job,
                              .join = true,
                              .idempotency_key = "k",
                              .fingerprint = "f00d",
                              .key_ttl_ms = HOUR_MS};
    submit_as(s, &what, STORE_JOINED, id);
    OK(store_cancel(s, first, &err));
    submit_as(s, &what, STORE_REPLAYED, id);
    assert_string_equal(id, first);
}

static void check_usage(struct store *s, const char *owner, int64_t since, struct store_usage w)
{
    struct store_usage used;
    OK(store_usage(s, owner, since, &used, &err));
    assert_int_equal(used.pages, w.pages);
    assert_int_equal(used.bytes, w.bytes);
    assert_int_equal(used.unfinished, w.unfinished);
}
#define USED(...) ((struct store_usage){__VA_ARGS__})

static void an_owner_has_so_many_jobs_at_a_time(void **state)
{
    struct store *s = contract_store(state);
    char one[ID_SIZE], id[ID_SIZE];
    struct job job = twin_job("a", '1');
    struct submission what = {.job = &job, .most_unfinished = 2};
    submit_as(s, &what, STORE_NEW, one);
    id_new(job.id);
    submit_as(s, &what, STORE_NEW, id);
    id_new(job.id);
    submit_fails(s, &what, ERROR_QUOTA, "2 jobs are unfinished, and no more than 2 may be");
    what.join = true;
    submit_as(s, &what, STORE_JOINED, id); /* makes nothing new */
    what.join = false;
    strcpy(job.owner, "b");
    submit_as(s, &what, STORE_NEW, id);
    strcpy(job.owner, "a");
    id_new(job.id);
    OK(store_cancel(s, one, &err));
    submit_as(s, &what, STORE_NEW, id);
    check_usage(s, "a", 0, USED(.bytes = 3 * 1234, .unfinished = 2));
}

static void bytes_are_charged_to_the_period(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    struct job job = twin_job("a", '1');
    job.quota_since = 1000;
    struct submission what = {.job = &job,
                              .join = true,
                              .byte_quota = 3000,
                              .idempotency_key = "k",
                              .fingerprint = "f",
                              .key_ttl_ms = HOUR_MS};
    submit_as(s, &what, STORE_NEW, id);
    id_new(job.id);
    submit_as(s, &what, STORE_REPLAYED, id);
    what.idempotency_key = NULL;
    submit_as(s, &what, STORE_JOINED, id);
    what.join = false;
    check_usage(s, "a", 1000, USED(.bytes = 1234, .unfinished = 1));
    submit_as(s, &what, STORE_NEW, id);
    id_new(job.id);
    what.idempotency_key = "refused";
    submit_fails(s, &what, ERROR_QUOTA,
                 "1234 bytes are asked for, 532 of the 3000 in this period are left");
    what.fingerprint = "g"; /* nothing was remembered */
    job.size = 532;
    submit_as(s, &what, STORE_NEW, id);
    id_new(job.id);
    what.idempotency_key = NULL;
    job.size = 1;
    submit_fails(s, &what, ERROR_QUOTA,
                 "1 bytes are asked for, 0 of the 3000 in this period are left");
    check_usage(s, "a", 1000, USED(.bytes = 3000, .unfinished = 3));
    what.byte_quota = 2000; /* lowered below what was used */
    submit_fails(s, &what, ERROR_QUOTA,
                 "1 bytes are asked for, 0 of the 2000 in this period are left");
    job.quota_since = 2000;
    submit_as(s, &what, STORE_NEW, id);
    check_usage(s, "a", 2000, USED(.bytes = 1, .unfinished = 4));
    OK(store_delete(s, id, &err)); /* what is used stays used */
    check_usage(s, "a", 2000, USED(.bytes = 1, .unfinished = 3));
    check_usage(s, "b", 1000, USED(0));
}

static void submit_with_pages(struct store *s, int64_t quota, struct claim *opening)
{
    struct job job = support_job("a", 0);
    job.page_quota = quota;
    job.quota_since = 1000;
    OK(submit_alone(s, &job, &err));
    *opening = claim_one(s);
    assert_string_equal(opening->job, job.id);
}

static void pages_are_charged_when_they_are_opened(void **state)
{
    struct store *s = contract_store(state);
    const uint32_t pages[] = {1, 2, 3};
    struct claim c, over;
    submit_with_pages(s, 5, &c);
    assert_int_equal(OK(store_opened(s, &c, pages, 3, 3, &err)), 1);
    assert_int_equal(OK(store_opened(s, &c, pages, 3, 3, &err)), 0); /* not twice */
    check_usage(s, "a", 1000, USED(.pages = 3, .bytes = 1234, .unfinished = 1));
    OK(store_cancel(s, c.job, &err));
    submit_with_pages(s, 5, &over);
    auto_job before = find(s, over.job);
    FAILS(ERROR_QUOTA, store_opened(s, &over, pages, 3, 3, &err));
    assert_string_equal(err.text, "3 pages are asked for, 2 of the 5 in this period are left");
    auto_job after = find(s, over.job);
    assert_int_equal(after.revision, before.revision);
    assert_int_equal(after.state, JOB_PENDING);
    check_usage(s, "a", 1000, USED(.pages = 3, .bytes = 2468, .unfinished = 1));
    struct error why = err;
    assert_int_equal(OK(store_fail(s, &over, STORE_FINAL, &why, 0, &err)), 1);
    auto_job failed = find(s, over.job);
    assert_int_equal(failed.error.class, ERROR_QUOTA);
    submit_with_pages(s, 5, &c);
    assert_int_equal(OK(store_opened(s, &c, pages, 2, 2, &err)), 1);
    OK(store_cancel(s, c.job, &err));
    submit_with_pages(s, 0, &c); /* no quota: counted nevertheless */
    assert_int_equal(OK(store_opened(s, &c, pages, 3, 3, &err)), 1);
    check_usage(s, "a", 1000, USED(.pages = 8, .bytes = 4 * 1234, .unfinished = 1));
}

static void reading_all_again_is_charged(void **state)
{
    struct store *s = contract_store(state);
    const uint32_t pages[] = {1, 2, 3};
    struct claim c;
    submit_with_pages(s, 7, &c);
    assert_int_equal(OK(store_opened(s, &c, pages, 3, 3, &err)), 1);
    OK(store_cancel(s, c.job, &err));
    OK(store_retry(s, c.job, false, &err)); /* paid for when it was opened */
    check_usage(s, "a", 1000, USED(.pages = 3, .bytes = 1234, .unfinished = 1));
    OK(store_cancel(s, c.job, &err));
    OK(store_retry(s, c.job, true, &err));
    check_usage(s, "a", 1000, USED(.pages = 6, .bytes = 1234, .unfinished = 1));
    OK(store_cancel(s, c.job, &err));
    FAILS(ERROR_QUOTA, store_retry(s, c.job, true, &err));
    auto_job job = find(s, c.job);
    assert_int_equal(job.state, JOB_CANCELLED);
}

static void check_changed(struct store *s, const char *id, int64_t after, const char *expected)
{
    struct page_row rows[8];
    char got[9] = "";
    int n = OK(store_list_changed(s, id, after, rows, 8, &err));
    int64_t last = after;
    for (int i = 0; i < n; i++) {
        assert_true(rows[i].revision > last);
        last = rows[i].revision;
        got[i] = (char)('0' + rows[i].number);
    }
    assert_string_equal(got, expected);
}

static void pages_are_listed_as_they_change(void **state)
{
    struct store *s = contract_store(state);
    struct page_row row;
    struct error slow;
    char id[ID_SIZE], ghost[ID_SIZE];
    error_set(&slow, ERROR_TIMEOUT, "slow");
    id_new(ghost);
    open_job(s, "a", 4, id);
    check_changed(s, id, 0, "");
    struct claim c[4];
    for (int i = 0; i < 4; i++)
        c[i] = claim_one(s);
    finish_page(s, &c[2]);
    auto_job first = find(s, id);
    assert_int_equal(find_row(s, id, 3).revision, first.revision);
    OK(store_fail(s, &c[3], STORE_RETRY, &slow, HOUR_MS, &err));
    OK(store_fail(s, &c[1], STORE_FINAL, &slow, 0, &err));
    finish_page(s, &c[0]);
    check_changed(s, id, 0, "321");
    check_changed(s, id, -1, "321");
    check_changed(s, id, first.revision, "21");
    auto_job last = find(s, id);
    check_changed(s, id, last.revision, "");
    assert_int_equal(OK(store_list_changed(s, id, 0, &row, 1, &err)), 1);
    assert_int_equal(row.number, 3);
    assert_int_equal(find_row(s, id, 4).revision, 0);
    OK(store_cancel(s, id, &err));
    OK(store_retry(s, id, false, &err)); /* 2 and 4 once more */
    check_changed(s, id, 0, "31");
    c[1] = claim_one(s);
    finish_page(s, &c[1]);
    check_changed(s, id, last.revision, "2");
    OK(store_cancel(s, id, &err));
    submit_job(s, "b", id); /* row 0 is no page */
    c[0] = claim_one(s);
    assert_string_equal(c[0].job, id);
    OK(store_fail(s, &c[0], STORE_FINAL, &slow, 0, &err));
    check_changed(s, id, 0, "");
    FAILS(ERROR_NOT_FOUND, store_list_changed(s, ghost, 0, &row, 1, &err));
    FAILS(ERROR_NOT_FOUND, store_list_changed(s, "x", 0, &row, 1, &err));
    assert_string_equal(err.text, "Job not found");
}

struct letters {
    char text[200];
    int stop_after;
};

static int add_letter(struct letters *to, const char *owner)
{
    size_t len = strlen(to->text);
    assert_true(len + 1 < sizeof to->text);
    to->text[len] = owner[0]; /* the rest is zero */
    return --to->stop_after == 0;
}

static int note_job(void *arg, const struct job *job)
{
    return add_letter(arg, job->owner);
}

static void check_list(struct store *s, struct job_filter f, const char *expected)
{
    struct letters seen = {0};
    OK(store_list_jobs(s, &f, note_job, &seen, &err));
    assert_string_equal(seen.text, expected);
}

static void check_count(struct store *s, struct job_filter f, int64_t expected)
{
    int64_t count = -1;
    OK(store_count_jobs(s, &f, &count, &err));
    assert_int_equal(count, expected);
}

static void lists_go_both_ways_and_skip(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    for (const char *owner = "abcde"; *owner; owner++)
        submit_job(s, (char[]){*owner, 0}, id);
    check_list(s, (struct job_filter){.limit = 9}, "edcba");
    check_list(s, (struct job_filter){.limit = 9, .ascending = true}, "abcde");
    check_list(s, (struct job_filter){.limit = 2, .ascending = true, .offset = 2}, "cd");
    check_list(s, (struct job_filter){.limit = 2, .offset = 1}, "dc");
    check_list(s, (struct job_filter){.limit = 2, .offset = 5}, "");
    check_list(s, (struct job_filter){.limit = 9, .ascending = true, .before = 2}, "abcde");
    auto_job last = find(s, id);
    check_list(s, (struct job_filter){.limit = 9, .before = last.sequence, .offset = 1}, "cba");
    check_count(s, (struct job_filter){0}, 5);
    check_count(s, (struct job_filter){.limit = 1, .offset = 3, .before = 2}, 5);
    OK(store_cancel(s, id, &err));
    check_count(s, (struct job_filter){.owner = "e"}, 1);
    check_count(s, (struct job_filter){.owner = "z"}, 0);
    check_count(s, (struct job_filter){.states = 1u << JOB_PENDING}, 4);
    check_count(s, (struct job_filter){.states = 1u << JOB_CANCELLED, .owner = "e"}, 1);
    check_count(s, (struct job_filter){.filename = "50%_OFF!"}, 5);
    check_count(s, (struct job_filter){.filename = "absent"}, 0);
    check_count(s, (struct job_filter){.content_type = "application/pdf"}, 5);
    check_count(s, (struct job_filter){.created_from = clock_wall() + HOUR_MS}, 0);
    check_count(s, (struct job_filter){.created_to = clock_wall()}, 5);
    char name[STORE_FILENAME + 1] = "";
    memset(name, 'n', STORE_FILENAME);
    check_count(s, (struct job_filter){.filename = name}, 0);
}

static void long_lists_skip_once(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE], expected[68] = "";
    for (int i = 0; i < 70; i++)
        submit_job(s, (char[]){(char)('a' + i % 26), 0}, id);
    for (int i = 0; i < 67; i++)
        expected[i] = (char)('a' + (i + 3) % 26);
    check_list(s, (struct job_filter){.limit = 100, .ascending = true, .offset = 3}, expected);
}

struct queue {
    struct store *store;
    struct store_queued last;
    struct letters seen;
};

static int note_queued(void *arg, const struct store_queued *job)
{
    struct queue *queue = arg;
    assert_true(job->sequence > queue->last.sequence);
    assert_true(unfinished_jobs(queue->store) > 0); /* the store may be used while it lists */
    queue->last = *job;
    return add_letter(&queue->seen, job->owner);
}

static void check_queue(struct store *s, const char *expected, struct store_queued *last)
{
    struct queue queue = {.store = s};
    OK(store_list_queue(s, note_queued, &queue, &err));
    assert_string_equal(queue.seen.text, expected);
    *last = queue.last;
}

static void the_queue_is_listed_as_it_came(void **state)
{
    struct store *s = contract_store(state);
    char id[3][ID_SIZE];
    struct store_queued last;
    check_queue(s, "", &last);
    struct job job = support_job("a", 7);
    OK(submit_alone(s, &job, &err));
    check_queue(s, "a", &last);
    assert_true(last.pending);
    assert_int_equal(last.priority, 7);
    assert_int_equal(last.remaining, 0);
    struct claim c = claim_one(s);
    open_claimed(s, &c, 3);
    c = claim_one(s);
    finish_page(s, &c);
    c = claim_one(s);
    check_queue(s, "a", &last);
    assert_false(last.pending);
    assert_int_equal(last.remaining, 2);
    for (int i = 0; i < 3; i++)
        submit_job(s, (char[]){(char)('b' + i), 0}, id[i]);
    OK(store_cancel(s, id[1], &err));
    check_queue(s, "abd", &last);
    struct queue some = {.store = s, .seen.stop_after = 2};
    OK(store_list_queue(s, note_queued, &some, &err));
    assert_string_equal(some.seen.text, "ab");
}

struct tally {
    int64_t last;
    int seen;
};

static int count_queued(void *arg, const struct store_queued *job)
{
    struct tally *tally = arg;
    assert_true(job->sequence > tally->last);
    tally->last = job->sequence;
    tally->seen++;
    return 0;
}

static void a_long_queue_comes_whole(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    for (int i = 0; i < 600; i++) {
        submit_job(s, "a", id);
        if (i % 5 == 0) { /* processing ones between pending ones */
            struct claim c = claim_one(s);
            open_claimed(s, &c, 1);
            c = claim_one(s);
        }
    }
    struct tally tally = {0};
    OK(store_list_queue(s, count_queued, &tally, &err));
    assert_int_equal(tally.seen, 600);
}

static const struct CMUnitTest contract[] = {
    CONTRACT(what_came_later_is_kept_too),
    CONTRACT(twins_join_whatever_state_is_good),
    CONTRACT(strangers_do_not_join),
    CONTRACT(nobody_joins_what_went_wrong),
    CONTRACT(nobody_joins_what_is_about_to_go),
    CONTRACT(joining_raises_and_prolongs),
    CONTRACT(the_furthest_twin_is_joined),
    CONTRACT(a_key_replays_its_request),
    CONTRACT(a_key_lives_for_its_time),
    CONTRACT(keys_are_compared_exactly),
    CONTRACT(a_key_remembers_what_was_joined),
    CONTRACT(an_owner_has_so_many_jobs_at_a_time),
    CONTRACT(bytes_are_charged_to_the_period),
    CONTRACT(pages_are_charged_when_they_are_opened),
    CONTRACT(reading_all_again_is_charged),
    CONTRACT(pages_are_listed_as_they_change),
    CONTRACT(lists_go_both_ways_and_skip),
    CONTRACT(long_lists_skip_once),
    CONTRACT(the_queue_is_listed_as_it_came),
    CONTRACT(a_long_queue_comes_whole),
};

int main(void)
{
    return contract_run("store submit", contract, sizeof contract / sizeof contract[0]);
}
