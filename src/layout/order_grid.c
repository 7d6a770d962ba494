/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * White strips between lines: the region is drawn on a coarse grid, and the strips are the tallest
 * empty runs of its columns that have text on both sides. Gives up when the page has cost too much
 * searching already. Called by order_gutter.c.
 */
#include "layout/order_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum {
    MAX_COLUMNS = 512, /* of the grid: an A3 page has some 400 quarters of a line across, */
    MAX_ROWS = 2048,   /* and some 400 halves of a line down */
    BRIDGE_HEIGHT = 3, /* grid rows of a line that bridges a gutter by mistake, */
    BRIDGE_HEAD = 8,   /* and of the gutter that goes on above and below it */
    LEAST_RUN = 4,     /* grid rows with text on both sides: two lines */
};

static const float cell_width = 0.25F, cell_height = 0.5F; /* line heights */
static const float inset = 0.2F; /* the same; detectors draw boxes wider than the ink */

struct grid {
    size_t columns, rows;
    float x, y, width, height; /* of a cell the last two */
    int *cover;                /* how many lines are on each cell */
};

struct strip {
    size_t column, width, top, bottom; /* cells; bottom is outside */
    size_t count;                      /* rows with text on both sides */
};

struct strips {
    struct strip list[ORDER_STRIPS];
    size_t count;
};

static float strip_score(const struct strip *s)
{
    return (float)s->count + 0.25F * fminf((float)s->width, 8);
}

/* The inset box in cells. */
static void cell_range(float from, float to, float start, float cell, size_t limit, size_t *first,
                       size_t *last)
{
    float a = fmaxf((from - start) / cell, 0), b = fmaxf((to - start) / cell, a);
    *first = (size_t)fminf(a, (float)(limit - 1));
    *last = (size_t)fminf(b, (float)(limit - 1));
}

static void draw_box(struct grid *g, const struct order_box *b)
{
    size_t left, right, top, bottom, stride = g->columns + 1;
    float h = b->y2 - b->y1, dx = fminf(inset * h, (b->x2 - b->x1) / 4);
    cell_range(b->x1 + dx, b->x2 - dx, g->x, g->width, g->columns, &left, &right);
    cell_range(b->y1 + inset * h, b->y2 - inset * h, g->y, g->height, g->rows, &top, &bottom);
    g->cover[top * stride + left]++;
    g->cover[top * stride + right + 1]--;
    g->cover[(bottom + 1) * stride + left]--;
    g->cover[(bottom + 1) * stride + right + 1]++;
}

/* The boxes were drawn as steps at their corners: summing twice makes them areas. */
static void sum_up(struct grid *g)
{
    size_t stride = g->columns + 1;
    for (size_t r = 0; r < g->rows; r++) {
        int *row = g->cover + r * stride;
        int running = 0;
        for (size_t c = 0; c < stride; c++) {
            running += row[c];
            row[c] = running;
        }
    }
    for (size_t i = stride; i < g->rows * stride; i++)
        g->cover[i] += g->cover[i - stride];
}

static size_t cells(float extent, float *cell, size_t limit)
{
    *cell = fmaxf(*cell, extent / (float)limit);
    return (size_t)fminf(fmaxf(ceilf(extent / *cell), 1), (float)limit);
}

/* False if it would cost more than is left. */
static bool draw_grid(struct order_sheet *s, size_t from, size_t to, struct grid *g)
{
    float x2 = s->boxes[from].x2, y2 = s->boxes[from].y2;
    g->x = s->boxes[from].x1, g->y = s->boxes[from].y1;
    for (size_t i = from; i < to; i++) {
        g->x = fminf(g->x, s->boxes[i].x1), g->y = fminf(g->y, s->boxes[i].y1);
        x2 = fmaxf(x2, s->boxes[i].x2), y2 = fmaxf(y2, s->boxes[i].y2);
    }
    g->width = cell_width * s->unit, g->height = cell_height * s->unit;
    g->columns = cells(x2 - g->x, &g->width, MAX_COLUMNS);
    g->rows = cells(y2 - g->y, &g->height, MAX_ROWS);
    s->patience -= (long)((g->columns + 1) * (g->rows + 1) + (to - from));
    if (s->patience < 0)
        return false;
    g->cover = x_calloc((g->columns + 1) * (g->rows + 1), sizeof *g->cover);
    for (size_t i = from; i < to; i++)
        if (!s->boxes[i].speck)
            draw_box(g, &s->boxes[i]);
    sum_up(g);
    return true;
}

