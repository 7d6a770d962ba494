/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The pixels of one page as they travel between workers: rows top to bottom, 8 bits a channel,
 * white background already applied. Grey is linear-in-file luma as the decoder gives it; colour is
 * RGB.
 */
#ifndef PAGE_RASTER_H
#define PAGE_RASTER_H

#include "base/error.h"

#include <stdint.h>

struct raster {
    uint32_t width, height; /* pixels */
    uint32_t stride;        /* bytes from row to row, ≥ width × channels */
    uint32_t channels;      /* 1 grey, 3 RGB */
    uint32_t
        dpi; /* the resolution that the pixels have; for an image the file's own, or an estimate */
    uint32_t reduced; /* 1: rendered below the dpi asked for, to stay under the pixel cap */
};

/* The pixels with what the page's text layer has to say about them: in one memory file, the layer
 * as a page result in JSON right behind the pixels. */
struct sheaf {
    struct raster raster;
    float layer_score;    /* PAGE_NO_SCORE: not looked at */
    uint32_t layer_bytes; /* 0: none is given */
};

/* Bytes of the pixels, or 0 with *err (ERROR_BUG) when the header is impossible or over max_pixels.
 */
uint64_t raster_bytes(const struct raster *r, uint64_t max_pixels, struct error *err);
/* The same of the whole sheaf, pixels and layer. */
uint64_t sheaf_bytes(const struct sheaf *s, uint64_t max_pixels, struct error *err);

#endif
