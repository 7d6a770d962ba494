/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The options table. A new option is one field and one row. Called by api and cmd on what clients
 * say, by work on what the store remembers.
 */
#include "page/options.h"

#include "base/json_writer.h"
#include "page/page_range.h"

#include <jansson.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define FIELD(f) offsetof(struct options, f), sizeof(((struct options *)0)->f)

static const char *const text_layers[] = {"auto", "ocr", "text", "verify", NULL};
static const char *const layouts[] = {"auto", "plain", "off", NULL};
static const char *const turns[] = {"auto", "0", "90", "180", "270", NULL};

static const struct param rows[] = {
    {"engine", PARAM_TEXT, FIELD(engine), "", 0, 0, NULL, "NAME",
     "The engine that reads the pages.", NULL, 0},
    {"languages", PARAM_TEXT, FIELD(languages), "", 0, 0, NULL, "LANG[+LANG]",
     "Languages of the text, the main one first, by the engine's names (eng, deu, fra).", NULL, 0},
    {"pages", PARAM_TEXT, FIELD(pages), "", 0, 0, NULL, "RANGES",
     "Pages to read, as 1-3,5,7-; all by default.", NULL, 0},
    {"password", PARAM_TEXT, FIELD(password), "", 0, 0, NULL, "TEXT",
     "Password of an encrypted PDF; kept until the job ends well or is deleted.", NULL,
     PARAM_SECRET},
    {"text_layer", PARAM_CHOICE, FIELD(text_layer), "auto", 0, 0, text_layers,
     "auto|ocr|text|verify",
     "Read the pixels (ocr), take the PDF's own text (text), take it where it is good (auto), or "
     "read the pixels and correct them from it (verify).",
     NULL, 0},
    {"layout", PARAM_CHOICE, FIELD(layout), "auto", 0, 0, layouts, "auto|plain|off",
     "Find paragraphs, headings, tables and figures: with a layout model where one is installed "
     "(auto), without one (plain), or not (off).",
     NULL, 0},
    {"tables", PARAM_BOOL, FIELD(tables), "true", 0, 0, NULL, "true|false",
     "Find tables and their cells.", NULL, 0},
    {"figures", PARAM_BOOL, FIELD(figures), "true", 0, 0, NULL, "true|false", "Find figures.", NULL,
     0},
    {"rotate", PARAM_CHOICE, FIELD(rotate), "auto", 0, 0, turns, "auto|0|90|180|270",
     "Degrees clockwise by which pages are turned to be read; found out by default.", NULL, 0},
    {"dpi", PARAM_INT, FIELD(dpi), "144", 36, 1200, NULL, "N",
     "Resolution at which PDF pages are rendered; images are read as they are.", NULL, 0},
    {"priority", PARAM_INT, FIELD(priority), "0", -100, 100, NULL, "N",
     "Jobs of higher priority are read before others of the same owner.", NULL, 0},
    {"ttl", PARAM_INT, FIELD(ttl), "604800", 1, 315360000, NULL, "SECONDS",
     "Time after its end at which the job is deleted.", NULL, 0},
    {"strict", PARAM_BOOL, FIELD(strict), "false", 0, 0, NULL, "true|false",
     "One page that cannot be read fails the whole job.", NULL, 0},
};

const struct param_table options_table = {rows, sizeof rows / sizeof rows[0]};

#define EXTRA(f) offsetof(struct extras, f), sizeof(((struct extras *)0)->f)

static const struct param extra_rows[] = {
    {"file_url", PARAM_TEXT, EXTRA(file_url), "", 0, 0, NULL, "URL",
     "Fetch the document from here instead of sending it (setting url_input).", NULL, 0},
    {"webhook_url", PARAM_TEXT, EXTRA(webhook_url), "", 0, 0, NULL, "URL",
     "Told when the job ends (Standard Webhooks).", NULL, 0},
    {"webhook_secret", PARAM_TEXT, EXTRA(webhook_secret), "", 0, 0, NULL, "TEXT",
     "Signs what is told: whsec_BASE64, or any text.", NULL, PARAM_SECRET},
    {"webhook_events", PARAM_TEXT, EXTRA(webhook_events), "", 0, 0, NULL, "LIST",
     "Of completed,failed,cancelled; all by default.", NULL, 0},
    {"force", PARAM_BOOL, EXTRA(force), "false", 0, 0, NULL, "true|false",
     "Read it anew even if the same request has been answered.", NULL, 0},
};

