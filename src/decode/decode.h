/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Documents to pixels and text layer. Only in pagemill-work: this is where hostile bytes are
 * parsed.
 *
 * A document is opened from a descriptor (read by offset, never by its shared position) and its
 * type told by its first bytes. One thread. A new format is one driver file and one row in
 * decode.c.
 */
#ifndef DECODE_DECODE_H
#define DECODE_DECODE_H

#include "base/error.h"
#include "decode/limits.h"
#include "layout/layout.h"
#include "page/page.h"
#include "page/raster.h"

#include <stdint.h>

struct document;

/* What the C library loads on first use (time zone, memory size) and the alarm's handler: call once
 * before the sandbox closes. Afterwards decoding opens nothing. */
int decode_warm(struct error *err);

/* The caller keeps fd, which must stay open as long as the document. password "" for none.
 * ERROR_INPUT (damaged, empty, no pages), ERROR_UNSUPPORTED (type), ERROR_PASSWORD, ERROR_LIMIT
 * (pages, memory). */
int document_open(struct document **out, int fd, const char *password,
                  const struct decode_limits *limits, struct error *err);
void document_close(struct document **doc);
uint32_t document_pages(const struct document *doc);

/* Render page n (from 1) into a new sealed memory file: returns its descriptor and fills *raster.
 * /Rotate and EXIF orientation are applied. ERROR_INPUT, ERROR_LIMIT, ERROR_TIMEOUT. */
int document_render(struct document *doc, uint32_t n, const struct render *how,
                    struct raster *raster, struct error *err);
/* The same with these bytes right behind the pixels. */
int document_render_with(struct document *doc, uint32_t n, const struct render *how,
                         const struct strbuf *behind, struct raster *raster, struct error *err);

bool document_has_layers(const struct document *doc); /* can its type have text layers? */

/* What a page's drawing tells besides its words. The hints live in the page's arena. */
struct text_layer {
    struct layout_hints hints; /* rules and pictures, in the page result's pixels */
    size_t characters;         /* all that make words */
    size_t unmapped;           /* of them: U+FFFD, private use, what has no character in its font */
    size_t invisible;          /* of them: drawn with nothing (text under a scan) */
    float picture_share;       /* of the page's area, covered by pictures */
};

/* The text layer of page n as a page result (source text, confidence 1), words with boxes at
 * how->dpi, lines with their fonts; blocks as the layer has them. A document type without text
 * layers gives a page without blocks. */
int document_text(struct document *doc, uint32_t n, const struct render *how, struct page **out,
                  struct text_layer *layer, struct error *err);

/* Page n, or a part of it, as a PNG or JPEG file in sealed memory, for people: returns the
 * descriptor, *size its bytes. A part outside of the page is ERROR_BUG. The pixels of the last page
 * are kept: several parts of it cost one rendering. */
int document_picture(struct document *doc, uint32_t n, const struct render *how,
                     const struct view *what, uint64_t *size, struct error *err);

#endif
