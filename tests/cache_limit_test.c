/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Limits: rates as they are written, the arithmetic on a clock of the test's own, and 32 threads
 * that together are allowed what one would be. PAGEMILL_TEST_SECONDS makes that last longer (2).
 */
#include "cache/cache_driver.h"
#include "cache/cache_memory.h"

#include "unit.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>

static struct error err;

/* ---- rates ---- */

static void rates_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t period_us, burst;
        const char *policy;
    } good[] = {
        {"60/min", 1000000, 10, "q=10;w=10"},
        {"60/min+60", 1000000, 60, "q=60;w=60"},
        {"600/min", 100000, 100, "q=100;w=10"},
        {"10/s", 100000, 10, "q=10;w=1"},
        {"1/s", 1000000, 1, "q=1;w=1"},
        {"5000/hour", 720000, 13, "q=13;w=10"},
        {"100000/day", 864000, 11, "q=11;w=10"},
        {"1/min", 60000000, 1, "q=1;w=60"},
        {"1/day", INT64_C(86400000000), 1, "q=1;w=86400"},
        {"1/day+1000000", INT64_C(86400000000), 1000000, "q=1000000;w=86400000000"},
        {"10000/s", 100, 10000, "q=10000;w=1"},
        {"7/s", 142857, 7, "q=7;w=1"},
        {"6/s", 166667, 6, "q=6;w=2"}, /* 1.000002 s */
        {"30/s+1", 33333, 1, "q=1;w=1"},
        {"060/min", 1000000, 10, "q=10;w=10"},
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        struct cache_rate rate;
        char policy[CACHE_RATE_TEXT];
        OK(cache_rate_parse(&rate, good[i].text, &err));
        assert_int_equal(rate.period_us, good[i].period_us);
        assert_int_equal(rate.burst, good[i].burst);
        cache_rate_text(&rate, policy);
        assert_string_equal(policy, good[i].policy);
    }
}

static void bad_rates_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "60",
                                      "/min",
                                      "60/",
                                      "60/m",
                                      "60/MIN",
                                      "60 /min",
                                      " 60/min",
                                      "60/min ",
                                      "-1/s",
                                      "+1/s",
                                      "0/s",
                                      "00/day",
                                      "1.5/s",
                                      "60/min+",
                                      "60/min+0",
                                      "60/min+-1",
                                      "60/min+1000001",
                                      "60/min+1x",
                                      "60/min++2",
                                      "60/min20",
                                      "10001/s",
                                      "1000000/s",
                                      "9999999999/day",
                                      "1/week",
                                      "60/min+9999999999",
                                      "18446744073709551617/s",
                                      "864000001/day",
                                      "0x10/s"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct cache_rate rate = {99, 99};
        REFUSED(ERROR_INPUT, cache_rate_parse(&rate, bad[i], &err));
        assert_int_equal(rate.period_us, 99);
        assert_int_equal(rate.burst, 99);
    }
}

/* ---- arithmetic ---- */

static struct cache_verdict ask(int64_t *arrival, int64_t now, int64_t period, int64_t burst,
                                int64_t cost)
{
    struct cache_rate rate = {period, burst};
    struct cache_verdict v;
    cache_gcra(arrival, now, &rate, cost, &v);
    return v;
}

#define VERDICT(v_, allowed_, remaining_, retry_, reset_) \
    do {                                                  \
        struct cache_verdict got = (v_);                  \
        assert_int_equal(got.allowed, allowed_);          \
        assert_int_equal(got.remaining, remaining_);      \
        assert_int_equal(got.retry_after_us, retry_);     \
        assert_int_equal(got.reset_us, reset_);           \
    } while (0)

static void a_burst_then_one_each_period(void **state)
{
    (void)state;
    int64_t t = 0, now = 5000;
    VERDICT(ask(&t, now, 100, 3, 1), true, 2, 0, 100);
    VERDICT(ask(&t, now, 100, 3, 1), true, 1, 0, 200);
    VERDICT(ask(&t, now, 100, 3, 1), true, 0, 100, 300);
    VERDICT(ask(&t, now, 100, 3, 1), false, 0, 100, 300);
    VERDICT(ask(&t, now + 99, 100, 3, 1), false, 0, 1, 201);
    VERDICT(ask(&t, now + 100, 100, 3, 1), true, 0, 100, 300);
    VERDICT(ask(&t, now + 101, 100, 3, 1), false, 0, 99, 299);
    VERDICT(ask(&t, now + 250, 100, 3, 1), true, 0, 50, 250);
    VERDICT(ask(&t, now + 10000, 100, 3, 1), true, 2, 0, 100); /* no more than the burst gathers */
}

