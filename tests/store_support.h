/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the store's tests share: scratch space, jobs, and calls that must succeed.
 */
#ifndef TESTS_STORE_SUPPORT_H
#define TESTS_STORE_SUPPORT_H

#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first */
#include <cmocka.h>

enum { HOUR_MS = 3600 * 1000 };

/* A directory under TMPDIR or /tmp, removed with all in it by support_clean. */
const char *support_scratch(void);
void support_clean(void);

/* fails the test with the error's text unless rc ≥ 0; returns rc */
int ok(int rc, const struct error *err);
#define OK(call) ok((call), &err)
#define FAILS(class_, call)                                             \
    do {                                                                \
        assert_int_equal((call), -1);                                   \
        assert_string_equal(error_code(err.class), error_code(class_)); \
        assert_true(err.text[0] != '\0');                               \
    } while (0)

struct job support_job(const char *owner, int64_t priority); /* not yet submitted; borrows */
/* A submission of nothing but the job, which must not be another's. */
int submit_alone(struct store *s, const struct job *job, struct error *err);
void submit_job(struct store *s, const char *owner, char id[ID_SIZE]);
struct claim claim_one(struct store *s); /* there must be one */
void finish_page(struct store *s, const struct claim *c);
void open_claimed(struct store *s, const struct claim *c, uint32_t pages);
/* The only claimable page must then be the new job's. */
void open_job(struct store *s, const char *owner, uint32_t pages, char id[ID_SIZE]);
struct job find(struct store *s, const char *id); /* to be freed with auto_job */
struct page_row find_row(struct store *s, const char *id, uint32_t number);

#endif
