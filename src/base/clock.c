/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Clocks and RFC 3339. Calls nobody.
 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_steady(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_steady_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

const char *clock_rfc3339(int64_t unix_ms, char out[CLOCK_TEXT])
{
    int64_t ms = (unix_ms % 1000 + 1000) % 1000; /* also before 1970 */
    time_t seconds = (time_t)((unix_ms - ms) / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t n = strftime(out, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + n, CLOCK_TEXT - n, ".%03dZ", (int)ms);
    return out;
}