static void costs_and_looks(void **state)
{
    (void)state;
    int64_t t = 0;
    VERDICT(ask(&t, 1000, 10, 10, 0), true, 10, 0, 0);
    assert_int_equal(t, 1000);
    VERDICT(ask(&t, 1000, 10, 10, 7), true, 3, 40, 70);
    VERDICT(ask(&t, 1000, 10, 10, 4), false, 3, 10, 70);
    VERDICT(ask(&t, 1000, 10, 10, 0), true, 3, 0, 70);
    VERDICT(ask(&t, 1000, 10, 10, 3), true, 0, 30, 100);
    VERDICT(ask(&t, 1000, 10, 10, 0), true, 0, 0, 100);
    VERDICT(ask(&t, 1000, 10, 10, 10), false, 0, 100, 100);
}

static void a_new_rate_holds_at_once(void **state)
{
    (void)state;
    int64_t t = 0;
    ask(&t, 1000, 1000000, 10, 10); /* full for ten seconds */
    VERDICT(ask(&t, 1000, 10, 2, 1), false, 0, 10, 20);
    VERDICT(ask(&t, 1010, 10, 2, 1), true, 0, 10, 20);
}

static void the_largest_rates_do_not_overflow(void **state)
{
    (void)state;
    int64_t t = 0, day = INT64_C(86400000000), now = INT64_C(1) << 56;
    VERDICT(ask(&t, now, day, 1000000, 1000000), true, 0, day * 1000000, day * 1000000);
    VERDICT(ask(&t, now, day, 1000000, 1), false, 0, day, day * 1000000);
}

/* ---- the memory backend ---- */

static void keys_are_apart(void **state)
{
    (void)state;
    struct cache *cache;
    struct cache_rate rate = {INT64_C(86400000000), 2};
    struct cache_verdict v, untouched;
    OK(cache_open(&cache, "memory:1000", &err));
    for (int i = 0; i < 3; i++) {
        OK(cache_limit(cache, "a", &rate, 1, &v, &err));
        assert_int_equal(v.allowed, i < 2);
    }
    OK(cache_limit(cache, "b", &rate, 2, &v, &err));
    assert_true(v.allowed);
    OK(cache_limit(cache, "look", &rate, 0, &v, &err));
    assert_true(v.allowed);
    struct cache_stats s;
    cache_stats(cache, &s);
    assert_int_equal(s.limits, 2); /* looking leaves nothing behind */
    assert_int_equal(s.bytes, 0);
    memset(&v, 0xee, sizeof v);
    untouched = v;
    REFUSED(ERROR_LIMIT, cache_limit(cache, "b", &rate, 3, &v, &err));
    assert_memory_equal(&v, &untouched, sizeof v);
    cache_close(&cache);
}

static struct cache_verdict ask_table(struct cache_limits *l, int key, int64_t now, int64_t cost)
{
    static const struct cache_rate rate = {1000, 100};
    struct cache_verdict v;
    char text[16];
    snprintf(text, sizeof text, "key %d", key);
    cache_limits_ask(l, text, now, &rate, cost, &v);
    return v;
}

static void what_is_past_is_forgotten(void **state)
{
    (void)state;
    struct cache_seed seed = {{1, 2}};
    struct cache_limits *l = cache_limits_new(&seed);
    for (int i = 0; i < 10000; i++)
        ask_table(l, i, 1000000, 1);
    assert_int_equal(cache_limits_count(l), 10000);
    for (int i = 10000; i < 30000; i++) /* each new one may take two old ones along */
        ask_table(l, i, 2000000, 1);
    assert_int_equal(cache_limits_count(l), 20000);
    cache_limits_free(&l);
}

static void at_the_cap_the_deepest_in_debt_stay_known(void **state)
{
    (void)state;
    struct cache_seed seed = {{1, 2}};
    struct cache_limits *l = cache_limits_new(&seed);
    /* None is past before the end. Those of the first hundred come as the least and end as the
     * deepest in debt. */
    for (int i = 0; i < 300000; i++) {
        ask_table(l, i, 1000000 + i / 10, i < 100 ? 40 : 50);
        for (int k = 0; i == 20000 && k < 100; k++)
            assert_true(ask_table(l, k, 1002000, 60).allowed);
    }
    assert_int_equal(cache_limits_count(l), 65536);
    for (int i = 0; i < 100; i++) {
        struct cache_verdict v = ask_table(l, i, 1030000, 0);
        assert_in_range(v.remaining, 29, 30);
    }
    assert_int_equal(ask_table(l, 100, 1030000, 0).remaining, 100); /* forgotten */
    cache_limits_free(&l);
}

/* Threads read the clock before they queue for the lock. */
static void time_that_comes_late_forgives_nothing(void **state)
{
    (void)state;
    struct cache_seed seed = {{1, 2}};
    struct cache_limits *l = cache_limits_new(&seed);
    assert_true(ask_table(l, 1, 2000000, 100).allowed);
    assert_false(ask_table(l, 1, 1000000, 1).allowed);
    assert_int_equal(ask_table(l, 1, 2000500, 1).retry_after_us, 500);
    cache_limits_free(&l);
}

