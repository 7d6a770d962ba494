/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pictures to figures: those that touch are one, specks and rules are none, and what lies behind
 * running text is its background. The labels in a figure are its own lines. Called by layout.c.
 */
#include "layout/draft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_PICTURES = 2000, /* looked at, the largest first */
    MAX_FIGURES = 200,
    MERGES = 8,      /* rounds: each joins whole rows of tiles */
    WIDE_LINES = 3,  /* of running text in a picture make it a background */
    LONG_LINE = 8,   /* ordinary heights */
    SHORT_LABEL = 8, /* characters: a number at an axis, */
    LONG_LABEL = 40, /* and the axis's name */
};

static const float near = 0.8F;       /* ordinary heights between the parts of one figure */
static const float least_side = 1.5F; /* the same: smaller is an ornament */
static const float longest_side = 3;
static const float label_reach = 1.3F;   /* the same: from a figure to the labels outside it */
static const float largest_label = 1.1F; /* the same */
static const float off_middle = 0.2F;    /* of its width */
static const float thinnest = 0.04F;     /* of its length: a rule */
static const float inside = 0.6F;        /* of a piece or a picture */
static const float covered = 0.3F;       /* of a picture by text */
static const float wide_line = 0.5F;     /* of a picture's width */
static const float whole_page = 0.85F;   /* of the sheet: its background, if there is text */

static int compare_areas(const void *a, const void *b)
{
    const struct rect *one = a, *other = b;
    float x = rect_area(one), y = rect_area(other);
    if (x != y)
        return x > y ? -1 : 1;
    if (one->y1 != other->y1)
        return one->y1 < other->y1 ? -1 : 1;
    return one->x1 < other->x1 ? -1 : one->x1 > other->x1;
}

static int compare_tops(const void *a, const void *b)
{
    const struct rect *one = a, *other = b;
    if (one->y1 != other->y1)
        return one->y1 < other->y1 ? -1 : 1;
    if (one->x1 != other->x1)
        return one->x1 < other->x1 ? -1 : 1;
    return compare_areas(a, b);
}

static bool is_within_part(const struct draft *d, const struct rect *r)
{
    for (size_t i = 0; i < d->part_count; i++)
        if (d->parts[i].solid && rect_shared(r, &d->parts[i].at) >= inside * rect_area(r))
            return true;
    return false;
}

/* The pictures that may be parts of figures, the largest ones. How many. */
static size_t choose(const struct draft *d, struct rect *out)
{
    const struct sheet *s = d->sheet;
    size_t n = 0;
    for (size_t i = 0; i < s->picture_count; i++)
        out[n++] = s->pictures[i];
    if (n)
        qsort(out, n, sizeof *out, compare_areas);
    if (n > MAX_PICTURES)
        n = MAX_PICTURES;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool background = s->piece_count && rect_area(&out[i]) > whole_page * s->width * s->height;
        if (!background && !is_within_part(d, &out[i]))
            out[kept++] = out[i];
    }
    return kept;
}

/* One round of joining what is near. How many are left. */
static size_t merge(struct rect *list, size_t n, float reach)
{
    size_t kept = 0;
    qsort(list, n, sizeof *list, compare_tops);
    for (size_t i = 0; i < n; i++) {
        if (list[i].x1 > list[i].x2)
            continue;
        for (size_t k = i + 1; k < n && list[k].y1 <= list[i].y2 + reach; k++)
            if (list[k].x1 <= list[k].x2 && rect_overlap_x(&list[i], &list[k]) >= -reach) {
                list[i] = rect_union(list[i], list[k]);
                list[k].x1 = INFINITY; /* gone */
            }
        list[kept++] = list[i];
    }
    return kept;
}

/* The untaken pieces in it. */
static size_t pieces_in(const struct draft *d, const struct rect *r, size_t *out)
{
    const struct sheet *s = d->sheet;
    size_t n = 0;
    for (size_t i = 0; i < s->piece_count; i++) {
        const struct piece *p = &s->pieces[i];
        if (p->at.y1 > r->y2 && i < d->owner_count) {
            i = d->owner_count - 1; /* those split off later follow */
            continue;
        }
        if (!p->taken && rect_shared(&p->at, r) >= inside * rect_area(&p->at) &&
            rect_area(&p->at) > 0)
            out[n++] = i;
    }
    return n;
}

