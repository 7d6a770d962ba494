/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the parts of the layout work on: a page's text as pieces, its rules and pictures, all turned
 * so that the text stands upright. Only for src/layout.
 *
 * A piece is a run of words of one line with no hole in it wider than a blank can be: in running
 * text a line or most of one, in a table what stands in one cell on one line. Upright coordinates
 * are the page's, turned by its rotation and leant by its skew; boxes in them are what they seem.
 */
#ifndef LAYOUT_SHEET_H
#define LAYOUT_SHEET_H

#include "layout/layout.h"
#include "layout/turn.h"

struct piece {
    struct rect at; /* upright, around its words */
    float height;   /* of its type: about from the top of an ascender to a descender's end */
    const struct line *from; /* the line as it was found */
    size_t first, count;     /* its words; 0 words: the whole line, which has none */
    size_t found;            /* its number among all, as the engine gave them */
    bool vertical;           /* runs up or down the sheet */
    bool taken;              /* by a table, a figure: no more of the running text */
};

/* Everything in a sheet lives in its arena and ends with it; the lines stay the page's. */
struct sheet {
    struct page *page;
    struct arena *arena;
    struct turn turn;
    float width, height;  /* upright */
    float unit;           /* height of an ordinary piece: distances are measured by it */
    struct piece *pieces; /* by top, then left */
    size_t piece_count, piece_space;
    struct layout_rule *rules; /* cut to the page, parts of one line joined */
    size_t rule_count;
    struct rect *pictures;
    size_t picture_count;
    struct layout_region *regions;
    size_t region_count;
    const struct layout_hints *hints; /* as given, not turned */
};

/* ERROR_LIMIT when there is no room. */
int sheet_open(struct sheet *s, struct page *page, const struct layout_hints *hints,
               struct error *err);
void sheet_close(struct sheet *s);

/* Parts piece i before its word `word` (0 < word < count): i keeps the first words, the others are
 * a new piece at the end of the list. Its index, or SIZE_MAX without room. */
size_t sheet_split(struct sheet *s, size_t i, size_t word);

/* Between the upright sheet and the page. */
struct rect sheet_to_page(const struct sheet *s, struct rect upright);
struct rect sheet_from_page(const struct sheet *s, struct rect on_page);

#endif
