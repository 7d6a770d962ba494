/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Allocation that ends the process rather than return NULL, the arena, and must_fail.
 * Refuses sizes that overflow. Called by everyone; calls nobody.
 */
#include "base/memory.h"
#include "base/must.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void must_fail(const char *what, const char *file, int line, const char *func)
{
    fprintf(stderr, "pagemill: broken promise: %s (%s:%d, %s)\n", what, file, line, func);
    abort();
}

void *x_calloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    must(p != NULL);
    return p;
}

void *x_realloc(void *p, size_t n, size_t size)
{
    void *q = reallocarray(p, n ? n : 1, size ? size : 1);
    must(q != NULL);
    return q;
}

char *x_strdup(const char *s)
{
    if (!s)
        return NULL;
    size_t len = strlen(s) + 1;
    return memcpy(x_calloc(1, len), s, len);
}

enum { CHUNK = 64 * 1024, ALIGN = 16 };

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(ALIGN) unsigned char bytes[];
};

struct arena {
    struct chunk *head;
    size_t total, cap;
};

struct arena *arena_new(size_t cap)
{
    struct arena *a = x_calloc(1, sizeof *a);
    a->cap = cap;
    return a;
}

void arena_free(struct arena **a)
{
    if (!*a)
        return;
    for (struct chunk *c = (*a)->head, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(*a);
    *a = NULL;
}

static bool arena_grow(struct arena *a, size_t bytes)
{
    size_t left = a->cap ? a->cap - a->total : SIZE_MAX / 2;
    size_t size = bytes > CHUNK ? bytes : CHUNK;
    if (bytes > left)
        return false;
    if (size > left)
        size = left;
    struct chunk *c = x_calloc(1, sizeof *c + size);
    c->size = size;
    c->next = a->head;
    a->head = c;
    a->total += size;
    return true;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if ((!a->head || a->head->size - a->head->used < bytes) && !arena_grow(a, bytes))
        return NULL;
    void *p = a->head->bytes + a->head->used;
    a->head->used += bytes;
    return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    char *p = arena_alloc(a, len + 1, 1);
    return p ? memcpy(p, s, len) : NULL;
}
