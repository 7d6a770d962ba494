/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a page shows beside its words: drawn straight lines and pictures, from the pixels that were
 * read and the words that were found. Hints for the layout, which decides what they mean. Works
 * after any engine, in the worker; keeps nothing, never fails for what the pixels show.
 */
#ifndef OCR_INK_H
#define OCR_INK_H

#include "layout/layout.h"
#include "page/page.h"
#include "page/raster.h"

#include <stddef.h>
#include <stdint.h>

enum { INK_MAX_RULES = 20000, INK_MAX_PICTURES = 500 }; /* the longest, the largest are kept */

/* In page coordinates. A rule's box has the rule's own length and thickness and lies around its
 * middle: where the page leans, the rule leaves it at both ends. `vertical` is as the page is
 * stored, whatever its rotation. A picture's box holds all of it. */
struct ink {
    struct layout_rule *rules; /* from top to bottom, then left to right; so are pictures */
    size_t rule_count;
    struct rect *pictures;
    size_t picture_count;
};

/* The page is the raster's: same width and height, its words in pixels; its skew is believed.
 * ERROR_LIMIT when there is no memory; *out is untouched then. */
int ink_find(const struct raster *raster, const uint8_t *pixels, const struct page *page,
             struct ink *out, struct error *err);
void ink_done(struct ink *ink);

#endif
