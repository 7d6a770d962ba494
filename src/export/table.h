/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the formats ask of a table block, and a table as HTML.
 */
#ifndef EXPORT_TABLE_H
#define EXPORT_TABLE_H

#include "base/strbuf.h"
#include "page/page.h"

/* Has cells, and a grid that is not much larger than them: what is written of it is bounded by what
 * was read. Others are printed as their lines. */
bool table_is_sound(const struct block *b);
bool table_has_spans(const struct block *b);

/* Sound, and both with or both without spans: they can be printed as one. */
bool table_is_alike(const struct block *b, const struct block *next);

/* Rows at its top that are headers, all that is in them, and end there. */
int table_head_rows(const struct block *b);

/* The first cell of a row at or below `row`, from cell i on; cell_count if there is none. */
size_t table_row_start(const struct block *b, size_t i, int row);

struct table_part {
    int skip;             /* rows that are left out */
    bool opened, goes_on; /* without its beginning, without its end */
    const char *cell;     /* attributes of every cell, with a blank before them; or "" */
};
/* A line a row, no empty lines. Sound ones only. */
void table_add_html(struct strbuf *out, const struct block *b, const struct table_part *part);

/* Text with & < > " escaped. */
void html_add_text(struct strbuf *out, const char *s);

#endif
