/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * See wording.h. Refuses nothing: text is UTF-8 by the page's promise, and what is not decodes to
 * nothing. Called all over the layout.
 */
#include "layout/wording.h"

#include "base/utf8.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_DIGITS = 3, MOST_PAGE_DIGITS = 4, LEADER = 4, WORD = 3, FEWEST_CAPITALS = 4 };

static uint32_t decode(const char **s)
{
    uint32_t c = 0;
    size_t n = utf8_decode(*s, strlen(*s) < 4 ? strlen(*s) : 4, &c);
    *s += n ? n : 1;
    return n ? c : 0xFFFD;
}

static uint32_t first_of(const char *s)
{
    return *s ? decode(&s) : 0;
}

/* Where the last of the first `len` bytes' characters begins. */
static size_t last_at(const char *s, size_t len)
{
    size_t at = len ? len - 1 : 0;
    while (at && ((unsigned char)s[at] & 0xC0) == 0x80)
        at--;
    return at;
}

static uint32_t last_of(const char *s)
{
    return first_of(s + last_at(s, strlen(s)));
}

static bool is_capital(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
           (c >= 0x391 && c <= 0x3A9) || (c >= 0x400 && c <= 0x42F) ||
           (c >= 0x100 && c <= 0x17F && c % 2 == 0);
}

static bool is_small(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7) ||
           (c >= 0x3B1 && c <= 0x3C9) || (c >= 0x430 && c <= 0x45F) ||
           (c >= 0x100 && c <= 0x17F && c % 2 == 1) || (c >= 0xFB00 && c <= 0xFB06);
}

static bool is_letter(uint32_t c)
{
    return is_capital(c) || is_small(c) || c >= 0x370;
}

static bool is_one_of(uint32_t c, const uint32_t *set, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (set[i] == c)
            return true;
    return false;
}

#define IS_ONE_OF(c, set) is_one_of(c, set, sizeof(set) / sizeof *(set))

/* ---- marks ---- */

static const uint32_t bullets[] = {0x2022, 0x2023, 0x2043, 0x204C, 0x2219, 0x25A0, 0x25A1,
                                   0x25AA, 0x25AB, 0x25B6, 0x25B8, 0x25BA, 0x25C6, 0x25CB,
                                   0x25CF, 0x25E6, 0x2605, 0x2713, 0x2714, 0x27A2, 0x27A4,
                                   0x30FB, 0xB7,   0xF0A7, 0xF0B7, 0xF0D8, 0xFFED, 0x2666};
static const uint32_t dashes[] = {'-', '*', '+', 0x2013, 0x2014, 0x2010, 0x2212};

static struct mark bullet_mark(const char *text)
{
    const char *s = text;
    uint32_t c = *s ? decode(&s) : 0;
    struct mark m = {.length = (size_t)(s - text)};
    size_t blanks = strspn(s, " ");
    if (IS_ONE_OF(c, bullets))
        m.kind = MARK_BULLET;
    else if (IS_ONE_OF(c, dashes) && blanks)
        m.kind = MARK_DASH;
    m.length += blanks;
    return m.kind && s[blanks] ? m : (struct mark){0};
}

static long roman_value(const char *s, size_t n)
{
    static const char letters[] = "ivxlc";
    static const long values[] = {1, 5, 10, 50, 100};
    long sum = 0, above = 0;
    for (size_t i = n; i-- > 0;) {
        const char *at = strchr(letters, tolower((unsigned char)s[i]));
        if (!at || !s[i])
            return 0;
        long v = values[at - letters];
        sum += v < above ? -v : v;
        above = v > above ? v : above;
    }
    return sum;
}

/* A lone i, v or x is taken for a Roman number: a list by letters has others. */
static void value_of(const char *s, size_t n, struct mark *m)
{
    bool digits = isdigit((unsigned char)*s);
    if (digits)
        *m = (struct mark){.kind = MARK_NUMBER, .value = strtol(s, NULL, 10)};
    else if ((m->value = roman_value(s, n)) > 0 && (n > 1 || strchr("ivxIVX", *s)))
        m->kind = MARK_ROMAN;
    else if (n == 1)
        *m = (struct mark){.kind = MARK_LETTER, .value = tolower((unsigned char)*s) - 'a' + 1};
    else
        m->kind = MARK_NONE;
}

static struct mark counted_mark(const char *text)
{
    struct mark m = {0};
    bool opening = *text == '(' || *text == '[';
    const char *s = text + opening;
    size_t digits = strspn(s, "0123456789"), letters = 0;
    while (isalpha((unsigned char)s[letters]) && letters < 5)
        letters++;
    size_t n = digits ? digits : letters;
    if (n == 0 || digits > MOST_DIGITS)
        return m;
    value_of(s, n, &m);
    char closing = s[n];
    size_t blanks = closing ? strspn(s + n + 1, " ") : 0;
    if (!m.kind || !closing || !strchr(opening ? ")]" : ".)", closing) || !blanks ||
        !s[n + 1 + blanks])
        return (struct mark){0};
    m.closing = closing;
    m.opening = opening;
    m.length = opening + n + 1 + blanks;
    return m;
}

