/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The SQLite driver: what owners have used, and their limits, checked in the transaction that
 * charges. Called by the submit and claim files, and through the driver table.
 */
#include "store/store_sqlite.h"

static int find_usage(struct connection *c, const char *owner, int64_t since,
                      struct store_usage *out, struct error *err)
{
    auto_query q = sqlite_query(c, SQL_USAGE_FIND, VALUES(sql_text(owner), sql_int(since)), err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc == 1) {
        out->pages = sqlite3_column_int64(q, 0);
        out->bytes = sqlite3_column_int64(q, 1);
    }
    return rc;
}

static int count_unfinished(struct connection *c, const char *owner, int64_t *out,
                            struct error *err)
{
    return sqlite_integer(c, SQL_OWNER_UNFINISHED_COUNT, VALUES(sql_text(owner)), out, err);
}

static int charge(struct connection *c, const char *owner, int64_t since, int64_t pages,
                  int64_t bytes, int64_t now, struct error *err)
{
    const struct sql_value values[] = {sql_int(pages), sql_int(bytes), sql_int(now),
                                       sql_text(owner), sql_int(since)};
    const int count = (int)(sizeof values / sizeof values[0]);
    int rc = sqlite_change(c, SQL_USAGE_CHARGE, values, count, err);
    return rc == 0 ? sqlite_change(c, SQL_USAGE_INSERT, values, count, err) : rc;
}

/* quota 0: any. */
static int check_quota(int64_t quota, int64_t used, int64_t more, const char *what,
                       struct error *err)
{
    int64_t left = used < quota ? quota - used : 0;
    if (!quota || more <= left)
        return 0;
    return error_set(err, ERROR_QUOTA,
                     "%lld %s are asked for, %lld of the %lld in this period are left",
                     (long long)more, what, (long long)left, (long long)quota);
}

static int check_unfinished(struct connection *c, const struct submission *s, struct error *err)
{
    int64_t unfinished = 0;
    if (!s->most_unfinished)
        return 0;
    if (count_unfinished(c, s->job->owner, &unfinished, err) < 0)
        return -1;
    if (unfinished < s->most_unfinished)
        return 0;
    return error_set(err, ERROR_QUOTA, "%lld jobs are unfinished, and no more than %lld may be",
                     (long long)unfinished, (long long)s->most_unfinished);
}

int sqlite_usage_submit(struct connection *c, const struct submission *s, int64_t now,
                        struct error *err)
{
    const struct job *job = s->job;
    struct store_usage used = {0};
    if (check_unfinished(c, s, err) < 0 ||
        (s->byte_quota && find_usage(c, job->owner, job->quota_since, &used, err) < 0) ||
        check_quota(s->byte_quota, used.bytes, job->size, "bytes", err) < 0)
        return -1;
    return charge(c, job->owner, job->quota_since, 0, job->size, now, err);
}

struct page_quota {
    int64_t pages, since;
};

static int find_quota(struct connection *c, int64_t seq, struct page_quota *out, struct error *err)
{
    auto_query q = sqlite_query(c, SQL_JOB_QUOTA, VALUES(sql_int(seq)), err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc == 1) {
        out->pages = sqlite3_column_int64(q, 0);
        out->since = sqlite3_column_int64(q, 1);
    }
    return rc;
}

int sqlite_usage_open(struct connection *c, const struct job_key *key, int64_t pages,
                      struct error *err)
{
    struct page_quota quota = {0};
    struct store_usage used = {0};
    if (find_quota(c, key->seq, &quota, err) < 0 ||
        (quota.pages && find_usage(c, key->owner, quota.since, &used, err) < 0) ||
        check_quota(quota.pages, used.pages, pages, "pages", err) < 0)
        return -1;
    return charge(c, key->owner, quota.since, pages, 0, clock_wall(), err);
}

int sqlite_usage(struct store *store, const char *owner, int64_t since, struct store_usage *out,
                 struct error *err)
{
    struct store_usage used = {0};
    struct connection *c = sqlite_lend(store);
    int rc = find_usage(c, owner, since, &used, err);
    if (rc >= 0)
        rc = count_unfinished(c, owner, &used.unfinished, err);
    sqlite_return(store, c);
    if (rc < 0)
        return -1;
    *out = used;
    return 0;
}
