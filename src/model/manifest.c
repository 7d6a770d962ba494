/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * manifest.json: a plain list of models (an array of entries), or a pack (an object with name,
 * licence and such an array as models). Read as hostile input: every error names the file and the
 * entry. Tasks that pagemill has no use for are left out. Written for packs by the installer.
 */
#include "model/model_internal.h"

#include "base/json_writer.h"
#include "base/log.h"
#include "base/utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct reader {
    const char *path, *root;
    size_t entry; /* from 1; 0: above them */
    struct error *err;
};

static int refuse(const struct reader *r, const char *key, const char *what)
{
    if (!r->entry)
        return error_set(r->err, ERROR_INPUT, "%s: %s: %s", r->path, key, what);
    return error_set(r->err, ERROR_INPUT, "%s: model %zu: %s: %s", r->path, r->entry, key, what);
}

/* Absent and null leave out as it was. */
static int read_text(const struct reader *r, json_t *o, const char *key, char *out, size_t size)
{
    json_t *v = json_object_get(o, key);
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_string(v) || !utf8_printable(json_string_value(v), json_string_length(v)))
        return refuse(r, key, "not a printable text");
    if (json_string_length(v) >= size)
        return refuse(r, key, "too long");
    memcpy(out, json_string_value(v), json_string_length(v) + 1);
    return 0;
}

static int read_hash(const struct reader *r, json_t *o, const char *key, char out[RECIPE_SHA256])
{
    if (read_text(r, o, key, out, RECIPE_SHA256) < 0)
        return -1;
    if (*out &&
        (strlen(out) != RECIPE_SHA256 - 1 || strspn(out, "0123456789abcdef") != RECIPE_SHA256 - 1))
        return refuse(r, key, "not 64 lower-case hexadecimal digits");
    return 0;
}

static int read_path(const struct reader *r, json_t *o, const char *key, char out[RECIPE_PATH])
{
    if (read_text(r, o, key, out, RECIPE_PATH) < 0)
        return -1;
    return *out && !model_path_inside(out) ? refuse(r, key, "leads out of its directory") : 0;
}

static int read_bytes(const struct reader *r, json_t *o, int64_t *out)
{
    json_t *v = json_object_get(o, "bytes");
    *out = -1;
    if (!v || json_is_null(v))
        return 0;
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return refuse(r, "bytes", "not a size");
    *out = json_integer_value(v);
    return 0;
}

static int read_number(const struct reader *r, json_t *o, enum model_number which,
                       struct model_numbers *out)
{
    char text[MODEL_NUMBER] = "";
    struct error why;
    json_t *v = json_object_get(o, model_number_names[which]);
    if (!v || json_is_null(v))
        return 0;
    if (json_is_integer(v))
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_real(v))
        snprintf(text, sizeof text, "%.9g", json_real_value(v));
    else if (read_text(r, o, model_number_names[which], text, sizeof text) < 0)
        return -1;
    if (model_numbers_set(out, which, text, &why) < 0)
        return refuse(r, "a number", why.text);
    return 0;
}

/* -1, or the task, or MODEL_TASKS for one that is none of ours. */
static int read_task(const struct reader *r, json_t *o)
{
    char word[64] = "";
    if (read_text(r, o, "task", word, sizeof word) < 0)
        return -1;
    if (!*word)
        return refuse(r, "task", "missing");
    for (int i = 0; model_task_words[i]; i++)
        if (strcmp(model_task_words[i], word) == 0)
            return i;
    log_debug("%s: model %zu has the task %s, which pagemill has not", r->path, r->entry, word);
    return MODEL_TASKS;
}

static void name_after_file(struct model_file *f)
{
    const char *slash = strrchr(f->file, '/');
    snprintf(f->name, sizeof f->name, "%.*s", MODEL_NAME - 1, slash ? slash + 1 : f->file);
    char *dot = strrchr(f->name, '.');
    if (dot && dot > f->name)
        *dot = '\0';
}

