/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Files of a models directory: paths that a manifest names are kept below its directory, links
 * included; sizes and SHA-256 are compared with what was said. Refuses what is no regular file.
 * Called by everything in this folder that touches a file.
 */
#include "model/model_internal.h"

#include "base/digest.h"
#include "base/fd.h"
#include "base/memory.h"
#include "base/must.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 16 };

bool model_path_inside(const char *name)
{
    if (!*name || *name == '/' || !utf8_printable(name, strlen(name)))
        return false;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || !part[2]))
            return false;
    }
    return true;
}

static int join(char out[RECIPE_PATH], const char *root, const char *name, struct error *err)
{
    int n = snprintf(out, RECIPE_PATH, "%s/%s", root, name);
    return n < RECIPE_PATH ? 0 : error_set(err, ERROR_INPUT, "%.200s…: path too long", root);
}

static bool below(const char *root, const char *path)
{
    size_t len = strlen(root);
    return strncmp(root, path, len) == 0 && (path[len] == '/' || (len && root[len - 1] == '/'));
}

int model_path(const char *root, const char *name, char out[RECIPE_PATH], struct error *err)
{
    char path[RECIPE_PATH];
    if (!model_path_inside(name))
        return error_set(err, ERROR_INPUT, "%s: '%.120s' is no path inside this directory", root,
                         name);
    if (join(path, root, name, err) < 0)
        return -1;
    char *real_root = realpath(root, NULL), *real = realpath(path, NULL);
    int rc = 0;
    if (!real || !real_root)
        rc = error_set(err, ERROR_INPUT, "%s: %s", path, strerror(errno));
    else if (!below(real_root, real))
        rc = error_set(err, ERROR_INPUT, "%s: leads out of its directory, to %s", path, real);
    else if (strlen(real) >= RECIPE_PATH || !utf8_printable(real, strlen(real)))
        rc = error_set(err, ERROR_INPUT, "%s: its real path is too long or not printable", path);
    else
        snprintf(out, RECIPE_PATH, "%s", real);
    free(real_root);
    free(real);
    return rc;
}

static int open_regular(const char *path, struct error *err)
{
    struct stat st;
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_set(err, ERROR_INPUT, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERROR_INPUT, "%s: not a file", path);
    return fd_take(&fd);
}

static int read_capped(int fd, const char *path, struct strbuf *out, struct error *err)
{
    char piece[PIECE];
    ssize_t n;
    off_t at = 0;
    while ((n = fd_read_full(fd, piece, sizeof piece, at)) > 0 && at <= MODEL_MAX_TEXT) {
        strbuf_add(out, piece, (size_t)n);
        at += n;
    }
    if (n < 0)
        return error_set(err, ERROR_INPUT, "%s: %s", path, strerror(errno));
    if (at > MODEL_MAX_TEXT)
        return error_set(err, ERROR_INPUT, "%s: larger than %d bytes", path, MODEL_MAX_TEXT);
    return 0;
}

int model_read_text(const char *path, struct strbuf *out, struct error *err)
{
    auto_fd fd = open_regular(path, err);
    return fd < 0 ? -1 : read_capped(fd, path, out, err);
}

int model_hash_fd(int fd, const char *path, char sha256[RECIPE_SHA256], int64_t *bytes,
                  struct error *err)
{
    char piece[PIECE];
    ssize_t n;
    off_t at = 0;
    struct digest *digest = digest_new();
    must(digest);
    while ((n = fd_read_full(fd, piece, sizeof piece, at)) > 0) {
        digest_add(digest, piece, (size_t)n);
        at += n;
    }
    if (n < 0) {
        error_set(err, ERROR_INPUT, "%s: %s", path, strerror(errno));
        digest_free(&digest);
        return -1;
    }
    digest_finish(&digest, sha256);
    *bytes = at;
    return 0;
}

int model_check(const struct model_file *f, char path[RECIPE_PATH], char sha256[RECIPE_SHA256],
                struct error *err)
{
    char real[RECIPE_PATH], hash[RECIPE_SHA256];
    struct stat st;
    int64_t bytes;
    if (model_path(f->root, f->file, real, err) < 0)
        return -1;
    auto_fd fd = open_regular(real, err);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) < 0 || (f->bytes >= 0 && st.st_size != f->bytes))
        return error_set(err, ERROR_INPUT, "%s: has %lld bytes, not %" PRId64, real,
                         (long long)st.st_size, f->bytes);
    if (st.st_size == 0)
        return error_set(err, ERROR_INPUT, "%s: is empty", real);
    if (model_hash_fd(fd, real, hash, &bytes, err) < 0)
        return -1;
    if (*f->sha256 && strcmp(f->sha256, hash) != 0)
        return error_set(err, ERROR_INPUT, "%s: its SHA-256 is %s, not %s", real, hash, f->sha256);
    memcpy(path, real, RECIPE_PATH);
    memcpy(sha256, hash, RECIPE_SHA256);
    return 0;
}

int model_check_dictionary(const struct model_file *f, char path[RECIPE_PATH],
                           char sha256[RECIPE_SHA256], struct strbuf *text, struct error *err)
{
    char real[RECIPE_PATH], hash[RECIPE_SHA256];
    if (model_path(f->root, f->dictionary, real, err) < 0 || model_read_text(real, text, err) < 0)
        return -1;
    if (text->len == 0 || !utf8_valid(text->data, text->len))
        return error_set(err, ERROR_INPUT, "%s: not a dictionary, a class a line in UTF-8", real);
    digest_bytes(text->data, text->len, hash);
    if (*f->dictionary_sha256 && strcmp(f->dictionary_sha256, hash) != 0)
        return error_set(err, ERROR_INPUT, "%s: its SHA-256 is %s, not %s", real, hash,
                         f->dictionary_sha256);
    memcpy(path, real, RECIPE_PATH);
    memcpy(sha256, hash, RECIPE_SHA256);
    return 0;
}

/* The directories above it too; those are for this user alone. */
int model_open_directory(const char *path, mode_t mode, struct error *err)
{
    char *copy = x_strdup(path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(copy, 0700); /* what matters is whether the last one opens */
        *slash = '/';
    }
    free(copy);
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        return error_errno(err, "%s", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? error_errno(err, "%s", path) : fd;
}

/* Whole or not at all: written beside, synced, renamed. The caller syncs the directory. */
int model_write_file(int dir, const char *name, const char *bytes, size_t len, struct error *err)
{
    char temp[RECIPE_PATH];
    snprintf(temp, sizeof temp, ".%.500s.%d", name, (int)getpid());
    auto_fd fd = openat(dir, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return error_errno(err, "%s", name);
    if (fd_write_full(fd, bytes, len, err) == 0 && fsync(fd) == 0 &&
        renameat(dir, temp, dir, name) == 0)
        return 0;
    int rc = error_errno(err, "%s", name);
    unlinkat(dir, temp, 0);
    return rc;
}