struct mark wording_mark(const char *text)
{
    struct mark m = bullet_mark(text);
    return m.kind ? m : counted_mark(text);
}

bool wording_follows(const struct mark *a, const struct mark *b)
{
    if (a->kind == MARK_BULLET || a->kind == MARK_DASH)
        return b->kind == a->kind;
    bool alike = a->closing == b->closing && a->opening == b->opening;
    if (a->kind == MARK_LETTER && b->kind == MARK_ROMAN) /* h. i. */
        return alike && a->value == 8 && b->value == 1;
    return alike && a->kind == b->kind && a->kind && b->value == a->value + 1;
}

/* ---- sections ---- */

static int numbered_depth(const char *text)
{
    const char *s = text;
    int depth = 0;
    for (;;) {
        size_t digits = strspn(s, "0123456789");
        if (!digits || digits > MOST_DIGITS)
            break;
        depth++;
        s += digits;
        if (*s != '.')
            break;
        s++;
    }
    if (!depth && isupper((unsigned char)text[0]) && text[1] == '.' &&
        isdigit((unsigned char)text[2]))
        return 1 + numbered_depth(text + 2); /* "A.1 Proofs" */
    size_t blanks = strspn(s, " ");
    uint32_t next = first_of(s + blanks);
    return depth && blanks && (is_capital(next) || next >= 0x370) ? depth : 0;
}

