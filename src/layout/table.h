/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tables among the pieces of a sheet: ruled ones from their lines, others from how their pieces
 * stand above each other, and those whose grid a model saw. Only for src/layout.
 */
#ifndef LAYOUT_TABLE_H
#define LAYOUT_TABLE_H

#include "layout/sheet.h"

struct table_cell {
    int row, col, rowspan, colspan;
    bool header;
    struct rect at; /* upright */
    size_t *pieces; /* indices into the sheet's pieces, line by line, in reading order */
    int *line;      /* which line of the cell each of them stands on, from 0 */
    size_t piece_count;
};

struct table {
    struct rect at; /* upright, around its cells or rules */
    bool ruled;
    int rows, cols;
    struct table_cell *cells; /* by row, then column; empty places have a cell too */
    size_t cell_count;
};

/* All tables, from top to bottom; their pieces are taken and in exactly one cell. Splits pieces
 * that run over two columns. The tables live in the sheet's arena. ERROR_LIMIT without room. */
int table_find_all(struct sheet *s, struct table **out, size_t *count, struct error *err);

#endif
