/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * docs/reference.md, from the same tables as the OpenAPI document: a list of the routes, each
 * route, options, objects. Called by `pagemill openapi --markdown`.
 */
#include "api/api_internal.h"

#include "page/state.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { TYPE_TEXT = 256 };

static const char *const titles[API_SURFACES] = {
    [API_NATIVE] = "Native: /v1",           [API_SERVICE] = "Service",
    [API_TASKS] = "Surface a: OCR tasks",   [API_PDF] = "Surface b: PDF jobs",
    [API_LIBRARY] = "Surface c: documents",
};

static const char about[] =
    "<!-- Made by `pagemill openapi --markdown`; a test compares. -->\n\n"
    "# HTTP reference\n\n"
    "Every route, parameter and object, from the tables that also give `/openapi.json` and check "
    "the "
    "requests. How they are used: [api.md](api.md).\n\n"
    "Beside what is listed, a route can answer 422 (a parameter that is unknown, given twice or "
    "out "
    "of bounds; the compatible surfaces ignore unknown ones), 500 and 503; one that names a scope "
    "also 401, 403 and 429. A refusal is a [Problem](#problem), on the surfaces a, b and c a "
    "[Detail](#detail). A member marked \"optional\" may be absent.\n";

/* ---- types, as text with links ---- */

/* A heading's anchor, as GitHub makes it. */
static void add_anchor(struct strbuf *out, const char *heading)
{
    for (const char *p = heading; *p; p++)
        if (isalnum((unsigned char)*p) || *p == '-' || *p == '_')
            strbuf_addc(out, (char)tolower((unsigned char)*p));
        else if (*p == ' ')
            strbuf_addc(out, '-');
}

static void add_words(struct strbuf *out, const char *words, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t n = 0;
        while (at + n < len && words[at + n] != '/')
            n++;
        strbuf_addf(out, "%s`%.*s`", at ? ", " : "", (int)n, words + at);
        at += n + 1;
    }
}

static bool is_choice(const char *type, size_t len)
{
    static const char *const plain[] = {"string", "integer", "number", "boolean", "null",
                                        "object", "uuid",    "time",   "any"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (strlen(plain[i]) == len && memcmp(plain[i], type, len) == 0)
            return false;
    return true;
}

static void add_type(struct strbuf *out, const char *type, size_t len)
{
    const char *bar = memchr(type, '|', len);
    char name[TYPE_TEXT];
    snprintf(name, sizeof name, "%.*s", (int)len, type);
    if (bar) {
        add_type(out, type, (size_t)(bar - type));
        strbuf_adds(out, " or ");
        add_type(out, bar + 1, len - (size_t)(bar - type) - 1);
    } else if (*type == '[') {
        strbuf_adds(out, "list of ");
        add_type(out, type + 1, len - 2);
    } else if (isupper((unsigned char)*type) && !memchr(type, '/', len)) {
        strbuf_addf(out, "[%s](#", name);
        add_anchor(out, name);
        strbuf_addc(out, ')');
    } else if (is_choice(type, len)) {
        add_words(out, type, len);
    } else {
        strbuf_adds(out, name);
    }
}

/* ---- routes ---- */

static void write_index(struct strbuf *out)
{
    for (int surface = 0; surface < API_SURFACES; surface++) {
        strbuf_addf(out, "\n| %s | |\n|---|---|\n", titles[surface]);
        for (size_t i = 0; i < api_route_count; i++) {
            const struct api_route *r = &api_routes[i];
            char heading[TYPE_TEXT];
            if ((int)r->surface != surface)
                continue;
            snprintf(heading, sizeof heading, "%s %s", r->method, r->pattern);
            strbuf_addf(out, "| [`%s`](#", heading);
            add_anchor(out, heading);
            strbuf_addf(out, ") | %s |\n", r->summary);
        }
    }
}

static void add_query_type(struct strbuf *out, const struct api_param *p)
{
    static const char *const names[] = {[API_TEXT] = "text",
                                        [API_BOOL] = "`true`, `false`",
                                        [API_TIME] = "time or date",
                                        [API_DATE_END] = "time or date"};
    if (p->type == API_CHOICE)
        add_words(out, p->choices, strlen(p->choices));
    else if (p->type == API_REAL || (p->type == API_INT && p->max < INT32_MAX))
        strbuf_addf(out, "%lld to %lld", (long long)p->min, (long long)p->max);
    else if (p->type == API_INT)
        strbuf_addf(out, "%lld or more", (long long)p->min);
    else
        strbuf_adds(out, names[p->type]);
}

static void write_query(struct strbuf *out, const struct api_param *query)
{
    if (!query)
        return;
    strbuf_adds(out, "\n| query | | default | |\n|---|---|---|---|\n");
    for (const struct api_param *p = query; p->name; p++) {
        const char *tick = p->standard ? "`" : "";
        strbuf_addf(out, "| `%s` | ", p->name);
        add_query_type(out, p);
        strbuf_addf(out, " | %s%s%s | %s |\n", tick, p->standard ? p->standard : "", tick, p->doc);
    }
}

static void write_body(struct strbuf *out, const struct api_route *r)
{
    if (!r->body)
        return;
    strbuf_adds(out, "\nBody: ");
    if (strcmp(r->body, "document") != 0)
        add_type(out, r->body, strlen(r->body));
    else if (r->flags & API_OPTIONS)
        strbuf_adds(out,
                    "a form (`multipart/form-data`) with the document as the part `file` and any "
                    "[options](#options); or the raw document, with the options in the query. "
                    "Header: `Idempotency-Key`");
    else
        strbuf_adds(out, "a form (`multipart/form-data`) with the document as the part `file`");
    strbuf_adds(out, ".\n");
}

static void write_answer(struct strbuf *out, const struct api_answer *a)
{
    strbuf_addf(out, "- %d ", a->status);
    if (a->schema)
        add_type(out, a->schema, strlen(a->schema));
    else if (a->media && strcmp(a->media, "*/*") != 0)
        strbuf_addf(out, "`%s`", a->media);
    else
        strbuf_adds(out, a->media ? "of its own type" : "without a body");
    strbuf_addf(out, "%s%s\n", a->doc ? ": " : "", a->doc ? a->doc : "");
}

static void write_route(struct strbuf *out, const struct api_route *r)
{
    char scopes[AUTH_SCOPES_TEXT];
    auth_scopes_text(r->scope, scopes);
    strbuf_addf(out, "\n### `%s %s`\n\n%s. ", r->method, r->pattern, r->summary);
    if (r->scope)
        strbuf_addf(out, "Scope `%s`.\n", scopes);
    else
        strbuf_adds(out, "No token needed.\n");
    write_query(out, r->query);
    write_body(out, r);
    strbuf_adds(out, "\n");
    for (int i = 0; i < API_ANSWERS && r->answers[i].status; i++)
        write_answer(out, &r->answers[i]);
    if (*r->problems)
        strbuf_addf(out, "- refused with %s\n", r->problems);
}

/* ---- options and objects ---- */

static void write_params(struct strbuf *out, const struct param_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct param *p = &table->rows[i];
        const char *tick = *p->standard ? "`" : "";
        strbuf_addf(out, "| `%s` | ", p->name);
        for (const char *m = p->metavar; *m; m++) /* a bar would end the cell */
            strbuf_adds(out, *m == '|' ? " or " : (char[]){*m, '\0'});
        if (p->type == PARAM_INT)
            strbuf_addf(out, ", %lld to %lld", (long long)p->min, (long long)p->max);
        strbuf_addf(out, " | %s%s%s | %s |\n", tick, p->standard, tick, p->doc);
    }
}

