/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The picture of the queue: unfinished jobs sorted by owner, priority and age, and played through,
 * so that an answer is a binary search and a sum over owners. Called by the API's watch and by its
 * routes.
 */
#include "job/forecast.h"

#include "base/clock.h"
#include "base/memory.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const double pace_memory = 15; /* seconds */

struct entry {
    int64_t sequence, priority, remaining;
    int64_t finish;         /* pages of its group that are read until it has its last */
    int64_t waiting_before; /* entries of its group that wait and are older */
    uint32_t owner;
    bool pending;
};

/* The jobs of one owner and one priority, by age. */
struct group {
    uint32_t owner;
    int64_t priority;
    size_t first, count;
    int64_t pages, waiting;
};

struct owner {
    char name[STORE_OWNER];
    size_t first, count; /* groups, highest priority first */
    int64_t pages, waiting;
};

struct picture {
    struct entry *entries;
    struct group *groups;
    struct owner *owners;
    size_t count, space, group_count, owner_count, owner_space;
    int64_t guess; /* pages of a document that is not open yet */
    int64_t pages, waiting;
};

struct forecast {
    struct job_service *service;
    size_t width;
    pthread_rwlock_t lock;
    struct picture now;
    double pace;
    int64_t last_ms, last_pages; /* of the pace: steady clock, pages ended by then */
    bool busy;                   /* there was work since then */
};

struct forecast *forecast_new(struct job_service *service, size_t width)
{
    struct forecast *f = x_calloc(1, sizeof *f);
    f->service = service;
    f->width = width < 1 ? 1 : width > FORECAST_WIDTH ? FORECAST_WIDTH : width;
    pthread_rwlock_init(&f->lock, NULL);
    return f;
}

static void picture_free(struct picture *p)
{
    free(p->entries);
    free(p->groups);
    free(p->owners);
    *p = (struct picture){0};
}

void forecast_free(struct forecast **forecast)
{
    if (!*forecast)
        return;
    picture_free(&(*forecast)->now);
    pthread_rwlock_destroy(&(*forecast)->lock);
    free(*forecast);
    *forecast = NULL;
}

/* ---- taking it ---- */

/* Names are few and come in runs: the one before is tried first. */
static uint32_t owner_index(struct picture *p, const char *name)
{
    for (size_t i = p->owner_count; i-- > 0;)
        if (strcmp(p->owners[i].name, name) == 0)
            return (uint32_t)i;
    if (p->owner_count == p->owner_space) {
        p->owner_space = p->owner_space ? 2 * p->owner_space : 16;
        p->owners = x_realloc(p->owners, p->owner_space, sizeof *p->owners);
    }
    struct owner *o = &p->owners[p->owner_count];
    *o = (struct owner){0};
    memcpy(o->name, name, strlen(name) + 1);
    return (uint32_t)p->owner_count++;
}

static int add_entry(void *arg, const struct store_queued *job)
{
    struct picture *p = arg;
    if (p->count == p->space) {
        p->space = p->space ? 2 * p->space : 64;
        p->entries = x_realloc(p->entries, p->space, sizeof *p->entries);
    }
    p->entries[p->count++] = (struct entry){.sequence = job->sequence,
                                            .priority = job->priority,
                                            .remaining = job->pending ? p->guess : job->remaining,
                                            .owner = owner_index(p, job->owner),
                                            .pending = job->pending};
    return 0;
}

static int by_group(const struct entry *a, const struct entry *b)
{
    if (a->owner != b->owner)
        return a->owner < b->owner ? -1 : 1;
    return a->priority != b->priority ? (a->priority > b->priority ? -1 : 1) : 0;
}

