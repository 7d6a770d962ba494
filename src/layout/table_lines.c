/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Which lines of text begin a row of a table, and which go on with the cells above them. Headings
 * are folded into as few rows as their spans allow; below, a line goes on where it has no entry of
 * its own: no number, nothing under what the row has not, and little space above. Called by the
 * finders of tables.
 */
#include "layout/table_internal.h"

#include "base/memory.h"
#include "base/sort.h"

#include <math.h>
#include <stdlib.h>

static const float tight = 0.75F;      /* units of white between lines of one cell, at most */
static const float interleaved = 0.2F; /* units that two lines have in common */
static const float gap_jump = 0.3F;    /* units between the smaller and the larger gaps */
static const float few_numbers = 0.2F; /* of the lines after a small gap: they go on with cells */

enum { MOST_HEAD_LINES = 12 };

/* What a line of text has in the columns. */
struct line_view {
    int entries, numbers; /* in all columns; numbers and signs, not in the first */
    int texts;            /* entries in letters, not in the first column */
    bool stub, low, spans;
    unsigned char *has; /* by column */
};

struct line_views {
    const struct text_rows *t;
    const float *borders;
    size_t cols, from, count;
    struct line_view *list;
    unsigned char *has;
    bool stubs;      /* lines with numbers begin in the first column */
    float gap_limit; /* after a smaller gap a line goes on; 0: gaps do not tell */
};

static size_t column_of(const struct line_views *v, float x)
{
    size_t c = 0;
    while (c + 1 < v->cols && v->borders[c] <= x)
        c++;
    return c;
}

static void view_piece(const struct line_views *v, const struct piece *p, struct line_view *line)
{
    float x1, x2;
    table_reach(p, &x1, &x2);
    size_t first = column_of(v, x1), last = column_of(v, x2);
    enum table_entry entry = table_entry_of(p);
    line->spans |= last > first;
    line->entries++;
    for (size_t c = first; c <= last; c++)
        line->has[c] = 1;
    if (first == 0) {
        line->stub = true;
        line->low |= table_starts_low(p);
    } else if (entry == TABLE_ENTRY_TEXT) {
        line->texts++;
    } else {
        line->numbers++;
    }
}

static void view_lines(struct line_views *v)
{
    const struct text_rows *t = v->t;
    for (size_t i = 0; i < v->count; i++) {
        const struct text_row *row = &t->rows[v->from + i];
        v->list[i].has = v->has + i * v->cols;
        for (size_t k = 0; k < row->count; k++)
            view_piece(v, &t->sheet->pieces[t->pieces[row->first + k]], &v->list[i]);
    }
}

static bool have_stubs(const struct line_views *v)
{
    size_t lines = 0, stubs = 0;
    for (size_t i = 0; i < v->count; i++) {
        lines += v->list[i].numbers > 0;
        stubs += v->list[i].numbers > 0 && v->list[i].stub;
    }
    return stubs * 3 >= lines * 2;
}

static float gap_above(const struct line_views *v, size_t i)
{
    return v->t->rows[v->from + i].y1 - v->t->rows[v->from + i - 1].y2;
}

static bool is_body(const struct line_views *v, const struct line_view *line)
{
    bool stub = line->stub || !v->stubs;
    return stub && line->numbers > 0 && line->numbers >= line->texts;
}

/* Lines above the first that has numbers; 0 when there is none such, or it comes late. */
static size_t head_lines(const struct line_views *v)
{
    size_t i = 0;
    while (i < v->count && !is_body(v, &v->list[i]))
        i++;
    if (i == v->count || i > MOST_HEAD_LINES || (i * 2 > v->count && i > 3))
        return 0;
    while (i > 1 && v->list[i - 1].stub && v->list[i - 1].entries == 1)
        i--; /* the name of the first group of rows, or the first line of a stub */
    return i;
}

/* Where the gaps between lines are of two kinds, and the small ones have no numbers below them,
 * the large ones part rows. */
