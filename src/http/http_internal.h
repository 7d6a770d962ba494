/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the files of this folder share; nobody outside includes it.
 *
 * Who owns a request: the event thread of its connection while that is active; while it is
 * suspended, whoever holds it: the pool's queue, a pool thread, or the wait table. It passes from
 * one to the next under their locks, so its fields need none of their own.
 */
#ifndef HTTP_HTTP_INTERNAL_H
#define HTTP_HTTP_INTERNAL_H

#include "http/http.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

enum {
    HTTP_PARAMS = 8,                /* of one pattern */
    HTTP_CONNECTION_MEMORY = 32768, /* of one connection: the request line, headers, buffers */
    HTTP_DRAIN = 1 << 20, /* a refused body shorter than this is read, and the connection kept */
    HTTP_REQUEST_ID = 64,
    HTTP_BUCKETS = 1024,      /* of the wait table; a power of two */
    HTTP_BOUNDARY = 70,       /* RFC 2046, 5.1.1 */
    HTTP_PART_HEADERS = 8192, /* of one part of a multipart body */
    HTTP_NAME = 128,          /* of a part, and of a media type */
    HTTP_FILENAME = 256,
    HTTP_LISTENERS = 16,
    HTTP_ADDRESS = 46, /* an IPv6 address as text */
    HTTP_PROXIES = 64,
};

/* Milliseconds. A variable so that tests need not wait; written only before http_serve. */
struct http_timing {
    int64_t tick;      /* of the clock thread: the precision of http_wait */
    int64_t header;    /* to send a whole header block */
    int64_t idle;      /* between requests, or without taking any of an answer */
    int64_t window;    /* over which HTTP_MIN_RATE is averaged */
    int64_t linger;    /* left to a client to read why its body was cut */
    int64_t no_stream; /* before a stream that had nothing is asked again */
};
extern struct http_timing http_timing;

/* ---- connections, as the reaper sees them (http_reaper.c) ---- */

enum http_phase { HTTP_HEADERS, HTTP_BODY, HTTP_BUSY, HTTP_IDLE, HTTP_LINGER };

struct http_peer {
    char text[HTTP_ADDRESS];
    unsigned char address[16]; /* IPv6, or IPv4 mapped into it */
    bool numeric;              /* it has an address */
    bool proxy;                /* and is believed about its client */
};

struct http_connection {
    struct http_connection *next, **link;
    struct http_listener *listener;
    struct http_peer peer;
    int fd;
    bool used;             /* carried a request before */
    _Atomic int phase;     /* enum http_phase */
    _Atomic int64_t since; /* steady ms: begin of the phase or of the window */
    _Atomic int64_t bytes; /* of the body within the window */
};

void http_connection_event(void *listener, struct MHD_Connection *mhd, void **context,
                           enum MHD_ConnectionNotificationCode code);
struct http_connection *http_connection_of(struct MHD_Connection *mhd);
void http_connection_enter(struct http_connection *c, enum http_phase phase);
void http_reap(struct http_server *server, int64_t now);
void http_cut_all(struct http_server *server);

/* ---- who asks (http_peer.c) ---- */

struct http_network {
    unsigned char address[16];
    unsigned bits;
};

/* "10.0.0.0/8,::1,…" */
int http_networks_read(const char *list, struct http_network *out, size_t *count,
                       struct error *err);
void http_peer_find(const struct http_listener *listener, struct MHD_Connection *mhd,
                    struct http_peer *peer);
void http_client_find(struct http_request *req);

/* ---- answers (http_reply.c, http_stream.c, http_problem.c, http_conditional.c) ---- */

enum http_answer_kind { HTTP_NO_ANSWER, HTTP_BYTES, HTTP_FILE, HTTP_STREAM };

struct http_source;

struct http_answer {
    enum http_answer_kind kind;
    int status;
    bool close;                 /* the connection ends with it */
    struct strbuf headers;      /* name NUL value NUL … */
    char *bytes;                /* HTTP_BYTES; owned until queued */
    int fd;                     /* HTTP_FILE; owned until queued */
    uint64_t offset, size;      /* of bytes or file */
    struct http_source *source; /* HTTP_STREAM; owned until queued */
    bool queued;
};

