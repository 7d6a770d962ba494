/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The SQLite driver: what clients read. Runs on the pool of readers, so a request never waits for
 * a writer's fsync; no reader is held while a caller's function runs. Called through the driver
 * table.
 */
#include "store/store_sqlite.h"

#include "base/memory.h"
#include "base/strbuf.h"

#include <stdlib.h>
#include <string.h>

/* SQL_JOB_COLUMNS */
static void read_job(sqlite3_stmt *q, struct job *job)
{
    int at = 0;
    memset(job, 0, sizeof *job);
    job->sequence = sqlite3_column_int64(q, at++);
    sqlite_text(q, at++, job->id, sizeof job->id);
    sqlite_text(q, at++, job->owner, sizeof job->owner);
    sqlite_text(q, at++, job->filename, sizeof job->filename);
    sqlite_text(q, at++, job->content_type, sizeof job->content_type);
    sqlite_text(q, at++, job->sha256, sizeof job->sha256);
    sqlite_text(q, at++, job->password, sizeof job->password);
    job->size = sqlite3_column_int64(q, at++);
    job->priority = sqlite3_column_int64(q, at++);
    job->ttl_ms = sqlite3_column_int64(q, at++);
    job->strict = sqlite3_column_int(q, at++);
    job->options = x_strdup((const char *)sqlite3_column_text(q, at++));
    job->metadata = x_strdup((const char *)sqlite3_column_text(q, at++));
    job->state = (enum job_state)sqlite3_column_int(q, at++);
    int64_t *const counts[] = {&job->pages.total,   &job->pages.ready,  &job->pages.running,
                               &job->pages.done,    &job->pages.failed, &job->pages.cancelled,
                               &job->document_pages};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        *counts[i] = sqlite3_column_int64(q, at++);
    job->error.page = sqlite3_column_int(q, at++);
    sqlite_error_column(q, at, &job->error);
    at += 2;
    int64_t *const times[] = {&job->created,  &job->started, &job->updated,
                              &job->finished, &job->expires, &job->revision};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        *times[i] = sqlite3_column_int64(q, at++);
}

static int find_job(struct connection *c, const char *id, struct job *out, struct error *err)
{
    auto_query q = sqlite_query(c, SQL_JOB_FIND, VALUES(sql_text(id)), err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc != 1)
        return rc < 0 ? -1 : store_no_job(id, err);
    read_job(q, out);
    return 0;
}

int sqlite_find_job(struct store *store, const char *id, struct job *out, struct error *err)
{
    struct connection *c = sqlite_lend(store);
    int rc = find_job(c, id, out, err);
    sqlite_return(store, c);
    return rc;
}

enum { LIST_CHUNK = 32, CONDITIONS = 8 };

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

static void build_list(struct list_query *l, const struct job_filter *f, const char *pattern,
                       int64_t before, uint32_t limit)
{
    strbuf_adds(&l->sql, "SELECT " SQL_JOB_COLUMNS " FROM job WHERE 1 = 1");
    if (before)
        add_condition(l, "seq < ?", sql_int(before));
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
    strbuf_adds(&l->sql, " ORDER BY seq DESC LIMIT ?");
    l->values[l->count++] = sql_int(limit);
}

/* One chunk into jobs; returns how many. */
static int read_list(struct connection *c, const struct list_query *l, struct job *jobs,
                     struct error *err)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(c->db, strbuf_str(&l->sql), -1, &q, NULL) != SQLITE_OK)
        return sqlite_error(c, err, "preparing a list");
    sqlite_bind(q, l->values, l->count);
    int n = 0, rc = 0;
    while (n < LIST_CHUNK && (rc = sqlite_row(c, q, err)) == 1)
        read_job(q, &jobs[n++]);
    sqlite3_finalize(q);
    if (rc >= 0)
        return n;
    while (n > 0)
        job_free_members(&jobs[--n]);
    return -1;
}

static int list_chunk(struct store *store, const struct job_filter *f, int64_t before,
                      uint32_t limit, struct job *jobs, struct error *err)
{
    auto_strbuf pattern = {.cap = 4 * STORE_FILENAME};
    if (f->filename && strlen(f->filename) >= STORE_FILENAME)
        return 0; /* longer than every name */
    like_pattern(&pattern, f->filename ? f->filename : "");
    struct list_query l = {0};
    build_list(&l, f, strbuf_str(&pattern), before, limit);
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
    int64_t before = f->before;
    int n = LIST_CHUNK;
    bool go_on = true;
    for (uint32_t left = f->limit; left && go_on && n == LIST_CHUNK; left -= (uint32_t)n) {
        n = list_chunk(store, f, before, left < LIST_CHUNK ? left : LIST_CHUNK, jobs, err);
        if (n < 0)
            break;
        for (int i = 0; i < n; i++) {
            before = jobs[i].sequence;
            go_on = go_on && visit(arg, &jobs[i]) == 0;
            job_free_members(&jobs[i]);
        }
    }
    free(jobs);
    return n < 0 ? -1 : 0;
}

