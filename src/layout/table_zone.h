/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A part of the page that may be a table without a frame. Only for src/layout/table*.c.
 */
#ifndef LAYOUT_TABLE_ZONE_H
#define LAYOUT_TABLE_ZONE_H

#include "layout/table_frame.h"

/* A level line, made of all its parts. */
struct stroke {
    float y, x1, x2;
};

struct zone {
    const size_t *pieces;
    size_t count;
    const struct stroke *strokes; /* those within it, from the top */
    size_t stroke_count;
    bool certain; /* rules or a model say so: little else need speak for it */
    struct rect at;
};

/* Makes a table of what in the zone stands in rows and columns, if that is a table. */
int table_read_zone(struct table_search *f, const struct zone *z, struct error *err);

/* Spans of the first `rows` rows, the headings: by lines drawn below them, and by their middles. */
void table_span_headings(struct table_search *f, const struct zone *z, struct table_grid *g,
                         int rows, const size_t *pieces, size_t n);

/* Which pieces are lines of running text, to free. By piece. */
bool *table_find_prose(struct table_search *f);

#endif
