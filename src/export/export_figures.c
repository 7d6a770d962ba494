/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The names of the figures on the pages, a line each, as page results and Markdown have them. Used
 * through export.h.
 */
#include "export/export.h"

static void figures_page(struct strbuf *out, const struct export_page *e, bool first)
{
    unsigned n = 0;
    (void)first;
    for (size_t i = 0; e->page && i < e->page->block_count; i++) {
        char name[PAGE_FIGURE_NAME];
        if (e->page->blocks[i].type != BLOCK_FIGURE)
            continue;
        page_figure_name(e->page->number, n++, name);
        strbuf_addf(out, "%s\n", name);
    }
}

const struct export_format export_figures = {
    .extension = "names", .content_type = "text/plain", .decoded = true, .page = figures_page};
