/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A block as GitHub Flavored Markdown 0.29: a paragraph is one line, tables without spans are pipe
 * tables and others HTML. Characters that Markdown would take for markup are escaped (any ASCII
 * punctuation may be, after a backslash). Used through markdown.h.
 */
#include "export/markdown.h"

#include "export/listing.h"
#include "export/prose.h"
#include "export/table.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- escaping ---- */

/* Does the start of a line read as a list, a heading, a rule, a quotation or a table? */
static size_t marker_length(const char *s)
{
    if (*s && strchr("-+>#=:", *s))
        return 1;
    size_t digits = strspn(s, "0123456789");
    if (!digits || digits > 9 || (s[digits] != '.' && s[digits] != ')'))
        return 0;
    return s[digits + 1] == ' ' || !s[digits + 1] ? digits + 1 : 0; /* 3.14 is no list */
}

/* Does s, an ampersand, begin a character reference? */
static bool reference(const char *s)
{
    enum { LONGEST = 32 }; /* CounterClockwiseContourIntegral */
    size_t hash = s[1] == '#', len = 0;
    while (len < LONGEST && isalnum((unsigned char)s[1 + hash + len]))
        len++;
    return len && s[1 + hash + len] == ';';
}

/* An underscore between letters is none of emphasis, and GitHub's renderer shows the backslash in
 * an address. */
static bool inside_word(const char *start, const char *s)
{
    return s > start && isalnum((unsigned char)s[-1]) && isalnum((unsigned char)s[1]);
}

static bool is_markup(const char *start, const char *s)
{
    switch (*s) {
    case '&':
        return reference(s);
    case '_':
        return !inside_word(start, s);
    default:
        return strchr("\\`*[]<|~", *s) != NULL;
    }
}

/* Text inside a line; marker: of its start, where that begins the line. */
static void add_escaped(struct strbuf *out, const char *s, size_t len, size_t marker, bool heading)
{
    for (size_t i = 0; i < len; i++) {
        if (is_markup(s, s + i) || (marker && i == marker - 1) || (heading && s[i] == '#'))
            strbuf_addc(out, '\\');
        strbuf_addc(out, s[i]);
    }
}

/* ---- paragraphs and headings ---- */

static void add_prose(struct strbuf *out, struct strbuf *text, const struct markdown_part *part)
{
    if (part->next)
        prose_glue(text, part->next);
    const char *s = strbuf_str(text);
    add_escaped(out, s, text->len, part->opened ? 0 : marker_length(s), false);
    if (text->len && !part->next)
        strbuf_addc(out, '\n');
}

static void add_paragraph(struct strbuf *out, const struct block *block,
                          const struct markdown_part *part)
{
    auto_strbuf text = {0};
    prose_add_block(&text, block);
    add_prose(out, &text, part);
}

static void add_heading(struct strbuf *out, const struct block *block)
{
    enum { DEEPEST = 6 };
    auto_strbuf text = {0};
    int level = block->level ? block->level : block->type == BLOCK_TITLE ? 1 : 2;
    prose_add_block(&text, block);
    if (!text.len)
        return;
    for (int i = 0; i < level && i < DEEPEST; i++)
        strbuf_addc(out, '#');
    strbuf_addc(out, ' ');
    add_escaped(out, text.data, text.len, marker_length(text.data), true);
    strbuf_addc(out, '\n');
}

/* ---- lists ---- */

struct nesting {
    int indent[LISTING_DEPTH + 1]; /* columns before an item of that depth */
    unsigned last[LISTING_DEPTH];  /* number of the last item; 0: not a numbered one */
    bool begun[LISTING_DEPTH];
};

/* Renderers count the items themselves, and a list that begins inside an item must begin with 1. */
static bool counts(const struct nesting *n, const struct listing_item *item)
{
    if (item->mark != LISTING_NUMBER)
        return false;
    if (n->begun[item->depth] && n->last[item->depth])
        return item->number == n->last[item->depth] + 1;
    return item->depth == 0 ? item->number > 0 : item->number == 1;
}

static void add_marker(struct strbuf *out, struct nesting *n, const struct listing_item *item)
{
    const int depth = item->depth;
    const bool counted = counts(n, item);
    const size_t before = out->len;
    strbuf_addf(out, "%*s", n->indent[depth], "");
    if (counted)
        strbuf_addf(out, "%u%c ", item->number, item->delimiter);
    else
        strbuf_adds(out, "- ");
    n->last[depth] = counted ? item->number : 0;
    n->begun[depth] = true;
    n->indent[depth + 1] = (int)(out->len - before);
    for (int deeper = depth + 1; deeper < LISTING_DEPTH; deeper++)
        n->begun[deeper] = false;
    if (!counted && item->mark == LISTING_NUMBER)
        strbuf_addf(out, "%u\\%c ", item->number, item->delimiter);
}

