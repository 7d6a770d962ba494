/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A store of nothing but tokens in memory, for the tests of auth: exclusive or not, one table for
 * the whole process, and calls that fail on demand.
 */
#ifndef TESTS_AUTH_STORE_FAKE_H
#define TESTS_AUTH_STORE_FAKE_H

#include "store/store.h"

enum fake_call { FAKE_NONE, FAKE_ADD, FAKE_LIST, FAKE_EXPIRE, FAKE_REMOVE, FAKE_USED, FAKE_CALLS };

/* A store that is not exclusive if `shared`. */
struct store *fake_store_new(bool shared);
void fake_store_free(struct store **store); /* forgets all rows */
/* Every such call from now on but the first `spared`; FAKE_NONE: none. */
void fake_store_fail(enum fake_call call, unsigned spared);
unsigned fake_store_calls(enum fake_call call); /* since fake_store_new */

#endif
