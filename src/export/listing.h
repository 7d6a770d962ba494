/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A block of type list as its items: where each begins, how deep it is, how it is numbered. Used by
 * the formats that have lists.
 */
#ifndef EXPORT_LISTING_H
#define EXPORT_LISTING_H

#include "page/page.h"

enum { LISTING_DEPTH = 8 }; /* deeper items stand at this depth */

enum listing_mark {
    LISTING_NONE,   /* what stands before the first item */
    LISTING_BULLET, /* the text is without it */
    LISTING_NUMBER, /* "7." or "7)": the text is without it */
    LISTING_LETTER, /* "(a)", "iv.": the text begins with it */
};

struct listing_item {
    enum listing_mark mark;
    int depth;       /* from 0 */
    unsigned number; /* of LISTING_NUMBER */
    char delimiter;  /* '.' or ')' */
    size_t first_line, line_count;
    const char *text; /* of the first line, after the mark */
};

/* How the text s begins: LISTING_NONE for no mark. *length: with the blanks behind it. */
enum listing_mark listing_mark_of(const char *s, struct listing_item *item, size_t *length);

/* One item for each line at most; n of them in *out, which is freed by the caller. A list without
 * any mark is one item of LISTING_NONE. */
size_t listing_read(const struct block *block, struct listing_item **out);

#endif
