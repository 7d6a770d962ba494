/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Where one paragraph of a column ends and the next begins: by space, size and style of type,
 * indents, short last lines, and marks of lists. Called by body.c.
 */
#include "layout/draft.h"

#include <math.h>
#include <stdlib.h>

enum { FEW_ROWS = 6 }; /* of a column tell nothing of its pitch */

/* In ordinary line heights. */
static const float more_space = 0.4F;     /* than usual between two rows */
static const float some_space = 0.15F;    /* the same, between rows that differ otherwise */
static const float indent = 0.7F;         /* of a first line */
static const float slight_indent = 0.45F; /* of one behind the end of a sentence */
static const float wide_hole = 4;         /* in a row: no accident of justified text */
static const float hanging = 3;           /* at most, of an item's further lines behind its mark */
static const float side_text = 0.2F;      /* of a row's width may lie above what it stands beside */

static const float short_share = 0.75F;  /* of the width: the last line of a paragraph */
static const float shorter_share = 0.6F; /* the same, where lines end unevenly */
static const float alike = 1.1F, smallest_scale = 0.5F; /* sizes: one over the other, over usual */
static const float other_size = 1.25F, quite_other_size = 1.5F; /* one height over the other */

/* A column, and how far it is read. */
struct stack {
    struct draft *d;
    const struct column *column;
    const struct row *rows; /* of the column */
    float unit;
    bool opening;            /* the row above has itself begun a paragraph */
    struct mark mark;        /* of the paragraph in hand */
    const struct row *first; /* its */
};

float draft_gap(const struct row *above, const struct row *below)
{
    return (below->at.y1 + below->at.y2 - below->height) / 2 -
           (above->at.y1 + above->at.y2 + above->height) / 2;
}

static bool same_middle(const struct row *a, const struct row *b, float unit)
{
    return fabsf(a->begin + a->end - b->begin - b->end) / 2 < 0.3F * unit;
}

static bool is_short(const struct stack *t, const struct row *row, float share)
{
    const struct column *c = t->column;
    return row->end - c->begin < share * (c->end - c->begin);
}

/* Further lines of an item stand behind its mark. */
static bool hangs(const struct stack *t, const struct row *row)
{
    float in = row->begin - t->first->begin;
    return t->mark.kind && in > 0.3F * t->unit && in < hanging * t->unit;
}

/* A first line set in, or the first line of a hanging item. */
static bool begins_by_indent(const struct stack *t, size_t r)
{
    const struct row *row = &t->rows[r], *above = row - 1;
    bool last = r + 1 == t->column->count;
    float in = (wording_ends_sentence(above->text) ? slight_indent : indent) * t->unit;
    if (same_middle(row, above, t->unit) || hangs(t, row))
        return false;
    if (row->begin > above->begin + in)
        return last ? wording_ends_sentence(above->text) : row[1].begin < row->begin - in;
    return !t->opening && row->begin < above->begin - in && !last;
}

/* Is this row's mark that of an item, and not the number or dash that a line happens to begin with?
 */
static bool begins_item(const struct stack *t, const struct row *row, float gap)
{
    const struct row *above = row - 1;
    struct mark m = wording_mark(row->text);
    if (m.kind == MARK_NONE || wording_ends_hyphen(above->text))
        return false;
    if (m.kind == MARK_BULLET || (t->mark.kind && wording_follows(&t->mark, &m)))
        return true;
    bool apart = gap > some_space * t->unit || wording_ends_sentence(above->text) ||
                 is_short(t, above, short_share);
    return apart && (m.kind == MARK_NUMBER || m.kind == MARK_DASH || m.value == 1 || m.opening);
}

/* All bold above, or all bold below: a heading that stands close. */
static bool begins_by_style(const struct stack *t, const struct row *row)
{
    const struct row *above = row - 1;
    unsigned changed = row->style ^ above->style;
    if (changed & FONT_MONO)
        return true;
    if (!(changed & FONT_BOLD))
        return false;
    bool flows = !is_short(t, above, 0.9F) && wording_begins_low(row->text);
    return !flows;
}

static bool begins_by_words(const struct stack *t, const struct row *row, float gap)
{
    const struct row *above = row - 1;
    bool strong, ended = is_short(t, above, short_share) && !wording_ends_hyphen(above->text);
    if (begins_item(t, row, gap))
        return true;
    if (wording_caption(row->text, &strong) != CAPTION_NONE && strong && ended)
        return true;
    if (wording_section(row->text) && is_short(t, row, short_share) && ended)
        return true;
    if (!ended || row->holes || above->holes)
        return false;
    return wording_section(above->text) > 1 && t->opening;
}

