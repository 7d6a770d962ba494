/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * csv: the tables of a document as RFC 4180 has it, each followed by an empty line. A cell that
 * spans others stands in the first of them. A table that goes on on the next page is one table. A
 * failed page is a row that says so; a document without tables is an empty file.
 */
#include "export/export_driver.h"
#include "export/table.h"

#include "layout/flow.h"

#include <string.h>

static const char row_end[] = "\r\n";

static void add_field(struct strbuf *out, const char *s)
{
    if (!s[strcspn(s, "\",\r\n")]) {
        strbuf_adds(out, s);
        return;
    }
    strbuf_addc(out, '"');
    for (size_t n; *s; s += n + (s[n] != '\0')) {
        n = strcspn(s, "\"");
        strbuf_add(out, s, n);
        strbuf_adds(out, s[n] ? "\"\"" : "");
    }
    strbuf_addc(out, '"');
}

static void add_rows(struct strbuf *out, const struct block *b, int skip)
{
    size_t i = table_row_start(b, 0, skip);
    for (int row = skip; row < b->rows; row++) {
        for (int col = 0; col < b->cols; col++) {
            const struct cell *c = i < b->cell_count ? &b->cells[i] : NULL;
            strbuf_adds(out, col ? "," : "");
            if (c && c->row == row && c->col == col) {
                add_field(out, c->text);
                i++;
            }
        }
        strbuf_adds(out, row_end);
    }
}

/* What has no grid to speak of: a row a line. */
static void add_lines(struct strbuf *out, const struct block *b)
{
    for (size_t i = 0; i < b->line_count; i++) {
        add_field(out, b->lines[i].text);
        strbuf_adds(out, row_end);
    }
}

static void csv_page(struct strbuf *out, const struct export_page *e, bool first)
{
    (void)first;
    if (!e->page) {
        strbuf_addf(out, "[page %u: failed: %s]%s%s", e->number, error_code(e->error->class),
                    row_end, row_end);
        return;
    }
    const size_t head = flow_head(e->page), tail = flow_tail(e->page);
    for (size_t i = 0; i < e->page->block_count; i++) {
        const struct block *b = &e->page->blocks[i];
        if (b->type != BLOCK_TABLE)
            continue;
        if (table_is_sound(b))
            add_rows(out, b, i == head ? e->repeated : 0);
        else
            add_lines(out, b);
        strbuf_adds(out, i == tail ? "" : row_end);
    }
}

const struct export_format export_csv = {.extension = "csv",
                                         .content_type = "text/csv; charset=utf-8",
                                         .decoded = true,
                                         .page = csv_page};
