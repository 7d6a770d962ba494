/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A models directory: one list or pack (manifest.json), one PaddleX model (inference.yml), or a
 * directory of such. Subdirectories are read in the order of their names; hidden ones, and those
 * without either file, are passed over. Nothing is opened but these two files.
 */
#include "model/model_internal.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct model_file *model_shelf_add(struct model_shelf *s)
{
    if (s->count == MODEL_MAX_FILES)
        return NULL;
    if (s->count == s->space) {
        s->space = s->space ? 2 * s->space : 8;
        s->files = x_realloc(s->files, s->space, sizeof *s->files);
    }
    return &s->files[s->count++];
}

void model_shelf_free(struct model_shelf *s)
{
    free(s->files);
    *s = (struct model_shelf){0};
}

static bool holds(const char *dir, const char *name)
{
    char path[RECIPE_PATH + 32];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

/* 1 if the directory itself is a list, a pack or a model. */
static int read_one(const char *dir, struct model_shelf *out, struct error *err)
{
    if (holds(dir, "manifest.json"))
        return manifest_read(dir, out, err) < 0 ? -1 : 1;
    if (holds(dir, "inference.yml") && holds(dir, "inference.onnx"))
        return paddle_read(dir, out, err) < 0 ? -1 : 1;
    return 0;
}

static int not_hidden(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_below(const char *dir, struct model_shelf *out, struct error *err)
{
    struct dirent **names;
    int count = scandir(dir, &names, not_hidden, by_name), rc = 0;
    if (count < 0)
        return errno == ENOENT ? 0 : error_set(err, ERROR_INPUT, "%s: %s", dir, strerror(errno));
    for (int i = 0; i < count; i++) {
        char path[RECIPE_PATH];
        int n = snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
        if (rc == 0 && n < RECIPE_PATH)
            rc = read_one(path, out, err) < 0 ? -1 : 0;
        free(names[i]);
    }
    free(names);
    return rc;
}

int model_shelf_read(const char *dir, struct model_shelf *out, struct error *err)
{
    struct model_shelf s = {0};
    if (strlen(dir) >= RECIPE_PATH - NAME_MAX)
        return error_set(err, ERROR_INPUT, "%.100s…: path too long", dir);
    int rc = read_one(dir, &s, err);
    if (rc == 0)
        rc = read_below(dir, &s, err);
    if (rc < 0) {
        model_shelf_free(&s);
        return -1;
    }
    *out = s;
    return 0;
}
