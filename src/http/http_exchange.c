/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One request from its first line to the end of its answer, as libmicrohttpd calls: headers once,
 * the body in pieces, then again until there is an answer. Refuses before the body is read what it
 * can: malformed requests, unknown paths, what the app does not admit, bodies that announce too
 * much.
 */
#include "http/http_internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/must.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The target as it came: decoded, %00 would cut the path or a value short. */
static const char *check_target(const char *target)
{
    for (const char *s = target; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == 127)
            return "a space or a control character in the request line";
    const char *authority = *target == '/' ? NULL : strstr(target, "://");
    if (authority && memchr(authority, '%', 3 + strcspn(authority + 3, "/?")))
        return "percent-encoding in the host of the request line";
    return strstr(target, "%00") ? "NUL in the request line" : NULL;
}

void *http_exchange_open(void *arg, const char *target, struct MHD_Connection *mhd)
{
    const struct http_listener *listener = arg;
    struct http_request *req = x_calloc(1, sizeof *req + listener->server->config.context);
    req->server = listener->server;
    req->listener = listener;
    req->mhd = mhd;
    req->connection = http_connection_of(mhd);
    req->target = target;
    req->target_len = strlen(target);
    req->malformed = check_target(target);
    if (req->connection->used)
        http_connection_enter(req->connection, HTTP_HEADERS);
    req->connection->used = true;
    return req;
}

/* ---- admission ---- */

/* A target of http://HOST/PATH (RFC 9112, 3.2.2) is the path, when it names the Host that everyone
 * else on the way goes by. */
static void take_absolute(struct http_request *req)
{
    const char *authority = strstr(req->path, "://");
    const char *host = http_header(req, "Host");
    size_t scheme = authority ? (size_t)(authority - req->path) : 0;
    bool known = (scheme == 4 && strncasecmp(req->path, "http", 4) == 0) ||
                 (scheme == 5 && strncasecmp(req->path, "https", 5) == 0);
    size_t len = known ? strcspn(authority + 3, "/") : 0;
    if (!known || !host || strlen(host) != len || strncasecmp(authority + 3, host, len) != 0)
        req->malformed = "a request target that is neither a path nor of this Host";
    else
        req->path = authority[3 + len] ? authority + 3 + len : "/";
}

static void read_target(struct http_request *req)
{
    bool server_wide = strcmp(req->path, "*") == 0 && strcmp(req->method, "OPTIONS") == 0;
    if (req->path[0] != '/' && !server_wide && strcmp(req->method, "CONNECT") != 0)
        take_absolute(req);
}

static int check_text(void *arg, const char *name, const char *value)
{
    (void)arg;
    return !utf8_valid(name, strlen(name)) || !utf8_valid(value, strlen(value));
}

static int check_target_text(struct http_request *req)
{
    if (!req->malformed)
        read_target(req);
    if (!req->malformed &&
        (!utf8_valid(req->path, strlen(req->path)) || http_each_query(req, check_text, NULL)))
        req->malformed = "the path or the query is not UTF-8";
    if (!req->malformed)
        return 0;
    http_refuse(req, 400, ERROR_INPUT, req->malformed);
    return -1;
}

static int admit(struct http_request *req)
{
    const struct http_config *config = &req->server->config;
    http_request_name(req);
    http_client_find(req);
    http_body_announce(req);
    if (http_strict(req) < 0 || http_body_frame(req) < 0 || check_target_text(req) < 0 ||
        http_route_find(req) < 0)
        return -1;
    if (config->admit && config->admit(config->app, req) < 0) {
        must(req->answer.kind);
        return -1;
    }
    return http_body_begin(req);
}

/* libmicrohttpd would close the connection after an answer at this point, so one without a body
 * gets it at the next call, which follows at once. The client of a refused body may be sending it
 * without looking: a plain answer followed by close() would be destroyed by the reset that its next
 * bytes cause. */
