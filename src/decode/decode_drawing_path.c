/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Paths, segment by segment, to what they leave on the page: upright rectangles and lines as such,
 * a frame filled between two rectangles as its four sides, everything else as marks. A path may
 * have millions of segments; nothing is kept but the subpath in hand. Called by decode_drawing.c.
 */
#include "decode/decode_drawing.h"

#include <math.h>

static const float straight = 0.01F;    /* part of its length by which an upright line may slant */
static const float wobble = 0.3F;       /* points that it may always */
static const float nothing = 0.5F;      /* points: shorter lines are dots */
static const float frame = 3.5F;        /* points: the border of a frame is at most so thick */
static const double filling = 0.85;     /* part of its box that a rounded rectangle fills, */
static const double line_filling = 0.7; /* and a line with round ends */
static const double rounded_at = 8;     /* points: smaller ones are dots and letters */
static const double line_end = 3;       /* points: thicker ones are no lines */

/* The subpath in hand, in MuPDF's points. */
struct shape {
    fz_rect box;
    double twice_area;
    uint32_t upright, other; /* segments */
};

struct tracer {
    struct drawing *drawing;
    struct drawing_paint paint;
    float half; /* of the line's width */
    fz_point start, at;
    struct shape shape;
    fz_rect pending; /* a rectangle that the next one may make a frame of */
    bool has_pending;
};

static const struct shape no_shape = {{HUGE_VALF, HUGE_VALF, -HUGE_VALF, -HUGE_VALF}, 0, 0, 0};

static void include(fz_rect *box, fz_point p)
{
    box->x0 = fminf(box->x0, p.x);
    box->y0 = fminf(box->y0, p.y);
    box->x1 = fmaxf(box->x1, p.x);
    box->y1 = fmaxf(box->y1, p.y);
}

static fz_rect around(fz_point a, fz_point b)
{
    return (fz_rect){fminf(a.x, b.x), fminf(a.y, b.y), fmaxf(a.x, b.x), fmaxf(a.y, b.y)};
}

static bool is_upright(fz_point a, fz_point b)
{
    float dx = fabsf(a.x - b.x), dy = fabsf(a.y - b.y);
    return fminf(dx, dy) <= fmaxf(wobble, straight * fmaxf(dx, dy));
}

static fz_point moved(const struct tracer *t, float x, float y)
{
    return fz_transform_point_xy(x, y, t->paint.ctm);
}

/* ---- drawn with lines: each segment by itself ---- */

static void stroke_start(fz_context *ctx, void *arg, float x, float y)
{
    struct tracer *t = arg;
    (void)ctx;
    t->start = t->at = moved(t, x, y);
}

static void stroke_mark(struct tracer *t, fz_rect box)
{
    if (!drawing_is_white(t->paint.colour))
        drawing_add_mark(t->drawing, t->paint.clip, fz_expand_rect(box, t->half), 1);
}

static void stroke_to(struct tracer *t, fz_point to)
{
    fz_rect box = around(t->at, to);
    float width = box.x1 - box.x0, height = box.y1 - box.y0;
    if (!is_upright(t->at, to)) {
        stroke_mark(t, box);
    } else if (fmaxf(width, height) > nothing) {
        float middle_x = (box.x0 + box.x1) / 2, middle_y = (box.y0 + box.y1) / 2;
        if (height > width)
            box.x0 = middle_x - t->half, box.x1 = middle_x + t->half;
        else
            box.y0 = middle_y - t->half, box.y1 = middle_y + t->half;
        drawing_add_upright(t->drawing, t->paint.clip, box, t->paint.colour);
    }
    t->at = to;
}

static void stroke_line(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    stroke_to(arg, moved(arg, x, y));
}

static void stroke_curve(fz_context *ctx, void *arg, float x1, float y1, float x2, float y2,
                         float x3, float y3)
{
    struct tracer *t = arg;
    fz_point to = moved(t, x3, y3);
    fz_rect box = around(t->at, to);
    (void)ctx;
    include(&box, moved(t, x1, y1));
    include(&box, moved(t, x2, y2));
    stroke_mark(t, box);
    t->at = to;
}

static void stroke_close(fz_context *ctx, void *arg)
{
    struct tracer *t = arg;
    (void)ctx;
    stroke_to(t, t->start);
}

void drawing_stroke(fz_context *ctx, struct drawing *drawing, const struct drawing_paint *paint,
                    const fz_path *path, float width)
{
    static const fz_path_walker walker = {.moveto = stroke_start,
                                          .lineto = stroke_line,
                                          .curveto = stroke_curve,
                                          .closepath = stroke_close};
    struct tracer t = {.drawing = drawing, .paint = *paint};
    t.half = fabsf(width) * fz_matrix_expansion(paint->ctm) / 2;
    fz_walk_path(ctx, path, &walker, &t);
}

