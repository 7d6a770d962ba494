/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What onnx.c (the runtime) and onnx_session.c (its models) share.
 */
#ifndef OCR_ONNX_INTERNAL_H
#define OCR_ONNX_INTERNAL_H

#include "ocr/onnx.h"
#include "ocr/onnx_api.h"

enum { ONNX_NOTE = 200 };

struct onnx {
    void *library;
    struct onnx_api api;
    char version[32];
    OrtEnv *env;
    OrtSessionOptions *options;
    OrtMemoryInfo *memory;
    enum device device;
    struct onnx_model *on_gpu; /* those to be moved should the GPU fail */
    char note[ONNX_NOTE];
    int64_t busy_ns;
};

/* Takes what the library says of a failure; 0 when there was none. */
int onnx_check(struct onnx *o, OrtStatus *status, const char *doing, struct error *err);

/* From here on the CPU: what is loaded next is loaded for it. */
int onnx_leave_gpu(struct onnx *o, enum device wanted, const struct error *why, struct error *err);

#endif
