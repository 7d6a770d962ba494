/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The OpenAPI 3.1 document, from the tables of routes, schemas, options and error classes.
 */
#include "api/api_internal.h"

#include "page/state.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { TYPE_TEXT = 128 };

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

static void add_words(struct strbuf *out, const char *words, size_t len)
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
    add_words(out, type, len);
}

static void add_schema_of(struct json_writer *w, const char *key, const char *type, const char *doc)
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
        add_schema_of(w, name, m->type, m->doc);
    }
    json_end_object(w);
    json_add_array(w, "required");
    for (const struct api_member *m = s->members; m->name; m++)
        if (!m->name[name_length(m)])
            json_add_string_n(w, NULL, m->name, name_length(m));
    json_end_array(w);
    json_end_object(w);
}

static void write_bounds(struct json_writer *w, int64_t min, int64_t max, bool text)
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
        write_bounds(w, 0, (int64_t)p->size - 1, true);
    else if (p->type != PARAM_BOOL)
        write_bounds(w, p->min, p->max, false);
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

static void write_components(struct json_writer *w)
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

/* ---- paths ---- */

static void write_path_parameters(struct json_writer *w, const char *pattern)
{
    for (const char *at = pattern; (at = strchr(at, '{')); at++) {
        json_add_object(w, NULL);
        json_add_string_n(w, "name", at + 1, strcspn(at + 1, "}"));
        json_add_string(w, "in", "path");
        json_add_bool(w, "required", true);
        json_add_raw(w, "schema", "{\"type\":\"string\"}");
        json_end_object(w);
    }
}

static void write_query_type(struct json_writer *w, const struct api_param *p)
{
    static const char *const names[] = {
        [API_TEXT] = "string",  [API_INT] = "integer", [API_REAL] = "number",
        [API_BOOL] = "boolean", [API_TIME] = "string", [API_DATE_END] = "string",
    };
    if (p->type == API_CHOICE) {
        auto_strbuf words = {0};
        add_words(&words, p->choices, strlen(p->choices));
        strbuf_adds(w->out, strbuf_str(&words));
        w->comma = true;
        return;
    }
    json_add_string(w, "type", names[p->type]);
    if (p->type == API_TEXT || p->type == API_INT || p->type == API_REAL)
        write_bounds(w, p->min, p->max, p->type == API_TEXT);
}

static void write_query(struct json_writer *w, const struct api_param *query)
{
    for (const struct api_param *p = query; p && p->name; p++) {
        json_add_object(w, NULL);
        json_add_string(w, "name", p->name);
        json_add_string(w, "in", "query");
        json_add_string(w, "description", p->doc);
        json_add_object(w, "schema");
        write_query_type(w, p);
        json_end_object(w);
        json_end_object(w);
    }
}

static void write_body(struct json_writer *w, const struct api_route *r)
{
    json_add_object(w, "requestBody");
    json_add_object(w, "content");
    if (strcmp(r->body, "document") != 0) {
        json_add_object(w, "application/json");
        add_schema_of(w, "schema", r->body, NULL);
        json_end_object(w);
    } else {
        json_add_object(w, "multipart/form-data");
        add_schema_of(w, "schema", r->flags & API_OPTIONS ? "DocumentForm" : "FileForm", NULL);
        json_end_object(w);
        if (r->flags & API_OPTIONS)
            json_add_raw(w, "application/octet-stream", "{}");
    }
    json_end_object(w);
    json_end_object(w);
}

static void write_media(struct json_writer *w, const char *media, const char *schema)
{
    json_add_object(w, media);
    if (schema)
        add_schema_of(w, "schema", schema, NULL);
    json_end_object(w);
}

/* The first of so many answers with one status, which differ in their media. */
static void write_answer(struct json_writer *w, const struct api_answer *a, int count)
{
    char status[16];
    snprintf(status, sizeof status, "%d", a->status);
    json_add_object(w, status);
    json_add_string(w, "description", a->doc ? a->doc : "");
    if (a->schema || a->media) {
        json_add_object(w, "content");
        for (int i = 0; i < count; i++)
            write_media(w, a[i].media ? a[i].media : "application/json", a[i].schema);
        json_end_object(w);
    }
    json_end_object(w);
}

static void write_answers(struct json_writer *w, const struct api_route *r)
{
    int count;
    for (int i = 0; i < API_ANSWERS && r->answers[i].status; i += count) {
        count = 1;
        while (i + count < API_ANSWERS && r->answers[i + count].status == r->answers[i].status)
            count++;
        write_answer(w, &r->answers[i], count);
    }
}

/* What is refused before the route is known is no surface's own. */
static bool before_route(const char *status)
{
    return strcmp(status, "400") == 0 || strcmp(status, "431") == 0;
}

