/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The route table: the first row whose pattern and method match wins. {name} takes one segment,
 * never empty; {name*}, at the end, takes what is left. A path that only other methods know is
 * answered 405 with Allow, an unknown one 404 (501 if nobody knows the method). Paths are compared
 * after percent-decoding.
 */
#include "http/http_internal.h"

#include "base/memory.h"
#include "base/must.h"

#include <string.h>

struct capture {
    struct http_text names[HTTP_PARAMS], values[HTTP_PARAMS];
    size_t count;
};

/* The parameter at *pattern ("{name}" or "{rest*}"), stepped over. */
static struct http_text parameter(const char **pattern, bool *rest)
{
    const char *start = *pattern + 1;
    const char *end = strchr(start, '}');
    must(end && end > start);
    *pattern = end + 1;
    *rest = end[-1] == '*';
    return (struct http_text){start, (size_t)(end - start) - (*rest ? 1 : 0)};
}

static bool matches(const char *pattern, const char *path, struct capture *found)
{
    found->count = 0;
    while (*pattern) {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        bool rest;
        struct http_text name = parameter(&pattern, &rest);
        size_t len = rest ? strlen(path) : strcspn(path, "/");
        if (!len && !rest)
            return false;
        found->names[found->count] = name;
        found->values[found->count++] = (struct http_text){path, len};
        path += len;
    }
    return !*path;
}

void http_route_check(const struct http_config *config)
{
    for (size_t i = 0; i < config->route_count; i++) {
        const struct http_route *r = &config->routes[i];
        must(r->method && r->pattern && r->pattern[0] == '/' && r->handle);
        size_t count = 0;
        for (const char *p = r->pattern; (p = strchr(p, '{'));) {
            bool rest;
            parameter(&p, &rest);
            must(++count <= HTTP_PARAMS && (!rest || !*p));
        }
    }
}

static void keep(struct http_request *req, const struct http_route *route,
                 const struct capture *found)
{
    req->route = route;
    req->param_count = found->count;
    if (!found->count)
        return;
    size_t size = 0;
    for (size_t i = 0; i < found->count; i++)
        size += found->values[i].len + 1;
    char *to = req->param_text = x_calloc(1, size);
    for (size_t i = 0; i < found->count; i++) {
        req->param_names[i] = found->names[i];
        req->params[i] = memcpy(to, found->values[i].data, found->values[i].len);
        to += found->values[i].len + 1;
    }
}

static void allow(struct strbuf *list, const char *method)
{
    if (list->len)
        strbuf_adds(list, ", ");
    strbuf_adds(list, method);
    if (strcmp(method, "GET") == 0)
        strbuf_adds(list, ", HEAD");
}

static int refuse_path(struct http_request *req)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(req->method, known[i]) == 0) {
            http_refuse(req, 404, ERROR_NOT_FOUND, "there is nothing at this path");
            return -1;
        }
    http_reply_problem(req,
                       &(struct http_problem){.status = 501,
                                              .code = "not_implemented",
                                              .title = "Unknown method",
                                              .detail = "this server does not know the method"});
    return -1;
}

static int refuse_method(struct http_request *req, const char *allowed)
{
    if (http_cors_preflight(req, allowed))
        return -1;
    http_set_header(req, "Allow", allowed);
    http_reply_problem(req, &(struct http_problem){.status = 405,
                                                   .code = "method_not_allowed",
                                                   .title = "Not for this method",
                                                   .detail = "this path does not know the method"});
    return -1;
}

int http_route_find(struct http_request *req)
{
    const struct http_config *config = &req->server->config;
    const char *method = req->head ? "GET" : req->method;
    auto_strbuf allowed = {0};
    struct capture found;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct http_route *r = &config->routes[i];
        if (!matches(r->pattern, req->path, &found))
            continue;
        req->detail = r->flags & HTTP_DETAIL;
        if (strcmp(r->method, method) == 0) {
            keep(req, r, &found);
            return 0;
        }
        allow(&allowed, r->method);
    }
    return allowed.len ? refuse_method(req, allowed.data) : refuse_path(req);
}
