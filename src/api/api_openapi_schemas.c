/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The components of the OpenAPI document: JSON Schemas of every object, from the tables of objects,
 * options and error classes. Called by api_openapi.c.
 */
#include "api/api_openapi.h"

#include "page/state.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- types ---- */

struct primitive {
    const char *name, *json;
};

static const struct primitive primitives[] = {
    {"string", "\"type\":\"string\""},
    {"integer", "\"type\":\"integer\""},
    {"number", "\"type\":\"number\""},
    {"boolean", "\"type\":\"boolean\""},
    {"null", "\"type\":\"null\""},
    {"object", "\"type\":\"object\""},
    {"uuid", "\"type\":\"string\",\"format\":\"uuid\""},
    {"time", "\"type\":\"string\",\"format\":\"date-time\""},
    {"any", ""},
};

void openapi_words(struct strbuf *out, const char *words, size_t len)
{
    strbuf_adds(out, "\"type\":\"string\",\"enum\":[");
    for (size_t at = 0; at < len;) {
        size_t n = 0;
        while (at + n < len && words[at + n] != '/')
            n++;
        strbuf_addf(out, "%s\"%.*s\"", at ? "," : "", (int)n, words + at);
        at += n + 1;
    }
    strbuf_addc(out, ']');
}

static void add_type(struct strbuf *out, const char *type, size_t len);

static void add_union(struct strbuf *out, const char *type, size_t len)
{
    strbuf_adds(out, "\"anyOf\":[");
    for (size_t at = 0; at < len;) {
        size_t n = 0;
        while (at + n < len && type[at + n] != '|')
            n++;
        strbuf_adds(out, at ? ",{" : "{");
        add_type(out, type + at, n);
        strbuf_addc(out, '}');
        at += n + 1;
    }
    strbuf_addc(out, ']');
}

/* The inside of a JSON Schema object for a type of api_table.h. */
static void add_type(struct strbuf *out, const char *type, size_t len)
{
    if (memchr(type, '|', len)) {
        add_union(out, type, len);
        return;
    }
    if (type[0] == '[') {
        strbuf_adds(out, "\"type\":\"array\",\"items\":{");
        add_type(out, type + 1, len - 2);
        strbuf_addc(out, '}');
        return;
    }
    if (isupper((unsigned char)type[0]) && !memchr(type, '/', len)) {
        strbuf_addf(out, "\"$ref\":\"#/components/schemas/%.*s\"", (int)len, type);
        return;
    }
    for (size_t i = 0; i < sizeof primitives / sizeof primitives[0]; i++)
        if (strlen(primitives[i].name) == len && memcmp(primitives[i].name, type, len) == 0) {
            strbuf_adds(out, primitives[i].json);
            return;
        }
    openapi_words(out, type, len);
}

void openapi_schema(struct json_writer *w, const char *key, const char *type, const char *doc)
{
    auto_strbuf inside = {0};
    add_type(&inside, type, strlen(type));
    json_add_object(w, key);
    strbuf_adds(w->out, strbuf_str(&inside));
    w->comma = inside.len > 0; /* "any" says nothing */
    if (doc)
        json_add_string(w, "description", doc);
    json_end_object(w);
}

/* ---- schemas ---- */

static size_t name_length(const struct api_member *m)
{
    return strcspn(m->name, "?");
}

static void write_schema(struct json_writer *w, const struct api_schema *s)
{
    json_add_object(w, s->name);
    json_add_string(w, "type", "object");
    if (s->doc)
        json_add_string(w, "description", s->doc);
    json_add_object(w, "properties");
    for (const struct api_member *m = s->members; m->name; m++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)name_length(m), m->name);
        openapi_schema(w, name, m->type, m->doc);
    }
    json_end_object(w);
    json_add_array(w, "required");
    for (const struct api_member *m = s->members; m->name; m++)
        if (!m->name[name_length(m)])
            json_add_string_n(w, NULL, m->name, name_length(m));
    json_end_array(w);
    json_end_object(w);
}

void openapi_bounds(struct json_writer *w, int64_t min, int64_t max, bool text)
{
    if (text && min)
        json_add_int(w, "minLength", min);
    if (!text)
        json_add_int(w, "minimum", min);
    json_add_int(w, text ? "maxLength" : "maximum", max);
}

