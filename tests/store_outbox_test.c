/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The contract of store.h for tokens and for the outbox of webhooks, on every backend.
 */
#include "store_contract.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static struct error err;

static struct token_row token(const char *id, const char *owner, int64_t created)
{
    struct token_row t = {.scopes = 5,
                          .page_quota = 100,
                          .byte_quota = INT64_C(1) << 40,
                          .job_quota = 7,
                          .quota_period_s = 86400,
                          .created = created,
                          .expires = 99,
                          .used = 0};
    snprintf(t.id, sizeof t.id, "%s", id);
    snprintf(t.owner, sizeof t.owner, "%s", owner);
    snprintf(t.rate, sizeof t.rate, "60/min");
    memset(t.sha256, 'e', sizeof t.sha256 - 1);
    return t;
}

struct tokens {
    struct token_row row[100];
    int count, stop_after;
};

static int note_token(void *arg, const struct token_row *row)
{
    struct tokens *tokens = arg;
    assert_true(tokens->count < 100);
    tokens->row[tokens->count++] = *row;
    return tokens->count == tokens->stop_after;
}

static struct tokens list_tokens(struct store *s, int stop_after)
{
    struct tokens tokens = {.stop_after = stop_after};
    OK(store_token_list(s, note_token, &tokens, &err));
    return tokens;
}

