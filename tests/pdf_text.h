/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A PDF's bytes followed by what its deflated streams hold, to look for words in. Every stream that
 * inflates counts, whatever it is.
 */
#ifndef TESTS_PDF_TEXT_H
#define TESTS_PDF_TEXT_H

#include "base/fd.h"
#include "base/strbuf.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static inline void pdf_add_inflated(struct strbuf *out, const char *at, size_t len)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)at, .avail_in = (uInt)len};
    char part[4096];
    int rc = inflateInit(&z);
    while (rc == Z_OK) {
        z.next_out = (Bytef *)part;
        z.avail_out = sizeof part;
        rc = inflate(&z, Z_NO_FLUSH);
        strbuf_add(out, part, sizeof part - z.avail_out);
        if (z.avail_out)
            break;
    }
    inflateEnd(&z);
}

static inline void pdf_unpack(int fd, uint64_t size, struct strbuf *out)
{
    static const char mark[] = "stream\n";
    char *bytes = malloc(size + 1), *at = bytes, *end = bytes + size;
    if (!bytes || fd_read_full(fd, bytes, size, 0) != (ssize_t)size)
        abort();
    strbuf_add(out, bytes, size);
    while ((at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1))) {
        at += sizeof mark - 1;
        pdf_add_inflated(out, at, (size_t)(end - at));
    }
    free(bytes);
}

static inline bool pdf_holds(int fd, const char *words)
{
    auto_strbuf text = {0};
    uint64_t size;
    if (fd_size(fd, &size, NULL) < 0)
        abort();
    pdf_unpack(fd, size, &text);
    return memmem(text.data, text.len, words, strlen(words)) != NULL;
}

#endif