/* One more column of a strip already known, or a new strip in place of the poorest. */
static void note_strip(struct strips *known, struct strip strip)
{
    size_t poorest = 0;
    for (size_t i = 0; i < known->count; i++) {
        struct strip *k = &known->list[i];
        if (k->column + k->width == strip.column && k->top == strip.top &&
            k->bottom == strip.bottom) {
            k->width++;
            k->count = k->count > strip.count ? k->count : strip.count;
            return;
        }
        if (strip_score(k) < strip_score(&known->list[poorest]))
            poorest = i;
    }
    if (known->count < ORDER_STRIPS)
        known->list[known->count++] = strip;
    else if (strip_score(&known->list[poorest]) < strip_score(&strip))
        known->list[poorest] = strip;
}

/* For each row the first and the last cell with text; first > last where there is none. */
static void find_extents(const struct grid *g, size_t (*extents)[2])
{
    for (size_t r = 0; r < g->rows; r++) {
        const int *row = g->cover + r * (g->columns + 1);
        size_t first = 0, last = g->columns;
        while (first < g->columns && !row[first])
            first++;
        while (last > 0 && !row[last - 1])
            last--;
        extents[r][0] = first, extents[r][1] = last;
    }
}

static bool has_text_aside(size_t (*extents)[2], size_t row, size_t column)
{
    return extents[row][0] < column && column < extents[row][1];
}

/* Two lines of neighbouring columns taken for one make a bridge: a single box, one line high, close
 * to the lines above and below it, in a run that is long on both sides. Where does it end?
 * `row` where there is none. */
static size_t cross_bridge(const struct grid *g, size_t (*extents)[2], size_t row, size_t column)
{
    size_t stride = g->columns + 1, end = row, white = 0;
    while (end < g->rows && g->cover[end * stride + column] == 1)
        end++;
    if (end - row > BRIDGE_HEIGHT || row < 2 || end + 2 > g->rows)
        return row;
    if (!(has_text_aside(extents, row - 1, column) || has_text_aside(extents, row - 2, column)) ||
        !(has_text_aside(extents, end, column) || has_text_aside(extents, end + 1, column)))
        return row;
    for (size_t r = end; r < g->rows && !g->cover[r * stride + column]; r++)
        white += has_text_aside(extents, r, column);
    return white >= BRIDGE_HEAD ? end : row;
}

static void find_strips(const struct grid *g, struct strips *found)
{
    size_t(*extents)[2] = x_calloc(g->rows, sizeof *extents);
    find_extents(g, extents);
    found->count = 0;
    for (size_t c = 1; c + 1 < g->columns; c++) {
        struct strip run = {.column = c, .width = 1};
        for (size_t r = 0; r <= g->rows; r++) {
            if (r < g->rows && !g->cover[r * (g->columns + 1) + c]) {
                run.count += has_text_aside(extents, r, c);
                continue;
            }
            size_t end =
                r < g->rows && run.count >= BRIDGE_HEAD ? cross_bridge(g, extents, r, c) : r;
            if (end > r) {
                r = end - 1;
                continue;
            }
            run.bottom = r;
            if (run.count >= LEAST_RUN)
                note_strip(found, run);
            run.top = r + 1, run.count = 0;
        }
    }
    free(extents);
}

static struct order_gutter gutter_of(const struct grid *grid, const struct strip *strip)
{
    struct order_gutter g = {
        .x = grid->x + ((float)strip->column + (float)strip->width / 2) * grid->width,
        .width = (float)strip->width * grid->width,
        .top = grid->y + (float)strip->top * grid->height,
        .bottom = grid->y + (float)strip->bottom * grid->height,
    };
    if (strip->top == 0)
        g.top = -INFINITY;
    if (strip->bottom == grid->rows)
        g.bottom = INFINITY;
    return g;
}

static int compare_strips(const void *a, const void *b)
{
    const struct strip *one = a, *other = b;
    float d = strip_score(other) - strip_score(one);
    if (d != 0)
        return d > 0 ? 1 : -1;
    if (one->column != other->column)
        return one->column < other->column ? -1 : 1;
    return one->top < other->top ? -1 : one->top > other->top;
}

size_t order_find_strips(struct order_sheet *s, size_t from, size_t to,
                         struct order_gutter out[ORDER_STRIPS])
{
    struct grid grid;
    struct strips found;
    if (!draw_grid(s, from, to, &grid))
        return 0;
    find_strips(&grid, &found);
    free(grid.cover);
    qsort(found.list, found.count, sizeof *found.list, compare_strips);
    for (size_t i = 0; i < found.count; i++)
        out[i] = gutter_of(&grid, &found.list[i]);
    return found.count;
}
