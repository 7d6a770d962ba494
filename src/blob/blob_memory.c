/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Blobs in memory, for the command line and for tests. Put bytes live on the heap, so that
 * thousands of page results need no descriptors, and are copied into sealed memory when opened; an
 * adopted file stays a file. One mutex guards the table. Called through its driver table.
 */
#include "blob/blob_driver.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/memory.h"
#include "base/strbuf.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct entry {
    struct entry *next;
    char key[BLOB_KEY + 1];
    char *bytes; /* NULL when fd holds them */
    size_t len;
    int fd;
    int64_t modified;
};

struct memory_store {
    struct blob_store base;
    pthread_mutex_t lock;
    struct entry *buckets[BUCKETS];
};

struct memory_writer {
    struct blob_writer base;
    struct memory_store *store;
    struct strbuf bytes;
    char key[BLOB_KEY + 1];
};

/* FNV-1a, 32 bits */
static struct entry **bucket_of(struct memory_store *s, const char *key)
{
    uint32_t h = 2166136261u;
    for (; *key; key++)
        h = (h ^ (uint8_t)*key) * 16777619u;
    return &s->buckets[h % BUCKETS];
}

/* The link to the entry, or to where it would be put. */
static struct entry **place_of(struct memory_store *s, const char *key)
{
    struct entry **at = bucket_of(s, key);
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->next;
    return at;
}

static void unlink_entry(struct entry **at)
{
    struct entry *e = *at;
    *at = e->next;
    fd_close(&e->fd);
    free(e->bytes);
    free(e);
}

/* Takes bytes and fd. */
static void replace(struct memory_store *s, const char *key, char *bytes, size_t len, int fd)
{
    struct entry *e = x_calloc(1, sizeof *e);
    snprintf(e->key, sizeof e->key, "%s", key);
    e->bytes = bytes;
    e->len = len;
    e->fd = fd;
    e->modified = clock_wall();
    pthread_mutex_lock(&s->lock);
    struct entry **at = place_of(s, key);
    if (*at)
        unlink_entry(at);
    e->next = *at;
    *at = e;
    pthread_mutex_unlock(&s->lock);
}

static int create(struct blob_store *blobs, const char *key, struct blob_writer **out,
                  struct error *err)
{
    (void)err;
    struct memory_writer *w = x_calloc(1, sizeof *w);
    w->base.drv = blobs->drv;
    w->store = (struct memory_store *)blobs;
    snprintf(w->key, sizeof w->key, "%s", key);
    *out = &w->base;
    return 0;
}

static int write_bytes(struct blob_writer *writer, const void *bytes, size_t len, struct error *err)
{
    struct memory_writer *w = (struct memory_writer *)writer;
    strbuf_add(&w->bytes, bytes, len);
    if (w->bytes.overflowed)
        return error_set(err, ERROR_LIMIT, "blob %s is too large to be held in memory", w->key);
    return 0;
}

static void abort_writer(struct blob_writer *writer)
{
    struct memory_writer *w = (struct memory_writer *)writer;
    strbuf_free(&w->bytes);
    free(w);
}

static int commit(struct blob_writer *writer, struct error *err)
{
    (void)err;
    struct memory_writer *w = (struct memory_writer *)writer;
    size_t len = w->bytes.len;
    replace(w->store, w->key, strbuf_detach(&w->bytes), len, -1);
    free(w);
    return 0;
}

static int copy_adopted(struct blob_store *blobs, const char *key, int fd, struct error *err)
{
    struct blob_writer *w;
    if (create(blobs, key, &w, err) < 0)
        return -1;
    if (blob_copy(w, fd, err) == 0)
        return commit(w, err);
    abort_writer(w);
    return -1;
}

