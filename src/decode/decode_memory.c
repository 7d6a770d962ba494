/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The allocator that MuPDF is given: malloc with a sum and a cap. Refuses what goes over, and
 * remembers the refusal until the same request is met, because MuPDF empties its cache and asks
 * again. Called by decode_fitz.c. Not counted: what libjpeg, OpenJPEG and zlib's callers take from
 * malloc themselves; the process's own limit holds those.
 */
#include "decode/decode_fitz.h"

#include <malloc.h>
#include <stdlib.h>

/* May the sum go from `before` to `before - old + wanted`? */
static bool allowed(const struct decode_memory *m, size_t old, size_t wanted)
{
    uint64_t rest = m->used > old ? m->used - old : 0;
    return wanted <= m->cap && rest <= m->cap - wanted;
}

static void *settle(struct decode_memory *m, size_t old, size_t wanted, void *p)
{
    if (!p) {
        m->refused = wanted;
        return NULL;
    }
    if (m->refused == wanted)
        m->refused = 0;
    m->used += malloc_usable_size(p);
    m->used -= old;
    return p;
}

static void *memory_malloc(void *user, size_t size)
{
    struct decode_memory *m = user;
    return settle(m, 0, size, allowed(m, 0, size) ? malloc(size) : NULL);
}

static void *memory_realloc(void *user, void *p, size_t size)
{
    struct decode_memory *m = user;
    size_t old = p ? malloc_usable_size(p) : 0;
    return settle(m, old, size, allowed(m, old, size) ? realloc(p, size) : NULL);
}

static void memory_free(void *user, void *p)
{
    struct decode_memory *m = user;
    if (!p)
        return;
    m->used -= malloc_usable_size(p);
    free(p);
}

fz_alloc_context decode_memory_functions(struct decode_memory *m)
{
    return (fz_alloc_context){m, memory_malloc, memory_realloc, memory_free};
}