static void judge_gaps(struct line_views *v, size_t from)
{
    size_t n = 0, at = 0, small = 0, numbers = 0;
    float *gaps = x_calloc(v->count + 1, sizeof *gaps), unit = v->t->sheet->unit;
    for (size_t i = from + 1; i < v->count; i++)
        gaps[n++] = gap_above(v, i);
    sort_floats(gaps, n);
    for (size_t i = 1; i < n; i++)
        if (!at || gaps[i] - gaps[i - 1] > gaps[at] - gaps[at - 1])
            at = i;
    float limit = at ? (gaps[at] + gaps[at - 1]) / 2 : 0;
    if (at && limit > 0 && gaps[at] - gaps[at - 1] >= gap_jump * unit &&
        gaps[at - 1] <= tight * unit && n - at >= 2)
        v->gap_limit = limit;
    free(gaps);
    for (size_t i = from + 1; i < v->count; i++)
        if (gap_above(v, i) < limit) {
            small++;
            numbers += v->list[i].numbers > 0;
        }
    if ((float)numbers > few_numbers * (float)small)
        v->gap_limit = 0;
}

static bool within(const struct line_views *v, const struct line_view *line,
                   const unsigned char *row)
{
    for (size_t c = 0; c < v->cols; c++)
        if (line->has[c] && !row[c])
            return false;
    return true;
}

static bool apart(const struct line_views *v, const struct line_view *a, const struct line_view *b)
{
    for (size_t c = 0; c < v->cols; c++)
        if (a->has[c] && b->has[c])
            return false;
    return true;
}

/* Half a line lower than the one above and in other columns: what is centred beside two lines. */
static bool interleaves(const struct line_views *v, size_t i, const unsigned char *row)
{
    const struct line_view *line = &v->list[i];
    if (gap_above(v, i) > -interleaved * v->t->sheet->unit || !apart(v, line, &v->list[i - 1]))
        return false;
    for (size_t c = 0; c < v->cols && line->numbers; c++)
        if (line->has[c] && row[c])
            return false;
    return true;
}

/* Does line i go on with the row that began at line `start` and has entries in these columns? */
static bool goes_on(const struct line_views *v, size_t start, size_t i, const unsigned char *row)
{
    const struct line_view *line = &v->list[i], *above = &v->list[i - 1];
    float gap = gap_above(v, i), unit = v->t->sheet->unit;
    if (gap > tight * unit || (v->gap_limit > 0 && gap > v->gap_limit))
        return false;
    if (interleaves(v, i, row))
        return true;
    bool stub_only = line->stub && line->entries == 1;
    bool above_stub_only = above->stub && above->entries == 1 && i - 1 == start;
    if (above_stub_only && line->stub && line->low && !line->spans)
        return true;
    if (line->numbers > 0 || !within(v, line, row))
        return false;
    if (v->gap_limit > 0)
        return true;
    if (stub_only)
        return line->low && !above->spans;
    return !line->stub && line->entries < (int)v->cols && row[0];
}

/* Of a heading: a line goes on unless it or the one above spans columns. */
static bool heading_goes_on(const struct line_views *v, size_t i)
{
    return !v->list[i - 1].spans && !v->list[i].spans &&
           gap_above(v, i) <= tight * v->t->sheet->unit;
}

static void mark_starts(const struct line_views *v, size_t head, bool *starts)
{
    unsigned char *row = x_calloc(v->cols, 1);
    size_t start = 0;
    for (size_t i = 0; i < v->count; i++) {
        if (i == 0 || i == head)
            starts[i] = true;
        else
            starts[i] = i < head ? !heading_goes_on(v, i) : !goes_on(v, start, i, row);
        for (size_t c = 0; c < v->cols; c++)
            row[c] = (starts[i] ? 0 : row[c]) | v->list[i].has[c];
        start = starts[i] ? i : start;
    }
    free(row);
}

size_t table_row_starts(const struct text_rows *t, size_t from, size_t to, const float *borders,
                        size_t border_count, bool *starts)
{
    struct line_views v = {
        .t = t, .borders = borders, .cols = border_count + 1, .from = from, .count = to - from};
    v.list = x_calloc(v.count + 1, sizeof *v.list);
    v.has = x_calloc(v.count + 1, v.cols);
    view_lines(&v);
    v.stubs = have_stubs(&v);
    size_t head = head_lines(&v);
    judge_gaps(&v, head);
    mark_starts(&v, head, starts);
    free(v.list);
    free(v.has);
    return head;
}
