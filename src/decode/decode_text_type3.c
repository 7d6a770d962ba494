/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Fonts whose glyphs are drawings (Type 3) may say anything of their size: those that old TeX made
 * have an em of one pixel in a box of a thousand. Where a font's letters are many times as high as
 * they are wide, size and height are taken from their mean width. Called by decode_text.c.
 */
#include "decode/decode_text.h"

#include <math.h>

static const float too_high = 6.0F; /* mean widths: letters with their leading have about 2.7 */
static const float too_low = 0.8F;
static const float mean_width = 0.45F; /* of the em, of letters in running text */
static const float above = 0.75F;      /* of the em, above the baseline; the rest is below */

static struct type3_font *find(struct type3 *t, const fz_font *font)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->fonts[i].font == font)
            return &t->fonts[i];
    if (t->count == TYPE3_FONTS)
        return NULL;
    t->fonts[t->count] = (struct type3_font){.font = font};
    return &t->fonts[t->count++];
}

static float width_of(const fz_stext_char *c)
{
    return hypotf(c->quad.lr.x - c->quad.ll.x, c->quad.lr.y - c->quad.ll.y);
}

static float height_of(const fz_stext_char *c)
{
    return hypotf(c->quad.ul.x - c->quad.ll.x, c->quad.ul.y - c->quad.ll.y);
}

void type3_look_at(fz_context *ctx, struct type3 *t, const fz_stext_char *c)
{
    if (!c->font || !fz_font_t3_procs(ctx, c->font) || c->c == ' ')
        return;
    struct type3_font *f = find(t, c->font);
    float width = width_of(c) / c->size;
    if (!f || !(width > 0 && width < 1e6F))
        return;
    f->widths += (double)width;
    f->letters++;
}

/* The size that the font's letters seem to have; 0: they are as they say. */
static float seeming_size(const struct type3 *t, const fz_stext_char *c)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct type3_font *f = &t->fonts[i];
        if (f->font != c->font || !f->letters)
            continue;
        float width = (float)(f->widths / (double)f->letters) * c->size, height = height_of(c);
        bool absurd = height > too_high * width || height < too_low * width;
        return absurd ? width / mean_width : 0;
    }
    return 0;
}

fz_stext_char type3_mended(const struct type3 *t, const fz_stext_char *c, fz_point along,
                           fz_point down)
{
    fz_stext_char out = *c;
    float em = seeming_size(t, c), width = width_of(c);
    if (!(em > 0))
        return out;
    fz_point end = {c->origin.x + width * along.x, c->origin.y + width * along.y};
    float up = above * em, below = em - up;
    out.size = em;
    out.quad.ul = (fz_point){c->origin.x - up * down.x, c->origin.y - up * down.y};
    out.quad.ur = (fz_point){end.x - up * down.x, end.y - up * down.y};
    out.quad.ll = (fz_point){c->origin.x + below * down.x, c->origin.y + below * down.y};
    out.quad.lr = (fz_point){end.x + below * down.x, end.y + below * down.y};
    return out;
}

/* ---- codes ---- */

static bool is_blank_control(int c)
{
    return c >= '\t' && c <= '\r';
}

static bool needs_copy(fz_context *ctx, const fz_text *text)
{
    for (const fz_text_span *s = text->head; s; s = s->next) {
        if (!fz_font_t3_procs(ctx, s->font))
            continue;
        for (int i = 0; i < s->len; i++)
            if (s->items[i].gid >= 0 && is_blank_control(s->items[i].ucs))
                return true;
    }
    return false;
}

static void copy_span(fz_context *ctx, fz_text *to, const fz_text_span *s)
{
    bool drawn = fz_font_t3_procs(ctx, s->font) != NULL;
    fz_matrix trm = s->trm;
    for (int i = 0; i < s->len; i++) {
        const fz_text_item *item = &s->items[i];
        bool unknown = drawn && item->gid >= 0 && is_blank_control(item->ucs);
        trm.e = item->x;
        trm.f = item->y;
        fz_show_glyph(ctx, to, s->font, trm, item->gid, unknown ? TEXT_UNKNOWN : item->ucs,
                      (int)s->wmode, (int)s->bidi_level, (fz_bidi_direction)s->markup_dir,
                      (fz_text_language)s->language);
    }
}

static void copy_text(fz_context *ctx, fz_text *to, const fz_text *text)
{
    for (const fz_text_span *s = text->head; s; s = s->next)
        copy_span(ctx, to, s);
}

static fz_text *copied(fz_context *ctx, const fz_text *text)
{
    fz_text *copy = fz_new_text(ctx);
    fz_try(ctx)
    {
        copy_text(ctx, copy, text);
    }
    fz_catch(ctx)
    {
        fz_drop_text(ctx, copy);
        fz_rethrow(ctx);
    }
    return copy;
}

fz_text *type3_known(fz_context *ctx, const fz_text *text)
{
    return needs_copy(ctx, text) ? copied(ctx, text) : NULL;
}
