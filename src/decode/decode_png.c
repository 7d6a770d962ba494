/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A raster as a PNG file in sealed memory, written by MuPDF. Called by decode.c.
 */
#include "decode/decode_fitz.h"

#include "base/fd.h"

static void write_out(fz_context *ctx, void *state, const void *data, size_t len)
{
    const int *fd = state;
    if (fd_write_full(*fd, data, len, NULL) < 0)
        fz_throw(ctx, FZ_ERROR_GENERIC, "the memory file is full");
}

static int write_png(struct decode_fitz *f, const struct raster *raster, uint8_t *pixels, int *fd,
                     struct error *err)
{
    fz_context *ctx = f->ctx;
    fz_pixmap *pixmap = NULL;
    fz_output *out = NULL;
    int result = 0;
    fz_var(pixmap);
    fz_var(out);
    fz_var(result);
    fz_try(ctx)
    {
        fz_colorspace *colours = raster->channels == 1 ? fz_device_gray(ctx) : fz_device_rgb(ctx);
        pixmap = fz_new_pixmap_with_data(ctx, colours, (int)raster->width, (int)raster->height,
                                         NULL, 0, (int)raster->stride, pixels);
        fz_set_pixmap_resolution(ctx, pixmap, (int)raster->dpi, (int)raster->dpi);
        out = fz_new_output(ctx, 65536, fd, write_out, NULL, NULL);
        fz_write_pixmap_as_png(ctx, out, pixmap);
        fz_close_output(ctx, out);
    }
    fz_always(ctx)
    {
        fz_drop_output(ctx, out);
        fz_drop_pixmap(ctx, pixmap);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(f, "writing PNG", err);
    }
    return result;
}

int decode_png(const struct raster *raster, uint8_t *pixels, const struct decode_limits *limits,
               struct error *err)
{
    struct decode_fitz fitz;
    auto_fd fd = fd_memory("png", err);
    if (fd < 0 || decode_fitz_open(&fitz, limits, err) < 0)
        return -1;
    int result = write_png(&fitz, raster, pixels, &fd, err);
    decode_fitz_close(&fitz);
    return result < 0 || fd_seal(fd, err) < 0 ? -1 : fd_take(&fd);
}