static int read_details(const struct reader *r, json_t *o, struct model_file *f)
{
    if (read_path(r, o, "file", f->file) < 0)
        return -1;
    if (!*f->file)
        return refuse(r, "file", "missing");
    name_after_file(f);
    if (read_text(r, o, "name", f->name, sizeof f->name) < 0 || read_bytes(r, o, &f->bytes) < 0 ||
        read_hash(r, o, "sha256", f->sha256) < 0 || read_path(r, o, "dict", f->dictionary) < 0 ||
        read_hash(r, o, "dict_sha256", f->dictionary_sha256) < 0 ||
        read_text(r, o, "licence", f->licence, sizeof f->licence) < 0 ||
        read_text(r, o, "labels", f->labels, sizeof f->labels) < 0)
        return -1;
    for (int i = 0; i < MODEL_NUMBERS; i++)
        if (read_number(r, o, (enum model_number)i, &f->numbers) < 0)
            return -1;
    return 0;
}

static int read_entry(const struct reader *r, json_t *o, const struct model_file *above,
                      struct model_shelf *out)
{
    if (!json_is_object(o))
        return refuse(r, "entry", "not an object");
    int task = read_task(r, o);
    if (task < 0 || task == MODEL_TASKS)
        return task < 0 ? -1 : 0;
    struct model_file f = *above;
    f.task = (enum model_task)task;
    if (read_details(r, o, &f) < 0)
        return -1;
    if (!*f.pack)
        model_stem(f.name, f.pack);
    struct model_file *place = model_shelf_add(out);
    if (!place)
        return refuse(r, "models", "too many");
    *place = f;
    return 0;
}

static int read_root(struct reader *r, json_t *root, struct model_shelf *out)
{
    struct model_file above = {.bytes = -1};
    json_t *list = root, *o;
    size_t i;
    snprintf(above.root, sizeof above.root, "%s", r->root);
    if (json_is_object(root)) {
        if (read_text(r, root, "name", above.pack, sizeof above.pack) < 0 ||
            read_text(r, root, "licence", above.licence, sizeof above.licence) < 0)
            return -1;
        list = json_object_get(root, "models");
    }
    if (!json_is_array(list))
        return refuse(r, "models", "a list was expected");
    json_array_foreach(list, i, o)
    {
        r->entry = i + 1;
        if (read_entry(r, o, &above, out) < 0)
            return -1;
    }
    return 0;
}

int manifest_read(const char *dir, struct model_shelf *out, struct error *err)
{
    char path[RECIPE_PATH + 16];
    auto_strbuf text = {0};
    json_error_t why;
    snprintf(path, sizeof path, "%s/manifest.json", dir);
    if (model_read_text(path, &text, err) < 0)
        return -1;
    json_t *root = json_loadb(strbuf_str(&text), text.len, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return error_set(err, ERROR_INPUT, "%s, line %d: %s", path, why.line, why.text);
    struct reader r = {.path = path, .root = dir, .err = err};
    int rc = read_root(&r, root, out);
    json_decref(root);
    return rc;
}

static void write_entry(struct json_writer *w, const struct model_file *f, const char *licence)
{
    json_add_object(w, NULL);
    json_add_string(w, "name", f->name);
    if (strcmp(f->licence, licence) != 0)
        json_add_string(w, "licence", f->licence);
    json_add_string(w, "task", model_task_words[f->task]);
    json_add_string(w, "file", f->file);
    json_add_int(w, "bytes", f->bytes);
    json_add_string(w, "sha256", f->sha256);
    if (*f->dictionary) {
        json_add_string(w, "dict", f->dictionary);
        json_add_string(w, "dict_sha256", f->dictionary_sha256);
    }
    if (*f->labels)
        json_add_string(w, "labels", f->labels);
    for (int i = 0; i < MODEL_NUMBERS; i++)
        if (*f->numbers.text[i])
            json_add_string(w, model_number_names[i], f->numbers.text[i]);
    json_end_object(w);
}

int manifest_write(int dir, const struct model_file *files, size_t count, struct error *err)
{
    auto_strbuf text = {0};
    struct json_writer w = {.out = &text};
    json_add_object(&w, NULL);
    json_add_string(&w, "name", files[0].pack);
    json_add_string(&w, "licence", files[0].licence);
    json_add_array(&w, "models");
    for (size_t i = 0; i < count; i++)
        write_entry(&w, &files[i], files[0].licence);
    json_end_array(&w);
    json_end_object(&w);
    strbuf_addc(&text, '\n');
    return model_write_file(dir, "manifest.json", text.data, text.len, err);
}
