/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tables into the draft: each is a part whose rows are the lines of its cells, cell by cell. Called
 * by layout.c; the tables are found in table.c.
 */
#include "layout/draft.h"

static int add_cell_rows(struct draft *d, const struct table_cell *c)
{
    for (size_t i = 0, end; i < c->piece_count; i = end) {
        for (end = i; end < c->piece_count && c->line[end] == c->line[i];)
            end++;
        if (!draft_add_row(d, c->pieces + i, end - i))
            return -1;
    }
    return 0;
}

static int add_table(struct draft *d, const struct table *t)
{
    struct part *p = draft_add_part(d, BLOCK_TABLE, t->at);
    if (!p)
        return -1;
    p->table = t;
    p->solid = p->fixed = true;
    for (size_t i = 0; i < t->cell_count; i++)
        if (add_cell_rows(d, &t->cells[i]) < 0)
            return -1;
    p->count = d->row_count - p->first;
    for (size_t i = 0; i < p->count; i++)
        p->at = rect_union(p->at, d->rows[p->first + i].at);
    return 0;
}

int draft_take_tables(struct draft *d, struct error *err)
{
    struct table *tables = NULL;
    size_t count = 0;
    if (!d->sheet->hints->keep_tables)
        return 0;
    if (table_find_all(d->sheet, &tables, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (add_table(d, &tables[i]) < 0)
            return error_set(err, ERROR_LIMIT, "tables with more than a page result may hold");
    return 0;
}
