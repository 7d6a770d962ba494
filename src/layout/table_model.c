/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tables whose grid a model saw: its cells' boxes give the borders, its spans the walls. Cells that
 * are outside the grid or not numbers are passed over; a grid without two borders each way is no
 * table. Called by table.c.
 */
#include "layout/table_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* Where the boxes put each border: the mean of what begins and ends there. */
struct border_sum {
    double sum;
    size_t count;
};

static bool is_cell(const struct layout_grid *m, const struct cell *c)
{
    return c->row >= 0 && c->col >= 0 && c->rowspan >= 1 && c->colspan >= 1 && c->row < m->rows &&
           c->col < m->cols && c->rowspan <= m->rows - c->row && c->colspan <= m->cols - c->col &&
           isfinite(c->bbox.x1) && isfinite(c->bbox.y1) && isfinite(c->bbox.x2) &&
           isfinite(c->bbox.y2) && c->bbox.x1 <= c->bbox.x2 && c->bbox.y1 <= c->bbox.y2;
}

static bool is_grid(const struct layout_grid *m)
{
    return m->rows >= 1 && m->cols >= 1 && m->rows <= PAGE_MAX_GRID && m->cols <= PAGE_MAX_GRID &&
           (size_t)m->rows * (size_t)m->cols > 1 && isfinite(m->at.x1) && isfinite(m->at.y1) &&
           isfinite(m->at.x2) && isfinite(m->at.y2) && m->at.x1 < m->at.x2 && m->at.y1 < m->at.y2;
}

static void add_border(struct border_sum *b, float value)
{
    b->sum += (double)value;
    b->count++;
}

/* Borders in order, those that no cell tells spread evenly between their neighbours. */
static void settle_borders(const struct border_sum *sums, int count, float first, float last,
                           float *out)
{
    for (int i = 0, known = 0; i <= count; i++) {
        bool told = i == count || sums[i].count > 0;
        float value = i == count ? last : 0;
        if (!told && i > 0)
            continue;
        if (sums[i].count)
            value = (float)(sums[i].sum / (double)sums[i].count);
        else if (i == 0)
            value = first;
        out[i] = i ? fmaxf(value, out[known]) : value;
        for (int k = known + 1; k < i; k++)
            out[k] = out[known] + (out[i] - out[known]) * (float)(k - known) / (float)(i - known);
        known = i;
    }
}

static void place_borders(const struct sheet *s, const struct layout_grid *m, struct table_grid *g)
{
    struct rect at = sheet_from_page(s, m->at);
    struct border_sum *x = x_calloc((size_t)m->cols + 1, sizeof *x);
    struct border_sum *y = x_calloc((size_t)m->rows + 1, sizeof *y);
    for (size_t i = 0; i < m->cell_count; i++) {
        const struct cell *c = &m->cells[i];
        if (!is_cell(m, c))
            continue;
        struct rect box = sheet_from_page(s, c->bbox);
        add_border(&x[c->col], box.x1);
        add_border(&x[c->col + c->colspan], box.x2);
        add_border(&y[c->row], box.y1);
        add_border(&y[c->row + c->rowspan], box.y2);
    }
    settle_borders(x, m->cols, at.x1, at.x2, g->x);
    settle_borders(y, m->rows, at.y1, at.y2, g->y);
    free(x);
    free(y);
}

static void open_spans(struct table_search *f, const struct layout_grid *m, struct table_grid *g)
{
    for (size_t i = 0; i < m->cell_count && f->patience >= 0; i++) {
        const struct cell *c = &m->cells[i];
        if (!is_cell(m, c))
            continue;
        f->patience -= (long)c->rowspan * c->colspan;
        for (int r = c->row; f->patience >= 0 && r < c->row + c->rowspan; r++)
            for (int k = c->col; k < c->col + c->colspan; k++) {
                g->right[r * g->cols + k] = k + 1 == c->col + c->colspan;
                g->below[r * g->cols + k] = r + 1 == c->row + c->rowspan;
            }
    }
}

/* Leading rows all of whose cells are headings; what the model does not say is found by the text.
 */
static int header_of(const struct layout_grid *m)
{
    int first_plain = m->rows;
    bool any = false;
    for (size_t i = 0; i < m->cell_count; i++) {
        if (!is_cell(m, &m->cells[i]))
            continue;
        any |= m->cells[i].header;
        if (!m->cells[i].header && m->cells[i].row < first_plain)
            first_plain = m->cells[i].row;
    }
    return any ? first_plain : TABLE_NO_HEADER;
}

static int try_grid(struct table_search *f, const struct layout_grid *m, struct error *err)
{
    struct table_grid g;
    size_t n;
    int rc = 0;
    if (!is_grid(m) || !table_grid_open(&g, m->rows, m->cols))
        return 0;
    place_borders(f->sheet, m, &g);
    open_spans(f, m, &g);
    g.header_rows = header_of(m);
    size_t *pieces = table_pieces_in(f, sheet_from_page(f->sheet, m->at), &n);
    if (n && f->patience >= 0)
        rc = table_build(f, &g, pieces, n, err);
    free(pieces);
    table_grid_close(&g);
    return rc;
}

int table_find_modelled(struct table_search *f, struct error *err)
{
    const struct layout_hints *hints = f->sheet->hints;
    int rc = 0;
    for (size_t i = 0; hints && i < hints->grid_count && rc == 0 && f->patience >= 0; i++)
        rc = try_grid(f, &hints->grids[i], err);
    return rc;
}
