/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tesseract 5 through its C interface: grey pixels to paragraphs, lines and words. Keeps nothing
 * from one page to the next, so a page reads the same whatever came before it. Refuses nothing by
 * size: a side longer than Tesseract's own limit is scaled down and its boxes are mapped back.
 * Called through ocr.c. What is set and why, with numbers: docs/engines.md.
 */
#include "ocr/ocr_driver.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"

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

/* Directions of a line of text on the page: along the reading, and down through the line. */
struct axes {
    struct point along, down;
};

struct reading {
    struct page *page;
    TessResultIterator *at;
    double scale; /* their pixels for one of ours */
    struct block *block;
    struct line *line;
    TessOrientation orientation; /* of the line */
    struct axes axes;
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

/* ---- geometry ---- */

static float dot(struct point a, struct point b)
{
    return a.x * b.x + a.y * b.y;
}

/* Where reading goes when the top of the text points up, right, down, left. */
static const struct point directions[4] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};

static const TessPageIterator *page_iterator(const struct reading *r)
{
    return TessResultIteratorGetPageIteratorConst(r->at);
}

/* Which way the top of the text points. Tesseract reads a block of upright columns as "top to
 * bottom" and says the page is up; outside the models for vertical writing such columns are lines
 * turned clockwise. */
static TessOrientation find_orientation(const struct reading *r)
{
    TessOrientation orientation;
    TessWritingDirection writing;
    TessTextlineOrder order;
    float deskew;
    TessPageIteratorOrientation(TessResultIteratorGetPageIterator(r->at), &orientation, &writing,
                                &order, &deskew);
    if (writing == WRITING_DIRECTION_TOP_TO_BOTTOM && orientation == ORIENTATION_PAGE_UP) {
        const char *language = TessResultIteratorWordRecognitionLanguage(r->at);
        if (!language || !strstr(language, "_vert"))
            orientation = ORIENTATION_PAGE_RIGHT;
    }
    return orientation & 3;
}

/* The baseline says how the line leans. Not when it rises by no more than rounding does, nor at
 * more than 30 degrees from the text's direction: the baselines of vertical writing do that. */
static struct axes line_axes(const struct reading *r)
{
    const float rounding = 2, cosine_30 = 0.866F;
    struct point along = directions[r->orientation];
    int x1, y1, x2, y2;
    if (TessPageIteratorBaseline(page_iterator(r), RIL_TEXTLINE, &x1, &y1, &x2, &y2)) {
        struct point v = {(float)(x2 - x1), (float)(y2 - y1)};
        float length = hypotf(v.x, v.y), forward = dot(v, along);
        float rise = dot(v, (struct point){-along.y, along.x});
        if (fabsf(rise) > rounding && fabsf(forward) > cosine_30 * length) {
            length = copysignf(length, forward);
            along = (struct point){v.x / length, v.y / length};
        }
    }
    return (struct axes){along, {-along.y, along.x}};
}

static float clamp(float v, int most)
{
    return fminf(fmaxf(v, 0), (float)most);
}

/* A box of this level in our pixels, within the page. */
static struct rect box_of(const struct reading *r, TessPageIteratorLevel level)
{
    int x1 = 0, y1 = 0, x2 = 0, y2 = 0;
    TessPageIteratorBoundingBox(page_iterator(r), level, &x1, &y1, &x2, &y2);
    const struct page *p = r->page;
    return (struct rect){
        clamp((float)(x1 / r->scale), p->width), clamp((float)(y1 / r->scale), p->height),
        clamp((float)(x2 / r->scale), p->width), clamp((float)(y2 / r->scale), p->height)};
}

static struct quad turned(struct rect box, TessOrientation orientation)
{
    const struct quad q = quad_of_rect(box);
    return quad_shifted(&q, orientation);
}

/* The leaning rectangle around the middles of the words' sides: corners would make it too tall. */
static struct quad line_quad(const struct reading *r)
{
    struct rect span = {HUGE_VALF, HUGE_VALF, -HUGE_VALF, -HUGE_VALF};
    for (size_t i = 0; i < r->line->word_count; i++) {
        const struct point *c = r->line->words[i].polygon.corner;
        for (int k = 0; k < 4; k++) {
            struct point a = c[k], b = c[(k + 1) & 3];
            struct point middle = {(a.x + b.x) / 2, (a.y + b.y) / 2};
            float x = dot(middle, r->axes.along), y = dot(middle, r->axes.down);
            span = rect_union(span, (struct rect){x, y, x, y});
        }
    }
    struct quad q = quad_of_rect(span);
    for (int i = 0; i < 4; i++) {
        struct point p = q.corner[i];
        float x = p.x * r->axes.along.x + p.y * r->axes.down.x;
        float y = p.x * r->axes.along.y + p.y * r->axes.down.y;
        q.corner[i] = (struct point){clamp(x, r->page->width), clamp(y, r->page->height)};
    }
    return q;
}

