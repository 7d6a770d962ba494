/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pages that do not stand upright. Tesseract finds lines that run up or down the page, but reads
 * them worse than upright ones, and it cannot tell which end of a page comes first: half of all
 * turned pages it reads backwards, and then surely not with confidence. So a page that reads well
 * costs nothing here. Where one does not, its longest lines are read the other way round, and
 * only if they, or that it lies on its side, say so it is read again. Called by ocr_tesseract.c.
 */
#include "ocr/ocr_tesseract.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/sort.h"
#include "ocr/pixels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Mean confidences: pages read backwards have 0.3 to 0.45, those read rightly mostly over 0.8; a
 * page is turned for lines that read so much better. */
static const float sure = 0.9F, doubtful = 0.7F, much_better = 0.15F;

enum { SAMPLES = 3, MIN_LETTERS = 4 }; /* lines that are tried; a shorter one tells nothing */

/* ---- what was read ---- */

struct amount {
    float sure; /* letters times their confidence */
    size_t letters;
};

static void add_line(struct amount *a, const struct line *l)
{
    for (size_t i = 0; i < l->word_count; i++) {
        const size_t n = strlen(l->words[i].text);
        a->letters += n;
        a->sure += (float)n * l->words[i].confidence;
    }
}

static struct amount amount_of(const struct page *page)
{
    struct amount a = {0};
    for (size_t b = 0; b < page->block_count; b++)
        for (size_t l = 0; l < page->blocks[b].line_count; l++)
            add_line(&a, &page->blocks[b].lines[l]);
    return a;
}

static float confidence_of(struct amount a)
{
    return a.letters ? a.sure / (float)a.letters : 0;
}

/* ---- readings of a turned page ---- */

struct turning {
    TessBaseAPI *api;
    struct raster raster;
    const uint8_t *pixels;
    int64_t end; /* steady ms */
    struct page *page;
};

/* 0: none is left. */
static uint32_t time_left(int64_t end)
{
    const int64_t left = end - clock_steady();
    return left <= 0 ? 0 : left < INT32_MAX ? (uint32_t)left : INT32_MAX;
}

static struct page *page_like(const struct page *page, const struct raster *r)
{
    struct page *p = page_new(page->number);
    p->width = (int)r->width;
    p->height = (int)r->height;
    p->dpi = (int)r->dpi;
    p->source = page->source;
    p->engine = page_text(p, page->engine, strlen(page->engine));
    p->language = page_text(p, page->language, strlen(page->language));
    must(p->engine && p->language);
    return p;
}

/* A reading of these pixels turned clockwise; NULL where there is none. */
static struct page *read_turned(const struct turning *t, const struct raster *raster,
                                const uint8_t *pixels, int degrees, struct error *err)
{
    const struct pixels view = pixels_of_raster(raster, pixels);
    const struct pixels turned = pixels_turned(&view, degrees);
    const uint32_t left = time_left(t->end);
    if (!turned.data || !left) {
        free((void *)(uintptr_t)turned.data);
        if (left)
            error_set(err, ERROR_LIMIT, "no memory to turn the page upright");
        else
            error_set(err, ERROR_TIMEOUT, "no time is left to read the page turned");
        return NULL;
    }
    const struct raster r = {turned.width, turned.height, turned.stride, 1, raster->dpi, 0};
    struct page *page = page_like(t->page, &r);
    if (tesseract_read(t->api, &r, turned.data, left, page, err) < 0)
        page_free(&page);
    free((void *)(uintptr_t)turned.data);
    return page;
}

/* ---- samples ---- */

/* Which way a line reads on the page: degrees clockwise from rightwards, in quarters. */
static int direction(const struct line *l)
{
    const struct point *c = l->polygon.corner;
    const float x = c[1].x - c[0].x, y = c[1].y - c[0].y;
    if (fabsf(x) >= fabsf(y))
        return x >= 0 ? 0 : 180;
    return y >= 0 ? 90 : 270;
}

