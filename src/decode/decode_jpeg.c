/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A raster as a JPEG file in sealed memory. libjpeg ends errors by a jump; none leaves this file.
 * Called by decode.c.
 */
#include "decode/decode_driver.h"

#include "base/fd.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

enum { QUALITY = 90 };

struct failure {
    struct jpeg_error_mgr base; /* first: libjpeg knows only this */
    jmp_buf back;
};

static void jump(j_common_ptr c)
{
    struct failure *failure = (struct failure *)c->err;
    longjmp(failure->back, 1);
}

static void be_silent(j_common_ptr c)
{
    (void)c;
}

static void set_up(struct jpeg_compress_struct *c, const struct raster *raster)
{
    c->image_width = raster->width;
    c->image_height = raster->height;
    c->input_components = (int)raster->channels;
    c->in_color_space = raster->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(c);
    jpeg_set_quality(c, QUALITY, TRUE);
    c->density_unit = 1; /* dots per inch */
    c->X_density = c->Y_density = (UINT16)raster->dpi;
}

/* *data is malloc'd, also when it fails. */
static int compress(const struct raster *raster, uint8_t *pixels, unsigned char **data,
                    unsigned long *len)
{
    struct jpeg_compress_struct c;
    struct failure failure;
    c.err = jpeg_std_error(&failure.base);
    failure.base.error_exit = jump;
    failure.base.output_message = be_silent;
    if (setjmp(failure.back)) {
        jpeg_destroy_compress(&c);
        return -1;
    }
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, data, len);
    set_up(&c, raster);
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < c.image_height) {
        JSAMPROW row = pixels + (size_t)c.next_scanline * raster->stride;
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    return 0;
}

int decode_jpeg(const struct raster *raster, uint8_t *pixels, struct error *err)
{
    unsigned char *data = NULL;
    unsigned long len = 0;
    auto_fd fd = fd_memory("jpeg", err);
    if (fd < 0)
        return -1;
    int result = compress(raster, pixels, &data, &len) < 0
                     ? error_set(err, ERROR_LIMIT, "%u x %u pixels cannot be written as JPEG",
                                 raster->width, raster->height)
                     : fd_write_full(fd, data, len, err);
    free(data);
    return result < 0 || fd_seal(fd, err) < 0 ? -1 : fd_take(&fd);
}
