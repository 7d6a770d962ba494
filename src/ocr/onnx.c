/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Opens the runtime and its models, and runs them. Refuses a library that is too old and a model of
 * another shape than OCR models have. Called by ppocr; what the library reports of a failure
 * reaches the caller's error (a GPU's driver may besides complain on standard error). A GPU that
 * fails, at whatever moment, is left for the CPU: onnx_note says why.
 */
#include "ocr/onnx.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/must.h"
#include "ocr/onnx_api.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NOTE = 200 };

struct onnx {
    void *library;
    struct onnx_api api;
    char version[32];
    OrtEnv *env;
    OrtSessionOptions *options;
    OrtMemoryInfo *memory;
    enum device device;
    struct onnx_model *on_gpu; /* those to be moved should the GPU fail */
    char note[NOTE];
    int64_t busy_ns;
};

struct onnx_model {
    struct onnx *runtime;
    OrtSession *session;
    char *input_name, *output_name;
    struct onnx_shape input, output;
    OrtValue *result;        /* of the last run */
    struct strbuf bytes;     /* of the file, as long as the model is on a GPU */
    struct onnx_model *next; /* on_gpu */
};

/* The library's failed checks begin with a path, a signature and a condition, and end in words. */
static const char *in_words(const char *message)
{
    static const char condition[] = " was false. ";
    const char *end = strstr(message, condition);
    return end ? end + sizeof condition - 1 : message;
}

/* Takes what the library says of a failure; 0 when there was none. */
static int check(struct onnx *o, OrtStatus *status, const char *doing, struct error *err)
{
    if (!status)
        return 0;
    const char *words = in_words(o->api.GetErrorMessage(status));
    error_set(err, ERROR_INPUT, "%s: %.*s", doing, (int)strcspn(words, "\n"), words);
    o->api.ReleaseStatus(status);
    return -1;
}

/* ---- the library ---- */

/* "DIR/of/this/program" + rest, or "". */
static void beside_program(char out[PATH_MAX], const char *rest)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    int len = slash ? snprintf(out, PATH_MAX, "%s/%s", self, rest) : -1;
    if (len < 0 || len >= PATH_MAX)
        *out = '\0';
}

static void *open_somewhere(void)
{
    static const char *const near[] = {"libonnxruntime.so.1",
                                       "../lib/pagemill/libonnxruntime.so.1"};
    static const char *const system[] = {"libonnxruntime.so.1", "libonnxruntime.so"};
    char path[PATH_MAX];
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof near / sizeof *near; i++) {
        beside_program(path, near[i]);
        library = *path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    }
    for (size_t i = 0; !library && i < sizeof system / sizeof *system; i++)
        library = dlopen(system[i], RTLD_NOW | RTLD_LOCAL);
    return library;
}

/* Since 1.29 Microsoft's Linux builds write a database, start threads and send out usage and
 * hardware data from CreateEnv on, before DisableTelemetryEvents can be called; in a closed sandbox
 * their first socket would besides end the worker. Both names have been theirs. */
static void forbid_telemetry(void)
{
    setenv("ORT_DISABLE_TELEMETRY", "1", 1);
    setenv("ORT_TELEMETRY_DISABLED", "1", 1);
}

static int open_library(struct onnx *o, const char *library, struct error *err)
{
    forbid_telemetry();
    o->library = *library ? dlopen(library, RTLD_NOW | RTLD_LOCAL) : open_somewhere();
    if (o->library)
        return 0;
    const char *why = dlerror();
    return error_set(err, ERROR_UNSUPPORTED,
                     "ONNX Runtime was not found (%s); scripts/setup installs it, or the setting "
                     "onnxruntime names libonnxruntime.so",
                     *library && why ? why : "beside pagemill-work and in the system");
}

static int take_functions(struct onnx *o, struct error *err)
{
    const struct OrtApiBase *(*base)(void);
    *(void **)&base = dlsym(o->library, "OrtGetApiBase");
    if (!base)
        return error_set(err, ERROR_UNSUPPORTED, "the library named is not ONNX Runtime");
    snprintf(o->version, sizeof o->version, "%s", base()->version());
    int major = 0, minor = 0;
    sscanf(o->version, "%d.%d", &major, &minor);
    bool new_enough = major > 1 || (major == 1 && minor >= ONNX_API_VERSION);
    const void *const *table = new_enough ? base()->table(ONNX_API_VERSION) : NULL;
    if (!table)
        return error_set(err, ERROR_UNSUPPORTED,
                         "ONNX Runtime is version %.31s; 1.%d or later is needed", o->version,
                         ONNX_API_VERSION);
#define TAKE(place, type, name, arguments) memcpy(&o->api.name, &table[place], sizeof(void *));
    ONNX_FUNCTIONS(TAKE)
#undef TAKE
    return 0;
}

