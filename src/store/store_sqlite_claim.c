/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The SQLite driver: what the scheduler does to pages (claim, beat, opened, done, fail). A write by
 * a claim touches only the row that still carries its token and runs. Called through the driver
 * table.
 */
#include "store/store_sqlite.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { DUE_BATCH = 256 }; /* more wait for the next claim */

struct due_row {
    int64_t job, page;
    bool running;
};

/* To be changed after the query is reset: the changes are to the index that it walks. */
static int collect(struct connection *c, enum store_sql which, const struct sql_value *values,
                   int count, struct due_row rows[DUE_BATCH], struct error *err)
{
    auto_query q = sqlite_query(c, which, values, count, err);
    int n = 0, rc = -1;
    while (q && n < DUE_BATCH && (rc = sqlite_row(c, q, err)) == 1)
        rows[n++] = (struct due_row){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
                                     sqlite3_column_int(q, 2) == PAGE_RUNNING};
    return rc < 0 ? -1 : n;
}

static int make_available(struct connection *c, const struct due_row *row, int attempts, int losses,
                          int64_t now, struct error *err)
{
    struct job_delta d = {.claimable = 1};
    if (row->page && row->running) {
        d.ready = 1;
        d.running = -1;
    }
    if (sqlite_change(
            c, SQL_PAGE_AVAILABLE,
            VALUES(sql_int(attempts), sql_int(losses), sql_int(row->job), sql_int(row->page)),
            err) < 0)
        return -1;
    return sqlite_job_count(c, row->job, &d, now, err);
}

/* Lapsed leases and delays that are over: what the clock alone made claimable. */
static int make_due_available(struct connection *c, int64_t now, struct error *err)
{
    struct due_row rows[DUE_BATCH];
    int n = collect(c, SQL_PAGE_DUE, VALUES(sql_int(now), sql_int(DUE_BATCH)), rows, err);
    for (int i = 0; i < n; i++)
        if (make_available(c, &rows[i], 0, rows[i].running, now, err) < 0)
            return -1;
    return n < 0 ? -1 : 0;
}

static int release_all(struct connection *c, struct error *err)
{
    struct due_row rows[DUE_BATCH];
    int n;
    while ((n = collect(c, SQL_PAGE_RUNNING, VALUES(sql_int(DUE_BATCH)), rows, err)) > 0)
        for (int i = 0; i < n; i++)
            if (make_available(c, &rows[i], 1, 0, clock_wall(), err) < 0)
                return -1;
    return n;
}

int sqlite_release_all(struct store *store, struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    return c ? sqlite_finish(store, release_all(c, err), err) : -1;
}

struct picked {
    int64_t seq;
    char owner[STORE_OWNER];
    struct claim claim;
};

static int pick(struct connection *c, bool idle_jobs, struct picked *out, struct error *err)
{
    auto_query q = sqlite_query(c, idle_jobs ? SQL_PAGE_PICK_IDLE : SQL_PAGE_PICK, NULL, 0, err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc != 1)
        return rc;
    out->seq = sqlite3_column_int64(q, 0);
    sqlite_text(q, 1, out->claim.job, sizeof out->claim.job);
    sqlite_text(q, 2, out->owner, sizeof out->owner);
    out->claim.page = (uint32_t)sqlite3_column_int64(q, 3);
    out->claim.token = sqlite3_column_int64(q, 4) + 1;
    out->claim.failures = (uint32_t)sqlite3_column_int64(q, 5);
    out->claim.losses = (uint32_t)sqlite3_column_int64(q, 6);
    return 1;
}

static int take(struct connection *c, const struct picked *p, int64_t lease_ms, int64_t now,
                struct error *err)
{
    struct job_delta d = {.claimable = -1};
    if (p->claim.page) {
        d.ready = -1;
        d.running = 1;
    }
    if (sqlite_change(c, SQL_PAGE_CLAIM,
                      VALUES(sql_int(now + lease_ms), sql_int(p->seq), sql_int(p->claim.page)),
                      err) < 0 ||
        sqlite_job_count(c, p->seq, &d, now, err) < 0 ||
        sqlite_change(c, SQL_JOB_STARTED, VALUES(sql_int(now), sql_int(p->seq)), err) < 0)
        return -1;
    return sqlite_change(c, SQL_OWNER_CHARGE, VALUES(sql_text(p->owner)), err);
}

static int claim(struct connection *c, int64_t lease_ms, bool idle_jobs, struct claim *out, int max,
                 struct error *err)
{
    int64_t now = clock_wall();
    if (make_due_available(c, now, err) < 0)
        return -1;
    int n = 0;
    for (; n < max; n++) {
        struct picked p;
        int rc = pick(c, idle_jobs, &p, err);
        if (rc < 0 || (rc > 0 && take(c, &p, lease_ms, now, err) < 0))
            return -1;
        if (rc == 0)
            break;
        out[n] = p.claim;
    }
    return n;
}

int sqlite_claim(struct store *store, int64_t lease_ms, bool idle_jobs, struct claim *out,
                 size_t max, struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    if (!c)
        return -1;
    struct claim *claims = x_calloc(max, sizeof *claims);
    int n = sqlite_finish(store, claim(c, lease_ms, idle_jobs, claims, (int)max, err), err);
    if (n > 0)
        memcpy(out, claims, (size_t)n * sizeof *claims);
    free(claims);
    return n;
}

