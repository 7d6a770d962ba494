/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Inside the SQLite driver: connections, statements, transactions.
 *
 * One connection writes and checkpoints, under one mutex; a small pool reads. SQLite before 3.51.3
 * can corrupt a WAL that two connections write or checkpoint at once, so readers must never do
 * either. To change that, first raise the least version of SQLite. In memory there is one
 * connection for everything.
 */
#ifndef STORE_STORE_SQLITE_H
#define STORE_STORE_SQLITE_H

#include "base/clock.h"
#include "store/store_driver.h"
#include "store/store_sql.h"

#include <pthread.h>
#include <sqlite3.h>

enum { READERS = 4 };

struct connection {
    sqlite3 *db;
    sqlite3_stmt *cached[SQL_COUNT]; /* prepared when first asked for */
    bool lent;
};

struct sqlite_store {
    struct store base;
    int lock; /* of PATH.lock; -1 in memory */
    pthread_mutex_t writing;
    struct connection writer;
    pthread_mutex_t pool;
    pthread_cond_t returned;
    size_t readers; /* 0 in memory */
    struct connection reader[READERS];
};

/* What a statement on a job row needs to know first. */
struct job_key {
    int64_t seq, total;
    enum job_state state;
    char owner[STORE_OWNER];
    bool forgotten; /* its password */
};

/* Changes of a job's counters by a change of its pages. */
struct job_delta {
    int64_t ready, running, done, failed, claimable;
};

/* store_sqlite_query.c. A query is reset when its scope ends. */
int sqlite_error(struct connection *c, struct error *err, const char *doing);
sqlite3_stmt *sqlite_query(struct connection *c, enum store_sql which,
                           const struct sql_value *values, int count, struct error *err);
void sqlite_bind(sqlite3_stmt *q, const struct sql_value *values, int count);
int sqlite_row(struct connection *c, sqlite3_stmt *q, struct error *err); /* 1 row, 0 end, -1 */
int sqlite_integer(struct connection *c, enum store_sql which, const struct sql_value *values,
                   int count, int64_t *out, struct error *err); /* as sqlite_row: 1 sets *out */
int sqlite_change(struct connection *c, enum store_sql which, const struct sql_value *values,
                  int count, struct error *err); /* rows changed, or -1 */
void sqlite_query_done(sqlite3_stmt **q);
void sqlite_text(sqlite3_stmt *q, int column, char *out, size_t size);
void sqlite_error_column(sqlite3_stmt *q, int column, struct error *out); /* class, text */
#define auto_query __attribute__((cleanup(sqlite_query_done))) sqlite3_stmt *

#define VALUES(...)                          \
    (const struct sql_value[]){__VA_ARGS__}, \
        (int)(sizeof(const struct sql_value[]){__VA_ARGS__} / sizeof(struct sql_value))

/* store_sqlite.c. begin: NULL on failure. finish commits when rc ≥ 0, else rolls back; returns rc,
 * or -1 when the commit failed. Every begin is followed by one finish. */
struct connection *sqlite_begin(struct store *store, struct error *err);
int sqlite_finish(struct store *store, int rc, struct error *err);
struct connection *sqlite_lend(struct store *store); /* to read with; waits for a free one */
void sqlite_return(struct store *store, struct connection *c);

/* store_sqlite_jobs.c, inside a transaction or on a lent connection */
int sqlite_job_key(struct connection *c, const char *id, struct job_key *out,
                   struct error *err); /* 1, 0: no such job, -1 */
int sqlite_require_job(struct connection *c, const char *id, struct job_key *out,
                       struct error *err); /* the same, but no such job is an error */
int sqlite_job_count(struct connection *c, int64_t seq, const struct job_delta *d, int64_t now,
                     struct error *err);
int sqlite_job_end(struct connection *c, int64_t seq, enum job_state state, const struct error *why,
                   bool forget, struct error *err);
int sqlite_job_settle(struct connection *c, int64_t seq, struct error *err); /* 1: it ended now */
int sqlite_delete_job(struct connection *c, const char *id, struct error *err);
int sqlite_owner_floor(struct connection *c, int64_t none, int64_t *out, struct error *err);

/* Before an owner gets work: one that had none starts level with the others, so that nobody saves
 * up turns by being idle. */
int sqlite_seat_owner(struct connection *c, const char *owner, struct error *err);

