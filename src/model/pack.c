/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Chooses the models and writes the recipe. Every chosen file is hashed here, once, and again by
 * the worker when it loads it. A dictionary that lies in an inference.yml is copied into the data
 * directory under its hash, since the models directory may be read-only. Called by cmd.
 */
#include "model/pack.h"

#include "base/fd.h"
#include "base/log.h"
#include "model/model_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct choice {
    const struct settings *settings;
    struct pipeline pipeline;
    struct model_shelf shelf, own[MODEL_TASKS]; /* own: of a pipeline's model_dir */
    const struct model_file *files[MODEL_TASKS];
    struct error *err;
};

#define PLACE(field) offsetof(struct recipe, field), offsetof(struct recipe, field##_sha256)
static const struct {
    size_t path, sha256;
} places[MODEL_TASKS] = {
    [MODEL_DET] = {PLACE(detection)},         [MODEL_REC] = {PLACE(recognition)},
    [MODEL_LINE] = {PLACE(line_orientation)}, [MODEL_PAGE] = {PLACE(page_orientation)},
    [MODEL_LAYOUT] = {PLACE(layout)},         [MODEL_TABLE] = {PLACE(table)},
};

static bool models_wanted(const struct settings *s)
{
    return *s->pack || *s->pipeline || strcmp(s->engine, "ppocr") == 0;
}

static int refuse_none(const struct choice *c, const char *what)
{
    const char *pack = c->settings->pack;
    if (*pack && !catalog_find(pack))
        return error_set(c->err, ERROR_INPUT,
                         "%s: no %s in pack %s; `pagemill models list` shows "
                         "what there is",
                         c->settings->models, what, pack);
    return error_set(c->err, ERROR_INPUT, "%s: no %s; `pagemill models install %s` gets one",
                     c->settings->models, what, *pack ? pack : catalog[0].name);
}

static int choose_from_directory(struct choice *c, enum model_task task)
{
    const char *dir = c->pipeline.models[task].dir;
    if (access(dir, R_OK | X_OK) < 0)
        return error_set(c->err, ERROR_INPUT, "%s: %s", dir, strerror(errno));
    if (model_shelf_read(dir, &c->own[task], c->err) < 0)
        return -1;
    c->files[task] = model_pick(&c->own[task], task, NULL, NULL);
    if (!c->files[task])
        return error_set(c->err, ERROR_INPUT, "%s: no %s model there", dir, model_task_names[task]);
    return 0;
}

/* 0 with nothing chosen: the model is not there and cannot be installed by name. */
static int choose_by_name(struct choice *c, enum model_task task)
{
    const char *name = c->pipeline.models[task].name;
    c->files[task] = model_pick_named(&c->shelf, task, name);
    if (c->files[task])
        return 0;
    const struct catalog_pack *pack = catalog_find_model(name);
    if (pack)
        return error_set(c->err, ERROR_INPUT,
                         "%s: names the model %s, which is not in %s; `pagemill models install %s` "
                         "gets it",
                         c->settings->pipeline, name, c->settings->models, pack->name);
    log_warning("%s: the model %s is not installed; the best %s there is is taken",
                c->settings->pipeline, name, model_task_names[task]);
    return 0;
}

static int choose(struct choice *c, enum model_task task)
{
    const struct pipeline_model *wish = &c->pipeline.models[task];
    const struct model_file *like = c->files[MODEL_REC];
    const char *pack = c->settings->pack;
    if (wish->off)
        return 0;
    if (*wish->dir)
        return choose_from_directory(c, task);
    if (*pack)
        c->files[task] = model_pick(&c->shelf, task, pack, like);
    if (!c->files[task] && *pack && task == MODEL_REC)
        return refuse_none(c, model_task_names[task]);
    if (!c->files[task] && *wish->name && choose_by_name(c, task) < 0)
        return -1;
    if (!c->files[task])
        c->files[task] = model_pick(&c->shelf, task, NULL, like);
    return 0;
}

/* ---- the models for a page's structure, which need no others ---- */

static const char *structure_setting(const struct choice *c, enum model_task task)
{
    return task == MODEL_LAYOUT ? c->settings->layout_model : c->settings->table_model;
}

static const struct model_file *find_named(const struct choice *c, enum model_task task,
                                           const char *name)
{
    const struct model_file *f = model_pick_named(&c->shelf, task, name);
    return f ? f : model_pick(&c->shelf, task, name, NULL);
}

static int choose_wished(struct choice *c, enum model_task task, const char *name)
{
    c->files[task] = find_named(c, task, name);
    if (c->files[task])
        return 0;
    const struct catalog_pack *pack = catalog_find_model(name);
    return error_set(c->err, ERROR_INPUT, "%s: no %s model %s there; `pagemill models %s%s` %s",
                     c->settings->models, model_task_names[task], name, pack ? "install " : "list",
                     pack ? pack->name : "", pack ? "gets it" : "shows what there is");
}

