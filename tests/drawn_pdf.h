/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A PDF page of 200 × 200 points made from its contents, and what its text layer says. Its fonts:
 * F Helvetica, B its bold, I Times-Italic, M Courier, S a bold italic, U one that lies about its
 * characters, T bitmaps that lie about their size. The graphics state G is fully transparent.
 */
#ifndef TESTS_DRAWN_PDF_H
#define TESTS_DRAWN_PDF_H

#include "decode_support.h"

#include "decode/decode_text.h"

struct drawn {
    int fd;
    struct document *doc;
    struct page *page;
    struct text_layer layer;
};

/* attributes: of the page object. */
struct drawn drawn(const char *attributes, const char *contents, uint32_t dpi);
void drawing_end(struct drawn *d);

void near(float actual, double expected, double by);

#endif
