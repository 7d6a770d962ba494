/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tables that rules draw: the lines of a frame are its borders, what they cover are its walls, and
 * rows or columns that the rules leave out are found by the text. What else is drawn with lines is
 * told apart in table_judge.c. Called by table.c.
 */
#include "layout/table_frame.h"

#include "base/memory.h"
#include "base/sort.h"

#include <math.h>
#include <stdlib.h>

static const float same_line = 0.35F;  /* units: closer ones are one border */
static const float wall_share = 0.5F;  /* of a place's side that a rule covers: a wall */
static const float drawn_share = 0.8F; /* of a frame that a picture covers: a chart */

enum { NOTE_WORDS = 12 }; /* in a cell across the whole table: a title above it, a note below */

struct frame {
    const struct ruling *rules;
    size_t count;
    struct rect at;
};

/* Sorted values that are apart by more than a double line is. */
static size_t cluster(float *values, size_t n, float apart)
{
    size_t count = 0;
    sort_floats(values, n);
    for (size_t i = 0; i < n; i++)
        if (!count || values[i] - values[count - 1] > apart)
            values[count++] = values[i];
    return count;
}

static struct rect frame_area(const struct ruling *rules, size_t count)
{
    struct rect at = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < count; i++) {
        const struct ruling *r = &rules[i];
        float x1 = r->vertical ? r->at : r->from, x2 = r->vertical ? r->at : r->to;
        float y1 = r->vertical ? r->from : r->at, y2 = r->vertical ? r->to : r->at;
        at.x1 = fminf(at.x1, x1), at.x2 = fmaxf(at.x2, x2);
        at.y1 = fminf(at.y1, y1), at.y2 = fmaxf(at.y2, y2);
    }
    return at;
}

/* The borders across one axis, with the frame's own ends; to free. */
static float *borders_of(const struct frame *f, bool vertical, float unit, size_t *count)
{
    float *out = x_calloc(f->count + 2, sizeof *out);
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++)
        if (f->rules[i].vertical == vertical)
            out[n++] = f->rules[i].at;
    out[n++] = vertical ? f->at.x1 : f->at.y1;
    out[n++] = vertical ? f->at.x2 : f->at.y2;
    *count = cluster(out, n, same_line * unit);
    return out;
}

