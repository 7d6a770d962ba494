/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The parts of the PP-OCR engine, joined by ocr_ppocr.c: find boxes (DB), look at their
 * orientation, read them (CTC). Coordinates are pixels of the page in hand, as in pixels.h.
 * What the models want is stated in docs/engines.md.
 */
#ifndef OCR_PPOCR_H
#define OCR_PPOCR_H

#include "base/memory.h"
#include "model/recipe.h"
#include "ocr/onnx.h"
#include "ocr/pixels.h"

#include <stdbool.h>

/* ---- boxes of lines ---- */

struct ppocr_box {
    struct quad quad; /* clockwise; corner 0 is its upper left on the page */
    float score;      /* mean probability inside */
};

struct ppocr_boxes {
    struct ppocr_box *rows;
    size_t count, space;
};

/* From a probability map of width × height (ppocr_db.c): boxes in the map's own pixels, by the
 * recipe's thresholds. */
void ppocr_db(const float *map, size_t width, size_t height, const struct recipe *recipe,
              struct ppocr_boxes *out);

struct ppocr_detector;
int ppocr_detector_open(struct ppocr_detector **out, struct onnx *runtime,
                        const struct recipe *recipe, struct error *err);
void ppocr_detector_close(struct ppocr_detector **d);
/* Boxes on the page, unordered; they may reach a little over its edge. *out must be empty;
 * free(out->rows) by the caller. */
int ppocr_detect(struct ppocr_detector *d, const struct pixels *page, struct ppocr_boxes *out,
                 struct error *err);

/* ---- orientation ---- */

struct ppocr_orienter;
enum ppocr_orientation { PPOCR_OF_PAGE, PPOCR_OF_LINE };
int ppocr_orienter_open(struct ppocr_orienter **out, struct onnx *runtime,
                        const struct recipe *recipe, enum ppocr_orientation kind,
                        struct error *err);
void ppocr_orienter_close(struct ppocr_orienter **o);
/* Degrees by which the page, or the line in the quad, is turned clockwise; *confidence 0 to 1. */
int ppocr_orientation(struct ppocr_orienter *o, const struct pixels *page, const struct quad *quad,
                      int *degrees, float *confidence, struct error *err);

/* ---- text ---- */

struct ppocr_dictionary;
int ppocr_dictionary_open(struct ppocr_dictionary **out, const struct recipe *recipe,
                          struct error *err);
void ppocr_dictionary_close(struct ppocr_dictionary **d);
/* Classes that a model with this dictionary can have: blank, the entries, and maybe a space. */
bool ppocr_dictionary_fits(const struct ppocr_dictionary *d, size_t classes);
const char *ppocr_character(const struct ppocr_dictionary *d, size_t class);
/* The first `classes` classes but for the characters of Chinese, Japanese and Korean writing,
 * ascending; free() them. */
size_t *ppocr_alphabet(const struct ppocr_dictionary *d, size_t classes, size_t *count);

/* A character that was read. Positions along the line, 0 its start and 1 its end. */
struct ppocr_character {
    uint32_t class;
    float confidence, begin, end;
};

struct ppocr_text {
    struct ppocr_character *characters;
    size_t count, space;
    float confidence; /* mean over characters */
};

/* Greedy CTC decoding (ppocr_ctc.c) of steps × classes probabilities, class 0 blank; `used` of the
 * steps belong to the line, the others to padding. Appends to text->characters. */
void ppocr_ctc(const float *probabilities, size_t steps, size_t used, size_t classes,
               struct ppocr_text *text);

struct ppocr_reader;
/* alphabetic: the languages asked for are written with an alphabet. Lines are then read quickly by
 * a network without the thousands of characters of Chinese, Japanese and Korean writing, and
 * carefully by the whole one. */
int ppocr_reader_open(struct ppocr_reader **out, struct onnx *runtime, const struct recipe *recipe,
                      bool alphabetic, struct error *err);
void ppocr_reader_close(struct ppocr_reader **r);
const struct ppocr_dictionary *ppocr_reader_dictionary(const struct ppocr_reader *r);
/* Quickly: squeezed by the recipe's rec_squeeze, since each step along a line costs the same, and
 * by the smaller network where there is one. Carefully: in its own proportions, which letters that
 * stand close need, by the whole network. */
enum ppocr_pace { PPOCR_QUICKLY, PPOCR_CAREFULLY };

/* Read the lines in quads (corner 0 the upper left of the text itself) into texts, count rows;
 * those that have characters already are left alone. Each row's characters are free()d by the
 * caller. */
int ppocr_read(struct ppocr_reader *r, const struct pixels *page, const struct quad *quads,
               size_t count, enum ppocr_pace pace, int64_t deadline, struct ppocr_text *texts,
               struct error *err);

#endif
