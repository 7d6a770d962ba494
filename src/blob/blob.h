/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Bytes by key: documents, page results. A put is all or nothing and on stable storage when it
 * returns; a reader sees the old bytes or the new ones, never a mixture. Safe from any thread (a
 * writer: one thread).
 *
 * Keys are made by pagemill alone: segments of [a-z0-9._-], not starting with a dot, joined by '/',
 * at most BLOB_KEY bytes; anything else is a bug (must). Backends by URL: dir:PATH, memory:
 * (nothing survives).
 */
#ifndef BLOB_BLOB_H
#define BLOB_BLOB_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct blob_store;
struct blob_writer;

enum { BLOB_KEY = 160 };

int blob_store_open(struct blob_store **out, const char *url, struct error *err);
void blob_store_close(struct blob_store **blobs);

int blob_create(struct blob_store *blobs, const char *key, struct blob_writer **out,
                struct error *err);
int blob_write(struct blob_writer *w, const void *bytes, size_t len, struct error *err);
int blob_commit(struct blob_writer **w, struct error *err); /* frees the writer, also on failure */
void blob_abort(struct blob_writer **w);                    /* accepts NULL */

int blob_put(struct blob_store *blobs, const char *key, const void *bytes, size_t len,
             struct error *err);
/* The present content of fd as a blob; a backend may share it instead of copying. The caller keeps
 * fd. */
int blob_adopt(struct blob_store *blobs, const char *key, int fd, struct error *err);

/* A read-only descriptor, to be read by offset (its position may be shared). ERROR_NOT_FOUND. */
int blob_open(struct blob_store *blobs, const char *key, uint64_t *size, struct error *err);
int blob_remove(struct blob_store *blobs, const char *key,
                struct error *err); /* absent: no error */
int blob_remove_all(struct blob_store *blobs, const char *prefix,
                    struct error *err); /* every key below prefix/ */

/* The first segments of all keys, once each: at pagemill, job ids. visit returns 0 to go on. */
int blob_list_roots(struct blob_store *blobs,
                    int (*visit)(void *arg, const char *root, int64_t modified_ms), void *arg,
                    struct error *err);

/* Bytes that still fit; UINT64_MAX where nobody can say. */
int blob_space(struct blob_store *blobs, uint64_t *bytes, struct error *err);

#endif
