/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Picks a driver by the document's first bytes, checks arguments and sizes, runs the page's clock,
 * and owns the memory files that drivers draw into. Refuses types it does not know and pages over
 * the caps. Called by the decode stage; calls drivers.
 */
#include "decode/decode_driver.h"

#include "base/clock.h"
#include "base/fd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct decode_driver *const drivers[] = {
    [MEDIA_PDF] = &decode_mupdf, [MEDIA_PNG] = &decode_image, [MEDIA_JPEG] = &decode_image,
    [MEDIA_TIFF] = &decode_tiff, [MEDIA_BMP] = &decode_image, [MEDIA_GIF] = &decode_image,
    [MEDIA_JP2] = &decode_jp2,   [MEDIA_WEBP] = &decode_webp,
};

static int compare_ints(const void *a, const void *b)
{
    const int *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int decode_warm(struct error *err)
{
    int numbers[1024] = {3, 1, 2};
    qsort(numbers, 1024, sizeof *numbers, compare_ints); /* the first large one asks sysinfo(2) */
    tzset();                                             /* reads /etc/localtime */
    return decode_timer_install(err);
}

static int sniff(const struct decode_driver **driver, const struct decode_source *source,
                 struct error *err)
{
    char head[MEDIA_SNIFF];
    ssize_t n = fd_read_full(source->fd, head, sizeof head, 0);
    if (n < 0)
        return error_errno(err, "reading the document");
    const struct media *media = media_sniff(head, (size_t)n);
    if (!media)
        return error_set(err, ERROR_UNSUPPORTED, "not a document that pagemill reads (%s)",
                         media_supported());
    *driver = drivers[media->kind];
    return 0;
}

int document_open(struct document **out, int fd, const char *password,
                  const struct decode_limits *limits, struct error *err)
{
    struct decode_source source = {
        .fd = fd, .password = password ? password : "", .limits = *limits};
    const struct decode_driver *driver;
    struct document *doc;
    if (decode_timer_install(err) < 0 || fd_size(fd, &source.size, err) < 0)
        return -1;
    if (source.size == 0)
        return error_set(err, ERROR_INPUT, "the document is empty");
    if (sniff(&driver, &source, err) < 0 || driver->open(&doc, &source, err) < 0)
        return -1;
    doc->driver = driver;
    doc->shown_canvas = (struct decode_canvas)DECODE_NO_CANVAS;
    *out = doc;
    return 0;
}

void document_close(struct document **doc)
{
    if (!*doc)
        return;
    decode_canvas_close(&(*doc)->shown_canvas);
    (*doc)->driver->close(*doc);
    *doc = NULL;
}

uint32_t document_pages(const struct document *doc)
{
    return doc->pages;
}

bool decode_fits(uint64_t width, uint64_t height, const struct decode_limits *limits)
{
    return width > 0 && height > 0 && width <= DECODE_MAX_SIDE && height <= DECODE_MAX_SIDE &&
           width * height <= limits->max_pixels;
}

int decode_check_size(uint64_t width, uint64_t height, const struct decode_limits *limits,
                      struct error *err)
{
    if (width == 0 || height == 0)
        return error_set(err, ERROR_INPUT, "the picture has no pixels");
    if (decode_fits(width, height, limits))
        return 0;
    return error_set(err, ERROR_LIMIT,
                     "%llu x %llu pixels: over the %llu accepted (max_pixels) or a side over %d",
                     (unsigned long long)width, (unsigned long long)height,
                     (unsigned long long)limits->max_pixels, DECODE_MAX_SIDE);
}

/* A4 or Letter filled by the picture: 11.7 inches for the longer side. Outside 70 to 600 the
 * picture is no page. */
static double estimate_dpi(double width, double height)
{
    double dpi = fmax(width, height) / 11.7;
    return fmin(fmax(dpi, 70), 600);
}

/* 72 and 96 are what writers put, and MuPDF reports, when nothing is known. */
static bool meant(double dpi)
{
    return dpi >= 50 && dpi <= 2400 && dpi != 72 && dpi != 96;
}

int decode_measure_picture(uint64_t width, uint64_t height, unsigned orientation, double stated,
                           const struct decode_limits *limits, struct raster *raster,
                           struct error *err)
{
    if (decode_check_size(width, height, limits, err) < 0)
        return -1;
    bool turned = orientation >= 5;
    double dpi = meant(stated) ? stated : estimate_dpi((double)width, (double)height);
    raster->width = (uint32_t)(turned ? height : width);
    raster->height = (uint32_t)(turned ? width : height);
    raster->dpi = (uint32_t)lround(dpi);
    raster->reduced = 0;
    return 0;
}

static int check_page(const struct document *doc, uint32_t n, struct error *err)
{
    if (n >= 1 && n <= doc->pages)
        return 0;
    return error_set(err, ERROR_INPUT, "page %u of a document of %u", n, doc->pages);
}

static int measure(struct document *doc, uint32_t n, const struct render *how,
                   struct raster *raster, struct error *err)
{
    if (how->channels != 1 && how->channels != 3)
        return error_set(err, ERROR_BUG, "%u channels were asked for", how->channels);
    if (check_page(doc, n, err) < 0 || doc->driver->measure(doc, n, how, raster, err) < 0)
        return -1;
    raster->channels = how->channels;
    raster->stride = raster->width * raster->channels;
    return 0;
}

/* The canvas has room for so many bytes behind the pixels. */
static int draw(struct document *doc, uint32_t n, const struct render *how, size_t behind,
                struct decode_canvas *canvas, struct raster *raster, struct error *err)
{
    if (measure(doc, n, how, raster, err) < 0 ||
        decode_canvas_open(canvas, "page", (uint64_t)raster->stride * raster->height + behind,
                           err) < 0)
        return -1;
    return doc->driver->draw(doc, n, raster, canvas->pixels, err);
}

int decode_page_end(int result, uint32_t n, const struct render *how, struct error *err)
{
    decode_timer_stop();
    if (decode_timer_expired())
        result = error_set(err, ERROR_TIMEOUT, "not decoded within %u ms", how->timeout_ms);
    if (result < 0 && err)
        err->page = (int)n;
    return result;
}

int document_render_with(struct document *doc, uint32_t n, const struct render *how,
                         const struct strbuf *behind, struct raster *raster, struct error *err)
{
    struct decode_canvas canvas = DECODE_NO_CANVAS;
    struct raster made;
    decode_timer_start(how->timeout_ms);
    int result = draw(doc, n, how, behind->len, &canvas, &made, err);
    if (result == 0 && behind->len)
        memcpy(canvas.pixels + canvas.size - behind->len, behind->data, behind->len);
    result = decode_page_end(result, n, how, err);
    if (result == 0)
        result = decode_canvas_take(&canvas, err);
    decode_canvas_close(&canvas);
    if (result >= 0)
        *raster = made;
    return result;
}

int document_render(struct document *doc, uint32_t n, const struct render *how,
                    struct raster *raster, struct error *err)
{
    const struct strbuf nothing = {0};
    return document_render_with(doc, n, how, &nothing, raster, err);
}

bool document_has_layers(const struct document *doc)
{
    return doc->driver->text != NULL;
}

static int read_text(struct document *doc, uint32_t n, const struct render *how, struct page *page,
                     struct text_layer *layer, struct error *err)
{
    struct raster raster;
    if (measure(doc, n, how, &raster, err) < 0)
        return -1;
    page->width = (int)raster.width;
    page->height = (int)raster.height;
    page->dpi = (int)raster.dpi;
    page->source = PAGE_SOURCE_TEXT;
    page->engine = "text-layer";
    return doc->driver->text ? doc->driver->text(doc, n, &raster, page, layer, err) : 0;
}

int document_text(struct document *doc, uint32_t n, const struct render *how, struct page **out,
                  struct text_layer *layer, struct error *err)
{
    struct text_layer found = {0};
    int64_t start = clock_steady();
    struct page *page = page_new((int)n);
    decode_timer_start(how->timeout_ms);
    if (decode_page_end(read_text(doc, n, how, page, &found, err), n, how, err) < 0) {
        page_free(&page);
        return -1;
    }
    page_summarise(page);
    page->duration_ms = clock_steady() - start;
    *out = page;
    *layer = found;
    return 0;
}

/* ---- pictures for people ---- */

static bool is_shown(const struct document *doc, uint32_t n, const struct render *how)
{
    return doc->shown == n && doc->shown_how.dpi == how->dpi &&
           doc->shown_how.channels == how->channels;
}

static int show(struct document *doc, uint32_t n, const struct render *how, struct error *err)
{
    if (is_shown(doc, n, how))
        return 0;
    doc->shown = 0;
    decode_canvas_close(&doc->shown_canvas);
    if (draw(doc, n, how, 0, &doc->shown_canvas, &doc->shown_raster, err) < 0)
        return -1;
    doc->shown = n;
    doc->shown_how = *how;
    return 0;
}

/* From the units of a cut to pixels: as far outwards as it takes, and never nothing. */
static void scale(uint32_t *from, uint32_t *to, uint32_t units, uint32_t pixels)
{
    *from = (uint32_t)((uint64_t)*from * pixels / units);
    *to = (uint32_t)(((uint64_t)*to * pixels + units - 1) / units);
    if (*from == pixels)
        (*from)--;
    if (*to <= *from)
        *to = *from + 1;
}

/* The part of the raster that is wanted, as a raster; its pixels begin at *offset. */
static int cut(struct raster *raster, const struct view *what, size_t *offset, struct error *err)
{
    uint32_t x1 = what->x1, y1 = what->y1, x2 = what->x2, y2 = what->y2;
    *offset = 0;
    if (!what->width)
        return 0;
    if (!what->height || x1 > x2 || y1 > y2 || x2 > what->width || y2 > what->height)
        return error_set(err, ERROR_BUG, "a picture of %u,%u to %u,%u in %u x %u", x1, y1, x2, y2,
                         what->width, what->height);
    scale(&x1, &x2, what->width, raster->width);
    scale(&y1, &y2, what->height, raster->height);
    *offset = (size_t)y1 * raster->stride + (size_t)x1 * raster->channels;
    raster->width = x2 - x1;
    raster->height = y2 - y1;
    return 0;
}

static int make_picture(struct document *doc, uint32_t n, const struct render *how,
                        const struct view *what, uint64_t *size, struct error *err)
{
    size_t offset;
    if (show(doc, n, how, err) < 0)
        return -1;
    struct raster part = doc->shown_raster;
    if (cut(&part, what, &offset, err) < 0)
        return -1;
    uint8_t *pixels = doc->shown_canvas.pixels + offset;
    auto_fd fd =
        what->jpeg ? decode_jpeg(&part, pixels, err) : decode_png(&part, pixels, &doc->limits, err);
    return fd < 0 || fd_size(fd, size, err) < 0 ? -1 : fd_take(&fd);
}

int document_picture(struct document *doc, uint32_t n, const struct render *how,
                     const struct view *what, uint64_t *size, struct error *err)
{
    struct render colour = *how;
    colour.channels = 3;
    uint64_t bytes;
    decode_timer_start(how->timeout_ms);
    auto_fd fd = make_picture(doc, n, &colour, what, &bytes, err);
    if (decode_page_end(fd < 0 ? -1 : 0, n, how, err) < 0) {
        doc->shown = 0; /* it may have been cut short */
        return -1;
    }
    *size = bytes;
    return fd_take(&fd);
}
