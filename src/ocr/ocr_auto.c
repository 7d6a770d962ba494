/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The engine that a thoughtful person would choose: PP-OCR where its models are installed and can
 * write the languages asked for, else Tesseract. Where both are there, a page on which PP-OCR is
 * unsure is read by Tesseract too, and the better reading is kept; the page names the engine that
 * read it. Which is better is told in docs/engines.md with the numbers behind it. Called through
 * ocr.c; calls the other engines through it too.
 */
#include "ocr/ocr_driver.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tesseract is asked about a page on which PP-OCR's mean confidence is below `unsure`, if it is
 * running text (its lines have so many characters): there its language model helps, while forms,
 * receipts and tables it reads worse. It is believed if it is not lost itself (on its own scale,
 * which is another) and found about as much. */
static const float unsure = 0.935F, lost = 0.6F, as_much = 0.9F;
enum { RUNNING_TEXT = 30 };

struct automatic {
    struct ocr ocr;
    struct ocr *neural, *classic; /* one of them may be NULL */
    char note[160];
};

static struct ocr_config naming(const struct ocr_config *config, const char *engine)
{
    struct ocr_config c = *config;
    c.engine = engine;
    return c;
}

/* What either can read; a reason only where neither reads anything. */
static int languages(const struct ocr_config *config, struct strbuf *out, struct error *err)
{
    const struct ocr_config neural = naming(config, "ppocr"), classic = naming(config, "tesseract");
    auto_strbuf more = {0};
    int rc = ocr_languages(&classic, out, err);
    if (ocr_languages(&neural, &more, NULL) < 0)
        return rc;
    for (const char *at = strbuf_str(&more); *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        if (!ocr_language_listed(strbuf_str(out), at, len))
            strbuf_addf(out, "%s%.*s", out->len ? " " : "", (int)len, at);
        at += len;
    }
    return 0;
}

static void describe(const struct ocr_config *config, struct strbuf *out)
{
    const struct ocr_config neural = naming(config, "ppocr"), classic = naming(config, "tesseract");
    size_t before = out->len;
    ocr_describe(&neural, out);
    strbuf_adds(out, out->len > before ? "+" : "");
    ocr_describe(&classic, out);
}

static void close_engine(struct ocr *ocr)
{
    struct automatic *a = (struct automatic *)ocr;
    ocr_close(&a->neural);
    ocr_close(&a->classic);
    free(a);
}

static int open_engine(struct ocr **out, const struct ocr_config *config, struct error *err)
{
    const struct ocr_config neural = naming(config, "ppocr"), classic = naming(config, "tesseract");
    struct automatic *a = x_calloc(1, sizeof *a);
    struct error why;
    if (recipe_complete(config->recipe) && ocr_open(&a->neural, &neural, &why) < 0)
        snprintf(a->note, sizeof a->note, "reading without PP-OCR: %.130s", why.text);
    if (ocr_open(&a->classic, &classic, err) < 0 && !a->neural) {
        free(a);
        return -1;
    }
    *out = &a->ocr;
    return 0;
}

static struct ocr *first(const struct automatic *a)
{
    return a->neural ? a->neural : a->classic;
}

static const char *version(const struct ocr *ocr)
{
    return ocr_name(first((const struct automatic *)ocr));
}

static const char *device(const struct ocr *ocr)
{
    return ocr_device(first((const struct automatic *)ocr));
}

static const char *note(const struct ocr *ocr)
{
    const struct automatic *a = (const struct automatic *)ocr;
    return *a->note ? a->note : ocr_note(first(a));
}

static struct onnx *runtime(const struct ocr *ocr)
{
    return ocr_runtime(first((const struct automatic *)ocr));
}

/* ITU-R BT.601's weights of red, green and blue, in 256ths. */
static uint8_t *grey_of(const struct raster *raster, const uint8_t *pixels)
{
    uint8_t *grey = malloc((size_t)raster->width * raster->height);
    for (size_t y = 0; grey && y < raster->height; y++)
        for (size_t x = 0; x < raster->width; x++) {
            const uint8_t *p = pixels + y * raster->stride + 3 * x;
            grey[y * raster->width + x] = (uint8_t)((p[0] * 77 + p[1] * 150 + p[2] * 29) >> 8);
        }
    return grey;
}

static int read_classic(struct automatic *a, const struct raster *raster, const uint8_t *pixels,
                        const struct ocr_request *request, struct page **out, struct error *err)
{
    if (raster->channels == 1)
        return ocr_read(a->classic, raster, pixels, request, out, err);
    struct raster grey = *raster;
    grey.channels = 1;
    grey.stride = grey.width;
    uint8_t *copy = grey_of(raster, pixels);
    if (!copy)
        return error_set(err, ERROR_LIMIT, "no memory for a grey copy of the page");
    int rc = ocr_read(a->classic, &grey, copy, request, out, err);
    free(copy);
    return rc;
}

struct amount {
    size_t lines, bytes;
};

static struct amount amount_of(const struct page *page)
{
    struct amount n = {0};
    for (size_t b = 0; b < page->block_count; b++)
        for (size_t l = 0; l < page->blocks[b].line_count; l++, n.lines++)
            n.bytes += strlen(page->blocks[b].lines[l].text);
    return n;
}

static bool doubtful(const struct page *neural)
{
    struct amount n = amount_of(neural);
    return n.lines && neural->confidence < unsure && n.bytes >= RUNNING_TEXT * n.lines;
}

static bool better(const struct page *classic, const struct page *neural)
{
    return classic->confidence >= lost &&
           (float)amount_of(classic).bytes >= as_much * (float)amount_of(neural).bytes;
}

/* *page becomes what *reading is, and *reading is freed. */
static void take(struct page *page, struct page **reading)
{
    struct page other = *page;
    *page = **reading;
    **reading = other;
    page_free(reading);
}

static uint32_t time_left(uint32_t deadline_ms, int64_t begun)
{
    int64_t left = (int64_t)deadline_ms - (clock_steady() - begun);
    return deadline_ms == 0 ? 0 : left > 1 ? (uint32_t)left : 1;
}

static int read_engine(struct ocr *ocr, const struct raster *raster, const uint8_t *pixels,
                       const struct ocr_request *request, struct page *page, struct error *err)
{
    struct automatic *a = (struct automatic *)ocr;
    const int64_t begun = clock_steady();
    struct page *neural = NULL, *classic = NULL;
    if (!a->neural) {
        if (read_classic(a, raster, pixels, request, &classic, err) < 0)
            return -1;
        take(page, &classic);
        return 0;
    }
    if (ocr_read(a->neural, raster, pixels, request, &neural, err) < 0)
        return -1;
    struct ocr_request rest = *request;
    rest.deadline_ms = time_left(request->deadline_ms, begun);
    bool asked = a->classic && doubtful(neural);
    if (asked && read_classic(a, raster, pixels, &rest, &classic, NULL) == 0 &&
        better(classic, neural))
        take(page, &classic);
    else
        take(page, &neural);
    page_free(&classic);
    page_free(&neural);
    return 0;
}

/* Without models only Tesseract reads, and it wants grey. */
static uint32_t channels(const struct ocr_config *config)
{
    return recipe_complete(config->recipe) ? 3 : 1;
}

const struct ocr_driver ocr_auto = {
    .engine = "auto",
    .channels = channels,
    .open = open_engine,
    .close = close_engine,
    .version = version,
    .describe = describe,
    .read = read_engine,
    .device = device,
    .note = note,
    .runtime = runtime,
    .languages = languages,
};
