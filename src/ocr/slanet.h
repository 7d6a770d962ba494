/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The cells of a table with PaddleX's models exported to ONNX: SLANet, SLANet_plus, SLANeXt. One
 * picture [1, 3, H, W] in blue, green and red; two outputs: a place of 4 or 8 numbers for each step
 * [1, T, 4|8], and a word of HTML for each step as probabilities [1, T, words].
 */
#ifndef OCR_SLANET_H
#define OCR_SLANET_H

#include "base/memory.h"
#include "layout/layout.h"
#include "model/recipe.h"
#include "ocr/onnx.h"
#include "ocr/pixels.h"

#include <stdbool.h>

struct slanet;

/* ERROR_INPUT naming the file: not such a model, or not one of these words. */
int slanet_open(struct slanet **out, struct onnx *runtime, const struct recipe *recipe,
                struct error *err);
void slanet_close(struct slanet **s);

/* The table that stands upright at `at` in the picture, in its pixels; the cells live in the arena.
 * out->cell_count 0: the model saw no table, or one that is none: overlapping cells, places that do
 * not stand in rows and columns. ERROR_LIMIT when the arena is full. */
int slanet_read(struct slanet *s, const struct pixels *picture, struct rect at, struct arena *arena,
                struct layout_grid *out, struct error *err);

#endif
