/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Connectionist temporal classification, greedily: the best class of each time step, repeats taken
 * once, blanks dropped (Graves et al., 2006). A character's confidence is that of its first step,
 * as PaddleOCR has it; its place along the line is that of its steps.
 */
#include "ocr/ppocr.h"

#include "base/must.h"
#include "ocr/simd.h"

#include <string.h>

enum { BLANK = 0, CHUNK = 64 };

/* Probabilities are not negative, so their bits order as they do; and integers, unlike floats,
 * have a maximum that compilers vectorise. */
SIMD static int32_t greatest(const int32_t *bits, size_t n)
{
    int32_t best = 0;
    for (size_t i = 0; i < n; i++)
        best = bits[i] > best ? bits[i] : best;
    return best;
}

/* Chunk by chunk, so that the place is looked for in one chunk only. */
static size_t best_class(const int32_t *bits, size_t classes)
{
    size_t chunk = 0;
    int32_t best = -1;
    for (size_t at = 0; at < classes; at += CHUNK) {
        int32_t m = greatest(bits + at, classes - at < CHUNK ? classes - at : CHUNK);
        if (m > best) {
            best = m;
            chunk = at;
        }
    }
    size_t i = chunk;
    while (i + 1 < classes && bits[i] < best)
        i++;
    return bits[i] < best ? BLANK : i; /* nothing here is a probability */
}

static struct ppocr_character *add_character(struct ppocr_text *text)
{
    if (text->count == text->space) {
        text->space = text->space ? text->space * 2 : 64;
        text->characters = x_realloc(text->characters, text->space, sizeof *text->characters);
    }
    return &text->characters[text->count++];
}

static float probability(float p)
{
    return p >= 0 && p <= 1 ? p : p > 1 ? 1 : 0; /* not a number: 0 */
}

static void summarise(struct ppocr_text *text)
{
    double sum = 0;
    for (size_t i = 0; i < text->count; i++)
        sum += (double)text->characters[i].confidence;
    text->confidence = text->count ? (float)(sum / (double)text->count) : 0;
}

void ppocr_ctc(const float *probabilities, size_t steps, size_t used, size_t classes,
               struct ppocr_text *text)
{
    size_t last = BLANK;
    must(used <= steps && classes <= UINT32_MAX);
    for (size_t t = 0; t < used; t++) {
        const float *row = probabilities + t * classes;
        size_t class = best_class((const int32_t *)row, classes);
        const float end = (float)(t + 1) / (float)used;
        if (class != BLANK && class == last)
            text->characters[text->count - 1].end = end;
        else if (class != BLANK)
            *add_character(text) = (struct ppocr_character){
                (uint32_t) class, probability(row[class]), (float)t / (float)used, end};
        last = class;
    }
    summarise(text);
}
