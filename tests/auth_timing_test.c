/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Does the time of a refusal tell how much of the secret was right? Two kinds of wrong token in
 * random order, and Welch's t between their times, as dudect does it (Reparaz, Balasch and
 * Verbauwhede, 2017). Machines that are busy are noisy, so only a gross difference fails. An id is
 * public, and looking it up may tell whether it exists; but the hash and the comparison must not be
 * spared.
 */
#include "unit.h"

#include "auth_store_fake.h"
#include "auth_forge.h"
#include "base/clock.h"

#include <math.h>

enum { SAMPLES = 100000, LAX_BOUND = 50, KEEP_PERCENT = 90 };
#define LAX_PART 0.25

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Interrupted samples say nothing about the code: the slowest tenth of all is left out. */
static int64_t ceiling_of(const int64_t *times, size_t n)
{
    int64_t *sorted = malloc(n * sizeof *sorted);
    assert_non_null(sorted);
    memcpy(sorted, times, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_times);
    int64_t ceiling = sorted[n * KEEP_PERCENT / 100];
    free(sorted);
    return ceiling;
}

struct moments {
    double n, mean, squares; /* squares: sum of squared distances from the mean (Welford) */
};

static void add(struct moments *m, double x)
{
    double distance = x - m->mean;
    m->n++;
    m->mean += distance / m->n;
    m->squares += distance * (x - m->mean);
}

struct welch {
    double t, part; /* part: the difference, as part of the mean */
};

static struct welch welch(const int64_t *times, const unsigned char *kinds, size_t n)
{
    struct moments m[2] = {0};
    int64_t ceiling = ceiling_of(times, n);
    for (size_t i = 0; i < n; i++)
        if (times[i] <= ceiling)
            add(&m[kinds[i]], (double)times[i]);
    double variance = m[0].squares / (m[0].n - 1) / m[0].n + m[1].squares / (m[1].n - 1) / m[1].n;
    double difference = m[0].mean - m[1].mean;
    double t = variance > 0 ? difference / sqrt(variance) : (difference != 0 ? INFINITY : 0);
    return (struct welch){t, difference / m[0].mean};
}

static struct welch measure(struct auth *auth, const char *const texts[2])
{
    static int64_t times[SAMPLES];
    static unsigned char kinds[SAMPLES];
    struct caller caller;
    char text[AUTH_TOKEN_TEXT]; /* both kinds from the same place: where bytes lie takes time too */
    uint32_t random = 1;
    for (size_t i = 0; i < SAMPLES; i++) {
        random = random * 1664525 + 1013904223;
        kinds[i] = (unsigned char)(random >> 31);
        memcpy(text, texts[kinds[i]], sizeof text);
        int64_t begin = clock_steady_ns();
        int rc = auth_check(auth, text, &caller, NULL);
        times[i] = clock_steady_ns() - begin;
        assert_int_equal(rc, -1);
    }
    return welch(times, kinds, SAMPLES);
}

static void the_time_of_a_refusal_tells_nothing(void **state)
{
    (void)state;
    struct error err;
    struct store *store = fake_store_new(false);
    struct auth *auth;
    struct token_request request = {.owner = "a", .scopes = SCOPE_READ};
    char right[AUTH_TOKEN_TEXT], first[AUTH_TOKEN_TEXT], last[AUTH_TOKEN_TEXT],
        unknown[AUTH_TOKEN_TEXT];
    OK(auth_open(&auth, store, "", &err));
    OK(auth_create(auth, &request, right, &err));
    memcpy(first, right, sizeof right);
    forge(first, 16);
    memcpy(last, right, sizeof right);
    forge(last, CHECKED_LETTERS - 1);
    memcpy(unknown, right, sizeof right);
    forge(unknown, 3);
    struct welch wrong = measure(auth, (const char *const[2]){first, last});
    struct welch absent = measure(auth, (const char *const[2]){first, unknown});
    print_message("first against last letter wrong: t %.2f, %+.2f %%\n", wrong.t, 100 * wrong.part);
    print_message("wrong against unknown: t %.2f, %+.2f %%\n", absent.t, 100 * absent.part);
    assert_true(fabs(wrong.t) < LAX_BOUND);
    assert_true(fabs(absent.part) < LAX_PART);
    auth_close(&auth);
    fake_store_free(&store);
}

/* The measure itself: a tenth more is seen, nothing is not. */
static void the_measure_sees_a_difference(void **state)
{
    (void)state;
    static int64_t times[SAMPLES];
    static unsigned char kinds[SAMPLES];
    uint32_t random = 1;
    for (int extra = 0; extra <= 50; extra += 50) {
        for (size_t i = 0; i < SAMPLES; i++) {
            random = random * 1664525 + 1013904223;
            kinds[i] = (unsigned char)(random >> 31);
            times[i] = 500 + (random >> 16) % 100 + (kinds[i] ? extra : 0);
        }
        double t = fabs(welch(times, kinds, SAMPLES).t);
        assert_true(extra ? t > LAX_BOUND : t < LAX_BOUND);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_measure_sees_a_difference),
        cmocka_unit_test(the_time_of_a_refusal_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
