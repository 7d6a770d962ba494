/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A zone without a frame, read as a table: its lines, the columns they stand in, which lines make a
 * row, what spans columns. Refuses running text, lists, lists of contents, and what stands in
 * columns by chance. Called by table_open.c.
 */
#include "layout/table_zone.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static const float aligned = 0.35F;      /* units between edges or middles of one column */
static const float aligned_share = 0.6F; /* of a column's entries */
static const float pairs_share = 0.8F;   /* the same, where there are few rows or only pairs */
static const float filled_share = 0.45F; /* of the places, where no rule speaks for a table */
static const float over_share = 0.4F;    /* of the lines: they run over the columns of others */
static const float label_share = 0.2F;   /* of the entries: a form, a receipt */
static const float ruled_rows = 0.45F;   /* rules for each line of text: they part all rows */
enum { RUNNING_LINES = 12 }; /* of which half are sentences: a page's columns between rules */

static const float wide_word = 12; /* units for each word */
static const float wide_words = 5; /* words to an entry, on average: sentences */

struct reading {
    struct table_search *search;
    const struct zone *zone;
    struct text_rows text;
    size_t from, to; /* of the text rows: the table's */
    float borders[TABLE_MAX_COLUMNS + 2];
    size_t border_count;
    bool *starts;      /* by text row, from `from` */
    size_t head_lines; /* of these: headings above numbers */
    struct table_grid grid;
};

static const struct piece *piece_of(const struct reading *r, const struct text_row *row, size_t i)
{
    return &r->search->sheet->pieces[r->text.pieces[row->first + i]];
}

static void columns_of(const struct reading *r, const struct piece *p, size_t *first, size_t *last)
{
    float x1, x2;
    table_reach(p, &x1, &x2);
    *first = *last = 0;
    while (*first < r->border_count && r->borders[*first] <= x1)
        ++*first;
    *last = *first;
    while (*last < r->border_count && r->borders[*last] <= x2)
        ++*last;
}

/* ---- which rows ---- */

/* Rows at the ends that stand alone: titles above, notes below. A heading over some of the columns
 * may stay, and the last line of an entry. */
static void trim(struct reading *r)
{
    float unit = r->search->sheet->unit;
    while (r->to > r->from && r->text.rows[r->to - 1].count < 2)
        r->to--;
    while (r->from < r->to && r->text.rows[r->from].count < 2)
        r->from++;
    if (r->from == 0 || r->from == r->to)
        return;
    const struct text_row *above = &r->text.rows[r->from - 1], *first = &r->text.rows[r->from];
    const struct piece *alone = piece_of(r, above, 0), *stub = piece_of(r, first, 0);
    if (alone->at.x1 > stub->at.x2 && first->y1 - above->y2 < unit &&
        alone->at.x2 <= piece_of(r, first, first->count - 1)->at.x2 + unit)
        r->from--;
}

static bool find_columns(struct reading *r)
{
    r->border_count = table_columns(&r->text, r->from, r->to, r->borders, TABLE_MAX_COLUMNS);
    return r->border_count > 0;
}

/* ---- is it one? ---- */

struct column {
    size_t entries, words, numbers, bullets, labels, options;
    size_t left, right, centre; /* entries aligned with the one above */
    float x1, x2, width;
    const struct piece *above;
};

static void view_entry(struct column *c, const struct piece *p, float unit)
{
    const struct piece *above = c->above;
    c->entries++;
    c->words += p->count ? p->count : 1;
    c->numbers += table_entry_of(p) != TABLE_ENTRY_TEXT;
    c->bullets += table_is_bullet(p);
    c->labels += table_is_label(p);
    c->options += table_is_option(p);
    c->width += p->at.x2 - p->at.x1;
    c->x1 = c->above ? fminf(c->x1, p->at.x1) : p->at.x1;
    c->x2 = c->above ? fmaxf(c->x2, p->at.x2) : p->at.x2;
    c->above = p;
    if (!above)
        return;
    c->left += fabsf(p->at.x1 - above->at.x1) <= aligned * unit;
    c->right += fabsf(p->at.x2 - above->at.x2) <= aligned * unit;
    c->centre += fabsf(p->at.x1 + p->at.x2 - above->at.x1 - above->at.x2) <= 2 * aligned * unit;
}

/* Lines with a run of dots, and lines that run over borders. */
struct odd_lines {
    size_t led, spanning;
};