const struct param_table extras_table = {extra_rows, sizeof extra_rows / sizeof extra_rows[0]};

/* "eng, deu" → "eng+deu". Never longer than before. */
static void normalise_languages(char *s)
{
    static const char separators[] = "+, ";
    char *out = s;
    for (s += strspn(s, separators); *s; s += strspn(s, separators)) {
        size_t len = strcspn(s, separators);
        memmove(out, s, len);
        out += len;
        s += len;
        if (s[strspn(s, separators)])
            *out++ = '+';
    }
    *out = '\0';
}

static const char *row_name(const char *name)
{
    return strcmp(name, "language") == 0 ? "languages" : name;
}

static int unknown_option(const char *name, struct error *err)
{
    return error_set(err, ERROR_INPUT, "unknown option '%.64s'", name);
}

int options_set(struct options *o, const char *name, const char *value, struct error *err)
{
    const char *row = row_name(name);
    if (!param_find(&options_table, row))
        return unknown_option(name, err);
    return param_set(&options_table, o, row, value, err);
}

int options_settle(struct options *o, const struct settings *settings, struct error *err)
{
    struct page_range range;
    normalise_languages(o->languages);
    if (!*o->engine)
        snprintf(o->engine, sizeof o->engine, "%s", settings->engine);
    if (!*o->languages)
        snprintf(o->languages, sizeof o->languages, "%s", settings->languages);
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/-+";
    if (page_range_parse(&range, o->pages, err) < 0)
        return -1;
    if (o->languages[strspn(o->languages, allowed)] == '\0' && !strstr(o->languages, ".."))
        return 0;
    return error_set(err, ERROR_INPUT, "languages: '%s' is not like eng+deu", o->languages);
}

struct page_wish options_wish(const struct options *o)
{
    return (struct page_wish){
        .text_layer = (uint32_t)o->text_layer,
        .layout = (uint32_t)o->layout,
        .tables = o->tables,
        .figures = o->figures,
        .rotate = o->rotate ? (int32_t)(o->rotate - 1) * 90 : PAGE_ROTATE_AUTO,
    };
}

void options_encode(const struct options *o, struct strbuf *out)
{
    struct json_writer w = {.out = out};
    json_add_object(&w, NULL);
    for (size_t i = 0; i < options_table.count; i++) {
        const struct param *p = &rows[i];
        char text[1024];
        param_text(p, o, text, sizeof text);
        if (p->flags & PARAM_SECRET)
            continue;
        if (p->type == PARAM_TEXT || p->type == PARAM_CHOICE)
            json_add_string(&w, p->name, text);
        else
            json_add_raw(&w, p->name, text);
    }
    json_end_object(&w);
}

static int join_words(json_t *array, const char *separator, struct strbuf *out)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        if (!json_is_string(item))
            return -1;
        strbuf_adds(out, i ? separator : "");
        strbuf_adds(out, json_string_value(item));
    }
    return 0;
}

/* A JSON value as the text that options_set takes. */
static int value_text(json_t *v, struct strbuf *out)
{
    switch (json_typeof(v)) {
    case JSON_STRING:
        strbuf_add(out, json_string_value(v), json_string_length(v));
        return 0;
    case JSON_INTEGER:
        strbuf_addf(out, "%lld", (long long)json_integer_value(v));
        return 0;
    case JSON_TRUE:
    case JSON_FALSE:
        strbuf_adds(out, json_is_true(v) ? "true" : "false");
        return 0;
    default:
        return -1;
    }
}

void extras_free(struct extras *extras)
{
    strbuf_free(&extras->metadata);
    explicit_bzero(extras, sizeof *extras);
}

static int take_metadata(json_t *v, struct strbuf *metadata, struct error *err)
{
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
    size_t len = text ? strlen(text) : 0;
    if (text && len <= OPTIONS_METADATA) {
        strbuf_clear(metadata); /* said twice, the last holds */
        strbuf_add(metadata, text, len);
    }
    free(text);
    return len && len <= OPTIONS_METADATA
               ? 0
               : error_set(err, ERROR_INPUT, "metadata: more than %d bytes", OPTIONS_METADATA);
}

