/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The page result: what every engine produces and every output is made from.
 *
 * Coordinates are pixels at `dpi`, origin top-left, of the page as the client sees it (after the
 * PDF's /Rotate or EXIF, before our own deskew); points = pixels × 72 / dpi. Confidences are 0
 * to 1. All text is valid UTF-8. A page owns everything below it through its arena.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include "base/error.h"
#include "base/memory.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct point {
    float x, y;
};

/* Clockwise from the top-left corner of the text, whatever its direction on the page. */
struct quad {
    struct point corner[4];
};

struct rect {
    float x1, y1, x2, y2; /* x1 ≤ x2, y1 ≤ y2 */
};

struct word {
    const char *text;
    struct quad polygon;
    float confidence;
};

/* How most of a line's letters look, as far as it is known. */
enum font_style { FONT_BOLD = 1, FONT_ITALIC = 2, FONT_MONO = 4 };

enum { PAGE_STYLES = 3 };
extern const struct page_style {
    enum font_style bit;
    const char *name; /* "bold" */
} page_styles[PAGE_STYLES];

struct line {
    const char *text;
    struct quad polygon;
    float confidence;
    float font_size; /* pixels from baseline to baseline when set solid (the em); 0: not known */
    unsigned style;  /* enum font_style bits */
    struct word *words;
    size_t word_count, word_space;
};

/* Of a table. A place in the grid belongs to at most one cell. */
struct cell {
    int row, col;         /* of its top left corner, from 0 */
    int rowspan, colspan; /* from 1 */
    bool header;
    const char *text; /* its lines, parted by '\n' */
    struct rect bbox;
};

enum block_type {
    BLOCK_TITLE,
    BLOCK_HEADING,
    BLOCK_TEXT,
    BLOCK_LIST,
    BLOCK_TABLE,
    BLOCK_TABLE_CAPTION,
    BLOCK_FIGURE,
    BLOCK_FIGURE_CAPTION,
    BLOCK_FORMULA,
    BLOCK_HEADER,
    BLOCK_FOOTER,
    BLOCK_PAGE_NUMBER,
    BLOCK_FOOTNOTE,
    BLOCK_CODE,
    BLOCK_SEAL,
    BLOCK_OTHER,
    BLOCK_TYPES
};

enum { BLOCK_NO_CAPTION = -1 };

struct block {
    enum block_type type;
    int level; /* of a title or heading, from 1; else 0 */
    struct rect bbox;
    float confidence;
    /* All its text, in reading order: a table's and a figure's too. */
    struct line *lines;
    size_t line_count, line_space;
    /* A sentence or table that goes on in the next block of running text, on this page or the next;
     * and the other side of the same join. */
    bool continues, continued;
    int caption;    /* index of a figure's or table's caption among the page's blocks, or
                       BLOCK_NO_CAPTION */
    int rows, cols; /* of a table; its cells by row, then column */
    struct cell *cells;
    size_t cell_count, cell_space;
};

struct page_warning {
    const char *code, *message;
};

/* Where an engine's time went: turning the page upright, finding lines, reading
 * them, and, as a part of all those, the time inside neural networks. */
enum page_stage {
    PAGE_STAGE_TURN,
    PAGE_STAGE_DETECT,
    PAGE_STAGE_READ,
    PAGE_STAGE_NETWORK,
    PAGE_STAGE_LAYOUT, /* all of it: rules, pictures, columns, tables */
    PAGE_STAGES
};
extern const char *const page_stage_names[PAGE_STAGES];

/* The pixels, the PDF's text layer, or the pixels corrected from the text layer. */
enum page_source { PAGE_SOURCE_OCR, PAGE_SOURCE_TEXT, PAGE_SOURCE_VERIFIED, PAGE_SOURCES };
extern const char *const page_source_names[PAGE_SOURCES];

struct page {
    int number; /* from 1 */
    int width, height, dpi;
    int rotation; /* degrees clockwise that pagemill turned the page to read it: 0, 90, 180, 270 */
    float skew;   /* degrees */
    enum page_source source;
    float layer_score; /* how good the text layer looks, 0 to 1; PAGE_NO_SCORE: not looked at */
    const char *engine, *language;
    float confidence; /* mean over words */
    int64_t duration_ms;
    float stage_ms[PAGE_STAGES]; /* 0 where the engine does not say */
    struct block *blocks;        /* in reading order */
    size_t block_count, block_space;
    struct page_warning *warnings;
    size_t warning_count, warning_space;
    struct arena *arena;
};

#define PAGE_NO_SCORE (-1.0F)

/* Every size that outsiders control. */
enum {
    PAGE_MAX_GRID = 4096,     /* rows or columns of a table */
    PAGE_MAX_SIDE = 200000,   /* pixels */
    PAGE_MAX_WORDS = 250000,  /* a dense A0 sheet has some 50,000 */
    PAGE_MAX_TEXT = 1 << 20,  /* bytes of one line */
    PAGE_MAX_JSON = 16 << 20, /* bytes of one page result: 50,000 words are some 10 MiB */
    PAGE_ARENA_CAP = 256 << 20,
};

struct page *page_new(int number);
void page_free(struct page **p);

/* Append; the pointer returned is good until the next append to the same list. NULL over a cap. */
struct block *page_add_block(struct page *p, enum block_type type);
struct line *page_add_line(struct page *p, struct block *b);
struct word *page_add_word(struct page *p, struct line *l);
struct cell *page_add_cell(struct page *p, struct block *b);
int page_add_warning(struct page *p, const char *code, const char *message);
const char *page_text(struct page *p, const char *s,
                      size_t len); /* copy into the arena; NULL over the cap */

/* Line text from its words joined by single spaces; polygon and confidence from the words when
 * asked. */
int page_join_words(struct page *p, struct line *l);
size_t page_count_words(const struct page *p);
/* Block bboxes around their lines, block and page confidence as means over words. */
void page_summarise(struct page *p);

/* The file name of a figure's picture: "{page from 0}_{figure on the page from 0}.jpg". */
enum { PAGE_FIGURE_NAME = 32 };
void page_figure_name(int page, unsigned figure, char out[PAGE_FIGURE_NAME]); /* figure from 0 */

float point_distance(struct point a, struct point b);
struct point point_between(struct point a, struct point b, float part); /* 0: a, 1: b */

struct quad quad_of_rect(struct rect r);
struct quad quad_shifted(const struct quad *q, unsigned by); /* its corner `by` comes first */
struct rect rect_of_quad(const struct quad *q);
struct rect rect_union(struct rect a, struct rect b);

const char *block_type_name(enum block_type type);
int block_type_of(const char *name); /* -1 if unknown */

/* The canonical JSON (docs/api.md, "The page result"). Never fails; check out->overflowed. */
void page_encode(const struct page *p, struct strbuf *out);

/* The same with all lengths in another unit, for readers; page_decode takes pixels only. */
enum page_unit { PAGE_PIXELS, PAGE_POINTS, PAGE_UNITS };
extern const char *const page_unit_names[PAGE_UNITS + 1]; /* "px", "pt"; ends with NULL */
void page_encode_unit(const struct page *p, enum page_unit unit, struct strbuf *out);

/* The same JSON as hostile input: shape, types, ranges, caps, UTF-8, geometry inside the page.
 * Any breach is ERROR_BUG with the offending key named. */
int page_decode(struct page **out, const char *json, size_t len, struct error *err);

#endif
