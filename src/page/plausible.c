/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The rules for words and for the letters of a page. Called by decode on text layers and by those
 * who correct one reading from another.
 */
#include "page/plausible.h"

#include "base/must.h"
#include "base/utf8.h"

#include <string.h>

enum { LONGEST = 64 }; /* characters of a word that are looked at */

enum script { NO_LETTER, LATIN, GREEK, CYRILLIC, OTHER_ALPHABET, IDEOGRAPHS, BROKEN };

/* By first code point, up to the next row. Symbols and digits are no letters. */
static const struct {
    uint32_t from;
    enum script script;
} scripts[] = {
    {0x0000, NO_LETTER},      {0x0041, LATIN},           {0x005B, NO_LETTER},
    {0x0061, LATIN},          {0x007B, NO_LETTER},       {0x0080, BROKEN},
    {0x00A0, NO_LETTER},      {0x00C0, LATIN},           {0x00D7, NO_LETTER},
    {0x00D8, LATIN},          {0x00F7, NO_LETTER},       {0x00F8, LATIN},
    {0x0250, OTHER_ALPHABET}, {0x02B0, NO_LETTER},       {0x0370, GREEK},
    {0x0400, CYRILLIC},       {0x0530, OTHER_ALPHABET},  {0x1100, IDEOGRAPHS},
    {0x1200, OTHER_ALPHABET}, {0x1E00, LATIN},           {0x1F00, GREEK},
    {0x2000, NO_LETTER},      {0x2C00, OTHER_ALPHABET},  {0x2E00, NO_LETTER},
    {0x2E80, IDEOGRAPHS},     {0xA4D0, OTHER_ALPHABET},  {0xAC00, IDEOGRAPHS},
    {0xD800, BROKEN},         {0xF900, IDEOGRAPHS},      {0xFB00, LATIN},
    {0xFB07, OTHER_ALPHABET}, {0xFE00, NO_LETTER},       {0xFE70, OTHER_ALPHABET},
    {0xFF00, NO_LETTER},      {0xFF21, LATIN},           {0xFF3B, NO_LETTER},
    {0xFF41, LATIN},          {0xFF5B, NO_LETTER},       {0xFF66, IDEOGRAPHS},
    {0xFFF0, BROKEN},         {0x10000, OTHER_ALPHABET}, {0x1D400, NO_LETTER},
    {0x20000, IDEOGRAPHS},    {0x40000, BROKEN},
};

static enum script script_of(uint32_t c)
{
    size_t low = 0, high = sizeof scripts / sizeof *scripts;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (scripts[middle].from <= c)
            low = middle;
        else
            high = middle;
    }
    return scripts[low].script;
}

/* What a word's characters come to. Runs are of Latin letters alone. */
struct tally {
    size_t length, letters, capitals, symbols, broken;
    size_t vowels, consonants, most_consonants, most_vowels, most_same;
    size_t rises;        /* a capital right after a small letter */
    size_t kinds_inside; /* different symbols between letters that no address has */
    unsigned scripts;    /* bits of enum script */
};

static bool is_vowel(uint32_t c)
{
    return c >= 0xC0 || (c < 0x80 && strchr("aeiouyAEIOUY", (int)c));
}

static bool is_capital(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE);
}

