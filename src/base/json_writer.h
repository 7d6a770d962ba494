/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Streaming JSON (RFC 8259) onto a strbuf: no tree, commas by themselves. Malformed UTF-8 is
 * written as U+FFFD, so the output is always valid. Numbers of pixels and scores: fixed decimals,
 * trailing zeros cut.
 */
#ifndef BASE_JSON_WRITER_H
#define BASE_JSON_WRITER_H

#include "base/strbuf.h"

#include <stdint.h>

struct json_writer {
    struct strbuf *out;
    bool comma; /* the next value needs one */
};

/* key NULL: an element of an array or the top value. */
void json_add_object(struct json_writer *w, const char *key);
void json_end_object(struct json_writer *w);
void json_add_array(struct json_writer *w, const char *key);
void json_end_array(struct json_writer *w);
void json_add_string(struct json_writer *w, const char *key,
                     const char *value); /* NULL value: null */
void json_add_string_n(struct json_writer *w, const char *key, const char *value, size_t len);
void json_add_int(struct json_writer *w, const char *key, int64_t value);
void json_add_count(struct json_writer *w, const char *key, int64_t value); /* 0: null */
void json_add_number(struct json_writer *w, const char *key, double value,
                     int decimals); /* not finite: null */
void json_add_bool(struct json_writer *w, const char *key, bool value);
void json_add_null(struct json_writer *w, const char *key);
void json_add_raw(struct json_writer *w, const char *key,
                  const char *json); /* already valid JSON */
void json_add_time(struct json_writer *w, const char *key,
                   int64_t unix_ms); /* RFC 3339 UTC; 0: null */

#endif