/* ---- devices ---- */

/* One thread: lanes are processes, and two of one thread read more pages than one of two. */
static int set_options(struct onnx *o, struct error *err)
{
    const struct onnx_api *api = &o->api;
    if (check(o, api->CreateSessionOptions(&o->options), "options", err) < 0 ||
        check(o, api->SetIntraOpNumThreads(o->options, 1), "threads", err) < 0 ||
        check(o, api->SetInterOpNumThreads(o->options, 1), "threads", err) < 0 ||
        check(o, api->SetSessionGraphOptimizationLevel(o->options, ORT_OPTIMISE_ALL),
              "optimisation", err) < 0)
        return -1;
    return check(o, api->AddSessionConfigEntry(o->options, "session.set_denormal_as_zero", "1"),
                 "denormals", err);
}

/* preserveDevice: without it 1.30 crashes when the second of two sessions is released, because the
 * first took their common device along. The drivers' shader caches are files and threads that the
 * sandbox would only make fail. */
static int use_webgpu(struct onnx *o, struct error *err)
{
    static const char *const keys[] = {"preserveDevice"}, *const values[] = {"1"};
    setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
    setenv("__GL_SHADER_DISK_CACHE", "0", 1);
    return check(o, o->api.AppendExecutionProvider(o->options, "WebGPU", keys, values, 1),
                 "opening it", err);
}

static int use_cuda(struct onnx *o, struct error *err)
{
    OrtCudaOptions *cuda = NULL;
    int rc = check(o, o->api.CreateCUDAOptions(&cuda), "opening it", err);
    if (rc == 0)
        rc = check(o, o->api.AppendCUDA(o->options, cuda), "opening it", err);
    if (cuda)
        o->api.ReleaseCUDAOptions(cuda);
    return rc;
}

static int use_tensorrt(struct onnx *o, struct error *err)
{
    OrtTensorrtOptions *tensorrt = NULL;
    int rc = check(o, o->api.CreateTensorRTOptions(&tensorrt), "opening it", err);
    if (rc == 0)
        rc = check(o, o->api.AppendTensorRT(o->options, tensorrt), "opening it", err);
    if (tensorrt)
        o->api.ReleaseTensorRTOptions(tensorrt);
    return rc;
}

static int (*const providers[DEVICES])(struct onnx *, struct error *) = {
    [DEVICE_WEBGPU] = use_webgpu,
    [DEVICE_CUDA] = use_cuda,
    [DEVICE_TENSORRT] = use_tensorrt,
};

/* From here on the CPU: what is loaded next is loaded for it. */
static int leave_gpu(struct onnx *o, enum device wanted, const struct error *why, struct error *err)
{
    snprintf(o->note, sizeof o->note, "%s is not to be had, using the CPU: %.140s",
             device_names[wanted], why->text);
    o->device = DEVICE_CPU;
    o->api.ReleaseSessionOptions(o->options);
    o->options = NULL;
    return set_options(o, err);
}

/* Auto takes a vendor's build when that is what was opened; WebGPU is taken only when asked for,
 * because whether a small GPU beats the processor is not ours to guess. */
static int choose_device(struct onnx *o, enum device asked, struct error *err)
{
    struct error why;
    enum device wanted = asked == DEVICE_AUTO ? DEVICE_CUDA : asked;
    o->device = DEVICE_CPU;
    if (!providers[wanted])
        return 0;
    if (providers[wanted](o, &why) == 0) {
        o->device = wanted;
        return 0;
    }
    int rc = leave_gpu(o, wanted, &why, err);
    if (asked == DEVICE_AUTO)
        *o->note = '\0';
    return rc;
}

/* ---- the runtime ---- */

