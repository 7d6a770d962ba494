/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tesseract 5 through its C interface: grey pixels to paragraphs, lines and words. Keeps nothing
 * from one page to the next, so a page reads the same whatever came before it. Refuses nothing by
 * size: a side longer than Tesseract's own limit is scaled down and its boxes are mapped back.
 * Called through ocr.c. What is set and why, with numbers: docs/engines.md.
 */
#include "ocr/ocr_driver.h"
#include "ocr/ocr_tesseract.h"

#include "base/clock.h"
#include "base/must.h"

#include <leptonica/allheaders.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <tesseract/capi.h>

enum { MAX_SIDE = 32767, MIN_SIDE = 3 }; /* its coordinates are 16 bits; below 3 it finds no line */

struct tesseract {
    struct ocr ocr;
    TessBaseAPI *api;
};

/* Set before loading, so that loading is silent too. Only Tesseract's global variables survive
 * loading: one of an engine's own would have to be set after it. */
static const char *const variables[][2] = {
    {"debug_file", "/dev/null"}, /* its remarks would reach the log, with document text */
};

/* Tesseract takes the built-in place, or TESSDATA_PREFIX, for NULL. */
static const char *directory(const struct ocr_config *config)
{
    return *config->tessdata ? config->tessdata : NULL;
}

/* std::get_new_handler, by the name that the C++ ABI gives it. */
void (*get_new_handler(void))(void) __asm__("_ZSt15get_new_handlerv");

/* Tesseract follows a null pointer when Leptonica has no room for an image. Running out ends here
 * as it does in operator new: with the process's handler, where one is set. */
static void *allocate_pixels(size_t size)
{
    void *p = malloc(size);
    void (*handler)(void) = p ? NULL : get_new_handler();
    if (handler)
        handler();
    return p;
}

static TessBaseAPI *new_api(void)
{
    setMsgSeverity(L_SEVERITY_NONE);
    setPixMemoryManager(allocate_pixels, free);
    TessBaseAPI *api = TessBaseAPICreate();
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        must(TessBaseAPISetVariable(api, variables[i][0], variables[i][1]));
    return api;
}

static const char *version(const struct ocr *ocr)
{
    (void)ocr;
    return TessVersion();
}

static void describe(const struct ocr_config *config, struct strbuf *out)
{
    (void)config;
    strbuf_addf(out, "tesseract/%s", TessVersion());
}

static void add_language(struct strbuf *out, const char *name)
{
    /* Models for page orientation and equations: listed, but they read no text. */
    if (strcmp(name, "osd") != 0 && strcmp(name, "equ") != 0)
        strbuf_addf(out, "%s%s", out->len ? " " : "", name);
}

static int languages(const struct ocr_config *config, struct strbuf *out, struct error *err)
{
    TessBaseAPI *api = new_api();
    /* Loading a language that cannot exist finds the directory and loads nothing. */
    TessBaseAPIInit3(api, directory(config), "-");
    char **names = TessBaseAPIGetAvailableLanguagesAsVector(api);
    for (char **name = names; name && *name; name++)
        add_language(out, *name);
    if (names)
        TessDeleteTextArray(names);
    int rc = 0;
    if (!out->len)
        rc = error_set(err, ERROR_UNSUPPORTED, "no Tesseract languages in %s",
                       TessBaseAPIGetDatapath(api));
    TessBaseAPIDelete(api);
    return rc;
}

/* A first page makes Tesseract and the C library open and allocate what they do only once, while
 * that is still allowed. */
static void warm_up(TessBaseAPI *api)
{
    enum { SIDE = 64 };
    uint8_t pixels[SIDE * SIDE];
    memset(pixels, 255, sizeof pixels);
    for (int y = 24; y < 40; y++)
        memset(pixels + y * SIDE + 28, 0, 4);
    TessBaseAPISetImage(api, pixels, SIDE, SIDE, 1, SIDE);
    TessBaseAPISetSourceResolution(api, 70);
    TessBaseAPIRecognize(api, NULL);
    TessBaseAPIClear(api);
}

static int open_engine(struct ocr **out, const struct ocr_config *config, struct error *err)
{
    TessBaseAPI *api = new_api();
    if (TessBaseAPIInit3(api, directory(config), config->languages) != 0) {
        TessBaseAPIDelete(api);
        return error_set(err, ERROR_UNSUPPORTED, "Tesseract cannot load '%s'", config->languages);
    }
    TessBaseAPISetPageSegMode(api, PSM_AUTO);
    warm_up(api);
    struct tesseract *t = x_calloc(1, sizeof *t);
    t->api = api;
    *out = &t->ocr;
    return 0;
}

static void close_engine(struct ocr *ocr)
{
    struct tesseract *t = (struct tesseract *)ocr;
    TessBaseAPIEnd(t->api);
    TessBaseAPIDelete(t->api);
    free(t);
}

