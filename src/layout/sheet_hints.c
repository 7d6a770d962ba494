/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What pixels, a PDF's drawing or a model tell of a page, on its upright sheet: cut to it, parts of
 * one rule joined. Passes over what is empty, outside or repeated. Called by sheet.c.
 */
#include "layout/sheet_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float thickest = 0.25F;     /* of its length: more is a bar or a box, no rule */
static const float same_place = 0.15F;   /* units across: parts of one rule */
static const float broken = 0.5F;        /* units along: still one rule */
static const float least_picture = 0.5F; /* units: smaller is a speck */

static bool is_number(const struct rect *r)
{
    return isfinite(r->x1) && isfinite(r->y1) && isfinite(r->x2) && isfinite(r->y2);
}

/* Onto the sheet and cut to it; false if nothing is left. */
static bool take_rect(const struct sheet *s, const struct rect *on_page, struct rect *out)
{
    if (!is_number(on_page) || on_page->x1 > on_page->x2 || on_page->y1 > on_page->y2)
        return false;
    struct rect r = sheet_from_page(s, *on_page);
    r = (struct rect){fmaxf(r.x1, 0), fmaxf(r.y1, 0), fminf(r.x2, s->width),
                      fminf(r.y2, s->height)};
    if (r.x1 > r.x2 || r.y1 > r.y2)
        return false;
    *out = r;
    return true;
}

/* A rule seen along itself, whichever way it runs. */
static float rule_level(const struct layout_rule *r)
{
    return r->vertical ? (r->at.x1 + r->at.x2) / 2 : (r->at.y1 + r->at.y2) / 2;
}

static float rule_start(const struct layout_rule *r)
{
    return r->vertical ? r->at.y1 : r->at.x1;
}

static float rule_end(const struct layout_rule *r)
{
    return r->vertical ? r->at.y2 : r->at.x2;
}

static bool take_rule(const struct sheet *s, const struct layout_rule *from,
                      struct layout_rule *out)
{
    struct rect r;
    if (!take_rect(s, &from->at, &r))
        return false;
    float w = r.x2 - r.x1, h = r.y2 - r.y1;
    *out = (struct layout_rule){r, h > w};
    return fminf(w, h) <= thickest * fmaxf(w, h) && fmaxf(w, h) > 0;
}

static int compare_places(const struct rect *a, const struct rect *b)
{
    const float one[] = {a->x1, a->y1, a->x2, a->y2}, other[] = {b->x1, b->y1, b->x2, b->y2};
    for (int i = 0; i < 4; i++)
        if (one[i] != other[i])
            return one[i] < other[i] ? -1 : 1;
    return 0;
}

static int compare_levels(const void *a, const void *b)
{
    const struct layout_rule *one = a, *other = b;
    if (one->vertical != other->vertical)
        return one->vertical ? 1 : -1;
    float x = rule_level(one), y = rule_level(other);
    if (x != y)
        return x < y ? -1 : 1;
    return compare_places(&one->at, &other->at);
}

static int compare_starts(const void *a, const void *b)
{
    const struct layout_rule *one = a, *other = b;
    float x = rule_start(one), y = rule_start(other);
    if (x != y)
        return x < y ? -1 : 1;
    return compare_places(&one->at, &other->at);
}

/* Those of one level, sorted by start: joins what touches, nearly. How many are left. */
static size_t join_level(struct layout_rule *rules, size_t n, float gap)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept && rule_start(&rules[i]) - rule_end(&rules[kept - 1]) <= gap)
            rules[kept - 1].at = rect_union(rules[kept - 1].at, rules[i].at);
        else
            rules[kept++] = rules[i];
    }
    return kept;
}

static size_t join_rules(struct layout_rule *rules, size_t n, float unit)
{
    size_t kept = 0;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && rules[end].vertical == rules[i].vertical &&
                          rule_level(&rules[end]) - rule_level(&rules[i]) <= same_place * unit;)
            end++;
        qsort(rules + i, end - i, sizeof *rules, compare_starts);
        size_t left = join_level(rules + i, end - i, broken * unit);
        memmove(rules + kept, rules + i, left * sizeof *rules);
        kept += left;
    }
    return kept;
}

static int take_rules(struct sheet *s)
{
    const struct layout_hints *h = s->hints;
    s->rules = arena_alloc(s->arena, h->rule_count, sizeof *s->rules);
    if (!s->rules)
        return -1;
    for (size_t i = 0; i < h->rule_count; i++)
        s->rule_count += take_rule(s, &h->rules[i], &s->rules[s->rule_count]);
    if (s->rule_count)
        qsort(s->rules, s->rule_count, sizeof *s->rules, compare_levels);
    s->rule_count = join_rules(s->rules, s->rule_count, s->unit);
    return 0;
}

static int compare_rects(const void *a, const void *b)
{
    const struct rect *one = a, *other = b;
    if (one->y1 != other->y1)
        return one->y1 < other->y1 ? -1 : 1;
    if (one->x1 != other->x1)
        return one->x1 < other->x1 ? -1 : 1;
    if (one->y2 != other->y2)
        return one->y2 < other->y2 ? -1 : 1;
    return one->x2 < other->x2 ? -1 : one->x2 > other->x2;
}

static int take_pictures(struct sheet *s)
{
    const struct layout_hints *h = s->hints;
    struct rect *list = arena_alloc(s->arena, h->picture_count, sizeof *list);
    if (!list)
        return -1;
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < h->picture_count; i++)
        if (take_rect(s, &h->pictures[i], &list[n]))
            n += fminf(list[n].x2 - list[n].x1, list[n].y2 - list[n].y1) > least_picture * s->unit;
    if (n)
        qsort(list, n, sizeof *list, compare_rects);
    for (size_t i = 0; i < n; i++)
        if (!kept || compare_rects(&list[i], &list[kept - 1]) != 0)
            list[kept++] = list[i];
    s->pictures = list;
    s->picture_count = kept;
    return 0;
}

static int take_regions(struct sheet *s)
{
    const struct layout_hints *h = s->hints;
    s->regions = arena_alloc(s->arena, h->region_count, sizeof *s->regions);
    if (!s->regions)
        return -1;
    for (size_t i = 0; i < h->region_count; i++) {
        struct layout_region *r = &s->regions[s->region_count];
        *r = h->regions[i];
        if (r->type < BLOCK_TYPES && take_rect(s, &h->regions[i].at, &r->at))
            s->region_count += r->at.x2 > r->at.x1 && r->at.y2 > r->at.y1;
    }
    return 0;
}

int sheet_take_hints(struct sheet *s)
{
    return take_rules(s) < 0 || take_pictures(s) < 0 || take_regions(s) < 0 ? -1 : 0;
}
