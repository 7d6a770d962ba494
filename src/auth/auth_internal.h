/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the files of this room share, and its tests.
 *
 * Two locks. `changing` is held by whatever reads or writes the store, for as long as that takes,
 * and is never wanted by a check. `swap` guards the pointer to the table that checks read, and is
 * held to write only for the exchange of pointers. changing before swap.
 */
#ifndef AUTH_AUTH_INTERNAL_H
#define AUTH_AUTH_INTERNAL_H

#include "auth/auth.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    TOKEN_ID = 12,
    TOKEN_SECRET = 32,
    TOKEN_CHECK = 6,
    TOKEN_DIGEST = 32,
    TOKENS_VALID = 2, /* of an owner, at once: enough to rotate, too few to lose count */
};
#define DAY_MS INT64_C(86400000)
#define DAY_S INT64_C(86400)
#define MONTH_S INT64_C(2592000) /* stands for calendar months */

/* One token as checks see it. */
struct token {
    struct caller caller; /* quota_since is filled in by each check */
    unsigned char digest[TOKEN_DIGEST];
    bool broken; /* its row makes no sense: never valid */
    int64_t period_s;
    _Atomic int64_t expires; /* 0: never */
    _Atomic int64_t used;
    int64_t written; /* the use that the store knows of; under `changing` */
};

struct token_table {
    size_t count;
    struct token tokens[]; /* by id */
};

struct auth {
    struct store *store;
    EVP_MD *sha256;
    bool shared;
    unsigned char shared_digest[TOKEN_DIGEST];
    struct token nobody; /* broken, of a random digest: what unknown ids are compared with */
    _Atomic bool required;
    pthread_mutex_t changing;
    pthread_rwlock_t swap;
    struct token_table *table;
    int64_t load_due;  /* steady ms, under `changing` */
    int64_t purge_due; /* likewise */
};

/* token_text.c */
void token_new(char text[AUTH_TOKEN_TEXT]);
/* The id in a token's text; false when its shape or its checksum is wrong. */
bool token_split(const char *text, char id[TOKEN_ID + 1]);

/* auth.c */
void auth_digest(const struct auth *auth, const char *text, size_t len,
                 unsigned char out[TOKEN_DIGEST]);

/* auth_period.c */
int64_t auth_period_begin(int64_t period_s, int64_t now_ms);
int64_t auth_period_end(int64_t period_s, int64_t begin_ms); /* of the one that begins then */
int auth_period_parse(int64_t *period_s, const char *name, struct error *err);

/* auth_table.c */
/* Reads all tokens anew; wants `changing` held. On failure the old table stays, and auth_tick
 * tries again. */
int auth_load(struct auth *auth, struct error *err);
/* Wants one of the locks held; NULL: none. */
struct token *auth_find(const struct auth *auth, const char *id);
bool token_ended(int64_t expires, int64_t now);

#endif
