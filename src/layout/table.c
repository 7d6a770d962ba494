/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tables of a sheet: first where a model saw them, then where rules close cells, then where text
 * stands in columns. A piece is taken by the first that wants it. Called by layout.c.
 */
#include "layout/table_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Comparisons of one call: some milliseconds, and a hundred times what a dense page needs. */
static const long patience = 4000000;

struct levelled {
    float level;
    size_t piece;
};

static int compare_levels(const void *a, const void *b)
{
    const struct levelled *one = a, *other = b;
    if (one->level != other->level)
        return one->level < other->level ? -1 : 1;
    return one->piece < other->piece ? -1 : one->piece > other->piece;
}

static float level_of(const struct piece *p)
{
    return table_middle(p->at.y1, p->at.y2);
}

static void sort_pieces(struct table_search *f)
{
    const struct sheet *s = f->sheet;
    struct levelled *order = x_calloc(s->piece_count + 1, sizeof *order);
    for (size_t i = 0; i < s->piece_count; i++)
        if (!s->pieces[i].taken)
            order[f->count++] = (struct levelled){level_of(&s->pieces[i]), i};
    qsort(order, f->count, sizeof *order, compare_levels);
    f->by_level = x_calloc(f->count + 1, sizeof *f->by_level);
    for (size_t i = 0; i < f->count; i++)
        f->by_level[i] = order[i].piece;
    free(order);
}

static size_t first_below(const struct table_search *f, float y)
{
    size_t low = 0, high = f->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (level_of(&f->sheet->pieces[f->by_level[middle]]) < y)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t *table_pieces_in(struct table_search *f, struct rect area, size_t *count)
{
    size_t from = first_below(f, area.y1), to = first_below(f, area.y2), n = 0;
    size_t *out = x_calloc(to - from + 1, sizeof *out);
    f->patience -= (long)(to - from);
    for (size_t i = from; f->patience >= 0 && i < to; i++) {
        const struct piece *p = &f->sheet->pieces[f->by_level[i]];
        float middle = table_middle(p->at.x1, p->at.x2);
        if (!p->taken && middle >= area.x1 && middle <= area.x2)
            out[n++] = f->by_level[i];
    }
    *count = n;
    return out;
}

static int compare_tables(const void *a, const void *b)
{
    const struct table *one = a, *other = b;
    if (one->at.y1 != other->at.y1)
        return one->at.y1 < other->at.y1 ? -1 : 1;
    if (one->at.x1 != other->at.x1)
        return one->at.x1 < other->at.x1 ? -1 : 1;
    return 0;
}

static int hand_over(struct table_search *f, struct table **out, size_t *count, struct error *err)
{
    struct table *tables = arena_alloc(f->sheet->arena, f->table_count + 1, sizeof *tables);
    if (!tables)
        return error_set(err, ERROR_LIMIT, "the page's tables need too much memory");
    if (f->table_count) {
        qsort(f->tables, f->table_count, sizeof *f->tables, compare_tables);
        memcpy(tables, f->tables, f->table_count * sizeof *tables);
    }
    *out = tables;
    *count = f->table_count;
    return 0;
}

int table_find_all(struct sheet *s, struct table **out, size_t *count, struct error *err)
{
    struct table_search f = {.sheet = s, .patience = patience};
    sort_pieces(&f);
    int rc = table_find_modelled(&f, err);
    if (rc == 0)
        rc = table_find_ruled(&f, err);
    if (rc == 0)
        rc = table_find_open(&f, err);
    if (rc == 0)
        rc = hand_over(&f, out, count, err);
    free(f.by_level);
    free(f.tables);
    return rc;
}
