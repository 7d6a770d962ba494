/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What stands between two lines of a paragraph is told by the characters at their ends. A hyphen at
 * a line's end is the printer's unless something says that it is the writer's. Refuses nothing.
 */
#include "export/prose.h"

#include "base/letter.h"
#include "base/utf8.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static const char soft_hyphen[] = "\xC2\xAD";

/* What divides a word at a line's end. firm: the writer may have meant it. */
static const struct mark {
    const char *bytes;
    bool firm;
} marks[] = {
    {"-", true},
    {"\xE2\x80\x90", true},  /* U+2010 hyphen */
    {"\xE2\xB8\x97", false}, /* U+2E17, the hyphen of Fraktur */
    {"\xC2\xAC", false},     /* U+00AC, as which OCR reads it */
    {soft_hyphen, false},
};

static const struct mark *mark_at_end(const struct strbuf *text)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t n = strlen(marks[i].bytes);
        if (text->len > n && memcmp(text->data + text->len - n, marks[i].bytes, n) == 0)
            return &marks[i];
    }
    return NULL;
}

/* "Ein- und Ausgang": the word that follows is no rest of the one before. */
static bool starts_with_conjunction(const char *s)
{
    static const char *const words[] = {"und", "oder", "bzw.", "sowie", "and", NULL};
    for (size_t i = 0; words[i]; i++) {
        size_t n = strlen(words[i]);
        if (strncmp(s, words[i], n) == 0 && (s[n] == ' ' || s[n] == '\0'))
            return true;
    }
    return false;
}

/* Is there a hyphen or a digit in the word that ends at len, or a capital at its end? Such words
 * are put together by their writers: state-of-the-art, COVID-19-related, USB-stick. */
static bool is_compound(const char *text, size_t len)
{
    enum { LONGEST = 64 }; /* bytes of a word */
    if (letter_is_upper(letter_last(text, len)))
        return true;
    for (size_t i = len, n = 0; i-- > 0 && n < LONGEST && text[i] != ' '; n++)
        if (text[i] == '-' || (text[i] >= '0' && text[i] <= '9'))
            return true;
    return false;
}

/* The text ends in a mark that divides a word. */
static void glue_hyphen(struct strbuf *text, const struct mark *mark, const char *next)
{
    const size_t len = text->len - strlen(mark->bytes);
    const bool soft = !mark->firm;
    if (text->data[len - 1] == ' ') { /* a dash */
        strbuf_addc(text, ' ');
    } else if (starts_with_conjunction(next)) {
        strbuf_cut(text, len);
        strbuf_adds(text, "- ");
    } else if (soft || (letter_is_lower(letter_first(next)) && !is_compound(text->data, len))) {
        strbuf_cut(text, len);
    }
}

static size_t skip_blanks(const char *s)
{
    return strspn(s, " \t");
}

void prose_glue(struct strbuf *text, const char *next)
{
    next += skip_blanks(next);
    while (text->len && text->data[text->len - 1] == ' ')
        strbuf_cut(text, text->len - 1);
    if (!text->len || !*next)
        return;
    const struct mark *mark = mark_at_end(text);
    if (mark)
        glue_hyphen(text, mark, next);
    else if (!letter_is_dense(letter_last(text->data, text->len)) ||
             !letter_is_dense(letter_first(next)))
        strbuf_addc(text, ' ');
}

/* A soft hyphen at the line's end is left to the next glue. */
void prose_add(struct strbuf *text, const char *line)
{
    line += skip_blanks(line);
    prose_glue(text, line);
    for (const char *soft; (soft = strstr(line, soft_hyphen)) && soft[2]; line = soft + 2)
        strbuf_add(text, line, (size_t)(soft - line));
    strbuf_adds(text, line);
}

void prose_add_block(struct strbuf *text, const struct block *block)
{
    for (size_t i = 0; i < block->line_count; i++)
        prose_add(text, block->lines[i].text);
}

/* ---- what is no running text ---- */

/* The mean; code is set in one width. */
static float letter_advance(const struct block *b)
{
    double width = 0, letters = 0;
    for (size_t i = 0; i < b->line_count; i++) {
        const struct point *c = b->lines[i].polygon.corner;
        const double columns = prose_columns(b->lines[i].text);
        width += columns > 0 ? (double)point_distance(c[0], c[1]) : 0;
        letters += columns;
    }
    return letters > 0 ? (float)(width / letters) : 0;
}

void prose_add_code(struct strbuf *out, const struct block *block)
{
    enum { DEEPEST = 80 }; /* columns */
    const float advance = letter_advance(block);
    float left = block->line_count ? block->lines[0].polygon.corner[0].x : 0;
    for (size_t i = 1; i < block->line_count; i++)
        left = fminf(left, block->lines[i].polygon.corner[0].x);
    for (size_t i = 0; i < block->line_count; i++) {
        const struct line *l = &block->lines[i];
        const float columns = advance > 0 ? (l->polygon.corner[0].x - left) / advance : 0;
        strbuf_addf(out, "%*s%s\n", (int)lroundf(fminf(columns, DEEPEST)), "", l->text);
    }
}

int prose_columns(const char *text)
{
    int columns = 0;
    size_t len = strlen(text);
    for (size_t n; len; text += n, len -= n) {
        uint32_t c = '?';
        n = utf8_decode(text, len, &c);
        n = n ? n : 1;
        columns += letter_width(c);
    }
    return columns;
}

bool prose_is_latex(const char *text)
{
    if (strchr(text, '$'))
        return false;
    for (const char *s = text; (s = strpbrk(s, "\\^_")); s++)
        if ((*s == '\\' && isalpha((unsigned char)s[1])) || (*s != '\\' && s[1] == '{'))
            return true;
    return false;
}
