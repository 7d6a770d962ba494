/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Float16 to float32, rounded constants put right, the class head cut, then the rewritings of
 * onnx_rewrite.c, onnx_phases.c and onnx_upsample.c. The model is hostile: onnx_graph_read checks
 * it first, and what does not look as expected is left as it is or refused. Called at install, in
 * pagemill-work.
 */
#include "ocr/onnx_prepare.h"

#include "ocr/onnx_rewrite.h"

#include <math.h>
#include <string.h>

/* IEEE 754 binary16. */
static float half_to_float(uint16_t h)
{
    float sign = h & 0x8000 ? -1.0f : 1.0f;
    int exponent = h >> 10 & 31, fraction = h & 1023;
    if (exponent == 31)
        return fraction ? NAN : sign * INFINITY;
    if (exponent == 0)
        return sign * ldexpf((float)fraction, -24);
    return sign * ldexpf((float)(fraction + 1024), exponent - 25);
}

static unsigned widen_tensor(struct onnx_graph *g, Onnx__Tensor *t)
{
    if (!t || t->data_type != ONNX_FLOAT16)
        return 0;
    const uint8_t *raw = t->has_raw_data ? t->raw_data.data : NULL;
    const int32_t *wide = t->int32_data; /* the bits of one in each */
    size_t count = t->has_raw_data ? t->raw_data.len / 2 : t->n_int32_data;
    float *values;
    onnx_tensor_use_floats(g, t, count, &values);
    for (size_t i = 0; i < count; i++) {
        uint16_t h = (uint16_t)(raw ? raw[2 * i] | raw[2 * i + 1] << 8 : wide[i]);
        values[i] = half_to_float(h);
    }
    return 1;
}

static unsigned widen_values(Onnx__ValueInfo **list, size_t count)
{
    unsigned done = 0;
    for (size_t i = 0; i < count; i++) {
        Onnx__TensorType *t = list[i]->type ? list[i]->type->tensor_type : NULL;
        if (!t || t->elem_type != ONNX_FLOAT16)
            continue;
        t->elem_type = ONNX_FLOAT;
        done++;
    }
    return done;
}

/* Constants, and attributes that name a type: Cast's "to", "dtype" of those that make tensors. */
static void widen_node(struct onnx_graph *g, Onnx__Node *n, struct onnx_prepare_report *report)
{
    for (size_t i = 0; i < n->n_attribute; i++) {
        Onnx__Attribute *a = n->attribute[i];
        report->tensors_widened += widen_tensor(g, a->t);
        for (size_t k = 0; k < a->n_tensors; k++)
            report->tensors_widened += widen_tensor(g, a->tensors[k]);
        bool names_type = a->name && (strcmp(a->name, "to") == 0 || strcmp(a->name, "dtype") == 0);
        if (!names_type || a->i != ONNX_FLOAT16)
            continue;
        a->i = ONNX_FLOAT;
        report->types_widened++;
    }
}

static void widen(struct onnx_graph *g, struct onnx_prepare_report *report)
{
    Onnx__Graph *graph = g->graph;
    for (size_t i = 0; i < graph->n_initializer; i++)
        report->tensors_widened += widen_tensor(g, graph->initializer[i]);
    for (size_t i = 0; i < graph->n_node; i++)
        widen_node(g, graph->node[i], report);
    report->types_widened += widen_values(graph->input, graph->n_input) +
                             widen_values(graph->output, graph->n_output) +
                             widen_values(graph->value_info, graph->n_value_info);
}

/* What float16 made of the constant before Erf in a GELU, and what it was. */
static const struct rounded {
    const char *op;
    float rounded, exact;
} rounded_constants[] = {
    {"Div", 1.4140625f, (float)M_SQRT2},
    {"Mul", 0.70703125f, (float)M_SQRT1_2},
};