/* ---- results ---- */

static bool starts(const struct reading *r, TessPageIteratorLevel level)
{
    return TessPageIteratorIsAtBeginningOf(page_iterator(r), level);
}

static int finish_line(struct reading *r)
{
    if (!r->line)
        return 0;
    if (page_join_words(r->page, r->line) < 0)
        return -1;
    r->line->polygon = line_quad(r);
    r->line = NULL;
    return 0;
}

/* Blocks and lines are added with their first word, so that there are no empty ones. */
static int ensure_line(struct reading *r)
{
    if (!r->block)
        r->block = page_add_block(r->page, BLOCK_TEXT);
    if (!r->block)
        return -1;
    if (r->line)
        return 0;
    r->line = page_add_line(r->page, r->block);
    r->orientation = find_orientation(r);
    r->axes = line_axes(r);
    return r->line ? 0 : -1;
}

static int add_word(struct reading *r, const char *text, size_t len)
{
    if (ensure_line(r) < 0)
        return -1;
    struct word *w = page_add_word(r->page, r->line);
    const char *own = page_text(r->page, text, len);
    if (!w || !own)
        return -1;
    float confidence = TessResultIteratorConfidence(r->at, RIL_WORD) / 100;
    *w = (struct word){.text = own,
                       .polygon = turned(box_of(r, RIL_WORD), r->orientation),
                       .confidence = fminf(fmaxf(confidence, 0), 1)};
    return 0;
}

static int take_word(struct reading *r)
{
    char *text = TessResultIteratorGetUTF8Text(r->at, RIL_WORD);
    if (!text)
        return 0;
    utf8_make_printable(text, strlen(text) + 1);
    const char *start = text + strspn(text, " ");
    size_t len = strlen(start);
    while (len && start[len - 1] == ' ')
        len--;
    int rc = len ? add_word(r, start, len) : 0;
    TessDeleteText(text);
    return rc;
}

/* Asking is dear (Tesseract walks the page from its start), so a paragraph is asked for only where
 * a line starts. */
static int begin_line(struct reading *r)
{
    if (finish_line(r) < 0)
        return -1;
    if (starts(r, RIL_PARA))
        r->block = NULL;
    return 0;
}

static int take_results(struct reading *r)
{
    do {
        if (starts(r, RIL_TEXTLINE) && begin_line(r) < 0)
            return -1;
        if (take_word(r) < 0)
            return -1;
    } while (TessResultIteratorNext(r->at, RIL_WORD));
    return finish_line(r);
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
                      struct reading *reading, struct error *err)
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
    reading->scale = (double)factor;
    page_add_warning(reading->page, "scaled",
                     "a side over 32767 pixels was scaled down to be read");
    return 0;
}

static int set_image(TessBaseAPI *api, const struct raster *r, const uint8_t *pixels,
                     struct reading *reading, struct error *err)
{
    if (r->width > MAX_SIDE || r->height > MAX_SIDE) {
        if (scale_down(api, r, pixels, reading, err) < 0)
            return -1;
    } else {
        TessBaseAPISetImage(api, pixels, (int)r->width, (int)r->height, 1, (int)r->stride);
    }
    TessBaseAPISetSourceResolution(api, (int)lround(r->dpi * reading->scale));
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

static int read_page(struct tesseract *t, const struct raster *raster, const uint8_t *pixels,
                     uint32_t deadline_ms, struct reading *r, struct error *err)
{
    if (set_image(t->api, raster, pixels, r, err) < 0 || recognise(t->api, deadline_ms, err) < 0)
        return -1;
    r->at = TessBaseAPIGetIterator(t->api);
    if (!r->at)
        return 0;
    int rc = take_results(r);
    TessResultIteratorDelete(r->at);
    return rc == 0 ? 0 : error_set(err, ERROR_LIMIT, "more text than a page result may hold");
}

static int read_engine(struct ocr *ocr, const struct raster *raster, const uint8_t *pixels,
                       uint32_t deadline_ms, struct page *page, struct error *err)
{
    struct tesseract *t = (struct tesseract *)ocr;
    struct reading r = {.page = page, .scale = 1};
    if (raster->width < MIN_SIDE || raster->height < MIN_SIDE)
        return 0;
    int rc = read_page(t, raster, pixels, deadline_ms, &r, err);
    TessBaseAPIClear(t->api);
    TessBaseAPIClearAdaptiveClassifier(t->api);
    return rc;
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