static void write_options(struct strbuf *out)
{
    strbuf_adds(out, "\n## Options\n\n| option | | default | |\n|---|---|---|---|\n");
    write_params(out, &options_table);
    write_params(out, &extras_table);
    strbuf_adds(out,
                "| `metadata` | JSON |  | Returned as it was sent; at most 16 KiB. |\n"
                "| `options` | JSON |  | An object of all these; `webhook` in it is an object of "
                "`url`, `secret` and `events`. |\n");
}

static void write_schema(struct strbuf *out, const struct api_schema *s)
{
    strbuf_addf(out, "\n### %s\n", s->name);
    if (s->doc)
        strbuf_addf(out, "\n%s\n", s->doc);
    strbuf_adds(out, "\n| member | type | |\n|---|---|---|\n");
    for (const struct api_member *m = s->members; m->name; m++) {
        size_t len = strcspn(m->name, "?");
        strbuf_addf(out, "| `%.*s` | %s", (int)len, m->name, m->name[len] ? "optional " : "");
        add_type(out, m->type, strlen(m->type));
        strbuf_addf(out, " | %s |\n", m->doc ? m->doc : "");
    }
}

static void write_words(struct strbuf *out)
{
    strbuf_adds(out, "\n### JobStatus\n\n");
    for (int i = 0; i < JOB_STATES; i++)
        strbuf_addf(out, "%s`%s`", i ? ", " : "", job_state_name((enum job_state)i));
    strbuf_adds(out, "\n\n### ErrorCode\n\n| code | status | |\n|---|---|---|\n");
    for (int i = ERROR_NONE + 1; i < ERROR_CLASSES; i++)
        strbuf_addf(out, "| `%s` | %d | %s |\n", error_code((enum error_class)i),
                    error_http_status((enum error_class)i), error_title((enum error_class)i));
    strbuf_adds(out,
                "\nA Problem can also have the code `unauthorized` (401), `rate_limited` (429), "
                "`method_not_allowed` (405), `precondition_failed` (412), "
                "`range_not_satisfiable` (416) or `not_implemented` (501).\n");
}

void api_write_reference(struct strbuf *out)
{
    strbuf_adds(out, about);
    write_index(out);
    for (int surface = 0; surface < API_SURFACES; surface++) {
        strbuf_addf(out, "\n## %s\n", titles[surface]);
        for (size_t i = 0; i < api_route_count; i++)
            if ((int)api_routes[i].surface == surface)
                write_route(out, &api_routes[i]);
    }
    write_options(out);
    strbuf_adds(out, "\n## Objects\n");
    for (const struct api_schema *s = api_schemas; s->name; s++)
        write_schema(out, s);
    write_words(out);
}