static bool put_right(struct onnx_graph *g, Onnx__Node *n, const struct rounded *r)
{
    for (size_t k = 0; k < 2; k++) {
        size_t count;
        const Onnx__Tensor *t = onnx_graph_constant(g, n->input[k]);
        const float *value = onnx_tensor_floats(t, &count);
        if (!value || count != 1 || *value != r->rounded)
            continue;
        float *exact;
        n->input[k] = onnx_graph_add_floats(g, t->dims, t->n_dims, &exact)->name;
        *exact = r->exact;
        return true;
    }
    return false;
}

static unsigned exact_constants(struct onnx_graph *g)
{
    unsigned done = 0;
    for (size_t i = 0; i < g->graph->n_node; i++) {
        Onnx__Node *n = g->graph->node[i];
        for (size_t k = 0; k < sizeof rounded_constants / sizeof *rounded_constants; k++)
            if (onnx_node_is(n, rounded_constants[k].op, 2) &&
                onnx_node_is(onnx_graph_only_user(g, n->output[0]), "Erf", 1))
                done += put_right(g, n, &rounded_constants[k]);
    }
    return done;
}

/* The last layer before the first output: MatMul and Add, or Gemm. */
struct head {
    Onnx__Node *product, *add;  /* the same node if Gemm */
    size_t weights_at, bias_at; /* which inputs */
    bool transposed;            /* weights [classes][features] */
    size_t classes;
};

/* Walks from the output up over what acts on each class or on all alike. */
static Onnx__Node *above_softmax(const struct onnx_graph *g)
{
    Onnx__Node *n = onnx_graph_producer(g, g->graph->output[0]->name);
    for (int steps = 0; steps < 8; steps++) {
        if (!n || (!onnx_node_is(n, "Softmax", 1) && !onnx_node_is(n, "Cast", 1)))
            return n;
        Onnx__Node *above = onnx_graph_producer(g, n->input[0]);
        if (above && onnx_graph_only_user(g, n->input[0]) != n)
            return NULL;
        n = above;
    }
    return NULL;
}

static bool find_head(const struct onnx_graph *g, struct head *h)
{
    Onnx__Node *n = above_softmax(g);
    if (!n)
        return false;
    if (onnx_node_is(n, "Gemm", 3)) {
        *h = (struct head){n, n, 1, 2, onnx_node_int(n, "transB", 0) != 0, 0};
    } else if (onnx_node_is(n, "Add", 2)) {
        size_t product_at = onnx_graph_constant(g, n->input[0]) ? 1 : 0;
        Onnx__Node *product = onnx_graph_producer(g, n->input[product_at]);
        if (!product || !onnx_node_is(product, "MatMul", 2) ||
            onnx_graph_only_user(g, product->output[0]) != n)
            return false;
        *h = (struct head){product, n, 1, 1 - product_at, false, 0};
    } else {
        return false;
    }
    size_t count, biases;
    const Onnx__Tensor *w = onnx_graph_constant(g, h->product->input[h->weights_at]);
    const Onnx__Tensor *b = onnx_graph_constant(g, h->add->input[h->bias_at]);
    if (!onnx_tensor_floats(w, &count) || count == 0 || w->n_dims != 2 ||
        !onnx_tensor_floats(b, &biases) || biases == 0 || b->n_dims == 0)
        return false;
    h->classes = (size_t)w->dims[h->transposed ? 0 : 1];
    return biases == h->classes && (size_t)b->dims[b->n_dims - 1] == h->classes;
}

/* A copy of the tensor with only these columns, or rows. */
static char *cut_tensor(struct onnx_graph *g, const char *name, bool rows,
                        const struct onnx_prepare_options *options)
{
    const Onnx__Tensor *t = onnx_graph_constant(g, name);
    size_t count, axis = rows ? 0 : t->n_dims - 1, kept = options->class_count;
    const float *from = onnx_tensor_floats(t, &count);
    size_t before = (size_t)t->dims[axis], others = count / before;
    int64_t dims[ONNX_MAX_RANK];
    memcpy(dims, t->dims, t->n_dims * sizeof *dims);
    dims[axis] = (int64_t)kept;
    float *to;
    char *cut = onnx_graph_add_floats(g, dims, t->n_dims, &to)->name;
    for (size_t i = 0; i < others; i++)
        for (size_t k = 0; k < kept; k++) {
            size_t class = options->classes[k];
            to[rows ? k * others + i : i * kept + k] =
                from[rows ? class * others + i : i * before + class];
        }
    return cut;
}

