/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * onnx_prepare: what is widened, put right, cut and rewritten in a small model made here; that
 * hostile bytes are refused with a reason; and, with PAGEMILL_TEST_MODELS and
 * PAGEMILL_TEST_ONNXRUNTIME, that real models compute the same as before.
 */
#include "unit.h"

#include "base/fd.h"
#include "ocr/onnx_graph.h"
#include "ocr/onnx_prepare.h"
#include "onnx_run.h"

#include <fcntl.h>
#include <math.h>

static const struct onnx_prepare_options everything = {
    .widen = true, .exact_constants = true, .rewrite = true};

/* A model with every shape that is rewritten. */
struct sample {
    struct onnx_graph g;
    struct strbuf bytes;
    Onnx__Node *div; /* of the GELU */
};

static char *text(struct sample *s, const char *word)
{
    size_t size = strlen(word) + 1;
    return memcpy(onnx_graph_take(&s->g, size, 1), word, size);
}

static Onnx__Node *add_node(struct sample *s, const char *op, const char *a, const char *b,
                            const char *c, const char *output)
{
    char *inputs[3];
    size_t count = 0;
    const char *const names[] = {a, b, c};
    for (; count < 3 && names[count]; count++)
        inputs[count] = text(s, names[count]);
    Onnx__Node *n = onnx_graph_node(&s->g, op, inputs, count, text(s, output));
    Onnx__Graph *graph = s->g.graph;
    graph->node[graph->n_node++] = n;
    return n;
}

static void add_tensor(struct sample *s, const char *name, size_t rank, const int64_t *dims)
{
    float *values;
    Onnx__Tensor *t = onnx_graph_add_floats(&s->g, dims, rank, &values);
    t->name = text(s, name);
    for (size_t i = 0; i < t->raw_data.len / sizeof *values; i++)
        values[i] = (float)(i % 7) - 3;
}

static Onnx__ValueInfo *value_info(struct sample *s, const char *name, int32_t type,
                                   const int64_t *dims, size_t rank)
{
    struct onnx_graph *g = &s->g;
    Onnx__ValueInfo *v = onnx_graph_take(g, 1, sizeof *v);
    onnx__value_info__init(v);
    v->name = text(s, name);
    v->type = onnx_graph_take(g, 1, sizeof *v->type);
    onnx__type__init(v->type);
    Onnx__TensorType *t = v->type->tensor_type = onnx_graph_take(g, 1, sizeof *t);
    onnx__tensor_type__init(t);
    t->has_elem_type = true;
    t->elem_type = type;
    t->shape = onnx_graph_take(g, 1, sizeof *t->shape);
    onnx__shape__init(t->shape);
    t->shape->n_dim = rank;
    t->shape->dim = onnx_graph_take(g, rank, sizeof *t->shape->dim);
    for (size_t i = 0; i < rank; i++) {
        Onnx__Dimension *d = t->shape->dim[i] = onnx_graph_take(g, 1, sizeof *d);
        onnx__dimension__init(d);
        d->has_dim_value = true;
        d->dim_value = dims[i];
    }
    return v;
}

static Onnx__ValueInfo **list_of(struct sample *s, Onnx__ValueInfo *a, Onnx__ValueInfo *b)
{
    Onnx__ValueInfo **list = onnx_graph_take(&s->g, 2, sizeof *list);
    list[0] = a;
    list[1] = b;
    return list;
}

static void add_tensors(struct sample *s)
{
    add_tensor(s, "root", 0, NULL);
    *(float *)(void *)s->g.graph->initializer[0]->raw_data.data = 1.4140625f;
    add_tensor(s, "w0", 4, (int64_t[]){2, 4, 1, 1});
    add_tensor(s, "w1", 4, (int64_t[]){2, 3, 2, 2});
    add_tensor(s, "b1", 4, (int64_t[]){1, 3, 1, 1});
    add_tensor(s, "w2", 4, (int64_t[]){3, 1, 2, 2});
    add_tensor(s, "m1", 2, (int64_t[]){4, 1});
    add_tensor(s, "n1", 1, (int64_t[]){1});
    add_tensor(s, "m2", 2, (int64_t[]){1, 5});
    add_tensor(s, "n2", 1, (int64_t[]){5});
    add_tensor(s, "w3", 4, (int64_t[]){1, 4, 3, 3});
    float *scales;
    onnx_graph_add_floats(&s->g, (int64_t[]){4}, 1, &scales)->name = text(s, "by");
    memcpy(scales, (const float[]){1, 1, 4, 4}, 4 * sizeof *scales);
}

