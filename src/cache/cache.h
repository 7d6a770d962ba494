/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What may be forgotten: answers read often, and how much each client has asked lately. Nothing
 * here is the truth, and everything works, slower, with a cache that remembers nothing. Safe from
 * any thread.
 *
 * Keys are made by pagemill alone: 1 to CACHE_KEY bytes; anything else is a bug (must). Backends by
 * URL: memory:BYTES (memory:0 keeps no values; limits work all the same).
 */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include "base/error.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache;

enum { CACHE_KEY = 255, CACHE_RATE_TEXT = 64 };

int cache_open(struct cache **out, const char *url, struct error *err);
void cache_close(struct cache **cache);

/* 1 and the bytes appended to *out; 0 not there: *mark is then what cache_put wants. */
int cache_find(struct cache *cache, const char *key, struct strbuf *out, uint64_t *mark);

/* Keeps the bytes for ttl_ms. Dropped silently when the key was dropped after the mark was taken:
 * find, read the truth, put; whoever changes the truth drops the key afterwards. So a reader that
 * raced with a change cannot put the old state back. Dropped too: a mark of 0, ttl_ms ≤ 0, and more
 * than an eighth of the whole cache, which would cost too many others their place. */
void cache_put(struct cache *cache, const char *key, const void *bytes, size_t len, int64_t ttl_ms,
               uint64_t mark);
void cache_drop(struct cache *cache, const char *key);

struct cache_stats {
    uint64_t hits, misses;
    uint64_t evictions; /* values that had to make room; not those past their time */
    size_t bytes;       /* with what keeping them costs */
    size_t entries;     /* values */
    size_t limits;      /* keys of cache_limit that are remembered */
};
void cache_stats(struct cache *cache, struct cache_stats *out);

/* One request may be made each period_us, burst of them at once. Both are at least 1. */
struct cache_rate {
    int64_t period_us, burst;
};

struct cache_verdict {
    bool allowed;
    int64_t remaining;      /* requests of cost 1 that would be allowed at once after this one */
    int64_t retry_after_us; /* until one of the same cost would be allowed; 0: now */
    int64_t reset_us;       /* until the whole burst is back */
};

/* GCRA: may a request of this cost be made now under this key? If so it has been. Cost 0 only
 * looks. ERROR_LIMIT when the cost is larger than the burst: no waiting would help. A key has one
 * rate; when that changes, what was used before counts at most as the new burst. */
int cache_limit(struct cache *cache, const char *key, const struct cache_rate *rate, int64_t cost,
                struct cache_verdict *out, struct error *err);

/* "60/min", "10/s", "5000/hour", "100000/day", with a burst of one's own: "60/min+20". Without one
 * the burst is the count of the period, but at most what comes back in 10 s, and at least 1.
 * ERROR_INPUT. Bounds: from 1/day to 10000/s; bursts up to a million. */
int cache_rate_parse(struct cache_rate *out, const char *text, struct error *err);

/* The parameters of RateLimit-Policy: "q=10;w=10", the burst and the whole seconds in which it is
 * back. Who spreads q requests over w seconds is never refused. */
void cache_rate_text(const struct cache_rate *rate, char out[CACHE_RATE_TEXT]);

#endif
