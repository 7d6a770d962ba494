/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Every request on its way in, once, before any of its body is read: who asks, is that often
 * enough, may they, are the parameters right, is there room. And on its way out: the access log.
 * Called by http on event threads; blocks nowhere.
 */
#include "api/api_internal.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char letters[API_SURFACES] = {[API_TASKS] = 'a', [API_PDF] = 'b', [API_LIBRARY] = 'c'};

static bool is_compatible(const struct api_route *route)
{
    return letters[route->surface] != 0;
}

/* ---- who ---- */

/* A page on some other site must not reach a server that trusts whoever can connect to it: neither
 * by a name that suddenly resolves to this machine (DNS rebinding) nor by a form that posts here.
 * Programs send no Origin, and no browser speaks over a unix socket. */
static int check_site(const struct api *api, struct http_request *req)
{
    const struct settings *s = api->rooms.settings;
    const char *origin = http_header(req, "Origin"), *host = http_header(req, "Host");
    const char *site = origin ? strstr(origin, "://") : NULL;
    bool same_site =
        !origin || (site && host && strcasecmp(site + 3, host) == 0) || http_origin_listed(req);
    bool own_name = strcmp(http_client(req), "unix") == 0 ||
                    http_host_listed(req, "localhost,127.0.0.1,::1") ||
                    http_host_listed(req, s->hosts);
    if (same_site && own_name)
        return 0;
    http_reply_problem(
        req,
        &(struct http_problem){
            .status = 403,
            .code = error_code(ERROR_DENIED),
            .title = error_title(ERROR_DENIED),
            .detail = "without a token this server answers only requests made to its own name"});
    return -1;
}

static const char *bearer_of(const struct http_request *req)
{
    const char *given = http_header(req, "Authorization");
    if (!given || strncasecmp(given, "Bearer ", 7) != 0)
        return NULL;
    return given + 7 + strspn(given + 7, " ");
}

static bool needs_no_token(const struct api *api, struct http_request *req,
                           const struct api_route *route)
{
    return !route->scope || http_trusted(req) || !auth_required(api->rooms.auth);
}

static bool on_open_surface(const struct api *api, struct http_request *req,
                            const struct api_route *route)
{
    const struct settings *s = api->rooms.settings;
    char letter = route->flags & API_LIBRARY_TOO ? 'c' : letters[route->surface];
    return letter && !http_header(req, "Authorization") && strchr(s->surfaces, letter) &&
           strchr(s->open_surfaces, letter);
}

/* Beside those with tokens: an owner that no token can have, so that nobody reads what others sent
 * under theirs. */
static void surface_caller(struct caller *caller)
{
    auth_open_caller(caller);
    snprintf(caller->owner, sizeof caller->owner, "_open");
    caller->scopes = SCOPE_SUBMIT | SCOPE_READ;
}

static int find_caller(const struct api *api, struct http_request *req,
                       const struct api_route *route, struct caller *caller, struct error *err)
{
    if (needs_no_token(api, req, route))
        auth_open_caller(caller);
    else if (on_open_surface(api, req, route))
        surface_caller(caller);
    else
        return auth_check(api->rooms.auth, bearer_of(req), caller, err);
    return 0;
}

/* The compatible surfaces say it as the originals do. */
static int deny(struct http_request *req, const struct api_route *route, const struct error *why)
{
    bool missing = !bearer_of(req);
    bool compatible = is_compatible(route);
    http_set_header(req, "WWW-Authenticate", "Bearer");
    http_reply_problem(req, &(struct http_problem){.status = compatible && missing ? 403 : 401,
                                                   .code = "unauthorized",
                                                   .title = "A token is needed",
                                                   .detail = !compatible ? why->text
                                                             : missing
                                                                 ? "Not authenticated"
                                                                 : "Invalid authentication token"});
    return -1;
}

/* ---- how often ---- */

static void tell_rate(struct http_request *req, const struct cache_rate *rate,
                      const struct cache_verdict *v)
{
    char policy[CACHE_RATE_TEXT], text[96];
    cache_rate_text(rate, policy);
    snprintf(text, sizeof text, "\"default\";%s", policy);
    http_set_header(req, "RateLimit-Policy", text);
    snprintf(text, sizeof text, "\"default\";r=%lld;t=%lld", (long long)v->remaining,
             (long long)((v->reset_us + 999999) / 1000000));
    http_set_header(req, "RateLimit", text);
}

/* A token's own rate counts by owner, the common one by address. The health checks count nowhere.
 */
static int check_rate(struct api *api, struct http_request *req, const struct api_route *route,
                      const struct caller *caller)
{
    bool own = caller && caller->limited;
    if (!route->scope || http_trusted(req) || !(own || api->limited))
        return 0;
    const struct cache_rate *rate = own ? &caller->rate : &api->rate;
    char address[HTTP_CLIENT], key[STORE_OWNER + HTTP_CLIENT + 8];
    struct cache_verdict verdict;
    http_client_key(req, address);
    snprintf(key, sizeof key, "%s:%s", own ? "owner" : "client", own ? caller->owner : address);
    if (cache_limit(api->rooms.cache, key, rate, 1, &verdict, NULL) < 0)
        return 0; /* a limiter that is down must not take the service with it */
    tell_rate(req, rate, &verdict);
    if (verdict.allowed)
        return 0;
    atomic_fetch_add(&api->limited_requests, 1);
    http_reply_problem(req,
                       &(struct http_problem){.status = 429,
                                              .code = "rate_limited",
                                              .title = "Too many requests",
                                              .detail = "Too Many Requests",
                                              .retry_after = verdict.retry_after_us / 1000000 + 1});
    return -1;
}