static void add_doubling(struct sample *s, const char *x, const char *w, const char *y)
{
    Onnx__Node *n = add_node(s, "ConvTranspose", x, w, NULL, y);
    onnx_node_add_ints(&s->g, n, "strides", (int64_t[]){2, 2}, 2);
}

static void add_word(struct sample *s, Onnx__Node *n, const char *name, const char *word)
{
    onnx_node_add_int(&s->g, n, name, 0);
    Onnx__Attribute *a = n->attribute[n->n_attribute - 1];
    a->type = 3; /* STRING */
    a->has_i = false;
    a->has_s = true;
    a->s.len = strlen(word);
    a->s.data = (uint8_t *)text(s, word);
}

/* A 3x3 convolution over an enlarged map and one that is not. */
static void add_phases(struct sample *s)
{
    Onnx__Node *n = add_node(s, "Resize", "i", "", "by", "large");
    add_word(s, n, "mode", "nearest");
    add_word(s, n, "nearest_mode", "floor");
    add_word(s, n, "coordinate_transformation_mode", "asymmetric");
    onnx_node_add_int(&s->g, add_node(s, "Concat", "large", "e", NULL, "both"), "axis", 1);
    n = add_node(s, "Conv", "both", "w3", NULL, "three");
    onnx_node_add_ints(&s->g, n, "pads", (int64_t[]){1, 1, 1, 1}, 4);
}

static void add_nodes(struct sample *s)
{
    s->g.graph->node = onnx_graph_take(&s->g, 32, sizeof(Onnx__Node *));
    add_node(s, "Identity", "x", NULL, NULL, "i");
    s->div = add_node(s, "Div", "i", "root", NULL, "d");
    add_node(s, "Erf", "d", NULL, NULL, "e");
    onnx_node_add_int(&s->g, add_node(s, "Concat", "i", "e", NULL, "c"), "axis", 1);
    add_node(s, "Conv", "c", "w0", NULL, "k");
    add_phases(s);
    add_node(s, "HardSigmoid", "k", NULL, NULL, "h");
    add_node(s, "Mul", "h", "k", NULL, "m");
    add_node(s, "Add", "k", "m", NULL, "a");
    add_doubling(s, "a", "w1", "t");
    add_node(s, "Add", "t", "b1", NULL, "u");
    add_node(s, "Relu", "u", NULL, NULL, "r");
    add_doubling(s, "r", "w2", "v");
    add_node(s, "Sigmoid", "v", NULL, NULL, "map");
    add_node(s, "MatMul", "x", "m1", NULL, "p");
    add_node(s, "Add", "p", "n1", NULL, "q");
    add_node(s, "MatMul", "q", "m2", NULL, "l");
    add_node(s, "Add", "l", "n2", NULL, "z");
    onnx_node_add_int(&s->g, add_node(s, "Softmax", "z", NULL, NULL, "scores"), "axis", 3);
}

static void sample_open(struct sample *s)
{
    *s = (struct sample){.g.arena = arena_new(0)};
    struct onnx_graph *g = &s->g;
    g->model = onnx_graph_take(g, 1, sizeof *g->model);
    onnx__model__init(g->model);
    g->model->has_ir_version = true;
    g->model->ir_version = 7;
    Onnx__OperatorSet *o = onnx_graph_take(g, 1, sizeof *o);
    onnx__operator_set__init(o);
    o->has_version = true;
    o->version = 13;
    g->model->n_opset_import = 1;
    g->model->opset_import = onnx_graph_take(g, 1, sizeof(Onnx__OperatorSet *));
    g->model->opset_import[0] = o;
    g->graph = g->model->graph = onnx_graph_take(g, 1, sizeof *g->graph);
    onnx__graph__init(g->graph);
    add_tensors(s);
    add_nodes(s);
    Onnx__Graph *graph = g->graph;
    static const int64_t in[] = {1, 2, 4, 4}, map[] = {1, 1, 16, 16}, scores[] = {1, 2, 4, 5};
    graph->n_input = 1;
    graph->input = list_of(s, value_info(s, "x", ONNX_FLOAT, in, 4), NULL);
    graph->n_output = 2;
    graph->output = list_of(s, value_info(s, "scores", ONNX_FLOAT, scores, 4),
                            value_info(s, "map", ONNX_FLOAT, map, 4));
    graph->n_value_info = 2;
    graph->value_info = list_of(s, value_info(s, "large", ONNX_FLOAT, in, 4),
                                value_info(s, "e", ONNX_FLOAT, in, 4));
}