/* The lines with the most letters, best first. How many. */
static size_t longest_lines(const struct page *page, const struct line *out[SAMPLES])
{
    size_t letters[SAMPLES + 1] = {0}, n = 0;
    for (size_t b = 0; b < page->block_count; b++)
        for (size_t l = 0; l < page->blocks[b].line_count; l++) {
            const struct line *line = &page->blocks[b].lines[l];
            const size_t length = strlen(line->text);
            size_t at = n;
            while (at > 0 && letters[at - 1] < length)
                at--;
            if (length < MIN_LETTERS || at == SAMPLES)
                continue;
            n += n < SAMPLES;
            memmove(letters + at + 1, letters + at, (n - 1 - at) * sizeof *letters);
            memmove(out + at + 1, out + at, (n - 1 - at) * sizeof(const struct line *));
            letters[at] = length;
            out[at] = line;
        }
    return n;
}

/* The part of the pixels with this line and a little around it. */
static struct raster part_of(const struct turning *t, const struct line *l, const uint8_t **pixels)
{
    const float around = 0.3F; /* of its height */
    const struct rect r = rect_of_quad(&l->polygon);
    const float more = around * fminf(r.x2 - r.x1, r.y2 - r.y1);
    const uint32_t left = (uint32_t)fmaxf(r.x1 - more, 0), top = (uint32_t)fmaxf(r.y1 - more, 0);
    const uint32_t right = (uint32_t)fminf(r.x2 + more, (float)t->raster.width);
    const uint32_t bottom = (uint32_t)fminf(r.y2 + more, (float)t->raster.height);
    struct raster part = t->raster;
    part.width = right > left ? right - left : 0;
    part.height = bottom > top ? bottom - top : 0;
    *pixels = t->pixels + (size_t)top * t->raster.stride + left;
    return part;
}

/* Adds what a line gives when it is read from its other end. */
static void read_backwards(const struct turning *t, const struct line *l, struct amount *sum)
{
    const uint8_t *pixels;
    const struct raster part = part_of(t, l, &pixels);
    if (!part.width || !part.height)
        return;
    struct page *page = read_turned(t, &part, pixels, (540 - direction(l)) % 360, NULL);
    if (!page)
        return;
    const struct amount a = amount_of(page);
    sum->letters += a.letters;
    sum->sure += a.sure;
    page_free(&page);
}

static bool lines_read_backwards(const struct turning *t)
{
    const struct line *lines[SAMPLES + 1];
    const size_t n = longest_lines(t->page, lines);
    struct amount as_read = {0}, turned = {0};
    TessBaseAPISetPageSegMode(t->api, PSM_SINGLE_BLOCK);
    for (size_t i = 0; i < n; i++) {
        add_line(&as_read, lines[i]);
        read_backwards(t, lines[i], &turned);
    }
    TessBaseAPISetPageSegMode(t->api, PSM_AUTO);
    return 2 * turned.letters > as_read.letters &&
           confidence_of(turned) > confidence_of(as_read) + much_better;
}

/* ---- the page ---- */

/* Of the lines' letters more than half read that way; 0 where none has so many. */
static int main_direction(const struct page *page)
{
    size_t letters[4] = {0}, all = 0;
    for (size_t b = 0; b < page->block_count; b++)
        for (size_t l = 0; l < page->blocks[b].line_count; l++) {
            const size_t n = strlen(page->blocks[b].lines[l].text);
            letters[direction(&page->blocks[b].lines[l]) / 90] += n;
            all += n;
        }
    for (int i = 1; i < 4; i++)
        if (2 * letters[i] > all)
            return 90 * i;
    return 0;
}

/* From a view that is the page turned clockwise. */
static struct point point_on_page(const struct page *page, int degrees, struct point p)
{
    const float width = (float)page->width, height = (float)page->height;
    if (degrees == 90)
        return (struct point){p.y, height - p.x};
    if (degrees == 180)
        return (struct point){width - p.x, height - p.y};
    return (struct point){width - p.y, p.x};
}

