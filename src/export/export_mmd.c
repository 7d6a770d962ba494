/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * mmd: the Markdown of DeepSeek-OCR's scripts: after each page a line that splits, figures as links
 * to their crops, tables as HTML, every block for itself. det.mmd: the same, and before each block
 * what it is and where, in thousandths of the page. Document text cannot imitate either mark,
 * because Markdown escapes "<" and "|".
 */
#include "export/export_driver.h"
#include "export/markdown.h"

#include <math.h>

enum { GRID = 999 }; /* coordinates go from 0 to this */

static int on_grid(float at, int side)
{
    double part = side > 0 ? (double)at / side * GRID : 0;
    return (int)lround(fmin(fmax(part, 0), GRID));
}

static void add_place(struct strbuf *out, const struct page *page, const struct block *block)
{
    const struct rect *r = &block->bbox;
    strbuf_addf(out, "<|ref|>%s<|/ref|><|det|>[[%d,%d,%d,%d]]<|/det|>\n",
                block_type_name(block->type), on_grid(r->x1, page->width),
                on_grid(r->y1, page->height), on_grid(r->x2, page->width),
                on_grid(r->y2, page->height));
}

static void add_page(struct strbuf *out, const struct export_page *e, bool places)
{
    struct markdown_count count = {0};
    const struct markdown_part whole = {.html = true, .count = &count};
    const struct page *page = e->page;
    unsigned figures = 0;
    bool any = false;
    for (size_t i = 0; i < page->block_count; i++) {
        const struct block *block = &page->blocks[i];
        const size_t before = out->len;
        strbuf_adds(out, any ? "\n" : "");
        const size_t start = out->len;
        if (places)
            add_place(out, page, block);
        if (block->type == BLOCK_FIGURE)
            markdown_add_figure(out, export_images(e), page->number, figures++, NULL);
        else
            markdown_add_block(out, block, &whole);
        any = any || out->len > start;
        if (out->len == start)
            strbuf_cut(out, before);
    }
}

static void add_either(struct strbuf *out, const struct export_page *e, bool places)
{
    if (e->page)
        add_page(out, e, places);
    else
        export_failed_comment(out, e);
    strbuf_adds(out, "\n<--- Page Split --->\n");
}

static void mmd_page(struct strbuf *out, const struct export_page *e, bool first)
{
    (void)first;
    add_either(out, e, false);
}

static void det_page(struct strbuf *out, const struct export_page *e, bool first)
{
    (void)first;
    add_either(out, e, true);
}

const struct export_format export_mmd = {.extension = "mmd",
                                         .content_type = "text/markdown; charset=utf-8",
                                         .decoded = true,
                                         .linked = true,
                                         .page = mmd_page};

const struct export_format export_det = {.extension = "det.mmd",
                                         .content_type = "text/markdown; charset=utf-8",
                                         .decoded = true,
                                         .linked = true,
                                         .page = det_page};