static void write_choices(struct json_writer *w, const char *const *choices)
{
    json_add_string(w, "type", "string");
    json_add_array(w, "enum");
    for (; *choices; choices++)
        json_add_string(w, NULL, *choices);
    json_end_array(w);
}

/* Inside of the schema of a row of options or extras. */
static void write_param_type(struct json_writer *w, const struct param *p)
{
    static const char *const names[] = {
        [PARAM_TEXT] = "string", [PARAM_INT] = "integer",  [PARAM_BYTES] = "integer",
        [PARAM_REAL] = "number", [PARAM_BOOL] = "boolean",
    };
    if (p->type == PARAM_CHOICE) {
        write_choices(w, p->choices);
        return;
    }
    json_add_string(w, "type", names[p->type]);
    if (p->type == PARAM_TEXT)
        openapi_bounds(w, 0, (int64_t)p->size - 1, true);
    else if (p->type != PARAM_BOOL)
        openapi_bounds(w, p->min, p->max, false);
}

/* Without a default, /docs tries every option with a value of its own making. */
static void write_default(struct json_writer *w, const struct param *p)
{
    if (p->type == PARAM_TEXT || p->type == PARAM_CHOICE)
        json_add_string(w, "default", p->standard);
    else
        json_add_raw(w, "default", p->standard);
}

static void write_params(struct json_writer *w, const struct param_table *table, bool answer)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct param *p = &table->rows[i];
        if (answer && (p->flags & PARAM_SECRET))
            continue;
        json_add_object(w, p->name);
        write_param_type(w, p);
        if (!answer)
            write_default(w, p);
        json_add_string(w, "description", p->doc);
        json_end_object(w);
    }
}

static void write_options(struct json_writer *w)
{
    json_add_object(w, "Options");
    json_add_string(w, "type", "object");
    json_add_object(w, "properties");
    write_params(w, &options_table, true);
    json_end_object(w);
    json_end_object(w);
}

static void write_json_field(struct json_writer *w, const char *name, const char *doc)
{
    json_add_object(w, name);
    json_add_string(w, "type", "string");
    json_add_string(w, "default", "");
    json_add_string(w, "description", doc);
    json_end_object(w);
}

/* The multipart form of a route that takes documents. */
static void write_form(struct json_writer *w, const char *name, bool options)
{
    json_add_object(w, name);
    json_add_string(w, "type", "object");
    json_add_object(w, "properties");
    json_add_object(w, "file");
    json_add_string(w, "type", "string");
    json_add_string(w, "contentMediaType", "application/octet-stream");
    json_add_string(w, "description", "The document.");
    json_end_object(w);
    if (options) {
        write_params(w, &options_table, false);
        write_params(w, &extras_table, false);
        write_json_field(w, "metadata", "Any JSON, returned as it was sent.");
        write_json_field(w, "options", "A JSON object of all these, file excepted.");
    } else {
        json_end_object(w);
        json_add_array(w, "required");
        json_add_string(w, NULL, "file");
        json_end_array(w);
        json_end_object(w);
        return;
    }
    json_end_object(w);
    json_end_object(w);
}

static void write_job_status(struct json_writer *w)
{
    json_add_object(w, "JobStatus");
    json_add_string(w, "type", "string");
    json_add_array(w, "enum");
    for (int i = 0; i < JOB_STATES; i++)
        json_add_string(w, NULL, job_state_name((enum job_state)i));
    json_end_array(w);
    json_end_object(w);
}

static void write_error_codes(struct json_writer *w)
{
    json_add_object(w, "ErrorCode");
    json_add_string(w, "type", "string");
    json_add_array(w, "enum");
    for (int i = ERROR_NONE + 1; i < ERROR_CLASSES; i++)
        json_add_string(w, NULL, error_code((enum error_class)i));
    json_end_array(w);
    json_end_object(w);
}

void openapi_components(struct json_writer *w)
{
    json_add_object(w, "components");
    json_add_object(w, "securitySchemes");
    json_add_raw(w, "token", "{\"type\":\"http\",\"scheme\":\"bearer\"}");
    json_end_object(w);
    json_add_object(w, "schemas");
    write_job_status(w);
    write_error_codes(w);
    write_options(w);
    write_form(w, "DocumentForm", true);
    write_form(w, "FileForm", false);
    for (const struct api_schema *s = api_schemas; s->name; s++)
        write_schema(w, s);
    json_end_object(w);
    json_end_object(w);
}
