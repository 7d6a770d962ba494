/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A PDF page's text, as MuPDF gathers it, into a page result: characters to words by white space,
 * lines and blocks as found. What is clipped away or painted a second time is left out; what is
 * painted with nothing is delivered and counted. Refuses to grow past the page's caps. Called by
 * the PDF driver.
 *
 * A word's polygon is the smallest rectangle around its characters along the line's direction, so
 * turned text gives turned polygons.
 */
#include "decode/decode_text.h"

#include "base/strbuf.h"
#include "base/utf8.h"

#include <math.h>

struct builder {
    struct page *page;
    struct text_layer *layer;
    const struct ink *ink;
    struct ink_grid letters; /* where text is */
    struct echo *echo;
    struct font_votes votes;
    bool left_out; /* the character before: what has no width goes with it */
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
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

/* Hints to who sets or breaks lines, drawn as nothing. */
static bool is_hint(uint32_t c)
{
    return c == 0x200B || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           c == 0x2060 || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

static bool is_character(uint32_t c)
{
    return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF) && (c & 0xFFFE) != 0xFFFE &&
           (c < 0xFDD0 || c > 0xFDEF);
}

static bool is_private(uint32_t c)
{
    return (c >= 0xE000 && c <= 0xF8FF) || c >= 0xF0000;
}

/* What the private codes of Symbol and Wingdings, which MuPDF passes on, are drawn as. */
static uint32_t known_sign(uint32_t c)
{
    static const struct {
        uint32_t from, to;
    } signs[] = {{0xF0B7, 0x2022}, {0xF0A7, 0x25AA}, {0xF0D8, 0x27A2}, {0xF0FC, 0x2713}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (c == signs[i].from)
            return signs[i].to;
    return c;
}

enum { SOFT_HYPHEN = 0xAD, UNKNOWN = 0xFFFD };

/* What a character is in a word; 0: nothing. A hyphen that is drawn is one, however soft. */
static uint32_t meaning(uint32_t c, bool wide)
{
    if (is_hint(c) || (!wide && (c == SOFT_HYPHEN || is_control(c))))
        return 0;
    if (c == SOFT_HYPHEN)
        return '-';
    return is_control(c) || !is_character(c) ? UNKNOWN : known_sign(c);
}

static bool is_wide(const fz_stext_char *ch)
{
    const fz_quad *q = &ch->quad;
    float width = fmaxf(fabsf(q->ur.x - q->ul.x), fabsf(q->ur.y - q->ul.y));
    return width > 0.02F * ch->size;
}

/* What of a letter's box its ink reaches; the rest is room between lines. */
static fz_rect core(const fz_stext_char *ch)
{
    fz_rect r = fz_rect_from_quad(ch->quad);
    float dx = (r.x1 - r.x0) / 4, dy = (r.y1 - r.y0) / 4;
    return (fz_rect){r.x0 + dx, r.y0 + dy, r.x1 - dx, r.y1 - dy};
}

static bool is_outside(fz_rect r, fz_rect clip)
{
    return r.x1 < clip.x0 || r.x0 > clip.x1 || r.y1 < clip.y0 || r.y0 > clip.y1;
}

/* Clipped away, off the page, or there already. */
static bool leave_out(struct builder *b, const fz_stext_char *ch)
{
    fz_rect page = {b->origin.x, b->origin.y, b->origin.x + b->ink->width,
                    b->origin.y + b->ink->height};
    fz_rect at = core(ch);
    return is_outside(at, ink_manner_of(b->ink, ch)->clip) || is_outside(at, page) ||
           echo_heard(b->echo, ch);
}

static void count(struct builder *b, const fz_stext_char *ch, uint32_t c)
{
    fz_rect r = fz_rect_from_quad(ch->quad);
    b->layer->characters++;
    b->layer->unmapped += c == UNKNOWN || is_private(c);
    b->layer->invisible += ink_manner_of(b->ink, ch)->unseen;
    font_votes_add(&b->votes, ch);
    ink_grid_add(&b->letters, (struct rect){r.x0 - b->origin.x, r.y0 - b->origin.y,
                                            r.x1 - b->origin.x, r.y1 - b->origin.y});
}

static int add_character(struct builder *b, const fz_stext_char *ch, struct error *err)
{
    bool wide = is_wide(ch);
    if (is_space((uint32_t)ch->c))
        return end_word(b, err);
    uint32_t c = meaning((uint32_t)ch->c, wide);
    if (wide)
        b->left_out = leave_out(b, ch);
    if (!c || b->left_out)
        return 0;
    char bytes[4];
    strbuf_add(&b->text, bytes, utf8_encode(c, bytes));
    const fz_point corners[] = {ch->quad.ul, ch->quad.ur, ch->quad.ll, ch->quad.lr};
    for (int i = 0; i < 4; i++) {
        include(&b->word, b, corners[i]);
        include(&b->whole, b, corners[i]);
    }
    count(b, ch, c);
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

static int end_line(struct builder *b, struct error *err)
{
    struct line *line = b->line;
    line->font_size = (float)((double)font_votes_size(&b->votes) * b->zoom);
    line->style = font_votes_style(&b->votes);
    if (spaced_join(b->page, line, err) < 0)
        return -1;
    if (page_join_words(b->page, line) < 0)
        return full(err);
    line->polygon = polygon(b, &b->whole);
    return 0;
}

static int add_line(struct builder *b, const fz_stext_line *line, struct error *err)
{
    face(b, line);
    font_votes_begin(&b->votes);
    b->line = NULL;
    b->left_out = false;
    b->word = b->whole = nowhere;
    for (const fz_stext_char *c = line->first_char; c; c = c->next)
        if (add_character(b, c, err) < 0)
            return -1;
    if (end_word(b, err) < 0)
        return -1;
    return b->line ? end_line(b, err) : 0;
}

static int add_blocks(struct builder *b, const fz_stext_page *text, struct error *err)
{
    for (const fz_stext_block *block = text->first_block; block; block = block->next) {
        if (block->type != FZ_STEXT_BLOCK_TEXT)
            continue;
        b->block = NULL;
        for (const fz_stext_line *l = block->u.t.first_line; l; l = l->next)
            if (add_line(b, l, err) < 0)
                return -1;
    }
    return 0;
}

static size_t count_characters(const fz_stext_page *text)
{
    size_t n = 0;
    for (const fz_stext_block *block = text->first_block; block; block = block->next)
        if (block->type == FZ_STEXT_BLOCK_TEXT)
            for (const fz_stext_line *l = block->u.t.first_line; l; l = l->next)
                for (const fz_stext_char *c = l->first_char; c; c = c->next)
                    n++;
    return n;
}

int decode_text(fz_context *ctx, const fz_stext_page *text, struct ink *ink, double zoom,
                struct page *page, struct text_layer *layer, struct error *err)
{
    struct builder b = {
        .page = page, .layer = layer, .ink = ink, .origin = ink->origin, .zoom = zoom};
    b.text.cap = PAGE_MAX_TEXT;
    b.votes.ctx = ctx;
    b.echo = echo_new(count_characters(text));
    ink_grid_init(&b.letters, ink);
    int result = add_blocks(&b, text, err);
    ink_grid_sum(&b.letters);
    if (result == 0)
        result = ink_hints(ink, &b.letters, page, zoom, layer, err);
    ink_grid_done(&b.letters);
    echo_free(&b.echo);
    strbuf_free(&b.text);
    return result;
}
