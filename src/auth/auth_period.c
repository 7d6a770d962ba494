/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Scopes, quotas and their periods, as people write them and as time goes by. Called by auth.c,
 * auth_change.c and the commands.
 */
#include "auth/auth_internal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *name;
    unsigned bit;
} scopes_table[] = {
    {"submit", SCOPE_SUBMIT},
    {"read", SCOPE_READ},
    {"delete", SCOPE_DELETE},
    {"admin", SCOPE_ADMIN},
};

static const struct {
    const char *name;
    int64_t seconds;
} periods[] = {
    {"day", DAY_S},
    {"month", MONTH_S},
};

enum { SCOPES = sizeof scopes_table / sizeof scopes_table[0] };
enum { PERIODS = sizeof periods / sizeof periods[0] };
enum { MOST_DIGITS = 15 };

static unsigned scope_of(const char *name, size_t len)
{
    for (size_t i = 0; i < SCOPES; i++)
        if (strlen(scopes_table[i].name) == len && memcmp(scopes_table[i].name, name, len) == 0)
            return scopes_table[i].bit;
    return 0;
}

int auth_scopes_parse(unsigned *out, const char *text, struct error *err)
{
    unsigned scopes = 0;
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ",");
        unsigned bit = scope_of(at, len);
        if (!bit)
            return error_set(err, ERROR_INPUT,
                             "scopes: '%.*s' is not one of submit, read, delete, admin",
                             len < 64 ? (int)len : 64, at);
        scopes |= bit;
        at += len;
        if (!*at)
            break;
    }
    *out = scopes;
    return 0;
}

void auth_scopes_text(unsigned scopes, char out[AUTH_SCOPES_TEXT])
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < SCOPES; i++)
        if (scopes & scopes_table[i].bit)
            n += (size_t)snprintf(out + n, AUTH_SCOPES_TEXT - n, "%s%s", n ? "," : "",
                                  scopes_table[i].name);
}

int auth_period_parse(int64_t *period_s, const char *name, struct error *err)
{
    if (!name || !*name)
        name = periods[0].name;
    for (size_t i = 0; i < PERIODS; i++)
        if (strcmp(periods[i].name, name) == 0) {
            *period_s = periods[i].seconds;
            return 0;
        }
    return error_set(err, ERROR_INPUT, "the period of a quota is 'day' or 'month', not '%s'", name);
}

static const char *period_name(const char *text)
{
    for (size_t i = 0; i < PERIODS; i++)
        if (strcmp(periods[i].name, text) == 0)
            return periods[i].name;
    return NULL;
}

/* Powers of 1024, as bits. */
static int suffix_bits(char c)
{
    static const char suffixes[] = "KMG";
    const char *at = c ? strchr(suffixes, c) : NULL;
    return at ? (int)(at - suffixes + 1) * 10 : 0;
}

int auth_quota_parse(int64_t *count, const char **period, const char *text, struct error *err)
{
    int64_t n = 0;
    size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits && digits <= MOST_DIGITS; i++)
        n = n * 10 + (text[i] - '0');
    const char *at = text + digits;
    int bits = suffix_bits(*at);
    if (bits)
        at++;
    const char *name = *at == '/' ? period_name(at + 1) : NULL;
    if (n < 1 || !name || n > INT64_MAX >> bits)
        return error_set(err, ERROR_INPUT,
                         "'%s' is not a quota: write 500/day, 100000/month or 10G/month", text);
    *count = n << bits;
    *period = name;
    return 0;
}

int64_t auth_period_end(int64_t period_s, int64_t begin_ms)
{
    /* Every month has begun anew 32 days after it began. */
    int64_t within = period_s == MONTH_S ? 32 * DAY_MS : period_s * 1000;
    return auth_period_begin(period_s, begin_ms + within);
}

int64_t auth_period_begin(int64_t period_s, int64_t now_ms)
{
    if (period_s != MONTH_S)
        return now_ms - now_ms % (period_s * 1000);
    time_t now = (time_t)(now_ms / 1000);
    struct tm utc;
    gmtime_r(&now, &utc);
    return now_ms - now_ms % DAY_MS - (utc.tm_mday - 1) * DAY_MS;
}
