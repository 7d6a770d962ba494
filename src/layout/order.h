/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Reading order of what stands upright, from its shapes alone: columns, spanning headlines, tables
 * and forms row by row, notes where they stand. No model, no text.
 */
#ifndef LAYOUT_ORDER_H
#define LAYOUT_ORDER_H

#include "page/page.h"

#include <stddef.h>

struct layout_box {
    struct rect at; /* boxes of a page may overlap, repeat or have no area */
    bool solid;     /* a table, a figure: read as one, and nothing is parted through it */
};

/* A drawn line that runs down between what it parts. */
struct layout_wall {
    float x, top, bottom;
};

/* Columns and rows are numbered from 0 in reading order without gaps. A column is what is read from
 * top to bottom without a look aside; a row is what stands on one line of it and is read across. A
 * solid box is a row of its own. */
struct layout_place {
    size_t box; /* index into the boxes given */
    size_t column, row;
};

/* out has room for n places: out[i] is the box read i-th. Every box is placed exactly once, the
 * same boxes give the same places. Numbers that are none, or farther than any page reaches, are
 * drawn to it. Costs n log n and a bounded amount of searching on top. */
void layout_order(const struct layout_box *boxes, size_t n, struct layout_place *out);

/* The same on a page with walls, of which a bounded number, the first, is looked at. */
void layout_order_walled(const struct layout_box *boxes, size_t n, const struct layout_wall *walls,
                         size_t wall_count, struct layout_place *out);

#endif
