/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A PaddleX pipeline file, PP-StructureV3.yaml as it is: the models and numbers of its general OCR,
 * of layout detection and of wireless tables are taken over. Every key that has no effect here is
 * named in the log, those of one section in one line; a key that no row of pipeline_keys.c knows is
 * named with its line. Refuses values that cannot be read, and aliases. Called by pack.c.
 */
#include "model/pipeline_keys.h"

#include "base/log.h"
#include "base/must.h"
#include "model/model_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_UNKNOWN = 100 }; /* more, and this is another kind of file */

struct file {
    const char *path;
    struct pipeline *out;
    char section[1024]; /* whose keys without effect are being collected */
    struct strbuf idle; /* their names */
    size_t line;        /* of the first of them */
    const struct pipeline_key *last;
    const char *at; /* the path of the value in hand */
    int unknown;
};

static size_t section_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

static void say_idle(struct file *f)
{
    if (f->idle.len)
        log_warning("%s, line %zu: no effect here: %s%s%s", f->path, f->line, f->section,
                    *f->section ? ": " : "", strbuf_str(&f->idle));
    strbuf_clear(&f->idle);
}

static void note_idle(struct file *f, const struct pipeline_key *key, size_t line)
{
    size_t len = section_length(key->path);
    if (key == f->last)
        return; /* another value of the same list or mapping */
    f->last = key;
    if (strlen(f->section) != len || strncmp(f->section, key->path, len) != 0) {
        say_idle(f);
        snprintf(f->section, sizeof f->section, "%.*s", (int)len, key->path);
    }
    if (!f->idle.len)
        f->line = line;
    strbuf_addf(&f->idle, "%s%s", f->idle.len ? ", " : "", key->path + len + (len > 0));
}

static int note_unknown(struct file *f, const struct yaml_scalar *s, struct error *err)
{
    if (++f->unknown > MAX_UNKNOWN)
        return error_set(err, ERROR_INPUT, "more than %d unknown keys: not a pipeline file",
                         MAX_UNKNOWN);
    log_warning("%s, line %zu: %s is not known and has no effect", f->path, s->line, s->path);
    return 0;
}

static int truth(const char *value)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (int i = 0; i < (int)(sizeof words / sizeof words[0]); i++)
        if (strcasecmp(words[i], value) == 0)
            return i & 1;
    return -1;
}

static bool readable(const struct pipeline_key *key, const char *value)
{
    char *end;
    if (key->type == PIPELINE_BOOL)
        return truth(value) >= 0;
    if (key->type != PIPELINE_NUMBER)
        return true;
    strtod(value, &end);
    return end != value && !*end;
}

static bool same(const struct pipeline_key *key, const struct yaml_scalar *s)
{
    if (!key->same)
        return false;
    if (yaml_null(s))
        return strcmp(key->same, "null") == 0;
    return key->type == PIPELINE_BOOL ? truth(s->value) == truth(key->same)
                                      : strcmp(s->value, key->same) == 0;
}

static int set_number(struct file *f, const struct pipeline_key *key, const char *value,
                      struct error *err)
{
    return model_numbers_set(&f->out->numbers, (enum model_number)key->which, value, err);
}

static int set_name(struct file *f, const struct pipeline_key *key, const char *value,
                    struct error *err)
{
    char *out = f->out->models[key->which].name;
    if (!model_name_valid(value))
        return error_set(err, ERROR_INPUT, "%s: '%.64s' is not a model's name", key->path, value);
    snprintf(out, MODEL_NAME, "%s", value);
    return 0;
}

/* PaddleX takes a relative directory from where it was started; a service has no such place. */
static int set_dir(struct file *f, const struct pipeline_key *key, const char *value,
                   struct error *err)
{
    char *out = f->out->models[key->which].dir;
    const char *slash = strrchr(f->path, '/');
    int dir = *value != '/' && slash ? (int)(slash + 1 - f->path) : 0;
    int n = snprintf(out, RECIPE_PATH, "%.*s%s", dir, f->path, value);
    return n < RECIPE_PATH ? 0 : error_set(err, ERROR_INPUT, "%s: path too long", key->path);
}

