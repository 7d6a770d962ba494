/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Request bodies while they arrive: small ones into memory, documents into the route's sink, either
 * raw or as the part "file" of a form. Refuses what is too large, as early as it is known, framing
 * that two servers could read differently, and broken forms. Called by http_exchange on event
 * threads.
 *
 * After a failure the rest is read and thrown away up to HTTP_DRAIN, so that a client that only
 * listens when it has sent everything sees the answer; beyond that the answer is sent at once and
 * the connection ends.
 */
#include "http/http_internal.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int64_t limit_of(const struct http_request *req)
{
    return req->route->sink ? req->server->config.max_body : HTTP_SMALL_BODY;
}

static void fail(struct http_request *req, const struct error *err)
{
    struct http_body *body = &req->body;
    const struct http_sink *sink = req->route->sink;
    if (body->upload)
        sink->abort(body->upload);
    body->upload = NULL;
    body->failed = true;
    if (err->class == ERROR_INPUT && !body->sink_failed)
        http_refuse(req, 400, ERROR_INPUT, err->text);
    else
        http_reply_error(req, err, NULL);
}

static int open_document(struct http_request *req, const char *filename, const char *type,
                         struct error *err)
{
    struct http_body *body = &req->body;
    if (body->document_seen)
        return error_set(err, ERROR_INPUT, "multipart body: more than one part named file");
    body->document_seen = true;
    body->upload = req->route->sink->begin(req->server->config.app, filename, type, err);
    body->sink_failed = !body->upload;
    return body->upload ? 0 : -1;
}

static int write_document(struct http_request *req, const char *bytes, size_t len,
                          struct error *err)
{
    struct http_body *body = &req->body;
    if (req->route->sink->write(body->upload, bytes, len, err) == 0)
        return 0;
    body->sink_failed = true;
    return -1;
}

/* ---- forms ---- */

static int begin_part(void *arg, const struct http_part *part, struct error *err)
{
    struct http_request *req = arg;
    struct http_body *body = &req->body;
    body->in_document = strcmp(part->name, "file") == 0;
    if (body->in_document)
        return open_document(req, part->filename, part->type, err);
    if (++body->field_count > HTTP_FIELDS)
        return error_set(err, ERROR_LIMIT, "multipart body: more than %d fields", HTTP_FIELDS);
    strbuf_add(&body->fields, part->name, strlen(part->name) + 1);
    body->field_start = body->fields.len;
    return 0;
}

static int part_data(void *arg, const char *bytes, size_t len, struct error *err)
{
    struct http_request *req = arg;
    struct http_body *body = &req->body;
    if (body->in_document)
        return write_document(req, bytes, len, err);
    if (len > HTTP_FIELD - (body->fields.len - body->field_start))
        return error_set(err, ERROR_LIMIT, "multipart body: a field over %d bytes", HTTP_FIELD);
    strbuf_add(&body->fields, bytes, len);
    return 0;
}

static int end_part(void *arg, struct error *err)
{
    struct http_request *req = arg;
    struct http_body *body = &req->body;
    if (body->in_document)
        return 0;
    size_t len = body->fields.len - body->field_start;
    const char *value = body->fields.data + body->field_start;
    if (memchr(value, '\0', len) || !utf8_valid(value, len))
        return error_set(err, ERROR_INPUT, "multipart body: a field is not UTF-8 text");
    strbuf_addc(&body->fields, '\0');
    return 0;
}

static const struct http_part_events events = {begin_part, part_data, end_part};

int http_each_field(const struct http_request *req,
                    int (*visit)(void *arg, const char *name, const char *value), void *arg)
{
    const struct strbuf *fields = &req->body.fields;
    for (size_t i = 0; i < fields->len;) {
        const char *name = fields->data + i;
        const char *value = name + strlen(name) + 1;
        i = (size_t)(value - fields->data) + strlen(value) + 1;
        int stop = visit(arg, name, value);
        if (stop)
            return stop;
    }
    return 0;
}

/* ---- framing ---- */

static enum MHD_Result count_named(void *arg, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    static const char *const names[] = {"Content-Length", "Transfer-Encoding", "Host"};
    int *counts = arg;
    (void)kind, (void)value;
    for (int i = 0; i < 3; i++)
        counts[i] += strcasecmp(name, names[i]) == 0;
    return MHD_YES;
}

