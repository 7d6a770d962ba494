/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The OpenAPI 3.1 document, from the table of routes.
 */
#include "api/api_openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

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
        openapi_words(&words, p->choices, strlen(p->choices));
        strbuf_adds(w->out, strbuf_str(&words));
        w->comma = true;
        return;
    }
    json_add_string(w, "type", names[p->type]);
    if (p->type == API_TEXT || p->type == API_INT || p->type == API_REAL)
        openapi_bounds(w, p->min, p->max, p->type == API_TEXT);
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
        openapi_schema(w, "schema", r->body, NULL);
        json_end_object(w);
    } else {
        json_add_object(w, "multipart/form-data");
        openapi_schema(w, "schema", r->flags & API_OPTIONS ? "DocumentForm" : "FileForm", NULL);
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
        openapi_schema(w, "schema", schema, NULL);
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

/* GET /v1/jobs/{id}/pages: getV1JobsIdPages. What code generators name their functions by. */
static void write_operation_id(struct json_writer *w, const char *method, const char *pattern)
{
    auto_strbuf id = {0};
    bool capital = true;
    strbuf_adds(&id, method);
    for (const char *p = pattern; *p; p++) {
        bool letter = isalnum((unsigned char)*p);
        if (letter)
            strbuf_addc(&id, (char)(capital ? toupper((unsigned char)*p) : *p));
        capital = !letter;
    }
    if (!pattern[1])
        strbuf_adds(&id, "Root");
    json_add_string(w, "operationId", strbuf_str(&id));
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
    write_operation_id(w, method, r->pattern);
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
    openapi_components(&w);
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
