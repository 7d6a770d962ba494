/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Decoded rows into the page's raster: alpha onto white, colour to grey or back, turned as EXIF
 * says. One picture pixel is one raster pixel. Called by the picture drivers; pure.
 */
#include "decode/decode_driver.h"

#include <string.h>

/* EXIF orientation: first swap x and y, then mirror in the raster. */
struct turn {
    bool swap, mirror_x, mirror_y;
};

static const struct turn turns[9] = {
    [2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true},
    [5] = {true, false, false}, [6] = {true, true, false}, [7] = {true, true, true},
    [8] = {true, false, true},
};

/* MuPDF's weights, so that a picture file and the same picture in a PDF give the same grey. */
static uint8_t luma(unsigned r, unsigned g, unsigned b)
{
    return (uint8_t)(((r + 1) * 77 + (g + 1) * 150 + (b + 1) * 28) >> 8);
}

static unsigned on_white(unsigned colour, unsigned alpha)
{
    unsigned sum = colour + 255 - alpha;
    return sum < 255 ? sum : 255; /* over 255: colours that were not multiplied by their alpha */
}

static void put(const uint8_t *from, uint32_t colours, bool alpha, uint8_t *to, uint32_t channels)
{
    unsigned a = alpha ? from[colours] : 255;
    unsigned r = on_white(from[0], a);
    unsigned g = colours == 3 ? on_white(from[1], a) : r;
    unsigned b = colours == 3 ? on_white(from[2], a) : r;
    if (channels == 1) {
        to[0] = colours == 3 ? luma(r, g, b) : (uint8_t)r;
        return;
    }
    to[0] = (uint8_t)r;
    to[1] = (uint8_t)g;
    to[2] = (uint8_t)b;
}

void decode_blit(const struct decode_rows *rows, unsigned orientation, const struct raster *raster,
                 uint8_t *pixels)
{
    struct turn turn = turns[orientation];
    ptrdiff_t across = raster->channels, down = raster->stride;
    uint8_t *origin = pixels;
    if (turn.mirror_x) {
        origin += (ptrdiff_t)(raster->width - 1) * across;
        across = -across;
    }
    if (turn.mirror_y) {
        origin += (ptrdiff_t)(raster->height - 1) * down;
        down = -down;
    }
    ptrdiff_t step_x = turn.swap ? down : across, step_y = turn.swap ? across : down;
    bool plain =
        !rows->alpha && rows->colours == raster->channels && step_x == (ptrdiff_t)raster->channels;
    for (uint32_t y = 0; y < rows->count; y++) {
        const uint8_t *from = rows->samples + (ptrdiff_t)y * rows->stride;
        uint8_t *to = origin + (ptrdiff_t)(rows->first + y) * step_y;
        if (plain) {
            memcpy(to, from, (size_t)rows->width * rows->colours);
            continue;
        }
        for (uint32_t x = 0; x < rows->width;
             x++, to += step_x, from += rows->colours + rows->alpha)
            put(from, rows->colours, rows->alpha, to, raster->channels);
    }
}
