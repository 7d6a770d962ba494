/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The application under the server of http_wait_test.c: handlers that wait, streams that wait, and
 * the start and stop of a server with them. For that one source file.
 */
#ifndef TESTS_HTTP_WAIT_APP_H
#define TESTS_HTTP_WAIT_APP_H

#include "http/http_internal.h"

#include "http_client.h"

#include "base/fd.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct {
    _Atomic int version; /* what requests wait to see change */
    _Atomic int calls, waiting, blocked, aborted, closed;
    _Atomic bool release;
} app;

static struct http_server *server, *server_inside; /* http_stop forgets the first at once */
static _Atomic int port;

static void reply_number(struct http_request *req, const char *word, int n)
{
    auto_strbuf text = {0};
    strbuf_addf(&text, "%s %d", word, n);
    http_reply(req, 200, "text/plain", text.data, text.len);
}

/* GET /wait?since=N&timeout=MS: answers once the version is larger, or when told to. */
static void handle_wait(void *arg, struct http_request *req)
{
    (void)arg;
    app.calls++;
    ++*(int *)http_context(req);
    int version = app.version;
    if (version > atoi(http_query(req, "since")))
        reply_number(req, "changed", version);
    else if (http_wait_over(req))
        reply_number(req, "over", *(int *)http_context(req));
    else {
        app.waiting++;
        http_wait(req, http_query(req, "key"), atoi(http_query(req, "timeout")));
    }
}

/* The change comes after the look and before the wait, every time. */
static void handle_gap(void *arg, struct http_request *req)
{
    (void)arg;
    app.calls++;
    int version = app.version;
    if (version > 0 || http_wait_over(req)) {
        reply_number(req, version ? "changed" : "over", version);
        return;
    }
    app.version = 1;
    http_wake(server, "gap");
    http_wait(req, "gap", 600000);
}

static void handle_stubborn(void *arg, struct http_request *req)
{
    (void)arg;
    app.waiting++;
    http_wait(req, "never", 50);
}

static void handle_block(void *arg, struct http_request *req)
{
    (void)arg;
    app.blocked++;
    while (!app.release)
        usleep(1000);
    reply_number(req, "released", 1);
}

/* Waits only when the server is stopping already, without having been told. */
static void handle_late(void *arg, struct http_request *req)
{
    (void)arg;
    if (http_wait_over(req)) {
        reply_number(req, "over", 1);
        return;
    }
    app.blocked++;
    while (!atomic_load(&server_inside->stopping))
        usleep(1000);
    http_wait(req, "never", 600000);
}

static void handle_now(void *arg, struct http_request *req)
{
    (void)arg;
    reply_number(req, "now", 1);
}

struct counting {
    int at, count;
    int64_t piece;
    bool cut;
};

static int count_next(void *context, struct strbuf *chunk)
{
    struct counting *c = context;
    if (c->at == 2 && chunk->len == 0 && c->piece > 0) {
        c->piece = -c->piece; /* nothing just now */
        return 1;
    }
    if (c->cut && c->at == 2)
        return -1;
    for (int64_t i = 0; i < llabs(c->piece); i++)
        strbuf_addc(chunk, (char)('a' + (c->at + i) % 26));
    return ++c->at < c->count;
}

static void count_close(void *context)
{
    free(context);
    app.closed++;
}

/* GET /stream?piece=BYTES&count=N[&cut] */
static void handle_stream(void *arg, struct http_request *req)
{
    static const struct http_stream stream = {.next = count_next, .close = count_close};
    (void)arg;
    struct counting *c = calloc(1, sizeof *c);
    c->count = atoi(http_query(req, "count"));
    c->piece = atoi(http_query(req, "piece"));
    c->cut = http_query(req, "cut") != NULL;
    http_reply_stream(req, "text/plain", &stream, c);
}

static int endless_next(void *context, struct strbuf *chunk)
{
    (void)context;
    if (app.waiting++ == 0)
        strbuf_adds(chunk, "data: hello\n\n");
    return 1;
}

static void endless_close(void *context)
{
    (void)context;
    app.closed++;
}

static void handle_endless(void *arg, struct http_request *req)
{
    static const struct http_stream stream = {.next = endless_next, .close = endless_close};
    (void)arg;
    http_reply_stream(req, "text/event-stream", &stream, NULL);
}

static void count_nothing(void *context)
{
    (void)context;
}

/* GET /events: the version at first and whenever it has changed, a last word when the server stops.
 * Asked by wake-ups alone. */
struct events {
    int told;
};

