/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Which filled rectangles are a table's shading, which are behind text, and which are a drawing's
 * bars. White lines count where they part such rectangles. Called by decode_drawing_hints.c.
 */
#include "decode/decode_drawing.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static const float whole_page = 0.7F;  /* of its area: a patch so large is the page's colour */
static const float touching = 1.5F;    /* points between neighbours that seem to touch */
static const float row_gap = 3.0F;     /* heights: rows of one table are not further apart */
static const float column_gap = 12.0F; /* points: nor its columns */
static const float bar_gap = 6.0F;     /* widths between the bars of one chart */

static const float seen = 0.3F; /* points: a narrower gap is none */

enum {
    SOLID = 2,          /* weight of a bar, in strokes of a mark */
    PATIENCE = 1 << 23, /* squares painted: a hundred pages full */
    PAPER = 0xFFFFFF,
};

struct patch {
    struct rect at; /* for columns turned over, so that a run goes down in y */
    uint32_t colour;
    bool text, aligned;
    size_t index; /* in the drawing */
};

struct patches {
    struct patch *list;
    size_t count;
    struct drawing_grid grid; /* only its measures */
    uint32_t *colours;        /* of each square as the page shows it */
};

static struct rect turned_over(struct rect r)
{
    return (struct rect){r.y1, r.x1, r.y2, r.x2};
}

static int compare(float a, float b)
{
    return (a > b) - (a < b);
}

/* Those with the same sides follow each other from top to bottom. */
static int by_sides(const void *a, const void *b)
{
    const struct patch *p = a, *q = b;
    int order = compare(roundf(p->at.x1), roundf(q->at.x1));
    if (!order)
        order = compare(roundf(p->at.x2), roundf(q->at.x2));
    if (!order)
        order = compare(p->at.y1, q->at.y1);
    return order ? order : (p->index > q->index) - (p->index < q->index);
}

/* Those that stand on the same line follow each other from left to right. */
static int by_foot(const void *a, const void *b)
{
    const struct patch *p = a, *q = b;
    int order = compare(roundf(p->at.y2), roundf(q->at.y2));
    if (!order)
        order = compare(p->at.x1, q->at.x1);
    return order ? order : (p->index > q->index) - (p->index < q->index);
}

static bool follows(const struct patch *p, const struct patch *next, float limit)
{
    return roundf(p->at.x1) == roundf(next->at.x1) && roundf(p->at.x2) == roundf(next->at.x2) &&
           next->at.y1 - p->at.y2 <= limit && next->at.y1 - p->at.y2 >= -touching;
}

static bool touch(const struct patch *p, const struct patch *next)
{
    return next->at.y1 - p->at.y2 <= touching;
}

/* ---- edges ---- */

/* The colours that the patches leave, the last on top. Patience ends with a page of huge ones. */
static void paint(struct patches *ps, const struct drawing *drawing)
{
    const struct drawing_grid *g = &ps->grid;
    size_t squares = (size_t)g->columns * (size_t)g->rows, patience = PATIENCE;
    ps->colours = x_calloc(squares, sizeof *ps->colours);
    for (size_t i = 0; i < squares; i++)
        ps->colours[i] = PAPER;
    for (size_t i = 0; i < drawing->count; i++) {
        const struct drawing_box *b = &drawing->boxes[i];
        struct drawing_squares in = drawing_grid_inner(g, b->at);
        size_t area = (size_t)(in.right - in.left) * (size_t)(in.bottom - in.top);
        if (b->kind != INK_PATCH || area > patience)
            continue;
        patience -= area;
        for (int row = in.top; row < in.bottom; row++)
            for (int column = in.left; column < in.right; column++)
                ps->colours[(size_t)row * (size_t)g->columns + (size_t)column] = b->colour;
    }
}

static uint32_t colour_at(const struct patches *ps, float x, float y)
{
    const struct drawing_grid *g = &ps->grid;
    int column = drawing_grid_at(x, g->square, g->columns),
        row = drawing_grid_at(y, g->square, g->rows);
    return ps->colours[(size_t)row * (size_t)g->columns + (size_t)column];
}

