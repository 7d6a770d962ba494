/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * md: for people and programs that read on. Running headers and page numbers are left out, captions
 * follow their figures, a paragraph or table that goes on over a page's edge is whole, and a rule
 * stands between other pages.
 */
#include "export/export_driver.h"
#include "export/markdown.h"

#include "layout/flow.h"

#include <stdlib.h>

void export_failed_comment(struct strbuf *out, const struct export_page *e)
{
    strbuf_addf(out, "<!-- page %u: failed: %s -->\n", e->number, error_code(e->error->class));
}

/* One page on its way out. */
struct writer {
    struct strbuf *out;
    const struct export_page *e;
    const struct page *page;
    size_t head, tail;    /* that are one with what is on other pages; or FLOW_NONE */
    unsigned char *marks; /* enum export_mark of each block */
    bool any;             /* something of the page is written */
    unsigned figures;
    struct markdown_count count;
};

static bool is_running(const struct block *b)
{
    return b->type == BLOCK_HEADER || b->type == BLOCK_FOOTER || b->type == BLOCK_PAGE_NUMBER;
}

/* An empty line before it, unless there is nothing of it. */
static void write_block(struct writer *w, const struct block *b, const struct markdown_part *part)
{
    const size_t before = w->out->len;
    if (w->any && !part->opened)
        strbuf_addc(w->out, '\n');
    const size_t start = w->out->len;
    markdown_add_block(w->out, b, part);
    if (w->out->len == start)
        strbuf_cut(w->out, before);
    else
        w->any = true;
}

static void write_figure(struct writer *w, const struct block *b)
{
    const size_t taken = export_take_caption(w->page, b, w->marks);
    const struct block *caption = taken < w->page->block_count ? &w->page->blocks[taken] : NULL;
    strbuf_adds(w->out, w->any ? "\n" : "");
    markdown_add_figure(w->out, export_images(w->e), w->page->number, w->figures++, caption);
    w->count = (struct markdown_count){0};
    w->any = true;
    if (caption)
        write_block(w, caption, &(struct markdown_part){.count = &w->count});
}

/* The line in which block i goes on, on this page or the next. */
static const char *next_line(const struct writer *w, size_t i)
{
    const size_t next = flow_next(w->page, i);
    const struct block *b = &w->page->blocks[i], *other = NULL;
    if (i == w->tail)
        other = &w->e->next->blocks[flow_head(w->e->next)];
    else if (next != FLOW_NONE)
        other = &w->page->blocks[next];
    bool prose = b->type == BLOCK_TEXT || b->type == BLOCK_LIST;
    return other && prose && other->line_count ? other->lines[0].text : NULL;
}

/* A block and those of the page in which it goes on. */
static void write_chain(struct writer *w, size_t i)
{
    bool opened = i == w->head;
    while (i != FLOW_NONE && w->marks[i] == EXPORT_OPEN) {
        const struct markdown_part part = {.opened = opened,
                                           .next = next_line(w, i),
                                           .goes_on = i == w->tail,
                                           .skip = i == w->head ? w->e->repeated : 0,
                                           .count = &w->count};
        w->marks[i] = EXPORT_DONE;
        write_block(w, &w->page->blocks[i], &part);
        opened = part.next != NULL;
        i = opened ? flow_next(w->page, i) : FLOW_NONE;
    }
}

static void set_chain(struct writer *w, size_t i, enum export_mark mark)
{
    while (i != FLOW_NONE) {
        w->marks[i] = (unsigned char)mark;
        i = i != w->tail && next_line(w, i) ? flow_next(w->page, i) : FLOW_NONE;
    }
}

/* What goes on over the page's edges stands first and last, so that it is whole. */
static void write_page(struct writer *w)
{
    size_t last = w->tail == FLOW_NONE ? FLOW_NONE : flow_start(w->page, w->tail);
    if (w->head != FLOW_NONE)
        write_chain(w, w->head);
    if (last != FLOW_NONE && w->marks[last] != EXPORT_OPEN)
        last = FLOW_NONE;
    set_chain(w, last, EXPORT_DONE);
    for (size_t i = 0; i < w->page->block_count; i++) {
        const struct block *b = &w->page->blocks[i];
        if (b->type == BLOCK_FIGURE)
            write_figure(w, b);
        else if (!is_running(b))
            write_chain(w, i);
    }
    set_chain(w, last, EXPORT_OPEN);
    write_chain(w, last);
}

static void markdown_page(struct strbuf *out, const struct export_page *e, bool first)
{
    if (!first && !e->opened)
        strbuf_adds(out, "\n---\n\n");
    if (!e->page) {
        export_failed_comment(out, e);
        return;
    }
    struct writer w = {.out = out,
                       .e = e,
                       .page = e->page,
                       .head = e->opened ? flow_head(e->page) : FLOW_NONE,
                       .tail = e->next ? flow_tail(e->page) : FLOW_NONE,
                       .marks = export_marks(e->page)};
    write_page(&w);
    free(w.marks);
}

const struct export_format export_markdown = {.extension = "md",
                                              .content_type = "text/markdown; charset=utf-8",
                                              .decoded = true,
                                              .linked = true,
                                              .page = markdown_page};
