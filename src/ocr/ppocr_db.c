/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Differentiable binarisation, the last part: from a map of text probability to boxes. Each
 * connected area above the threshold gives the rectangle of least area around it, which is kept if
 * it is not tiny and probable enough inside, and grown by area × unclip_ratio / perimeter on every
 * side, since the map shows the cores of lines (Liao et al., Real-time Scene Text Detection with
 * Differentiable Binarization, 2020). Deterministic; time and memory grow with the map alone.
 */
#include "ocr/ppocr.h"

#include "base/must.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_SIDE = 3, MIN_GROWN_SIDE = 5 }; /* pixels of the map, as PaddleOCR has them */

/* ---- connected areas, as runs of pixels ---- */

struct run {
    uint32_t y, begin, end; /* pixels begin … end − 1 */
    uint32_t area;          /* the index of another run of the same area, or its own */
};

struct runs {
    struct run *rows;
    size_t count, space;
};

static void add_run(struct runs *runs, uint32_t y, uint32_t begin, uint32_t end)
{
    if (runs->count == runs->space) {
        runs->space = runs->space ? runs->space * 2 : 4096;
        runs->rows = x_realloc(runs->rows, runs->space, sizeof *runs->rows);
    }
    runs->rows[runs->count] = (struct run){y, begin, end, (uint32_t)runs->count};
    runs->count++;
}

static uint32_t root(struct run *runs, uint32_t i)
{
    while (runs[i].area != i)
        i = runs[i].area = runs[runs[i].area].area;
    return i;
}

/* The earlier run names the area, so areas are numbered from top to bottom. */
static void join(struct run *runs, uint32_t a, uint32_t b)
{
    a = root(runs, a);
    b = root(runs, b);
    if (a < b)
        runs[b].area = a;
    else
        runs[a].area = b;
}

static void scan_row(struct runs *runs, const float *row, uint32_t y, uint32_t width, float thresh)
{
    for (uint32_t x = 0; x < width;) {
        while (x < width && !(row[x] > thresh))
            x++;
        uint32_t begin = x;
        while (x < width && row[x] > thresh)
            x++;
        if (x > begin)
            add_run(runs, y, begin, x);
    }
}

/* Pixels that touch at a corner belong together. */
static void join_rows(struct runs *runs, size_t above, size_t here)
{
    struct run *rows = runs->rows;
    const size_t end = runs->count, above_end = here;
    while (above < above_end && here < end) {
        if (rows[above].begin <= rows[here].end && rows[here].begin <= rows[above].end)
            join(rows, (uint32_t)above, (uint32_t)here);
        if (rows[above].end < rows[here].end)
            above++;
        else
            here++;
    }
}

