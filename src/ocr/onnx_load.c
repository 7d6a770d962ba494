/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Models from files: the very bytes whose hash was checked are what is loaded. On a CPU the model
 * is rewritten first, and the rewritten one is used only if it answers a test picture as the
 * original does; whatever goes wrong with it, the original is there. Called by ppocr.
 */
#include "ocr/onnx.h"

#include "base/digest.h"
#include "base/memory.h"
#include "ocr/onnx_prepare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MODEL = 1 << 30, TEST_HEIGHT = 64, TEST_WIDTH = 320 };

/* What the model takes, with sizes of ours where it takes any. */
static struct onnx_shape test_shape(const struct onnx_model *model)
{
    static const int64_t ours[ONNX_RANK] = {1, 3, TEST_HEIGHT, TEST_WIDTH};
    struct onnx_shape shape = *onnx_input(model);
    for (size_t i = 0; i < shape.rank; i++)
        if (shape.size[i] < 1)
            shape.size[i] = ours[i];
    return shape;
}

static size_t elements(const struct onnx_shape *shape)
{
    size_t n = 1;
    for (size_t i = 0; i < shape->rank; i++)
        n *= (size_t)shape->size[i];
    return n;
}

/* Strokes as of letters: dark bars of uneven width and distance, between -1 and 1. */
static float *test_picture(size_t n)
{
    float *picture = x_calloc(n, sizeof *picture);
    uint32_t seed = 1;
    for (size_t i = 0; i < n;) {
        seed = seed * 1664525 + 1013904223; /* Numerical Recipes' generator */
        size_t width = 1 + (seed >> 29);
        float value = (float)(seed >> 8 & 0xff) / 255;
        for (; width && i < n; width--, i++)
            picture[i] = seed & 1 << 20 ? -value : value;
    }
    return picture;
}

static bool alike(const float *a, const float *b, size_t n)
{
    const float rounding = 0.05F; /* of probabilities, where a float16 model is widened */
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(a[i] - b[i]) <= rounding))
            return false;
    return true;
}

static bool answers_alike(struct onnx_model *original, struct onnx_model *rewritten)
{
    const struct onnx_shape in = test_shape(original);
    struct onnx_shape a_shape, b_shape;
    const float *a, *b;
    float *picture = test_picture(elements(&in));
    bool same = onnx_run(original, picture, &in, &a, &a_shape, NULL) == 0 &&
                onnx_run(rewritten, picture, &in, &b, &b_shape, NULL) == 0 &&
                a_shape.rank == b_shape.rank &&
                memcmp(a_shape.size, b_shape.size, a_shape.rank * sizeof *a_shape.size) == 0 &&
                alike(a, b, elements(&a_shape));
    free(picture);
    return same;
}

static bool changed(const struct onnx_prepare_report *r)
{
    return r->tensors_widened || r->constants || r->scaled_sums || r->split_concats ||
           r->folded_biases || r->upsampling_tails || r->phases;
}

/* The rewritten model, or NULL where the original should be used. */
static struct onnx_model *rewritten(struct onnx *runtime, const struct strbuf *bytes,
                                    struct onnx_model *original)
{
    const struct onnx_prepare_options everything = {
        .widen = true, .exact_constants = true, .rewrite = true};
    struct onnx_prepare_report report;
    struct onnx_model *model = NULL;
    auto_strbuf out = {.cap = MAX_MODEL};
    const uint8_t *data = (const uint8_t *)bytes->data;
    if (onnx_prepare(data, bytes->len, &everything, &out, &report, NULL) < 0 || !changed(&report) ||
        onnx_load_bytes(&model, runtime, &out, NULL) < 0)
        return NULL;
    if (!answers_alike(original, model))
        onnx_unload(&model);
    return model;
}

int onnx_load(struct onnx_model **out, struct onnx *runtime, const char *path, const char *sha256,
              struct error *err)
{
    auto_strbuf bytes = {.cap = MAX_MODEL};
    struct onnx_model *model;
    if (digest_read_file(path, sha256, &bytes, err) < 0)
        return -1;
    if (onnx_load_bytes(&model, runtime, &bytes, err) < 0)
        return error_context(err, "%s", path);
    struct onnx_model *sooner =
        onnx_device(runtime) == DEVICE_CPU ? rewritten(runtime, &bytes, model) : NULL;
    if (sooner)
        onnx_unload(&model);
    *out = sooner ? sooner : model;
    return 0;
}
