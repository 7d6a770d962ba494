/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Is a grid of lines a table? Frames with few filled cells (forms to write on), those in which each
 * row has columns of its own, pages laid out in boxes, and charts are none. Called by
 * table_ruled.c.
 */
#include "layout/table_internal.h"

#include "base/memory.h"

#include <stdlib.h>

static const float filled_share = 0.35F;  /* of the cells that have text */
static const float regular_share = 0.8F;  /* of the places that are cells: a form to fill in */
static const float header_share = 0.8F;   /* of the cells of a first row or column that have text */
static const float column_share = 0.5F;   /* of the rows with text that one border parts */
static const float striped_share = 0.75F; /* of the gaps between rows with text */
static const float crossing_share = 0.4F; /* of the pieces that run through walls */
static const float over_share = 0.4F;     /* of the rows with text: a form, lines to write on */

enum {
    LEAST_CELLS = 4,
    LEAST_FILLED = 3,
    LEAST_GAPS = 3, /* between a chart's bars */
    MOST_BOXES = 6, /* cells that may be boxes of a page's layout, */
    BOX_LINES = 8,  /* and the lines in each that say so */
};

/* Which cells have text: by the middles of the pieces. */
static void mark_filled(const struct table_search *f, const struct table_grid *g,
                        const int *cell_of, const size_t *pieces, size_t n, bool *filled)
{
    for (size_t i = 0; i < n; i++) {
        const struct rect *at = &f->sheet->pieces[pieces[i]].at;
        int row = table_grid_row_at(g, table_middle(at->y1, at->y2));
        int col = table_grid_column_at(g, table_middle(at->x1, at->x2));
        filled[cell_of[row * g->cols + col]] = true;
    }
}

/* Rows in which more than one cell has text. */
static int rows_of_several(const struct table_grid *g, const int *cell_of, const bool *filled)
{
    int rows = 0;
    for (int r = 0; r < g->rows; r++) {
        int first = -1, several = 0;
        for (int c = 0; c < g->cols && !several; c++) {
            int cell = cell_of[r * g->cols + c];
            several = filled[cell] && first >= 0 && cell != first;
            first = filled[cell] && first < 0 ? cell : first;
        }
        rows += several;
    }
    return rows;
}

static bool edge_filled(const struct table_grid *g, const int *cell_of, const bool *filled,
                        bool row)
{
    int places = row ? g->cols : g->rows, cells = 0, full = 0;
    for (int i = 0, last = -1; i < places; i++) {
        int cell = cell_of[row ? i : i * g->cols];
        cells += cell != last;
        full += cell != last && filled[cell];
        last = cell;
    }
    return cells >= 2 && (float)full >= header_share * (float)cells;
}

static bool row_has_text(const struct table_grid *g, const int *cell_of, const bool *filled,
                         int row)
{
    for (int c = 0; c < g->cols; c++)
        if (filled[cell_of[row * g->cols + c]])
            return true;
    return false;
}

/* Is nearly every second row empty? Those are the gaps between a chart's bars. */
static bool is_striped(const struct table_grid *g, const int *cell_of, const bool *filled)
{
    int full = 0, gaps = 0;
    for (int r = 0; r < g->rows; r++)
        full += row_has_text(g, cell_of, filled, r);
    for (int r = 1; r + 1 < g->rows; r++)
        gaps += row_has_text(g, cell_of, filled, r - 1) && !row_has_text(g, cell_of, filled, r) &&
                row_has_text(g, cell_of, filled, r + 1);
    return gaps >= LEAST_GAPS && (float)gaps >= striped_share * (float)(full - 1);
}

/* Is one of the inner borders a wall in most rows with text? In charts and forms each row has its
 * own. */
static bool has_column(const struct table_grid *g, const int *cell_of, const bool *filled)
{
    int *walls = x_calloc((size_t)g->cols, sizeof *walls), rows = 0, most = 0;
    for (int r = 0; r < g->rows; r++) {
        bool text = row_has_text(g, cell_of, filled, r);
        rows += text;
        for (int c = 0; text && c + 1 < g->cols; c++)
            walls[c] += g->right[r * g->cols + c];
    }
    for (int c = 0; c + 1 < g->cols; c++)
        most = walls[c] > most ? walls[c] : most;
    free(walls);
    return (float)most >= column_share * (float)rows;
}

