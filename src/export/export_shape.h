/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Places as the formats of other programs want them: whole pixels within the page; and which lines
 * of a table stand in which of its cells. Only for src/export.
 */
#ifndef EXPORT_EXPORT_SHAPE_H
#define EXPORT_EXPORT_SHAPE_H

#include "page/page.h"

struct box {
    int left, top, right, bottom; /* left ≤ right ≤ the page's width, and so on */
};

/* Rounded outwards, cut to the page. */
struct box box_of_rect(const struct page *page, const struct rect *r);
struct box box_of_quad(const struct page *page, const struct quad *q);
struct box box_of_page(const struct page *page);

/* "x,y x,y …", rounded and within the page, count of them. */
void shape_add_points(struct strbuf *out, const struct page *page, const struct point *points,
                      size_t count, char between);
/* The corners that point_list wants for a box. */
void shape_add_box(struct strbuf *out, const struct box *b);

bool shape_turned(const struct quad *q); /* no upright rectangle, by more than a pixel */
/* Of the text's direction: counterclockwise, −180 to 180, 0 for upright text. */
float shape_angle(const struct quad *q);
/* Where the letters stand, from the start of the text to its end. */
void shape_baseline(const struct quad *q, struct point out[2]);
bool text_right_to_left(const char *text); /* its first letter is of such a script */

/* The words of a line; where the engine told none, the line itself as one (in *whole). */
size_t line_words(const struct line *line, struct word *whole, const struct word **words);

/* Lines of a table by cell. */
struct cell_lines {
    struct arena *arena;
    size_t *order; /* indices of lines */
    size_t *first; /* of cell i: order[first[i]] up to order[first[i + 1]]; of cell_count: the
                      lines that are in no cell */
};

void cell_lines_open(struct cell_lines *c, const struct page *page, const struct block *table);
void cell_lines_close(struct cell_lines *c);

#endif
