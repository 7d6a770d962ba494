/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The parts of reading a PDF's text: how its letters look, which are painted twice, which words are
 * one word with spaces between its letters. Only for the PDF driver.
 */
#ifndef DECODE_DECODE_TEXT_H
#define DECODE_DECODE_TEXT_H

#include "decode/decode_drawing.h"

/* The text of a page as MuPDF found it and what else the page draws; zoom is pixels to the point.
 * Changes the drawing. Throws nothing. ERROR_LIMIT. */
int decode_text(fz_context *ctx, const fz_stext_page *text, struct drawing *drawing, double zoom,
                struct page *page, struct text_layer *layer, struct error *err);

enum { TEXT_UNKNOWN = 0xFFFD };

bool text_is_space(uint32_t c);
bool text_is_private(uint32_t c);
/* What a character is in a word; 0: nothing. wide: it takes room of its own. */
uint32_t text_meaning(uint32_t c, bool wide);

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

/* What Type 3 fonts are like, from all of the page's letters; then its letters as they seem. */
enum { TYPE3_FONTS = 128 };
struct type3 {
    struct type3_font {
        const fz_font *font;
        double widths; /* of its letters, in parts of the size that they say */
        size_t letters;
    } fonts[TYPE3_FONTS];
    size_t count;
};

/* A copy in which the codes of control characters, whose drawings cannot be blanks, are unknown
 * letters; NULL when there are none. MuPDF would take some for blanks. May throw. */
fz_text *type3_known(fz_context *ctx, const fz_text *text);

void type3_look_at(fz_context *ctx, struct type3 *t, const fz_stext_char *c);
fz_stext_char type3_mended(const struct type3 *t, const fz_stext_char *c, fz_point along,
                           fz_point down);

/* Letters that are where the same letter was painted before: shadows, bold made by painting twice.
 */
struct echo;
struct echo *echo_new(size_t characters);
void echo_free(struct echo **e);
bool echo_heard(struct echo *e, const fz_stext_char *c); /* and remembers it */

/* The characters of a line in the order in which they are read, and what each is then (a bracket
 * may be its mirror image, ' ' a gap between words and '\n' a hole in the line); the caller frees
 * them. NULL: as they stand. */
struct text_glyph {
    const fz_stext_char *c;
    uint32_t code;
};
struct text_glyph *bidi_order(const fz_stext_line *line, size_t *count);

/* The letters that a form of Arabic or Hebrew letters stands for; of another character, itself. */
enum { BIDI_LETTERS = 20 };
size_t bidi_letters(uint32_t c, uint32_t out[BIDI_LETTERS]);

/* "C H A P T E R" becomes a word when its letters stand evenly. ERROR_LIMIT. */
int spaced_join(struct page *page, struct line *line, struct error *err);

#endif
