/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The SQLite driver: the rows of tokens, which it neither checks nor understands. Called through
 * the driver table.
 */
#include "store/store_sqlite.h"

#include "base/memory.h"

#include <stdlib.h>

enum { TOKEN_CHUNK = 64 };

static int change(struct store *store, enum store_sql which, const struct sql_value *values,
                  int count, struct error *err)
{
    struct connection *c = sqlite_begin(store, err);
    return c ? sqlite_finish(store, sqlite_change(c, which, values, count, err), err) : -1;
}

int sqlite_token_add(struct store *store, const struct token_row *t, struct error *err)
{
    int rc =
        change(store, SQL_TOKEN_INSERT,
               VALUES(sql_text(t->id), sql_text(t->owner), sql_text(t->sha256), sql_int(t->scopes),
                      sql_text(t->rate), sql_int(t->page_quota), sql_int(t->byte_quota),
                      sql_int(t->job_quota), sql_int(t->quota_period_s), sql_int(t->created),
                      sql_int(t->expires), sql_int(t->used), sql_text(t->id)),
               err);
    if (rc == 0)
        return error_set(err, ERROR_CONFLICT, "token %s exists already", t->id);
    return rc < 0 ? -1 : 0;
}

static void read_token(sqlite3_stmt *q, struct token_row *out)
{
    sqlite_text(q, 0, out->id, sizeof out->id);
    sqlite_text(q, 1, out->owner, sizeof out->owner);
    sqlite_text(q, 2, out->sha256, sizeof out->sha256);
    out->scopes = sqlite3_column_int64(q, 3);
    sqlite_text(q, 4, out->rate, sizeof out->rate);
    int64_t *const numbers[] = {
        &out->page_quota, &out->byte_quota, &out->job_quota, &out->quota_period_s,
        &out->created,    &out->expires,    &out->used};
    for (int i = 0; i < (int)(sizeof numbers / sizeof numbers[0]); i++)
        *numbers[i] = sqlite3_column_int64(q, 5 + i);
}

static int list_chunk(struct connection *c, const struct token_row *last, struct token_row *rows,
                      struct error *err)
{
    auto_query q = sqlite_query(c, SQL_TOKEN_LIST,
                                VALUES(sql_text(last->owner), sql_int(last->created),
                                       sql_text(last->id), sql_int(TOKEN_CHUNK)),
                                err);
    int n = 0, rc = -1;
    while (q && n < TOKEN_CHUNK && (rc = sqlite_row(c, q, err)) == 1)
        read_token(q, &rows[n++]);
    return rc < 0 ? -1 : n;
}

int sqlite_token_list(struct store *store, int (*visit)(void *arg, const struct token_row *row),
                      void *arg, struct error *err)
{
    struct token_row *rows = x_calloc(TOKEN_CHUNK, sizeof *rows);
    struct token_row last = {.created = INT64_MIN};
    int n = TOKEN_CHUNK;
    for (bool go_on = true; go_on && n == TOKEN_CHUNK;) {
        struct connection *c = sqlite_lend(store);
        n = list_chunk(c, &last, rows, err);
        sqlite_return(store, c);
        for (int i = 0; i < n && go_on; i++)
            go_on = visit(arg, &rows[i]) == 0;
        if (n > 0)
            last = rows[n - 1];
    }
    free(rows);
    return n < 0 ? -1 : 0;
}

int sqlite_token_expire(struct store *store, const char *id, int64_t when, struct error *err)
{
    int rc = change(store, SQL_TOKEN_EXPIRE, VALUES(sql_int(when), sql_text(id)), err);
    return rc == 0 ? store_no_token(id, err) : rc < 0 ? -1 : 0;
}

int sqlite_token_remove(struct store *store, const char *id, struct error *err)
{
    int rc = change(store, SQL_TOKEN_DELETE, VALUES(sql_text(id)), err);
    return rc == 0 ? store_no_token(id, err) : rc < 0 ? -1 : 0;
}

int sqlite_token_used(struct store *store, const char *id, int64_t when, struct error *err)
{
    int rc = change(store, SQL_TOKEN_USED, VALUES(sql_int(when), sql_text(id), sql_int(when)), err);
    return rc < 0 ? -1 : 0;
}
