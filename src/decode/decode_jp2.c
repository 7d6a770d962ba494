/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * JPEG 2000, in its boxes or bare, through MuPDF. MuPDF decodes the whole picture even to learn its
 * size, and OpenJPEG's memory is not MuPDF's to count, so the size is read here and pictures that
 * would need too much are refused before either sees them. Called by decode.c.
 */
#include "decode/decode_image.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* OpenJPEG 2.5 was seen to hold 4.1 to 4.6 bytes for each sample while it decodes; MuPDF one more.
 */
enum { BYTES_PER_SAMPLE = 6 };

struct jp2_document {
    struct document base;
    struct decode_fitz fitz;
    struct decode_bytes bytes;
    uint64_t width, height, components;
};

static void jp2_close(struct document *base)
{
    struct jp2_document *d = (struct jp2_document *)base;
    decode_fitz_close(&d->fitz);
    decode_bytes_unmap(&d->bytes);
    free(d);
}

static uint64_t number(const struct decode_bytes *b, size_t at, size_t size)
{
    uint64_t v = 0;
    if (at > b->len || size > b->len - at)
        return 0;
    for (size_t i = 0; i < size; i++)
        v = v << 8 | b->data[at + i];
    return v;
}

/* Where the codestream begins; len when nowhere. Boxes: size, name, and a long size if size is 1.
 */
static size_t codestream(const struct decode_bytes *b)
{
    enum { HEAD = 8, LONG_HEAD = 16, SOC = 0xFF4F };
    size_t at = 0;
    if (number(b, 0, 2) == SOC)
        return 0;
    while (b->len - at > LONG_HEAD) {
        uint64_t size = number(b, at, 4);
        size_t head = size == 1 ? LONG_HEAD : HEAD;
        if (memcmp(b->data + at + 4, "jp2c", 4) == 0)
            return at + head;
        size = size == 1 ? number(b, at + HEAD, 8) : size;
        if (size < head || size > b->len - at)
            break;
        at += (size_t)size;
    }
    return b->len;
}

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

/* The SIZ segment, which must come first (ISO 15444-1, A.5.1): the size of the first component,
 * which is the size MuPDF gives the picture. */
static int read_size(struct jp2_document *d, struct error *err)
{
    enum { SIZ = 0xFF51, X = 8, Y = 12, X_START = 16, Y_START = 20, COUNT = 40, STEP = 43 };
    const struct decode_bytes *b = &d->bytes;
    size_t at = codestream(b);
    uint64_t step_x = number(b, at + STEP, 1), step_y = number(b, at + STEP + 1, 1);
    uint64_t x1 = number(b, at + X_START, 4), x2 = number(b, at + X, 4);
    uint64_t y1 = number(b, at + Y_START, 4), y2 = number(b, at + Y, 4);
    if (number(b, at + 2, 2) != SIZ || !step_x || !step_y || x1 >= x2 || y1 >= y2)
        return error_set(err, ERROR_INPUT, "not a JPEG 2000 picture that can be read");
    d->width = divide_up(x2, step_x) - divide_up(x1, step_x);
    d->height = divide_up(y2, step_y) - divide_up(y1, step_y);
    d->components = number(b, at + COUNT, 2);
    return decode_check_size(d->width, d->height, &d->base.limits, err);
}

static int check_memory(const struct jp2_document *d, struct error *err)
{
    /* The checked size is below 2^32 and components below 2^16. */
    uint64_t bytes = d->width * d->height * d->components * BYTES_PER_SAMPLE;
    if (bytes <= d->base.limits.max_memory)
        return 0;
    return error_set(err, ERROR_LIMIT,
                     "%llu x %llu pixels of %llu components need more than %llu MiB of memory "
                     "(worker_memory)",
                     (unsigned long long)d->width, (unsigned long long)d->height,
                     (unsigned long long)d->components,
                     (unsigned long long)(d->base.limits.max_memory >> 20));
}

static int jp2_open(struct document **out, const struct decode_source *source, struct error *err)
{
    struct jp2_document *d = x_calloc(1, sizeof *d);
    d->base.limits = source->limits;
    d->base.pages = 1;
    if (decode_fitz_open(&d->fitz, &source->limits, err) < 0) {
        free(d);
        return -1;
    }
    if (decode_bytes_map(&d->bytes, source, err) < 0 || read_size(d, err) < 0 ||
        check_memory(d, err) < 0) {
        jp2_close(&d->base);
        return -1;
    }
    *out = &d->base;
    return 0;
}

static int jp2_measure(struct document *base, uint32_t n, const struct render *how,
                       struct raster *raster, struct error *err)
{
    struct jp2_document *d = (struct jp2_document *)base;
    (void)n;
    (void)how;
    return decode_measure_picture(d->width, d->height, 1, 0, &base->limits, raster, err);
}

static int jp2_draw(struct document *base, uint32_t n, const struct raster *raster, uint8_t *pixels,
                    struct error *err)
{
    struct jp2_document *d = (struct jp2_document *)base;
    fz_context *ctx = d->fitz.ctx;
    fz_pixmap *picture = NULL;
    int result = 0;
    (void)n;
    fz_var(picture);
    fz_var(result);
    decode_fitz_begin(&d->fitz);
    fz_try(ctx)
    {
        picture = fz_load_jpx(ctx, d->bytes.data, d->bytes.len, NULL);
        result = decode_image_put(ctx, picture, 1, raster, pixels, err);
    }
    fz_always(ctx)
    {
        fz_drop_pixmap(ctx, picture);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(&d->fitz, "the picture cannot be decoded", err);
    }
    return result;
}

const struct decode_driver decode_jp2 = {jp2_open, jp2_close, jp2_measure, jp2_draw, NULL};
