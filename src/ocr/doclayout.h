/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Layout detection with PaddleX's models exported to ONNX: PP-DocLayout S, M, L and plus-L, V2 and
 * V3, and others of their interface. Inputs by name: `image` [1, 3, H, W] in red, green and blue,
 * `scale_factor` [1, 2] (height, width) and, where the model has it, `im_shape` [1, 2]. Outputs:
 * rows of class, score, x1, y1, x2, y2 in the picture's own pixels, with one or two columns of
 * reading order behind them; and how many rows count. docs/models.md has the models.
 */
#ifndef OCR_DOCLAYOUT_H
#define OCR_DOCLAYOUT_H

#include "layout/layout.h"
#include "model/recipe.h"
#include "ocr/onnx.h"
#include "ocr/pixels.h"

struct doclayout;

/* ERROR_INPUT naming the file: not such a model, or numbers and labels that make no sense. */
int doclayout_open(struct doclayout **out, struct onnx *runtime, const struct recipe *recipe,
                   struct error *err);
void doclayout_close(struct doclayout **d);

struct doclayout_regions {
    struct layout_region *rows;
    size_t count;
};

/* The regions of an upright picture, in its pixels and inside it: in the model's reading order
 * where it tells one (their order is 0, 1, …), else by score (order −1). *out must be empty;
 * free(out->rows) by the caller, also after a failure. */
int doclayout_find(struct doclayout *d, const struct pixels *picture, struct doclayout_regions *out,
                   struct error *err);

#endif
