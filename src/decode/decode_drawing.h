/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a page draws, gathered while its text is: thin straight strips, filled rectangles, images,
 * and marks of any other shape. All in points from the page's top left corner, cut to what the
 * clips and the page leave of it. Only for the PDF driver.
 */
#ifndef DECODE_DECODE_DRAWING_H
#define DECODE_DECODE_DRAWING_H

#include "decode/decode_fitz.h"

enum drawing_kind {
    INK_STRIP, /* a line, or a piece of one */
    INK_PATCH, /* an upright rectangle filled with one colour or pattern */
    INK_IMAGE,
    INK_MARK, /* curves, slanted lines, polygons */
    INK_NONE, /* not to be seen, after all */
};

struct drawing_box {
    struct rect at;
    enum drawing_kind kind;
    bool vertical;   /* a strip */
    bool white;      /* a strip; to be seen only on a patch */
    uint32_t colour; /* 0xRRGGBB */
    uint32_t weight; /* of a mark: how many strokes */
};

/* How a run of text was drawn. MuPDF's text gathering keeps a colour with each character; we give
 * it the index of one of these instead. */
struct drawing_manner {
    fz_rect clip;
    bool unseen; /* drawn with nothing */
};

struct drawing {
    fz_point origin; /* the page's top left corner in MuPDF's points */
    float width, height;
    struct drawing_box *boxes; /* in the order drawn */
    size_t count, space;
    struct drawing_manner *manners;
    size_t manner_count, manner_space;
};

void drawing_init(struct drawing *drawing, fz_rect bounds);
void drawing_done(struct drawing *drawing);

/* A device that passes text on to `text` and fills `drawing`, which must outlive it. Takes over the
 * reference to `text`, also when it throws. MuPDF loads images only for who wants them, and decodes
 * JPEG 2000 while it does. */
fz_device *drawing_new_device(fz_context *ctx, struct drawing *drawing, fz_device *text,
                              bool images);

const struct drawing_manner *drawing_manner_of(const struct drawing *drawing,
                                               const fz_stext_char *c);

/* These append what is left of it inside `clip`, in MuPDF's points; nothing when the list is full.
 * Not numbers, empty and outside: nothing. */
void drawing_add_upright(struct drawing *drawing, fz_rect clip, fz_rect at, uint32_t colour);
void drawing_add_mark(struct drawing *drawing, fz_rect clip, fz_rect at, uint32_t weight);

/* What a path leaves when it is filled, or drawn with lines of this width (in the path's units). */
struct drawing_paint {
    fz_matrix ctm;
    fz_rect clip;
    uint32_t colour;
};

void drawing_fill(fz_context *ctx, struct drawing *drawing, const struct drawing_paint *paint,
                  const fz_path *path);
void drawing_stroke(fz_context *ctx, struct drawing *drawing, const struct drawing_paint *paint,
                    const fz_path *path, float width);

static inline bool drawing_is_white(uint32_t colour)
{
    enum { NEARLY = 0xFC };
    return (colour >> 16 & 0xFF) >= NEARLY && (colour >> 8 & 0xFF) >= NEARLY &&
           (colour & 0xFF) >= NEARLY;
}

/* The page as coarse squares, for what needs to be known about places only roughly. */
enum { INK_SQUARES = 256 }; /* along the longer side: 3.3 points of an A4 page */

struct drawing_grid {
    float square; /* side of a square in points */
    int columns, rows;
    float *sum; /* (columns + 1) × (rows + 1) */
};

/* Right and bottom are outside. */
struct drawing_squares {
    int left, top, right, bottom;
};

void drawing_grid_measure(struct drawing_grid *g,
                          const struct drawing *drawing); /* all but the sums */
void drawing_grid_init(struct drawing_grid *g, const struct drawing *drawing);
void drawing_grid_done(struct drawing_grid *g);
int drawing_grid_at(float v, float square, int limit); /* the square's column or row */

/* The squares whose larger part is in it; one at least each way. */
struct drawing_squares drawing_grid_inner(const struct drawing_grid *g, struct rect at);

/* How much is where: add all, sum once, then ask. */
void drawing_grid_add(struct drawing_grid *g, struct rect at); /* its area, at its middle */
void drawing_grid_sum(struct drawing_grid *g);
float drawing_grid_in(const struct drawing_grid *g, struct rect at); /* square points */

/* How often each square is covered: cover all, sum once, then look. */
void drawing_grid_cover(struct drawing_grid *g, struct rect at);
void drawing_grid_sum_cover(struct drawing_grid *g);
float drawing_grid_covered(const struct drawing_grid *g, int column, int row);

/* From what was drawn to hints in pixels of the page (zoom of them to the point), in its arena, and
 * to the share of it that images cover. `letters`: where text is. Changes the list of drawing.
 * ERROR_LIMIT when the arena is full. */
int drawing_hints(struct drawing *drawing, const struct drawing_grid *letters, struct page *page,
                  double zoom, struct text_layer *layer, struct error *err);

/* ---- the parts of that ---- */

/* Patches that lie in rows or columns are the shading of a table: strips where their edges can be
 * seen. Others with text on them, and such as cover the page, are no ink; those left become
 * marks. */
void drawing_sort_patches(struct drawing *drawing, const struct drawing_grid *letters);

/* Groups of marks and images as boxes: their number, at most the size of `out`. */
struct drawing_picture {
    struct rect at;
    bool image; /* at least one is in it */
};
size_t drawing_find_pictures(const struct drawing *drawing, const struct drawing_grid *letters,
                             struct drawing_picture *out, size_t size);

/* Pieces of one line joined, in place, by place: how many are left of n. */
size_t drawing_join_strips(struct drawing_box *strips, size_t n);

void drawing_add_box(struct drawing *drawing, const struct drawing_box *box);

#endif
