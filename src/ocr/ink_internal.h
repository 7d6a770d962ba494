/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the parts of ink share: the page as a sheet of bits at some 150 dpi, one bit a pixel that is
 * darker than the paper around it, leant upright. Only for src/ocr/ink*.c.
 *
 * The sheet is sheared twice on its way from the page: rows against x, then columns against y.
 * Together that is a turn by the skew, but for a stretch by its cosine.
 */
#ifndef OCR_INK_INTERNAL_H
#define OCR_INK_INTERNAL_H

#include "ocr/ink.h"

#include <leptonica/allheaders.h>
#include <stdbool.h>

enum { INK_CELL = 8 }; /* sheet pixels: the grid on which words are marked and pictures are found */

struct ink_word {
    struct rect at; /* on the sheet, within it */
    const struct word *word;
};

struct ink_sheet {
    const struct page *page;
    int width, height; /* of the page at the sheet's resolution; the sheet may be larger */
    int by;            /* page pixels for one of the sheet */
    float dpi;
    float rise, slide; /* y = page y − rise × page x + top; x = page x + slide × (y − top) + left */
    int top, left;
    struct Pix *rows, *columns; /* 1: ink, for lines across and for lines down */
    struct ink_word *words;
    size_t word_count;
    float word_height; /* of the median word, or of 10 points where there is none */
    int across, down;  /* cells */
    uint32_t *marks;   /* for each cell: 1 + the index of a word on it, or 0 */
};

/* Makes the bits of a page of that resolution, and all that leads to them. ERROR_LIMIT. */
int ink_paper(struct ink_sheet *s, const struct raster *raster, const uint8_t *pixels, float dpi,
              struct error *err);

/* The page as greys, darkest pixels kept; sets the sheet's resolution and size. The caller frees
 * it; NULL without memory. */
uint8_t *ink_shrunk(struct ink_sheet *s, const struct raster *raster, const uint8_t *pixels,
                    float dpi);

struct point ink_to_sheet(const struct ink_sheet *s, struct point on_page);
struct point ink_to_page(const struct ink_sheet *s, struct point on_sheet);

/* The median height of words in page pixels, or 0 where a few words tell nothing. ERROR_LIMIT. */
int ink_word_height(const struct page *page, float *height, struct error *err);
/* The resolution that the page must have to show words of that height. */
float ink_dpi(const struct raster *raster, float word_height);
/* Words on the sheet, and the marks. ERROR_LIMIT. */
int ink_words(struct ink_sheet *s, struct error *err);
/* The word at a place on the sheet, or NULL. */
const struct ink_word *ink_word_at(const struct ink_sheet *s, float x, float y);

/* Takes the rules off the sheet; then rows has all ink, columns none. ERROR_LIMIT. */
int ink_rules(struct ink_sheet *s, struct ink *out, struct error *err);
/* Takes the words off the sheet; drops the rules that are part of a picture. ERROR_LIMIT. */
int ink_pictures(struct ink_sheet *s, struct ink *out, struct error *err);

/* ---- sheets of bits, in place; beyond the edges they are white ---- */

/* Every pixel whose run of ink, along a row or down a column, is shorter than n becomes white. */
void ink_keep_long(struct Pix *bits, int n, bool vertical);
/* Ink grows by n pixels to the right, or down. */
void ink_grow(struct Pix *bits, int n, bool vertical);
/* White between two pixels of ink becomes ink where it is shorter than n. */
void ink_bridge(struct Pix *bits, int n, bool vertical);
/* A row moves to the right. */
void ink_shift(struct Pix *bits, int y, int by);
/* bits with what is in others. */
void ink_put_on(struct Pix *bits, const struct Pix *others);
/* bits without what is in others, when those are moved up, or to the left, by < 32 pixels. */
void ink_take_off(struct Pix *bits, const struct Pix *others, int by, bool vertical);

#endif
