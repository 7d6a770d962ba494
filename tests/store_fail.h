/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A store that passes every call on to another one, except the n-th, which fails without reaching
 * it. For testing everybody above the store.
 */
#ifndef TESTS_STORE_FAIL_H
#define TESTS_STORE_FAIL_H

#include "store/store.h"

/* Takes inner, closes it with itself. */
struct store *store_fail_wrap(struct store *inner);
/* The nth call from now (1: the next) fails with this class, and all after it if for_good; 0:
 * none. */
void store_fail_at(struct store *store, unsigned nth, bool for_good, enum error_class class);
unsigned store_fail_calls(const struct store *store); /* since store_fail_at */

#endif
