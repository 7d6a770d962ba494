/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Cells that span columns or rows where no rule says so: a piece over a border, an entry in the
 * middle of two rows, a heading over a line of its own or centred over several columns. Called by
 * the finders of tables.
 */
#include "layout/table_zone.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static const float edge_slack = 0.35F; /* of a piece's height: less over a border is no crossing */
static const float centred = 0.6F;     /* units a heading may be off the middle of its columns */
static const float between = 0.3F; /* of its height that a piece has on either side of a border */

enum { MOST_SPANNED = 64 }; /* columns under one heading */

void table_reach(const struct piece *p, float *x1, float *x2)
{
    float in = fminf(edge_slack * p->height, (p->at.x2 - p->at.x1) / 4);
    *x1 = p->at.x1 + in;
    *x2 = p->at.x2 - in;
}

/* By place: how far its pieces reach; x1 > x2 without any. */
struct extent {
    float x1, x2;
};

static struct extent *find_extents(const struct table_search *f, const struct table_grid *g,
                                   const size_t *pieces, size_t n)
{
    size_t places = (size_t)g->rows * (size_t)g->cols;
    struct extent *out = x_calloc(places, sizeof *out);
    for (size_t i = 0; i < places; i++)
        out[i] = (struct extent){INFINITY, -INFINITY};
    for (size_t i = 0; i < n; i++) {
        const struct piece *p = &f->sheet->pieces[pieces[i]];
        int row = table_grid_row_at(g, table_middle(p->at.y1, p->at.y2));
        float x1, x2;
        table_reach(p, &x1, &x2);
        for (int c = table_grid_column_at(g, x1); c <= table_grid_column_at(g, x2); c++) {
            struct extent *e = &out[row * g->cols + c];
            e->x1 = fminf(e->x1, p->at.x1), e->x2 = fmaxf(e->x2, p->at.x2);
        }
    }
    return out;
}

static bool is_filled(const struct extent *e)
{
    return e->x1 <= e->x2;
}

/* ---- pieces over borders ---- */

/* A row's only piece that begins in the first column names a group of rows and spans nothing. */
static bool names_group(const struct table_grid *g, const struct piece *p, int alone)
{
    return alone == 1 && p->at.x1 < g->x[1] &&
           fabsf(p->at.x1 - g->x[0]) * 3 < fabsf(g->x[g->cols] - p->at.x2);
}

static void open_across(struct table_search *f, struct table_grid *g, const struct piece *p,
                        const int *in_row)
{
    float x1, x2;
    table_reach(p, &x1, &x2);
    int row = table_grid_row_at(g, table_middle(p->at.y1, p->at.y2));
    int last = table_grid_column_at(g, x2);
    if (!g->ruled && names_group(g, p, in_row[row]))
        return;
    for (int c = table_grid_column_at(g, x1); c < last && f->patience-- >= 0; c++)
        if (!table_split_word(f->sheet, p, g->x[c + 1]))
            g->right[row * g->cols + c] = false;
}

/* Half in one row and half in the next, nothing else in that column of either. */
static void open_between(struct table_grid *g, const struct piece *p, const int *count)
{
    float height = p->at.y2 - p->at.y1, middle = table_middle(p->at.y1, p->at.y2);
    int row = table_grid_row_at(g, middle), col;
    col = table_grid_column_at(g, table_middle(p->at.x1, p->at.x2));
    if (row + 1 < g->rows && g->y[row + 1] - middle < middle - g->y[row])
        row++;
    if (row == 0 || fminf(g->y[row] - p->at.y1, p->at.y2 - g->y[row]) < between * height)
        return;
    if (count[(row - 1) * g->cols + col] + count[row * g->cols + col] == 1)
        g->below[(row - 1) * g->cols + col] = false;
}

void table_open_walls(struct table_search *f, struct table_grid *g, const size_t *pieces, size_t n)
{
    int *count = x_calloc((size_t)g->rows * (size_t)g->cols, sizeof *count);
    int *in_row = x_calloc((size_t)g->rows, sizeof *in_row);
    for (size_t i = 0; i < n; i++) {
        const struct rect *at = &f->sheet->pieces[pieces[i]].at;
        int row = table_grid_row_at(g, table_middle(at->y1, at->y2));
        count[row * g->cols + table_grid_column_at(g, table_middle(at->x1, at->x2))]++;
        in_row[row]++;
    }
    for (size_t i = 0; i < n; i++) {
        open_across(f, g, &f->sheet->pieces[pieces[i]], in_row);
        open_between(g, &f->sheet->pieces[pieces[i]], count);
    }
    free(count);
    free(in_row);
}

/* ---- headings ---- */

struct heading {
    struct table_search *search;
    struct table_grid *grid;
    const struct zone *zone;
    struct extent *extents; /* by place */
    struct extent *columns; /* by column: of what stands in it alone */
    int rows;
};

