/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the binder's files share. Functions that take a binder and no error may throw.
 */
#ifndef DECODE_BINDER_INTERNAL_H
#define DECODE_BINDER_INTERNAL_H

#include "decode/binder.h"
#include "decode/decode_fitz.h"

#include <mupdf/pdf.h>

/* ---- binder_plan.c ---- */

enum {
    BINDER_NOTE = 128,
    BINDER_WORD = 1024, /* bytes of UTF-8 in one word item */
};

struct binder_box {
    enum block_type type;
    int number; /* in reading order */
    int x1, y1, x2, y2;
};

struct binder_cell {
    int x1, y1, x2, y2;
};

/* Of a line of text; tenths of the page's units. */
struct binder_line {
    int x1, y1, x2, y2, height;
    size_t first_word, word_count;
};

struct binder_word {
    int from, to;
    const char *hex; /* the plan's */
    size_t hex_len;
    bool blank; /* after it */
};

struct binder_page {
    uint32_t number;   /* 0: none */
    int width, height; /* 0: not stated */
    char note[BINDER_NOTE];
    bool failed;
    struct binder_box *boxes;
    size_t box_count, box_space;
    struct binder_cell *cells;
    size_t cell_count, cell_space;
    struct binder_line *lines;
    size_t line_count, line_space;
    struct binder_word *words;
    size_t word_count, word_space;
};

struct binder_plan {
    const char *at, *end;
    unsigned line;
    struct binder_page page; /* the one read last */
};

/* The text must outlive it. */
int binder_plan_open(struct binder_plan *p, const char *text, size_t len, struct error *err);
/* The next page, in p->page; at the end its number is 0. */
int binder_plan_next(struct binder_plan *p, struct error *err);
void binder_plan_close(struct binder_plan *p);
/* A word's letters: their number. */
size_t binder_word_letters(const struct binder_word *word, uint32_t letters[BINDER_WORD]);

/* ---- binder_font.c: the font of unseen text ---- */

struct binder_font {
    uint16_t *codes;      /* of a character; 0: none yet */
    uint32_t *characters; /* of a code */
    unsigned count;       /* of codes */
    pdf_obj *object;      /* the Type 0 font; NULL: nothing is written with it yet */
};

/* Every glyph is as wide as this, in ems; the line reaches from descent below to ascent above. */
#define BINDER_FONT_WIDTH 0.5F
#define BINDER_FONT_DESCENT 0.2F

/* ---- the document being made ---- */

struct binder {
    struct document *doc;
    struct decode_fitz *fitz, own; /* fitz: the document's, or our own for pictures */
    pdf_document *pdf;             /* the document itself, or made of its pictures */
    bool pictures;
    uint64_t held; /* bytes of pictures in the PDF that is made */
    int *forms;    /* by object: 0 not looked at, −1 stays, else the one that replaces it */
    int form_count;
    pdf_obj **pages;  /* of the PDF, owned; NULL: one that cannot be found. Not for pictures */
    pdf_obj *font;    /* Helvetica, for the labels; NULL: none yet */
    fz_font *metrics; /* the same, to measure with */
    struct binder_font unseen;
    fz_buffer *failed; /* "3,7": the pages that failed; NULL: none */
};

void binder_font_begin(struct binder *b); /* if it was not */
unsigned binder_font_code(struct binder_font *f, uint32_t character);
void binder_font_finish(struct binder *b); /* before writing */
void binder_font_drop(struct binder *b);

/* binder_text.c: the same for its lines of unseen text; they use the font /T. */
void binder_write_text(struct binder *b, const struct binder_page *what, fz_buffer *out,
                       float width, float height);

/* binder.c: makes font and metrics, if they are not made. */
void binder_labels_begin(struct binder *b);

/* binder_draw.c: the drawings for a page that is shown in width × height points, in a space of
 * those points with its origin at the bottom left, as content operators; they use the font /F. */
void binder_draw(struct binder *b, const struct binder_page *what, fz_buffer *out, float width,
                 float height);

/* binder_content.c */
/* More graphics states than any page means: MuPDF and others would pile them up. */
enum { BINDER_MOST_STATES = 1000 };
/* How many of them a page's content pops too many, and how many it leaves. */
struct binder_balance {
    int missing, open;
};
struct binder_balance binder_balance_of(struct binder *b, pdf_obj *contents);
/* To be called after ID: there are bytes up to EI between white space. */
void binder_skip_picture(fz_context *ctx, fz_stream *content);

/* binder_unseen.c: takes unseen text out of the page, as far as that leaves all else in place. */
void binder_clear_page(struct binder *b, pdf_obj *page);

/* binder_pages.c */
/* A copy of what a dictionary has under a key, put in its place: the one there may be other pages'
 * too. Borrowed. */
pdf_obj *binder_own_dict(struct binder *b, pdf_obj *holder, pdf_obj *key, pdf_obj *present);
void binder_mark_page(struct binder *b, pdf_obj *page, const struct binder_page *what);
/* Fills b->pages. An object that stands for several of them becomes one for each. */
void binder_find_pages(struct binder *b);
void binder_drop_pages(struct binder *b);

/* binder_picture.c: a page of a document that is no PDF, decoded or as the JPEG that it is. */
struct binder_picture {
    struct raster raster; /* as shown */
    unsigned orientation; /* EXIF's: how the pixels below are turned to be shown */
    uint32_t width, height, colours;
    const uint8_t *jpeg; /* NULL: not one that a PDF can hold as it is */
    size_t jpeg_len;
    uint8_t *pixels; /* else, without gaps between rows */
    size_t size;     /* of their memory */
};

int binder_picture_open(struct binder_picture *p, struct document *doc, uint32_t n,
                        uint32_t timeout_ms, struct error *err);
void binder_picture_close(struct binder_picture *p);
pdf_obj *binder_add_picture(struct binder *b, const struct binder_picture *p); /* a borrowed page */
pdf_obj *binder_add_empty(struct binder *b);

/* binder_save.c: the same document gives the same bytes. */
void binder_save(struct binder *b, fz_output *out);

/* binder_write.c */
/* A new stream of these bytes, deflated; dict may be NULL. Owned. */
pdf_obj *binder_add_packed(struct binder *b, fz_buffer *data, pdf_obj *dict);
void binder_name_failed(struct binder *b); /* b->failed into the PDF's Info */
void binder_disarm(struct binder *b);      /* nothing shall lead to what acts */
int binder_write(struct binder *b, uint64_t max_size, uint64_t *size, struct error *err);
int binder_too_large(uint64_t max_size, struct error *err); /* ERROR_LIMIT, −1 */

#endif
