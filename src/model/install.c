/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Installing a pack: its files are gathered in the hidden directory .NAME.part of the models
 * directory, verified one by one, described by a manifest, synced, and then renamed to NAME at
 * once. An interrupted install goes on where it stopped; two at a time are refused. Called by
 * `pagemill models`.
 */
#include "model/install.h"

#include "base/fd.h"
#include "model/install_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory with a manifest of its own is one list; what lies below it is not looked at. */
static int expect_packs(const struct staging *s)
{
    if (faccessat(s->models, "manifest.json", F_OK, 0) < 0)
        return 0;
    return error_set(s->err, ERROR_CONFLICT,
                     "%s is one list of models (manifest.json), no directory of packs",
                     s->how->models);
}

/* Whether the directory that was opened still is the one of that name: another process may have
 * published it just before its lock was released. */
static bool still_part(const struct staging *s)
{
    struct stat ours, named;
    return fstat(s->dir, &ours) == 0 && fstatat(s->models, s->part, &named, 0) == 0 &&
           ours.st_ino == named.st_ino;
}

/* The lock is the directory's own and goes with the descriptor. */
static int open_staging(struct staging *s)
{
    snprintf(s->part, sizeof s->part, ".%s.part", s->name);
    s->models = model_open_directory(s->how->models, 0755, s->err);
    if (s->models < 0 || expect_packs(s) < 0)
        return -1;
    if (mkdirat(s->models, s->part, 0755) < 0 && errno != EEXIST)
        return error_errno(s->err, "%s/%s", s->how->models, s->part);
    s->dir = openat(s->models, s->part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (s->dir < 0)
        return error_errno(s->err, "%s/%s", s->how->models, s->part);
    if (flock(s->dir, LOCK_EX | LOCK_NB) < 0 || !still_part(s)) {
        fd_close(&s->dir); /* it is not ours to clean */
        return error_set(s->err, ERROR_BUSY, "%s is being installed by another process", s->name);
    }
    return 0;
}

static void close_staging(struct staging *s)
{
    fd_close(&s->dir);
    fd_close(&s->models);
}

/* Every file of the pack lies in s->dir now and is what it should be; the manifest that is written
 * next holds the sizes and hashes of what this leaves behind. Whatever turns an export into what
 * runs best goes to the top of the loop. */
static int settle_files(struct staging *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct model_file *f = &s->files[i];
        auto_fd fd = openat(s->dir, f->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 || fsync(fd) < 0)
            return error_errno(s->err, "%s", f->file);
        if (model_hash_fd(fd, f->file, f->sha256, &f->bytes, s->err) < 0)
            return -1;
    }
    return 0;
}

static bool belongs(const struct staging *s, const char *name)
{
    if (s->count && strcmp(name, "manifest.json") == 0)
        return true;
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(name, s->files[i].file) == 0 || strcmp(name, s->files[i].dictionary) == 0)
            return true;
    return false;
}

/* What an earlier attempt left, perhaps for another pack of this name. */
static int drop_leftovers(const struct staging *s)
{
    int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        fd_close(&fd);
        return error_errno(s->err, "%s", s->part);
    }
    for (const struct dirent *e; (e = readdir(d));)
        if (!belongs(s, e->d_name))
            unlinkat(s->dir, e->d_name, 0);
    closedir(d);
    return 0;
}

static void tell_files(const struct staging *s)
{
    for (size_t i = 0; i < s->count && s->how->tell; i++) {
        const struct model_file *f = &s->files[i];
        struct install_report report = {s->name, f->name, f->sha256,
                                        catalog_knows(f->task, f->sha256), NULL};
        s->how->tell(s->how->arg, &report);
    }
}

static int publish(struct staging *s)
{
    if (drop_leftovers(s) < 0 || settle_files(s) < 0 ||
        manifest_write(s->dir, s->files, s->count, s->err) < 0)
        return -1;
    if (fsync(s->dir) < 0)
        return error_errno(s->err, "%s", s->part);
    if (renameat(s->models, s->part, s->models, s->name) < 0)
        return error_errno(s->err, "%s/%s", s->how->models, s->name);
    if (fsync(s->models) < 0)
        return error_errno(s->err, "%s", s->how->models);
    tell_files(s);
    return 0;
}

/* What was downloaded is kept for the next attempt; copies are as quick to make again. */
static void give_up(struct staging *s)
{
    struct error *err = s->err;
    s->err = NULL;
    s->count = 0;
    if (*s->how->from && s->dir >= 0 && still_part(s))
        drop_leftovers(s);
    if (s->dir >= 0)
        unlinkat(s->models, s->part, AT_REMOVEDIR);
    s->err = err;
}

static int gather(struct staging *s, const struct catalog_pack *pack)
{
    if (!pack)
        return stage_found(s);
    return *s->how->from ? stage_copies(s, pack) : stage_downloads(s, pack);
}

static int install(const struct install *how, const char *name, const struct catalog_pack *pack,
                   struct error *err)
{
    struct staging s = {.how = how, .name = name, .models = -1, .dir = -1, .err = err};
    int rc = open_staging(&s);
    if (rc == 0)
        rc = gather(&s, pack);
    if (rc == 0)
        rc = publish(&s);
    if (rc < 0)
        give_up(&s);
    close_staging(&s);
    return rc;
}

/* 1: there and sound. 0: not there. */
static int look(const struct install *how, const char *name, struct error *err)
{
    char path[RECIPE_PATH];
    struct stat st;
    snprintf(path, sizeof path, "%.900s/%s", how->models, name);
    if (lstat(path, &st) < 0)
        return 0;
    struct error why = {0};
    int bad = install_verify(how->models, name, NULL, NULL, &why);
    if (bad == 0)
        return 1;
    return error_set(err, ERROR_CONFLICT,
                     "%s is there and not sound%s%s; `pagemill models remove "
                     "%s` first",
                     path, bad < 0 ? ": " : "", bad < 0 ? why.text : "", name);
}

int install_from_catalog(const struct install *how, const struct catalog_pack *pack,
                         struct error *err)
{
    int there = look(how, pack->name, err);
    return there ? there : install(how, pack->name, pack, err);
}

int install_pack(const struct install *how, const char *name, struct error *err)
{
    const struct catalog_pack *pack = catalog_find(name);
    if (pack)
        return install_from_catalog(how, pack, err);
    if (!model_name_valid(name))
        return error_set(err, ERROR_INPUT, "'%.64s' cannot be a pack's name", name);
    if (!*how->from)
        return error_set(err, ERROR_NOT_FOUND,
                         "%s is no pack that this version knows; --from DIR makes one of that name "
                         "from the models there",
                         name);
    int there = look(how, name, err);
    return there ? there : install(how, name, NULL, err);
}
