/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Columns from how pieces stand above each other: the rows are laid over one another on a coarse
 * axis, and a border runs through each white strip between what is left. Few headings may cross a
 * strip; what stands alone inside one is a column of its own. Called by the finders of tables.
 */
#include "layout/table_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_BINS = 2048,
    CROSSED_ROWS = 6, /* one row in so many may cross a strip: headings that span columns */
    LEAST_ENTRIES = 2,
};

static const float bin_width = 0.2F; /* units: blanks between words are wider */
static const float inset = 0.1F;     /* units, off each side of a piece: boxes are drawn too wide */

struct axis {
    float start, bin;
    size_t bins;
    int *cover;   /* by bin: how many pieces are on it */
    int *entries; /* how many pieces have their middle there */
    int rows, allowed;
};

struct strip {
    size_t from, to; /* bins, to is outside */
};

static size_t bin_of(const struct axis *a, float x)
{
    float at = (x - a->start) / a->bin;
    return (size_t)fminf(fmaxf(at, 0), (float)(a->bins - 1));
}

static void bins_of(const struct axis *a, const struct piece *p, float unit, size_t *from,
                    size_t *to)
{
    float in = fminf(inset * unit, (p->at.x2 - p->at.x1) / 4);
    *from = bin_of(a, p->at.x1 + in);
    *to = bin_of(a, p->at.x2 - in);
}

static void measure_axis(const struct text_rows *t, size_t from, size_t to, struct axis *a)
{
    float x1 = INFINITY, x2 = -INFINITY;
    for (size_t r = from; r < to; r++) {
        const struct text_row *row = &t->rows[r];
        if (row->count < 2)
            continue;
        a->rows++;
        for (size_t i = 0; i < row->count; i++) {
            const struct piece *p = &t->sheet->pieces[t->pieces[row->first + i]];
            x1 = fminf(x1, p->at.x1), x2 = fmaxf(x2, p->at.x2);
        }
    }
    if (!a->rows)
        return;
    a->start = x1;
    a->bin = fmaxf(bin_width * t->sheet->unit, (x2 - x1) / MAX_BINS);
    a->bins = (size_t)fminf(floorf((x2 - x1) / a->bin) + 1, MAX_BINS);
    a->allowed = (a->rows + 2) / CROSSED_ROWS;
}

static void draw_row(const struct text_rows *t, const struct text_row *row, struct axis *a)
{
    for (size_t i = 0; i < row->count; i++) {
        const struct piece *p = &t->sheet->pieces[t->pieces[row->first + i]];
        size_t first, last;
        bins_of(a, p, t->sheet->unit, &first, &last);
        a->cover[first]++;
        a->cover[last + 1]--;
        a->entries[bin_of(a, table_middle(p->at.x1, p->at.x2))]++;
    }
}

static bool draw_axis(const struct text_rows *t, size_t from, size_t to, struct axis *a)
{
    *a = (struct axis){0};
    measure_axis(t, from, to, a);
    if (!a->rows)
        return false;
    a->cover = x_calloc(a->bins + 2, sizeof *a->cover);
    a->entries = x_calloc(a->bins + 2, sizeof *a->entries);
    for (size_t r = from; r < to; r++)
        if (t->rows[r].count >= 2)
            draw_row(t, &t->rows[r], a);
    for (size_t b = 1; b < a->bins; b++)
        a->cover[b] += a->cover[b - 1];
    return true;
}

/* The middle of the longest run of the least covered bins. */
static float border_in(const struct axis *a, struct strip s)
{
    int least = a->cover[s.from];
    size_t best = s.from, longest = 0;
    for (size_t b = s.from; b < s.to; b++)
        if (a->cover[b] < least)
            least = a->cover[b];
    for (size_t b = s.from, run = 0; b < s.to; b++) {
        run = a->cover[b] == least ? run + 1 : 0;
        if (run > longest)
            longest = run, best = b;
    }
    return a->start + ((float)best + 1 - (float)longest / 2) * a->bin;
}

