/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The parts of the memory backend: its hash, and the table of limits, which has locks of its own so
 * that no value can push a limit out or hold it up.
 */
#ifndef CACHE_CACHE_MEMORY_H
#define CACHE_CACHE_MEMORY_H

#include "cache/cache.h"

enum { CACHE_SHARDS = 64 };

/* Secret and random: keys hold what clients choose, such as their addresses, and nobody may aim
 * them all at one bucket. */
struct cache_seed {
    uint64_t words[2];
};

uint64_t cache_hash(const struct cache_seed *seed, const char *key, size_t len);

struct cache_limits;
struct cache_limits *cache_limits_new(const struct cache_seed *seed);
void cache_limits_free(struct cache_limits **limits);
/* now: steady microseconds */
void cache_limits_ask(struct cache_limits *limits, const char *key, int64_t now,
                      const struct cache_rate *rate, int64_t cost, struct cache_verdict *out);
size_t cache_limits_count(struct cache_limits *limits);

#endif
