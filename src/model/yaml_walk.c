/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Every scalar of a YAML document, with its path, by libyaml's event parser. No tree is built and
 * no alias is followed, so nothing can expand. Refuses keys that are no scalars, deep nesting and a
 * second document, naming file and line. Called by paddle.c and pipeline.c.
 */
#include "model/model_internal.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH = 32, PATH = 1024 };

struct frame {
    size_t len;     /* of the path up to here */
    bool list, key; /* key: in a mapping, a key comes next */
};

struct walk {
    const char *file;
    yaml_parser_t parser;
    yaml_event_t event;
    struct frame frames[DEPTH];
    int depth; /* frames in use */
    char path[PATH];
    yaml_visit *visit;
    void *arg;
    struct error *err;
};

static int refuse(struct walk *w, const char *what)
{
    const yaml_mark_t *at = w->event.type                          ? &w->event.start_mark
                            : w->parser.error == YAML_READER_ERROR ? &w->parser.mark
                                                                   : &w->parser.problem_mark;
    return error_set(w->err, ERROR_INPUT, "%s, line %zu: %s", w->file, at->line + 1, what);
}

static struct frame *top(struct walk *w)
{
    return w->depth ? &w->frames[w->depth - 1] : NULL;
}

static int add_part(struct walk *w, const char *part)
{
    size_t len = strlen(w->path), more = strlen(part);
    if (len + more + 2 > PATH)
        return refuse(w, "names too long or too deep");
    if (len)
        w->path[len++] = '/';
    for (size_t i = 0; i <= more; i++)
        w->path[len + i] = part[i] == '/' ? '?' : part[i];
    return 0;
}

/* A value has ended: in a mapping, the next is a key. */
static void end_value(struct walk *w)
{
    struct frame *f = top(w);
    if (!f || f->list)
        return;
    w->path[f->len] = '\0';
    f->key = true;
}

static int push(struct walk *w, bool list)
{
    if (w->depth == DEPTH)
        return refuse(w, "nested too deep");
    if (w->depth && top(w)->key)
        return refuse(w, "a name was expected");
    if (list && add_part(w, "*") < 0)
        return -1;
    w->frames[w->depth++] = (struct frame){strlen(w->path), list, !list};
    return 0;
}

static void pop(struct walk *w)
{
    struct frame *f = top(w);
    w->path[f->list && f->len > 1 ? f->len - 2 : f->list ? 0 : f->len] = '\0';
    w->depth--;
    end_value(w);
}

static int take_value(struct walk *w, const char *value, bool plain)
{
    struct yaml_scalar s = {w->path, value, plain, w->event.start_mark.line + 1};
    if (w->visit(w->arg, &s, w->err) < 0)
        return error_context(w->err, "%s, line %zu", w->file, s.line);
    end_value(w);
    return 0;
}

static int take_scalar(struct walk *w)
{
    const char *text = (const char *)w->event.data.scalar.value;
    if (strlen(text) != w->event.data.scalar.length)
        return refuse(w, "a zero byte in a text");
    if (!w->depth || !top(w)->key)
        return take_value(w, text, w->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
    top(w)->key = false;
    return add_part(w, text);
}

static int take(struct walk *w)
{
    switch (w->event.type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(w);
    case YAML_ALIAS_EVENT:
        return w->depth && top(w)->key ? refuse(w, "a name was expected")
                                       : take_value(w, NULL, false);
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        return push(w, w->event.type == YAML_SEQUENCE_START_EVENT);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        pop(w);
        return 0;
    default:
        return 0;
    }
}

static int walk_events(struct walk *w)
{
    int documents = 0;
    do {
        yaml_event_delete(&w->event);
        if (!yaml_parser_parse(&w->parser, &w->event))
            return refuse(w, w->parser.problem ? w->parser.problem : "not YAML");
        if (w->event.type == YAML_DOCUMENT_START_EVENT && ++documents > 1)
            return refuse(w, "only one document was expected");
        if (take(w) < 0)
            return -1;
    } while (w->event.type != YAML_STREAM_END_EVENT);
    return 0;
}

int yaml_walk(const char *file, yaml_visit *visit, void *arg, struct error *err)
{
    struct walk w = {.file = file, .visit = visit, .arg = arg, .err = err};
    auto_strbuf text = {0};
    if (model_read_text(file, &text, err) < 0)
        return -1;
    if (!yaml_parser_initialize(&w.parser))
        return error_set(err, ERROR_BUG, "libyaml does not start");
    yaml_parser_set_input_string(&w.parser, (const unsigned char *)strbuf_str(&text), text.len);
    int rc = walk_events(&w);
    yaml_event_delete(&w.event);
    yaml_parser_delete(&w.parser);
    return rc;
}

bool yaml_null(const struct yaml_scalar *s)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; s->plain && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], s->value) == 0)
            return true;
    return false;
}
