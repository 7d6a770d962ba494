/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * ONNX Runtime by dlopen: its C interface is a table of function pointers that is only ever added
 * to, so the numbers below hold for every version from 1.14 on (the version asked for is 13).
 */
#include "onnx_run.h"

#include "unit.h"

#include <dlfcn.h>

enum {
    ERROR_MESSAGE = 2,
    CREATE_ENV = 3,
    CREATE_SESSION_FROM_ARRAY = 8,
    RUN = 9,
    CREATE_SESSION_OPTIONS = 10,
    SET_INTRA_OP_THREADS = 24,
    SESSION_INPUT_NAME = 36,
    SESSION_OUTPUT_NAME = 37,
    CREATE_TENSOR_WITH_DATA = 49,
    TENSOR_DATA = 51,
    SHAPE_ELEMENTS = 64,
    TENSOR_SHAPE = 65,
    CREATE_CPU_MEMORY_INFO = 69,
    ALLOCATOR_FREE = 76,
    DEFAULT_ALLOCATOR = 78,
    RELEASE_MEMORY_INFO = 94,
    RELEASE_SESSION = 95,
    RELEASE_VALUE = 96,
    RELEASE_SHAPE = 99,
    RELEASE_SESSION_OPTIONS = 100,
};

struct api_base {
    const void *(*api)(uint32_t version);
};

static void *const *table;
static void *env, *allocator, *memory;

/* Calls entry `index` with these argument types; a status is a failed test. */
#define CALL(index, types, ...) check(((void *(*)types)table[index])(__VA_ARGS__))
#define RELEASE(index, object) (((void (*)(void *))table[index])(object))

static void check(void *status)
{
    if (status)
        fail_msg("ONNX Runtime: %s", ((const char *(*)(void *))table[ERROR_MESSAGE])(status));
}

bool onnx_run_open(const char *library)
{
    void *handle = library ? dlopen(library, RTLD_NOW | RTLD_LOCAL) : NULL;
    void *symbol = handle ? dlsym(handle, "OrtGetApiBase") : NULL;
    if (!symbol)
        return false;
    const struct api_base *(*base)(void);
    memcpy(&base, &symbol, sizeof base);
    table = base()->api(13);
    if (!table)
        return false;
    CALL(CREATE_ENV, (int, const char *, void **), 3, "test", &env);
    CALL(DEFAULT_ALLOCATOR, (void **), &allocator);
    CALL(CREATE_CPU_MEMORY_INFO, (int, int, void **), 0, 0, &memory);
    return true;
}

static void *session_open(const void *model, size_t size)
{
    void *options, *session;
    CALL(CREATE_SESSION_OPTIONS, (void **), &options);
    CALL(SET_INTRA_OP_THREADS, (void *, int), options, 1);
    CALL(CREATE_SESSION_FROM_ARRAY, (void *, const void *, size_t, void *, void **), env, model,
         size, options, &session);
    RELEASE(RELEASE_SESSION_OPTIONS, options);
    return session;
}

static float *copy_out(void *value, size_t *count)
{
    void *shape;
    float *data;
    CALL(TENSOR_SHAPE, (void *, void **), value, &shape);
    CALL(SHAPE_ELEMENTS, (void *, size_t *), shape, count);
    RELEASE(RELEASE_SHAPE, shape);
    CALL(TENSOR_DATA, (void *, float **), value, &data);
    float *copy = calloc(*count, sizeof *copy);
    assert_non_null(copy);
    return memcpy(copy, data, *count * sizeof *copy);
}

float *onnx_run_bytes(const void *model, size_t size, float *x, size_t height, size_t width,
                      size_t *count)
{
    void *session = session_open(model, size), *input, *output = NULL;
    char *from, *to;
    CALL(SESSION_INPUT_NAME, (void *, size_t, void *, char **), session, 0, allocator, &from);
    CALL(SESSION_OUTPUT_NAME, (void *, size_t, void *, char **), session, 0, allocator, &to);
    int64_t shape[] = {1, 3, (int64_t)height, (int64_t)width};
    CALL(CREATE_TENSOR_WITH_DATA, (void *, void *, size_t, const int64_t *, size_t, int, void **),
         memory, x, 3 * height * width * sizeof *x, shape, 4, 1, &input);
    CALL(RUN,
         (void *, void *, char *const *, void *const *, size_t, char *const *, size_t, void **),
         session, NULL, &from, &input, 1, &to, 1, &output);
    float *values = copy_out(output, count);
    CALL(ALLOCATOR_FREE, (void *, void *), allocator, from);
    CALL(ALLOCATOR_FREE, (void *, void *), allocator, to);
    RELEASE(RELEASE_VALUE, output);
    RELEASE(RELEASE_VALUE, input);
    RELEASE(RELEASE_SESSION, session);
    return values;
}
