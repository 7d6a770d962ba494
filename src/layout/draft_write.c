/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The finished draft as the page's blocks: rows become lines with the words that they were made of.
 * Called by layout.c.
 */
#include "layout/draft.h"

#include <math.h>
#include <string.h>

static bool is_finite(const struct quad *q)
{
    for (int i = 0; i < 4; i++)
        if (!isfinite(q->corner[i].x) || !isfinite(q->corner[i].y))
            return false;
    return true;
}

/* Corner 0 where the row begins, whichever way the page is turned. */
static struct quad row_polygon(const struct draft *d, const struct row *row)
{
    const struct piece *first = &d->sheet->pieces[d->pieces[row->first]];
    if (row->count == 1 && first->count == first->from->word_count &&
        is_finite(&first->from->polygon))
        return first->from->polygon;
    return turn_quad_back(&d->sheet->turn, row->at);
}

static size_t count_words(const struct draft *d, const struct row *row)
{
    size_t n = 0;
    for (size_t i = 0; i < row->count; i++)
        n += d->sheet->pieces[d->pieces[row->first + i]].count;
    return n;
}

static float mean_confidence(const struct word *words, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)words[i].confidence;
    return n ? (float)(sum / (double)n) : 0;
}

static int write_row(const struct draft *d, const struct row *row, struct page *page,
                     struct block *block)
{
    struct line *l = page_add_line(page, block);
    size_t n = count_words(d, row);
    struct word *words = arena_alloc(page->arena, n, sizeof *words);
    const struct line *first = d->sheet->pieces[d->pieces[row->first]].from;
    if (!l || !words)
        return -1;
    l->text = row->text;
    l->polygon = row_polygon(d, row);
    l->style = row->style;
    l->words = words;
    l->word_space = n;
    for (size_t i = 0; i < row->count; i++) {
        const struct piece *p = &d->sheet->pieces[d->pieces[row->first + i]];
        if (p->count)
            memcpy(words + l->word_count, p->from->words + p->first, p->count * sizeof *words);
        l->word_count += p->count;
        l->font_size = fmaxf(l->font_size, p->from->font_size);
    }
    l->confidence = n ? mean_confidence(words, n) : first->confidence;
    return 0;
}

/* ---- cells ---- */

static size_t cell_rows(const struct table_cell *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->piece_count; i++)
        n += i == 0 || c->line[i] != c->line[i - 1];
    return n;
}

static const char *cell_text(const struct draft *d, struct page *page, size_t first, size_t rows)
{
    size_t room = 1;
    for (size_t i = 0; i < rows; i++)
        room += strlen(d->rows[first + i].text) + 1;
    char *text = arena_alloc(page->arena, room, 1), *at = text;
    for (size_t i = 0; text && i < rows; i++) {
        if (i)
            *at++ = '\n';
        at = stpcpy(at, d->rows[first + i].text);
    }
    return text;
}

static int write_cells(const struct draft *d, const struct part *p, struct page *page,
                       struct block *block)
{
    size_t row = p->first;
    block->rows = p->table->rows;
    block->cols = p->table->cols;
    for (size_t i = 0; i < p->table->cell_count; i++) {
        const struct table_cell *from = &p->table->cells[i];
        struct cell *c = page_add_cell(page, block);
        size_t rows = cell_rows(from);
        const char *text = cell_text(d, page, row, rows);
        if (!c || !text)
            return -1;
        *c = (struct cell){from->row,
                           from->col,
                           from->rowspan,
                           from->colspan,
                           from->header,
                           text,
                           sheet_to_page(d->sheet, from->at)};
        row += rows;
    }
    return 0;
}

/* ---- blocks ---- */

static int write_part(const struct draft *d, const struct part *p, struct page *page)
{
    struct block *b = page_add_block(page, p->type);
    if (!b)
        return -1;
    b->level = p->level;
    b->continues = p->continues;
    b->continued = p->continued;
    b->caption = p->caption == DRAFT_NONE ? BLOCK_NO_CAPTION : (int)p->caption;
    for (size_t i = 0; i < p->count; i++)
        if (write_row(d, &d->rows[p->first + i], page, b) < 0)
            return -1;
    return p->table ? write_cells(d, p, page, b) : 0;
}

static int write_parts(const struct draft *d, struct page *page)
{
    for (size_t i = 0; i < d->part_count; i++)
        if (write_part(d, &d->parts[i], page) < 0)
            return -1;
    return 0;
}

/* Those of figures and tables are around more than their lines. */
static void set_boxes(const struct draft *d, struct page *page)
{
    for (size_t i = 0; i < d->part_count; i++) {
        const struct part *p = &d->parts[i];
        struct block *b = &page->blocks[i];
        struct rect at = sheet_to_page(d->sheet, p->at);
        if (p->solid)
            b->bbox = b->line_count ? rect_union(at, b->bbox) : at;
        if (p->solid && !b->line_count)
            b->confidence = p->confidence > 0 ? fminf(p->confidence, 1) : 1;
    }
}

int draft_write(struct draft *d, struct page *page)
{
    struct block *blocks = page->blocks;
    size_t count = page->block_count, space = page->block_space;
    page->blocks = NULL;
    page->block_count = page->block_space = 0;
    if (write_parts(d, page) < 0) {
        page->blocks = blocks;
        page->block_count = count;
        page->block_space = space;
        return -1;
    }
    page_summarise(page);
    set_boxes(d, page);
    return 0;
}
