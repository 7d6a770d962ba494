/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * How the objects of a page result are read: a table of keys for each, with a reader for each kind
 * of value. Every reader refuses what is of another type or out of range, with ERROR_BUG naming the
 * key. Only for page_read.c.
 */
#ifndef PAGE_PAGE_FIELD_H
#define PAGE_PAGE_FIELD_H

#include "base/json_reader.h"
#include "page/page.h"

struct reader {
    struct json_reader json;
    struct page *page;            /* its width and height bound all places */
    size_t words;                 /* lines, blocks and cells too: they cost no less */
    char image[PAGE_FIGURE_NAME]; /* of the block in hand */
    unsigned figures;
    struct error *err;
};

/* One key of an object: how its value is read, where in `into` it goes, between what it must be. */
struct field {
    const char *key;
    bool needed;
    int (*read)(struct reader *r, const struct field *f, void *into);
    size_t at;
    double low, high;
};

#define FIELDS(list) list, sizeof(list) / sizeof *(list)

/* The keys may come in any order, each once. seen: a bit a field. */
int field_object(struct reader *r, const struct field *fields, size_t count, void *into,
                 unsigned *seen);

/* Readers for tables; what they fill is in brackets. */
int field_number(struct reader *r, const struct field *f, void *into); /* float */
int field_int64(struct reader *r, const struct field *f, void *into);
int field_int(struct reader *r, const struct field *f, void *into);
int field_skip_int(struct reader *r, const struct field *f, void *into);      /* nothing */
int field_text(struct reader *r, const struct field *f, void *into);          /* const char * */
int field_lines_of_text(struct reader *r, const struct field *f, void *into); /* parted by '\n' */
int field_bool(struct reader *r, const struct field *f, void *into);
int field_flag(struct reader *r, const struct field *f, void *into); /* bool: absent or true */
int field_quad(struct reader *r, const struct field *f, void *into);
int field_rect(struct reader *r, const struct field *f, void *into);

/* Their parts. */
int field_double(struct reader *r, const char *what, double low, double high, float *out);
int field_whole(struct reader *r, const struct field *f, int64_t *out);
int field_open_list(struct reader *r, const char *what);
bool field_is_key(const struct json_text *text, const char *key);

/* −1 with ERROR_BUG: what was not asked for; or no JSON, if that is what stopped the reader. */
int field_refuse(struct reader *r, const char *what);
int field_refuse_json(struct reader *r);

#endif
