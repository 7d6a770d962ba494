/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A line's characters to its words on the page result.
 */
#ifndef OCR_PPOCR_LINE_H
#define OCR_PPOCR_LINE_H

#include "ocr/ppocr.h"

/* Adds the line with its words, if it has any, to *block. −1 when the page is full. */
int ppocr_add_line(struct page *page, struct block *block, const struct ppocr_dictionary *d,
                   const struct ppocr_text *text, const struct quad *quad);

#endif
