/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The store's front: picks the driver by the URL's scheme and checks arguments once for all
 * drivers. A malformed id is a job that does not exist; broken promises of the caller end the
 * process. Called by the job service.
 */
#include "store/store.h"

#include "base/must.h"
#include "base/strbuf.h"
#include "store/store_driver.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct store_driver *const drivers[] = {&store_sqlite};
enum { DRIVERS = sizeof drivers / sizeof drivers[0] };

void job_free_members(struct job *job)
{
    if (job->webhook)
        explicit_bzero(job->webhook, strlen(job->webhook)); /* it holds a secret */
    free(job->options);
    free(job->metadata);
    free(job->webhook);
    explicit_bzero(job, sizeof *job); /* it may hold a password */
}

int store_no_job(struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "Job not found");
}

int store_no_token(const char *id, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "no token %s", id);
}

int store_no_delivery(struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "Delivery not found");
}

/* The URL itself is never put into a message: it may carry a password. */
static int unknown_scheme(struct error *err)
{
    auto_strbuf known = {0};
    for (size_t i = 0; i < DRIVERS; i++)
        strbuf_addf(&known, "%s%s:", i ? ", " : "", drivers[i]->scheme);
    return error_set(err, ERROR_UNSUPPORTED, "the database must be one of %s", strbuf_str(&known));
}

int store_open(struct store **out, const char *url, struct error *err)
{
    for (size_t i = 0; i < DRIVERS; i++) {
        size_t len = strlen(drivers[i]->scheme);
        if (strncmp(url, drivers[i]->scheme, len) == 0 && url[len] == ':')
            return drivers[i]->open(out, url + len + 1, err);
    }
    return unknown_scheme(err);
}

void store_close(struct store **store)
{
    if (!*store)
        return;
    (*store)->drv->close(*store);
    *store = NULL;
}

bool store_exclusive(const struct store *store)
{
    return store->drv->exclusive(store);
}

int store_release_all(struct store *store, struct error *err)
{
    must(store_exclusive(store));
    return store->drv->release_all(store, err);
}

static int check_key(const struct submission *s, struct error *err)
{
    if (!s->idempotency_key)
        return 0;
    must(s->fingerprint && strlen(s->fingerprint) < STORE_SHA256);
    must(s->key_ttl_ms >= 0 && s->key_ttl_ms <= STORE_LONGEST_MS);
    size_t len = strlen(s->idempotency_key);
    if (len == 0 || len >= STORE_IDEMPOTENCY_KEY)
        return error_set(err, ERROR_INPUT, "Idempotency-Key: must have 1 to %d bytes",
                         STORE_IDEMPOTENCY_KEY - 1);
    return 0;
}

int store_submit(struct store *store, const struct submission *s, char id[ID_SIZE],
                 enum store_submitted *how, struct error *err)
{
    const struct job *job = s->job;
    must(id_valid(job->id) && job->options && job->size >= 0);
    must(job->ttl_ms >= 0 && job->ttl_ms <= STORE_LONGEST_MS);
    must(job->page_quota >= 0 && s->byte_quota >= 0 && s->most_unfinished >= 0);
    return check_key(s, err) < 0 ? -1 : store->drv->submit(store, s, id, how, err);
}

int store_find_job(struct store *store, const char *id, struct job *out, struct error *err)
{
    return id_valid(id) ? store->drv->find_job(store, id, out, err) : store_no_job(err);
}

int store_list_jobs(struct store *store, const struct job_filter *filter,
                    int (*visit)(void *arg, const struct job *job), void *arg, struct error *err)
{
    return store->drv->list_jobs(store, filter, visit, arg, err);
}

int store_count_jobs(struct store *store, const struct job_filter *filter, int64_t *count,
                     struct error *err)
{
    return store->drv->count_jobs(store, filter, count, err);
}

int store_list_queue(struct store *store, int (*visit)(void *arg, const struct store_queued *job),
                     void *arg, struct error *err)
{
    return store->drv->list_queue(store, visit, arg, err);
}

int store_list_pages(struct store *store, const char *id, uint32_t from, bool failed_only,
                     struct page_row *out, size_t max, struct error *err)
{
    must(max <= INT_MAX);
    if (!id_valid(id))
        return store_no_job(err);
    return store->drv->list_pages(store, id, from, failed_only, out, max, err);
}

int store_list_changed(struct store *store, const char *id, int64_t after, struct page_row *out,
                       size_t max, struct error *err)
{
    must(max <= INT_MAX);
    if (!id_valid(id))
        return store_no_job(err);
    return store->drv->list_changed(store, id, after, out, max, err);
}

int store_find_page(struct store *store, const char *id, uint32_t number, struct page_row *out,
                    struct error *err)
{
    if (!id_valid(id))
        return store_no_job(err);
    return store->drv->find_page(store, id, number, out, err);
}

int store_stats(struct store *store, struct store_stats *out, struct error *err)
{
    return store->drv->stats(store, out, err);
}

int store_usage(struct store *store, const char *owner, int64_t since, struct store_usage *out,
                struct error *err)
{
    return store->drv->usage(store, owner, since, out, err);
}