/* PAGE_COLUMNS */
static void read_page(sqlite3_stmt *q, struct page_row *out)
{
    memset(out, 0, sizeof *out);
    out->number = (uint32_t)sqlite3_column_int64(q, 0);
    sqlite_error_column(q, 1, &out->error);
    out->error.page = out->error.class ? (int)out->number : 0;
    out->state = (enum page_state)sqlite3_column_int(q, 3);
    out->result = sqlite3_column_int64(q, 4);
    out->attempts = (uint32_t)sqlite3_column_int64(q, 5);
    out->duration_ms = sqlite3_column_int64(q, 6);
    out->finished = sqlite3_column_int64(q, 7);
    out->confidence = sqlite3_column_double(q, 8);
}

static int list_pages(struct connection *c, const char *id, uint32_t from, bool failed_only,
                      struct page_row *out, int max, struct error *err)
{
    struct job_key key;
    int rc = sqlite_job_key(c, id, &key, err);
    if (rc <= 0)
        return rc < 0 ? -1 : store_no_job(id, err);
    auto_query q =
        sqlite_query(c, failed_only ? SQL_PAGE_LIST_FAILED : SQL_PAGE_LIST,
                     VALUES(sql_int(key.seq), sql_int(from ? from : 1), sql_int(max)), err);
    int n = 0;
    rc = q ? 0 : -1;
    while (q && n < max && (rc = sqlite_row(c, q, err)) == 1)
        read_page(q, &out[n++]);
    return rc < 0 ? -1 : n;
}

int sqlite_list_pages(struct store *store, const char *id, uint32_t from, bool failed_only,
                      struct page_row *out, size_t max, struct error *err)
{
    struct connection *c = sqlite_lend(store);
    int n = list_pages(c, id, from, failed_only, out, (int)max, err);
    sqlite_return(store, c);
    return n;
}

static int find_page(struct connection *c, const char *id, uint32_t number, struct page_row *out,
                     struct error *err)
{
    auto_query q = sqlite_query(c, SQL_PAGE_FIND, VALUES(sql_int(number), sql_text(id)), err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc < 0)
        return -1;
    if (rc == 0)
        return error_set(err, ERROR_NOT_FOUND, "no page %u in job %s", number, id);
    read_page(q, out);
    return 0;
}

int sqlite_find_page(struct store *store, const char *id, uint32_t number, struct page_row *out,
                     struct error *err)
{
    struct connection *c = sqlite_lend(store);
    int rc = find_page(c, id, number, out, err);
    sqlite_return(store, c);
    return rc;
}

static int position_of(struct connection *c, int64_t sequence, int64_t *out, struct error *err)
{
    auto_query q = sqlite_query(c, SQL_JOB_POSITION, VALUES(sql_int(sequence)), err);
    if (!q || sqlite_row(c, q, err) < 0)
        return -1;
    *out = sqlite3_column_int64(q, 0);
    return 0;
}

int sqlite_queue_position(struct store *store, const struct job *job, int64_t *position,
                          struct error *err)
{
    if (job->state != JOB_PENDING) {
        *position = 0;
        return 0;
    }
    struct connection *c = sqlite_lend(store);
    int rc = position_of(c, job->sequence, position, err);
    sqlite_return(store, c);
    return rc;
}

static int count_states(struct connection *c, struct store_stats *s, struct error *err)
{
    auto_query q = sqlite_query(c, SQL_JOB_STATES, NULL, 0, err);
    int rc = -1;
    while (q && (rc = sqlite_row(c, q, err)) == 1) {
        int state = sqlite3_column_int(q, 0);
        if (state >= 0 && state < JOB_STATES)
            s->jobs[state] = sqlite3_column_int64(q, 1);
    }
    return rc;
}

static int count_pages(struct connection *c, struct store_stats *s, struct error *err)
{
    auto_query q = sqlite_query(c, SQL_JOB_PAGES, NULL, 0, err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc < 0)
        return -1;
    s->pages_ready = sqlite3_column_int64(q, 0);
    s->pages_running = sqlite3_column_int64(q, 1);
    return 0;
}

int sqlite_stats(struct store *store, struct store_stats *out, struct error *err)
{
    struct store_stats s = {0};
    struct connection *c = sqlite_lend(store);
    int rc = count_states(c, &s, err) < 0 || count_pages(c, &s, err) < 0 ? -1 : 0;
    sqlite_return(store, c);
    if (rc == 0)
        *out = s;
    return rc;
}
