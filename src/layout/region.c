/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a layout model saw: each piece goes to the smallest region that covers most of it, and the
 * regions become parts with their types. Of two that cover each other the surer is believed. Called
 * by layout.c, before anything is guessed.
 */
#include "layout/draft.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_REGIONS = 500 }; /* a newspaper page has some 200 */

static const float same_region = 0.7F; /* of the smaller one lies in the other */
static const float most_of = 0.5F;     /* of a piece */

static const struct region_kind {
    bool solid; /* read as one; else its rows are put in order among the others */
    bool empty; /* is something without text too */
    enum part_place place;
} kinds[BLOCK_TYPES] = {
    [BLOCK_TABLE] = {true, true, PLACE_BODY},
    [BLOCK_FIGURE] = {true, true, PLACE_BODY},
    [BLOCK_FORMULA] = {true, true, PLACE_BODY},
    [BLOCK_SEAL] = {true, true, PLACE_BODY},
    [BLOCK_HEADER] = {false, false, PLACE_HEAD},
    [BLOCK_FOOTER] = {false, false, PLACE_FOOT},
    [BLOCK_FOOTNOTE] = {false, false, PLACE_NOTES},
    [BLOCK_TITLE] = {false, false, PLACE_BODY},
    [BLOCK_HEADING] = {false, false, PLACE_BODY},
    [BLOCK_TEXT] = {false, false, PLACE_BODY},
    [BLOCK_LIST] = {false, false, PLACE_BODY},
    [BLOCK_CODE] = {false, false, PLACE_BODY},
    [BLOCK_OTHER] = {false, false, PLACE_BODY},
    [BLOCK_PAGE_NUMBER] = {false, false, PLACE_FOOT},
    [BLOCK_TABLE_CAPTION] = {false, false, PLACE_BODY},
    [BLOCK_FIGURE_CAPTION] = {false, false, PLACE_BODY},
};

static int compare_confidence(const void *a, const void *b)
{
    const struct layout_region *one = a, *other = b;
    if (one->confidence != other->confidence)
        return one->confidence > other->confidence ? -1 : 1;
    float x = rect_area(&one->at), y = rect_area(&other->at);
    if (x != y)
        return x > y ? -1 : 1;
    if (one->at.y1 != other->at.y1)
        return one->at.y1 < other->at.y1 ? -1 : 1;
    return one->at.x1 < other->at.x1 ? -1 : one->at.x1 > other->at.x1;
}

static bool is_shown_by(const struct layout_region *r, const struct layout_region *surer)
{
    float smaller = fminf(rect_area(&r->at), rect_area(&surer->at));
    return rect_shared(&r->at, &surer->at) >= same_region * smaller;
}

/* Text in a figure or a caption in a table's region may stand; two tellings of one thing may not.
 */
static bool may_contain(const struct layout_region *outer, const struct layout_region *inner)
{
    return kinds[outer->type].solid && !kinds[inner->type].solid &&
           rect_area(&inner->at) < rect_area(&outer->at) / 2;
}

static void drop_overlaps(struct sheet *s)
{
    size_t kept = 0;
    if (s->region_count)
        qsort(s->regions, s->region_count, sizeof *s->regions, compare_confidence);
    for (size_t i = 0; i < s->region_count && kept < MAX_REGIONS; i++) {
        struct layout_region *r = &s->regions[i];
        bool shown = !isfinite(r->confidence);
        for (size_t k = 0; k < kept && !shown; k++)
            shown = is_shown_by(r, &s->regions[k]) && !may_contain(r, &s->regions[k]) &&
                    !may_contain(&s->regions[k], r);
        if (!shown)
            s->regions[kept++] = *r;
    }
    s->region_count = kept;
}

static size_t region_of(const struct sheet *s, const struct piece *p)
{
    size_t best = DRAFT_NONE;
    float area = rect_area(&p->at);
    for (size_t i = 0; i < s->region_count; i++) {
        const struct rect *at = &s->regions[i].at;
        if (rect_shared(&p->at, at) >= most_of * area && area > 0 &&
            (best == DRAFT_NONE || rect_area(at) < rect_area(&s->regions[best].at)))
            best = i;
    }
    return best;
}

/* The pieces of a region become its rows. */
static int fill_part(struct draft *d, size_t region, const size_t *of, size_t *scratch)
{
    const struct layout_region *r = &d->sheet->regions[region];
    const struct region_kind *kind = &kinds[r->type];
    size_t n = 0;
    for (size_t i = 0; i < d->owner_count; i++)
        if (of[i] == region)
            scratch[n++] = i;
    if (!n && !kind->empty)
        return 0;
    struct part *p = draft_add_part(d, r->type, r->at);
    if (!p || draft_add_rows(d, scratch, n) < 0)
        return -1;
    p->count = d->row_count - p->first;
    p->solid = kind->solid;
    p->place = kind->place;
    p->fixed = r->type != BLOCK_TEXT;
    p->confidence = r->confidence;
    p->order = r->order;
    p->column = DRAFT_NONE;
    if (!p->solid)
        draft_measure_part(d, p);
    for (size_t i = 0; i < n; i++)
        d->owner[scratch[i]] = p->solid ? DRAFT_NONE : d->part_count - 1;
    return 0;
}

/* Tables are looked for where their regions are; text that was to be none stays text. */
static bool is_taken_here(const struct draft *d, enum block_type type)
{
    const struct layout_hints *h = d->sheet->hints;
    return type != BLOCK_TABLE && (type != BLOCK_FIGURE || h->keep_figures);
}

int draft_take_regions(struct draft *d)
{
    struct sheet *s = d->sheet;
    size_t *of = arena_alloc(s->arena, s->piece_count, sizeof *of);
    size_t *scratch = arena_alloc(s->arena, s->piece_count, sizeof *scratch);
    if (!of || !scratch)
        return -1;
    drop_overlaps(s);
    if (!s->region_count)
        return 0;
    for (size_t i = 0; i < s->piece_count; i++)
        of[i] = region_of(s, &s->pieces[i]);
    for (size_t i = 0; i < s->region_count; i++)
        if (is_taken_here(d, s->regions[i].type) && fill_part(d, i, of, scratch) < 0)
            return -1;
    return 0;
}