/* ---- filled: each subpath as a whole ---- */

static void fill_rect(struct tracer *t, fz_rect at)
{
    drawing_add_upright(t->drawing, t->paint.clip, at, t->paint.colour);
}

static void flush_pending(struct tracer *t)
{
    if (t->has_pending)
        fill_rect(t, t->pending);
    t->has_pending = false;
}

static bool is_frame(fz_rect outer, fz_rect hole)
{
    const float sides[] = {hole.x0 - outer.x0, hole.y0 - outer.y0, outer.x1 - hole.x1,
                           outer.y1 - hole.y1};
    for (int i = 0; i < 4; i++)
        if (!(sides[i] >= 0 && sides[i] <= frame))
            return false;
    return hole.x1 - hole.x0 > frame && hole.y1 - hole.y0 > frame;
}

static void fill_frame(struct tracer *t, fz_rect outer, fz_rect hole)
{
    fill_rect(t, (fz_rect){outer.x0, outer.y0, outer.x1, hole.y0});
    fill_rect(t, (fz_rect){outer.x0, hole.y1, outer.x1, outer.y1});
    fill_rect(t, (fz_rect){outer.x0, outer.y0, hole.x0, outer.y1});
    fill_rect(t, (fz_rect){hole.x1, outer.y0, outer.x1, outer.y1});
    t->has_pending = false;
}

static void end_rect(struct tracer *t, fz_rect at)
{
    if (t->has_pending && is_frame(t->pending, at)) {
        fill_frame(t, t->pending, at);
        return;
    }
    flush_pending(t);
    t->pending = at;
    t->has_pending = true;
}

/* Is the shape as good as the rectangle around it: one, a rounded one, or a line with round ends?
 */
static bool fills_box(const struct shape *s)
{
    double width = (double)s->box.x1 - (double)s->box.x0;
    double height = (double)s->box.y1 - (double)s->box.y0;
    double less = fmin(width, height), more = fmax(width, height);
    double part = fabs(s->twice_area) / 2 / (width * height);
    if (s->other == 0 && (s->upright <= 5 || part >= filling))
        return true;
    return (less >= rounded_at && part >= filling) ||
           (less <= line_end && more >= 10 * less && part >= line_filling);
}

static void end_shape(struct tracer *t)
{
    struct shape s = t->shape;
    t->shape = no_shape;
    if (s.upright + s.other == 0)
        return;
    if (fills_box(&s)) {
        end_rect(t, s.box);
        return;
    }
    flush_pending(t);
    if (!drawing_is_white(t->paint.colour))
        drawing_add_mark(t->drawing, t->paint.clip, s.box, s.other + s.upright / 4);
}

/* Curves count by their ends and corners, which is enough to know a box from a wedge. */
static void fill_to(struct tracer *t, fz_point to, bool curved)
{
    include(&t->shape.box, t->at);
    include(&t->shape.box, to);
    t->shape.twice_area += (double)t->at.x * (double)to.y - (double)to.x * (double)t->at.y;
    if (!curved && is_upright(t->at, to))
        t->shape.upright++;
    else
        t->shape.other++;
    t->at = to;
}

static void fill_close(fz_context *ctx, void *arg)
{
    struct tracer *t = arg;
    (void)ctx;
    if (t->at.x != t->start.x || t->at.y != t->start.y)
        fill_to(t, t->start, false);
    end_shape(t);
}

static void fill_start(fz_context *ctx, void *arg, float x, float y)
{
    struct tracer *t = arg;
    fill_close(ctx, t); /* filling closes what is open */
    t->start = t->at = moved(t, x, y);
}

static void fill_line(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    fill_to(arg, moved(arg, x, y), false);
}

static void fill_curve(fz_context *ctx, void *arg, float x1, float y1, float x2, float y2, float x3,
                       float y3)
{
    struct tracer *t = arg;
    (void)ctx;
    include(&t->shape.box, moved(t, x1, y1));
    include(&t->shape.box, moved(t, x2, y2));
    fill_to(t, moved(t, x3, y3), true);
}

void drawing_fill(fz_context *ctx, struct drawing *drawing, const struct drawing_paint *paint,
                  const fz_path *path)
{
    static const fz_path_walker walker = {
        .moveto = fill_start, .lineto = fill_line, .curveto = fill_curve, .closepath = fill_close};
    struct tracer t = {.drawing = drawing, .paint = *paint, .shape = no_shape};
    fz_walk_path(ctx, path, &walker, &t);
    fill_close(ctx, &t);
    flush_pending(&t);
}
