/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The growing buffer. Calls memory only.
 */
#include "base/strbuf.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_CAP = 1 << 30 };

void strbuf_free(struct strbuf *b)
{
    free(b->data);
    *b = (struct strbuf){.cap = b->cap};
}

void strbuf_cut(struct strbuf *b, size_t len)
{
    if (len >= b->len)
        return;
    b->len = len;
    b->data[len] = '\0';
}

void strbuf_clear(struct strbuf *b)
{
    b->len = 0;
    b->overflowed = false;
    if (b->data)
        b->data[0] = '\0';
}

static bool reserve(struct strbuf *b, size_t more)
{
    size_t cap = b->cap ? b->cap : DEFAULT_CAP;
    if (b->overflowed || more >= cap || b->len >= cap - more) {
        b->overflowed = true;
        return false;
    }
    if (b->size - b->len > more)
        return true;
    size_t want = b->size ? b->size * 2 : 256;
    if (want < b->len + more + 1)
        want = b->len + more + 1;
    b->data = x_realloc(b->data, want, 1);
    b->size = want;
    return true;
}

void strbuf_add(struct strbuf *b, const void *bytes, size_t len)
{
    if (!reserve(b, len))
        return;
    if (len)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void strbuf_adds(struct strbuf *b, const char *s)
{
    strbuf_add(b, s, strlen(s));
}

void strbuf_addc(struct strbuf *b, char c)
{
    strbuf_add(b, &c, 1);
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    char small[256];
    int n = vsnprintf(small, sizeof small, fmt, args);
    if (n >= 0 && (size_t)n < sizeof small) {
        strbuf_add(b, small, (size_t)n);
    } else if (n >= 0 && reserve(b, (size_t)n)) {
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

char *strbuf_detach(struct strbuf *b)
{
    strbuf_add(b, "", 0);
    char *data = b->data ? b->data : x_strdup("");
    *b = (struct strbuf){.cap = b->cap};
    return data;
}

const char *strbuf_str(const struct strbuf *b)
{
    return b->data ? b->data : "";
}
