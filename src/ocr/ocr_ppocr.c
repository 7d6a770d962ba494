/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The PP-OCR engine: turn the page upright, find its lines, read each, map everything back to the
 * page as the client sees it; their order is the layout's. Keeps nothing from page to page. Refuses
 * a recipe without the three files it needs, and models that do not belong together. Called through
 * ocr.c. What is set and why, with numbers: docs/engines.md.
 */
#include "ocr/ocr_driver.h"

#include "base/clock.h"
#include "base/sort.h"
#include "ocr/ppocr_line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An orientation is believed above this confidence; below the next a line is read again with care,
 * as is one with such a gap (in heights of the line); and below the last it may not be upright. The
 * numbers behind them: docs/engines.md. */
static const float sure_of_turn = 0.8F, unsure_line = 0.92F, unread_gap = 1.5F,
                   doubtful_line = 0.8F;

struct ppocr {
    struct ocr ocr;
    struct recipe recipe;
    struct onnx *runtime;
    struct ppocr_detector *detector;
    struct ppocr_reader *reader;
    struct ppocr_orienter *of_page, *of_line; /* NULL: the pack has none */
};

/* One page on its way. */
struct reading {
    struct ppocr *engine;
    struct pixels view; /* the page, or a turned copy */
    uint8_t *turned;    /* the copy */
    int degrees;        /* clockwise, from the page to the view */
    int rotate;         /* what degrees shall be, or PAGE_ROTATE_AUTO */
    struct quad *quads; /* corner 0 where the text begins */
    struct ppocr_text *texts;
    size_t count;
    int64_t deadline; /* steady ms */
    struct page *page;
};

/* ---- opening ---- */

static const char *version(const struct ocr *ocr)
{
    const struct ppocr *p = (const struct ppocr *)ocr;
    return p->recipe.name;
}

static void describe(const struct ocr_config *config, struct strbuf *out)
{
    if (recipe_complete(config->recipe))
        strbuf_addf(out, "ppocr/%s", config->recipe->name);
}

static int languages(const struct ocr_config *config, struct strbuf *out, struct error *err)
{
    if (!recipe_complete(config->recipe))
        return error_set(err, ERROR_UNSUPPORTED,
                         "no models are installed; `pagemill models install PP-OCRv6_small`");
    struct onnx *runtime;
    if (onnx_open(&runtime, config->recipe->runtime, DEVICE_CPU, err) < 0)
        return -1;
    onnx_close(&runtime);
    strbuf_adds(out, config->recipe->covers);
    return 0;
}

static void close_engine(struct ocr *ocr)
{
    struct ppocr *p = (struct ppocr *)ocr;
    ppocr_detector_close(&p->detector);
    ppocr_reader_close(&p->reader);
    ppocr_orienter_close(&p->of_page);
    ppocr_orienter_close(&p->of_line);
    onnx_close(&p->runtime);
    free(p);
}

/* Are all languages asked for written with an alphabet? */
static bool alphabetic(const char *wanted)
{
    static const char *const others[] = {"chi", "jpn", "kor", "yue"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strstr(wanted, others[i]))
            return false;
    return true;
}

static int load(struct ppocr *p, const char *wanted, struct error *err)
{
    const struct recipe *r = &p->recipe;
    if (onnx_open(&p->runtime, r->runtime, (enum device)r->device, err) < 0 ||
        ppocr_detector_open(&p->detector, p->runtime, r, err) < 0 ||
        ppocr_reader_open(&p->reader, p->runtime, r, alphabetic(wanted), err) < 0)
        return -1;
    if (*r->page_orientation &&
        ppocr_orienter_open(&p->of_page, p->runtime, r, PPOCR_OF_PAGE, err) < 0)
        return -1;
    if (*r->line_orientation &&
        ppocr_orienter_open(&p->of_line, p->runtime, r, PPOCR_OF_LINE, err) < 0)
        return -1;
    return 0;
}

/* ---- back to the page ---- */

static float clamp(float v, int most)
{
    return fminf(fmaxf(v, 0), (float)most);
}

/* From the view back to the page. */
static struct point point_on_page(const struct reading *r, struct point p)
{
    const float width = (float)r->page->width, height = (float)r->page->height;
    if (r->degrees == 90)
        p = (struct point){p.y, height - p.x};
    else if (r->degrees == 180)
        p = (struct point){width - p.x, height - p.y};
    else if (r->degrees == 270)
        p = (struct point){width - p.y, p.x};
    return (struct point){clamp(p.x, r->page->width), clamp(p.y, r->page->height)};
}

static void map_to_page(const struct reading *r, struct quad *q)
{
    for (int i = 0; i < 4; i++)
        q->corner[i] = point_on_page(r, q->corner[i]);
}

/* ---- lines ---- */

/* Boxes much higher than wide hold text that runs down: it begins at their upper right. */
static struct quad along_text(const struct quad *q)
{
    const float upended = 1.5F;
    const struct point *c = q->corner;
    bool vertical = point_distance(c[0], c[3]) >= upended * point_distance(c[0], c[1]);
    return vertical ? quad_shifted(q, 1) : *q;
}