/* ---- may they, and is there room ---- */

static int check_scope(struct http_request *req, const struct api_route *route,
                       const struct caller *caller)
{
    if ((caller->scopes & route->scope) == route->scope)
        return 0;
    char names[64], detail[160];
    auth_scopes_text(route->scope, names);
    snprintf(detail, sizeof detail, "this token lacks the scope %s", names);
    http_reply_problem(req, &(struct http_problem){.status = 403,
                                                   .code = error_code(ERROR_DENIED),
                                                   .title = error_title(ERROR_DENIED),
                                                   .detail = detail});
    return -1;
}

static int check_query(struct http_request *req, const struct api_route *route)
{
    struct error err;
    const char *field = "";
    if (api_query_check(route, req, &field, &err) == 0)
        return 0;
    http_reply_problem(req, &(struct http_problem){.status = error_http_status(err.class),
                                                   .code = error_code(err.class),
                                                   .title = error_title(err.class),
                                                   .detail = err.text,
                                                   .field = field});
    return -1;
}

static int check_room(struct api *api, struct http_request *req, const struct api_route *route)
{
    struct error err;
    if (!(route->flags & API_ADDS_WORK) || api_room(api, &err) == 0)
        return 0;
    http_reply_error(req, &err, NULL);
    return -1;
}

int api_admit(void *context, struct http_request *req)
{
    struct api *api = context;
    const struct api_route *route = api_route_of(req);
    struct caller *caller = &api_request(req)->caller;
    struct error why;
    bool open = route->scope && !auth_required(api->rooms.auth) && !http_trusted(req);
    if (open && check_site(api, req) < 0)
        return -1;
    int known = find_caller(api, req, route, caller, &why);
    if (check_rate(api, req, route, known < 0 ? NULL : caller) < 0)
        return -1;
    if (known < 0)
        return deny(req, route, &why);
    if (check_scope(req, route, caller) < 0 || check_query(req, route) < 0)
        return -1;
    return check_room(api, req, route);
}

/* ---- setup ---- */

static bool is_on(const struct settings *s, const struct api_route *route)
{
    return !is_compatible(route) || strchr(s->surfaces, letters[route->surface]);
}

static struct http_route http_row(const struct api_route *row)
{
    bool takes_document = row->body && strcmp(row->body, "document") == 0;
    const struct http_sink *sink = row->surface == API_TASKS || row->surface == API_PDF
                                       ? &api_any_upload_sink
                                       : &api_upload_sink;
    return (struct http_route){.method = row->method,
                               .pattern = row->pattern,
                               .handle = row->handle,
                               .sink = takes_document ? sink : NULL,
                               .flags = row->blocking,
                               .about = row};
}

static int check_letters(const char *name, const char *list, const char *known, struct error *err)
{
    size_t good = strspn(list, known);
    return list[good]
               ? error_set(err, ERROR_INPUT, "%s: '%c' is none of %s", name, list[good], known)
               : 0;
}

int api_admit_setup(struct api *api, struct error *err)
{
    const struct settings *s = api->rooms.settings;
    if (check_letters("surfaces", s->surfaces, "a,b,c", err) < 0 ||
        check_letters("open_surfaces", s->open_surfaces, "a,c", err) < 0)
        return -1;
    if (*s->rate_limit && cache_rate_parse(&api->rate, s->rate_limit, err) < 0)
        return error_context(err, "rate_limit");
    api->limited = *s->rate_limit != '\0';
    api->routes = x_calloc(api_route_count, sizeof *api->routes);
    for (size_t i = 0; i < api_route_count; i++)
        if (is_on(s, &api_routes[i]))
            api->routes[api->route_count++] = http_row(&api_routes[i]);
    return 0;
}

/* ---- on the way out ---- */

void api_done(void *context, struct http_request *req)
{
    struct api *api = context;
    const struct api_route *route = api_route_of(req);
    int status = http_status(req);
    atomic_fetch_add(&api->answered[status / 100 % API_STATUS_CLASSES], 1);
    if (!api->rooms.settings->access_log)
        return;
    /* Health checks come every few seconds from every side. */
    log_access(route && !route->scope ? LOG_DEBUG : LOG_INFO,
               &(struct log_access){.method = http_method(req),
                                    .path = http_path(req),
                                    .client = http_client(req),
                                    .owner = api_request(req)->caller.owner,
                                    .request = http_request_id(req),
                                    .status = status,
                                    .bytes = http_sent(req),
                                    .microseconds = http_elapsed_us(req)});
}
