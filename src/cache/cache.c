/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The cache's front: picks the driver by the URL's scheme and checks arguments once for all
 * drivers; what pagemill could not have meant ends the process. Called by auth, the job service
 * and the api.
 */
#include "cache/cache.h"

#include "base/must.h"
#include "cache/cache_driver.h"

#include <string.h>

static const struct cache_driver *const drivers[] = {&cache_memory};

static bool key_valid(const char *key)
{
    return *key && strnlen(key, CACHE_KEY + 1) <= CACHE_KEY;
}

int cache_open(struct cache **out, const char *url, struct error *err)
{
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        size_t len = strlen(drivers[i]->scheme);
        if (strncmp(url, drivers[i]->scheme, len) == 0 && url[len] == ':')
            return drivers[i]->open_cache(out, url + len + 1, err);
    }
    /* Not the URL: it may carry secrets. */
    return error_set(err, ERROR_UNSUPPORTED, "the cache must be memory:BYTES");
}

void cache_close(struct cache **cache)
{
    if (!*cache)
        return;
    (*cache)->drv->close_cache(*cache);
    *cache = NULL;
}

int cache_find(struct cache *cache, const char *key, struct strbuf *out, uint64_t *mark)
{
    must(key_valid(key));
    return cache->drv->find(cache, key, out, mark);
}

void cache_put(struct cache *cache, const char *key, const void *bytes, size_t len, int64_t ttl_ms,
               uint64_t mark)
{
    must(key_valid(key));
    if (mark && ttl_ms > 0)
        cache->drv->put(cache, key, bytes, len, ttl_ms, mark);
}

void cache_drop(struct cache *cache, const char *key)
{
    must(key_valid(key));
    cache->drv->drop(cache, key);
}

void cache_stats(struct cache *cache, struct cache_stats *out)
{
    *out = (struct cache_stats){0};
    cache->drv->stats(cache, out);
}

int cache_limit(struct cache *cache, const char *key, const struct cache_rate *rate, int64_t cost,
                struct cache_verdict *out, struct error *err)
{
    must(key_valid(key) && rate->period_us >= 1 && rate->burst >= 1 && cost >= 0);
    if (cost > rate->burst)
        return error_set(err, ERROR_LIMIT,
                         "one request counts as %lld; at most %lld are allowed at once",
                         (long long)cost, (long long)rate->burst);
    return cache->drv->limit(cache, key, rate, cost, out, err);
}
