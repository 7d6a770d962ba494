/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Streamed answers. A piece may be larger than libmicrohttpd's buffer, so one piece is held and
 * handed over in parts; the next is asked for only when it is gone. A stream that has nothing yet
 * waits in the wait table, its connection suspended, for a wake-up or a moment; one that has
 * nothing while the server stops has ended. Called by http_reply.
 */
#include "http/http_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16384 };

struct http_source {
    struct http_request *req; /* NULL once that is over */
    struct http_stream stream;
    char *key;
    void *context;
    struct strbuf piece;
    size_t sent; /* of the piece */
    bool last;
};

static ssize_t hand_over(struct http_source *s, char *buffer, size_t max)
{
    size_t left = s->piece.len - s->sent;
    size_t n = left < max ? left : max;
    memcpy(buffer, s->piece.data + s->sent, n);
    s->sent += n;
    s->req->sent += (int64_t)n;
    return (ssize_t)n;
}

/* `seen`: the wake-ups that next() may have known of. */
static ssize_t pause_stream(struct http_source *s, uint64_t seen)
{
    struct http_request *req = s->req;
    int64_t idle = s->stream.idle_ms > 0 ? s->stream.idle_ms : http_timing.no_stream;
    req->key = x_strdup(s->key ? s->key : "");
    req->seen = s->key ? seen : UINT64_MAX;
    req->deadline = clock_steady() + idle;
    MHD_suspend_connection(req->mhd);
    http_wait_enter(req);
    return 0;
}

static ssize_t read_source(void *arg, uint64_t position, char *buffer, size_t max)
{
    struct http_source *s = arg;
    (void)position;
    if (s->sent < s->piece.len)
        return hand_over(s, buffer, max);
    if (s->last)
        return MHD_CONTENT_READER_END_OF_STREAM;
    strbuf_clear(&s->piece);
    s->sent = 0;
    struct http_server *server = s->req->server;
    bool stopping = http_stopping(server);
    uint64_t seen = atomic_load(&server->waits.sequence);
    int more = s->stream.next(s->context, &s->piece);
    if (more < 0 || s->piece.overflowed)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    s->last = !more || (stopping && !s->stream.busy && !s->piece.len);
    if (s->piece.len)
        return hand_over(s, buffer, max);
    return s->last ? MHD_CONTENT_READER_END_OF_STREAM : pause_stream(s, seen);
}

struct http_source *http_source_new(struct http_request *req, const struct http_stream *stream,
                                    void *context)
{
    struct http_source *s = x_calloc(1, sizeof *s);
    s->req = req;
    s->stream = *stream;
    s->key = x_strdup(stream->key);
    s->context = context;
    return s;
}

/* The app hears of its stream's end before that of the request, while libmicrohttpd keeps the
 * response a little longer. */
void http_source_end(struct http_source *s)
{
    s->stream.close(s->context);
    s->req = NULL;
}

void http_source_free(void *arg)
{
    struct http_source *s = arg;
    if (s->req) {
        s->req->answer.source = NULL;
        http_source_end(s);
    }
    strbuf_free(&s->piece);
    free(s->key);
    free(s);
}

struct MHD_Response *http_source_response(struct http_source *s)
{
    bool head = s->req->head;
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK, read_source, s, http_source_free);
    /* libmicrohttpd ends the chunks that it does not send to HEAD. Without chunks, and with the
     * connection's end in their place, nothing is left to be taken for the next answer. */
    if (head && response)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return response;
}