static bool parts_colours(const struct patches *ps, struct rect edge, bool over)
{
    float off = 0.8F * ps->grid.square;
    for (int i = 1; i <= 3; i++) {
        float x = edge.x1 + (edge.x2 - edge.x1) * (float)i / 4, y = edge.y1;
        uint32_t before = over ? colour_at(ps, y - off, x) : colour_at(ps, x, y - off);
        uint32_t after = over ? colour_at(ps, y + off, x) : colour_at(ps, x, y + off);
        if (before != after)
            return true;
    }
    return false;
}

static void add_edge(struct drawing *drawing, const struct patch *p, float y, bool over)
{
    struct rect edge = {p->at.x1, y, p->at.x2, y};
    struct drawing_box box = {over ? turned_over(edge) : edge, INK_STRIP, over, false, 0, 1};
    drawing_add_box(drawing, &box);
}

static void add_outer_edge(struct drawing *drawing, const struct patches *ps, const struct patch *p,
                           float y, bool over)
{
    if (parts_colours(ps, (struct rect){p->at.x1, y, p->at.x2, y}, over))
        add_edge(drawing, p, y, over);
}

/* Between two of one colour without a gap there is nothing to be seen. */
static void add_edges(struct drawing *drawing, const struct patches *ps, struct patch *run,
                      size_t n, bool over)
{
    for (size_t i = 0; i < n; i++) {
        const struct patch *p = &run[i];
        if (i == 0 || !touch(p - 1, p))
            add_outer_edge(drawing, ps, p, p->at.y1, over);
        if (i + 1 == n || !touch(p, p + 1))
            add_outer_edge(drawing, ps, p, p->at.y2, over);
        else if (p->colour != p[1].colour || p[1].at.y1 - p->at.y2 >= seen)
            add_edge(drawing, p, p->at.y2, over);
        run[i].aligned = true;
    }
}

/* ---- runs of patches ---- */

static bool is_shading(const struct patch *run, size_t n)
{
    size_t text = 0;
    for (size_t i = 0; i < n; i++)
        text += run[i].text;
    return 2 * text >= n && (n >= 3 || (n == 2 && touch(&run[0], &run[1])));
}

static bool same(const struct patch *p, const struct patch *q)
{
    return roundf(p->at.x1) == roundf(q->at.x1) && roundf(p->at.x2) == roundf(q->at.x2) &&
           fabsf(p->at.y1 - q->at.y1) < touching && fabsf(p->at.y2 - q->at.y2) < touching;
}

/* Of those painted one over the other the last is seen. */
static void drop_covered(struct drawing *drawing, struct patches *ps)
{
    size_t kept = 0;
    qsort(ps->list, ps->count, sizeof *ps->list, by_sides);
    for (size_t i = 0; i < ps->count; i++) {
        const struct patch *p = &ps->list[i];
        if (i + 1 < ps->count && same(p, p + 1))
            drawing->boxes[p->index].kind = INK_NONE;
        else
            ps->list[kept++] = *p;
    }
    ps->count = kept;
}

static void find_runs(struct drawing *drawing, const struct patches *ps, bool over)
{
    size_t start = 0;
    qsort(ps->list, ps->count, sizeof *ps->list, by_sides);
    for (size_t i = 1; i <= ps->count; i++) {
        const struct patch *p = &ps->list[i - 1];
        float limit = over ? column_gap : row_gap * (p->at.y2 - p->at.y1);
        if (i < ps->count && follows(p, p + 1, limit))
            continue;
        if (is_shading(ps->list + start, i - start))
            add_edges(drawing, ps, ps->list + start, i - start, over);
        start = i;
    }
}

static void turn_over(const struct patches *ps)
{
    for (size_t i = 0; i < ps->count; i++)
        ps->list[i].at = turned_over(ps->list[i].at);
}

