/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What an engine implements. ocr.c has checked every argument before a driver sees it, and fills in
 * what all results share; a driver adds blocks with their lines and words, and warnings.
 */
#ifndef OCR_OCR_DRIVER_H
#define OCR_OCR_DRIVER_H

#include "ocr/ocr.h"

#include <stdbool.h>

struct ocr_driver {
    const char *engine;
    uint32_t (*channels)(const struct ocr_config *config); /* of the raster it wants: 1 or 3 */
    /* A struct whose first member is struct ocr; name and languages are ocr.c's to fill. */
    int (*open)(struct ocr **out, const struct ocr_config *config, struct error *err);
    void (*close)(struct ocr *ocr);
    const char *(*version)(const struct ocr *ocr); /* what stands behind the name */
    /* A line whose page ran out of room is ERROR_LIMIT. */
    int (*read)(struct ocr *ocr, const struct raster *raster, const uint8_t *pixels,
                const struct ocr_request *request, struct page *page, struct error *err);
    const char *(*device)(const struct ocr *ocr);   /* NULL: "cpu" */
    const char *(*note)(const struct ocr *ocr);     /* NULL: "" */
    struct onnx *(*runtime)(const struct ocr *ocr); /* NULL: none */
    int (*languages)(const struct ocr_config *config, struct strbuf *out, struct error *err);
    /* Everything it may read with, without loading it. */
    void (*describe)(const struct ocr_config *config, struct strbuf *out);
};

struct ocr {
    const struct ocr_driver *driver;
    char *name, *languages;
    uint32_t channels;
};

/* Does the list "deu eng fra" hold the name of len bytes? */
bool ocr_language_listed(const char *list, const char *name, size_t len);

extern const struct ocr_driver ocr_auto, ocr_ppocr, ocr_tesseract;

#endif
