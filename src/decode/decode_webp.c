/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * WebP through libwebp, which MuPDF lacks. Refuses animations. The EXIF chunk's orientation and
 * resolution are honoured. Called by decode.c.
 */
#include "decode/decode_driver.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>

struct webp_document {
    struct document base;
    struct decode_bytes bytes;
    WebPBitstreamFeatures features;
    struct decode_ifd exif;
};

static void webp_close(struct document *base)
{
    struct webp_document *d = (struct webp_document *)base;
    decode_bytes_unmap(&d->bytes);
    free(d);
}

static uint32_t chunk_size(const uint8_t *at)
{
    return (uint32_t)at[4] | (uint32_t)at[5] << 8 | (uint32_t)at[6] << 16 | (uint32_t)at[7] << 24;
}

/* RIFF: "RIFF" size "WEBP", then chunks of name, size, bytes, padded to even. */
static struct decode_ifd find_exif(const struct decode_bytes *b)
{
    enum { RIFF_HEAD = 12, CHUNK_HEAD = 8 };
    struct decode_ifd ifd = {.orientation = 1};
    for (size_t at = RIFF_HEAD; at + CHUNK_HEAD <= b->len;) {
        const uint8_t *chunk = b->data + at, *body = chunk + CHUNK_HEAD;
        size_t rest = b->len - at - CHUNK_HEAD, size = chunk_size(chunk);
        if (size > rest)
            break;
        if (memcmp(chunk, "EXIF", 4) == 0) {
            bool named = size > 6 && memcmp(body, "Exif\0\0", 6) == 0; /* some writers do */
            const uint8_t *tiff = body + (named ? 6 : 0);
            size_t len = size - (named ? 6 : 0);
            decode_ifd_read(tiff, len, decode_ifd_first(tiff, len), &ifd);
            break;
        }
        at += CHUNK_HEAD + size + (size & 1);
    }
    return ifd;
}

static int read_features(struct webp_document *d, struct error *err)
{
    if (WebPGetFeatures(d->bytes.data, d->bytes.len, &d->features) != VP8_STATUS_OK)
        return error_set(err, ERROR_INPUT, "not a WebP picture that can be read");
    if (d->features.has_animation)
        return error_set(err, ERROR_UNSUPPORTED, "an animated WebP picture");
    d->exif = find_exif(&d->bytes);
    return 0;
}

static int webp_open(struct document **out, const struct decode_source *source, struct error *err)
{
    struct webp_document *d = x_calloc(1, sizeof *d);
    d->base.limits = source->limits;
    d->base.pages = 1;
    if (decode_bytes_map(&d->bytes, source, err) < 0 || read_features(d, err) < 0) {
        webp_close(&d->base);
        return -1;
    }
    *out = &d->base;
    return 0;
}

static int webp_measure(struct document *base, uint32_t n, const struct render *how,
                        struct raster *raster, struct error *err)
{
    struct webp_document *d = (struct webp_document *)base;
    (void)n;
    (void)how;
    return decode_measure_picture((uint64_t)d->features.width, (uint64_t)d->features.height,
                                  d->exif.orientation, d->exif.dpi, &base->limits, raster, err);
}

static int decode_into(struct webp_document *d, uint8_t *samples, size_t stride, size_t size,
                       struct error *err)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return error_set(err, ERROR_BUG, "libwebp is not the one that was built against");
    config.output.colorspace = d->features.has_alpha ? MODE_rgbA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = samples;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = size;
    switch (WebPDecode(d->bytes.data, d->bytes.len, &config)) {
    case VP8_STATUS_OK:
        return 0;
    case VP8_STATUS_OUT_OF_MEMORY:
        return error_set(err, ERROR_LIMIT, "no memory for the picture");
    default:
        return error_set(err, ERROR_INPUT, "the picture cannot be decoded");
    }
}

static int webp_draw(struct document *base, uint32_t n, const struct raster *raster,
                     uint8_t *pixels, struct error *err)
{
    struct webp_document *d = (struct webp_document *)base;
    uint32_t width = (uint32_t)d->features.width, height = (uint32_t)d->features.height;
    bool alpha = d->features.has_alpha != 0;
    (void)n;
    if (!alpha && raster->channels == 3 && d->exif.orientation == 1)
        return decode_into(d, pixels, raster->stride, (size_t)raster->stride * height, err);
    size_t stride = (size_t)width * (alpha ? 4 : 3), size = stride * height;
    uint8_t *samples = size <= base->limits.max_memory ? malloc(size) : NULL;
    if (!samples)
        return error_set(err, ERROR_LIMIT,
                         "%zu bytes of pixels: over the memory allowed "
                         "(worker_memory)",
                         size);
    int result = decode_into(d, samples, stride, size, err);
    struct decode_rows rows = {samples, (ptrdiff_t)stride, width, 0, height, 3, alpha};
    if (result == 0)
        decode_blit(&rows, d->exif.orientation, raster, pixels);
    free(samples);
    return result;
}

const struct decode_driver decode_webp = {webp_open, webp_close, webp_measure, webp_draw, NULL};