static void refuse_early(struct http_request *req)
{
    if (req->body.coming)
        http_answer_cut(req);
    else
        req->stage = HTTP_RUNNING;
}

static enum MHD_Result begin(struct http_request *req, const char *url, const char *method,
                             const char *version)
{
    req->begun = clock_steady_ns();
    req->path = url;
    req->method = method;
    req->version = version;
    req->head = strcmp(method, "HEAD") == 0;
    req->counted = true;
    atomic_fetch_add(&req->server->in_flight, 1);
    if (admit(req) < 0) {
        refuse_early(req);
        return MHD_YES;
    }
    req->stage = HTTP_READING;
    if (req->body.coming)
        http_connection_enter(req->connection, HTTP_BODY);
    return MHD_YES;
}

/* ---- the handler ---- */

void http_run_handler(struct http_request *req)
{
    struct http_server *server = req->server;
    req->seen = atomic_load(&server->waits.sequence);
    req->over = http_stopping(server) || (req->deadline && req->deadline <= clock_steady());
    req->route->handle(server->config.app, req);
    must(req->answer.kind || req->key);
}

static enum MHD_Result run(struct http_request *req)
{
    req->stage = HTTP_RUNNING;
    if (req->route->flags & HTTP_BLOCKING) {
        MHD_suspend_connection(req->mhd);
        http_pool_push(req);
        return MHD_YES;
    }
    http_run_handler(req);
    if (req->answer.kind)
        return http_answer_queue(req) < 0 ? MHD_NO : MHD_YES;
    MHD_suspend_connection(req->mhd);
    http_wait_enter(req);
    return MHD_YES;
}

static enum MHD_Result end_of_body(struct http_request *req)
{
    http_connection_enter(req->connection, HTTP_BUSY);
    if (http_body_end(req) < 0)
        return http_answer_queue(req) < 0 ? MHD_NO : MHD_YES;
    return run(req);
}

enum MHD_Result http_exchange(void *listener, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **request)
{
    struct http_request *req = *request;
    (void)listener, (void)mhd;
    size_t len = *size;
    *size = 0;
    if (len)
        atomic_fetch_add_explicit(&req->connection->bytes, (int64_t)len, memory_order_relaxed);
    switch (req->stage) {
    case HTTP_NEW:
        return begin(req, url, method, version);
    case HTTP_READING:
        if (!len)
            return end_of_body(req);
        http_body_data(req, data, len);
        return MHD_YES;
    case HTTP_RUNNING: /* resumed: with an answer from the pool, or to look again */
        if (req->answer.kind)
            return http_answer_queue(req) < 0 ? MHD_NO : MHD_YES;
        return run(req);
    case HTTP_CUT:
        break;
    }
    return len ? MHD_YES : MHD_NO;
}

static void tell_done(struct http_request *req, bool complete)
{
    const struct http_config *config = &req->server->config;
    const struct http_answer *answer = &req->answer;
    bool whole = answer->queued && answer->kind != HTTP_STREAM && !req->head;
    if (whole && complete)
        req->sent = (int64_t)answer->size;
    if (req->counted && config->done)
        config->done(config->app, req);
}

void http_exchange_close(void *listener, struct MHD_Connection *mhd, void **request,
                         enum MHD_RequestTerminationCode code)
{
    struct http_request *req = *request;
    (void)listener, (void)mhd;
    if (!req)
        return;
    *request = NULL;
    struct http_server *server = req->server;
    http_connection_enter(req->connection, HTTP_IDLE);
    http_body_done(req);
    http_answer_done(&req->answer);
    tell_done(req, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    free(req->param_text);
    free(req->key);
    bool last = req->counted && atomic_fetch_sub(&server->in_flight, 1) == 1;
    free(req);
    if (last && http_stopping(server)) {
        pthread_mutex_lock(&server->lock);
        pthread_cond_broadcast(&server->changed);
        pthread_mutex_unlock(&server->lock);
    }
}
