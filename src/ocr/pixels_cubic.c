/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The picture squeezed into a network's input as layout models were trained to see it: OpenCV's
 * bicubic sampling, which blends four pixels however far apart the samples lie, rounded to whole
 * levels. Called by doclayout.
 */
#include "ocr/pixels.h"

#include "base/memory.h"
#include "base/must.h"
#include "ocr/simd.h"

#include <math.h>
#include <stdlib.h>

enum { TAPS = 4 };

struct taps {
    uint32_t at[TAPS]; /* pixels, inside */
    float weight[TAPS];
};

/* Keys' kernel with OpenCV's a. The weights of distances 1 + t, t, 1 − t and 2 − t. */
static void weigh(float t, float weight[TAPS])
{
    const float a = -0.75F, u = 1 - t;
    weight[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
    weight[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
    weight[2] = ((a + 2) * u - (a + 3)) * u * u + 1;
    weight[3] = 1 - weight[0] - weight[1] - weight[2];
}

static struct taps taps_of(size_t i, uint32_t from, size_t to)
{
    const double position = ((double)i + 0.5) * from / (double)to - 0.5;
    const double first = floor(position);
    struct taps t;
    weigh((float)(position - first), t.weight);
    for (int k = 0; k < TAPS; k++) {
        double at = first + k - 1;
        t.at[k] = at < 0 ? 0 : at > from - 1 ? from - 1 : (uint32_t)at;
    }
    return t;
}

static float whole_level(float v)
{
    v = rintf(v);
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

/* Down first: whole rows, which compilers turn into vectors. */
SIMD static void blend_down(const struct pixels *p, const struct taps *down, float *row, size_t n)
{
    const uint8_t *a = p->data + (size_t)down->at[0] * p->stride;
    const uint8_t *b = p->data + (size_t)down->at[1] * p->stride;
    const uint8_t *c = p->data + (size_t)down->at[2] * p->stride;
    const uint8_t *d = p->data + (size_t)down->at[3] * p->stride;
    const float *w = down->weight;
    for (size_t i = 0; i < n; i++)
        row[i] = (float)a[i] * w[0] + (float)b[i] * w[1] + (float)c[i] * w[2] + (float)d[i] * w[3];
}

static void blend_across(const float *row, const struct taps *across, size_t channels, size_t plane,
                         const struct normalisation *n, const struct planes *out, size_t y)
{
    const size_t channel = channels == 3 ? plane : 0;
    float *to = out->data + (plane * out->height + y) * out->row;
    for (size_t x = 0; x < out->width; x++) {
        const struct taps *t = &across[x];
        float sum = 0;
        for (int k = 0; k < TAPS; k++)
            sum += row[t->at[k] * channels + channel] * t->weight[k];
        to[x] = whole_level(sum) * n->scale[plane] + n->bias[plane];
    }
}

void pixels_cubic(const struct pixels *p, const struct normalisation *n, const struct planes *out)
{
    must(p->channels == 1 || p->channels == 3);
    const size_t samples = (size_t)p->width * p->channels;
    struct taps *across = x_calloc(out->width, sizeof *across);
    float *row = x_calloc(samples, sizeof *row);
    for (size_t x = 0; x < out->width; x++)
        across[x] = taps_of(x, p->width, out->width);
    for (size_t y = 0; y < out->height; y++) {
        const struct taps down = taps_of(y, p->height, out->height);
        blend_down(p, &down, row, samples);
        for (size_t plane = 0; plane < 3; plane++)
            blend_across(row, across, p->channels, plane, n, out, y);
    }
    free(row);
    free(across);
}