static void map_quad(const struct page *page, int degrees, struct quad *q)
{
    for (int i = 0; i < 4; i++)
        q->corner[i] = point_on_page(page, degrees, q->corner[i]);
}

/* A reading of the turned page becomes one of the page. */
static void map_to_page(const struct page *page, int degrees, struct page *reading)
{
    for (size_t b = 0; b < reading->block_count; b++)
        for (size_t l = 0; l < reading->blocks[b].line_count; l++) {
            struct line *line = &reading->blocks[b].lines[l];
            map_quad(page, degrees, &line->polygon);
            for (size_t w = 0; w < line->word_count; w++)
                map_quad(page, degrees, &line->words[w].polygon);
        }
    reading->width = page->width;
    reading->height = page->height;
}

/* More letters, or surer ones; upright where it is all the same. */
static bool better(const struct page *other, const struct page *page)
{
    const float about = 0.98F;
    return amount_of(other).sure > about * amount_of(page).sure;
}

/* By how much to turn the page before it is read again; 0: not at all. */
static int wanted_turn(const struct turning *t)
{
    const float confidence = confidence_of(amount_of(t->page));
    const int upright = (360 - main_direction(t->page)) % 360;
    if (!t->page->block_count || confidence >= sure)
        return 0;
    if (confidence < doubtful && lines_read_backwards(t))
        return (upright + 180) % 360;
    return upright;
}

/* *page becomes the reading, which becomes what it was. */
static void take(struct page *page, int degrees, struct page *reading)
{
    const struct page first = *page;
    map_to_page(page, degrees, reading);
    *page = *reading;
    *reading = first;
}

void tesseract_turn(TessBaseAPI *api, const struct raster *raster, const uint8_t *pixels,
                    int64_t end, struct page *page)
{
    const struct turning t = {api, *raster, pixels, end, page};
    const int degrees = wanted_turn(&t);
    struct page *turned = degrees ? read_turned(&t, raster, pixels, degrees, NULL) : NULL;
    if (turned && better(turned, page))
        take(page, degrees, turned);
    page_free(&turned);
}

int tesseract_read_turned(TessBaseAPI *api, const struct raster *raster, const uint8_t *pixels,
                          int degrees, int64_t end, struct page *page, struct error *err)
{
    const struct turning t = {api, *raster, pixels, end, page};
    struct page *turned = read_turned(&t, raster, pixels, degrees, err);
    if (!turned)
        return -1;
    take(page, degrees, turned);
    page_free(&turned);
    return 0;
}

/* ---- how the text stands ---- */

/* A line's lean in degrees, where it is long enough to tell. */
static bool lean_of(const struct line *l, int upright, float *lean)
{
    const float long_enough = 4; /* heights */
    const struct point *c = l->polygon.corner;
    if (direction(l) != upright ||
        point_distance(c[0], c[1]) < long_enough * point_distance(c[0], c[3]))
        return false;
    const float degrees = atan2f(c[1].y - c[0].y, c[1].x - c[0].x) * 180 / (float)M_PI;
    *lean = remainderf(degrees, 90);
    return true;
}

static size_t count_lines(const struct page *page)
{
    size_t n = 0;
    for (size_t b = 0; b < page->block_count; b++)
        n += page->blocks[b].line_count;
    return n;
}

void tesseract_stand(struct page *page)
{
    const int upright = main_direction(page);
    float *leans = x_calloc(count_lines(page) + 1, sizeof *leans);
    size_t n = 0;
    for (size_t b = 0; b < page->block_count; b++)
        for (size_t l = 0; l < page->blocks[b].line_count; l++)
            n += lean_of(&page->blocks[b].lines[l], upright, &leans[n]);
    sort_floats(leans, n);
    page->rotation = (360 - upright) % 360;
    page->skew = n ? leans[n / 2] : 0;
    free(leans);
}
