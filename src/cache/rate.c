/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Rates: as people write them, as a header tells them, and the arithmetic that keeps them (GCRA,
 * the generic cell rate algorithm of ITU-T I.371). Called by settings' readers, auth and the
 * drivers.
 */
#include "cache/cache_driver.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define LONGEST_US (86400 * SECOND_US)
/* 10000/s: below this the rounding to whole microseconds would be more than half a percent. */
enum { SHORTEST_US = 100, MOST_BURST = 1000000, DEFAULT_BURST_SECONDS = 10, MOST_DIGITS = 9 };

static const struct unit {
    const char *name;
    int64_t us;
} units[] = {
    {"s", SECOND_US},
    {"min", 60 * SECOND_US},
    {"hour", 3600 * SECOND_US},
    {"day", LONGEST_US},
};

/* Digits up to *end; 0 when there are none or too many. */
static int64_t read_count(const char *text, const char **end)
{
    int64_t n = 0;
    size_t digits = strspn(text, "0123456789");
    *end = text + digits;
    for (size_t i = 0; i < digits && digits <= MOST_DIGITS; i++)
        n = n * 10 + (text[i] - '0');
    return n;
}

static int64_t read_unit(const char *text, const char **end)
{
    size_t len = strcspn(text, "+");
    *end = text + len;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strlen(units[i].name) == len && memcmp(units[i].name, text, len) == 0)
            return units[i].us;
    return 0;
}

static int64_t default_burst(int64_t count, int64_t period_us)
{
    int64_t most = DEFAULT_BURST_SECONDS * SECOND_US / period_us;
    if (count < most)
        return count;
    return most < 1 ? 1 : most;
}

int cache_rate_parse(struct cache_rate *out, const char *text, struct error *err)
{
    const char *at;
    int64_t count = read_count(text, &at);
    int64_t unit = *at == '/' ? read_unit(at + 1, &at) : 0;
    if (!count || !unit)
        return error_set(err, ERROR_INPUT,
                         "'%s' is not a rate: write 10/s, 60/min, 5000/hour or 100000/day", text);
    if (count * SHORTEST_US > unit)
        return error_set(err, ERROR_INPUT, "'%s' is more than 10000/s", text);
    struct cache_rate rate = {.period_us = (unit + count / 2) / count};
    rate.burst = *at == '+' ? read_count(at + 1, &at) : default_burst(count, rate.period_us);
    if (*at || rate.burst < 1 || rate.burst > MOST_BURST)
        return error_set(err, ERROR_INPUT, "'%s': the burst must be a number from 1 to %d", text,
                         MOST_BURST);
    *out = rate;
    return 0;
}

void cache_rate_text(const struct cache_rate *rate, char out[CACHE_RATE_TEXT])
{
    int64_t window = (rate->burst * rate->period_us + SECOND_US - 1) / SECOND_US;
    snprintf(out, CACHE_RATE_TEXT, "q=%" PRId64 ";w=%" PRId64, rate->burst, window);
}

static int64_t clamp(int64_t n, int64_t least, int64_t most)
{
    if (n < least)
        return least;
    return n > most ? most : n;
}

void cache_gcra(int64_t *arrival, int64_t now, const struct cache_rate *rate, int64_t cost,
                struct cache_verdict *out)
{
    int64_t whole = rate->period_us * rate->burst, price = rate->period_us * cost;
    /* Never later than the present rate could have made it: a key whose rate has changed is not
     * held to the old one. */
    int64_t full = clamp(*arrival, now, now + whole);
    out->allowed = full + price <= now + whole;
    if (out->allowed)
        full += price;
    int64_t room = now + whole - full;
    out->remaining = room / rate->period_us;
    out->retry_after_us = price > room ? price - room : 0;
    out->reset_us = full - now;
    *arrival = full;
}