static int by_age(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int order = by_group(a, b);
    return order ? order : (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

/* One that is being read: the page of each of those side by side with which it ends. */
struct place {
    struct entry *entry;
    int64_t last;
};

static size_t first_to_end(const struct place *places, size_t count)
{
    size_t first = 0;
    for (size_t i = 1; i < count; i++)
        if (places[i].last < places[first].last)
            first = i;
    return first;
}

/* Those in places are read side by side, a page of each in turn. */
static void play(struct picture *p, const struct group *g, size_t width)
{
    struct place places[FORECAST_WIDTH];
    size_t taken = 0, next = g->first, end = g->first + g->count;
    int64_t turn = 0, read = 0;
    while (next < end || taken) {
        for (; taken < width && next < end; next++, taken++)
            places[taken] = (struct place){&p->entries[next], turn + p->entries[next].remaining};
        size_t ending = first_to_end(places, taken);
        read += (places[ending].last - turn) * (int64_t)taken;
        turn = places[ending].last;
        places[ending].entry->finish = read;
        places[ending] = places[--taken];
    }
}

static void close_group(struct picture *p, struct group *g)
{
    struct owner *o = &p->owners[g->owner];
    for (size_t i = g->first; i < g->first + g->count; i++) {
        g->pages += p->entries[i].remaining;
        p->entries[i].waiting_before = g->waiting;
        g->waiting += p->entries[i].pending;
    }
    o->pages += g->pages;
    o->waiting += g->waiting;
    if (!o->count++)
        o->first = (size_t)(g - p->groups);
    p->pages += g->pages;
    p->waiting += g->waiting;
}

static void arrange(struct picture *p, size_t width)
{
    if (p->count)
        qsort(p->entries, p->count, sizeof *p->entries, by_age);
    p->groups = x_calloc(p->count + 1, sizeof *p->groups);
    for (size_t i = 0; i < p->count;) {
        struct group *g = &p->groups[p->group_count++];
        *g = (struct group){
            .owner = p->entries[i].owner, .priority = p->entries[i].priority, .first = i};
        for (; i < p->count && by_group(&p->entries[g->first], &p->entries[i]) == 0; i++)
            g->count++;
        close_group(p, g);
        play(p, g, width);
    }
}

/* Only time with work in the queue says how fast pages are read. */
static void measure(struct forecast *f, const struct job_counters *c, bool busy)
{
    int64_t now = clock_steady();
    double seconds = (double)(now - f->last_ms) / 1000;
    double rate = seconds > 0 ? (double)(c->pages_ended - f->last_pages) / seconds : 0;
    if (f->last_ms && f->busy && (f->pace > 0 || rate > 0))
        f->pace += (f->pace > 0 ? 1 - exp(-seconds / pace_memory) : 1) * (rate - f->pace);
    f->last_ms = now;
    f->last_pages = c->pages_ended;
    f->busy = busy;
}

int forecast_refresh(struct forecast *f, struct error *err)
{
    struct picture next = {0};
    struct job_counters counters;
    job_counters(f->service, &counters);
    next.guess =
        counters.documents_opened
            ? (counters.pages_opened + counters.documents_opened - 1) / counters.documents_opened
            : 1;
    if (store_list_queue(job_store(f->service), add_entry, &next, err) < 0) {
        picture_free(&next);
        return -1;
    }
    arrange(&next, f->width);
    pthread_rwlock_wrlock(&f->lock);
    struct picture old = f->now;
    f->now = next;
    measure(f, &counters, next.count > 0);
    pthread_rwlock_unlock(&f->lock);
    picture_free(&old);
    return 0;
}

/* ---- answering ---- */

static const struct owner *find_owner(const struct picture *p, const char *name)
{
    for (size_t i = 0; i < p->owner_count; i++)
        if (strcmp(p->owners[i].name, name) == 0)
            return &p->owners[i];
    return NULL;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The group's first entry that is not older. */
static size_t find_entry(const struct picture *p, const struct group *g, int64_t sequence)
{
    size_t low = g->first, high = g->first + g->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->entries[middle].sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Pages of its group until the job has its last; one that came after the picture comes last. */
static int64_t finish_of(const struct picture *p, const struct group *g, const struct job *job,
                         int64_t left)
{
    size_t at = find_entry(p, g, job->sequence);
    bool there = at < g->first + g->count && p->entries[at].sequence == job->sequence;
    return there ? p->entries[at].finish : g->pages + left;
}

/* Pages of all owners that are read until a job with so many left has its last. */
static int64_t pages_until(const struct picture *p, const struct owner *o, const struct job *job,
                           int64_t left)
{
    int64_t own = 0, all = 0;
    bool placed = false;
    for (size_t i = 0; o && i < o->count; i++) {
        const struct group *g = &p->groups[o->first + i];
        if (g->priority > job->priority)
            own += g->pages;
        else if (g->priority == job->priority) {
            own += finish_of(p, g, job, left);
            placed = true;
        }
    }
    own += placed ? 0 : left;
    for (size_t i = 0; i < p->owner_count; i++)
        all += &p->owners[i] == o ? 0 : least(p->owners[i].pages, own);
    return own + all;
}

static int64_t waiting_before(const struct picture *p, const struct group *g, int64_t sequence)
{
    size_t at = find_entry(p, g, sequence);
    return at < g->first + g->count ? p->entries[at].waiting_before : g->waiting;
}

static int64_t position_of(const struct picture *p, const struct owner *o, const struct job *job)
{
    int64_t rank = 1;
    for (size_t i = 0; o && i < o->count; i++) {
        const struct group *g = &p->groups[o->first + i];
        if (g->priority > job->priority)
            rank += g->waiting;
        else if (g->priority == job->priority)
            rank += waiting_before(p, g, job->sequence);
    }
    int64_t others = 0;
    for (size_t i = 0; i < p->owner_count; i++)
        others += &p->owners[i] == o ? 0 : least(p->owners[i].waiting, rank);
    return rank + others;
}

void forecast_of(struct forecast *f, const struct job *job, struct forecast_answer *out)
{
    pthread_rwlock_rdlock(&f->lock);
    const struct picture *p = &f->now;
    const struct owner *o = find_owner(p, job->owner);
    bool pending = job->state == JOB_PENDING;
    int64_t left = pending ? (p->guess ? p->guess : 1)
                           : job->pages.total - job->pages.done - job->pages.failed;
    out->position = pending ? position_of(p, o, job) : 0;
    out->eta_seconds = f->pace > 0 ? (double)pages_until(p, o, job, left) / f->pace : -1;
    pthread_rwlock_unlock(&f->lock);
}

void forecast_totals(struct forecast *f, struct forecast_totals *out)
{
    pthread_rwlock_rdlock(&f->lock);
    *out = (struct forecast_totals){.waiting = f->now.waiting,
                                    .unfinished = (int64_t)f->now.count,
                                    .pages = f->now.pages,
                                    .pace = f->pace};
    pthread_rwlock_unlock(&f->lock);
}
