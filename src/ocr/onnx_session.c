/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Models: loaded from bytes, described, run. Refuses tensors of other types and ranks than OCR
 * models have. A GPU that fails while one of them loads or runs is left for the CPU, with all of
 * them. Called by ppocr, doclayout and slanet.
 */
#include "ocr/onnx_internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/must.h"

#include <stdlib.h>

struct ports {
    struct onnx_port rows[ONNX_PORTS];
    size_t count;
};

struct onnx_model {
    struct onnx *runtime;
    OrtSession *session;
    struct ports inputs, outputs;
    OrtValue *results[ONNX_PORTS]; /* of the last run */
    struct strbuf bytes;           /* of the file, as long as the model is on a GPU */
    struct onnx_model *next;       /* on_gpu */
};

/* ---- what a model takes and gives ---- */

static int read_shape(struct onnx *o, const OrtShapeInfo *info, int *type, struct onnx_shape *shape,
                      struct error *err)
{
    size_t rank = 0;
    if (onnx_check(o, o->api.GetTensorElementType(info, type), "shape", err) < 0 ||
        onnx_check(o, o->api.GetDimensionsCount(info, &rank), "shape", err) < 0)
        return -1;
    if (rank > ONNX_RANK)
        return error_set(err, ERROR_INPUT, "a tensor has %zu dimensions, over %d", rank, ONNX_RANK);
    shape->rank = rank;
    return onnx_check(o, o->api.GetDimensions(info, shape->size, rank), "shape", err);
}

static int read_type(struct onnx *o, OrtTypeInfo *info, struct onnx_port *port, struct error *err)
{
    const OrtShapeInfo *shape = NULL;
    int type = 0;
    int rc = onnx_check(o, o->api.CastTypeInfoToTensorInfo(info, &shape), "type", err);
    if (rc == 0 && !shape)
        rc = error_set(err, ERROR_INPUT, "an input or output is not a tensor");
    if (rc == 0)
        rc = read_shape(o, shape, &type, &port->shape, err);
    if (rc == 0 && type != ONNX_FLOAT && type != ONNX_INT32 && type != ONNX_INT64)
        rc = error_set(err, ERROR_INPUT, "a tensor is not float and no whole number");
    port->type = (enum onnx_type)type;
    o->api.ReleaseTypeInfo(info);
    return rc;
}

static char *take_name(struct onnx *o, OrtAllocator *allocator, char *theirs)
{
    char *ours = x_strdup(theirs);
    OrtStatus *status = o->api.AllocatorFree(allocator, theirs);
    must(!status);
    return ours;
}

typedef OrtStatus *tell_type(const OrtSession *, size_t, OrtTypeInfo **);
typedef OrtStatus *tell_name(const OrtSession *, size_t, OrtAllocator *, char **);

