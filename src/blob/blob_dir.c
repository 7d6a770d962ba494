/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Blobs as files: a key is a path below the root. A put is written and synced in .tmp, then renamed
 * into place, and the directories are synced. Every name is walked segment by segment without
 * following links. Several processes may share a root. Called through its driver table.
 */
#include "blob/blob_driver.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    ABSENT = -2, /* instead of a descriptor */
    DIRECTORY = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
    DEPTH = BLOB_KEY,          /* of directories: a key has fewer segments than bytes */
    REMOVE_TRIES = 16,         /* a put can refill a directory that is being removed */
    STALE_MS = 60 * 60 * 1000, /* a temporary file that nobody wrote to for so long is garbage */
};

struct dir_store {
    struct blob_store base;
    int root, temp;
    pthread_mutex_t making; /* nobody goes on below a new directory until its name is synced */
};

struct dir_writer {
    struct blob_writer base;
    struct dir_store *store;
    int fd;
    char temp[ID_SIZE];
    char key[BLOB_KEY + 1];
};

static int sync_fd(int fd, const char *what, struct error *err)
{
    return fsync(fd) < 0 ? error_errno(err, "syncing %s", what) : 0;
}

static bool missing(int why)
{
    return why == ENOENT || why == ENOTDIR;
}

/* A directory within `at`, made and synced if absent and wanted; ABSENT if absent and not wanted.
 */
static int open_directory(int at, const char *name, bool make, struct error *err)
{
    int fd = openat(at, name, DIRECTORY);
    if (fd < 0 && !make && missing(errno))
        return ABSENT;
    if (fd < 0 && make && errno == ENOENT) {
        if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
            return error_errno(err, "making directory %s", name);
        if (sync_fd(at, "a directory", err) < 0)
            return -1;
        fd = openat(at, name, DIRECTORY);
    }
    return fd < 0 ? error_errno(err, "directory %s", name) : fd;
}

static int walk(const struct dir_store *s, const char *key, bool make, const char **name,
                struct error *err)
{
    auto_fd at = fcntl(s->root, F_DUPFD_CLOEXEC, 0);
    if (at < 0)
        return error_errno(err, "blob %s", key);
    for (const char *slash; (slash = strchr(key, '/')); key = slash + 1) {
        char segment[BLOB_KEY + 1];
        snprintf(segment, sizeof segment, "%.*s", (int)(slash - key), key);
        int next = open_directory(at, segment, make, err);
        if (next < 0)
            return next;
        fd_close(&at);
        at = next;
    }
    *name = key;
    return fd_take(&at);
}

/* The directory that holds the key's last segment, or ABSENT; *name is that segment, inside key. */
static int find_parent(struct blob_store *blobs, const char *key, const char **name,
                       struct error *err)
{
    return walk((struct dir_store *)blobs, key, false, name, err);
}

static int make_parent(struct dir_store *s, const char *key, const char **name, struct error *err)
{
    pthread_mutex_lock(&s->making);
    int fd = walk(s, key, true, name, err);
    pthread_mutex_unlock(&s->making);
    return fd;
}

