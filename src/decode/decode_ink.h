/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a page draws, gathered while its text is: thin straight strips, filled rectangles, images,
 * and marks of any other shape. All in points from the page's top left corner, cut to what the
 * clips and the page leave of it. Only for the PDF driver.
 */
#ifndef DECODE_DECODE_INK_H
#define DECODE_DECODE_INK_H

#include "decode/decode_fitz.h"

enum ink_kind {
    INK_STRIP, /* a line, or a piece of one */
    INK_PATCH, /* an upright rectangle filled with one colour or pattern */
    INK_IMAGE,
    INK_MARK, /* curves, slanted lines, polygons */
    INK_NONE, /* not to be seen, after all */
};

struct ink_box {
    struct rect at;
    enum ink_kind kind;
    bool vertical;   /* a strip */
    bool white;      /* a strip; to be seen only on a patch */
    uint32_t colour; /* 0xRRGGBB */
    uint32_t weight; /* of a mark: how many strokes */
};

/* How a run of text was drawn. MuPDF's text gathering keeps a colour with each character; we give
 * it the index of one of these instead. */
struct ink_manner {
    fz_rect clip;
    bool unseen; /* drawn with nothing */
};

struct ink {
    fz_point origin; /* the page's top left corner in MuPDF's points */
    float width, height;
    struct ink_box *boxes; /* in the order drawn */
    size_t count, space;
    struct ink_manner *manners;
    size_t manner_count, manner_space;
};

void ink_init(struct ink *ink, fz_rect bounds);
void ink_done(struct ink *ink);

/* A device that passes text on to `text` and fills `ink`, which must outlive it. Takes over the
 * reference to `text`, also when it throws. MuPDF loads images only for who wants them, and decodes
 * JPEG 2000 while it does. */
fz_device *ink_new_device(fz_context *ctx, struct ink *ink, fz_device *text, bool images);

const struct ink_manner *ink_manner_of(const struct ink *ink, const fz_stext_char *c);

/* These append what is left of it inside `clip`, in MuPDF's points; nothing when the list is full.
 * Not numbers, empty and outside: nothing. */
void ink_add_upright(struct ink *ink, fz_rect clip, fz_rect at, uint32_t colour);
void ink_add_mark(struct ink *ink, fz_rect clip, fz_rect at, uint32_t weight);
void ink_add_image(struct ink *ink, fz_rect clip, fz_rect at);

/* What a path leaves when it is filled, or drawn with lines of this width (in the path's units). */
struct ink_paint {
    fz_matrix ctm;
    fz_rect clip;
    uint32_t colour;
};

void ink_fill(fz_context *ctx, struct ink *ink, const struct ink_paint *paint, const fz_path *path);
void ink_stroke(fz_context *ctx, struct ink *ink, const struct ink_paint *paint,
                const fz_path *path, float width);

static inline bool ink_is_white(uint32_t colour)
{
    enum { NEARLY = 0xFC };
    return (colour >> 16 & 0xFF) >= NEARLY && (colour >> 8 & 0xFF) >= NEARLY &&
           (colour & 0xFF) >= NEARLY;
}

/* The page as coarse squares, for what needs to be known about places only roughly. */
enum { INK_SQUARES = 256 }; /* along the longer side: 3.3 points of an A4 page */

struct ink_grid {
    float square; /* side of a square in points */
    int columns, rows;
    float *sum; /* (columns + 1) × (rows + 1) */
};

/* Right and bottom are outside. */
struct ink_squares {
    int left, top, right, bottom;
};

void ink_grid_measure(struct ink_grid *g, const struct ink *ink); /* all but the sums */
void ink_grid_init(struct ink_grid *g, const struct ink *ink);
void ink_grid_done(struct ink_grid *g);
int ink_grid_at(float v, float square, int limit); /* the square's column or row */

/* The squares whose larger part is in it; one at least each way. */
struct ink_squares ink_grid_inner(const struct ink_grid *g, struct rect at);

/* How much is where: add all, sum once, then ask. */
void ink_grid_add(struct ink_grid *g, struct rect at); /* its area, at its middle */
void ink_grid_sum(struct ink_grid *g);
float ink_grid_in(const struct ink_grid *g, struct rect at); /* square points */

/* How often each square is covered: cover all, sum once, then look. */
void ink_grid_cover(struct ink_grid *g, struct rect at);
void ink_grid_sum_cover(struct ink_grid *g);
float ink_grid_covered(const struct ink_grid *g, int column, int row);

/* From what was drawn to hints in pixels of the page (zoom of them to the point), in its arena, and
 * to the share of it that images cover. `letters`: where text is. Changes the list of ink.
 * ERROR_LIMIT when the arena is full. */
int ink_hints(struct ink *ink, const struct ink_grid *letters, struct page *page, double zoom,
              struct text_layer *layer, struct error *err);

/* ---- the parts of that ---- */

/* Patches that lie in rows or columns are the shading of a table: strips where their edges can be
 * seen. Others with text on them, and such as cover the page, are no ink; those left become
 * marks. */
void ink_sort_patches(struct ink *ink, const struct ink_grid *letters);

/* Groups of marks and images as boxes: their number, at most the size of `out`. */
struct ink_picture {
    struct rect at;
    bool image; /* at least one is in it */
};
size_t ink_find_pictures(const struct ink *ink, const struct ink_grid *letters,
                         struct ink_picture *out, size_t size);

/* Pieces of one line joined, in place, by place: how many are left of n. */
size_t ink_join_strips(struct ink_box *strips, size_t n);

void ink_add_box(struct ink *ink, const struct ink_box *box);

#endif
