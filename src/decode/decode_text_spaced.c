/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Headings set with spaces between their letters. Only capitals, at least four that stand evenly,
 * are taken for a word: a row of a table may be single letters too. Called by decode_text.c.
 */
#include "decode/decode_text.h"

#include "base/strbuf.h"
#include "base/utf8.h"

#include <math.h>
#include <string.h>

enum { LEAST_LETTERS = 4 };

static const float even = 0.25F;  /* of the em: how much its gaps may differ within a word */
static const float widest = 0.9F; /* of the em: letters further apart are no word */

static bool is_capital(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
           (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F);
}

static bool is_letter(const struct word *w)
{
    uint32_t c;
    size_t len = strlen(w->text);
    return utf8_decode(w->text, len, &c) == len && is_capital(c);
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
    size_t n = 1;
    if (!is_letter(&l->words[first]))
        return 1;
    for (size_t i = first; i + 1 < l->word_count && is_letter(&l->words[i + 1]); i++, n++) {
        float g = gap(l, i);
        least = fminf(least, g);
        most = fmaxf(most, g);
        if (g > widest * l->font_size || most - least > even * l->font_size)
            break;
    }
    return n;
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

int spaced_join(struct page *page, struct line *line, struct error *err)
{
    size_t kept = 0;
    for (size_t i = 0, n; i < line->word_count; i += n) {
        n = run_from(line, i);
        struct word word = line->words[i];
        if (n >= LEAST_LETTERS) {
            word = joined(&line->words[i], n);
            word.text = joined_text(page, &line->words[i], n);
        } else {
            n = 1;
        }
        if (!word.text)
            return error_set(err, ERROR_LIMIT, "more text than a page may have");
        line->words[kept++] = word;
    }
    line->word_count = kept;
    return 0;
}