static int find_lines(struct reading *r, struct error *err)
{
    struct ppocr_boxes boxes = {0};
    int rc = ppocr_detect(r->engine->detector, &r->view, &boxes, err);
    if (rc == 0) {
        r->count = boxes.count;
        r->quads = x_calloc(r->count + 1, sizeof *r->quads);
        r->texts = x_calloc(r->count + 1, sizeof *r->texts);
    }
    for (size_t i = 0; i < r->count; i++)
        r->quads[i] = along_text(&boxes.rows[i].quad);
    free(boxes.rows);
    return rc;
}

/* ---- the page upright ---- */

static bool mostly_vertical(const struct reading *r)
{
    size_t vertical = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct point *c = r->quads[i].corner;
        vertical += fabsf(c[1].y - c[0].y) > fabsf(c[1].x - c[0].x);
    }
    return 2 * vertical > r->count;
}

static size_t longest_unread(const struct reading *r)
{
    size_t best = 0;
    float most = -1;
    for (size_t i = 0; i < r->count; i++) {
        float across = point_distance(r->quads[i].corner[0], r->quads[i].corner[1]);
        if (!r->texts[i].count && across > most) {
            most = across;
            best = i;
        }
    }
    return best;
}

/* Upright text reads well. So the longest lines are read first: they need it anyway, and only a
 * page on which they read badly, or whose lines run up and down, is looked at as a whole. */
static int looks_turned(struct reading *r, bool *turned, struct error *err)
{
    enum { SAMPLES = 3 };
    float sum = 0;
    size_t n = r->count < SAMPLES ? r->count : SAMPLES;
    *turned = mostly_vertical(r);
    for (size_t i = 0; !*turned && i < n; i++) {
        size_t line = longest_unread(r);
        if (ppocr_read(r->engine->reader, &r->view, &r->quads[line], 1, PPOCR_QUICKLY, r->deadline,
                       &r->texts[line], err) < 0)
            return -1;
        sum += r->texts[line].confidence;
    }
    *turned = *turned || sum < doubtful_line * (float)n;
    return 0;
}

static void forget_lines(struct reading *r)
{
    for (size_t i = 0; r->texts && i < r->count; i++)
        free(r->texts[i].characters);
    free(r->texts);
    free(r->quads);
    r->texts = NULL;
    r->quads = NULL;
    r->count = 0;
}

static int turn(struct reading *r, int degrees, struct error *err)
{
    struct pixels view = pixels_turned(&r->view, degrees);
    if (!view.data)
        return error_set(err, ERROR_LIMIT, "no memory to turn the page upright");
    forget_lines(r);
    r->degrees = degrees;
    r->view = view;
    r->turned = (uint8_t *)(uintptr_t)view.data;
    return find_lines(r, err);
}

static int turn_upright(struct reading *r, struct error *err)
{
    int degrees = 0;
    float confidence = 0;
    bool turned = false;
    if (r->rotate > 0)
        return turn(r, r->rotate, err);
    if (r->rotate == 0 || !r->engine->of_page || !r->count)
        return 0;
    if (looks_turned(r, &turned, err) < 0)
        return -1;
    if (!turned)
        return 0;
    if (ppocr_orientation(r->engine->of_page, &r->view, NULL, &degrees, &confidence, err) < 0)
        return -1;
    return degrees && confidence >= sure_of_turn ? turn(r, 360 - degrees, err) : 0;
}

/* ---- reading ---- */

/* The widest part of a line where nothing was read, in heights of the line. */
static float widest_gap(const struct ppocr_text *text, const struct quad *q)
{
    float end = 0, widest = 0;
    for (size_t i = 0; i < text->count; i++) {
        widest = fmaxf(widest, text->characters[i].begin - end);
        end = text->characters[i].end;
    }
    widest = fmaxf(widest, 1 - end);
    return widest * point_distance(q->corner[0], q->corner[1]) /
           fmaxf(point_distance(q->corner[0], q->corner[3]), 1);
}

/* What reads a stretch that the other leaves out is better; else the surer one. */
static bool better(const struct ppocr_text *a, const struct ppocr_text *b, const struct quad *q)
{
    bool whole = widest_gap(a, q) <= unread_gap, other_whole = widest_gap(b, q) <= unread_gap;
    return whole == other_whole ? a->confidence > b->confidence : whole;
}

/* Keeps the better of two readings of a line, in the quad that it was read in. */
static int read_again(struct reading *r, size_t i, const struct quad *quad, struct error *err)
{
    struct ppocr_text other = {0};
    int rc =
        ppocr_read(r->engine->reader, &r->view, quad, 1, PPOCR_CAREFULLY, r->deadline, &other, err);
    if (rc == 0 && better(&other, &r->texts[i], quad)) {
        struct ppocr_text worse = r->texts[i];
        r->texts[i] = other;
        r->quads[i] = *quad;
        other = worse;
    }
    free(other.characters);
    return rc;
}

