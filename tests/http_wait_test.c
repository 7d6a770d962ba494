/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The HTTP server in time: waiting and waking, streamed and file answers, slow clients, stopping.
 * No assertion is on a duration; what must not happen would hang, and the alarm ends it.
 */
#include "http/http_internal.h"

#include "http_client.h"

#include "base/fd.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- the application under the server ---- */

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

/* ---- waiting ---- */

static void wake(void **state)
{
    (void)state;
    static const char *const paths[] = {"/wait", "/wait/pool"};
    for (int i = 0; i < 2; i++) {
        auto_answer a = {0};
        auto_strbuf request = {0};
        memset(&app, 0, sizeof app);
        strbuf_addf(&request, "GET %s?key=k&since=0&timeout=20000" HOST "\r\n", paths[i]);
        int fd = client_connect(port);
        client_sends(fd, request.data);
        wait_for(&app.waiting, 1);
        http_wake(server, "another key");
        app.version = 7;
        http_wake(server, "k");
        client_read(fd, false, &a);
        assert_string_equal(strbuf_str(&a.body), "changed 7");
        assert_in_range(app.calls, 2, 3); /* 3: another key came between look and wait */
        close(fd);
    }
}

static void wake_in_vain(void **state)
{
    (void)state;
    auto_answer a = {0};
    int fd = client_connect(port);
    client_sends(fd, "GET /wait/pool?key=k&since=0&timeout=20000" HOST "\r\n");
    for (int i = 1; i <= 5; i++) {
        wait_for(&app.waiting, i);
        http_wake(server, "k");
    }
    wait_for(&app.waiting, 6);
    app.version = 1;
    http_wake(server, "k");
    client_read(fd, false, &a);
    assert_string_equal(strbuf_str(&a.body), "changed 1");
    close(fd);
}

static void deadline(void **state)
{
    (void)state;
    auto_answer a = {0};
    client_ask(port, "GET /wait?key=k&since=0&timeout=30" HOST "\r\n", &a);
    assert_string_equal(strbuf_str(&a.body), "over 2");
    client_ask(port, "GET /wait/pool?key=k&since=0&timeout=0" HOST "\r\n", &a);
    assert_string_equal(strbuf_str(&a.body), "over 2");
    assert_int_equal(client_ask(port, "GET /stubborn" HOST "\r\n", &a), 503);
}

static void many_waiters(void **state)
{
    (void)state;
    enum { CLIENTS = 100 };
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        auto_strbuf request = {0};
        strbuf_addf(&request, "GET /wait?key=k%d&since=0&timeout=20000" HOST "\r\n", i % 10);
        fds[i] = client_connect(port);
        client_sends(fds[i], request.data);
    }
    wait_for(&app.waiting, CLIENTS);
    close(fds[0]); /* nobody will read that answer */
    app.version = 1;
    for (int i = 0; i < 10; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        http_wake(server, key);
    }
    for (int i = 1; i < CLIENTS; i++) {
        auto_answer a = {0};
        client_read(fds[i], false, &a);
        assert_string_equal(strbuf_str(&a.body), "changed 1");
        close(fds[i]);
    }
}

static _Atomic int racing; /* the version the client has asked about */

static void *change_and_wake(void *arg)
{
    int rounds = *(int *)arg;
    for (int i = 0; i < rounds; i++) {
        while (racing <= i)
            sched_yield();
        for (volatile int pause = 0; pause < (i * 37) % 3000; pause++)
            ;
        app.version = i + 1;
        http_wake(server, "race");
    }
    return NULL;
}

/* Nothing changes again before the client has its answer, so a lost wake-up leaves it without. */
static void race(const char *path)
{
    int rounds = 1000;
    pthread_t waker;
    racing = 0;
    app.version = 0;
    assert_int_equal(pthread_create(&waker, NULL, change_and_wake, &rounds), 0);
    int fd = client_connect(port);
    for (int i = 0; i < rounds; i++) {
        auto_answer a = {0};
        char request[128];
        snprintf(request, sizeof request, "GET %s?key=race&since=%d&timeout=600000" HOST "\r\n",
                 path, i);
        racing = i + 1;
        client_sends(fd, request);
        client_read(fd, false, &a);
        assert_memory_equal(strbuf_str(&a.body), "changed", 7);
    }
    close(fd);
    pthread_join(waker, NULL);
}

