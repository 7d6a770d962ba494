/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The SQLite driver: lists of jobs by filter, how many they are, and the queue. Runs on the pool of
 * readers, which is not held while a caller's function runs: long lists are read in chunks, each
 * from where the last one ended. Called through the driver table.
 */
#include "store/store_sqlite.h"

#include "base/memory.h"
#include "base/strbuf.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_CHUNK = 32, QUEUE_CHUNK = 256, CONDITIONS = 10 };

struct list_query {
    struct strbuf sql;
    struct sql_value values[CONDITIONS];
    int count;
};

static void add_condition(struct list_query *l, const char *sql, struct sql_value value)
{
    strbuf_addf(&l->sql, " AND %s", sql);
    l->values[l->count++] = value;
}

static void add_states(struct list_query *l, uint32_t states, bool by_owner)
{
    /* The unary plus keeps SQLite off the index by state, except where that gives the order. */
    bool one = (states & (states - 1)) == 0;
    const char *separator = one && !by_owner ? " AND state IN (" : " AND +state IN (";
    for (int i = 0; i < JOB_STATES; i++) {
        if (!(states & (1u << i)))
            continue;
        strbuf_addf(&l->sql, "%s%d", separator, i);
        separator = ", ";
    }
    strbuf_adds(&l->sql, *separator == ',' ? ")" : " AND 1 = 0");
}

/* %text% with LIKE's own characters escaped by '!'. */
static void like_pattern(struct strbuf *out, const char *text)
{
    strbuf_addc(out, '%');
    for (const char *p = text; *p; p++) {
        if (*p == '%' || *p == '_' || *p == '!')
            strbuf_addc(out, '!');
        strbuf_addc(out, *p);
    }
    strbuf_addc(out, '%');
}

static void add_filter(struct list_query *l, const struct job_filter *f, const char *pattern)
{
    if (f->owner)
        add_condition(l, "owner = ?", sql_text(f->owner));
    if (f->states)
        add_states(l, f->states, f->owner != NULL);
    if (f->filename)
        add_condition(l, "lower(filename) LIKE lower(?) ESCAPE '!'", sql_text(pattern));
    if (f->content_type)
        add_condition(l, "content_type = ?", sql_text(f->content_type));
    if (f->created_from)
        add_condition(l, "created >= ?", sql_int(f->created_from));
    if (f->created_to)
        add_condition(l, "created <= ?", sql_int(f->created_to));
}

/* Where a chunk begins. */
struct list_place {
    int64_t beyond; /* the sequence of the job before it; 0: none */
    uint32_t offset, limit;
};

static void build_list(struct list_query *l, const struct job_filter *f, const char *pattern,
                       const struct list_place *at)
{
    strbuf_adds(&l->sql, "SELECT " SQL_JOB_COLUMNS " FROM job WHERE 1 = 1");
    if (at->beyond)
        add_condition(l, f->ascending ? "seq > ?" : "seq < ?", sql_int(at->beyond));
    add_filter(l, f, pattern);
    strbuf_addf(&l->sql, " ORDER BY seq %s LIMIT ? OFFSET ?", f->ascending ? "ASC" : "DESC");
    l->values[l->count++] = sql_int(at->limit);
    l->values[l->count++] = sql_int(at->offset);
}

static void build_count(struct list_query *l, const struct job_filter *f, const char *pattern)
{
    strbuf_adds(&l->sql, "SELECT COUNT(*) FROM job WHERE 1 = 1");
    add_filter(l, f, pattern);
}

static sqlite3_stmt *prepare_list(struct connection *c, const struct list_query *l,
                                  struct error *err)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(c->db, strbuf_str(&l->sql), -1, &q, NULL) != SQLITE_OK) {
        sqlite_error(c, err, "preparing a list");
        return NULL;
    }
    sqlite_bind(q, l->values, l->count);
    return q;
}

/* One chunk into jobs; returns how many. */
static int read_list(struct connection *c, const struct list_query *l, struct job *jobs,
                     struct error *err)
{
    sqlite3_stmt *q = prepare_list(c, l, err);
    int n = 0, rc = q ? 0 : -1;
    while (q && n < LIST_CHUNK && (rc = sqlite_row(c, q, err)) == 1)
        sqlite_read_job(q, &jobs[n++]);
    sqlite3_finalize(q);
    if (rc >= 0)
        return n;
    while (n > 0)
        job_free_members(&jobs[--n]);
    return -1;
}

