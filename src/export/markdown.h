/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Blocks as Markdown, for md, mmd and det.mmd. Document text is escaped: nothing in it is markup,
 * and nothing in it is HTML.
 */
#ifndef EXPORT_MARKDOWN_H
#define EXPORT_MARKDOWN_H

#include "base/strbuf.h"
#include "page/page.h"

/* The number of the item that was written last, if nothing else came after it. */
struct markdown_count {
    unsigned number;
    char delimiter; /* '.' or ')'; 0: no such item */
};

struct markdown_part {
    bool opened; /* goes on from what was written last: no beginning of its own */
    const char
        *next;    /* the line with which it goes on, so that no line ends here; NULL: it does not */
    bool goes_on; /* a table: its end is written with its next part */
    int skip;     /* rows of a table that are left out */
    bool html;    /* tables always as HTML */
    struct markdown_count *count; /* kept from block to block, or NULL: paragraphs are no items */
};

/* A block and the end of its last line; nothing if it has no text. Not figures. */
void markdown_add_block(struct strbuf *out, const struct block *block,
                        const struct markdown_part *part);

/* ![text](images/6_0.jpg); caption may be NULL. images: the folder, as links have it. figure:
 * counted on the page from 0. */
void markdown_add_figure(struct strbuf *out, const char *images, int page, unsigned figure,
                         const struct block *caption);

#endif
