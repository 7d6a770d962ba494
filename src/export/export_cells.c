/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The lines of a table sorted into its cells, by where their middles are. A page result has the
 * text of cells and the lines of the whole table; formats that want lines in cells ask here. Costs
 * as much as there are cells and lines, whatever rows and columns are claimed.
 */
#include "export/export_shape.h"

#include <math.h>
#include <string.h>

/* A grid that is larger, for its cells, is not one: an ordinary table has a cell for each place. */
enum { PLACES_PER_CELL = 16, PLACES_SPARE = 1024 };

struct grid {
    const struct page *page;
    const struct block *table;
    float *top, *left; /* where rows and columns begin, rising */
    size_t *cell;      /* by place: index + 1; 0: none */
};

/* As it stands when the page is turned to be read. */
static struct point upright(const struct page *page, struct point p)
{
    const float width = (float)page->width, height = (float)page->height;
    switch (page->rotation) {
    case 90:
        return (struct point){height - p.y, p.x};
    case 180:
        return (struct point){width - p.x, height - p.y};
    case 270:
        return (struct point){p.y, width - p.x};
    default:
        return p;
    }
}

static struct point corner(const struct page *page, const struct rect *r)
{
    const struct point a = upright(page, (struct point){r->x1, r->y1}),
                       b = upright(page, (struct point){r->x2, r->y2});
    return (struct point){fminf(a.x, b.x), fminf(a.y, b.y)};
}

static bool inside(const struct block *table, const struct cell *c)
{
    return c->row >= 0 && c->col >= 0 && c->rowspan > 0 && c->colspan > 0 &&
           c->rowspan <= table->rows - c->row && c->colspan <= table->cols - c->col;
}

/* Rows and columns in which no cell begins, and those that would begin before the one before them,
 * begin with it. */
static void make_rising(float *starts, int count)
{
    if (!isfinite(starts[0]))
        starts[0] = -INFINITY;
    for (int i = 1; i < count; i++)
        if (!isfinite(starts[i]) || starts[i] < starts[i - 1])
            starts[i] = starts[i - 1];
}

static void fill(struct grid *g)
{
    for (int i = 0; i < g->table->rows; i++)
        g->top[i] = INFINITY;
    for (int i = 0; i < g->table->cols; i++)
        g->left[i] = INFINITY;
    for (size_t i = 0; i < g->table->cell_count; i++) {
        const struct cell *c = &g->table->cells[i];
        const struct point at = corner(g->page, &c->bbox);
        if (!inside(g->table, c))
            continue;
        g->top[c->row] = fminf(g->top[c->row], at.y);
        g->left[c->col] = fminf(g->left[c->col], at.x);
        for (int row = c->row; row < c->row + c->rowspan; row++)
            for (int col = c->col; col < c->col + c->colspan; col++)
                g->cell[row * g->table->cols + col] = i + 1;
    }
    make_rising(g->top, g->table->rows);
    make_rising(g->left, g->table->cols);
}

/* The last that begins at or before `at`; −1: none. */
static int find(const float *starts, int count, float at)
{
    int low = 0, high = count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (starts[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

/* cell_count: none */
static size_t cell_of(const struct grid *g, const struct line *line)
{
    const struct point middle =
        point_between(line->polygon.corner[0], line->polygon.corner[2], 0.5F);
    const struct point at = upright(g->page, middle);
    int row = find(g->top, g->table->rows, at.y), col = find(g->left, g->table->cols, at.x);
    size_t cell = row < 0 || col < 0 ? 0 : g->cell[row * g->table->cols + col];
    return cell ? cell - 1 : g->table->cell_count;
}

static bool open_grid(struct grid *g, struct arena *arena)
{
    const struct block *t = g->table;
    size_t places = t->rows > 0 && t->cols > 0 ? (size_t)t->rows * (size_t)t->cols : 0;
    if (!places || places > t->cell_count * PLACES_PER_CELL + PLACES_SPARE)
        return false;
    g->top = arena_alloc(arena, (size_t)t->rows, sizeof *g->top);
    g->left = arena_alloc(arena, (size_t)t->cols, sizeof *g->left);
    g->cell = arena_alloc(arena, places, sizeof *g->cell);
    fill(g);
    return true;
}

void cell_lines_open(struct cell_lines *c, const struct page *page, const struct block *table)
{
    struct grid g = {.page = page, .table = table};
    c->arena = arena_new(0); /* the page's own caps bound it */
    c->order = arena_alloc(c->arena, table->line_count + 1, sizeof *c->order);
    c->first = arena_alloc(c->arena, table->cell_count + 2, sizeof *c->first);
    size_t *cell = arena_alloc(c->arena, table->line_count + 1, sizeof *cell);
    size_t *next = arena_alloc(c->arena, table->cell_count + 1, sizeof *next);
    bool known = open_grid(&g, c->arena);
    for (size_t i = 0; i < table->line_count; i++) {
        cell[i] = known ? cell_of(&g, &table->lines[i]) : table->cell_count;
        c->first[cell[i] + 1]++;
    }
    for (size_t i = 0; i <= table->cell_count; i++)
        c->first[i + 1] += c->first[i];
    memcpy(next, c->first, (table->cell_count + 1) * sizeof *next);
    for (size_t i = 0; i < table->line_count; i++)
        c->order[next[cell[i]]++] = i;
}

void cell_lines_close(struct cell_lines *c)
{
    arena_free(&c->arena);
}