static void sample_pack(struct sample *s)
{
    struct error err;
    strbuf_clear(&s->bytes);
    OK(onnx_graph_write(&s->g, &s->bytes, &err));
}

static void sample_close(struct sample *s)
{
    onnx_graph_done(&s->g);
    strbuf_free(&s->bytes);
}

static int prepare(const struct strbuf *model, const struct onnx_prepare_options *options,
                   struct strbuf *out, struct onnx_prepare_report *report, struct error *err)
{
    strbuf_clear(out);
    return onnx_prepare((const uint8_t *)model->data, model->len, options, out, report, err);
}

/* Prepares the sample and reads the result back. */
static struct onnx_prepare_report
prepared(struct sample *s, const struct onnx_prepare_options *options, struct onnx_graph *result)
{
    struct onnx_prepare_report report;
    struct error err;
    auto_strbuf out = {0};
    sample_pack(s);
    OK(prepare(&s->bytes, options, &out, &report, &err));
    OK(onnx_graph_read(result, (const uint8_t *)out.data, out.len, &err));
    return report;
}

static void to_half(struct sample *s, size_t index, const uint16_t *bits, size_t count, bool wide)
{
    Onnx__Tensor *t = s->g.graph->initializer[index];
    t->data_type = ONNX_FLOAT16;
    t->has_raw_data = !wide;
    if (wide) {
        t->n_int32_data = count;
        t->int32_data = onnx_graph_take(&s->g, count, sizeof *t->int32_data);
        for (size_t i = 0; i < count; i++)
            t->int32_data[i] = bits[i];
    } else {
        t->raw_data.len = count * sizeof *bits;
        t->raw_data.data = onnx_graph_take(&s->g, count, sizeof *bits);
        memcpy(t->raw_data.data, bits, count * sizeof *bits);
    }
}

static void test_widen(void **state)
{
    (void)state;
    static const uint16_t bits[] = {0x3c00, 0xc000, 0x0001, 0x7c00, 0x8000, 0x7bff, 0x3555, 0x0400};
    static const float want[] = {1, -2, 0x1p-24f, INFINITY, -0.0f, 65504, 0x1.554p-2f, 0x1p-14f};
    for (int wide = 0; wide < 2; wide++) {
        struct sample s;
        sample_open(&s);
        to_half(&s, 1, bits, COUNT(bits), wide);
        s.g.graph->input[0]->type->tensor_type->elem_type = ONNX_FLOAT16;
        Onnx__Node *cast = add_node(&s, "Cast", "x", NULL, NULL, "unread");
        onnx_node_add_int(&s.g, cast, "to", ONNX_FLOAT16);
        struct onnx_graph got;
        struct onnx_prepare_report r =
            prepared(&s, &(struct onnx_prepare_options){.widen = true}, &got);
        assert_int_equal(r.tensors_widened, 1);
        assert_int_equal(r.types_widened, 2);
        size_t count = 0;
        const float *values = onnx_tensor_floats(onnx_graph_constant(&got, "w0"), &count);
        assert_int_equal(count, COUNT(want));
        assert_memory_equal(values, want, sizeof want);
        assert_int_equal(got.graph->input[0]->type->tensor_type->elem_type, ONNX_FLOAT);
        assert_int_equal(onnx_node_int(onnx_graph_producer(&got, "unread"), "to", 0), ONNX_FLOAT);
        onnx_graph_done(&got);
        sample_close(&s);
    }
}

static float divisor(const struct onnx_graph *g)
{
    size_t count;
    const float *value =
        onnx_tensor_floats(onnx_graph_constant(g, onnx_graph_producer(g, "d")->input[1]), &count);
    assert_non_null(value);
    assert_int_equal(count, 1);
    return *value;
}

static void test_exact_constants(void **state)
{
    (void)state;
    struct sample s;
    struct onnx_graph got;
    sample_open(&s);
    const struct onnx_prepare_options options = {.exact_constants = true};
    assert_int_equal(prepared(&s, &options, &got).constants, 1);
    assert_true(divisor(&got) == (float)M_SQRT2);
    onnx_graph_done(&got);
    /* the same number where no Erf follows is nobody's GELU */
    onnx_graph_reader(&s.g, "d")->op_type = text(&s, "Tanh");
    assert_int_equal(prepared(&s, &options, &got).constants, 0);
    assert_true(divisor(&got) == 1.4140625f);
    onnx_graph_done(&got);
    sample_close(&s);
}

