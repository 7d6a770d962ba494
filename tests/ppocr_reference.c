/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The parts of PP-OCR the slow way: every pixel sampled on its own, flood fill, every direction
 * tried, every point tested, every class looked at.
 */
#include "ppocr_reference.h"

#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

const struct reference_normal reference_imagenet = {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
const struct reference_normal reference_half = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};

/* ---- pictures ---- */

/* The mean of group (i, j) of by_x × by_y pixels; groups beyond the edge are the last one. */
static double group_mean(const struct pixels *p, long i, long j, long by_x, long by_y, size_t c)
{
    const long last_i = (long)p->width / by_x - 1, last_j = (long)p->height / by_y - 1;
    double sum = 0;
    i = i < 0 ? 0 : i > last_i ? last_i : i;
    j = j < 0 ? 0 : j > last_j ? last_j : j;
    for (long y = j * by_y; y < (j + 1) * by_y; y++)
        for (long x = i * by_x; x < (i + 1) * by_x; x++)
            sum += p->data[(size_t)y * p->stride + (size_t)x * p->channels + c];
    return sum / (double)(by_x * by_y);
}

/* Between the four nearest groups; x and y in pixels of the picture. */
static double grouped_value(const struct pixels *p, double x, double y, long by_x, long by_y,
                            size_t c)
{
    const double gx = x / (double)by_x - 0.5, gy = y / (double)by_y - 0.5;
    const long i = (long)floor(gx), j = (long)floor(gy);
    const double right = gx - (double)i, down = gy - (double)j;
    double top = group_mean(p, i, j, by_x, by_y, c) * (1 - right) +
                 group_mean(p, i + 1, j, by_x, by_y, c) * right;
    double bottom = group_mean(p, i, j + 1, by_x, by_y, c) * (1 - right) +
                    group_mean(p, i + 1, j + 1, by_x, by_y, c) * right;
    return top * (1 - down) + bottom * down;
}

double reference_value(const struct pixels *p, double x, double y, size_t channel)
{
    return grouped_value(p, x, y, 1, 1, channel);
}

/* Of the picture's channels, plane 0 is the last (blue of red, green, blue). */
static size_t channel_of(const struct pixels *p, size_t plane)
{
    return p->channels == 3 ? 2 - plane : 0;
}

static void put(const struct planes *out, const struct reference_normal *n, size_t plane, size_t x,
                size_t y, double value)
{
    out->data[(plane * out->height + y) * out->row + x] =
        (float)((value / 255 - n->mean[plane]) / n->deviation[plane]);
}

static long group_size(double from, double to)
{
    return from / to >= 2 ? (long)(from / to) : 1;
}

void reference_resize(const struct pixels *p, const struct reference_normal *n,
                      const struct planes *out)
{
    const double step_x = p->width / (double)out->width, step_y = p->height / (double)out->height;
    const long by_x = group_size(p->width, (double)out->width);
    const long by_y = group_size(p->height, (double)out->height);
    for (size_t plane = 0; plane < 3; plane++)
        for (size_t y = 0; y < out->height; y++)
            for (size_t x = 0; x < out->width; x++)
                put(out, n, plane, x, y,
                    grouped_value(p, ((double)x + 0.5) * step_x, ((double)y + 0.5) * step_y, by_x,
                                  by_y, channel_of(p, plane)));
}

/* From the unit square to a quadrilateral (Heckbert, Fundamentals of Texture Mapping and Image
 * Warping, 1989): x = (a u + b v + c) / (g u + h v + 1), y with d, e, f. */
struct projection {
    double a, b, c, d, e, f, g, h;
};

static struct projection projection_of(const struct quad *q)
{
    const struct point *p = q->corner;
    const double x0 = (double)p[0].x, x1 = (double)p[1].x, x2 = (double)p[2].x, x3 = (double)p[3].x;
    const double y0 = (double)p[0].y, y1 = (double)p[1].y, y2 = (double)p[2].y, y3 = (double)p[3].y;
    const double dx1 = x1 - x2, dx2 = x3 - x2, sx = x0 - x1 + x2 - x3;
    const double dy1 = y1 - y2, dy2 = y3 - y2, sy = y0 - y1 + y2 - y3;
    const double det = dx1 * dy2 - dx2 * dy1;
    const double g = det != 0 ? (sx * dy2 - dx2 * sy) / det : 0;
    const double h = det != 0 ? (dx1 * sy - sx * dy1) / det : 0;
    return (struct projection){
        x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h};
}

