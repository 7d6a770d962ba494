/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * How far a page's text layer can be believed.
 */
#ifndef DECODE_DECODE_TRUST_H
#define DECODE_DECODE_TRUST_H

#include "decode/decode.h"

/* From here on a layer is as good as what reading the pixels gives. The numbers behind it:
 * docs/engines.md. */
#define DECODE_GOOD_LAYER 0.85F

/* 0 to 1: the share of its text that is plausible and mapped; where it may not be what the page
 * shows (drawn invisibly, or pictures cover much of the page), times how well it matches the ink of
 * a small rendering. 1 for a page with nothing on it, 0 for one with drawings and no text. */
int document_trust(struct document *doc, uint32_t n, const struct render *how,
                   const struct page *page, const struct text_layer *layer, float *score,
                   struct error *err);

#endif
