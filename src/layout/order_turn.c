/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Lines as upright boxes. Where most text is vertical the page is turned a quarter, so that the
 * rightmost column becomes the first line; then the lean of the long lines is taken out. Refuses
 * nothing: numbers that no page has become the edge of the largest page.
 */
#include "layout/order_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static const float farthest = 1e6F;  /* pixels; keeps every sum and product exact enough */
static const float steepest = 0.26F; /* radians, 15°: more is no skew of a page */
static const float longish = 4;      /* times as long as high: its lean says something */

struct lean {
    float angle, weight;
};

static struct point clamp_point(struct point p)
{
    p.x = isfinite(p.x) ? fminf(fmaxf(p.x, -farthest), farthest) : 0;
    p.y = isfinite(p.y) ? fminf(fmaxf(p.y, -farthest), farthest) : 0;
    return p;
}

/* Half the sum of two opposite sides. */
static struct point mean_side(const struct quad *q, int a, int b, int c, int d)
{
    return (struct point){(q->corner[b].x - q->corner[a].x + q->corner[d].x - q->corner[c].x) / 2,
                          (q->corner[b].y - q->corner[a].y + q->corner[d].y - q->corner[c].y) / 2};
}

static struct quad quarter_turned(struct quad q)
{
    for (int i = 0; i < 4; i++)
        q.corner[i] = (struct point){q.corner[i].y, -q.corner[i].x};
    return q;
}

static struct quad clean_quad(const struct quad *q)
{
    struct quad clean;
    for (int i = 0; i < 4; i++)
        clean.corner[i] = clamp_point(q->corner[i]);
    return clean;
}

/* The longer axis of the quad, pointing right, and its length over the other one's. */
static struct point long_axis(const struct quad *q, float *ratio)
{
    struct point a = mean_side(q, 0, 1, 3, 2), b = mean_side(q, 1, 2, 0, 3);
    float la = hypotf(a.x, a.y), lb = hypotf(b.x, b.y);
    struct point axis = la >= lb ? a : b;
    *ratio = fmaxf(la, lb) / fmaxf(fminf(la, lb), 1e-3F);
    if (axis.x < 0)
        axis = (struct point){-axis.x, -axis.y};
    return axis;
}

/* By length, so that a page of text is not outvoted by marks. */
static bool mostly_vertical(const struct layout_line *lines, size_t n)
{
    double upright = 0, level = 0;
    for (size_t i = 0; i < n; i++) {
        struct quad q = clean_quad(&lines[i].polygon);
        float ratio;
        struct point axis = long_axis(&q, &ratio);
        if (ratio < 1.5F)
            continue;
        if (fabsf(axis.y) > fabsf(axis.x))
            upright += hypotf(axis.x, axis.y);
        else
            level += hypotf(axis.x, axis.y);
    }
    return upright > level;
}

static int compare_leans(const void *a, const void *b)
{
    const struct lean *one = a, *other = b;
    if (one->angle != other->angle)
        return one->angle < other->angle ? -1 : 1;
    return one->weight < other->weight ? -1 : one->weight > other->weight;
}

/* The median by length. */
static float middle_lean(struct lean *leans, size_t n)
{
    double total = 0, sum = 0;
    qsort(leans, n, sizeof *leans, compare_leans);
    for (size_t i = 0; i < n; i++)
        total += leans[i].weight;
    for (size_t i = 0; i < n; i++) {
        sum += leans[i].weight;
        if (sum >= total / 2)
            return leans[i].angle;
    }
    return 0;
}

static float page_lean(const struct layout_line *lines, size_t n, bool vertical)
{
    struct lean *leans = x_calloc(n, sizeof *leans);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        struct quad q = clean_quad(&lines[i].polygon);
        float ratio;
        struct quad turned = vertical ? quarter_turned(q) : q;
        struct point axis = long_axis(&turned, &ratio);
        float angle = atan2f(axis.y, axis.x);
        if (ratio >= longish && fabsf(angle) <= steepest)
            leans[used++] = (struct lean){angle, hypotf(axis.x, axis.y)};
    }
    float lean = middle_lean(leans, used);
    free(leans);
    return lean;
}

void order_turn(const struct layout_line *lines, size_t n, struct order_box *boxes)
{
    bool vertical = mostly_vertical(lines, n);
    float lean = page_lean(lines, n, vertical), c = cosf(lean), s = sinf(lean);
    for (size_t i = 0; i < n; i++) {
        struct quad q = clean_quad(&lines[i].polygon);
        if (vertical)
            q = quarter_turned(q);
        for (int k = 0; k < 4; k++)
            q.corner[k] = (struct point){q.corner[k].x * c + q.corner[k].y * s,
                                         q.corner[k].y * c - q.corner[k].x * s};
        struct rect r = rect_of_quad(&q);
        boxes[i] = (struct order_box){r.x1, r.y1, r.x2, r.y2, .line = i};
    }
}
