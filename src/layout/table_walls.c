/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Walls that a drawing leaves out: where a border is hardly drawn at all, or text stands on both
 * its sides, it parts the row unless a piece runs over it. Called by table_ruled.c.
 */
#include "layout/table_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static const float hole = 1.2F;        /* units: wider white is between columns, not words */
static const float drawn_share = 0.5F; /* of a border's rows: where it is not drawn, a cell spans */

/* By place: how far its pieces reach, and whether one runs over its right side. */
struct place_view {
    float x1, x2; /* x1 > x2: no pieces */
    bool crossed;
};

static struct place_view *view_places(const struct table_search *f, const struct table_grid *g,
                                      const size_t *pieces, size_t n)
{
    size_t places = (size_t)g->rows * (size_t)g->cols;
    struct place_view *out = x_calloc(places, sizeof *out);
    for (size_t i = 0; i < places; i++)
        out[i] = (struct place_view){INFINITY, -INFINITY, false};
    for (size_t i = 0; i < n; i++) {
        const struct piece *p = &f->sheet->pieces[pieces[i]];
        float x1, x2;
        table_reach(p, &x1, &x2);
        int row = table_grid_row_at(g, table_middle(p->at.y1, p->at.y2)) * g->cols;
        int first = table_grid_column_at(g, x1);
        int last = table_grid_column_at(g, x2);
        struct place_view *at =
            &out[row + table_grid_column_at(g, table_middle(p->at.x1, p->at.x2))];
        at->x1 = fminf(at->x1, p->at.x1), at->x2 = fmaxf(at->x2, p->at.x2);
        for (int c = first; c < last; c++)
            out[row + c].crossed = true;
    }
    return out;
}

static bool is_drawn(const struct table_grid *g, int col)
{
    int drawn = 0;
    for (int r = 0; r < g->rows; r++)
        drawn += g->right[r * g->cols + col];
    return (float)drawn >= drawn_share * (float)g->rows;
}

/* The white between what stands left and right of a border, in the cell that runs over it. */
static float white_at(const struct table_grid *g, const struct place_view *row, const bool *walls,
                      int col)
{
    float left = -INFINITY, right = INFINITY;
    for (int c = col; c >= 0 && (c == col || !walls[c]); c--)
        left = fmaxf(left, row[c].x2);
    for (int c = col + 1; c < g->cols && (c == col + 1 || !walls[c - 1]); c++)
        right = fminf(right, row[c].x1);
    return isfinite(left) && isfinite(right) ? right - left : 0;
}

void table_add_walls(struct table_search *f, struct table_grid *g, const size_t *pieces, size_t n)
{
    struct place_view *places = view_places(f, g, pieces, n);
    bool *drawn = x_calloc((size_t)g->cols, sizeof *drawn);
    for (int c = 0; c + 1 < g->cols; c++)
        drawn[c] = is_drawn(g, c);
    for (int r = 0; r < g->rows; r++) {
        bool *walls = g->right + r * g->cols;
        const struct place_view *row = places + r * g->cols;
        for (int c = 0; c + 1 < g->cols && f->patience >= 0; c++) {
            f->patience -= 2;
            if (!walls[c] && !row[c].crossed &&
                (!drawn[c] || white_at(g, row, walls, c) >= hole * f->sheet->unit))
                walls[c] = true;
        }
    }
    free(drawn);
    free(places);
}
