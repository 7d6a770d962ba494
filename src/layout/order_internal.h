/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the parts of the reading order share: boxes with their levels, the search for a gutter, the
 * reading of what has none. Only for src/layout/order*.c.
 */
#ifndef LAYOUT_ORDER_INTERNAL_H
#define LAYOUT_ORDER_INTERNAL_H

#include "layout/order.h"

#include <stdbool.h>

struct order_box {
    float x1, y1, x2, y2;
    float level; /* the height at which the box is read: its middle, of an initial its first line */
    bool speck;  /* too small to part or to bridge anything */
    bool solid;
    size_t box;
};

struct order_sheet {
    struct order_box *boxes; /* a region is a range of them, by level */
    struct order_box *spare; /* as many */
    size_t count, placed;
    float unit;    /* the height of an ordinary line: every distance is measured by it */
    long patience; /* grid cells that may still be looked at */
    size_t rows, columns;
    const struct layout_wall *walls;
    size_t wall_count;
    struct layout_place *out;
};

/* A white strip, perhaps between two columns: lines whose level is outside top..bottom are not
 * parted by it. */
struct order_gutter {
    float x, width, top, bottom;
};

enum { ORDER_STRIPS = 24 }; /* looked at closely; a table may offer a dozen before the page does */

/* The strips with text on both sides, best first. How many there are; none when patience is out. */
size_t order_find_strips(struct order_sheet *s, size_t from, size_t to,
                         struct order_gutter out[ORDER_STRIPS]);

/* The gutter that parts the region best; false if it has none. */
bool order_find_gutter(struct order_sheet *s, size_t from, size_t to, struct order_gutter *out);

/* Read a region without columns: row by row. Appends to s->out. */
void order_read_rows(struct order_sheet *s, size_t from, size_t to);

#endif