static void measure_columns(struct heading *h)
{
    const struct table_grid *g = h->grid;
    h->columns = x_calloc((size_t)g->cols, sizeof *h->columns);
    for (int c = 0; c < g->cols; c++) {
        h->columns[c] = (struct extent){INFINITY, -INFINITY};
        for (int r = 0; r < g->rows; r++) {
            const struct extent *e = &h->extents[r * g->cols + c];
            bool spans = !g->right[r * g->cols + c] || (c > 0 && !g->right[r * g->cols + c - 1]);
            if (!is_filled(e) || spans)
                continue;
            h->columns[c].x1 = fminf(h->columns[c].x1, e->x1);
            h->columns[c].x2 = fmaxf(h->columns[c].x2, e->x2);
        }
    }
}

static void open_range(struct table_grid *g, int row, int from, int to)
{
    for (int c = from; c < to; c++)
        g->right[row * g->cols + c] = false;
}

/* Nothing else in the row within the range? */
static bool is_free(const struct heading *h, int row, int from, int to, int own_from, int own_to)
{
    for (int c = from; c <= to; c++)
        if ((c < own_from || c > own_to) && is_filled(&h->extents[row * h->grid->cols + c]))
            return false;
    return true;
}

/* A level line right below a heading, over a part of the table: the columns it covers. */
static bool span_by_stroke(struct heading *h, int row, int from, int to)
{
    const struct table_grid *g = h->grid;
    float top = table_middle(g->y[row], g->y[row + 1]);
    float bottom = table_middle(g->y[row + 1], g->y[row + 2]);
    const struct extent *own = &h->extents[row * g->cols + from];
    float middle = table_middle(own->x1, own->x2), width = g->x[g->cols] - g->x[0];
    for (size_t i = 0; i < h->zone->stroke_count && h->search->patience-- >= 0; i++) {
        const struct stroke *s = &h->zone->strokes[i];
        if (s->y < top || s->y > bottom || s->x1 > middle || s->x2 < middle ||
            s->x2 - s->x1 > 0.9F * width)
            continue;
        int first = 0, last = g->cols - 1;
        while (first < last && table_middle(h->columns[first].x1, h->columns[first].x2) < s->x1)
            first++;
        while (last > first && table_middle(h->columns[last].x1, h->columns[last].x2) > s->x2)
            last--;
        if (last > first && first <= from && last >= to && is_free(h, row, first, last, from, to)) {
            open_range(h->grid, row, first, last);
            return true;
        }
    }
    return false;
}

static bool has_entries_below(const struct heading *h, int row, int from, int to)
{
    for (int c = from; c <= to; c++)
        if (!is_filled(&h->extents[(row + 1) * h->grid->cols + c]))
            return false;
    return true;
}

/* The widest range of columns, free in this row and headed in the next, with the heading in its
 * middle. */
static void span_by_middle(struct heading *h, int row, int from, int to)
{
    struct table_grid *g = h->grid;
    const struct extent *own = &h->extents[row * g->cols + from];
    float middle = table_middle(own->x1, own->x2), unit = h->search->sheet->unit;
    int best_first = from, best_last = to;
    for (int first = from; first > 0 && from - first < MOST_SPANNED; first--) {
        if (first < from && (is_filled(&h->extents[row * g->cols + first]) ||
                             !is_filled(&h->extents[(row + 1) * g->cols + first])))
            break;
        for (int last = to; last < g->cols && last - to < MOST_SPANNED; last++) {
            if (last > to && (is_filled(&h->extents[row * g->cols + last]) ||
                              !is_filled(&h->extents[(row + 1) * g->cols + last])))
                break;
            float off = table_middle(h->columns[first].x1, h->columns[last].x2) - middle;
            h->search->patience--;
            if (fabsf(off) <= centred * unit && last - first > best_last - best_first)
                best_first = first, best_last = last;
        }
    }
    if (best_last > best_first && has_entries_below(h, row, best_first, best_last))
        open_range(g, row, best_first, best_last);
}

static void span_row(struct heading *h, int row)
{
    const struct table_grid *g = h->grid;
    for (int c = 0, last; c < g->cols; c = last + 1) {
        for (last = c; last + 1 < g->cols && !g->right[row * g->cols + last];)
            last++;
        if (is_filled(&h->extents[row * g->cols + c]) && !span_by_stroke(h, row, c, last))
            span_by_middle(h, row, c, last);
        while (last + 1 < g->cols && !g->right[row * g->cols + last])
            last++;
    }
}

/* A column with one entry in all heading rows: the entry spans them. */
static void span_down(struct heading *h, int col)
{
    struct table_grid *g = h->grid;
    int filled = 0;
    for (int r = 0; r < h->rows; r++) {
        int place = r * g->cols + col;
        if (!g->right[place] || (col > 0 && !g->right[place - 1]))
            return;
        filled += is_filled(&h->extents[place]);
    }
    for (int r = 0; filled == 1 && r + 1 < h->rows; r++)
        g->below[r * g->cols + col] = false;
}

void table_span_headings(struct table_search *f, const struct zone *z, struct table_grid *g,
                         int rows, const size_t *pieces, size_t n)
{
    struct heading h = {.search = f, .grid = g, .zone = z, .rows = rows};
    if (rows < 2 || rows >= g->rows)
        return;
    h.extents = find_extents(f, g, pieces, n);
    measure_columns(&h);
    for (int r = 0; r + 1 < rows && f->patience >= 0; r++)
        span_row(&h, r);
    for (int c = 0; c < g->cols; c++)
        span_down(&h, c);
    free(h.extents);
    free(h.columns);
}
