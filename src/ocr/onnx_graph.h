/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * An ONNX model in memory, to be looked through and changed. What is handed out belongs to the
 * graph and lives until onnx_graph_done. Names are compared, never interpreted.
 */
#ifndef OCR_ONNX_GRAPH_H
#define OCR_ONNX_GRAPH_H

#include "base/error.h"
#include "base/memory.h"
#include "base/strbuf.h"

#include <onnx_model.pb-c.h> /* made by protoc-c at build */

#include <stdbool.h>
#include <stdint.h>

/* Types of tensors and attributes, as the ONNX specification numbers them. */
enum { ONNX_FLOAT = 1, ONNX_FLOAT16 = 10, ONNX_DOUBLE = 11, ONNX_BFLOAT16 = 16 };
enum { ONNX_ATTRIBUTE_INT = 2, ONNX_ATTRIBUTE_INTS = 7 };

enum { ONNX_MAX_RANK = 16 }; /* of a tensor; longer shapes are refused */

struct onnx_graph {
    struct arena *arena;
    Onnx__Model *model;
    Onnx__Graph *graph;
    unsigned fresh; /* names made so far */
};

/* Unpacks and checks: sizes of tensors against their bytes, nothing stored outside the file, no
 * graphs inside nodes. ERROR_INPUT, ERROR_LIMIT, ERROR_UNSUPPORTED. */
int onnx_graph_read(struct onnx_graph *g, const uint8_t *bytes, size_t size, struct error *err);
int onnx_graph_write(const struct onnx_graph *g, struct strbuf *out, struct error *err);
void onnx_graph_done(struct onnx_graph *g);

/* Looking. NULL when there is none. */
Onnx__Node *onnx_graph_producer(const struct onnx_graph *g, const char *name);
bool onnx_graph_is_output(const struct onnx_graph *g, const char *name);
Onnx__Node *onnx_graph_reader(const struct onnx_graph *g, const char *name); /* any one */
/* The one node that reads it, if nothing else does. */
Onnx__Node *onnx_graph_only_user(const struct onnx_graph *g, const char *name);
/* An initializer or the value of a Constant. */
Onnx__Tensor *onnx_graph_constant(const struct onnx_graph *g, const char *name);
Onnx__ValueInfo *onnx_graph_value(const struct onnx_graph *g, const char *name);
/* Of a map [N, C, H, W], as the file tells them; 0: it does not. */
int64_t onnx_graph_channels(const struct onnx_graph *g, const char *name);

bool onnx_node_is(const Onnx__Node *n, const char *op, size_t inputs);
Onnx__Attribute *onnx_node_attribute(const Onnx__Node *n, const char *name);
int64_t onnx_node_int(const Onnx__Node *n, const char *name, int64_t standard);
bool onnx_node_ints_are(const Onnx__Node *n, const char *name, int64_t value, size_t count);

/* The values of a float tensor that is there in full, else NULL. */
float *onnx_tensor_floats(const Onnx__Tensor *t, size_t *count);

/* Changing (onnx_edit.c). */
void *onnx_graph_take(struct onnx_graph *g, size_t n, size_t size);
char *onnx_graph_name(struct onnx_graph *g); /* one that nothing bears yet */
/* A new initializer; its values are zero until written through *values. */
Onnx__Tensor *onnx_graph_add_floats(struct onnx_graph *g, const int64_t *dims, size_t rank,
                                    float **values);
/* Makes t a float tensor of so many zeros, to be written through *values. */
void onnx_tensor_use_floats(struct onnx_graph *g, Onnx__Tensor *t, size_t count, float **values);
/* Filters [O, I, h, w], given with their values, restricted to `count` inputs from `first`. */
Onnx__Tensor *onnx_graph_filters(struct onnx_graph *g, const Onnx__Tensor *all, const float *from,
                                 int64_t first, int64_t count);
/* A node of one output without attributes. */
Onnx__Node *onnx_graph_node(struct onnx_graph *g, const char *op, char *const *inputs, size_t count,
                            char *output);
void onnx_node_add_int(struct onnx_graph *g, Onnx__Node *n, const char *name, int64_t value);
void onnx_node_add_ints(struct onnx_graph *g, Onnx__Node *n, const char *name,
                        const int64_t *values, size_t count);
void onnx_graph_put(struct onnx_graph *g, const Onnx__Node *old,
                    Onnx__Node *new); /* in its place */
void onnx_graph_insert_before(struct onnx_graph *g, const Onnx__Node *place, Onnx__Node *new);
void onnx_graph_remove(struct onnx_graph *g, const Onnx__Node *n);
void onnx_graph_rename_uses(struct onnx_graph *g, const char *from, char *to); /* by nodes */
void onnx_graph_remove_unused(struct onnx_graph *g); /* tensors and shapes of nobody */

#endif
