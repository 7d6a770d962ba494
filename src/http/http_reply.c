/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Answers. A handler, on whatever thread, only notes its answer in the request; the event thread
 * then gives it to libmicrohttpd, or writes it to the socket itself when a body is cut off.
 */
#include "http/http_internal.h"

#include "base/memory.h"
#include "base/must.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- headers ---- */

typedef void header_visit(void *arg, const char *name, const char *value);

static const char *next_header(const struct http_answer *answer, size_t *at, const char **value)
{
    if (*at >= answer->headers.len)
        return NULL;
    const char *name = answer->headers.data + *at;
    *value = name + strlen(name) + 1;
    *at = (size_t)(*value - answer->headers.data) + strlen(*value) + 1;
    return name;
}

const char *http_answer_header(const struct http_answer *answer, const char *wanted)
{
    const char *name, *value;
    for (size_t at = 0; (name = next_header(answer, &at, &value));)
        if (strcasecmp(name, wanted) == 0)
            return value;
    return NULL;
}

static void remove_header(struct http_answer *answer, const char *wanted)
{
    const char *name, *value;
    size_t start = 0;
    for (size_t at = 0; (name = next_header(answer, &at, &value)); start = at)
        if (strcasecmp(name, wanted) == 0) {
            memmove(answer->headers.data + start, answer->headers.data + at,
                    answer->headers.len - at);
            answer->headers.len -= at - start;
            return;
        }
}

void http_set_header(struct http_request *req, const char *name, const char *value)
{
    struct strbuf *headers = &req->answer.headers;
    remove_header(&req->answer, name);
    strbuf_add(headers, name, strlen(name) + 1);
    size_t start = headers->len;
    strbuf_add(headers, value, strlen(value) + 1);
    /* A line's end in a value would begin another header, or the body. */
    utf8_make_printable(headers->data + start, headers->len - start + 1);
}

/* Those every answer has, unless the handler knew better. A document is never run, framed or told
 * about to others. */
static const struct {
    const char *name, *value;
} standard[] = {
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
};

enum { STANDARD = sizeof standard / sizeof standard[0] };

static void each_header(const struct http_request *req, header_visit *visit, void *arg)
{
    const struct http_answer *answer = &req->answer;
    bool later = answer->status == 503 || answer->status == 429;
    for (size_t i = 0; i < STANDARD; i++)
        if (!http_answer_header(answer, standard[i].name))
            visit(arg, standard[i].name, standard[i].value);
    const char *name, *value;
    for (size_t at = 0; (name = next_header(answer, &at, &value));)
        visit(arg, name, value);
    visit(arg, "X-Request-Id", req->id);
    visit(arg, "X-Content-Type-Options", "nosniff");
    if (http_secure(req))
        visit(arg, "Strict-Transport-Security", "max-age=31536000");
    if (later && !http_answer_header(answer, "Retry-After"))
        visit(arg, "Retry-After", "5");
    http_cors_headers(req, visit, arg);
    if (answer->close)
        visit(arg, "Connection", "close");
}

/* ---- noting an answer ---- */

static struct http_answer *note(struct http_request *req, enum http_answer_kind kind, int status)
{
    must(!req->answer.kind && !req->key); /* one answer, or a wait */
    req->answer.kind = kind;
    req->answer.status = status;
    return &req->answer;
}

static void note_bytes(struct http_request *req, int status, char *bytes, size_t len)
{
    struct http_answer *answer = note(req, HTTP_BYTES, status);
    answer->bytes = bytes;
    answer->size = len;
}

void http_reply(struct http_request *req, int status, const char *content_type, const void *body,
                size_t len)
{
    char *copy = x_calloc(1, len + 1);
    if (len)
        memcpy(copy, body, len);
    if (content_type && content_type[0])
        http_set_header(req, "Content-Type", content_type);
    note_bytes(req, status, copy, len);
}

void http_reply_json(struct http_request *req, int status, struct strbuf *body)
{
    if (body->overflowed) {
        strbuf_free(body);
        http_refuse(req, 500, ERROR_LIMIT, "the answer is larger than the server may hold");
        return;
    }
    if (!http_answer_header(&req->answer, "Content-Type"))
        http_set_header(req, "Content-Type", "application/json");
    size_t len = body->len;
    note_bytes(req, status, strbuf_detach(body), len);
}

