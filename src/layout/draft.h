/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A page's layout in the making: rows of pieces, and the parts that become its blocks. Each step of
 * layout.c adds to it or looks at it again; written to the page at the end. Everything is upright
 * and lives in the sheet's arena. Functions give −1 (or NULL) only when that is full. Only for
 * src/layout.
 */
#ifndef LAYOUT_DRAFT_H
#define LAYOUT_DRAFT_H

#include "layout/order.h"
#include "layout/sheet.h"
#include "layout/table.h"
#include "layout/wording.h"

#include <stdbool.h>
#include <stddef.h>

/* What is read across on one line: the page's line that it becomes. */
struct row {
    struct rect at;
    float begin, end; /* at's sides in reading direction, growing along it */
    float height;     /* of its type, of most of it */
    unsigned style;   /* enum font_style, of most of it */
    float hole;       /* the widest in it */
    bool holes;       /* wider than between words: a row of a form, an equation with its number */
    bool vertical;    /* runs up or down the sheet */
    const char *text;
    size_t first, count; /* among the draft's pieces */
};

/* On the page, from first to last. */
enum part_place { PLACE_HEAD, PLACE_BODY, PLACE_NOTES, PLACE_FOOT };

struct part {
    enum block_type type;
    enum part_place place;
    size_t rank; /* among those of its place, DRAFT_NONE: not known yet; gaps are no matter */
    int level;
    struct rect at;
    size_t first, count; /* rows */
    size_t column;       /* DRAFT_NONE: in none */
    float height;        /* of its type */
    struct mark mark;    /* its first row begins with */
    float confidence;    /* of a region's model; 0: not from one */
    int order;           /* that its model gave it; −1: none */
    const struct table *table;
    bool solid; /* stands in the order as one box, its pieces do not */
    bool fixed; /* its type is not guessed at */
    bool gone;  /* its rows are another's now */
    bool continues, continued;
    size_t caption; /* part, or DRAFT_NONE */
};

#define DRAFT_NONE SIZE_MAX

/* Rows that are read downwards without a look aside. */
struct column {
    size_t first, count; /* rows */
    float begin, end;    /* of the widest */
    float gap;           /* the usual one between its rows */
    float pitch;         /* the usual distance from a row's middle to the next one's */
    bool justified;      /* most of its rows reach the end */
};

struct draft {
    struct sheet *sheet;
    bool mirrored;  /* most is written from right to left */
    bool vertical;  /* most is set downwards: the sheet's top is the page's right side */
    size_t *pieces; /* in the order of the rows */
    size_t piece_count, piece_space;
    struct row *rows;
    size_t row_count, row_space;
    struct part *parts;
    size_t part_count, part_space;
    struct column *columns;
    size_t column_count, column_space;
    size_t *owner; /* of each piece: the flowing part of a region, or DRAFT_NONE */
    size_t owner_count;
    float body; /* size of the running text's type */
};

void *draft_append(struct draft *d, void *list, size_t *count, size_t *space, size_t size);
struct part *draft_add_part(struct draft *d, enum block_type type, struct rect at);

/* Pieces that follow each other on one line with no more than a blank between them: what was one
 * line before it was cut at its blanks, as text layers do. */
struct run {
    struct rect at;      /* as reading goes: mirrored where the draft is */
    size_t first, count; /* among the pieces given */
};

/* Sorts the pieces; out has room for n runs. How many there are. */
size_t draft_find_runs(const struct draft *d, size_t *pieces, size_t n, struct run *out);

/* A row of these pieces of the sheet, given in reading order; they are taken. */
struct row *draft_add_row(struct draft *d, const size_t *pieces, size_t n);

/* Rows of these pieces in the order that they are read in, at the end of the draft's rows. Sorts
 * the pieces. */
int draft_add_rows(struct draft *d, size_t *pieces, size_t n);

/* White between two rows of a column, as their type has it. */
float draft_gap(const struct row *above, const struct row *below);

/* Around its rows, with their size of type and the mark of the first. */
void draft_measure_part(struct draft *d, struct part *p);

/* b's rows, which follow a's, become a's; b is gone with the next draft_drop_gone. */
void draft_absorb(struct part *a, struct part *b);
void draft_drop_gone(struct draft *d);

const struct row *draft_first_row(const struct draft *d, const struct part *p);
const struct row *draft_last_row(const struct draft *d, const struct part *p);

float rect_width(const struct rect *r);
float rect_height(const struct rect *r);
float rect_area(const struct rect *r);
float rect_shared(const struct rect *a, const struct rect *b);    /* area of both */
float rect_overlap_x(const struct rect *a, const struct rect *b); /* negative: so far apart */
float rect_overlap_y(const struct rect *a, const struct rect *b);

/* What stands in a column: a row, or a part that is there already; the other is DRAFT_NONE. */
struct entry {
    size_t row, part;
};

/* Paragraphs of the last column, and the ranks of all that stands in it. */
int draft_split_column(struct draft *d, const struct entry *entries, size_t n, size_t *rank);

/* ---- the steps, in order ---- */

int draft_open(struct draft *d, struct sheet *s);
/* Pieces of a model's regions, but for tables and figures: parts with their types. */
int draft_take_regions(struct draft *d);
int draft_take_tables(struct draft *d, struct error *err);
int draft_take_figures(struct draft *d);
int draft_take_margins(struct draft *d);
/* All that is left, in reading order: rows, paragraphs. */
int draft_read_body(struct draft *d);
void draft_sort(struct draft *d);
/* What the parts are. */
void draft_find_code(struct draft *d);
void draft_find_notes(struct draft *d);
void draft_make_lists(struct draft *d);
void draft_find_headings(struct draft *d);
/* Those change no more places. */
int draft_find_captions(struct draft *d);
void draft_join(struct draft *d); /* what goes on over a column's end */
/* The page's blocks anew; it is as it was if this fails. */
int draft_write(struct draft *d, struct page *page);

#endif