double reference_length(struct point a, struct point b)
{
    return hypot((double)b.x - (double)a.x, (double)b.y - (double)a.y);
}

double reference_width(const struct quad *q)
{
    return fmax(reference_length(q->corner[0], q->corner[1]),
                reference_length(q->corner[3], q->corner[2]));
}

double reference_height(const struct quad *q)
{
    return fmax(reference_length(q->corner[0], q->corner[3]),
                reference_length(q->corner[1], q->corner[2]));
}

static double mean_of_samples(const struct pixels *p, const struct projection *m, double u0,
                              double v0, double du, double dv, const int many[2], size_t channel)
{
    double sum = 0;
    for (int j = 0; j < many[1]; j++)
        for (int i = 0; i < many[0]; i++) {
            double u = u0 + du * (i + 0.5) / many[0], v = v0 + dv * (j + 0.5) / many[1];
            double w = m->g * u + m->h * v + 1;
            sum += reference_value(p, (m->a * u + m->b * v + m->c) / w,
                                   (m->d * u + m->e * v + m->f) / w, channel);
        }
    return sum / (many[0] * many[1]);
}

void reference_warp(const struct pixels *p, const struct quad *q, const struct reference_normal *n,
                    const struct planes *out)
{
    const struct projection m = projection_of(q);
    const double du = 1 / (double)out->width, dv = 1 / (double)out->height;
    const int many[2] = {(int)group_size(reference_width(q), (double)out->width),
                         (int)group_size(reference_height(q), (double)out->height)};
    for (size_t plane = 0; plane < 3; plane++)
        for (size_t y = 0; y < out->height; y++)
            for (size_t x = 0; x < out->width; x++)
                put(out, n, plane, x, y,
                    mean_of_samples(p, &m, (double)x * du, (double)y * dv, du, dv, many,
                                    channel_of(p, plane)));
}

/* ---- detection ---- */

/* A map and what of it was already visited. */
struct field {
    const float *map;
    long width, height;
    double thresh;
    unsigned char *visited;
};

/* The pixel centres of one area. */
struct area {
    double (*points)[2];
    size_t count;
};

static bool inside(const struct field *f, long x, long y)
{
    return x >= 0 && y >= 0 && x < f->width && y < f->height &&
           (double)f->map[y * f->width + x] > f->thresh;
}

static void visit(struct field *f, long x, long y, struct area *area)
{
    if (!inside(f, x, y) || f->visited[y * f->width + x])
        return;
    f->visited[y * f->width + x] = 1;
    area->points[area->count][0] = (double)x + 0.5;
    area->points[area->count++][1] = (double)y + 0.5;
}

/* Everything that hangs together with (x, y), corners counting as touching. */
static void flood(struct field *f, long x, long y, struct area *area)
{
    area->count = 0;
    visit(f, x, y, area);
    for (size_t i = 0; i < area->count; i++)
        for (int dy = -1; dy <= 1; dy++)
            for (int dx = -1; dx <= 1; dx++)
                visit(f, (long)area->points[i][0] + dx, (long)area->points[i][1] + dy, area);
}

/* Pixels within the area can be on no rectangle around it. */
static void keep_border(const struct field *f, struct area *area)
{
    size_t kept = 0;
    for (size_t i = 0; i < area->count; i++) {
        long x = (long)area->points[i][0], y = (long)area->points[i][1];
        if (inside(f, x - 1, y) && inside(f, x + 1, y) && inside(f, x, y - 1) &&
            inside(f, x, y + 1))
            continue;
        area->points[kept][0] = area->points[i][0];
        area->points[kept++][1] = area->points[i][1];
    }
    area->count = kept;
}

/* Turned clockwise by `angle`: extents along and across. */
struct rectangle {
    double angle, low_u, high_u, low_v, high_v;
};

static double size_of(const struct rectangle *r)
{
    return (r->high_u - r->low_u) * (r->high_v - r->low_v);
}

static struct rectangle around(const struct area *area, double angle)
{
    struct rectangle r = {angle, HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL};
    const double along = cos(angle), across = sin(angle);
    for (size_t i = 0; i < area->count; i++) {
        double x = area->points[i][0], y = area->points[i][1];
        double u = x * along + y * across, v = y * along - x * across;
        r.low_u = fmin(r.low_u, u), r.high_u = fmax(r.high_u, u);
        r.low_v = fmin(r.low_v, v), r.high_v = fmax(r.high_v, v);
    }
    return r;
}

