/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One run of a model in memory, as it is.
 */
#include "onnx_run.h"

#include "base/memory.h"
#include "base/strbuf.h"
#include "ocr/onnx.h"

#include <stdio.h>
#include <string.h>

static struct onnx *runtime;

bool onnx_run_open(const char *library)
{
    return library && onnx_open(&runtime, library, DEVICE_CPU, NULL) == 0;
}

float *onnx_run_bytes(const void *model, size_t size, float *x, size_t height, size_t width,
                      size_t *count)
{
    struct strbuf bytes = {.data = (char *)(uintptr_t)model, .len = size};
    const struct onnx_shape in = {4, {1, 3, (int64_t)height, (int64_t)width}};
    struct onnx_shape shape;
    struct onnx_model *loaded;
    const float *answer;
    struct error err;
    float *copy = NULL;
    if (onnx_load_bytes(&loaded, runtime, &bytes, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return NULL;
    }
    if (onnx_run(loaded, x, &in, &answer, &shape, &err) == 0) {
        *count = 1;
        for (size_t i = 0; i < shape.rank; i++)
            *count *= (size_t)shape.size[i];
        copy = x_calloc(*count, sizeof *copy);
        memcpy(copy, answer, *count * sizeof *copy);
    }
    onnx_unload(&loaded);
    return copy;
}
