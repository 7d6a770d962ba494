/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * ONNX bytes to structs and back, with the few questions and changes that onnx_prepare.c and
 * onnx_rewrite.c need. The bytes are hostile: everything is in one arena, what unpacking may take
 * is capped, and after onnx_graph_read a tensor's dims can be believed. Refuses weights outside of
 * the file and graphs inside nodes. Calls base and libprotobuf-c.
 */
#include "ocr/onnx_graph.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_BYTES = 256 << 20, /* the largest PP-OCR model has 76 MiB */
    MAX_NODES = 10000,     /* the names are searched one by one; PP-OCR's have some 250 */
    MAX_EDGES = 40000,
    SLACK = 64 << 20, /* of structs, beside the bytes themselves */
};

enum { FIELD_GRAPH = 6, FIELD_GRAPHS = 11, FIELD_FUNCTIONS = 25 }; /* not in our schema */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is little-endian");

/* What unpacking may still take. */
struct budget {
    struct arena *arena;
    size_t left;
    bool spent;
};

static void *budget_alloc(void *data, size_t size)
{
    struct budget *b = data;
    if (size > b->left) {
        b->spent = true;
        return NULL;
    }
    b->left -= size;
    return arena_alloc(b->arena, 1, size);
}

static void budget_free(void *data, void *p)
{
    (void)data;
    (void)p;
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool has_unknown(const ProtobufCMessage *m, uint32_t tag)
{
    for (unsigned i = 0; i < m->n_unknown_fields; i++)
        if (m->unknown_fields[i].tag == tag)
            return true;
    return false;
}

/* Bytes of one element; 0: a type that we neither read nor change. */
static size_t element_size(int32_t type)
{
    static const uint8_t sizes[] = {
        [ONNX_FLOAT] = 4, [2] = 1, [3] = 1, [6] = 4, [7] = 8, [9] = 1, [10] = 2, [11] = 8};
    return type >= 0 && (size_t)type < sizeof sizes ? sizes[type] : 0;
}

static int wrong(struct error *err, const Onnx__Tensor *t, const char *what)
{
    return error_set(err, ERROR_INPUT, "the model's tensor \"%.60s\" %s", t->name ? t->name : "",
                     what);
}

static int check_tensor(const Onnx__Tensor *t, struct error *err)
{
    if (t->data_location != 0)
        return wrong(err, t, "is stored outside of the file");
    if (t->n_dims > ONNX_MAX_RANK)
        return wrong(err, t, "has too many dimensions");
    size_t count = 1, bytes;
    for (size_t i = 0; i < t->n_dims; i++)
        if (t->dims[i] < 0 || __builtin_mul_overflow(count, (size_t)t->dims[i], &count))
            return wrong(err, t, "has impossible dimensions");
    size_t size = element_size(t->data_type);
    if (size == 0)
        return 0;
    if (__builtin_mul_overflow(count, size, &bytes))
        return wrong(err, t, "has impossible dimensions");
    if (t->has_raw_data && t->raw_data.len != bytes)
        return wrong(err, t, "has another size than its dimensions say");
    if (t->has_raw_data)
        return 0;
    if ((t->data_type == ONNX_FLOAT && t->n_float_data != count) ||
        (t->data_type == ONNX_FLOAT16 && t->n_int32_data != count))
        return wrong(err, t, "has another size than its dimensions say");
    return 0;
}

static int check_node(const Onnx__Node *n, size_t *edges, struct error *err)
{
    if (!n->op_type)
        return error_set(err, ERROR_INPUT, "a node of the model has no operator");
    *edges += n->n_input + n->n_output;
    if (*edges > MAX_EDGES)
        return error_set(err, ERROR_LIMIT, "the model has more than %d edges", MAX_EDGES);
    for (size_t i = 0; i < n->n_attribute; i++) {
        const Onnx__Attribute *a = n->attribute[i];
        if (has_unknown(&a->base, FIELD_GRAPH) || has_unknown(&a->base, FIELD_GRAPHS))
            return error_set(err, ERROR_UNSUPPORTED, "the model has graphs inside \"%.40s\" nodes",
                             n->op_type);
        if (a->t && check_tensor(a->t, err) < 0)
            return -1;
        for (size_t k = 0; k < a->n_tensors; k++)
            if (check_tensor(a->tensors[k], err) < 0)
                return -1;
    }
    return 0;
}

static int check_model(const Onnx__Model *m, struct error *err)
{
    if (!m->graph || m->n_opset_import == 0)
        return error_set(err, ERROR_INPUT,
                         "this is not an ONNX model: no graph or no operator set");
    if (has_unknown(&m->base, FIELD_FUNCTIONS))
        return error_set(err, ERROR_UNSUPPORTED, "the model brings functions of its own");
    const Onnx__Graph *g = m->graph;
    if (g->n_node == 0 || g->n_input == 0 || g->n_output == 0)
        return error_set(err, ERROR_INPUT, "the model's graph has no nodes, inputs or outputs");
    if (g->n_node > MAX_NODES || g->n_initializer > MAX_NODES)
        return error_set(err, ERROR_LIMIT, "the model has more than %d nodes or tensors",
                         MAX_NODES);
    size_t edges = 0;
    for (size_t i = 0; i < g->n_node; i++)
        if (check_node(g->node[i], &edges, err) < 0)
            return -1;
    for (size_t i = 0; i < g->n_initializer; i++)
        if (check_tensor(g->initializer[i], err) < 0)
            return -1;
    return 0;
}

int onnx_graph_read(struct onnx_graph *g, const uint8_t *bytes, size_t size, struct error *err)
{
    if (size == 0 || size > MAX_BYTES)
        return error_set(err, size ? ERROR_LIMIT : ERROR_INPUT, "a model of %zu bytes (at most %d)",
                         size, MAX_BYTES);
    struct budget budget = {.arena = arena_new(0), .left = 2 * size + SLACK};
    ProtobufCAllocator allocator = {budget_alloc, budget_free, &budget};
    struct onnx_graph got = {.arena = budget.arena};
    got.model = onnx__model__unpack(&allocator, size, bytes);
    int rc = 0;
    if (budget.spent)
        rc = error_set(err, ERROR_LIMIT, "the model takes too much memory for its size");
    else if (!got.model)
        rc = error_set(err, ERROR_INPUT, "this is not an ONNX model: its protobuf cannot be read");
    else
        rc = check_model(got.model, err);
    if (rc < 0) {
        onnx_graph_done(&got);
        return -1;
    }
    got.graph = got.model->graph;
    *g = got;
    return 0;
}

struct writer {
    ProtobufCBuffer base;
    struct strbuf *out;
};

static void writer_append(ProtobufCBuffer *buffer, size_t len, const uint8_t *data)
{
    struct writer *w = (struct writer *)buffer;
    strbuf_add(w->out, data, len);
}

int onnx_graph_write(const struct onnx_graph *g, struct strbuf *out, struct error *err)
{
    struct writer w = {.base.append = writer_append, .out = out};
    onnx__model__pack_to_buffer(g->model, &w.base);
    if (out->overflowed)
        return error_set(err, ERROR_LIMIT, "the prepared model is too large");
    return 0;
}

void onnx_graph_done(struct onnx_graph *g)
{
    arena_free(&g->arena);
    *g = (struct onnx_graph){0};
}

Onnx__Node *onnx_graph_producer(const struct onnx_graph *g, const char *name)
{
    for (size_t i = 0; i < g->graph->n_node; i++) {
        Onnx__Node *n = g->graph->node[i];
        for (size_t k = 0; k < n->n_output; k++)
            if (same(n->output[k], name))
                return n;
    }
    return NULL;
}

/* How often nodes read the name; *last is one that does. */
static size_t node_uses(const struct onnx_graph *g, const char *name, Onnx__Node **last)
{
    size_t uses = 0;
    for (size_t i = 0; i < g->graph->n_node; i++) {
        Onnx__Node *n = g->graph->node[i];
        for (size_t k = 0; k < n->n_input; k++) {
            if (!same(n->input[k], name))
                continue;
            *last = n;
            uses++;
        }
    }
    return uses;
}

bool onnx_graph_is_output(const struct onnx_graph *g, const char *name)
{
    for (size_t i = 0; i < g->graph->n_output; i++)
        if (same(g->graph->output[i]->name, name))
            return true;
    return false;
}

Onnx__Node *onnx_graph_reader(const struct onnx_graph *g, const char *name)
{
    Onnx__Node *reader = NULL;
    node_uses(g, name, &reader);
    return reader;
}

Onnx__Node *onnx_graph_only_user(const struct onnx_graph *g, const char *name)
{
    Onnx__Node *user = NULL;
    return node_uses(g, name, &user) == 1 && !onnx_graph_is_output(g, name) ? user : NULL;
}

Onnx__Tensor *onnx_graph_constant(const struct onnx_graph *g, const char *name)
{
    for (size_t i = 0; i < g->graph->n_initializer; i++)
        if (same(g->graph->initializer[i]->name, name))
            return g->graph->initializer[i];
    const Onnx__Node *n = onnx_graph_producer(g, name);
    const Onnx__Attribute *a =
        n && onnx_node_is(n, "Constant", 0) ? onnx_node_attribute(n, "value") : NULL;
    return a ? a->t : NULL;
}

static Onnx__ValueInfo *value_in(Onnx__ValueInfo *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (same(list[i]->name, name))
            return list[i];
    return NULL;
}

Onnx__ValueInfo *onnx_graph_value(const struct onnx_graph *g, const char *name)
{
    Onnx__ValueInfo *v = value_in(g->graph->value_info, g->graph->n_value_info, name);
    return v ? v : value_in(g->graph->input, g->graph->n_input, name);
}

int64_t onnx_graph_channels(const struct onnx_graph *g, const char *name)
{
    const Onnx__ValueInfo *v = onnx_graph_value(g, name);
    if (!v || !v->type || !v->type->tensor_type || !v->type->tensor_type->shape)
        return 0;
    const Onnx__Shape *shape = v->type->tensor_type->shape;
    return shape->n_dim == 4 && shape->dim[1]->has_dim_value ? shape->dim[1]->dim_value : 0;
}

bool onnx_node_is(const Onnx__Node *n, const char *op, size_t inputs)
{
    return n && same(n->op_type, op) && (!n->domain || !*n->domain) && n->n_input == inputs &&
           n->n_output == 1;
}

Onnx__Attribute *onnx_node_attribute(const Onnx__Node *n, const char *name)
{
    for (size_t i = 0; i < n->n_attribute; i++)
        if (same(n->attribute[i]->name, name))
            return n->attribute[i];
    return NULL;
}

int64_t onnx_node_int(const Onnx__Node *n, const char *name, int64_t standard)
{
    const Onnx__Attribute *a = onnx_node_attribute(n, name);
    return a && a->has_i ? a->i : standard;
}

bool onnx_node_ints_are(const Onnx__Node *n, const char *name, int64_t value, size_t count)
{
    const Onnx__Attribute *a = onnx_node_attribute(n, name);
    if (!a || a->n_ints != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (a->ints[i] != value)
            return false;
    return true;
}

float *onnx_tensor_floats(const Onnx__Tensor *t, size_t *count)
{
    if (!t || t->data_type != ONNX_FLOAT)
        return NULL;
    *count = t->has_raw_data ? t->raw_data.len / sizeof(float) : t->n_float_data;
    return t->has_raw_data ? (float *)(void *)t->raw_data.data : t->float_data;
}
