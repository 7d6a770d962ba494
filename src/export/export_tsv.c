/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * tsv: the twelve columns of Tesseract's TSV, a row for each page, block, paragraph, line and word
 * (levels 1 to 5), so that what reads that reads this. A block is one paragraph. Confidences are 0
 * to 100, of words only. A failed page is its level 1 row, whose text says so.
 */
#include "export/export_driver.h"

#include "export/export_shape.h"

#include <math.h>

enum level { PAGE = 1, BLOCK, PARAGRAPH, LINE, WORD };

struct place {
    const struct page *page;
    size_t block, line, word; /* from 1; 0: above that level */
};

static void add_row(struct strbuf *out, enum level level, const struct place *p,
                    const struct box *b)
{
    strbuf_addf(out, "%d\t%d\t%zu\t%d\t%zu\t%zu\t%d\t%d\t%d\t%d\t", level, p->page->number,
                p->block, level >= PARAGRAPH, p->line, p->word, b->left, b->top, b->right - b->left,
                b->bottom - b->top);
}

/* Quotation marks mean nothing in this format; what would end a field or a row is a blank. */
static void add_text(struct strbuf *out, const char *text)
{
    for (; *text; text++)
        strbuf_addc(out, (unsigned char)*text < ' ' ? ' ' : *text);
    strbuf_addc(out, '\n');
}

static void add_without_text(struct strbuf *out, enum level level, const struct place *p,
                             const struct box *b)
{
    add_row(out, level, p, b);
    strbuf_adds(out, "-1\t\n");
}

static void add_line(struct strbuf *out, struct place *p, const struct line *line)
{
    struct word whole;
    const struct word *words;
    size_t count = line_words(line, &whole, &words);
    struct box b = box_of_quad(p->page, &line->polygon);
    p->word = 0;
    add_without_text(out, LINE, p, &b);
    for (size_t i = 0; i < count; i++) {
        p->word = i + 1;
        b = box_of_quad(p->page, &words[i].polygon);
        add_row(out, WORD, p, &b);
        strbuf_addf(out, "%.2f\t", fmin(fmax((double)words[i].confidence, 0), 1) * 100);
        add_text(out, words[i].text);
    }
}

static void add_block(struct strbuf *out, const struct page *page, size_t i)
{
    const struct block *block = &page->blocks[i];
    struct place p = {.page = page, .block = i + 1};
    struct box b = box_of_rect(page, &block->bbox);
    add_without_text(out, BLOCK, &p, &b);
    if (block->line_count)
        add_without_text(out, PARAGRAPH, &p, &b);
    for (size_t k = 0; k < block->line_count; k++) {
        p.line = k + 1;
        add_line(out, &p, &block->lines[k]);
    }
}

static void tsv_begin(struct strbuf *out, const char *job)
{
    (void)job;
    strbuf_adds(out, "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\t"
                     "left\ttop\twidth\theight\tconf\ttext\n");
}

static void tsv_page(struct strbuf *out, const struct export_page *e, bool first)
{
    const struct page nothing = {.number = (int)e->number};
    const struct place p = {.page = e->page ? e->page : &nothing};
    const struct box b = box_of_page(p.page);
    (void)first;
    if (!e->page) {
        add_row(out, PAGE, &p, &b);
        strbuf_addf(out, "-1\t[failed: %s]\n", error_code(e->error->class));
        return;
    }
    add_without_text(out, PAGE, &p, &b);
    for (size_t i = 0; i < e->page->block_count; i++)
        add_block(out, e->page, i);
}

const struct export_format export_tsv = {.extension = "tsv",
                                         .content_type = "text/tab-separated-values; charset=utf-8",
                                         .decoded = true,
                                         .begin = tsv_begin,
                                         .page = tsv_page};
