/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Sums over the page's squares: every addition and every question costs the same, however large the
 * place and however many there are. Called by the other parts of the drawing.
 */
#include "decode/decode_drawing.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

void drawing_grid_measure(struct drawing_grid *g, const struct drawing *drawing)
{
    g->square = fmaxf(fmaxf(drawing->width, drawing->height) / INK_SQUARES, 1e-6F);
    g->columns = (int)fminf(fmaxf(ceilf(drawing->width / g->square), 1), INK_SQUARES);
    g->rows = (int)fminf(fmaxf(ceilf(drawing->height / g->square), 1), INK_SQUARES);
}

void drawing_grid_init(struct drawing_grid *g, const struct drawing *drawing)
{
    drawing_grid_measure(g, drawing);
    g->sum = x_calloc((size_t)(g->columns + 1) * (size_t)(g->rows + 1), sizeof *g->sum);
}

void drawing_grid_done(struct drawing_grid *g)
{
    free(g->sum);
    g->sum = NULL;
}

int drawing_grid_at(float v, float square, int limit)
{
    return (int)fminf(fmaxf(v / square, 0), (float)(limit - 1));
}

static float *cell(const struct drawing_grid *g, int column, int row)
{
    return &g->sum[(size_t)row * (size_t)(g->columns + 1) + (size_t)column];
}

/* The first row and column stay empty, so that sums have something to begin from. */
void drawing_grid_add(struct drawing_grid *g, struct rect at)
{
    int column = drawing_grid_at((at.x1 + at.x2) / 2, g->square, g->columns);
    int row = drawing_grid_at((at.y1 + at.y2) / 2, g->square, g->rows);
    *cell(g, column + 1, row + 1) += (at.x2 - at.x1) * (at.y2 - at.y1);
}

/* Along each row, then each row onto the next. */
static void sum_up(struct drawing_grid *g)
{
    int stride = g->columns + 1;
    for (int row = 0; row <= g->rows; row++) {
        float *line = cell(g, 0, row), sum = 0;
        for (int i = 0; i < stride; i++)
            line[i] = sum += line[i];
    }
    for (int row = 1; row <= g->rows; row++) {
        float *line = cell(g, 0, row);
        const float *above = cell(g, 0, row - 1);
        for (int i = 0; i < stride; i++)
            line[i] += above[i];
    }
}

void drawing_grid_sum(struct drawing_grid *g)
{
    sum_up(g);
}

static void inner_range(float from, float to, float square, int limit, int *first, int *end)
{
    *first = drawing_grid_at(from + square / 2, square, limit);
    *end = drawing_grid_at(to + square / 2, square, limit + 1);
    if (*end <= *first)
        *end = *first + 1;
}

struct drawing_squares drawing_grid_inner(const struct drawing_grid *g, struct rect at)
{
    struct drawing_squares in;
    inner_range(at.x1, at.x2, g->square, g->columns, &in.left, &in.right);
    inner_range(at.y1, at.y2, g->square, g->rows, &in.top, &in.bottom);
    return in;
}

float drawing_grid_in(const struct drawing_grid *g, struct rect at)
{
    struct drawing_squares in = drawing_grid_inner(g, at);
    return *cell(g, in.right, in.bottom) - *cell(g, in.left, in.bottom) -
           *cell(g, in.right, in.top) + *cell(g, in.left, in.top);
}

void drawing_grid_cover(struct drawing_grid *g, struct rect at)
{
    int left = drawing_grid_at(at.x1, g->square, g->columns);
    int top = drawing_grid_at(at.y1, g->square, g->rows);
    int right = drawing_grid_at(at.x2, g->square, g->columns) + 1;
    int bottom = drawing_grid_at(at.y2, g->square, g->rows) + 1;
    *cell(g, left, top) += 1;
    *cell(g, right, bottom) += 1;
    *cell(g, right, top) -= 1;
    *cell(g, left, bottom) -= 1;
}

void drawing_grid_sum_cover(struct drawing_grid *g)
{
    sum_up(g);
}

float drawing_grid_covered(const struct drawing_grid *g, int column, int row)
{
    return *cell(g, column, row);
}
