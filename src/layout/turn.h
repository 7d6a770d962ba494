/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Which way a page's text runs, from the shapes of its lines, and the way between the page and a
 * sheet on which it stands upright: turned by quarters, then leant by what is left. Refuses
 * nothing: numbers that no page has become the edge of the largest page. Only for src/layout.
 */
#ifndef LAYOUT_TURN_H
#define LAYOUT_TURN_H

#include "page/page.h"

struct turn {
    float width, height; /* of the page as it is */
    int quarters;        /* clockwise, from the page to the sheet */
    float cosine, sine;  /* of the lean taken out after that */
};

struct turn_line {
    struct quad polygon;
    size_t letters; /* one or two are high without being vertical */
};

/* Whether the line runs up or down the sheet. */
bool turn_is_vertical(const struct turn *t, const struct turn_line *line);

/* width and height are set, and `quarters` to what counts where there are no lines. */
void turn_find(struct turn *t, const struct turn_line *lines, size_t n);

/* An upright box lying along the lean of the text, from one that may be straight on the page. */
struct rect turn_upright(const struct turn *t, const struct quad *on_page);
/* Cut to the page; the quad begins where the text does. */
struct quad turn_quad_back(const struct turn *t, struct rect upright);
struct rect turn_back(const struct turn *t, struct rect upright);

float turn_sheet_width(const struct turn *t);
float turn_sheet_height(const struct turn *t);

#endif
