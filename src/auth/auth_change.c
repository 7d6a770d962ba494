/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Making, rotating, revoking and listing tokens. All of it waits for the store: never on an event
 * thread. Called by the api's and the commands' token routes.
 */
#include "auth/auth_internal.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define LONGEST_S (100 * 366 * DAY_S) /* sums of times cannot overflow */

/* ---- what an owner has ---- */

struct owned {
    const char *owner;
    int64_t now;
    int valid;
    struct token_row newest; /* of the valid ones */
};

static int note_owned(void *arg, const struct token_row *row)
{
    struct owned *o = arg;
    if (strcmp(row->owner, o->owner) == 0 && !token_ended(row->expires, o->now)) {
        o->valid++;
        o->newest = *row;
    }
    return 0;
}

static int find_owned(struct auth *auth, struct owned *o, struct error *err)
{
    if (store_token_list(auth->store, note_owned, o, err) < 0)
        return error_context(err, "reading the tokens");
    if (o->valid >= TOKENS_VALID)
        return error_set(err, ERROR_CONFLICT,
                         "owner %s has %d valid tokens already; revoke one of them first", o->owner,
                         o->valid);
    return 0;
}

/* ---- making ---- */

/* Stores a token with row's rights. The new id and digest are left in *row. */
static int add_token(struct auth *auth, struct token_row *row, char token[AUTH_TOKEN_TEXT],
                     struct error *err)
{
    char text[AUTH_TOKEN_TEXT], id[TOKEN_ID + 1];
    unsigned char digest[TOKEN_DIGEST];
    token_new(text);
    token_split(text, id);
    auth_digest(auth, text, strlen(text), digest);
    snprintf(row->id, sizeof row->id, "%s", id);
    for (size_t i = 0; i < TOKEN_DIGEST; i++)
        snprintf(row->sha256 + 2 * i, 3, "%02x", digest[i]);
    int rc = store_token_add(auth->store, row, err);
    if (rc == 0)
        memcpy(token, text, sizeof text);
    explicit_bzero(text, sizeof text);
    return rc;
}

/* The store has changed. That it could not be read again is no failure of the change: auth_tick
 * repeats it. */
static void changed(struct auth *auth)
{
    auth_load(auth, NULL);
}

static int check_owner(const char *owner, struct error *err)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = owner ? strlen(owner) : 0;
    if (!len || len >= STORE_OWNER || strspn(owner, letters) != len || strchr("._-", owner[0]))
        return error_set(err, ERROR_INPUT,
                         "owner: 1 to %d letters, digits, dots, hyphens and underscores, the first "
                         "a letter or digit",
                         STORE_OWNER - 1);
    if (strcmp(owner, AUTH_DEFAULT_OWNER) == 0)
        return error_set(err, ERROR_INPUT,
                         "owner: '%s' is the owner of whoever has no token of its own", owner);
    return 0;
}

static int check_numbers(const struct token_request *r, struct error *err)
{
    if (!r->scopes || r->scopes & ~(unsigned)SCOPE_ALL)
        return error_set(err, ERROR_INPUT, "scopes: at least one of submit, read, delete, admin");
    if (r->pages < 0 || r->bytes < 0 || r->jobs < 0)
        return error_set(err, ERROR_INPUT, "a quota cannot be negative");
    if (r->expires_in_s < 0 || r->expires_in_s > LONGEST_S)
        return error_set(err, ERROR_INPUT, "a token lasts from 1 second to 100 years");
    return 0;
}

static int check_rate(const char *rate, char out[64], struct error *err)
{
    struct cache_rate parsed;
    if (!rate || !*rate)
        return 0;
    if (strlen(rate) >= 64)
        return error_set(err, ERROR_INPUT, "rate: longer than 63 bytes");
    if (cache_rate_parse(&parsed, rate, err) < 0)
        return error_context(err, "rate");
    memcpy(out, rate, strlen(rate) + 1);
    return 0;
}

static int fill_row(struct token_row *row, const struct token_request *r, int64_t now,
                    struct error *err)
{
    *row = (struct token_row){
        .scopes = r->scopes,
        .page_quota = r->pages,
        .byte_quota = r->bytes,
        .job_quota = r->jobs,
        .created = now,
    };
    if (check_owner(r->owner, err) < 0 || check_numbers(r, err) < 0 ||
        check_rate(r->rate, row->rate, err) < 0 ||
        auth_period_parse(&row->quota_period_s, r->quota_period, err) < 0)
        return -1;
    row->expires = r->expires_in_s ? now + r->expires_in_s * 1000 : 0;
    snprintf(row->owner, sizeof row->owner, "%s", r->owner);
    return 0;
}

