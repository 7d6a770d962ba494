/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the parts of the search for tables share: text rows, columns, the grid a table is made of.
 * Only for src/layout/table*.c. All distances are upright pixels, judged in units (sheet.unit).
 */
#ifndef LAYOUT_TABLE_INTERNAL_H
#define LAYOUT_TABLE_INTERNAL_H

#include "layout/table.h"

/* One call of table_find_all. */
struct table_search {
    struct sheet *sheet;
    size_t *by_level; /* pieces that may stand in a table, by their middle's height */
    size_t count;
    long patience; /* comparisons that may still be made; below 0: no more tables are looked for */
    struct table *tables;
    size_t table_count;
    struct rect *charts; /* among the frames seen so far; what is around one is no table */
    size_t chart_count;
};

/* What stands on one line, read across. */
struct text_row {
    float y1, y2;
    size_t first, count; /* among the pieces of its text_rows */
};

struct text_rows {
    const struct sheet *sheet;
    size_t *pieces; /* row by row, each from left to right */
    struct text_row *rows;
    size_t count;
};

/* A table in the making: borders, and the walls that stand on them. A place is row * cols + col. */
struct table_grid {
    int rows, cols;
    float *x, *y;        /* cols + 1, rows + 1 of them, ascending */
    bool *right, *below; /* of a place: is there a wall on that side? */
    int header_rows;     /* as its maker knows; −1: not known */
    bool ruled;
};

enum {
    TABLE_MAX_PLACES = 1 << 16, /* of one table: a page of 300 rows and 200 columns */
    TABLE_NO_HEADER = -1,
};

/* What a piece says, as far as tables care. */
enum table_entry {
    TABLE_ENTRY_SIGN, /* no letter and no digit: a dash, a currency sign, dots */
    TABLE_ENTRY_NUMBER,
    TABLE_ENTRY_TEXT,
};

/* Its edges without what detectors draw too wide. */
void table_reach(const struct piece *p, float *x1, float *x2);

enum table_entry table_entry_of(const struct piece *p);
bool table_starts_low(const struct piece *p);  /* with a lower-case letter or a bracket */
bool table_has_leaders(const struct piece *p); /* a run of dots as in a list of contents */
bool table_is_label(const struct piece *p);    /* ends with a colon: what stands before a field */
bool table_is_option(const struct piece *p);   /* a capital letter: what stands before an answer */
bool table_is_bullet(const struct piece *p); /* •, –, 1., (a): what stands before a list's item */

static inline float table_middle(float a, float b)
{
    return a + (b - a) / 2;
}

/* How much two ranges have in common; negative: how far apart they are. */
static inline float table_overlap(float a1, float a2, float b1, float b2)
{
    return (a2 < b2 ? a2 : b2) - (a1 > b1 ? a1 : b1);
}

/* Rows of these pieces, from the top. The order of the indices given does not matter. */
void table_rows_open(struct text_rows *out, const struct sheet *s, const size_t *pieces, size_t n);
void table_rows_close(struct text_rows *t);

/* Inner borders between columns that stand above each other in rows from..to; as many as max.
 * Those who stand alone in their row have no vote. */
size_t table_columns(const struct text_rows *t, size_t from, size_t to, float *borders, size_t max);
enum { TABLE_MAX_COLUMNS = 256 }; /* of a table found by its text */

/* False, and nothing to close, when it has too many places. All walls stand. */
bool table_grid_open(struct table_grid *g, int rows, int cols);
void table_grid_close(struct table_grid *g);
/* One more border at x or y, its walls standing where no piece crosses them. */
bool table_grid_column(struct table_grid *g, float x);
bool table_grid_row(struct table_grid *g, float y);
/* Keeps rows first to end, which is outside. */
void table_grid_crop(struct table_grid *g, int first, int end);
int table_grid_row_at(const struct table_grid *g, float y);
int table_grid_column_at(const struct table_grid *g, float x);

/* Cells are where no wall stands between places, and rectangles: numbered by row, then column, as
 * cell_of says for each place. cells has room for one a place, or is NULL. How many there are. */
int table_grid_cells(const struct table_grid *g, int *cell_of, struct table_cell *cells);

/* Makes one border of the two sides of a strip too narrow for text. */
void table_tidy(const struct table_search *f, struct table_grid *g, const size_t *pieces, size_t n);

/* Walls between pieces that stand beside each other in a row, where a border is not drawn. */
void table_add_walls(struct table_search *f, struct table_grid *g, const size_t *pieces, size_t n);
/* Drops rows and columns in which no cell begins. */
void table_squeeze(struct table_grid *g);

/* Adds the columns and rows that a ruled grid leaves out, as the text in it stands. */
void table_divide(struct table_search *f, struct table_grid *g, const size_t *pieces, size_t n);

/* Which text rows begin a row of the table, the others going on with cells of the row above. How
 * many of them are headings above numbers; 0: not known. */
size_t table_row_starts(const struct text_rows *t, size_t from, size_t to, const float *borders,
                        size_t border_count, bool *starts);

/* Takes walls away where pieces run over them: across columns, or in the middle of two rows. */
void table_open_walls(struct table_search *f, struct table_grid *g, const size_t *pieces, size_t n);

/* What a grid of lines is, as the text stands in it; columns_drawn: not by the text alone. */
enum table_kind { TABLE_KIND_NONE, TABLE_KIND_TABLE, TABLE_KIND_CHART };
enum table_kind table_judge(const struct table_search *f, const struct table_grid *g,
                            bool columns_drawn, const size_t *pieces, size_t n);

/* The pieces not taken whose middle is in the area, as a list to free. */
size_t *table_pieces_in(struct table_search *f, struct rect area, size_t *count);

/* Makes the table: cells where no wall stands, the pieces in them, header rows. Splits pieces that
 * run through a wall. ERROR_LIMIT without room. */
int table_build(struct table_search *f, const struct table_grid *g, const size_t *pieces, size_t n,
                struct error *err);
/* Before which word a piece over a border is two entries: numbers, or further apart than words are;
 * 0: it is one. */
size_t table_split_word(const struct sheet *s, const struct piece *p, float border);
void table_mark_header(const struct sheet *s, struct table *t, int known);

/* The finders; each adds to the tables of the search. */
int table_find_modelled(struct table_search *f, struct error *err);
int table_find_ruled(struct table_search *f, struct error *err);
int table_find_open(struct table_search *f, struct error *err);

#endif