static int start(struct onnx *o, enum device device, struct error *err)
{
    if (check(o, o->api.CreateEnv(ORT_LOG_FATAL, "pagemill", &o->env), "environment", err) < 0 ||
        check(o, o->api.DisableTelemetryEvents(o->env), "telemetry", err) < 0 ||
        check(o, o->api.CreateCpuMemoryInfo(ORT_DEVICE_ALLOCATOR, 0, &o->memory), "memory", err) <
            0 ||
        set_options(o, err) < 0)
        return -1;
    return choose_device(o, device, err);
}

int onnx_open(struct onnx **out, const char *library, enum device device, struct error *err)
{
    struct onnx *o = x_calloc(1, sizeof *o);
    if (open_library(o, library, err) < 0 || take_functions(o, err) < 0 ||
        start(o, device, err) < 0) {
        onnx_close(&o);
        return -1;
    }
    *out = o;
    return 0;
}

/* The library stays in memory: it cannot be unloaded cleanly once it has run. */
void onnx_close(struct onnx **runtime)
{
    struct onnx *o = *runtime;
    if (!o)
        return;
    if (o->memory)
        o->api.ReleaseMemoryInfo(o->memory);
    if (o->options)
        o->api.ReleaseSessionOptions(o->options);
    if (o->env)
        o->api.ReleaseEnv(o->env);
    free(o);
    *runtime = NULL;
}

const char *onnx_version(const struct onnx *o)
{
    return o->version;
}

enum device onnx_device(const struct onnx *o)
{
    return o->device;
}

const char *onnx_note(const struct onnx *o)
{
    return o->note;
}

int64_t onnx_busy_ns(const struct onnx *o)
{
    return o->busy_ns;
}

/* ---- models ---- */

static int read_shape(struct onnx *o, const OrtShapeInfo *info, struct onnx_shape *shape,
                      struct error *err)
{
    int type = 0;
    size_t rank = 0;
    if (check(o, o->api.GetTensorElementType(info, &type), "shape", err) < 0 ||
        check(o, o->api.GetDimensionsCount(info, &rank), "shape", err) < 0)
        return -1;
    if (type != ORT_FLOAT || rank < 1 || rank > ONNX_RANK)
        return error_set(err, ERROR_INPUT, "a tensor is not float with one to %d dimensions",
                         ONNX_RANK);
    shape->rank = rank;
    return check(o, o->api.GetDimensions(info, shape->size, rank), "shape", err);
}

static int read_type(struct onnx *o, OrtTypeInfo *type, struct onnx_shape *shape, struct error *err)
{
    const OrtShapeInfo *info = NULL;
    int rc = check(o, o->api.CastTypeInfoToTensorInfo(type, &info), "type", err);
    if (rc == 0 && !info)
        rc = error_set(err, ERROR_INPUT, "an input or output is not a tensor");
    if (rc == 0)
        rc = read_shape(o, info, shape, err);
    o->api.ReleaseTypeInfo(type);
    return rc;
}

static char *take_name(struct onnx *o, OrtAllocator *allocator, char *theirs)
{
    char *ours = x_strdup(theirs);
    OrtStatus *status = o->api.AllocatorFree(allocator, theirs);
    must(!status);
    return ours;
}

static int describe(struct onnx_model *m, struct error *err)
{
    struct onnx *o = m->runtime;
    const struct onnx_api *api = &o->api;
    OrtAllocator *allocator = NULL;
    OrtTypeInfo *in = NULL, *out = NULL;
    size_t inputs = 0, outputs = 0;
    char *name = NULL;
    if (check(o, api->SessionGetInputCount(m->session, &inputs), "inputs", err) < 0 ||
        check(o, api->SessionGetOutputCount(m->session, &outputs), "outputs", err) < 0)
        return -1;
    if (inputs != 1 || outputs != 1)
        return error_set(err, ERROR_INPUT, "it has %zu inputs and %zu outputs, not one of each",
                         inputs, outputs);
    if (check(o, api->SessionGetInputTypeInfo(m->session, 0, &in), "input", err) < 0 ||
        read_type(o, in, &m->input, err) < 0 ||
        check(o, api->SessionGetOutputTypeInfo(m->session, 0, &out), "output", err) < 0 ||
        read_type(o, out, &m->output, err) < 0 ||
        check(o, api->GetAllocatorWithDefaultOptions(&allocator), "allocator", err) < 0 ||
        check(o, api->SessionGetInputName(m->session, 0, allocator, &name), "input", err) < 0)
        return -1;
    m->input_name = take_name(o, allocator, name);
    if (check(o, api->SessionGetOutputName(m->session, 0, allocator, &name), "output", err) < 0)
        return -1;
    m->output_name = take_name(o, allocator, name);
    return 0;
}

