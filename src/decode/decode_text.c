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
#include <stdlib.h>

struct builder {
    struct page *page;
    struct text_layer *layer;
    const struct drawing *drawing;
    struct drawing_grid letters; /* where text is */
    struct echo *echo;
    struct font_votes votes;
    struct type3 type3;
    fz_stext_char last; /* letter of the line in hand, when another may follow it */
    bool has_last;
    bool upright;     /* it is set downwards */
    bool set_solid;   /* its letters touch: a little white is a blank */
    bool block_ended; /* MuPDF's */
    bool left_out;    /* the character before: what has no width goes with it */
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

/* Does a line go on with the one before it? With its word even? */
enum joint { JOINT_NONE, JOINT_LINE, JOINT_WORD };

static const float word_gap = 0.15F; /* of the em: where MuPDF puts a blank, too */

static const float small_gap =
    0.12F; /* the same, where letters touch: some faces' blanks are narrow */

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
    fz_rect page = {b->origin.x, b->origin.y, b->origin.x + b->drawing->width,
                    b->origin.y + b->drawing->height};
    fz_rect at = core(ch);
    return is_outside(at, drawing_manner_of(b->drawing, ch)->clip) || is_outside(at, page) ||
           echo_heard(b->echo, ch);
}

static void count(struct builder *b, const fz_stext_char *ch, uint32_t c)
{
    fz_rect r = fz_rect_from_quad(ch->quad);
    b->layer->characters++;
    b->layer->unmapped += c == TEXT_UNKNOWN || text_is_private(c);
    b->layer->invisible += drawing_manner_of(b->drawing, ch)->unseen;
    font_votes_add(&b->votes, ch);
    drawing_grid_add(&b->letters, (struct rect){r.x0 - b->origin.x, r.y0 - b->origin.y,
                                                r.x1 - b->origin.x, r.y1 - b->origin.y});
}

static void add_letters(struct builder *b, uint32_t c)
{
    uint32_t letters[BIDI_LETTERS];
    char bytes[4];
    for (size_t i = 0, n = bidi_letters(c, letters); i < n; i++)
        strbuf_add(&b->text, bytes, utf8_encode(letters[i], bytes));
}

static fz_stext_char mended(const struct builder *b, const fz_stext_char *ch)
{
    return b->type3.count ? type3_mended(&b->type3, ch, b->along, b->down) : *ch;
}

