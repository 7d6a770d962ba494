/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Headings among the paragraphs: short, and larger, bolder, numbered or in capitals; the title; and
 * their levels. Called by layout.c.
 */
#include "layout/draft.h"

#include <math.h>

enum {
    MOST_ROWS = 3,
    PROSE_ROWS = 3,
    MOST_TITLE_ROWS = 6,
    LONGEST = 220, /* characters */
    LOWEST_LEVEL = 6,
    MOST_SIZES = 32, /* of headings on a page */
};

static const float larger = 1.14F;      /* than the text, by its font */
static const float larger_ink = 1.3F;   /* the same, by its ink, which is less sure */
static const float title_size = 1.35F;  /* over the text */
static const float title_place = 0.45F; /* of the page, from its top */
static const float same_size = 1.06F;   /* one heading over the other */
static const float bold_size = 1.08F;   /* what bold type counts for, over other of its size */
static const float full_width = 0.92F;  /* of the column */
static const float short_width = 0.6F;  /* the same */
static const float least_white = 0.1F;  /* unit, around larger type */
static const float much_white = 0.8F;   /* unit, more than usual, above */
static const float white_above = 0.3F;  /* unit, more than usual: a line in capitals stands alone */
static const float many_capitals = 0.25F; /* of a page's rows: capitals say nothing there */
static const float smallest = 0.88F;      /* of the text's size, if bold or numbered */

struct look {
    bool bold_page, capital_page; /* most of it, or so much that it says nothing */
};

static bool has_font(const struct draft *d, const struct row *row)
{
    return d->sheet->pieces[d->pieces[row->first]].from->font_size > 0;
}

static struct look look_at(const struct draft *d)
{
    size_t bold = 0, capitals = 0, text = 0;
    for (size_t i = 0; i < d->row_count; i++) {
        const struct row *row = &d->rows[i];
        text += wording_has_letters(row->text);
        bold += (row->style & FONT_BOLD) != 0;
        capitals += wording_capitals(row->text);
    }
    return (struct look){2 * bold > text, (float)capitals > many_capitals * (float)text};
}

static bool all_rows(const struct draft *d, const struct part *p, bool (*is)(const struct row *))
{
    for (size_t i = 0; i < p->count; i++)
        if (!is(&d->rows[p->first + i]))
            return false;
    return true;
}

static bool is_bold(const struct row *row)
{
    return row->style & FONT_BOLD;
}

static bool is_capitals(const struct row *row)
{
    return wording_capitals(row->text);
}

static bool is_whole(const struct row *row)
{
    return !row->holes && !row->vertical && !wording_leaders(row->text);
}

/* White above it: more than between the rows of its column. */
static bool stands_off(const struct draft *d, const struct part *p)
{
    const struct column *c = p->column == DRAFT_NONE ? NULL : &d->columns[p->column];
    if (!c || p->first == c->first)
        return true;
    const struct row *row = draft_first_row(d, p);
    return draft_gap(row - 1, row) > c->gap + white_above * d->sheet->unit;
}

static bool is_short(const struct draft *d, const struct part *p)
{
    const struct column *c = p->column == DRAFT_NONE ? NULL : &d->columns[p->column];
    const struct row *last = draft_last_row(d, p);
    return !c || last->end - c->begin < full_width * (c->end - c->begin);
}

static size_t text_length(const struct draft *d, const struct part *p)
{
    size_t sum = 0;
    for (size_t i = 0; i < p->count; i++)
        sum += wording_length(d->rows[p->first + i].text);
    return sum;
}

static bool may_be_heading(const struct draft *d, const struct part *p, size_t rows)
{
    bool strong;
    if (p->type != BLOCK_TEXT || p->fixed || p->solid || !p->count || p->count > rows)
        return false;
    const char *text = draft_first_row(d, p)->text;
    size_t length = text_length(d, p);
    return length > 2 && length <= LONGEST && wording_has_word(text) && all_rows(d, p, is_whole) &&
           (wording_caption(text, &strong) == CAPTION_NONE || !strong);
}

/* Ink that seems high and reaches into the rows beside it was measured wrongly. */
static bool is_clear(const struct draft *d, const struct part *p)
{
    const struct column *c = p->column == DRAFT_NONE ? NULL : &d->columns[p->column];
    float least = least_white * d->sheet->unit;
    const struct row *first = draft_first_row(d, p), *last = draft_last_row(d, p);
    if (!c)
        return true;
    return (p->first == c->first || draft_gap(first - 1, first) > least) &&
           (p->first + p->count == c->first + c->count || draft_gap(last, last + 1) > least);
}

static bool is_larger(const struct draft *d, const struct part *p)
{
    if (has_font(d, draft_first_row(d, p)))
        return p->height >= larger * d->body;
    return p->height >= larger_ink * d->body && is_clear(d, p);
}

