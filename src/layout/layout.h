/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From lines of text to a document's page: blocks with their types in reading order, tables with
 * cells, figures with captions. Works on what any engine found (whole lines or pieces of them, in
 * any order) and on the hints that pixels, a PDF's drawing or a layout model give. Pure, without a
 * model and without a word list.
 */
#ifndef LAYOUT_LAYOUT_H
#define LAYOUT_LAYOUT_H

#include "page/page.h"

#include <stdbool.h>
#include <stddef.h>

/* A drawn straight line: of a table, under a heading, above footnotes. Its length runs along its
 * longer side. */
struct layout_rule {
    struct rect at;
    bool vertical;
};

/* What a layout model saw: a region with its type; order −1 where the model tells none. */
struct layout_region {
    enum block_type type;
    struct rect at;
    float confidence;
    int order;
};

/* A table's structure as a model saw it: cells with their places, without text. */
struct layout_grid {
    struct rect at;
    int rows, cols;
    const struct cell *cells;
    size_t cell_count;
};

/* All in the page's own coordinates, in any order; whatever is outside the page, empty or repeated
 * is passed over. */
struct layout_hints {
    const struct layout_rule *rules;
    size_t rule_count;
    const struct rect *pictures; /* ink that is no text: photographs, drawings, charts, logos */
    size_t picture_count;
    const struct layout_region *regions;
    size_t region_count;
    const struct layout_grid *grids;
    size_t grid_count;
    bool keep_tables; /* false: what looks like a table is text */
    bool keep_figures;
};

/* Takes all lines that the page's blocks hold and makes new blocks of them: every word is in
 * exactly one line of one block afterwards. The page's rotation and skew are where its text stands
 * upright. Costs n log n in words, rules and pictures, and a bounded amount of searching. Fails
 * (ERROR_LIMIT) only when the page's arena is full; the page is as it was then. */
int layout_page(struct page *page, const struct layout_hints *hints, struct error *err);

#endif
