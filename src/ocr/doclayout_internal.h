/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a layout model's rows become, apart from the model itself: the plan that the recipe makes,
 * and PaddleX's rules for overlapping regions. Only for doclayout*.c and their tests.
 */
#ifndef OCR_DOCLAYOUT_INTERNAL_H
#define OCR_DOCLAYOUT_INTERNAL_H

#include "ocr/doclayout.h"

#include <stdbool.h>

enum { DOCLAYOUT_MAX_BOXES = 1000 }; /* models give up to 300; the rules compare each with each */

struct doclayout_class {
    int type; /* enum block_type; −1: passed over */
    float threshold;
    enum layout_merge merge;
    bool formula; /* such a region inside another is not taken for a part of it */
    bool image;   /* one as large as the page is the page */
    bool caption; /* of whatever is nearest: the label does not say */
};

struct doclayout_plan {
    struct doclayout_class classes[RECIPE_CLASSES];
    size_t class_count;
    bool nms;
    float unclip_width, unclip_height;
    struct normalisation normal;
};

/* ERROR_INPUT: no labels, more than RECIPE_CLASSES, or another number of thresholds. */
int doclayout_plan_make(struct doclayout_plan *out, const struct recipe *recipe, struct error *err);

struct doclayout_box {
    size_t class;
    float score;
    struct rect at;
    float order, tie; /* smaller first, then greater; 0 where the model tells none */
};

struct doclayout_boxes {
    struct doclayout_box *rows;
    size_t count;
};

/* The model's rows that are believed: `columns` is 6, 7 or 8. Whatever is no number, of an unknown
 * class or below its threshold is passed over, and what exceeds DOCLAYOUT_MAX_BOXES in score. */
void doclayout_take(const struct doclayout_plan *plan, const float *rows, size_t count,
                    size_t columns, struct doclayout_boxes *out);
/* Duplicates, pictures of the whole page and merged classes leave, what is left is stretched. By
 * descending score. */
void doclayout_thin(const struct doclayout_plan *plan, float width, float height,
                    struct doclayout_boxes *boxes);
/* To regions of a picture of that size; ordered: the boxes tell a reading order. */
void doclayout_regions_of(const struct doclayout_plan *plan, struct doclayout_boxes *boxes,
                          bool ordered, float width, float height, struct doclayout_regions *out);

#endif