static int beat(struct connection *c, int64_t lease_ms, const struct claim *claims, bool *held,
                size_t n, struct error *err)
{
    int64_t until = clock_wall() + lease_ms;
    for (size_t i = 0; i < n; i++) {
        int rc = sqlite_change(c, SQL_PAGE_BEAT,
                               VALUES(sql_int(until), sql_text(claims[i].job),
                                      sql_int(claims[i].page), sql_int(claims[i].token)),
                               err);
        if (rc < 0)
            return -1;
        held[i] = rc > 0;
    }
    return 0;
}

int sqlite_beat(struct store *store, int64_t lease_ms, const struct claim *claims, bool *held,
                size_t n, struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    if (!c)
        return -1;
    bool *ours = x_calloc(n, sizeof *ours);
    int rc = sqlite_finish(store, beat(c, lease_ms, claims, ours, n, err), err);
    if (rc == 0)
        memcpy(held, ours, n * sizeof *ours);
    free(ours);
    return rc;
}

/* What follows FENCED in store_sql.c. */
#define FENCE(seq, claim) sql_int(seq), sql_int((claim)->page), sql_int((claim)->token)

static int opened(struct connection *c, const struct claim *cl, const uint32_t *pages, size_t n,
                  int64_t document_pages, struct error *err)
{
    struct job_key key;
    int rc = sqlite_job_key(c, cl->job, &key, err);
    if (rc == 1)
        rc = sqlite_change(c, SQL_PAGE_OPENED, VALUES(FENCE(key.seq, cl)), err);
    if (rc != 1)
        return rc;
    if (sqlite_usage_open(c, &key, (int64_t)n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (sqlite_change(c, SQL_PAGE_INSERT, VALUES(sql_int(key.seq), sql_int(pages[i])), err) < 0)
            return -1;
    int64_t total = (int64_t)n;
    return sqlite_change(c, SQL_JOB_OPENED,
                         VALUES(sql_int(total), sql_int(total), sql_int(total),
                                sql_int(document_pages), sql_int(clock_wall()), sql_int(key.seq)),
                         err);
}

int sqlite_opened(struct store *store, const struct claim *by, const uint32_t *pages, size_t n,
                  int64_t document_pages, struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    return c ? sqlite_finish(store, opened(c, by, pages, n, document_pages, err), err) : -1;
}

static int done(struct connection *c, const struct claim *cl, double confidence,
                int64_t duration_ms, struct error *err)
{
    struct job_key key;
    int64_t now = clock_wall();
    int rc = sqlite_job_key(c, cl->job, &key, err);
    if (rc == 1)
        rc = sqlite_change(
            c, SQL_PAGE_DONE,
            VALUES(sql_real(confidence), sql_int(duration_ms), sql_int(now), FENCE(key.seq, cl)),
            err);
    if (rc != 1)
        return rc;
    const struct job_delta d = {.running = -1, .done = 1};
    if (sqlite_job_count(c, key.seq, &d, now, err) < 0 || sqlite_job_settle(c, key.seq, err) < 0)
        return -1;
    return 1;
}

int sqlite_done(struct store *store, const struct claim *by, double confidence, int64_t duration_ms,
                struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    return c ? sqlite_finish(store, done(c, by, confidence, duration_ms, err), err) : -1;
}

/* The page row of a failed claim; 1 applied, 0 fenced. */
static int fail_page(struct connection *c, int64_t seq, const struct claim *cl,
                     enum store_failure how, const struct error *why, int64_t due,
                     struct error *err)
{
    switch (how) {
    case STORE_RELEASE:
        return sqlite_change(c, SQL_PAGE_RELEASE, VALUES(FENCE(seq, cl)), err);
    case STORE_FINAL:
        return sqlite_change(c, SQL_PAGE_FAIL,
                             VALUES(sql_text(error_code(why->class)), sql_text(why->text),
                                    sql_int(clock_wall()), FENCE(seq, cl)),
                             err);
    default:
        return sqlite_change(c, SQL_PAGE_AGAIN,
                             VALUES(sql_int(due), sql_int(how == STORE_RETRY),
                                    sql_int(how == STORE_LOSS), sql_text(error_code(why->class)),
                                    sql_text(why->text), FENCE(seq, cl)),
                             err);
    }
}

static int fail(struct connection *c, const struct claim *cl, enum store_failure how,
                const struct error *why, int64_t delay_ms, struct error *err)
{
    struct job_key key;
    int64_t now = clock_wall();
    int64_t due = how == STORE_RELEASE || !delay_ms ? 0 : now + delay_ms;
    int rc = sqlite_job_key(c, cl->job, &key, err);
    if (rc == 1)
        rc = fail_page(c, key.seq, cl, how, why, due, err);
    if (rc != 1)
        return rc;
    bool final = how == STORE_FINAL;
    struct job_delta d = {.claimable = !final && !due};
    if (cl->page) {
        d.running = -1;
        d.ready = !final;
        d.failed = final;
    }
    if (sqlite_job_count(c, key.seq, &d, now, err) < 0)
        return -1;
    return final && sqlite_job_settle(c, key.seq, err) < 0 ? -1 : 1;
}

int sqlite_fail(struct store *store, const struct claim *by, enum store_failure how,
                const struct error *why, int64_t delay_ms, struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    return c ? sqlite_finish(store, fail(c, by, how, why, delay_ms, err), err) : -1;
}
