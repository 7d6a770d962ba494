/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The part of ONNX Runtime's C interface that pagemill calls, declared by us: the library comes
 * without a header where we find it. Its one exported function, OrtGetApiBase, gives a table of
 * function pointers that only ever grows at its end, so a function is a place in that table. The
 * places are those of API version 16 (ONNX Runtime 1.16); onnx.c asks for no less.
 */
#ifndef OCR_ONNX_API_H
#define OCR_ONNX_API_H

#include <stddef.h>
#include <stdint.h>

enum { ONNX_API_VERSION = 16 };

typedef struct OrtEnv OrtEnv;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtSession OrtSession;
typedef struct OrtStatus OrtStatus; /* NULL: fine */
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtValue OrtValue;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtTypeInfo OrtTypeInfo;
typedef struct OrtShapeInfo OrtShapeInfo;
typedef struct OrtAllocator OrtAllocator;
typedef struct OrtCudaOptions OrtCudaOptions;
typedef struct OrtTensorrtOptions OrtTensorrtOptions;

struct OrtApiBase {
    const void *const *(*table)(uint32_t api_version);
    const char *(*version)(void);
};

enum { ORT_LOG_FATAL = 4, ORT_OPTIMISE_ALL = 99, ORT_DEVICE_ALLOCATOR = 0 };

/* place, type of the result, name, arguments */
#define ONNX_FUNCTIONS(F)                                                                          \
    F(2, const char *, GetErrorMessage, (const OrtStatus *))                                       \
    F(3, OrtStatus *, CreateEnv, (int log_level, const char *name, OrtEnv **))                     \
    F(6, OrtStatus *, DisableTelemetryEvents, (const OrtEnv *))                                    \
    F(8, OrtStatus *, CreateSessionFromArray,                                                      \
      (const OrtEnv *, const void *model, size_t, const OrtSessionOptions *, OrtSession **))       \
    F(9, OrtStatus *, Run,                                                                         \
      (OrtSession *, const OrtRunOptions *, const char *const *input_names,                        \
       const OrtValue *const *inputs, size_t, const char *const *output_names, size_t,             \
       OrtValue **outputs))                                                                        \
    F(10, OrtStatus *, CreateSessionOptions, (OrtSessionOptions **))                               \
    F(23, OrtStatus *, SetSessionGraphOptimizationLevel, (OrtSessionOptions *, int level))         \
    F(24, OrtStatus *, SetIntraOpNumThreads, (OrtSessionOptions *, int))                           \
    F(25, OrtStatus *, SetInterOpNumThreads, (OrtSessionOptions *, int))                           \
    F(30, OrtStatus *, SessionGetInputCount, (const OrtSession *, size_t *))                       \
    F(31, OrtStatus *, SessionGetOutputCount, (const OrtSession *, size_t *))                      \
    F(33, OrtStatus *, SessionGetInputTypeInfo, (const OrtSession *, size_t, OrtTypeInfo **))      \
    F(34, OrtStatus *, SessionGetOutputTypeInfo, (const OrtSession *, size_t, OrtTypeInfo **))     \
    F(36, OrtStatus *, SessionGetInputName, (const OrtSession *, size_t, OrtAllocator *, char **)) \
    F(37, OrtStatus *, SessionGetOutputName,                                                       \
      (const OrtSession *, size_t, OrtAllocator *, char **))                                       \
    F(49, OrtStatus *, CreateTensorWithDataAsOrtValue,                                             \
      (const OrtMemoryInfo *, void *data, size_t bytes, const int64_t *shape, size_t rank,         \
       int type, OrtValue **))                                                                     \
    F(51, OrtStatus *, GetTensorMutableData, (OrtValue *, void **))                                \
    F(55, OrtStatus *, CastTypeInfoToTensorInfo, (const OrtTypeInfo *, const OrtShapeInfo **))     \
    F(60, OrtStatus *, GetTensorElementType, (const OrtShapeInfo *, int *))                        \
    F(61, OrtStatus *, GetDimensionsCount, (const OrtShapeInfo *, size_t *))                       \
    F(62, OrtStatus *, GetDimensions, (const OrtShapeInfo *, int64_t *, size_t))                   \
    F(65, OrtStatus *, GetTensorTypeAndShape, (const OrtValue *, OrtShapeInfo **))                 \
    F(69, OrtStatus *, CreateCpuMemoryInfo, (int allocator, int memory, OrtMemoryInfo **))         \
    F(76, OrtStatus *, AllocatorFree, (OrtAllocator *, void *))                                    \
    F(78, OrtStatus *, GetAllocatorWithDefaultOptions, (OrtAllocator **))                          \
    F(92, void, ReleaseEnv, (OrtEnv *))                                                            \
    F(93, void, ReleaseStatus, (OrtStatus *))                                                      \
    F(94, void, ReleaseMemoryInfo, (OrtMemoryInfo *))                                              \
    F(95, void, ReleaseSession, (OrtSession *))                                                    \
    F(96, void, ReleaseValue, (OrtValue *))                                                        \
    F(98, void, ReleaseTypeInfo, (OrtTypeInfo *))                                                  \
    F(99, void, ReleaseTensorTypeAndShapeInfo, (OrtShapeInfo *))                                   \
    F(100, void, ReleaseSessionOptions, (OrtSessionOptions *))                                     \
    F(130, OrtStatus *, AddSessionConfigEntry,                                                     \
      (OrtSessionOptions *, const char *key, const char *value))                                   \
    F(170, OrtStatus *, AppendTensorRT, (OrtSessionOptions *, const OrtTensorrtOptions *))         \
    F(171, OrtStatus *, CreateTensorRTOptions, (OrtTensorrtOptions **))                            \
    F(174, void, ReleaseTensorRTOptions, (OrtTensorrtOptions *))                                   \
    F(204, OrtStatus *, AppendCUDA, (OrtSessionOptions *, const OrtCudaOptions *))                 \
    F(205, OrtStatus *, CreateCUDAOptions, (OrtCudaOptions **))                                    \
    F(208, void, ReleaseCUDAOptions, (OrtCudaOptions *))                                           \
    F(216, OrtStatus *, AppendExecutionProvider,                                                   \
      (OrtSessionOptions *, const char *name, const char *const *keys, const char *const *values,  \
       size_t))

struct onnx_api {
#define MEMBER(place, type, name, arguments) type(*name) arguments;
    ONNX_FUNCTIONS(MEMBER)
#undef MEMBER
};

#endif
