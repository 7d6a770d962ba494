/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pixels to words. Only in pagemill-work. An engine loads everything it needs in ocr_open, because
 * the sandbox closes right after; from then on it reads no file. One thread. A new engine is one
 * driver file and one row in ocr.c.
 */
#ifndef OCR_OCR_H
#define OCR_OCR_H

#include "base/error.h"
#include "model/recipe.h"
#include "page/page.h"
#include "page/raster.h"
#include "page/wish.h"

#include <stdint.h>

struct ocr;
struct onnx;

struct ocr_config {
    const char *engine;          /* "tesseract", "ppocr", "auto" */
    const char *languages;       /* "eng+deu" */
    const char *tessdata;        /* directory, or "" for the built-in place */
    const struct recipe *recipe; /* of the neural engine; incomplete: it is not installed */
};

/* ERROR_UNSUPPORTED: an engine or language that is not installed; the text lists what is. */
int ocr_open(struct ocr **out, const struct ocr_config *config, struct error *err);
void ocr_close(struct ocr **ocr);

const char *ocr_name(const struct ocr *ocr);     /* "tesseract/5.3.0", "ppocr/PP-OCRv6_tiny" */
uint32_t ocr_channels(const struct ocr *ocr);    /* the raster it wants: 1 or 3 */
const char *ocr_device(const struct ocr *ocr);   /* what it computes on: "cpu", "webgpu", … */
const char *ocr_note(const struct ocr *ocr);     /* why not on what was asked for; "" */
struct onnx *ocr_runtime(const struct ocr *ocr); /* that it has opened, for other models; or NULL */

struct ocr_request {
    int number;           /* of the page */
    uint32_t deadline_ms; /* 0: none */
    int32_t rotate;       /* degrees clockwise that turn it upright, or PAGE_ROTATE_AUTO */
};

/* Read one page into *out: blocks, lines, words with polygons and confidence, in the raster's
 * pixels. A page without text gives no blocks. ERROR_TIMEOUT after the deadline, ERROR_INPUT,
 * ERROR_LIMIT. */
int ocr_read(struct ocr *ocr, const struct raster *raster, const uint8_t *pixels,
             const struct ocr_request *request, struct page **out, struct error *err);

/* The engines that this build knows, NULL after the last. */
const char *ocr_engine(size_t i);
/* Of the engine in config, without loading it: names of its languages joined by spaces, and what
 * raster it wants. ERROR_UNSUPPORTED where it cannot read here, and what to do about it. */
int ocr_languages(const struct ocr_config *config, struct strbuf *out, struct error *err);
uint32_t ocr_engine_channels(const struct ocr_config *config);
/* "tesseract/5.3.0", "ppocr/PP-OCRv6_tiny+tesseract/5.3.0": appended. */
void ocr_describe(const struct ocr_config *config, struct strbuf *out);

#endif
