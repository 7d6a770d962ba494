/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * md: paragraphs with their lines joined, headings by level, a rule between pages. Characters that
 * Markdown would take for markup are escaped (CommonMark 0.30: any ASCII punctuation may be, after
 * a backslash).
 */
#include "export/export_driver.h"

#include <ctype.h>
#include <string.h>

/* Does the start of a line read as a list, a heading, a rule, a quotation or a table? */
static size_t marker_length(const char *s)
{
    if (*s && strchr("-+>#=:", *s))
        return 1;
    size_t digits = strspn(s, "0123456789");
    return digits && digits <= 9 && (s[digits] == '.' || s[digits] == ')') ? digits + 1 : 0;
}

/* Does s, an ampersand, begin a character reference? */
static bool reference(const char *s)
{
    size_t hash = s[1] == '#', len = 0;
    while (isalnum((unsigned char)s[1 + hash + len]))
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

/* Blanks at the start would make code of it; '#' at the end would vanish from a heading. */
static void add_escaped(struct strbuf *out, const char *s, bool heading)
{
    s += strspn(s, " \t");
    size_t marker = marker_length(s);
    for (size_t i = 0; s[i]; i++) {
        if (is_markup(s, s + i) || (marker && i == marker - 1) || (heading && s[i] == '#'))
            strbuf_addc(out, '\\');
        strbuf_addc(out, s[i]);
    }
}

void export_markdown_block(struct strbuf *out, const struct block *block)
{
    for (int i = 0; i < block->level && i < 6; i++)
        strbuf_addc(out, '#');
    strbuf_adds(out, block->level ? " " : "");
    for (size_t i = 0; i < block->line_count; i++) {
        strbuf_adds(out, i == 0 ? "" : block->level ? " " : "\n");
        add_escaped(out, block->lines[i].text, block->level > 0);
    }
    strbuf_addc(out, '\n');
}

void export_failed_comment(struct strbuf *out, const struct export_page *e)
{
    strbuf_addf(out, "<!-- page %u: failed: %s -->\n", e->number, error_code(e->error->class));
}

static void markdown_page(struct strbuf *out, const struct export_page *e, bool first)
{
    if (!first)
        strbuf_adds(out, "\n---\n\n");
    if (!e->page) {
        export_failed_comment(out, e);
        return;
    }
    for (size_t b = 0; b < e->page->block_count; b++) {
        strbuf_adds(out, b ? "\n" : "");
        export_markdown_block(out, &e->page->blocks[b]);
    }
}

const struct export_format export_markdown = {.extension = "md",
                                              .content_type = "text/markdown; charset=utf-8",
                                              .decoded = true,
                                              .page = markdown_page};
