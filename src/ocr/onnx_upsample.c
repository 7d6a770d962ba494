/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The end of DB: ConvTranspose 2x2 stride 2, Relu, ConvTranspose 2x2 stride 2 to one channel,
 * Sigmoid. No two windows overlap, so each is a 1x1 convolution whose outputs are the pixels of the
 * window: both are done at the small size, and DepthToSpace lays the 4x4 pixels out at the end.
 * What does not match exactly stays as it is. Called by onnx_prepare.c on float32 graphs.
 */
#include "ocr/onnx_rewrite.h"

#include <string.h>

enum { MAX_CHANNELS = 256 };

/* One transposed convolution with its bias, as it stands in the graph. */
struct upsample {
    const Onnx__Node *conv, *add; /* add: NULL if the bias is the convolution's */
    size_t in, out;
    const float *weights, *bias; /* [in][out][2][2]; bias may be NULL */
    const char *output;
};

static bool is_doubling(const Onnx__Node *n)
{
    static const char *const odd[] = {"auto_pad", "output_padding", "output_shape"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (onnx_node_attribute(n, odd[i]))
            return false;
    return onnx_node_ints_are(n, "strides", 2, 2) && onnx_node_int(n, "group", 1) == 1 &&
           (!onnx_node_attribute(n, "pads") || onnx_node_ints_are(n, "pads", 0, 4)) &&
           (!onnx_node_attribute(n, "dilations") || onnx_node_ints_are(n, "dilations", 1, 2));
}

/* The bias: third input, or a sum with a constant right after. */
static bool take_bias(const struct onnx_graph *g, struct upsample *u)
{
    const Onnx__Node *next = onnx_graph_only_user(g, u->output);
    const char *name = u->conv->n_input == 3 ? u->conv->input[2] : NULL;
    if (!name && onnx_node_is(next, "Add", 2)) {
        u->add = next;
        u->output = next->output[0];
        name = next->input[strcmp(next->input[0], u->conv->output[0]) == 0 ? 1 : 0];
    }
    if (!name)
        return true;
    size_t count;
    u->bias = onnx_tensor_floats(onnx_graph_constant(g, name), &count);
    return u->bias && count == u->out;
}

static bool is_upsample(const struct onnx_graph *g, const Onnx__Node *n, struct upsample *u)
{
    if (!onnx_node_is(n, "ConvTranspose", 2) && !onnx_node_is(n, "ConvTranspose", 3))
        return false;
    const Onnx__Tensor *w = onnx_graph_constant(g, n->input[1]);
    size_t count;
    const float *weights = onnx_tensor_floats(w, &count);
    if (!is_doubling(n) || !weights || w->n_dims != 4 || count == 0 || w->dims[1] > MAX_CHANNELS ||
        w->dims[2] != 2 || w->dims[3] != 2)
        return false;
    *u = (struct upsample){.conv = n,
                           .in = (size_t)w->dims[0],
                           .out = (size_t)w->dims[1],
                           .weights = weights,
                           .output = n->output[0]};
    return take_bias(g, u);
}

/* A 1x1 convolution; its weights [out][in] and bias [out] are to be written. */
static Onnx__Node *pointwise(struct onnx_graph *g, char *input, size_t in, size_t out, float **w,
                             float **b)
{
    int64_t dims[] = {(int64_t)out, (int64_t)in, 1, 1};
    char *names[] = {input, onnx_graph_add_floats(g, dims, 4, w)->name,
                     onnx_graph_add_floats(g, dims, 1, b)->name};
    return onnx_graph_node(g, "Conv", names, 3, onnx_graph_name(g));
}

/* Channel (y·2 + x)·out + c: pixel (x, y) of the window, channel c. */
static Onnx__Node *first_half(struct onnx_graph *g, const struct upsample *a)
{
    float *w, *b;
    Onnx__Node *n = pointwise(g, a->conv->input[0], a->in, 4 * a->out, &w, &b);
    for (size_t pixel = 0; pixel < 4; pixel++)
        for (size_t c = 0; c < a->out; c++) {
            b[pixel * a->out + c] = a->bias ? a->bias[c] : 0;
            for (size_t i = 0; i < a->in; i++)
                w[(pixel * a->out + c) * a->in + i] = a->weights[(i * a->out + c) * 4 + pixel];
        }
    return n;
}

/* Channel Y·4 + X: pixel (X, Y) of the 4x4, from the channels of the pixel (X/2, Y/2) above. */
static Onnx__Node *second_half(struct onnx_graph *g, const struct upsample *b, char *input)
{
    float *w, *bias;
    size_t in = 4 * b->in;
    Onnx__Node *n = pointwise(g, input, in, 16, &w, &bias);
    for (size_t y = 0; y < 4; y++)
        for (size_t x = 0; x < 4; x++) {
            size_t out = y * 4 + x, window = y / 2 * 2 + x / 2, pixel = y % 2 * 2 + x % 2;
            bias[out] = b->bias ? b->bias[0] : 0;
            for (size_t c = 0; c < b->in; c++)
                w[out * in + window * b->in + c] = b->weights[c * 4 + pixel];
        }
    return n;
}

/* Everything in the places that fall free, so that the order stays topological. */
static void replace(struct onnx_graph *g, const struct upsample *a, const Onnx__Node *relu,
                    const struct upsample *b, const Onnx__Node *sigmoid)
{
    Onnx__Node *one = first_half(g, a);
    Onnx__Node *two = onnx_graph_node(g, "Relu", one->output, 1, onnx_graph_name(g));
    Onnx__Node *three = second_half(g, b, two->output[0]);
    Onnx__Node *four = onnx_graph_node(g, "Sigmoid", three->output, 1, onnx_graph_name(g));
    Onnx__Node *five = onnx_graph_node(g, "DepthToSpace", four->output, 1, sigmoid->output[0]);
    onnx_node_add_int(g, five, "blocksize", 4);
    onnx_graph_put(g, a->conv, one);
    onnx_graph_put(g, relu, two);
    onnx_graph_put(g, b->conv, three);
    onnx_graph_insert_before(g, sigmoid, four);
    onnx_graph_put(g, sigmoid, five);
    if (a->add)
        onnx_graph_remove(g, a->add);
    if (b->add)
        onnx_graph_remove(g, b->add);
}

unsigned onnx_rewrite_upsampling_tails(struct onnx_graph *g)
{
    unsigned done = 0;
    for (size_t i = 0; i < g->graph->n_node; i++) {
        struct upsample a, b;
        if (!is_upsample(g, g->graph->node[i], &a))
            continue;
        const Onnx__Node *relu = onnx_graph_only_user(g, a.output);
        const Onnx__Node *next =
            onnx_node_is(relu, "Relu", 1) ? onnx_graph_only_user(g, relu->output[0]) : NULL;
        if (!next || next == a.conv || !is_upsample(g, next, &b) || b.in != a.out || b.out != 1 ||
            strcmp(next->input[0], relu->output[0]) != 0)
            continue;
        const Onnx__Node *sigmoid = onnx_graph_only_user(g, b.output);
        if (!onnx_node_is(sigmoid, "Sigmoid", 1) || (a.add && a.add == b.add))
            continue;
        replace(g, &a, relu, &b, sigmoid);
        done++;
    }
    return done;
}