/* May be shared: nobody can write through it. */
static bool read_only(int fd, uint64_t size)
{
    return (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY || fd_check_sealed(fd, size, NULL) == 0;
}

static int adopt(struct blob_store *blobs, const char *key, int fd, struct error *err)
{
    uint64_t size;
    if (fd_size(fd, &size, err) < 0)
        return -1;
    if (!read_only(fd, size))
        return copy_adopted(blobs, key, fd, err);
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return error_errno(err, "blob %s", key);
    replace((struct memory_store *)blobs, key, NULL, (size_t)size, own);
    return 0;
}

static int open_entry(const struct entry *e, struct error *err)
{
    auto_fd fd = e->fd >= 0 ? fcntl(e->fd, F_DUPFD_CLOEXEC, 0) : fd_memory("blob", err);
    if (fd < 0)
        return e->fd >= 0 ? error_errno(err, "blob %s", e->key) : -1;
    if (e->fd < 0 && (fd_write_full(fd, e->bytes, e->len, err) < 0 || fd_seal(fd, err) < 0))
        return -1;
    return fd_take(&fd);
}

static int open_blob(struct blob_store *blobs, const char *key, uint64_t *size, struct error *err)
{
    struct memory_store *s = (struct memory_store *)blobs;
    pthread_mutex_lock(&s->lock);
    const struct entry *e = *place_of(s, key);
    int fd = e ? open_entry(e, err) : blob_absent(key, err);
    if (e && fd >= 0)
        *size = e->len;
    pthread_mutex_unlock(&s->lock);
    return fd;
}

static int remove_blob(struct blob_store *blobs, const char *key, struct error *err)
{
    (void)err;
    struct memory_store *s = (struct memory_store *)blobs;
    pthread_mutex_lock(&s->lock);
    struct entry **at = place_of(s, key);
    if (*at)
        unlink_entry(at);
    pthread_mutex_unlock(&s->lock);
    return 0;
}

static bool below(const char *key, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(key, prefix, len) == 0 && key[len] == '/';
}

static int remove_all(struct blob_store *blobs, const char *prefix, struct error *err)
{
    (void)err;
    struct memory_store *s = (struct memory_store *)blobs;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct entry **at = &s->buckets[i]; *at;) {
            if (below((*at)->key, prefix))
                unlink_entry(at);
            else
                at = &(*at)->next;
        }
    pthread_mutex_unlock(&s->lock);
    return 0;
}

struct root {
    char name[BLOB_KEY + 1];
    int64_t modified;
};

static int compare_roots(const void *a, const void *b)
{
    return strcmp(((const struct root *)a)->name, ((const struct root *)b)->name);
}

/* One row for each key, sorted by root; the caller frees it. */
static struct root *collect_roots(struct memory_store *s, size_t *count)
{
    struct root *roots = NULL;
    size_t n = 0, space = 0;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct entry *e = s->buckets[i]; e; e = e->next) {
            if (n == space) {
                space = space ? space * 2 : 16;
                roots = x_realloc(roots, space, sizeof *roots);
            }
            snprintf(roots[n].name, sizeof roots[n].name, "%.*s", (int)strcspn(e->key, "/"),
                     e->key);
            roots[n++].modified = e->modified;
        }
    pthread_mutex_unlock(&s->lock);
    if (n)
        qsort(roots, n, sizeof *roots, compare_roots);
    *count = n;
    return roots;
}

static int list_roots(struct blob_store *blobs,
                      int (*visit)(void *arg, const char *root, int64_t modified_ms), void *arg,
                      struct error *err)
{
    (void)err;
    size_t n;
    struct root *roots = collect_roots((struct memory_store *)blobs, &n);
    for (size_t i = 0, next; i < n; i = next) {
        int64_t latest = roots[i].modified;
        for (next = i + 1; next < n && compare_roots(&roots[i], &roots[next]) == 0; next++)
            if (roots[next].modified > latest)
                latest = roots[next].modified;
        if (visit(arg, roots[i].name, latest))
            break;
    }
    free(roots);
    return 0;
}

static void close_store(struct blob_store *blobs)
{
    struct memory_store *s = (struct memory_store *)blobs;
    for (size_t i = 0; i < BUCKETS; i++)
        while (s->buckets[i])
            unlink_entry(&s->buckets[i]);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static int open_store(struct blob_store **out, const char *rest, struct error *err)
{
    if (*rest)
        return error_set(err, ERROR_INPUT, "memory: takes no path");
    struct memory_store *s = x_calloc(1, sizeof *s);
    s->base.drv = &blob_memory;
    pthread_mutex_init(&s->lock, NULL);
    *out = &s->base;
    return 0;
}

static int space(struct blob_store *blobs, uint64_t *bytes, struct error *err)
{
    (void)blobs, (void)err;
    *bytes = UINT64_MAX;
    return 0;
}

const struct blob_driver blob_memory = {
    .scheme = "memory",
    .open_store = open_store,
    .close_store = close_store,
    .create = create,
    .write = write_bytes,
    .commit = commit,
    .abort = abort_writer,
    .adopt = adopt,
    .open = open_blob,
    .remove = remove_blob,
    .remove_all = remove_all,
    .list_roots = list_roots,
    .space = space,
};
