/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The plan that a bind worker draws the layout from: a line an item, fields parted by single
 * blanks, pages in rising order. decode/binder.h has the grammar. Boxes are cut to the page and
 * rounded outwards; one without an area is left out. Nothing of it is document text. Used through
 * export.h.
 */
#include "export/export.h"

#include <math.h>
#include <stdio.h>

static int within(double at, int side)
{
    return (int)fmin(fmax(at, 0), side);
}

/* " X1 Y1 X2 Y2", behind what the item begins with. */
static void add_corners(struct strbuf *out, const struct page *page, const struct rect *r,
                        const char *item)
{
    int x1 = within(floor((double)r->x1), page->width),
        x2 = within(ceil((double)r->x2), page->width);
    int y1 = within(floor((double)r->y1), page->height),
        y2 = within(ceil((double)r->y2), page->height);
    if (x1 < x2 && y1 < y2)
        strbuf_addf(out, "%s %d %d %d %d\n", item, x1, y1, x2, y2);
}

static void add_block(struct strbuf *out, const struct page *page, size_t order)
{
    const struct block *block = &page->blocks[order];
    char item[64];
    for (size_t i = 0; i < block->cell_count; i++)
        add_corners(out, page, &block->cells[i].bbox, "cell");
    snprintf(item, sizeof item, "box %zu %s", order, block_type_name(block->type));
    add_corners(out, page, &block->bbox, item);
}

static void plan_begin(struct strbuf *out, const char *job)
{
    (void)job;
    strbuf_adds(out, "plan 1\n");
}

static void plan_page(struct strbuf *out, const struct export_page *e, bool first)
{
    (void)first;
    if (!e->page) {
        strbuf_addf(out, "page %u\nnote page %u: failed: %s\n", e->number, e->number,
                    error_code(e->error->class));
        return;
    }
    strbuf_addf(out, "page %u %d %d\n", e->number, e->page->width, e->page->height);
    for (size_t i = 0; i < e->page->block_count; i++)
        add_block(out, e->page, i);
}

const struct export_format export_plan_layouts = {.extension = "plan",
                                                  .content_type = "text/plain",
                                                  .decoded = true,
                                                  .begin = plan_begin,
                                                  .page = plan_page};
