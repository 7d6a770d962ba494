/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The failing driver of the store. Called by tests; not for threads that race with store_fail_at.
 */
#include "store_fail.h"

#include "base/memory.h"
#include "store/store_driver.h"

#include <stdatomic.h>
#include <stdlib.h>

struct fail_store {
    struct store base;
    struct store *inner;
    atomic_uint calls;
    unsigned nth;
    bool for_good;
    enum error_class class;
};

static struct store *inner_of(const struct store *store)
{
    return ((const struct fail_store *)store)->inner;
}

static int fails(struct store *store, struct error *err)
{
    struct fail_store *f = (struct fail_store *)store;
    unsigned call = atomic_fetch_add(&f->calls, 1) + 1;
    if (!f->nth || call < f->nth || (call > f->nth && !f->for_good))
        return 0;
    return error_set(err, f->class, "the failing store fails call %u", call);
}

static void close_store(struct store *store)
{
    struct fail_store *f = (struct fail_store *)store;
    store_close(&f->inner);
    free(f);
}

static bool exclusive(const struct store *store)
{
    return store_exclusive(inner_of(store));
}

static int release_all(struct store *s, struct error *err)
{
    return fails(s, err) ? -1 : store_release_all(inner_of(s), err);
}

static int submit(struct store *s, const struct submission *what, char id[ID_SIZE],
                  enum store_submitted *how, struct error *err)
{
    return fails(s, err) ? -1 : store_submit(inner_of(s), what, id, how, err);
}

static int find_job(struct store *s, const char *id, struct job *out, struct error *err)
{
    return fails(s, err) ? -1 : store_find_job(inner_of(s), id, out, err);
}

static int list_jobs(struct store *s, const struct job_filter *filter,
                     int (*visit)(void *arg, const struct job *job), void *arg, struct error *err)
{
    return fails(s, err) ? -1 : store_list_jobs(inner_of(s), filter, visit, arg, err);
}

static int count_jobs(struct store *s, const struct job_filter *filter, int64_t *count,
                      struct error *err)
{
    return fails(s, err) ? -1 : store_count_jobs(inner_of(s), filter, count, err);
}

static int list_queue(struct store *s, int (*visit)(void *arg, const struct store_queued *job),
                      void *arg, struct error *err)
{
    return fails(s, err) ? -1 : store_list_queue(inner_of(s), visit, arg, err);
}

static int list_changed(struct store *s, const char *id, int64_t after, struct page_row *out,
                        size_t max, struct error *err)
{
    return fails(s, err) ? -1 : store_list_changed(inner_of(s), id, after, out, max, err);
}

static int usage(struct store *s, const char *owner, int64_t since, struct store_usage *out,
                 struct error *err)
{
    return fails(s, err) ? -1 : store_usage(inner_of(s), owner, since, out, err);
}

static int list_pages(struct store *s, const char *id, uint32_t from, bool failed_only,
                      struct page_row *out, size_t max, struct error *err)
{
    return fails(s, err) ? -1 : store_list_pages(inner_of(s), id, from, failed_only, out, max, err);
}

static int find_page(struct store *s, const char *id, uint32_t number, struct page_row *out,
                     struct error *err)
{
    return fails(s, err) ? -1 : store_find_page(inner_of(s), id, number, out, err);
}

static int stats(struct store *s, struct store_stats *out, struct error *err)
{
    return fails(s, err) ? -1 : store_stats(inner_of(s), out, err);
}

static int claim(struct store *s, int64_t lease_ms, bool idle_jobs, struct claim *out, size_t max,
                 struct error *err)
{
    return fails(s, err) ? -1 : store_claim(inner_of(s), lease_ms, idle_jobs, out, max, err);
}

static int beat(struct store *s, int64_t lease_ms, const struct claim *claims, bool *held, size_t n,
                struct error *err)
{
    return fails(s, err) ? -1 : store_beat(inner_of(s), lease_ms, claims, held, n, err);
}

static int opened(struct store *s, const struct claim *by, const uint32_t *pages, size_t n,
                  int64_t document_pages, struct error *err)
{
    return fails(s, err) ? -1 : store_opened(inner_of(s), by, pages, n, document_pages, err);
}

static int done(struct store *s, const struct claim *by, double confidence, int64_t duration_ms,
                struct error *err)
{
    return fails(s, err) ? -1 : store_done(inner_of(s), by, confidence, duration_ms, err);
}

static int fail(struct store *s, const struct claim *by, enum store_failure how,
                const struct error *why, int64_t delay_ms, struct error *err)
{
    return fails(s, err) ? -1 : store_fail(inner_of(s), by, how, why, delay_ms, err);
}

static int cancel(struct store *s, const char *id, struct error *err)
{
    return fails(s, err) ? -1 : store_cancel(inner_of(s), id, err);
}

