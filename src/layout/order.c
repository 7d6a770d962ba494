/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The reading order by recursion: find the gutter that parts the region best, read what is above
 * it, left of it, right of it, below it; read a region without a gutter row by row. Refuses
 * nothing. Called by the layout of a page.
 */
#include "layout/order.h"

#include "base/memory.h"
#include "base/sort.h"
#include "layout/order_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_DEPTH = 64,      /* a newspaper page has some ten gutters inside each other */
    PATIENCE = 32 << 20, /* cells; a page of print takes a few 100,000 */
    MAX_WALLS = 64,      /* a newspaper page has some ten */
    ASIDE_LINES = 5,     /* upright text at the side of a page is at least so many lines high */
};

static const float speck_size = 0.4F; /* of an ordinary line */
static const float farthest = 1e6F;   /* pixels; keeps every sum and product exact enough */

/* By level, then x, then line. */
static int compare_boxes(const void *a, const void *b)
{
    const struct order_box *one = a, *other = b;
    if (one->level != other->level)
        return one->level < other->level ? -1 : 1;
    if (one->x1 != other->x1)
        return one->x1 < other->x1 ? -1 : 1;
    return one->box < other->box ? -1 : one->box > other->box;
}

/* The median height of the boxes that are as wide as text: fragments and marks say little. */
static float ordinary_height(const struct order_box *boxes, size_t n)
{
    float *heights = x_calloc(n, sizeof *heights);
    size_t used = 0;
    for (int wide = 1; wide >= 0 && used == 0; wide--)
        for (size_t i = 0; i < n; i++) {
            float h = boxes[i].y2 - boxes[i].y1;
            if (h > 0 && !boxes[i].solid && (!wide || boxes[i].x2 - boxes[i].x1 > 2 * h))
                heights[used++] = h;
        }
    sort_floats(heights, used);
    float median = used ? heights[used / 2] : 1;
    free(heights);
    return median;
}

/* An initial of several lines is read with the first of them. */
static void set_levels(struct order_box *boxes, size_t n, float unit)
{
    for (size_t i = 0; i < n; i++) {
        struct order_box *b = &boxes[i];
        float w = b->x2 - b->x1, h = b->y2 - b->y1;
        bool initial = !b->solid && h > 1.7F * unit && w < 1.5F * h;
        b->level = initial ? b->y1 + unit / 2 : (b->y1 + b->y2) / 2;
        b->speck = !b->solid && h < speck_size * unit && w < unit;
    }
}

static bool is_aside(const struct order_box *b, float unit)
{
    float h = b->y2 - b->y1;
    return !b->solid && h > ASIDE_LINES * unit && h > 2 * (b->x2 - b->x1);
}

/* Upright lines beside the text go behind everything else. How many there are. */
static size_t set_asides_apart(struct order_sheet *s)
{
    size_t kept = 0, aside = 0;
    for (size_t i = 0; i < s->count; i++)
        if (is_aside(&s->boxes[i], s->unit))
            s->spare[aside++] = s->boxes[i];
        else
            s->boxes[kept++] = s->boxes[i];
    memcpy(s->boxes + kept, s->spare, aside * sizeof *s->spare);
    return aside;
}

/* Into above, left, right, below, each still by level; start[i] is where part i begins. */
static void divide(struct order_sheet *s, size_t from, size_t to, const struct order_gutter *g,
                   size_t start[5])
{
    size_t at = from;
    for (int part = 0; part < 4; part++) {
        start[part] = at;
        for (size_t i = from; i < to; i++) {
            const struct order_box *b = &s->boxes[i];
            int where = b->level <= g->top           ? 0
                        : b->level >= g->bottom      ? 3
                        : (b->x1 + b->x2) / 2 < g->x ? 1
                                                     : 2;
            if (where == part)
                s->spare[at++] = *b;
        }
    }
    start[4] = at;
    memcpy(s->boxes + from, s->spare + from, (to - from) * sizeof *s->boxes);
}

static void read_region(struct order_sheet *s, size_t from, size_t to, int depth)
{
    struct order_gutter gutter;
    size_t start[5];
    if (from == to)
        return;
    if (depth == MAX_DEPTH || !order_find_gutter(s, from, to, &gutter)) {
        order_read_rows(s, from, to);
        return;
    }
    divide(s, from, to, &gutter, start);
    for (int part = 0; part < 4; part++)
        if (start[part + 1] - start[part] == to - from) /* lines without height fell to one side */
            order_read_rows(s, from, to);
        else
            read_region(s, start[part], start[part + 1], depth + 1);
}

static float clean(float v)
{
    return isfinite(v) ? fminf(fmaxf(v, -farthest), farthest) : 0;
}

static struct order_box clean_box(const struct layout_box *from, size_t index)
{
    const struct rect *r = &from->at;
    return (struct order_box){.x1 = clean(fminf(r->x1, r->x2)),
                              .y1 = clean(fminf(r->y1, r->y2)),
                              .x2 = clean(fmaxf(r->x1, r->x2)),
                              .y2 = clean(fmaxf(r->y1, r->y2)),
                              .solid = from->solid,
                              .box = index};
}

void layout_order(const struct layout_box *boxes, size_t n, struct layout_place *out)
{
    layout_order_walled(boxes, n, NULL, 0, out);
}

void layout_order_walled(const struct layout_box *boxes, size_t n, const struct layout_wall *walls,
                         size_t wall_count, struct layout_place *out)
{
    if (n == 0)
        return;
    struct order_sheet s = {.count = n, .patience = PATIENCE, .walls = walls, .out = out};
    s.wall_count = wall_count < MAX_WALLS ? wall_count : MAX_WALLS;
    s.boxes = x_calloc(n, sizeof *s.boxes);
    s.spare = x_calloc(n, sizeof *s.spare);
    for (size_t i = 0; i < n; i++)
        s.boxes[i] = clean_box(&boxes[i], i);
    s.unit = ordinary_height(s.boxes, n);
    set_levels(s.boxes, n, s.unit);
    qsort(s.boxes, n, sizeof *s.boxes, compare_boxes);
    size_t asides = set_asides_apart(&s);
    read_region(&s, 0, n - asides, 0);
    for (size_t i = n - asides; i < n; i++)
        order_read_rows(&s, i, i + 1);
    free(s.boxes);
    free(s.spare);
}