static void test_rewrites(void **state)
{
    (void)state;
    struct sample s;
    struct onnx_graph got;
    sample_open(&s);
    struct onnx_prepare_report r = prepared(&s, &everything, &got);
    assert_int_equal(r.identities, 1);
    assert_int_equal(r.scaled_sums, 1);
    assert_int_equal(r.split_concats, 1);
    assert_int_equal(r.folded_biases, 1);
    assert_int_equal(r.upsampling_tails, 1);
    assert_int_equal(r.phases, 1);
    assert_string_equal(onnx_graph_producer(&got, "map")->op_type, "DepthToSpace");
    assert_string_equal(onnx_graph_producer(&got, "a")->op_type, "Mul");
    assert_null(onnx_graph_constant(&got, "w1")); /* nobody reads it any more */
    onnx_graph_done(&got);
    /* a graph of another type is left alone */
    to_half(&s, 5, (const uint16_t[]){0, 0, 0, 0}, 4, false);
    r = prepared(&s, &(struct onnx_prepare_options){.rewrite = true}, &got);
    assert_int_equal(
        r.scaled_sums + r.split_concats + r.folded_biases + r.upsampling_tails + r.phases, 0);
    onnx_graph_done(&got);
    sample_close(&s);
}

static void test_classes(void **state)
{
    (void)state;
    struct sample s;
    struct onnx_graph got;
    sample_open(&s);
    static const size_t classes[] = {0, 3, 4};
    const struct onnx_prepare_options options = {.classes = classes, .class_count = 3};
    struct onnx_prepare_report r = prepared(&s, &options, &got);
    assert_int_equal(r.classes_before, 5);
    assert_int_equal(r.classes_after, 3);
    const Onnx__Node *add =
        onnx_graph_producer(&got, onnx_graph_producer(&got, "scores")->input[0]);
    size_t count;
    const float *bias = onnx_tensor_floats(onnx_graph_constant(&got, add->input[1]), &count);
    static const float want[] = {-3, 0, 1};
    assert_int_equal(count, 3);
    assert_memory_equal(bias, want, sizeof want);
    assert_false(got.graph->output[0]->type->tensor_type->shape->dim[3]->has_dim_value);
    onnx_graph_done(&got);
    sample_close(&s);
}

static void test_classes_refused(void **state)
{
    (void)state;
    struct sample s;
    struct error err;
    struct onnx_prepare_report r;
    auto_strbuf out = {0};
    sample_open(&s);
    sample_pack(&s);
    static const size_t twice[] = {0, 1, 1}, beyond[] = {0, 5};
    struct onnx_prepare_options o = {.classes = twice, .class_count = 3};
    REFUSED_SAYING(ERROR_INPUT, "class 1 ", prepare(&s.bytes, &o, &out, &r, &err));
    o = (struct onnx_prepare_options){.classes = beyond, .class_count = 2};
    REFUSED_SAYING(ERROR_INPUT, "class 5 ", prepare(&s.bytes, &o, &out, &r, &err));
    o.class_count = 0;
    REFUSED_SAYING(ERROR_INPUT, "no class", prepare(&s.bytes, &o, &out, &r, &err));
    s.g.graph->output[0]->name = text(&s, "map");
    sample_pack(&s);
    o.class_count = 1;
    REFUSED_SAYING(ERROR_UNSUPPORTED, "classes", prepare(&s.bytes, &o, &out, &r, &err));
    assert_int_equal(out.len, 0);
    sample_close(&s);
}

