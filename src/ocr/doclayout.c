/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A layout model: its inputs filled from a picture, one Run, its rows read. Refuses a model of
 * another interface, naming what was expected. Called by structure.c.
 */
#include "ocr/doclayout_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_COLUMNS = 6, MOST_COLUMNS = 8, MAX_ROWS = 100000, MAX_SIDE = 2048 };

/* The inputs that such a model may have. */
enum { IMAGE, SCALE, SHAPE, INPUTS };
static const char *const input_names[INPUTS] = {"image", "scale_factor", "im_shape"};

struct doclayout {
    struct onnx_model *model;
    struct doclayout_plan plan;
    char path[RECIPE_PATH];
    size_t inputs;
    int order[ONNX_PORTS]; /* which of ours the model's inputs are */
    size_t width, height;  /* of its picture */
    float *image;
};

/* ---- opening ---- */

static int input_of(const struct onnx_port *port)
{
    for (int i = 0; i < INPUTS; i++)
        if (strcmp(port->name, input_names[i]) == 0)
            return port->type == ONNX_FLOAT && port->shape.rank == (i == IMAGE ? 4 : 2) ? i : -1;
    return -1;
}

static int take_inputs(struct doclayout *d, struct error *err)
{
    bool has[INPUTS] = {false};
    const struct onnx_port *ports = onnx_inputs(d->model, &d->inputs);
    for (size_t i = 0; i < d->inputs; i++) {
        d->order[i] = input_of(&ports[i]);
        if (d->order[i] < 0)
            return error_set(err, ERROR_INPUT,
                             "its input %.64s is not image [1,3,H,W], scale_factor [1,2] or "
                             "im_shape [1,2] of floats",
                             ports[i].name);
        has[d->order[i]] = true;
    }
    if (!has[IMAGE] || !has[SCALE])
        return error_set(err, ERROR_INPUT, "it lacks the input %s",
                         input_names[has[IMAGE] ? SCALE : IMAGE]);
    return 0;
}

/* What the model fixes, else what the recipe says. */
static int side(int64_t own, int64_t said, size_t *out, struct error *err)
{
    const int64_t size = own > 0 ? own : said;
    if (size > MAX_SIDE)
        return error_set(err, ERROR_INPUT, "it wants a picture %lld pixels wide or high, over %d",
                         (long long)size, MAX_SIDE);
    *out = (size_t)size;
    return 0;
}

static int take_size(struct doclayout *d, const struct recipe *r, struct error *err)
{
    const struct onnx_port *ports = onnx_inputs(d->model, &d->inputs);
    for (size_t i = 0; i < d->inputs; i++)
        if (d->order[i] == IMAGE &&
            (side(ports[i].shape.size[2], r->layout_size, &d->height, err) ||
             side(ports[i].shape.size[3], r->layout_size, &d->width, err)))
            return -1;
    return 0;
}

static int check_outputs(const struct doclayout *d, struct error *err)
{
    size_t count;
    const struct onnx_port *ports = onnx_outputs(d->model, &count);
    if (count < 2 || ports[0].type != ONNX_FLOAT || ports[1].type == ONNX_FLOAT)
        return error_set(err, ERROR_INPUT,
                         "its first two outputs are not rows of floats and their number");
    return 0;
}

static int look_at_model(struct doclayout *d, const struct recipe *r, struct error *err)
{
    if (take_inputs(d, err) < 0 || check_outputs(d, err) < 0 || take_size(d, r, err) < 0 ||
        doclayout_plan_make(&d->plan, r, err) < 0)
        return -1;
    d->image = x_calloc(3 * d->width * d->height, sizeof *d->image);
    return 0;
}

int doclayout_open(struct doclayout **out, struct onnx *runtime, const struct recipe *recipe,
                   struct error *err)
{
    struct doclayout *d = x_calloc(1, sizeof *d);
    memcpy(d->path, recipe->layout, sizeof d->path);
    if (onnx_load_ports(&d->model, runtime, recipe->layout, recipe->layout_sha256, err) < 0) {
        doclayout_close(&d);
        return -1;
    }
    if (look_at_model(d, recipe, err) < 0) {
        doclayout_close(&d);
        return error_context(err, "%s is no layout model", recipe->layout);
    }
    *out = d;
    return 0;
}

void doclayout_close(struct doclayout **d)
{
    if (!*d)
        return;
    onnx_unload(&(*d)->model);
    free((*d)->image);
    free(*d);
    *d = NULL;
}

/* ---- running ---- */

static int run(struct doclayout *d, const struct pixels *picture, struct onnx_value out[2],
               struct error *err)
{
    const float height = (float)d->height, width = (float)d->width;
    const float scale[2] = {height / (float)picture->height, width / (float)picture->width};
    const float shape[2] = {height, width};
    const struct planes planes = {d->image, d->width, d->height, d->width};
    const struct onnx_value values[INPUTS] = {
        [IMAGE] = {ONNX_FLOAT, {4, {1, 3, (int64_t)d->height, (int64_t)d->width}}, d->image},
        [SCALE] = {ONNX_FLOAT, {2, {1, 2}}, scale},
        [SHAPE] = {ONNX_FLOAT, {2, {1, 2}}, shape},
    };
    struct onnx_value in[ONNX_PORTS];
    pixels_cubic(picture, &d->plan.normal, &planes);
    for (size_t i = 0; i < d->inputs; i++)
        in[i] = values[d->order[i]];
    return onnx_run_ports(d->model, in, out, 2, err);
}

/* The one picture's number of rows; −1 where there is no such number. */
static int64_t rows_told(const struct onnx_value *v)
{
    if (v->shape.rank != 1 || v->shape.size[0] != 1)
        return -1;
    return v->type == ONNX_INT32 ? *(const int32_t *)v->data : *(const int64_t *)v->data;
}

static int check_answer(const struct doclayout *d, const struct onnx_value out[2],
                        struct error *err)
{
    const struct onnx_shape *s = &out[0].shape;
    const int64_t told = rows_told(&out[1]);
    if (s->rank != 2 || s->size[1] < LEAST_COLUMNS || s->size[1] > MOST_COLUMNS)
        return error_set(err, ERROR_INPUT,
                         "%s: answers with another shape than rows of %d to %d numbers", d->path,
                         LEAST_COLUMNS, MOST_COLUMNS);
    if (told < 0 || told > s->size[0] || told > MAX_ROWS)
        return error_set(err, ERROR_INPUT, "%s: answers with %lld rows and says that %lld count",
                         d->path, (long long)s->size[0], (long long)told);
    return 0;
}

int doclayout_find(struct doclayout *d, const struct pixels *picture, struct doclayout_regions *out,
                   struct error *err)
{
    const float width = (float)picture->width, height = (float)picture->height;
    struct onnx_value answer[2];
    struct doclayout_boxes boxes;
    if (run(d, picture, answer, err) < 0 || check_answer(d, answer, err) < 0)
        return -1;
    const size_t columns = (size_t)answer[0].shape.size[1];
    doclayout_take(&d->plan, answer[0].data, (size_t)rows_told(&answer[1]), columns, &boxes);
    doclayout_thin(&d->plan, width, height, &boxes);
    doclayout_regions_of(&d->plan, &boxes, columns > LEAST_COLUMNS, width, height, out);
    free(boxes.rows);
    return 0;
}
