/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * txt: lines as they stand, an empty line between blocks, a form feed between pages (as pdftotext
 * does).
 */
#include "export/export_driver.h"

static void text_page(struct strbuf *out, const struct export_page *e, bool first)
{
    if (!first)
        strbuf_addc(out, '\f');
    if (!e->page) {
        strbuf_addf(out, "[page %u: failed: %s: %s]\n", e->number, error_code(e->error->class),
                    e->error->text);
        return;
    }
    for (size_t b = 0; b < e->page->block_count; b++) {
        const struct block *block = &e->page->blocks[b];
        strbuf_adds(out, b ? "\n" : "");
        for (size_t i = 0; i < block->line_count; i++) {
            strbuf_adds(out, block->lines[i].text);
            strbuf_addc(out, '\n');
        }
    }
}

const struct export_format export_text = {.extension = "txt",
                                          .content_type = "text/plain; charset=utf-8",
                                          .decoded = true,
                                          .page = text_page};
