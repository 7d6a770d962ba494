/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * See markdown_escape.h. Text has no line feeds. Emphasis and code need two ends: a star or a tilde
 * without its like is left as it is.
 */
#include "export/markdown_escape.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static const char paired[] = "*_~`";

enum { PAIRED = sizeof paired - 1 };

/* Where each of the paired characters may begin something first, and where end it last. */
struct pairs {
    size_t begin[PAIRED], end[PAIRED];
};

static bool is_blank(char c)
{
    return !c || c == ' ' || c == '\t';
}

/* GitHub's renderer shows a backslash before an underscore in an address, and between letters an
 * underscore is none of emphasis. */
static bool is_inside_word(const char *text, size_t i)
{
    return text[i] == '_' && i > 0 && isalnum((unsigned char)text[i - 1]) &&
           isalnum((unsigned char)text[i + 1]);
}

static bool may_begin(const char *text, size_t i)
{
    return text[i] == '`' || !is_blank(text[i + 1]);
}

static bool may_end(const char *text, size_t i)
{
    return text[i] == '`' || (i > 0 && !is_blank(text[i - 1]));
}

static struct pairs find_pairs(const char *text, size_t len, bool piece)
{
    struct pairs p;
    for (int k = 0; k < PAIRED; k++) {
        p.begin[k] = piece ? 0 : len;
        p.end[k] = piece ? len : 0;
    }
    for (size_t i = 0; i < len; i++) {
        const char *at = strchr(paired, text[i]);
        if (!at || is_inside_word(text, i))
            continue;
        if (may_begin(text, i) && i < p.begin[at - paired])
            p.begin[at - paired] = i;
        if (may_end(text, i) && i > p.end[at - paired])
            p.end[at - paired] = i;
    }
    return p;
}

static bool is_pair(const struct pairs *p, const char *text, size_t i, bool piece)
{
    const int k = (int)(strchr(paired, text[i]) - paired);
    if (is_inside_word(text, i))
        return false;
    return piece || (may_begin(text, i) && i < p->end[k]) || (may_end(text, i) && i > p->begin[k]);
}

/* Does text, an ampersand, begin a character reference? */
static bool is_reference(const char *text)
{
    enum { LONGEST = 32 }; /* CounterClockwiseContourIntegral */
    size_t hash = text[1] == '#', len = 0;
    while (len < LONGEST && isalnum((unsigned char)text[1 + hash + len]))
        len++;
    return len && text[1 + hash + len] == ';';
}

/* Links and what they refer to are told by what follows the bracket. The marks of det.mmd, <|ref|>,
 * are told by < and | beside each other. */
static bool is_single(const char *text, size_t len, size_t i, unsigned place)
{
    const char next = i + 1 < len ? text[i + 1] : '\0';
    switch (text[i]) {
    case '\\':
        return !next || ispunct((unsigned char)next);
    case '<':
        return !(is_blank(next) && next) && !isdigit((unsigned char)next) && next != '=';
    case '&':
        return is_reference(text + i);
    case '[':
        return (place & MARKDOWN_LABEL) ||
               (i == 0 && (place & MARKDOWN_ITEM) && next && text[2] == ']');
    case ']':
        return (place & MARKDOWN_LABEL) || next == '(' || next == ':' ||
               (!next && (place & MARKDOWN_PIECE));
    case '|':
        return (place & MARKDOWN_CELL) || next == '>' || (i > 0 && text[i - 1] == '<');
    default:
        return false;
    }
}

size_t markdown_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (!digits || digits > 9 || (text[digits] != '.' && text[digits] != ')'))
        return 0;
    return is_blank(text[digits + 1]) ? digits + 1 : 0; /* 3.14 is no list */
}

/* Nothing but one mark, thrice or more: a line across the page. */
static bool is_rule(const char *text)
{
    const char all[] = {*text, ' ', '\0'};
    return strchr("-_*", *text) && !text[strspn(text, all)];
}

/* Which character of the block's start is to be escaped, counted from 1; 0: none. */
static size_t marker(const char *text)
{
    if (*text == '>')
        return 1;
    if (*text && strchr("-+*", *text) && is_blank(text[1]))
        return 1;
    if (*text == '#')
        return is_blank(text[strspn(text, "#")]);
    return *text && is_rule(text) ? 1 : markdown_number(text);
}

/* Where the marks begin that would close a heading. */
static size_t closing_marks(const char *text, size_t len)
{
    while (len && (text[len - 1] == '#' || is_blank(text[len - 1])))
        len--;
    return len;
}

void markdown_escape(struct strbuf *out, const char *text, size_t len, unsigned place)
{
    const bool piece = place & MARKDOWN_PIECE;
    const struct pairs pairs = find_pairs(text, len, piece);
    const size_t mark = place & MARKDOWN_START ? marker(text) : 0;
    const size_t closing = place & MARKDOWN_HEADING ? closing_marks(text, len) : len;
    for (size_t i = 0; i < len; i++) {
        bool pair = text[i] && strchr(paired, text[i]) && is_pair(&pairs, text, i, piece);
        if (pair || i + 1 == mark || (i >= closing && text[i] == '#') ||
            is_single(text, len, i, place))
            strbuf_addc(out, '\\');
        strbuf_addc(out, text[i]);
    }
}
