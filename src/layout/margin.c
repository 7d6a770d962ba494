/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Running heads and feet and page numbers: a row or a few at the edge of the page, set apart from
 * the text by more white than the rows of the page have between them. One page is all that is
 * looked at; whoever has all pages may know better. Called by layout.c.
 */
#include "layout/draft.h"

#include <math.h>
#include <stdlib.h>

enum {
    FEWEST_BANDS = 5, /* a page with fewer rows has no margins */
    MOST_ROWS = 3,
    LONGEST = 160, /* characters of one row: more is text */
};

static const float zone = 0.12F; /* of the height of the page, at its ends */
static const float numbered_zone = 0.17F;
static const float apart = 1;         /* unit: between a margin row and the text, at least */
static const float more_apart = 0.7F; /* unit: more than between rows that stand close */
static const float number_apart = 0.4F;
static const float largest = 1.2F; /* size of type over the ordinary one */
static const float narrowest = 30; /* units: the width of a page that has margins, not a receipt */
static const float hole = 1.5F;    /* unit: between what stands at the left and at the right */

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

static int compare_floats(const void *a, const void *b)
{
    const float one = *(const float *)a, other = *(const float *)b;
    return one < other ? -1 : one > other;
}

static int measure_need(struct margins *m)
{
    float unit = m->d->sheet->unit;
    float *gaps = arena_alloc(m->d->sheet->arena, m->count, sizeof *gaps);
    if (!gaps)
        return -1;
    for (size_t i = 1; i < m->count; i++)
        gaps[i - 1] = m->bands[i].y1 - m->bands[i - 1].y2;
    qsort(gaps, m->count - 1, sizeof *gaps, compare_floats);
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
        if (!head && i == 0 && wording_note(p->from->text) && p->first == 0)
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

/* How many bands from the top are the page's head; its end must be set apart. */
static size_t head_rows(const struct margins *m)
{
    const struct sheet *s = m->d->sheet;
    size_t taken = 0;
    for (size_t i = 0; i < MOST_ROWS && i + 1 < m->count; i++) {
        float gap = m->bands[i + 1].y1 - m->bands[i].y2;
        if (m->bands[i].y2 > zone_of(m, &m->bands[i]) || !may_be_margin(m, &m->bands[i], true))
            break;
        if (gap >= m->need || (is_number(m, &m->bands[i]) && gap >= number_apart * s->unit))
            taken = i + 1;
    }
    return taken;
}

static size_t foot_rows(const struct margins *m, size_t heads)
{
    const struct sheet *s = m->d->sheet;
    size_t taken = 0;
    for (size_t i = 0; i < MOST_ROWS && i + 1 + heads < m->count; i++) {
        const struct band *b = &m->bands[m->count - 1 - i];
        float gap = b->y1 - b[-1].y2;
        if (b->y1 < s->height - zone_of(m, b) || !may_be_margin(m, b, false))
            break;
        if (gap >= m->need || (is_number(m, b) && gap >= number_apart * s->unit))
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
    return measure_need(&m) < 0 ? -1 : take_margins(&m);
}
