/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Scaling and normalising. The loops over rows are compiled for the vector units of newer
 * processors too (SIMD); bench/kernels says what that gains. Called by ppocr.
 */
#include "ocr/pixels.h"

#include "base/memory.h"
#include "base/must.h"
#include "ocr/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEAN_OVER_STD(mean, std) (-(mean) / (std))
#define SCALE(std) (1.0F / (255 * (std)))

/* ImageNet's means and deviations, in the order in which PaddleOCR applies them to B, G, R. */
const struct normalisation normal_imagenet = {
    .scale = {SCALE(0.229F), SCALE(0.224F), SCALE(0.225F)},
    .bias = {MEAN_OVER_STD(0.485F, 0.229F), MEAN_OVER_STD(0.456F, 0.224F),
             MEAN_OVER_STD(0.406F, 0.225F)},
};

const struct normalisation normal_half = {
    .scale = {SCALE(0.5F), SCALE(0.5F), SCALE(0.5F)},
    .bias = {-1, -1, -1},
};

struct pixels pixels_of_raster(const struct raster *r, const uint8_t *data)
{
    return (struct pixels){data, r->width, r->height, r->stride, r->channels};
}

static float clampf(float v, float low, float high)
{
    return v < low ? low : v > high ? high : v;
}

/* ---- upright rectangles ---- */

/* Where an output position falls between two neighbouring samples. */
struct tap {
    uint32_t at, next; /* samples, inside */
    float part;        /* of next */
};

static struct tap tap_of(float position, uint32_t samples)
{
    float x = clampf(position - 0.5F, 0, (float)(samples - 1));
    uint32_t at = (uint32_t)x;
    uint32_t next = at + 1 < samples ? at + 1 : at;
    return (struct tap){at, next, x - (float)at};
}

/* row[i] = a[i] + (b[i] − a[i]) × part */
SIMD static void blend_rows(const uint8_t *a, const uint8_t *b, float part, float *row, size_t n)
{
    for (size_t i = 0; i < n; i++)
        row[i] = (float)a[i] + (float)(b[i] - a[i]) * part;
}

SIMD static void spread_grey(const float *row, const struct tap *taps, size_t n, float scale,
                             float bias, float *out)
{
    for (size_t i = 0; i < n; i++) {
        float a = row[taps[i].at], b = row[taps[i].next];
        out[i] = (a + (b - a) * taps[i].part) * scale + bias;
    }
}

SIMD static void spread_colour(const float *row, const struct tap *taps, size_t n, size_t channel,
                               float scale, float bias, float *out)
{
    for (size_t i = 0; i < n; i++) {
        float a = row[3 * taps[i].at + channel], b = row[3 * taps[i].next + channel];
        out[i] = (a + (b - a) * taps[i].part) * scale + bias;
    }
}

static void write_row(const struct pixels *p, const float *row, const struct tap *taps,
                      const struct normalisation *n, const struct planes *out, size_t y)
{
    for (size_t c = 0; c < 3; c++) {
        float *to = out->data + (c * out->height + y) * out->row;
        if (p->channels == 3)
            spread_colour(row, taps, out->width, 2 - c, n->scale[c], n->bias[c], to);
        else
            spread_grey(row, taps, out->width, n->scale[c], n->bias[c], to);
    }
}

static void resize(const struct pixels *p, struct rect from, const struct normalisation *n,
                   const struct planes *out)
{
    const float step_x = (from.x2 - from.x1) / (float)out->width;
    const float step_y = (from.y2 - from.y1) / (float)out->height;
    struct tap *taps = x_calloc(out->width, sizeof *taps);
    for (size_t x = 0; x < out->width; x++)
        taps[x] = tap_of(from.x1 + ((float)x + 0.5F) * step_x, p->width);
    const uint32_t first = taps[0].at, last = taps[out->width - 1].next;
    const size_t bytes = (size_t)(last - first + 1) * p->channels;
    for (size_t x = 0; x < out->width; x++) {
        taps[x].at -= first;
        taps[x].next -= first;
    }
    float *row = x_calloc(bytes, sizeof *row);
    for (size_t y = 0; y < out->height; y++) {
        struct tap t = tap_of(from.y1 + ((float)y + 0.5F) * step_y, p->height);
        const uint8_t *column = p->data + (size_t)first * p->channels;
        blend_rows(column + (size_t)t.at * p->stride, column + (size_t)t.next * p->stride, t.part,
                   row, bytes);
        write_row(p, row, taps, n, out, y);
    }
    free(row);
    free(taps);
}

