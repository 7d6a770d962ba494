/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The running text of a page in reading order: all pieces that nothing has taken, among the tables,
 * figures and regions that are there already. Called by layout.c; paragraphs: paragraph.c.
 */
#include "layout/draft.h"

#include "base/sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WALLS = 256 }; /* looked at, the longest */

static const float least_wall = 6; /* ordinary heights: a drawn line that may part columns */

/* What is put in order: runs of loose pieces; pieces that are a part's; solid parts. */
struct body {
    struct layout_box *boxes;
    struct layout_place *places;
    size_t *what; /* of a box: its run, or run_count + the part */
    size_t count;
    struct run *runs;
    size_t run_count;
    size_t *pieces; /* of the runs */
    size_t *row;    /* scratch: the loose pieces of a row */
    struct entry *entries;
};

static struct rect in_reading_direction(const struct draft *d, struct rect r)
{
    return d->mirrored ? (struct rect){-r.x2, r.y1, -r.x1, r.y2} : r;
}

static size_t collect_loose(const struct draft *d, size_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < d->sheet->piece_count; i++)
        if (!d->sheet->pieces[i].taken)
            out[n++] = i;
    return n;
}

static size_t owner_of(const struct draft *d, size_t piece)
{
    return piece < d->owner_count ? d->owner[piece] : DRAFT_NONE;
}

static void add_box(const struct draft *d, struct body *b, struct rect at, bool solid, size_t what)
{
    b->boxes[b->count] = (struct layout_box){in_reading_direction(d, at), solid};
    b->what[b->count++] = what;
}

static int collect(struct draft *d, struct body *b)
{
    const struct sheet *s = d->sheet;
    size_t most = s->piece_count + d->part_count;
    b->boxes = arena_alloc(s->arena, most, sizeof *b->boxes);
    b->places = arena_alloc(s->arena, most, sizeof *b->places);
    b->what = arena_alloc(s->arena, most, sizeof *b->what);
    b->row = arena_alloc(s->arena, most, sizeof *b->row);
    b->entries = arena_alloc(s->arena, most, sizeof *b->entries);
    b->runs = arena_alloc(s->arena, most, sizeof *b->runs);
    b->pieces = arena_alloc(s->arena, most, sizeof *b->pieces);
    if (!b->boxes || !b->places || !b->what || !b->row || !b->entries || !b->runs || !b->pieces)
        return -1;
    b->run_count = draft_find_runs(d, b->pieces, collect_loose(d, b->pieces), b->runs);
    for (size_t i = 0; i < b->run_count; i++)
        b->boxes[b->count] = (struct layout_box){b->runs[i].at, false}, b->what[b->count++] = i;
    for (size_t i = 0; i < s->piece_count; i++)
        if (owner_of(d, i) != DRAFT_NONE)
            add_box(d, b, s->pieces[i].at, false, b->run_count + owner_of(d, i));
    for (size_t i = 0; i < d->part_count; i++)
        if (d->parts[i].solid)
            add_box(d, b, d->parts[i].at, true, b->run_count + i);
    return 0;
}

/* One row: its loose pieces, then the parts that come up for the first time. */
static int read_row(struct draft *d, struct body *b, size_t from, size_t to, size_t *entries)
{
    size_t loose = 0, first = *entries;
    for (size_t i = from; i < to; i++) {
        size_t what = b->what[b->places[i].box], part = what - b->run_count;
        if (what < b->run_count) {
            const struct run *run = &b->runs[what];
            memcpy(b->row + loose, b->pieces + run->first, run->count * sizeof *b->row);
            loose += run->count;
        } else if (d->parts[part].rank == DRAFT_NONE) {
            d->parts[part].rank = 0; /* until its column is read */
            d->parts[part].column = d->column_count;
            b->entries[(*entries)++] = (struct entry){DRAFT_NONE, part};
        }
    }
    if (!loose)
        return 0;
    if (!draft_add_row(d, b->row, loose))
        return -1;
    b->entries[(*entries)++] = b->entries[first];
    b->entries[first] = (struct entry){d->row_count - 1, DRAFT_NONE};
    return 0;
}

static int compare_walls(const void *a, const void *b)
{
    const struct layout_wall *one = a, *other = b;
    float x = one->bottom - one->top, y = other->bottom - other->top;
    if (x != y)
        return x > y ? -1 : 1;
    return one->x < other->x ? -1 : one->x > other->x;
}

