/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * JSON reader. Called by page_decode; calls strbuf and utf8.
 */
#include "base/json_reader.h"

#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void json_reader_init(struct json_reader *r, const char *json, size_t len)
{
    *r = (struct json_reader){.start = json, .at = json, .end = json + len};
}

void json_reader_done(struct json_reader *r)
{
    strbuf_free(&r->unescaped);
}

size_t json_reader_place(const struct json_reader *r)
{
    return (size_t)(r->at - r->start);
}

static bool fail(struct json_reader *r)
{
    r->failed = true;
    return false;
}

static void skip_blanks(struct json_reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

/* The next character that is no blank; NUL: none. */
static char next(struct json_reader *r)
{
    skip_blanks(r);
    return r->failed || r->at == r->end ? '\0' : *r->at;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool json_take_open(struct json_reader *r, char bracket)
{
    if (next(r) != bracket)
        return false;
    r->at++;
    return true;
}

bool json_take_more(struct json_reader *r, char bracket, bool first)
{
    char c = next(r);
    if (c == bracket) {
        r->at++;
        return false;
    }
    if (first)
        return c ? true : fail(r);
    if (c != ',')
        return fail(r);
    r->at++;
    return true;
}

bool json_take_end(struct json_reader *r)
{
    return !r->failed && next(r) == '\0' && r->at == r->end;
}

/* ---- strings ---- */

static bool take_hex(struct json_reader *r, uint32_t *out)
{
    uint32_t value = 0;
    if (r->end - r->at < 4)
        return false;
    for (int i = 0; i < 4; i++, r->at++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = *r->at ? strchr(digits, *r->at | (*r->at >= 'A' ? 0x20 : 0)) : NULL;
        if (!digit)
            return false;
        value = value << 4 | (uint32_t)(digit - digits);
    }
    *out = value;
    return true;
}

/* After "\u": one of four digits, or two that are one character beyond U+FFFF. */
static bool take_code(struct json_reader *r, uint32_t *out)
{
    uint32_t high, low;
    if (!take_hex(r, &high) || high == 0 || (high >= 0xDC00 && high <= 0xDFFF))
        return false;
    *out = high;
    if (high < 0xD800 || high > 0xDBFF)
        return true;
    if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
        return false;
    r->at += 2;
    if (!take_hex(r, &low) || low < 0xDC00 || low > 0xDFFF)
        return false;
    *out = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

/* After the backslash. */
static bool take_escape(struct json_reader *r)
{
    static const char forms[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    uint32_t code;
    char bytes[4];
    if (r->at == r->end)
        return false;
    char c = *r->at++;
    if (c == 'u') {
        if (!take_code(r, &code))
            return false;
        strbuf_add(&r->unescaped, bytes, utf8_encode(code, bytes));
        return true;
    }
    for (const char *form = forms; *form; form += 2)
        if (form[0] == c) {
            strbuf_addc(&r->unescaped, form[1]);
            return true;
        }
    return false;
}

/* From the first backslash on; the string's beginning is there already. */
static bool take_escaped(struct json_reader *r, struct json_text *out)
{
    while (r->at < r->end && *r->at != '"') {
        const char *run = r->at;
        while (r->at < r->end && *r->at != '"' && *r->at != '\\' && (unsigned char)*r->at >= ' ')
            r->at++;
        strbuf_add(&r->unescaped, run, (size_t)(r->at - run));
        if (r->at == r->end || *r->at == '"')
            break;
        if (*r->at++ != '\\' || !take_escape(r))
            return fail(r);
    }
    if (r->at == r->end)
        return fail(r);
    r->at++;
    *out = (struct json_text){strbuf_str(&r->unescaped), r->unescaped.len, false};
    return utf8_valid(out->text, out->len) ? true : fail(r);
}

static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7F && c != '"' && c != '\\';
}

bool json_take_string(struct json_reader *r, struct json_text *out)
{
    if (next(r) != '"')
        return false;
    const char *from = ++r->at;
    while (r->at < r->end && is_plain(*r->at))
        r->at++;
    bool plain = r->at < r->end && *r->at == '"';
    while (r->at < r->end && *r->at != '"' && *r->at != '\\' && (unsigned char)*r->at >= ' ')
        r->at++;
    size_t len = (size_t)(r->at - from);
    if (r->at == r->end || (unsigned char)*r->at < ' ' || (!plain && !utf8_valid(from, len)))
        return fail(r);
    if (*r->at == '\\') {
        strbuf_clear(&r->unescaped);
        strbuf_add(&r->unescaped, from, len);
        return take_escaped(r, out);
    }
    r->at++;
    *out = (struct json_text){from, len, plain};
    return true;
}

bool json_take_key(struct json_reader *r, struct json_text *out)
{
    struct json_text key;
    if (!json_take_string(r, &key) || next(r) != ':')
        return fail(r);
    r->at++;
    *out = key;
    return true;
}

/* ---- numbers and words ---- */

static bool skip_digits(struct json_reader *r)
{
    const char *from = r->at;
    while (r->at < r->end && is_digit(*r->at))
        r->at++;
    return r->at > from;
}

static bool at_one_of(const struct json_reader *r, const char *set)
{
    return r->at < r->end && *r->at && strchr(set, *r->at);
}

/* Its grammar alone; whether it has neither fraction nor exponent. */
static bool skip_number(struct json_reader *r, bool *whole)
{
    *whole = true;
    if (at_one_of(r, "-"))
        r->at++;
    bool zero = at_one_of(r, "0");
    if (zero)
        r->at++;
    else if (!skip_digits(r))
        return false;
    if (at_one_of(r, ".")) {
        *whole = false;
        r->at++;
        if (!skip_digits(r))
            return false;
    }
    if (!at_one_of(r, "eE"))
        return true;
    *whole = false;
    r->at++;
    if (at_one_of(r, "+-"))
        r->at++;
    return skip_digits(r);
}

/* Few digits and no exponent, as nearly all numbers are: one division of exact values gives what
 * strtod would, at a fraction of its price. */
static bool read_short(const char *text, size_t len, double *out)
{
    static const double powers[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    uint64_t digits = 0;
    size_t after = 0;
    bool point = false, minus = *text == '-';
    if (len > 16) /* 15 digits are below 2^53 */
        return false;
    for (size_t i = minus; i < len; i++) {
        if (text[i] == '.') {
            point = true;
            continue;
        }
        if (!is_digit(text[i]))
            return false;
        digits = digits * 10 + (uint64_t)(text[i] - '0');
        after += point;
    }
    if (digits >= 1000000000000000)
        return false;
    double value = (double)digits / powers[after];
    *out = minus ? -value : value;
    return true;
}

static bool read_long(const char *text, size_t len, struct json_number *n)
{
    char copy[JSON_LONGEST_NUMBER + 1];
    if (len > JSON_LONGEST_NUMBER)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    n->value = strtod(copy, NULL);
    if (n->is_whole && !(fabs(n->value) < 0x1p63))
        return false;
    n->whole = n->is_whole ? strtoll(copy, NULL, 10) : 0;
    return isfinite(n->value);
}

bool json_take_number(struct json_reader *r, struct json_number *out)
{
    struct json_number n = {0};
    char c = next(r);
    const char *from = r->at;
    if (c != '-' && !is_digit(c))
        return false;
    if (!skip_number(r, &n.is_whole))
        return fail(r);
    size_t len = (size_t)(r->at - from);
    if (read_short(from, len, &n.value))
        n.whole = n.is_whole ? (int64_t)n.value : 0;
    else if (!read_long(from, len, &n))
        return fail(r);
    *out = n;
    return true;
}

bool json_take_bool(struct json_reader *r, bool *out)
{
    char c = next(r);
    const char *word = c == 't' ? "true" : "false";
    size_t len = strlen(word);
    if (c != 't' && c != 'f')
        return false;
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
        return fail(r);
    r->at += len;
    *out = c == 't';
    return true;
}
