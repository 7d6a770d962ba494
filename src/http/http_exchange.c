/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One request from its first line to the end of its answer, as libmicrohttpd calls: headers once,
 * the body in pieces, then again until there is an answer. Refuses before the body is read what it
 * can: malformed requests, unknown paths, missing tokens, bodies that announce too much.
 */
#include "http/http_internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/must.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void *http_exchange_open(void *server, const char *uri, struct MHD_Connection *mhd)
{
    struct http_request *req = x_calloc(1, sizeof *req);
    req->server = server;
    req->mhd = mhd;
    req->connection = http_connection_of(mhd);
    if (strstr(uri, "%00")) /* decoded, it would cut the path or a value short */
        req->malformed = "NUL in the request line";
    if (req->connection->used)
        http_connection_enter(req->connection, HTTP_HEADERS);
    req->connection->used = true;
    return req;
}

/* ---- admission ---- */

static int check_text(void *arg, const char *name, const char *value)
{
    (void)arg;
    return !utf8_valid(name, strlen(name)) || !utf8_valid(value, strlen(value));
}

static int check_line(struct http_request *req)
{
    if (!req->malformed &&
        (!utf8_valid(req->path, strlen(req->path)) || http_each_query(req, check_text, NULL)))
        req->malformed = "the path or the query is not UTF-8";
    if (!req->malformed)
        return 0;
    http_refuse(req, 400, ERROR_INPUT, req->malformed);
    return -1;
}

/* Takes as long whatever the first differing byte is. */
static bool same_secret(const char *given, const char *secret)
{
    size_t len = strlen(given), want = strlen(secret);
    volatile unsigned char difference = len != want;
    for (size_t i = 0; i < len; i++)
        difference |= (unsigned char)(given[i] ^ secret[want ? i % want : 0]);
    return !difference;
}

static int check_token(struct http_request *req)
{
    const char *token = req->server->token;
    if (!token[0] || (req->route->flags & HTTP_OPEN))
        return 0;
    const char *given = http_header(req, "Authorization");
    if (given && strncasecmp(given, "Bearer ", 7) == 0 &&
        same_secret(given + 7 + strspn(given + 7, " "), token))
        return 0;
    http_set_header(req, "WWW-Authenticate", "Bearer");
    http_reply_problem(req, &(struct http_problem){.status = 401,
                                                   .code = "unauthorized",
                                                   .title = "A token is needed",
                                                   .detail = "send Authorization: Bearer TOKEN"});
    return -1;
}

/* A page on some other site must not reach a server that trusts whoever can connect to it: neither
 * by a name that suddenly resolves to this machine (DNS rebinding) nor by a form that posts here.
 * Programs send no Origin. */
static int check_site(struct http_request *req)
{
    const char *names = req->server->config.hosts;
    const char *origin = http_header(req, "Origin"), *host = http_header(req, "Host");
    if (!names || (req->route->flags & HTTP_OPEN))
        return 0;
    const char *site = origin ? strstr(origin, "://") : NULL;
    bool same_site = !origin || (site && host && strcasecmp(site + 3, host) == 0);
    if (http_host_listed(req, "localhost,127.0.0.1,::1") || http_host_listed(req, names))
        if (same_site)
            return 0;
    http_refuse(req, 403, ERROR_DENIED,
                "without a token this server answers only requests made to its own name");
    return -1;
}

static int admit(struct http_request *req, bool http10)
{
    http_request_name(req);
    if (http_body_frame(req, http10) < 0 || check_line(req) < 0 || http_route_find(req) < 0 ||
        check_token(req) < 0 || check_site(req) < 0)
        return -1;
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
    req->path = url;
    req->method = method;
    req->head = strcmp(method, "HEAD") == 0;
    req->counted = true;
    atomic_fetch_add(&req->server->in_flight, 1);
    if (admit(req, strcmp(version, "HTTP/1.0") == 0) < 0) {
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
    req->over =
        atomic_load(&server->stopping) || (req->deadline && req->deadline <= clock_steady());
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

enum MHD_Result http_exchange(void *server, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **request)
{
    struct http_request *req = *request;
    (void)server, (void)mhd;
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

void http_exchange_close(void *arg, struct MHD_Connection *mhd, void **request,
                         enum MHD_RequestTerminationCode code)
{
    struct http_server *server = arg;
    struct http_request *req = *request;
    (void)mhd, (void)code;
    if (!req)
        return;
    *request = NULL;
    http_connection_enter(req->connection, HTTP_IDLE);
    http_body_done(req);
    http_answer_done(&req->answer);
    free(req->param_text);
    free(req->key);
    bool last = req->counted && atomic_fetch_sub(&server->in_flight, 1) == 1;
    free(req);
    if (last && atomic_load(&server->stopping)) {
        pthread_mutex_lock(&server->lock);
        pthread_cond_broadcast(&server->changed);
        pthread_mutex_unlock(&server->lock);
    }
}
