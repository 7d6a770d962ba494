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

enum {
    HTTP_BLOCKING = 1,
    HTTP_DETAIL = 2, /* refusals are {"detail":"…"} instead of problem+json */
};

struct http_route {
    const char *method;  /* GET also serves HEAD */
    const char *pattern; /* "/v1/jobs/{id}/pages/{n}"; "{rest*}" takes the remainder */
    void (*handle)(void *app, struct http_request *req);
    const struct http_sink *sink; /* NULL: a body larger than HTTP_SMALL_BODY is refused */
    unsigned flags;
    const void *about; /* the app's own row: http_route_of */
};

struct http_config {
    const char *listen;  /* "HOST:PORT,unix:PATH,…"; port 0: any (see http_port) */
    const char *control; /* NULL, or the path of one more Unix socket, mode 0600, whose clients
                            http_trusted names */
    const char *tls_certificate, *tls_key; /* PEM files, or NULL or "": HOST:PORT then speaks TLS */
    const char *proxies;      /* NULL, or CIDRs of those who are believed about their client */
    const char *cors_origins; /* NULL, "", "*", or a list: "https://a.example,https://b.example" */
    int64_t max_body;         /* bytes of a streamed body */
    unsigned threads, connections; /* of each listener */
    unsigned pool_threads;
    const struct http_route *routes;
    size_t route_count;
    void *app;
    size_t context; /* bytes of the app's own memory for each request, zeroed: http_context */
    /* NULL: all. Called once, when the route is found and nothing of the body is read, on an event
     * thread: it must not block. 0, or −1 with an answer given. */
    int (*admit)(void *app, struct http_request *req);
    /* NULL, or told that the request is over, answered or given up: the last call for it, on an
     * event thread. Also for requests that never had a route. */
    void (*done)(void *app, struct http_request *req);
};

enum {
    HTTP_SMALL_BODY = 1 << 20, /* bytes */
    HTTP_FIELD = 64 << 10,     /* bytes of one plain multipart field */
    HTTP_FIELDS = 64,
    HTTP_HEADERS_MOST = 100,  /* of a request */
    HTTP_CLIENT = 64,         /* see http_client_key */
    HTTP_HEADER_SECONDS = 10, /* from the first byte to the end of the headers */
    HTTP_IDLE_SECONDS = 75,
    HTTP_MIN_RATE = 1024, /* bytes/s of a body, averaged over 10 s; slower clients are cut */
};

/* Listens: clients may connect, and are served from http_serve on. Two steps, so that whoever wakes
 * waiters can know the server before the first request is handled. http_stop ends it in either
 * state. */
int http_open(struct http_server **out, const struct http_config *config, struct error *err);
int http_serve(struct http_server *server, struct error *err);
int http_port(const struct http_server *server); /* of the first HOST:PORT; 0: there is none */
/* "http://127.0.0.1:8000", "unix:/run/x", one a line, as configured and with the real ports. */
void http_addresses(const struct http_server *server, struct strbuf *out);
bool http_stopping(const struct http_server *server);
/* Stop accepting, wait for requests in flight at most wait_ms (waiting ones are answered now), end.
 */
void http_stop(struct http_server **server, int wait_ms);
void http_wake(struct http_server *server, const char *key); /* from any thread */

const char *http_method(const struct http_request *req);
const char *http_path(const struct http_request *req);                  /* percent-decoded */
const struct http_route *http_route_of(const struct http_request *req); /* NULL: none was found */
const char *http_param(const struct http_request *req,
                       const char *name); /* of the pattern; never NULL */
const char *http_query(const struct http_request *req, const char *name); /* NULL if absent */
const char *http_header(const struct http_request *req, const char *name);
const char *http_request_id(const struct http_request *req);
bool http_host_listed(const struct http_request *req,
                      const char *names);     /* "a.example,b.example"; "*": any */
void *http_context(struct http_request *req); /* the app's own memory, zero at first */

/* Who asks. The peer's address, or what a listed proxy says about it (Unix sockets count as listed
 * proxies): the right-most address of X-Forwarded-For that is not itself one. "unix": a Unix socket
 * without that header. */
const char *http_client(const struct http_request *req);
/* What a rate limit counts by: an IPv4 address, an IPv6 network of 64 bits, "unix". */
void http_client_key(const struct http_request *req, char out[HTTP_CLIENT]);
bool http_secure(const struct http_request *req);  /* by TLS, here or at a listed proxy */
bool http_trusted(const struct http_request *req); /* by the control socket */
/* Does the request name an Origin that config.cors_origins lists? */
bool http_origin_listed(const struct http_request *req);

/* For the access log. */
int http_status(const struct http_request *req);   /* of the answer; 0: none yet */
int64_t http_sent(const struct http_request *req); /* bytes of the answer's body; best effort */
int64_t http_elapsed_us(const struct http_request *req); /* since the headers were complete */
int64_t http_announced(const struct http_request *req);  /* Content-Length; −1: not told */

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

/* A refusal in full. Answers 429 and 503 always have a Retry-After. */
struct http_problem {
    int status;
    const char *code, *title, *detail;
    const char *job_id, *field; /* or NULL; field: adds errors[] */
    int page;
    int64_t retry_after; /* s; 0: none */
};
void http_reply_problem(struct http_request *req, const struct http_problem *problem);

/* Names what would be answered by an entity tag (the opaque part, without quotes). True: If-Match
 * or If-None-Match settled it and the answer is given (304, 412). A 200 from memory or a descriptor
 * with a tag serves single byte ranges by itself. */
bool http_fresh(struct http_request *req, const char *etag);
/* After http_fresh: a GET for one byte range, which must be answered from memory or a descriptor to
 * be honoured. */
bool http_range_asked(const struct http_request *req);

void http_reply_fd(struct http_request *req, const char *content_type, int fd,
                   uint64_t size); /* takes fd */

/* Fill *chunk (given empty) with the next bytes; returns 1 more to come, 0 that was the last, −1
 * cut the connection. 1 with nothing in *chunk: asked again on a wake-up for key, or after idle_ms;
 * when the server is stopping once more, then the stream ends unless it is busy. Called on an event
 * thread; close once at the end in every case. The struct and its key are copied. */
struct http_stream {
    int (*next)(void *context, struct strbuf *chunk);
    void (*close)(void *context);
    const char *key; /* NULL: none */
    int64_t idle_ms; /* 0: 100 */
    bool busy;       /* nothing in *chunk means that there is more work, not that it waits */
};
void http_reply_stream(struct http_request *req, const char *content_type,
                       const struct http_stream *stream, void *context);

/* Call the handler again on a wake-up for key, or after timeout_ms counted from its first wait in
 * this request. */
void http_wait(struct http_request *req, const char *key, int64_t timeout_ms);
bool http_wait_over(const struct http_request *req); /* the time is up, or the server is stopping */

#endif
