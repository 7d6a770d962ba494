/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The cache in this process: values in 64 hash tables, each under a lock of its own. Room is made
 * by removing what was used longest ago, in whichever table that is. There is no thread: what is
 * past its time goes when it is asked for or when room is needed. Called through its driver table.
 */
#include "cache/cache_driver.h"
#include "cache/cache_memory.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/must.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    FIRST_BUCKETS = 64,
    DROP_SLOTS = 64,
    OVERHEAD = 32, /* of one value, beside its struct: the allocator's and its share of buckets */
    LARGEST_SHARE = 8,
};
#define NEVER INT64_MAX
#define MS_IN_NS INT64_C(1000000)

struct entry {
    struct entry *next;          /* in its bucket */
    struct entry *newer, *older; /* by use */
    uint64_t hash;
    int64_t used, ends; /* steady nanoseconds */
    size_t len, key_len;
    char key[]; /* NUL, then the bytes */
};

struct shard {
    pthread_mutex_t lock;
    struct entry **buckets;
    size_t bucket_count, entries; /* bucket_count is a power of two */
    struct entry *newest, *oldest;
    _Atomic int64_t oldest_use; /* NEVER when empty; read without the lock to find whom to evict */
    uint64_t drops[DROP_SLOTS]; /* counts the drops of the keys that share the slot, from 1 */
    uint64_t hits, misses, evictions;
};

struct memory_cache {
    struct cache base;
    struct cache_seed seed;
    size_t cap;
    atomic_size_t bytes;
    struct cache_limits *limits;
    struct shard shards[CACHE_SHARDS];
};

/* Three parts of the hash: the lowest bits choose the shard, the highest the slot of drops. */
static struct shard *shard_of(struct memory_cache *c, uint64_t hash)
{
    return &c->shards[hash % CACHE_SHARDS];
}

static struct entry **bucket_of(struct shard *s, uint64_t hash)
{
    return &s->buckets[hash / CACHE_SHARDS & (s->bucket_count - 1)];
}

static uint64_t *drops_of(struct shard *s, uint64_t hash)
{
    return &s->drops[(hash >> 48) % DROP_SLOTS];
}

static size_t size_of(const struct entry *e)
{
    return sizeof *e + e->key_len + 1 + e->len + OVERHEAD;
}

static struct entry *find_entry(struct shard *s, uint64_t hash, const char *key)
{
    struct entry *e = *bucket_of(s, hash);
    while (e && (e->hash != hash || strcmp(e->key, key) != 0))
        e = e->next;
    return e;
}

static void note_oldest(struct shard *s)
{
    atomic_store(&s->oldest_use, s->oldest ? s->oldest->used : NEVER);
}

static void list_add(struct shard *s, struct entry *e, int64_t now)
{
    e->used = now;
    e->newer = NULL;
    e->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = e;
    s->newest = e;
    note_oldest(s);
}

static void list_remove(struct shard *s, struct entry *e)
{
    *(e->newer ? &e->newer->older : &s->newest) = e->older;
    *(e->older ? &e->older->newer : &s->oldest) = e->newer;
    note_oldest(s);
}

/* The entry is the caller's then, who frees it when the lock is open again. */
static struct entry *take_out(struct memory_cache *c, struct shard *s, struct entry *e)
{
    struct entry **at = bucket_of(s, e->hash);
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    list_remove(s, e);
    s->entries--;
    atomic_fetch_sub(&c->bytes, size_of(e));
    return e;
}

static void grow(struct shard *s)
{
    size_t old_count = s->bucket_count;
    struct entry **old = s->buckets;
    s->bucket_count *= 2;
    s->buckets = x_calloc(s->bucket_count, sizeof(struct entry *));
    for (size_t i = 0; i < old_count; i++)
        for (struct entry *e = old[i], *next; e; e = next) {
            struct entry **to = bucket_of(s, e->hash);
            next = e->next;
            e->next = *to;
            *to = e;
        }
    free(old);
}

static void put_in(struct memory_cache *c, struct shard *s, struct entry *e, int64_t now)
{
    if (s->entries == s->bucket_count)
        grow(s);
    struct entry **bucket = bucket_of(s, e->hash);
    e->next = *bucket;
    *bucket = e;
    list_add(s, e, now);
    s->entries++;
    atomic_fetch_add(&c->bytes, size_of(e));
}

static int find(struct cache *cache, const char *key, struct strbuf *out, uint64_t *mark)
{
    struct memory_cache *c = (struct memory_cache *)cache;
    uint64_t hash = cache_hash(&c->seed, key, strlen(key));
    struct shard *s = shard_of(c, hash);
    int64_t now = clock_steady_ns();
    struct entry *past = NULL;
    pthread_mutex_lock(&s->lock);
    struct entry *e = find_entry(s, hash, key);
    if (e && e->ends <= now) {
        past = take_out(c, s, e);
        e = NULL;
    }
    if (e) {
        s->hits++;
        strbuf_add(out, e->key + e->key_len + 1, e->len);
        list_remove(s, e);
        list_add(s, e, now);
    } else {
        s->misses++;
        *mark = *drops_of(s, hash);
    }
    pthread_mutex_unlock(&s->lock);
    free(past);
    return e ? 1 : 0;
}

static struct shard *shard_with_oldest(struct memory_cache *c)
{
    struct shard *found = NULL;
    int64_t earliest = NEVER;
    for (size_t i = 0; i < CACHE_SHARDS; i++) {
        int64_t use = atomic_load(&c->shards[i].oldest_use);
        if (use < earliest) {
            earliest = use;
            found = &c->shards[i];
        }
    }
    return found;
}

