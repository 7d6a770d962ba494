/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The SQLite driver: what clients read of one job, and statistics. Runs on the pool of readers, so
 * a request never waits for a writer's fsync. Called through the driver table.
 */
#include "store/store_sqlite.h"

#include "base/memory.h"

#include <string.h>

/* SQL_JOB_COLUMNS */
void sqlite_read_job(sqlite3_stmt *q, struct job *job)
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
    sqlite_text(q, at++, job->surface, sizeof job->surface);
    sqlite_text(q, at++, job->engine, sizeof job->engine);
    sqlite_text(q, at++, job->engine_version, sizeof job->engine_version);
    sqlite_text(q, at++, job->twin, sizeof job->twin);
    job->webhook = x_strdup((const char *)sqlite3_column_text(q, at++));
    job->webhook_states = (uint32_t)sqlite3_column_int64(q, at++);
    job->page_quota = sqlite3_column_int64(q, at++);
    job->quota_since = sqlite3_column_int64(q, at++);
}

static int find_job(struct connection *c, const char *id, struct job *out, struct error *err)
{
    auto_query q = sqlite_query(c, SQL_JOB_FIND, VALUES(sql_text(id)), err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc != 1)
        return rc < 0 ? -1 : store_no_job(err);
    sqlite_read_job(q, out);
    return 0;
}

int sqlite_find_job(struct store *store, const char *id, struct job *out, struct error *err)
{
    struct connection *c = sqlite_lend(store);
    int rc = find_job(c, id, out, err);
    sqlite_return(store, c);
    return rc;
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
    out->revision = sqlite3_column_int64(q, 9);
}

/* which: a list of pages of one job, from some number on, at most max. */
static int list_pages(struct connection *c, enum store_sql which, const char *id, int64_t from,
                      struct page_row *out, int max, struct error *err)
{
    struct job_key key;
    int rc = sqlite_job_key(c, id, &key, err);
    if (rc <= 0)
        return rc < 0 ? -1 : store_no_job(err);
    auto_query q =
        sqlite_query(c, which, VALUES(sql_int(key.seq), sql_int(from), sql_int(max)), err);
    int n = 0;
    rc = q ? 0 : -1;
    while (q && n < max && (rc = sqlite_row(c, q, err)) == 1)
        read_page(q, &out[n++]);
    return rc < 0 ? -1 : n;
}

int sqlite_list_pages(struct store *store, const char *id, uint32_t from, bool failed_only,
                      struct page_row *out, size_t max, struct error *err)
{
    enum store_sql which = failed_only ? SQL_PAGE_LIST_FAILED : SQL_PAGE_LIST;
    struct connection *c = sqlite_lend(store);
    int n = list_pages(c, which, id, from ? from : 1, out, (int)max, err);
    sqlite_return(store, c);
    return n;
}

int sqlite_list_changed(struct store *store, const char *id, int64_t after, struct page_row *out,
                        size_t max, struct error *err)
{
    struct connection *c = sqlite_lend(store);
    int n = list_pages(c, SQL_PAGE_LIST_CHANGED, id, after, out, (int)max, err);
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