static int decode_webhook(struct extras *extras, json_t *v, struct error *err)
{
    const char *key;
    json_t *item;
    if (!json_is_object(v))
        return error_set(err, ERROR_INPUT, "webhook: not an object of url, secret and events");
    json_object_foreach(v, key, item)
    {
        char name[64];
        auto_strbuf text = {0};
        snprintf(name, sizeof name, "webhook_%.48s", key);
        if (!param_find(&extras_table, name))
            return unknown_option(name, err);
        if ((json_is_array(item) ? join_words(item, ",", &text) : value_text(item, &text)) < 0)
            return error_set(err, ERROR_INPUT, "%s: a value of the wrong type", name);
        if (param_set(&extras_table, extras, name, strbuf_str(&text), err) < 0)
            return -1;
    }
    return 0;
}

static int decode_extra(struct extras *extras, const char *key, json_t *v, struct error *err)
{
    auto_strbuf text = {0};
    if (json_is_null(v))
        return 0;
    if (strcmp(key, "metadata") == 0)
        return take_metadata(v, &extras->metadata, err);
    if (strcmp(key, "webhook") == 0)
        return decode_webhook(extras, v, err);
    if (value_text(v, &text) < 0)
        return error_set(err, ERROR_INPUT, "%s: a value of the wrong type", key);
    return param_set(&extras_table, extras, key, strbuf_str(&text), err);
}

static bool is_extra(const char *name)
{
    return strcmp(name, "metadata") == 0 || strcmp(name, "webhook") == 0 ||
           param_find(&extras_table, name);
}

static int decode_member(struct options *o, const char *key, json_t *v, struct extras *extras,
                         struct error *err)
{
    if (extras && is_extra(key))
        return decode_extra(extras, key, v, err);
    auto_strbuf text = {0};
    const char *row = row_name(key);
    if (!param_find(&options_table, row))
        return unknown_option(key, err);
    if (json_is_null(v))
        return 0;
    bool list = json_is_array(v) && strcmp(row, "languages") == 0;
    if ((list ? join_words(v, "+", &text) : value_text(v, &text)) < 0)
        return error_set(err, ERROR_INPUT, "option '%.64s' has a value of the wrong type", key);
    return options_set(o, key, strbuf_str(&text), err);
}

int options_decode(struct options *o, const char *json, size_t len, struct extras *extras,
                   struct error *err)
{
    json_error_t why; /* its text quotes the request, so only the place is told */
    json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return error_set(err, ERROR_INPUT, "options: malformed JSON (line %d, column %d)", why.line,
                         why.column);
    if (!json_is_object(root)) {
        json_decref(root);
        return error_set(err, ERROR_INPUT, "options: not a JSON object");
    }
    const char *key;
    json_t *value;
    int rc = 0;
    json_object_foreach(root, key, value)
    {
        if (rc == 0)
            rc = decode_member(o, key, value, extras, err);
    }
    json_decref(root);
    return rc;
}

int options_metadata(const char *json, size_t len, struct strbuf *metadata, struct error *err)
{
    json_error_t why; /* its text quotes the request, so only the place is told */
    json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!root)
        return error_set(err, ERROR_INPUT, "metadata: malformed JSON (line %d, column %d)",
                         why.line, why.column);
    int rc = take_metadata(root, metadata, err);
    json_decref(root);
    return rc;
}

int extras_set(struct extras *extras, struct options *o, const char *name, const char *value,
               struct error *err)
{
    bool json = strcmp(name, "options") == 0 || strcmp(name, "metadata") == 0;
    if (json && !*value)
        return 0; /* a field that its form has and nobody filled in */
    if (strcmp(name, "options") == 0)
        return options_decode(o, value, strlen(value), extras, err);
    if (strcmp(name, "metadata") == 0)
        return options_metadata(value, strlen(value), &extras->metadata, err);
    if (param_find(&extras_table, name))
        return param_set(&extras_table, extras, name, value, err);
    return options_set(o, name, value, err);
}
