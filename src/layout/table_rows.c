/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pieces gathered into what is read across: rows of text, from the top, each from left to right.
 * A piece joins the row whose first and tallest piece it stands beside. Called by the finders of
 * tables and by whoever fills their cells.
 */
#include "layout/table_internal.h"

#include "base/memory.h"

#include <stdlib.h>

/* Of a piece's height: how far its middle may be from the row's and still be on it. A raised
 * footnote sign is; the next line, set solid, is not. */
static const float row_reach = 0.45F;
static const float one_line = 1.6F; /* units: higher pieces are of two lines, or of larger type */

struct keyed {
    float key;
    size_t piece;
};

static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *one = a, *other = b;
    if (one->key != other->key)
        return one->key < other->key ? -1 : 1;
    return one->piece < other->piece ? -1 : one->piece > other->piece;
}

static float level_of(const struct piece *p)
{
    return table_middle(p->at.y1, p->at.y2);
}

static bool on_row(const struct text_row *row, float level, float height)
{
    float middle = table_middle(row->y1, row->y2), tall = row->y2 - row->y1;
    float apart = level > middle ? level - middle : middle - level;
    return apart <= row_reach * (tall > height ? tall : height);
}

/* Rows as ranges of the pieces by level, as high as their highest piece of one line: an engine may
 * read two lines of a narrow column as one piece. */
static size_t cut_rows(const struct sheet *s, const struct keyed *by_level, size_t n,
                       struct text_row *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const struct piece *p = &s->pieces[by_level[i].piece];
        struct text_row *row = count ? &rows[count - 1] : NULL;
        float most = one_line * s->unit, height = p->at.y2 - p->at.y1;
        if (!row || !on_row(row, by_level[i].key, height < most ? height : most)) {
            row = &rows[count++];
            *row = (struct text_row){p->at.y1, p->at.y2, i, 0};
        }
        row->count++;
        if (height > row->y2 - row->y1 && height <= most)
            row->y1 = p->at.y1, row->y2 = p->at.y2;
    }
    return count;
}

void table_rows_open(struct text_rows *out, const struct sheet *s, const size_t *pieces, size_t n)
{
    struct keyed *order = x_calloc(n + 1, sizeof *order);
    *out = (struct text_rows){.sheet = s};
    out->pieces = x_calloc(n + 1, sizeof *out->pieces);
    out->rows = x_calloc(n + 1, sizeof *out->rows);
    for (size_t i = 0; i < n; i++)
        order[i] = (struct keyed){level_of(&s->pieces[pieces[i]]), pieces[i]};
    qsort(order, n, sizeof *order, compare_keyed);
    out->count = cut_rows(s, order, n, out->rows);
    for (size_t i = 0; i < n; i++)
        order[i].key = s->pieces[order[i].piece].at.x1;
    for (size_t r = 0; r < out->count; r++)
        qsort(order + out->rows[r].first, out->rows[r].count, sizeof *order, compare_keyed);
    for (size_t i = 0; i < n; i++)
        out->pieces[i] = order[i].piece;
    free(order);
}

void table_rows_close(struct text_rows *t)
{
    free(t->pieces);
    free(t->rows);
    *t = (struct text_rows){0};
}
