/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * See outbox_store_fake.h. Stands in for store_find_job, store_delivery_* and job_store.
 */
#include "outbox_store_fake.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/must.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 256 };

_Atomic bool fake_hasty, fake_broken;
_Atomic int fake_claims;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fake_row rows[ROWS];
static size_t count;

/* ---- for tests ---- */

void fake_reset(void)
{
    for (size_t i = 0; i < count; i++)
        free(rows[i].webhook);
    memset(rows, 0, sizeof rows);
    count = 0;
    fake_hasty = fake_broken = false;
}

size_t fake_add(const char *url, const char *secret)
{
    struct strbuf json = {0};
    pthread_mutex_lock(&lock);
    must(count < ROWS);
    struct fake_row *r = &rows[count];
    id_new(r->delivery.id);
    id_new(r->delivery.job);
    r->delivery.event = JOB_COMPLETED;
    r->delivery.created = r->delivery.due = clock_wall();
    strbuf_addf(&json, "{\"url\":\"%s\",\"secret\":\"%s\",\"events\":\"\"}", url, secret);
    r->webhook = strbuf_detach(&json);
    size_t n = count++;
    pthread_mutex_unlock(&lock);
    return n;
}

void fake_delete_job(size_t row)
{
    pthread_mutex_lock(&lock);
    rows[row].deleted = true;
    pthread_mutex_unlock(&lock);
}

struct fake_row fake_find(size_t row)
{
    pthread_mutex_lock(&lock);
    struct fake_row r = rows[row];
    pthread_mutex_unlock(&lock);
    return r;
}

size_t fake_count(enum delivery_state state)
{
    size_t n = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        n += rows[i].delivery.state == state;
    pthread_mutex_unlock(&lock);
    return n;
}

/* ---- the store ---- */

static int broken(struct error *err)
{
    return error_set(err, ERROR_IO, "the store is broken");
}

struct store *job_store(struct job_service *service)
{
    return (struct store *)service;
}

void job_free_members(struct job *job)
{
    free(job->options);
    free(job->metadata);
    free(job->webhook);
    *job = (struct job){0};
}

static struct fake_row *row_of(const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (!rows[i].deleted &&
            (strcmp(rows[i].delivery.id, id) == 0 || strcmp(rows[i].delivery.job, id) == 0))
            return &rows[i];
    return NULL;
}

int store_find_job(struct store *store, const char *id, struct job *out, struct error *err)
{
    (void)store;
    if (fake_broken)
        return broken(err);
    pthread_mutex_lock(&lock);
    struct fake_row *r = row_of(id);
    if (r) {
        *out = (struct job){.state = JOB_COMPLETED, .webhook = x_strdup(r->webhook)};
        memcpy(out->id, r->delivery.job, sizeof out->id);
        snprintf(out->filename, sizeof out->filename, "letter.pdf");
    }
    pthread_mutex_unlock(&lock);
    return r ? 0 : error_set(err, ERROR_NOT_FOUND, "no such job");
}

static int64_t due_of(const struct fake_row *r)
{
    int64_t due = fake_hasty ? 0 : r->delivery.due;
    return r->leased > due ? r->leased : due;
}

static bool waits(const struct fake_row *r)
{
    return !r->deleted && r->delivery.state == DELIVERY_WAITING;
}

int store_delivery_claim(struct store *store, int64_t lease_ms, struct delivery *out, size_t max,
                         struct error *err)
{
    size_t n = 0;
    int64_t now = clock_wall();
    (void)store;
    fake_claims++;
    if (fake_broken)
        return broken(err);
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count && n < max; i++)
        if (waits(&rows[i]) && due_of(&rows[i]) <= now) {
            rows[i].leased = now + lease_ms;
            out[n++] = rows[i].delivery;
        }
    pthread_mutex_unlock(&lock);
    return (int)n;
}

int store_delivery_attempted(struct store *store, const char *id,
                             const struct delivery_attempt *attempt, enum delivery_state state,
                             int64_t due, struct error *err)
{
    (void)store;
    if (fake_broken)
        return broken(err);
    pthread_mutex_lock(&lock);
    struct fake_row *r = row_of(id);
    if (r) {
        must(attempt->number == r->delivery.attempts + 1 && attempt->number < FAKE_ATTEMPTS);
        r->log[attempt->number] = *attempt;
        r->dues[attempt->number] = due;
        r->delivery.attempts = attempt->number;
        r->delivery.state = state;
        r->delivery.due = due;
        r->leased = 0;
    }
    pthread_mutex_unlock(&lock);
    return r != NULL;
}

int store_delivery_next(struct store *store, int64_t *due, struct error *err)
{
    int64_t first = INT64_MAX;
    (void)store;
    if (fake_broken)
        return broken(err);
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        if (waits(&rows[i]) && due_of(&rows[i]) < first)
            first = due_of(&rows[i]);
    pthread_mutex_unlock(&lock);
    *due = first;
    return 0;
}
