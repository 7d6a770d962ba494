/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * DB's 3x3 convolution over maps of several sizes, each enlarged by repeating pixels. Where pixels
 * are repeated, a 3x3 window sees only 2x2 different ones, and which of them depends on whether row
 * and column are even or odd: four 2x2 convolutions at half the size give the same sums with less
 * than half the products, and DepthToSpace interleaves them. The map that was not enlarged keeps
 * its 3x3. What does not match exactly stays as it is. Called by onnx_prepare.c on float32 graphs.
 */
#include "ocr/onnx_rewrite.h"

#include <string.h>

enum { MAX_MAPS = 8, MAX_SCALE = 64 };

/* One input of the Concat. */
struct map {
    Onnx__Node *resize; /* NULL: as it is */
    int64_t scale, channels, first;
};

struct fusion {
    const Onnx__Node *concat, *conv;
    const Onnx__Tensor *weights; /* [out][in][3][3] */
    const float *values;
    struct map maps[MAX_MAPS];
    size_t count, whole;    /* which map is not enlarged */
    int64_t small_channels; /* of all the others */
};

static bool says(const Onnx__Node *n, const char *attribute, const char *word)
{
    const Onnx__Attribute *a = onnx_node_attribute(n, attribute);
    return a && a->has_s && a->s.len == strlen(word) && memcmp(a->s.data, word, a->s.len) == 0;
}

/* The even factor by which a Resize repeats rows and columns; 0: it does something else. */
static int64_t repeats(const struct onnx_graph *g, const Onnx__Node *n)
{
    if (!says(n, "mode", "nearest") || !says(n, "nearest_mode", "floor") ||
        !says(n, "coordinate_transformation_mode", "asymmetric") || onnx_node_attribute(n, "axes"))
        return 0;
    size_t count;
    const float *s = onnx_tensor_floats(onnx_graph_constant(g, n->input[2]), &count);
    if (!s || count != 4 || s[0] != 1 || s[1] != 1 || s[2] != s[3] || !(s[2] >= 2) ||
        s[2] > MAX_SCALE)
        return 0;
    int64_t scale = (int64_t)s[2];
    return (float)scale == s[2] && scale % 2 == 0 ? scale : 0;
}

static bool is_plain_3x3(const Onnx__Node *n)
{
    return onnx_node_int(n, "group", 1) == 1 && onnx_node_ints_are(n, "pads", 1, 4) &&
           !onnx_node_attribute(n, "auto_pad") &&
           (!onnx_node_attribute(n, "strides") || onnx_node_ints_are(n, "strides", 1, 2)) &&
           (!onnx_node_attribute(n, "dilations") || onnx_node_ints_are(n, "dilations", 1, 2));
}

/* The maps with their channels; exactly one of them not enlarged. */
static bool take_maps(const struct onnx_graph *g, struct fusion *f)
{
    int64_t channels = 0;
    size_t wholes = 0;
    for (f->count = 0; f->count < f->concat->n_input; f->count++) {
        const char *name = f->concat->input[f->count];
        struct map *m = &f->maps[f->count];
        Onnx__Node *n = onnx_graph_producer(g, name);
        bool own = onnx_node_is(n, "Resize", 3) && onnx_graph_only_user(g, name) == f->concat;
        int64_t scale = own ? repeats(g, n) : 0;
        *m = (struct map){scale ? n : NULL, scale, onnx_graph_channels(g, name), channels};
        if (m->channels < 1 || m->channels > f->weights->dims[1])
            return false;
        channels += m->channels;
        if (!scale) {
            f->whole = f->count;
            wholes++;
        }
    }
    f->small_channels = channels - f->maps[f->whole].channels;
    return wholes == 1 && f->count > 1 && channels == f->weights->dims[1];
}

static bool find(const struct onnx_graph *g, const Onnx__Node *concat, struct fusion *f)
{
    if (strcmp(concat->op_type, "Concat") != 0 || concat->n_input > MAX_MAPS ||
        !onnx_node_is(concat, "Concat", concat->n_input) || onnx_node_int(concat, "axis", 0) != 1)
        return false;
    const Onnx__Node *conv = onnx_graph_only_user(g, concat->output[0]);
    if (!conv || (!onnx_node_is(conv, "Conv", 2) && !onnx_node_is(conv, "Conv", 3)) ||
        strcmp(conv->input[0], concat->output[0]) != 0 || !is_plain_3x3(conv))
        return false;
    *f = (struct fusion){.concat = concat, .conv = conv};
    f->weights = onnx_graph_constant(g, conv->input[1]);
    size_t count;
    f->values = onnx_tensor_floats(f->weights, &count);
    if (!f->values || count == 0 || f->weights->n_dims != 4 || f->weights->dims[2] != 3 ||
        f->weights->dims[3] != 3)
        return false;
    return take_maps(g, f);
}

