/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What is asked of a decoder. Apart from decode.h because pagemill sends these and links no
 * decoder.
 */
#ifndef DECODE_LIMITS_H
#define DECODE_LIMITS_H

#include <stdint.h>

struct decode_limits {
    uint64_t max_pixels; /* of one page; checked before anything of that size is allocated */
    uint64_t max_memory; /* bytes the decoder's own allocations may hold at once */
    uint32_t max_pages;
};

struct render {
    uint32_t
        dpi; /* PDF pages: render at this resolution. Images are always given pixel for pixel */
    uint32_t channels; /* 1 or 3 */
    uint32_t timeout_ms;
};

/* A picture for people: the page, or what is cut from it. */
struct view {
    uint32_t jpeg;           /* 1: a JPEG file; 0: PNG */
    uint32_t width, height;  /* of the page in the units of the cut; 0: all of the page */
    uint32_t x1, y1, x2, y2; /* what is cut, from the top left corner */
};

#endif
