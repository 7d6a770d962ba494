/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The web page: / and /ui/NAME. Nothing on it comes from another host, and it runs no inline
 * script.
 */
#include "api/api_internal.h"

#include "ui/ui.h"

#include <string.h>

static void send_file(struct http_request *req, const struct ui_file *file)
{
    http_set_header(
        req, "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    http_set_header(req, "Referrer-Policy", "no-referrer");
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
        send_file(req, &ui_files[0]);
    else
        http_reply(req, 200, "application/json", about, sizeof about - 1);
}

void api_ui_file(void *app, struct http_request *req)
{
    struct error err;
    (void)app;
    for (const struct ui_file *f = ui_files; f->name; f++)
        if (strcmp(f->name, http_param(req, "name")) == 0) {
            send_file(req, f);
            return;
        }
    error_set(&err, ERROR_NOT_FOUND, "no such file");
    http_reply_error(req, &err, NULL);
}
