/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The app's part in a request: admission, its memory, its refusals, and what it hears at the end.
 */
#include "http/http.h"

#include "http_client.h"
#include "unit.h"

#include <pthread.h>

struct memory {
    int admitted;
    char rest[1000];
};

static struct {
    pthread_mutex_t lock; /* of last */
    char last[256];
    _Atomic int begun, aborted, closed, done;
} app;

static void *sink_begin(void *arg, const char *filename, const char *type, struct error *err)
{
    (void)arg, (void)filename, (void)type, (void)err;
    app.begun++;
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

static void handle_upload(void *arg, struct http_request *req)
{
    (void)arg;
    free(http_take_upload(req));
    http_reply(req, 201, NULL, NULL, 0);
}

/* GET /tagged: 26 bytes of which a part can be asked for. */
static void handle_tagged(void *arg, struct http_request *req)
{
    (void)arg;
    if (!http_fresh(req, "v1"))
        http_reply(req, 200, "text/plain", "abcdefghijklmnopqrstuvwxyz", 26);
}

static int stream_next(void *context, struct strbuf *chunk)
{
    int *left = context;
    strbuf_adds(chunk, "0123456789");
    return --*left > 0;
}

static void stream_close(void *context)
{
    free(context);
    app.closed++;
}

static void handle_stream(void *arg, struct http_request *req)
{
    static const struct http_stream stream = {.next = stream_next, .close = stream_close};
    (void)arg;
    int *left = calloc(1, sizeof *left);
    *left = 5;
    http_reply_stream(req, "text/plain", &stream, left);
}

/* GET /problem?status=N */
static void handle_problem(void *arg, struct http_request *req)
{
    const char *status = http_query(req, "status");
    (void)arg;
    http_reply_problem(req, &(struct http_problem){.status = status ? atoi(status) : 429,
                                                   .code = "quota",
                                                   .title = "Too many",
                                                   .detail = "slower",
                                                   .field = "dpi",
                                                   .retry_after = status ? 0 : 17});
}

/* What admit left in the request's memory, and what there is to say about it. */
static void handle_about(void *arg, struct http_request *req)
{
    struct memory *memory = http_context(req);
    auto_strbuf text = {0};
    (void)arg;
    strbuf_addf(&text, "%d %s %s %s %d", memory->admitted, http_method(req), http_path(req),
                (const char *)http_route_of(req)->about, (int)http_announced(req));
    http_reply(req, 200, "text/plain", text.data, text.len);
}

/* Refuses what says X-Refuse; must not be called twice, nor once the body is read. */
static int admit(void *arg, struct http_request *req)
{
    struct memory *memory = http_context(req);
    (void)arg;
    memory->admitted++;
    if (!http_header(req, "X-Refuse"))
        return 0;
    http_reply(req, 401, "text/plain", "no", 2);
    return -1;
}

static void note_done(void *arg, struct http_request *req)
{
    (void)arg;
    pthread_mutex_lock(&app.lock);
    snprintf(app.last, sizeof app.last, "%s %s %s %d %d", http_method(req), http_path(req),
             http_route_of(req) ? "route" : "none", http_status(req), (int)http_sent(req));
    pthread_mutex_unlock(&app.lock);
    if (http_elapsed_us(req) >= 0 && app.begun >= app.aborted)
        app.done++;
}

static const struct http_route routes[] = {
    {"GET", "/problem", handle_problem, NULL, 0, NULL},
    {"GET", "/detail", handle_problem, NULL, HTTP_DETAIL, NULL},
    {"GET", "/about", handle_about, NULL, 0, "first"},
    {"POST", "/about", handle_about, NULL, HTTP_BLOCKING, "second"},
    {"POST", "/upload", handle_upload, &sink, HTTP_BLOCKING, NULL},
    {"GET", "/tagged", handle_tagged, NULL, 0, NULL},
    {"GET", "/stream", handle_stream, NULL, 0, NULL},
};

static const struct http_config config = {
    .listen = "127.0.0.1:0",
    .max_body = 1 << 20,
    .threads = 2,
    .pool_threads = 2,
    .connections = 100,
    .routes = routes,
    .route_count = COUNT(routes),
    .context = sizeof(struct memory),
    .admit = admit,
    .done = note_done,
};

static struct http_server *server;
static int port;

static int start(void **state)
{
    struct error err;
    (void)state;
    memset(&app, 0, sizeof app);
    pthread_mutex_init(&app.lock, NULL);
    OK(http_open(&server, &config, &err));
    OK(http_serve(server, &err));
    port = http_port(server);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_stop(&server, 2000);
    return 0;
}

static void wait_for(_Atomic int *counter, int value)
{
    for (int i = 0; i < 20000 && *counter != value; i++)
        usleep(1000);
    assert_int_equal(*counter, value);
}

#define HOST " HTTP/1.1\r\nHost: x\r\n"

static void problems(void **state)
{
    (void)state;
    auto_answer a = {0};
    char value[256];
    client_ask(port, "GET /problem HTTP/1.1\r\nHost: x\r\nX-Request-Id: r1\r\n\r\n", &a);
    assert_int_equal(a.status, 429);
    assert_string_equal(client_header(&a, "Retry-After", value), "17");
    assert_string_equal(
        a.body.data, "{\"type\":\"urn:pagemill:error:quota\",\"title\":\"Too many\",\"status\":429,"
                     "\"detail\":\"slower\",\"code\":\"quota\","
                     "\"errors\":[{\"field\":\"dpi\",\"message\":\"slower\"}],"
                     "\"request_id\":\"r1\"}");
    client_ask(port, "GET /problem?status=429" HOST "\r\n", &a);
    assert_string_equal(client_header(&a, "Retry-After", value), "5");
    client_ask(port, "GET /problem?status=422" HOST "\r\n", &a);
    assert_string_equal(client_header(&a, "Retry-After", value), "");
    client_ask(port, "GET /detail" HOST "\r\n", &a);
    assert_int_equal(a.status, 429);
    assert_string_equal(client_header(&a, "Retry-After", value), "17");
    assert_string_equal(client_header(&a, "Content-Type", value), "application/json");
    assert_string_equal(a.body.data, "{\"detail\":\"slower\"}");
    assert_int_equal(client_ask(port, "PUT /detail" HOST "\r\n", &a), 405);
    assert_string_equal(a.body.data, "{\"detail\":\"this path does not know the method\"}");
    client_ask(port, "GET /detail" HOST "Content-Length: 1048577\r\n\r\n", &a);
    assert_string_equal(a.body.data, "{\"detail\":\"the body is larger than 1048576 bytes\"}");
}

static void expect_done(int count, const char *last)
{
    wait_for(&app.done, count);
    pthread_mutex_lock(&app.lock);
    assert_string_equal(app.last, last);
    pthread_mutex_unlock(&app.lock);
}

static void admission(void **state)
{
    (void)state;
    auto_answer a = {0};
    client_ask(port, "GET /about" HOST "\r\n", &a);
    assert_string_equal(a.body.data, "1 GET /about first 0");
    expect_done(1, "GET /about route 200 20");
    client_ask(port, "POST /about" HOST "Content-Length: 3\r\n\r\nabc", &a);
    assert_string_equal(a.body.data, "1 POST /about second 3");
    client_ask(port, "POST /about" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", &a);
    assert_string_equal(a.body.data, "1 POST /about second -1");
    /* Not a byte of the body is sent, and none is waited for. */
    assert_int_equal(
        client_ask(port, "POST /upload" HOST "X-Refuse: y\r\nContent-Length: 1000000\r\n\r\n", &a),
        401);
    assert_string_equal(a.body.data, "no");
    expect_done(4, "POST /upload route 401 2");
    assert_int_equal(client_ask(port,
                                "POST /upload" HOST "X-Refuse: y\r\nContent-Length: 1000000\r\n"
                                "Expect: 100-continue\r\n\r\n",
                                &a),
                     401);
    assert_int_equal(client_ask(port, "GET /about" HOST "X-Refuse: y\r\n\r\n", &a), 401);
    assert_int_equal(app.begun, 0);
    client_ask(port, "HEAD /about" HOST "\r\n", &a);
    expect_done(7, "HEAD /about route 200 0");
    client_ask(port, "GET /nothing" HOST "X-Refuse: y\r\n\r\n", &a);
    assert_int_equal(a.status, 404);
    wait_for(&app.done, 8);
}

static void given_up(void **state)
{
    (void)state;
    int fd = client_connect(port);
    client_sends(fd, "POST /upload" HOST "Content-Length: 1000\r\n\r\nabc");
    wait_for(&app.begun, 1);
    close(fd);
    expect_done(1, "POST /upload route 0 0");
    assert_int_equal(app.aborted, 1);
}

static void bytes_sent(void **state)
{
    (void)state;
    static const struct {
        const char *request, *last;
    } rows[] = {
        {"GET /stream" HOST "Connection: close\r\n\r\n", "GET /stream route 200 50"},
        {"GET /tagged" HOST "Connection: close\r\n\r\n", "GET /tagged route 200 26"},
        {"GET /tagged" HOST "Connection: close\r\nRange: bytes=1-3\r\n\r\n",
         "GET /tagged route 206 3"},
        {"GET /tagged" HOST "Connection: close\r\nIf-None-Match: *\r\n\r\n",
         "GET /tagged route 304 0"},
        {"HEAD /stream" HOST "Connection: close\r\n\r\n", "HEAD /stream route 200 0"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int fd = client_connect(port);
        client_sends(fd, rows[i].request);
        errno = 0;
        while (!client_sees_end(fd))
            assert_int_not_equal(errno, EAGAIN);
        close(fd);
        expect_done((int)i + 1, rows[i].last);
    }
    assert_int_equal(app.closed, 2);
}

#define ON_SERVER(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(problems),
        ON_SERVER(admission),
        ON_SERVER(given_up),
        ON_SERVER(bytes_sent),
    };
    alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
