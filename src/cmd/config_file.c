/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill.yaml: one flat mapping of scalars, by libyaml's event parser. Refuses aliases, anchors,
 * lists, nested mappings, a name twice and a second document, so nothing can expand or be lost;
 * errors name file and line.
 */
#include "cmd/cmd.h"

#include "base/must.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct file {
    const char *path;
    yaml_parser_t parser;
    yaml_event_t event;
    uint64_t seen; /* a bit for each row of the table */
    struct error *err;
};

static int refuse(struct file *f, const char *what)
{
    const yaml_mark_t *at = f->event.type                          ? &f->event.start_mark
                            : f->parser.error == YAML_READER_ERROR ? &f->parser.mark
                                                                   : &f->parser.problem_mark;
    return error_set(f->err, ERROR_INPUT, "%s, line %zu: %s", f->path, at->line + 1, what);
}

static int next(struct file *f)
{
    yaml_event_delete(&f->event);
    if (yaml_parser_parse(&f->parser, &f->event))
        return 0;
    return refuse(f, f->parser.problem ? f->parser.problem : "not YAML");
}

static int expect(struct file *f, yaml_event_type_t type, const char *otherwise)
{
    if (next(f) < 0)
        return -1;
    return f->event.type == type ? 0 : refuse(f, otherwise);
}

/* The scalar in hand, as text that ends where YAML says it does. */
static const char *scalar(struct file *f, const char *otherwise)
{
    const char *text = (const char *)f->event.data.scalar.value;
    bool whole = f->event.type == YAML_SCALAR_EVENT && strlen(text) == f->event.data.scalar.length;
    if (whole && !f->event.data.scalar.anchor)
        return text;
    refuse(f, whole ? "anchors are not taken here" : otherwise);
    return NULL;
}

static int read_name(struct file *f, char *name, size_t size)
{
    const char *text = scalar(f, "a setting's name was expected");
    if (!text)
        return -1;
    if (strlen(text) >= size)
        return refuse(f, "a setting's name was expected");
    for (size_t i = 0; i <= strlen(text); i++)
        name[i] = text[i] == '-' ? '_' : text[i];
    const struct param *row = param_find(&settings_table, name);
    uint64_t bit = row ? UINT64_C(1) << (row - settings_table.rows) : 0;
    if (f->seen & bit)
        return refuse(f, "this name stands here twice");
    f->seen |= bit;
    return 0;
}

static int read_pair(struct file *f, struct settings *settings)
{
    char name[64];
    if (read_name(f, name, sizeof name) < 0 || next(f) < 0)
        return -1;
    const char *value = scalar(f, "a single value was expected");
    if (!value)
        return -1;
    if (param_set(&settings_table, settings, name, value, f->err) < 0)
        return error_context(f->err, "%s, line %zu", f->path, f->event.start_mark.line + 1);
    return next(f);
}

static int read_document(struct file *f, struct settings *settings)
{
    if (expect(f, YAML_STREAM_START_EVENT, "not YAML") < 0 || next(f) < 0)
        return -1;
    if (f->event.type == YAML_STREAM_END_EVENT)
        return 0; /* an empty file */
    if (expect(f, YAML_MAPPING_START_EVENT, "`name: value` lines were expected") < 0)
        return -1;
    if (f->event.data.mapping_start.anchor)
        return refuse(f, "anchors are not taken here");
    if (next(f) < 0)
        return -1;
    while (f->event.type != YAML_MAPPING_END_EVENT)
        if (read_pair(f, settings) < 0)
            return -1;
    if (expect(f, YAML_DOCUMENT_END_EVENT, "not YAML") < 0)
        return -1;
    return expect(f, YAML_STREAM_END_EVENT, "only one document was expected");
}

int config_file_read(const char *path, struct settings *settings, struct error *err)
{
    struct file f = {.path = path, .err = err};
    must(settings_table.count <= 64);
    FILE *in = fopen(path, "re");
    if (!in)
        return error_set(err, ERROR_INPUT, "%s: %s", path, strerror(errno));
    if (!yaml_parser_initialize(&f.parser)) {
        fclose(in);
        return error_set(err, ERROR_BUG, "libyaml does not start");
    }
    yaml_parser_set_input_file(&f.parser, in);
    int rc = read_document(&f, settings);
    yaml_event_delete(&f.event);
    yaml_parser_delete(&f.parser);
    fclose(in);
    return rc;
}
