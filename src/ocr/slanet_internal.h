/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a table model's words mean, and the grid that a sentence of them makes. Only for slanet*.c
 * and their tests.
 */
#ifndef OCR_SLANET_INTERNAL_H
#define OCR_SLANET_INTERNAL_H

#include "ocr/slanet.h"

enum {
    SLANET_MAX_WORDS = 256,  /* classes: the published models have 30 or 50 */
    SLANET_MAX_CELLS = 4096, /* they end after 500 words */
    SLANET_MAX_SPAN = 100,
};

enum slanet_kind {
    WORD_NOTHING, /* the sentence's begin, the table's tags, what is not known */
    WORD_END,
    WORD_HEAD,     /* <thead> */
    WORD_HEAD_END, /* </thead> */
    WORD_ROW,      /* <tr> */
    WORD_CELL,     /* <td></td>: a whole cell; or <td> */
    WORD_OPEN,     /* <td: its spans follow */
    WORD_COLSPAN,
    WORD_ROWSPAN,
};

struct slanet_word {
    enum slanet_kind kind;
    int span;
};

struct slanet_words {
    struct slanet_word rows[SLANET_MAX_WORDS];
    size_t count;
};

/* The words in the order of a model's classes, from a dictionary (a word a line) or, NULL, the one
 * of the models since 2022. PaddleOCR puts sos before, eos behind, and one word for an empty cell
 * in the place of the plain <td>. */
int slanet_words_read(struct slanet_words *out, const char *dictionary, size_t len,
                      struct error *err);

/* A cell being built: its place in the picture is told at the step of its word. */
struct slanet_step {
    struct slanet_word word;
    struct rect at;
};

/* False: no table, and *out is untouched. */
enum slanet_verdict { SLANET_TABLE, SLANET_NONE, SLANET_FULL };
enum slanet_verdict slanet_grid_make(const struct slanet_step *steps, size_t count,
                                     struct arena *arena, struct layout_grid *out);

#endif