static bool begins_by_short_line(const struct stack *t, const struct row *row)
{
    const struct row *above = row - 1;
    if (t->column->justified && is_short(t, above, short_share))
        return true;
    return is_short(t, above, shorter_share) && wording_ends_sentence(above->text) &&
           !wording_begins_low(row->text);
}

/* Rows of one size keep distances of that size; else those of the page's ordinary type. */
static float type_scale(const struct stack *t, const struct row *row, const struct row *above)
{
    float least = fminf(row->height, above->height), most = fmaxf(row->height, above->height);
    return most < alike * least ? fmaxf(most / t->unit, smallest_scale) : 1;
}

/* The size of type as white and heights tell it. */
static bool begins_by_size(const struct stack *t, const struct row *row, float gap)
{
    const struct row *above = row - 1;
    float ratio =
        fmaxf(row->height, above->height) / fmaxf(fminf(row->height, above->height), 1e-3F);
    return gap > more_space * t->unit ||
           (ratio > quite_other_size && gap > -some_space * t->unit) ||
           (ratio > other_size && gap > some_space * t->unit);
}

static bool has_font(const struct stack *t, const struct row *row)
{
    return t->d->sheet->pieces[t->d->pieces[row->first]].from->font_size > 0;
}

/* As far apart as the rows of the column are, whatever their ink seems to measure: a box of low
 * resolution may be half as high again as its type. */
static bool keeps_pitch(const struct stack *t, const struct row *row)
{
    const struct row *above = row - 1;
    float pitch = (row->at.y1 + row->at.y2 - above->at.y1 - above->at.y2) / 2;
    return t->column->count >= FEW_ROWS && !has_font(t, row) &&
           fabsf(pitch - t->column->pitch) < some_space * t->unit;
}

static bool begins(const struct stack *t, size_t r)
{
    const struct row *row = &t->rows[r], *above = row - 1;
    float scale = type_scale(t, row, above);
    float gap = (draft_gap(above, row) - t->column->gap * scale) / scale;
    if (keeps_pitch(t, row))
        gap = 0;
    else if (begins_by_size(t, row, gap))
        return true;
    if (begins_by_style(t, row) || begins_by_words(t, row, gap))
        return true;
    if (row->holes != above->holes &&
        (gap > some_space * t->unit || fmaxf(row->hole, above->hole) > wide_hole * t->unit))
        return true;
    if (row->holes && above->holes)
        return false;
    if (hangs(t, row) && !is_short(t, above, short_share))
        return false;
    return begins_by_short_line(t, row) || begins_by_indent(t, r);
}

/* ---- a column's entries ---- */

static int begin_part(struct stack *t, const struct entry *e, size_t *rank)
{
    struct part *p = draft_add_part(t->d, BLOCK_TEXT, t->d->rows[e->row].at);
    if (!p)
        return -1;
    p->first = e->row;
    p->column = t->d->column_count - 1;
    p->rank = (*rank)++;
    t->first = &t->d->rows[e->row];
    t->mark = wording_mark(t->first->text);
    return 0;
}

static bool stands_beside(const struct rect *part, const struct row *row)
{
    return rect_overlap_x(part, &row->at) < side_text * rect_width(&row->at);
}

/* What stands beside the text and not between its rows does not part it. */
static bool parts_text(const struct draft *d, const struct entry *entries, size_t n, size_t i)
{
    const struct rect *at = &d->parts[entries[i].part].at;
    size_t before = i, after = i;
    while (before > 0 && entries[before].row == DRAFT_NONE)
        before--;
    while (after + 1 < n && entries[after].row == DRAFT_NONE)
        after++;
    return entries[before].row == DRAFT_NONE || entries[after].row == DRAFT_NONE ||
           !stands_beside(at, &d->rows[entries[before].row]) ||
           !stands_beside(at, &d->rows[entries[after].row]);
}

int draft_split_column(struct draft *d, const struct entry *entries, size_t n, size_t *rank)
{
    const struct column *c = &d->columns[d->column_count - 1];
    struct stack t = {.d = d, .column = c, .rows = d->rows + c->first, .unit = d->sheet->unit};
    bool parted = true;
    for (size_t i = 0; i < n; i++) {
        const struct entry *e = &entries[i];
        if (e->part != DRAFT_NONE) {
            d->parts[e->part].rank = (*rank)++;
            parted = parted || parts_text(d, entries, n, i);
            continue;
        }
        bool opening = parted || begins(&t, e->row - c->first);
        if (opening && begin_part(&t, e, rank) < 0)
            return -1;
        d->parts[d->part_count - 1].count++;
        t.opening = opening;
        parted = false;
    }
    for (size_t i = d->part_count; i-- > 0 && d->parts[i].column == d->column_count - 1;)
        if (!d->parts[i].solid)
            draft_measure_part(d, &d->parts[i]);
    return 0;
}
