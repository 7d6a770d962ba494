/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Running heads and feet and page numbers: a row or a few at the edge of the page, set apart from
 * the text by more white than the rows of the page have between them. One page is all that is
 * looked at; whoever has all pages may know better. Called by layout.c.
 */
#include "layout/draft.h"

#include "base/sort.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum {
    FEWEST_BANDS = 5, /* a page with fewer rows has no margins */
    MOST_ROWS = 3,
    LONGEST = 160,  /* characters of one row: more is text */
    MOST_SIDES = 4, /* lines that run up the page's edges */
};

static const float zone = 0.12F; /* of the height of the page, at its ends */
static const float numbered_zone = 0.17F;
static const float apart = 1;         /* unit: between a margin row and the text, at least */
static const float more_apart = 0.7F; /* unit: more than between rows that stand close */
static const float number_apart = 0.4F;
static const float largest = 1.2F; /* size of type over the ordinary one */
static const float narrowest = 30; /* units: the width of a page that has margins, not a receipt */
static const float hole = 1.5F;    /* unit: between what stands at the left and at the right */
static const float wide_hole = 3;  /* unit: the same, where no white below sets the row apart */
static const float flush = 2;      /* unit: from the side of the text to that of such a row */
static const float side_zone = 0.15F; /* of the width of the page: for lines that run up it */
static const float side_length = 8;   /* units: shorter is a label */

/* Pieces whose heights overlap. */
struct band {
    float y1, y2;
    size_t first, count;
    bool solid; /* a table or figure is among them */
};

struct margins {
    struct draft *d;
    size_t *order; /* pieces by their tops */
    struct band *bands;
    size_t count;
    float need; /* white that sets apart */
};

struct top {
    float y1, y2;
    size_t piece; /* DRAFT_NONE: a solid part */
};

static int compare_tops(const void *a, const void *b)
{
    const struct top *one = a, *other = b;
    if (one->y1 != other->y1)
        return one->y1 < other->y1 ? -1 : 1;
    return one->piece < other->piece ? -1 : one->piece > other->piece;
}

static size_t collect(const struct draft *d, struct top *tops)
{
    const struct sheet *s = d->sheet;
    size_t n = 0;
    for (size_t i = 0; i < s->piece_count; i++) {
        const struct piece *p = &s->pieces[i];
        bool loose = !p->taken;
        if (loose && !p->vertical)
            tops[n++] = (struct top){p->at.y1, p->at.y2, i};
    }
    for (size_t i = 0; i < d->part_count; i++)
        if (d->parts[i].place == PLACE_BODY)
            tops[n++] = (struct top){d->parts[i].at.y1, d->parts[i].at.y2, DRAFT_NONE};
    if (n)
        qsort(tops, n, sizeof *tops, compare_tops);
    return n;
}

/* Boxes of rows set close touch by a little. */
static bool touches(const struct band *b, const struct top *t)
{
    return t->y1 < b->y2 - 0.2F * fminf(t->y2 - t->y1, b->y2 - b->y1);
}

static void make_bands(struct margins *m, const struct top *tops, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct band *b = m->count ? &m->bands[m->count - 1] : NULL;
        m->order[i] = tops[i].piece;
        if (!b || !touches(b, &tops[i])) {
            b = &m->bands[m->count++];
            *b = (struct band){.y1 = tops[i].y1, .y2 = tops[i].y2, .first = i};
        }
        b->y2 = fmaxf(b->y2, tops[i].y2);
        b->count++;
        b->solid = b->solid || tops[i].piece == DRAFT_NONE;
    }
}

static int measure_need(struct margins *m)
{
    float unit = m->d->sheet->unit;
    float *gaps = arena_alloc(m->d->sheet->arena, m->count, sizeof *gaps);
    if (!gaps)
        return -1;
    for (size_t i = 1; i < m->count; i++)
        gaps[i - 1] = m->bands[i].y1 - m->bands[i - 1].y2;
    sort_floats(gaps, m->count - 1);
    m->need = fmaxf(apart * unit, gaps[(m->count - 1) / 4] + more_apart * unit);
    return 0;
}

static int compare_across(const void *a, const void *b, void *sheet)
{
    const struct sheet *s = sheet;
    const struct rect *one = &s->pieces[*(const size_t *)a].at;
    const struct rect *other = &s->pieces[*(const size_t *)b].at;
    if (one->x1 != other->x1)
        return one->x1 < other->x1 ? -1 : 1;
    return *(const size_t *)a < *(const size_t *)b ? -1 : 1;
}

/* The end of the run of pieces that stand close, of n in a row. */
static size_t run_end(const struct sheet *s, const size_t *pieces, size_t n)
{
    size_t end = 1;
    while (end < n &&
           s->pieces[pieces[end]].at.x1 - s->pieces[pieces[end - 1]].at.x2 < hole * s->unit)
        end++;
    return end;
}

