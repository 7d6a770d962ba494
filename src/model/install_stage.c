/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Where the files of a pack come from: the catalogue's addresses, or a directory that somebody
 * filled. What is not what the catalogue says is refused, whichever way it came. Called by
 * install.c.
 */
#include "model/install_internal.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char yaml_name[] = "inference.yml";

static struct model_file *add_file(struct staging *s, const char *name, enum model_task task,
                                   const char *licence)
{
    struct model_file *f = &s->files[s->count++];
    *f = (struct model_file){.task = task, .bytes = -1};
    snprintf(f->name, sizeof f->name, "%s", name);
    snprintf(f->pack, sizeof f->pack, "%s", s->name);
    snprintf(f->licence, sizeof f->licence, "%s", licence);
    snprintf(f->file, sizeof f->file, "%s.onnx", model_task_words[task]);
    return f;
}

static int write_dictionary(struct staging *s, struct model_file *f, const struct strbuf *text,
                            const struct catalog_content *known)
{
    char sha256[RECIPE_SHA256];
    digest_bytes(strbuf_str(text), text->len, sha256);
    if (known && !catalog_match(known, sha256))
        return error_set(s->err, ERROR_INPUT, "%s: its dictionary has SHA-256 %s, not %s", f->name,
                         sha256, known[0].sha256);
    const char *name = f->task == MODEL_TABLE ? "table.txt" : "dictionary.txt";
    if (model_write_file(s->dir, name, text->data, text->len, s->err) < 0)
        return -1;
    snprintf(f->dictionary, sizeof f->dictionary, "%s", name);
    snprintf(f->dictionary_sha256, sizeof f->dictionary_sha256, "%s", sha256);
    return 0;
}

/* --- downloads --- */

/* What an earlier call brought and verified is not fetched again; if it changed since, it is. */
static bool already_there(struct staging *s, const char *name, const struct catalog_content *known,
                          size_t count)
{
    char sha256[RECIPE_SHA256];
    int64_t bytes;
    auto_fd fd = openat(s->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || model_hash_fd(fd, name, sha256, &bytes, NULL) < 0)
        return false;
    for (size_t i = 0; i < count && known[i].sha256; i++)
        if (strcmp(known[i].sha256, sha256) == 0)
            return true;
    return false;
}

static int fetch(struct staging *s, const struct catalog_model *m, const char *remote,
                 const char *name, const struct catalog_content *known, size_t count)
{
    char url[2048];
    const char *origin = *s->how->mirror ? s->how->mirror : catalog_origin;
    size_t len = strlen(origin);
    if (len && origin[len - 1] == '/')
        len--;
    int n = snprintf(url, sizeof url, "%.*s/%s_onnx/resolve/%s/%s", (int)len, origin, m->name,
                     m->revision, remote);
    if (n < 0 || (size_t)n >= sizeof url)
        return error_set(s->err, ERROR_INPUT, "address too long");
    if (already_there(s, name, known, count))
        return 0;
    struct download d = {url, s->dir, name, known, count, s->how->progress, s->how->arg};
    return download_file(&d, s->err);
}