/* The names between keep no shapes in the file that the cut made wrong. */
static void forget_shapes(struct onnx_graph *g, const struct head *h)
{
    Onnx__Node *n = h->product;
    while (n && !onnx_graph_is_output(g, n->output[0])) {
        Onnx__Node *next = onnx_graph_only_user(g, n->output[0]);
        char *name = onnx_graph_name(g);
        onnx_graph_rename_uses(g, n->output[0], name);
        n->output[0] = name;
        n = next;
    }
    const Onnx__ValueInfo *out = g->graph->output[0];
    Onnx__Shape *shape = out->type && out->type->tensor_type ? out->type->tensor_type->shape : NULL;
    if (!shape || shape->n_dim == 0)
        return;
    Onnx__Dimension *last = shape->dim[shape->n_dim - 1];
    last->has_dim_value = false;
    last->dim_param = NULL;
}

static int cut_classes(struct onnx_graph *g, const struct onnx_prepare_options *options,
                       struct onnx_prepare_report *report, struct error *err)
{
    struct head h;
    if (!find_head(g, &h))
        return error_set(err, ERROR_UNSUPPORTED,
                         "the model does not end in a layer of classes that could be cut");
    for (size_t i = 0; i < options->class_count; i++)
        if (options->classes[i] >= h.classes ||
            (i > 0 && options->classes[i] <= options->classes[i - 1]))
            return error_set(err, ERROR_INPUT,
                             "class %zu is out of order or not one of the model's %zu",
                             options->classes[i], h.classes);
    if (options->class_count == 0)
        return error_set(err, ERROR_INPUT, "no class to keep");
    char **weights = &h.product->input[h.weights_at], **bias = &h.add->input[h.bias_at];
    *weights = cut_tensor(g, *weights, h.transposed, options);
    *bias = cut_tensor(g, *bias, false, options);
    forget_shapes(g, &h);
    report->classes_before = h.classes;
    report->classes_after = options->class_count;
    return 0;
}

/* The rewritings add float32 tensors, which fit no graph of another type. */
static bool is_float32(const struct onnx_graph *g)
{
    for (size_t i = 0; i < g->graph->n_initializer; i++) {
        int32_t type = g->graph->initializer[i]->data_type;
        if (type == ONNX_FLOAT16 || type == ONNX_DOUBLE || type == ONNX_BFLOAT16)
            return false;
    }
    return true;
}

static void rewrite(struct onnx_graph *g, struct onnx_prepare_report *report)
{
    report->scaled_sums = onnx_rewrite_scaled_sums(g);
    report->phases = onnx_rewrite_phases(g);
    report->split_concats = onnx_rewrite_split_concats(g);
    report->folded_biases = onnx_rewrite_folded_biases(g);
    report->upsampling_tails = onnx_rewrite_upsampling_tails(g);
}

int onnx_prepare(const uint8_t *model, size_t size, const struct onnx_prepare_options *options,
                 struct strbuf *out, struct onnx_prepare_report *report, struct error *err)
{
    struct onnx_graph g;
    if (onnx_graph_read(&g, model, size, err) < 0)
        return -1;
    struct onnx_prepare_report done = {0};
    done.identities = onnx_rewrite_identities(&g);
    if (options->widen)
        widen(&g, &done);
    if (options->exact_constants)
        done.constants = exact_constants(&g);
    int rc = options->classes ? cut_classes(&g, options, &done, err) : 0;
    if (rc == 0 && options->rewrite && is_float32(&g))
        rewrite(&g, &done);
    if (rc == 0) {
        onnx_graph_remove_unused(&g);
        rc = onnx_graph_write(&g, out, err);
    }
    onnx_graph_done(&g);
    if (rc == 0)
        *report = done;
    return rc;
}
