/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pages made in code, for the tests of what is made from several of them: 1000 by 1400 pixels at
 * 144 dpi, lines 20 high.
 */
#ifndef TESTS_PAGE_MADE_H
#define TESTS_PAGE_MADE_H

#include "page/page.h"

#include <string.h>

enum { MADE_WIDTH = 1000, MADE_HEIGHT = 1400, MADE_LINE = 20, MADE_LEFT = 100 };

static inline struct page *made_page(int number)
{
    struct page *p = page_new(number);
    p->width = MADE_WIDTH;
    p->height = MADE_HEIGHT;
    p->dpi = 144;
    p->engine = "made";
    p->language = "eng";
    return p;
}

static inline struct line *made_line(struct page *p, struct block *b, const char *text, float x,
                                     float y, float width)
{
    struct line *l = page_add_line(p, b);
    const struct rect at = {x, y, x + width, y + MADE_LINE};
    l->text = page_text(p, text, strlen(text));
    l->polygon = quad_of_rect(at);
    l->confidence = 1;
    b->bbox = b->line_count == 1 ? at : rect_union(b->bbox, at);
    b->confidence = 1;
    return l;
}

/* Lines parted by '\n', each as wide as the measure of 800 but the last, which is 10 a letter. */
static inline struct block *made_block(struct page *p, enum block_type type, float y,
                                       const char *text)
{
    struct block *b = page_add_block(p, type);
    for (const char *at = text, *feed; at; at = feed ? feed + 1 : NULL, y += 1.5F * MADE_LINE) {
        feed = strchr(at, '\n');
        size_t len = feed ? (size_t)(feed - at) : strlen(at);
        made_line(p, b, page_text(p, at, len), MADE_LEFT, y, feed ? 800 : 10 * (float)len);
    }
    return b;
}

/* A table 800 wide of cols columns; texts row by row, NULL ends it; head rows of headers. */
static inline struct block *made_table(struct page *p, float y, int cols, int head,
                                       const char *const *texts)
{
    struct block *b = page_add_block(p, BLOCK_TABLE);
    const float width = 800 / (float)cols;
    int n = 0;
    for (; texts[n]; n++) {
        struct cell *c = page_add_cell(p, b);
        const float x = MADE_LEFT + width * (float)(n % cols), top = y + 30 * (float)(n / cols);
        c->row = n / cols;
        c->col = n % cols;
        c->header = c->row < head;
        c->text = texts[n];
        c->bbox = (struct rect){x, top, x + width, top + MADE_LINE};
        for (const char *at = texts[n], *feed; at; at = feed ? feed + 1 : NULL) {
            feed = strchr(at, '\n');
            const size_t len = feed ? (size_t)(feed - at) : strlen(at);
            made_line(p, b, page_text(p, at, len), x, top, width - 20);
        }
    }
    b->rows = n / cols;
    b->cols = cols;
    b->bbox = (struct rect){MADE_LEFT, y, MADE_LEFT + 800, y + 30 * (float)b->rows};
    return b;
}

#endif
