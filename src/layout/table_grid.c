/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The grid of a table in the making: borders with walls on them. Refuses more places than a page
 * can hold. Called by the finders of tables.
 */
#include "layout/table_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

bool table_grid_open(struct table_grid *g, int rows, int cols)
{
    size_t places = (size_t)rows * (size_t)cols;
    if (rows < 1 || cols < 1 || rows > PAGE_MAX_GRID || cols > PAGE_MAX_GRID ||
        places > TABLE_MAX_PLACES)
        return false;
    *g = (struct table_grid){.rows = rows, .cols = cols, .header_rows = TABLE_NO_HEADER};
    g->x = x_calloc((size_t)cols + 1, sizeof *g->x);
    g->y = x_calloc((size_t)rows + 1, sizeof *g->y);
    g->right = x_calloc(places, sizeof *g->right);
    g->below = x_calloc(places, sizeof *g->below);
    memset(g->right, true, places * sizeof *g->right);
    memset(g->below, true, places * sizeof *g->below);
    return true;
}

void table_grid_close(struct table_grid *g)
{
    free(g->x);
    free(g->y);
    free(g->right);
    free(g->below);
    *g = (struct table_grid){0};
}

/* The last border that is not beyond the value; the outer ones stand for infinity. */
static int place_at(const float *borders, int count, float value)
{
    int low = 0, high = count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (borders[middle] <= value)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

int table_grid_row_at(const struct table_grid *g, float y)
{
    return place_at(g->y, g->rows, y);
}

int table_grid_column_at(const struct table_grid *g, float x)
{
    return place_at(g->x, g->cols, x);
}

static void insert_border(float *out, const float *borders, int count, int after, float value)
{
    memcpy(out, borders, ((size_t)after + 1) * sizeof *out);
    out[after + 1] = value;
    memcpy(out + after + 2, borders + after + 1, (size_t)(count - after - 1) * sizeof *out);
}

/* Where a place of the wider grid was before row or column `at` was doubled. */
static int before_doubling(int index, int at)
{
    return index > at ? index - 1 : index;
}

static bool add_border(struct table_grid *g, int row, int col, float value)
{
    struct table_grid wider;
    if (!table_grid_open(&wider, g->rows + (row >= 0), g->cols + (col >= 0)))
        return false;
    wider.header_rows = g->header_rows;
    wider.ruled = g->ruled;
    if (row >= 0)
        insert_border(wider.y, g->y, g->rows + 1, row, value);
    else
        memcpy(wider.y, g->y, ((size_t)g->rows + 1) * sizeof *g->y);
    if (col >= 0)
        insert_border(wider.x, g->x, g->cols + 1, col, value);
    else
        memcpy(wider.x, g->x, ((size_t)g->cols + 1) * sizeof *g->x);
    for (int r = 0; r < wider.rows; r++)
        for (int c = 0; c < wider.cols; c++) {
            int old_row = row >= 0 ? before_doubling(r, row) : r;
            int old_col = col >= 0 ? before_doubling(c, col) : c;
            size_t to = (size_t)r * (size_t)wider.cols + (size_t)c;
            size_t from = (size_t)old_row * (size_t)g->cols + (size_t)old_col;
            wider.right[to] = (col >= 0 && c == col) || g->right[from];
            wider.below[to] = (row >= 0 && r == row) || g->below[from];
        }
    table_grid_close(g);
    *g = wider;
    return true;
}

bool table_grid_column(struct table_grid *g, float x)
{
    return add_border(g, -1, table_grid_column_at(g, x), x);
}

bool table_grid_row(struct table_grid *g, float y)
{
    return add_border(g, table_grid_row_at(g, y), -1, y);
}

void table_grid_crop(struct table_grid *g, int first, int end)
{
    size_t kept = (size_t)(end - first), cols = (size_t)g->cols, skip = (size_t)first * cols;
    memmove(g->y, g->y + first, (kept + 1) * sizeof *g->y);
    memmove(g->right, g->right + skip, kept * cols * sizeof *g->right);
    memmove(g->below, g->below + skip, kept * cols * sizeof *g->below);
    g->rows = end - first;
}

static size_t place_of(const struct table_grid *g, int row, int col)
{
    return (size_t)row * (size_t)g->cols + (size_t)col;
}

static int reach_right(const struct table_grid *g, const int *cell_of, int row, int col)
{
    int end = col + 1;
    while (end < g->cols && !g->right[place_of(g, row, end - 1)] &&
           cell_of[place_of(g, row, end)] < 0)
        end++;
    return end;
}

/* Is the stretch of a row open to the one above, in itself without walls, and free? */
static bool row_joins(const struct table_grid *g, const int *cell_of, int row, int from, int to)
{
    for (int c = from; c < to; c++)
        if (g->below[place_of(g, row - 1, c)] || cell_of[place_of(g, row, c)] >= 0 ||
            (c + 1 < to && g->right[place_of(g, row, c)]))
            return false;
    return true;
}

static struct table_cell cell_at(const struct table_grid *g, const int *cell_of, int row, int col)
{
    int right = reach_right(g, cell_of, row, col), end = row + 1;
    while (end < g->rows && row_joins(g, cell_of, end, col, right))
        end++;
    return (struct table_cell){
        .row = row,
        .col = col,
        .rowspan = end - row,
        .colspan = right - col,
        .at = {g->x[col], g->y[row], g->x[right], g->y[end]},
    };
}

int table_grid_cells(const struct table_grid *g, int *cell_of, struct table_cell *cells)
{
    int count = 0;
    memset(cell_of, -1, (size_t)g->rows * (size_t)g->cols * sizeof *cell_of);
    for (int r = 0; r < g->rows; r++)
        for (int c = 0; c < g->cols; c++) {
            if (cell_of[place_of(g, r, c)] >= 0)
                continue;
            struct table_cell cell = cell_at(g, cell_of, r, c);
            for (int i = r; i < r + cell.rowspan; i++)
                for (int k = c; k < c + cell.colspan; k++)
                    cell_of[place_of(g, i, k)] = count;
            if (cells)
                cells[count] = cell;
            count++;
        }
    return count;
}
