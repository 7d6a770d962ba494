/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * An ONNX model made quicker for a CPU before it is stored: bytes to bytes, once, at install. What
 * it computes stays the same but for rounding; what each option gains is in docs/engines.md.
 */
#ifndef OCR_ONNX_PREPARE_H
#define OCR_ONNX_PREPARE_H

#include "base/error.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct onnx_prepare_options {
    bool widen;           /* float16 to float32 throughout: most CPU kernels have no float16 */
    bool exact_constants; /* sqrt(2) that float16 has rounded, so that ONNX Runtime knows a GELU */
    bool rewrite;         /* the same sums in fewer passes over memory */
    /* The recognition head cut to these classes, or NULL: indices into the last dimension of the
     * first output, ascending. The caller cuts its dictionary likewise. */
    const size_t *classes;
    size_t class_count;
};

/* What was done, for the log. */
struct onnx_prepare_report {
    unsigned tensors_widened, types_widened, constants, identities;
    unsigned scaled_sums, split_concats, folded_biases, upsampling_tails, phases;
    size_t classes_before, classes_after; /* 0: not cut */
};

/* *out is filled on success and then holds a whole model. ERROR_INPUT: malformed, or classes that
 * do not fit it; ERROR_LIMIT: too large; ERROR_UNSUPPORTED: graphs inside nodes, or no
 * recognition head to cut. Hostile bytes are safe. */
int onnx_prepare(const uint8_t *model, size_t size, const struct onnx_prepare_options *options,
                 struct strbuf *out, struct onnx_prepare_report *report, struct error *err);

#endif
