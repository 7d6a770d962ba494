/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A table from its grid: cells where no wall stands between places, and the pieces dropped into
 * them, those that run through a wall split between two words. Called by the finders of tables.
 */
#include "layout/table_internal.h"

#include "base/memory.h"
#include "base/must.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of a piece's height: more than a blank, less than what parts pieces. */
static const float wide_white = 0.5F;

enum { MOST_PARTS = 64 }; /* of one piece that are waiting for their cells */

struct dropped {
    size_t piece;
    int cell;
};

struct building {
    struct sheet *sheet;
    const struct table_grid *grid;
    struct table *table;
    int *cell_of;         /* by place */
    struct dropped *list; /* with those that splitting made */
    size_t count, space;
};

static size_t place_of(const struct table_grid *g, int row, int col)
{
    return (size_t)row * (size_t)g->cols + (size_t)col;
}

static struct rect word_rect(const struct sheet *s, const struct piece *p, size_t i)
{
    return sheet_from_page(s, rect_of_quad(&p->from->words[p->first + i].polygon));
}

/* The word that begins nearest to a wall, and the white before it; 0: none but the first. */
static size_t word_at_wall(const struct sheet *s, const struct piece *p, float wall, float *white)
{
    size_t best = 0;
    float nearest = p->height;
    for (size_t i = 1; i < p->count; i++) {
        struct rect one = word_rect(s, p, i - 1), other = word_rect(s, p, i);
        float from = fminf(one.x2, other.x2), to = fmaxf(one.x1, other.x1); /* either direction */
        float off = fabsf(table_middle(from, to) - wall);
        if (off < nearest)
            nearest = off, best = i, *white = to - from;
    }
    return best;
}

static bool is_number(const struct piece *p, size_t first, size_t count)
{
    struct piece part = *p;
    part.first += first;
    part.count = count;
    return table_entry_of(&part) == TABLE_ENTRY_NUMBER;
}

size_t table_split_word(const struct sheet *s, const struct piece *p, float border)
{
    float white = 0;
    size_t word = word_at_wall(s, p, border, &white);
    bool numbers = word && is_number(p, 0, word) && is_number(p, word, p->count - word);
    return word && (numbers || white >= wide_white * p->height) ? word : 0;
}

static void add_piece(struct building *b, size_t piece, int cell)
{
    if (b->count == b->space) {
        b->space = b->space * 2 + 16;
        b->list = x_realloc(b->list, b->space, sizeof *b->list);
    }
    b->list[b->count++] = (struct dropped){piece, cell};
}

/* The column that holds most of a piece. */
static int main_column(const struct table_grid *g, const struct piece *p, int from, int to)
{
    int best = from;
    float most = -INFINITY;
    for (int c = from; c <= to; c++) {
        float common = table_overlap(p->at.x1, p->at.x2, g->x[c], g->x[c + 1]);
        if (common > most)
            most = common, best = c;
    }
    return best;
}

/* Splits off what stands right of the first wall that the piece runs through; the new piece, or
 * SIZE_MAX when there is none. */
static size_t split_at_wall(struct building *b, size_t piece, int row, int from, int to)
{
    const struct table_grid *g = b->grid;
    for (int c = from; c < to; c++) {
        const struct piece *p = &b->sheet->pieces[piece];
        if (b->cell_of[place_of(g, row, c)] == b->cell_of[place_of(g, row, c + 1)])
            continue;
        float white;
        size_t word = g->ruled ? word_at_wall(b->sheet, p, g->x[c + 1], &white)
                               : table_split_word(b->sheet, p, g->x[c + 1]);
        if (word)
            return sheet_split(b->sheet, piece, word);
    }
    return SIZE_MAX;
}

/* What splitting leaves over is dropped in its turn. */
static void drop_piece(struct building *b, size_t piece)
{
    const struct table_grid *g = b->grid;
    size_t todo[MOST_PARTS] = {piece}, count = 1;
    while (count) {
        piece = todo[--count];
        const struct piece *p = &b->sheet->pieces[piece];
        float x1, x2;
        table_reach(p, &x1, &x2);
        int row = table_grid_row_at(g, table_middle(p->at.y1, p->at.y2));
        int from = table_grid_column_at(g, x1), to = table_grid_column_at(g, x2);
        size_t rest = count + 2 <= MOST_PARTS ? split_at_wall(b, piece, row, from, to) : SIZE_MAX;
        if (rest == SIZE_MAX) {
            add_piece(b, piece, b->cell_of[place_of(g, row, main_column(g, p, from, to))]);
        } else {
            todo[count++] = rest;
            todo[count++] = piece;
        }
    }
}

