/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * onnx.proto's messages by their field numbers.
 */
#include "onnx_write.h"

#include <string.h>

enum { ATTRIBUTE_INT = 2, ATTRIBUTE_INTS = 7 };

static void put_number(struct strbuf *b, uint64_t v)
{
    for (; v >= 128; v >>= 7)
        strbuf_addc(b, (char)(v | 128));
    strbuf_addc(b, (char)v);
}

static void put_int(struct strbuf *b, unsigned field, int64_t v)
{
    put_number(b, field << 3);
    put_number(b, (uint64_t)v);
}

static void put_bytes(struct strbuf *b, unsigned field, const void *bytes, size_t len)
{
    put_number(b, field << 3 | 2);
    put_number(b, len);
    strbuf_add(b, bytes, len);
}

static void put_text(struct strbuf *b, unsigned field, const char *s)
{
    put_bytes(b, field, s, strlen(s));
}

/* Takes the message's bytes. */
static void put_message(struct strbuf *b, unsigned field, struct strbuf *message)
{
    put_bytes(b, field, strbuf_str(message), message->len);
    strbuf_free(message);
}

static void put_port(struct onnx_writer *w, unsigned field, const char *name, int type,
                     const struct onnx_dims *dims)
{
    struct strbuf shape = {0}, tensor = {0}, value = {0}, info = {0};
    for (size_t i = 0; i < dims->rank; i++) {
        struct strbuf dimension = {0};
        if (dims->size[i] < 0)
            put_text(&dimension, 2, "n");
        else
            put_int(&dimension, 1, dims->size[i]);
        put_message(&shape, 1, &dimension);
    }
    put_int(&tensor, 1, type);
    put_message(&tensor, 2, &shape);
    put_message(&value, 1, &tensor);
    put_text(&info, 1, name);
    put_message(&info, 2, &value);
    put_message(&w->graph, field, &info);
}

void onnx_write_input(struct onnx_writer *w, const char *name, int type, struct onnx_dims dims)
{
    put_port(w, 11, name, type, &dims);
}

void onnx_write_output(struct onnx_writer *w, const char *name, int type, struct onnx_dims dims)
{
    put_port(w, 12, name, type, &dims);
}

void onnx_write_constant(struct onnx_writer *w, const char *name, int type, struct onnx_dims dims,
                         const void *data)
{
    struct strbuf tensor = {0};
    size_t bytes = type == 7 ? 8 : 4;
    for (size_t i = 0; i < dims.rank; i++) {
        put_int(&tensor, 1, dims.size[i]);
        bytes *= (size_t)dims.size[i];
    }
    put_int(&tensor, 2, type);
    put_text(&tensor, 8, name);
    put_bytes(&tensor, 9, data, bytes);
    put_message(&w->graph, 5, &tensor);
}

static void put_names(struct strbuf *node, unsigned field, const char *names)
{
    for (const char *at = names; *at;) {
        size_t len = strcspn(at, ",");
        put_bytes(node, field, at, len);
        at += len + (at[len] == ',');
    }
}

void onnx_write_node(struct onnx_writer *w, const char *op, const char *inputs, const char *outputs,
                     const char *attribute, const int64_t *numbers, size_t count)
{
    struct strbuf node = {0}, value = {0};
    put_names(&node, 1, inputs);
    put_names(&node, 2, outputs);
    put_text(&node, 4, op);
    if (attribute) {
        const int list = strcmp(attribute, "axes") == 0;
        put_text(&value, 1, attribute);
        for (size_t i = 0; i < count; i++)
            put_int(&value, list ? 8 : 3, numbers[i]);
        put_int(&value, 20, list ? ATTRIBUTE_INTS : ATTRIBUTE_INT);
        put_message(&node, 5, &value);
    }
    put_message(&w->graph, 1, &node);
}

struct strbuf onnx_write_end(struct onnx_writer *w)
{
    struct strbuf out = {0}, opset = {0};
    put_text(&w->graph, 2, "test");
    put_int(&out, 1, 8); /* the file format's version */
    put_message(&out, 7, &w->graph);
    put_text(&opset, 1, "");
    put_int(&opset, 2, 13);
    put_message(&out, 8, &opset);
    return out;
}
