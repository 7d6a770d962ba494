/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Every statement that is always the same text, by name, and the values bound to them. Placeholders
 * are ? in order; state numbers are literals so that partial indexes match.
 */
#ifndef STORE_STORE_SQL_H
#define STORE_STORE_SQL_H

#include <stdint.h>

enum store_sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_JOB_INSERT,
    SQL_JOB_FIND,
    SQL_JOB_SEQUENCE,
    SQL_JOB_COUNT,
    SQL_JOB_STARTED,
    SQL_JOB_OPENED,
    SQL_JOB_ENDING,
    SQL_JOB_END,
    SQL_JOB_CANCEL,
    SQL_JOB_RETRY,
    SQL_JOB_DELETE,
    SQL_JOB_EXPIRED,
    SQL_JOB_SUSPECTS,
    SQL_JOB_RECOUNT,
    SQL_JOB_HEAL,
    SQL_JOB_QUEUE,
    SQL_JOB_TWIN,
    SQL_JOB_JOIN,
    SQL_JOB_QUOTA,
    SQL_JOB_STATES,
    SQL_JOB_PAGES,
    SQL_PAGE_INSERT,
    SQL_PAGE_FIND,
    SQL_PAGE_LIST,
    SQL_PAGE_LIST_FAILED,
    SQL_PAGE_LIST_CHANGED,
    SQL_PAGE_DUE,
    SQL_PAGE_RUNNING,
    SQL_PAGE_AVAILABLE,
    SQL_PAGE_PICK,
    SQL_PAGE_PICK_IDLE,
    SQL_PAGE_CLAIM,
    SQL_PAGE_BEAT,
    SQL_PAGE_OPENED,
    SQL_PAGE_DONE,
    SQL_PAGE_RELEASE,
    SQL_PAGE_AGAIN,
    SQL_PAGE_FAIL,
    SQL_PAGE_CANCEL,
    SQL_PAGE_RETRY,
    SQL_PAGE_DELETE,
    SQL_OWNER_UNFINISHED,
    SQL_OWNER_UNFINISHED_COUNT,
    SQL_OWNER_FLOOR,
    SQL_OWNER_RAISE,
    SQL_OWNER_INSERT,
    SQL_OWNER_CHARGE,
    SQL_OWNER_DELETE,
    SQL_GARBAGE_ADD,
    SQL_GARBAGE_LIST,
    SQL_GARBAGE_DELETE,
    SQL_USAGE_FIND,
    SQL_USAGE_CHARGE,
    SQL_USAGE_INSERT,
    SQL_USAGE_OLD,
    SQL_KEY_FIND,
    SQL_KEY_INSERT,
    SQL_KEY_DELETE,
    SQL_KEY_CUT,
    SQL_KEY_EXPIRED,
    SQL_TOKEN_INSERT,
    SQL_TOKEN_LIST,
    SQL_TOKEN_EXPIRE,
    SQL_TOKEN_DELETE,
    SQL_TOKEN_USED,
    SQL_DELIVERY_ADD,
    SQL_DELIVERY_DUE,
    SQL_DELIVERY_LEASE,
    SQL_DELIVERY_KEY,
    SQL_DELIVERY_ATTEMPTED,
    SQL_DELIVERY_LATE,
    SQL_DELIVERY_LIST,
    SQL_DELIVERY_RESEND,
    SQL_DELIVERY_NEXT,
    SQL_DELIVERY_DELETE,
    SQL_ATTEMPT_INSERT,
    SQL_ATTEMPT_LIST,
    SQL_ATTEMPT_DELETE,
    SQL_COUNT
};

extern const char *const store_sql[SQL_COUNT];

/* The columns of a whole job, in the order that drivers decode. */
#define SQL_JOB_COLUMNS                                                                          \
    "seq, id, owner, filename, content_type, sha256, password, size, priority, ttl_ms, strict,"  \
    " options, metadata, state, total, ready, running, done, failed, cancelled, document_pages," \
    " error_page, error_class, error_text, created, started, updated, finished, expires,"        \
    " revision, surface, engine, engine_version, twin, webhook, webhook_states, page_quota,"     \
    " quota_since"

struct sql_value {
    enum { SQL_INT, SQL_REAL, SQL_TEXT } type;
    int64_t integer;
    double real;
    const char *text; /* NULL: null; borrowed until the statement is done */
};

static inline struct sql_value sql_int(int64_t v)
{
    return (struct sql_value){.type = SQL_INT, .integer = v};
}

static inline struct sql_value sql_real(double v)
{
    return (struct sql_value){.type = SQL_REAL, .real = v};
}

static inline struct sql_value sql_text(const char *v)
{
    return (struct sql_value){.type = SQL_TEXT, .text = v};
}

#endif