static int compare_dropped(const void *a, const void *b)
{
    const struct dropped *one = a, *other = b;
    return one->piece < other->piece ? -1 : one->piece > other->piece;
}

static struct table_cell *cell_of_piece(const struct building *b, size_t piece)
{
    struct dropped key = {.piece = piece};
    must(b->list);
    const struct dropped *d = bsearch(&key, b->list, b->count, sizeof key, compare_dropped);
    must(d);
    return &b->table->cells[d->cell];
}

/* Room in every cell for the pieces it is going to have. */
static int share_room(struct building *b)
{
    struct table *t = b->table;
    size_t *pieces = arena_alloc(b->sheet->arena, b->count + 1, sizeof *pieces), at = 0;
    int *lines = arena_alloc(b->sheet->arena, b->count + 1, sizeof *lines);
    if (!pieces || !lines)
        return -1;
    for (size_t i = 0; i < b->count; i++)
        t->cells[b->list[i].cell].piece_count++;
    for (size_t i = 0; i < t->cell_count; i++) {
        t->cells[i].pieces = pieces + at;
        t->cells[i].line = lines + at;
        at += t->cells[i].piece_count;
        t->cells[i].piece_count = 0;
    }
    return 0;
}

/* Row by row of the whole table, which is line by line of each cell. */
static void fill_cells(struct building *b)
{
    struct text_rows rows;
    size_t *pieces = x_calloc(b->count + 1, sizeof *pieces);
    size_t *last_row = x_calloc(b->table->cell_count, sizeof *last_row);
    if (b->count)
        qsort(b->list, b->count, sizeof *b->list, compare_dropped);
    for (size_t i = 0; i < b->count; i++)
        pieces[i] = b->list[i].piece;
    table_rows_open(&rows, b->sheet, pieces, b->count);
    for (size_t r = 0; r < rows.count; r++)
        for (size_t i = 0; i < rows.rows[r].count; i++) {
            size_t piece = rows.pieces[rows.rows[r].first + i];
            struct table_cell *c = cell_of_piece(b, piece);
            size_t *last = &last_row[c - b->table->cells];
            int line = c->piece_count ? c->line[c->piece_count - 1] : -1;
            c->line[c->piece_count] = line + (*last != r + 1);
            c->pieces[c->piece_count++] = piece;
            *last = r + 1;
            b->sheet->pieces[piece].taken = true;
        }
    table_rows_close(&rows);
    free(pieces);
    free(last_row);
}

static int build(struct building *b, const size_t *pieces, size_t n)
{
    const struct table_grid *g = b->grid;
    size_t places = (size_t)g->rows * (size_t)g->cols;
    b->table->cells = arena_alloc(b->sheet->arena, places, sizeof *b->table->cells);
    if (!b->table->cells)
        return -1;
    b->table->cell_count = (size_t)table_grid_cells(g, b->cell_of, b->table->cells);
    for (size_t i = 0; i < n; i++)
        drop_piece(b, pieces[i]);
    if (share_room(b) < 0)
        return -1;
    fill_cells(b);
    return 0;
}

int table_build(struct table_search *f, const struct table_grid *g, const size_t *pieces, size_t n,
                struct error *err)
{
    struct table t = {
        .at = {g->x[0], g->y[0], g->x[g->cols], g->y[g->rows]},
        .ruled = g->ruled,
        .rows = g->rows,
        .cols = g->cols,
    };
    struct building b = {.sheet = f->sheet, .grid = g, .table = &t};
    b.cell_of = x_calloc((size_t)g->rows * (size_t)g->cols, sizeof *b.cell_of);
    int rc = build(&b, pieces, n);
    if (rc == 0) {
        table_mark_header(f->sheet, &t, g->header_rows);
        f->tables = x_realloc(f->tables, f->table_count + 1, sizeof *f->tables);
        f->tables[f->table_count++] = t;
    } else {
        error_set(err, ERROR_LIMIT, "the page's tables need too much memory");
    }
    free(b.cell_of);
    free(b.list);
    return rc;
}
