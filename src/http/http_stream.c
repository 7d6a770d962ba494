/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Streamed answers. A piece may be larger than libmicrohttpd's buffer, so one piece is held and
 * handed over in parts; the next is asked for only when it is gone. A stream that has nothing yet
 * is left alone for a moment (http_timing.no_stream) with its connection suspended.
 */
#include "http/http_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16384 };

struct source {
    struct http_request *req; /* only while the response is being sent */
    const struct http_stream *stream;
    void *context;
    struct strbuf piece;
    size_t sent; /* of the piece */
    bool last;
};

static ssize_t hand_over(struct source *s, char *buffer, size_t max)
{
    size_t left = s->piece.len - s->sent;
    size_t n = left < max ? left : max;
    memcpy(buffer, s->piece.data + s->sent, n);
    s->sent += n;
    return (ssize_t)n;
}

static ssize_t pause_stream(struct http_request *req)
{
    if (atomic_load(&req->server->waits.closing))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    req->paused = true;
    req->key = x_strdup("");
    req->seen = UINT64_MAX;
    req->deadline = clock_steady() + http_timing.no_stream;
    MHD_suspend_connection(req->mhd);
    http_wait_enter(req);
    return 0;
}

static ssize_t read_source(void *arg, uint64_t position, char *buffer, size_t max)
{
    struct source *s = arg;
    (void)position;
    if (s->sent < s->piece.len)
        return hand_over(s, buffer, max);
    if (s->last)
        return MHD_CONTENT_READER_END_OF_STREAM;
    strbuf_clear(&s->piece);
    s->sent = 0;
    int more = s->stream->next(s->context, &s->piece);
    if (more < 0 || s->piece.overflowed)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    s->last = !more;
    if (s->piece.len)
        return hand_over(s, buffer, max);
    return s->last ? MHD_CONTENT_READER_END_OF_STREAM : pause_stream(s->req);
}

static void free_source(void *arg)
{
    struct source *s = arg;
    s->stream->close(s->context);
    strbuf_free(&s->piece);
    free(s);
}

struct MHD_Response *http_stream_response(struct http_request *req)
{
    struct source *s = x_calloc(1, sizeof *s);
    s->req = req;
    s->stream = req->answer.stream;
    s->context = req->answer.context;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_source, s, free_source);
}
