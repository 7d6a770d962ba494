/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The blobs' front: picks the driver by the URL's scheme and checks every key once for all drivers.
 * A key that pagemill could not have made ends the process. Called by the job service and the api.
 */
#include "blob/blob.h"

#include "base/must.h"
#include "blob/blob_driver.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const struct blob_driver *const drivers[] = {&blob_dir, &blob_memory};

/* As blob.h says; so no key can name a parent, a hidden file or a place outside the root. */
static bool key_valid(const char *key)
{
    size_t len = strlen(key);
    if (len == 0 || len > BLOB_KEY)
        return false;
    if (strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789._-/") != len)
        return false;
    if (key[0] == '.' || key[0] == '/' || key[len - 1] == '/')
        return false;
    return !strstr(key, "//") && !strstr(key, "/.");
}

int blob_absent(const char *key, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "no blob %s", key);
}

int blob_store_open(struct blob_store **out, const char *url, struct error *err)
{
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        size_t len = strlen(drivers[i]->scheme);
        if (strncmp(url, drivers[i]->scheme, len) == 0 && url[len] == ':')
            return drivers[i]->open_store(out, url + len + 1, err);
    }
    /* Not the URL: it may carry secrets. */
    return error_set(err, ERROR_UNSUPPORTED, "blobs must be dir:PATH or memory:");
}

void blob_store_close(struct blob_store **blobs)
{
    if (!*blobs)
        return;
    (*blobs)->drv->close_store(*blobs);
    *blobs = NULL;
}

int blob_create(struct blob_store *blobs, const char *key, struct blob_writer **out,
                struct error *err)
{
    must(key_valid(key));
    return blobs->drv->create(blobs, key, out, err);
}

int blob_write(struct blob_writer *w, const void *bytes, size_t len, struct error *err)
{
    return len ? w->drv->write(w, bytes, len, err) : 0;
}

int blob_commit(struct blob_writer **w, struct error *err)
{
    struct blob_writer *taken = *w;
    *w = NULL;
    return taken->drv->commit(taken, err);
}

void blob_abort(struct blob_writer **w)
{
    struct blob_writer *taken = *w;
    *w = NULL;
    if (taken)
        taken->drv->abort(taken);
}

int blob_put(struct blob_store *blobs, const char *key, const void *bytes, size_t len,
             struct error *err)
{
    struct blob_writer *w;
    if (blob_create(blobs, key, &w, err) < 0)
        return -1;
    if (blob_write(w, bytes, len, err) == 0)
        return blob_commit(&w, err);
    blob_abort(&w);
    return -1;
}

int blob_copy(struct blob_writer *w, int fd, struct error *err)
{
    char buffer[64 * 1024];
    off_t at = 0;
    for (;;) {
        ssize_t n = pread(fd, buffer, sizeof buffer, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "reading the content of a blob");
        if (n == 0)
            return 0;
        if (blob_write(w, buffer, (size_t)n, err) < 0)
            return -1;
        at += n;
    }
}

int blob_adopt(struct blob_store *blobs, const char *key, int fd, struct error *err)
{
    must(key_valid(key));
    return blobs->drv->adopt(blobs, key, fd, err);
}

int blob_open(struct blob_store *blobs, const char *key, uint64_t *size, struct error *err)
{
    must(key_valid(key));
    return blobs->drv->open(blobs, key, size, err);
}

int blob_remove(struct blob_store *blobs, const char *key, struct error *err)
{
    must(key_valid(key));
    return blobs->drv->remove(blobs, key, err);
}

int blob_remove_all(struct blob_store *blobs, const char *prefix, struct error *err)
{
    must(key_valid(prefix));
    return blobs->drv->remove_all(blobs, prefix, err);
}

int blob_list_roots(struct blob_store *blobs,
                    int (*visit)(void *arg, const char *root, int64_t modified_ms), void *arg,
                    struct error *err)
{
    return blobs->drv->list_roots(blobs, visit, arg, err);
}

int blob_space(struct blob_store *blobs, uint64_t *bytes, struct error *err)
{
    return blobs->drv->space(blobs, bytes, err);
}
