/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * html: one standalone HTML5 document with a section a page. Running headers and page numbers are
 * kept, small. Nothing in it is fetched but the pictures of figures beside it, nothing in it runs:
 * all text is escaped, and a policy in its head says the same.
 */
#include "export/export_driver.h"
#include "export/listing.h"
#include "export/prose.h"
#include "export/table.h"

#include "layout/flow.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
    "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "img-src 'self' file: data:; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"generator\" content=\"pagemill " PAGEMILL_VERSION "\">\n";

static const char style[] =
    "<style>\n"
    "body { margin: 0 auto; max-width: 46rem; padding: 1rem; font: 1rem/1.5 Georgia, serif;"
    " color: #222; background: #fff }\n"
    "section { padding: 1rem 0; border-bottom: 1px solid #ccc }\n"
    "section::before { content: attr(data-page); float: right; font: .8rem sans-serif;"
    " color: #999 }\n"
    "h1, h2, h3, h4, h5, h6 { line-height: 1.2; font-family: sans-serif }\n"
    "table { border-collapse: collapse; margin: 1rem 0 }\n"
    "th, td { border: 1px solid #bbb; padding: .2rem .5rem; text-align: start;"
    " vertical-align: top }\n"
    "th { background: #f2f2f2 }\n"
    "figure { margin: 1rem 0; text-align: center }\n"
    "img { max-width: 100% }\n"
    "figcaption, .table_caption { font-size: .9rem; color: #555 }\n"
    "pre { overflow-x: auto; padding: .5rem; background: #f6f6f6 }\n"
    "aside { font-size: .85rem }\n"
    ":not(aside) + aside { border-top: 1px solid #ccc; margin-top: 1rem }\n"
    ".header, .footer, .page_number { font: .8rem sans-serif; color: #888; margin: .2rem 0 }\n"
    ".formula { text-align: center; font-style: italic }\n"
    ".failed { color: #a00 }\n"
    "</style>\n";

/* ---- the document ---- */

static void add_title(struct strbuf *out, const char *job)
{
    json_t *root = json_loads(job, 0, NULL);
    const char *name = json_string_value(json_object_get(root, "filename"));
    strbuf_adds(out, "<title>");
    html_add_text(out, name && *name ? name : "Document");
    strbuf_adds(out, "</title>\n");
    json_decref(root);
}

static void html_begin(struct strbuf *out, const char *job)
{
    strbuf_adds(out, head);
    add_title(out, job);
    strbuf_adds(out, style);
    strbuf_adds(out, "</head>\n<body>\n");
}

static void html_end(struct strbuf *out)
{
    strbuf_adds(out, "</body>\n</html>\n");
}

/* ---- text ---- */

/* <p class="…" dir="auto">: each block of text tells its own direction. name is of ours. */
static void open_text(struct strbuf *out, const char *element, const char *class)
{
    strbuf_addf(out, class ? "<%s class=\"%s\" dir=\"auto\">" : "<%s dir=\"auto\">", element,
                class);
}

static void add_text(struct strbuf *out, const char *element, const char *class, const char *text)
{
    open_text(out, element, class);
    html_add_text(out, text);
    strbuf_addf(out, "</%s>\n", element);
}

/* A block and those of the page in which it goes on, in one element. */
static void add_chain(struct strbuf *out, const struct page *page, size_t i, unsigned char *marks,
                      const char *element, const char *class)
{
    auto_strbuf text = {0};
    for (; i != FLOW_NONE; i = flow_next(page, i)) {
        marks[i] = EXPORT_DONE;
        prose_add_block(&text, &page->blocks[i]);
    }
    if (text.len)
        add_text(out, element, class, text.data);
}

static void add_heading(struct strbuf *out, const struct block *b)
{
    auto_strbuf text = {0};
    char element[3] = "h1";
    int level = b->level ? b->level : b->type == BLOCK_TITLE ? 1 : 2;
    element[1] = (char)('0' + (level < 6 ? level : 6));
    prose_add_block(&text, b);
    if (text.len)
        add_text(out, element, NULL, text.data);
}

static void add_code(struct strbuf *out, const struct block *b)
{
    auto_strbuf text = {0};
    prose_add_code(&text, b);
    strbuf_adds(out, "<pre><code>");
    html_add_text(out, strbuf_str(&text));
    strbuf_adds(out, "</code></pre>\n");
}

/* ---- lists ---- */

struct lists {
    bool numbered[LISTING_DEPTH];
    int open; /* how many, one in the other, each with an open item */
};

static void close_lists(struct strbuf *out, struct lists *l, int depth)
{
    while (l->open > depth)
        strbuf_adds(out, l->numbered[--l->open] ? "</li>\n</ol>\n" : "</li>\n</ul>\n");
}

