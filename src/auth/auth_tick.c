/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Housekeeping of the tokens: what checks noted is written, what others changed is read, what ended
 * long ago is removed. Called by the service's housekeeping, about once a second.
 */
#include "auth/auth_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { USE_WRITE_MS = 60 * 1000, PURGE_EVERY_MS = 3600 * 1000 };
#define PURGE_AFTER_MS (90 * DAY_MS)

/* `changing` is held, so the table stays; checks go on meanwhile. */
static int write_uses(struct auth *auth, struct error *err)
{
    for (size_t i = 0; auth->table && i < auth->table->count; i++) {
        struct token *t = &auth->table->tokens[i];
        int64_t used = atomic_load(&t->used);
        if (used - t->written < USE_WRITE_MS)
            continue;
        if (store_token_used(auth->store, t->caller.token, used, err) < 0)
            return error_context(err, "writing when tokens were used");
        t->written = used;
    }
    return 0;
}

struct purge {
    int64_t before;
    int64_t newest; /* the newest row of all stays */
    char (*ids)[24];
    size_t count, space;
};

static int note_newest(void *arg, const struct token_row *row)
{
    struct purge *p = arg;
    if (row->created > p->newest)
        p->newest = row->created;
    return 0;
}

static int note_old(void *arg, const struct token_row *row)
{
    struct purge *p = arg;
    if (!token_ended(row->expires, p->before) || row->created == p->newest)
        return 0;
    if (p->count == p->space) {
        p->space = p->space ? p->space * 2 : 16;
        p->ids = x_realloc(p->ids, p->space, sizeof *p->ids);
    }
    memcpy(p->ids[p->count++], row->id, sizeof row->id);
    return 0;
}

static int remove_old(struct auth *auth, const char *id, struct error *err)
{
    struct error why = {0};
    if (store_token_remove(auth->store, id, &why) == 0 || why.class == ERROR_NOT_FOUND)
        return 0; /* perhaps another process was quicker */
    if (err)
        *err = why;
    return -1;
}

static int purge(struct auth *auth, struct error *err)
{
    struct purge p = {.before = clock_wall() - PURGE_AFTER_MS};
    int rc = store_token_list(auth->store, note_newest, &p, err);
    if (rc == 0)
        rc = store_token_list(auth->store, note_old, &p, err);
    for (size_t i = 0; rc == 0 && i < p.count; i++)
        rc = remove_old(auth, p.ids[i], err);
    if (rc == 0 && p.count)
        rc = auth_load(auth, err);
    free(p.ids);
    return rc < 0 ? error_context(err, "forgetting old tokens") : 0;
}

static int tick(struct auth *auth, struct error *err)
{
    int64_t now = clock_steady();
    if (now >= auth->load_due && auth_load(auth, err) < 0)
        return -1;
    if (write_uses(auth, err) < 0)
        return -1;
    if (now < auth->purge_due)
        return 0;
    auth->purge_due = now + PURGE_EVERY_MS;
    return purge(auth, err);
}

int auth_tick(struct auth *auth, struct error *err)
{
    pthread_mutex_lock(&auth->changing);
    int rc = tick(auth, err);
    pthread_mutex_unlock(&auth->changing);
    return rc;
}
