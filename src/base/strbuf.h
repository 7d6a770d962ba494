/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A growing byte buffer with a cap. Past the cap it stops growing and remembers it (overflowed):
 * the writer need not check each call, only the end. Always NUL-terminated once something was
 * added.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf {
    char *data; /* NULL until the first byte */
    size_t len, size;
    size_t cap; /* 0: 1 GiB */
    bool overflowed;
};

void strbuf_free(struct strbuf *b); /* also resets */
void strbuf_clear(struct strbuf *b);
void strbuf_cut(struct strbuf *b, size_t len); /* to its first len bytes */
void strbuf_add(struct strbuf *b, const void *bytes, size_t len);
void strbuf_adds(struct strbuf *b, const char *s);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *strbuf_detach(struct strbuf *b); /* malloc'd, never NULL; the buffer is empty after */
const char *strbuf_str(const struct strbuf *b); /* "" when empty */

#define auto_strbuf __attribute__((cleanup(strbuf_free))) struct strbuf

#endif