static int nearest(const float *borders, int count, float value)
{
    int low = 0, high = count - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (borders[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && value - borders[low - 1] < borders[low] - value ? low - 1 : low;
}

/* Adds what a rule covers of each place along it. */
static void cover_places(struct table_search *f, const struct table_grid *g, const struct ruling *r,
                         float *cover)
{
    const float *across = r->vertical ? g->x : g->y, *along = r->vertical ? g->y : g->x;
    int line = nearest(across, (r->vertical ? g->cols : g->rows) + 1, r->at);
    int places = r->vertical ? g->rows : g->cols;
    int at = r->vertical ? table_grid_row_at(g, r->from) : table_grid_column_at(g, r->from);
    if (line == 0)
        return;
    for (; at < places && along[at] < r->to; at++) {
        size_t place = r->vertical ? (size_t)at * (size_t)g->cols + (size_t)line - 1
                                   : ((size_t)line - 1) * (size_t)g->cols + (size_t)at;
        if (line - 1 < (r->vertical ? g->cols : g->rows))
            cover[place] += fmaxf(table_overlap(along[at], along[at + 1], r->from, r->to), 0) /
                            (along[at + 1] - along[at]);
        f->patience--;
    }
}

static void raise_walls(struct table_search *search, const struct frame *f, struct table_grid *g)
{
    size_t places = (size_t)g->rows * (size_t)g->cols;
    float *cover = x_calloc(places, sizeof *cover);
    for (int side = 0; side < 2; side++) {
        bool *walls = side ? g->right : g->below;
        for (size_t i = 0; i < places; i++)
            cover[i] = 0;
        for (size_t i = 0; i < f->count && search->patience >= 0; i++)
            if (f->rules[i].vertical == (side == 1))
                cover_places(search, g, &f->rules[i], cover);
        for (size_t i = 0; i < places; i++)
            walls[i] = cover[i] >= wall_share;
    }
    free(cover);
}

/* False when it cannot be a table's. */
static bool grid_of_frame(struct table_search *search, const struct frame *f, struct table_grid *g)
{
    size_t cols, rows;
    float unit = search->sheet->unit;
    float *x = borders_of(f, true, unit, &cols), *y = borders_of(f, false, unit, &rows);
    bool fine = cols > 1 && rows > 1 && cols <= PAGE_MAX_GRID && rows <= PAGE_MAX_GRID &&
                table_grid_open(g, (int)rows - 1, (int)cols - 1);
    for (size_t i = 0; fine && i < cols; i++)
        g->x[i] = x[i];
    for (size_t i = 0; fine && i < rows; i++)
        g->y[i] = y[i];
    free(x);
    free(y);
    if (!fine)
        return false;
    g->ruled = true;
    raise_walls(search, f, g);
    return true;
}

static bool is_within(struct rect inner, struct rect outer)
{
    return inner.x1 >= outer.x1 && inner.x2 <= outer.x2 && inner.y1 >= outer.y1 &&
           inner.y2 <= outer.y2;
}

/* What is around a table or a chart is no table: a page's border, a box that it stands in. */
static bool is_around(struct table_search *f, struct rect at)
{
    f->patience -= (long)(f->table_count + f->chart_count);
    for (size_t i = 0; i < f->table_count; i++)
        if (is_within(f->tables[i].at, at))
            return true;
    for (size_t i = 0; i < f->chart_count; i++)
        if (is_within(f->charts[i], at))
            return true;
    return false;
}

static bool is_drawn(const struct table_search *f, struct rect at)
{
    float area = (at.x2 - at.x1) * (at.y2 - at.y1);
    for (size_t i = 0; i < f->sheet->picture_count; i++) {
        const struct rect *p = &f->sheet->pictures[i];
        float w = table_overlap(at.x1, at.x2, p->x1, p->x2);
        float h = table_overlap(at.y1, at.y2, p->y1, p->y2);
        if (w > 0 && h > 0 && w * h >= drawn_share * area)
            return true;
    }
    return false;
}

/* Is the first or last row one cell with much text? */
static bool is_note(const struct table_search *f, const struct table_grid *g, int row,
                    const size_t *pieces, size_t n)
{
    size_t words = 0;
    for (int c = 0; c + 1 < g->cols; c++)
        if (g->right[row * g->cols + c])
            return false;
    for (size_t i = 0; i < n; i++) {
        const struct piece *p = &f->sheet->pieces[pieces[i]];
        if (table_grid_row_at(g, table_middle(p->at.y1, p->at.y2)) == row)
            words += p->count ? p->count : 1;
    }
    return words >= NOTE_WORDS;
}

static bool spans_into(const struct table_grid *g, int row)
{
    for (int c = 0; c < g->cols; c++)
        if (!g->below[row * g->cols + c])
            return true;
    return false;
}

/* Leaves out titles and notes inside the frame; the list of pieces keeps the table's. */
static size_t trim_notes(const struct table_search *f, struct table_grid *g, size_t *pieces,
                         size_t n)
{
    int first = 0, last = g->rows;
    while (last - first > 2 && is_note(f, g, first, pieces, n) && !spans_into(g, first))
        first++;
    while (last - first > 2 && is_note(f, g, last - 1, pieces, n) && !spans_into(g, last - 2))
        last--;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const struct rect *at = &f->sheet->pieces[pieces[i]].at;
        float middle = table_middle(at->y1, at->y2);
        if (middle >= g->y[first] && middle <= g->y[last])
            pieces[kept++] = pieces[i];
    }
    table_grid_crop(g, first, last);
    return kept;
}

static int try_frame(struct table_search *search, const struct frame *f, struct error *err)
{
    struct table_grid g;
    size_t n;
    int rc = 0;
    if (is_drawn(search, f->at) || is_around(search, f->at) || !grid_of_frame(search, f, &g))
        return 0;
    size_t *pieces = table_pieces_in(search, f->at, &n);
    table_tidy(search, &g, pieces, n);
    table_add_walls(search, &g, pieces, n);
    table_squeeze(&g);
    n = trim_notes(search, &g, pieces, n);
    const bool columns_drawn = g.cols > 1;
    table_divide(search, &g, pieces, n);
    enum table_kind kind = table_judge(search, &g, columns_drawn, pieces, n);
    if (kind == TABLE_KIND_CHART)
        search->charts[search->chart_count++] = f->at;
    if (search->patience >= 0 && kind == TABLE_KIND_TABLE)
        rc = table_build(search, &g, pieces, n, err);
    free(pieces);
    table_grid_close(&g);
    return rc;
}

static int compare_frame_areas(const void *a, const void *b)
{
    const struct frame *one = a, *other = b;
    float d = (one->at.x2 - one->at.x1) * (one->at.y2 - one->at.y1) -
              (other->at.x2 - other->at.x1) * (other->at.y2 - other->at.y1);
    if (d != 0)
        return d < 0 ? -1 : 1;
    return one->rules < other->rules ? -1 : one->rules > other->rules;
}

/* Small ones first: a table inside a frame is not the frame's text. */
int table_find_ruled(struct table_search *search, struct error *err)
{
    struct ruling *rules;
    size_t count = table_frames(search, &rules), frame_count = 0;
    struct frame *frames = x_calloc(count + 1, sizeof *frames);
    int rc = 0;
    for (size_t i = 0, end; i < count; i = end) {
        end = i + 1;
        while (end < count && rules[end].frame == rules[i].frame)
            end++;
        if (rules[end - 1].vertical) /* level ones alone are read with their text */
            frames[frame_count++] =
                (struct frame){rules + i, end - i, frame_area(rules + i, end - i)};
    }
    if (frame_count)
        qsort(frames, frame_count, sizeof *frames, compare_frame_areas);
    search->charts = x_calloc(frame_count + 1, sizeof *search->charts);
    for (size_t i = 0; i < frame_count && rc == 0 && search->patience >= 0; i++)
        rc = try_frame(search, &frames[i], err);
    free(search->charts);
    search->charts = NULL;
    search->chart_count = 0;
    free(frames);
    free(rules);
    return rc;
}
