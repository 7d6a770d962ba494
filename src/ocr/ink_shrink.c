/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A page's pixels as a sheet of greys of some 150 dpi, in which the thinnest line stays: a pixel of
 * it is as dark as the darkest of the pixels that it stands for. Colours are as dark as they look,
 * so that a tinted cell is paper, not ink. A page of light writing on dark is turned inside out.
 * Called by ink_paper.c.
 */
#include "ocr/ink_internal.h"

#include "ocr/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 25 }; /* pixels of a sheet: A1 at 200 dpi */

struct shrinking {
    const struct raster *raster;
    const uint8_t *pixels;
    uint8_t flip; /* 255 where dark is light */
    size_t by;
    uint8_t *row;  /* as many greys as the page is wide, and `by` more */
    uint8_t *next; /* greys of another row, of a page in colours */
};

SIMD static void copy_flipped(uint8_t *to, const uint8_t *from, uint8_t flip, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i] ^ flip;
}

SIMD static void darkest_flipped(uint8_t *to, const uint8_t *from, uint8_t flip, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t v = from[i] ^ flip;
        to[i] = v < to[i] ? v : to[i];
    }
}

/* to[i] becomes the darker of it and the byte `by` further on. */
SIMD static void darkest_ahead(uint8_t *to, size_t by, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = to[i + by] < to[i] ? to[i + by] : to[i];
}

/* About what an eye takes for the lightness of a colour: half of it is green. */
SIMD static void grey_of_colours(uint8_t *to, const uint8_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)((from[3 * i] + 2 * from[3 * i + 1] + from[3 * i + 2]) / 4);
}

/* A row of the page, its greys as they are or made of its colours in `room`. */
static const uint8_t *greys(const struct shrinking *s, size_t y, uint8_t *room)
{
    const uint8_t *row = s->pixels + y * s->raster->stride;
    if (s->raster->channels == 1)
        return row;
    grey_of_colours(room, row, s->raster->width);
    return room;
}

/* A row of the sheet: the darkest pixel of each square. */
static void shrink_row(const struct shrinking *s, size_t y, uint8_t *to, size_t width)
{
    const size_t first = y * s->by;
    if (s->by == 1) {
        copy_flipped(to, greys(s, y, s->row), s->flip, width);
        return;
    }
    copy_flipped(s->row, greys(s, first, s->row), s->flip, s->raster->width);
    for (size_t i = 1; i < s->by && first + i < s->raster->height; i++)
        darkest_flipped(s->row, greys(s, first + i, s->next), s->flip, s->raster->width);
    for (size_t covered = 1; covered < s->by;) {
        const size_t by = covered < s->by - covered ? covered : s->by - covered;
        darkest_ahead(s->row, by, s->raster->width);
        covered += by;
    }
    for (size_t x = 0; x < width; x++)
        to[x] = s->row[x * s->by];
}

/* The commonest tone is dark on most of the page: light writing on dark. */
static bool light_on_dark(const struct raster *r, const uint8_t *pixels)
{
    enum { ROWS = 200, POINTS = 200, DARK = 96 };
    const uint32_t down = r->height / ROWS + 1, across = r->width / POINTS + 1;
    size_t dark = 0, all = 0;
    for (uint32_t y = 0; y < r->height; y += down)
        for (uint32_t x = 0; x < r->width; x += across, all++) {
            const uint8_t *p = pixels + (size_t)y * r->stride + (size_t)x * r->channels;
            dark += p[0] < DARK && (r->channels == 1 || (p[1] < DARK && p[2] < DARK));
        }
    return 3 * dark > 2 * all;
}

/* Some 150 dpi, and never more than MOST pixels. */
static int reduction(const struct raster *r, float dpi)
{
    const float wanted = 150;
    int by = (int)fmaxf(roundf(dpi / wanted), 1);
    while ((uint64_t)(r->width / (uint32_t)by) * (r->height / (uint32_t)by) > MOST)
        by++;
    return by;
}

uint8_t *ink_shrunk(struct ink_sheet *s, const struct raster *raster, const uint8_t *pixels,
                    float dpi)
{
    s->by = reduction(raster, dpi);
    s->dpi = dpi / (float)s->by;
    s->width = (int)((raster->width + (uint32_t)s->by - 1) / (uint32_t)s->by);
    s->height = (int)((raster->height + (uint32_t)s->by - 1) / (uint32_t)s->by);
    const size_t width = (size_t)s->width, height = (size_t)s->height;
    struct shrinking how = {.raster = raster,
                            .pixels = pixels,
                            .flip = light_on_dark(raster, pixels) ? 255 : 0,
                            .by = (size_t)s->by};
    const size_t padded = raster->width + 2 * how.by;
    uint8_t *out = malloc(height * width);
    how.row = malloc(2 * padded);
    if (how.row) {
        memset(how.row, 255, padded);
        how.next = how.row + padded;
    }
    for (size_t y = 0; out && how.row && y < height; y++)
        shrink_row(&how, y, out + y * width, width);
    if (!how.row) {
        free(out);
        out = NULL;
    }
    free(how.row);
    return out;
}
