/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Rules that hang together. Only for src/layout/table*.c.
 */
#ifndef LAYOUT_TABLE_FRAME_H
#define LAYOUT_TABLE_FRAME_H

#include "layout/table_internal.h"

/* A rule as a line: `at` across it, from..to along it. */
struct ruling {
    bool vertical;
    float at, from, to;
    size_t frame; /* all that touch, in one step or several, have the same */
};

/* The sheet's rules, those of one frame next to each other. Their count, the list to free. When
 * patience is out there are none. */
size_t table_frames(struct table_search *f, struct ruling **out);

/* Of rulings by their place across, the first at `at` or beyond; count: none. */
size_t table_first_at(const struct ruling *rulings, size_t count, float at);

#endif