/* A short line with white around it above a paragraph of prose. */
static bool is_alone(const struct draft *d, const struct part *p)
{
    const struct column *c = p->column == DRAFT_NONE ? NULL : &d->columns[p->column];
    const struct part *next = p + 1;
    if (!c || next == d->parts + d->part_count || next->column != p->column || p->count != 1 ||
        next->count < PROSE_ROWS || next->type != BLOCK_TEXT)
        return false;
    const struct row *row = draft_first_row(d, p);
    float width = c->end - c->begin,
          above = p->first == c->first ? INFINITY : draft_gap(row - 1, row);
    return above > c->gap + much_white * d->sheet->unit &&
           row->end - c->begin < short_width * width &&
           rect_width(&next->at) > full_width * width && draft_gap(row, row + 1) < above &&
           !wording_page_number(row->text);
}

/* Small, but not beside what it stands over. */
static bool is_above_smaller(const struct draft *d, const struct part *p)
{
    const struct part *next = p + 1;
    return next < d->parts + d->part_count && next->column == p->column && next->count &&
           next->height <= same_size * p->height;
}

static bool is_heading(const struct draft *d, const struct part *p, const struct look *look)
{
    const char *last = draft_last_row(d, p)->text, *first = draft_first_row(d, p)->text;
    bool open = !wording_ends_sentence(last) && !wording_ends_hyphen(last);
    if (is_larger(d, p))
        return !wording_begins_low(first);
    if ((p->height < smallest * d->body && !is_above_smaller(d, p)) || wording_begins_low(first))
        return false;
    if (!look->bold_page && all_rows(d, p, is_bold) && (open || (p->count == 1 && is_short(d, p))))
        return true;
    if (!is_short(d, p) || p->count > 2)
        return false;
    if (!look->capital_page && all_rows(d, p, is_capitals) && stands_off(d, p))
        return true;
    if (open && is_alone(d, p))
        return true;
    return open && wording_section(first) && (stands_off(d, p) || wording_section(first) > 1);
}

/* ---- the title ---- */

static struct part *find_title(struct draft *d)
{
    struct part *best = NULL;
    for (size_t i = 0; i < d->part_count; i++) {
        struct part *p = &d->parts[i];
        if (p->place == PLACE_BODY && may_be_heading(d, p, MOST_TITLE_ROWS) &&
            p->at.y1 < title_place * d->sheet->height && p->height >= title_size * d->body &&
            is_larger(d, p) && (!best || p->height > same_size * best->height))
            best = p;
    }
    return best;
}

/* As large as the largest thing on the page, which may be no heading. */
static bool is_largest(const struct draft *d, const struct part *title)
{
    for (size_t i = 0; i < d->part_count; i++)
        if (d->parts[i].place == PLACE_BODY && !d->parts[i].solid &&
            d->parts[i].height > same_size * title->height && d->parts[i].at.y1 > title->at.y2)
            return false;
    return true;
}

/* ---- levels ---- */

/* Sizes of the headings without numbers, from the largest; those about as large are one. */
struct sizes {
    float list[MOST_SIZES];
    size_t count;
};

static float size_of(const struct draft *d, const struct part *p)
{
    return p->height * (draft_first_row(d, p)->style & FONT_BOLD ? bold_size : 1);
}

static void note_size(struct sizes *s, float size)
{
    size_t at = 0;
    while (at < s->count && s->list[at] > same_size * size)
        at++;
    if (at < s->count && s->list[at] * same_size > size)
        return;
    if (s->count == MOST_SIZES)
        return;
    for (size_t i = s->count++; i > at; i--)
        s->list[i] = s->list[i - 1];
    s->list[at] = size;
}

static int rank_of(const struct sizes *s, float size)
{
    size_t at = 0;
    while (at + 1 < s->count && s->list[at] > same_size * size)
        at++;
    return (int)at;
}

static int section_of(const struct draft *d, const struct part *p)
{
    return p->count ? wording_section(draft_first_row(d, p)->text) : 0;
}

static void set_levels(struct draft *d)
{
    struct sizes sizes = {0};
    for (size_t i = 0; i < d->part_count; i++)
        if (d->parts[i].type == BLOCK_HEADING && d->parts[i].count)
            note_size(&sizes, size_of(d, &d->parts[i]));
    for (size_t i = 0; i < d->part_count; i++) {
        struct part *p = &d->parts[i];
        if (p->type == BLOCK_TITLE)
            p->level = 1;
        if (p->type != BLOCK_HEADING || !p->count)
            continue;
        int section = section_of(d, p);
        int level = 2 + (section ? section - 1 : rank_of(&sizes, size_of(d, p)));
        p->level = level < LOWEST_LEVEL ? level : LOWEST_LEVEL;
    }
}

static bool has_title(const struct draft *d)
{
    for (size_t i = 0; i < d->part_count; i++)
        if (d->parts[i].type == BLOCK_TITLE)
            return true;
    return false;
}

void draft_find_headings(struct draft *d)
{
    struct look look = look_at(d);
    struct part *title = has_title(d) ? NULL : find_title(d);
    if (title && is_largest(d, title))
        title->type = BLOCK_TITLE;
    for (size_t i = 0; i < d->part_count; i++) {
        struct part *p = &d->parts[i];
        if (p->place == PLACE_BODY && may_be_heading(d, p, MOST_ROWS) && is_heading(d, p, &look))
            p->type = BLOCK_HEADING;
    }
    set_levels(d);
}
