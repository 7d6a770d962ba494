/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a cache backend gives: cache.h's calls with their arguments already checked by cache.c. A
 * backend embeds struct cache as its first member. A backend that another machine holds answers
 * as if it had forgotten while that one is away; only limit tells an error.
 */
#ifndef CACHE_CACHE_DRIVER_H
#define CACHE_CACHE_DRIVER_H

#include "cache/cache.h"

struct cache_driver {
    const char *scheme;
    int (*open_cache)(struct cache **out, const char *rest,
                      struct error *err); /* after the colon */
    void (*close_cache)(struct cache *cache);
    int (*find)(struct cache *cache, const char *key, struct strbuf *out, uint64_t *mark);
    void (*put)(struct cache *cache, const char *key, const void *bytes, size_t len, int64_t ttl_ms,
                uint64_t mark);
    void (*drop)(struct cache *cache, const char *key);
    void (*stats)(struct cache *cache, struct cache_stats *out);
    int (*limit)(struct cache *cache, const char *key, const struct cache_rate *rate, int64_t cost,
                 struct cache_verdict *out, struct error *err);
};

struct cache {
    const struct cache_driver *drv;
};

extern const struct cache_driver cache_memory;

/* The arithmetic of GCRA, the same in every backend. *arrival: when the burst will be whole again,
 * in the microseconds of the backend's clock, as it was remembered (0: nothing was) and then as it
 * is to be remembered, also when the request is refused: the rate may have changed. cost ≤ burst.
 */
void cache_gcra(int64_t *arrival, int64_t now, const struct cache_rate *rate, int64_t cost,
                struct cache_verdict *out);

#endif
