/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The strips of a page to lines: pieces on one line are joined when they touch, and dashes across
 * the gaps of their kind. Called by decode_drawing_hints.c.
 */
#include "decode/decode_drawing.h"

#include <math.h>
#include <stdlib.h>

static const float beside = 0.7F;      /* points by which pieces of one line may be out of place, */
static const float spread = 2.0F;      /* all of them together */
static const float touching = 1.5F;    /* points between pieces that seem to touch */
static const float dash = 12.0F;       /* points: a longer piece is no dash */
static const float dash_gap = 1.5F;    /* lengths of a dash */
static const float longest_gap = 6.0F; /* points */
static const float shortest = 6.0F;    /* points: no line of a table is shorter */

static float place(const struct drawing_box *b)
{
    return b->vertical ? (b->at.x1 + b->at.x2) / 2 : (b->at.y1 + b->at.y2) / 2;
}

static float from(const struct drawing_box *b)
{
    return b->vertical ? b->at.y1 : b->at.x1;
}

static float to(const struct drawing_box *b)
{
    return b->vertical ? b->at.y2 : b->at.x2;
}

static int compare(float a, float b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *a, const void *b)
{
    const struct drawing_box *p = a, *q = b;
    int order = p->vertical - q->vertical;
    if (!order)
        order = compare(place(p), place(q));
    return order ? order : compare(from(p), from(q));
}

static int by_start(const void *a, const void *b)
{
    const struct drawing_box *p = a, *q = b;
    int order = compare(from(p), from(q));
    return order ? order : compare(to(p), to(q));
}

static float gap_between(const struct drawing_box *piece, const struct drawing_box *next)
{
    float shorter = fminf(to(piece) - from(piece), to(next) - from(next));
    return shorter > dash ? touching : fmaxf(fminf(dash_gap * shorter, longest_gap), touching);
}

/* Joins n pieces that lie beside each other, from left to right; how many lines they are. */
static size_t join_line(struct drawing_box *pieces, size_t n, struct drawing_box *out)
{
    size_t lines = 0;
    float end = 0;
    struct drawing_box last = {0}; /* the piece, not the line that it is a part of */
    qsort(pieces, n, sizeof *pieces, by_start);
    for (size_t i = 0; i < n; i++) {
        struct drawing_box piece = pieces[i];
        bool joins = i > 0 && from(&piece) - end <= gap_between(&last, &piece);
        if (joins)
            out[lines - 1].at = rect_union(out[lines - 1].at, piece.at);
        else
            out[lines++] = piece;
        end = joins ? fmaxf(end, to(&piece)) : to(&piece);
        last = piece;
    }
    return lines;
}

static bool is_beside(const struct drawing_box *first, const struct drawing_box *last,
                      const struct drawing_box *next)
{
    return first->vertical == next->vertical && place(next) - place(last) <= beside &&
           place(next) - place(first) <= spread;
}

static size_t drop_short(struct drawing_box *strips, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (to(&strips[i]) - from(&strips[i]) >= shortest)
            strips[kept++] = strips[i];
    return kept;
}

size_t drawing_join_strips(struct drawing_box *strips, size_t n)
{
    size_t start = 0, kept = 0;
    qsort(strips, n, sizeof *strips, by_place);
    for (size_t i = 1; i <= n; i++) {
        if (i < n && is_beside(&strips[start], &strips[i - 1], &strips[i]))
            continue;
        kept += join_line(strips + start, i - start, strips + kept);
        start = i;
    }
    return drop_short(strips, kept);
}
