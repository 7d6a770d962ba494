/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pixels to the numbers a network reads: a part of the page, scaled and normalised, as three planes
 * of floats in the order blue, green, red (what PaddleOCR's models were trained with).
 *
 * Coordinates are continuous: the pixel (0, 0) covers [0, 1) × [0, 1), and its value stands at
 * (0.5, 0.5). Outside the page its edge goes on.
 */
#ifndef OCR_PIXELS_H
#define OCR_PIXELS_H

#include "page/page.h"
#include "page/raster.h"

#include <stddef.h>
#include <stdint.h>

struct pixels {
    const uint8_t *data; /* rows top to bottom, channels (1 or 3: RGB) interleaved */
    uint32_t width, height, stride, channels;
};

/* value = pixel × scale + bias, for each plane */
struct normalisation {
    float scale[3], bias[3];
};

extern const struct normalisation normal_imagenet; /* pixel/255, less mean, over deviation */
extern const struct normalisation normal_half;     /* (pixel/255 − 0.5) / 0.5 */

/* Three planes of height × row floats, of which width are written in each row. */
struct planes {
    float *data;
    size_t width, height;
    size_t row; /* floats from row to row, ≥ width */
};

struct pixels pixels_of_raster(const struct raster *raster, const uint8_t *data);

/* The upright rectangle `from`, bilinearly; shrunk by means of whole pixels first where it is more
 * than twice as large as `out`. */
void pixels_resize(const struct pixels *p, struct rect from, const struct normalisation *n,
                   const struct planes *out);

/* The same of any quadrilateral: its corner 0 to the top left of `out`, corner 1 to the top right.
 */
void pixels_warp(const struct pixels *p, const struct quad *from, const struct normalisation *n,
                 const struct planes *out);

/* The whole picture, bicubically as OpenCV does it, in the order red, green, blue. */
void pixels_cubic(const struct pixels *p, const struct normalisation *n, const struct planes *out);

/* A copy turned clockwise by 90, 180 or 270 degrees, without padding; free(data) by the caller.
 * data is NULL when there is no room for it. */
struct pixels pixels_turned(const struct pixels *p, int degrees);

#endif
