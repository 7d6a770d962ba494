/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The direction of most text by length of line, the median lean of its long lines, and boxes from
 * the page to the upright sheet and back. Refuses nothing. Called by sheet.c.
 */
#include "layout/turn.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum { FEWEST_SET_DOWN = 3 }; /* letters: two narrow ones are as high as two set downwards */

static const float farthest = 1e6F;     /* pixels; keeps every sum and product exact enough */
static const float steepest = 0.26F;    /* radians, 15°: more is no skew of a page */
static const float straight = 0.0017F;  /* radians, 0.1°: less is not worth turning */
static const float longish = 4;         /* times as long as high: its lean says something */
static const float upended = 1.5F;      /* times as high as wide: text set downwards */
static const float least_share = 0.25F; /* of a straight box that is left without the lean */

struct lean {
    float angle, weight;
};

static float clean(float v)
{
    return isfinite(v) ? fminf(fmaxf(v, -farthest), farthest) : 0;
}

static struct quad clean_quad(const struct quad *q)
{
    struct quad out;
    for (int i = 0; i < 4; i++)
        out.corner[i] = (struct point){clean(q->corner[i].x), clean(q->corner[i].y)};
    return out;
}

/* Half the sum of two opposite sides. */
static struct point mean_side(const struct quad *q, int a, int b, int c, int d)
{
    return (struct point){(q->corner[b].x - q->corner[a].x + q->corner[d].x - q->corner[c].x) / 2,
                          (q->corner[b].y - q->corner[a].y + q->corner[d].y - q->corner[c].y) / 2};
}

static struct point along(const struct quad *q)
{
    return mean_side(q, 0, 1, 3, 2);
}

static struct point down(const struct quad *q)
{
    return mean_side(q, 0, 3, 1, 2);
}

static float length(struct point p)
{
    return hypotf(p.x, p.y);
}

/* 0 right, 1 down, 2 left, 3 up. */
static int quadrant(struct point p)
{
    if (fabsf(p.x) >= fabsf(p.y))
        return p.x >= 0 ? 0 : 2;
    return p.y > 0 ? 1 : 3;
}

/* Text set downwards with its letters upright, in a box that begins at its upper left: the same box
 * from its upper right, where reading begins. */
static struct quad read_along(const struct turn_line *line)
{
    struct quad q = clean_quad(&line->polygon);
    bool set_down =
        line->letters >= FEWEST_SET_DOWN && length(down(&q)) > upended * length(along(&q));
    return set_down ? quad_shifted(&q, 1) : q;
}

bool turn_is_vertical(const struct turn *t, const struct turn_line *line)
{
    struct quad q = read_along(line);
    return (quadrant(along(&q)) + t->quarters) % 2 == 1;
}

/* By length, so that a page of text is not outvoted by marks. */
static int direction_of_most(const struct turn_line *lines, size_t n, int otherwise)
{
    double votes[4] = {0};
    votes[otherwise] = 1e-3;
    for (size_t i = 0; i < n; i++) {
        struct quad q = read_along(&lines[i]);
        struct point p = along(&q);
        if (lines[i].letters > 1)
            votes[quadrant(p)] += (double)length(p);
    }
    int best = otherwise;
    for (int i = 0; i < 4; i++)
        if (votes[i] > votes[best])
            best = i;
    return best;
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
        total += (double)leans[i].weight;
    for (size_t i = 0; i < n; i++) {
        sum += (double)leans[i].weight;
        if (sum >= total / 2)
            return leans[i].angle;
    }
    return 0;
}

static struct point quarter_turned(const struct turn *t, struct point p)
{
    switch (t->quarters) {
    case 1:
        return (struct point){t->height - p.y, p.x};
    case 2:
        return (struct point){t->width - p.x, t->height - p.y};
    case 3:
        return (struct point){p.y, t->width - p.x};
    default:
        return p;
    }
}

static struct point quarter_turned_back(const struct turn *t, struct point p)
{
    switch (t->quarters) {
    case 1:
        return (struct point){p.y, t->height - p.x};
    case 2:
        return (struct point){t->width - p.x, t->height - p.y};
    case 3:
        return (struct point){t->width - p.y, p.x};
    default:
        return p;
    }
}