int store_claim(struct store *store, int64_t lease_ms, bool idle_jobs, struct claim *out,
                size_t max, struct error *err)
{
    must(lease_ms >= 0 && lease_ms <= STORE_LONGEST_MS);
    size_t batch = max < STORE_CLAIM_BATCH ? max : STORE_CLAIM_BATCH;
    return batch ? store->drv->claim(store, lease_ms, idle_jobs, out, batch, err) : 0;
}

int store_beat(struct store *store, int64_t lease_ms, const struct claim *claims, bool *held,
               size_t n, struct error *err)
{
    must(lease_ms >= 0 && lease_ms <= STORE_LONGEST_MS);
    return n ? store->drv->beat(store, lease_ms, claims, held, n, err) : 0;
}

int store_opened(struct store *store, const struct claim *claim, const uint32_t *pages, size_t n,
                 int64_t document_pages, struct error *err)
{
    must(claim->page == 0 && n >= 1 && pages[0] > 0);
    for (size_t i = 1; i < n; i++)
        must(pages[i] > pages[i - 1]);
    return store->drv->opened(store, claim, pages, n, document_pages, err);
}

int store_done(struct store *store, const struct claim *claim, double confidence,
               int64_t duration_ms, struct error *err)
{
    must(claim->page > 0);
    double sane = isfinite(confidence) ? confidence : 0; /* databases have no NaN */
    return store->drv->done(store, claim, sane, duration_ms, err);
}

int store_fail(struct store *store, const struct claim *claim, enum store_failure how,
               const struct error *why, int64_t delay_ms, struct error *err)
{
    must(how == STORE_RELEASE || (why && why->class > ERROR_NONE && why->class < ERROR_CLASSES));
    must(delay_ms >= 0 && delay_ms <= STORE_LONGEST_MS);
    return store->drv->fail(store, claim, how, why, delay_ms, err);
}

int store_cancel(struct store *store, const char *id, struct error *err)
{
    return id_valid(id) ? store->drv->cancel(store, id, err) : store_no_job(err);
}

int store_retry(struct store *store, const char *id, bool all, struct error *err)
{
    return id_valid(id) ? store->drv->retry(store, id, all, err) : store_no_job(err);
}

int store_delete(struct store *store, const char *id, struct error *err)
{
    return id_valid(id) ? store->drv->delete (store, id, err) : store_no_job(err);
}

int store_garbage(struct store *store, char (*ids)[ID_SIZE], size_t max, struct error *err)
{
    must(max <= INT_MAX);
    return store->drv->garbage(store, ids, max, err);
}

int store_forget(struct store *store, const char *id, struct error *err)
{
    return id_valid(id) ? store->drv->forget(store, id, err) : store_no_job(err);
}

int store_sweep(struct store *store, struct store_healed *healed, struct error *err)
{
    return store->drv->sweep(store, healed, err);
}

int store_token_add(struct store *store, const struct token_row *row, struct error *err)
{
    must(row->id[0]);
    return store->drv->token_add(store, row, err);
}

int store_token_list(struct store *store, int (*visit)(void *arg, const struct token_row *row),
                     void *arg, struct error *err)
{
    return store->drv->token_list(store, visit, arg, err);
}

int store_token_expire(struct store *store, const char *id, int64_t when, struct error *err)
{
    return store->drv->token_expire(store, id, when, err);
}

int store_token_remove(struct store *store, const char *id, struct error *err)
{
    return store->drv->token_remove(store, id, err);
}

int store_token_used(struct store *store, const char *id, int64_t when, struct error *err)
{
    return store->drv->token_used(store, id, when, err);
}

int store_delivery_claim(struct store *store, int64_t lease_ms, struct delivery *out, size_t max,
                         struct error *err)
{
    must(lease_ms >= 0 && lease_ms <= STORE_LONGEST_MS);
    size_t batch = max < STORE_DELIVERY_BATCH ? max : STORE_DELIVERY_BATCH;
    return batch ? store->drv->delivery_claim(store, lease_ms, out, batch, err) : 0;
}

int store_delivery_attempted(struct store *store, const char *id,
                             const struct delivery_attempt *attempt, enum delivery_state state,
                             int64_t due, struct error *err)
{
    must(state >= DELIVERY_WAITING && state <= DELIVERY_FAILED);
    return store->drv->delivery_attempted(store, id, attempt, state, due, err);
}

int store_delivery_list(struct store *store, const char *job, struct delivery *out, size_t max,
                        struct error *err)
{
    must(max <= INT_MAX);
    if (!id_valid(job))
        return store_no_job(err);
    return store->drv->delivery_list(store, job, out, max, err);
}

int store_delivery_attempts(struct store *store, const char *id, struct delivery_attempt *out,
                            size_t max, struct error *err)
{
    must(max <= INT_MAX);
    if (!id_valid(id))
        return store_no_delivery(err);
    return store->drv->delivery_attempts(store, id, out, max, err);
}

int store_delivery_resend(struct store *store, const char *job, const char *id, struct error *err)
{
    if (!id_valid(job) || !id_valid(id))
        return store_no_delivery(err);
    return store->drv->delivery_resend(store, job, id, err);
}

int store_delivery_next(struct store *store, int64_t *due, struct error *err)
{
    return store->drv->delivery_next(store, due, err);
}
