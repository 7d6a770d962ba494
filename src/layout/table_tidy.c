/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What drawings have beside borders: backgrounds set in from their cells, double lines drawn far
 * apart. A strip too narrow for text and without any is a border, and its two sides are one.
 * Called by table_ruled.c.
 */
#include "layout/table_internal.h"

#include "base/memory.h"

#include <stdlib.h>

/* Of a piece's length or height: a place it has its middle in, but which it only runs over. */
static const float most_dwarfed = 0.4F;

static const float narrow = 0.9F; /* units; a column of single figures is wider with its space */

/* By column, or by row: does a piece stand there with most of its length? */
static bool *find_text(const struct table_search *f, const struct table_grid *g,
                       const size_t *pieces, size_t n, bool rows)
{
    bool *out = x_calloc((size_t)(rows ? g->rows : g->cols) + 1, sizeof *out);
    for (size_t i = 0; i < n; i++) {
        const struct rect *at = &f->sheet->pieces[pieces[i]].at;
        const float *borders = rows ? g->y : g->x;
        float from = rows ? at->y1 : at->x1, to = rows ? at->y2 : at->x2;
        int place = rows ? table_grid_row_at(g, table_middle(from, to))
                         : table_grid_column_at(g, table_middle(from, to));
        bool inside = table_overlap(from, to, borders[place], borders[place + 1]) * 2 > to - from;
        out[place] |= inside || borders[place + 1] - borders[place] >= most_dwarfed * (to - from);
    }
    return out;
}

/* Which border of the tidy grid each border becomes, −1 for none. */
struct fate {
    int *border;
    int count;
};

/* Both sides of a narrow strip without text become one; at the end the outer one stays. */
static struct fate join_strips(const float *borders, int places, const bool *text, float least)
{
    struct fate f = {.border = x_calloc((size_t)places + 1, sizeof *f.border)};
    for (int i = 0; i <= places; i++) {
        bool strip = i > 0 && !text[i - 1] && borders[i] - borders[i - 1] < least;
        if (!strip || f.count == 0)
            f.count++;
        f.border[i] = f.count - 1;
    }
    return f;
}

/* Where the borders that became one are: the outer ones outside, others where the first is. */
static void settle_borders(const struct fate *f, const float *from, int places, float *to)
{
    for (int i = places; i >= 0; i--)
        if (f->border[i] >= 0 && (f->border[i] < f->count - 1 || i == places))
            to[f->border[i]] = from[i];
}

/* An axis of the old grid: what each row or column becomes a part of, and whether it is the widest
 * part; the others are its side strips. */
struct parts {
    int *of;
    bool *main;
};

static struct parts find_parts(const struct fate *f, const float *borders, int places)
{
    struct parts p = {x_calloc((size_t)places, sizeof *p.of), x_calloc((size_t)places, 1)};
    int *widest = x_calloc((size_t)places, sizeof *widest);
    for (int i = 0; i < places; i++)
        widest[i] = -1;
    for (int i = 0, at = 0; i < places; i++) {
        at = f->border[i] >= 0 ? f->border[i] : at;
        at = at < f->count - 1 ? at : f->count - 2;
        p.of[i] = at;
        int w = widest[at];
        if (w < 0 || borders[i + 1] - borders[i] > borders[w + 1] - borders[w])
            widest[at] = i;
    }
    for (int i = 0; i < f->count - 1; i++)
        p.main[widest[i]] = true;
    free(widest);
    return p;
}

/* Walls on one side of the old places, as the new ones have them. Where strips have walls at all,
 * a wall that the widest part has alone is the edge of a line's background. */
static void keep_walls(const struct table_grid *from, const struct parts *cols,
                       const struct parts *rows, const struct fate *ends, bool right,
                       struct table_grid *to)
{
    size_t places = (size_t)to->rows * (size_t)to->cols;
    bool *by_main = x_calloc(places, 1), *by_strip = x_calloc(places, 1), strips = false;
    bool *has_strip = x_calloc(places, 1), *out = right ? to->right : to->below;
    for (int r = 0; r < from->rows; r++)
        for (int c = 0; c < from->cols; c++) {
            int end = ends->border[right ? c + 1 : r + 1] - 1;
            if (end < 0)
                continue;
            int at = right ? rows->of[r] * to->cols + end : end * to->cols + cols->of[c];
            bool wall = (right ? from->right : from->below)[r * from->cols + c];
            bool main = right ? rows->main[r] : cols->main[c];
            by_main[at] |= main && wall;
            by_strip[at] |= !main && wall;
            has_strip[at] |= !main;
            strips |= !main && wall;
        }
    for (size_t i = 0; i < places; i++)
        out[i] = by_main[i] && (by_strip[i] || !strips || !has_strip[i]);
    free(by_main);
    free(by_strip);
    free(has_strip);
}

static void apply(struct table_grid *g, const struct fate *x, const struct fate *y)
{
    struct table_grid tidy;
    bool fewer = x->count < g->cols + 1 || y->count < g->rows + 1;
    if (!fewer || x->count < 2 || y->count < 2 ||
        !table_grid_open(&tidy, y->count - 1, x->count - 1))
        return;
    tidy.ruled = g->ruled;
    tidy.header_rows = g->header_rows;
    settle_borders(x, g->x, g->cols, tidy.x);
    settle_borders(y, g->y, g->rows, tidy.y);
    struct parts cols = find_parts(x, g->x, g->cols), rows = find_parts(y, g->y, g->rows);
    keep_walls(g, &cols, &rows, x, true, &tidy);
    keep_walls(g, &cols, &rows, y, false, &tidy);
    free(cols.of);
    free(cols.main);
    free(rows.of);
    free(rows.main);
    table_grid_close(g);
    *g = tidy;
}

void table_tidy(const struct table_search *f, struct table_grid *g, const size_t *pieces, size_t n)
{
    bool *in_columns = find_text(f, g, pieces, n, false);
    bool *in_rows = find_text(f, g, pieces, n, true);
    struct fate x = join_strips(g->x, g->cols, in_columns, narrow * f->sheet->unit);
    struct fate y = join_strips(g->y, g->rows, in_rows, narrow * f->sheet->unit);
    apply(g, &x, &y);
    free(in_columns);
    free(in_rows);
    free(x.border);
    free(y.border);
}

/* Borders at which something begins, and the last. */
static struct fate keep_beginnings(const bool *begins, int places)
{
    struct fate f = {.border = x_calloc((size_t)places + 1, sizeof *f.border)};
    for (int i = 0; i <= places; i++)
        f.border[i] = i == 0 || i == places || begins[i] ? f.count++ : -1;
    return f;
}

void table_squeeze(struct table_grid *g)
{
    size_t places = (size_t)g->rows * (size_t)g->cols;
    int *cell_of = x_calloc(places, sizeof *cell_of);
    struct table_cell *cells = x_calloc(places, sizeof *cells);
    bool *in_row = x_calloc((size_t)g->rows, 1), *in_col = x_calloc((size_t)g->cols, 1);
    int count = table_grid_cells(g, cell_of, cells);
    for (int i = 0; i < count; i++)
        in_row[cells[i].row] = in_col[cells[i].col] = true;
    struct fate x = keep_beginnings(in_col, g->cols), y = keep_beginnings(in_row, g->rows);
    apply(g, &x, &y);
    free(cell_of);
    free(cells);
    free(in_row);
    free(in_col);
    free(x.border);
    free(y.border);
}
