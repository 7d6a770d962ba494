/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The SQLite driver: the outbox. A delivery is made with its job's end, leased to be tried, tried
 * until it is delivered or given up, and deleted with its job. Sending is not done here. Called by
 * the jobs file and through the driver table.
 */
#include "store/store_sqlite.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

int sqlite_delivery_add(struct connection *c, int64_t seq, enum job_state event, int64_t now,
                        struct error *err)
{
    char id[ID_SIZE];
    id_new(id);
    return sqlite_change(c, SQL_DELIVERY_ADD,
                         VALUES(sql_text(id), sql_int(event), sql_int(now), sql_int(now),
                                sql_int(seq), sql_int(INT64_C(1) << event)),
                         err);
}

int sqlite_delivery_delete(struct connection *c, int64_t seq, struct error *err)
{
    if (sqlite_change(c, SQL_ATTEMPT_DELETE, VALUES(sql_int(seq)), err) < 0)
        return -1;
    return sqlite_change(c, SQL_DELIVERY_DELETE, VALUES(sql_int(seq)), err);
}

/* DELIVERIES */
static void read_delivery(sqlite3_stmt *q, struct delivery *out)
{
    sqlite_text(q, 0, out->id, sizeof out->id);
    sqlite_text(q, 1, out->job, sizeof out->job);
    out->event = (enum job_state)sqlite3_column_int(q, 2);
    out->state = (enum delivery_state)sqlite3_column_int(q, 3);
    out->attempts = (uint32_t)sqlite3_column_int64(q, 4);
    out->created = sqlite3_column_int64(q, 5);
    out->due = sqlite3_column_int64(q, 6);
    out->finished = sqlite3_column_int64(q, 7);
    out->status = sqlite3_column_int(q, 8);
    sqlite_text(q, 9, out->error, sizeof out->error);
}

static int list_deliveries(struct connection *c, enum store_sql which, int64_t of,
                           struct delivery *out, int max, struct error *err)
{
    auto_query q = sqlite_query(c, which, VALUES(sql_int(of), sql_int(max)), err);
    int n = 0, rc = q ? 0 : -1;
    while (q && n < max && (rc = sqlite_row(c, q, err)) == 1)
        read_delivery(q, &out[n++]);
    return rc < 0 ? -1 : n;
}

static int claim(struct connection *c, int64_t lease_ms, struct delivery *out, int max,
                 struct error *err)
{
    int64_t now = clock_wall();
    int n = list_deliveries(c, SQL_DELIVERY_DUE, now, out, max, err);
    for (int i = 0; i < n; i++) {
        out[i].due = now + lease_ms;
        if (sqlite_change(c, SQL_DELIVERY_LEASE, VALUES(sql_int(out[i].due), sql_text(out[i].id)),
                          err) < 0)
            return -1;
    }
    return n;
}

int sqlite_delivery_claim(struct store *store, int64_t lease_ms, struct delivery *out, size_t max,
                          struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    if (!c)
        return -1;
    struct delivery *due = x_calloc(max, sizeof *due);
    int n = sqlite_finish(store, claim(c, lease_ms, due, (int)max, err), err);
    if (n > 0)
        memcpy(out, due, (size_t)n * sizeof *due);
    free(due);
    return n;
}

struct delivery_key {
    int64_t seq, attempts;
    enum delivery_state state;
};

static int find_key(struct connection *c, const char *id, struct delivery_key *out,
                    struct error *err)
{
    auto_query q = sqlite_query(c, SQL_DELIVERY_KEY, VALUES(sql_text(id)), err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc != 1)
        return rc;
    out->seq = sqlite3_column_int64(q, 0);
    out->state = (enum delivery_state)sqlite3_column_int(q, 1);
    out->attempts = sqlite3_column_int64(q, 2);
    return 1;
}

