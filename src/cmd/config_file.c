/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill.yaml: one flat mapping of scalars, by libyaml's event parser. Refuses aliases, anchors,
 * lists and nested mappings, so nothing can expand; errors name file and line.
 */
#include "cmd/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct file {
    const char *path;
    yaml_parser_t parser;
    yaml_event_t event;
    struct error *err;
};

static int refuse(struct file *f, const char *what)
{
    return error_set(f->err, ERROR_INPUT, "%s, line %zu: %s", f->path, f->parser.mark.line + 1,
                     what);
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

static int read_pair(struct file *f, struct settings *settings)
{
    char name[64];
    if (f->event.type != YAML_SCALAR_EVENT || f->event.data.scalar.length >= sizeof name)
        return refuse(f, "a setting's name was expected");
    snprintf(name, sizeof name, "%s", (const char *)f->event.data.scalar.value);
    for (char *p = name; *p; p++)
        if (*p == '-')
            *p = '_';
    if (expect(f, YAML_SCALAR_EVENT, "a single value was expected") < 0)
        return -1;
    if (param_set(&settings_table, settings, name, (const char *)f->event.data.scalar.value,
                  f->err) < 0)
        return error_context(f->err, "%s, line %zu", f->path, f->event.start_mark.line + 1);
    return next(f);
}

static int read_document(struct file *f, struct settings *settings)
{
    if (expect(f, YAML_STREAM_START_EVENT, "not YAML") < 0 || next(f) < 0)
        return -1;
    if (f->event.type == YAML_STREAM_END_EVENT)
        return 0; /* an empty file */
    if (expect(f, YAML_MAPPING_START_EVENT, "`name: value` lines were expected") < 0 || next(f) < 0)
        return -1;
    while (f->event.type != YAML_MAPPING_END_EVENT)
        if (read_pair(f, settings) < 0)
            return -1;
    return 0;
}

int config_file_read(const char *path, struct settings *settings, struct error *err)
{
    struct file f = {.path = path, .err = err};
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