static int retry(struct store *s, const char *id, bool all, struct error *err)
{
    return fails(s, err) ? -1 : store_retry(inner_of(s), id, all, err);
}

static int delete_job(struct store *s, const char *id, struct error *err)
{
    return fails(s, err) ? -1 : store_delete(inner_of(s), id, err);
}

static int garbage(struct store *s, char (*ids)[ID_SIZE], size_t max, struct error *err)
{
    return fails(s, err) ? -1 : store_garbage(inner_of(s), ids, max, err);
}

static int forget(struct store *s, const char *id, struct error *err)
{
    return fails(s, err) ? -1 : store_forget(inner_of(s), id, err);
}

static int sweep(struct store *s, struct store_healed *healed, struct error *err)
{
    return fails(s, err) ? -1 : store_sweep(inner_of(s), healed, err);
}

static int token_add(struct store *s, const struct token_row *row, struct error *err)
{
    return fails(s, err) ? -1 : store_token_add(inner_of(s), row, err);
}

static int token_list(struct store *s, int (*visit)(void *arg, const struct token_row *row),
                      void *arg, struct error *err)
{
    return fails(s, err) ? -1 : store_token_list(inner_of(s), visit, arg, err);
}

static int token_expire(struct store *s, const char *id, int64_t when, struct error *err)
{
    return fails(s, err) ? -1 : store_token_expire(inner_of(s), id, when, err);
}

static int token_remove(struct store *s, const char *id, struct error *err)
{
    return fails(s, err) ? -1 : store_token_remove(inner_of(s), id, err);
}

static int token_used(struct store *s, const char *id, int64_t when, struct error *err)
{
    return fails(s, err) ? -1 : store_token_used(inner_of(s), id, when, err);
}

static int delivery_claim(struct store *s, int64_t lease_ms, struct delivery *out, size_t max,
                          struct error *err)
{
    return fails(s, err) ? -1 : store_delivery_claim(inner_of(s), lease_ms, out, max, err);
}

static int delivery_attempted(struct store *s, const char *id,
                              const struct delivery_attempt *attempt, enum delivery_state state,
                              int64_t due, struct error *err)
{
    return fails(s, err) ? -1 : store_delivery_attempted(inner_of(s), id, attempt, state, due, err);
}

static int delivery_list(struct store *s, const char *job, struct delivery *out, size_t max,
                         struct error *err)
{
    return fails(s, err) ? -1 : store_delivery_list(inner_of(s), job, out, max, err);
}

static int delivery_attempts(struct store *s, const char *id, struct delivery_attempt *out,
                             size_t max, struct error *err)
{
    return fails(s, err) ? -1 : store_delivery_attempts(inner_of(s), id, out, max, err);
}

static int delivery_resend(struct store *s, const char *job, const char *id, struct error *err)
{
    return fails(s, err) ? -1 : store_delivery_resend(inner_of(s), job, id, err);
}

static int delivery_next(struct store *s, int64_t *due, struct error *err)
{
    return fails(s, err) ? -1 : store_delivery_next(inner_of(s), due, err);
}

static const struct store_driver driver = {
    .scheme = "fail",
    .close = close_store,
    .exclusive = exclusive,
    .release_all = release_all,
    .submit = submit,
    .find_job = find_job,
    .list_jobs = list_jobs,
    .count_jobs = count_jobs,
    .list_queue = list_queue,
    .list_pages = list_pages,
    .list_changed = list_changed,
    .find_page = find_page,
    .stats = stats,
    .usage = usage,
    .claim = claim,
    .beat = beat,
    .opened = opened,
    .done = done,
    .fail = fail,
    .cancel = cancel,
    .retry = retry,
    .delete = delete_job,
    .garbage = garbage,
    .forget = forget,
    .sweep = sweep,
    .token_add = token_add,
    .token_list = token_list,
    .token_expire = token_expire,
    .token_remove = token_remove,
    .token_used = token_used,
    .delivery_claim = delivery_claim,
    .delivery_attempted = delivery_attempted,
    .delivery_list = delivery_list,
    .delivery_attempts = delivery_attempts,
    .delivery_resend = delivery_resend,
    .delivery_next = delivery_next,
};

struct store *store_fail_wrap(struct store *inner)
{
    struct fail_store *f = x_calloc(1, sizeof *f);
    f->base.drv = &driver;
    f->inner = inner;
    return &f->base;
}

void store_fail_at(struct store *store, unsigned nth, bool for_good, enum error_class class)
{
    struct fail_store *f = (struct fail_store *)store;
    f->nth = nth;
    f->for_good = for_good;
    f->class = class;
    atomic_store(&f->calls, 0);
}

unsigned store_fail_calls(const struct store *store)
{
    return atomic_load(&((const struct fail_store *)store)->calls);
}
