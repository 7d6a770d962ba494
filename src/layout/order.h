/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Reading order of text lines from their shapes alone: columns, spanning headlines, tables and
 * forms row by row, vertical text right to left, pages turned by some degrees. No model, no text.
 */
#ifndef LAYOUT_ORDER_H
#define LAYOUT_ORDER_H

#include "page/page.h"

#include <stddef.h>

struct layout_line {
    struct quad polygon; /* clockwise; lines of a page may overlap, repeat or have no area */
};

/* Blocks and rows are numbered from 0 in reading order without gaps. A block is what a writer would
 * call a paragraph, or a table; a row is what stands on one line and is read across. A row lies in
 * one block. */
struct layout_place {
    size_t line; /* index into the lines given */
    size_t block, row;
};

/* out has room for n places: out[i] is the line read i-th. Every line is placed exactly once, the
 * same lines give the same places. Costs n log n and a bounded amount of searching on top. */
void layout_order(const struct layout_line *lines, size_t n, struct layout_place *out);

#endif