/* RFC 9112, 3.2 and 6.3: whatever another server could frame or route differently is refused. */
static const char *misframed(struct http_request *req)
{
    bool http10 = strcmp(req->version, "HTTP/1.0") == 0;
    int counts[3] = {0};
    MHD_get_connection_values(req->mhd, MHD_HEADER_KIND, count_named, counts);
    const char *coding = http_header(req, "Transfer-Encoding");
    if (counts[0] > 1 || counts[1] > 1)
        return "more than one Content-Length or Transfer-Encoding";
    if (counts[0] && counts[1])
        return "both Content-Length and Transfer-Encoding";
    if (coding && (http10 || strcasecmp(coding, "chunked") != 0))
        return "a Transfer-Encoding other than chunked";
    if (counts[2] > 1 || (!counts[2] && !http10))
        return "not exactly one Host";
    return NULL;
}

/* libmicrohttpd takes a bare LF for the end of a chunk's line, and nobody behind it can tell.
 * Somebody before it may read on, so what follows chunks on a connection is no request to us. */
void http_body_announce(struct http_request *req)
{
    struct http_body *body = &req->body;
    const char *length = http_header(req, "Content-Length");
    body->chunked = http_header(req, "Transfer-Encoding") != NULL;
    req->answer.close = body->chunked;
    errno = 0;
    body->announced = length ? strtoll(length, NULL, 10) : 0;
    body->beyond = errno == ERANGE;
    body->coming = body->chunked || body->announced != 0;
}

int http_body_frame(struct http_request *req)
{
    const char *wrong = misframed(req);
    if (!wrong && req->body.beyond)
        wrong = "a Content-Length beyond all bounds";
    if (!wrong)
        return 0;
    req->answer.close = true;
    http_refuse(req, 400, ERROR_INPUT, wrong);
    return -1;
}

/* ---- the body as a whole ---- */

static void too_large(struct http_request *req)
{
    struct error err;
    error_set(&err, ERROR_LIMIT, "the body is larger than %lld bytes", (long long)limit_of(req));
    fail(req, &err);
}

int http_body_begin(struct http_request *req)
{
    struct http_body *body = &req->body;
    const char *type = http_header(req, "Content-Type");
    if (body->announced > limit_of(req)) {
        too_large(req);
        return -1;
    }
    body->small.cap = HTTP_SMALL_BODY + 1;
    if (!body->coming || !req->route->sink || !type || !http_media_is(type, "multipart/form-data"))
        return 0;
    struct error err;
    if (http_multipart_open(&body->multipart, type, &events, req, &err) == 0)
        return 0;
    fail(req, &err);
    return -1;
}

/* A raw body's name: ?filename=, else Content-Disposition. */
static int open_raw(struct http_request *req, struct error *err)
{
    char given[1024] = "", filename[HTTP_FILENAME], media[HTTP_NAME];
    const char *name = http_query(req, "filename");
    const char *disposition = http_header(req, "Content-Disposition");
    const char *type = http_header(req, "Content-Type");
    if (!name && disposition && http_header_param(disposition, "filename", given, sizeof given))
        name = given;
    http_clean_filename(name ? name : "", filename);
    http_media(type ? type : "", media);
    return open_document(req, filename, media, err);
}

static int feed(struct http_request *req, const char *bytes, size_t len, struct error *err)
{
    struct http_body *body = &req->body;
    if (body->multipart)
        return http_multipart_feed(body->multipart, bytes, len, err);
    if (!req->route->sink) {
        strbuf_add(&body->small, bytes, len);
        return 0;
    }
    if (!body->document_seen && open_raw(req, err) < 0)
        return -1;
    return write_document(req, bytes, len, err);
}

void http_body_data(struct http_request *req, const char *bytes, size_t len)
{
    struct http_body *body = &req->body;
    struct error err;
    body->received += (int64_t)len;
    if (body->failed)
        body->drained += (int64_t)len;
    else if (body->received > limit_of(req))
        too_large(req);
    else if (feed(req, bytes, len, &err) < 0)
        fail(req, &err);
    if (body->failed && body->drained > HTTP_DRAIN)
        http_answer_cut(req);
}

int http_body_end(struct http_request *req)
{
    struct http_body *body = &req->body;
    struct error err;
    if (!body->failed && body->multipart && http_multipart_finish(body->multipart, &err) < 0)
        fail(req, &err);
    http_multipart_free(&body->multipart);
    return body->failed ? -1 : 0;
}

void http_body_done(struct http_request *req)
{
    struct http_body *body = &req->body;
    if (body->upload)
        req->route->sink->abort(body->upload);
    body->upload = NULL;
    http_multipart_free(&body->multipart);
    strbuf_free(&body->small);
    strbuf_free(&body->fields);
}

const struct strbuf *http_body(const struct http_request *req)
{
    return &req->body.small;
}

void *http_take_upload(struct http_request *req)
{
    void *upload = req->body.upload;
    req->body.upload = NULL;
    return upload;
}
