/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What drawings have beside borders: backgrounds set in from their cells, double lines drawn far
 * apart. A strip too narrow for text and without any is a border, and its two sides are one.
 * Called by table_ruled.c.
 */
#include "layout/table_internal.h"

#include "base/memory.h"

#include <stdlib.h>

static const float narrow = 0.9F; /* units; a column of single figures is wider with its space */

/* By column, or by row: does a piece have its middle there? */
static bool *find_text(const struct table_search *f, const struct table_grid *g,
                       const size_t *pieces, size_t n, bool rows)
{
    bool *out = x_calloc((size_t)(rows ? g->rows : g->cols) + 1, sizeof *out);
    for (size_t i = 0; i < n; i++) {
        const struct rect *at = &f->sheet->pieces[pieces[i]].at;
        int place = rows ? table_grid_row_at(g, table_middle(at->y1, at->y2))
                         : table_grid_column_at(g, table_middle(at->x1, at->x2));
        out[place] = true;
    }
    return out;
}

/* Borders that stay: of a narrow strip without text only the first, or at the end the last. */
static int *choose_borders(const float *borders, int places, const bool *text, float least,
                           int *count)
{
    int *kept = x_calloc((size_t)places + 1, sizeof *kept), n = 0;
    for (int i = 0; i <= places; i++) {
        bool strip_before = i > 0 && n > 1 && !text[i - 1] && borders[i] - borders[i - 1] < least;
        if (strip_before && i < places)
            continue;
        if (strip_before)
            n--; /* the outer border is where the drawing ends */
        else if (i == 1 && places > 1 && !text[0] && borders[1] - borders[0] < least)
            continue;
        kept[n++] = i;
    }
    *count = n;
    return kept;
}

/* A wall at any of the borders that became one. */
static bool wall_in(const bool *walls, const struct table_grid *g, int row, int col, int row_step,
                    int col_step, int steps)
{
    for (int i = 0; i < steps; i++)
        if (walls[(row + i * row_step) * g->cols + col + i * col_step])
            return true;
    return false;
}

static void keep_walls(const struct table_grid *from, const int *x, const int *y,
                       struct table_grid *to)
{
    for (int r = 0; r < to->rows; r++)
        for (int c = 0; c < to->cols; c++) {
            int place = r * to->cols + c;
            int right = c + 2 <= to->cols ? x[c + 2] - x[c + 1] : 1;
            int below = r + 2 <= to->rows ? y[r + 2] - y[r + 1] : 1;
            to->right[place] = wall_in(from->right, from, y[r], x[c + 1] - 1, 0, 1, right);
            to->below[place] = wall_in(from->below, from, y[r + 1] - 1, x[c], 1, 0, below);
        }
}

/* Borders that are kept, by number: the grid without the others. */
static void keep_borders(struct table_grid *g, const int *x, int cols, const int *y, int rows)
{
    struct table_grid tidy;
    bool fewer = cols < g->cols + 1 || rows < g->rows + 1;
    if (!fewer || cols < 2 || rows < 2 || !table_grid_open(&tidy, rows - 1, cols - 1))
        return;
    tidy.ruled = g->ruled;
    tidy.header_rows = g->header_rows;
    for (int i = 0; i < cols; i++)
        tidy.x[i] = g->x[x[i]];
    for (int i = 0; i < rows; i++)
        tidy.y[i] = g->y[y[i]];
    keep_walls(g, x, y, &tidy);
    table_grid_close(g);
    *g = tidy;
}

void table_tidy(const struct table_search *f, struct table_grid *g, const size_t *pieces, size_t n)
{
    bool *in_columns = find_text(f, g, pieces, n, false),
         *in_rows = find_text(f, g, pieces, n, true);
    int cols, rows;
    int *x = choose_borders(g->x, g->cols, in_columns, narrow * f->sheet->unit, &cols);
    int *y = choose_borders(g->y, g->rows, in_rows, narrow * f->sheet->unit, &rows);
    keep_borders(g, x, cols, y, rows);
    free(in_columns);
    free(in_rows);
    free(x);
    free(y);
}

static int *collect(const bool *begins, int places, int *count)
{
    int *kept = x_calloc((size_t)places + 1, sizeof *kept), n = 0;
    for (int i = 0; i < places; i++)
        if (begins[i] || i == 0)
            kept[n++] = i;
    kept[n++] = places;
    *count = n;
    return kept;
}

void table_squeeze(struct table_grid *g)
{
    size_t places = (size_t)g->rows * (size_t)g->cols;
    int *cell_of = x_calloc(places, sizeof *cell_of), cols, rows;
    struct table_cell *cells = x_calloc(places, sizeof *cells);
    bool *in_row = x_calloc((size_t)g->rows, 1), *in_col = x_calloc((size_t)g->cols, 1);
    int count = table_grid_cells(g, cell_of, cells);
    for (int i = 0; i < count; i++)
        in_row[cells[i].row] = in_col[cells[i].col] = true;
    int *x = collect(in_col, g->cols, &cols), *y = collect(in_row, g->rows, &rows);
    keep_borders(g, x, cols, y, rows);
    free(cell_of);
    free(cells);
    free(in_row);
    free(in_col);
    free(x);
    free(y);
}
