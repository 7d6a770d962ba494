/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The table of tokens that checks read: made anew from the store's rows and exchanged whole. A row
 * that makes no sense is kept as one that is never valid. Called by auth.c and auth_change.c.
 */
#include "auth/auth_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RELOAD_MS = 3000 };

struct building {
    struct token_table *table;
    size_t space;
};

static bool read_digest(const char *hex, unsigned char out[TOKEN_DIGEST])
{
    size_t len;
    return strlen(hex) == 2 * TOKEN_DIGEST &&
           OPENSSL_hexstr2buf_ex(out, TOKEN_DIGEST, &len, hex, '\0') == 1 && len == TOKEN_DIGEST;
}

static bool read_row(struct token *t, const struct token_row *row)
{
    struct caller *c = &t->caller;
    bool good = read_digest(row->sha256, t->digest);
    snprintf(c->owner, sizeof c->owner, "%s", row->owner);
    snprintf(c->token, sizeof c->token, "%s", row->id);
    c->scopes = (unsigned)row->scopes & SCOPE_ALL;
    c->limited = row->rate[0] != '\0';
    if (c->limited && cache_rate_parse(&c->rate, row->rate, NULL) < 0)
        good = false;
    c->page_quota = row->page_quota;
    c->byte_quota = row->byte_quota;
    c->job_quota = row->job_quota;
    t->period_s = row->quota_period_s;
    atomic_init(&t->expires, row->expires);
    atomic_init(&t->used, row->used);
    t->written = row->used;
    return good && row->owner[0] && t->period_s > 0;
}

static int add_row(void *arg, const struct token_row *row)
{
    struct building *b = arg;
    if (!b->table || b->table->count == b->space) {
        size_t count = b->table ? b->table->count : 0;
        b->space = b->space ? b->space * 2 : 16;
        b->table = x_realloc(b->table, 1, sizeof *b->table + b->space * sizeof(struct token));
        b->table->count = count;
    }
    struct token *t = &b->table->tokens[b->table->count++];
    memset(t, 0, sizeof *t);
    t->broken = !read_row(t, row);
    return 0;
}

bool token_ended(int64_t expires, int64_t now)
{
    return expires && expires <= now;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct token *)a)->caller.token, ((const struct token *)b)->caller.token);
}

static int id_against(const void *id, const void *token)
{
    return strcmp(id, ((const struct token *)token)->caller.token);
}

static struct token *find_in(const struct token_table *table, const char *id)
{
    if (!table || !table->count)
        return NULL;
    return bsearch(id, table->tokens, table->count, sizeof table->tokens[0], id_against);
}

struct token *auth_find(const struct auth *auth, const char *id)
{
    return find_in(auth->table, id);
}

/* Uses that the store does not know of yet; wants swap held to write, so none is lost. */
static void keep_uses(const struct token_table *from, struct token_table *to)
{
    for (size_t i = 0; from && to && i < from->count; i++) {
        const struct token *old = &from->tokens[i];
        struct token *t = find_in(to, old->caller.token);
        if (t && atomic_load(&old->used) > atomic_load(&t->used))
            atomic_store(&t->used, atomic_load(&old->used));
    }
}

int auth_load(struct auth *auth, struct error *err)
{
    struct building b = {0};
    auth->load_due = 0;
    if (store_token_list(auth->store, add_row, &b, err) < 0) {
        free(b.table);
        return error_context(err, "reading the tokens");
    }
    auth->load_due = store_exclusive(auth->store) ? INT64_MAX : clock_steady() + RELOAD_MS;
    if (b.table) {
        qsort(b.table->tokens, b.table->count, sizeof b.table->tokens[0], by_id);
        atomic_store(&auth->required, true);
    }
    pthread_rwlock_wrlock(&auth->swap);
    struct token_table *old = auth->table;
    keep_uses(old, b.table);
    auth->table = b.table;
    pthread_rwlock_unlock(&auth->swap);
    free(old);
    return 0;
}
