/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * PNG, JPEG, BMP and GIF (its first picture) through MuPDF's image functions, pixel for pixel. The
 * header alone is read before the size is checked. Called by decode.c and, for the pixels, by the
 * TIFF and JPEG 2000 drivers.
 */
#include "decode/decode_image.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct image_document {
    struct document base;
    struct decode_fitz fitz;
    struct decode_bytes bytes;
    fz_image *image;
    unsigned orientation; /* EXIF */
};

static void image_close(struct document *base)
{
    struct image_document *d = (struct image_document *)base;
    fz_drop_image(d->fitz.ctx, d->image);
    decode_fitz_close(&d->fitz);
    decode_bytes_unmap(&d->bytes);
    free(d);
}

/* Position after the sub-blocks that begin at `at`; len when they do not end. */
static size_t skip_blocks(const struct decode_bytes *b, size_t at)
{
    while (at < b->len && b->data[at])
        at += (size_t)b->data[at] + 1;
    return at < b->len ? at + 1 : b->len;
}

static size_t colour_table(uint8_t flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* An animation is one page, its first picture: the trailer goes right after it, in our private
 * copy. This also mends files whose own trailer was cut off. */
static void end_gif(struct decode_bytes *b)
{
    enum { SCREEN = 13, EXTENSION = 0x21, PICTURE = 0x2C, TRAILER = 0x3B };
    size_t at = SCREEN;
    if (b->len < SCREEN)
        return;
    at += colour_table(b->data[10]);
    while (at + 10 < b->len && b->data[at] == EXTENSION)
        at = skip_blocks(b, at + 2);
    if (at + 10 >= b->len || b->data[at] != PICTURE)
        return;
    at += 10 + colour_table(b->data[at + 9]);
    at = skip_blocks(b, at + 1);
    if (at < b->len)
        b->data[at] = TRAILER;
}

/* The formats whose headers may state sizes that MuPDF takes for damage: those are over the limit,
 * which is another answer to the client. Height follows width. */
static const struct stated {
    const char *magic;
    size_t magic_len, width_at, bytes;
    bool little;
} stated[] = {
    {"\x89PNG", 4, 16, 4, false},
    {"BM", 2, 18, 4, true},
    {"GIF8", 4, 6, 2, true},
};

static uint32_t number(const uint8_t *at, size_t bytes, bool little)
{
    uint32_t v = 0;
    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | at[little ? bytes - 1 - i : i];
    return v;
}

static int check_stated_size(const struct decode_bytes *b, const struct decode_limits *limits,
                             struct error *err)
{
    enum { BMP_HEADER = 14, SHORT_BMP = 12, ENOUGH = 26 };
    const struct stated *s = stated, *end = stated + sizeof stated / sizeof *stated;
    if (b->len < ENOUGH)
        return 0;
    while (s < end && memcmp(b->data, s->magic, s->magic_len) != 0)
        s++;
    bool bmp = *b->data == 'B';
    if (s == end || (bmp && number(b->data + BMP_HEADER, 4, true) <= SHORT_BMP))
        return 0;
    uint32_t width = number(b->data + s->width_at, s->bytes, s->little);
    uint32_t height = number(b->data + s->width_at + s->bytes, s->bytes, s->little);
    if (bmp && height > INT32_MAX) /* negative: top row first */
        height = -height;
    return decode_check_size(width, height, limits, err);
}

static int read_header(struct image_document *d, struct error *err)
{
    /* MuPDF numbers orientations its own way; see fz_image_orientation. */
    static const uint8_t exif_of[9] = {1, 1, 8, 3, 6, 2, 5, 4, 7};
    fz_context *ctx = d->fitz.ctx;
    fz_buffer *buffer = NULL;
    int result = 0;
    fz_var(buffer);
    fz_var(result);
    fz_try(ctx)
    {
        buffer = fz_new_buffer_from_shared_data(ctx, d->bytes.data, d->bytes.len);
        d->image = fz_new_image_from_buffer(ctx, buffer);
        unsigned orientation = fz_image_orientation(ctx, d->image);
        d->orientation = orientation < sizeof exif_of ? exif_of[orientation] : 1;
    }
    fz_always(ctx)
    {
        fz_drop_buffer(ctx, buffer);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(&d->fitz, "not a picture that can be read", err);
    }
    return result;
}

static int image_open(struct document **out, const struct decode_source *source, struct error *err)
{
    struct image_document *d = x_calloc(1, sizeof *d);
    d->base.limits = source->limits;
    d->base.pages = 1;
    if (decode_fitz_open(&d->fitz, &source->limits, err) < 0) {
        free(d);
        return -1;
    }
    int result = decode_bytes_map(&d->bytes, source, err);
    if (result == 0 && d->bytes.len > 4 && memcmp(d->bytes.data, "GIF8", 4) == 0)
        end_gif(&d->bytes);
    if (result < 0 || check_stated_size(&d->bytes, &source->limits, err) < 0 ||
        read_header(d, err) < 0) {
        image_close(&d->base);
        return -1;
    }
    *out = &d->base;
    return 0;
}

static int image_measure(struct document *base, uint32_t n, const struct render *how,
                         struct raster *raster, struct error *err)
{
    struct image_document *d = (struct image_document *)base;
    int x, y;
    (void)n;
    (void)how;
    if (d->image->w <= 0 || d->image->h <= 0)
        return error_set(err, ERROR_INPUT, "the picture has no pixels");
    fz_image_resolution(d->image, &x, &y);
    return decode_measure_picture((uint64_t)d->image->w, (uint64_t)d->image->h, d->orientation,
                                  x > y ? x : y, &base->limits, raster, err);
}

static bool is_device(fz_context *ctx, fz_colorspace *space)
{
    return fz_colorspace_is_gray(ctx, space) || fz_colorspace_is_rgb(ctx, space);
}

static void put_rows(fz_context *ctx, fz_pixmap *rows, int first, unsigned orientation,
                     const struct raster *raster, uint8_t *pixels)
{
    struct decode_rows r = {.samples = fz_pixmap_samples(ctx, rows),
                            .stride = fz_pixmap_stride(ctx, rows),
                            .width = (uint32_t)fz_pixmap_width(ctx, rows),
                            .first = (uint32_t)first,
                            .count = (uint32_t)fz_pixmap_height(ctx, rows),
                            .colours = fz_pixmap_colorants(ctx, rows) == 3 ? 3 : 1,
                            .alpha = fz_pixmap_alpha(ctx, rows) != 0};
    decode_blit(&r, orientation, raster, pixels);
}

/* Some rows, converted, so that no second picture is held. */
static void convert_rows(fz_context *ctx, fz_pixmap *picture, int first, int count,
                         unsigned orientation, const struct raster *raster, uint8_t *pixels)
{
    fz_pixmap *band = NULL, *converted = NULL;
    fz_irect part = {fz_pixmap_x(ctx, picture), fz_pixmap_y(ctx, picture) + first,
                     fz_pixmap_x(ctx, picture) + fz_pixmap_width(ctx, picture),
                     fz_pixmap_y(ctx, picture) + first + count};
    fz_var(band);
    fz_var(converted);
    fz_try(ctx)
    {
        fz_colorspace *colours = raster->channels == 1 ? fz_device_gray(ctx) : fz_device_rgb(ctx);
        band = fz_new_pixmap_from_pixmap(ctx, picture, &part);
        converted = fz_convert_pixmap(ctx, band, colours, NULL, NULL, fz_default_color_params, 1);
        put_rows(ctx, converted, first, orientation, raster, pixels);
    }
    fz_always(ctx)
    {
        fz_drop_pixmap(ctx, converted);
        fz_drop_pixmap(ctx, band);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}

int decode_image_put(fz_context *ctx, fz_pixmap *picture, unsigned orientation,
                     const struct raster *raster, uint8_t *pixels, struct error *err)
{
    enum { BAND = 64 };
    int width = fz_pixmap_width(ctx, picture), height = fz_pixmap_height(ctx, picture);
    bool turned = orientation >= 5;
    if ((uint32_t)width != (turned ? raster->height : raster->width) ||
        (uint32_t)height != (turned ? raster->width : raster->height))
        return error_set(err, ERROR_INPUT, "the picture is not of the size that it states");
    fz_colorspace *space = fz_pixmap_colorspace(ctx, picture);
    if (!space) { /* only a mask: ink where it is set */
        fz_invert_pixmap_alpha(ctx, picture);
        put_rows(ctx, picture, 0, orientation, raster, pixels);
    } else if (is_device(ctx, space) && fz_pixmap_spots(ctx, picture) == 0) {
        put_rows(ctx, picture, 0, orientation, raster, pixels);
    } else {
        for (int y = 0; y < height && !decode_timer_expired(); y += BAND)
            convert_rows(ctx, picture, y, height - y < BAND ? height - y : BAND, orientation,
                         raster, pixels);
    }
    return 0;
}

static int image_draw(struct document *base, uint32_t n, const struct raster *raster,
                      uint8_t *pixels, struct error *err)
{
    struct image_document *d = (struct image_document *)base;
    fz_context *ctx = d->fitz.ctx;
    fz_pixmap *picture = NULL;
    int result = 0;
    (void)n;
    fz_var(picture);
    fz_var(result);
    decode_fitz_begin(&d->fitz);
    fz_try(ctx)
    {
        picture = fz_get_unscaled_pixmap_from_image(ctx, d->image);
        result = decode_image_put(ctx, picture, d->orientation, raster, pixels, err);
    }
    fz_always(ctx)
    {
        fz_drop_pixmap(ctx, picture);
        fz_empty_store(ctx); /* it keeps the picture, and nobody asks twice */
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(&d->fitz, "the picture cannot be decoded", err);
    }
    return result;
}

bool decode_image_jpeg(struct document *base, struct decode_jpeg *out)
{
    static const uint8_t magic[] = {0xFF, 0xD8, 0xFF};
    struct image_document *d = (struct image_document *)base;
    if (base->driver != &decode_image || d->bytes.len < sizeof magic ||
        memcmp(d->bytes.data, magic, sizeof magic) != 0 || (d->image->n != 1 && d->image->n != 3))
        return false;
    *out = (struct decode_jpeg){.data = d->bytes.data,
                                .len = d->bytes.len,
                                .width = (uint32_t)d->image->w,
                                .height = (uint32_t)d->image->h,
                                .colours = d->image->n,
                                .orientation = d->orientation};
    return true;
}

const struct decode_driver decode_image = {image_open, image_close, image_measure, image_draw,
                                           NULL};