static int create(struct blob_store *blobs, const char *key, struct blob_writer **out,
                  struct error *err)
{
    struct dir_writer *w = x_calloc(1, sizeof *w);
    w->base.drv = blobs->drv;
    w->store = (struct dir_store *)blobs;
    snprintf(w->key, sizeof w->key, "%s", key);
    id_new(w->temp);
    w->fd = openat(w->store->temp, w->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (w->fd < 0) {
        free(w);
        return error_errno(err, "blob %s", key);
    }
    *out = &w->base;
    return 0;
}

static int write_bytes(struct blob_writer *writer, const void *bytes, size_t len, struct error *err)
{
    struct dir_writer *w = (struct dir_writer *)writer;
    return fd_write_full(w->fd, bytes, len, err) < 0 ? error_context(err, "blob %s", w->key) : 0;
}

static void free_writer(struct dir_writer *w)
{
    fd_close(&w->fd);
    free(w);
}

static void abort_writer(struct blob_writer *writer)
{
    struct dir_writer *w = (struct dir_writer *)writer;
    unlinkat(w->store->temp, w->temp, 0);
    free_writer(w);
}

/* Data first, then the name, then the directory that holds the name. */
static int publish(struct dir_writer *w, struct error *err)
{
    if (fdatasync(w->fd) < 0)
        return error_errno(err, "syncing blob %s", w->key);
    const char *name;
    auto_fd parent = make_parent(w->store, w->key, &name, err);
    if (parent < 0)
        return error_context(err, "blob %s", w->key);
    if (renameat(w->store->temp, w->temp, parent, name) < 0)
        return error_errno(err, "naming blob %s", w->key);
    return sync_fd(parent, w->key, err);
}

static int commit(struct blob_writer *writer, struct error *err)
{
    struct dir_writer *w = (struct dir_writer *)writer;
    if (publish(w, err) < 0) {
        abort_writer(writer);
        return -1;
    }
    free_writer(w);
    return 0;
}

/* The kernel's copy, where both files are of one kind; the bytes that it copied. */
static off_t copy_in_kernel(int from, int to)
{
    off_t at = 0;
    for (;;) {
        ssize_t n = copy_file_range(from, &at, to, NULL, 1 << 30, 0);
        if (n <= 0)
            return n == 0 || at == 0 ? at : -1;
    }
}

static int fill(struct dir_writer *w, int fd, struct error *err)
{
    off_t copied = copy_in_kernel(fd, w->fd);
    if (copied < 0)
        return error_errno(err, "copying blob %s", w->key);
    return copied ? 0 : blob_copy(&w->base, fd, err);
}

static int adopt(struct blob_store *blobs, const char *key, int fd, struct error *err)
{
    struct blob_writer *w;
    if (create(blobs, key, &w, err) < 0)
        return -1;
    if (fill((struct dir_writer *)w, fd, err) == 0)
        return commit(w, err);
    abort_writer(w);
    return -1;
}

static int open_blob(struct blob_store *blobs, const char *key, uint64_t *size, struct error *err)
{
    const char *name;
    auto_fd parent = find_parent(blobs, key, &name, err);
    if (parent < 0)
        return parent == ABSENT ? blob_absent(key, err) : -1;
    auto_fd fd = openat(parent, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    if (fd < 0 && errno == ENOENT)
        return blob_absent(key, err);
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_errno(err, "blob %s", key);
    if (!S_ISREG(st.st_mode))
        return blob_absent(key, err);
    *size = (uint64_t)st.st_size;
    return fd_take(&fd);
}

static int remove_blob(struct blob_store *blobs, const char *key, struct error *err)
{
    const char *name;
    auto_fd parent = find_parent(blobs, key, &name, err);
    if (parent < 0)
        return parent == ABSENT ? 0 : -1;
    if (unlinkat(parent, name, 0) < 0)
        return errno == ENOENT || errno == EISDIR ? 0 : error_errno(err, "removing blob %s", key);
    return sync_fd(parent, key, err);
}

/* Calls visit for every name but . and ..; stops at and returns what is not 0. Closes fd. */
static int each_entry(int fd, int (*visit)(void *arg, int at, const char *name, struct error *err),
                      void *arg, struct error *err)
{
    DIR *d = fdopendir(fd);
    if (!d) {
        error_errno(err, "fdopendir");
        close(fd);
        return -1;
    }
    int rc = 0;
    const struct dirent *e;
    while (rc == 0 && (errno = 0, e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            rc = visit(arg, dirfd(d), e->d_name, err);
    if (rc == 0 && errno)
        rc = error_errno(err, "readdir");
    closedir(d);
    return rc;
}

static int remove_entry(void *arg, int at, const char *name, struct error *err);

/* 0: gone, or never was a directory. */
static int remove_tree(int at, const char *name, int depth, struct error *err)
{
    if (depth > DEPTH)
        return error_set(err, ERROR_IO, "directories nested too deep to remove");
    for (int i = 0; i < REMOVE_TRIES; i++) {
        int fd = openat(at, name, DIRECTORY);
        if (fd < 0)
            return missing(errno) ? 0 : error_errno(err, "removing %s", name);
        if (each_entry(fd, remove_entry, &depth, err) < 0)
            return -1;
        if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return 0;
        if (errno != ENOTEMPTY && errno != EEXIST)
            break;
    }
    return error_errno(err, "removing %s", name);
}

static int remove_entry(void *arg, int at, const char *name, struct error *err)
{
    const int *depth = arg;
    if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR)
        return error_errno(err, "removing %s", name);
    return remove_tree(at, name, *depth + 1, err);
}

static int remove_all(struct blob_store *blobs, const char *prefix, struct error *err)
{
    const char *name;
    auto_fd parent = find_parent(blobs, prefix, &name, err);
    if (parent < 0)
        return parent == ABSENT ? 0 : -1;
    if (remove_tree(parent, name, 0, err) < 0)
        return -1;
    return sync_fd(parent, prefix, err);
}

static int64_t modified_ms(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

struct root_visit {
    int (*visit)(void *arg, const char *root, int64_t modified_ms);
    void *arg;
};

static int visit_root(void *arg, int at, const char *name, struct error *err)
{
    const struct root_visit *v = arg;
    struct stat st;
    if (name[0] == '.')
        return 0;
    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : error_errno(err, "%s", name);
    return v->visit(v->arg, name, modified_ms(&st)) ? 1 : 0;
}

/* A second descriptor would share the position of the first. */
static int reopen(int fd, struct error *err)
{
    int fresh = openat(fd, ".", DIRECTORY);
    return fresh < 0 ? error_errno(err, "the directory of blobs") : fresh;
}

static int list_roots(struct blob_store *blobs,
                      int (*visit)(void *arg, const char *root, int64_t modified_ms), void *arg,
                      struct error *err)
{
    int fd = reopen(((struct dir_store *)blobs)->root, err);
    struct root_visit v = {visit, arg};
    return fd < 0 || each_entry(fd, visit_root, &v, err) < 0 ? -1 : 0;
}

static int drop_stale(void *arg, int at, const char *name, struct error *err)
{
    const int64_t *now = arg;
    struct stat st;
    (void)err; /* what cannot be cleaned now is cleaned another time */
    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && *now - modified_ms(&st) > STALE_MS)
        unlinkat(at, name, 0);
    return 0;
}

/* path and the directories above it; those that are new are for this user alone. */
static int make_path(const char *path, struct error *err)
{
    char *copy = x_strdup(path);
    int rc = 0;
    for (char *at = copy + 1; rc == 0 && at; at = at[0] ? at + 1 : NULL) {
        at += strcspn(at, "/");
        char was = *at;
        *at = '\0';
        if (mkdir(copy, 0700) < 0 && errno != EEXIST)
            rc = error_errno(err, "making directory %s", copy);
        *at = was;
    }
    free(copy);
    return rc;
}

/* Also the directory that holds the root's name, in case the root is new. */
static int open_root(struct dir_store *s, const char *path, struct error *err)
{
    if (make_path(path, err) < 0)
        return -1;
    s->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->root < 0)
        return error_errno(err, "%s", path);
    auto_fd above = openat(s->root, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above >= 0)
        fsync(above); /* best effort: it may belong to somebody else */
    s->temp = open_directory(s->root, ".tmp", true, err);
    int fd = s->temp < 0 ? -1 : reopen(s->temp, err);
    int64_t now = clock_wall();
    return fd < 0 ? -1 : each_entry(fd, drop_stale, &now, err);
}

static void close_store(struct blob_store *blobs)
{
    struct dir_store *s = (struct dir_store *)blobs;
    fd_close(&s->root);
    fd_close(&s->temp);
    pthread_mutex_destroy(&s->making);
    free(s);
}

static int open_store(struct blob_store **out, const char *rest, struct error *err)
{
    if (!*rest)
        return error_set(err, ERROR_INPUT, "dir: needs the path of a directory");
    struct dir_store *s = x_calloc(1, sizeof *s);
    s->base.drv = &blob_dir;
    s->root = s->temp = -1;
    pthread_mutex_init(&s->making, NULL);
    if (open_root(s, rest, err) < 0) {
        close_store(&s->base);
        return -1;
    }
    *out = &s->base;
    return 0;
}

static int space(struct blob_store *blobs, uint64_t *bytes, struct error *err)
{
    struct statvfs v;
    if (fstatvfs(((struct dir_store *)blobs)->root, &v) < 0)
        return error_errno(err, "asking for free space");
    *bytes = (uint64_t)v.f_bavail * v.f_frsize;
    return 0;
}

const struct blob_driver blob_dir = {
    .scheme = "dir",
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
