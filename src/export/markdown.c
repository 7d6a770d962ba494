/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A block as GitHub Flavored Markdown 0.29: a paragraph is one line, tables without spans are pipe
 * tables and others HTML. Used through markdown.h; what is escaped: markdown_escape.c.
 */
#include "export/markdown.h"

#include "export/listing.h"
#include "export/markdown_escape.h"
#include "export/prose.h"
#include "export/table.h"

#include <stdlib.h>
#include <string.h>

/* ---- paragraphs and headings ---- */

/* Renderers go on counting where a list stands right behind another. */
static bool may_count(const struct markdown_count *before, unsigned number, char delimiter)
{
    return before->delimiter != delimiter || number == before->number + 1;
}

/* A number at the start of a paragraph makes a list of it, which is shown with that number. */
static struct markdown_count count_of(const char *text, const struct markdown_part *part)
{
    const size_t length = part->opened || !part->count ? 0 : markdown_number(text);
    const unsigned number = (unsigned)strtoul(text, NULL, 10);
    if (!length || !text[length] || !may_count(part->count, number, text[length - 1]))
        return (struct markdown_count){0};
    return (struct markdown_count){number, text[length - 1]};
}

static void add_prose(struct strbuf *out, struct strbuf *text, const struct markdown_part *part,
                      unsigned place)
{
    const bool piece = part->opened || part->next;
    if (part->next)
        prose_glue(text, part->next);
    markdown_escape(out, strbuf_str(text), text->len, place | (piece ? MARKDOWN_PIECE : 0));
    if (text->len && !part->next)
        strbuf_addc(out, '\n');
}

static void add_paragraph(struct strbuf *out, const struct block *block,
                          const struct markdown_part *part)
{
    auto_strbuf text = {0};
    prose_add_block(&text, block);
    const struct markdown_count count = count_of(strbuf_str(&text), part);
    add_prose(out, &text, part, part->opened || count.delimiter ? 0 : MARKDOWN_START);
    if (part->count)
        *part->count = count;
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
    markdown_escape(out, text.data, text.len, MARKDOWN_HEADING);
    strbuf_addc(out, '\n');
}

/* ---- lists ---- */

struct nesting {
    int indent[LISTING_DEPTH + 1];              /* columns before an item of that depth */
    struct markdown_count count[LISTING_DEPTH]; /* of the last item; no delimiter: not numbered */
    bool begun[LISTING_DEPTH];
};

/* Is the item shown with its number? Renderers count the items themselves. */
static bool counts(const struct nesting *n, const struct listing_item *item)
{
    const struct markdown_count *last = &n->count[item->depth];
    return item->mark == LISTING_NUMBER && item->number > 0 &&
           may_count(last, item->number, item->delimiter);
}

/* A number that would be shown wrongly makes a paragraph and ends the list. */
static bool ends_list(const struct listing_item *item, bool counted)
{
    return item->mark == LISTING_NUMBER && !counted && item->depth == 0;
}

/* No list but one from 1 begins right behind other text. */
static bool begins_inside(const struct nesting *n, const struct listing_item *item, bool counted)
{
    return counted && item->depth > 0 && !n->begun[item->depth] && item->number != 1;
}

static void put_marker(struct strbuf *out, const struct listing_item *item, bool counted)
{
    if (counted)
        strbuf_addf(out, "%u%c ", item->number, item->delimiter);
    else if (item->mark != LISTING_NUMBER)
        strbuf_adds(out, "- ");
    else
        strbuf_addf(out, "%s%u\\%c ", item->depth ? "- " : "", item->number, item->delimiter);
}

static void add_marker(struct strbuf *out, struct nesting *n, const struct listing_item *item)
{
    const int depth = item->depth;
    const bool counted = counts(n, item), ended = ends_list(item, counted);
    if ((ended && n->begun[0]) || begins_inside(n, item, counted))
        strbuf_addc(out, '\n');
    strbuf_addf(out, "%*s", n->indent[depth], "");
    const size_t before = out->len;
    put_marker(out, item, counted);
    n->count[depth] = counted ? (struct markdown_count){item->number, item->delimiter}
                              : (struct markdown_count){0};
    n->begun[depth] = !ended;
    n->indent[depth + 1] = n->indent[depth] + (counted ? (int)(out->len - before) : ended ? 0 : 2);
    for (int deeper = depth + 1; deeper < LISTING_DEPTH; deeper++) {
        n->begun[deeper] = false;
        n->count[deeper] = (struct markdown_count){0};
    }
}

static void add_item_text(struct strbuf *out, const struct block *block,
                          const struct listing_item *item, const struct markdown_part *part)
{
    auto_strbuf text = {0};
    prose_add(&text, item->text);
    for (size_t k = 1; k < item->line_count; k++)
        prose_add(&text, block->lines[item->first_line + k].text);
    if (!text.len && item->mark != LISTING_NONE)
        strbuf_addc(out, '\n');
    add_prose(out, &text, part, part->opened ? 0 : MARKDOWN_START | MARKDOWN_ITEM);
}

static void add_list(struct strbuf *out, const struct block *block,
                     const struct markdown_part *part)
{
    struct listing_item *items;
    struct nesting nesting = {.count = {part->count ? *part->count : (struct markdown_count){0}}};
    size_t n = listing_read(block, &items);
    for (size_t i = 0; i < n; i++) {
        const struct listing_item *item = &items[i];
        const struct markdown_part whole = {.opened = part->opened && item->mark == LISTING_NONE,
                                            .next = i + 1 == n ? part->next : NULL};
        if (item->mark != LISTING_NONE)
            add_marker(out, &nesting, item);
        add_item_text(out, block, item, &whole);
        if (!nesting.begun[0] && !whole.opened && i + 1 < n)
            strbuf_addc(out, '\n');
    }
    if (part->count)
        *part->count = nesting.count[0];
    free(items);
}

/* ---- tables ---- */

/* Line feeds as <br>; no other HTML gets through. */
static void add_pipe_cell(struct strbuf *out, const struct cell *c)
{
    const unsigned place = MARKDOWN_CELL | (strchr(c->text, '\n') ? MARKDOWN_PIECE : 0);
    for (const char *at = c->text, *feed;; at = feed + 1) {
        feed = strchr(at, '\n');
        markdown_escape(out, at, feed ? (size_t)(feed - at) : strlen(at), place);
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
        add_prose(out, &text, &(struct markdown_part){0}, MARKDOWN_START);
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
        return;
    }
    if (part->count && block->type != BLOCK_LIST && block->line_count)
        *part->count = (struct markdown_count){0};
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
    markdown_escape(out, strbuf_str(&text), text.len, MARKDOWN_LABEL);
    strbuf_addf(out, "](%s/%s)\n", images, name);
}
