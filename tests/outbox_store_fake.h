/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The store's outbox in memory, one job a delivery: what the outbox's thread asks of it, and what
 * its tests want to know.
 */
#ifndef TESTS_OUTBOX_STORE_FAKE_H
#define TESTS_OUTBOX_STORE_FAKE_H

#include "job/job.h"

enum { FAKE_ATTEMPTS = 16 };

struct fake_row {
    struct delivery delivery;
    int64_t leased; /* until */
    char *webhook;
    bool deleted;
    struct delivery_attempt log[FAKE_ATTEMPTS];
    int64_t dues[FAKE_ATTEMPTS];
};

extern _Atomic bool fake_hasty;  /* what waits is due now, whatever was said */
extern _Atomic bool fake_broken; /* every call fails */
extern _Atomic int fake_claims;  /* calls of store_delivery_claim */

void fake_reset(void);
/* A delivery that is due; returns its row's number. */
size_t fake_add(const char *url, const char *secret);
void fake_delete_job(size_t row);
struct fake_row fake_find(size_t row); /* a copy; webhook is borrowed */
size_t fake_count(enum delivery_state state);

#endif