static int attempted(struct connection *c, const char *id, const struct delivery_attempt *a,
                     enum delivery_state state, int64_t due, struct error *err)
{
    struct delivery_key key;
    int rc = find_key(c, id, &key, err);
    if (rc != 1)
        return rc;
    int64_t number = key.attempts + 1;
    if (sqlite_change(c, SQL_ATTEMPT_INSERT,
                      VALUES(sql_int(key.seq), sql_int(number), sql_int(a->at),
                             sql_int(a->duration_ms), sql_int(a->status), sql_text(a->error)),
                      err) < 0)
        return -1;
    /* The lease may have ended, and another attempt have delivered it. */
    if (key.state == DELIVERY_DELIVERED)
        return sqlite_change(c, SQL_DELIVERY_LATE, VALUES(sql_int(number), sql_int(key.seq)), err);
    bool waits = state == DELIVERY_WAITING;
    return sqlite_change(c, SQL_DELIVERY_ATTEMPTED,
                         VALUES(sql_int(number), sql_int(state), sql_int(waits ? due : 0),
                                sql_int(waits ? 0 : clock_wall()), sql_int(a->status),
                                sql_text(a->error), sql_int(key.seq)),
                         err);
}

int sqlite_delivery_attempted(struct store *store, const char *id,
                              const struct delivery_attempt *attempt, enum delivery_state state,
                              int64_t due, struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    return c ? sqlite_finish(store, attempted(c, id, attempt, state, due, err), err) : -1;
}

static int list_of_job(struct connection *c, const char *job, struct delivery *out, int max,
                       struct error *err)
{
    struct job_key key;
    if (sqlite_require_job(c, job, &key, err) < 0)
        return -1;
    return list_deliveries(c, SQL_DELIVERY_LIST, key.seq, out, max, err);
}

int sqlite_delivery_list(struct store *store, const char *job, struct delivery *out, size_t max,
                         struct error *err)
{
    struct connection *c = sqlite_lend(store);
    int n = list_of_job(c, job, out, (int)max, err);
    sqlite_return(store, c);
    return n;
}

static void read_attempt(sqlite3_stmt *q, struct delivery_attempt *out)
{
    out->number = (uint32_t)sqlite3_column_int64(q, 0);
    out->at = sqlite3_column_int64(q, 1);
    out->duration_ms = sqlite3_column_int64(q, 2);
    out->status = sqlite3_column_int(q, 3);
    sqlite_text(q, 4, out->error, sizeof out->error);
}

static int list_attempts(struct connection *c, const char *id, struct delivery_attempt *out,
                         int max, struct error *err)
{
    struct delivery_key key;
    int rc = find_key(c, id, &key, err);
    if (rc <= 0)
        return rc < 0 ? -1 : store_no_delivery(err);
    auto_query q = sqlite_query(c, SQL_ATTEMPT_LIST, VALUES(sql_int(key.seq), sql_int(max)), err);
    int n = 0;
    rc = q ? 0 : -1;
    while (q && n < max && (rc = sqlite_row(c, q, err)) == 1)
        read_attempt(q, &out[n++]);
    return rc < 0 ? -1 : n;
}

int sqlite_delivery_attempts(struct store *store, const char *id, struct delivery_attempt *out,
                             size_t max, struct error *err)
{
    struct connection *c = sqlite_lend(store);
    int n = list_attempts(c, id, out, (int)max, err);
    sqlite_return(store, c);
    return n;
}

static int resend(struct connection *c, const char *job, const char *id, struct error *err)
{
    int rc = sqlite_change(c, SQL_DELIVERY_RESEND,
                           VALUES(sql_int(clock_wall()), sql_text(id), sql_text(job)), err);
    if (rc == 0)
        return store_no_delivery(err);
    return rc < 0 ? -1 : 0;
}

int sqlite_delivery_resend(struct store *store, const char *job, const char *id, struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    return c ? sqlite_finish(store, resend(c, job, id, err), err) : -1;
}

int sqlite_delivery_next(struct store *store, int64_t *due, struct error *err)
{
    int64_t earliest = INT64_MAX;
    struct connection *c = sqlite_lend(store);
    int rc = sqlite_integer(c, SQL_DELIVERY_NEXT, NULL, 0, &earliest, err);
    sqlite_return(store, c);
    if (rc < 0)
        return -1;
    *due = earliest;
    return 0;
}
