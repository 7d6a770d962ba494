/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The parts of reading a PDF's text: how its letters look, which are painted twice, which words are
 * one word with spaces between its letters. Only for the PDF driver.
 */
#ifndef DECODE_DECODE_TEXT_H
#define DECODE_DECODE_TEXT_H

#include "decode/decode_ink.h"

/* The text of a page as MuPDF found it and what else the page draws; zoom is pixels to the point.
 * Changes the ink. Throws nothing. ERROR_LIMIT. */
int decode_text(fz_context *ctx, const fz_stext_page *text, struct ink *ink, double zoom,
                struct page *page, struct text_layer *layer, struct error *err);

/* enum font_style bits, from what the font says and from its name. */
unsigned font_style(fz_context *ctx, fz_font *font);
unsigned font_style_of_name(const char *name);

/* The letters of the line in hand vote. */
enum { FONT_SIZES = 8, FONT_CACHE = 64 };

struct font_votes {
    fz_context *ctx;
    struct {
        const fz_font *font;
        unsigned style;
    } cache[FONT_CACHE];
    size_t letters, style[PAGE_STYLES];
    struct {
        float size; /* points */
        size_t letters;
    } sizes[FONT_SIZES];
};

void font_votes_begin(struct font_votes *v);
void font_votes_add(struct font_votes *v, const fz_stext_char *c);
float font_votes_size(const struct font_votes *v); /* points */
unsigned font_votes_style(const struct font_votes *v);

/* Letters that are where the same letter was painted before: shadows, bold made by painting twice.
 */
struct echo;
struct echo *echo_new(size_t characters);
void echo_free(struct echo **e);
bool echo_heard(struct echo *e, const fz_stext_char *c); /* and remembers it */

/* "C H A P T E R" becomes a word when its letters stand evenly. ERROR_LIMIT. */
int spaced_join(struct page *page, struct line *line, struct error *err);

#endif