static int create_session(struct onnx_model *m, const struct strbuf *bytes, struct error *err)
{
    struct onnx *o = m->runtime;
    return check(
        o, o->api.CreateSessionFromArray(o->env, bytes->data, bytes->len, o->options, &m->session),
        "loading", err);
}

static void forget_result(struct onnx_model *m)
{
    if (m->result)
        m->runtime->api.ReleaseValue(m->result);
    m->result = NULL;
}

static void release_session(struct onnx_model *m)
{
    forget_result(m);
    if (m->session)
        m->runtime->api.ReleaseSession(m->session);
    m->session = NULL;
}

/* All models, not the one that failed: a driver that failed once is not asked again, and a process
 * that says "cpu" must not depend on one. Opens no file. */
static int move_to_cpu(struct onnx *o, const struct error *why, struct error *err)
{
    int rc = leave_gpu(o, o->device, why, err);
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

int onnx_load_bytes(struct onnx_model **out, struct onnx *o, const struct strbuf *bytes,
                    struct error *err)
{
    struct onnx_model *m = x_calloc(1, sizeof *m);
    m->runtime = o;
    if (open_session(m, bytes, err) < 0 || describe(m, err) < 0) {
        onnx_unload(&m);
        return -1;
    }
    *out = m;
    return 0;
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
    free(m->input_name);
    free(m->output_name);
    free(m);
    *model = NULL;
}

const struct onnx_shape *onnx_input(const struct onnx_model *m)
{
    return &m->input;
}

const struct onnx_shape *onnx_output(const struct onnx_model *m)
{
    return &m->output;
}

/* ---- running ---- */

static int run_once(struct onnx_model *m, const OrtValue *input, struct error *err)
{
    struct onnx *o = m->runtime;
    const char *inputs[] = {m->input_name}, *outputs[] = {m->output_name};
    int64_t begun = clock_steady_ns();
    OrtStatus *status = o->api.Run(m->session, NULL, inputs, &input, 1, outputs, 1, &m->result);
    o->busy_ns += clock_steady_ns() - begun;
    return check(o, status, "running a model", err);
}

static int run(struct onnx_model *m, const OrtValue *input, struct error *err)
{
    struct error why;
    if (m->runtime->device == DEVICE_CPU)
        return run_once(m, input, err);
    if (run_once(m, input, &why) == 0)
        return 0;
    return move_to_cpu(m->runtime, &why, err) < 0 ? -1 : run_once(m, input, err);
}

static int take_result(struct onnx_model *m, const float **out, struct onnx_shape *shape,
                       struct error *err)
{
    struct onnx *o = m->runtime;
    OrtShapeInfo *info = NULL;
    void *data = NULL;
    if (check(o, o->api.GetTensorTypeAndShape(m->result, &info), "result", err) < 0)
        return -1;
    int rc = read_shape(o, info, shape, err);
    o->api.ReleaseTensorTypeAndShapeInfo(info);
    if (rc == 0)
        rc = check(o, o->api.GetTensorMutableData(m->result, &data), "result", err);
    if (rc == 0)
        *out = data;
    return rc;
}

int onnx_run(struct onnx_model *m, const float *in, const struct onnx_shape *shape,
             const float **out, struct onnx_shape *out_shape, struct error *err)
{
    struct onnx *o = m->runtime;
    OrtValue *input = NULL;
    size_t count = 1;
    for (size_t i = 0; i < shape->rank; i++)
        count *= (size_t)shape->size[i];
    forget_result(m);
    if (check(o,
              o->api.CreateTensorWithDataAsOrtValue(o->memory, (void *)(uintptr_t)in,
                                                    count * sizeof *in, shape->size, shape->rank,
                                                    ORT_FLOAT, &input),
              "input", err) < 0)
        return -1;
    int rc = run(m, input, err);
    o->api.ReleaseValue(input);
    return rc < 0 ? -1 : take_result(m, out, out_shape, err);
}
