/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Readers of a page result's values. Called by page_read.c; calls json_reader.
 */
#include "page/page_field.h"

#include "base/utf8.h"

#include <string.h>

enum { SLACK = 64 }; /* pixels that a polygon may lean over the page's edge */

int field_refuse(struct reader *r, const char *what)
{
    if (r->json.failed)
        return error_set(r->err, ERROR_BUG, "malformed page result: not JSON at byte %zu",
                         json_reader_place(&r->json));
    return error_set(r->err, ERROR_BUG, "malformed page result: %s", what);
}

int field_refuse_json(struct reader *r)
{
    r->json.failed = true;
    return field_refuse(r, "");
}

bool field_is_key(const struct json_text *text, const char *key)
{
    return strlen(key) == text->len && memcmp(key, text->text, text->len) == 0;
}

/* Most objects have their keys in the table's order, so that the search begins after the last. */
static size_t find_field(const struct field *fields, size_t count, size_t from,
                         const struct json_text *key)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = (from + i) % count;
        if (field_is_key(key, fields[at].key))
            return at;
    }
    return count;
}

/* seen: a bit a field. */
int field_object(struct reader *r, const struct field *fields, size_t count, void *into,
                 unsigned *seen)
{
    *seen = 0;
    if (!json_take_open(&r->json, '{'))
        return field_refuse(r, "an object was expected");
    for (size_t at = 0; json_take_more(&r->json, '}', *seen == 0); at++) {
        struct json_text key;
        if (!json_take_key(&r->json, &key))
            return field_refuse(r, "");
        at = find_field(fields, count, at, &key);
        if (at == count)
            return field_refuse(r, "unknown key");
        if (*seen & 1U << at)
            return field_refuse_json(r);
        *seen |= 1U << at;
        if (fields[at].read(r, &fields[at], into) < 0)
            return -1;
    }
    for (size_t i = 0; i < count && !r->json.failed; i++)
        if (fields[i].needed && !(*seen & 1U << i))
            return field_refuse(r, fields[i].key);
    return r->json.failed ? field_refuse(r, "") : 0;
}

static void *member(void *into, const struct field *f)
{
    return (char *)into + f->at;
}

int field_double(struct reader *r, const char *what, double low, double high, float *out)
{
    struct json_number n;
    if (!json_take_number(&r->json, &n) || n.value < low || n.value > high)
        return field_refuse(r, what);
    *out = (float)n.value;
    return 0;
}

int field_number(struct reader *r, const struct field *f, void *into)
{
    return field_double(r, f->key, f->low, f->high, member(into, f));
}

int field_whole(struct reader *r, const struct field *f, int64_t *out)
{
    struct json_number n;
    if (!json_take_number(&r->json, &n) || !n.is_whole || n.value < f->low || n.value > f->high)
        return field_refuse(r, f->key);
    *out = n.whole;
    return 0;
}

int field_int64(struct reader *r, const struct field *f, void *into)
{
    return field_whole(r, f, member(into, f));
}

int field_int(struct reader *r, const struct field *f, void *into)
{
    int64_t wide = 0;
    if (field_whole(r, f, &wide) < 0)
        return -1;
    *(int *)member(into, f) = (int)wide;
    return 0;
}

int field_skip_int(struct reader *r, const struct field *f, void *into)
{
    int64_t ignored;
    (void)into;
    return field_whole(r, f, &ignored);
}

static bool is_printable(const struct json_text *t)
{
    return t->plain || utf8_printable(t->text, t->len);
}

/* Lines parted by line feeds. */
static bool are_printable(const struct json_text *t)
{
    const char *end = t->text + t->len;
    for (const char *at = t->text, *stop; at < end; at = stop + 1) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        stop = feed ? feed : end;
        if (!utf8_printable(at, (size_t)(stop - at)))
            return false;
    }
    return true;
}

static int read_string(struct reader *r, const struct field *f, void *into,
                       bool (*fits)(const struct json_text *))
{
    const char **out = member(into, f);
    struct json_text text;
    if (!json_take_string(&r->json, &text) || text.len > PAGE_MAX_TEXT || !fits(&text))
        return field_refuse(r, f->key);
    *out = page_text(r->page, text.text, text.len);
    return *out ? 0 : field_refuse(r, "too much text");
}

int field_text(struct reader *r, const struct field *f, void *into)
{
    return read_string(r, f, into, is_printable);
}

int field_lines_of_text(struct reader *r, const struct field *f, void *into)
{
    return read_string(r, f, into, are_printable);
}

int field_bool(struct reader *r, const struct field *f, void *into)
{
    return json_take_bool(&r->json, member(into, f)) ? 0 : field_refuse(r, f->key);
}

/* Is there, then it is true. */
int field_flag(struct reader *r, const struct field *f, void *into)
{
    bool value = false;
    if (!json_take_bool(&r->json, &value) || !value)
        return field_refuse(r, f->key);
    *(bool *)member(into, f) = true;
    return 0;
}

int field_open_list(struct reader *r, const char *what)
{
    return json_take_open(&r->json, '[') ? 0 : field_refuse(r, what);
}

/* An array of exactly so many numbers: true for each, and for its end. */
static bool is_next(struct reader *r, size_t i, size_t count)
{
    return json_take_more(&r->json, ']', i == 0) == (i < count) && !r->json.failed;
}

static int read_point(struct reader *r, const char *what, struct point *out)
{
    if (field_open_list(r, what) < 0)
        return -1;
    if (!is_next(r, 0, 2))
        return field_refuse(r, what);
    if (field_double(r, "x", -SLACK, r->page->width + SLACK, &out->x) < 0)
        return -1;
    if (!is_next(r, 1, 2))
        return field_refuse(r, what);
    if (field_double(r, "y", -SLACK, r->page->height + SLACK, &out->y) < 0)
        return -1;
    return is_next(r, 2, 2) ? 0 : field_refuse(r, what);
}

int field_quad(struct reader *r, const struct field *f, void *into)
{
    struct quad *out = member(into, f);
    if (field_open_list(r, f->key) < 0)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        if (!is_next(r, i, 4))
            return field_refuse(r, f->key);
        if (read_point(r, f->key, &out->corner[i]) < 0)
            return -1;
    }
    return is_next(r, 4, 4) ? 0 : field_refuse(r, f->key);
}

int field_rect(struct reader *r, const struct field *f, void *into)
{
    struct rect *out = member(into, f);
    float side[4];
    if (field_open_list(r, f->key) < 0)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        int limit = (i % 2 ? r->page->height : r->page->width) + SLACK;
        if (!is_next(r, i, 4))
            return field_refuse(r, f->key);
        if (field_double(r, f->key, -SLACK, limit, &side[i]) < 0)
            return -1;
    }
    if (!is_next(r, 4, 4) || side[0] > side[2] || side[1] > side[3])
        return field_refuse(r, f->key);
    *out = (struct rect){side[0], side[1], side[2], side[3]};
    return 0;
}
