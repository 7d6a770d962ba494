/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * txt: lines as they stand, tables in columns, an empty line between blocks, a form feed between
 * pages (as pdftotext does). Every word of the page result is in it.
 */
#include "export/export_driver.h"
#include "export/prose.h"
#include "export/table.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Beyond these a table in columns is no longer read with ease, and costs more blanks than letters.
 */
enum { WIDEST = 40, MOST_COLUMNS = 48, MOST_LINES = 24, GAP = 2 };

/* ---- tables ---- */

static int count_lines(const char *s)
{
    int lines = 1;
    while ((s = strchr(s, '\n')) && lines <= MOST_LINES) {
        lines++;
        s++;
    }
    return lines;
}

static bool fits(const struct block *b)
{
    bool fits = table_is_sound(b) && b->cols <= MOST_COLUMNS;
    for (size_t i = 0; fits && i < b->cell_count; i++)
        fits = count_lines(b->cells[i].text) <= MOST_LINES;
    return fits;
}

/* The first line of *s, moved on behind it; NULL after the last. Into line, which is kept for it.
 */
static const char *take_line(const char **s, struct strbuf *line)
{
    if (!*s)
        return NULL;
    const char *feed = strchr(*s, '\n');
    strbuf_clear(line);
    strbuf_add(line, *s, feed ? (size_t)(feed - *s) : strlen(*s));
    *s = feed ? feed + 1 : NULL;
    return strbuf_str(line);
}

/* What spans columns does not widen them. */
static void measure(const struct block *b, int widths[MOST_COLUMNS])
{
    auto_strbuf line = {0};
    for (size_t i = 0; i < b->cell_count; i++) {
        const struct cell *c = &b->cells[i];
        const char *rest = c->colspan == 1 ? c->text : NULL, *text;
        while ((text = take_line(&rest, &line))) {
            const int columns = prose_columns(text);
            widths[c->col] = columns > widths[c->col] ? columns : widths[c->col];
        }
    }
    for (int col = 0; col < b->cols; col++)
        widths[col] = widths[col] < WIDEST ? widths[col] : WIDEST;
}

/* One line of a row: the next line of each of its cells. False if there was none. */
static bool add_row_line(struct strbuf *out, const struct cell *cells, size_t n,
                         const char *rest[MOST_COLUMNS], const int widths[MOST_COLUMNS])
{
    auto_strbuf line = {0};
    int at = 0, col = 0, from = 0; /* columns written; of the table; where that one begins */
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        const char *text = take_line(&rest[i], &line);
        for (; col < cells[i].col; col++)
            from += widths[col] + GAP;
        any = any || text;
        if (!text || !*text)
            continue;
        const int blanks = from > at ? from - at : at ? GAP : 0;
        strbuf_addf(out, "%*s%s", blanks, "", text);
        at += blanks + prose_columns(text);
    }
    if (at)
        strbuf_addc(out, '\n');
    return any;
}

static void add_table(struct strbuf *out, const struct block *b)
{
    int widths[MOST_COLUMNS] = {0};
    const char *rest[MOST_COLUMNS];
    measure(b, widths);
    for (size_t i = 0, n; i < b->cell_count; i += n) {
        for (n = 0; i + n < b->cell_count && b->cells[i + n].row == b->cells[i].row; n++)
            rest[n] = b->cells[i + n].text;
        while (add_row_line(out, &b->cells[i], n, rest, widths))
            ;
    }
}

/* Too wide or too high: a line a row, cells parted by tabulators. */
static void add_wide_table(struct strbuf *out, const struct block *b)
{
    for (size_t i = 0; i < b->cell_count; i++) {
        const struct cell *c = &b->cells[i];
        for (const char *s = c->text; *s; s++)
            strbuf_addc(out, *s == '\n' ? ' ' : *s);
        bool row_ends = i + 1 == b->cell_count || b->cells[i + 1].row > c->row;
        strbuf_addc(out, row_ends ? '\n' : '\t');
    }
}

/* ---- pages ---- */

static void add_block(struct strbuf *out, const struct block *b)
{
    if (b->type == BLOCK_CODE) {
        prose_add_code(out, b);
    } else if (b->type == BLOCK_TABLE && fits(b)) {
        add_table(out, b);
    } else if (b->type == BLOCK_TABLE && b->cell_count) {
        add_wide_table(out, b);
    } else {
        for (size_t i = 0; i < b->line_count; i++) {
            strbuf_adds(out, b->lines[i].text);
            strbuf_addc(out, '\n');
        }
    }
}

static void text_page(struct strbuf *out, const struct export_page *e, bool first)
{
    bool any = false;
    if (!first)
        strbuf_addc(out, '\f');
    if (!e->page) {
        strbuf_addf(out, "[page %u: failed: %s: %s]\n", e->number, error_code(e->error->class),
                    e->error->text);
        return;
    }
    for (size_t b = 0; b < e->page->block_count; b++) {
        const struct block *block = &e->page->blocks[b];
        if (!block->line_count && !block->cell_count)
            continue;
        strbuf_adds(out, any ? "\n" : "");
        add_block(out, block);
        any = true;
    }
}

const struct export_format export_text = {.extension = "txt",
                                          .content_type = "text/plain; charset=utf-8",
                                          .decoded = true,
                                          .page = text_page};
