/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * docs/reference.md, from the same tables as the OpenAPI document.
 */
#include "api/api_internal.h"

#include <stdio.h>
#include <string.h>

static const char *const titles[API_SURFACES] = {
    [API_NATIVE] = "Native: /v1",           [API_SERVICE] = "Service",
    [API_TASKS] = "Surface a: OCR tasks",   [API_PDF] = "Surface b: PDF jobs",
    [API_LIBRARY] = "Surface c: documents",
};

static void write_row_of(struct strbuf *out, const char *name, const char *type,
                         const char *standard, const char *doc)
{
    strbuf_addf(out, "| `%s` | %s | %s | %s |\n", name, type, standard ? standard : "", doc);
}

static void write_query(struct strbuf *out, const struct api_param *query)
{
    if (!query)
        return;
    strbuf_adds(out, "\n| query | | default | |\n|---|---|---|---|\n");
    for (const struct api_param *p = query; p->name; p++) {
        char type[192];
        if (p->type == API_CHOICE)
            snprintf(type, sizeof type, "%s", p->choices);
        else if (p->type == API_INT && p->max == INT64_MAX)
            snprintf(type, sizeof type, "number");
        else if (p->type == API_INT || p->type == API_REAL)
            snprintf(type, sizeof type, "%lld to %lld", (long long)p->min, (long long)p->max);
        else
            snprintf(type, sizeof type, "%s",
                     p->type == API_BOOL   ? "true, false"
                     : p->type == API_TEXT ? "text"
                                           : "time");
        write_row_of(out, p->name, type, p->standard, p->doc);
    }
}

static void write_route(struct strbuf *out, const struct api_route *r)
{
    char scopes[64];
    auto_strbuf problems = {0};
    auth_scopes_text(r->scope, scopes);
    strbuf_addf(out, "\n### `%s %s`\n\n%s.", r->method, r->pattern, r->summary);
    strbuf_addf(out, " %s%s.\n", r->scope ? "Scope: " : "No token needed", scopes);
    write_query(out, r->query);
    if (r->body)
        strbuf_addf(out, "\nBody: %s%s.\n",
                    strcmp(r->body, "document") == 0 ? "the form with the part `file`" : r->body,
                    r->flags & API_OPTIONS ? " and options, or the raw document" : "");
    strbuf_adds(out, "\n");
    for (int i = 0; i < API_ANSWERS && r->answers[i].status; i++) {
        const struct api_answer *a = &r->answers[i];
        strbuf_addf(out, "- %d %s%s%s\n", a->status,
                    a->schema  ? a->schema
                    : a->media ? a->media
                               : "no body",
                    a->doc ? ": " : "", a->doc ? a->doc : "");
    }
    api_problems(r, &problems);
    strbuf_addf(out, "- refused: %s\n", strbuf_str(&problems));
}

static void write_schema(struct strbuf *out, const struct api_schema *s)
{
    strbuf_addf(out, "\n### %s\n", s->name);
    if (s->doc)
        strbuf_addf(out, "\n%s\n", s->doc);
    strbuf_adds(out, "\n| member | type | |\n|---|---|---|\n");
    for (const struct api_member *m = s->members; m->name; m++) {
        auto_strbuf type = {0};
        for (const char *p = m->type; *p; p++)
            strbuf_adds(&type, *p == '|' ? " or " : (char[]){*p, '\0'});
        strbuf_addf(out, "| `%s` | %s | %s |\n", m->name, strbuf_str(&type), m->doc ? m->doc : "");
    }
}

static void write_params(struct strbuf *out, const struct param_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        write_row_of(out, table->rows[i].name, table->rows[i].metavar, table->rows[i].standard,
                     table->rows[i].doc);
}

void api_write_reference(struct strbuf *out)
{
    strbuf_adds(out, "<!-- Made by `pagemill openapi --markdown`; a test compares. -->\n\n"
                     "# HTTP reference\n\nEvery route, parameter and object. The same tables give "
                     "`/openapi.json` and check the requests. A member `name?` may be absent.\n");
    for (int surface = 0; surface < API_SURFACES; surface++) {
        strbuf_addf(out, "\n## %s\n", titles[surface]);
        for (size_t i = 0; i < api_route_count; i++)
            if ((int)api_routes[i].surface == surface)
                write_route(out, &api_routes[i]);
    }
    strbuf_adds(out, "\n## Options of a document\n\n| option | | default | |\n|---|---|---|---|\n");
    write_params(out, &options_table);
    write_params(out, &extras_table);
    strbuf_adds(out, "| `metadata` | JSON |  | Returned as it was sent; at most 16 KiB. |\n");
    strbuf_adds(out, "\n## Objects\n");
    for (const struct api_schema *s = api_schemas; s->name; s++)
        write_schema(out, s);
}
