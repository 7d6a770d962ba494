/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Blobs that pass every call on to another store, except the n-th, which fails without reaching it.
 * For testing everybody above the blobs.
 */
#ifndef TESTS_BLOB_FAIL_H
#define TESTS_BLOB_FAIL_H

#include "blob/blob.h"

#include <stdbool.h>

/* Takes inner, closes it with itself. */
struct blob_store *blob_fail_wrap(struct blob_store *inner);
/* The nth call from now (1: the next; create, write and commit count one each) fails with this
 * class, and all after it if for_good; 0: none. */
void blob_fail_at(struct blob_store *blobs, unsigned nth, bool for_good, enum error_class class);
unsigned blob_fail_calls(const struct blob_store *blobs); /* since blob_fail_at */

#endif
