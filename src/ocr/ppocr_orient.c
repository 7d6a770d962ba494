/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Which way up: the whole page in four classes, or one line in two. Refuses a model with another
 * number of classes. Called by ocr_ppocr.
 */
#include "ocr/ppocr.h"

#include <stdlib.h>

/* What PP-LCNet's two orientation models were trained on. */
struct orientation {
    size_t width, height; /* of the input, pixels */
    size_t classes;
    int degrees; /* from class to class */
};

static const struct orientation orientations[] = {
    [PPOCR_OF_PAGE] = {224, 224, 4, 90},
    [PPOCR_OF_LINE] = {160, 80, 2, 180},
};

struct ppocr_orienter {
    const struct orientation *kind;
    struct onnx_model *model;
    float *input;
};

int ppocr_orienter_open(struct ppocr_orienter **out, struct onnx *runtime,
                        const struct recipe *recipe, enum ppocr_orientation which,
                        struct error *err)
{
    const bool of_page = which == PPOCR_OF_PAGE;
    const char *path = of_page ? recipe->page_orientation : recipe->line_orientation;
    const char *sha256 =
        of_page ? recipe->page_orientation_sha256 : recipe->line_orientation_sha256;
    const struct orientation *kind = &orientations[which];
    struct onnx_model *model;
    if (onnx_load(&model, runtime, path, sha256, err) < 0)
        return -1;
    const struct onnx_shape *in = onnx_input(model), *answer = onnx_output(model);
    if (in->rank != 4 || answer->rank != 2 || answer->size[1] != (int64_t)kind->classes) {
        onnx_unload(&model);
        return error_set(err, ERROR_INPUT, "%s has not %zu classes", path, kind->classes);
    }
    struct ppocr_orienter *o = x_calloc(1, sizeof *o);
    o->kind = kind;
    o->model = model;
    o->input = x_calloc(3 * kind->width * kind->height, sizeof *o->input);
    *out = o;
    return 0;
}

void ppocr_orienter_close(struct ppocr_orienter **o)
{
    if (!*o)
        return;
    onnx_unload(&(*o)->model);
    free((*o)->input);
    free(*o);
    *o = NULL;
}

/* The middle of the page: its shorter side scaled to 256, then 224 × 224 of it. */
static struct rect middle(const struct pixels *page)
{
    const float shortest = (float)(page->width < page->height ? page->width : page->height);
    const float half = shortest * 224 / 256 / 2;
    const float x = (float)page->width / 2, y = (float)page->height / 2;
    return (struct rect){x - half, y - half, x + half, y + half};
}

int ppocr_orientation(struct ppocr_orienter *o, const struct pixels *page, const struct quad *quad,
                      int *degrees, float *confidence, struct error *err)
{
    const struct planes planes = {o->input, o->kind->width, o->kind->height, o->kind->width};
    const struct onnx_shape in = {4, {1, 3, (int64_t)o->kind->height, (int64_t)o->kind->width}};
    struct onnx_shape shape;
    const float *score;
    if (quad)
        pixels_warp(page, quad, &normal_imagenet, &planes);
    else
        pixels_resize(page, middle(page), &normal_imagenet, &planes);
    if (onnx_run(o->model, o->input, &in, &score, &shape, err) < 0)
        return -1;
    if (shape.rank != 2 || shape.size[1] != (int64_t)o->kind->classes)
        return error_set(err, ERROR_INPUT, "the orientation model answers in another shape");
    size_t best = 0;
    for (size_t i = 1; i < o->kind->classes; i++)
        if (score[i] > score[best])
            best = i;
    *degrees = (int)best * o->kind->degrees;
    *confidence = score[best];
    return 0;
}