static size_t longest(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void count_letter(struct tally *t, uint32_t c, uint32_t before, size_t *run)
{
    bool vowel = is_vowel(c), joined = before && script_of(before) == LATIN;
    *run = joined && is_vowel(before) == vowel ? *run + 1 : 1;
    t->vowels += vowel;
    t->consonants += !vowel;
    if (vowel)
        t->most_vowels = longest(t->most_vowels, *run);
    else
        t->most_consonants = longest(t->most_consonants, *run);
    t->capitals += is_capital(c);
    t->rises += joined && is_capital(c) && !is_capital(before);
}

static void count_symbol(struct tally *t, uint32_t c, char seen[8])
{
    size_t known = strlen(seen);
    t->symbols += !(c >= '0' && c <= '9');
    if (t->letters && c > ' ' && c < 0x7F && !strchr("0123456789.,'-/:@_&%#=?()+", (int)c) &&
        !strchr(seen, (int)c) && known < 7) {
        seen[known] = (char)c;
        t->kinds_inside++;
    }
}

static struct tally tally_of(const char *word)
{
    struct tally t = {0};
    char seen[8] = "";
    uint32_t before = 0, c;
    size_t len = strlen(word), run = 0, same = 0;
    for (size_t at = 0; at < len && t.length < LONGEST; t.length++, before = c) {
        size_t bytes = utf8_decode(word + at, len - at, &c);
        must(bytes > 0);
        at += bytes;
        enum script script = script_of(c);
        bool letter = script != NO_LETTER && script != BROKEN;
        same = letter && c == before ? same + 1 : 1;
        t.most_same = longest(t.most_same, letter ? same : 0);
        t.letters += letter;
        t.broken += script == BROKEN;
        t.scripts |= letter ? 1U << script : 0;
        if (script == LATIN)
            count_letter(&t, c, before, &run);
        else if (!letter)
            count_symbol(&t, c, seen);
    }
    return t;
}

static size_t bits(unsigned v)
{
    return (size_t)__builtin_popcount(v);
}

/* Names of substances and places have the longest words there are; who writes without blanks
 * exceeds them. */
enum { LONGEST_WORD = 30, LONGEST_CONSONANTS = 6, LONGEST_VOWELS = 5, MOST_SAME = 3 };

static bool latin_plausible(const struct tally *t)
{
    bool capitals = t->capitals == t->letters; /* an abbreviation may do without vowels */
    if (t->letters < 5 || capitals)
        return true;
    if (t->vowels == 0 || t->most_consonants > LONGEST_CONSONANTS ||
        t->most_vowels > LONGEST_VOWELS)
        return false;
    return t->rises < 3 && t->consonants * 12 >= t->vowels;
}

bool word_plausible(const char *word)
{
    const struct tally t = tally_of(word);
    if (t.broken || t.most_same > MOST_SAME || t.kinds_inside > 2)
        return false;
    if (t.letters == 0)
        return true; /* numbers, signs, rows of dots */
    if (bits(t.scripts) > 2 || t.symbols > t.letters * 2 + 3)
        return false;
    if (bits(t.scripts) == 2 && (t.scripts & 1U << CYRILLIC) && t.letters > 4)
        return false; /* as good as never mixed in one word */
    if (t.scripts != 1U << LATIN)
        return true;
    return latin_plausible(&t) && (t.letters < LONGEST_WORD || t.symbols);
}

/* In all languages written with it these eight make more than half of the Latin letters (English
 * .62, German .64, Polish .53, Hungarian .55, Finnish .69); of letters put for each other at random
 * it is 8/26. */
static const char frequent[] = "aeionrst";
static const float frequent_at_least = 0.42F;
enum { ENOUGH_LETTERS = 200 };

struct letters {
    size_t all, frequent;
};

static void count_letters(struct letters *l, const char *text)
{
    for (; *text; text++) {
        char c = (char)(*text | 0x20);
        bool letter = c >= 'a' && c <= 'z' && (unsigned char)*text < 0x80;
        l->all += letter;
        l->frequent += letter && strchr(frequent, c);
    }
}

float page_plausibility(const struct page *page)
{
    struct letters letters = {0};
    size_t good = 0, all = 0;
    for (size_t b = 0; b < page->block_count; b++)
        for (size_t i = 0; i < page->blocks[b].line_count; i++) {
            const struct line *l = &page->blocks[b].lines[i];
            for (size_t w = 0; w < l->word_count; w++) {
                size_t len = strlen(l->words[w].text);
                all += len;
                good += word_plausible(l->words[w].text) ? len : 0;
                count_letters(&letters, l->words[w].text);
            }
        }
    if (!all)
        return 1;
    float share = (float)good / (float)all;
    float usual = letters.all ? (float)letters.frequent / (float)letters.all : 1;
    return letters.all >= ENOUGH_LETTERS && usual < frequent_at_least
               ? share * usual / frequent_at_least * 0.5F
               : share;
}