static void write_problem(struct json_writer *w, const char *status, size_t len, bool detail)
{
    char key[16];
    snprintf(key, sizeof key, "%.*s", (int)len, status);
    json_add_object(w, key);
    json_add_string(w, "description", "Refused.");
    json_add_object(w, "content");
    if (detail)
        write_media(w, "application/json", "Detail");
    if (!detail || before_route(key))
        write_media(w, "application/problem+json", "Problem");
    json_end_object(w);
    json_end_object(w);
}

static bool answers(const struct api_route *r, int status)
{
    for (int i = 0; i < API_ANSWERS && r->answers[i].status; i++)
        if (r->answers[i].status == status)
            return true;
    return false;
}

static bool refuses(const struct api_route *r, int status)
{
    bool checked = r->query || r->body || !(r->flags & API_LAX);
    char text[16];
    snprintf(text, sizeof text, "%d", status);
    if (answers(r, status))
        return false;
    if (status == 401 || status == 403 || status == 429)
        return r->scope || strstr(r->problems, text);
    if (status == 412 || status == 416)
        return answers(r, 206);
    return status == 400 || status == 413 || status == 431 || status == 500 || status == 503 ||
           (status == 422 && checked) || strstr(r->problems, text);
}

void api_problems(const struct api_route *r, struct strbuf *out)
{
    for (int status = 400; status < 600; status++)
        if (refuses(r, status))
            strbuf_addf(out, "%s%d", out->len ? " " : "", status);
}

static void write_problems(struct json_writer *w, const struct api_route *r)
{
    auto_strbuf list = {0};
    api_problems(r, &list);
    for (const char *at = strbuf_str(&list); *(at += strspn(at, " "));) {
        size_t n = strcspn(at, " ");
        write_problem(w, at, n, r->blocking & HTTP_DETAIL);
        at += n;
    }
}

static const char *const tags[API_SURFACES] = {[API_NATIVE] = "native",
                                               [API_SERVICE] = "service",
                                               [API_TASKS] = "a: OCR tasks",
                                               [API_PDF] = "b: PDF jobs",
                                               [API_LIBRARY] = "c: documents"};

static void lower_method(const char *method, char out[16])
{
    size_t i = 0;
    for (; method[i] && i < 15; i++)
        out[i] = (char)tolower((unsigned char)method[i]);
    out[i] = '\0';
}

static void write_operation(struct json_writer *w, const struct api_route *r)
{
    char method[16];
    lower_method(r->method, method);
    json_add_object(w, method);
    json_add_array(w, "tags");
    json_add_string(w, NULL, tags[r->surface]);
    json_end_array(w);
    json_add_string(w, "summary", r->summary);
    json_add_array(w, "parameters");
    write_path_parameters(w, r->pattern);
    write_query(w, r->query);
    if (r->flags & API_OPTIONS)
        json_add_raw(w, NULL,
                     "{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"schema\":{\"type\":"
                     "\"string\",\"maxLength\":255}}");
    json_end_array(w);
    if (r->body)
        write_body(w, r);
    json_add_object(w, "responses");
    write_answers(w, r);
    write_problems(w, r);
    json_end_object(w);
    json_add_raw(w, "security", r->scope ? "[{\"token\":[]}]" : "[]");
    json_end_object(w);
}

static bool told_before(size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(api_routes[i].pattern, api_routes[index].pattern) == 0)
            return true;
    return false;
}

static void write_paths(struct json_writer *w)
{
    json_add_object(w, "paths");
    for (size_t i = 0; i < api_route_count; i++) {
        if (told_before(i))
            continue;
        json_add_object(w, api_routes[i].pattern);
        for (size_t k = i; k < api_route_count; k++)
            if (strcmp(api_routes[k].pattern, api_routes[i].pattern) == 0)
                write_operation(w, &api_routes[k]);
        json_end_object(w);
    }
    json_end_object(w);
}

void api_write_openapi(struct strbuf *out)
{
    struct json_writer w = {.out = out};
    json_add_object(&w, NULL);
    json_add_string(&w, "openapi", "3.1.0");
    json_add_object(&w, "info");
    json_add_string(&w, "title", "pagemill");
    json_add_string(&w, "version", PAGEMILL_VERSION);
    json_add_string(&w, "description",
                    "PDFs and page images to text people can use. Refusals are RFC 9457.");
    json_add_raw(&w, "license",
                 "{\"name\":\"AGPL-3.0-or-later\",\"identifier\":\"AGPL-3.0-or-later\"}");
    json_end_object(&w);
    json_add_raw(&w, "servers", "[{\"url\":\"/\"}]");
    write_paths(&w);
    write_components(&w);
    json_end_object(&w);
    strbuf_addc(out, '\n');
}

void api_openapi(void *api, struct http_request *req)
{
    struct strbuf body = {0};
    (void)api;
    api_write_openapi(&body);
    http_set_header(req, "Cache-Control", "no-cache");
    http_reply_json(req, 200, &body);
}