static float page_lean(const struct turn *t, const struct turn_line *lines, size_t n)
{
    struct lean *leans = x_calloc(n, sizeof *leans);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        struct quad q = read_along(&lines[i]);
        for (int k = 0; k < 4; k++)
            q.corner[k] = quarter_turned(t, q.corner[k]);
        struct point axis = along(&q);
        float angle = atan2f(axis.y, axis.x);
        if (length(axis) >= longish * length(down(&q)) && fabsf(angle) <= steepest)
            leans[used++] = (struct lean){angle, length(axis)};
    }
    float lean = middle_lean(leans, used);
    free(leans);
    return fabsf(lean) < straight ? 0 : lean;
}

void turn_find(struct turn *t, const struct turn_line *lines, size_t n)
{
    t->quarters = (4 - direction_of_most(lines, n, (4 - t->quarters) % 4)) % 4;
    float lean = page_lean(t, lines, n);
    t->cosine = cosf(lean);
    t->sine = sinf(lean);
}

float turn_sheet_width(const struct turn *t)
{
    return t->quarters % 2 ? t->height : t->width;
}

float turn_sheet_height(const struct turn *t)
{
    return t->quarters % 2 ? t->width : t->height;
}

/* About the middle of the sheet. */
static struct point lean_point(const struct turn *t, struct point p, float sine)
{
    struct point m = {turn_sheet_width(t) / 2, turn_sheet_height(t) / 2};
    float x = p.x - m.x, y = p.y - m.y;
    return (struct point){m.x + x * t->cosine + y * sine, m.y + y * t->cosine - x * sine};
}

static bool is_straight(const struct quad *q)
{
    struct point p = along(q);
    return fabsf(p.x) < 0.01F || fabsf(p.y) < 0.01F;
}

/* A straight box around something that leans is larger than that: what leans and fills it. */
static struct rect without_lean(const struct turn *t, struct rect r)
{
    float w = r.x2 - r.x1, h = r.y2 - r.y1, sine = fabsf(t->sine);
    float of = t->cosine * t->cosine - sine * sine;
    float dx = (w - fmaxf((w * t->cosine - h * sine) / of, least_share * w)) / 2;
    float dy = (h - fmaxf((h * t->cosine - w * sine) / of, least_share * h)) / 2;
    return (struct rect){r.x1 + dx, r.y1 + dy, r.x2 - dx, r.y2 - dy};
}

/* Around the middles of the sides: corners would make it too tall. */
static struct rect leant(const struct turn *t, const struct quad *q, float sine)
{
    struct point p = lean_point(t, point_between(q->corner[0], q->corner[1], 0.5F), sine);
    struct rect r = {p.x, p.y, p.x, p.y};
    for (int i = 1; i < 4; i++) {
        p = lean_point(t, point_between(q->corner[i], q->corner[(i + 1) & 3], 0.5F), sine);
        r = rect_union(r, (struct rect){p.x, p.y, p.x, p.y});
    }
    return r;
}

struct rect turn_upright(const struct turn *t, const struct quad *on_page)
{
    struct quad q = clean_quad(on_page);
    for (int i = 0; i < 4; i++)
        q.corner[i] = quarter_turned(t, q.corner[i]);
    if (t->sine == 0)
        return rect_of_quad(&q);
    if (is_straight(&q))
        q = quad_of_rect(without_lean(t, rect_of_quad(&q)));
    return leant(t, &q, t->sine);
}

struct quad turn_quad_back(const struct turn *t, struct rect upright)
{
    struct quad q = quad_of_rect(upright);
    for (int i = 0; i < 4; i++) {
        struct point p = quarter_turned_back(t, lean_point(t, q.corner[i], -t->sine));
        q.corner[i] =
            (struct point){fminf(fmaxf(p.x, 0), t->width), fminf(fmaxf(p.y, 0), t->height)};
    }
    return q;
}

struct rect turn_back(const struct turn *t, struct rect upright)
{
    const struct quad q = turn_quad_back(t, upright);
    return rect_of_quad(&q);
}
