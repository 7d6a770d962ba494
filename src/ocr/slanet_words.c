/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The words that table models write: parts of HTML. Words that say nothing about cells (the
 * table's own tags, </tr>, letters) are passed over. Called by slanet.c.
 */
#include "ocr/slanet_internal.h"

#include "base/strbuf.h"

#include <stdlib.h>
#include <string.h>

static const char empty_cell[] = "<td></td>", plain_cell[] = "<td>";

static const struct {
    const char *text;
    enum slanet_kind kind;
} known[] = {
    {"<thead>", WORD_HEAD},  {"</thead>", WORD_HEAD_END}, {"<tr>", WORD_ROW},
    {empty_cell, WORD_CELL}, {plain_cell, WORD_CELL},     {"<td", WORD_OPEN},
};

static bool is_text(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

/* ' colspan="12"': 12; 0 if it is none. */
static int span_of(const char *text, size_t len, const char *name)
{
    const size_t n = strlen(name);
    if (len < n + 2 || memcmp(text, name, n) != 0 || text[len - 1] != '"')
        return 0;
    char *end;
    long span = strtol(text + n, &end, 10);
    return end == text + len - 1 && span > 1 && span <= SLANET_MAX_SPAN ? (int)span : 0;
}

static struct slanet_word word_of(const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (is_text(text, len, known[i].text))
            return (struct slanet_word){known[i].kind, 0};
    int span = span_of(text, len, " colspan=\"");
    if (span)
        return (struct slanet_word){WORD_COLSPAN, span};
    span = span_of(text, len, " rowspan=\"");
    return (struct slanet_word){span ? WORD_ROWSPAN : WORD_NOTHING, span};
}

static void add_spans(struct strbuf *out, const char *name)
{
    enum { LAST = 20 };
    for (int i = 2; i <= LAST; i++)
        strbuf_addf(out, " %s=\"%d\"\n", name, i);
}

/* table_structure_dict_ch.txt, which SLANet_plus and SLANeXt have too. */
static void write_usual(struct strbuf *out)
{
    strbuf_adds(out, "<thead>\n</thead>\n<tbody>\n</tbody>\n<tr>\n</tr>\n<td>\n<td\n>\n</td>\n");
    add_spans(out, "colspan");
    add_spans(out, "rowspan");
}

static int read_lines(struct slanet_words *w, const char *text, size_t len, struct error *err)
{
    bool has_empty = false;
    for (const char *end = text + len; text < end;) {
        const char *line = memchr(text, '\n', (size_t)(end - text));
        const size_t n = (size_t)((line ? line : end) - text);
        if (w->count >= SLANET_MAX_WORDS - 2)
            return error_set(err, ERROR_INPUT, "its dictionary has more than %d words",
                             SLANET_MAX_WORDS);
        has_empty |= is_text(text, n, empty_cell);
        if (!is_text(text, n, plain_cell))
            w->rows[w->count++] = word_of(text, n);
        text += n + 1;
    }
    if (!has_empty)
        w->rows[w->count++] = (struct slanet_word){WORD_CELL, 0};
    return 0;
}

int slanet_words_read(struct slanet_words *out, const char *dictionary, size_t len,
                      struct error *err)
{
    auto_strbuf usual = {0};
    struct slanet_words w = {.count = 1}; /* sos */
    if (!dictionary) {
        write_usual(&usual);
        dictionary = strbuf_str(&usual);
        len = usual.len;
    }
    if (read_lines(&w, dictionary, len, err) < 0)
        return -1;
    w.rows[w.count++] = (struct slanet_word){WORD_END, 0};
    *out = w;
    return 0;
}
