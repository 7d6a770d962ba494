/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the parts of the Tesseract engine share. Only for src/ocr/ocr_tesseract*.c.
 */
#ifndef OCR_OCR_TESSERACT_H
#define OCR_OCR_TESSERACT_H

#include "page/page.h"
#include "page/raster.h"

#include <stdint.h>
#include <tesseract/capi.h>

/* Reads grey pixels and appends what it finds to a page of their size, in its pixels. deadline_ms
 * 0: none. ERROR_TIMEOUT, ERROR_INPUT, ERROR_LIMIT. */
int tesseract_read(TessBaseAPI *api, const struct raster *raster, const uint8_t *pixels,
                   uint32_t deadline_ms, struct page *page, struct error *err);

/* Appends what Tesseract has recognised; scale is its pixels for one of the page. ERROR_LIMIT. */
int tesseract_take(TessBaseAPI *api, double scale, struct page *page, struct error *err);

/* The page turned clockwise by 90, 180 or 270 degrees, read and mapped back. */
int tesseract_read_turned(TessBaseAPI *api, const struct raster *raster, const uint8_t *pixels,
                          int degrees, int64_t end, struct page *page, struct error *err);

/* Where the page reads badly: turns it and reads it again if that helps. Whatever goes wrong then,
 * the first reading stays. The end is in steady milliseconds. */
void tesseract_turn(TessBaseAPI *api, const struct raster *raster, const uint8_t *pixels,
                    int64_t end, struct page *page);

/* How the page's text stands: its rotation and skew, from its lines. */
void tesseract_stand(struct page *page);

#endif
