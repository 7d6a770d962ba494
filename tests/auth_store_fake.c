/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Rows of tokens in memory. Called by the tests of auth.
 */
#include "auth_store_fake.h"

#include "base/memory.h"
#include "store/store_driver.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 256 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct token_row rows[ROWS]; /* by owner, created */
static size_t count;
static unsigned calls[FAKE_CALLS];
static enum fake_call failing;
static unsigned spare;

static bool yes(const struct store *store)
{
    (void)store;
    return true;
}

static bool no(const struct store *store)
{
    (void)store;
    return false;
}

void fake_store_free(struct store **store)
{
    free(*store);
    *store = NULL;
    count = 0;
    failing = FAKE_NONE;
}

void fake_store_fail(enum fake_call call, unsigned spared)
{
    failing = call;
    spare = spared;
}

unsigned fake_store_calls(enum fake_call call)
{
    return calls[call];
}

static int enter(enum fake_call call, struct error *err)
{
    pthread_mutex_lock(&lock);
    calls[call]++;
    if (failing != call)
        return 0;
    if (!spare)
        return error_set(err, ERROR_IO, "the fake store fails");
    spare--;
    return 0;
}

static int leave(int rc)
{
    pthread_mutex_unlock(&lock);
    return rc;
}

static struct token_row *find(const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].id, id) == 0)
            return &rows[i];
    return NULL;
}

static int by_owner(const void *a, const void *b)
{
    const struct token_row *x = a, *y = b;
    int owner = strcmp(x->owner, y->owner);
    return owner ? owner : (x->created > y->created) - (x->created < y->created);
}

static int token_add(struct store *store, const struct token_row *row, struct error *err)
{
    (void)store;
    if (enter(FAKE_ADD, err) < 0)
        return leave(-1);
    if (find(row->id))
        return leave(error_set(err, ERROR_CONFLICT, "token %s exists", row->id));
    if (count == ROWS)
        return leave(error_set(err, ERROR_BUG, "the fake store is full"));
    rows[count++] = *row;
    qsort(rows, count, sizeof rows[0], by_owner);
    return leave(0);
}

static int token_list(struct store *store, int (*visit)(void *arg, const struct token_row *row),
                      void *arg, struct error *err)
{
    (void)store;
    int rc = enter(FAKE_LIST, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (visit(arg, &rows[i]))
            break;
    return leave(rc);
}

static int token_expire(struct store *store, const char *id, int64_t when, struct error *err)
{
    (void)store;
    if (enter(FAKE_EXPIRE, err) < 0)
        return leave(-1);
    struct token_row *row = find(id);
    if (!row)
        return leave(error_set(err, ERROR_NOT_FOUND, "no token %s", id));
    row->expires = when;
    return leave(0);
}

static int token_remove(struct store *store, const char *id, struct error *err)
{
    (void)store;
    if (enter(FAKE_REMOVE, err) < 0)
        return leave(-1);
    struct token_row *row = find(id);
    if (!row)
        return leave(error_set(err, ERROR_NOT_FOUND, "no token %s", id));
    *row = rows[--count];
    qsort(rows, count, sizeof rows[0], by_owner);
    return leave(0);
}

static int token_used(struct store *store, const char *id, int64_t when, struct error *err)
{
    (void)store;
    if (enter(FAKE_USED, err) < 0)
        return leave(-1);
    struct token_row *row = find(id);
    if (row)
        row->used = when;
    return leave(0);
}

#define CALLS                                                                       \
    .token_add = token_add, .token_list = token_list, .token_expire = token_expire, \
    .token_remove = token_remove, .token_used = token_used
static const struct store_driver exclusive = {.exclusive = yes, CALLS};
static const struct store_driver open = {.exclusive = no, CALLS};

struct store *fake_store_new(bool shared)
{
    struct store *s = x_calloc(1, sizeof *s);
    s->drv = shared ? &open : &exclusive;
    memset(calls, 0, sizeof calls);
    return s;
}