/* Bars on one line, or from one, become one group however far apart they stand: a mark joins each
 * with the next. */
static void join_bars(struct drawing *drawing, const struct patches *ps, bool over)
{
    qsort(ps->list, ps->count, sizeof *ps->list, by_foot);
    for (size_t i = 0; i + 1 < ps->count; i++) {
        const struct patch *p = &ps->list[i], *next = p + 1;
        float gap = next->at.x1 - p->at.x2, width = p->at.x2 - p->at.x1;
        if (p->text || p->aligned || next->text || next->aligned ||
            roundf(p->at.y2) != roundf(next->at.y2) || gap > bar_gap * width)
            continue;
        struct rect foot = {p->at.x1, p->at.y2 - 1, next->at.x2, p->at.y2};
        struct drawing_box box = {over ? turned_over(foot) : foot, INK_MARK, false, false, 0, 0};
        drawing_add_box(drawing, &box);
    }
}

static bool covers_page(const struct drawing *drawing, struct rect r)
{
    return (r.x2 - r.x1) * (r.y2 - r.y1) > whole_page * drawing->width * drawing->height;
}

static struct patches gather(struct drawing *drawing, const struct drawing_grid *letters)
{
    struct patches ps = {.list = x_calloc(drawing->count + 1, sizeof *ps.list)};
    for (size_t i = 0; i < drawing->count; i++) {
        struct drawing_box *b = &drawing->boxes[i];
        if (b->kind != INK_PATCH)
            continue;
        if (covers_page(drawing, b->at))
            b->kind = INK_NONE;
        else
            ps.list[ps.count++] =
                (struct patch){b->at, b->colour, drawing_grid_in(letters, b->at) > 0, false, i};
    }
    return ps;
}

static void settle(struct drawing *drawing, const struct patches *ps)
{
    for (size_t i = 0; i < ps->count; i++) {
        const struct patch *p = &ps->list[i];
        struct drawing_box *b = &drawing->boxes[p->index];
        b->kind = p->text || p->aligned ? INK_NONE : INK_MARK;
        b->weight = SOLID;
    }
}

static bool has_white(const struct drawing *drawing)
{
    for (size_t i = 0; i < drawing->count; i++)
        if (drawing->boxes[i].white)
            return true;
    return false;
}

/* A white line is one when it lies on something. */
static void drop_white(struct drawing *drawing)
{
    struct drawing_grid on;
    if (!has_white(drawing))
        return;
    drawing_grid_init(&on, drawing);
    for (size_t i = 0; i < drawing->count; i++)
        if (drawing->boxes[i].kind == INK_PATCH)
            drawing_grid_cover(&on, drawing->boxes[i].at);
    drawing_grid_sum_cover(&on);
    for (size_t i = 0; i < drawing->count; i++) {
        struct drawing_box *b = &drawing->boxes[i];
        int column = drawing_grid_at((b->at.x1 + b->at.x2) / 2, on.square, on.columns);
        int row = drawing_grid_at((b->at.y1 + b->at.y2) / 2, on.square, on.rows);
        if (b->white && drawing_grid_covered(&on, column, row) < 0.5F)
            b->kind = INK_NONE;
    }
    drawing_grid_done(&on);
}

static void find_shading(struct drawing *drawing, struct patches *ps)
{
    drawing_grid_measure(&ps->grid, drawing);
    paint(ps, drawing);
    find_runs(drawing, ps, false);
    turn_over(ps);
    find_runs(drawing, ps, true);
    turn_over(ps);
    free(ps->colours);
}

void drawing_sort_patches(struct drawing *drawing, const struct drawing_grid *letters)
{
    drop_white(drawing);
    struct patches ps = gather(drawing, letters);
    drop_covered(drawing, &ps);
    if (ps.count > 1)
        find_shading(drawing, &ps);
    join_bars(drawing, &ps, false);
    turn_over(&ps);
    join_bars(drawing, &ps, true);
    turn_over(&ps);
    settle(drawing, &ps);
    free(ps.list);
}
