/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What is installed: verified against its manifests, removed, listed beside the catalogue. A pack
 * that is removed is renamed first, so that nobody meets half of one. Called by `pagemill models`.
 */
#include "model/install.h"

#include "base/fd.h"
#include "model/model_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell_one(install_tell *tell, void *arg, const struct model_file *f, const char *file,
                     const char *sha256, const struct error *bad)
{
    struct install_report report = {f->pack, file, sha256, catalog_knows(f->task, sha256), bad};
    if (tell)
        tell(arg, &report);
}

static int verify_dictionary(const struct model_file *f, char sha256[RECIPE_SHA256],
                             struct error *why)
{
    char path[RECIPE_PATH];
    auto_strbuf text = {0};
    if (!*f->dictionary)
        return error_set(why, ERROR_INPUT, "%s/%s: no dictionary is named for it", f->root,
                         f->file);
    if (!f->dictionary_in_yaml)
        return model_check_dictionary(f, path, sha256, &text, why);
    if (model_path(f->root, f->dictionary, path, why) < 0 ||
        paddle_dictionary(path, &text, why) < 0)
        return -1;
    digest_bytes(text.data, text.len, sha256);
    return 0;
}

/* How many of the model's files are bad. */
static int verify_model(const struct model_file *f, install_tell *tell, void *arg)
{
    char path[RECIPE_PATH], sha256[RECIPE_SHA256] = "";
    struct error why = {0};
    int bad = model_check(f, path, sha256, &why) < 0;
    tell_one(tell, arg, f, f->file, sha256, bad ? &why : NULL);
    if (f->task != MODEL_REC && !*f->dictionary)
        return bad;
    sha256[0] = '\0';
    bool worse = verify_dictionary(f, sha256, &why) < 0;
    tell_one(tell, arg, f, *f->dictionary ? f->dictionary : "(dictionary)", sha256,
             worse ? &why : NULL);
    return bad + worse;
}

int install_verify(const char *models, const char *name, install_tell *tell, void *arg,
                   struct error *err)
{
    auto_shelf shelf = {0};
    int bad = 0, seen = 0;
    if (model_shelf_read(models, &shelf, err) < 0)
        return -1;
    for (size_t i = 0; i < shelf.count; i++)
        if (!name || model_in_pack(&shelf.files[i], name)) {
            bad += verify_model(&shelf.files[i], tell, arg);
            seen++;
        }
    if (name && !seen)
        return error_set(err, ERROR_NOT_FOUND, "%s: no pack %s there", models, name);
    return bad;
}

static int delete_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

/* What a removal or an install left when it was cut short goes with it. */
static int delete_tree(const char *path, struct error *err)
{
    if (nftw(path, delete_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT)
        return error_errno(err, "%s", path);
    return 0;
}

/* An install that is under way holds a lock on its directory. */
static int delete_unfinished(const char *part, struct error *err)
{
    auto_fd dir = open(part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir >= 0 && flock(dir, LOCK_EX | LOCK_NB) < 0)
        return error_set(err, ERROR_BUSY, "%s: an install is under way", part);
    return delete_tree(part, err);
}

static int put_aside(const char *models, const char *pack, const char *aside, struct error *err)
{
    auto_fd dir = open(models, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || rename(pack, aside) < 0 || fsync(dir) < 0)
        return error_errno(err, "%s", pack);
    return 0;
}

int install_remove(const char *models, const char *name, struct error *err)
{
    char pack[RECIPE_PATH], aside[RECIPE_PATH], part[RECIPE_PATH], manifest[2 * RECIPE_PATH];
    if (!model_name_valid(name) || strlen(models) > RECIPE_PATH - 2 * MODEL_NAME)
        return error_set(err, ERROR_INPUT, "'%.64s' cannot be a pack's name", name);
    snprintf(pack, sizeof pack, "%s/%s", models, name);
    snprintf(aside, sizeof aside, "%s/.%s.removed", models, name);
    snprintf(part, sizeof part, "%s/.%s.part", models, name);
    snprintf(manifest, sizeof manifest, "%s/manifest.json", pack);
    bool there = access(manifest, F_OK) == 0, unfinished = access(part, F_OK) == 0;
    if (!there && !unfinished)
        return error_set(err, ERROR_NOT_FOUND, "%s: no pack %s there", models, name);
    if (delete_tree(aside, err) < 0)
        return -1;
    if (there && (put_aside(models, pack, aside, err) < 0 || delete_tree(aside, err) < 0))
        return -1;
    return delete_unfinished(part, err);
}

/* --- the list --- */

static bool has_pack(const struct model_shelf *shelf, const char *name, size_t before)
{
    for (size_t i = 0; i < before; i++)
        if (strcmp(shelf->files[i].pack, name) == 0)
            return true;
    return false;
}

static bool has_task(const struct model_shelf *shelf, const char *pack, enum model_task task)
{
    for (size_t i = 0; i < shelf->count; i++)
        if (shelf->files[i].task == task && strcmp(shelf->files[i].pack, pack) == 0)
            return true;
    return false;
}

/* A directory of one's own may hold a part of a pack. */
static bool has_all(const struct model_shelf *shelf, const struct catalog_pack *p)
{
    for (size_t i = 0; i < CATALOG_MODELS && p->models[i].name; i++)
        if (!has_task(shelf, p->name, p->models[i].task))
            return false;
    return true;
}

static int64_t pack_bytes(const struct model_shelf *shelf, const char *name)
{
    int64_t sum = 0;
    for (size_t i = 0; i < shelf->count && sum >= 0; i++)
        if (strcmp(shelf->files[i].pack, name) == 0)
            sum = shelf->files[i].bytes < 0 ? -1 : sum + shelf->files[i].bytes;
    return sum;
}

int install_list(const char *models, void (*visit)(void *arg, const struct install_row *row),
                 void *arg, struct error *err)
{
    auto_shelf shelf = {0};
    if (model_shelf_read(models, &shelf, err) < 0)
        return -1;
    for (const struct catalog_pack *p = catalog; p->name; p++) {
        struct install_row row = {p->name, p->what, catalog_bytes(p), has_all(&shelf, p)};
        visit(arg, &row);
    }
    for (size_t i = 0; i < shelf.count; i++) {
        const char *name = shelf.files[i].pack;
        struct install_row row = {name, "", pack_bytes(&shelf, name), true};
        if (!catalog_find(name) && !has_pack(&shelf, name, i))
            visit(arg, &row);
    }
    return 0;
}
