/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The real ONNX Runtime (PAGEMILL_TEST_ONNXRUNTIME) with a GPU that fails when PAGEMILL_TEST_FLAKY
 * says: "append" when it is asked for, "load N" with the Nth model, "run N" with the Nth run, ""
 * never. What the GPU computes is the CPU's work. For gpu_fallback_test.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CREATE_STATUS = 0,
    CREATE_SESSION = 8,
    RUN = 9,
    RELEASE_SESSION = 95,
    RELEASE_OPTIONS = 100,
    APPEND_PROVIDER = 216,
    PLACES = 217,
    SESSIONS = 8,
};

struct base {
    void *const *(*table)(uint32_t version);
    const char *(*version)(void);
};

typedef void *new_status(int code, const char *message);
typedef void *new_session(const void *env, const void *model, size_t size, const void *options,
                          void **out);
typedef void *runner(void *session, const void *options, const char *const *inputs,
                     const void *const *in, size_t in_count, const char *const *outputs,
                     size_t out_count, void **out);
typedef void releaser(void *object);

const struct base *OrtGetApiBase(void);

static void *real[PLACES], *ours[PLACES];
static const void *gpu_options, *gpu_sessions[SESSIONS];
static int loads, runs; /* until it fails; 0: never */

#define REAL(type, place) ((type *)(uintptr_t)real[place])

static void *failure(void)
{
    return REAL(new_status, CREATE_STATUS)(1, "a driver that fails");
}

static const void **find(const void *session)
{
    for (int i = 0; i < SESSIONS; i++)
        if (gpu_sessions[i] == session)
            return &gpu_sessions[i];
    return NULL;
}

static void *append_provider(void *options)
{
    if (strcmp(getenv("PAGEMILL_TEST_FLAKY"), "append") == 0)
        return failure();
    gpu_options = options;
    return NULL;
}

static void *create_session(const void *env, const void *model, size_t size, const void *options,
                            void **out)
{
    bool on_gpu = options == gpu_options;
    if (on_gpu && loads && --loads == 0)
        return failure();
    void *status = REAL(new_session, CREATE_SESSION)(env, model, size, options, out);
    const void **place = find(NULL);
    if (!status && on_gpu && place)
        *place = *out;
    return status;
}

static void *run(void *session, const void *options, const char *const *inputs,
                 const void *const *in, size_t in_count, const char *const *outputs,
                 size_t out_count, void **out)
{
    if (find(session) && runs && --runs == 0)
        return failure();
    return REAL(runner, RUN)(session, options, inputs, in, in_count, outputs, out_count, out);
}

static void release_session(void *session)
{
    const void **place = find(session);
    if (place)
        *place = NULL;
    REAL(releaser, RELEASE_SESSION)(session);
}

static void release_options(void *options)
{
    if (options == gpu_options)
        gpu_options = NULL;
    REAL(releaser, RELEASE_OPTIONS)(options);
}

static const struct base *real_base(void)
{
    const struct base *(*base)(void) = NULL;
    void *library = dlopen(getenv("PAGEMILL_TEST_ONNXRUNTIME"), RTLD_NOW | RTLD_LOCAL);
    if (library)
        *(void **)&base = dlsym(library, "OrtGetApiBase");
    if (!base)
        abort();
    return base();
}

static void *const *table(uint32_t version)
{
    memcpy(real, real_base()->table(version), sizeof real);
    memcpy(ours, real, sizeof ours);
    ours[APPEND_PROVIDER] = (void *)(uintptr_t)append_provider;
    ours[CREATE_SESSION] = (void *)(uintptr_t)create_session;
    ours[RUN] = (void *)(uintptr_t)run;
    ours[RELEASE_SESSION] = (void *)(uintptr_t)release_session;
    ours[RELEASE_OPTIONS] = (void *)(uintptr_t)release_options;
    loads = runs = 0;
    sscanf(getenv("PAGEMILL_TEST_FLAKY"), "load %d", &loads);
    sscanf(getenv("PAGEMILL_TEST_FLAKY"), "run %d", &runs);
    return ours;
}

static const char *version(void)
{
    return real_base()->version();
}

const struct base *OrtGetApiBase(void)
{
    static const struct base base = {table, version};
    return &base;
}
