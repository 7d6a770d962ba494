/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A library that says it is ONNX Runtime of a version too old to use; for onnx_test.
 */
#include <stddef.h>
#include <stdint.h>

struct base {
    const void *(*table)(uint32_t version);
    const char *(*version)(void);
};

const struct base *OrtGetApiBase(void);

static const void *table(uint32_t version)
{
    (void)version;
    return NULL;
}

static const char *version(void)
{
    return "1.2.3";
}

const struct base *OrtGetApiBase(void)
{
    static const struct base base = {table, version};
    return &base;
}