/* Read with little confidence, or not whole: writing that the quick network does not know. */
static bool unsure(const struct ppocr_text *text, const struct quad *q)
{
    return text->confidence < unsure_line || widest_gap(text, q) > unread_gap;
}

/* A line that reads badly may stand on its head. */
static int read_upside_down(struct reading *r, size_t i, struct error *err)
{
    int degrees;
    float confidence;
    if (ppocr_orientation(r->engine->of_line, &r->view, &r->quads[i], &degrees, &confidence, err) <
        0)
        return -1;
    if (degrees != 180 || confidence < sure_of_turn)
        return 0;
    const struct quad turned = quad_shifted(&r->quads[i], 2);
    return read_again(r, i, &turned, err);
}

static int read_lines(struct reading *r, struct error *err)
{
    struct ppocr *p = r->engine;
    if (ppocr_read(p->reader, &r->view, r->quads, r->count, PPOCR_QUICKLY, r->deadline, r->texts,
                   err) < 0)
        return -1;
    for (size_t i = 0; i < r->count; i++) {
        const struct quad quad = r->quads[i];
        if (unsure(&r->texts[i], &quad) && read_again(r, i, &quad, err) < 0)
            return -1;
        if (p->of_line && r->texts[i].confidence < doubtful_line && read_upside_down(r, i, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the page result ---- */

/* The median lean of the lines, in degrees clockwise. */
static float skew(const struct reading *r)
{
    float *leans = x_calloc(r->count + 1, sizeof *leans), median = 0;
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct point *c = r->quads[i].corner;
        float dx = c[1].x - c[0].x, dy = c[1].y - c[0].y;
        if (dx > 4 * point_distance(c[0], c[3]) && dx > fabsf(dy))
            leans[n++] = atan2f(dy, dx) * 180 / (float)M_PI;
    }
    sort_floats(leans, n);
    if (n)
        median = leans[n / 2];
    free(leans);
    return median;
}

static int add_lines(struct reading *r, struct error *err)
{
    const struct ppocr_dictionary *d = ppocr_reader_dictionary(r->engine->reader);
    struct block *block = NULL;
    for (size_t i = 0; i < r->count; i++) {
        const struct ppocr_text *text = &r->texts[i];
        if (!text->count || text->confidence < (float)r->engine->recipe.score_thresh)
            continue;
        struct quad quad = r->quads[i];
        map_to_page(r, &quad);
        if (!block)
            block = page_add_block(r->page, BLOCK_TEXT);
        if (!block || ppocr_add_line(r->page, block, d, text, &quad) < 0)
            return error_set(err, ERROR_LIMIT, "more text than a page result may hold");
    }
    r->page->rotation = r->degrees;
    r->page->skew = skew(r);
    return 0;
}

typedef int step(struct reading *r, struct error *err);

static int read_engine(struct ocr *ocr, const struct raster *raster, const uint8_t *pixels,
                       const struct ocr_request *request, struct page *page, struct error *err)
{
    struct reading r = {.engine = (struct ppocr *)ocr,
                        .view = pixels_of_raster(raster, pixels),
                        .page = page,
                        .rotate = request->rotate,
                        .deadline = request->deadline_ms ? clock_steady() + request->deadline_ms
                                                         : INT64_MAX};
    static const struct {
        step *run;
        enum page_stage stage;
    } steps[] = {
        {find_lines, PAGE_STAGE_DETECT},
        {turn_upright, PAGE_STAGE_TURN},
        {read_lines, PAGE_STAGE_READ},
        {add_lines, PAGE_STAGE_READ},
    };
    const int64_t busy = onnx_busy_ns(r.engine->runtime);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof steps / sizeof *steps; i++) {
        const int64_t begun = clock_steady_ns();
        rc = steps[i].run(&r, err);
        page->stage_ms[steps[i].stage] += (float)(clock_steady_ns() - begun) / 1e6F;
    }
    page->stage_ms[PAGE_STAGE_NETWORK] = (float)(onnx_busy_ns(r.engine->runtime) - busy) / 1e6F;
    forget_lines(&r);
    free(r.turned);
    return rc;
}

static int open_engine(struct ocr **out, const struct ocr_config *config, struct error *err)
{
    struct ppocr *p = x_calloc(1, sizeof *p);
    p->recipe = *config->recipe;
    if (load(p, config->languages, err) < 0) {
        close_engine(&p->ocr);
        return -1;
    }
    *out = &p->ocr;
    return 0;
}

static const char *device(const struct ocr *ocr)
{
    return device_names[onnx_device(((const struct ppocr *)ocr)->runtime)];
}

static const char *note(const struct ocr *ocr)
{
    return onnx_note(((const struct ppocr *)ocr)->runtime);
}

static struct onnx *runtime(const struct ocr *ocr)
{
    return ((const struct ppocr *)ocr)->runtime;
}

static uint32_t channels(const struct ocr_config *config)
{
    (void)config;
    return 3;
}

const struct ocr_driver ocr_ppocr = {
    .engine = "ppocr",
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