static void tokens_are_kept_whole_and_in_order(void **state)
{
    struct store *s = contract_store(state);
    assert_int_equal(list_tokens(s, 0).count, 0);
    const struct token_row rows[] = {token("t4", "b", 1), token("t3", "a", 20),
                                     token("t2", "a", 10), token("t1", "a", 10),
                                     token("t0", "", -5)};
    for (int i = 0; i < 5; i++)
        OK(store_token_add(s, &rows[i], &err));
    FAILS(ERROR_CONFLICT, store_token_add(s, &rows[3], &err));
    assert_string_equal(err.text, "token t1 exists already");
    struct tokens got = list_tokens(s, 0);
    assert_int_equal(got.count, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(got.row[i].id[1], '0' + i);
    const struct token_row *t = &got.row[3];
    assert_string_equal(t->owner, "a");
    assert_string_equal(t->sha256, rows[1].sha256);
    assert_string_equal(t->rate, "60/min");
    assert_int_equal(t->scopes, 5);
    assert_int_equal(t->page_quota, 100);
    assert_int_equal(t->byte_quota, INT64_C(1) << 40);
    assert_int_equal(t->job_quota, 7);
    assert_int_equal(t->quota_period_s, 86400);
    assert_int_equal(t->created, 20);
    assert_int_equal(t->expires, 99);
    assert_int_equal(t->used, 0);
    assert_int_equal(list_tokens(s, 2).count, 2);
}

static void tokens_expire_and_go(void **state)
{
    struct store *s = contract_store(state);
    const struct token_row row = token("here", "a", 1);
    OK(store_token_add(s, &row, &err));
    OK(store_token_expire(s, "here", 1234, &err));
    OK(store_token_used(s, "here", 2000, &err));
    OK(store_token_used(s, "here", 1000, &err)); /* came late */
    struct tokens got = list_tokens(s, 0);
    assert_int_equal(got.row[0].expires, 1234);
    assert_int_equal(got.row[0].used, 2000);
    FAILS(ERROR_NOT_FOUND, store_token_expire(s, "gone", 1, &err));
    FAILS(ERROR_NOT_FOUND, store_token_remove(s, "gone", &err));
    OK(store_token_used(s, "gone", 1, &err));
    OK(store_token_remove(s, "here", &err));
    assert_int_equal(list_tokens(s, 0).count, 0);
    FAILS(ERROR_NOT_FOUND, store_token_remove(s, "here", &err));
}

static void many_tokens_come_whole(void **state)
{
    struct store *s = contract_store(state);
    for (int i = 0; i < 100; i++) {
        char id[STORE_TOKEN];
        snprintf(id, sizeof id, "t%02d", i * 37 % 100);
        const struct token_row row = token(id, "a", 1);
        OK(store_token_add(s, &row, &err));
    }
    struct tokens got = list_tokens(s, 0);
    assert_int_equal(got.count, 100);
    for (int i = 1; i < 100; i++)
        assert_true(strcmp(got.row[i - 1].id, got.row[i].id) < 0);
}

static void submit_hooked(struct store *s, uint32_t states, char id[ID_SIZE])
{
    static char webhook[] = "{\"url\":\"https://example.org/\"}";
    struct job job = support_job("a", 0);
    job.webhook = webhook;
    job.webhook_states = states;
    OK(submit_alone(s, &job, &err));
    memcpy(id, job.id, ID_SIZE);
}

static int delivery_count(struct store *s, const char *id)
{
    struct delivery d[8];
    return OK(store_delivery_list(s, id, d, 8, &err));
}

static void run_job(struct store *s, bool fails)
{
    struct claim c = claim_one(s);
    open_claimed(s, &c, 1);
    c = claim_one(s);
    if (!fails) {
        finish_page(s, &c);
        return;
    }
    struct error slow;
    error_set(&slow, ERROR_TIMEOUT, "slow");
    OK(store_fail(s, &c, STORE_FINAL, &slow, 0, &err));
}

/* A job that was cancelled, with a delivery of that, claimed. */
static struct delivery one_delivery(struct store *s, int64_t lease_ms)
{
    char id[ID_SIZE];
    struct delivery d;
    submit_hooked(s, 1u << JOB_CANCELLED, id);
    OK(store_cancel(s, id, &err));
    assert_int_equal(OK(store_delivery_claim(s, lease_ms, &d, 1, &err)), 1);
    assert_string_equal(d.job, id);
    return d;
}

static struct delivery find_delivery(struct store *s, const struct delivery *of)
{
    struct delivery d;
    assert_int_equal(OK(store_delivery_list(s, of->job, &d, 1, &err)), 1);
    assert_string_equal(d.id, of->id);
    return d;
}

static int64_t next_due(struct store *s)
{
    int64_t due = -1;
    OK(store_delivery_next(s, &due, &err));
    return due;
}

static void ends_that_were_asked_for_are_delivered(void **state)
{
    struct store *s = contract_store(state);
    const uint32_t ends = 1u << JOB_COMPLETED | 1u << JOB_FAILED | 1u << JOB_CANCELLED;
    const enum job_state all[] = {JOB_COMPLETED, JOB_FAILED, JOB_CANCELLED};
    for (int i = 0; i < 3; i++) {
        for (int asked = 0; asked < 2; asked++) {
            char id[ID_SIZE];
            int64_t before = clock_wall();
            submit_hooked(s, asked ? 1u << all[i] : ends & ~(1u << all[i]), id);
            assert_int_equal(delivery_count(s, id), 0);
            if (all[i] == JOB_CANCELLED)
                OK(store_cancel(s, id, &err));
            else
                run_job(s, all[i] == JOB_FAILED);
            assert_int_equal(delivery_count(s, id), asked);
            if (!asked)
                continue;
            struct delivery d;
            OK(store_delivery_list(s, id, &d, 1, &err));
            assert_true(id_valid(d.id) && strcmp(d.id, id) != 0);
            assert_string_equal(d.job, id);
            assert_int_equal(d.event, all[i]);
            assert_int_equal(d.state, DELIVERY_WAITING);
            assert_int_equal(d.attempts + (uint32_t)d.status, 0);
            assert_true(d.created >= before && d.due == d.created && d.finished == 0);
            assert_string_equal(d.error, "");
        }
    }
}

static void nothing_is_delivered_without_a_webhook(void **state)
{
    struct store *s = contract_store(state);
    struct job job = support_job("a", 0);
    job.webhook_states = ~0u;
    OK(submit_alone(s, &job, &err));
    run_job(s, false);
    assert_int_equal(delivery_count(s, job.id), 0);
    assert_true(next_due(s) == INT64_MAX);
}

static void every_end_is_delivered(void **state)
{
    struct store *s = contract_store(state);
    char id[ID_SIZE];
    struct delivery d[4];
    submit_hooked(s, 1u << JOB_COMPLETED | 1u << JOB_CANCELLED, id);
    OK(store_cancel(s, id, &err));
    OK(store_cancel(s, id, &err)); /* has no effect */
    OK(store_retry(s, id, false, &err));
    run_job(s, false);
    assert_int_equal(OK(store_delivery_list(s, id, d, 4, &err)), 2);
    assert_int_equal(d[0].event, JOB_CANCELLED);
    assert_int_equal(d[1].event, JOB_COMPLETED);
    assert_string_not_equal(d[0].id, d[1].id);
    assert_int_equal(OK(store_delivery_list(s, id, d, 1, &err)), 1);
    assert_int_equal(OK(store_delivery_claim(s, HOUR_MS, d, 4, &err)), 2);
    assert_int_equal(d[0].event, JOB_CANCELLED); /* waits longer */
}

static void a_lease_hides_a_delivery(void **state)
{
    struct store *s = contract_store(state);
    struct delivery again;
    int64_t before = clock_wall();
    struct delivery d = one_delivery(s, HOUR_MS);
    assert_true(d.due >= before + HOUR_MS);
    assert_int_equal(next_due(s), d.due);
    assert_int_equal(OK(store_delivery_claim(s, HOUR_MS, &again, 1, &err)), 0);
    assert_int_equal(OK(store_delivery_claim(s, HOUR_MS, &again, 0, &err)), 0);
    d = one_delivery(s, 0); /* lapses at once */
    assert_int_equal(OK(store_delivery_claim(s, HOUR_MS, &again, 1, &err)), 1);
    assert_string_equal(again.id, d.id);
    assert_int_equal(again.attempts, 0);
}

static struct delivery_attempt attempt_of(int32_t status, const char *error)
{
    struct delivery_attempt a = {.number = 77, .at = 1000, .duration_ms = 12, .status = status};
    snprintf(a.error, sizeof a.error, "%s", error);
    return a;
}

static void attempts_are_logged_until_it_is_delivered(void **state)
{
    struct store *s = contract_store(state);
    struct delivery d = one_delivery(s, HOUR_MS), now;
    struct delivery_attempt a = attempt_of(503, "busy"), log[4];
    int64_t due = clock_wall() + HOUR_MS;
    assert_int_equal(OK(store_delivery_attempted(s, d.id, &a, DELIVERY_WAITING, due, &err)), 1);
    now = find_delivery(s, &d);
    assert_int_equal(now.state, DELIVERY_WAITING);
    assert_int_equal(now.attempts, 1);
    assert_int_equal(now.due, due);
    assert_int_equal(now.status, 503);
    assert_string_equal(now.error, "busy");
    assert_int_equal(now.finished, 0);
    assert_int_equal(next_due(s), due);
    assert_int_equal(OK(store_delivery_claim(s, HOUR_MS, &now, 1, &err)), 0);
    a = attempt_of(204, "");
    a.at = 2000;
    OK(store_delivery_attempted(s, d.id, &a, DELIVERY_DELIVERED, due, &err));
    now = find_delivery(s, &d);
    assert_int_equal(now.state, DELIVERY_DELIVERED);
    assert_int_equal(now.attempts, 2);
    assert_int_equal(now.due, 0);
    assert_int_equal(now.status, 204);
    assert_string_equal(now.error, "");
    assert_true(now.finished >= now.created);
    assert_true(next_due(s) == INT64_MAX);
    assert_int_equal(OK(store_delivery_attempts(s, d.id, log, 4, &err)), 2);
    assert_int_equal(log[0].number, 1);
    assert_int_equal(log[0].at, 1000);
    assert_int_equal(log[0].duration_ms, 12);
    assert_int_equal(log[0].status, 503);
    assert_string_equal(log[0].error, "busy");
    assert_int_equal(log[1].number, 2);
    assert_int_equal(log[1].at, 2000);
    assert_int_equal(OK(store_delivery_attempts(s, d.id, log, 1, &err)), 1);
    assert_int_equal(log[0].number, 1);
}

static void a_late_attempt_takes_nothing_back(void **state)
{
    struct store *s = contract_store(state);
    struct delivery d = one_delivery(s, 0), now;
    struct delivery_attempt good = attempt_of(200, ""), bad = attempt_of(0, "no answer");
    OK(store_delivery_attempted(s, d.id, &good, DELIVERY_DELIVERED, 0, &err));
    assert_int_equal(OK(store_delivery_attempted(s, d.id, &bad, DELIVERY_WAITING, 1, &err)), 1);
    now = find_delivery(s, &d);
    assert_int_equal(now.state, DELIVERY_DELIVERED);
    assert_int_equal(now.status, 200);
    assert_int_equal(now.attempts, 2);
    assert_true(next_due(s) == INT64_MAX);
    d = one_delivery(s, 0);
    OK(store_delivery_attempted(s, d.id, &bad, DELIVERY_FAILED, 0, &err));
    OK(store_delivery_attempted(s, d.id, &good, DELIVERY_DELIVERED, 0, &err));
    assert_int_equal(find_delivery(s, &d).state, DELIVERY_DELIVERED);
}

static void a_resent_delivery_waits_again(void **state)
{
    struct store *s = contract_store(state);
    struct delivery d = one_delivery(s, HOUR_MS), now;
    struct delivery_attempt a = attempt_of(410, "gone");
    char other[ID_SIZE];
    OK(store_delivery_attempted(s, d.id, &a, DELIVERY_FAILED, 0, &err));
    assert_int_equal(find_delivery(s, &d).state, DELIVERY_FAILED);
    assert_true(find_delivery(s, &d).finished > 0);
    int64_t before = clock_wall();
    OK(store_delivery_resend(s, d.job, d.id, &err));
    now = find_delivery(s, &d);
    assert_int_equal(now.state, DELIVERY_WAITING);
    assert_int_equal(now.attempts, 1);
    assert_int_equal(now.finished, 0);
    assert_true(now.due >= before && now.due <= clock_wall());
    assert_int_equal(OK(store_delivery_claim(s, HOUR_MS, &now, 1, &err)), 1);
    assert_string_equal(now.id, d.id);
    submit_job(s, "a", other);
    FAILS(ERROR_NOT_FOUND, store_delivery_resend(s, other, d.id, &err));
    FAILS(ERROR_NOT_FOUND, store_delivery_resend(s, d.job, other, &err));
    FAILS(ERROR_NOT_FOUND, store_delivery_resend(s, d.job, "x", &err));
}

static void deliveries_go_with_their_job(void **state)
{
    struct store *s = contract_store(state);
    struct delivery d = one_delivery(s, HOUR_MS), kept = one_delivery(s, HOUR_MS), rows[4];
    struct delivery_attempt a = attempt_of(500, "no"), log[4];
    OK(store_delivery_attempted(s, d.id, &a, DELIVERY_WAITING, 0, &err));
    OK(store_delivery_attempted(s, kept.id, &a, DELIVERY_WAITING, 0, &err));
    OK(store_delete(s, d.job, &err));
    FAILS(ERROR_NOT_FOUND, store_delivery_list(s, d.job, rows, 4, &err));
    assert_string_equal(err.text, "Job not found");
    FAILS(ERROR_NOT_FOUND, store_delivery_attempts(s, d.id, log, 4, &err));
    FAILS(ERROR_NOT_FOUND, store_delivery_attempts(s, "x", log, 4, &err));
    FAILS(ERROR_NOT_FOUND, store_delivery_resend(s, d.job, d.id, &err));
    assert_int_equal(OK(store_delivery_attempted(s, d.id, &a, DELIVERY_WAITING, 0, &err)), 0);
    assert_int_equal(OK(store_delivery_attempts(s, kept.id, log, 4, &err)), 1);
    assert_int_equal(OK(store_delivery_claim(s, HOUR_MS, rows, 4, &err)), 1);
    assert_string_equal(rows[0].id, kept.id);
}

static void an_expired_job_takes_its_deliveries_along(void **state)
{
    struct store *s = contract_store(state);
    static char webhook[] = "{}";
    struct job job = support_job("a", 0);
    struct store_healed healed;
    job.webhook = webhook;
    job.webhook_states = 1u << JOB_CANCELLED;
    job.ttl_ms = 0;
    OK(submit_alone(s, &job, &err));
    OK(store_cancel(s, job.id, &err));
    assert_int_equal(delivery_count(s, job.id), 1);
    OK(store_sweep(s, &healed, &err));
    assert_int_equal(healed.expired, 1);
    assert_true(next_due(s) == INT64_MAX);
}

static const struct CMUnitTest contract[] = {
    CONTRACT(tokens_are_kept_whole_and_in_order),
    CONTRACT(tokens_expire_and_go),
    CONTRACT(many_tokens_come_whole),
    CONTRACT(ends_that_were_asked_for_are_delivered),
    CONTRACT(nothing_is_delivered_without_a_webhook),
    CONTRACT(every_end_is_delivered),
    CONTRACT(a_lease_hides_a_delivery),
    CONTRACT(attempts_are_logged_until_it_is_delivered),
    CONTRACT(a_late_attempt_takes_nothing_back),
    CONTRACT(a_resent_delivery_waits_again),
    CONTRACT(deliveries_go_with_their_job),
    CONTRACT(an_expired_job_takes_its_deliveries_along),
};

int main(void)
{
    return contract_run("store outbox", contract, sizeof contract / sizeof contract[0]);
}
