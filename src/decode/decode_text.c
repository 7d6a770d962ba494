/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A PDF page's text, as MuPDF gathers it, into a page result: characters to words by white space,
 * lines and blocks as found. Refuses to grow past the page's caps. Called by the PDF driver.
 *
 * A word's polygon is the smallest rectangle around its characters along the line's direction, so
 * turned text gives turned polygons.
 */
#include "decode/decode_fitz.h"

#include "base/strbuf.h"
#include "base/utf8.h"

#include <math.h>

struct builder {
    struct page *page;
    fz_point origin;
    double zoom;
    struct block *block; /* NULL until its first word */
    struct line *line;   /* NULL until its first word */
    size_t words;
    fz_point along, down; /* unit vectors of the line in hand */
    struct strbuf text;   /* of the word in hand */
    struct extent {
        double x1, y1, x2, y2; /* on along and down, in points */
    } word, whole;
};

static const struct extent nowhere = {HUGE_VAL, HUGE_VAL, -HUGE_VAL, -HUGE_VAL};

static void include(struct extent *e, const struct builder *b, fz_point p)
{
    double x = (double)p.x * (double)b->along.x + (double)p.y * (double)b->along.y;
    double y = (double)p.x * (double)b->down.x + (double)p.y * (double)b->down.y;
    e->x1 = fmin(e->x1, x);
    e->y1 = fmin(e->y1, y);
    e->x2 = fmax(e->x2, x);
    e->y2 = fmax(e->y2, y);
}

static float inside(double v, int side)
{
    return isfinite(v) ? (float)fmin(fmax(v, 0), side) : 0;
}

static struct point place(const struct builder *b, double x, double y)
{
    double px = x * (double)b->along.x + y * (double)b->down.x;
    double py = x * (double)b->along.y + y * (double)b->down.y;
    return (struct point){inside((px - (double)b->origin.x) * b->zoom, b->page->width),
                          inside((py - (double)b->origin.y) * b->zoom, b->page->height)};
}

static struct quad polygon(const struct builder *b, const struct extent *e)
{
    return (struct quad){{place(b, e->x1, e->y1), place(b, e->x2, e->y1), place(b, e->x2, e->y2),
                          place(b, e->x1, e->y2)}};
}

static int full(struct error *err)
{
    return error_set(err, ERROR_LIMIT, "more text than a page may have");
}

static int end_word(struct builder *b, struct error *err)
{
    if (!b->text.len)
        return 0;
    if (!b->block)
        b->block = page_add_block(b->page, BLOCK_TEXT);
    if (b->block && !b->line)
        b->line = page_add_line(b->page, b->block);
    struct word *word = b->line ? page_add_word(b->page, b->line) : NULL;
    const char *text = page_text(b->page, b->text.data, b->text.len);
    if (!word || !text || b->text.overflowed || ++b->words > PAGE_MAX_WORDS)
        return full(err);
    *word = (struct word){text, polygon(b, &b->word), 1};
    strbuf_clear(&b->text);
    b->word = nowhere;
    return 0;
}

static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xFEFF;
}

static bool is_character(uint32_t c)
{
    return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF) && (c & 0xFFFE) != 0xFFFE &&
           (c < 0xFDD0 || c > 0xFDEF);
}

static int add_character(struct builder *b, const fz_stext_char *ch, struct error *err)
{
    uint32_t c = (uint32_t)ch->c;
    if (is_space(c))
        return end_word(b, err);
    if (is_control(c))
        return 0;
    char bytes[4];
    strbuf_add(&b->text, bytes, utf8_encode(is_character(c) ? c : 0xFFFD, bytes));
    const fz_point corners[] = {ch->quad.ul, ch->quad.ur, ch->quad.ll, ch->quad.lr};
    for (int i = 0; i < 4; i++) {
        include(&b->word, b, corners[i]);
        include(&b->whole, b, corners[i]);
    }
    return 0;
}

static void face(struct builder *b, const fz_stext_line *line)
{
    fz_point along = line->dir;
    if (!(fabsf(along.x) <= 1.01f && fabsf(along.y) <= 1.01f) || (along.x == 0 && along.y == 0))
        along = (fz_point){1, 0};
    if (line->wmode) /* set downwards, glyphs upright: their own direction is across */
        along = (fz_point){along.y, -along.x};
    b->along = along;
    b->down = (fz_point){-along.y, along.x};
}

static int add_line(struct builder *b, const fz_stext_line *line, struct error *err)
{
    face(b, line);
    b->line = NULL;
    b->word = b->whole = nowhere;
    for (const fz_stext_char *c = line->first_char; c; c = c->next)
        if (add_character(b, c, err) < 0)
            return -1;
    if (end_word(b, err) < 0)
        return -1;
    if (!b->line)
        return 0;
    if (page_join_words(b->page, b->line) < 0)
        return full(err);
    b->line->polygon = polygon(b, &b->whole);
    return 0;
}

int decode_text(struct page *page, const fz_stext_page *text, fz_point origin, double zoom,
                struct error *err)
{
    struct builder b = {.page = page, .origin = origin, .zoom = zoom};
    b.text.cap = PAGE_MAX_TEXT;
    int result = 0;
    for (const fz_stext_block *block = text->first_block; block && !result; block = block->next) {
        if (block->type != FZ_STEXT_BLOCK_TEXT)
            continue;
        b.block = NULL;
        for (const fz_stext_line *l = block->u.t.first_line; l && !result; l = l->next)
            result = add_line(&b, l, err);
    }
    strbuf_free(&b.text);
    return result;
}
