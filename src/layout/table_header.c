/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Which rows of a table are its heading: the first ones, set in bold, or without numbers above
 * columns of numbers, with all that their cells span. Called by table_build.c.
 */
#include "layout/table_internal.h"

#include "base/memory.h"

#include <stdlib.h>

enum { MOST_HEADER_ROWS = 8 };

static const float number_share = 0.5F; /* of a column's entries: it is one of numbers */

struct column_view {
    int entries, numbers;
};

static bool is_number(const struct sheet *s, const struct table_cell *cell)
{
    return cell->piece_count && table_entry_of(&s->pieces[cell->pieces[0]]) == TABLE_ENTRY_NUMBER;
}

static bool is_bold(const struct sheet *s, const struct table_cell *cell)
{
    for (size_t i = 0; i < cell->piece_count; i++)
        if (!(s->pieces[cell->pieces[i]].from->style & FONT_BOLD))
            return false;
    return true;
}

static struct column_view *view_columns(const struct sheet *s, const struct table *t)
{
    struct column_view *out = x_calloc((size_t)t->cols, sizeof *out);
    for (size_t i = 0; i < t->cell_count; i++) {
        const struct table_cell *c = &t->cells[i];
        out[c->col].entries += c->piece_count > 0 && c->row > 0;
        out[c->col].numbers += is_number(s, c) && c->row > 0;
    }
    return out;
}

static bool is_numeric(const struct column_view *v)
{
    return v->entries >= 2 && (float)v->numbers >= number_share * (float)v->entries;
}

/* What the cells that begin in each row are. */
struct row_view {
    int filled, numbers_in_place, end;
    bool bold;
};

static struct row_view *view_rows(const struct sheet *s, const struct table *t,
                                  const struct column_view *columns)
{
    struct row_view *out = x_calloc((size_t)t->rows, sizeof *out);
    for (int r = 0; r < t->rows; r++)
        out[r] = (struct row_view){.end = r + 1, .bold = true};
    for (size_t i = 0; i < t->cell_count; i++) {
        const struct table_cell *c = &t->cells[i];
        struct row_view *row = &out[c->row];
        if (!c->piece_count)
            continue;
        row->filled++;
        row->bold &= is_bold(s, c);
        row->numbers_in_place += c->col > 0 && is_numeric(&columns[c->col]) && is_number(s, c);
        if (c->row + c->rowspan > row->end)
            row->end = c->row + c->rowspan;
    }
    return out;
}

static int rows_without_numbers(const struct table *t, const struct row_view *rows)
{
    int r = 0;
    while (r < t->rows && rows[r].numbers_in_place == 0)
        r++;
    while (r > 1 && rows[r - 1].filled <= 1)
        r--; /* a group's name */
    return r;
}

static int header_rows(const struct sheet *s, const struct table *t)
{
    struct column_view *columns = view_columns(s, t);
    struct row_view *rows = view_rows(s, t, columns);
    int count = 0, plain = rows_without_numbers(t, rows);
    bool numeric = false;
    for (int c = 1; c < t->cols; c++)
        numeric |= is_numeric(&columns[c]);
    while (count < t->rows && rows[count].filled && rows[count].bold)
        count++;
    if (count * 2 > t->rows)
        count = 0; /* all of it is bold */
    if (count == 0 && numeric && plain < t->rows)
        count = plain;
    if (count == 0 && !numeric && t->ruled && rows[0].filled * 2 > t->cols)
        count = 1;
    for (int r = 0; r < count; r++)
        count = rows[r].end > count ? rows[r].end : count;
    free(columns);
    free(rows);
    return count > MOST_HEADER_ROWS || count >= t->rows ? 0 : count;
}

void table_mark_header(const struct sheet *s, struct table *t, int known)
{
    int rows = known == TABLE_NO_HEADER ? header_rows(s, t) : known;
    for (size_t i = 0; i < t->cell_count; i++)
        t->cells[i].header = t->cells[i].row < rows;
}
