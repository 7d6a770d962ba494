/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A region without columns: its lines are gathered into rows, which are read top to bottom and
 * across; tables and figures stand between them. Called by order.c.
 */
#include "layout/order_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPEN_ROWS = 6,     /* rows a line may still join: levels of neighbours differ by less */
    ROW_LOOKBACK = 12, /* members of a row that a line is compared with, newest first */
};

static const float row_overlap = 0.5F;   /* of the lower line's height */
static const float place_overlap = 0.6F; /* of the shorter line's length: not beside each other */

struct row {
    size_t first, count; /* among the boxes, once they are sorted by row */
    size_t newest;       /* member while gathering */
    float level;         /* of its first box */
};

struct gathering {
    const struct order_box *boxes;
    struct row *rows;
    size_t row_count;
    size_t *before; /* of a box: the member of its row before it, SIZE_MAX for none */
    size_t *row_of;
};

static float overlap(float a1, float a2, float b1, float b2)
{
    return fminf(a2, b2) - fmaxf(a1, b1);
}

/* Beside what is already there, and level with the member next to it? */
static bool joins(const struct gathering *g, const struct row *row, const struct order_box *b)
{
    const struct order_box *nearest = &g->boxes[row->newest];
    float best = -INFINITY;
    size_t at = row->newest;
    for (int k = 0; k < ROW_LOOKBACK && at != SIZE_MAX; k++, at = g->before[at]) {
        const struct order_box *m = &g->boxes[at];
        float common = overlap(m->x1, m->x2, b->x1, b->x2);
        if (common > place_overlap * fminf(m->x2 - m->x1, b->x2 - b->x1))
            return false;
        if (common > best) {
            best = common;
            nearest = m;
        }
    }
    float level = overlap(nearest->y1, nearest->y2, b->y1, b->y2);
    return level >= row_overlap * fminf(nearest->y2 - nearest->y1, b->y2 - b->y1);
}

static void add_to_row(struct gathering *g, size_t r, size_t box)
{
    struct row *row = &g->rows[r];
    g->before[box] = row->count ? row->newest : SIZE_MAX;
    g->row_of[box] = r;
    row->newest = box;
    row->count++;
}

static void gather(struct gathering *g, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t oldest = g->row_count > OPEN_ROWS ? g->row_count - OPEN_ROWS : 0;
        size_t r = g->row_count;
        while (r > oldest && !joins(g, &g->rows[r - 1], &g->boxes[i]))
            r--;
        if (r == oldest)
            r = ++g->row_count;
        add_to_row(g, r - 1, i);
    }
}

static int compare_across(const void *a, const void *b)
{
    const struct order_box *one = a, *other = b;
    float x = one->x1 + one->x2, y = other->x1 + other->x2;
    if (x != y)
        return x < y ? -1 : 1;
    return one->box < other->box ? -1 : one->box > other->box;
}

/* The boxes of the region row by row, each row from left to right. */
static void sort_by_row(struct order_sheet *s, size_t from, size_t n, struct gathering *g)
{
    size_t at = 0;
    for (size_t r = 0; r < g->row_count; r++) {
        g->rows[r].first = at;
        at += g->rows[r].count;
        g->rows[r].count = 0;
    }
    for (size_t i = 0; i < n; i++) {
        struct row *row = &g->rows[g->row_of[i]];
        s->spare[row->first + row->count++] = g->boxes[i];
    }
    memcpy(s->boxes + from, s->spare, n * sizeof *s->boxes);
    for (size_t r = 0; r < g->row_count; r++) {
        struct row *row = &g->rows[r];
        qsort(s->boxes + from + row->first, row->count, sizeof *s->boxes, compare_across);
        row->level = s->boxes[from + row->first].level;
    }
}

static void place_box(struct order_sheet *s, const struct order_box *b)
{
    s->out[s->placed++] =
        (struct layout_place){.box = b->box, .column = s->columns, .row = s->rows};
}

/* A solid box stands before the first row that is not above its top. */
static void place_rows(struct order_sheet *s, const struct gathering *g,
                       const struct order_box *boxes, const struct order_box *solids,
                       size_t solid_count)
{
    size_t next = 0;
    for (size_t r = 0; r < g->row_count; r++) {
        const struct row *row = &g->rows[r];
        for (; next < solid_count && solids[next].y1 <= row->level; next++, s->rows++)
            place_box(s, &solids[next]);
        for (size_t i = 0; i < row->count; i++)
            place_box(s, &boxes[row->first + i]);
        s->rows++;
    }
    for (; next < solid_count; next++, s->rows++)
        place_box(s, &solids[next]);
    s->columns++;
}

static int compare_tops(const void *a, const void *b)
{
    const struct order_box *one = a, *other = b;
    if (one->y1 != other->y1)
        return one->y1 < other->y1 ? -1 : 1;
    if (one->x1 != other->x1)
        return one->x1 < other->x1 ? -1 : 1;
    return one->box < other->box ? -1 : one->box > other->box;
}

/* Moves the solid boxes of the region behind its lines, by their tops. How many lines there are. */
static size_t set_solids_apart(struct order_sheet *s, size_t from, size_t to)
{
    size_t lines = from, solids = 0;
    for (size_t i = from; i < to; i++)
        if (s->boxes[i].solid)
            s->spare[solids++] = s->boxes[i];
        else
            s->boxes[lines++] = s->boxes[i];
    memcpy(s->boxes + lines, s->spare, solids * sizeof *s->boxes);
    if (solids)
        qsort(s->boxes + lines, solids, sizeof *s->boxes, compare_tops);
    return lines - from;
}

void order_read_rows(struct order_sheet *s, size_t from, size_t to)
{
    size_t n = set_solids_apart(s, from, to);
    struct gathering g = {.boxes = s->boxes + from};
    g.rows = x_calloc(n, sizeof *g.rows);
    g.before = x_calloc(n, sizeof *g.before);
    g.row_of = x_calloc(n, sizeof *g.row_of);
    gather(&g, n);
    sort_by_row(s, from, n, &g);
    place_rows(s, &g, s->boxes + from, s->boxes + from + n, to - from - n);
    free(g.rows);
    free(g.before);
    free(g.row_of);
}
