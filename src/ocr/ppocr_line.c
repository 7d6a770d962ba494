/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Words from characters: split at spaces, each with the part of the line's rectangle that its
 * characters take. Called by ocr_ppocr.
 */
#include "ocr/ppocr_line.h"

#include <math.h>
#include <string.h>

enum { WORD_TEXT = 4096 };

struct span {
    size_t first, end; /* characters */
};

static bool is_space(const struct ppocr_dictionary *d, const struct ppocr_character *c)
{
    const char *text = ppocr_character(d, c->class);
    return strcmp(text, " ") == 0 || strcmp(text, "\xE3\x80\x80") == 0; /* U+3000 */
}

static bool next_word(const struct ppocr_dictionary *d, const struct ppocr_text *text,
                      struct span *word)
{
    size_t i = word->end;
    while (i < text->count && is_space(d, &text->characters[i]))
        i++;
    word->first = i;
    while (i < text->count && !is_space(d, &text->characters[i]))
        i++;
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

static struct point along(struct point a, struct point b, float part)
{
    return (struct point){a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part};
}

static struct quad part_of(const struct quad *q, float from, float to)
{
    const struct point *c = q->corner;
    return (struct quad){{along(c[0], c[1], from), along(c[0], c[1], to), along(c[3], c[2], to),
                          along(c[3], c[2], from)}};
}

static int add_word(struct page *page, struct line *line, const struct ppocr_dictionary *d,
                    const struct ppocr_text *text, struct span span, const struct quad *quad)
{
    const float reach = 0.5F / (float)(text->count + 1);
    char bytes[WORD_TEXT];
    size_t len = 0;
    double sum = 0;
    for (size_t i = span.first; i < span.end; i++) {
        const char *character = ppocr_character(d, text->characters[i].class);
        size_t n = strlen(character);
        if (len + n > sizeof bytes)
            break;
        memcpy(bytes + len, character, n);
        len += n;
        sum += (double)text->characters[i].confidence;
    }
    struct word *word = page_add_word(page, line);
    const char *own = page_text(page, bytes, len);
    if (!word || !own)
        return -1;
    word->text = own;
    word->confidence = (float)(sum / (double)(span.end - span.first));
    word->polygon =
        part_of(quad, edge(text, span.first, reach, true), edge(text, span.end - 1, reach, false));
    return 0;
}

int ppocr_add_line(struct page *page, struct block *block, const struct ppocr_dictionary *d,
                   const struct ppocr_text *text, const struct quad *quad)
{
    struct span word = {0};
    if (!next_word(d, text, &word))
        return 0;
    struct line *line = page_add_line(page, block);
    if (!line)
        return -1;
    do
        if (add_word(page, line, d, text, word, quad) < 0)
            return -1;
    while (next_word(d, text, &word));
    if (page_join_words(page, line) < 0)
        return -1;
    line->polygon = *quad;
    line->confidence = text->confidence;
    return 0;
}
