/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Statements of the SQLite driver: prepared once for each connection, bound, stepped, reset; and
 * SQLite's errors as ours. Called by the other store_sqlite files only.
 */
#include "store/store_sqlite.h"

#include "base/must.h"

#include <string.h>

static enum error_class class_of(int code)
{
    switch (code & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERROR_BUSY;
    case SQLITE_CONSTRAINT:
        return ERROR_CONFLICT;
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
        return ERROR_BUG;
    default:
        return ERROR_IO;
    }
}

int sqlite_error(struct connection *c, struct error *err, const char *doing)
{
    int code = sqlite3_extended_errcode(c->db);
    return error_set(err, class_of(code), "database: %s: %s (%d)", doing, sqlite3_errmsg(c->db),
                     code);
}

void sqlite_bind(sqlite3_stmt *q, const struct sql_value *values, int count)
{
    must(sqlite3_bind_parameter_count(q) == count);
    for (int i = 0; i < count; i++) {
        const struct sql_value *v = &values[i];
        int rc = SQLITE_OK;
        if (v->type == SQL_INT)
            rc = sqlite3_bind_int64(q, i + 1, v->integer);
        else if (v->type == SQL_REAL)
            rc = sqlite3_bind_double(q, i + 1, v->real);
        else
            rc = sqlite3_bind_text(q, i + 1, v->text, -1, SQLITE_STATIC);
        must(rc == SQLITE_OK); /* values are far below SQLite's limits */
    }
}

sqlite3_stmt *sqlite_query(struct connection *c, enum store_sql which,
                           const struct sql_value *values, int count, struct error *err)
{
    sqlite3_stmt **q = &c->cached[which];
    if (!*q && sqlite3_prepare_v3(c->db, store_sql[which], -1, SQLITE_PREPARE_PERSISTENT, q,
                                  NULL) != SQLITE_OK) {
        sqlite_error(c, err, "preparing");
        return NULL;
    }
    sqlite_bind(*q, values, count);
    return *q;
}

int sqlite_row(struct connection *c, sqlite3_stmt *q, struct error *err)
{
    switch (sqlite3_step(q)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        return 0;
    default:
        return sqlite_error(c, err, "query");
    }
}

int sqlite_integer(struct connection *c, enum store_sql which, const struct sql_value *values,
                   int count, int64_t *out, struct error *err)
{
    auto_query q = sqlite_query(c, which, values, count, err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc == 1)
        *out = sqlite3_column_int64(q, 0);
    return rc;
}

int sqlite_change(struct connection *c, enum store_sql which, const struct sql_value *values,
                  int count, struct error *err)
{
    auto_query q = sqlite_query(c, which, values, count, err);
    if (!q || sqlite_row(c, q, err) < 0)
        return -1;
    return sqlite3_changes(c->db);
}

void sqlite_query_done(sqlite3_stmt **q)
{
    if (!*q)
        return;
    sqlite3_reset(*q);
    sqlite3_clear_bindings(*q); /* they point to memory of the caller */
    *q = NULL;
}

void sqlite_text(sqlite3_stmt *q, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(q, column);
    size_t len = text ? (size_t)sqlite3_column_bytes(q, column) : 0;
    if (len >= size)
        len = size - 1;
    if (len)
        memcpy(out, text, len);
    out[len] = '\0';
}

void sqlite_error_column(sqlite3_stmt *q, int column, struct error *out)
{
    char code[16];
    sqlite_text(q, column, code, sizeof code);
    out->class = error_class_of(code);
    sqlite_text(q, column + 1, out->text, sizeof out->text);
}
