/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * ONNX files written in a test: a graph of nodes, constants, inputs and outputs, piece by piece, as
 * protocol buffers.
 */
#ifndef TESTS_ONNX_WRITE_H
#define TESTS_ONNX_WRITE_H

#include "base/strbuf.h"

#include <stddef.h>
#include <stdint.h>

enum { ONNX_WRITE_RANK = 4 };

struct onnx_dims {
    size_t rank;
    int64_t size[ONNX_WRITE_RANK]; /* −1: any */
};

struct onnx_writer {
    struct strbuf graph;
};

/* type: the library's number (1 float, 6 int32, 7 int64). */
void onnx_write_input(struct onnx_writer *w, const char *name, int type, struct onnx_dims dims);
void onnx_write_output(struct onnx_writer *w, const char *name, int type, struct onnx_dims dims);
void onnx_write_constant(struct onnx_writer *w, const char *name, int type, struct onnx_dims dims,
                         const void *data);
/* Names joined by commas. attribute NULL: none; else a number, or a list of numbers. */
void onnx_write_node(struct onnx_writer *w, const char *op, const char *inputs, const char *outputs,
                     const char *attribute, const int64_t *numbers, size_t count);
/* The file, opset 13; w is empty afterwards. */
struct strbuf onnx_write_end(struct onnx_writer *w);

#endif
