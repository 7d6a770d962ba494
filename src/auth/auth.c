/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Checking: what was sent is hashed, and its digest compared with the shared token's and with that
 * of the token whose id it names, always both. Says why it refuses only to who knows the secret.
 * Called by the api for every request.
 */
#include "auth/auth_internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/must.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    LONGEST_BEARER =
        512, /* twice what the setting auth_token holds; hashing more is work for nothing */
    USE_STEP_MS =
        1000, /* how exactly the last use is known: checks of one token share its memory */
};

void auth_digest(const struct auth *auth, const char *text, size_t len,
                 unsigned char out[TOKEN_DIGEST])
{
    must(EVP_Digest(text, len, out, NULL, auth->sha256, NULL) == 1);
}

/* Those who change the table are not kept waiting by checks that overlap without end. */
static void init_locks(struct auth *a)
{
    pthread_rwlockattr_t attr;
    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&a->swap, &attr);
    pthread_rwlockattr_destroy(&attr);
    pthread_mutex_init(&a->changing, NULL);
}

int auth_open(struct auth **out, struct store *store, const char *shared, struct error *err)
{
    if (strlen(shared) > LONGEST_BEARER)
        return error_set(err, ERROR_INPUT, "auth_token: longer than %d bytes", LONGEST_BEARER);
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!sha256)
        return error_set(err, ERROR_BUG, "OpenSSL has no SHA-256 here");
    struct auth *a = x_calloc(1, sizeof *a);
    a->store = store;
    a->sha256 = sha256;
    init_locks(a);
    must(getrandom(a->nobody.digest, TOKEN_DIGEST, 0) == TOKEN_DIGEST);
    a->nobody.broken = true;
    a->shared = *shared != '\0';
    if (a->shared)
        auth_digest(a, shared, strlen(shared), a->shared_digest);
    atomic_init(&a->required, a->shared);
    if (auth_load(a, err) < 0) {
        auth_close(&a);
        return -1;
    }
    *out = a;
    return 0;
}

void auth_close(struct auth **auth)
{
    struct auth *a = *auth;
    *auth = NULL;
    if (!a)
        return;
    pthread_rwlock_destroy(&a->swap);
    pthread_mutex_destroy(&a->changing);
    EVP_MD_free(a->sha256);
    free(a->table);
    free(a);
}

bool auth_required(struct auth *auth)
{
    return atomic_load(&auth->required);
}

static void set_period(struct caller *c, int64_t period_s, int64_t now)
{
    c->quota_since = auth_period_begin(period_s, now);
    c->quota_until = auth_period_end(period_s, c->quota_since);
}

void auth_open_caller(struct caller *out)
{
    *out = (struct caller){.owner = AUTH_DEFAULT_OWNER, .scopes = SCOPE_ALL};
    set_period(out, DAY_S, clock_wall());
}

static void note_use(struct token *t, int64_t now)
{
    if (now - atomic_load_explicit(&t->used, memory_order_relaxed) >= USE_STEP_MS)
        atomic_store_explicit(&t->used, now, memory_order_relaxed);
}

/* 0 and *out, or -1: not this one. *ended: it is, but was valid only until then. */
static int check_token(struct auth *auth, const char *id, const unsigned char digest[TOKEN_DIGEST],
                       struct caller *out, int64_t *ended)
{
    int64_t now = clock_wall(), period_s = DAY_S;
    int rc = -1;
    pthread_rwlock_rdlock(&auth->swap);
    struct token *t = auth_find(auth, id);
    if (!t)
        t = &auth->nobody;
    bool same = CRYPTO_memcmp(digest, t->digest, TOKEN_DIGEST) == 0;
    if (same && !t->broken) {
        int64_t expires = atomic_load(&t->expires);
        if (token_ended(expires, now))
            *ended = expires;
        else {
            *out = t->caller;
            period_s = t->period_s;
            note_use(t, now);
            rc = 0;
        }
    }
    pthread_rwlock_unlock(&auth->swap);
    if (rc == 0)
        set_period(out, period_s, now);
    return rc;
}

static int refuse(const char *bearer, int64_t ended, struct error *err)
{
    char id[TOKEN_ID + 1], when[CLOCK_TEXT];
    if (ended)
        return error_set(err, ERROR_DENIED, "the token ended at %s", clock_rfc3339(ended, when));
    if (strncmp(bearer, "pm_", 3) == 0 && !token_split(bearer, id))
        return error_set(err, ERROR_DENIED,
                         "the token has a typing error or is not whole: its checksum is wrong");
    return error_set(err, ERROR_DENIED, "the token is not one of this server's");
}

int auth_check(struct auth *auth, const char *bearer, struct caller *out, struct error *err)
{
    char id[TOKEN_ID + 1] = "";
    unsigned char digest[TOKEN_DIGEST];
    int64_t ended = 0;
    size_t len = bearer ? strnlen(bearer, LONGEST_BEARER + 1) : 0;
    if (!len)
        return error_set(err, ERROR_DENIED, "a bearer token is wanted");
    if (len > LONGEST_BEARER)
        return error_set(err, ERROR_DENIED, "the token is not one of this server's");
    token_split(bearer, id);
    auth_digest(auth, bearer, len, digest);
    bool shared = CRYPTO_memcmp(digest, auth->shared ? auth->shared_digest : auth->nobody.digest,
                                TOKEN_DIGEST) == 0;
    int rc = check_token(auth, id, digest, out, &ended);
    if (rc < 0 && shared && auth->shared) {
        auth_open_caller(out);
        return 0;
    }
    return rc < 0 ? refuse(bearer, ended, err) : 0;
}