/* The pieces that stand whole inside a strip, as ranges of bins: sparse columns. */
static size_t sparse_columns(const struct text_rows *t, size_t from, size_t to,
                             const struct axis *a, const struct strip *strips, size_t count,
                             struct strip *out)
{
    size_t *strip_at = x_calloc(a->bins, sizeof *strip_at), found = 0;
    int *inside = x_calloc(a->bins + 2, sizeof *inside), running = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t b = strips[i].from; b < strips[i].to; b++)
            strip_at[b] = i + 1;
    for (size_t r = from; r < to; r++)
        for (size_t i = 0; t->rows[r].count >= 2 && i < t->rows[r].count; i++) {
            size_t first, last;
            bins_of(a, &t->sheet->pieces[t->pieces[t->rows[r].first + i]], t->sheet->unit, &first,
                    &last);
            if (!strip_at[first] || strip_at[first] != strip_at[last])
                continue;
            inside[first]++;
            inside[last + 1]--;
        }
    for (size_t b = 0, most = 0, start = 0; b <= a->bins && found < TABLE_MAX_COLUMNS; b++) {
        running += inside[b];
        if (running > 0 && most == 0)
            start = b;
        if (running > 0)
            most = most > (size_t)running ? most : (size_t)running;
        else if (most > 0) {
            if (most >= LEAST_ENTRIES)
                out[found++] = (struct strip){start, b};
            most = 0;
        }
    }
    free(strip_at);
    free(inside);
    return found;
}

/* Does what lies between two strips have entries enough to be a column? */
static bool is_column(const struct axis *a, size_t from, size_t to)
{
    int entries = 0;
    for (size_t b = from; b < to; b++)
        entries += a->entries[b];
    return entries >= (a->rows <= 3 ? 1 : LEAST_ENTRIES);
}

/* White strips; those at the edges, too, which part nothing but may hold a sparse column. */
static size_t find_strips(const struct axis *a, struct strip *out, size_t max)
{
    size_t count = 0, last_end = 0;
    for (size_t b = 0; b < a->bins && count < max; b++) {
        if (a->cover[b] > a->allowed)
            continue;
        struct strip s = {b, b + 1};
        while (s.to < a->bins && a->cover[s.to] <= a->allowed)
            s.to++;
        b = s.to;
        if (s.from > 0 && !is_column(a, last_end, s.from))
            continue;
        out[count++] = s;
        last_end = s.to;
    }
    if (count && last_end < a->bins && !is_column(a, last_end, a->bins))
        count--;
    return count;
}

/* A strip with a sparse column in it has a border on either side of that. */
static size_t place_borders(const struct axis *a, const struct strip *strips, size_t count,
                            const struct strip *sparse, size_t sparse_count, float *out, size_t max)
{
    size_t found = 0, k = 0;
    for (size_t i = 0; i < count; i++) {
        struct strip rest = strips[i];
        bool column_before = rest.from > 0, column_after = rest.to < a->bins;
        for (; k < sparse_count && sparse[k].to <= strips[i].to; k++) {
            if (column_before && sparse[k].from > rest.from && found < max)
                out[found++] = border_in(a, (struct strip){rest.from, sparse[k].from});
            rest.from = sparse[k].to;
            column_before = true;
        }
        if (column_before && column_after && rest.from < rest.to && found < max)
            out[found++] = border_in(a, rest);
    }
    return found;
}

size_t table_columns(const struct text_rows *t, size_t from, size_t to, float *borders, size_t max)
{
    struct axis a;
    struct strip strips[TABLE_MAX_COLUMNS], sparse[TABLE_MAX_COLUMNS];
    if (!draw_axis(t, from, to, &a))
        return 0;
    size_t count = find_strips(&a, strips, TABLE_MAX_COLUMNS);
    size_t more = sparse_columns(t, from, to, &a, strips, count, sparse);
    size_t found = place_borders(&a, strips, count, sparse, more, borders, max);
    free(a.cover);
    free(a.entries);
    return found;
}
