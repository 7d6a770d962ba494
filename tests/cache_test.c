/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Values: found, forgotten in the right order, past their time, and never older than a drop that
 * was seen; the hash; and what a cache's URL may say.
 */
#include "cache/cache_memory.h"

#include "unit.h"

#include "base/clock.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static struct error err;
static struct cache *cache;

enum { HOUR_MS = 3600 * 1000 };

static int set_up(void **state)
{
    (void)state;
    OK(cache_open(&cache, "memory:1048576", &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cache_close(&cache);
    return 0;
}

static void reopen(const char *url)
{
    cache_close(&cache);
    OK(cache_open(&cache, url, &err));
}

static struct cache_stats stats_now(void)
{
    struct cache_stats s;
    cache_stats(cache, &s);
    return s;
}

static uint64_t missed(const char *key)
{
    auto_strbuf out = {0};
    uint64_t mark = 0;
    assert_int_equal(cache_find(cache, key, &out, &mark), 0);
    assert_int_equal(out.len, 0);
    assert_true(mark != 0);
    return mark;
}

static void found(const char *key, const char *bytes)
{
    auto_strbuf out = {0};
    uint64_t mark = 77;
    strbuf_adds(&out, "before ");
    assert_int_equal(cache_find(cache, key, &out, &mark), 1);
    assert_string_equal(strbuf_str(&out) + 7, bytes);
    assert_int_equal(mark, 77);
}

/* Is it there? Does not count as a use only for what is missing. */
static bool there(const char *key)
{
    auto_strbuf out = {0};
    uint64_t mark;
    return cache_find(cache, key, &out, &mark) == 1;
}

static void put(const char *key, const char *bytes)
{
    cache_put(cache, key, bytes, strlen(bytes), HOUR_MS, missed(key));
}

static void what_is_put_is_found(void **state)
{
    (void)state;
    put("job/1", "one");
    put("job/2", "");
    found("job/1", "one");
    found("job/2", "");
    missed("job/3");
    cache_put(cache, "zero", "a\0b", 3, HOUR_MS, missed("zero"));
    auto_strbuf out = {0};
    uint64_t mark;
    assert_int_equal(cache_find(cache, "zero", &out, &mark), 1);
    assert_int_equal(out.len, 3);
    assert_memory_equal(out.data, "a\0b", 3);
}

static void a_put_replaces(void **state)
{
    (void)state;
    uint64_t mark = missed("k");
    cache_put(cache, "k", "first", 5, HOUR_MS, mark);
    size_t bytes = stats_now().bytes;
    cache_put(cache, "k", "2", 1, HOUR_MS, mark);
    found("k", "2");
    assert_int_equal(stats_now().entries, 1);
    assert_int_equal(stats_now().bytes, bytes - 4);
}

static void a_drop_forgets(void **state)
{
    (void)state;
    put("k", "v");
    assert_true(stats_now().bytes >= 90); /* what keeping it costs is counted */
    cache_drop(cache, "k");
    missed("k");
    cache_drop(cache, "never there");
    assert_int_equal(stats_now().bytes, 0);
    assert_int_equal(stats_now().entries, 0);
    put("k", "again");
    found("k", "again");
}

static void what_was_read_before_a_drop_is_not_kept(void **state)
{
    (void)state;
    uint64_t mark = missed("k");
    cache_drop(cache, "k");
    cache_put(cache, "k", "stale", 5, HOUR_MS, mark);
    missed("k");
    put("k", "kept");
    cache_drop(cache, "k");
    cache_put(cache, "k", "stale", 5, HOUR_MS, mark);
    missed("k");
    cache_put(cache, "k", "no mark", 7, HOUR_MS, 0);
    missed("k");
}

static void wait_ms(int64_t n)
{
    struct timespec step = {.tv_nsec = 1000000};
    for (int64_t end = clock_steady() + n; clock_steady() <= end;)
        nanosleep(&step, NULL);
}

static void values_have_a_time(void **state)
{
    (void)state;
    cache_put(cache, "short", "v", 1, 1, missed("short"));
    cache_put(cache, "long", "v", 1, HOUR_MS, missed("long"));
    cache_put(cache, "ever", "v", 1, INT64_MAX, missed("ever"));
    cache_put(cache, "none", "v", 1, 0, missed("none"));
    cache_put(cache, "past", "v", 1, -1, missed("past"));
    wait_ms(3);
    missed("short");
    missed("none");
    missed("past");
    found("long", "v");
    found("ever", "v");
    assert_int_equal(stats_now().entries, 2);
    assert_int_equal(stats_now().evictions, 0);
}

/* Of one size: 1000 bytes and their keys. */
static void put_block(int n)
{
    char key[32], block[1001];
    memset(block, 'x', 1000);
    block[1000] = '\0';
    snprintf(key, sizeof key, "block/%06d", n);
    put(key, block);
}

static bool block_there(int n)
{
    char key[32];
    snprintf(key, sizeof key, "block/%06d", n);
    return there(key);
}

static void what_was_used_longest_ago_makes_room(void **state)
{
    (void)state;
    reopen("memory:20000");
    int fit = 0;
    while (stats_now().evictions == 0)
        put_block(fit++);
    assert_in_range(fit, 15, 19); /* overhead is counted */
    assert_false(block_there(0));
    assert_true(block_there(1)); /* the oldest but one is now the newest */
    put_block(fit);
    assert_true(block_there(1));
    assert_false(block_there(2));
    for (int i = 3; i <= fit; i++)
        assert_true(block_there(i));
    assert_int_equal(stats_now().evictions, 2);
    assert_int_equal(stats_now().entries, fit - 1);
}

static void the_cap_holds(void **state)
{
    (void)state;
    reopen("memory:100000");
    for (int i = 0; i < 5000; i++) {
        put_block(i);
        assert_true(stats_now().bytes <= 100000);
    }
    assert_true(stats_now().bytes > 90000);
    for (int i = 0; i < 5000; i++) {
        char key[32];
        snprintf(key, sizeof key, "block/%06d", i);
        cache_drop(cache, key);
    }
    assert_int_equal(stats_now().bytes, 0);
}

static void tables_grow(void **state)
{
    (void)state;
    reopen("memory:100000000");
    char key[32];
    for (int i = 0; i < 20000; i++) {
        snprintf(key, sizeof key, "%d", i);
        put(key, key);
    }
    for (int i = 0; i < 20000; i++) {
        snprintf(key, sizeof key, "%d", i);
        found(key, key);
    }
    struct cache_stats s = stats_now();
    assert_int_equal(s.entries, 20000);
    assert_int_equal(s.hits, 20000);
    assert_int_equal(s.misses, 20000);
    assert_int_equal(s.evictions, 0);
}

static void one_value_does_not_take_all(void **state)
{
    (void)state;
    reopen("memory:8000");
    char big[1001];
    memset(big, 'x', sizeof big);
    put("small", "v");
    cache_put(cache, "big", big, 1001, HOUR_MS, missed("big"));
    missed("big");
    cache_put(cache, "fits", big, 1000, HOUR_MS, missed("fits"));
    assert_true(there("fits"));
    found("small", "v");
}

static void a_cache_may_remember_nothing(void **state)
{
    (void)state;
    reopen("memory:0");
    put("k", "v");
    missed("k");
    put("k", "");
    missed("k");
    cache_drop(cache, "k");
    struct cache_verdict v;
    struct cache_rate rate = {1000000, 1};
    OK(cache_limit(cache, "k", &rate, 1, &v, &err));
    assert_true(v.allowed);
    OK(cache_limit(cache, "k", &rate, 1, &v, &err));
    assert_false(v.allowed);
    assert_int_equal(stats_now().limits, 1);
}

static void the_longest_key_is_one(void **state)
{
    (void)state;
    char key[CACHE_KEY + 1], other[CACHE_KEY + 1];
    memset(key, 'k', sizeof key);
    key[CACHE_KEY] = '\0';
    memcpy(other, key, sizeof key);
    other[CACHE_KEY - 1] = 'l';
    put(key, "v");
    found(key, "v");
    missed(other);
}

static void bad_urls_are_refused(void **state)
{
    (void)state;
    static const char *const inputs[] = {"memory:",
                                         "memory:-1",
                                         "memory: 1",
                                         "memory:1x",
                                         "memory:+1",
                                         "memory:99999999999999999999",
                                         "memory:18446744073709551615"};
    struct cache *none = NULL;
    for (size_t i = 0; i < COUNT(inputs); i++)
        REFUSED(ERROR_INPUT, cache_open(&none, inputs[i], &err));
    REFUSED(ERROR_UNSUPPORTED, cache_open(&none, "paper:10", &err));
    REFUSED(ERROR_UNSUPPORTED, cache_open(&none, "memory", &err));
    REFUSED(ERROR_UNSUPPORTED, cache_open(&none, "", &err));
    assert_null(none);
}

/* The example of the paper's appendix, and that seed and length count. */
static void the_hash_is_siphash(void **state)
{
    (void)state;
    struct cache_seed seed, other = {{1, 2}};
    char message[16];
    for (int i = 0; i < 16; i++) {
        ((unsigned char *)&seed)[i] = (unsigned char)i;
        message[i] = (char)i;
    }
    assert_true(cache_hash(&seed, message, 15) == UINT64_C(0xa129ca6149be45e5));
    assert_true(cache_hash(&other, message, 15) != cache_hash(&seed, message, 15));
    assert_true(cache_hash(&seed, message, 16) != cache_hash(&seed, message, 15));
    assert_true(cache_hash(&seed, "", 0) != cache_hash(&seed, "\0", 1));
}

/* ---- many threads ---- */

enum { READERS = 4, CHANGES = 3000 };

static struct {
    _Atomic int truth;     /* what a reader finds at the source */
    _Atomic int published; /* its drop has returned: no older one may be found any more */
    atomic_bool stop;
    _Atomic int stale, hits, puts;
} race;

static int value_of(const struct strbuf *b)
{
    return atoi(strbuf_str(b));
}

static void *read_through(void *arg)
{
    (void)arg;
    while (!race.stop) {
        auto_strbuf out = {0};
        uint64_t mark;
        int least = race.published;
        if (cache_find(cache, "k", &out, &mark) == 1) {
            race.hits++;
            if (value_of(&out) < least)
                race.stale++;
            continue;
        }
        strbuf_addf(&out, "%d", race.truth);
        sched_yield(); /* longer between reading and putting: more races */
        cache_put(cache, "k", out.data, out.len, HOUR_MS, mark);
        race.puts++;
    }
    return NULL;
}

static void readers_never_see_what_was_dropped(void **state)
{
    (void)state;
    pthread_t threads[READERS];
    memset(&race, 0, sizeof race);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_through, NULL), 0);
    for (int i = 1; i <= CHANGES; i++) {
        int hits = race.hits;
        race.truth = i;
        cache_drop(cache, "k");
        race.published = i;
        while (race.hits == hits)
            sched_yield();
    }
    race.stop = true;
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(race.stale, 0);
    assert_true(race.puts >= CHANGES);
    found("k", "3000");
}