static struct column *view_columns(const struct reading *r, struct odd_lines *odd)
{
    struct column *out = x_calloc(r->border_count + 1, sizeof *out);
    *odd = (struct odd_lines){0};
    for (size_t i = r->from; i < r->to; i++) {
        const struct text_row *row = &r->text.rows[i];
        bool led = false, spans = false;
        for (size_t k = 0; k < row->count; k++) {
            const struct piece *p = piece_of(r, row, k);
            size_t first, last;
            columns_of(r, p, &first, &last);
            led |= table_has_leaders(p);
            spans |= first != last;
            if (first == last)
                view_entry(&out[first], p, r->search->sheet->unit);
        }
        odd->led += led;
        odd->spanning += spans;
    }
    return out;
}

static bool is_aligned(const struct column *c)
{
    size_t best = c->left > c->right ? c->left : c->right;
    best = best > c->centre ? best : c->centre;
    return c->entries < 3 || (float)best >= aligned_share * (float)(c->entries - 1);
}

/* Sentences that fill their column: of many words, or of long ones in scripts without blanks. */
static bool is_prose(const struct column *c, float unit)
{
    float entries = (float)c->entries, words = (float)c->words;
    bool sentences = words >= wide_words * entries || c->width >= wide_word * unit * words;
    return c->entries >= 2 && sentences && c->width >= 0.7F * entries * (c->x2 - c->x1);
}

struct verdict {
    size_t aligned, prose, numeric, entries, labels;
    size_t sentences; /* entries of the columns of prose */
    bool list, options;
};

static struct verdict judge_columns(const struct column *c, size_t count, float unit)
{
    struct verdict v = {0};
    for (size_t i = 0; i < count; i++) {
        v.aligned += is_aligned(&c[i]);
        v.prose += is_prose(&c[i], unit);
        v.sentences += is_prose(&c[i], unit) ? c[i].entries : 0;
        v.numeric += c[i].numbers * 2 > c[i].entries;
        v.entries += c[i].entries;
        v.labels += c[i].labels;
    }
    v.list = c[0].bullets * 2 > c[0].entries;
    v.options = c[0].options * 2 > c[0].entries;
    return v;
}

static bool is_table(const struct reading *r)
{
    size_t cols = r->border_count + 1, lines = r->to - r->from, rows = 0;
    struct odd_lines odd;
    struct column *c = view_columns(r, &odd);
    struct verdict v = judge_columns(c, cols, r->search->sheet->unit);
    free(c);
    for (size_t i = 0; i < lines; i++)
        rows += r->starts[i];
    if (odd.led * 3 > lines || rows < 2 || v.list)
        return false;
    float filled = (float)v.entries / (float)(lines * cols);
    bool running = lines >= RUNNING_LINES && v.sentences * 2 > lines;
    if (r->zone->certain)
        return v.prose < cols && !running &&
               (cols >= 3 || v.numeric || (rows >= 3 && filled >= pairs_share));
    bool form = v.labels >= 2 && (float)v.labels >= label_share * (float)v.entries;
    bool written_over = (float)odd.spanning > over_share * (float)lines;
    return !form && !written_over && !v.options && rows >= (cols >= 3 ? 3U : 4U) && v.prose == 0 &&
           v.aligned * 4 >= cols * 3 && (v.numeric || cols >= 3) &&
           filled >= (rows < 4 ? pairs_share : filled_share);
}

/* ---- rows ---- */

static bool is_wide(const struct reading *r, const struct stroke *s)
{
    float x1 = r->grid.x ? r->grid.x[0] : r->zone->at.x1, x2 = r->zone->at.x2;
    return s->x2 - s->x1 >= 0.9F * (x2 - x1);
}

/* Is there a level line between two text rows, across the table or over some of its columns? */
static bool stroke_between(const struct reading *r, size_t above, size_t below, bool across,
                           size_t *next)
{
    const struct zone *z = r->zone;
    float top = table_middle(r->text.rows[above].y1, r->text.rows[above].y2);
    float bottom = table_middle(r->text.rows[below].y1, r->text.rows[below].y2);
    while (*next < z->stroke_count && z->strokes[*next].y <= top)
        ++*next;
    for (size_t i = *next; i < z->stroke_count && z->strokes[i].y < bottom; i++)
        if (!across || is_wide(r, &z->strokes[i]))
            return true;
    return false;
}

/* Rules part rows; where there are nearly as many as lines of text, nothing else does. */
static void find_row_starts(struct reading *r)
{
    size_t lines = r->to - r->from, next = 0, parted = 0;
    bool *ruled = x_calloc(lines + 1, sizeof *ruled);
    r->starts = x_calloc(lines + 1, sizeof *r->starts);
    r->head_lines =
        table_row_starts(&r->text, r->from, r->to, r->borders, r->border_count, r->starts);
    for (size_t i = 1; r->zone->certain && i < lines; i++) {
        ruled[i] = stroke_between(r, r->from + i - 1, r->from + i, true, &next);
        parted += ruled[i];
    }
    bool all = parted >= 3 && (float)parted >= ruled_rows * (float)lines;
    for (size_t i = 1; i < lines; i++)
        r->starts[i] = ruled[i] || (r->starts[i] && !all);
    free(ruled);
}

