/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Rewritings that keep the sums. On a CPU these small networks wait for memory more than they
 * compute: each of these saves writing and reading large maps between two nodes. What does not
 * match exactly stays as it is. Called by onnx_prepare.c on float32 graphs.
 */
#include "ocr/onnx_rewrite.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

unsigned onnx_rewrite_identities(struct onnx_graph *g)
{
    unsigned done = 0;
    for (size_t i = 0; i < g->graph->n_node;) {
        Onnx__Node *n = g->graph->node[i];
        Onnx__Node *user =
            onnx_node_is(n, "Identity", 1) ? onnx_graph_reader(g, n->output[0]) : NULL;
        if (!user || onnx_graph_is_output(g, n->output[0])) {
            i++;
            continue;
        }
        onnx_graph_rename_uses(g, n->output[0], n->input[0]);
        onnx_graph_remove(g, n);
        done++;
    }
    return done;
}

/* The factor s if `mul` is x·s and s comes from a gate, which is small beside x. */
static char *gate_of(const struct onnx_graph *g, const Onnx__Node *mul, const char *x)
{
    for (size_t k = 0; k < 2; k++) {
        const Onnx__Node *gate = onnx_graph_producer(g, mul->input[1 - k]);
        if (same(mul->input[k], x) &&
            (onnx_node_is(gate, "HardSigmoid", 1) || onnx_node_is(gate, "Sigmoid", 1)))
            return mul->input[1 - k];
    }
    return NULL;
}

static bool rewrite_scaled_sum(struct onnx_graph *g, const Onnx__Node *add)
{
    for (size_t side = 0; side < 2; side++) {
        char *x = add->input[1 - side];
        const Onnx__Node *mul = onnx_graph_producer(g, add->input[side]);
        if (!onnx_node_is(mul, "Mul", 2) || onnx_graph_only_user(g, mul->output[0]) != add)
            continue;
        char *s = gate_of(g, mul, x);
        if (!s)
            continue;
        float *one;
        const Onnx__Tensor *t = onnx_graph_add_floats(g, (int64_t[]){1}, 1, &one);
        *one = 1;
        char *more = onnx_graph_name(g);
        onnx_graph_put(g, mul, onnx_graph_node(g, "Add", (char *[]){s, t->name}, 2, more));
        onnx_graph_put(g, add, onnx_graph_node(g, "Mul", (char *[]){x, more}, 2, add->output[0]));
        return true;
    }
    return false;
}

unsigned onnx_rewrite_scaled_sums(struct onnx_graph *g)
{
    unsigned done = 0;
    for (size_t i = 0; i < g->graph->n_node; i++)
        if (onnx_node_is(g->graph->node[i], "Add", 2))
            done += rewrite_scaled_sum(g, g->graph->node[i]);
    return done;
}

/* Two inputs only: with four, as at the end of DB, four smaller convolutions cost what they save.
 */
static bool rewrite_split_concat(struct onnx_graph *g, const Onnx__Node *concat)
{
    const Onnx__Node *conv = onnx_graph_only_user(g, concat->output[0]);
    bool fits = onnx_node_is(conv, "Conv", 2) || onnx_node_is(conv, "Conv", 3);
    if (!fits || !same(conv->input[0], concat->output[0]) || onnx_node_int(conv, "group", 1) != 1 ||
        onnx_node_int(concat, "axis", 0) != 1)
        return false;
    const Onnx__Tensor *all = onnx_graph_constant(g, conv->input[1]);
    size_t count;
    const float *values = onnx_tensor_floats(all, &count);
    int64_t a = onnx_graph_channels(g, concat->input[0]),
            b = onnx_graph_channels(g, concat->input[1]);
    if (!values || count == 0 || all->n_dims != 4 || a < 1 || b < 1 || a >= all->dims[1] ||
        b != all->dims[1] - a)
        return false;
    char *names[] = {onnx_graph_name(g), onnx_graph_name(g)};
    char *first[] = {concat->input[0], onnx_graph_filters(g, all, values, 0, a)->name,
                     conv->n_input == 3 ? conv->input[2] : NULL};
    char *second[] = {concat->input[1], onnx_graph_filters(g, all, values, a, b)->name};
    Onnx__Node *one = onnx_graph_node(g, "Conv", first, conv->n_input, names[0]);
    Onnx__Node *two = onnx_graph_node(g, "Conv", second, 2, names[1]);
    one->n_attribute = two->n_attribute = conv->n_attribute;
    one->attribute = two->attribute = conv->attribute;
    onnx_graph_put(g, concat, one);
    onnx_graph_insert_before(g, conv, two);
    onnx_graph_put(g, conv, onnx_graph_node(g, "Add", names, 2, conv->output[0]));
    return true;
}