static int add_margin(struct draft *d, const size_t *pieces, size_t n, enum part_place place)
{
    struct part *p = draft_add_part(d, BLOCK_HEADER, d->sheet->pieces[pieces[0]].at);
    const struct row *row = p ? draft_add_row(d, pieces, n) : NULL;
    if (!row)
        return -1;
    p->count = 1;
    p->type = wording_page_number(row->text) ? BLOCK_PAGE_NUMBER
              : place == PLACE_HEAD          ? BLOCK_HEADER
                                             : BLOCK_FOOTER;
    p->place = place;
    p->rank = d->part_count;
    p->fixed = true;
    draft_measure_part(d, p);
    return 0;
}

static int take_band(struct margins *m, const struct band *b, enum part_place place)
{
    struct sheet *s = m->d->sheet;
    size_t *pieces = m->order + b->first;
    qsort_r(pieces, b->count, sizeof *pieces, compare_across, s);
    for (size_t i = 0, run; i < b->count; i += run) {
        run = run_end(s, pieces + i, b->count - i);
        if (add_margin(m->d, pieces + i, run, place) < 0)
            return -1;
    }
    return 0;
}

static bool is_numbered_title(const char *text)
{
    enum { LONGEST_TITLE = 60 };
    return isdigit((unsigned char)text[0]) && isdigit((unsigned char)text[1]) &&
           !wording_ends_sentence(text) && wording_length(text) <= LONGEST_TITLE;
}

/* "416 Mills and Men" in the last row is the page's number with a title. */
static bool is_note(const struct margins *m, const struct band *b, const struct piece *p)
{
    bool last = b == &m->bands[m->count - 1];
    return wording_note(p->from->text) && !(last && is_numbered_title(p->from->text));
}

/* What may stand there at all. A note or a caption is no running foot. */
static bool may_be_margin(const struct margins *m, const struct band *b, bool head)
{
    const struct sheet *s = m->d->sheet;
    size_t length = 0;
    if (b->solid || b->y2 - b->y1 > 2 * largest * s->unit)
        return false;
    for (size_t i = 0; i < b->count; i++) {
        const struct piece *p = &s->pieces[m->order[b->first + i]];
        bool strong;
        length += wording_length(p->from->text);
        if (p->height > largest * s->unit ||
            wording_caption(p->from->text, &strong) != CAPTION_NONE)
            return false;
        if (!head && i == 0 && p->first == 0 && is_note(m, b, p))
            return false;
        if (head && wording_section(p->from->text) && (p->from->style & FONT_BOLD))
            return false;
    }
    return length <= LONGEST;
}

static bool is_number(const struct margins *m, const struct band *b)
{
    const struct piece *p = &m->d->sheet->pieces[m->order[b->first]];
    return b->count == 1 && !b->solid && p->count == p->from->word_count &&
           wording_page_number(p->from->text);
}

/* A running head with the page's number at its side may stand farther in. */
static float zone_of(const struct margins *m, const struct band *b)
{
    const struct sheet *s = m->d->sheet;
    for (size_t i = 0; b->count > 1 && !b->solid && i < b->count; i++) {
        const struct piece *p = &s->pieces[m->order[b->first + i]];
        if (p->count == 1 && wording_page_number(p->from->words[p->first].text))
            return numbered_zone * s->height;
    }
    return zone * s->height;
}

static struct rect band_box(const struct margins *m, const struct band *b)
{
    struct rect at = m->d->sheet->pieces[m->order[b->first]].at;
    for (size_t i = 1; i < b->count; i++)
        at = rect_union(at, m->d->sheet->pieces[m->order[b->first + i]].at);
    return at;
}

static bool is_bare_number(const struct piece *p)
{
    const char *text = p->count == 1 ? p->from->words[p->first].text : "";
    return isdigit((unsigned char)*text) && wording_page_number(text);
}

/* Puts the band's pieces in order across. How many wide holes are between them. */
static size_t wide_holes(struct margins *m, const struct band *b)
{
    const struct sheet *s = m->d->sheet;
    size_t *pieces = m->order + b->first, holes = 0;
    qsort_r(pieces, b->count, sizeof *pieces, compare_across, m->d->sheet);
    for (size_t i = 1; i < b->count; i++)
        holes += s->pieces[pieces[i]].at.x1 - s->pieces[pieces[i - 1]].at.x2 > wide_hole * s->unit;
    return holes;
}

/* The page's number at one side and a title far from it, over the whole width of the text next to
 * it: a running head however close it stands. */
