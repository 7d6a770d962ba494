/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * TIFF, every image file directory of its chain a page. The chain is walked here, once, and refused
 * when it loops or is too long; the pixels are MuPDF's work. Called by decode.c.
 */
#include "decode/decode_image.h"

#include "base/memory.h"

#include <stdlib.h>

struct tiff_document {
    struct document base;
    struct decode_fitz fitz;
    struct decode_bytes bytes;
    uint32_t *offsets; /* of each page's directory */
};

static void tiff_close(struct document *base)
{
    struct tiff_document *d = (struct tiff_document *)base;
    decode_fitz_close(&d->fitz);
    decode_bytes_unmap(&d->bytes);
    free(d->offsets);
    free(d);
}

/* A chain that is cut off counts as far as it goes, as viewers have it. */
static int walk(struct tiff_document *d, struct error *err)
{
    uint32_t space = 0, count = 0;
    uint32_t offset = decode_ifd_first(d->bytes.data, d->bytes.len);
    struct decode_ifd ifd;
    for (; offset && decode_ifd_read(d->bytes.data, d->bytes.len, offset, &ifd);
         offset = ifd.next) {
        if (count == d->base.limits.max_pages)
            return error_set(err, ERROR_LIMIT, "more than the %u pages accepted (max_pages)",
                             count);
        if (count == space) {
            space = space ? space * 2 : 16;
            d->offsets = x_realloc(d->offsets, space, sizeof *d->offsets);
        }
        d->offsets[count] = offset;
        /* The one half as far meets this one within twice the length of any loop. */
        if (count && d->offsets[count / 2] == offset)
            return error_set(err, ERROR_INPUT, "the pages of the TIFF file form a loop");
        count++;
    }
    if (!count)
        return error_set(err, ERROR_INPUT, "no pages");
    d->base.pages = count;
    return 0;
}

static int tiff_open(struct document **out, const struct decode_source *source, struct error *err)
{
    struct tiff_document *d = x_calloc(1, sizeof *d);
    d->base.limits = source->limits;
    if (decode_fitz_open(&d->fitz, &source->limits, err) < 0) {
        free(d);
        return -1;
    }
    if (decode_bytes_map(&d->bytes, source, err) < 0 || walk(d, err) < 0) {
        tiff_close(&d->base);
        return -1;
    }
    *out = &d->base;
    return 0;
}

static struct decode_ifd directory(const struct tiff_document *d, uint32_t n)
{
    struct decode_ifd ifd = {0};
    decode_ifd_read(d->bytes.data, d->bytes.len, d->offsets[n - 1], &ifd);
    return ifd;
}

static int tiff_measure(struct document *base, uint32_t n, const struct render *how,
                        struct raster *raster, struct error *err)
{
    struct decode_ifd ifd = directory((struct tiff_document *)base, n);
    (void)how;
    return decode_measure_picture(ifd.width, ifd.height, ifd.orientation, ifd.dpi, &base->limits,
                                  raster, err);
}

/* Make page n the file's first, in our private copy: asked for a later one, MuPDF would walk the
 * chain again, in time that grows with the square of n. */
static void lead_to(struct tiff_document *d, uint32_t n)
{
    uint32_t offset = d->offsets[n - 1];
    bool little = d->bytes.data[0] == 'I';
    for (int i = 0; i < 4; i++)
        d->bytes.data[4 + i] = (uint8_t)(offset >> 8 * (little ? i : 3 - i));
}

static int tiff_draw(struct document *base, uint32_t n, const struct raster *raster,
                     uint8_t *pixels, struct error *err)
{
    struct tiff_document *d = (struct tiff_document *)base;
    fz_context *ctx = d->fitz.ctx;
    fz_pixmap *picture = NULL;
    int result = 0;
    fz_var(picture);
    fz_var(result);
    lead_to(d, n);
    decode_fitz_begin(&d->fitz);
    fz_try(ctx)
    {
        picture = fz_load_tiff_subimage(ctx, d->bytes.data, d->bytes.len, 0);
        result = decode_image_put(ctx, picture, directory(d, n).orientation, raster, pixels, err);
    }
    fz_always(ctx)
    {
        fz_drop_pixmap(ctx, picture);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(&d->fitz, "the page cannot be decoded", err);
    }
    return result;
}

const struct decode_driver decode_tiff = {tiff_open, tiff_close, tiff_measure, tiff_draw, NULL};