static int events_next(void *context, struct strbuf *chunk)
{
    struct events *e = context;
    int version = app.version;
    app.calls++;
    if (version > e->told)
        strbuf_addf(chunk, "%d\n", version);
    e->told = version;
    if (!http_stopping(server_inside))
        return 1;
    strbuf_adds(chunk, "bye\n");
    return 0;
}

static void events_close(void *context)
{
    free(context);
    app.closed++;
}

static void handle_events(void *arg, struct http_request *req)
{
    (void)arg;
    char key[] = "events"; /* gone before the stream begins */
    const struct http_stream stream = {events_next, events_close, key, 600000};
    http_reply_stream(req, "text/event-stream", &stream, calloc(1, sizeof(struct events)));
    memset(key, 'x', sizeof key - 1);
}

/* The change comes after the look and before the wait. */
static int gap_next(void *context, struct strbuf *chunk)
{
    (void)context;
    if (app.version > 0) {
        strbuf_adds(chunk, "changed");
        return 0;
    }
    app.version = 1;
    http_wake(server_inside, "gap");
    return 1;
}

static void handle_gap_stream(void *arg, struct http_request *req)
{
    static const struct http_stream stream = {gap_next, count_nothing, "gap", 600000};
    (void)arg;
    http_reply_stream(req, "text/plain", &stream, NULL);
}

/* GET /file?size=BYTES */
static void handle_file(void *arg, struct http_request *req)
{
    (void)arg;
    int size = atoi(http_query(req, "size"));
    int fd = fd_memory("answer", NULL);
    auto_strbuf bytes = {0};
    for (int i = 0; i < size; i++)
        strbuf_addc(&bytes, (char)('a' + i % 26));
    fd_write_full(fd, strbuf_str(&bytes), bytes.len, NULL);
    http_reply_fd(req, "application/pdf", fd, (uint64_t)size);
}

static void *sink_begin(void *arg, const char *filename, const char *type, struct error *err)
{
    (void)arg, (void)filename, (void)type, (void)err;
    app.waiting++;
    return calloc(1, 1);
}

static int sink_write(void *context, const void *bytes, size_t len, struct error *err)
{
    (void)context, (void)bytes, (void)len, (void)err;
    return 0;
}

static void sink_abort(void *context)
{
    free(context);
    app.aborted++;
}

static const struct http_sink sink = {sink_begin, sink_write, sink_abort};

static const struct http_route routes[] = {
    {"GET", "/wait", handle_wait, NULL, 0},
    {"GET", "/wait/pool", handle_wait, NULL, HTTP_BLOCKING},
    {"GET", "/gap", handle_gap, NULL, 0},
    {"GET", "/gap/pool", handle_gap, NULL, HTTP_BLOCKING},
    {"GET", "/stubborn", handle_stubborn, NULL, 0},
    {"GET", "/block", handle_block, NULL, HTTP_BLOCKING},
    {"GET", "/late", handle_late, NULL, HTTP_BLOCKING},
    {"GET", "/now", handle_now, NULL, 0},
    {"GET", "/stream", handle_stream, NULL, 0},
    {"GET", "/endless", handle_endless, NULL, 0},
    {"GET", "/events", handle_events, NULL, 0},
    {"GET", "/events/pool", handle_events, NULL, HTTP_BLOCKING},
    {"GET", "/gap/stream", handle_gap_stream, NULL, 0},
    {"GET", "/file", handle_file, NULL, HTTP_BLOCKING},
    {"POST", "/upload", handle_now, &sink, 0},
};

static const struct http_config config = {
    .listen = "127.0.0.1:0",
    .max_body = 1 << 20,
    .threads = 2,
    .pool_threads = 2,
    .connections = 300,
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .context = sizeof(int),
};

static const struct http_timing standard = {
    .tick = 5, .header = 20000, .idle = 20000, .window = 20000, .linger = 2000, .no_stream = 5};

static int start(void **state)
{
    struct error err;
    (void)state;
    memset(&app, 0, sizeof app);
    if (http_open(&server, &config, &err) < 0 || http_serve(server, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    server_inside = server;
    port = http_port(server);
    return 0;
}

static int start_standard(void **state)
{
    http_timing = standard;
    return start(state);
}

static int start_impatient(void **state)
{
    http_timing = standard;
    http_timing.header = http_timing.idle = http_timing.window = 100;
    return start(state);
}

static int stop(void **state)
{
    (void)state;
    http_stop(&server, 2000);
    return 0;
}

static void wait_for(_Atomic int *counter, int value)
{
    for (int i = 0; i < 20000 && *counter < value; i++)
        usleep(1000);
    assert_true(*counter >= value);
}

#define HOST " HTTP/1.1\r\nHost: x\r\n"

#endif
