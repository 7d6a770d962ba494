/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A page in small, and where its text layer has lines. Only for decode_trust*.c.
 */
#ifndef DECODE_DECODE_SKETCH_H
#define DECODE_DECODE_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sketch {
    const uint8_t *pixels; /* grey */
    uint8_t *covered;      /* 1: under a line of the layer */
    uint32_t width, height;
    float scale; /* of the page result's pixels to these */
    uint8_t threshold;
};

static inline bool sketch_is_ink(const struct sketch *s, size_t i)
{
    return s->pixels[i] < s->threshold;
}

/* Pixels of ink that are not covered and seem to be lines of text. */
size_t sketch_loose_lines(const struct sketch *s);

#endif