static int describe_ports(struct onnx_model *m, struct ports *ports, size_t count,
                          tell_type *type_of, tell_name *name_of, struct error *err)
{
    struct onnx *o = m->runtime;
    OrtAllocator *allocator = NULL;
    if (onnx_check(o, o->api.GetAllocatorWithDefaultOptions(&allocator), "allocator", err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        OrtTypeInfo *info = NULL;
        char *name = NULL;
        if (onnx_check(o, type_of(m->session, i, &info), "a port", err) < 0 ||
            read_type(o, info, &ports->rows[i], err) < 0 ||
            onnx_check(o, name_of(m->session, i, allocator, &name), "a port", err) < 0)
            return -1;
        ports->rows[i].name = take_name(o, allocator, name);
        ports->count++;
    }
    return 0;
}

static int describe(struct onnx_model *m, size_t most, struct error *err)
{
    const struct onnx_api *api = &m->runtime->api;
    size_t inputs = 0, outputs = 0;
    if (onnx_check(m->runtime, api->SessionGetInputCount(m->session, &inputs), "inputs", err) < 0 ||
        onnx_check(m->runtime, api->SessionGetOutputCount(m->session, &outputs), "outputs", err) <
            0)
        return -1;
    if (most == 1 && (inputs != 1 || outputs != 1))
        return error_set(err, ERROR_INPUT, "it has %zu inputs and %zu outputs, not one of each",
                         inputs, outputs);
    if (!inputs || inputs > most || !outputs || outputs > most)
        return error_set(err, ERROR_INPUT, "it has %zu inputs and %zu outputs, not 1 to %zu",
                         inputs, outputs, most);
    if (describe_ports(m, &m->inputs, inputs, api->SessionGetInputTypeInfo,
                       api->SessionGetInputName, err) < 0)
        return -1;
    return describe_ports(m, &m->outputs, outputs, api->SessionGetOutputTypeInfo,
                          api->SessionGetOutputName, err);
}

/* ---- loading ---- */

static int create_session(struct onnx_model *m, const struct strbuf *bytes, struct error *err)
{
    struct onnx *o = m->runtime;
    return onnx_check(
        o, o->api.CreateSessionFromArray(o->env, bytes->data, bytes->len, o->options, &m->session),
        "loading", err);
}

static void forget_results(struct onnx_model *m)
{
    for (size_t i = 0; i < ONNX_PORTS; i++) {
        if (m->results[i])
            m->runtime->api.ReleaseValue(m->results[i]);
        m->results[i] = NULL;
    }
}

static void release_session(struct onnx_model *m)
{
    forget_results(m);
    if (m->session)
        m->runtime->api.ReleaseSession(m->session);
    m->session = NULL;
}

/* All models, not the one that failed: a driver that failed once is not asked again, and a process
 * that says "cpu" must not depend on one. Opens no file. */
static int move_to_cpu(struct onnx *o, const struct error *why, struct error *err)
{
    int rc = onnx_leave_gpu(o, o->device, why, err);
    while (rc == 0 && o->on_gpu) {
        struct onnx_model *m = o->on_gpu;
        release_session(m);
        rc = create_session(m, &m->bytes, err);
        strbuf_free(&m->bytes);
        o->on_gpu = m->next;
    }
    return rc;
}

static int open_session(struct onnx_model *m, const struct strbuf *bytes, struct error *err)
{
    struct onnx *o = m->runtime;
    struct error why;
    if (o->device == DEVICE_CPU)
        return create_session(m, bytes, err);
    if (create_session(m, bytes, &why) < 0)
        return move_to_cpu(o, &why, err) < 0 ? -1 : create_session(m, bytes, err);
    strbuf_add(&m->bytes, bytes->data, bytes->len);
    m->next = o->on_gpu;
    o->on_gpu = m;
    return 0;
}

static int load_bytes(struct onnx_model **out, struct onnx *o, const struct strbuf *bytes,
                      size_t most, struct error *err)
{
    struct onnx_model *m = x_calloc(1, sizeof *m);
    m->runtime = o;
    if (open_session(m, bytes, err) < 0 || describe(m, most, err) < 0) {
        onnx_unload(&m);
        return -1;
    }
    *out = m;
    return 0;
}

int onnx_load_bytes(struct onnx_model **out, struct onnx *o, const struct strbuf *bytes,
                    struct error *err)
{
    struct onnx_model *m;
    if (load_bytes(&m, o, bytes, 1, err) < 0)
        return -1;
    const struct onnx_port *in = &m->inputs.rows[0], *answer = &m->outputs.rows[0];
    if (in->type != ONNX_FLOAT || answer->type != ONNX_FLOAT || !in->shape.rank ||
        !answer->shape.rank) {
        onnx_unload(&m);
        return error_set(err, ERROR_INPUT, "a tensor is not float with one to %d dimensions",
                         ONNX_RANK);
    }
    *out = m;
    return 0;
}

int onnx_load_bytes_with_ports(struct onnx_model **out, struct onnx *o, const struct strbuf *bytes,
                               struct error *err)
{
    return load_bytes(out, o, bytes, ONNX_PORTS, err);
}

static void free_ports(struct ports *p)
{
    for (size_t i = 0; i < p->count; i++)
        free((void *)(uintptr_t)p->rows[i].name);
}

void onnx_unload(struct onnx_model **model)
{
    struct onnx_model *m = *model;
    if (!m)
        return;
    for (struct onnx_model **at = &m->runtime->on_gpu; *at; at = &(*at)->next)
        if (*at == m) {
            *at = m->next;
            break;
        }
    release_session(m);
    strbuf_free(&m->bytes);
    free_ports(&m->inputs);
    free_ports(&m->outputs);
    free(m);
    *model = NULL;
}

const struct onnx_shape *onnx_input(const struct onnx_model *m)
{
    return &m->inputs.rows[0].shape;
}

const struct onnx_shape *onnx_output(const struct onnx_model *m)
{
    return &m->outputs.rows[0].shape;
}

const struct onnx_port *onnx_inputs(const struct onnx_model *m, size_t *count)
{
    *count = m->inputs.count;
    return m->inputs.rows;
}

const struct onnx_port *onnx_outputs(const struct onnx_model *m, size_t *count)
{
    *count = m->outputs.count;
    return m->outputs.rows;
}

/* ---- running ---- */

static int run_once(struct onnx_model *m, const OrtValue *const *inputs, size_t outputs,
                    struct error *err)
{
    struct onnx *o = m->runtime;
    const char *in[ONNX_PORTS], *out[ONNX_PORTS];
    for (size_t i = 0; i < m->inputs.count; i++)
        in[i] = m->inputs.rows[i].name;
    for (size_t i = 0; i < outputs; i++)
        out[i] = m->outputs.rows[i].name;
    int64_t begun = clock_steady_ns();
    OrtStatus *status =
        o->api.Run(m->session, NULL, in, inputs, m->inputs.count, out, outputs, m->results);
    o->busy_ns += clock_steady_ns() - begun;
    return onnx_check(o, status, "running a model", err);
}

static int run(struct onnx_model *m, const OrtValue *const *inputs, size_t outputs,
               struct error *err)
{
    struct error why;
    if (m->runtime->device == DEVICE_CPU)
        return run_once(m, inputs, outputs, err);
    if (run_once(m, inputs, outputs, &why) == 0)
        return 0;
    return move_to_cpu(m->runtime, &why, err) < 0 ? -1 : run_once(m, inputs, outputs, err);
}

static int take_result(struct onnx_model *m, size_t i, struct onnx_value *out, struct error *err)
{
    struct onnx *o = m->runtime;
    OrtShapeInfo *info = NULL;
    void *data = NULL;
    int type = 0;
    if (onnx_check(o, o->api.GetTensorTypeAndShape(m->results[i], &info), "result", err) < 0)
        return -1;
    int rc = read_shape(o, info, &type, &out->shape, err);
    o->api.ReleaseTensorTypeAndShapeInfo(info);
    if (rc == 0 && type != (int)m->outputs.rows[i].type)
        rc = error_set(err, ERROR_INPUT, "a model answers with another type than it says");
    if (rc == 0 && out->shape.rank < 1)
        rc = error_set(err, ERROR_INPUT, "a model answers with a single value");
    if (rc == 0)
        rc = onnx_check(o, o->api.GetTensorMutableData(m->results[i], &data), "result", err);
    out->type = (enum onnx_type)type;
    out->data = data;
    return rc;
}

static size_t bytes_of(const struct onnx_value *v)
{
    size_t n = v->type == ONNX_INT64 ? sizeof(int64_t) : sizeof(float);
    for (size_t i = 0; i < v->shape.rank; i++)
        n *= (size_t)v->shape.size[i];
    return n;
}

static int wrap_inputs(struct onnx_model *m, const struct onnx_value *in, OrtValue **wrapped,
                       struct error *err)
{
    struct onnx *o = m->runtime;
    for (size_t i = 0; i < m->inputs.count; i++) {
        void *data = (void *)(uintptr_t)in[i].data;
        OrtStatus *status = o->api.CreateTensorWithDataAsOrtValue(
            o->memory, data, bytes_of(&in[i]), in[i].shape.size, in[i].shape.rank, (int)in[i].type,
            &wrapped[i]);
        if (onnx_check(o, status, "input", err) < 0)
            return -1;
    }
    return 0;
}

int onnx_run_ports(struct onnx_model *m, const struct onnx_value *in, struct onnx_value *out,
                   size_t outputs, struct error *err)
{
    OrtValue *wrapped[ONNX_PORTS] = {NULL};
    must(outputs <= m->outputs.count);
    forget_results(m);
    int rc = wrap_inputs(m, in, wrapped, err);
    if (rc == 0)
        rc = run(m, (const OrtValue *const *)wrapped, outputs, err);
    for (size_t i = 0; i < m->inputs.count; i++)
        if (wrapped[i])
            m->runtime->api.ReleaseValue(wrapped[i]);
    for (size_t i = 0; rc == 0 && i < outputs; i++)
        rc = take_result(m, i, &out[i], err);
    return rc;
}

int onnx_run(struct onnx_model *m, const float *in, const struct onnx_shape *shape,
             const float **out, struct onnx_shape *out_shape, struct error *err)
{
    const struct onnx_value input = {ONNX_FLOAT, *shape, in};
    struct onnx_value output;
    if (onnx_run_ports(m, &input, &output, 1, err) < 0)
        return -1;
    *out = output.data;
    *out_shape = output.shape;
    return 0;
}