/* Headings that lines part are as many rows, however their columns look. */
static void part_headings(struct reading *r)
{
    size_t next = 0, parted = 0;
    bool *ruled = x_calloc(r->head_lines + 1, sizeof *ruled);
    for (size_t i = 1; r->zone->certain && i < r->head_lines; i++) {
        ruled[i] = stroke_between(r, r->from + i - 1, r->from + i, false, &next);
        parted += ruled[i];
    }
    for (size_t i = 1; parted && i < r->head_lines; i++)
        r->starts[i] = ruled[i];
    free(ruled);
}

/* ---- grid ---- */

static struct rect text_area(const struct reading *r)
{
    struct rect at = {INFINITY, r->text.rows[r->from].y1, -INFINITY, r->text.rows[r->to - 1].y2};
    for (size_t i = r->from; i < r->to; i++)
        for (size_t k = 0; k < r->text.rows[i].count; k++) {
            const struct rect *p = &piece_of(r, &r->text.rows[i], k)->at;
            at.x1 = fminf(at.x1, p->x1), at.x2 = fmaxf(at.x2, p->x2);
            at.y1 = fminf(at.y1, p->y1), at.y2 = fmaxf(at.y2, p->y2);
        }
    return at;
}

static bool open_grid(struct reading *r)
{
    struct rect at = text_area(r);
    int rows = 0, cols = (int)r->border_count + 1;
    for (size_t i = 0; i < r->to - r->from; i++)
        rows += r->starts[i];
    if (!table_grid_open(&r->grid, rows, cols))
        return false;
    r->grid.x[0] = at.x1;
    for (size_t i = 0; i < r->border_count; i++)
        r->grid.x[i + 1] = r->borders[i];
    r->grid.x[cols] = at.x2;
    r->grid.y[0] = at.y1;
    for (size_t i = 1, row = 1; i < r->to - r->from; i++)
        if (r->starts[i])
            r->grid.y[row++] =
                table_middle(r->text.rows[r->from + i - 1].y2, r->text.rows[r->from + i].y1);
    r->grid.y[rows] = at.y2;
    return true;
}

/* How many rows are above the first line across the table; −1: not known. */
static int rows_above_stroke(const struct reading *r)
{
    const struct table_grid *g = &r->grid;
    size_t next = 0;
    for (size_t i = r->from + 1; r->zone->certain && i < r->to; i++) {
        if (!stroke_between(r, i - 1, i, true, &next))
            continue;
        float top = table_middle(r->text.rows[i].y1, r->text.rows[i].y2);
        int rows = table_grid_row_at(g, top);
        return rows * 2 <= g->rows + 1 ? rows : TABLE_NO_HEADER;
    }
    return TABLE_NO_HEADER;
}

/* Rows made of heading lines; what is above the first line across the table is one, too. */
static int heading_rows(const struct reading *r)
{
    int rows = 0;
    for (size_t i = 0; i < r->head_lines && i < r->to - r->from; i++)
        rows += r->starts[i];
    return rows > r->grid.header_rows ? rows : r->grid.header_rows;
}

static int make_table(struct reading *r, struct error *err)
{
    if (!open_grid(r))
        return 0;
    size_t first = r->text.rows[r->from].first;
    size_t end = r->text.rows[r->to - 1].first + r->text.rows[r->to - 1].count;
    table_open_walls(r->search, &r->grid, r->text.pieces + first, end - first);
    r->grid.header_rows = rows_above_stroke(r);
    table_span_headings(r->search, r->zone, &r->grid, heading_rows(r), r->text.pieces + first,
                        end - first);
    int rc = table_build(r->search, &r->grid, r->text.pieces + first, end - first, err);
    table_grid_close(&r->grid);
    return rc;
}

int table_read_zone(struct table_search *f, const struct zone *z, struct error *err)
{
    struct reading r = {.search = f, .zone = z};
    int rc = 0;
    f->patience -= (long)z->count;
    table_rows_open(&r.text, f->sheet, z->pieces, z->count);
    r.to = r.text.count;
    if (!z->certain)
        trim(&r);
    if (r.to - r.from >= 2 && find_columns(&r)) {
        find_row_starts(&r);
        part_headings(&r);
        if (is_table(&r))
            rc = make_table(&r, err);
        free(r.starts);
    }
    table_rows_close(&r.text);
    return rc;
}
