/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a database backend gives: store.h's calls with their arguments already checked by store.c.
 * A backend embeds struct store as its first member. A driver that wraps another one (the failing
 * driver of the tests) fills the same table and needs no registration.
 */
#ifndef STORE_STORE_DRIVER_H
#define STORE_STORE_DRIVER_H

#include "store/store.h"

enum {
    STORE_CLAIM_BATCH = 1024,   /* pages in one claim: more only hold the writer longer */
    STORE_EXPIRED_BATCH = 100,  /* jobs that one sweep deletes */
    STORE_SUSPECTS_BATCH = 100, /* jobs that one sweep heals */
    STORE_KEYS_BATCH = 1000,    /* idempotency keys that one sweep forgets, about */
    STORE_DELIVERY_BATCH = 64,  /* deliveries in one claim */
    STORE_JOIN_REST_MS = 60000, /* an ended job must stay this long to stand for a new one */
};
/* A hundred years: sums of times cannot overflow. */
#define STORE_LONGEST_MS INT64_C(3200000000000)
/* What was used is remembered this long after its last change: longer than any period. */
#define STORE_USAGE_MS (INT64_C(400) * 24 * 3600 * 1000)

struct store_driver {
    const char *scheme;
    int (*open)(struct store **out, const char *rest, struct error *err); /* after the colon */
    void (*close)(struct store *store);
    bool (*exclusive)(const struct store *store);
    int (*release_all)(struct store *store, struct error *err);
    int (*submit)(struct store *store, const struct submission *s, char id[ID_SIZE],
                  enum store_submitted *how, struct error *err);
    int (*find_job)(struct store *store, const char *id, struct job *out, struct error *err);
    int (*list_jobs)(struct store *store, const struct job_filter *filter,
                     int (*visit)(void *arg, const struct job *job), void *arg, struct error *err);
    int (*count_jobs)(struct store *store, const struct job_filter *filter, int64_t *count,
                      struct error *err);
    int (*list_queue)(struct store *store, int (*visit)(void *arg, const struct store_queued *job),
                      void *arg, struct error *err);
    int (*list_pages)(struct store *store, const char *id, uint32_t from, bool failed_only,
                      struct page_row *out, size_t max, struct error *err);
    int (*list_changed)(struct store *store, const char *id, int64_t after, struct page_row *out,
                        size_t max, struct error *err);
    int (*find_page)(struct store *store, const char *id, uint32_t number, struct page_row *out,
                     struct error *err);
    int (*stats)(struct store *store, struct store_stats *out, struct error *err);
    int (*usage)(struct store *store, const char *owner, int64_t since, struct store_usage *out,
                 struct error *err);
    int (*claim)(struct store *store, int64_t lease_ms, bool idle_jobs, struct claim *out,
                 size_t max, struct error *err);
    int (*beat)(struct store *store, int64_t lease_ms, const struct claim *claims, bool *held,
                size_t n, struct error *err);
    int (*opened)(struct store *store, const struct claim *claim, const uint32_t *pages, size_t n,
                  int64_t document_pages, struct error *err);
    int (*done)(struct store *store, const struct claim *claim, double confidence,
                int64_t duration_ms, struct error *err);
    int (*fail)(struct store *store, const struct claim *claim, enum store_failure how,
                const struct error *why, int64_t delay_ms, struct error *err);
    int (*cancel)(struct store *store, const char *id, struct error *err);
    int (*retry)(struct store *store, const char *id, bool all, struct error *err);
    int (*delete)(struct store *store, const char *id, struct error *err);
    int (*garbage)(struct store *store, char (*ids)[ID_SIZE], size_t max, struct error *err);
    int (*forget)(struct store *store, const char *id, struct error *err);
    int (*sweep)(struct store *store, struct store_healed *healed, struct error *err);
    int (*token_add)(struct store *store, const struct token_row *row, struct error *err);
    int (*token_list)(struct store *store, int (*visit)(void *arg, const struct token_row *row),
                      void *arg, struct error *err);
    int (*token_expire)(struct store *store, const char *id, int64_t when, struct error *err);
    int (*token_remove)(struct store *store, const char *id, struct error *err);
    int (*token_used)(struct store *store, const char *id, int64_t when, struct error *err);
    int (*delivery_claim)(struct store *store, int64_t lease_ms, struct delivery *out, size_t max,
                          struct error *err);
    int (*delivery_attempted)(struct store *store, const char *id,
                              const struct delivery_attempt *attempt, enum delivery_state state,
                              int64_t due, struct error *err);
    int (*delivery_list)(struct store *store, const char *job, struct delivery *out, size_t max,
                         struct error *err);
    int (*delivery_attempts)(struct store *store, const char *id, struct delivery_attempt *out,
                             size_t max, struct error *err);
    int (*delivery_resend)(struct store *store, const char *job, const char *id, struct error *err);
    int (*delivery_next)(struct store *store, int64_t *due, struct error *err);
};

struct store {
    const struct store_driver *drv;
};

extern const struct store_driver store_sqlite;

int store_no_job(struct error *err); /* ERROR_NOT_FOUND, as the two below */
int store_no_token(const char *id, struct error *err);
int store_no_delivery(struct error *err);

#endif