int http_answer_queue(struct http_request *req); /* on the event thread; −1: close the connection */
/* Send the answer past libmicrohttpd, which answers only before or after a body, never within. What
 * still arrives is to be thrown away; the reaper ends the connection. */
void http_answer_cut(struct http_request *req);
void http_answer_done(struct http_answer *answer);
void http_answer_drop(struct http_request *req); /* as if none had been given */
const char *http_answer_header(const struct http_answer *answer, const char *name); /* or NULL */

struct http_source *http_source_new(struct http_request *req, const struct http_stream *stream,
                                    void *context);
void http_source_end(struct http_source *source); /* the request is over: closes the stream */
void http_source_free(void *source);
struct MHD_Response *http_source_response(struct http_source *source);

void http_refuse(struct http_request *req, int status, enum error_class class, const char *detail);
void http_refuse_busy(struct http_request *req);

/* Turns a whole answer into the part that was asked for (206), or a refusal (412, 416). */
void http_conditional_apply(struct http_request *req);

/* ---- other sites (http_cors.c) ---- */

void http_cors_headers(const struct http_request *req,
                       void (*visit)(void *arg, const char *name, const char *value), void *arg);
/* Answers a preflight for a path that knows `methods`; false: it is none. */
bool http_cors_preflight(struct http_request *req, const char *methods);

/* ---- bodies (http_body.c, http_multipart.c, http_header.c) ---- */

struct http_multipart;

struct http_part {
    char name[HTTP_NAME];
    char filename[HTTP_FILENAME];
    char type[HTTP_NAME];
};

struct http_part_events {
    int (*begin)(void *arg, const struct http_part *part, struct error *err);
    int (*data)(void *arg, const char *bytes, size_t len, struct error *err);
    int (*end)(void *arg, struct error *err);
};

int http_multipart_open(struct http_multipart **out, const char *content_type,
                        const struct http_part_events *events, void *arg, struct error *err);
int http_multipart_feed(struct http_multipart *m, const char *bytes, size_t len, struct error *err);
int http_multipart_finish(const struct http_multipart *m, struct error *err);
void http_multipart_free(struct http_multipart **m);

bool http_media_is(const char *content_type, const char *media);
/* The media type without parameters, lower case; "" if it does not fit. */
void http_media(const char *content_type, char out[HTTP_NAME]);
/* A parameter of a header value, quoted or plain. */
bool http_header_param(const char *value, const char *name, char *out, size_t size);
/* The last component, printable UTF-8; "" for none. */
void http_clean_filename(const char *name, char out[HTTP_FILENAME]);

struct http_body {
    bool coming; /* the request announces one */
    bool chunked;
    int64_t announced; /* Content-Length */
    bool beyond;       /* it is larger than that */
    int64_t received;
    int64_t drained; /* bytes thrown away after a failure */
    struct strbuf small;
    struct http_multipart *multipart;
    struct strbuf fields; /* name NUL value NUL … */
    int field_count;
    size_t field_start; /* of the open field's value in fields */
    bool in_document;   /* the open part is the document */
    bool document_seen;
    void *upload;     /* the sink's context */
    bool sink_failed; /* the error is the sink's, not the request's */
    bool failed;
};

/* What the headers say about it, before anything is believed. */
void http_body_announce(struct http_request *req);
/* These return −1 with the refusal as the answer. The second needs the route. */
int http_body_frame(struct http_request *req);
int http_body_begin(struct http_request *req);
void http_body_data(struct http_request *req, const char *bytes, size_t len);
int http_body_end(struct http_request *req);
void http_body_done(struct http_request *req);

/* ---- requests (http_exchange.c, http_request.c, http_route.c) ---- */

enum http_stage {
    HTTP_NEW,     /* headers to come */
    HTTP_READING, /* the body */
    HTTP_RUNNING, /* the handler has it, or it waits */
    HTTP_CUT,     /* answered by http_answer_cut */
};

struct http_text {
    const char *data;
    size_t len;
};

