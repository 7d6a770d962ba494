/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * An HTTP/1.1 server that knows nothing of jobs: routes in a table, bodies streamed to a sink,
 * waiting without a thread, answers from memory, from a descriptor or streamed. Behind this header:
 * libmicrohttpd.
 *
 * A handler runs with the whole request read. It must end by calling exactly one http_reply_* or
 * http_wait. Handlers with HTTP_BLOCKING run on the server's own pool, where they may touch disks
 * and wait; the others run on the event threads and must not block. After http_wait the same
 * handler is called again, on a wake-up for its key or at the deadline (http_wait_over), and
 * decides anew.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/error.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_server;
struct http_request;

/* Where an uploaded document goes while it arrives. One call at a time for a request. */
struct http_sink {
    /* The document begins: its file name ("" if none) and declared type. Returns a context or NULL
     * with *err. */
    void *(*begin)(void *app, const char *filename, const char *content_type, struct error *err);
    int (*write)(void *context, const void *bytes, size_t len, struct error *err);
    void (*abort)(
        void *context); /* the request ends without http_take_upload: client gone, error, refused */
};

enum { HTTP_BLOCKING = 1, HTTP_OPEN = 2 /* needs no token */ };

struct http_route {
    const char *method;  /* GET also serves HEAD */
    const char *pattern; /* "/v1/jobs/{id}/pages/{n}"; "{rest*}" takes the remainder */
    void (*handle)(void *app, struct http_request *req);
    const struct http_sink *sink; /* NULL: a body larger than HTTP_SMALL_BODY is refused */
    unsigned flags;
};

struct http_config {
    const char *listen; /* HOST:PORT; port 0: any (see http_port) */
    const char *token;  /* bearer token asked on every route without HTTP_OPEN; "" for none */
    const char *hosts;  /* NULL: no check; else names beside localhost by which routes without
                           HTTP_OPEN may be called */
    int64_t max_body;   /* bytes of a streamed body */
    unsigned threads, pool_threads, connections;
    const struct http_route *routes;
    size_t route_count;
    void *app;
};

enum {
    HTTP_SMALL_BODY = 1 << 20, /* bytes */
    HTTP_FIELD = 64 << 10,     /* bytes of one plain multipart field */
    HTTP_FIELDS = 64,
    HTTP_HEADER_SECONDS = 10, /* from the first byte to the end of the headers */
    HTTP_IDLE_SECONDS = 75,
    HTTP_MIN_RATE = 1024, /* bytes/s of a body, averaged over 10 s; slower clients are cut */
};

/* Listens: clients may connect, and are served from http_serve on. Two steps, so that whoever wakes
 * waiters can know the server before the first request is handled. http_stop ends it in either
 * state. */
int http_open(struct http_server **out, const struct http_config *config, struct error *err);
int http_serve(struct http_server *server, struct error *err);
int http_port(const struct http_server *server);
/* Stop accepting, wait for requests in flight at most wait_ms (waiting ones are answered now), end.
 */
void http_stop(struct http_server **server, int wait_ms);
void http_wake(struct http_server *server, const char *key); /* from any thread */

const char *http_param(const struct http_request *req,
                       const char *name); /* of the pattern; never NULL */
const char *http_query(const struct http_request *req, const char *name); /* NULL if absent */
const char *http_header(const struct http_request *req, const char *name);
const char *http_request_id(const struct http_request *req);
bool http_host_listed(const struct http_request *req,
                      const char *names); /* "a.example,b.example"; "*": any */

/* Query parameters or plain form fields, in order of arrival. visit returns 0 to go on. */
int http_each_query(const struct http_request *req,
                    int (*visit)(void *arg, const char *name, const char *value), void *arg);
int http_each_field(const struct http_request *req,
                    int (*visit)(void *arg, const char *name, const char *value), void *arg);
const struct strbuf *http_body(const struct http_request *req); /* a small body without a sink */
void *http_take_upload(
    struct http_request *req); /* the sink's context, now the caller's; NULL: no document came */

void http_set_header(struct http_request *req, const char *name,
                     const char *value); /* before the reply */
void http_reply(struct http_request *req, int status, const char *content_type, const void *body,
                size_t len);
void http_reply_json(struct http_request *req, int status,
                     struct strbuf *body); /* takes the bytes */
void http_reply_error(struct http_request *req, const struct error *err,
                      const char *job_id); /* problem+json */
void http_reply_fd(struct http_request *req, const char *content_type, int fd,
                   uint64_t size); /* takes fd */

/* Fill *chunk (given empty) with the next bytes; returns 1 more to come, 0 that was the last, −1
 * cut the connection. 1 with nothing in *chunk: asked again a moment (100 ms) later. Called on an
 * event thread; close once at the end in every case. */
struct http_stream {
    int (*next)(void *context, struct strbuf *chunk);
    void (*close)(void *context);
};
void http_reply_stream(struct http_request *req, const char *content_type,
                       const struct http_stream *stream, void *context);

/* Call the handler again on a wake-up for key, or after timeout_ms counted from its first wait in
 * this request. */
void http_wait(struct http_request *req, const char *key, int64_t timeout_ms);
bool http_wait_over(const struct http_request *req); /* the time is up, or the server is stopping */

/* The handler's own memory between its calls of one request; zero at first. */
struct http_scratch {
    int64_t number;
    char text[64];
};
struct http_scratch *http_scratch(struct http_request *req);

#endif