/* What our schema does not name goes through, in the model and inside a node. */
static void test_unknown_fields(void **state)
{
    (void)state;
    struct sample s;
    struct error err;
    struct onnx_prepare_report r;
    auto_strbuf out = {0}, again = {0};
    sample_open(&s);
    ProtobufCMessageUnknownField doc = {6, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, 7,
                                        (uint8_t *)text(&s, "\006a node")};
    s.div->base.n_unknown_fields = 1;
    s.div->base.unknown_fields = &doc;
    sample_pack(&s);
    static const char producer[] = "\x12\x06paddle"; /* field 2, producer_name */
    strbuf_add(&s.bytes, producer, sizeof producer - 1);
    OK(prepare(&s.bytes, &(struct onnx_prepare_options){0}, &out, &r, &err));
    assert_non_null(memmem(out.data, out.len, "\x32\006a node", 8));
    assert_non_null(memmem(out.data, out.len, producer, sizeof producer - 1));
    OK(prepare(&out, &(struct onnx_prepare_options){0}, &again, &r, &err));
    assert_int_equal(out.len, again.len);
    assert_memory_equal(out.data, again.data, out.len);
    sample_close(&s);
}

/* One change at a time to a good model, each refused for its reason. */
static void break_raw(struct sample *s)
{
    s->g.graph->initializer[1]->raw_data.len--;
}

static void break_raw_long(struct sample *s)
{
    s->g.graph->initializer[1]->dims[0] = 1;
}

static void break_negative(struct sample *s)
{
    s->g.graph->initializer[1]->dims[0] = -2;
}

static void break_huge(struct sample *s)
{
    s->g.graph->initializer[1]->dims[0] = INT64_MAX;
}

static void break_external(struct sample *s)
{
    s->g.graph->initializer[1]->has_data_location = true;
    s->g.graph->initializer[1]->data_location = 1;
}

static void break_empty(struct sample *s)
{
    s->g.graph->n_node = 0;
}

static void break_graph(struct sample *s)
{
    s->g.model->graph = NULL;
}

static void break_operator(struct sample *s)
{
    s->div->op_type = NULL;
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        void (*change)(struct sample *s);
        const char *words;
    } rows[] = {
        {break_raw, "\"w0\" has another size"},
        {break_raw_long, "\"w0\" has another size"},
        {break_negative, "\"w0\" has impossible dimensions"},
        {break_huge, "\"w0\" has impossible dimensions"},
        {break_external, "\"w0\" is stored outside"},
        {break_empty, "no nodes"},
        {break_graph, "no graph"},
        {break_operator, "no operator"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sample s;
        struct error err;
        struct onnx_prepare_report r;
        auto_strbuf out = {0};
        sample_open(&s);
        rows[i].change(&s);
        sample_pack(&s);
        REFUSED_SAYING(ERROR_INPUT, rows[i].words, prepare(&s.bytes, &everything, &out, &r, &err));
        sample_close(&s);
    }
    struct error err;
    struct onnx_prepare_report r;
    auto_strbuf out = {0};
    REFUSED(ERROR_INPUT, onnx_prepare((const uint8_t *)"", 0, &everything, &out, &r, &err));
    REFUSED(ERROR_INPUT, onnx_prepare((const uint8_t *)"hello", 5, &everything, &out, &r, &err));
}

/* A field around the bytes so far: key, length, content. */
static void wrap(struct strbuf *b, unsigned field)
{
    auto_strbuf content = {0};
    strbuf_add(&content, strbuf_str(b), b->len);
    strbuf_clear(b);
    for (unsigned key = field << 3 | 2; key; key >>= 7)
        strbuf_addc(b, (char)(key > 127 ? (key & 127) | 128 : key));
    size_t len = content.len;
    for (; len > 127; len >>= 7)
        strbuf_addc(b, (char)((len & 127) | 128));
    strbuf_addc(b, (char)len);
    strbuf_add(b, content.data, content.len);
}

/* Graphs in attributes of nodes of graphs, and types of sequences of types, thousands deep. */
static void test_nesting(void **state)
{
    (void)state;
    struct sample s;
    struct error err;
    struct onnx_prepare_report r;
    auto_strbuf out = {0}, deep = {0};
    sample_open(&s);
    sample_pack(&s);
    strbuf_adds(&deep, "\x22\x02If"); /* a node's op_type */
    for (int i = 0; i < 1000; i++) {
        wrap(&deep, 1); /* node, in a graph */
        wrap(&deep, 6); /* graph, in an attribute */
        wrap(&deep, 5); /* attribute, in a node */
        strbuf_adds(&deep, "\x22\x02If");
    }
    wrap(&deep, 1);
    wrap(&deep, 7);
    strbuf_add(&deep, s.bytes.data, s.bytes.len); /* two of a message are merged */
    REFUSED_SAYING(ERROR_UNSUPPORTED, "graphs inside", prepare(&deep, &everything, &out, &r, &err));
    strbuf_clear(&deep);
    for (int i = 0; i < 3000; i++) {
        wrap(&deep, 1); /* elem_type */
        wrap(&deep, 4); /* sequence_type */
    }
    wrap(&deep, 2);  /* type, in a value_info */
    wrap(&deep, 13); /* value_info, in a graph */
    wrap(&deep, 7);
    strbuf_add(&deep, s.bytes.data, s.bytes.len);
    OK(prepare(&deep, &everything, &out, &r, &err));
    sample_close(&s);
}