void http_reply_fd(struct http_request *req, const char *content_type, int fd, uint64_t size)
{
    if (!size) { /* libmicrohttpd takes no empty file */
        close(fd);
        http_reply(req, 200, content_type, NULL, 0);
        return;
    }
    http_set_header(req, "Content-Type", content_type);
    struct http_answer *answer = note(req, HTTP_FILE, 200);
    answer->fd = fd;
    answer->size = size;
}

void http_reply_stream(struct http_request *req, const char *content_type,
                       const struct http_stream *stream, void *context)
{
    http_set_header(req, "Content-Type", content_type);
    note(req, HTTP_STREAM, 200)->source = http_source_new(req, stream, context);
}

/* What the answer still owns; of a stream at least its end is the answer's to tell. */
static void release(struct http_answer *answer)
{
    if (!answer->queued && answer->kind == HTTP_FILE)
        close(answer->fd);
    if (!answer->queued && answer->kind == HTTP_BYTES)
        free(answer->bytes);
    if (answer->source && answer->queued)
        http_source_end(answer->source);
    else if (answer->source)
        http_source_free(answer->source);
}

void http_answer_done(struct http_answer *answer)
{
    release(answer);
    strbuf_free(&answer->headers);
}

void http_answer_drop(struct http_request *req)
{
    struct http_answer *answer = &req->answer;
    bool close = answer->close;
    http_answer_done(answer);
    *answer = (struct http_answer){.close = close};
}

/* ---- through libmicrohttpd ---- */

static void add_to_response(void *response, const char *name, const char *value)
{
    MHD_add_response_header(response, name, value);
}

/* What the answer owned is the response's afterwards. */
static struct MHD_Response *response_of(struct http_answer *answer)
{
    struct MHD_Response *response = NULL;
    answer->queued = true;
    if (answer->kind == HTTP_BYTES) {
        if (answer->offset)
            memmove(answer->bytes, answer->bytes + answer->offset, answer->size);
        response =
            MHD_create_response_from_buffer(answer->size, answer->bytes, MHD_RESPMEM_MUST_FREE);
    } else if (answer->kind == HTTP_FILE) {
        response =
            MHD_create_response_from_fd_at_offset64(answer->size, answer->fd, answer->offset);
    } else {
        response = http_source_response(answer->source);
    }
    must(response != NULL);
    return response;
}

int http_answer_queue(struct http_request *req)
{
    /* A daemon that shuts down says yes, forgets the answer and asks again. */
    if (req->answer.queued)
        return -1;
    if (http_stopping(req->server))
        req->answer.close = true;
    http_conditional_apply(req);
    struct MHD_Response *response = response_of(&req->answer);
    each_header(req, add_to_response, response);
    enum MHD_Result ok = MHD_queue_response(req->mhd, (unsigned)req->answer.status, response);
    MHD_destroy_response(response);
    return ok == MHD_YES ? 0 : -1;
}

/* ---- past libmicrohttpd ---- */

static void add_to_text(void *text, const char *name, const char *value)
{
    strbuf_addf(text, "%s: %s\r\n", name, value);
}

void http_answer_cut(struct http_request *req)
{
    struct http_answer *answer = &req->answer;
    must(answer->kind == HTTP_BYTES);
    answer->close = true;
    char date[64];
    time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &utc));
    auto_strbuf text = {0};
    strbuf_addf(&text, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Length: %llu\r\n", answer->status,
                MHD_get_reason_phrase_for((unsigned)answer->status), date,
                (unsigned long long)answer->size);
    each_header(req, add_to_text, &text);
    strbuf_adds(&text, "\r\n");
    if (!req->head)
        strbuf_add(&text, answer->bytes, answer->size);
    /* A few hundred bytes into an empty socket buffer; if they do not fit, the client is lost. */
    int fd = req->connection->fd;
    if (req->listener->tls)
        http_tls_finish(req->mhd, text.data, text.len);
    else if (send(fd, text.data, text.len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)text.len)
        req->sent = req->head ? 0 : (int64_t)answer->size;
    shutdown(fd, SHUT_WR);
    req->stage = HTTP_CUT;
    http_connection_enter(req->connection, HTTP_LINGER);
}
