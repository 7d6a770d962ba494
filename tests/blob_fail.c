/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The failing driver of the blobs. Called by tests; not for threads that race with blob_fail_at.
 */
#include "blob_fail.h"

#include "base/memory.h"
#include "blob/blob_driver.h"

#include <stdatomic.h>
#include <stdlib.h>

struct fail_blobs {
    struct blob_store base;
    struct blob_store *inner;
    atomic_uint calls;
    unsigned nth;
    bool for_good;
    enum error_class class;
};

struct fail_writer {
    struct blob_writer base;
    struct fail_blobs *blobs;
    struct blob_writer *inner;
};

static struct blob_store *inner_of(const struct blob_store *blobs)
{
    return ((const struct fail_blobs *)blobs)->inner;
}

static bool fails(struct blob_store *blobs, struct error *err)
{
    struct fail_blobs *f = (struct fail_blobs *)blobs;
    unsigned call = atomic_fetch_add(&f->calls, 1) + 1;
    if (!f->nth || call < f->nth || (call > f->nth && !f->for_good))
        return false;
    error_set(err, f->class, "the failing blobs fail call %u", call);
    return true;
}

static void close_store(struct blob_store *blobs)
{
    struct fail_blobs *f = (struct fail_blobs *)blobs;
    blob_store_close(&f->inner);
    free(f);
}

static int create(struct blob_store *blobs, const char *key, struct blob_writer **out,
                  struct error *err)
{
    struct blob_writer *inner;
    if (fails(blobs, err) || blob_create(inner_of(blobs), key, &inner, err) < 0)
        return -1;
    struct fail_writer *w = x_calloc(1, sizeof *w);
    w->base.drv = blobs->drv;
    w->blobs = (struct fail_blobs *)blobs;
    w->inner = inner;
    *out = &w->base;
    return 0;
}

static int write_bytes(struct blob_writer *writer, const void *bytes, size_t len, struct error *err)
{
    struct fail_writer *w = (struct fail_writer *)writer;
    return fails(&w->blobs->base, err) ? -1 : blob_write(w->inner, bytes, len, err);
}

static void abort_writer(struct blob_writer *writer)
{
    struct fail_writer *w = (struct fail_writer *)writer;
    blob_abort(&w->inner);
    free(w);
}

static int commit(struct blob_writer *writer, struct error *err)
{
    struct fail_writer *w = (struct fail_writer *)writer;
    if (fails(&w->blobs->base, err)) {
        abort_writer(writer);
        return -1;
    }
    int rc = blob_commit(&w->inner, err);
    free(w);
    return rc;
}

static int adopt(struct blob_store *blobs, const char *key, int fd, struct error *err)
{
    return fails(blobs, err) ? -1 : blob_adopt(inner_of(blobs), key, fd, err);
}

static int open_blob(struct blob_store *blobs, const char *key, uint64_t *size, struct error *err)
{
    return fails(blobs, err) ? -1 : blob_open(inner_of(blobs), key, size, err);
}

static int remove_blob(struct blob_store *blobs, const char *key, struct error *err)
{
    return fails(blobs, err) ? -1 : blob_remove(inner_of(blobs), key, err);
}

static int remove_all(struct blob_store *blobs, const char *prefix, struct error *err)
{
    return fails(blobs, err) ? -1 : blob_remove_all(inner_of(blobs), prefix, err);
}

static int list_roots(struct blob_store *blobs,
                      int (*visit)(void *arg, const char *root, int64_t modified_ms), void *arg,
                      struct error *err)
{
    return fails(blobs, err) ? -1 : blob_list_roots(inner_of(blobs), visit, arg, err);
}

static int space(struct blob_store *blobs, uint64_t *bytes, struct error *err)
{
    return fails(blobs, err) ? -1 : blob_space(inner_of(blobs), bytes, err);
}

static const struct blob_driver driver = {
    .scheme = "fail",
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

struct blob_store *blob_fail_wrap(struct blob_store *inner)
{
    struct fail_blobs *f = x_calloc(1, sizeof *f);
    f->base.drv = &driver;
    f->inner = inner;
    return &f->base;
}

void blob_fail_at(struct blob_store *blobs, unsigned nth, bool for_good, enum error_class class)
{
    struct fail_blobs *f = (struct fail_blobs *)blobs;
    f->nth = nth;
    f->for_good = for_good;
    f->class = class;
    atomic_store(&f->calls, 0);
}

unsigned blob_fail_calls(const struct blob_store *blobs)
{
    return atomic_load(&((const struct fail_blobs *)blobs)->calls);
}