/* Lost, the wake-up would leave the request waiting until the client gives up. */
static void wake_in_the_gap(void **state)
{
    (void)state;
    static const char *const requests[] = {"GET /gap" HOST "\r\n", "GET /gap/pool" HOST "\r\n"};
    for (int i = 0; i < 2; i++) {
        auto_answer a = {0};
        memset(&app, 0, sizeof app);
        int fd = client_connect(port);
        client_sends(fd, requests[i]);
        client_read(fd, false, &a);
        assert_string_equal(strbuf_str(&a.body), "changed 1");
        assert_int_equal(app.calls, 2);
        close(fd);
    }
}

static void wake_races(void **state)
{
    (void)state;
    race("/wait");
    race("/wait/pool");
}

/* ---- answers ---- */

static void streams(void **state)
{
    (void)state;
    auto_answer a = {0};
    client_ask(port, "GET /stream?piece=300000&count=5" HOST "\r\n", &a);
    assert_int_equal(a.body.len, 1500000);
    for (size_t i = 0; i < a.body.len; i++)
        if (a.body.data[i] != (char)('a' + (i / 300000 + i % 300000) % 26))
            fail_msg("byte %zu of the stream is wrong", i);
    client_ask(port, "GET /stream?piece=1&count=3" HOST "\r\n", &a);
    assert_string_equal(a.body.data, "abc");
    client_ask(port, "GET /stream?piece=0&count=1" HOST "\r\n", &a);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body.len, 0);
    client_ask(port, "GET /stream?piece=1000&count=5&cut" HOST "\r\n", &a);
    assert_true(a.cut);
    int fd = client_connect(port);
    client_sends(fd, "HEAD /stream?piece=1&count=3" HOST "\r\n");
    client_read(fd, true, &a);
    assert_int_equal(a.status, 200);
    char after;
    assert_int_equal(read(fd, &after, 1), 0); /* not even the end of chunks */
    close(fd);
    wait_for(&app.closed, 5);
    assert_int_equal(app.closed, 5);
}

static bool chunk_is(int fd, const char *expected)
{
    auto_strbuf line = {0}, chunk = {0};
    if (!client_line(fd, &line))
        return false;
    size_t len = strtoul(line.data, NULL, 16);
    return client_exact(fd, &chunk, len) && client_exact(fd, NULL, 2) &&
           strcmp(strbuf_str(&chunk), expected) == 0;
}

static void events(void **state)
{
    (void)state;
    enum { CLIENTS = 20, ROUNDS = 50 };
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        auto_answer a = {0};
        fds[i] = client_connect(port);
        client_sends(fds[i], i % 2 ? "GET /events" HOST "\r\n" : "GET /events/pool" HOST "\r\n");
        assert_true(client_head(fds[i], &a));
    }
    /* The next change comes when all have seen the last, so a lost wake-up would hang. */
    for (int round = 1; round <= ROUNDS; round++) {
        char expected[16];
        snprintf(expected, sizeof expected, "%d\n", round);
        app.version = round;
        http_wake(server, "events");
        for (int i = 0; i < CLIENTS; i++)
            assert_true(chunk_is(fds[i], expected));
    }
    close(fds[0]); /* noticed when something is sent, and refused */
    for (int i = 0; i < 20000 && !app.closed; i++) {
        app.version++;
        http_wake(server, "events");
        usleep(1000);
    }
    assert_int_equal(app.closed, 1);
    for (int i = 1; i < CLIENTS; i++)
        close(fds[i]);
}

static void wake_in_the_gap_of_a_stream(void **state)
{
    (void)state;
    auto_answer a = {0};
    client_ask(port, "GET /gap/stream" HOST "\r\n", &a);
    assert_string_equal(strbuf_str(&a.body), "changed");
}

static void stream_to_old_client(void **state)
{
    (void)state;
    int fd = client_connect(port);
    auto_answer a = {0};
    auto_strbuf body = {0};
    client_sends(fd, "GET /stream?piece=100000&count=3 HTTP/1.0\r\n\r\n");
    assert_true(client_head(fd, &a));
    assert_true(client_exact(fd, &body, 300000)); /* no length, no chunks: up to the end */
    assert_true(client_sees_end(fd));
    close(fd);
}

