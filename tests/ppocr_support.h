/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the tests of the neural engine share: the recipe that the environment's models make, files
 * of their own making with their hashes, numbers.
 */
#ifndef TESTS_PPOCR_SUPPORT_H
#define TESTS_PPOCR_SUPPORT_H

#include "base/digest.h"
#include "model/recipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From PAGEMILL_TEST_MODELS and PAGEMILL_TEST_ONNXRUNTIME: PP-OCRv6_tiny with both orientation
 * models. False, with the reason printed, when a variable is not set or a file is not there. */
bool ppocr_support_recipe(struct recipe *r);

/* From PAGEMILL_TEST_ONNXRUNTIME alone: the runtime on the CPU and no models. */
bool ppocr_support_runtime(struct recipe *r);

/* The SHA-256 of a file; "" when it cannot be read. */
void ppocr_support_hash(const char *path, char sha256[DIGEST_TEXT]);

/* Points one of a recipe's files (a path and the hash beside it) at NAME in the models directory,
 * hashed. */
void ppocr_support_model(const char *name, char path[RECIPE_PATH], char sha256[RECIPE_SHA256]);

/* Numbers from 0 to 1, the same in every run; *state is where it stands. */
double any_number(uint32_t *state);

void assert_near(double actual, double expected, double within);

/* A directory for this test's files, and a new file in it. */
struct ppocr_scratch {
    char folder[64];
    unsigned files;
};
void ppocr_scratch_open(struct ppocr_scratch *s);
void ppocr_scratch_close(struct ppocr_scratch *s);
void ppocr_scratch_write(struct ppocr_scratch *s, const void *bytes, size_t len,
                         char path[RECIPE_PATH], char sha256[RECIPE_SHA256]);

#endif