unsigned onnx_rewrite_split_concats(struct onnx_graph *g)
{
    unsigned done = 0;
    for (size_t i = 0; i < g->graph->n_node; i++)
        if (onnx_node_is(g->graph->node[i], "Concat", 2))
            done += rewrite_split_concat(g, g->graph->node[i]);
    return done;
}

/* y = x·W + b as two nodes. */
struct linear {
    const Onnx__Node *product, *add;
    size_t in, out;
    const float *weights, *bias;
};

static bool is_linear(const struct onnx_graph *g, const Onnx__Node *product, struct linear *l)
{
    const Onnx__Node *add =
        onnx_node_is(product, "MatMul", 2) ? onnx_graph_only_user(g, product->output[0]) : NULL;
    if (!add || !onnx_node_is(add, "Add", 2))
        return false;
    size_t other = same(add->input[0], product->output[0]) ? 1 : 0;
    const Onnx__Tensor *w = onnx_graph_constant(g, product->input[1]);
    size_t count, biases;
    const float *weights = onnx_tensor_floats(w, &count);
    const float *bias = onnx_tensor_floats(onnx_graph_constant(g, add->input[other]), &biases);
    if (!weights || !bias || w->n_dims != 2 || count == 0 || biases != (size_t)w->dims[1])
        return false;
    *l = (struct linear){product, add, (size_t)w->dims[0], (size_t)w->dims[1], weights, bias};
    return true;
}

/* The first layer gets one more output, always 1; the second its bias as one more row of weights.
 * Adding a bias to the class scores would be a pass over the largest tensor of all. */
static void fold(struct onnx_graph *g, const struct linear *a, const struct linear *b)
{
    float *wa, *ba, *wb;
    int64_t in = (int64_t)a->in, middle = (int64_t)a->out + 1, out = (int64_t)b->out;
    Onnx__Tensor *first = onnx_graph_add_floats(g, (int64_t[]){in, middle}, 2, &wa);
    Onnx__Tensor *bias = onnx_graph_add_floats(g, (int64_t[]){middle}, 1, &ba);
    Onnx__Tensor *second = onnx_graph_add_floats(g, (int64_t[]){middle, out}, 2, &wb);
    for (size_t i = 0; i < a->in; i++)
        memcpy(wa + i * (a->out + 1), a->weights + i * a->out, a->out * sizeof *wa);
    memcpy(ba, a->bias, a->out * sizeof *ba);
    ba[a->out] = 1;
    memcpy(wb, b->weights, b->in * b->out * sizeof *wb);
    memcpy(wb + b->in * b->out, b->bias, b->out * sizeof *wb);
    char *product = onnx_graph_name(g), *sum = onnx_graph_name(g);
    char *x = a->product->input[0], *y = b->add->output[0];
    onnx_graph_put(g, a->product,
                   onnx_graph_node(g, "MatMul", (char *[]){x, first->name}, 2, product));
    onnx_graph_put(g, a->add, onnx_graph_node(g, "Add", (char *[]){product, bias->name}, 2, sum));
    onnx_graph_put(g, b->add, onnx_graph_node(g, "MatMul", (char *[]){sum, second->name}, 2, y));
    onnx_graph_remove(g, b->product);
}

unsigned onnx_rewrite_folded_biases(struct onnx_graph *g)
{
    unsigned done = 0;
    for (size_t i = 0; i < g->graph->n_node; i++) {
        struct linear a, b;
        if (!is_linear(g, g->graph->node[i], &a))
            continue;
        const Onnx__Node *next = onnx_graph_only_user(g, a.add->output[0]);
        if (!next || next == a.product || !is_linear(g, next, &b) || b.in != a.out ||
            !same(next->input[0], a.add->output[0]) || b.out < 4 * b.in || b.add == a.add)
            continue;
        fold(g, &a, &b);
        done++;
    }
    return done;
}
