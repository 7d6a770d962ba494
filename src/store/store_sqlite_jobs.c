/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The SQLite driver: what clients do to a job (cancel, retry, delete), how a job ends, and the list
 * of ids whose blobs must go. Called through the driver table, and by the other store_sqlite files
 * for the keys, counters and ends of jobs.
 */
#include "store/store_sqlite.h"

int sqlite_job_key(struct connection *c, const char *id, struct job_key *out, struct error *err)
{
    auto_query q = sqlite_query(c, SQL_JOB_SEQUENCE, VALUES(sql_text(id)), err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc != 1)
        return rc;
    out->seq = sqlite3_column_int64(q, 0);
    out->state = (enum job_state)sqlite3_column_int(q, 1);
    sqlite_text(q, 2, out->owner, sizeof out->owner);
    out->total = sqlite3_column_int64(q, 3);
    out->forgotten = sqlite3_column_int(q, 4);
    return 1;
}

int sqlite_require_job(struct connection *c, const char *id, struct job_key *out, struct error *err)
{
    int rc = sqlite_job_key(c, id, out, err);
    return rc == 0 ? store_no_job(err) : rc;
}

int sqlite_owner_floor(struct connection *c, int64_t none, int64_t *out, struct error *err)
{
    int64_t least = none;
    if (sqlite_integer(c, SQL_OWNER_FLOOR, NULL, 0, &least, err) < 0)
        return -1;
    *out = least;
    return 0;
}

int sqlite_seat_owner(struct connection *c, const char *owner, struct error *err)
{
    int64_t busy = 0, least;
    int rc = sqlite_integer(c, SQL_OWNER_UNFINISHED, VALUES(sql_text(owner)), &busy, err);
    if (rc != 0)
        return rc;
    if (sqlite_owner_floor(c, 0, &least, err) < 0 ||
        sqlite_change(c, SQL_OWNER_RAISE, VALUES(sql_int(least), sql_text(owner), sql_int(least)),
                      err) < 0)
        return -1;
    return sqlite_change(c, SQL_OWNER_INSERT,
                         VALUES(sql_text(owner), sql_int(least), sql_text(owner)), err);
}

int sqlite_job_count(struct connection *c, int64_t seq, const struct job_delta *d, int64_t now,
                     struct error *err)
{
    return sqlite_change(c, SQL_JOB_COUNT,
                         VALUES(sql_int(d->ready), sql_int(d->running), sql_int(d->done),
                                sql_int(d->failed), sql_int(d->claimable), sql_int(now),
                                sql_int(seq)),
                         err);
}

int sqlite_job_end(struct connection *c, int64_t seq, enum job_state state, const struct error *why,
                   bool forget, struct error *err)
{
    int64_t now = clock_wall();
    if (sqlite_change(c, SQL_JOB_END,
                      VALUES(sql_int(state), sql_text(why->class ? error_code(why->class) : ""),
                             sql_int(why->page), sql_text(why->text), sql_int(forget), sql_int(now),
                             sql_int(now), sql_int(now), sql_int(seq)),
                      err) < 0)
        return -1;
    return sqlite_delivery_add(c, seq, state, now, err);
}

static int first_failure(struct connection *c, int64_t seq, struct error *out, struct error *err)
{
    auto_query q =
        sqlite_query(c, SQL_PAGE_LIST_FAILED, VALUES(sql_int(seq), sql_int(0), sql_int(1)), err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc < 0)
        return -1;
    if (rc == 0) {
        error_set(out, ERROR_BUG, "the job ended without a page that was read or failed");
        return 0;
    }
    int page = sqlite3_column_int(q, 0);
    struct error why = {0};
    sqlite_error_column(q, 1, &why);
    if (page)
        error_set(out, why.class, "page %d: %s: %s", page, error_code(why.class), why.text);
    else
        error_set(out, why.class, "%s", why.text);
    out->page = page;
    return 0;
}

struct ending {
    int64_t unfinished, total, done, failed;
    bool strict;
};

static int read_ending(struct connection *c, int64_t seq, struct ending *out, struct error *err)
{
    auto_query q = sqlite_query(c, SQL_JOB_ENDING, VALUES(sql_int(seq)), err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc != 1)
        return rc;
    out->unfinished = sqlite3_column_int64(q, 0);
    out->total = sqlite3_column_int64(q, 1);
    out->done = sqlite3_column_int64(q, 2);
    out->failed = sqlite3_column_int64(q, 3);
    out->strict = sqlite3_column_int(q, 4);
    return 1;
}

int sqlite_job_settle(struct connection *c, int64_t seq, struct error *err)
{
    struct ending e;
    int rc = read_ending(c, seq, &e, err);
    if (rc != 1 || e.unfinished > 0)
        return rc < 0 ? -1 : 0;
    bool failed = e.done == 0 || (e.strict && e.failed > 0);
    struct error why = {0};
    if (failed && first_failure(c, seq, &why, err) < 0)
        return -1;
    /* Only a retry needs the password again. */
    bool forget = !failed && e.failed == 0;
    rc = sqlite_job_end(c, seq, failed ? JOB_FAILED : JOB_COMPLETED, &why, forget, err);
    return rc < 0 ? -1 : 1;
}

