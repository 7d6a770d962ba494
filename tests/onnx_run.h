/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Run a model from memory once, as it is.
 */
#ifndef TESTS_ONNX_RUN_H
#define TESTS_ONNX_RUN_H

#include <stdbool.h>
#include <stddef.h>

bool onnx_run_open(const char *library); /* NULL or not usable: false */
/* Input x [1,3,height,width]; the first output's values, to be freed. Fails the test on error. */
float *onnx_run_bytes(const void *model, size_t size, float *x, size_t height, size_t width,
                      size_t *count);

#endif
