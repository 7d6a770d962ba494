/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The web page, / and /ui/NAME, and the documentation, /docs. Nothing on them comes from another
 * host, and they run no inline script.
 */
#include "api/api_internal.h"

#include "ui/ui.h"

#include <string.h>

#define POLICY(style, images)                                                                  \
    "default-src 'none'; script-src 'self'; style-src 'self'" style "; img-src 'self' " images \
    "; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static const char page_policy[] = POLICY("", "blob:");
/* Swagger UI sets styles on its elements and draws its icons from data URLs. */
static const char docs_policy[] = POLICY(" 'unsafe-inline'", "data:");

static void send_file(struct http_request *req, const struct ui_file *file, const char *policy)
{
    http_set_header(req, "Content-Security-Policy", policy);
    if (file->packed)
        http_set_header(req, "Content-Encoding", "gzip");
    http_set_header(req, "Cache-Control", "no-cache");
    http_reply(req, 200, file->content_type, file->bytes, file->size);
}

/* A browser gets the page; a program that asks for the root learns what runs here. */
void api_ui(void *app, struct http_request *req)
{
    static const char about[] =
        "{\"service\":\"pagemill\",\"version\":\"" PAGEMILL_VERSION "\",\"status\":\"running\"}\n";
    const char *accept = http_header(req, "Accept");
    (void)app;
    http_set_header(req, "Vary", "Accept");
    if (accept && strstr(accept, "text/html"))
        send_file(req, &ui_files[0], page_policy);
    else
        http_reply(req, 200, "application/json", about, sizeof about - 1);
}

static void send_named(struct http_request *req, const struct ui_file *files, const char *policy)
{
    struct error err;
    for (const struct ui_file *f = files; f->name; f++)
        if (strcmp(f->name, http_param(req, "name")) == 0) {
            send_file(req, f, policy);
            return;
        }
    error_set(&err, ERROR_NOT_FOUND, "no such file");
    http_reply_error(req, &err, NULL);
}

void api_ui_file(void *api, struct http_request *req)
{
    (void)api;
    send_named(req, ui_files, page_policy);
}

void api_docs(void *api, struct http_request *req)
{
    (void)api;
    send_file(req, &ui_docs[0], docs_policy);
}

void api_docs_file(void *api, struct http_request *req)
{
    (void)api;
    send_named(req, ui_docs, docs_policy);
}
