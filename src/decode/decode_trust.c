/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The score of a text layer. What the layer says is judged by its words alone where the page draws
 * them itself. Where they are invisible or lie among pictures, the page is rendered small, and ink
 * is looked for where the layer has lines, and lines where there is drawing. Called by the decode
 * stage.
 */
#include "decode/decode_trust.h"

#include "decode/decode_driver.h"
#include "decode/decode_sketch.h"
#include "page/plausible.h"

#include <math.h>
#include <stdlib.h>

/* At this resolution a line of text is two or three pixels high, which is enough to see whether it
 * is there, and a page renders in 2 ms. */
enum { SMALL_DPI = 48, GREY_LEVELS = 256 };

static const float many_pictures = 0.25F; /* of the page's area: text may be in them */
static const float whole_page = 0.7F; /* of it: the picture is the page, in its margins or not */
static const float dark = 0.75F;      /* of the paper's grey: ink */
static const float inked = 0.04F;     /* of a line's pixels at least are ink */

struct span {
    uint32_t x1, y1, x2, y2; /* the last ones excluded */
};

static uint32_t within(float v, uint32_t most)
{
    return v > 0 ? (v < (float)most ? (uint32_t)v : most) : 0;
}

static struct span span_of(const struct sketch *s, const struct quad *polygon)
{
    struct rect r = rect_of_quad(polygon);
    return (struct span){within(r.x1 * s->scale, s->width), within(r.y1 * s->scale, s->height),
                         within(r.x2 * s->scale + 1, s->width),
                         within(r.y2 * s->scale + 1, s->height)};
}

/* The most frequent grey is the paper's, on scans and on coloured pages too. */
static uint8_t paper_grey(const struct sketch *s)
{
    size_t counts[GREY_LEVELS] = {0};
    size_t best = GREY_LEVELS - 1;
    for (size_t i = 0; i < (size_t)s->width * s->height; i++)
        counts[s->pixels[i]]++;
    for (size_t i = 0; i < GREY_LEVELS; i++)
        if (counts[i] > counts[best])
            best = i;
    return (uint8_t)best;
}

/* Does ink stand where the layer has a line? Marks its place as covered. */
static bool line_is_there(struct sketch *s, const struct line *line)
{
    const struct span at = span_of(s, &line->polygon);
    size_t ink = 0, all = 0;
    for (uint32_t y = at.y1; y < at.y2; y++)
        for (uint32_t x = at.x1; x < at.x2; x++, all++) {
            size_t i = (size_t)y * s->width + x;
            s->covered[i] = 1;
            ink += sketch_is_ink(s, i);
        }
    return (float)ink >= inked * (float)all;
}

/* All ink that is not under the layer's lines, or what of it seems to be lines. */
static size_t loose_ink(const struct sketch *s, bool is_scan)
{
    size_t ink = 0;
    if (!is_scan)
        return sketch_loose_lines(s);
    for (size_t i = 0; i < (size_t)s->width * s->height; i++)
        ink += sketch_is_ink(s, i) && !s->covered[i];
    return ink;
}

/* The share of the layer's lines that are on the page, times the share of the page's ink that is
 * under its lines. Photographs have ink too: in a scan they cost the page its layer, not its text;
 * elsewhere they are known by their looks. */
static float match_ink(struct sketch *s, const struct page *page, bool is_scan)
{
    size_t lines = 0, there = 0, under = 0;
    for (size_t b = 0; b < page->block_count; b++)
        for (size_t i = 0; i < page->blocks[b].line_count; i++, lines++)
            there += line_is_there(s, &page->blocks[b].lines[i]);
    for (size_t i = 0; i < (size_t)s->width * s->height; i++)
        under += sketch_is_ink(s, i) && s->covered[i];
    size_t all = under + loose_ink(s, is_scan);
    float of_lines = lines ? (float)there / (float)lines : 1;
    float of_ink = all ? (float)under / (float)all : 1;
    return of_lines * fminf(of_ink * 1.5F, 1);
}

static int look(struct document *doc, uint32_t n, const struct page *page, bool is_scan,
                float *match, struct error *err)
{
    const struct render small = {.dpi = SMALL_DPI, .channels = 1};
    struct raster raster = {.channels = 1};
    if (doc->driver->measure(doc, n, &small, &raster, err) < 0)
        return -1;
    raster.stride = raster.width;
    size_t size = (size_t)raster.width * raster.height;
    uint8_t *pixels = calloc(size, 2);
    struct sketch s = {
        pixels, pixels + size, raster.width, raster.height, (float)raster.dpi / (float)page->dpi,
        0};
    int rc = pixels ? doc->driver->draw(doc, n, &raster, pixels, err)
                    : error_set(err, ERROR_LIMIT, "no memory to look at the page");
    if (rc == 0) {
        s.threshold = (uint8_t)((float)paper_grey(&s) * dark);
        *match = match_ink(&s, page, is_scan);
    }
    free(pixels);
    return rc;
}

int document_trust(struct document *doc, uint32_t n, const struct render *how,
                   const struct page *page, const struct text_layer *layer, float *score,
                   struct error *err)
{
    bool drawn = layer->hints.picture_count || layer->hints.rule_count;
    float match = 1;
    if (!layer->characters) {
        *score = drawn ? 0 : 1;
        return 0;
    }
    float mapped = 1 - (float)layer->unmapped / (float)layer->characters;
    float words = page_plausibility(page);
    bool hidden = layer->invisible * 2 > layer->characters;
    if ((hidden || layer->picture_share > many_pictures) && mapped * words >= DECODE_GOOD_LAYER) {
        decode_timer_start(how->timeout_ms);
        bool is_scan = hidden || layer->picture_share > whole_page;
        int rc = decode_page_end(look(doc, n, page, is_scan, &match, err), n, how, err);
        if (rc < 0)
            return -1;
    }
    *score = mapped * words * match;
    return 0;
}
