/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Opens the runtime on the device asked for. Refuses a library that is too old. Called by ppocr and
 * structure; what the library reports of a failure reaches the caller's error (a GPU's driver may
 * besides complain on standard error). A GPU that cannot be had is left for the CPU: onnx_note says
 * why.
 */
#include "ocr/onnx_internal.h"

#include "base/memory.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The library's failed checks begin with a path, a signature and a condition, and end in words. */
static const char *in_words(const char *message)
{
    static const char condition[] = " was false. ";
    const char *end = strstr(message, condition);
    return end ? end + sizeof condition - 1 : message;
}

int onnx_check(struct onnx *o, OrtStatus *status, const char *doing, struct error *err)
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
    if (onnx_check(o, api->CreateSessionOptions(&o->options), "options", err) < 0 ||
        onnx_check(o, api->SetIntraOpNumThreads(o->options, 1), "threads", err) < 0 ||
        onnx_check(o, api->SetInterOpNumThreads(o->options, 1), "threads", err) < 0 ||
        onnx_check(o, api->SetSessionGraphOptimizationLevel(o->options, ORT_OPTIMISE_ALL),
                   "optimisation", err) < 0)
        return -1;
    return onnx_check(o,
                      api->AddSessionConfigEntry(o->options, "session.set_denormal_as_zero", "1"),
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
    return onnx_check(o, o->api.AppendExecutionProvider(o->options, "WebGPU", keys, values, 1),
                      "opening it", err);
}

static int use_cuda(struct onnx *o, struct error *err)
{
    OrtCudaOptions *cuda = NULL;
    int rc = onnx_check(o, o->api.CreateCUDAOptions(&cuda), "opening it", err);
    if (rc == 0)
        rc = onnx_check(o, o->api.AppendCUDA(o->options, cuda), "opening it", err);
    if (cuda)
        o->api.ReleaseCUDAOptions(cuda);
    return rc;
}

static int use_tensorrt(struct onnx *o, struct error *err)
{
    OrtTensorrtOptions *tensorrt = NULL;
    int rc = onnx_check(o, o->api.CreateTensorRTOptions(&tensorrt), "opening it", err);
    if (rc == 0)
        rc = onnx_check(o, o->api.AppendTensorRT(o->options, tensorrt), "opening it", err);
    if (tensorrt)
        o->api.ReleaseTensorRTOptions(tensorrt);
    return rc;
}

static int (*const providers[DEVICES])(struct onnx *, struct error *) = {
    [DEVICE_WEBGPU] = use_webgpu,
    [DEVICE_CUDA] = use_cuda,
    [DEVICE_TENSORRT] = use_tensorrt,
};

int onnx_leave_gpu(struct onnx *o, enum device wanted, const struct error *why, struct error *err)
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
    int rc = onnx_leave_gpu(o, wanted, &why, err);
    if (asked == DEVICE_AUTO)
        *o->note = '\0';
    return rc;
}

/* ---- the runtime ---- */

static int start(struct onnx *o, enum device device, struct error *err)
{
    if (onnx_check(o, o->api.CreateEnv(ORT_LOG_FATAL, "pagemill", &o->env), "environment", err) <
            0 ||
        onnx_check(o, o->api.DisableTelemetryEvents(o->env), "telemetry", err) < 0 ||
        onnx_check(o, o->api.CreateCpuMemoryInfo(ORT_DEVICE_ALLOCATOR, 0, &o->memory), "memory",
                   err) < 0 ||
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