/* A pipeline file written for PaddleX names its models as a matter of course; pages are laid out
 * without them, too. */
static void choose_from_pipeline(struct choice *c, enum model_task task)
{
    const char *name = c->pipeline.models[task].name;
    c->files[task] = find_named(c, task, name);
    if (!c->files[task])
        log_warning("%s: the %s model %s is not installed", c->settings->pipeline,
                    model_task_names[task], name);
}

static int choose_structure(struct choice *c, enum model_task task)
{
    const struct pipeline_model *wish = &c->pipeline.models[task];
    const char *setting = structure_setting(c, task);
    if (strcmp(setting, "off") == 0)
        return 0;
    if (strcmp(setting, "auto") != 0)
        return choose_wished(c, task, setting);
    if (wish->off)
        return 0;
    if (*wish->dir)
        return choose_from_directory(c, task);
    if (*wish->name)
        choose_from_pipeline(c, task);
    if (!c->files[task])
        c->files[task] = model_pick(&c->shelf, task, NULL, NULL);
    return 0;
}

/* Recognition first: detection is chosen to go with it. */
static int choose_all(struct choice *c)
{
    static const enum model_task order[] = {MODEL_REC, MODEL_DET, MODEL_PAGE, MODEL_LINE};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (choose(c, order[i]) < 0)
            return -1;
    return choose_structure(c, MODEL_LAYOUT) < 0 ? -1 : choose_structure(c, MODEL_TABLE);
}

static void take_numbers(const struct choice *c, struct recipe *r)
{
    static const enum model_task tasks[] = {MODEL_DET, MODEL_REC};
    struct model_numbers all = {0}, one;
    for (size_t i = 0; i < 2; i++) {
        const struct model_file *f = c->files[tasks[i]];
        bool rec = tasks[i] == MODEL_REC;
        model_numbers_standard(f->name, f->task, &one);
        model_numbers_merge(&one, &f->numbers);
        size_t from = rec ? NUMBER_REC_HEIGHT : 0;
        size_t to = rec ? NUMBER_LAYOUT_SIZE : NUMBER_REC_HEIGHT;
        memcpy(all.text[from], one.text[from], (to - from) * MODEL_NUMBER);
    }
    model_numbers_merge(&all, &c->pipeline.numbers);
    model_numbers_apply(&all, r);
}

/* What a crash or a disk left under this name is written anew. */
static bool is_cached(const char *path, const char *sha256)
{
    auto_strbuf text = {0};
    char own[RECIPE_SHA256];
    if (model_read_text(path, &text, NULL) < 0)
        return false;
    digest_bytes(strbuf_str(&text), text.len, own);
    return strcmp(own, sha256) == 0;
}

static int cache_dictionary(const char *data, const struct strbuf *text, char out[RECIPE_PATH],
                            char out_sha256[RECIPE_SHA256], struct error *err)
{
    char dir[RECIPE_PATH], path[RECIPE_PATH + 80], name[RECIPE_SHA256 + 8], sha256[RECIPE_SHA256];
    snprintf(dir, sizeof dir, "%.1000s/dictionaries", data);
    auto_fd fd = model_open_directory(dir, 0700, err);
    if (fd < 0)
        return -1;
    digest_bytes(text->data, text->len, sha256);
    snprintf(name, sizeof name, "%s.txt", sha256);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (strlen(path) >= RECIPE_PATH)
        return error_set(err, ERROR_INPUT, "%s: path too long", dir);
    if (!is_cached(path, sha256) && model_write_file(fd, name, text->data, text->len, err) < 0)
        return error_context(err, "%s", dir);
    memcpy(out, path, strlen(path) + 1);
    memcpy(out_sha256, sha256, sizeof sha256);
    return 0;
}

static int find_dictionary(const struct choice *c, const struct model_file *f,
                           char path[RECIPE_PATH], char sha256[RECIPE_SHA256], struct strbuf *text)
{
    char yaml[RECIPE_PATH];
    if (!f->dictionary_in_yaml)
        return model_check_dictionary(f, path, sha256, text, c->err);
    if (model_path(f->root, f->dictionary, yaml, c->err) < 0 ||
        paddle_dictionary(yaml, text, c->err) < 0)
        return -1;
    return cache_dictionary(c->settings->data, text, path, sha256, c->err);
}

static int take_dictionary(const struct choice *c, struct recipe *r)
{
    const struct model_file *f = c->files[MODEL_REC];
    auto_strbuf text = {0};
    if (!*f->dictionary)
        return error_set(c->err, ERROR_INPUT, "%s/%s: no dictionary is named for it", f->root,
                         f->file);
    if (find_dictionary(c, f, r->dictionary, r->dictionary_sha256, &text) < 0)
        return -1;
    model_languages(text.data, text.len, r->covers);
    return 0;
}

