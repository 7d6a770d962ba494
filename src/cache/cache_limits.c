/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The limits that the memory backend keeps: one time for each key. A key whose burst is whole again
 * is as good as forgotten, and is removed as new ones come. At the cap (65,536 keys, a 64th of
 * them in each shard) a new key takes the place of the one whose burst would be whole first, which
 * gains least by it; whoever is held back longest stays remembered. Called by cache_memory.c.
 */
#include "cache/cache_driver.h"
#include "cache/cache_memory.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Of a shard. FORGET: removed at most as one is added, so that no request pays for many. */
enum { MOST = 1024, BUCKETS = 1024, FORGET = 2 };

struct limit {
    struct limit *next; /* in its bucket */
    uint64_t hash;
    int64_t arrival; /* when the burst is whole again: cache_gcra */
    uint32_t place;  /* in the heap */
    char key[];
};

struct shard {
    pthread_mutex_t lock;
    uint32_t count;
    int64_t latest; /* time that was seen here: threads come in another order than they read it */
    struct limit *buckets[BUCKETS];
    struct limit *heap[MOST]; /* heap[0] has the earliest arrival */
};

struct cache_limits {
    struct cache_seed seed;
    struct shard shards[CACHE_SHARDS];
};

/* The low bits chose the shard. */
static struct limit **bucket_of(struct shard *s, uint64_t hash)
{
    return &s->buckets[hash / CACHE_SHARDS % BUCKETS];
}

static struct limit *find(struct shard *s, uint64_t hash, const char *key)
{
    struct limit *l = *bucket_of(s, hash);
    while (l && (l->hash != hash || strcmp(l->key, key) != 0))
        l = l->next;
    return l;
}

static void set_place(struct shard *s, uint32_t place, struct limit *l)
{
    s->heap[place] = l;
    l->place = place;
}

static void rise(struct shard *s, struct limit *l)
{
    uint32_t at = l->place;
    for (uint32_t above = (at - 1) / 2; at && s->heap[above]->arrival > l->arrival;
         above = (at - 1) / 2) {
        set_place(s, at, s->heap[above]);
        at = above;
    }
    set_place(s, at, l);
}

static void sink(struct shard *s, struct limit *l)
{
    uint32_t at = l->place;
    for (uint32_t below = 2 * at + 1; below < s->count; below = 2 * at + 1) {
        if (below + 1 < s->count && s->heap[below + 1]->arrival < s->heap[below]->arrival)
            below++;
        if (s->heap[below]->arrival >= l->arrival)
            break;
        set_place(s, at, s->heap[below]);
        at = below;
    }
    set_place(s, at, l);
}

static void forget_first(struct shard *s)
{
    struct limit *first = s->heap[0], *last = s->heap[--s->count];
    struct limit **at = bucket_of(s, first->hash);
    while (*at != first)
        at = &(*at)->next;
    *at = first->next;
    if (last != first) {
        set_place(s, 0, last);
        sink(s, last);
    }
    free(first);
}

static struct limit *add(struct shard *s, uint64_t hash, const char *key, int64_t now)
{
    for (int i = 0; i < FORGET && s->count && s->heap[0]->arrival <= now; i++)
        forget_first(s);
    if (s->count == MOST)
        forget_first(s);
    size_t len = strlen(key);
    struct limit *l = x_calloc(1, sizeof *l + len + 1);
    memcpy(l->key, key, len + 1);
    l->hash = hash;
    struct limit **bucket = bucket_of(s, hash);
    l->next = *bucket;
    *bucket = l;
    set_place(s, s->count++, l);
    return l;
}

void cache_limits_ask(struct cache_limits *limits, const char *key, int64_t now,
                      const struct cache_rate *rate, int64_t cost, struct cache_verdict *out)
{
    uint64_t hash = cache_hash(&limits->seed, key, strlen(key));
    struct shard *s = &limits->shards[hash % CACHE_SHARDS];
    int64_t arrival = 0;
    pthread_mutex_lock(&s->lock);
    s->latest = now = now > s->latest ? now : s->latest;
    struct limit *l = find(s, hash, key);
    if (l)
        arrival = l->arrival;
    cache_gcra(&arrival, now, rate, cost, out);
    if (!l && cost) /* allowed: cost ≤ burst */
        l = add(s, hash, key, now);
    if (l && l->arrival != arrival) {
        l->arrival = arrival;
        rise(s, l); /* new ones, and those whose rate has been raised */
        sink(s, l);
    }
    pthread_mutex_unlock(&s->lock);
}

size_t cache_limits_count(struct cache_limits *limits)
{
    size_t n = 0;
    for (size_t i = 0; i < CACHE_SHARDS; i++) {
        pthread_mutex_lock(&limits->shards[i].lock);
        n += limits->shards[i].count;
        pthread_mutex_unlock(&limits->shards[i].lock);
    }
    return n;
}

struct cache_limits *cache_limits_new(const struct cache_seed *seed)
{
    struct cache_limits *limits = x_calloc(1, sizeof *limits);
    limits->seed = *seed;
    for (size_t i = 0; i < CACHE_SHARDS; i++)
        pthread_mutex_init(&limits->shards[i].lock, NULL);
    return limits;
}

void cache_limits_free(struct cache_limits **limits)
{
    for (size_t i = 0; i < CACHE_SHARDS; i++) {
        struct shard *s = &(*limits)->shards[i];
        while (s->count)
            free(s->heap[--s->count]);
        pthread_mutex_destroy(&s->lock);
    }
    free(*limits);
    *limits = NULL;
}