static void *churn(void *arg)
{
    unsigned random = (unsigned)(uintptr_t)arg;
    char block[600] = "";
    for (int i = 0; i < 4000; i++) {
        char key[32];
        auto_strbuf out = {0};
        uint64_t mark;
        random = random * 1664525 + 1013904223;
        snprintf(key, sizeof key, "%u", random >> 16 & 127);
        memset(block, (int)('a' + (random >> 16 & 127) % 26), sizeof block);
        if (random >> 29 == 0)
            cache_drop(cache, key);
        else if (!cache_find(cache, key, &out, &mark))
            cache_put(cache, key, block, 300 + random % 300, HOUR_MS, mark);
        else if (out.len < 300 || memcmp(out.data, block, out.len) != 0)
            race.stale++;
    }
    return NULL;
}

static void threads_share_a_small_cache(void **state)
{
    (void)state;
    pthread_t threads[8];
    reopen("memory:20000");
    memset(&race, 0, sizeof race);
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)(i + 1)), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(race.stale, 0);
    struct cache_stats s = stats_now();
    assert_true(s.bytes <= 20000);
    assert_true(s.evictions > 0 && s.hits > 0 && s.entries > 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_is_found),
        TEST(a_put_replaces),
        TEST(a_drop_forgets),
        TEST(what_was_read_before_a_drop_is_not_kept),
        TEST(values_have_a_time),
        TEST(what_was_used_longest_ago_makes_room),
        TEST(the_cap_holds),
        TEST(tables_grow),
        TEST(one_value_does_not_take_all),
        TEST(a_cache_may_remember_nothing),
        TEST(the_longest_key_is_one),
        TEST(bad_urls_are_refused),
        TEST(the_hash_is_siphash),
        TEST(readers_never_see_what_was_dropped),
        TEST(threads_share_a_small_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