/* Millions of empty nodes in a few bytes each: more memory than such a file deserves. */
static void test_amplification(void **state)
{
    (void)state;
    struct error err;
    struct onnx_prepare_report r;
    auto_strbuf bomb = {0}, out = {0};
    for (int i = 0; i < 2000000; i++)
        strbuf_add(&bomb, "\x0a\x00", 2);
    wrap(&bomb, 7);
    REFUSED_SAYING(ERROR_LIMIT, "memory", prepare(&bomb, &everything, &out, &r, &err));
}

static void expect_answer(const struct strbuf *model, size_t len)
{
    static const size_t classes[] = {0, 2};
    struct onnx_prepare_options options = everything;
    options.classes = classes;
    options.class_count = COUNT(classes);
    auto_strbuf out = {0};
    struct onnx_prepare_report r;
    struct error err = {0};
    int rc = onnx_prepare((const uint8_t *)model->data, len, &options, &out, &r, &err);
    if (rc == 0)
        return;
    assert_true(err.class == ERROR_INPUT || err.class == ERROR_UNSUPPORTED ||
                err.class == ERROR_LIMIT);
    assert_true(err.text[0] != '\0');
}

static void test_every_bit(void **state)
{
    (void)state;
    struct sample s;
    sample_open(&s);
    to_half(&s, 7, (const uint16_t[]){1, 2, 3, 4, 5}, 5, true);
    sample_pack(&s);
    for (size_t i = 0; i < s.bytes.len; i++) {
        expect_answer(&s.bytes, i);
        for (int bit = 0; bit < 8; bit++) {
            s.bytes.data[i] ^= (char)(1 << bit);
            expect_answer(&s.bytes, s.bytes.len);
            s.bytes.data[i] ^= (char)(1 << bit);
        }
    }
    sample_close(&s);
}

static const char *models;

static void load(const char *name, struct strbuf *out)
{
    char path[1024];
    struct error err;
    uint64_t size;
    snprintf(path, sizeof path, "%s/%s", models, name);
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s cannot be opened", path);
    OK(fd_size(fd, &size, &err));
    char *bytes = x_calloc(size, 1);
    assert_int_equal(fd_read_full(fd, bytes, size, 0), (ssize_t)size);
    strbuf_clear(out);
    strbuf_add(out, bytes, size);
    free(bytes);
}

static void test_truncated(void **state)
{
    (void)state;
    struct error err;
    struct onnx_prepare_report r;
    auto_strbuf model = {0}, out = {0};
    load("PP-OCRv6_tiny_rec_fp16.onnx", &model);
    for (size_t len = 0; len < model.len; len += 1000)
        REFUSED(ERROR_INPUT,
                onnx_prepare((const uint8_t *)model.data, len, &everything, &out, &r, &err));
}

/* Noise, or bars like the strokes of a line. Deterministic. */
static float *input_of(size_t height, size_t width, bool bars)
{
    float *x = x_calloc(3 * height * width, sizeof *x);
    uint32_t seed = 12345;
    for (size_t i = 0; i < 3 * height * width; i++) {
        seed = seed * 1664525u + 1013904223u;
        size_t column = i % width, row = i / width % height;
        bool ink = column % 24 < 4 + column / 24 % 5 && row > height / 5 && row < height * 4 / 5;
        x[i] = bars ? (ink ? -0.8f : 0.9f) : (float)(seed >> 8) / (1 << 23) - 1;
    }
    return x;
}

static void expect_same(const struct strbuf *a, const struct strbuf *b, const size_t size[2],
                        float tolerance)
{
    for (int bars = 0; bars < 2; bars++) {
        float *x = input_of(size[0], size[1], bars);
        size_t na, nb;
        float *ya = onnx_run_bytes(a->data, a->len, x, size[0], size[1], &na);
        float *yb = onnx_run_bytes(b->data, b->len, x, size[0], size[1], &nb);
        assert_int_equal(na, nb);
        float worst = 0;
        for (size_t i = 0; i < na; i++)
            worst = fmaxf(worst, fabsf(ya[i] - yb[i]));
        if (!(worst <= tolerance))
            fail_msg("off by %g, at most %g", worst, tolerance);
        free(x);
        free(ya);
        free(yb);
    }
}