/* The enlarged maps side by side at half the size. */
static char *add_small(struct onnx_graph *g, const struct fusion *f)
{
    char *names[MAX_MAPS];
    size_t count = 0;
    for (size_t i = 0; i < f->count; i++) {
        const struct map *m = &f->maps[i];
        if (!m->resize)
            continue;
        char **name = &names[count++];
        *name = m->resize->input[0];
        if (m->scale == 2)
            continue;
        float *scales;
        char *inputs[] = {m->resize->input[0], m->resize->input[1],
                          onnx_graph_add_floats(g, (int64_t[]){4}, 1, &scales)->name};
        scales[0] = scales[1] = 1;
        scales[2] = scales[3] = (float)m->scale / 2;
        *name = onnx_graph_name(g);
        Onnx__Node *n = onnx_graph_node(g, "Resize", inputs, 3, *name);
        n->n_attribute = m->resize->n_attribute;
        n->attribute = m->resize->attribute;
        onnx_graph_insert_before(g, f->conv, n);
    }
    char *output = onnx_graph_name(g);
    Onnx__Node *n = onnx_graph_node(g, "Concat", names, count, output);
    onnx_node_add_int(g, n, "axis", 1);
    onnx_graph_insert_before(g, f->conv, n);
    return output;
}

/* Row (or column) of the 2x2 window on which tap 0, 1 or 2 of the three falls, in even and odd. */
static const uint8_t falls_on[2][3] = {{0, 1, 1}, {0, 0, 1}};

static char *add_phase(struct onnx_graph *g, const struct fusion *f, char *small, size_t py,
                       size_t px)
{
    size_t out = (size_t)f->weights->dims[0], in = (size_t)f->weights->dims[1];
    float *to;
    Onnx__Tensor *t =
        onnx_graph_add_floats(g, (int64_t[]){f->weights->dims[0], f->small_channels, 2, 2}, 4, &to);
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < f->count; i++) {
            const struct map *m = &f->maps[i];
            const float *from = f->values + (o * in + (size_t)m->first) * 9;
            for (int64_t c = 0; m->resize && c < m->channels; c++, from += 9, to += 4)
                for (size_t tap = 0; tap < 9; tap++)
                    to[falls_on[py][tap / 3] * 2 + falls_on[px][tap % 3]] += from[tap];
        }
    char *output = onnx_graph_name(g);
    Onnx__Node *n = onnx_graph_node(g, "Conv", (char *[]){small, t->name}, 2, output);
    int64_t y = (int64_t)py, x = (int64_t)px;
    onnx_node_add_ints(g, n, "pads", (int64_t[]){1 - y, 1 - x, y, x}, 4);
    onnx_graph_insert_before(g, f->conv, n);
    return output;
}

static char *add_enlarged(struct onnx_graph *g, const struct fusion *f)
{
    char *small = add_small(g, f), *phases[4];
    for (size_t i = 0; i < 4; i++)
        phases[i] = add_phase(g, f, small, i / 2, i % 2);
    char *together = onnx_graph_name(g), *output = onnx_graph_name(g);
    Onnx__Node *n = onnx_graph_node(g, "Concat", phases, 4, together);
    onnx_node_add_int(g, n, "axis", 1);
    onnx_graph_insert_before(g, f->conv, n);
    n = onnx_graph_node(g, "DepthToSpace", &together, 1, output);
    onnx_node_add_int(g, n, "blocksize", 2);
    onnx_graph_insert_before(g, f->conv, n);
    return output;
}

static char *add_whole(struct onnx_graph *g, const struct fusion *f)
{
    const struct map *m = &f->maps[f->whole];
    char *inputs[] = {
        f->concat->input[f->whole],
        onnx_graph_filters(g, f->weights, f->values, m->first, m->channels)->name,
        f->conv->n_input == 3 ? f->conv->input[2] : NULL,
    };
    char *output = onnx_graph_name(g);
    Onnx__Node *n = onnx_graph_node(g, "Conv", inputs, f->conv->n_input, output);
    n->n_attribute = f->conv->n_attribute;
    n->attribute = f->conv->attribute;
    onnx_graph_insert_before(g, f->conv, n);
    return output;
}

unsigned onnx_rewrite_phases(struct onnx_graph *g)
{
    unsigned done = 0;
    for (size_t i = 0; i < g->graph->n_node; i++) {
        struct fusion f;
        if (!find(g, g->graph->node[i], &f))
            continue;
        char *parts[] = {add_enlarged(g, &f), add_whole(g, &f)};
        onnx_graph_put(g, f.conv, onnx_graph_node(g, "Add", parts, 2, f.conv->output[0]));
        onnx_graph_remove(g, f.concat);
        for (size_t k = 0; k < f.count; k++)
            if (f.maps[k].resize)
                onnx_graph_remove(g, f.maps[k].resize);
        done++;
    }
    return done;
}