/* Of a table or figure? */
static bool is_in_solid(const struct draft *d, const struct layout_wall *w)
{
    const struct rect at = in_reading_direction(d, (struct rect){w->x, w->top, w->x, w->bottom});
    for (size_t i = 0; i < d->part_count; i++)
        if (d->parts[i].solid && rect_overlap_x(&at, &d->parts[i].at) >= 0 &&
            rect_overlap_y(&at, &d->parts[i].at) > rect_height(&at) / 2)
            return true;
    return false;
}

/* The drawn lines that may run between columns, the longest first. How many. */
static size_t collect_walls(const struct draft *d, struct layout_wall *out)
{
    const struct sheet *s = d->sheet;
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < s->rule_count; i++) {
        const struct rect at = in_reading_direction(d, s->rules[i].at);
        if (s->rules[i].vertical && rect_height(&at) > least_wall * s->unit)
            out[n++] = (struct layout_wall){(at.x1 + at.x2) / 2, at.y1, at.y2};
    }
    if (n)
        qsort(out, n, sizeof *out, compare_walls);
    for (size_t i = 0; i < n && i < MOST_WALLS; i++)
        if (!is_in_solid(d, &out[i]))
            out[kept++] = out[i];
    return kept;
}

static float row_pitch(const struct row *above, const struct row *below)
{
    return (below->at.y1 + below->at.y2 - above->at.y1 - above->at.y2) / 2;
}

static float median(float *values, size_t n)
{
    sort_floats(values, n);
    return values[n / 2];
}

/* The median distances between its rows. */
static int measure_gap(const struct draft *d, struct column *c)
{
    const struct row *rows = d->rows + c->first;
    float *gaps = arena_alloc(d->sheet->arena, 2 * c->count, sizeof *gaps);
    if (!gaps)
        return -1;
    float *pitches = gaps + c->count;
    for (size_t r = 1; r < c->count; r++) {
        gaps[r - 1] = draft_gap(&rows[r - 1], &rows[r]);
        pitches[r - 1] = row_pitch(&rows[r - 1], &rows[r]);
    }
    if (c->count > 1) {
        c->gap = fminf(median(gaps, c->count - 1), d->sheet->unit);
        c->pitch = median(pitches, c->count - 1);
    }
    return 0;
}

static int add_column(struct draft *d, size_t first)
{
    enum { FEW_ROWS = 4 };
    struct column c = {.first = first, .count = d->row_count - first};
    size_t full = 0;
    for (size_t r = first; r < d->row_count; r++) {
        const struct row *row = &d->rows[r];
        c.begin = r > first ? fminf(c.begin, row->begin) : row->begin;
        c.end = r > first ? fmaxf(c.end, row->end) : row->end;
    }
    for (size_t r = first; r < d->row_count; r++)
        full += d->rows[r].end > c.end - d->sheet->unit;
    c.justified = c.count >= FEW_ROWS && full * 5 >= c.count * 3;
    void *list = measure_gap(d, &c) < 0
                     ? NULL
                     : draft_append(d, d->columns, &d->column_count, &d->column_space, sizeof c);
    if (!list)
        return -1;
    d->columns = list;
    d->columns[d->column_count - 1] = c;
    return 0;
}

static int read_column(struct draft *d, struct body *b, size_t from, size_t to, size_t *rank)
{
    size_t entries = 0, first = d->row_count;
    for (size_t i = from, end; i < to; i = end) {
        for (end = i; end < to && b->places[end].row == b->places[i].row;)
            end++;
        if (read_row(d, b, i, end, &entries) < 0)
            return -1;
    }
    if (add_column(d, first) < 0)
        return -1;
    return draft_split_column(d, b->entries, entries, rank);
}

int draft_read_body(struct draft *d)
{
    struct body b = {0};
    size_t rank = 0;
    if (collect(d, &b) < 0)
        return -1;
    struct layout_wall *walls = arena_alloc(d->sheet->arena, d->sheet->rule_count, sizeof *walls);
    if (!walls)
        return -1;
    layout_order_walled(b.boxes, b.count, walls, collect_walls(d, walls), b.places);
    for (size_t i = 0, end; i < b.count; i = end) {
        for (end = i; end < b.count && b.places[end].column == b.places[i].column;)
            end++;
        if (read_column(d, &b, i, end, &rank) < 0)
            return -1;
    }
    return 0;
}