/* ---- pixels ---- */

static struct Pix *pix_of_raster(const struct raster *r, const uint8_t *pixels)
{
    struct Pix *pix = pixCreate((int)r->width, (int)r->height, 8);
    if (!pix)
        return NULL;
    for (uint32_t y = 0; y < r->height; y++) {
        l_uint32 *row = pixGetData(pix) + (size_t)y * (size_t)pixGetWpl(pix);
        for (uint32_t x = 0; x < r->width; x++)
            SET_DATA_BYTE(row, x, pixels[(size_t)y * r->stride + x]);
    }
    return pix;
}

static int scale_down(TessBaseAPI *api, const struct raster *r, const uint8_t *pixels,
                      double *scale, struct error *err)
{
    uint32_t longest = r->width > r->height ? r->width : r->height;
    float factor = (float)(MAX_SIDE - 1) / (float)longest;
    struct Pix *whole = pix_of_raster(r, pixels);
    struct Pix *small = whole ? pixScale(whole, factor, factor) : NULL;
    pixDestroy(&whole);
    if (!small)
        return error_set(err, ERROR_LIMIT,
                         "%u x %u pixels cannot be scaled to what Tesseract reads", r->width,
                         r->height);
    TessBaseAPISetImage2(api, small);
    pixDestroy(&small);
    *scale = (double)factor;
    return 0;
}

static bool too_long(const struct raster *r)
{
    return r->width > MAX_SIDE || r->height > MAX_SIDE;
}

static int set_image(TessBaseAPI *api, const struct raster *r, const uint8_t *pixels, double *scale,
                     struct error *err)
{
    *scale = 1;
    if (too_long(r)) {
        if (scale_down(api, r, pixels, scale, err) < 0)
            return -1;
    } else {
        TessBaseAPISetImage(api, pixels, (int)r->width, (int)r->height, 1, (int)r->stride);
    }
    TessBaseAPISetSourceResolution(api, (int)lround(r->dpi * *scale));
    return 0;
}

static int recognise(TessBaseAPI *api, uint32_t deadline_ms, struct error *err)
{
    int64_t end = deadline_ms ? clock_steady() + deadline_ms : INT64_MAX;
    ETEXT_DESC *monitor = TessMonitorCreate();
    if (deadline_ms)
        TessMonitorSetDeadlineMSecs(monitor, (int)(deadline_ms & INT32_MAX));
    int rc = TessBaseAPIRecognize(api, monitor);
    TessMonitorDelete(monitor);
    if (rc == 0)
        return 0;
    if (clock_steady() >= end)
        return error_set(err, ERROR_TIMEOUT, "not read within %u ms", deadline_ms);
    return error_set(err, ERROR_INPUT, "Tesseract finds no page in these pixels");
}

int tesseract_read(TessBaseAPI *api, const struct raster *raster, const uint8_t *pixels,
                   uint32_t deadline_ms, struct page *page, struct error *err)
{
    double scale;
    if (raster->width < MIN_SIDE || raster->height < MIN_SIDE)
        return 0;
    int rc = set_image(api, raster, pixels, &scale, err) < 0 ||
                     recognise(api, deadline_ms, err) < 0 ||
                     tesseract_take(api, scale, page, err) < 0
                 ? -1
                 : 0;
    TessBaseAPIClear(api);
    TessBaseAPIClearAdaptiveClassifier(api);
    return rc;
}

static int read_engine(struct ocr *ocr, const struct raster *raster, const uint8_t *pixels,
                       const struct ocr_request *request, struct page *page, struct error *err)
{
    TessBaseAPI *api = ((struct tesseract *)ocr)->api;
    const uint32_t deadline_ms = request->deadline_ms;
    const int64_t end = deadline_ms ? clock_steady() + deadline_ms : INT64_MAX;
    int rc = request->rotate > 0
                 ? tesseract_read_turned(api, raster, pixels, request->rotate, end, page, err)
                 : tesseract_read(api, raster, pixels, deadline_ms, page, err);
    if (rc < 0)
        return -1;
    if (request->rotate == PAGE_ROTATE_AUTO)
        tesseract_turn(api, raster, pixels, end, page);
    tesseract_stand(page);
    if (too_long(raster))
        page_add_warning(page, "scaled", "a side over 32767 pixels was scaled down to be read");
    return 0;
}

static uint32_t channels(const struct ocr_config *config)
{
    (void)config;
    return 1;
}

const struct ocr_driver ocr_tesseract = {
    .engine = "tesseract",
    .channels = channels,
    .open = open_engine,
    .close = close_engine,
    .version = version,
    .describe = describe,
    .read = read_engine,
    .languages = languages,
};