struct http_request {
    struct http_server *server;
    const struct http_listener *listener;
    struct MHD_Connection *mhd;
    struct http_connection *connection;
    enum http_stage stage;
    const char *method, *path, *version;
    const char *target; /* the request line's, where it arrived; decoded in place later */
    size_t target_len;
    bool head, counted;
    bool detail;                    /* refusals are {"detail":…} */
    const char *malformed;          /* what is wrong with the target, or NULL */
    int64_t begun;                  /* steady ns: the headers were complete */
    int64_t sent;                   /* bytes of the body */
    const struct http_peer *client; /* the connection's, or forwarded */
    struct http_peer forwarded;
    const struct http_route *route;
    struct http_text param_names[HTTP_PARAMS];
    const char *params[HTTP_PARAMS];
    size_t param_count;
    char *param_text; /* where params point */
    char id[HTTP_REQUEST_ID + 1];
    struct http_body body;
    struct http_answer answer;

    /* The wait table's, the pool's. */
    struct http_request *next, **link;
    char *key;                    /* NULL: not waiting */
    int64_t first_wait, deadline; /* steady ms; 0: none yet */
    uint64_t seen;                /* the table's sequence when the handler began */
    bool over;
    _Alignas(max_align_t) unsigned char context[]; /* the app's */
};

/* What RFC 9112 forbids in the request line and the header block; −1 with the refusal as the
 * answer. */
int http_strict(struct http_request *req);

/* Its X-Request-Id: the client's if it is harmless, else a new one. */
void http_request_name(struct http_request *req);

void *http_exchange_open(void *listener, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result http_exchange(void *listener, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **request);
void http_exchange_close(void *listener, struct MHD_Connection *mhd, void **request,
                         enum MHD_RequestTerminationCode code);
void http_run_handler(struct http_request *req);

void http_route_check(const struct http_config *config); /* must(): patterns are code */
/* Fills route and params, or answers 404 or 405. */
int http_route_find(struct http_request *req);

/* ---- the pool and the wait table (http_pool.c, http_wait.c) ---- */

struct http_pool {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct http_request *head, **tail;
    pthread_t *threads;
    unsigned count;
    bool ended;
};

int http_pool_start(struct http_pool *pool, unsigned threads, struct error *err);
void http_pool_push(struct http_request *req); /* its connection is suspended */
void http_pool_end(struct http_pool *pool);    /* queued requests are refused; running ones end */

struct http_waits {
    pthread_mutex_t lock;
    _Atomic uint64_t sequence; /* of wake-ups */
    int64_t earliest;          /* no deadline is before it */
    bool stopping;
    struct http_bucket {
        uint64_t last; /* sequence of the last wake-up of a key here */
        struct http_request *head;
    } buckets[HTTP_BUCKETS];
};

void http_wait_enter(struct http_request *req); /* its connection is suspended */
void http_wait_expire(struct http_server *server, int64_t now);
/* All waiting handlers and streams are asked now, and nobody waits any more. */
void http_wait_stop(struct http_server *server);

/* ---- the server (http_server.c, http_listen.c, http_tls.c) ---- */

struct http_listener {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    char *where; /* as configured */
    char *path;  /* of a Unix socket, or NULL */
    dev_t device;
    ino_t inode; /* of the socket that is ours */
    int fd;
    bool tls, control;
};

struct http_server {
    struct http_config config;
    struct http_listener listeners[HTTP_LISTENERS];
    size_t listener_count;
    struct http_network proxies[HTTP_PROXIES];
    size_t proxy_count;
    char *certificate, *key; /* PEM; NULL: no TLS */
    struct http_pool pool;
    struct http_waits waits;

    pthread_mutex_t lock; /* connections, in_flight's zero, ended */
    pthread_cond_t changed;
    struct http_connection *connections;
    _Atomic int in_flight;
    _Atomic bool stopping;
    bool ticking, ended;
    pthread_t ticker;
};

/* Fill server->listeners; what was opened before a failure is http_listen_close's to close. */
int http_listen(struct http_server *server, struct error *err);
void http_listen_close(struct http_listener *listener);
void http_listen_remove(struct http_listener *listener); /* the file of a Unix socket, if ours */
int http_listen_port(int fd);

/* Reads config.tls_certificate and tls_key and checks that they fit. */
int http_tls_read(struct http_server *server, struct error *err);
void http_tls_forget(struct http_server *server);
/* To the client, once, without waiting, and that nothing more follows. */
void http_tls_finish(struct MHD_Connection *mhd, const char *bytes, size_t len);

#endif