/* ---- shrinking: `by` pixels become one ---- */

struct grid {
    uint32_t x, y;
};

SIMD static void add_row(const uint8_t *from, uint32_t *sums, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sums[i] += from[i];
}

static void mean_row(const uint32_t *sums, const struct pixels *out, struct grid by, uint8_t *to)
{
    const uint32_t area = by.x * by.y;
    for (size_t x = 0; x < out->width; x++)
        for (size_t c = 0; c < out->channels; c++) {
            uint32_t sum = 0;
            for (size_t i = 0; i < by.x; i++)
                sum += sums[(x * by.x + i) * out->channels + c];
            to[x * out->channels + c] = (uint8_t)((sum + area / 2) / area);
        }
}

/* The rectangle's pixels as a smaller picture of their means. */
static struct pixels shrunk(const struct pixels *p, uint32_t left, uint32_t top, uint32_t width,
                            uint32_t height, struct grid by)
{
    struct pixels out = {.width = width / by.x, .height = height / by.y, .channels = p->channels};
    out.stride = out.width * out.channels;
    uint8_t *data = x_calloc(out.height, out.stride);
    const size_t used = (size_t)out.width * by.x * p->channels;
    uint32_t *sums = x_calloc(used, sizeof *sums);
    for (size_t y = 0; y < out.height; y++) {
        memset(sums, 0, used * sizeof *sums);
        for (size_t i = 0; i < by.y; i++)
            add_row(p->data + (top + y * by.y + i) * p->stride + (size_t)left * p->channels, sums,
                    used);
        mean_row(sums, &out, by, data + y * out.stride);
    }
    free(sums);
    out.data = data;
    return out;
}

static uint32_t shrink_factor(float from, size_t to)
{
    const float most = 256; /* of a page squeezed into a line; keeps sums in range */
    return (uint32_t)clampf(from / (float)to, 1, most);
}

void pixels_resize(const struct pixels *p, struct rect from, const struct normalisation *n,
                   const struct planes *out)
{
    struct grid by = {shrink_factor(from.x2 - from.x1, out->width),
                      shrink_factor(from.y2 - from.y1, out->height)};
    const uint32_t left = (uint32_t)clampf(floorf(from.x1), 0, (float)(p->width - 1));
    const uint32_t top = (uint32_t)clampf(floorf(from.y1), 0, (float)(p->height - 1));
    const uint32_t width = (uint32_t)clampf(ceilf(from.x2), 0, (float)p->width) - left;
    const uint32_t height = (uint32_t)clampf(ceilf(from.y2), 0, (float)p->height) - top;
    if ((by.x == 1 && by.y == 1) || width < by.x || height < by.y) {
        resize(p, from, n, out);
        return;
    }
    struct pixels small = shrunk(p, left, top, width, height, by);
    struct rect part = {(from.x1 - (float)left) / (float)by.x, (from.y1 - (float)top) / (float)by.y,
                        (from.x2 - (float)left) / (float)by.x,
                        (from.y2 - (float)top) / (float)by.y};
    resize(&small, part, n, out);
    free((void *)(uintptr_t)small.data);
}

/* ---- leaning rectangles ---- */

