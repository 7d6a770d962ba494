/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Who is asking, and what may they do. Tokens are told once and kept as SHA-256 digests; each
 * belongs to an owner, who sees only jobs of its own. Beside them one shared token may be set,
 * whose owner is "default". Safe from any thread; auth_check and auth_required never touch the
 * store, the rest does.
 *
 * A token's text: pm_ID_SECRETCHECK in digits and lower-case letters without i, l, o and u, five
 * bits each. ID: 12, public, says which token it is. SECRET: 32, which are 160 random bits. CHECK:
 * 6, the low 30 bits of the CRC-32 of all before them, highest first, so that a typing error, and a
 * token found where it should not be, is known without asking anybody.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/json_writer.h"
#include "cache/cache.h"
#include "store/store.h"

/* Who lacks SCOPE_ADMIN has nothing to do with other owners' jobs; it includes none of the others.
 */
enum { SCOPE_SUBMIT = 1, SCOPE_READ = 2, SCOPE_DELETE = 4, SCOPE_ADMIN = 8 };
enum { SCOPE_ALL = SCOPE_SUBMIT | SCOPE_READ | SCOPE_DELETE | SCOPE_ADMIN };

enum { AUTH_TOKEN_TEXT = 55, AUTH_SCOPES_TEXT = 32 };

#define AUTH_DEFAULT_OWNER "default"

struct caller {
    char owner[STORE_OWNER];
    char token[24]; /* id; "" without one */
    unsigned scopes;
    bool limited; /* by rate */
    struct cache_rate rate;
    int64_t page_quota, byte_quota; /* in the present period; 0: any */
    int64_t job_quota;              /* unfinished at once; 0: any */
    /* Unix ms: begin and end of the period; of the UTC day where there is no quota. */
    int64_t quota_since, quota_until;
};

struct auth;

/* shared: the setting auth_token; "": none. Keeps store, which must outlive it. */
int auth_open(struct auth **out, struct store *store, const char *shared, struct error *err);
void auth_close(struct auth **auth);

/* Is there any token at all? Ended ones count, and once true it stays true: a server that had
 * tokens does not fall open. */
bool auth_required(struct auth *auth);

/* Where no token is asked for: owner "default", all scopes, no limits. */
void auth_open_caller(struct caller *out);

/* bearer: what followed "Bearer "; NULL: nothing was sent. ERROR_DENIED; *out untouched then. Takes
 * the same time whatever of the secret is wrong, and hashes and compares for ids that do not exist
 * too; looking up the id, which is public, may differ by nanoseconds. */
int auth_check(struct auth *auth, const char *bearer, struct caller *out, struct error *err);

/* Housekeeping, every second or so: writes when tokens were last used (each at most once a minute),
 * reads again what other processes may have changed (of stores that are not exclusive, every three
 * seconds), forgets tokens that ended 90 days ago, all but the newest. */
int auth_tick(struct auth *auth, struct error *err);

struct token_request {
    const char *owner; /* 1 to 63 of [A-Za-z0-9._-], the first a letter or digit; not "default" */
    unsigned scopes;
    const char *rate;           /* as cache_rate_parse reads; NULL or "": none of its own */
    int64_t pages, bytes, jobs; /* quotas; 0: any */
    const char *quota_period;   /* "day" (also NULL and ""), "month": in UTC */
    int64_t expires_in_s;       /* 0: never */
};

/* The text is told here and never again. ERROR_CONFLICT when two of this owner are valid. */
int auth_create(struct auth *auth, const struct token_request *request, char token[AUTH_TOKEN_TEXT],
                struct error *err);

/* One more with the same rights and as long a life. The older one ends after grace_s (0: not
 * before it is revoked). ERROR_NOT_FOUND when none of this owner is valid, ERROR_CONFLICT when two
 * are. */
int auth_rotate(struct auth *auth, const char *owner, int64_t grace_s, char token[AUTH_TOKEN_TEXT],
                struct error *err);

/* Ends it now; one that has ended is left as it is. ERROR_NOT_FOUND. */
int auth_revoke(struct auth *auth, const char *id, struct error *err);

/* By owner and age, ended ones too; sha256 is empty. visit returns 0 to go on. */
int auth_list(struct auth *auth, int (*visit)(void *arg, const struct token_row *row), void *arg,
              struct error *err);

/* A token for people, without anything of its secret: one JSON object. */
void auth_write_row(const struct token_row *row, struct json_writer *w);

/* "submit,read,delete,admin", at least one. ERROR_INPUT. */
int auth_scopes_parse(unsigned *out, const char *text, struct error *err);
void auth_scopes_text(unsigned scopes, char out[AUTH_SCOPES_TEXT]);

/* "100000/month", "500/day", "10G/month" (K, M, G: powers of 1024): the count and "day" or "month"
 * for token_request. ERROR_INPUT. */
int auth_quota_parse(int64_t *count, const char **period, const char *text, struct error *err);

#endif
