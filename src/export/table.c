/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tables as rows of cells: how much of a grid there is, which rows are its head, and HTML. Cells
 * are by row, then column, so that each pass over them is one walk. Refuses nothing.
 */
#include "export/table.h"

#include <string.h>

/* A cell may span a dozen columns; a grid of 4096 by 4096 around one cell is no table. */
enum { PLACES_PER_CELL = 16, PLACES_FREE = 256 };

bool table_is_sound(const struct block *b)
{
    const size_t cells = b->cell_count, rows = (size_t)b->rows, cols = (size_t)b->cols;
    return cells && rows * cols <= cells * PLACES_PER_CELL + PLACES_FREE;
}

bool table_has_spans(const struct block *b)
{
    for (size_t i = 0; i < b->cell_count; i++)
        if (b->cells[i].rowspan > 1 || b->cells[i].colspan > 1)
            return true;
    return false;
}

bool table_is_alike(const struct block *b, const struct block *next)
{
    return b->type == BLOCK_TABLE && next->type == BLOCK_TABLE && table_is_sound(b) &&
           table_is_sound(next) && table_has_spans(b) == table_has_spans(next);
}

size_t table_row_start(const struct block *b, size_t i, int row)
{
    while (i < b->cell_count && b->cells[i].row < row)
        i++;
    return i;
}

int table_head_rows(const struct block *b)
{
    int head = 0, reach = 0;
    bool named = false; /* something stands in the row */
    for (size_t i = 0; i < b->cell_count; i++) {
        const struct cell *c = &b->cells[i];
        const bool row_ends = i + 1 == b->cell_count || b->cells[i + 1].row > c->row;
        if (!c->header && *c->text)
            break;
        named = named || (c->header && *c->text);
        reach = c->row + c->rowspan > reach ? c->row + c->rowspan : reach;
        if (row_ends && named && reach == c->row + 1)
            head = reach;
        named = named && !row_ends;
    }
    return head < b->rows ? head : 0;
}

void html_add_text(struct strbuf *out, const char *s)
{
    for (size_t n; *s; s += n + (s[n] != '\0')) {
        n = strcspn(s, "&<>\"");
        strbuf_add(out, s, n);
        switch (s[n]) {
        case '&':
            strbuf_adds(out, "&amp;");
            break;
        case '<':
            strbuf_adds(out, "&lt;");
            break;
        case '>':
            strbuf_adds(out, "&gt;");
            break;
        case '"':
            strbuf_adds(out, "&quot;");
            break;
        default:
            break;
        }
    }
}

/* Line feeds as <br>. */
static void add_lines(struct strbuf *out, const char *s)
{
    auto_strbuf text = {0};
    html_add_text(&text, s);
    for (const char *at = strbuf_str(&text), *feed;; at = feed + 1) {
        feed = strchr(at, '\n');
        strbuf_add(out, at, feed ? (size_t)(feed - at) : strlen(at));
        if (!feed)
            return;
        strbuf_adds(out, "<br>");
    }
}

static void add_cell(struct strbuf *out, const struct cell *c, const char *attributes)
{
    const char *name = c->header ? "th" : "td";
    strbuf_addf(out, "<%s", name);
    if (c->rowspan > 1)
        strbuf_addf(out, " rowspan=\"%d\"", c->rowspan);
    if (c->colspan > 1)
        strbuf_addf(out, " colspan=\"%d\"", c->colspan);
    strbuf_addf(out, "%s>", attributes);
    add_lines(out, c->text);
    strbuf_addf(out, "</%s>", name);
}

/* Rows from..to − 1; a row in which no cell begins is a row nevertheless. */
static void add_rows(struct strbuf *out, const struct block *b, int from, int to,
                     const char *attributes)
{
    size_t i = table_row_start(b, 0, from);
    for (int row = from; row < to; row++) {
        strbuf_adds(out, "<tr>");
        for (; i < b->cell_count && b->cells[i].row == row; i++)
            add_cell(out, &b->cells[i], attributes);
        strbuf_adds(out, "</tr>\n");
    }
}

void table_add_html(struct strbuf *out, const struct block *b, const struct table_part *part)
{
    int head = part->opened ? 0 : table_head_rows(b);
    if (!part->opened)
        strbuf_adds(out, "<table>\n");
    if (head) {
        strbuf_adds(out, "<thead>\n");
        add_rows(out, b, 0, head, part->cell);
        strbuf_adds(out, "</thead>\n");
    }
    if (!part->opened)
        strbuf_adds(out, "<tbody>\n");
    add_rows(out, b, head > part->skip ? head : part->skip, b->rows, part->cell);
    if (!part->goes_on)
        strbuf_adds(out, "</tbody>\n</table>\n");
}
