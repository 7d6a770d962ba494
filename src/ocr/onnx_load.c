/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Models from files: the very bytes whose hash was checked are what is loaded. A rewritten model is
 * given out only if it answers a test picture as the original does; whatever goes wrong with it,
 * the original is there. Called by ppocr, doclayout and slanet.
 */
#include "ocr/onnx.h"

#include "base/digest.h"
#include "base/memory.h"
#include "ocr/onnx_prepare.h"

#include <math.h>
#include <stdlib.h>

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

/* Do two answers agree, row by row of their last dimension? Of a cut model's, which sums to one
 * over fewer classes, as much as is left of the whole one's. */
static bool alike(const float *a, size_t a_classes, const float *b, size_t b_classes, size_t rows,
                  const struct onnx_classes *cut)
{
    const float rounding = 0.05F; /* of probabilities, where a float16 model is widened */
    for (size_t i = 0; i < rows; i++, a += a_classes, b += b_classes) {
        float left = cut ? 0 : 1;
        for (size_t k = 0; cut && k < b_classes; k++)
            left += a[cut->rows[k]];
        for (size_t k = 0; k < b_classes; k++)
            if (!(fabsf(a[cut ? cut->rows[k] : k] - b[k] * left) <= rounding))
                return false;
    }
    return true;
}

static bool answers_alike(struct onnx_model *original, struct onnx_model *other,
                          const struct onnx_classes *cut)
{
    const struct onnx_shape in = test_shape(original);
    struct onnx_shape x, y;
    const float *a, *b;
    float *picture = test_picture(elements(&in));
    bool same = onnx_run(original, picture, &in, &a, &x, NULL) == 0 &&
                onnx_run(other, picture, &in, &b, &y, NULL) == 0 && x.rank == y.rank;
    free(picture);
    if (!same)
        return false;
    const size_t last = x.rank - 1;
    const size_t a_classes = (size_t)x.size[last], b_classes = (size_t)y.size[last];
    const size_t rows = elements(&x) / a_classes;
    return rows == elements(&y) / b_classes && b_classes == (cut ? cut->count : a_classes) &&
           alike(a, a_classes, b, b_classes, rows, cut);
}

static bool changed(const struct onnx_prepare_report *r)
{
    return r->classes_after || r->tensors_widened || r->constants || r->scaled_sums ||
           r->split_concats || r->folded_biases || r->upsampling_tails || r->phases;
}

int onnx_load(struct onnx_model **out, struct onnx *runtime, const char *path, const char *sha256,
              struct error *err)
{
    auto_strbuf bytes = {.cap = MAX_MODEL};
    if (digest_read_file(path, sha256, &bytes, err) < 0)
        return -1;
    return onnx_load_bytes(out, runtime, &bytes, err) < 0 ? error_context(err, "%s", path) : 0;
}

int onnx_load_ports(struct onnx_model **out, struct onnx *runtime, const char *path,
                    const char *sha256, struct error *err)
{
    auto_strbuf bytes = {.cap = MAX_MODEL};
    if (digest_read_file(path, sha256, &bytes, err) < 0)
        return -1;
    return onnx_load_bytes_with_ports(out, runtime, &bytes, err) < 0
               ? error_context(err, "%s", path)
               : 0;
}

static int prepare(const char *path, const char *sha256, const struct onnx_classes *cut,
                   struct strbuf *out, struct error *err)
{
    const struct onnx_prepare_options everything = {.widen = true,
                                                    .exact_constants = true,
                                                    .rewrite = true,
                                                    .classes = cut ? cut->rows : NULL,
                                                    .class_count = cut ? cut->count : 0};
    struct onnx_prepare_report report;
    auto_strbuf bytes = {.cap = MAX_MODEL};
    if (digest_read_file(path, sha256, &bytes, err) < 0 ||
        onnx_prepare((const uint8_t *)bytes.data, bytes.len, &everything, out, &report, err) < 0)
        return -1;
    return changed(&report) ? 0 : error_set(err, ERROR_UNSUPPORTED, "%s: nothing to gain", path);
}

int onnx_load_quick(struct onnx_model **out, struct onnx *runtime, struct onnx_model *original,
                    const char *path, const char *sha256, const struct onnx_classes *cut,
                    struct error *err)
{
    struct onnx_model *model;
    auto_strbuf bytes = {.cap = MAX_MODEL};
    if (onnx_device(runtime) != DEVICE_CPU)
        return error_set(err, ERROR_UNSUPPORTED, "models are rewritten for a CPU only");
    if (prepare(path, sha256, cut, &bytes, err) < 0 ||
        onnx_load_bytes(&model, runtime, &bytes, err) < 0)
        return -1;
    if (!answers_alike(original, model, cut)) {
        onnx_unload(&model);
        return error_set(err, ERROR_UNSUPPORTED, "%s: rewritten, it answers otherwise", path);
    }
    *out = model;
    return 0;
}

void onnx_replace_by_quick(struct onnx_model **model, struct onnx *runtime, const char *path,
                           const char *sha256)
{
    struct onnx_model *quick;
    if (onnx_load_quick(&quick, runtime, *model, path, sha256, NULL, NULL) < 0)
        return;
    onnx_unload(model);
    *model = quick;
}