static bool is_background(const struct draft *d, const struct rect *r, const size_t *pieces,
                          size_t n)
{
    const struct sheet *s = d->sheet;
    float area = 0;
    size_t wide = 0;
    for (size_t i = 0; i < n; i++) {
        const struct rect *at = &s->pieces[pieces[i]].at;
        area += rect_area(at);
        wide += rect_width(at) > wide_line * rect_width(r) && rect_width(at) > LONG_LINE * s->unit;
    }
    return wide >= WIDE_LINES || area > covered * rect_area(r);
}

static bool is_figure(const struct sheet *s, const struct rect *r)
{
    float shorter = fminf(rect_width(r), rect_height(r)),
          longer = fmaxf(rect_width(r), rect_height(r));
    return shorter >= least_side * s->unit && longer >= longest_side * s->unit &&
           shorter > thinnest * longer;
}

/* ---- labels beside it ---- */

static size_t piece_length(const struct piece *p)
{
    size_t n = 0;
    for (size_t w = 0; w < p->count; w++)
        n += wording_length(p->from->words[p->first + w].text) + (w > 0);
    return n;
}

/* The mark of an item, or a sentence's end. */
static bool is_item(const char *last_word)
{
    size_t len = strlen(last_word);
    return wording_ends_sentence(last_word) || (len && last_word[len - 1] == ')');
}

static bool is_label(const struct sheet *s, const struct piece *p, const struct rect *figure)
{
    bool strong;
    size_t length = piece_length(p);
    float middle = (p->at.x1 + p->at.x2) / 2, of = (figure->x1 + figure->x2) / 2;
    if (p->vertical)
        return rect_height(&p->at) < rect_height(figure);
    if (p->height > largest_label * s->unit ||
        wording_caption(p->from->text, &strong) != CAPTION_NONE)
        return false;
    if (!p->count || is_item(p->from->words[p->first + p->count - 1].text))
        return false;
    if (length <= SHORT_LABEL)
        return true;
    return length <= LONG_LABEL && p->at.y1 > (figure->y1 + figure->y2) / 2 &&
           fabsf(middle - of) < off_middle * rect_width(figure) &&
           rect_width(&p->at) < wide_line * rect_width(figure);
}

/* Numbers on its axes and their names, of a drawing that begins at the axes. */
static struct rect with_labels(const struct draft *d, struct rect r)
{
    const struct sheet *s = d->sheet;
    float reach = label_reach * s->unit;
    struct rect near_it = {r.x1 - reach, r.y1 - reach, r.x2 + reach, r.y2 + reach}, out = r;
    for (size_t i = 0; i < d->owner_count && s->pieces[i].at.y1 <= near_it.y2; i++) {
        const struct piece *p = &s->pieces[i];
        if (!p->taken && rect_shared(&p->at, &near_it) >= inside * rect_area(&p->at) &&
            rect_area(&p->at) > 0 && is_label(s, p, &r))
            out = rect_union(out, p->at);
    }
    return out;
}

static int add_figure(struct draft *d, const struct rect *r, size_t *scratch)
{
    size_t n = pieces_in(d, r, scratch);
    if (is_background(d, r, scratch, n))
        return 0;
    struct rect labelled = with_labels(d, *r);
    labelled = with_labels(d, labelled);
    n = pieces_in(d, &labelled, scratch);
    if (is_background(d, &labelled, scratch, n)) {
        labelled = *r;
        n = pieces_in(d, r, scratch);
    }
    struct part *p = draft_add_part(d, BLOCK_FIGURE, labelled);
    if (!p || draft_add_rows(d, scratch, n) < 0)
        return -1;
    p->count = d->row_count - p->first;
    p->solid = p->fixed = true;
    return 0;
}

int draft_take_figures(struct draft *d)
{
    struct sheet *s = d->sheet;
    if (!s->hints->keep_figures || !s->picture_count)
        return 0;
    struct rect *list = arena_alloc(s->arena, s->picture_count, sizeof *list);
    size_t *scratch = arena_alloc(s->arena, s->piece_count, sizeof *scratch);
    if (!list || !scratch)
        return -1;
    size_t n = choose(d, list);
    for (size_t before = n + 1, round = 0; n > 0 && n < before && round < MERGES; round++) {
        before = n;
        n = merge(list, n, near * s->unit);
    }
    size_t figures = 0;
    for (size_t i = 0; i < n && figures < MAX_FIGURES; i++) {
        if (!is_figure(s, &list[i]))
            continue;
        figures++;
        if (add_figure(d, &list[i], scratch) < 0)
            return -1;
    }
    return 0;
}
