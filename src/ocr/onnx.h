/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * ONNX Runtime, opened while the process runs (dlopen): a build without it lacks only the engines
 * that need it. One thread. Models for text have one float tensor in and one out (onnx_load,
 * onnx_run); those for a page's structure several (the calls with ports). No file is opened after
 * onnx_open and onnx_load; on the CPU no thread is started either, while a GPU's driver may start
 * some when it likes.
 */
#ifndef OCR_ONNX_H
#define OCR_ONNX_H

#include "base/error.h"
#include "base/strbuf.h"
#include "model/recipe.h"

#include <stddef.h>
#include <stdint.h>

enum { ONNX_RANK = 4, ONNX_PORTS = 4 };

struct onnx;
struct onnx_model;

struct onnx_shape {
    size_t rank;
    int64_t size[ONNX_RANK]; /* a model's own: −1 where it takes any */
};

/* The library's own numbers. */
enum onnx_type { ONNX_FLOAT = 1, ONNX_INT32 = 6, ONNX_INT64 = 7 };

/* A tensor that a model takes or gives; rank 0 where an output does not tell its shape. */
struct onnx_port {
    const char *name;
    enum onnx_type type;
    struct onnx_shape shape;
};

struct onnx_value {
    enum onnx_type type;
    struct onnx_shape shape;
    const void *data; /* row-major; only read */
};

/* library "": beside this program, then where the system keeps it. device: what is asked. A GPU
 * that cannot be had, or fails later in onnx_load or onnx_run, falls back to the CPU with all
 * models, and onnx_note says so. ERROR_UNSUPPORTED when there is no library, or one older
 * than 1.16: the text says what to do. */
int onnx_open(struct onnx **out, const char *library, enum device device, struct error *err);
void onnx_close(struct onnx **runtime);
const char *onnx_version(const struct onnx *runtime); /* "1.30.0" */
enum device onnx_device(const struct onnx *runtime);  /* that all models run on */
const char *onnx_note(const struct onnx *runtime);    /* why not the device asked for; "" */

/* Load a model from a file with this SHA-256 (onnx_load.c). ERROR_INPUT naming the file and the
 * reason: missing, another hash, not a model, not one float input and one float output. */
int onnx_load(struct onnx_model **out, struct onnx *runtime, const char *path, const char *sha256,
              struct error *err);

/* Classes of the last dimension of a model's output, ascending. */
struct onnx_classes {
    const size_t *rows;
    size_t count;
};

/* The same model rewritten to run sooner on a CPU (onnx_prepare.h), its last layer cut to some
 * classes where `cut` is not NULL. It has been seen to answer as `original` does. ERROR_UNSUPPORTED
 * where there is nothing to gain, on a GPU, or where it answers otherwise. */
int onnx_load_quick(struct onnx_model **out, struct onnx *runtime, struct onnx_model *original,
                    const char *path, const char *sha256, const struct onnx_classes *cut,
                    struct error *err);
/* *model becomes its quick twin if there is one. */
void onnx_replace_by_quick(struct onnx_model **model, struct onnx *runtime, const char *path,
                           const char *sha256);

/* From bytes, which are only read. */
int onnx_load_bytes(struct onnx_model **out, struct onnx *runtime, const struct strbuf *bytes,
                    struct error *err);
void onnx_unload(struct onnx_model **model);
const struct onnx_shape *onnx_input(const struct onnx_model *model);
const struct onnx_shape *onnx_output(const struct onnx_model *model);

/* Run on `in` (row-major, of the shape given; only read). *out stays good until the model's next
 * run. */
int onnx_run(struct onnx_model *model, const float *in, const struct onnx_shape *shape,
             const float **out, struct onnx_shape *out_shape, struct error *err);

/* The same of models with up to ONNX_PORTS tensors in and out. */
int onnx_load_ports(struct onnx_model **out, struct onnx *runtime, const char *path,
                    const char *sha256, struct error *err);
int onnx_load_bytes_with_ports(struct onnx_model **out, struct onnx *runtime,
                               const struct strbuf *bytes, struct error *err);
const struct onnx_port *onnx_inputs(const struct onnx_model *model, size_t *count);
const struct onnx_port *onnx_outputs(const struct onnx_model *model, size_t *count);

/* Run on as many values as the model has inputs, in their order, for its first `outputs` outputs,
 * which stay good until the model's next run. */
int onnx_run_ports(struct onnx_model *model, const struct onnx_value *in, struct onnx_value *out,
                   size_t outputs, struct error *err);

/* Nanoseconds that this runtime's models have spent in Run so far. */
int64_t onnx_busy_ns(const struct onnx *runtime);

#endif
