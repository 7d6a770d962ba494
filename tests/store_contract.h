/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Runs a list of tests on a fresh store of every backend, and once more through the failing driver
 * while it does not fail.
 */
#ifndef TESTS_STORE_CONTRACT_H
#define TESTS_STORE_CONTRACT_H

#include "store_support.h"

#define CONTRACT(f)                \
    {                              \
        .name = #f, .test_func = f \
    }

struct store *contract_store(void **state); /* of the running test */
int contract_run(const char *name, const struct CMUnitTest *tests, size_t n);

#endif