/* Against a table that forgets nothing, with keys few enough never to be forgotten early. */
static void the_table_agrees_with_the_arithmetic(void **state)
{
    (void)state;
    struct cache_seed seed = {{3, 4}};
    struct cache_limits *l = cache_limits_new(&seed);
    static int64_t model[5000];
    const struct cache_rate rate = {1000, 100};
    unsigned random = 1;
    int64_t now = 1;
    for (int i = 0; i < 300000; i++) {
        struct cache_verdict want, got;
        random = random * 1664525 + 1013904223;
        int key = (int)(random >> 16) % (int)COUNT(model);
        int64_t cost = random >> 8 & 63;
        now += random >> 28;
        cache_gcra(&model[key], now, &rate, cost, &want);
        got = ask_table(l, key, now, cost);
        assert_int_equal(got.allowed, want.allowed);
        assert_int_equal(got.remaining, want.remaining);
        assert_int_equal(got.retry_after_us, want.retry_after_us);
        assert_int_equal(got.reset_us, want.reset_us);
    }
    cache_limits_free(&l);
}

/* ---- 32 threads ---- */

enum { THREADS = 32 };
#define ROUNDING 0.001 /* limits count whole microseconds */

static struct {
    struct cache *cache;
    struct cache_rate rate;
    int64_t end; /* steady ns */
    _Atomic int64_t allowed, tries;
} crowd;

static void *hammer(void *arg)
{
    (void)arg;
    struct cache_verdict v;
    int64_t allowed = 0, tries = 0;
    for (; clock_steady_ns() < crowd.end; tries++)
        if (cache_limit(crowd.cache, "all", &crowd.rate, 1, &v, NULL) == 0 && v.allowed)
            allowed++;
    crowd.allowed += allowed;
    crowd.tries += tries;
    return NULL;
}

static double periods_between(int64_t begin, int64_t end)
{
    return (double)(end - begin) / 1000 / (double)crowd.rate.period_us;
}

/* The burst is half a second's worth, so that nothing is lost while all threads wait for a core.
 * The limit's first and last look at the clock lie between two of ours each. */
static void many_threads_are_allowed_what_one_would_be(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    const char *seconds = getenv("PAGEMILL_TEST_SECONDS");
    struct cache_verdict v;
    OK(cache_open(&crowd.cache, "memory:0", &err));
    OK(cache_rate_parse(&crowd.rate, "200/s+100", &err));
    int64_t before_first = clock_steady_ns(), before_last = before_first;
    OK(cache_limit(crowd.cache, "all", &crowd.rate, 100, &v, &err));
    int64_t after_first = clock_steady_ns();
    assert_true(v.allowed);
    crowd.end = after_first + (seconds ? atoi(seconds) : 2) * INT64_C(1000000000);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (v.allowed = true; v.allowed; crowd.allowed += v.allowed) {
        before_last = clock_steady_ns();
        OK(cache_limit(crowd.cache, "all", &crowd.rate, 1, &v, &err));
    }
    double least = periods_between(after_first, before_last) - 1 - ROUNDING;
    double most = periods_between(before_first, clock_steady_ns()) + 1 + ROUNDING;
    print_message("allowed %lld, ideal %.1f to %.1f, tries %lld\n", (long long)crowd.allowed,
                  least + 1 + ROUNDING, most - 1 - ROUNDING, (long long)crowd.tries);
    assert_true((double)crowd.allowed >= least && (double)crowd.allowed <= most);
    cache_close(&crowd.cache);
}

static void *spread(void *arg)
{
    struct cache_rate rate = {1000, 5};
    struct cache_verdict v;
    char key[32];
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(key, sizeof key, "%zu/%u", (size_t)arg, i * 7919 % 5000);
        if (cache_limit(crowd.cache, key, &rate, 1 + i % 5, &v, NULL) < 0)
            return arg;
    }
    return NULL;
}

static void many_threads_ask_under_many_keys(void **state)
{
    (void)state;
    pthread_t threads[8];
    struct cache_stats s;
    OK(cache_open(&crowd.cache, "memory:0", &err));
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, spread, (void *)(i + 1)), 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    cache_stats(crowd.cache, &s);
    assert_true(s.limits > 0 && s.limits <= 65536);
    cache_close(&crowd.cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_read),
        cmocka_unit_test(bad_rates_are_refused),
        cmocka_unit_test(a_burst_then_one_each_period),
        cmocka_unit_test(costs_and_looks),
        cmocka_unit_test(a_new_rate_holds_at_once),
        cmocka_unit_test(the_largest_rates_do_not_overflow),
        cmocka_unit_test(keys_are_apart),
        cmocka_unit_test(what_is_past_is_forgotten),
        cmocka_unit_test(at_the_cap_the_deepest_in_debt_stay_known),
        cmocka_unit_test(time_that_comes_late_forgives_nothing),
        cmocka_unit_test(the_table_agrees_with_the_arithmetic),
        cmocka_unit_test(many_threads_are_allowed_what_one_would_be),
        cmocka_unit_test(many_threads_ask_under_many_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
