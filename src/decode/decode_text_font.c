/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * How a font looks: bold, italic, of one width. Fonts say so in flags that writers often forget, so
 * their names are read too. Called by decode_text.c.
 */
#include "decode/decode_text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* Parts of names. What is short stands only where a name's parts begin and end: "MinionPro-It",
 * not "Item". */
static const struct {
    const char *part;
    bool short_form;
    unsigned style;
} parts[] = {
    {"bold", false, FONT_BOLD},         {"black", false, FONT_BOLD},
    {"heavy", false, FONT_BOLD},        {"semibd", false, FONT_BOLD},
    {"demi", false, FONT_BOLD},         {"cmbx", false, FONT_BOLD},
    {"sfbx", false, FONT_BOLD},         {"Bd", true, FONT_BOLD},
    {"Medi", true, FONT_BOLD}, /* URW's name for the bold of Times */
    {"italic", false, FONT_ITALIC},     {"oblique", false, FONT_ITALIC},
    {"kursiv", false, FONT_ITALIC},     {"slanted", false, FONT_ITALIC},
    {"cmti", false, FONT_ITALIC},       {"cmsl", false, FONT_ITALIC},
    {"sfti", false, FONT_ITALIC},       {"cmbxti", false, FONT_ITALIC},
    {"It", true, FONT_ITALIC},          {"Ital", true, FONT_ITALIC},
    {"Obl", true, FONT_ITALIC},         {"courier", false, FONT_MONO},
    {"mono", false, FONT_MONO},         {"typewriter", false, FONT_MONO},
    {"consol", false, FONT_MONO},       {"menlo", false, FONT_MONO},
    {"cmtt", false, FONT_MONO},         {"sftt", false, FONT_MONO},
    {"lettergothic", false, FONT_MONO},
};

static const char *without_tag(const char *name)
{
    const char *plus = strchr(name, '+'); /* of a subset: "ABCDEF+Name" */
    return plus && plus - name == 6 ? plus + 1 : name;
}

static bool begins_part(const char *name, const char *at)
{
    return at == name || !isupper((unsigned char)at[0]) || !isupper((unsigned char)at[-1]);
}

/* Case tells where the parts of a name are: "MediItal" has two. */
static bool has_short(const char *name, const char *part)
{
    for (const char *at = name; (at = strstr(at, part)); at++)
        if (begins_part(name, at) && !islower((unsigned char)at[strlen(part)]))
            return true;
    return false;
}

unsigned font_style_of_name(const char *name)
{
    unsigned style = 0;
    name = without_tag(name);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].short_form ? has_short(name, parts[i].part)
                                : strcasestr(name, parts[i].part) != NULL)
            style |= parts[i].style;
    /* Monotype is a maker, and Monotone a look. */
    if (strcasestr(name, "monot") && !strcasestr(name, "courier"))
        style &= ~(unsigned)FONT_MONO;
    return style;
}

unsigned font_style(fz_context *ctx, fz_font *font)
{
    const char *name = fz_font_name(ctx, font);
    unsigned style = font_style_of_name(name ? name : "");
    style |= fz_font_is_bold(ctx, font) ? FONT_BOLD : 0;
    style |= fz_font_is_italic(ctx, font) ? FONT_ITALIC : 0;
    style |= fz_font_is_monospaced(ctx, font) ? FONT_MONO : 0;
    return style;
}

void font_votes_begin(struct font_votes *v)
{
    v->letters = 0;
    memset(v->style, 0, sizeof v->style);
    memset(v->sizes, 0, sizeof v->sizes);
}

static unsigned cached_style(struct font_votes *v, fz_font *font)
{
    size_t i = (size_t)((uintptr_t)font / 64 % FONT_CACHE);
    if (v->cache[i].font != font) {
        v->cache[i].font = font;
        v->cache[i].style = font_style(v->ctx, font);
    }
    return v->cache[i].style;
}

static void vote_size(struct font_votes *v, float size)
{
    for (int i = 0; i < FONT_SIZES; i++) {
        if (!v->sizes[i].letters)
            v->sizes[i].size = size;
        if (fabsf(v->sizes[i].size - size) <= 0.02F * size) {
            v->sizes[i].letters++;
            return;
        }
    }
}

/* Ideographs are of one width in every font. */
void font_votes_add(struct font_votes *v, const fz_stext_char *c)
{
    enum { IDEOGRAPHS = 0x2E80 };
    unsigned style = c->font ? cached_style(v, c->font) : 0;
    v->letters++;
    for (int i = 0; i < PAGE_STYLES; i++)
        if ((style & page_styles[i].bit) && (page_styles[i].bit != FONT_MONO || c->c < IDEOGRAPHS))
            v->style[i]++;
    if (isfinite(c->size) && c->size > 0)
        vote_size(v, c->size);
}

float font_votes_size(const struct font_votes *v)
{
    int best = 0;
    for (int i = 1; i < FONT_SIZES; i++)
        if (v->sizes[i].letters > v->sizes[best].letters)
            best = i;
    return v->sizes[best].size;
}

unsigned font_votes_style(const struct font_votes *v)
{
    unsigned style = 0;
    for (int i = 0; i < PAGE_STYLES; i++)
        style |= 2 * v->style[i] > v->letters ? page_styles[i].bit : 0;
    return style;
}
