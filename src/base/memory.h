/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Allocation. Small things cannot fail: the process ends if they do. Anything sized by outside data
 * goes through a capped strbuf or an arena with a cap and fails as `limit`.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

void *x_calloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *x_realloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *x_strdup(const char *s); /* NULL gives NULL */

/* An arena: many small allocations, freed at once. Not thread-safe: one owner. */
struct arena;
struct arena *arena_new(size_t cap); /* at most cap bytes in all; 0: no cap */
void arena_free(struct arena **a);
void *arena_alloc(struct arena *a, size_t n,
                  size_t size); /* zeroed, 16-byte aligned; NULL over the cap */
char *arena_strndup(struct arena *a, const char *s, size_t len);

#endif