static void test_twin(void **state)
{
    (void)state;
    struct error err;
    struct onnx_prepare_report r;
    auto_strbuf narrow = {0}, wide = {0}, out = {0};
    load("PP-OCRv6_tiny_rec_fp16.onnx", &narrow);
    load("PP-OCRv6_tiny_rec_fp32.onnx", &wide);
    struct onnx_prepare_options options = {.widen = true, .exact_constants = true};
    OK(prepare(&narrow, &options, &out, &r, &err));
    assert_int_equal(r.tensors_widened, 120);
    assert_int_equal(r.constants, 10);
    expect_same(&out, &wide, (const size_t[]){48, 404}, 1e-6f);
    OK(prepare(&narrow, &everything, &out, &r, &err));
    assert_int_equal(r.folded_biases, 1);
    expect_same(&out, &wide, (const size_t[]){48, 404}, 1e-4f);
}

static void test_detection(void **state)
{
    (void)state;
    struct error err;
    struct onnx_prepare_report r;
    auto_strbuf model = {0}, out = {0};
    load("PP-OCRv6_tiny_det.onnx", &model);
    OK(prepare(&model, &everything, &out, &r, &err));
    assert_int_equal(r.scaled_sums, 8);
    assert_int_equal(r.split_concats, 1);
    assert_int_equal(r.phases, 1);
    assert_int_equal(r.upsampling_tails, 1);
    expect_same(&out, &model, (const size_t[]){160, 224}, 1e-4f);
}

/* The cut head's scores are the whole head's, made to sum to one again. */
static void test_cut(void **state)
{
    (void)state;
    enum { CLASSES = 6906, KEPT = 300 };
    struct error err;
    struct onnx_prepare_report r;
    auto_strbuf model = {0}, out = {0};
    size_t classes[KEPT], na, nb;
    for (size_t i = 0; i < KEPT; i++)
        classes[i] = i * 23;
    struct onnx_prepare_options options = everything;
    options.classes = classes;
    options.class_count = KEPT;
    load("PP-OCRv6_tiny_rec_fp32.onnx", &model);
    OK(prepare(&model, &options, &out, &r, &err));
    float *x = input_of(48, 320, true);
    float *whole = onnx_run_bytes(model.data, model.len, x, 48, 320, &na);
    float *cut = onnx_run_bytes(out.data, out.len, x, 48, 320, &nb);
    assert_int_equal(na / CLASSES, nb / KEPT);
    for (size_t t = 0; t < nb / KEPT; t++) {
        double sum = 0;
        for (size_t i = 0; i < KEPT; i++)
            sum += (double)whole[t * CLASSES + classes[i]];
        for (size_t i = 0; i < KEPT; i++)
            assert_true(fabs((double)cut[t * KEPT + i] -
                             (double)whole[t * CLASSES + classes[i]] / sum) < 1e-3);
    }
    free(x);
    free(whole);
    free(cut);
}

int main(void)
{
    const struct CMUnitTest small[] = {
        cmocka_unit_test(test_widen),           cmocka_unit_test(test_exact_constants),
        cmocka_unit_test(test_rewrites),        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_classes_refused), cmocka_unit_test(test_unknown_fields),
        cmocka_unit_test(test_refused),         cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_amplification),   cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_truncated),       cmocka_unit_test(test_twin),
        cmocka_unit_test(test_detection),       cmocka_unit_test(test_cut),
    };
    enum { REAL = 4 }; /* the last ones want real models and the runtime */
    models = getenv("PAGEMILL_TEST_MODELS");
    if (models && onnx_run_open(getenv("PAGEMILL_TEST_ONNXRUNTIME")))
        return cmocka_run_group_tests_name("onnx_prepare", small, NULL, NULL);
    struct CMUnitTest few[COUNT(small) - REAL];
    memcpy(few, small, sizeof few);
    int failed = cmocka_run_group_tests_name("onnx_prepare", few, NULL, NULL);
    fprintf(stderr, "onnx_prepare: no models or no ONNX Runtime: real models skipped\n");
    return failed ? failed : 77;
}
