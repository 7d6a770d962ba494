/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A sentence of a table model to a grid: rows, columns, spans, and each cell's place. Refuses what
 * is no grid, and places that do not stand as the grid says: a model that has lost its way writes
 * well-formed nonsense. Called by slanet.c.
 */
#include "ocr/slanet_internal.h"

#include <stdlib.h>

static const float believed = 0.8F; /* of neighbouring cells stand beside or below each other */

struct builder {
    struct cell *cells;
    size_t count, space;
    int row, col;               /* of the cell that comes next; row −1: before the first <tr> */
    int rows, cols;             /* so far */
    int hanging[PAGE_MAX_GRID]; /* by column: rows, the current one included, that a cell of an
                                   earlier row reaches down into */
    bool head;
    struct cell *open; /* its spans follow */
};

/* ---- cells ---- */

static size_t cells_told(const struct slanet_step *steps, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += steps[i].word.kind == WORD_CELL || steps[i].word.kind == WORD_OPEN;
    return n < SLANET_MAX_CELLS ? n : SLANET_MAX_CELLS;
}

/* The cell whose spans were being told is whole: it takes its columns, as in HTML. */
static void close_cell(struct builder *b)
{
    struct cell *c = b->open;
    b->open = NULL;
    if (!c)
        return;
    for (int i = 0; i < c->colspan && c->col + i < PAGE_MAX_GRID; i++) {
        if (b->hanging[c->col + i]) { /* another cell reaches down: the span ends here */
            c->colspan = i;
            break;
        }
        b->hanging[c->col + i] = c->rowspan;
    }
    b->col = c->col + c->colspan;
    if (b->col > b->cols)
        b->cols = b->col;
}

static void open_cell(struct builder *b, const struct slanet_step *step)
{
    close_cell(b);
    while (b->col < PAGE_MAX_GRID && b->hanging[b->col])
        b->col++;
    if (b->row < 0 || b->count == b->space || b->col + SLANET_MAX_SPAN >= PAGE_MAX_GRID)
        return;
    b->open = &b->cells[b->count++];
    *b->open = (struct cell){.row = b->row,
                             .col = b->col,
                             .rowspan = 1,
                             .colspan = 1,
                             .header = b->head,
                             .text = "",
                             .bbox = step->at};
}

static void next_row(struct builder *b)
{
    close_cell(b);
    for (int i = 0; i < b->cols; i++)
        b->hanging[i] -= b->hanging[i] > 0;
    b->row++;
    b->col = 0;
    b->rows = b->row + 1;
}

static void take_step(struct builder *b, const struct slanet_step *step)
{
    switch (step->word.kind) {
    case WORD_ROW:
        next_row(b);
        break;
    case WORD_CELL:
        open_cell(b, step);
        close_cell(b);
        break;
    case WORD_OPEN:
        open_cell(b, step);
        break;
    case WORD_COLSPAN:
    case WORD_ROWSPAN:
        if (b->open)
            *(step->word.kind == WORD_COLSPAN ? &b->open->colspan : &b->open->rowspan) =
                step->word.span;
        break;
    case WORD_HEAD:
    case WORD_HEAD_END:
        b->head = step->word.kind == WORD_HEAD;
        break;
    case WORD_NOTHING:
    case WORD_END:
        break;
    }
}

/* Rows without a cell of their own, at the end, are none; and no cell reaches below the last. */
static void trim_rows(struct builder *b)
{
    b->rows = 0;
    for (size_t i = 0; i < b->count; i++)
        if (b->cells[i].row >= b->rows)
            b->rows = b->cells[i].row + 1;
    for (size_t i = 0; i < b->count; i++)
        if (b->cells[i].row + b->cells[i].rowspan > b->rows)
            b->cells[i].rowspan = b->rows - b->cells[i].row;
}

/* ---- belief ---- */

/* Cells come row by row: a cell's next begins right of it in its row, and the first cell of each
 * row below the first of the row before. */
static bool stands_as_told(const struct builder *b)
{
    size_t right = 0, first = 0;
    for (size_t i = 1; i < b->count; i++) {
        const struct rect *here = &b->cells[i].bbox;
        if (b->cells[i].row == b->cells[i - 1].row) {
            right += here->x1 > b->cells[i - 1].bbox.x1;
        } else {
            right += here->y1 > b->cells[first].bbox.y1;
            first = i;
        }
    }
    return (float)right >= believed * (float)(b->count - 1);
}

static bool has_places(const struct builder *b)
{
    size_t placed = 0;
    for (size_t i = 0; i < b->count; i++) {
        const struct rect *r = &b->cells[i].bbox;
        placed += r->x2 > r->x1 && r->y2 > r->y1;
    }
    return (float)placed >= believed * (float)b->count;
}

enum slanet_verdict slanet_grid_make(const struct slanet_step *steps, size_t count,
                                     struct arena *arena, struct layout_grid *out)
{
    struct builder *b = x_calloc(1, sizeof *b);
    enum slanet_verdict verdict = SLANET_NONE;
    b->row = -1;
    b->space = cells_told(steps, count);
    b->cells = arena_alloc(arena, b->space, sizeof *b->cells);
    if (!b->cells) {
        free(b);
        return SLANET_FULL;
    }
    for (size_t i = 0; i < count && steps[i].word.kind != WORD_END && b->row < PAGE_MAX_GRID - 1;
         i++)
        take_step(b, &steps[i]);
    close_cell(b);
    trim_rows(b);
    if (b->count > 1 && has_places(b) && stands_as_told(b)) {
        out->rows = b->rows;
        out->cols = b->cols;
        out->cells = b->cells;
        out->cell_count = b->count;
        verdict = SLANET_TABLE;
    }
    free(b);
    return verdict;
}