static int compare_runs(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    if (x->area != y->area)
        return x->area < y->area ? -1 : 1;
    if (x->y != y->y)
        return x->y < y->y ? -1 : 1;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* All runs, those of one area together and from top to bottom. */
static void find_areas(const float *map, size_t width, size_t height, float thresh,
                       struct runs *runs)
{
    size_t above = 0;
    for (size_t y = 0; y < height; y++) {
        size_t here = runs->count;
        scan_row(runs, map + y * width, (uint32_t)y, (uint32_t)width, thresh);
        join_rows(runs, above, here);
        above = here;
    }
    for (size_t i = 0; i < runs->count; i++)
        runs->rows[i].area = root(runs->rows, (uint32_t)i);
    if (runs->count)
        qsort(runs->rows, runs->count, sizeof *runs->rows, compare_runs);
}

/* ---- the rectangle of least area ---- */

struct outline {
    struct point *points;
    size_t count, space;
};

static float cross(struct point o, struct point a, struct point b)
{
    return (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
}

/* Points before `base` stay. */
static void push(struct outline *hull, struct point p, size_t base)
{
    while (hull->count >= base + 2 &&
           cross(hull->points[hull->count - 2], hull->points[hull->count - 1], p) >= 0)
        hull->count--;
    hull->points[hull->count++] = p;
}

/* The convex hull of an area's pixel centres: down its left side, up its right side. A row's
 * outermost pixels are all that can be on it. */
static void find_hull(const struct run *runs, size_t n, struct outline *hull)
{
    if (hull->space < 2 * n + 2) {
        hull->space = 2 * n + 2;
        hull->points = x_realloc(hull->points, hull->space, sizeof *hull->points);
    }
    hull->count = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || runs[i].y != runs[i - 1].y)
            push(hull, (struct point){(float)runs[i].begin + 0.5F, (float)runs[i].y + 0.5F}, 0);
    size_t base = hull->count ? hull->count - 1 : 0;
    for (size_t i = n; i-- > 0;)
        if (i + 1 == n || runs[i].y != runs[i + 1].y)
            push(hull, (struct point){(float)runs[i].end - 0.5F, (float)runs[i].y + 0.5F}, base);
}

/* A rectangle by its centre, its sides, and the direction of the side `along`. */
struct rectangle {
    struct point centre, direction;
    float along, across;
};

/* Around the hull, with one side in this direction. */
static struct rectangle around(const struct outline *hull, struct point d)
{
    float low_u = HUGE_VALF, high_u = -HUGE_VALF, low_v = HUGE_VALF, high_v = -HUGE_VALF;
    for (size_t i = 0; i < hull->count; i++) {
        struct point p = hull->points[i];
        float u = p.x * d.x + p.y * d.y, v = p.y * d.x - p.x * d.y;
        low_u = fminf(low_u, u), high_u = fmaxf(high_u, u);
        low_v = fminf(low_v, v), high_v = fmaxf(high_v, v);
    }
    float u = (low_u + high_u) / 2, v = (low_v + high_v) / 2;
    return (struct rectangle){.centre = {u * d.x - v * d.y, u * d.y + v * d.x},
                              .direction = d,
                              .along = high_u - low_u,
                              .across = high_v - low_v};
}

/* One of its sides lies on a side of the hull (Freeman and Shapira, 1975). The upright one is
 * tried first, so that it wins where others are no smaller. */
static struct rectangle smallest(const struct outline *hull)
{
    const float much = 0.999F; /* smaller by less than this is rounding */
    struct rectangle best = around(hull, (struct point){1, 0});
    for (size_t i = 0; i < hull->count; i++) {
        struct point a = hull->points[i], b = hull->points[(i + 1) % hull->count];
        float length = hypotf(b.x - a.x, b.y - a.y);
        if (length <= 0)
            continue;
        struct rectangle r =
            around(hull, (struct point){(b.x - a.x) / length, (b.y - a.y) / length});
        if (r.along * r.across < best.along * best.across * much)
            best = r;
    }
    return best;
}

/* More to the right than up or down; exactly between right and up counts as right. */
static bool points_right(struct point d)
{
    return d.x > fabsf(d.y) || (d.x > 0 && d.x == -d.y);
}

/* Its corners clockwise from the upper left. */
static struct quad corners(struct rectangle r)
{
    while (!points_right(r.direction)) {
        r.direction = (struct point){-r.direction.y, r.direction.x};
        float side = r.along;
        r.along = r.across;
        r.across = side;
    }
    struct point u = {r.direction.x * r.along / 2, r.direction.y * r.along / 2};
    struct point v = {-r.direction.y * r.across / 2, r.direction.x * r.across / 2};
    struct point c = r.centre;
    return (struct quad){{{c.x - u.x - v.x, c.y - u.y - v.y},
                          {c.x + u.x - v.x, c.y + u.y - v.y},
                          {c.x + u.x + v.x, c.y + u.y + v.y},
                          {c.x - u.x + v.x, c.y - u.y + v.y}}};
}

/* ---- the score ---- */

/* Where the line through the pixel centres of a row crosses the rectangle. */
static bool crossing(const struct quad *q, float y, float *left, float *right)
{
    *left = HUGE_VALF;
    *right = -HUGE_VALF;
    for (int i = 0; i < 4; i++) {
        struct point a = q->corner[i], b = q->corner[(i + 1) & 3];
        if ((a.y < y) == (b.y < y) && a.y != y && b.y != y)
            continue;
        float part = a.y == b.y ? 0 : (y - a.y) / (b.y - a.y);
        float x = a.x + (b.x - a.x) * fminf(fmaxf(part, 0), 1);
        *left = fminf(*left, x), *right = fmaxf(*right, x);
        if (a.y == b.y)
            *left = fminf(*left, b.x), *right = fmaxf(*right, b.x);
    }
    return *left <= *right;
}

static float mean_inside(const float *map, size_t width, size_t height, const struct quad *q)
{
    struct rect box = rect_of_quad(q);
    size_t first = (size_t)fmaxf(box.y1, 0);
    size_t last = (size_t)fminf(fmaxf(box.y2, 0), (float)height - 1);
    double sum = 0;
    size_t count = 0;
    for (size_t y = first; y <= last; y++) {
        float left, right;
        if (!crossing(q, (float)y + 0.5F, &left, &right))
            continue;
        /* pixels whose centres are inside; half a thousandth forgives rounding */
        size_t x = (size_t)fmaxf(ceilf(left - 0.5005F), 0);
        size_t end = (size_t)fminf(fmaxf(floorf(right - 0.4995F), -1) + 1, (float)width);
        for (; x < end; x++, count++)
            sum += (double)map[y * width + x];
    }
    return count ? (float)(sum / (double)count) : 0;
}

/* ---- boxes ---- */

static void add_box(struct ppocr_boxes *boxes, const struct ppocr_box *box)
{
    if (boxes->count == boxes->space) {
        boxes->space = boxes->space ? boxes->space * 2 : 128;
        boxes->rows = x_realloc(boxes->rows, boxes->space, sizeof *boxes->rows);
    }
    boxes->rows[boxes->count++] = *box;
}

static void take_area(const float *map, size_t width, size_t height, const struct recipe *recipe,
                      const struct outline *hull, struct ppocr_boxes *out)
{
    struct rectangle r = smallest(hull);
    if (fminf(r.along, r.across) < MIN_SIDE)
        return;
    struct quad tight = corners(r);
    float score = mean_inside(map, width, height, &tight);
    if (!(score >= (float)recipe->box_thresh)) /* nor where it is not a number */
        return;
    float by = r.along * r.across * (float)recipe->unclip_ratio / (2 * (r.along + r.across));
    r.along += 2 * by;
    r.across += 2 * by;
    if (fminf(r.along, r.across) < MIN_GROWN_SIDE)
        return;
    const struct ppocr_box box = {corners(r), score};
    add_box(out, &box);
}

void ppocr_db(const float *map, size_t width, size_t height, const struct recipe *recipe,
              struct ppocr_boxes *out)
{
    struct runs runs = {0};
    struct outline hull = {0};
    int64_t left = recipe->max_candidates;
    must(width < UINT32_MAX / 2 && height < UINT32_MAX / 2);
    find_areas(map, width, height, (float)recipe->thresh, &runs);
    for (size_t i = 0, n; i < runs.count && left-- > 0; i += n) {
        for (n = 1; i + n < runs.count && runs.rows[i + n].area == runs.rows[i].area;)
            n++;
        find_hull(runs.rows + i, n, &hull);
        take_area(map, width, height, recipe, &hull, out);
    }
    free(hull.points);
    free(runs.rows);
}