static int cancel(struct connection *c, const char *id, struct error *err)
{
    struct job_key key;
    if (sqlite_require_job(c, id, &key, err) < 0)
        return -1;
    if (key.state == JOB_CANCELLED)
        return 0;
    if (job_state_ended(key.state))
        return error_set(err, ERROR_CONFLICT, "the job is %s already", job_state_name(key.state));
    const struct error none = {0};
    int64_t now = clock_wall();
    if (sqlite_change(c, SQL_PAGE_CANCEL, VALUES(sql_int(now), sql_int(key.seq)), err) < 0 ||
        sqlite_change(c, SQL_JOB_CANCEL, VALUES(sql_int(key.seq)), err) < 0 ||
        sqlite_job_end(c, key.seq, JOB_CANCELLED, &none, false, err) < 0)
        return -1;
    return 0;
}

int sqlite_cancel(struct store *store, const char *id, struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    return c ? sqlite_finish(store, cancel(c, id, err), err) : -1;
}

static int check_retry(const struct job_key *key, bool all, struct error *err)
{
    if (!job_state_ended(key->state))
        return error_set(err, ERROR_CONFLICT, "the job is still %s", job_state_name(key->state));
    if (all && key->forgotten)
        return error_set(err, ERROR_CONFLICT,
                         "the password of the document has been forgotten: submit it again");
    return 0;
}

static int retry(struct connection *c, const char *id, bool all, struct error *err)
{
    struct job_key key;
    if (sqlite_require_job(c, id, &key, err) < 0 || check_retry(&key, all, err) < 0)
        return -1;
    int least = all ? PAGE_DONE : PAGE_FAILED; /* of the states that run again */
    int n = sqlite_change(c, SQL_PAGE_RETRY, VALUES(sql_int(key.seq), sql_int(least)), err);
    if (n == 0)
        return error_set(err, ERROR_CONFLICT, "no page of this job failed or was cancelled");
    /* What failed was paid for when the document was opened; what was read is asked for anew. */
    if (n > 0 && all && key.total && sqlite_usage_open(c, &key, n, err) < 0)
        return -1;
    if (n < 0 || sqlite_seat_owner(c, key.owner, err) < 0)
        return -1;
    /* The row may be page 0, which no counter but claimable counts. */
    int64_t ready = key.total ? n : 0;
    enum job_state state = key.total ? JOB_PROCESSING : JOB_PENDING;
    int rc = sqlite_change(c, SQL_JOB_RETRY,
                           VALUES(sql_int(state), sql_int(ready), sql_int(n), sql_int(ready),
                                  sql_int(clock_wall()), sql_int(key.seq)),
                           err);
    return rc < 0 ? -1 : 0;
}

int sqlite_retry(struct store *store, const char *id, bool all, struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    return c ? sqlite_finish(store, retry(c, id, all, err), err) : -1;
}

int sqlite_delete_job(struct connection *c, const char *id, struct error *err)
{
    struct job_key key;
    if (sqlite_require_job(c, id, &key, err) < 0 ||
        sqlite_change(c, SQL_PAGE_DELETE, VALUES(sql_int(key.seq)), err) < 0 ||
        sqlite_delivery_delete(c, key.seq, err) < 0 ||
        sqlite_change(c, SQL_JOB_DELETE, VALUES(sql_int(key.seq)), err) < 0 ||
        sqlite_change(c, SQL_GARBAGE_ADD, VALUES(sql_text(id), sql_text(id)), err) < 0)
        return -1;
    return 0;
}

int sqlite_delete(struct store *store, const char *id, struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    return c ? sqlite_finish(store, sqlite_delete_job(c, id, err), err) : -1;
}

static int garbage(struct connection *c, char (*ids)[ID_SIZE], int max, struct error *err)
{
    auto_query q = sqlite_query(c, SQL_GARBAGE_LIST, VALUES(sql_int(max)), err);
    int n = 0, rc = -1;
    while (q && n < max && (rc = sqlite_row(c, q, err)) == 1)
        sqlite_text(q, 0, ids[n++], ID_SIZE);
    return rc < 0 ? -1 : n;
}

int sqlite_garbage(struct store *store, char (*ids)[ID_SIZE], size_t max, struct error *err)
{
    if (!max)
        return 0;
    struct connection *c = sqlite_lend(store);
    int n = garbage(c, ids, (int)max, err);
    sqlite_return(store, c);
    return n;
}

static int forget(struct connection *c, const char *id, struct error *err)
{
    return sqlite_change(c, SQL_GARBAGE_DELETE, VALUES(sql_text(id)), err) < 0 ? -1 : 0;
}

int sqlite_forget(struct store *store, const char *id, struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    return c ? sqlite_finish(store, forget(c, id, err), err) : -1;
}
