/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Picks an engine by name, checks the languages and the raster before the engine sees them, and
 * fills in what all results share. Refuses languages that are not installed. Called by the
 * recognise stage and the probe; calls drivers.
 */
#include "ocr/ocr.h"

#include "base/clock.h"
#include "base/must.h"
#include "ocr/ocr_driver.h"

#include <stdlib.h>
#include <string.h>

static const struct ocr_driver *const drivers[] = {&ocr_auto, &ocr_ppocr, &ocr_tesseract};
enum { DRIVERS = sizeof drivers / sizeof *drivers };

enum { MAX_PIXELS = 1 << 30 }; /* a lower cap is the decoder's; this one keeps every sum in range */

static const char language_bytes[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    "_/-";

static const struct ocr_driver *find_driver(const char *engine, struct error *err)
{
    for (int i = 0; i < DRIVERS; i++)
        if (strcmp(drivers[i]->engine, engine) == 0)
            return drivers[i];
    auto_strbuf known = {0};
    for (int i = 0; i < DRIVERS; i++)
        strbuf_addf(&known, "%s%s", i ? ", " : "", drivers[i]->engine);
    error_set(err, ERROR_UNSUPPORTED, "engine '%s' is not known; there is: %s", engine,
              strbuf_str(&known));
    return NULL;
}

bool ocr_language_listed(const char *list, const char *name, size_t len)
{
    while (*list) {
        size_t n = strcspn(list, " ");
        if (n == len && memcmp(list, name, len) == 0)
            return true;
        list += n;
        list += strspn(list, " ");
    }
    return false;
}

/* Languages become file names inside an engine, so what passes here has no dots and is in the
 * engine's own list. */
static int check_languages(const struct ocr_config *config, const char *installed,
                           struct error *err)
{
    const char *at = config->languages;
    for (;;) {
        size_t len = strcspn(at, "+");
        if (len == 0 || strspn(at, language_bytes) < len)
            return error_set(err, ERROR_UNSUPPORTED,
                             "languages '%s' are not names joined by '+', like eng+deu",
                             config->languages);
        if (!ocr_language_listed(installed, at, len))
            return error_set(err, ERROR_UNSUPPORTED,
                             "language '%.*s' is not installed; installed: %s", (int)len, at,
                             installed);
        if (!at[len])
            return 0;
        at += len + 1;
    }
}

int ocr_open(struct ocr **out, const struct ocr_config *config, struct error *err)
{
    const struct ocr_driver *driver = find_driver(config->engine, err);
    auto_strbuf installed = {0};
    struct ocr *ocr;
    if (!driver || driver->languages(config, &installed, err) < 0 ||
        check_languages(config, strbuf_str(&installed), err) < 0 ||
        driver->open(&ocr, config, err) < 0)
        return -1;
    struct strbuf name = {0};
    strbuf_addf(&name, "%s/%s", driver->engine, driver->version(ocr));
    ocr->driver = driver;
    ocr->name = strbuf_detach(&name);
    ocr->languages = x_strdup(config->languages);
    ocr->channels = driver->channels(config);
    *out = ocr;
    return 0;
}

void ocr_close(struct ocr **ocr)
{
    if (!*ocr)
        return;
    free((*ocr)->name);
    free((*ocr)->languages);
    (*ocr)->driver->close(*ocr);
    *ocr = NULL;
}

const char *ocr_name(const struct ocr *ocr)
{
    return ocr->name;
}

uint32_t ocr_channels(const struct ocr *ocr)
{
    return ocr->channels;
}

const char *ocr_device(const struct ocr *ocr)
{
    return ocr->driver->device ? ocr->driver->device(ocr) : "cpu";
}

const char *ocr_note(const struct ocr *ocr)
{
    return ocr->driver->note ? ocr->driver->note(ocr) : "";
}

struct onnx *ocr_runtime(const struct ocr *ocr)
{
    return ocr->driver->runtime ? ocr->driver->runtime(ocr) : NULL;
}

static int check_raster(const struct ocr *ocr, const struct raster *r, struct error *err)
{
    if (raster_bytes(r, MAX_PIXELS, err) == 0)
        return -1;
    if (r->channels != ocr->channels)
        return error_set(err, ERROR_BUG, "%s was given %u channels and reads %u", ocr->name,
                         r->channels, ocr->channels);
    if (r->width > PAGE_MAX_SIDE || r->height > PAGE_MAX_SIDE)
        return error_set(err, ERROR_LIMIT, "%u x %u pixels: a side over %d", r->width, r->height,
                         PAGE_MAX_SIDE);
    return 0;
}

static struct page *new_page(const struct ocr *ocr, const struct raster *r, int number)
{
    struct page *page = page_new(number);
    page->width = (int)r->width;
    page->height = (int)r->height;
    page->dpi = (int)r->dpi;
    page->source = PAGE_SOURCE_OCR;
    page->engine = page_text(page, ocr->name, strlen(ocr->name));
    page->language = page_text(page, ocr->languages, strlen(ocr->languages));
    must(page->engine && page->language);
    return page;
}

int ocr_read(struct ocr *ocr, const struct raster *raster, const uint8_t *pixels,
             const struct ocr_request *request, struct page **out, struct error *err)
{
    if (check_raster(ocr, raster, err) < 0)
        return -1;
    int64_t start = clock_steady();
    struct page *page = new_page(ocr, raster, request->number);
    if (ocr->driver->read(ocr, raster, pixels, request, page, err) < 0) {
        page_free(&page);
        return -1;
    }
    page_summarise(page);
    page->duration_ms = clock_steady() - start;
    *out = page;
    return 0;
}

const char *ocr_engine(size_t i)
{
    return i < DRIVERS ? drivers[i]->engine : NULL;
}

uint32_t ocr_engine_channels(const struct ocr_config *config)
{
    const struct ocr_driver *driver = find_driver(config->engine, NULL);
    return driver ? driver->channels(config) : 1;
}

void ocr_describe(const struct ocr_config *config, struct strbuf *out)
{
    const struct ocr_driver *driver = find_driver(config->engine, NULL);
    if (driver)
        driver->describe(config, out);
}

int ocr_languages(const struct ocr_config *config, struct strbuf *out, struct error *err)
{
    const struct ocr_driver *driver = find_driver(config->engine, err);
    return driver ? driver->languages(config, out, err) : -1;
}
