/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * JSON writer. Called by everything that answers in JSON; calls strbuf, utf8 and clock.
 */
#include "base/json_writer.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_escape(struct strbuf *out, unsigned char c)
{
    static const char short_forms[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    for (const char *p = short_forms; *p; p += 2)
        if ((unsigned char)*p == c) {
            char two[2] = {'\\', p[1]};
            strbuf_add(out, two, 2);
            return;
        }
    strbuf_addf(out, "\\u%04x", c);
}

static bool plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static void add_quoted(struct strbuf *out, const char *s, size_t len)
{
    strbuf_addc(out, '"');
    size_t i = 0;
    while (i < len) {
        size_t run = i;
        while (run < len && plain((unsigned char)s[run]))
            run++;
        strbuf_add(out, s + i, run - i);
        i = run;
        if (i == len)
            break;
        unsigned char c = (unsigned char)s[i];
        size_t n = c >= 0x80 ? utf8_decode(s + i, len - i, NULL) : 1;
        if (c < 0x80)
            add_escape(out, c);
        else if (n)
            strbuf_add(out, s + i, n);
        else
            strbuf_adds(out, "\xEF\xBF\xBD");
        i += n ? n : 1;
    }
    strbuf_addc(out, '"');
}

static void lead(struct json_writer *w, const char *key)
{
    if (w->comma)
        strbuf_addc(w->out, ',');
    w->comma = true;
    if (!key)
        return;
    add_quoted(w->out, key, strlen(key));
    strbuf_addc(w->out, ':');
}

static void open_with(struct json_writer *w, const char *key, char c)
{
    lead(w, key);
    strbuf_addc(w->out, c);
    w->comma = false;
}

static void close_with(struct json_writer *w, char c)
{
    strbuf_addc(w->out, c);
    w->comma = true;
}

void json_add_object(struct json_writer *w, const char *key)
{
    open_with(w, key, '{');
}

void json_end_object(struct json_writer *w)
{
    close_with(w, '}');
}

void json_add_array(struct json_writer *w, const char *key)
{
    open_with(w, key, '[');
}

void json_end_array(struct json_writer *w)
{
    close_with(w, ']');
}

void json_add_string_n(struct json_writer *w, const char *key, const char *value, size_t len)
{
    lead(w, key);
    add_quoted(w->out, value, len);
}

void json_add_string(struct json_writer *w, const char *key, const char *value)
{
    if (value)
        json_add_string_n(w, key, value, strlen(value));
    else
        json_add_null(w, key);
}

/* Digits and, where there are any, decimals, without the zeros at their end. */
static void add_fixed(struct strbuf *out, uint64_t scaled, int decimals)
{
    char text[24]; /* 20 digits, or 16 with a point */
    size_t at = sizeof text;
    while (decimals > 0 && scaled % 10 == 0)
        scaled /= 10, decimals--;
    for (int i = 0; i < decimals; i++, scaled /= 10)
        text[--at] = (char)('0' + scaled % 10);
    if (decimals > 0)
        text[--at] = '.';
    do
        text[--at] = (char)('0' + scaled % 10);
    while (scaled /= 10);
    strbuf_add(out, text + at, sizeof text - at);
}

void json_add_int(struct json_writer *w, const char *key, int64_t value)
{
    lead(w, key);
    if (value < 0)
        strbuf_addc(w->out, '-');
    add_fixed(w->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 0);
}

void json_add_count(struct json_writer *w, const char *key, int64_t value)
{
    if (value)
        json_add_int(w, key, value);
    else
        json_add_null(w, key);
}

/* Too large to be scaled without loss. */
static void add_large(struct strbuf *out, double value, int decimals)
{
    char text[64];
    int n = isfinite(value) ? snprintf(text, sizeof text, "%.*f", decimals, value) : -1;
    if (n < 0 || (size_t)n >= sizeof text) {
        strbuf_adds(out, "null");
        return;
    }
    while (decimals > 0 && text[n - 1] == '0')
        n--, decimals--;
    if (text[n - 1] == '.')
        n--;
    strbuf_add(out, text, (size_t)n);
}

/* printf takes ten times as long, and a page result is mostly numbers. */
void json_add_number(struct json_writer *w, const char *key, double value, int decimals)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    static const double exact_below = 9007199254740992.0; /* 2^53 */
    lead(w, key);
    must(decimals >= 0 && decimals < (int)(sizeof powers / sizeof *powers));
    double scaled = rint(fabs(value) * powers[decimals]);
    if (!(scaled < exact_below)) {
        add_large(w->out, value, decimals);
        return;
    }
    if (value < 0 && scaled > 0)
        strbuf_addc(w->out, '-');
    add_fixed(w->out, (uint64_t)scaled, decimals);
}

void json_add_bool(struct json_writer *w, const char *key, bool value)
{
    json_add_raw(w, key, value ? "true" : "false");
}

void json_add_null(struct json_writer *w, const char *key)
{
    json_add_raw(w, key, "null");
}

void json_add_raw(struct json_writer *w, const char *key, const char *json)
{
    lead(w, key);
    strbuf_adds(w->out, json);
}

void json_add_time(struct json_writer *w, const char *key, int64_t unix_ms)
{
    char text[CLOCK_TEXT];
    json_add_string(w, key, unix_ms ? clock_rfc3339(unix_ms, text) : NULL);
}