int sqlite_cancel(struct store *store, const char *id, struct error *err);
int sqlite_retry(struct store *store, const char *id, bool all, struct error *err);
int sqlite_delete(struct store *store, const char *id, struct error *err);
int sqlite_garbage(struct store *store, char (*ids)[ID_SIZE], size_t max, struct error *err);
int sqlite_forget(struct store *store, const char *id, struct error *err);

/* store_sqlite_submit.c */
int sqlite_submit(struct store *store, const struct submission *s, char id[ID_SIZE],
                  enum store_submitted *how, struct error *err);

/* store_sqlite_usage.c. The first two inside a transaction. */
int sqlite_usage_submit(struct connection *c, const struct submission *s, int64_t now,
                        struct error *err); /* checks the limits and charges the bytes */
int sqlite_usage_open(struct connection *c, const struct job_key *key, int64_t pages,
                      struct error *err); /* the same for pages */
int sqlite_usage(struct store *store, const char *owner, int64_t since, struct store_usage *out,
                 struct error *err);

/* store_sqlite_list.c */
int sqlite_list_jobs(struct store *store, const struct job_filter *filter,
                     int (*visit)(void *arg, const struct job *job), void *arg, struct error *err);
int sqlite_count_jobs(struct store *store, const struct job_filter *filter, int64_t *count,
                      struct error *err);
int sqlite_list_queue(struct store *store, int (*visit)(void *arg, const struct store_queued *job),
                      void *arg, struct error *err);

/* store_sqlite_read.c */
void sqlite_read_job(sqlite3_stmt *q, struct job *job); /* SQL_JOB_COLUMNS */
int sqlite_find_job(struct store *store, const char *id, struct job *out, struct error *err);
int sqlite_list_pages(struct store *store, const char *id, uint32_t from, bool failed_only,
                      struct page_row *out, size_t max, struct error *err);
int sqlite_list_changed(struct store *store, const char *id, int64_t after, struct page_row *out,
                        size_t max, struct error *err);
int sqlite_find_page(struct store *store, const char *id, uint32_t number, struct page_row *out,
                     struct error *err);
int sqlite_stats(struct store *store, struct store_stats *out, struct error *err);

/* store_sqlite_claim.c */
int sqlite_release_all(struct store *store, struct error *err);
int sqlite_claim(struct store *store, int64_t lease_ms, bool idle_jobs, struct claim *out,
                 size_t max, struct error *err);
int sqlite_beat(struct store *store, int64_t lease_ms, const struct claim *claims, bool *held,
                size_t n, struct error *err);
int sqlite_opened(struct store *store, const struct claim *claim, const uint32_t *pages, size_t n,
                  int64_t document_pages, struct error *err);
int sqlite_done(struct store *store, const struct claim *claim, double confidence,
                int64_t duration_ms, struct error *err);
int sqlite_fail(struct store *store, const struct claim *claim, enum store_failure how,
                const struct error *why, int64_t delay_ms, struct error *err);

/* store_sqlite_sweep.c */
int sqlite_sweep(struct store *store, struct store_healed *healed, struct error *err);

/* store_sqlite_token.c */
int sqlite_token_add(struct store *store, const struct token_row *row, struct error *err);
int sqlite_token_list(struct store *store, int (*visit)(void *arg, const struct token_row *row),
                      void *arg, struct error *err);
int sqlite_token_expire(struct store *store, const char *id, int64_t when, struct error *err);
int sqlite_token_remove(struct store *store, const char *id, struct error *err);
int sqlite_token_used(struct store *store, const char *id, int64_t when, struct error *err);

/* store_sqlite_outbox.c. The first two inside a transaction. */
int sqlite_delivery_add(struct connection *c, int64_t seq, enum job_state event, int64_t now,
                        struct error *err); /* if the job wants this event delivered */
int sqlite_delivery_delete(struct connection *c, int64_t seq, struct error *err);
int sqlite_delivery_claim(struct store *store, int64_t lease_ms, struct delivery *out, size_t max,
                          struct error *err);
int sqlite_delivery_attempted(struct store *store, const char *id,
                              const struct delivery_attempt *attempt, enum delivery_state state,
                              int64_t due, struct error *err);
int sqlite_delivery_list(struct store *store, const char *job, struct delivery *out, size_t max,
                         struct error *err);
int sqlite_delivery_attempts(struct store *store, const char *id, struct delivery_attempt *out,
                             size_t max, struct error *err);
int sqlite_delivery_resend(struct store *store, const char *job, const char *id, struct error *err);
int sqlite_delivery_next(struct store *store, int64_t *due, struct error *err);

#endif
