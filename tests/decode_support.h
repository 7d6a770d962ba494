/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the decoder's tests share: memory files, opening with checks, pixels.
 */
#ifndef TESTS_DECODE_SUPPORT_H
#define TESTS_DECODE_SUPPORT_H

#include "base/fd.h"
#include "base/strbuf.h"
#include "decode/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

extern const struct decode_limits limits; /* 100 million pixels, 256 MiB, 1000 pages */
extern const struct render at_72, at_72_rgb;

int file_of(const void *bytes, size_t len);
int file_of_strbuf(struct strbuf *b); /* and frees it */

/* These fail the test when the document does not open. fd stays the caller's. */
struct document *opened_with(int fd, const char *password, const struct decode_limits *l);

/* The document must be refused with this class and these words. fd is closed. */
void refused_with(int fd, const char *password, const struct decode_limits *l,
                  enum error_class class, const char *words);
void refused(int fd, enum error_class class, const char *words);

struct picture {
    struct raster raster;
    const uint8_t *pixels;
    int fd;
};

struct picture rendered(struct document *doc, uint32_t n, const struct render *how);
void drop(struct picture *p);
const uint8_t *pixel(const struct picture *p, uint32_t x, uint32_t y);
void failed_page(struct document *doc, uint32_t n, const struct render *how, enum error_class class,
                 const char *words);
void check_size(struct document *doc, uint32_t n, uint32_t dpi, uint32_t width, uint32_t height);
struct page *text_of(struct document *doc, uint32_t n, uint32_t dpi);

#endif
