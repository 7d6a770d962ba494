/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * How a graph is changed: new names, tensors and nodes from the graph's arena, nodes put, moved and
 * removed. Trusts its callers (onnx_prepare.c, onnx_rewrite.c): sizes come from tensors that
 * onnx_graph_read has checked. Calls base.
 */
#include "base/must.h"
#include "ocr/onnx_graph.h"

#include <stdio.h>
#include <string.h>

void *onnx_graph_take(struct onnx_graph *g, size_t n, size_t size)
{
    void *p = arena_alloc(g->arena, n, size);
    must(p != NULL);
    return p;
}

static char *copy(struct onnx_graph *g, const char *s)
{
    size_t size = strlen(s) + 1;
    return memcpy(onnx_graph_take(g, size, 1), s, size);
}

char *onnx_graph_name(struct onnx_graph *g)
{
    char name[32];
    do
        snprintf(name, sizeof name, "pagemill.%u", g->fresh++);
    while (onnx_graph_reader(g, name) || onnx_graph_producer(g, name) ||
           onnx_graph_constant(g, name));
    return copy(g, name);
}

void onnx_tensor_use_floats(struct onnx_graph *g, Onnx__Tensor *t, size_t count, float **values)
{
    t->has_data_type = true;
    t->data_type = ONNX_FLOAT;
    t->n_float_data = t->n_int32_data = 0;
    t->has_raw_data = true;
    t->raw_data.len = count * sizeof(float);
    t->raw_data.data = onnx_graph_take(g, count, sizeof(float));
    *values = (float *)(void *)t->raw_data.data;
}

Onnx__Tensor *onnx_graph_add_floats(struct onnx_graph *g, const int64_t *dims, size_t rank,
                                    float **values)
{
    Onnx__Tensor *t = onnx_graph_take(g, 1, sizeof *t);
    onnx__tensor__init(t);
    t->name = onnx_graph_name(g);
    t->n_dims = rank;
    t->dims = onnx_graph_take(g, rank, sizeof *dims);
    size_t count = 1;
    for (size_t i = 0; i < rank; i++) {
        t->dims[i] = dims[i];
        count *= (size_t)dims[i];
    }
    onnx_tensor_use_floats(g, t, count, values);
    Onnx__Graph *graph = g->graph;
    Onnx__Tensor **list = onnx_graph_take(g, graph->n_initializer + 1, sizeof *list);
    if (graph->n_initializer)
        memcpy(list, graph->initializer, graph->n_initializer * sizeof(Onnx__Tensor *));
    list[graph->n_initializer++] = t;
    graph->initializer = list;
    return t;
}

Onnx__Tensor *onnx_graph_filters(struct onnx_graph *g, const Onnx__Tensor *all, const float *from,
                                 int64_t first, int64_t count)
{
    int64_t dims[] = {all->dims[0], count, all->dims[2], all->dims[3]};
    size_t area = (size_t)(all->dims[2] * all->dims[3]);
    float *to;
    Onnx__Tensor *t = onnx_graph_add_floats(g, dims, 4, &to);
    for (size_t o = 0; o < (size_t)dims[0]; o++)
        memcpy(to + o * (size_t)count * area,
               from + (o * (size_t)all->dims[1] + (size_t)first) * area,
               (size_t)count * area * sizeof *to);
    return t;
}

Onnx__Node *onnx_graph_node(struct onnx_graph *g, const char *op, char *const *inputs, size_t count,
                            char *output)
{
    Onnx__Node *n = onnx_graph_take(g, 1, sizeof *n);
    onnx__node__init(n);
    n->op_type = copy(g, op);
    n->name = output;
    n->n_input = count;
    n->input = onnx_graph_take(g, count, sizeof *n->input);
    memcpy(n->input, inputs, count * sizeof *inputs);
    n->n_output = 1;
    n->output = onnx_graph_take(g, 1, sizeof *n->output);
    n->output[0] = output;
    return n;
}

static Onnx__Attribute *add_attribute(struct onnx_graph *g, Onnx__Node *n, const char *name)
{
    Onnx__Attribute *a = onnx_graph_take(g, 1, sizeof *a);
    onnx__attribute__init(a);
    a->name = copy(g, name);
    a->has_type = true;
    Onnx__Attribute **list = onnx_graph_take(g, n->n_attribute + 1, sizeof *list);
    if (n->n_attribute)
        memcpy(list, n->attribute, n->n_attribute * sizeof(Onnx__Attribute *));
    list[n->n_attribute++] = a;
    n->attribute = list;
    return a;
}

void onnx_node_add_int(struct onnx_graph *g, Onnx__Node *n, const char *name, int64_t value)
{
    Onnx__Attribute *a = add_attribute(g, n, name);
    a->type = ONNX_ATTRIBUTE_INT;
    a->has_i = true;
    a->i = value;
}

void onnx_node_add_ints(struct onnx_graph *g, Onnx__Node *n, const char *name,
                        const int64_t *values, size_t count)
{
    Onnx__Attribute *a = add_attribute(g, n, name);
    a->type = ONNX_ATTRIBUTE_INTS;
    a->n_ints = count;
    a->ints = onnx_graph_take(g, count, sizeof *a->ints);
    memcpy(a->ints, values, count * sizeof *values);
}

static size_t place_of(const struct onnx_graph *g, const Onnx__Node *n)
{
    size_t i = 0;
    while (i < g->graph->n_node && g->graph->node[i] != n)
        i++;
    must(i < g->graph->n_node);
    return i;
}

void onnx_graph_put(struct onnx_graph *g, const Onnx__Node *old, Onnx__Node *new)
{
    g->graph->node[place_of(g, old)] = new;
}

void onnx_graph_insert_before(struct onnx_graph *g, const Onnx__Node *place, Onnx__Node *new)
{
    size_t at = place_of(g, place), count = g->graph->n_node;
    Onnx__Node **list = onnx_graph_take(g, count + 1, sizeof *list);
    memcpy(list, g->graph->node, at * sizeof(Onnx__Node *));
    list[at] = new;
    memcpy(list + at + 1, g->graph->node + at, (count - at) * sizeof(Onnx__Node *));
    g->graph->node = list;
    g->graph->n_node = count + 1;
}

void onnx_graph_remove(struct onnx_graph *g, const Onnx__Node *n)
{
    size_t at = place_of(g, n);
    Onnx__Node **list = g->graph->node;
    g->graph->n_node--;
    memmove(list + at, list + at + 1, (g->graph->n_node - at) * sizeof(Onnx__Node *));
}

void onnx_graph_rename_uses(struct onnx_graph *g, const char *from, char *to)
{
    for (size_t i = 0; i < g->graph->n_node; i++) {
        Onnx__Node *n = g->graph->node[i];
        for (size_t k = 0; k < n->n_input; k++)
            if (strcmp(n->input[k], from) == 0)
                n->input[k] = to;
    }
}

void onnx_graph_remove_unused(struct onnx_graph *g)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->graph->n_initializer; i++) {
        Onnx__Tensor *t = g->graph->initializer[i];
        if (t->name && (onnx_graph_reader(g, t->name) || onnx_graph_is_output(g, t->name)))
            g->graph->initializer[kept++] = t;
    }
    g->graph->n_initializer = kept;
    kept = 0;
    for (size_t i = 0; i < g->graph->n_value_info; i++) {
        Onnx__ValueInfo *v = g->graph->value_info[i];
        if (v->name && onnx_graph_producer(g, v->name))
            g->graph->value_info[kept++] = v;
    }
    g->graph->n_value_info = kept;
}
