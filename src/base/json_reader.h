/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Hostile JSON (RFC 8259), value by value and without a tree, for what is read often and has one
 * known shape; everything else is read with jansson. Whoever calls decides what may come next, so
 * that nesting costs nothing. After the first breach of the grammar, of UTF-8 or of a limit below
 * `failed` is set and nothing more is taken.
 */
#ifndef BASE_JSON_READER_H
#define BASE_JSON_READER_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_LONGEST_NUMBER = 40 }; /* characters; a double needs 25 at most */

struct json_reader {
    const char *start, *at, *end;
    bool failed;
    struct strbuf unescaped; /* the last string that had escapes */
};

/* Good until the next string is taken. Valid UTF-8 without NUL, not ended by one. */
struct json_text {
    const char *text;
    size_t len;
    bool plain; /* printable ASCII alone */
};

struct json_number {
    double value;
    int64_t whole;
    bool is_whole; /* written without fraction and exponent; one beyond int64_t is a breach */
};

/* json stays the caller's and must outlive the reader. */
void json_reader_init(struct json_reader *r, const char *json, size_t len);
void json_reader_done(struct json_reader *r);
size_t json_reader_place(const struct json_reader *r); /* bytes taken */

/* Each takes one thing, if that is what comes next; false otherwise, and *out is untouched. */
bool json_take_open(struct json_reader *r, char bracket); /* '{' or '[' */
/* Is there another member or element? first: none was taken yet. Takes the comma, or the closing
 * bracket: '}' or ']'. */
bool json_take_more(struct json_reader *r, char bracket, bool first);
bool json_take_key(struct json_reader *r, struct json_text *out); /* with its colon */
bool json_take_string(struct json_reader *r, struct json_text *out);
bool json_take_number(struct json_reader *r, struct json_number *out);
bool json_take_bool(struct json_reader *r, bool *out);
bool json_take_end(struct json_reader *r); /* nothing but blanks */

#endif
