/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What only the neighbours of a page can tell: which blocks are its running headers, footers and
 * page number, and which paragraph or table goes on over a page's edge. Pure: pages in, their
 * blocks' types and joins changed. In pagemill only: a worker sees one page. Called by
 * export/exporter.
 *
 * A join has two sides, `continues` of the one block and `continued` of the other. Those that
 * flow_mark leaves are whole: both on the page, or the page's last continues and its first
 * continued, which go over its edges.
 */
#ifndef LAYOUT_FLOW_H
#define LAYOUT_FLOW_H

#include "page/page.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    FLOW_REACH = 2, /* pages before and after one that are looked at: left and right pages differ */
    FLOW_EDGES = 8, /* blocks in one margin that are looked at; a running header is one to three */
    FLOW_LETTERS = 96, /* of a block's text that are compared */
};

/* A block in a page's top or bottom margin. Places are parts of the page's height, upright. */
struct flow_edge {
    size_t block;
    bool top, bare; /* bare: a number and hardly anything else */
    bool large;     /* type larger than the page's: a title, though it may repeat */
    float at, height;
    int number; /* the first in it, in Arabic or alone in Roman digits; or -1 */
    unsigned short text[FLOW_LETTERS]; /* letters as they are, a run of digits is one '0' */
    size_t letters;
};

/* What is remembered of a page when the page is gone: 4 kB. */
struct flow_margins {
    int page; /* its number */
    struct flow_edge edges[2 * FLOW_EDGES];
    size_t count;
};

void flow_look(const struct page *page, struct flow_margins *out);

/* Blocks of its margins that repeat on pages near it become header, footer or page_number; joins
 * without another side on the page are undone. around: what is known of pages up to FLOW_REACH
 * away. True if the page changed. */
bool flow_mark(struct page *page, const struct flow_margins *own,
               const struct flow_margins *const *around, size_t count);

/* A block that stands beside the running text, which goes on after it: a figure, a footnote, … */
bool flow_is_aside(const struct block *block);

/* Both marked, and next the page after page: joins what goes on over the edge. True if so. */
bool flow_join(struct page *page, struct page *next);

/* The block that goes on from the page before and the one that goes on on the next: an index into
 * the page's blocks, or FLOW_NONE. flow_next: in which block goes on on the same page. flow_start:
 * with which what goes on in block begins on the page. Asking each block once takes time linear in
 * the page. */
#define FLOW_NONE ((size_t)-1)
size_t flow_head(const struct page *page);
size_t flow_tail(const struct page *page);
size_t flow_next(const struct page *page, size_t block);
size_t flow_start(const struct page *page, size_t block);

/* Is nothing on the page but what goes through it from edge to edge, and running headers? */
bool flow_fills(const struct page *page);

/* With how many header rows does a table that goes on repeat the head of the table before? */
int flow_repeated_rows(const struct block *table, const struct block *next);

#endif
