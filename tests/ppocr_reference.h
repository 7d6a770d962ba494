/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the PP-OCR engine must agree with: the same models with everything around them written the
 * plain way, in double precision, one pixel and one angle at a time. It shares with the engine the
 * runtime, the recipe, and the types of pictures and quads, and no arithmetic. Its parts are open
 * to tests of the engine's parts and to bench/kernels.
 */
#ifndef TESTS_PPOCR_REFERENCE_H
#define TESTS_PPOCR_REFERENCE_H

#include "model/recipe.h"
#include "ocr/pixels.h"

#include <stddef.h>

/* pixel / 255, less mean, over deviation, for the planes blue, green, red. */
struct reference_normal {
    double mean[3], deviation[3];
};
extern const struct reference_normal reference_imagenet, reference_half;

/* The picture's value at a position, bilinearly; beyond its edge the edge goes on. */
double reference_value(const struct pixels *p, double x, double y, size_t channel);

/* The whole picture in another size. Where a side shrinks to half or less, whole groups of pixels
 * are replaced by their means first, so that no pixel goes unseen. */
void reference_resize(const struct pixels *p, const struct reference_normal *n,
                      const struct planes *out);

/* The quad's perspective undone. Where a side shrinks to half or less, each output pixel is the
 * mean of as many samples. */
void reference_warp(const struct pixels *p, const struct quad *q, const struct reference_normal *n,
                    const struct planes *out);

double reference_length(struct point a, struct point b);
double reference_width(const struct quad *q); /* the longer of two opposite sides */
double reference_height(const struct quad *q);

struct reference_boxes {
    struct quad *quads; /* clockwise, corner 0 the upper left */
    size_t count;
};

/* Boxes in the map's pixels, in the order in which a scan from the top meets them. */
void reference_db(const float *map, size_t width, size_t height, const struct recipe *recipe,
                  struct reference_boxes *out);

struct reference_character {
    size_t class, first, last; /* steps */
};

/* The characters read, in order: room for `steps`. Returns how many; *confidence is the mean of
 * what each had when it began. */
size_t reference_ctc(const float *probabilities, size_t steps, size_t classes,
                     struct reference_character *out, double *confidence);

struct reference_line {
    struct quad quad; /* corner 0 where the text begins */
    char *text;       /* words joined by single spaces, not empty */
    double confidence;
};

struct reference_page {
    struct reference_line *lines; /* in no order */
    size_t count;
    int degrees; /* clockwise that the page was turned to be read */
};

/* ppocr_reference_page.c. A failure is a failed test. */
struct reference;
struct reference *reference_open(const struct recipe *recipe);
void reference_close(struct reference **r);
void reference_read(struct reference *r, const struct pixels *page, struct reference_page *out);
void reference_page_done(struct reference_page *page);

#endif
