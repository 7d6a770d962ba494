/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the picture drivers that decode with MuPDF share.
 */
#ifndef DECODE_DECODE_IMAGE_H
#define DECODE_DECODE_IMAGE_H

#include "decode/decode_fitz.h"

/* A decoded picture into the raster: any colour space, any alpha, turned by the EXIF orientation.
 * ERROR_INPUT when it is not of the size that was measured. May throw. */
int decode_image_put(fz_context *ctx, fz_pixmap *picture, unsigned orientation,
                     const struct raster *raster, uint8_t *pixels, struct error *err);

/* The bytes of a document that is a JPEG file as viewers of PDF take it: grey or RGB. */
struct decode_jpeg {
    const uint8_t *data; /* the document's */
    size_t len;
    uint32_t width, height, colours;
    unsigned orientation; /* EXIF */
};

bool decode_image_jpeg(struct document *doc, struct decode_jpeg *out);

#endif