static void files(void **state)
{
    (void)state;
    auto_answer a = {0};
    char value[256];
    client_ask(port, "GET /file?size=3000000" HOST "\r\n", &a);
    assert_string_equal(client_header(&a, "Content-Type", value), "application/pdf");
    assert_int_equal(a.body.len, 3000000);
    for (size_t i = 0; i < a.body.len; i++)
        if (a.body.data[i] != (char)('a' + i % 26))
            fail_msg("byte %zu of the file is wrong", i);
    client_ask(port, "HEAD /file?size=10" HOST "\r\n", &a);
    assert_string_equal(client_header(&a, "Content-Length", value), "10");
    client_ask(port, "GET /file?size=0" HOST "\r\n", &a);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body.len, 0);
}

/* ---- slow clients ---- */

static void slow_clients(void **state)
{
    (void)state;
    static const char *const starts[] = {
        "",
        "GET /now HTTP/1.1\r\nHo",
        "POST /upload" HOST "Content-Length: 100000\r\n\r\nabc",
    };
    for (int i = 0; i < 3; i++) {
        int fd = client_connect(port);
        client_sends(fd, starts[i]);
        assert_true(client_sees_end(fd));
        close(fd);
    }
    wait_for(&app.aborted, 1);
    auto_answer a = {0};
    int fd = client_connect(port);
    client_sends(fd, "GET /now" HOST "\r\n");
    client_read(fd, false, &a);
    assert_int_equal(a.status, 200);
    assert_true(client_sees_end(fd)); /* idle */
    close(fd);
}

/* Bytes alone do not keep a connection: one a tick would restart libmicrohttpd's own timeout. */
static void dripping_client(void **state)
{
    (void)state;
    int fd = client_connect(port);
    client_sends(fd, "GET /now HTTP/1.1\r\nX: ");
    for (int i = 0; i < 4000 && client_sends(fd, "x"); i++)
        usleep(5000);
    assert_false(client_sends(fd, "x"));
    close(fd);
}

static void waiting_is_not_slow(void **state)
{
    (void)state;
    auto_answer a = {0};
    client_ask(port, "GET /wait?key=k&since=0&timeout=500" HOST "\r\n", &a);
    assert_string_equal(strbuf_str(&a.body), "over 2");
}

/* ---- stopping ---- */

static void stop_with_waiters(void **state)
{
    (void)state;
    auto_answer a = {0};
    int idle = client_connect(port), waiting = client_connect(port), pool = client_connect(port);
    client_sends(waiting, "GET /wait?key=k&since=0&timeout=600000" HOST "\r\n");
    client_sends(pool, "GET /wait/pool?key=k&since=0&timeout=600000" HOST "\r\n");
    wait_for(&app.waiting, 2);
    http_stop(&server, 600000);
    assert_null(server);
    client_read(waiting, false, &a);
    assert_string_equal(strbuf_str(&a.body), "over 2");
    assert_non_null(strstr(a.head.data, "Connection: close"));
    client_read(pool, false, &a);
    assert_string_equal(strbuf_str(&a.body), "over 2");
    assert_true(client_sees_end(idle));
    assert_int_equal(client_connect(port), -1);
    close(idle), close(waiting), close(pool);
}

static void stop_with_slow_upload(void **state)
{
    (void)state;
    int upload = client_connect(port), header = client_connect(port);
    client_sends(header, "GET /now HT");
    client_sends(upload, "POST /upload" HOST "Content-Length: 1000\r\n\r\nabc");
    wait_for(&app.waiting, 1);
    http_stop(&server, 50);
    assert_int_equal(app.aborted, 1);
    assert_true(client_sees_end(header));
    close(upload), close(header);
}

static void *release_soon(void *arg)
{
    (void)arg;
    usleep(50000);
    app.release = true;
    return NULL;
}

static void stop_with_pool_at_work(void **state)
{
    (void)state;
    int fds[4];
    for (int i = 0; i < 4; i++) { /* two run, two are queued */
        fds[i] = client_connect(port);
        client_sends(fds[i], "GET /block" HOST "\r\n");
    }
    wait_for(&app.blocked, 2);
    pthread_t thread;
    pthread_create(&thread, NULL, release_soon, NULL);
    http_stop(&server, 0);
    pthread_join(thread, NULL);
    assert_int_equal(app.blocked, 2);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}

