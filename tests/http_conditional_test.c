/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Conditional requests and byte ranges, on answers from memory, from a descriptor and streamed.
 */
#include "http/http.h"

#include "http_client.h"
#include "unit.h"

#include "base/fd.h"

#define TEXT "abcdefghijklmnopqrstuvwxyz"

static void handle_bytes(void *arg, struct http_request *req)
{
    (void)arg;
    http_set_header(req, "Content-Disposition", "attachment");
    if (!http_fresh(req, "v1"))
        http_reply(req, 200, "text/plain", TEXT, 26);
}

static void handle_file(void *arg, struct http_request *req)
{
    (void)arg;
    if (http_fresh(req, "v1"))
        return;
    int fd = fd_memory("answer", NULL);
    fd_write_full(fd, TEXT, 26, NULL);
    http_reply_fd(req, "text/plain", fd, 26);
}

static void handle_empty(void *arg, struct http_request *req)
{
    (void)arg;
    if (!http_fresh(req, "v0"))
        http_reply(req, 200, "text/plain", NULL, 0);
}

static void handle_untagged(void *arg, struct http_request *req)
{
    (void)arg;
    http_reply(req, 200, "text/plain", TEXT, 26);
}

static int stream_next(void *context, struct strbuf *chunk)
{
    (void)context;
    strbuf_adds(chunk, TEXT);
    return 0;
}

static void stream_close(void *context)
{
    (void)context;
}

/* Streams, unless a range is asked for. */
static void handle_stream(void *arg, struct http_request *req)
{
    static const struct http_stream stream = {.next = stream_next, .close = stream_close};
    if (http_fresh(req, "v1"))
        return;
    if (http_range_asked(req))
        handle_untagged(arg, req);
    else
        http_reply_stream(req, "text/plain", &stream, NULL);
}

static const struct http_route routes[] = {
    {"GET", "/bytes", handle_bytes, NULL, 0, NULL},
    {"GET", "/file", handle_file, NULL, HTTP_BLOCKING, NULL},
    {"GET", "/empty", handle_empty, NULL, 0, NULL},
    {"GET", "/untagged", handle_untagged, NULL, 0, NULL},
    {"GET", "/stream", handle_stream, NULL, 0, NULL},
    {"POST", "/bytes", handle_bytes, NULL, 0, NULL},
};

static const struct http_config config = {
    .listen = "127.0.0.1:0",
    .threads = 1,
    .pool_threads = 1,
    .connections = 10,
    .routes = routes,
    .route_count = COUNT(routes),
};

static struct http_server *server;

static int start(void **state)
{
    struct error err;
    (void)state;
    OK(http_open(&server, &config, &err));
    return OK(http_serve(server, &err));
}

static int stop(void **state)
{
    (void)state;
    http_stop(&server, 2000);
    return 0;
}

static int ask(const char *line, const char *headers, struct answer *a)
{
    auto_strbuf request = {0};
    strbuf_addf(&request, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n", line, headers);
    return client_ask(http_port(server), request.data, a);
}

struct row {
    const char *headers;
    int status;
    const char *body, *range; /* Content-Range */
};

static void expect(const char *line, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        auto_answer a = {0};
        char value[256];
        if (ask(line, rows[i].headers, &a) != rows[i].status)
            fail_msg("%s %s: %d instead of %d", line, rows[i].headers, a.status, rows[i].status);
        if (rows[i].body)
            assert_string_equal(strbuf_str(&a.body), rows[i].body);
        assert_string_equal(client_header(&a, "Content-Range", value), rows[i].range);
    }
}

static void ranges(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", 200, TEXT, ""},
        {"Range: bytes=0-0\r\n", 206, "a", "bytes 0-0/26"},
        {"Range: bytes=3-5\r\n", 206, "def", "bytes 3-5/26"},
        {"Range: Bytes= 3-5 \r\n", 206, "def", "bytes 3-5/26"},
        {"Range: bytes=23-\r\n", 206, "xyz", "bytes 23-25/26"},
        {"Range: bytes=23-99999999999999999999999\r\n", 206, "xyz", "bytes 23-25/26"},
        {"Range: bytes=-2\r\n", 206, "yz", "bytes 24-25/26"},
        {"Range: bytes=-99\r\n", 206, TEXT, "bytes 0-25/26"},
        {"Range: bytes=0-25\r\n", 206, TEXT, "bytes 0-25/26"},
        {"Range: bytes=26-\r\n", 416, NULL, "bytes */26"},
        {"Range: bytes=99999999999999999999999-\r\n", 416, NULL, "bytes */26"},
        {"Range: bytes=-0\r\n", 416, NULL, "bytes */26"},
        {"Range: bytes=5-3\r\n", 200, TEXT, ""},
        {"Range: bytes=-\r\n", 200, TEXT, ""},
        {"Range: bytes=\r\n", 200, TEXT, ""},
        {"Range: bytes=a-b\r\n", 200, TEXT, ""},
        {"Range: bytes=1-2x\r\n", 200, TEXT, ""},
        {"Range: bytes=--2\r\n", 200, TEXT, ""},
        {"Range: bytes=+1-2\r\n", 200, TEXT, ""},
        {"Range: bytes=0-1,3-4\r\n", 200, TEXT, ""},
        {"Range: lines=0-1\r\n", 200, TEXT, ""},
        {"Range: bytes=3-5\r\nIf-Range: \"v1\"\r\n", 206, "def", "bytes 3-5/26"},
        {"Range: bytes=3-5\r\nIf-Range: W/\"v1\"\r\n", 200, TEXT, ""},
        {"Range: bytes=3-5\r\nIf-Range: \"v2\"\r\n", 200, TEXT, ""},
        {"Range: bytes=3-5\r\nIf-Range: Sun, 22 Nov 2026 10:00:00 GMT\r\n", 200, TEXT, ""},
    };
    expect("GET /bytes", rows, COUNT(rows));
    expect("GET /file", rows, COUNT(rows));
    expect("GET /stream", rows, COUNT(rows));
}

