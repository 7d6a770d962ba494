/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a handler may ask of its request. Headers and query are looked up where libmicrohttpd keeps
 * them; all strings live as long as the request.
 */
#include "http/http_internal.h"

#include "base/clock.h"
#include "base/id.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

const char *http_param(const struct http_request *req, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < req->param_count; i++)
        if (req->param_names[i].len == len && memcmp(req->param_names[i].data, name, len) == 0)
            return req->params[i];
    return "";
}

struct search {
    int (*visit)(void *arg, const char *name, const char *value);
    void *arg;
    int stop;
};

static enum MHD_Result visit_one(void *arg, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct search *search = arg;
    (void)kind;
    search->stop = search->visit(search->arg, name, value ? value : "");
    return search->stop ? MHD_NO : MHD_YES;
}

int http_each_query(const struct http_request *req,
                    int (*visit)(void *arg, const char *name, const char *value), void *arg)
{
    struct search search = {visit, arg, 0};
    MHD_get_connection_values(req->mhd, MHD_GET_ARGUMENT_KIND, visit_one, &search);
    return search.stop;
}

struct lookup {
    const char *name, *value;
};

static int same_name(void *arg, const char *name, const char *value)
{
    struct lookup *lookup = arg;
    if (strcmp(lookup->name, name) != 0)
        return 0;
    lookup->value = value;
    return 1;
}

/* Not MHD_lookup_connection_value: it ignores case, and a name without "=" has a NULL value. */
const char *http_query(const struct http_request *req, const char *name)
{
    struct lookup lookup = {name, NULL};
    http_each_query(req, same_name, &lookup);
    return lookup.value;
}

const char *http_header(const struct http_request *req, const char *name)
{
    return MHD_lookup_connection_value(req->mhd, MHD_HEADER_KIND, name);
}

static bool safe_id(const char *s)
{
    size_t len = strnlen(s, HTTP_REQUEST_ID + 1);
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr("-_.", s[i]))
            return false;
    return len && len <= HTTP_REQUEST_ID;
}

const char *http_request_id(const struct http_request *req)
{
    return req->id;
}

void http_request_name(struct http_request *req)
{
    const char *given = http_header(req, "X-Request-Id");
    if (given && safe_id(given))
        memcpy(req->id, given, strlen(given) + 1);
    else
        id_new(req->id);
}

static bool host_is(const char *given, const char *name, size_t len)
{
    if (given[0] == '[' && name[0] != '[') /* an IPv6 address in its brackets */
        return strncasecmp(given + 1, name, len) == 0 && given[1 + len] == ']';
    return strncasecmp(given, name, len) == 0 && (!given[len] || given[len] == ':');
}

bool http_host_listed(const struct http_request *req, const char *names)
{
    const char *given = http_header(req, "Host");
    for (const char *name = names; given && *name;) {
        size_t len = strcspn(name, ",");
        if (len && (host_is(given, name, len) || (len == 1 && *name == '*')))
            return true;
        name += len + (name[len] == ',');
    }
    return false;
}

/* ---- for the app's own bookkeeping ---- */

const char *http_method(const struct http_request *req)
{
    return req->method;
}

const char *http_path(const struct http_request *req)
{
    return req->path;
}

const struct http_route *http_route_of(const struct http_request *req)
{
    return req->route;
}

void *http_context(struct http_request *req)
{
    return req->context;
}

int http_status(const struct http_request *req)
{
    return req->answer.status;
}

int64_t http_sent(const struct http_request *req)
{
    return req->sent;
}

int64_t http_elapsed_us(const struct http_request *req)
{
    return (clock_steady_ns() - req->begun) / 1000;
}

int64_t http_announced(const struct http_request *req)
{
    return req->body.chunked ? -1 : req->body.announced;
}