/* One lock at a time. Others may be making room as well: then the cache may for a moment keep a
 * little less than it could. */
static void make_room(struct memory_cache *c)
{
    while (atomic_load(&c->bytes) > c->cap) {
        struct shard *s = shard_with_oldest(c);
        struct entry *e = NULL;
        if (!s)
            return;
        pthread_mutex_lock(&s->lock);
        if (s->oldest) {
            e = take_out(c, s, s->oldest);
            s->evictions++;
        }
        pthread_mutex_unlock(&s->lock);
        free(e);
    }
}

/* NULL when there is no memory for it, which a cache can bear. */
static struct entry *new_entry(const char *key, size_t key_len, const void *bytes, size_t len)
{
    struct entry *e = malloc(sizeof *e + key_len + 1 + len);
    if (!e)
        return NULL;
    *e = (struct entry){.len = len, .key_len = key_len};
    memcpy(e->key, key, key_len + 1);
    if (len)
        memcpy(e->key + key_len + 1, bytes, len);
    return e;
}

static void put(struct cache *cache, const char *key, const void *bytes, size_t len, int64_t ttl_ms,
                uint64_t mark)
{
    struct memory_cache *c = (struct memory_cache *)cache;
    size_t key_len = strlen(key);
    struct entry *old = NULL, *e;
    if (len > c->cap / LARGEST_SHARE || !(e = new_entry(key, key_len, bytes, len)))
        return;
    int64_t now = clock_steady_ns();
    e->hash = cache_hash(&c->seed, key, key_len);
    e->ends = ttl_ms < (NEVER - now) / MS_IN_NS ? now + ttl_ms * MS_IN_NS : NEVER;
    struct shard *s = shard_of(c, e->hash);
    pthread_mutex_lock(&s->lock);
    if (*drops_of(s, e->hash) == mark) {
        if ((old = find_entry(s, e->hash, key)))
            take_out(c, s, old);
        put_in(c, s, e, now);
        e = NULL;
    }
    pthread_mutex_unlock(&s->lock);
    free(old);
    free(e);
    make_room(c);
}

static void drop(struct cache *cache, const char *key)
{
    struct memory_cache *c = (struct memory_cache *)cache;
    uint64_t hash = cache_hash(&c->seed, key, strlen(key));
    struct shard *s = shard_of(c, hash);
    pthread_mutex_lock(&s->lock);
    ++*drops_of(s, hash);
    struct entry *e = find_entry(s, hash, key);
    if (e)
        take_out(c, s, e);
    pthread_mutex_unlock(&s->lock);
    free(e);
}

static void stats(struct cache *cache, struct cache_stats *out)
{
    struct memory_cache *c = (struct memory_cache *)cache;
    for (size_t i = 0; i < CACHE_SHARDS; i++) {
        struct shard *s = &c->shards[i];
        pthread_mutex_lock(&s->lock);
        out->hits += s->hits;
        out->misses += s->misses;
        out->evictions += s->evictions;
        out->entries += s->entries;
        pthread_mutex_unlock(&s->lock);
    }
    out->bytes = atomic_load(&c->bytes);
    out->limits = cache_limits_count(c->limits);
}

static int limit(struct cache *cache, const char *key, const struct cache_rate *rate, int64_t cost,
                 struct cache_verdict *out, struct error *err)
{
    (void)err;
    struct memory_cache *c = (struct memory_cache *)cache;
    cache_limits_ask(c->limits, key, clock_steady_ns() / 1000, rate, cost, out);
    return 0;
}

static void close_cache(struct cache *cache)
{
    struct memory_cache *c = (struct memory_cache *)cache;
    for (size_t i = 0; i < CACHE_SHARDS; i++) {
        struct shard *s = &c->shards[i];
        while (s->oldest)
            free(take_out(c, s, s->oldest));
        free(s->buckets);
        pthread_mutex_destroy(&s->lock);
    }
    cache_limits_free(&c->limits);
    free(c);
}

static void shard_init(struct shard *s)
{
    pthread_mutex_init(&s->lock, NULL);
    s->bucket_count = FIRST_BUCKETS;
    s->buckets = x_calloc(FIRST_BUCKETS, sizeof(struct entry *));
    atomic_init(&s->oldest_use, NEVER);
    for (size_t i = 0; i < DROP_SLOTS; i++)
        s->drops[i] = 1;
}

static int open_cache(struct cache **out, const char *rest, struct error *err)
{
    char *end;
    errno = 0;
    unsigned long long cap = strtoull(rest, &end, 10);
    if (*rest < '0' || *rest > '9' || *end || errno || cap > SIZE_MAX / 2)
        return error_set(err, ERROR_INPUT, "memory: wants a number of bytes, not '%s'", rest);
    struct memory_cache *c = x_calloc(1, sizeof *c);
    c->base.drv = &cache_memory;
    c->cap = (size_t)cap;
    must(getrandom(&c->seed, sizeof c->seed, 0) == (ssize_t)sizeof c->seed);
    c->limits = cache_limits_new(&c->seed);
    for (size_t i = 0; i < CACHE_SHARDS; i++)
        shard_init(&c->shards[i]);
    *out = &c->base;
    return 0;
}

const struct cache_driver cache_memory = {
    .scheme = "memory",
    .open_cache = open_cache,
    .close_cache = close_cache,
    .find = find,
    .put = put,
    .drop = drop,
    .stats = stats,
    .limit = limit,
};
