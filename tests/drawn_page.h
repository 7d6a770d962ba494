/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A page drawn in memory with Leptonica's own bitmap font, so that tests of recognition need no
 * file. Two paragraphs, four lines.
 */
#ifndef TESTS_DRAWN_PAGE_H
#define TESTS_DRAWN_PAGE_H

#include "base/memory.h"
#include "page/raster.h"

#include <leptonica/allheaders.h>

static const char *const drawn_lines[] = {
    "The quick brown fox jumps over",
    "the lazy dog near the river bank.",
    "Payment is due within thirty days",
    "of the date of this invoice.",
};
enum { DRAWN_LINES = 4, DRAWN_WIDTH = 1200, DRAWN_HEIGHT = 800, DRAWN_DPI = 200 };

static inline struct Pix *drawn_pix(void)
{
    static const int rows[DRAWN_LINES] = {120, 170, 320, 370};
    struct L_Bmf *font = bmfCreate(NULL, 10);
    struct Pix *page = pixCreate(DRAWN_WIDTH, DRAWN_HEIGHT, 8);
    pixSetAll(page);
    for (int i = 0; i < DRAWN_LINES; i++)
        pixSetTextline(page, font, drawn_lines[i], 0, 100, rows[i], NULL, NULL);
    bmfDestroy(&font);
    return page;
}

/* The pixels are the caller's to free. */
static inline uint8_t *drawn_pixels(struct Pix *pix, struct raster *raster)
{
    int width = pixGetWidth(pix), height = pixGetHeight(pix);
    uint8_t *pixels = x_calloc((size_t)width, (size_t)height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            l_uint32 value = 0;
            pixGetPixel(pix, x, y, &value);
            pixels[(size_t)y * (size_t)width + (size_t)x] = (uint8_t)value;
        }
    *raster = (struct raster){.width = (uint32_t)width,
                              .height = (uint32_t)height,
                              .stride = (uint32_t)width,
                              .channels = 1,
                              .dpi = DRAWN_DPI};
    return pixels;
}

static inline uint8_t *drawn_page(struct raster *raster)
{
    struct Pix *pix = drawn_pix();
    uint8_t *pixels = drawn_pixels(pix, raster);
    pixDestroy(&pix);
    return pixels;
}

#endif
