/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a piece of text says, as far as it matters for tables: is it a number, a sign, the start of
 * a list's item, a line of a list of contents? Looks at characters, knows no words. Called by the
 * finders of tables.
 */
#include "layout/table_internal.h"

#include "base/utf8.h"

#include <string.h>

enum {
    MANY_LETTERS = 8,    /* no number has them, whatever its unit */
    LEAST_LEADERS = 4,   /* dots in a row: an ellipsis has three */
    MOST_LOOKED_AT = 64, /* bytes of a word */
    LONGEST_BULLET = 4,  /* bytes without its dot or brackets: "viii", "12" */
};

struct letters {
    size_t digits, letters;
};

static const char *piece_word(const struct piece *p, size_t i)
{
    return p->count ? p->from->words[p->first + i].text : p->from->text;
}

static size_t word_count(const struct piece *p)
{
    return p->count ? p->count : 1;
}

static void count_letters(const char *word, struct letters *out)
{
    size_t len = strnlen(word, MOST_LOOKED_AT);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)word[i];
        if (c >= '0' && c <= '9')
            out->digits++;
        else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0xC3)
            out->letters++; /* a lead byte above Latin-1's signs, or anything beyond */
    }
}

/* Dashes, daggers and other general punctuation begin with E2. */
static bool is_sign(const char *word)
{
    struct letters seen = {0};
    count_letters(word, &seen);
    return (unsigned char)word[0] == 0xE2 ? seen.digits == 0 : seen.digits + seen.letters == 0;
}

enum table_entry table_entry_of(const struct piece *p)
{
    struct letters seen = {0};
    bool sign = true;
    for (size_t i = 0; i < word_count(p) && seen.letters < MANY_LETTERS; i++) {
        const char *word = piece_word(p, i);
        if (is_sign(word))
            continue;
        sign = false;
        count_letters(word, &seen);
    }
    if (sign)
        return TABLE_ENTRY_SIGN;
    bool number = seen.digits > seen.letters && seen.letters < MANY_LETTERS;
    return number ? TABLE_ENTRY_NUMBER : TABLE_ENTRY_TEXT;
}

bool table_starts_low(const struct piece *p)
{
    const char *word = piece_word(p, 0);
    return (word[0] >= 'a' && word[0] <= 'z') || word[0] == '(' || word[0] == '[';
}

bool table_has_leaders(const struct piece *p)
{
    size_t run = 0;
    for (size_t i = 0; i < word_count(p); i++) {
        const char *word = piece_word(p, i);
        size_t len = strnlen(word, MOST_LOOKED_AT), dots = strspn(word, "._");
        run = dots == len ? run + dots : 0;
        if (run >= LEAST_LEADERS || strstr(word, "....") || strstr(word, "\u2026\u2026"))
            return true;
    }
    return false;
}

bool table_is_option(const struct piece *p)
{
    const char *word = piece_word(p, 0);
    return word_count(p) == 1 && word[0] >= 'A' && word[0] <= 'K' && word[1] == '\0';
}

bool table_is_label(const struct piece *p)
{
    const char *word = piece_word(p, word_count(p) - 1), wide[] = "\uFF1A";
    size_t len = strnlen(word, MOST_LOOKED_AT);
    return (len > 0 && word[len - 1] == ':') ||
           (len >= strlen(wide) && !strncmp(word + len - strlen(wide), wide, strlen(wide)));
}

static bool is_bullet_sign(const char *word)
{
    static const char *const signs[] = {
        "\u2022", "\u25CF", "\u25E6", "\u25AA", "\u25A0", "\u25A1", "\u25CB", "\u2023",
        "\u00B7", "\u2013", "\u2014", "-",      "*",      "o",      "\uF0B7", "\uF0A7",
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (!strcmp(word, signs[i]))
            return true;
    return false;
}

bool table_is_bullet(const struct piece *p)
{
    const char *word = piece_word(p, 0);
    if (word_count(p) != 1)
        return false;
    if (is_bullet_sign(word))
        return true;
    size_t len = strnlen(word, MOST_LOOKED_AT), open = word[0] == '(' || word[0] == '[';
    if (len < 2 || len - open - 1 > LONGEST_BULLET || !strchr(".):]", word[len - 1]))
        return false;
    return strcspn(word + open, " ,.)]:") == len - open - 1;
}