static int set_switch(struct file *f, const struct pipeline_key *key, const char *value,
                      struct error *err)
{
    (void)err;
    f->out->models[key->which].off |= truth(value) == 0;
    return 0;
}

static int set_batch(struct file *f, const struct pipeline_key *key, const char *value,
                     struct error *err)
{
    struct recipe scratch;
    if (param_set(&recipe_table, &scratch, "batch_size", value, err) < 0)
        return error_context(err, "%s", key->path);
    f->out->batch_size = scratch.batch_size;
    return 0;
}

static int set_nms(struct file *f, const struct pipeline_key *key, const char *value,
                   struct error *err)
{
    (void)key, (void)err;
    f->out->layout.nms = truth(value);
    f->out->layout.nms_said = true;
    return 0;
}

static int set_layout(struct file *f, const struct pipeline_key *key, const char *value,
                      struct error *err)
{
    const char *rest = f->at + strlen(key->path);
    if (pipeline_layout_set(&f->out->layout, key->which, *rest ? rest + 1 : rest, value, err) < 0)
        return error_context(err, "%s", key->path);
    return 0;
}

static int obey(struct file *f, const struct pipeline_key *key, const struct yaml_scalar *s,
                struct error *err)
{
    static int (*const actions[])(struct file *, const struct pipeline_key *, const char *,
                                  struct error *) = {
        [PIPELINE_SET] = set_number,  [PIPELINE_NAME] = set_name,
        [PIPELINE_DIR] = set_dir,     [PIPELINE_SWITCH] = set_switch,
        [PIPELINE_BATCH] = set_batch, [PIPELINE_LAYOUT] = set_layout,
        [PIPELINE_NMS] = set_nms,
    };
    if (yaml_null(s) || key->action == PIPELINE_LABEL)
        return 0;
    f->at = s->path;
    return actions[key->action](f, key, s->value, err);
}

static const struct pipeline_key *find_key(const char *path)
{
    for (size_t i = 0; i < pipeline_key_count; i++) {
        size_t len = strlen(pipeline_keys[i].path);
        if (strncmp(pipeline_keys[i].path, path, len) == 0 && (!path[len] || path[len] == '/'))
            return &pipeline_keys[i];
    }
    return NULL;
}

static int visit(void *arg, const struct yaml_scalar *s, struct error *err)
{
    struct file *f = arg;
    const struct pipeline_key *key = find_key(s->path);
    if (!s->value)
        return error_set(err, ERROR_INPUT, "aliases are not taken here");
    if (!key)
        return *s->path && !yaml_null(s) ? note_unknown(f, s, err) : 0;
    if (key->type != PIPELINE_TREE && strcmp(key->path, s->path) != 0)
        return error_set(err, ERROR_INPUT, "%s: a single value was expected", key->path);
    if (key->type != PIPELINE_TREE && !yaml_null(s) && !readable(key, s->value))
        return error_set(err, ERROR_INPUT, "%s: '%.64s' is not %s", key->path, s->value,
                         key->type == PIPELINE_BOOL ? "true or false" : "a number");
    if (key->action != PIPELINE_NOTHING)
        return obey(f, key, s, err);
    if (!same(key, s))
        note_idle(f, key, s->line);
    return 0;
}

int pipeline_read(const char *path, struct pipeline *out, struct error *err)
{
    struct pipeline read = {0};
    struct file f = {.path = path, .out = &read};
    int rc = yaml_walk(path, visit, &f, err);
    if (rc == 0)
        say_idle(&f);
    strbuf_free(&f.idle);
    if (rc < 0)
        return -1;
    *out = read;
    return 0;
}
