/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The parts of a page from first to last, and the sentences that go on from one to another over the
 * end of a column. Called by layout.c.
 */
#include "layout/draft.h"

#include <math.h>
#include <stdlib.h>

static const float full_row = 0.9F; /* of the column's width */
static const float indent = 0.7F;   /* ordinary heights */

static int compare_parts(const void *a, const void *b)
{
    const struct part *one = a, *other = b;
    if (one->place != other->place)
        return one->place < other->place ? -1 : 1;
    if (one->order != other->order)
        return one->order < other->order ? -1 : 1;
    if (one->rank != other->rank)
        return one->rank < other->rank ? -1 : 1;
    if (one->at.y1 != other->at.y1)
        return one->at.y1 < other->at.y1 ? -1 : 1;
    return one->first < other->first ? -1 : one->first > other->first;
}

/* Where a model gave the order, what it did not see goes behind what it follows without it. */
static void spread_order(struct draft *d)
{
    int last = -1;
    for (size_t i = 0; i < d->part_count; i++)
        if (d->parts[i].place == PLACE_BODY && d->parts[i].order >= 0)
            last = d->parts[i].order;
        else if (d->parts[i].place == PLACE_BODY)
            d->parts[i].order = last;
}

static int compare_ranks(const void *a, const void *b)
{
    const struct part *one = a, *other = b;
    if (one->rank != other->rank)
        return one->rank < other->rank ? -1 : 1;
    return one->first < other->first ? -1 : one->first > other->first;
}

void draft_sort(struct draft *d)
{
    if (!d->part_count)
        return;
    qsort(d->parts, d->part_count, sizeof *d->parts, compare_ranks);
    spread_order(d);
    qsort(d->parts, d->part_count, sizeof *d->parts, compare_parts);
}

/* ---- joins ---- */

static bool is_text(const struct part *p)
{
    return (p->type == BLOCK_TEXT || p->type == BLOCK_LIST) && p->count && p->place == PLACE_BODY &&
           p->column != DRAFT_NONE;
}

static bool is_full(const struct draft *d, const struct part *p, const struct row *row)
{
    const struct column *c = &d->columns[p->column];
    float begin = p->solid || !c->count ? p->at.x1 : c->begin;
    float end = p->solid || !c->count ? p->at.x2 : c->end;
    return row->end - begin > full_row * (end - begin);
}

/* Does the sentence of a go on in b? */
static bool goes_on(const struct draft *d, const struct part *a, const struct part *b)
{
    const struct row *last = draft_last_row(d, a), *next = draft_first_row(d, b);
    if (b->mark.kind || last->holes || next->holes || a->column == b->column)
        return false;
    if (wording_ends_hyphen(last->text))
        return true;
    if (wording_ends_sentence(last->text) || !wording_has_letters(last->text))
        return false;
    if (wording_begins_low(next->text))
        return true;
    bool set_in = b->count > 1 && next->begin > next[1].begin + indent * d->sheet->unit;
    return is_full(d, a, last) && !set_in && a->count > 1 && b->count > 1 &&
           wording_length(last->text) > 10 && fabsf(a->height - b->height) < 0.1F * d->sheet->unit;
}

void draft_join(struct draft *d)
{
    struct part *before = NULL;
    for (size_t i = 0; i < d->part_count; i++) {
        struct part *p = &d->parts[i];
        if (p->place != PLACE_BODY)
            continue;
        if (!is_text(p)) {
            if (p->type == BLOCK_HEADING || p->type == BLOCK_TITLE)
                before = NULL;
            continue;
        }
        if (before && goes_on(d, before, p))
            before->continues = p->continued = true;
        before = p;
    }
}
