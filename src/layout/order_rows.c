/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A region without columns: its lines are gathered into rows, rows are read top to bottom and
 * across, and rows that belong together make a block. Called by order.c.
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

/* Where a block ends; in ordinary line heights. */
static const float wide_hole = 2;       /* inside a row: a row of a table or form */
static const float more_space = 0.4F;   /* than usual between two rows */
static const float some_space = 0.15F;  /* the same, between rows of different size */
static const float indent = 0.7F;       /* of a first line */
static const float short_share = 0.75F; /* of the width: the last line of a paragraph */
static const float other_size = 1.25F, quite_other_size = 1.5F; /* one height over the other */

struct row {
    size_t first, count; /* among the boxes, once they are sorted by row */
    size_t newest;       /* member while gathering */
    float x1, x2, y1, y2;
    float height; /* of its lines, by length */
    bool holes;
};

struct gathering {
    const struct order_box *boxes;
    struct row *rows;
    size_t row_count;
    size_t *before; /* of a box: the member of its row before it, SIZE_MAX for none */
    size_t *row_of;
};

/* The region as rows. */
struct stack {
    const struct row *rows;
    size_t count;
    float unit, gap; /* the usual one between rows */
    float x1, x2;
    bool justified; /* most rows reach the right edge */
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
    return one->line < other->line ? -1 : one->line > other->line;
}

static void measure_row(struct row *row, const struct order_box *boxes, float unit)
{
    float area = 0, length = 0;
    row->x1 = boxes[0].x1, row->x2 = boxes[0].x2;
    row->y1 = boxes[0].y1, row->y2 = boxes[0].y2;
    for (size_t i = 0; i < row->count; i++) {
        const struct order_box *b = &boxes[i];
        float w = fmaxf(b->x2 - b->x1, 1e-3F);
        row->holes |= i > 0 && b->x1 - row->x2 > wide_hole * unit;
        row->x1 = fminf(row->x1, b->x1), row->x2 = fmaxf(row->x2, b->x2);
        row->y1 = fminf(row->y1, b->y1), row->y2 = fmaxf(row->y2, b->y2);
        area += w * (b->y2 - b->y1);
        length += w;
    }
    row->height = area / length;
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
        measure_row(row, s->boxes + from + row->first, s->unit);
    }
}

static float gap_above(const struct row *row)
{
    return (row->y1 + row->y2 - row->height) / 2 - (row[-1].y1 + row[-1].y2 + row[-1].height) / 2;
}

static int compare_floats(const void *a, const void *b)
{
    const float one = *(const float *)a, other = *(const float *)b;
    return one < other ? -1 : one > other;
}

static struct stack measure_stack(const struct row *rows, size_t count, float unit)
{
    struct stack t = {.rows = rows, .count = count, .unit = unit};
    float *gaps = x_calloc(count, sizeof *gaps);
    size_t full = 0;
    t.x1 = rows[0].x1, t.x2 = rows[0].x2;
    for (size_t r = 1; r < count; r++) {
        t.x1 = fminf(t.x1, rows[r].x1), t.x2 = fmaxf(t.x2, rows[r].x2);
        gaps[r - 1] = gap_above(&rows[r]);
    }
    if (count > 1) {
        qsort(gaps, count - 1, sizeof *gaps, compare_floats);
        t.gap = fminf(gaps[(count - 1) / 2], unit);
    }
    for (size_t r = 0; r < count; r++)
        full += rows[r].x2 > t.x2 - unit;
    t.justified = count >= 4 && full * 5 >= count * 3;
    free(gaps);
    return t;
}

static bool same_middle(const struct row *a, const struct row *b, float unit)
{
    return fabsf(a->x1 + a->x2 - b->x1 - b->x2) / 2 < 0.3F * unit;
}

/* A first line set in, or the first line of a hanging item: `opening` when the row above has
 * itself begun a block. */
static bool begins_by_indent(const struct stack *t, size_t r, bool opening)
{
    const struct row *row = &t->rows[r], *above = row - 1;
    float in = indent * t->unit;
    if (same_middle(row, above, t->unit))
        return false;
    if (row->x1 > above->x1 + in)
        return r + 1 < t->count && t->rows[r + 1].x1 < row->x1 - in;
    return !opening && row->x1 < above->x1 - in && r + 1 < t->count;
}

static bool begins_block(const struct stack *t, size_t r, bool opening)
{
    const struct row *row = &t->rows[r], *above = row - 1;
    float gap = gap_above(row) - t->gap;
    float ratio =
        fmaxf(row->height, above->height) / fmaxf(fminf(row->height, above->height), 1e-3F);
    if (gap > more_space * t->unit || ratio > quite_other_size)
        return true;
    if (ratio > other_size && gap > some_space * t->unit)
        return true;
    if (row->holes || above->holes)
        return row->holes != above->holes && gap > some_space * t->unit;
    if (t->justified && above->x2 - t->x1 < short_share * (t->x2 - t->x1))
        return true;
    return begins_by_indent(t, r, opening);
}

static void place_rows(struct order_sheet *s, const struct order_box *boxes, const struct stack *t)
{
    bool opening = true;
    for (size_t r = 0; r < t->count; r++) {
        if (r > 0) {
            opening = begins_block(t, r, opening);
            s->blocks += opening;
        }
        for (size_t i = 0; i < t->rows[r].count; i++)
            s->out[s->placed++] = (struct layout_place){
                .line = boxes[t->rows[r].first + i].line, .block = s->blocks, .row = s->rows};
        s->rows++;
    }
    s->blocks++;
}

void order_read_rows(struct order_sheet *s, size_t from, size_t to)
{
    size_t n = to - from;
    struct gathering g = {.boxes = s->boxes + from};
    g.rows = x_calloc(n, sizeof *g.rows);
    g.before = x_calloc(n, sizeof *g.before);
    g.row_of = x_calloc(n, sizeof *g.row_of);
    gather(&g, n);
    sort_by_row(s, from, n, &g);
    struct stack stack = measure_stack(g.rows, g.row_count, s->unit);
    place_rows(s, s->boxes + from, &stack);
    free(g.rows);
    free(g.before);
    free(g.row_of);
}