static int fetch_dictionary(struct staging *s, const struct catalog_model *m, struct model_file *f)
{
    char path[2 * RECIPE_PATH];
    auto_strbuf text = {0};
    if (fetch(s, m, yaml_name, yaml_name, &m->yaml, 1) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/%s/%s", s->how->models, s->part, yaml_name);
    if (paddle_dictionary(path, &text, s->err) < 0 ||
        write_dictionary(s, f, &text, m->dictionary) < 0)
        return -1;
    unlinkat(s->dir, yaml_name, 0);
    return 0;
}

int stage_downloads(struct staging *s, const struct catalog_pack *pack)
{
    for (size_t i = 0; i < CATALOG_MODELS && pack->models[i].name; i++) {
        const struct catalog_model *m = &pack->models[i];
        struct model_file *f = add_file(s, m->name, m->task, pack->licence);
        if (fetch(s, m, "inference.onnx", f->file, m->onnx, CATALOG_EXPORTS) < 0)
            return -1;
        if (m->yaml.sha256 && fetch_dictionary(s, m, f) < 0)
            return -1;
    }
    return 0;
}

/* --- copies --- */

static int copy_bytes(int from, int to, const char *name, struct error *err)
{
    char piece[1 << 16];
    ssize_t n;
    off_t at = 0;
    while ((n = fd_read_full(from, piece, sizeof piece, at)) > 0) {
        if (fd_write_full(to, piece, (size_t)n, err) < 0)
            return error_context(err, "%s", name);
        at += n;
    }
    return n < 0 ? error_errno(err, "%s", name) : 0;
}

/* The copy is hashed, not the original, which may change meanwhile. */
static int copy_model(struct staging *s, const char *path, struct model_file *f,
                      const struct catalog_content *known)
{
    char part[RECIPE_PATH];
    snprintf(part, sizeof part, "%.200s.part", f->file);
    auto_fd from = open(path, O_RDONLY | O_CLOEXEC);
    auto_fd to = openat(s->dir, part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (from < 0 || to < 0)
        return error_errno(s->err, "%s", from < 0 ? path : part);
    if (copy_bytes(from, to, path, s->err) < 0 ||
        model_hash_fd(to, path, f->sha256, &f->bytes, s->err) < 0)
        return -1;
    if (known && !catalog_match(known, f->sha256))
        return error_set(s->err, ERROR_INPUT,
                         "%s: its SHA-256 is %s, not the %s of %s; to install it as it is, give "
                         "the pack another name",
                         path, f->sha256, known[0].sha256, f->name);
    return renameat(s->dir, part, s->dir, f->file) < 0 ? error_errno(s->err, "%s", f->file) : 0;
}

static int read_dictionary(const struct model_file *f, struct strbuf *text, struct error *err)
{
    char path[RECIPE_PATH], sha256[RECIPE_SHA256];
    if (!*f->dictionary)
        return error_set(err, ERROR_INPUT, "%s/%s: no dictionary is named for it", f->root,
                         f->file);
    if (!f->dictionary_in_yaml)
        return model_check_dictionary(f, path, sha256, text, err);
    return model_path(f->root, f->dictionary, path, err) < 0 ? -1
                                                             : paddle_dictionary(path, text, err);
}

static int copy_found(struct staging *s, const struct model_file *source, struct model_file *f,
                      const struct catalog_model *m)
{
    char path[RECIPE_PATH], sha256[RECIPE_SHA256];
    auto_strbuf text = {0};
    if (model_check(source, path, sha256, s->err) < 0 ||
        copy_model(s, path, f, m ? m->onnx : NULL) < 0)
        return -1;
    if (source->task != MODEL_REC && (m || source->task != MODEL_TABLE || !*source->dictionary))
        return 0;
    return read_dictionary(source, &text, s->err) < 0
               ? -1
               : write_dictionary(s, f, &text, m ? m->dictionary : NULL);
}

/* The official names, in a directory that has no list of its own. */
static bool find_bare(const struct staging *s, const struct catalog_model *m,
                      struct model_file *out)
{
    static const char *const patterns[][2] = {
        {"%s_onnx/inference.onnx", "%s_onnx/inference.yml"},
        {"%s_onnx_infer/inference.onnx", "%s_onnx_infer/inference.yml"},
        {"%s/inference.onnx", "%s/inference.yml"},
        {"%s.onnx", "%s.yml"},
    };
    *out = (struct model_file){.task = m->task, .bytes = -1, .dictionary_in_yaml = true};
    snprintf(out->root, sizeof out->root, "%.1000s", s->how->from);
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        char path[2 * RECIPE_PATH];
        snprintf(out->file, sizeof out->file, patterns[i][0], m->name);
        snprintf(out->dictionary, sizeof out->dictionary, patterns[i][1], m->name);
        snprintf(path, sizeof path, "%s/%s", out->root, out->file);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

static int copy_one(struct staging *s, const struct model_shelf *shelf,
                    const struct catalog_model *m, struct model_file *f)
{
    struct model_file bare;
    const struct model_file *source = model_pick_named(shelf, m->task, m->name);
    if (!source && find_bare(s, m, &bare))
        source = &bare;
    if (!source)
        return error_set(s->err, ERROR_NOT_FOUND,
                         "%s: no %s there (%s_onnx/inference.onnx, %s.onnx "
                         "or a manifest.json that names it)",
                         s->how->from, m->name, m->name, m->name);
    return copy_found(s, source, f, m);
}

static int read_source(const struct staging *s, struct model_shelf *shelf)
{
    if (access(s->how->from, R_OK | X_OK) < 0)
        return error_set(s->err, ERROR_INPUT, "%s: %s", s->how->from, strerror(errno));
    return model_shelf_read(s->how->from, shelf, s->err);
}

int stage_copies(struct staging *s, const struct catalog_pack *pack)
{
    auto_shelf shelf = {0};
    if (read_source(s, &shelf) < 0)
        return -1;
    for (size_t i = 0; i < CATALOG_MODELS && pack->models[i].name; i++) {
        const struct catalog_model *m = &pack->models[i];
        if (copy_one(s, &shelf, m, add_file(s, m->name, m->task, pack->licence)) < 0)
            return -1;
    }
    return 0;
}

int stage_found(struct staging *s)
{
    static const enum model_task order[] = {MODEL_REC,  MODEL_DET,    MODEL_PAGE,
                                            MODEL_LINE, MODEL_LAYOUT, MODEL_TABLE};
    const struct model_file *like = NULL;
    auto_shelf shelf = {0};
    if (read_source(s, &shelf) < 0)
        return -1;
    for (size_t i = 0; i < MODEL_TASKS; i++) {
        const struct model_file *source = model_pick(&shelf, order[i], NULL, like);
        if (!source)
            continue;
        if (source->task == MODEL_REC)
            like = source;
        struct model_file *f = add_file(s, source->name, source->task, source->licence);
        f->numbers = source->numbers;
        memcpy(f->labels, source->labels, sizeof f->labels);
        if (copy_found(s, source, f, NULL) < 0)
            return -1;
    }
    return s->count ? 0 : error_set(s->err, ERROR_NOT_FOUND, "%s: no models there", s->how->from);
}
