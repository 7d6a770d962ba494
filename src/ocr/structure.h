/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the models for a page's structure see: its regions (doclayout) and the cells of its tables
 * (slanet), as hints for layout_page. For the recognise stage, beside whatever engine reads the
 * text; opened before the sandbox closes.
 */
#ifndef OCR_STRUCTURE_H
#define OCR_STRUCTURE_H

#include "base/strbuf.h"
#include "layout/layout.h"
#include "model/recipe.h"
#include "ocr/onnx.h"
#include "page/raster.h"

#include <stdbool.h>
#include <stdint.h>

struct structure;

/* Does the recipe name a model for it? */
bool structure_wanted(const struct recipe *recipe);

/* "+PP-DocLayoutV3+SLANet_plus": appended to what an engine says of itself, since results depend on
 * them too. */
void structure_describe(const struct recipe *recipe, struct strbuf *out);

/* shared: the runtime that the engine has opened (ocr_runtime), which must outlive this one; NULL:
 * one of its own. Both models are loaded, as far as the recipe names them. */
int structure_open(struct structure **out, struct onnx *shared, const struct recipe *recipe,
                   struct error *err);
void structure_close(struct structure **s);

struct structure_findings {
    struct layout_region *regions;
    size_t region_count;
    struct layout_grid *grids;
    size_t grid_count;
    struct arena *arena; /* of the grids' cells */
};
void structure_findings_free(struct structure_findings *f);

/* The page as it was read: its rotation says how its picture is turned upright. Findings are in the
 * page's own coordinates. tables false: regions alone. *out must be empty; it is to be freed, also
 * after a failure. deadline: steady ms. Adds to the page's stage_ms. */
int structure_find(struct structure *s, const struct raster *raster, const uint8_t *pixels,
                   struct page *page, bool tables, int64_t deadline, struct structure_findings *out,
                   struct error *err);

#endif