static void open_item(struct strbuf *out, struct lists *l, const struct listing_item *item)
{
    const bool numbered = item->mark == LISTING_NUMBER;
    close_lists(out, l, item->depth + 1);
    if (l->open > item->depth && l->numbered[item->depth] != numbered)
        close_lists(out, l, item->depth);
    if (l->open > item->depth) {
        strbuf_adds(out, "</li>\n");
    } else {
        strbuf_adds(out, numbered ? "<ol>\n" : "<ul>\n");
        l->numbered[l->open++] = numbered;
    }
    if (numbered)
        strbuf_addf(out, "<li value=\"%u\" dir=\"auto\">", item->number);
    else
        strbuf_adds(out, "<li dir=\"auto\">");
}

static void add_list(struct strbuf *out, const struct block *b)
{
    struct listing_item *items;
    struct lists lists = {0};
    size_t n = listing_read(b, &items);
    for (size_t i = 0; i < n; i++) {
        auto_strbuf text = {0};
        prose_add(&text, items[i].text);
        for (size_t k = 1; k < items[i].line_count; k++)
            prose_add(&text, b->lines[items[i].first_line + k].text);
        if (items[i].mark == LISTING_NONE) {
            add_text(out, "p", NULL, strbuf_str(&text));
        } else {
            open_item(out, &lists, &items[i]);
            html_add_text(out, strbuf_str(&text));
        }
    }
    close_lists(out, &lists, 0);
    free(items);
}

/* ---- tables and figures ---- */

/* What goes on from the page before is a table of its own here, with its head. */
static void add_table(struct strbuf *out, const struct block *b)
{
    const struct table_part part = {.cell = " dir=\"auto\""};
    if (table_is_sound(b)) {
        table_add_html(out, b, &part);
    } else if (b->line_count) {
        auto_strbuf text = {0};
        prose_add_block(&text, b);
        add_text(out, "p", NULL, strbuf_str(&text));
    }
}

/* Text in the picture is what those hear who do not see it. */
static void add_figure(struct strbuf *out, const struct export_page *e, const struct block *b,
                       unsigned figure, unsigned char *marks)
{
    const struct page *page = e->page;
    char name[PAGE_FIGURE_NAME];
    auto_strbuf inside = {0};
    const size_t caption = export_take_caption(page, b, marks);
    page_figure_name(page->number, figure, name);
    prose_add_block(&inside, b);
    strbuf_addf(out, "<figure>\n<img src=\"%s/%s\" alt=\"", export_images(e), name);
    html_add_text(out, strbuf_str(&inside));
    strbuf_adds(out, "\">\n");
    if (caption < page->block_count)
        add_chain(out, page, caption, marks, "figcaption", NULL);
    strbuf_adds(out, "</figure>\n");
}

/* ---- pages ---- */

static void add_block(struct strbuf *out, const struct page *page, size_t i, unsigned char *marks)
{
    const struct block *b = &page->blocks[i];
    switch (b->type) {
    case BLOCK_TITLE:
    case BLOCK_HEADING:
        add_heading(out, b);
        break;
    case BLOCK_LIST:
        add_list(out, b);
        break;
    case BLOCK_TABLE:
        add_table(out, b);
        break;
    case BLOCK_CODE:
        add_code(out, b);
        break;
    case BLOCK_FOOTNOTE:
        add_chain(out, page, i, marks, "aside", NULL);
        break;
    case BLOCK_TEXT:
        add_chain(out, page, i, marks, "p", NULL);
        break;
    default:
        add_chain(out, page, i, marks, "p", block_type_name(b->type));
    }
}

static void add_failed(struct strbuf *out, const struct export_page *e)
{
    strbuf_addf(out, "<section class=\"page failed\" data-page=\"%u\">\n<p>Page %u failed: %s: ",
                e->number, e->number, error_code(e->error->class));
    html_add_text(out, e->error->text);
    strbuf_adds(out, "</p>\n</section>\n");
}

static void html_page(struct strbuf *out, const struct export_page *e, bool first)
{
    unsigned figures = 0;
    (void)first;
    if (!e->page) {
        add_failed(out, e);
        return;
    }
    unsigned char *marks = export_marks(e->page);
    strbuf_addf(out, "<section class=\"page\" data-page=\"%u\"", e->number);
    if (export_language(e->page->language))
        strbuf_addf(out, " lang=\"%s\"", export_language(e->page->language));
    strbuf_adds(out, ">\n");
    for (size_t i = 0; i < e->page->block_count; i++) {
        const struct block *b = &e->page->blocks[i];
        if (b->type == BLOCK_FIGURE)
            add_figure(out, e, b, figures++, marks);
        else if (marks[i] == EXPORT_OPEN)
            add_block(out, e->page, i, marks);
    }
    strbuf_adds(out, "</section>\n");
    free(marks);
}

const struct export_format export_html = {.extension = "html",
                                          .content_type = "text/html; charset=utf-8",
                                          .decoded = true,
                                          .linked = true,
                                          .policy =
                                              "default-src 'none'; style-src 'unsafe-inline'; "
                                              "img-src 'self'; frame-ancestors 'none'",
                                          .begin = html_begin,
                                          .page = html_page,
                                          .end = html_end};