/* Do many pieces run through walls, as labels of a chart do? */
static bool is_crossed(const struct table_search *f, const struct table_grid *g,
                       const size_t *pieces, size_t n)
{
    size_t crossing = 0;
    for (size_t i = 0; i < n; i++) {
        const struct piece *p = &f->sheet->pieces[pieces[i]];
        int row = table_grid_row_at(g, table_middle(p->at.y1, p->at.y2));
        float x1, x2;
        table_reach(p, &x1, &x2);
        bool crosses = false;
        for (int c = table_grid_column_at(g, x1); c < table_grid_column_at(g, x2); c++)
            crosses |= g->right[row * g->cols + c] && !table_split_word(f->sheet, p, g->x[c + 1]);
        crossing += crosses;
    }
    return (float)crossing > crossing_share * (float)n;
}

/* Few boxes with much in each: a page laid out in boxes. */
static bool is_boxes(const struct table_search *f, const size_t *pieces, size_t n, int cells)
{
    struct text_rows t;
    table_rows_open(&t, f->sheet, pieces, n);
    size_t lines = t.count;
    table_rows_close(&t);
    return cells <= MOST_BOXES && lines >= (size_t)(BOX_LINES * cells) / 2;
}

/* Does text run over the columns in many rows? Those columns are told by other rows' text alone. */
static bool is_written_over(const struct table_grid *g, const int *cell_of, const bool *filled)
{
    int rows = 0, over = 0;
    for (int r = 0; r < g->rows; r++) {
        bool spans = false;
        for (int c = 0; c + 1 < g->cols; c++)
            spans |= !g->right[r * g->cols + c] && filled[cell_of[r * g->cols + c]];
        rows += row_has_text(g, cell_of, filled, r);
        over += spans;
    }
    return (float)over > over_share * (float)rows;
}

/* As the cells that have text stand in the grid. */
static enum table_kind judge_cells(const struct table_grid *g, bool columns_drawn,
                                   const int *cell_of, const bool *filled, int cells)
{
    int with_text = 0, places = g->rows * g->cols;
    for (int i = 0; i < cells; i++)
        with_text += filled[i];
    if (is_striped(g, cell_of, filled))
        return TABLE_KIND_CHART;
    if (cells < LEAST_CELLS || with_text < LEAST_FILLED || !has_column(g, cell_of, filled) ||
        (!columns_drawn && is_written_over(g, cell_of, filled)))
        return TABLE_KIND_NONE;
    bool full =
        (float)with_text >= filled_share * (float)cells && rows_of_several(g, cell_of, filled) >= 2;
    bool regular = (float)cells >= regular_share * (float)places;
    bool headed = regular &&
                  (edge_filled(g, cell_of, filled, true) || edge_filled(g, cell_of, filled, false));
    return full || headed ? TABLE_KIND_TABLE : TABLE_KIND_NONE;
}

enum table_kind table_judge(const struct table_search *f, const struct table_grid *g,
                            bool columns_drawn, const size_t *pieces, size_t n)
{
    size_t places = (size_t)g->rows * (size_t)g->cols;
    if (g->rows < 2 || g->cols < 2 || n < LEAST_FILLED)
        return TABLE_KIND_NONE;
    int *cell_of = x_calloc(places, sizeof *cell_of);
    bool *filled = x_calloc(places, sizeof *filled);
    int cells = table_grid_cells(g, cell_of, NULL);
    mark_filled(f, g, cell_of, pieces, n, filled);
    enum table_kind kind = judge_cells(g, columns_drawn, cell_of, filled, cells);
    free(cell_of);
    free(filled);
    if (kind == TABLE_KIND_TABLE && (is_crossed(f, g, pieces, n) || is_boxes(f, pieces, n, cells)))
        return TABLE_KIND_NONE;
    return kind;
}