/* One row of samples, added to the rows of three planes (red, green, blue, or thrice grey). */
static void add_samples(const struct pixels *p, struct point at, struct point step, size_t n,
                        float *const rows[3])
{
    for (size_t i = 0; i < n; i++) {
        /* not step by step, which would add up rounding over a long line */
        const struct tap x = tap_of(at.x + (float)i * step.x, p->width);
        const struct tap y = tap_of(at.y + (float)i * step.y, p->height);
        const uint8_t *upper = p->data + (size_t)y.at * p->stride;
        const uint8_t *lower = p->data + (size_t)y.next * p->stride;
        const size_t left = (size_t)x.at * p->channels, right = (size_t)x.next * p->channels;
        const float parts[4] = {(1 - x.part) * (1 - y.part), x.part * (1 - y.part),
                                (1 - x.part) * y.part, x.part * y.part};
        for (uint32_t c = 0; c < p->channels; c++)
            rows[c][i] += (float)upper[left + c] * parts[0] + (float)upper[right + c] * parts[1] +
                          (float)lower[left + c] * parts[2] + (float)lower[right + c] * parts[3];
    }
}

SIMD static void scale_row(const float *from, float scale, float bias, float *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i] * scale + bias;
}

/* A row of the output: where many.y rows of many.x samples to a pixel fall on the page. */
static void warp_row(const struct pixels *p, const struct quad *q, const struct planes *out,
                     size_t y, struct grid many, float *const rows[3])
{
    const float width = (float)out->width;
    for (uint32_t i = 0; i < many.y; i++) {
        float v = ((float)y + ((float)i + 0.5F) / (float)many.y) / (float)out->height;
        struct point left = point_between(q->corner[0], q->corner[3], v);
        struct point right = point_between(q->corner[1], q->corner[2], v);
        struct point step = {(right.x - left.x) / width, (right.y - left.y) / width};
        for (uint32_t k = 0; k < many.x; k++) {
            float u = ((float)k + 0.5F) / (float)many.x;
            struct point first = {left.x + step.x * u, left.y + step.y * u};
            add_samples(p, first, step, out->width, rows);
        }
    }
}

void pixels_warp(const struct pixels *p, const struct quad *q, const struct normalisation *n,
                 const struct planes *out)
{
    must(p->channels == 1 || p->channels == 3);
    const struct point *c = q->corner;
    const float across = fmaxf(point_distance(c[0], c[1]), point_distance(c[3], c[2]));
    const float down = fmaxf(point_distance(c[0], c[3]), point_distance(c[1], c[2]));
    const struct grid many = {shrink_factor(across, out->width), shrink_factor(down, out->height)};
    const float share = 1 / ((float)many.x * (float)many.y);
    const size_t last = p->channels - 1;
    float *sums = x_calloc(3 * out->width, sizeof *sums);
    float *const rows[3] = {sums, sums + out->width, sums + 2 * out->width};
    for (size_t y = 0; y < out->height; y++) {
        memset(sums, 0, 3 * out->width * sizeof *sums);
        warp_row(p, q, out, y, many, rows);
        for (size_t plane = 0; plane < 3; plane++)
            scale_row(rows[last < 2 - plane ? last : 2 - plane], share * n->scale[plane],
                      n->bias[plane], out->data + (plane * out->height + y) * out->row, out->width);
    }
    free(sums);
}

/* ---- turning ---- */

struct pixels pixels_turned(const struct pixels *p, int degrees)
{
    const bool sideways = degrees == 90 || degrees == 270;
    struct pixels out = {.width = sideways ? p->height : p->width,
                         .height = sideways ? p->width : p->height,
                         .channels = p->channels};
    out.stride = out.width * out.channels;
    uint8_t *data = malloc((size_t)out.height * out.stride);
    for (uint32_t y = 0; data && y < p->height; y++) {
        const uint8_t *from = p->data + (size_t)y * p->stride;
        for (uint32_t x = 0; x < p->width; x++, from += p->channels) {
            const uint32_t right = p->width - 1 - x, down = p->height - 1 - y;
            const uint32_t to_x = degrees == 90 ? down : degrees == 180 ? right : y;
            const uint32_t to_y = degrees == 90 ? x : degrees == 180 ? down : right;
            memcpy(data + (size_t)to_y * out.stride + (size_t)to_x * out.channels, from,
                   out.channels);
        }
    }
    out.data = data;
    return out;
}