/* Every tenth of a degree, then ever finer around the best. An upright rectangle stands unless
 * another is smaller by a thousandth. */
static struct rectangle smallest(const struct area *area)
{
    const double eighth = atan(1), coarse = eighth / 450;
    const struct rectangle upright = around(area, 0);
    struct rectangle best = upright;
    for (int i = 0; i < 900; i++) {
        struct rectangle r = around(area, -eighth + i * coarse);
        if (size_of(&r) < size_of(&best))
            best = r;
    }
    for (double step = coarse / 4; step > 1e-7; step /= 2)
        for (int side = -1; side <= 1; side += 2)
            for (int i = 0; i < 4; i++) {
                struct rectangle r = around(area, best.angle + side * step);
                if (size_of(&r) < size_of(&best))
                    best = r;
            }
    return size_of(&best) < size_of(&upright) * 0.999 ? best : upright;
}

static struct point unturned(double u, double v, double angle)
{
    return (struct point){(float)(u * cos(angle) - v * sin(angle)),
                          (float)(u * sin(angle) + v * cos(angle))};
}

static struct quad quad_of(const struct rectangle *r, double grown)
{
    const double left = r->low_u - grown, right = r->high_u + grown;
    const double top = r->low_v - grown, bottom = r->high_v + grown;
    return (struct quad){{unturned(left, top, r->angle), unturned(right, top, r->angle),
                          unturned(right, bottom, r->angle), unturned(left, bottom, r->angle)}};
}

static double mean_inside(const struct field *f, const struct rectangle *r)
{
    const double slack = 1e-4;
    double sum = 0, count = 0;
    const struct quad q = quad_of(r, 0);
    const struct rect box = rect_of_quad(&q);
    for (long y = (long)fmaxf(box.y1, 0); y < f->height && (double)y <= (double)box.y2; y++)
        for (long x = (long)fmaxf(box.x1, 0); x < f->width && (double)x <= (double)box.x2; x++) {
            double cx = (double)x + 0.5, cy = (double)y + 0.5;
            double u = cx * cos(r->angle) + cy * sin(r->angle);
            double v = cy * cos(r->angle) - cx * sin(r->angle);
            if (u < r->low_u - slack || u > r->high_u + slack || v < r->low_v - slack ||
                v > r->high_v + slack)
                continue;
            sum += (double)f->map[y * f->width + x];
            count++;
        }
    return count > 0 ? sum / count : 0;
}

static void take_area(struct field *f, struct area *area, const struct recipe *recipe,
                      struct reference_boxes *out)
{
    keep_border(f, area);
    const struct rectangle r = smallest(area);
    const double along = r.high_u - r.low_u, across = r.high_v - r.low_v;
    if (fmin(along, across) < 3 || mean_inside(f, &r) < recipe->box_thresh)
        return;
    const double by = along * across * recipe->unclip_ratio / (2 * (along + across));
    if (fmin(along, across) + 2 * by < 5)
        return;
    out->quads = x_realloc(out->quads, out->count + 1, sizeof *out->quads);
    out->quads[out->count++] = quad_of(&r, by);
}

void reference_db(const float *map, size_t width, size_t height, const struct recipe *recipe,
                  struct reference_boxes *out)
{
    struct field f = {map, (long)width, (long)height, (double)(float)recipe->thresh,
                      x_calloc(width * height, 1)};
    struct area area = {x_calloc(width * height, sizeof *area.points), 0};
    int64_t left = recipe->max_candidates;
    for (long y = 0; y < f.height; y++)
        for (long x = 0; x < f.width; x++) {
            if (!inside(&f, x, y) || f.visited[y * f.width + x])
                continue;
            flood(&f, x, y, &area);
            if (left-- > 0)
                take_area(&f, &area, recipe, out);
        }
    free(area.points);
    free(f.visited);
}

/* ---- recognition ---- */

size_t reference_ctc(const float *probabilities, size_t steps, size_t classes,
                     struct reference_character *out, double *confidence)
{
    size_t count = 0, before = 0;
    double sum = 0;
    for (size_t t = 0; t < steps; t++) {
        const float *row = probabilities + t * classes;
        size_t best = 0;
        for (size_t c = 1; c < classes; c++)
            if (row[c] > row[best])
                best = c;
        if (best != 0 && best == before) {
            out[count - 1].last = t;
        } else if (best != 0) {
            out[count++] = (struct reference_character){best, t, t};
            sum += (double)row[best];
        }
        before = best;
    }
    *confidence = count ? sum / (double)count : 0;
    return count;
}