static void stop_lets_requests_finish(void **state)
{
    (void)state;
    auto_answer a = {0};
    pthread_t thread;
    int fd = client_connect(port);
    client_sends(fd, "GET /block" HOST "\r\n");
    wait_for(&app.blocked, 1);
    pthread_create(&thread, NULL, release_soon, NULL);
    http_stop(&server, 600000);
    pthread_join(thread, NULL);
    client_read(fd, false, &a);
    assert_string_equal(strbuf_str(&a.body), "released 1");
    close(fd);
}

static void stop_before_a_wait(void **state)
{
    (void)state;
    auto_answer a = {0};
    int fd = client_connect(port);
    client_sends(fd, "GET /late" HOST "\r\n");
    wait_for(&app.blocked, 1);
    http_stop(&server, 600000);
    client_read(fd, false, &a);
    assert_string_equal(strbuf_str(&a.body), "over 1");
    close(fd);
}

static void stop_with_endless_stream(void **state)
{
    (void)state;
    auto_answer a = {0};
    int fd = client_connect(port);
    client_sends(fd, "GET /endless" HOST "\r\n");
    wait_for(&app.waiting, 3);
    http_stop(&server, 600000);
    assert_int_equal(app.closed, 1);
    client_read(fd, false, &a);
    assert_false(a.cut);
    assert_string_equal(a.body.data, "data: hello\n\n");
    close(fd);
}

static void stop_with_events(void **state)
{
    (void)state;
    static const char *const requests[] = {"GET /events" HOST "\r\n",
                                           "GET /events/pool" HOST "\r\n"};
    int fds[2];
    for (int i = 0; i < 2; i++) {
        fds[i] = client_connect(port);
        client_sends(fds[i], requests[i]);
    }
    wait_for(&app.calls, 2);
    http_stop(&server, 600000);
    for (int i = 0; i < 2; i++) {
        auto_answer a = {0};
        client_read(fds[i], false, &a);
        assert_false(a.cut);
        assert_string_equal(strbuf_str(&a.body), "bye\n");
        close(fds[i]);
    }
    assert_int_equal(app.closed, 2);
}

static _Atomic bool hammering;

static void *hammer(void *arg)
{
    (void)arg;
    while (hammering) {
        auto_answer a = {0};
        int fd = client_connect(port);
        if (fd < 0)
            continue;
        client_sends(fd, "GET /now" HOST "\r\n");
        client_read(fd, false, &a);
        close(fd);
    }
    return NULL;
}

/* Clients come and go on every event thread while the listener goes away. */
static void stop_under_load(void **state)
{
    enum { CLIENTS = 4, ROUNDS = 20 };
    pthread_t threads[CLIENTS];
    hammering = true;
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, NULL), 0);
    for (int i = 0; i < ROUNDS; i++) {
        usleep(10000);
        http_stop(&server, 2000);
        assert_int_equal(start(state), 0);
    }
    hammering = false;
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
}

#define ON_SERVER(test) cmocka_unit_test_setup_teardown(test, start_standard, stop)
#define ON_IMPATIENT_SERVER(test) cmocka_unit_test_setup_teardown(test, start_impatient, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(wake),
        ON_SERVER(wake_in_vain),
        ON_SERVER(deadline),
        ON_SERVER(many_waiters),
        ON_SERVER(wake_in_the_gap),
        ON_SERVER(wake_races),
        ON_SERVER(streams),
        ON_SERVER(events),
        ON_SERVER(wake_in_the_gap_of_a_stream),
        ON_SERVER(stream_to_old_client),
        ON_SERVER(files),
        ON_IMPATIENT_SERVER(slow_clients),
        ON_IMPATIENT_SERVER(dripping_client),
        ON_IMPATIENT_SERVER(waiting_is_not_slow),
        ON_SERVER(stop_with_waiters),
        ON_SERVER(stop_with_slow_upload),
        ON_SERVER(stop_with_pool_at_work),
        ON_SERVER(stop_lets_requests_finish),
        ON_SERVER(stop_before_a_wait),
        ON_SERVER(stop_with_endless_stream),
        ON_SERVER(stop_with_events),
        ON_SERVER(stop_under_load),
    };
    alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
