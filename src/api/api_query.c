/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Query parameters against the route's row: checked once, before any body is read; read by handlers
 * afterwards, who need not doubt them. Refuses by name what is unknown, given twice, of the wrong
 * type or out of bounds.
 */
#include "api/api_internal.h"

#include "base/clock.h"
#include "base/must.h"
#include "page/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEEN_MOST = 64 };

const struct api_param *api_query_row(const struct api_route *route, const char *name)
{
    for (const struct api_param *p = route->query; p && p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

bool api_among(const char *words, const char *value)
{
    size_t len = strlen(value);
    for (const char *word = words; *word;) {
        size_t n = strcspn(word, "/");
        if (n == len && memcmp(word, value, n) == 0)
            return true;
        word += n + (word[n] == '/');
    }
    return false;
}

/* ---- one value ---- */

static bool read_int(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return end != text && !*end && !errno && text[strspn(text, "-0123456789")] == '\0';
}

static bool read_real(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && !*end && isfinite(*out) && text[strspn(text, "-.0123456789")] == '\0';
}

/* 1 true, 0 false, −1 neither */
static int read_bool(const char *text)
{
    static const char *const words[] = {"false", "true", "0", "1", "no", "yes", "off", "on"};
    for (int i = 0; i < 8; i++)
        if (strcmp(words[i], text) == 0)
            return i & 1;
    return -1;
}

static bool read_time(const struct api_param *p, const char *text, int64_t *out)
{
    bool day;
    if (clock_parse(text, out, &day) < 0)
        return false;
    if (day && p->type == API_DATE_END)
        *out += 24 * 3600 * 1000 - 1;
    return true;
}

static int check_value(const struct api_param *p, const char *value, struct error *err)
{
    int64_t integer;
    double real;
    switch (p->type) {
    case API_TEXT:
        if ((int64_t)strlen(value) >= p->min && (int64_t)strlen(value) <= p->max)
            return 0;
        return error_set(err, ERROR_INPUT, "%s: not %lld to %lld bytes long", p->name,
                         (long long)p->min, (long long)p->max);
    case API_INT:
        if (read_int(value, &integer) && integer >= p->min && integer <= p->max)
            return 0;
        break;
    case API_REAL:
        if (read_real(value, &real) && real >= (double)p->min && real <= (double)p->max)
            return 0;
        break;
    case API_BOOL:
        if (read_bool(value) >= 0)
            return 0;
        return error_set(err, ERROR_INPUT, "%s: '%.32s' is neither true nor false", p->name, value);
    case API_CHOICE:
        if (api_among(p->choices, value))
            return 0;
        return error_set(err, ERROR_INPUT, "%s: '%.32s' is not one of %s", p->name, value,
                         p->choices);
    case API_TIME:
    case API_DATE_END:
        if (read_time(p, value, &integer))
            return 0;
        return error_set(err, ERROR_INPUT, "%s: '%.40s' is not a time like 2026-11-22T08:00:00Z",
                         p->name, value);
    }
    return error_set(err, ERROR_INPUT, "%s: '%.32s' is not a number from %lld to %lld", p->name,
                     value, (long long)p->min, (long long)p->max);
}

/* ---- all of them ---- */

struct check {
    const struct api_route *route;
    const char *seen[SEEN_MOST];
    size_t count;
    struct options options;
    const char **field;
    struct error *err;
};

static int check_twice(struct check *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->seen[i], name) == 0)
            return error_set(c->err, ERROR_INPUT, "%.64s: given more than once", name);
    if (c->count == SEEN_MOST)
        return error_set(c->err, ERROR_INPUT, "more than %d query parameters", SEEN_MOST);
    c->seen[c->count++] = name;
    return 0;
}

static int check_option(struct options *scratch, const char *name, const char *value,
                        struct error *err)
{
    struct extras extras = {0};
    int rc = extras_set(&extras, scratch, name, value, err);
    extras_free(&extras);
    return rc;
}

static int check_unknown(struct check *c, const char *name, const char *value)
{
    if (c->route->flags & API_LAX)
        return 0;
    if (c->route->flags & API_OPTIONS)
        return check_option(&c->options, name, value, c->err);
    return error_set(c->err, ERROR_INPUT, "%.64s: no such query parameter here", name);
}

static int check_one(void *arg, const char *name, const char *value)
{
    struct check *c = arg;
    const struct api_param *row = api_query_row(c->route, name);
    *c->field = name;
    bool strict = !(c->route->flags & API_LAX);
    if (strict && check_twice(c, name) < 0)
        return -1;
    return row ? check_value(row, value, c->err) : check_unknown(c, name, value);
}

int api_query_check(const struct api_route *route, struct http_request *req, const char **field,
                    struct error *err)
{
    struct check c = {.route = route, .field = field, .err = err};
    if (route->flags & API_OPTIONS)
        param_defaults(&options_table, &c.options);
    int rc = http_each_query(req, check_one, &c);
    explicit_bzero(&c.options, sizeof c.options); /* it may hold a password */
    return rc ? -1 : 0;
}

/* ---- for handlers ---- */

static const struct api_param *row_of(const struct http_request *req, const char *name,
                                      const char **value)
{
    const struct api_param *row = api_query_row(api_route_of(req), name);
    must(row != NULL);
    *value = http_query(req, name);
    if (!*value)
        *value = row->standard;
    return row;
}

int64_t api_int(const struct http_request *req, const char *name)
{
    const char *value;
    int64_t n = 0;
    row_of(req, name, &value);
    return value && read_int(value, &n) ? n : 0;
}

double api_real(const struct http_request *req, const char *name)
{
    const char *value;
    double n = 0;
    row_of(req, name, &value);
    return value && read_real(value, &n) ? n : 0;
}

bool api_bool(const struct http_request *req, const char *name)
{
    const char *value;
    row_of(req, name, &value);
    return value && read_bool(value) > 0;
}

const char *api_text(const struct http_request *req, const char *name)
{
    const char *value;
    row_of(req, name, &value);
    return value;
}

int64_t api_time(const struct http_request *req, const char *name)
{
    const char *value;
    int64_t ms = 0;
    const struct api_param *row = row_of(req, name, &value);
    return value && read_time(row, value, &ms) ? ms : 0;
}
