/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Answers for scripts of other web sites (the Fetch standard's CORS protocol): those that the
 * configuration lists, by origin or all of them. Credentials that browsers add by themselves are
 * never allowed. Called by http_route for preflights and by http_reply for every answer.
 */
#include "http/http_internal.h"

#include <string.h>
#include <strings.h>

static bool listed(const char *origin, const char *list)
{
    size_t want = strlen(origin);
    for (const char *s = list; *s;) {
        s += strspn(s, ", ");
        size_t len = strcspn(s, ", ");
        if (len == want && len && strncasecmp(s, origin, len) == 0)
            return true;
        s += len;
    }
    return false;
}

static const char *configured(const struct http_request *req)
{
    const char *list = req->server->config.cors_origins;
    return list ? list : "";
}

bool http_origin_listed(const struct http_request *req)
{
    const char *list = configured(req);
    const char *origin = *list ? http_header(req, "Origin") : NULL;
    return origin && (strcmp(list, "*") == 0 || listed(origin, list));
}

void http_cors_headers(const struct http_request *req,
                       void (*visit)(void *arg, const char *name, const char *value), void *arg)
{
    const char *list = configured(req);
    bool any = strcmp(list, "*") == 0;
    if (!*list)
        return;
    if (!any) /* also without an Origin: a cache must not hand this answer to one */
        visit(arg, "Vary", "Origin");
    if (!http_origin_listed(req))
        return;
    visit(arg, "Access-Control-Allow-Origin", any ? "*" : http_header(req, "Origin"));
    visit(arg, "Access-Control-Expose-Headers",
          "Location, ETag, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, "
          "Content-Disposition, X-Job-Id, Idempotent-Replayed");
}

bool http_cors_preflight(struct http_request *req, const char *methods)
{
    if (strcmp(req->method, "OPTIONS") != 0 || !http_origin_listed(req) ||
        !http_header(req, "Access-Control-Request-Method"))
        return false;
    http_set_header(req, "Access-Control-Allow-Methods", methods);
    http_set_header(req, "Access-Control-Allow-Headers",
                    "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, "
                    "Range, X-Request-Id");
    http_set_header(req, "Access-Control-Max-Age", "600");
    http_reply(req, 204, NULL, NULL, 0);
    return true;
}
