/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A document as a PDF with more on its pages: drawings, or text that nobody sees and everybody can
 * search. The pages of a PDF stay as they are and get one content stream more; a picture becomes a
 * page that it fills. Nothing leads any more to what would act in a viewer (scripts, actions,
 * embedded files), and the encryption is gone.
 *
 * What to add is a plan, a plain text, an item a line, its fields parted by single blanks:
 *
 *   plan 1                       first, and once
 *   page NUMBER [WIDTH HEIGHT]   what follows is about this page; numbers rise. The size is that of
 *                                the page as shown, in the units of what lies on it
 *   note TEXT                    at the top of the page; the page counts as one that failed
 *   failed                       the page counts as one that failed: the PDF's Info names it
 *   box N LABEL X1 Y1 X2 Y2      an outline with its number and label, a block type; from the
 *                                top-left corner
 *   cell X1 Y1 X2 Y2             a place in a table, outlined thinly
 *   line X1 Y1 X2 Y2 HEIGHT      unseen text: the lower edge of a line, in the direction that it is
 *                                read in, and how high it is. Tenths of units, also below zero
 *   word FROM TO HEX             on that line: from where to where along its edge, in tenths, and
 *                                its letters, UTF-8 in hexadecimal
 *   blank                        between the words before and after it
 *
 * All other numbers are whole and without sign; a note is printable ASCII. A page on which
 * something lies has a size. Where a page gets text, unseen text that it had (an older reading of
 * the same scan) is taken out.
 */
#ifndef DECODE_BINDER_H
#define DECODE_BINDER_H

#include "decode/decode.h"

struct binder_order {
    const char *plan;
    uint64_t plan_size;
    uint64_t max_size; /* of the PDF */
    uint32_t page_ms;  /* for one page; 0: no limit */
};

/* The PDF in a new sealed memory file: returns its descriptor, *size its bytes. Pages that the plan
 * does not name are there too, without drawings. A page that cannot be decoded is an error if the
 * plan puts something on it, else it is left as it is, or empty where it is a picture. ERROR_BUG (a
 * plan that makes no sense), ERROR_INPUT, ERROR_LIMIT, ERROR_TIMEOUT. The document is changed by
 * it: it can be bound once. */
int document_bind(struct document *doc, const struct binder_order *order, uint64_t *size,
                  struct error *err);

#endif