static bool is_spread(struct margins *m, const struct band *b, const struct band *text)
{
    const struct sheet *s = m->d->sheet;
    if (b->solid || text->solid || b->y2 - b->y1 > 2 * largest * s->unit || b->count < 2 ||
        !wide_holes(m, b) || wide_holes(m, text))
        return false;
    const size_t *pieces = m->order + b->first;
    const struct rect at = band_box(m, b), beside = band_box(m, text);
    return fabsf(at.x1 - beside.x1) < flush * s->unit &&
           fabsf(at.x2 - beside.x2) < flush * s->unit &&
           (is_bare_number(&s->pieces[pieces[0]]) ||
            is_bare_number(&s->pieces[pieces[b->count - 1]]));
}

/* How many bands from the top are the page's head; its end must be set apart. */
static size_t head_rows(struct margins *m)
{
    const struct sheet *s = m->d->sheet;
    size_t taken = 0;
    for (size_t i = 0; i < MOST_ROWS && i + 1 < m->count; i++) {
        float gap = m->bands[i + 1].y1 - m->bands[i].y2;
        bool spread = is_spread(m, &m->bands[i], &m->bands[i + 1]);
        if (m->bands[i].y2 > zone_of(m, &m->bands[i]) ||
            !(spread || may_be_margin(m, &m->bands[i], true)))
            break;
        if (gap >= m->need || (is_number(m, &m->bands[i]) && gap >= number_apart * s->unit) ||
            spread)
            taken = i + 1;
    }
    return taken;
}

static size_t foot_rows(struct margins *m, size_t heads)
{
    const struct sheet *s = m->d->sheet;
    size_t taken = 0;
    for (size_t i = 0; i < MOST_ROWS && i + 1 + heads < m->count; i++) {
        const struct band *b = &m->bands[m->count - 1 - i];
        float gap = b->y1 - b[-1].y2;
        bool spread = is_spread(m, b, b - 1);
        if (b->y1 < s->height - zone_of(m, b) || !(spread || may_be_margin(m, b, false)))
            break;
        if (gap >= m->need || (is_number(m, b) && gap >= number_apart * s->unit) || spread)
            taken = i + 1;
    }
    return taken;
}

static int take_margins(struct margins *m)
{
    size_t heads = head_rows(m), feet = foot_rows(m, heads);
    for (size_t i = 0; i < heads; i++)
        if (take_band(m, &m->bands[i], PLACE_HEAD) < 0)
            return -1;
    for (size_t i = m->count - feet; i < m->count; i++)
        if (take_band(m, &m->bands[i], PLACE_FOOT) < 0)
            return -1;
    return 0;
}

/* ---- at the sides ---- */

/* From the left end of all that is read across to its right end. */
static struct rect across(const struct draft *d)
{
    const struct sheet *s = d->sheet;
    struct rect at = {.x1 = s->width, .x2 = 0};
    for (size_t i = 0; i < s->piece_count; i++)
        if (!s->pieces[i].vertical) {
            at.x1 = fminf(at.x1, s->pieces[i].at.x1);
            at.x2 = fmaxf(at.x2, s->pieces[i].at.x2);
        }
    for (size_t i = 0; i < d->part_count; i++)
        if (d->parts[i].solid) {
            at.x1 = fminf(at.x1, d->parts[i].at.x1);
            at.x2 = fmaxf(at.x2, d->parts[i].at.x2);
        }
    return at;
}

/* Who had the page printed, where it lies: along its edge and outside of everything else. */
static int take_sides(struct draft *d)
{
    const struct sheet *s = d->sheet;
    const struct rect text = across(d);
    const float left = fminf(text.x1, side_zone * s->width),
                right = fmaxf(text.x2, (1 - side_zone) * s->width);
    size_t taken = 0;
    for (size_t i = 0; i < s->piece_count && taken < MOST_SIDES; i++) {
        const struct piece *p = &s->pieces[i];
        if (p->taken || !p->vertical || rect_height(&p->at) < side_length * s->unit ||
            (p->at.x2 > left && p->at.x1 < right))
            continue;
        taken++;
        if (add_margin(d, &i, 1, PLACE_FOOT) < 0)
            return -1;
    }
    return 0;
}

int draft_take_margins(struct draft *d)
{
    struct sheet *s = d->sheet;
    size_t most = s->piece_count + d->part_count;
    struct margins m = {.d = d};
    struct top *tops = arena_alloc(s->arena, most, sizeof *tops);
    m.order = arena_alloc(s->arena, most, sizeof *m.order);
    m.bands = arena_alloc(s->arena, most, sizeof *m.bands);
    if (!tops || !m.order || !m.bands)
        return -1;
    if (d->vertical || s->width < narrowest * s->unit)
        return 0;
    make_bands(&m, tops, collect(d, tops));
    if (m.count < FEWEST_BANDS)
        return 0;
    return measure_need(&m) < 0 || take_margins(&m) < 0 ? -1 : take_sides(d);
}
