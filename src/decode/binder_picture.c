/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pictures as pages of a PDF. A JPEG goes in as it is; all others are decoded and deflated, as grey
 * where they have no colour. EXIF's orientation becomes the matrix that places the picture. Called
 * by binder.c.
 */
#include "decode/binder_internal.h"

#include "base/fd.h"
#include "decode/decode_image.h"

#include <string.h>
#include <sys/mman.h>

/* Acrobat shows no larger page; A4 is for those whose size nobody knows. */
static const float most_points = 14400, a4_width = 595, a4_height = 842;

/* ---- in ---- */

static bool colourless(const struct binder_picture *p)
{
    const uint8_t *end = p->pixels + p->size;
    for (const uint8_t *at = p->pixels; at < end; at += 3)
        if (at[0] != at[1] || at[1] != at[2])
            return false;
    return true;
}

static void make_grey(struct binder_picture *p)
{
    size_t count = (size_t)p->width * p->height;
    for (size_t i = 0; i < count; i++)
        p->pixels[i] = p->pixels[i * 3];
    p->colours = 1;
}

static int decode(struct binder_picture *p, struct document *doc, uint32_t n,
                  const struct render *how, struct error *err)
{
    auto_fd fd = document_render(doc, n, how, &p->raster, err);
    if (fd < 0)
        return -1;
    p->size = (size_t)p->raster.stride * p->raster.height;
    void *pixels = mmap(NULL, p->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (pixels == MAP_FAILED)
        return error_set(err, ERROR_LIMIT, "no memory for %zu bytes of pixels", p->size);
    p->pixels = pixels;
    p->width = p->raster.width;
    p->height = p->raster.height;
    p->colours = 3;
    p->orientation = 1;
    if (colourless(p))
        make_grey(p);
    return 0;
}

int binder_picture_open(struct binder_picture *p, struct document *doc, uint32_t n,
                        uint32_t timeout_ms, struct error *err)
{
    const struct render how = {.dpi = 72, .channels = 3, .timeout_ms = timeout_ms};
    struct decode_jpeg jpeg;
    *p = (struct binder_picture){0};
    if (!decode_image_jpeg(doc, &jpeg))
        return decode(p, doc, n, &how, err);
    if (doc->driver->measure(doc, n, &how, &p->raster, err) < 0)
        return -1;
    p->orientation = jpeg.orientation;
    p->width = jpeg.width;
    p->height = jpeg.height;
    p->colours = jpeg.colours;
    p->jpeg = jpeg.data;
    p->jpeg_len = jpeg.len;
    return 0;
}

void binder_picture_close(struct binder_picture *p)
{
    if (p->pixels)
        munmap(p->pixels, p->size);
    p->pixels = NULL;
}

/* ---- out ---- */

static fz_buffer *deflated(fz_context *ctx, const struct binder_picture *p)
{
    size_t len = 0, whole = (size_t)p->width * p->height * p->colours;
    unsigned char *data = fz_new_deflated_data(ctx, &len, p->pixels, whole, FZ_DEFLATE_DEFAULT);
    fz_buffer *buffer = fz_new_buffer_from_data(ctx, data, len); /* frees data when it fails */
    fz_trim_buffer(ctx, buffer);
    return buffer;
}

static pdf_obj *add_image(struct binder *b, const struct binder_picture *p)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *image = NULL, *dict = pdf_new_dict(ctx, b->pdf, 8);
    fz_buffer *data = NULL;
    fz_var(data);
    fz_var(image);
    fz_try(ctx)
    {
        data =
            p->jpeg ? fz_new_buffer_from_shared_data(ctx, p->jpeg, p->jpeg_len) : deflated(ctx, p);
        pdf_dict_put(ctx, dict, PDF_NAME(Type), PDF_NAME(XObject));
        b->held += fz_buffer_storage(ctx, data, NULL);
        pdf_dict_put(ctx, dict, PDF_NAME(Subtype), PDF_NAME(Image));
        pdf_dict_put_int(ctx, dict, PDF_NAME(Width), p->width);
        pdf_dict_put_int(ctx, dict, PDF_NAME(Height), p->height);
        pdf_dict_put_int(ctx, dict, PDF_NAME(BitsPerComponent), 8);
        pdf_dict_put(ctx, dict, PDF_NAME(ColorSpace),
                     p->colours == 1 ? PDF_NAME(DeviceGray) : PDF_NAME(DeviceRGB));
        pdf_dict_put(ctx, dict, PDF_NAME(Filter),
                     p->jpeg ? PDF_NAME(DCTDecode) : PDF_NAME(FlateDecode));
        image = pdf_add_stream(ctx, b->pdf, data, dict, 1);
    }
    fz_always(ctx)
    {
        fz_drop_buffer(ctx, data);
        pdf_drop_obj(ctx, dict);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
    return image;
}

/* image may be NULL: an empty page. The page is the tree's; borrowed. */
static pdf_obj *add_page(struct binder *b, pdf_obj *image, fz_matrix place, fz_rect box)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *page = NULL, *resources = pdf_new_dict(ctx, b->pdf, 1);
    fz_buffer *content = NULL;
    fz_var(content);
    fz_var(page);
    fz_try(ctx)
    {
        content = fz_new_buffer(ctx, 64);
        if (image) {
            pdf_obj *images = pdf_dict_put_dict(ctx, resources, PDF_NAME(XObject), 1);
            pdf_dict_put(ctx, images, PDF_NAME(I), image);
            fz_append_printf(ctx, content, "q %g %g %g %g %g %g cm /I Do Q", place.a, place.b,
                             place.c, place.d, place.e, place.f);
        }
        page = pdf_add_page(ctx, b->pdf, box, 0, resources, content);
        pdf_insert_page(ctx, b->pdf, -1, page);
    }
    fz_always(ctx)
    {
        pdf_drop_obj(ctx, page);
        fz_drop_buffer(ctx, content);
        pdf_drop_obj(ctx, resources);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
    return page;
}

/* PDF puts a picture into the unit square, its first row at the top; here turned as EXIF says. */
static const fz_matrix turns[9] = {
    [1] = {1, 0, 0, 1, 0, 0},  [2] = {-1, 0, 0, 1, 1, 0},  [3] = {-1, 0, 0, -1, 1, 1},
    [4] = {1, 0, 0, -1, 0, 1}, [5] = {0, -1, -1, 0, 1, 1}, [6] = {0, -1, 1, 0, 0, 1},
    [7] = {0, 1, 1, 0, 0, 0},  [8] = {0, 1, -1, 0, 1, 0},
};

pdf_obj *binder_add_picture(struct binder *b, const struct binder_picture *p)
{
    fz_context *ctx = b->fitz->ctx;
    float width = (float)p->raster.width, height = (float)p->raster.height;
    float zoom = fz_min(72 / (float)p->raster.dpi, most_points / fz_max(width, height));
    fz_rect box = {0, 0, width * zoom, height * zoom};
    fz_matrix place = fz_concat(turns[p->orientation], fz_scale(box.x1, box.y1));
    pdf_obj *page = NULL, *image = add_image(b, p);
    fz_var(page);
    fz_try(ctx)
    {
        page = add_page(b, image, place, box);
    }
    fz_always(ctx)
    {
        pdf_drop_obj(ctx, image);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
    return page;
}

pdf_obj *binder_add_empty(struct binder *b)
{
    return add_page(b, NULL, fz_identity, (fz_rect){0, 0, a4_width, a4_height});
}
