/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * PDF through MuPDF's own PDF interface: no other document handler is linked in, and JavaScript is
 * never switched on. Refuses documents without pages, with too many, or whose password is missing.
 * A page that is damaged inside is drawn as far as a viewer would; one that cannot be loaded is an
 * error. Called by decode.c.
 */
#include "decode/decode_text.h"

#include "base/memory.h"

#include <mupdf/pdf.h>

#include <math.h>
#include <stdlib.h>

/* Below this no engine reads anything, so a page that needs it is refused instead. */
enum { LEAST_DPI = 24 };

struct mupdf_document {
    struct document base;
    struct decode_fitz fitz;
    fz_document *pdf;
    fz_page *page; /* the last one asked for: measured first, then drawn */
    uint32_t number;
    fz_rect bounds; /* points */
};

static void mupdf_close(struct document *base)
{
    struct mupdf_document *d = (struct mupdf_document *)base;
    fz_drop_page(d->fitz.ctx, d->page);
    fz_drop_document(d->fitz.ctx, d->pdf);
    decode_fitz_close(&d->fitz);
    free(d);
}

static int parse(struct mupdf_document *d, const struct decode_source *source, struct error *err)
{
    fz_context *ctx = d->fitz.ctx;
    fz_stream *stream = NULL;
    int result = 0;
    fz_var(stream);
    fz_var(result);
    fz_try(ctx)
    {
        stream = decode_fitz_stream(ctx, source->fd, source->size);
        d->pdf = (fz_document *)pdf_open_document_with_stream(ctx, stream);
    }
    fz_always(ctx)
    {
        fz_drop_stream(ctx, stream);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(&d->fitz, "not a PDF that can be opened", err);
    }
    return result;
}

/* Once only: a wrong password after the right one would lock the document again. */
static int unlock(struct mupdf_document *d, const char *password, struct error *err)
{
    fz_context *ctx = d->fitz.ctx;
    int needed = 0, granted = 0, result = 0;
    fz_var(needed);
    fz_var(granted);
    fz_var(result);
    fz_try(ctx)
    {
        needed = fz_needs_password(ctx, d->pdf);
        if (needed && *password)
            granted = fz_authenticate_password(ctx, d->pdf, password);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(&d->fitz, "the encryption is damaged", err);
    }
    if (result < 0 || !needed || granted)
        return result;
    return error_set(err, ERROR_PASSWORD,
                     *password ? "the password is wrong" : "a password is needed");
}

static int count(struct mupdf_document *d, const struct decode_limits *limits, struct error *err)
{
    fz_context *ctx = d->fitz.ctx;
    int pages = 0, result = 0;
    fz_var(pages);
    fz_var(result);
    fz_try(ctx)
    {
        pages = fz_count_pages(ctx, d->pdf);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(&d->fitz, "the pages cannot be counted", err);
    }
    if (result < 0)
        return -1;
    if (pages <= 0)
        return error_set(err, ERROR_INPUT, "no pages");
    if ((uint32_t)pages > limits->max_pages)
        return error_set(err, ERROR_LIMIT, "%d pages: over the %u accepted (max_pages)", pages,
                         limits->max_pages);
    d->base.pages = (uint32_t)pages;
    return 0;
}

static int mupdf_open(struct document **out, const struct decode_source *source, struct error *err)
{
    struct mupdf_document *d = x_calloc(1, sizeof *d);
    d->base.limits = source->limits;
    if (decode_fitz_open(&d->fitz, &source->limits, err) < 0) {
        free(d);
        return -1;
    }
    if (parse(d, source, err) < 0 || unlock(d, source->password, err) < 0 ||
        count(d, &source->limits, err) < 0) {
        mupdf_close(&d->base);
        return -1;
    }
    *out = &d->base;
    return 0;
}

static int load(struct mupdf_document *d, uint32_t n, struct error *err)
{
    fz_context *ctx = d->fitz.ctx;
    int result = 0;
    if (d->page && d->number == n)
        return 0;
    fz_drop_page(ctx, d->page);
    d->page = NULL;
    fz_var(result);
    decode_fitz_begin(&d->fitz);
    fz_try(ctx)
    {
        d->page = fz_load_page(ctx, d->pdf, (int)n - 1);
        d->number = n;
        d->bounds = fz_bound_page(ctx, d->page);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(&d->fitz, "the page cannot be loaded", err);
        fz_drop_page(ctx, d->page);
        d->page = NULL;
    }
    return result;
}

static uint64_t pixels(double points, uint32_t dpi)
{
    double n = round(points * dpi / 72);
    return n < 1 ? 1 : n > 1e9 ? (uint64_t)1e9 : (uint64_t)n;
}

/* The largest whole resolution, at most `asked`, whose pixels are within the limits; or 0. */
static uint32_t fitting_dpi(double width, double height, uint32_t asked,
                            const struct decode_limits *limits)
{
    if (decode_fits(pixels(width, asked), pixels(height, asked), limits))
        return asked;
    double by_area = 72 * sqrt((double)limits->max_pixels / (width * height));
    double by_side = 72.0 * DECODE_MAX_SIDE / fmax(width, height);
    double start = fmin(asked, fmin(by_area, by_side) + 2);
    for (uint32_t dpi = (uint32_t)start; dpi >= LEAST_DPI; dpi--)
        if (decode_fits(pixels(width, dpi), pixels(height, dpi), limits))
            return dpi;
    return 0;
}

