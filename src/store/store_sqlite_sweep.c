/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The SQLite driver: healing. Counters that differ from the rows, jobs that should have ended, jobs
 * that lost their rows, jobs and keys past their time, owners without work. Each repair is a
 * transaction of its own, so that clients and the scheduler wait for one at most. Called through
 * the driver table.
 */
#include "store/store_sqlite.h"

static int suspects(struct connection *c, int64_t seqs[STORE_SUSPECTS_BATCH], struct error *err)
{
    auto_query q = sqlite_query(c, SQL_JOB_SUSPECTS, VALUES(sql_int(STORE_SUSPECTS_BATCH)), err);
    int n = 0, rc = -1;
    while (q && n < STORE_SUSPECTS_BATCH && (rc = sqlite_row(c, q, err)) == 1)
        seqs[n++] = sqlite3_column_int64(q, 0);
    return rc < 0 ? -1 : n;
}

struct recount {
    int64_t total, ready, running, done, failed, cancelled, claimable, unfinished, rows;
};

static int recount(struct connection *c, int64_t seq, struct recount *out, struct error *err)
{
    auto_query q = sqlite_query(c, SQL_JOB_RECOUNT, VALUES(sql_int(seq)), err);
    if (!q || sqlite_row(c, q, err) < 0)
        return -1;
    int64_t *const into[] = {&out->total,     &out->ready,      &out->running,
                             &out->done,      &out->failed,     &out->cancelled,
                             &out->claimable, &out->unfinished, &out->rows};
    for (int i = 0; i < (int)(sizeof into / sizeof into[0]); i++)
        *into[i] = sqlite3_column_int64(q, i);
    return 0;
}

/* 1: the job ended, 0: its row was put right or it is gone. */
static int heal(struct connection *c, int64_t seq, struct error *err)
{
    struct recount r;
    if (recount(c, seq, &r, err) < 0)
        return -1;
    int rc = sqlite_change(
        c, SQL_JOB_HEAL,
        VALUES(sql_int(r.total ? JOB_PROCESSING : JOB_PENDING), sql_int(r.total), sql_int(r.ready),
               sql_int(r.running), sql_int(r.done), sql_int(r.failed), sql_int(r.cancelled),
               sql_int(r.rows ? r.claimable : 1), sql_int(clock_wall()), sql_int(seq)),
        err);
    if (rc <= 0)
        return rc;
    if (!r.rows)
        return sqlite_change(c, SQL_PAGE_INSERT, VALUES(sql_int(seq), sql_int(0)), err) < 0 ? -1
                                                                                            : 0;
    return r.unfinished ? 0 : sqlite_job_settle(c, seq, err);
}

static int heal_suspects(struct store *store, struct store_healed *healed, struct error *err)
{
    int64_t seqs[STORE_SUSPECTS_BATCH];
    struct connection *reader = sqlite_lend(store);
    int n = suspects(reader, seqs, err);
    sqlite_return(store, reader);
    for (int i = 0; i < n; i++) {
        struct connection *c = sqlite_begin(store, err);
        int ended = c ? sqlite_finish(store, heal(c, seqs[i], err), err) : -1;
        if (ended < 0)
            return -1;
        healed->finished += ended;
        healed->counters += !ended;
    }
    return n < 0 ? -1 : 0;
}

static int first_expired(struct connection *c, int64_t now, char id[ID_SIZE], struct error *err)
{
    auto_query q = sqlite_query(c, SQL_JOB_EXPIRED, VALUES(sql_int(now), sql_int(1)), err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc == 1)
        sqlite_text(q, 0, id, ID_SIZE);
    return rc;
}

/* Found and deleted in one transaction: a retry in between would lose its job. */
static int delete_expired(struct connection *c, int64_t now, struct error *err)
{
    char id[ID_SIZE];
    int rc = first_expired(c, now, id, err);
    if (rc == 1 && sqlite_delete_job(c, id, err) < 0)
        return -1;
    return rc;
}

static int expire(struct store *store, struct store_healed *healed, struct error *err)
{
    int64_t now = clock_wall();
    for (int i = 0; i < STORE_EXPIRED_BATCH; i++) {
        struct connection *c = sqlite_begin(store, err);
        int rc = c ? sqlite_finish(store, delete_expired(c, now, err), err) : -1;
        if (rc <= 0)
            return rc;
        healed->expired++;
    }
    return 0;
}

/* Owners without work whose virtual time says nothing: they would be raised to the floor anyway. */
static int drop_owners(struct connection *c, struct error *err)
{
    int64_t least;
    if (sqlite_owner_floor(c, INT64_MAX, &least, err) < 0)
        return -1;
    return sqlite_change(c, SQL_OWNER_DELETE, VALUES(sql_int(least)), err);
}

/* The expiry of the first key that is left for the next sweep, or now. */
static int keys_until(struct connection *c, int64_t now, int64_t *until, struct error *err)
{
    *until = now;
    return sqlite_integer(c, SQL_KEY_CUT, VALUES(sql_int(now), sql_int(STORE_KEYS_BATCH)), until,
                          err);
}

static int forget_old(struct connection *c, struct error *err)
{
    int64_t now = clock_wall(), until;
    if (keys_until(c, now, &until, err) < 0 ||
        sqlite_change(c, SQL_KEY_EXPIRED, VALUES(sql_int(until)), err) < 0)
        return -1;
    return sqlite_change(c, SQL_USAGE_OLD, VALUES(sql_int(now - STORE_USAGE_MS)), err);
}

int sqlite_sweep(struct store *store, struct store_healed *healed, struct error *err)
{
    struct store_healed found = {0};
    if (heal_suspects(store, &found, err) < 0 || expire(store, &found, err) < 0)
        return -1;
    struct connection *c = sqlite_begin(store, err);
    if (!c || sqlite_finish(store, drop_owners(c, err), err) < 0)
        return -1;
    c = sqlite_begin(store, err);
    if (!c || sqlite_finish(store, forget_old(c, err), err) < 0)
        return -1;
    *healed = found;
    return 0;
}
