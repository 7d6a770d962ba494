/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Clocks and RFC 3339. Calls nobody.
 */
#include "base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
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

/* As many digits as asked for, stepped over; −1 if they are not there. */
static int digits(const char **at, int count)
{
    int n = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (!isdigit((unsigned char)**at))
            return -1;
        n = n * 10 + (**at - '0');
    }
    return n;
}

static bool step(const char **at, const char *any)
{
    if (!**at || !strchr(any, **at))
        return false;
    (*at)++;
    return true;
}

static bool date_of(const char **at, struct tm *t)
{
    t->tm_year = digits(at, 4) - 1900;
    if (t->tm_year < 70 || !step(at, "-"))
        return false;
    t->tm_mon = digits(at, 2) - 1;
    if (t->tm_mon < 0 || t->tm_mon > 11 || !step(at, "-"))
        return false;
    t->tm_mday = digits(at, 2);
    return t->tm_mday >= 1;
}

static bool time_of(const char **at, struct tm *t, int *ms)
{
    t->tm_hour = digits(at, 2);
    if (t->tm_hour < 0 || t->tm_hour > 23 || !step(at, ":"))
        return false;
    t->tm_min = digits(at, 2);
    if (t->tm_min < 0 || t->tm_min > 59)
        return false;
    if (step(at, ":")) {
        t->tm_sec = digits(at, 2);
        if (t->tm_sec < 0 || t->tm_sec > 60)
            return false;
    }
    if (step(at, "."))
        for (int unit = 100; isdigit((unsigned char)**at); unit /= 10, (*at)++)
            *ms += (**at - '0') * unit;
    return true;
}

/* Minutes east of UTC. A blank stands for the plus that a careless client did not escape. */
static bool offset_of(const char **at, int *minutes)
{
    if (!**at || step(at, "Zz"))
        return true;
    int sign = **at == '-' ? -1 : 1;
    if (!step(at, "+- "))
        return false;
    int hours = digits(at, 2);
    step(at, ":");
    int rest = digits(at, 2);
    *minutes = sign * (hours * 60 + rest);
    return hours >= 0 && hours <= 23 && rest >= 0 && rest <= 59;
}

int clock_parse(const char *text, int64_t *unix_ms, bool *day)
{
    struct tm t = {0};
    int ms = 0, east = 0;
    if (!date_of(&text, &t))
        return -1;
    bool whole = !*text;
    if (!whole &&
        (!step(&text, "Tt ") || !time_of(&text, &t, &ms) || !offset_of(&text, &east) || *text))
        return -1;
    struct tm date = {.tm_year = t.tm_year, .tm_mon = t.tm_mon, .tm_mday = t.tm_mday};
    if (timegm(&date) < 0 || date.tm_mon != t.tm_mon) /* the 31st of a month without one */
        return -1;
    int64_t seconds = timegm(&t);
    *unix_ms = (seconds - east * 60) * 1000 + ms;
    *day = whole;
    return 0;
}