static int mupdf_measure(struct document *base, uint32_t n, const struct render *how,
                         struct raster *raster, struct error *err)
{
    struct mupdf_document *d = (struct mupdf_document *)base;
    if (load(d, n, err) < 0)
        return -1;
    double width = (double)d->bounds.x1 - (double)d->bounds.x0;
    double height = (double)d->bounds.y1 - (double)d->bounds.y0;
    if (!(width > 0 && height > 0 && width < 1e9 && height < 1e9))
        return error_set(err, ERROR_INPUT, "the page has an impossible size");
    uint32_t dpi = how->dpi ? fitting_dpi(width, height, how->dpi, &base->limits) : 0;
    if (!dpi)
        return error_set(err, ERROR_LIMIT,
                         "%.0f x %.0f points are over %llu pixels (max_pixels) even at %d dpi",
                         width, height, (unsigned long long)base->limits.max_pixels, LEAST_DPI);
    raster->width = (uint32_t)pixels(width, dpi);
    raster->height = (uint32_t)pixels(height, dpi);
    raster->dpi = dpi;
    raster->reduced = dpi != how->dpi;
    return 0;
}

static fz_matrix placing(const struct mupdf_document *d, uint32_t dpi)
{
    float zoom = (float)(dpi / 72.0);
    return fz_pre_translate(fz_scale(zoom, zoom), -d->bounds.x0, -d->bounds.y0);
}

/* Everything a viewer shows: contents, annotations, form fields. Errors inside the contents are
 * MuPDF's to skip. */
static void run(struct mupdf_document *d, fz_device *device, fz_matrix matrix)
{
    fz_context *ctx = d->fitz.ctx;
    static fz_cookie cookie;
    cookie = (fz_cookie){0};
    decode_timer_watch(&cookie.abort);
    fz_run_page(ctx, d->page, device, matrix, &cookie);
    decode_timer_watch(NULL);
    fz_close_device(ctx, device);
}

static int mupdf_draw(struct document *base, uint32_t n, const struct raster *raster,
                      uint8_t *samples, struct error *err)
{
    struct mupdf_document *d = (struct mupdf_document *)base;
    fz_context *ctx = d->fitz.ctx;
    fz_pixmap *pixmap = NULL;
    fz_device *device = NULL;
    int result = 0;
    (void)n; /* measured, so loaded */
    fz_var(pixmap);
    fz_var(device);
    fz_var(result);
    decode_fitz_begin(&d->fitz);
    fz_try(ctx)
    {
        fz_colorspace *colours = raster->channels == 1 ? fz_device_gray(ctx) : fz_device_rgb(ctx);
        pixmap = fz_new_pixmap_with_data(ctx, colours, (int)raster->width, (int)raster->height,
                                         NULL, 0, (int)raster->stride, samples);
        fz_clear_pixmap_with_value(ctx, pixmap, 255);
        device = fz_new_draw_device(ctx, fz_identity, pixmap);
        run(d, device, placing(d, raster->dpi));
    }
    fz_always(ctx)
    {
        fz_drop_device(ctx, device);
        fz_drop_pixmap(ctx, pixmap);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(&d->fitz, "the page cannot be drawn", err);
    }
    return result < 0 ? -1 : decode_fitz_check_memory(&d->fitz, err);
}

/* One run over the page, for its text and its drawing. NULL and *err when it fails. */
static fz_stext_page *gather(struct mupdf_document *d, struct drawing *drawing, bool images,
                             struct error *err)
{
    fz_context *ctx = d->fitz.ctx;
    fz_stext_page *text = NULL;
    fz_device *device = NULL;
    int result = 0;
    fz_var(text);
    fz_var(device);
    fz_var(result);
    decode_fitz_begin(&d->fitz);
    fz_try(ctx)
    {
        fz_stext_options options = {.flags = FZ_STEXT_MEDIABOX_CLIP};
        text = fz_new_stext_page(ctx, d->bounds);
        device = drawing_new_device(ctx, drawing, fz_new_stext_device(ctx, text, &options), images);
        run(d, device, fz_identity);
    }
    fz_always(ctx)
    {
        fz_drop_device(ctx, device);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(&d->fitz, "the text cannot be read", err);
    }
    if (result == 0)
        result = decode_fitz_check_memory(&d->fitz, err);
    if (result == 0)
        return text;
    fz_drop_stext_page(ctx, text);
    return NULL;
}

static int mupdf_text(struct document *base, uint32_t n, const struct raster *raster,
                      struct page *page, struct text_layer *layer, struct error *err)
{
    struct mupdf_document *d = (struct mupdf_document *)base;
    struct drawing drawing;
    (void)n;
    drawing_init(&drawing, d->bounds);
    fz_stext_page *text = gather(d, &drawing, true, err);
    if (!text && d->fitz.memory.refused) { /* by an image, maybe, which text can do without */
        drawing_done(&drawing);
        drawing_init(&drawing, d->bounds);
        text = gather(d, &drawing, false, err);
    }
    int result =
        text ? decode_text(d->fitz.ctx, text, &drawing, raster->dpi / 72.0, page, layer, err) : -1;
    fz_drop_stext_page(d->fitz.ctx, text);
    drawing_done(&drawing);
    return result;
}

struct decode_fitz *decode_mupdf_inside(struct document *base, pdf_document **pdf)
{
    struct mupdf_document *d = (struct mupdf_document *)base;
    if (base->driver != &decode_mupdf)
        return NULL;
    *pdf = (pdf_document *)d->pdf;
    return &d->fitz;
}

const struct decode_driver decode_mupdf = {mupdf_open, mupdf_close, mupdf_measure, mupdf_draw,
                                           mupdf_text};