static int add_character(struct builder *b, const fz_stext_char *found, uint32_t code,
                         struct error *err)
{
    fz_stext_char letter = mended(b, found);
    const fz_stext_char *ch = &letter;
    bool wide = is_wide(ch);
    if (text_is_space(code))
        return end_word(b, err);
    uint32_t c = text_meaning(code, wide);
    if (wide)
        b->left_out = leave_out(b, ch);
    if (!c || b->left_out)
        return 0;
    add_letters(b, c);
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
    b->upright = line->wmode != 0;
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

static int close_line(struct builder *b, struct error *err)
{
    if (end_word(b, err) < 0 || (b->line && end_line(b, err) < 0))
        return -1;
    b->line = NULL;
    b->has_last = false;
    return 0;
}

static void open_line(struct builder *b, const fz_stext_line *line)
{
    face(b, line);
    font_votes_begin(&b->votes);
    b->left_out = false;
    b->word = b->whole = nowhere;
}

static bool is_blank(const fz_stext_char *c)
{
    return text_is_space((uint32_t)c->c);
}

static const fz_stext_char *first_letter(const fz_stext_line *line)
{
    const fz_stext_char *c = line->first_char;
    while (c && is_blank(c))
        c = c->next;
    return c;
}

static float along(const struct builder *b, fz_point p)
{
    return p.x * b->along.x + p.y * b->along.y;
}

static float down(const struct builder *b, fz_point p)
{
    return p.x * b->down.x + p.y * b->down.y;
}

/* MuPDF begins a line anew at blanks of another size, which some writers use to set letters apart.
 * What goes on where the last line ended, in the same size, belongs to it. */
static enum joint joint_between(const struct builder *b, const fz_stext_line *line)
{
    const float blank = 0.5F, back = 0.2F, level = 0.1F, alike = 0.1F; /* of the em */
    if (!b->has_last || line->wmode || b->upright || along(b, line->dir) < 0.999F)
        return JOINT_NONE;
    fz_stext_char next = mended(b, first_letter(line));
    float em = b->last.size, gap = along(b, next.origin) - along(b, b->last.quad.lr);
    float off = down(b, next.origin) - down(b, b->last.origin);
    if (!(fabsf(off) <= level * em && fabsf(next.size - em) <= alike * em && gap >= -back * em &&
          gap <= blank * em))
        return JOINT_NONE;
    return gap < word_gap * em ? JOINT_WORD : JOINT_LINE;
}

/* MuPDF puts on one line, and into one word, what is drawn far back of the last letter. */
static bool is_astray(const struct builder *b, const fz_stext_char *c)
{
    const float far = 1.5F; /* em */
    if (!b->has_last || b->upright)
        return false;
    float onward = along(b, c->origin) - along(b, b->last.quad.lr);
    float back = along(b, b->last.origin) - along(b, c->quad.lr);
    return fmaxf(onward, back) > far * fmaxf(c->size, b->last.size);
}

/* Do most letters begin where the one before ends? Those behind a blank do not count. */
static bool is_set_solid(const struct builder *b, const fz_stext_line *line)
{
    const float touching = 0.03F; /* em */
    size_t pairs = 0, solid = 0;
    for (const fz_stext_char *c = line->first_char; c && c->next; c = c->next) {
        if (is_blank(c) || is_blank(c->next))
            continue;
        pairs++;
        solid += fabsf(along(b, c->next->origin) - along(b, c->quad.lr)) < touching * c->size;
    }
    return pairs > 1 && 3 * solid >= 2 * pairs;
}

static bool is_behind_blank(const struct builder *b, const fz_stext_char *c)
{
    return b->has_last && b->set_solid && !b->upright &&
           along(b, c->origin) - along(b, b->last.quad.lr) > small_gap * b->last.size;
}

static int restart_line(struct builder *b, const fz_stext_line *line, struct error *err)
{
    if (close_line(b, err) < 0)
        return -1;
    open_line(b, line);
    return 0;
}

static int add_letters_of(struct builder *b, const fz_stext_line *line, struct error *err)
{
    b->set_solid = is_set_solid(b, line);
    for (const fz_stext_char *c = first_letter(line); c; c = c->next) {
        fz_stext_char letter = mended(b, c);
        if (!is_blank(c) && is_astray(b, &letter) && restart_line(b, line, err) < 0)
            return -1;
        if (!is_blank(c) && is_behind_blank(b, &letter) && end_word(b, err) < 0)
            return -1;
        if (add_character(b, c, (uint32_t)c->c, err) < 0)
            return -1;
        if (!is_blank(c) && is_wide(&letter)) {
            b->last = letter;
            b->has_last = true;
        }
    }
    return 0;
}

static int add_glyphs(struct builder *b, const fz_stext_line *line, const struct text_glyph *glyphs,
                      size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if ((glyphs[i].code == '\n' ? restart_line(b, line, err)
                                    : add_character(b, glyphs[i].c, glyphs[i].code, err)) < 0)
            return -1;
    return close_line(b, err);
}

static int add_line(struct builder *b, const fz_stext_line *line, struct error *err)
{
    size_t n = 0;
    enum joint joint = joint_between(b, line);
    struct text_glyph *glyphs = bidi_order(line, &n);
    int result = 0;
    if (joint == JOINT_NONE || glyphs)
        result = restart_line(b, line, err);
    else if (joint == JOINT_LINE)
        result = end_word(b, err);
    if (result == 0)
        result = glyphs ? add_glyphs(b, line, glyphs, n, err) : add_letters_of(b, line, err);
    free(glyphs);
    return result;
}

static int add_block(struct builder *b, const fz_stext_block *block, struct error *err)
{
    for (const fz_stext_line *l = block->u.t.first_line; l; l = l->next) {
        if (!first_letter(l))
            continue;
        if (b->block_ended && joint_between(b, l) == JOINT_NONE) {
            if (close_line(b, err) < 0)
                return -1;
            b->block = NULL;
        }
        b->block_ended = false;
        if (add_line(b, l, err) < 0)
            return -1;
    }
    return 0;
}

static int add_blocks(struct builder *b, const fz_stext_page *text, struct error *err)
{
    for (const fz_stext_block *block = text->first_block; block; block = block->next) {
        b->block_ended = true;
        if (block->type == FZ_STEXT_BLOCK_TEXT && add_block(b, block, err) < 0)
            return -1;
    }
    return close_line(b, err);
}

/* How many there are. */
static size_t look_at_all(struct builder *b, const fz_stext_page *text)
{
    size_t n = 0;
    for (const fz_stext_block *block = text->first_block; block; block = block->next)
        if (block->type == FZ_STEXT_BLOCK_TEXT)
            for (const fz_stext_line *l = block->u.t.first_line; l; l = l->next)
                for (const fz_stext_char *c = l->first_char; c; c = c->next, n++)
                    type3_look_at(b->votes.ctx, &b->type3, c);
    return n;
}

int decode_text(fz_context *ctx, const fz_stext_page *text, struct drawing *drawing, double zoom,
                struct page *page, struct text_layer *layer, struct error *err)
{
    struct builder b = {
        .page = page, .layer = layer, .drawing = drawing, .origin = drawing->origin, .zoom = zoom};
    b.text.cap = PAGE_MAX_TEXT;
    b.votes.ctx = ctx;
    b.echo = echo_new(look_at_all(&b, text));
    drawing_grid_init(&b.letters, drawing);
    int result = add_blocks(&b, text, err);
    drawing_grid_sum(&b.letters);
    if (result == 0)
        result = drawing_hints(drawing, &b.letters, page, zoom, layer, err);
    drawing_grid_done(&b.letters);
    echo_free(&b.echo);
    strbuf_free(&b.text);
    return result;
}
