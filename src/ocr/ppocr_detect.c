/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The detector: a page in the size that the model likes, one Run, boxes mapped
 * back. Refuses a model whose output is no probability map. Called by
 * ocr_ppocr.
 */
#include "ocr/ppocr.h"

#include <math.h>
#include <stdlib.h>

enum { UNIT = 32 }; /* the network halves its input five times */

struct ppocr_detector {
    struct onnx_model *model;
    const struct recipe *recipe;
    float *input;
    size_t input_size;
};

/* The last two dimensions are the map's; those before them must be 1. */
static int check_map(const struct onnx_shape *in, const struct onnx_shape *out, struct error *err)
{
    int64_t count = 1;
    for (size_t i = 0; i < out->rank; i++)
        count *= out->size[i];
    if (out->rank < 2 || out->size[out->rank - 2] != in->size[2] ||
        out->size[out->rank - 1] != in->size[3] || count != in->size[2] * in->size[3])
        return error_set(err, ERROR_INPUT, "the detection model answers with no map of the page");
    return 0;
}

/* One run on nothing: what a model says of itself does not tell detection from
 * recognition. */
static int check_model(struct ppocr_detector *d, struct error *err)
{
    const struct onnx_shape in = {4, {1, 3, 2 * UNIT, 2 * UNIT}};
    struct onnx_shape shape;
    const float *map;
    d->input_size = 3 * 2 * UNIT * 2 * UNIT;
    d->input = x_calloc(d->input_size, sizeof *d->input);
    if (onnx_run(d->model, d->input, &in, &map, &shape, err) < 0)
        return -1;
    return check_map(&in, &shape, err);
}

int ppocr_detector_open(struct ppocr_detector **out, struct onnx *runtime,
                        const struct recipe *recipe, struct error *err)
{
    struct onnx_model *model;
    if (onnx_load(&model, runtime, recipe->detection, recipe->detection_sha256, err) < 0)
        return -1;
    struct ppocr_detector *d = x_calloc(1, sizeof *d);
    d->model = model;
    d->recipe = recipe;
    if (check_model(d, err) < 0) {
        ppocr_detector_close(&d);
        return error_context(err, "%s is no detection model", recipe->detection);
    }
    onnx_replace_by_quick(&d->model, runtime, recipe->detection, recipe->detection_sha256);
    *out = d;
    return 0;
}

void ppocr_detector_close(struct ppocr_detector **d)
{
    if (!*d)
        return;
    onnx_unload(&(*d)->model);
    free((*d)->input);
    free(*d);
    *d = NULL;
}

static int64_t round_side(double side)
{
    double units = round(side / UNIT);
    return units < 1 ? UNIT : (int64_t)units * UNIT;
}

/* PaddleOCR's rule: both sides by one factor, then each to a multiple of 32. */
static void choose_size(const struct recipe *r, const struct pixels *page, struct onnx_shape *shape)
{
    const double longest = page->width > page->height ? page->width : page->height;
    const double shortest = page->width < page->height ? page->width : page->height;
    double factor = 1;
    if (r->limit_type == SIDE_MAX && longest > (double)r->limit_side_len)
        factor = (double)r->limit_side_len / longest;
    if (r->limit_type == SIDE_MIN && shortest < (double)r->limit_side_len)
        factor = (double)r->limit_side_len / shortest;
    if (longest * factor > (double)r->max_side_limit)
        factor = (double)r->max_side_limit / longest;
    *shape = (struct onnx_shape){
        4, {1, 3, round_side(page->height * factor), round_side(page->width * factor)}};
}

static int prepare(struct ppocr_detector *d, const struct pixels *page,
                   const struct onnx_shape *shape, struct error *err)
{
    const size_t height = (size_t)shape->size[2], width = (size_t)shape->size[3];
    const size_t size = 3 * width * height;
    if (size > d->input_size) {
        free(d->input);
        d->input = malloc(size * sizeof *d->input);
        d->input_size = d->input ? size : 0;
        if (!d->input)
            return error_set(err, ERROR_LIMIT, "no memory for a detection of %zu x %zu", width,
                             height);
    }
    const struct planes planes = {d->input, width, height, width};
    const struct rect whole = {0, 0, (float)page->width, (float)page->height};
    pixels_resize(page, whole, &normal_imagenet, &planes);
    return 0;
}

static void map_back(struct ppocr_boxes *boxes, const struct pixels *page, size_t width,
                     size_t height)
{
    const float x = (float)page->width / (float)width, y = (float)page->height / (float)height;
    for (size_t i = 0; i < boxes->count; i++)
        for (int k = 0; k < 4; k++) {
            struct point *p = &boxes->rows[i].quad.corner[k];
            p->x *= x;
            p->y *= y;
        }
}

int ppocr_detect(struct ppocr_detector *d, const struct pixels *page, struct ppocr_boxes *out,
                 struct error *err)
{
    struct onnx_shape in, map_shape;
    const float *map;
    choose_size(d->recipe, page, &in);
    if (prepare(d, page, &in, err) < 0 ||
        onnx_run(d->model, d->input, &in, &map, &map_shape, err) < 0 ||
        check_map(&in, &map_shape, err) < 0)
        return -1;
    const size_t height = (size_t)in.size[2], width = (size_t)in.size[3];
    ppocr_db(map, width, height, d->recipe, out);
    map_back(out, page, width, height);
    return 0;
}