static void add_list(struct strbuf *out, const struct block *block,
                     const struct markdown_part *part)
{
    struct listing_item *items;
    struct nesting nesting = {0};
    size_t n = listing_read(block, &items);
    for (size_t i = 0; i < n; i++) {
        const struct listing_item *item = &items[i];
        const struct markdown_part whole = {.opened = part->opened && item->mark == LISTING_NONE,
                                            .next = i + 1 == n ? part->next : NULL};
        auto_strbuf text = {0};
        if (item->mark != LISTING_NONE)
            add_marker(out, &nesting, item);
        prose_add(&text, item->text);
        for (size_t k = 1; k < item->line_count; k++)
            prose_add(&text, block->lines[item->first_line + k].text);
        if (!text.len && item->mark != LISTING_NONE)
            strbuf_addc(out, '\n');
        add_prose(out, &text, &whole);
        if (item->mark == LISTING_NONE && !part->opened && n > 1)
            strbuf_addc(out, '\n');
    }
    free(items);
}

/* ---- tables ---- */

/* Line feeds as <br>; no other HTML gets through. */
static void add_pipe_cell(struct strbuf *out, const struct cell *c)
{
    for (const char *at = c->text, *feed;; at = feed + 1) {
        feed = strchr(at, '\n');
        add_escaped(out, at, feed ? (size_t)(feed - at) : strlen(at), 0, false);
        if (!feed)
            return;
        strbuf_adds(out, "<br>");
    }
}

/* *i: the row's first cell; moves on to the next row's. */
static void add_pipe_row(struct strbuf *out, const struct block *b, int row, size_t *i)
{
    strbuf_addc(out, '|');
    for (int col = 0; col < b->cols; col++) {
        const struct cell *c = *i < b->cell_count ? &b->cells[*i] : NULL;
        strbuf_addc(out, ' ');
        if (c && c->row == row && c->col == col) {
            add_pipe_cell(out, c);
            ++*i;
        }
        strbuf_adds(out, " |");
    }
    strbuf_addc(out, '\n');
}

static void add_pipe_table(struct strbuf *out, const struct block *b,
                           const struct markdown_part *part)
{
    size_t i = table_row_start(b, 0, part->skip);
    int row = part->skip;
    if (!part->opened) {
        size_t none = b->cell_count;
        if (table_head_rows(b))
            add_pipe_row(out, b, row++, &i);
        else
            add_pipe_row(out, b, 0, &none);
        for (int col = 0; col < b->cols; col++)
            strbuf_adds(out, col ? " --- |" : "| --- |");
        strbuf_addc(out, '\n');
    }
    for (; row < b->rows; row++)
        add_pipe_row(out, b, row, &i);
}

static void add_table(struct strbuf *out, const struct block *b, const struct markdown_part *part)
{
    const struct table_part html = {
        .skip = part->skip, .opened = part->opened, .goes_on = part->goes_on, .cell = ""};
    if (!table_is_sound(b))
        add_paragraph(out, b, &(struct markdown_part){0});
    else if (part->html || table_has_spans(b))
        table_add_html(out, b, &html);
    else
        add_pipe_table(out, b, part);
}

/* ---- code and formulas ---- */

static size_t longest_fence(const struct block *b)
{
    size_t longest = 0;
    for (size_t i = 0; i < b->line_count; i++)
        for (const char *s = b->lines[i].text; (s = strchr(s, '`')); s += strspn(s, "`"))
            longest = strspn(s, "`") > longest ? strspn(s, "`") : longest;
    return longest < 3 ? 3 : longest + 1;
}

static void add_fence(struct strbuf *out, size_t length)
{
    for (size_t i = 0; i < length; i++)
        strbuf_addc(out, '`');
    strbuf_addc(out, '\n');
}

static void add_code(struct strbuf *out, const struct block *b)
{
    const size_t fence = longest_fence(b);
    if (!b->line_count)
        return;
    add_fence(out, fence);
    prose_add_code(out, b);
    add_fence(out, fence);
}

static void add_formula(struct strbuf *out, const struct block *b)
{
    auto_strbuf text = {0};
    prose_add_block(&text, b);
    if (!prose_is_latex(strbuf_str(&text))) {
        add_prose(out, &text, &(struct markdown_part){0});
        return;
    }
    strbuf_adds(out, "$$");
    for (const char *s = text.data; *s; s++)
        if (*s == '<')
            strbuf_adds(out, "\\lt "); /* the same sign, and no tag */
        else
            strbuf_addc(out, *s);
    strbuf_adds(out, "$$\n");
}

void markdown_add_block(struct strbuf *out, const struct block *block,
                        const struct markdown_part *part)
{
    switch (block->type) {
    case BLOCK_TITLE:
    case BLOCK_HEADING:
        add_heading(out, block);
        break;
    case BLOCK_LIST:
        add_list(out, block, part);
        break;
    case BLOCK_TABLE:
        add_table(out, block, part);
        break;
    case BLOCK_CODE:
        add_code(out, block);
        break;
    case BLOCK_FORMULA:
        add_formula(out, block);
        break;
    default:
        add_paragraph(out, block, part);
    }
}

void markdown_add_figure(struct strbuf *out, const char *images, int page, unsigned figure,
                         const struct block *caption)
{
    char name[PAGE_FIGURE_NAME];
    auto_strbuf text = {0};
    page_figure_name(page, figure, name);
    if (caption)
        prose_add_block(&text, caption);
    strbuf_adds(out, "![");
    add_escaped(out, strbuf_str(&text), text.len, 0, false);
    strbuf_addf(out, "](%s/%s)\n", images, name);
}