static bool begins_with(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

int wording_section(const char *text)
{
    static const char *const words[] = {"chapter ", "part ",     "appendix ",
                                        "kapitel ", "chapitre ", "capítulo ",
                                        "section ", "teil ",     "anhang "};
    int depth = numbered_depth(text);
    for (size_t i = 0; !depth && i < sizeof words / sizeof *words; i++) {
        const char *s = text + strlen(words[i]);
        if (begins_with(text, words[i]) && is_capital(first_of(text)) &&
            (isdigit((unsigned char)*s) || isupper((unsigned char)*s)))
            depth = 1;
    }
    return depth;
}

/* ---- captions ---- */

static const struct caption_word {
    const char *word;
    enum caption_kind kind;
} caption_words[] = {
    {"figure", CAPTION_FIGURE},    {"fig.", CAPTION_FIGURE},   {"fig", CAPTION_FIGURE},
    {"abbildung", CAPTION_FIGURE}, {"abb.", CAPTION_FIGURE},   {"chart", CAPTION_FIGURE},
    {"scheme", CAPTION_FIGURE},    {"plate", CAPTION_FIGURE},  {"figura", CAPTION_FIGURE},
    {"exhibit", CAPTION_FIGURE},   {"image", CAPTION_FIGURE},  {"bild", CAPTION_FIGURE},
    {"obrázek", CAPTION_FIGURE},   {"рис.", CAPTION_FIGURE},   {"рисунок", CAPTION_FIGURE},
    {"图表", CAPTION_TABLE},       {"图", CAPTION_FIGURE},     {"圖", CAPTION_FIGURE},
    {"図", CAPTION_FIGURE},        {"그림", CAPTION_FIGURE},   {"table", CAPTION_TABLE},
    {"tab.", CAPTION_TABLE},       {"tabelle", CAPTION_TABLE}, {"tableau", CAPTION_TABLE},
    {"tabla", CAPTION_TABLE},      {"tabela", CAPTION_TABLE},  {"tabella", CAPTION_TABLE},
    {"tabulka", CAPTION_TABLE},    {"таблица", CAPTION_TABLE}, {"табл.", CAPTION_TABLE},
    {"表", CAPTION_TABLE},         {"표", CAPTION_TABLE},
};

static size_t caption_number(const char *s)
{
    size_t n = strspn(s, "0123456789.-");
    if (!n || !isdigit((unsigned char)*s))
        n = strspn(s, "IVXLC");
    if (!n && isupper((unsigned char)*s))
        n = 1;
    if (n && isdigit((unsigned char)s[n - 1]) && isalpha((unsigned char)s[n]) &&
        !isalnum((unsigned char)s[n + 1]))
        n++; /* "2a" */
    return n;
}

/* After "Figure 3" comes a stop, nothing, or a sentence of its own. */
static bool is_caption_end(const char *number, size_t n)
{
    const char *s = number + n;
    bool stop = n && (s[-1] == '.' || s[-1] == '-');
    s += strspn(s, " ");
    uint32_t c = first_of(s);
    return stop || !c || strchr(".:|)-", (int)(c < 0x80 ? c : 'x')) || is_capital(c) ||
           (c >= 0x2010 && c <= 0x2015) || c >= 0x3000;
}

enum caption_kind wording_caption(const char *text, bool *strong)
{
    *strong = false;
    uint32_t first = first_of(text);
    if (is_small(first))
        return CAPTION_NONE;
    for (size_t i = 0; i < sizeof caption_words / sizeof *caption_words; i++) {
        const struct caption_word *w = &caption_words[i];
        if (!begins_with(text, w->word))
            continue;
        const char *s = text + strlen(w->word);
        s += strspn(s, " ");
        size_t n = caption_number(s);
        if (!n)
            continue;
        *strong = is_caption_end(s, n);
        return w->kind;
    }
    return CAPTION_NONE;
}

/* ---- page numbers ---- */

static size_t number_length(const char *s)
{
    size_t n = strspn(s, "0123456789");
    if (n)
        return n <= MOST_PAGE_DIGITS ? n : 0;
    n = strspn(s, "ivxlc");
    return n ? n : strspn(s, "IVXLC");
}

static const char *skip_words(const char *s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (begins_with(s, words[i]))
            return s + strlen(words[i]);
    return s;
}

bool wording_page_number(const char *text)
{
    static const char *const before[] = {"page", "seite", "pg.", "p.", "s.", "página", "第"};
    static const char *const between[] = {"of", "von", "de", "sur", "/", "页", "頁", "|"};
    static const char frame[] = " -|.[]()";
    const char *s = text + strspn(text, frame);
    while (begins_with(s, "–") || begins_with(s, "—") || begins_with(s, "·"))
        s += 3 - (begins_with(s, "·") ? 1 : 0), s += strspn(s, frame);
    s = skip_words(s, before, sizeof before / sizeof *before);
    s += strspn(s, " ");
    size_t n = number_length(s);
    if (!n)
        return false;
    s += n;
    s += strspn(s, " ");
    const char *after = skip_words(s, between, sizeof between / sizeof *between);
    if (after != s) {
        s = after + strspn(after, " ");
        s += strspn(s, "0123456789");
    }
    while (begins_with(s, "–") || begins_with(s, "—"))
        s += 3;
    return !s[strspn(s, frame)];
}

/* ---- footnotes ---- */

static const uint32_t note_marks[] = {'*',    0x2020, 0x2021, 0xA7,   0xB6,   0xB9,   0xB2,
                                      0xB3,   0x2070, 0x2074, 0x2075, 0x2076, 0x2077, 0x2078,
                                      0x2079, 0x2460, 0x2461, 0x2462, 0x2463, 0x2464};

bool wording_note(const char *text)
{
    const char *s = text;
    if (IS_ONE_OF(first_of(s), note_marks)) {
        while (*s && IS_ONE_OF(first_of(s), note_marks))
            decode(&s);
        s += strspn(s, " ");
        return *s != '\0';
    }
    size_t digits = strspn(s, "0123456789");
    if (!digits || digits > 3)
        return false;
    s += digits;
    s += strspn(s, ")]");
    s += strspn(s, " ");
    return is_letter(first_of(s)) || *s == '"' || *s == '(';
}

/* ---- letters ---- */

bool wording_capitals(const char *text)
{
    size_t capitals = 0, small = 0;
    while (*text) {
        uint32_t c = decode(&text);
        capitals += is_capital(c);
        small += is_small(c);
    }
    return capitals >= FEWEST_CAPITALS && small * 10 <= capitals;
}

static const uint32_t closings[] = {'"', '\'', ')', ']', 0x201D, 0x2019, 0xBB, 0x300D, 0x300F};
static const uint32_t stops[] = {'.',    '!',    '?',    ':',    ';',    0x2026, 0x3002,
                                 0xFF01, 0xFF1F, 0xFF1A, 0xFF1B, 0x0964, 0x061F, 0x06D4};

bool wording_ends_sentence(const char *text)
{
    size_t len = strlen(text), at = last_at(text, len);
    while (len && IS_ONE_OF(first_of(text + at), closings)) {
        len = at;
        at = last_at(text, len);
    }
    return len && IS_ONE_OF(first_of(text + at), stops);
}

bool wording_ends_hyphen(const char *text)
{
    uint32_t c = last_of(text);
    size_t len = strlen(text);
    return (c == '-' && len > 1 && is_letter((unsigned char)text[len - 2])) || c == 0x2010 ||
           c == 0xAD;
}

bool wording_begins_low(const char *text)
{
    return is_small(first_of(text));
}

bool wording_has_letters(const char *text)
{
    while (*text)
        if (is_letter(decode(&text)))
            return true;
    return false;
}

bool wording_has_word(const char *text)
{
    size_t run = 0;
    while (*text && run < WORD) {
        uint32_t c = decode(&text);
        run = !is_letter(c) || IS_ONE_OF(c, stops) || (c >= 0x2000 && c < 0x2C00) ? 0
              : c >= 0x2E80                                                       ? WORD
                                                                                  : run + 1;
    }
    return run >= WORD;
}

bool wording_leaders(const char *text)
{
    size_t run = 0;
    for (; *text && run < LEADER; text++)
        if (*text == '.' || *text == '_')
            run++;
        else if (*text != ' ')
            run = 0;
    return run >= LEADER;
}

size_t wording_length(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

long wording_rightward(const char *text)
{
    long sum = 0;
    while (*text) {
        uint32_t c = decode(&text);
        bool rightward = (c >= 0x590 && c <= 0x8FF) || (c >= 0xFB1D && c <= 0xFDFF) ||
                         (c >= 0xFE70 && c <= 0xFEFC);
        sum += rightward ? 1 : is_letter(c) ? -1 : 0;
    }
    return sum;
}