static int take_file(const struct choice *c, enum model_task task, struct recipe *r)
{
    if (!c->files[task])
        return 0;
    return model_check(c->files[task], (char *)r + places[task].path,
                       (char *)r + places[task].sha256, c->err);
}

/* The models that read; those for the structure stand apart. */
static int take_files(const struct choice *c, struct recipe *r)
{
    for (int i = 0; i < MODEL_LAYOUT; i++)
        if (take_file(c, (enum model_task)i, r) < 0)
            return -1;
    return 0;
}

static const char *name_or_none(const struct model_file *f)
{
    return f ? f->name : "none";
}

static void take_numbers_of(const struct model_file *f, struct recipe *r)
{
    struct model_numbers numbers;
    model_numbers_standard(f->name, f->task, &numbers);
    model_numbers_merge(&numbers, &f->numbers);
    model_numbers_apply(&numbers, r);
}

static int write_layout(const struct choice *c, struct recipe *r)
{
    const struct model_file *f = c->files[MODEL_LAYOUT];
    if (take_file(c, MODEL_LAYOUT, r) < 0)
        return -1;
    take_numbers_of(f, r);
    snprintf(r->layout_name, sizeof r->layout_name, "%.63s", f->name);
    log_info("layout by the model %s", f->name);
    return model_layout_write(f, &c->pipeline.layout, r, c->err);
}

static int write_table(const struct choice *c, struct recipe *r)
{
    const struct model_file *f = c->files[MODEL_TABLE];
    auto_strbuf text = {0};
    if (!c->files[MODEL_LAYOUT]) {
        log_warning("the table model %s is of no use without a layout model", f->name);
        return 0;
    }
    if (take_file(c, MODEL_TABLE, r) < 0)
        return -1;
    take_numbers_of(f, r);
    snprintf(r->table_name, sizeof r->table_name, "%.63s", f->name);
    log_info("tables by the model %s", f->name);
    if (!*f->dictionary)
        return 0;
    return find_dictionary(c, f, r->table_dictionary, r->table_dictionary_sha256, &text);
}

static int write_structure(const struct choice *c, struct recipe *r)
{
    if (c->files[MODEL_LAYOUT] && write_layout(c, r) < 0)
        return -1;
    return c->files[MODEL_TABLE] ? write_table(c, r) : 0;
}

static int write_recipe(const struct choice *c, struct recipe *r)
{
    if (!c->files[MODEL_REC] || !c->files[MODEL_DET]) {
        const char *what = model_task_names[c->files[MODEL_REC] ? MODEL_DET : MODEL_REC];
        if (models_wanted(c->settings))
            return refuse_none(c, what);
        log_debug("%s: no %s model there", c->settings->models, what);
        return 0;
    }
    if (take_files(c, r) < 0 || take_dictionary(c, r) < 0)
        return -1;
    take_numbers(c, r);
    if (!r->batch_size)
        r->batch_size = c->pipeline.batch_size;
    snprintf(r->name, sizeof r->name, "%s", c->files[MODEL_REC]->pack);
    log_info("models from %s: recognition %s, detection %s, page orientation %s, line orientation "
             "%s",
             c->settings->models, c->files[MODEL_REC]->name, c->files[MODEL_DET]->name,
             name_or_none(c->files[MODEL_PAGE]), name_or_none(c->files[MODEL_LINE]));
    return 0;
}

/* The standard place may be absent, one that was named may not. */
static int expect_directory(const struct settings *s, struct error *err)
{
    char standard[sizeof s->data + 8];
    snprintf(standard, sizeof standard, "%s/models", s->data);
    if (strcmp(s->models, standard) == 0 || access(s->models, F_OK) == 0)
        return 0;
    return error_set(err, ERROR_INPUT, "%s: %s", s->models, strerror(errno));
}

static int resolve(struct choice *c, struct recipe *r)
{
    if (*c->settings->pipeline && pipeline_read(c->settings->pipeline, &c->pipeline, c->err) < 0)
        return -1;
    if (expect_directory(c->settings, c->err) < 0 ||
        model_shelf_read(c->settings->models, &c->shelf, c->err) < 0 || choose_all(c) < 0)
        return -1;
    return write_recipe(c, r) < 0 ? -1 : write_structure(c, r);
}

int pack_resolve(const struct settings *settings, struct recipe *out, struct error *err)
{
    struct choice c = {.settings = settings, .err = err};
    struct recipe r;
    recipe_defaults(&r);
    snprintf(r.runtime, sizeof r.runtime, "%s", settings->onnxruntime);
    r.device = settings->device;
    r.batch_size = settings->batch_size;
    int rc = resolve(&c, &r);
    model_shelf_free(&c.shelf);
    for (size_t i = 0; i < MODEL_TASKS; i++)
        model_shelf_free(&c.own[i]);
    if (rc == 0)
        *out = r;
    return rc;
}
