/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a blob backend gives: blob.h's calls with their keys already checked by blob.c. A backend
 * embeds struct blob_store and struct blob_writer as first members. A driver that wraps another one
 * (the failing driver of the tests) fills the same table and needs no registration.
 */
#ifndef BLOB_BLOB_DRIVER_H
#define BLOB_BLOB_DRIVER_H

#include "blob/blob.h"

struct blob_driver {
    const char *scheme;
    int (*open_store)(struct blob_store **out, const char *rest, struct error *err);
    void (*close_store)(struct blob_store *blobs);
    int (*create)(struct blob_store *blobs, const char *key, struct blob_writer **out,
                  struct error *err);
    int (*write)(struct blob_writer *w, const void *bytes, size_t len, struct error *err);
    int (*commit)(struct blob_writer *w, struct error *err); /* frees w, also on failure */
    void (*abort)(struct blob_writer *w);                    /* frees w */
    int (*adopt)(struct blob_store *blobs, const char *key, int fd, struct error *err);
    int (*open)(struct blob_store *blobs, const char *key, uint64_t *size, struct error *err);
    int (*remove)(struct blob_store *blobs, const char *key, struct error *err);
    int (*remove_all)(struct blob_store *blobs, const char *prefix, struct error *err);
    int (*list_roots)(struct blob_store *blobs,
                      int (*visit)(void *arg, const char *root, int64_t modified_ms), void *arg,
                      struct error *err);
    int (*space)(struct blob_store *blobs, uint64_t *bytes, struct error *err);
};

struct blob_store {
    const struct blob_driver *drv;
};

struct blob_writer {
    const struct blob_driver *drv;
};

extern const struct blob_driver blob_dir, blob_memory;

int blob_absent(const char *key, struct error *err); /* ERROR_NOT_FOUND */
/* All of fd, from its beginning, into w. */
int blob_copy(struct blob_writer *w, int fd, struct error *err);

#endif
