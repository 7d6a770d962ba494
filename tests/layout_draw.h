/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pages for the layout, set in code: lines of words whose boxes are what a fixed-pitch face would
 * take, as an engine reports them.
 */
#ifndef TESTS_LAYOUT_DRAW_H
#define TESTS_LAYOUT_DRAW_H

#include "layout/layout.h"

enum { DRAW_SIZE = 20, DRAW_PITCH = 26 }; /* of ordinary type */

struct page *draw_page(int width, int height);

/* Text from (x, y), the upper left corner: half its size wide each letter and blank. Two blanks or
 * more make a hole of as many. */
struct line *draw_line(struct page *p, float x, float y, float size, const char *text);

/* As many lines of ordinary prose, `width` wide, the last one short. Below it. */
float draw_prose(struct page *p, float x, float y, float width, int lines);

/* Every line turned about the page's middle; quarters turn the page as well. */
void draw_lean(struct page *p, double degrees);
void draw_quarters(struct page *p, int clockwise);

/* The page's lines given in another order, each in a block of its own. */
void draw_shuffle(struct page *p, uint32_t seed);

uint32_t draw_random(uint32_t *seed);

#endif