static void without_ranges(void **state)
{
    (void)state;
    static const struct row rows[] = {{"Range: bytes=3-5\r\n", 200, NULL, ""}};
    static const struct row none[] = {{"Range: bytes=0-\r\n", 200, "", ""},
                                      {"Range: bytes=-1\r\n", 200, "", ""}};
    expect("GET /untagged", rows, 1);
    expect("HEAD /bytes", rows, 1);
    expect("POST /bytes", rows, 1);
    expect("GET /empty", none, COUNT(none));
    auto_answer a = {0};
    char value[256];
    ask("GET /untagged", "", &a);
    assert_string_equal(client_header(&a, "Accept-Ranges", value), "");
    ask("HEAD /file", "", &a);
    assert_string_equal(client_header(&a, "Accept-Ranges", value), "bytes");
    assert_string_equal(client_header(&a, "Content-Length", value), "26");
}

static void conditions(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"If-None-Match: \"v1\"\r\n", 304, "", ""},
        {"If-None-Match: W/\"v1\"\r\n", 304, "", ""},
        {"If-None-Match: *\r\n", 304, "", ""},
        {"If-None-Match: \"a,b\" ,, W/\"c\",\"v1\"\r\n", 304, "", ""},
        {"If-None-Match: \"v2\"\r\n", 200, TEXT, ""},
        {"If-None-Match: v1\r\n", 200, TEXT, ""},
        {"If-None-Match: \"v1\r\n", 200, TEXT, ""},
        {"If-None-Match: \"\"\r\n", 200, TEXT, ""},
        {"If-None-Match: \"v1\"\r\nRange: bytes=3-5\r\n", 304, "", ""},
        {"If-Match: \"v1\"\r\n", 200, TEXT, ""},
        {"If-Match: *\r\n", 200, TEXT, ""},
        {"If-Match: \"v2\", \"v1\"\r\n", 200, TEXT, ""},
        {"If-Match: \"v2\"\r\n", 412, NULL, ""},
        {"If-Match: W/\"v1\"\r\n", 412, NULL, ""},
        {"If-Match: \"v2\"\r\nIf-None-Match: \"v1\"\r\n", 412, NULL, ""},
        {"If-Match: \"v1\"\r\nIf-None-Match: \"v1\"\r\n", 304, "", ""},
    };
    expect("GET /bytes", rows, COUNT(rows));
    expect("GET /file", rows, COUNT(rows));
    expect("GET /stream", rows, COUNT(rows));
    auto_answer a = {0};
    char value[256];
    assert_int_equal(ask("HEAD /bytes", "If-None-Match: \"v1\"\r\n", &a), 304);
    assert_string_equal(client_header(&a, "ETag", value), "\"v1\"");
    /* It is done already, and only the answer is left. */
    assert_int_equal(ask("POST /bytes", "If-Match: \"v2\"\r\n", &a), 200);
    assert_int_equal(ask("POST /bytes", "If-None-Match: \"v1\"\r\n", &a), 200);
}

static void refusals(void **state)
{
    (void)state;
    auto_answer a = {0};
    char value[256];
    static const char *const asked[] = {"Range: bytes=26-\r\n", "If-Match: \"x\"\r\n"};
    for (size_t i = 0; i < COUNT(asked); i++) {
        ask("GET /bytes", asked[i], &a);
        assert_string_equal(client_header(&a, "Content-Type", value), "application/problem+json");
        assert_string_equal(client_header(&a, "Content-Disposition", value), "");
    }
}

/* 304 and 206 have no more and no less than they say: the next answer begins where it should. */
static void kept_connection(void **state)
{
    (void)state;
    auto_answer a = {0};
    int fd = client_connect(http_port(server));
    client_sends(fd, "GET /bytes HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"v1\"\r\n\r\n"
                     "GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=1-2\r\n\r\n"
                     "GET /bytes HTTP/1.1\r\nHost: x\r\nRange: bytes=99-\r\n\r\n"
                     "GET /bytes HTTP/1.1\r\nHost: x\r\n\r\n");
    static const int expected[] = {304, 206, 416, 200};
    for (size_t i = 0; i < COUNT(expected); i++) {
        client_read(fd, expected[i] == 304, &a);
        assert_int_equal(a.status, expected[i]);
    }
    assert_string_equal(a.body.data, TEXT);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),   cmocka_unit_test(without_ranges),  cmocka_unit_test(conditions),
        cmocka_unit_test(refusals), cmocka_unit_test(kept_connection),
    };
    alarm(120);
    return cmocka_run_group_tests(tests, start, stop);
}