int auth_create(struct auth *auth, const struct token_request *request, char token[AUTH_TOKEN_TEXT],
                struct error *err)
{
    struct token_row row;
    struct owned owned = {.owner = request->owner, .now = clock_wall()};
    if (fill_row(&row, request, owned.now, err) < 0)
        return -1;
    pthread_mutex_lock(&auth->changing);
    int rc = find_owned(auth, &owned, err);
    if (rc == 0)
        rc = add_token(auth, &row, token, err);
    if (rc == 0)
        changed(auth);
    pthread_mutex_unlock(&auth->changing);
    return rc;
}

/* ---- rotating ---- */

/* The older token's end, when it does not come by itself before. */
static int end_older(struct auth *auth, const struct token_row *older, int64_t when,
                     struct error *err)
{
    if (older->expires && older->expires <= when)
        return 0;
    return store_token_expire(auth->store, older->id, when, err);
}

static int rotate(struct auth *auth, struct owned *owned, int64_t grace_s,
                  char token[AUTH_TOKEN_TEXT], struct error *err)
{
    const struct token_row *older = &owned->newest;
    struct token_row row = *older;
    char text[AUTH_TOKEN_TEXT];
    row.created = owned->now;
    row.expires = older->expires ? owned->now + (older->expires - older->created) : 0;
    row.used = 0;
    if (add_token(auth, &row, text, err) < 0)
        return -1;
    int rc = grace_s ? end_older(auth, older, owned->now + grace_s * 1000, err) : 0;
    if (rc < 0)
        store_token_remove(auth->store, row.id, NULL); /* nobody has been told it */
    else
        memcpy(token, text, sizeof text);
    explicit_bzero(text, sizeof text);
    changed(auth);
    return rc;
}

int auth_rotate(struct auth *auth, const char *owner, int64_t grace_s, char token[AUTH_TOKEN_TEXT],
                struct error *err)
{
    struct owned owned = {.owner = owner, .now = clock_wall()};
    if (grace_s < 0 || grace_s > LONGEST_S)
        return error_set(err, ERROR_INPUT, "grace: from 0 seconds to 100 years");
    pthread_mutex_lock(&auth->changing);
    int rc = find_owned(auth, &owned, err);
    if (rc == 0 && !owned.valid)
        rc = error_set(err, ERROR_NOT_FOUND, "owner %s has no valid token", owner);
    if (rc == 0)
        rc = rotate(auth, &owned, grace_s, token, err);
    pthread_mutex_unlock(&auth->changing);
    return rc;
}

/* ---- revoking ---- */

struct sought {
    const char *id;
    bool found;
    int64_t expires;
};

static int note_sought(void *arg, const struct token_row *row)
{
    struct sought *s = arg;
    s->found = strcmp(row->id, s->id) == 0;
    s->expires = row->expires;
    return s->found;
}

static int revoke(struct auth *auth, const char *id, struct error *err)
{
    struct sought s = {.id = id};
    int64_t now = clock_wall();
    if (store_token_list(auth->store, note_sought, &s, err) < 0)
        return error_context(err, "reading the tokens");
    if (!s.found)
        return error_set(err, ERROR_NOT_FOUND, "no token %s", id);
    if (token_ended(s.expires, now))
        return 0;
    if (store_token_expire(auth->store, id, now, err) < 0)
        return -1;
    /* At once, even if the store cannot be read again just now. */
    struct token *t = auth_find(auth, id);
    if (t)
        atomic_store(&t->expires, now);
    changed(auth);
    return 0;
}

int auth_revoke(struct auth *auth, const char *id, struct error *err)
{
    pthread_mutex_lock(&auth->changing);
    int rc = revoke(auth, id, err);
    pthread_mutex_unlock(&auth->changing);
    return rc;
}

/* ---- listing ---- */

struct listing {
    int (*visit)(void *arg, const struct token_row *row);
    void *arg;
};

static int show(void *arg, const struct token_row *row)
{
    const struct listing *l = arg;
    struct token_row shown = *row;
    memset(shown.sha256, 0, sizeof shown.sha256);
    return l->visit(l->arg, &shown);
}

int auth_list(struct auth *auth, int (*visit)(void *arg, const struct token_row *row), void *arg,
              struct error *err)
{
    struct listing l = {visit, arg};
    return store_token_list(auth->store, show, &l, err);
}
