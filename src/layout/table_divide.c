/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the rules of a drawn table leave out: columns parted by white only, and rows of which only
 * some are ruled. Called by table_ruled.c.
 */
#include "layout/table_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static const float row_share = 0.6F;    /* of a column's lines that have more than one piece */
static const float entry_share = 0.6F;  /* of a band's columns that a row of it has entries in */
static const float number_share = 0.5F; /* of a band's entries: lines of words may be one cell's */

enum { LEAST_LINES = 3 };

/* The pieces that stand in one range of columns or rows, to free. */
static size_t *select_pieces(const struct table_search *f, const struct table_grid *g,
                             const size_t *pieces, size_t n, int row, int col, size_t *count)
{
    size_t *out = x_calloc(n + 1, sizeof *out), found = 0;
    for (size_t i = 0; i < n; i++) {
        const struct rect *at = &f->sheet->pieces[pieces[i]].at;
        int r = table_grid_row_at(g, table_middle(at->y1, at->y2));
        int c = table_grid_column_at(g, table_middle(at->x1, at->x2));
        bool beyond = col >= 0 && (at->x1 < g->x[col] - f->sheet->unit ||
                                   at->x2 > g->x[col + 1] + f->sheet->unit);
        if ((row < 0 || r == row) && (col < 0 || (c == col && !beyond)))
            out[found++] = pieces[i];
    }
    *count = found;
    return out;
}

static bool parts_lines(const struct text_rows *t)
{
    size_t parted = 0;
    for (size_t r = 0; r < t->count; r++)
        parted += t->rows[r].count >= 2;
    return parted >= LEAST_LINES && (float)parted >= row_share * (float)t->count;
}

/* No wall where a piece crosses a new border: it spans both columns. */
static void open_crossed(const struct table_search *f, struct table_grid *g, const size_t *pieces,
                         size_t n, int col)
{
    for (size_t i = 0; i < n; i++) {
        const struct piece *p = &f->sheet->pieces[pieces[i]];
        int row = table_grid_row_at(g, table_middle(p->at.y1, p->at.y2));
        float x1, x2;
        table_reach(p, &x1, &x2);
        if (x1 < g->x[col + 1] && x2 > g->x[col + 1])
            g->right[row * g->cols + col] = false;
    }
}

static void divide_column(struct table_search *f, struct table_grid *g, const size_t *pieces,
                          size_t n, int col)
{
    size_t count, found = 0;
    float borders[TABLE_MAX_COLUMNS];
    struct text_rows t;
    size_t *inside = select_pieces(f, g, pieces, n, -1, col, &count);
    table_rows_open(&t, f->sheet, inside, count);
    if (parts_lines(&t))
        found = table_columns(&t, 0, t.count, borders, TABLE_MAX_COLUMNS);
    for (size_t i = 0; i < found; i++) {
        int at = table_grid_column_at(g, borders[i]);
        if (table_grid_column(g, borders[i]))
            open_crossed(f, g, pieces, n, at);
    }
    table_rows_close(&t);
    free(inside);
}

/* How many columns the lines of a band have entries in, and how many entries are numbers. */
struct band {
    size_t columns, entries, numbers, full_lines;
};

static struct band measure_band(const struct table_grid *g, const struct text_rows *t)
{
    struct band b = {0};
    size_t *seen = x_calloc((size_t)g->cols, sizeof *seen), *in_line;
    in_line = x_calloc(t->count + 1, sizeof *in_line);
    for (size_t r = 0; r < t->count; r++)
        for (size_t i = 0; i < t->rows[r].count; i++) {
            const struct piece *p = &t->sheet->pieces[t->pieces[t->rows[r].first + i]];
            int col = table_grid_column_at(g, table_middle(p->at.x1, p->at.x2));
            b.columns += seen[col] == 0;
            in_line[r] += seen[col] != r + 1;
            seen[col] = r + 1;
            b.entries += col > 0;
            b.numbers += col > 0 && table_entry_of(p) != TABLE_ENTRY_TEXT;
        }
    for (size_t r = 0; r < t->count; r++)
        b.full_lines += in_line[r] >= 2 && (float)in_line[r] >= entry_share * (float)b.columns;
    free(seen);
    free(in_line);
    return b;
}

static bool has_rows(const struct band *b, size_t lines)
{
    return lines >= 2 && b->columns >= 2 && b->full_lines * 3 >= lines * 2 &&
           (float)b->numbers >= number_share * (float)b->entries;
}

static void divide_row(struct table_search *f, struct table_grid *g, const size_t *pieces, size_t n,
                       int row)
{
    struct text_rows t;
    size_t count;
    size_t *inside = select_pieces(f, g, pieces, n, row, -1, &count);
    table_rows_open(&t, f->sheet, inside, count);
    struct band band = measure_band(g, &t);
    if (has_rows(&band, t.count)) {
        bool *starts = x_calloc(t.count + 1, sizeof *starts);
        table_row_starts(&t, 0, t.count, g->x + 1, (size_t)g->cols - 1, starts);
        for (size_t r = 1; r < t.count; r++)
            if (starts[r])
                table_grid_row(g, table_middle(t.rows[r - 1].y2, t.rows[r].y1));
        free(starts);
    }
    table_rows_close(&t);
    free(inside);
}

/* From the last, for what is before stays where it is. The bands are those that are drawn. */
void table_divide(struct table_search *f, struct table_grid *g, const size_t *pieces, size_t n)
{
    for (int c = g->cols - 1; c >= 0 && f->patience >= 0; c--) {
        f->patience -= (long)n;
        divide_column(f, g, pieces, n, c);
    }
    for (int r = g->rows - 1; r >= 0 && f->patience >= 0; r--) {
        f->patience -= (long)n;
        divide_row(f, g, pieces, n, r);
    }
}
