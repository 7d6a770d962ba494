/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Words from characters: split at spaces, and at gaps where a space was missed, each with the part
 * of the line's rectangle that its characters take. Called by ocr_ppocr.
 */
#include "ocr/ppocr_line.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

struct span {
    size_t first, end; /* characters */
};

struct line_of_text {
    const struct ppocr_dictionary *dictionary;
    const struct ppocr_text *text;
    const struct quad *quad;
    float heights; /* its length, in heights */
};

/* So is a character that the dictionary leaves empty: PP-OCRv6_tiny's has one. */
static bool is_space(const struct ppocr_dictionary *d, const struct ppocr_character *c)
{
    const char *text = ppocr_character(d, c->class);
    return !*text || strcmp(text, " ") == 0 || strcmp(text, "\xE3\x80\x80") == 0; /* U+3000 */
}

static bool is_letter(const char *character)
{
    return isalpha((unsigned char)*character) || (unsigned char)*character >= 0xC3;
}

/* The models leave out some spaces on long lines, most of them after a comma or a full stop. They
 * show as more room than there is inside of words; in heights of the line (docs/engines.md). */
static bool gap_between(const struct line_of_text *l, size_t i)
{
    const float wide = 1.0F, after_stop = 0.6F;
    const struct ppocr_character *a = &l->text->characters[i], *b = a + 1;
    const float empty = (b->begin - a->end) * l->heights;
    const float apart = (b->begin + b->end - a->begin - a->end) / 2 * l->heights;
    if (empty >= wide)
        return true;
    const char *mark = ppocr_character(l->dictionary, a->class);
    bool stop = *mark && !mark[1] && strchr(",.;:!?", *mark);
    return stop && apart >= after_stop && is_letter(ppocr_character(l->dictionary, b->class));
}

static bool next_word(const struct line_of_text *l, struct span *word)
{
    const struct ppocr_text *text = l->text;
    size_t i = word->end;
    while (i < text->count && is_space(l->dictionary, &text->characters[i]))
        i++;
    word->first = i;
    while (i < text->count && !is_space(l->dictionary, &text->characters[i]))
        if (++i < text->count && gap_between(l, i - 1))
            break;
    word->end = i;
    return word->end > word->first;
}

/* A character's steps mark its core; it reaches half way to its neighbours, and at an end of the
 * word as far as characters of this line do on average. */
static float edge(const struct ppocr_text *text, size_t i, float reach, bool left)
{
    const struct ppocr_character *c = &text->characters[i];
    const float middle = (c->begin + c->end) / 2;
    if (left) {
        float limit = i ? (text->characters[i - 1].end + c->begin) / 2 : 0;
        return fmaxf(middle - reach, limit);
    }
    float limit = i + 1 < text->count ? (c->end + text->characters[i + 1].begin) / 2 : 1;
    return fminf(middle + reach, limit);
}

static struct quad part_of(const struct quad *q, float from, float to)
{
    const struct point *c = q->corner;
    return (struct quad){{point_between(c[0], c[1], from), point_between(c[0], c[1], to),
                          point_between(c[3], c[2], to), point_between(c[3], c[2], from)}};
}

static int add_word(struct page *page, struct line *line, const struct line_of_text *l,
                    struct span span)
{
    const struct ppocr_text *text = l->text;
    const float reach = 0.5F / (float)(text->count + 1);
    auto_strbuf bytes = {.cap = PAGE_MAX_TEXT};
    double sum = 0;
    for (size_t i = span.first; i < span.end; i++) {
        strbuf_adds(&bytes, ppocr_character(l->dictionary, text->characters[i].class));
        sum += (double)text->characters[i].confidence;
    }
    struct word *word = page_add_word(page, line);
    const char *own = page_text(page, strbuf_str(&bytes), bytes.len);
    if (!word || !own)
        return -1;
    word->text = own;
    word->confidence = (float)(sum / (double)(span.end - span.first));
    word->polygon = part_of(l->quad, edge(text, span.first, reach, true),
                            edge(text, span.end - 1, reach, false));
    return 0;
}

int ppocr_add_line(struct page *page, struct block *block, const struct ppocr_dictionary *d,
                   const struct ppocr_text *text, const struct quad *quad)
{
    const struct point *c = quad->corner;
    const struct line_of_text l = {
        d, text, quad, point_distance(c[0], c[1]) / fmaxf(point_distance(c[0], c[3]), 1)};
    struct span word = {0};
    if (!next_word(&l, &word))
        return 0;
    struct line *line = page_add_line(page, block);
    if (!line)
        return -1;
    do
        if (add_word(page, line, &l, word) < 0)
            return -1;
    while (next_word(&l, &word));
    if (page_join_words(page, line) < 0)
        return -1;
    line->polygon = *quad;
    line->confidence = text->confidence;
    return 0;
}
