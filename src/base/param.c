/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Typed tables. Refuses unknown names, values out of bounds and text with control characters.
 * Called by settings and by the job's options; calls utf8 and error.
 */
#include "base/param.h"

#include "base/must.h"
#include "base/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct param *param_find(const struct param_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0)
            return &table->rows[i];
    return NULL;
}

static int set_text(const struct param *p, void *field, const char *value, struct error *err)
{
    size_t len = strlen(value);
    if (len >= p->size)
        return error_set(err, ERROR_INPUT, "%s: longer than %zu bytes", p->name, p->size - 1);
    if (!utf8_valid(value, len))
        return error_set(err, ERROR_INPUT, "%s: not valid UTF-8", p->name);
    if (!utf8_printable(value, len))
        return error_set(err, ERROR_INPUT, "%s: control characters are not allowed", p->name);
    memcpy(field, value, len + 1);
    return 0;
}

static int shift_of(const char *suffix)
{
    static const char units[] = "KkMmGg";
    const char *at = strchr(units, *suffix);
    bool whole = at && *at && (suffix[1] == '\0' || strcmp(suffix + 1, "iB") == 0);
    return whole ? (int)((at - units) / 2 + 1) * 10 : -1;
}

static int set_number(const struct param *p, void *field, const char *value, struct error *err)
{
    char *end;
    errno = 0;
    long long n = strtoll(value, &end, 10);
    int shift = p->type == PARAM_BYTES && end != value && *end ? shift_of(end) : 0;
    bool parsed = end != value && !errno && shift >= 0 && (shift ? n >= 0 : !*end);
    if (!parsed || n > p->max >> shift || n * (1LL << shift) < p->min)
        return error_set(err, ERROR_INPUT, "%s: '%s' is not a number from %" PRId64 " to %" PRId64,
                         p->name, value, p->min, p->max);
    *(int64_t *)field = (int64_t)n * (INT64_C(1) << shift);
    return 0;
}

/* Negated, so that NaN is refused too. */
static int set_real(const struct param *p, void *field, const char *value, struct error *err)
{
    char *end;
    double n = strtod(value, &end);
    if (end == value || *end || !(n >= (double)p->min && n <= (double)p->max))
        return error_set(err, ERROR_INPUT, "%s: '%s' is not a number from %" PRId64 " to %" PRId64,
                         p->name, value, p->min, p->max);
    *(double *)field = n;
    return 0;
}

static int word_index(const char *const *words, const char *value)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], value) == 0)
            return i;
    return -1;
}

static int set_bool(const struct param *p, void *field, const char *value, struct error *err)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1", NULL};
    int i = word_index(words, value);
    if (i < 0)
        return error_set(err, ERROR_INPUT, "%s: '%s' is neither true nor false", p->name, value);
    *(bool *)field = i & 1;
    return 0;
}

static int set_choice(const struct param *p, void *field, const char *value, struct error *err)
{
    int i = word_index(p->choices, value);
    if (i >= 0) {
        *(int64_t *)field = i;
        return 0;
    }
    char all[160] = "";
    for (size_t n = 0, k = 0; p->choices[k] && n < sizeof all; k++)
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", k ? ", " : "", p->choices[k]);
    return error_set(err, ERROR_INPUT, "%s: '%s' is not one of %s", p->name, value, all);
}

static int set_row(const struct param *p, void *target, const char *value, struct error *err)
{
    static int (*const setters[])(const struct param *, void *, const char *, struct error *) = {
        [PARAM_TEXT] = set_text, [PARAM_INT] = set_number, [PARAM_BYTES] = set_number,
        [PARAM_REAL] = set_real, [PARAM_BOOL] = set_bool,  [PARAM_CHOICE] = set_choice,
    };
    return setters[p->type](p, (char *)target + p->offset, value, err);
}

void param_defaults(const struct param_table *table, void *target)
{
    for (size_t i = 0; i < table->count; i++)
        must(set_row(&table->rows[i], target, table->rows[i].standard, NULL) == 0);
}

int param_set(const struct param_table *table, void *target, const char *name, const char *value,
              struct error *err)
{
    const struct param *p = param_find(table, name);
    if (!p)
        return error_set(err, ERROR_INPUT, "'%s' is not known here", name);
    return set_row(p, target, value, err);
}

void param_text(const struct param *p, const void *target, char *out, size_t size)
{
    const void *field = (const char *)target + p->offset;
    switch (p->type) {
    case PARAM_TEXT:
        snprintf(out, size, "%s", (const char *)field);
        break;
    case PARAM_INT:
    case PARAM_BYTES:
        snprintf(out, size, "%" PRId64, *(const int64_t *)field);
        break;
    case PARAM_REAL:
        snprintf(out, size, "%.9g", *(const double *)field);
        break;
    case PARAM_BOOL:
        snprintf(out, size, "%s", *(const bool *)field ? "true" : "false");
        break;
    case PARAM_CHOICE:
        snprintf(out, size, "%s", p->choices[*(const int64_t *)field]);
        break;
    }
}

void param_doc(const struct param *row, char out[PARAM_DOC])
{
    int n = snprintf(out, PARAM_DOC, "%s", row->doc);
    if (row->more && n >= 0 && n < PARAM_DOC)
        row->more(out + n, PARAM_DOC - (size_t)n);
}