static bool longer_than_every_name(const struct job_filter *f)
{
    return f->filename && strlen(f->filename) >= STORE_FILENAME;
}

static int list_chunk(struct store *store, const struct job_filter *f, const struct list_place *at,
                      struct job *jobs, struct error *err)
{
    auto_strbuf pattern = {.cap = 4 * STORE_FILENAME};
    if (longer_than_every_name(f))
        return 0;
    like_pattern(&pattern, f->filename ? f->filename : "");
    struct list_query l = {0};
    build_list(&l, f, strbuf_str(&pattern), at);
    struct connection *c = sqlite_lend(store);
    int n = read_list(c, &l, jobs, err);
    sqlite_return(store, c);
    strbuf_free(&l.sql);
    return n;
}

int sqlite_list_jobs(struct store *store, const struct job_filter *f,
                     int (*visit)(void *arg, const struct job *job), void *arg, struct error *err)
{
    struct job *jobs = x_calloc(LIST_CHUNK, sizeof *jobs);
    struct list_place at = {.beyond = f->ascending ? 0 : f->before, .offset = f->offset};
    int n = LIST_CHUNK;
    bool go_on = true;
    for (uint32_t left = f->limit; left && go_on && n == LIST_CHUNK; left -= (uint32_t)n) {
        at.limit = left < LIST_CHUNK ? left : LIST_CHUNK;
        n = list_chunk(store, f, &at, jobs, err);
        if (n < 0)
            break;
        at.offset = 0;
        for (int i = 0; i < n; i++) {
            at.beyond = jobs[i].sequence;
            go_on = go_on && visit(arg, &jobs[i]) == 0;
            job_free_members(&jobs[i]);
        }
    }
    free(jobs);
    return n < 0 ? -1 : 0;
}

static int count_jobs(struct connection *c, const struct list_query *l, int64_t *count,
                      struct error *err)
{
    sqlite3_stmt *q = prepare_list(c, l, err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc == 1)
        *count = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return rc == 1 ? 0 : -1;
}

int sqlite_count_jobs(struct store *store, const struct job_filter *f, int64_t *count,
                      struct error *err)
{
    auto_strbuf pattern = {.cap = 4 * STORE_FILENAME};
    if (longer_than_every_name(f)) {
        *count = 0;
        return 0;
    }
    like_pattern(&pattern, f->filename ? f->filename : "");
    struct list_query l = {0};
    build_count(&l, f, strbuf_str(&pattern));
    struct connection *c = sqlite_lend(store);
    int rc = count_jobs(c, &l, count, err);
    sqlite_return(store, c);
    strbuf_free(&l.sql);
    return rc;
}

static void read_queued(sqlite3_stmt *q, struct store_queued *out)
{
    out->sequence = sqlite3_column_int64(q, 0);
    out->priority = sqlite3_column_int64(q, 1);
    sqlite_text(q, 2, out->owner, sizeof out->owner);
    out->pending = sqlite3_column_int(q, 3) == JOB_PENDING;
    out->remaining = sqlite3_column_int64(q, 4);
}

static int queue_chunk(struct connection *c, int64_t beyond, struct store_queued *jobs,
                       struct error *err)
{
    auto_query q = sqlite_query(
        c, SQL_JOB_QUEUE, VALUES(sql_int(beyond), sql_int(beyond), sql_int(QUEUE_CHUNK)), err);
    int n = 0, rc = -1;
    while (q && n < QUEUE_CHUNK && (rc = sqlite_row(c, q, err)) == 1)
        read_queued(q, &jobs[n++]);
    return rc < 0 ? -1 : n;
}

int sqlite_list_queue(struct store *store, int (*visit)(void *arg, const struct store_queued *job),
                      void *arg, struct error *err)
{
    struct store_queued *jobs = x_calloc(QUEUE_CHUNK, sizeof *jobs);
    int64_t beyond = 0;
    int n = QUEUE_CHUNK;
    for (bool go_on = true; go_on && n == QUEUE_CHUNK;) {
        struct connection *c = sqlite_lend(store);
        n = queue_chunk(c, beyond, jobs, err);
        sqlite_return(store, c);
        for (int i = 0; i < n && go_on; i++)
            go_on = visit(arg, &jobs[i]) == 0;
        if (n > 0)
            beyond = jobs[n - 1].sequence;
    }
    free(jobs);
    return n < 0 ? -1 : 0;
}
