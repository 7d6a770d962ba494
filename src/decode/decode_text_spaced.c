/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Headings set with spaces between their letters. Four letters or more that stand evenly are taken
 * for a word when they are capitals, or when the line has nothing else; a row of a table may be
 * single letters too, and so may an alphabet. Called by decode_text.c.
 */
#include "decode/decode_text.h"

#include "base/strbuf.h"
#include "base/utf8.h"

#include <math.h>
#include <string.h>

enum { LEAST_LETTERS = 4 };

static const float even = 0.25F;  /* of the em: how much its gaps may differ within a word */
static const float widest = 0.9F; /* of the em: letters further apart are no word */

enum letter_case { NO_LETTER, CAPITAL, SMALL };

static enum letter_case case_of(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
        (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
        return CAPITAL;
    if ((c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7) ||
        (c >= 0x3B1 && c <= 0x3C9) || (c >= 0x430 && c <= 0x44F))
        return SMALL;
    return NO_LETTER;
}

/* The letter that the word is; 0: it is more than one, or none. */
static uint32_t letter_of(const struct word *w)
{
    uint32_t c;
    size_t len = strlen(w->text);
    return utf8_decode(w->text, len, &c) == len && case_of(c) ? c : 0;
}

static bool all_letters(const struct line *l)
{
    for (size_t i = 0; i < l->word_count; i++)
        if (!letter_of(&l->words[i]))
            return false;
    return true;
}

static bool is_alphabet(const struct word *w, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (letter_of(&w[i]) != letter_of(&w[i - 1]) + 1)
            return false;
    return true;
}

static float gap(const struct line *l, size_t i)
{
    return point_distance(l->words[i].polygon.corner[1], l->words[i + 1].polygon.corner[0]);
}

/* How many of the line's words from `first` are the letters of one. Kerning makes gaps differ, so
 * each is held against the smallest and the widest so far. */
static size_t run_from(const struct line *l, size_t first)
{
    float least = HUGE_VALF, most = 0;
    enum letter_case kind = case_of(letter_of(&l->words[first]));
    size_t n = 1;
    for (size_t i = first; kind && i + 1 < l->word_count; i++, n++) {
        float g = gap(l, i);
        least = fminf(least, g);
        most = fmaxf(most, g);
        if (case_of(letter_of(&l->words[i + 1])) != kind || g > widest * l->font_size ||
            most - least > even * l->font_size)
            break;
    }
    return n;
}

static bool is_word(const struct line *l, size_t first, size_t n, bool alone)
{
    const struct word *w = &l->words[first];
    return n >= LEAST_LETTERS && (alone || case_of(letter_of(w)) == CAPITAL) && !is_alphabet(w, n);
}

static const char *joined_text(struct page *page, const struct word *w, size_t n)
{
    auto_strbuf text = {.cap = PAGE_MAX_TEXT};
    for (size_t i = 0; i < n; i++)
        strbuf_adds(&text, w[i].text);
    return text.overflowed ? NULL : page_text(page, text.data, text.len);
}

static struct word joined(const struct word *w, size_t n)
{
    struct word word = w[0];
    word.polygon.corner[1] = w[n - 1].polygon.corner[1];
    word.polygon.corner[2] = w[n - 1].polygon.corner[2];
    return word;
}

/* The run of n words from `first`, as one word or as they are, to the place `at` of the line. */
static size_t put_run(struct page *page, struct line *line, size_t first, size_t n, size_t at,
                      bool alone)
{
    if (!is_word(line, first, n, alone)) {
        memmove(&line->words[at], &line->words[first], n * sizeof *line->words);
        return n;
    }
    struct word word = joined(&line->words[first], n);
    word.text = joined_text(page, &line->words[first], n);
    line->words[at] = word;
    return word.text ? 1 : 0;
}

int spaced_join(struct page *page, struct line *line, struct error *err)
{
    bool alone = all_letters(line);
    size_t kept = 0;
    for (size_t i = 0, n, put; i < line->word_count; i += n) {
        n = run_from(line, i);
        put = put_run(page, line, i, n, kept, alone);
        if (!put)
            return error_set(err, ERROR_LIMIT, "more text than a page may have");
        kept += put;
    }
    line->word_count = kept;
    return 0;
}
