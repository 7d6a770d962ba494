/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Requests that two servers on one way could read differently, byte for byte: refused, and nothing
 * behind them is taken for another request. Where libmicrohttpd answers by itself its answer is in
 * the table too, so that a version of it that behaves otherwise is noticed.
 */
#include "http/http_internal.h"

#include "http_client.h"
#include "unit.h"

static _Atomic int handled, answered;

static void handle_echo(void *arg, struct http_request *req)
{
    (void)arg;
    handled++;
    const struct strbuf *body = http_body(req);
    http_reply(req, 200, "text/plain", strbuf_str(body), body->len);
}

static void note_done(void *arg, struct http_request *req)
{
    (void)arg;
    answered += http_status(req) != 0;
}

static const struct http_route routes[] = {
    {"GET", "/echo", handle_echo, NULL, 0, NULL},
    {"POST", "/echo", handle_echo, NULL, 0, NULL},
    {"POST", "/other", handle_echo, NULL, 0, NULL},
};

static const struct http_config config = {
    .listen = "127.0.0.1:0",
    .max_body = 1 << 20,
    .threads = 1,
    .pool_threads = 1,
    .connections = 100,
    .routes = routes,
    .route_count = COUNT(routes),
    .done = note_done,
};

static struct http_server *server;
static int port;

static int start(void **state)
{
    struct error err;
    (void)state;
    handled = answered = 0;
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

#define BYTES(text) text, sizeof(text) - 1
#define HOST " HTTP/1.1\r\nHost: x\r\n"
#define GET "GET /echo" HOST
#define POST "POST /echo" HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

struct row {
    const char *name, *bytes;
    size_t len;
    int status; /* 0: the connection is closed without an answer */
    bool ours;  /* the answer is problem+json */
};

/* Each is followed by a whole second request, which must not be answered. */
static void refused(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        auto_answer a = {0};
        int fd = client_connect(port);
        client_send(fd, rows[i].bytes, rows[i].len);
        client_sends(fd, "POST /other" HOST "Content-Length: 0\r\n\r\n");
        client_read(fd, false, &a);
        if (a.status != rows[i].status)
            fail_msg("%s: %d instead of %d", rows[i].name, a.status, rows[i].status);
        if (rows[i].ours != (strstr(strbuf_str(&a.head), "problem+json") != NULL))
            fail_msg("%s: somebody else's answer", rows[i].name);
        char rest[65536];
        ssize_t n = recv(fd, rest, sizeof rest, MSG_WAITALL);
        if (n > 0 && memmem(rest, (size_t)n, "200 OK", 6))
            fail_msg("%s: what followed was a request", rows[i].name);
        close(fd);
    }
    assert_int_equal(handled, 0);
}

static void framing(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"length and coding",
         BYTES(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400, true},
        {"two lengths", BYTES(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"), 400,
         true},
        {"two codings",
         BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
         400, true},
        {"chunked twice", BYTES(POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"), 400,
         true},
        {"identity", BYTES(POST "Transfer-Encoding: identity\r\n\r\n"), 400, true},
        {"chunked, space", BYTES(POST "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n"), 400, true},
        {"chunked, tab",
         BYTES(POST "Transfer-Encoding: \x0b"
                    "chunked\r\n\r\n0\r\n\r\n"),
         400, true},
        {"coding in 1.0",
         BYTES("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400, true},
        {"+5", BYTES(POST "Content-Length: +5\r\n\r\nhello"), 400, false},
        {"-5", BYTES(POST "Content-Length: -5\r\n\r\nhello"), 400, false},
        {"5 5", BYTES(POST "Content-Length: 5 5\r\n\r\nhello"), 400, false},
        {"5, 5", BYTES(POST "Content-Length: 5, 5\r\n\r\nhello"), 400, false},
        {"0x5", BYTES(POST "Content-Length: 0x5\r\n\r\nhello"), 400, false},
        {"no digits", BYTES(POST "Content-Length: \r\n\r\nhello"), 400, false},
        {"too many digits", BYTES(POST "Content-Length: 99999999999999999999\r\n\r\nhello"), 413,
         false},
        {"chunk beyond 64 bits", BYTES(CHUNKED "fffffffffffffffff\r\nabc"), 413, false},
        {"chunk of -1", BYTES(CHUNKED "-1\r\nabc"), 400, false},
        {"chunk of 0x3", BYTES(CHUNKED "0x3\r\nabc\r\n0\r\n\r\n"), 400, false},
        {"chunk, space", BYTES(CHUNKED "3 \r\nabc\r\n0\r\n\r\n"), 400, false},
        {"chunk longer than said", BYTES(CHUNKED "3\r\nabcd\r\n0\r\n\r\n"), 400, false},
        {"chunk without size", BYTES(CHUNKED ";a=b\r\nabc\r\n0\r\n\r\n"), 400, false},
    };
    refused(rows, COUNT(rows));
}

static void header_block(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"folded", BYTES(GET "X: a\r\n b\r\n\r\n"), 400, true},
        {"folded by a tab", BYTES(GET "X: a\r\n\tb\r\nY: c\r\n\r\n"), 400, true},
        {"folded at once", BYTES("GET /echo HTTP/1.1\r\n X: y\r\nHost: x\r\n\r\n"), 400, true},
        {"folded coding",
         BYTES(POST "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), 400,
         true},
        {"space before the colon", BYTES(POST "Content-Length : 5\r\n\r\nhello"), 400, true},
        {"tab before the colon", BYTES(POST "Content-Length\t: 5\r\n\r\nhello"), 400, true},
        {"no name", BYTES(GET ": a\r\n\r\n"), 400, true},
        {"no colon", BYTES(GET "X\r\n\r\n"), 400, false},
        {"LF", BYTES(GET "X: a\nContent-Length: 5\r\n\r\n"), 400, true},
        {"LF behind the request line", BYTES("GET /echo HTTP/1.1\nHost: x\r\n\r\n"), 400, true},
        {"LF at the end", BYTES(GET "X: a\r\n\n"), 400, true},
        {"LF before the end", BYTES(GET "X: a\n\r\n"), 400, true},
        {"LF throughout", BYTES("GET /echo HTTP/1.1\nHost: x\n\n"), 400, true},
        {"CR", BYTES(GET "X: a\rContent-Length: 5\r\n\r\n"), 400, true},
        {"CR CR LF", BYTES(GET "X: a\r\r\n\r\n"), 400, true},
        {"NUL in a value", BYTES(GET "X: a\0b\r\n\r\n"), 400, true},
        {"NUL behind a value", BYTES(POST "Content-Length: 5\0\r\n\r\nhello"), 400, true},
        {"NUL in a name", BYTES(GET "X\0Y: a\r\n\r\n"), 400, false},
        {"NUL as a line", BYTES(GET "X: a\r\n\0\r\nY: a\r\n\r\n"), 400, true},
        {"control character", BYTES(GET "X: a\x01\r\n\r\n"), 400, true},
        {"DEL", BYTES(GET "X: a\x7f\r\n\r\n"), 400, true},
        {"bracket in a name", BYTES(GET "X(: a\r\n\r\n"), 400, true},
        {"no Host", BYTES("GET /echo HTTP/1.1\r\n\r\n"), 400, true},
        {"two Hosts", BYTES(GET "Host: y\r\n\r\n"), 400, true},
        {"Host with a space", BYTES("GET /echo HTTP/1.1\r\nHost: x y\r\n\r\n"), 400, true},
        {"Host with a path", BYTES("GET /echo HTTP/1.1\r\nHost: x/y\r\n\r\n"), 400, true},
    };
    refused(rows, COUNT(rows));
}

static void request_line(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"two spaces", BYTES("GET  /echo" HOST "\r\n"), 400, true},
        {"space at the end", BYTES("GET /echo HTTP/1.1 \r\nHost: x\r\n\r\n"), 400, false},
        {"tabs", BYTES("GET\t/echo\tHTTP/1.1\r\nHost: x\r\n\r\n"), 0, false},
        {"NUL in the target", BYTES("GET /ec\0ho" HOST "\r\n"), 400, true},
        {"NUL in the method", BYTES("G\0T /echo" HOST "\r\n"), 400, true},
        {"bracket in the method", BYTES("GET( /echo" HOST "\r\n"), 400, true},
        {"no version", BYTES("GET /echo\r\n\r\n"), 400, false},
        {"small letters", BYTES("GET /echo http/1.1\r\nHost: x\r\n\r\n"), 400, false},
        {"HTTP/2", BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, false},
        {"TLS", BYTES("\x16\x03\x01\x00\xb0\x01\x00\x00\xac\x03\x03 \n \r\n\r\n"), 400, false},
    };
    refused(rows, COUNT(rows));
}

/* Refused too, but framed clearly: the connection may go on. */
static void targets(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "GET /a b" HOST "\r\n",  "GET /a\x01" HOST "\r\n",        "GET *" HOST "\r\n",
        "GET x:80" HOST "\r\n",  "GET http://y/echo" HOST "\r\n", "GET echo" HOST "\r\n",
        "GET //%00" HOST "\r\n",
    };
    for (size_t i = 0; i < COUNT(requests); i++) {
        auto_answer a = {0};
        assert_int_equal(client_ask(port, requests[i], &a), 400);
        assert_non_null(strstr(a.head.data, "problem+json"));
    }
    assert_int_equal(handled, 0);
}

static void too_large(void **state)
{
    (void)state;
    static const struct {
        const char *start, *repeated;
        int count, status;
        bool ours;
    } rows[] = {
        {"GET /", "0123456789", 10240, 414, false},
        {GET "X: ", "0123456789", 3300, 431, false},
        {GET, "X: a\r\n", 99, 200, false},
        {GET, "X: a\r\n", 100, 431, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        auto_strbuf request = {0};
        auto_answer a = {0};
        strbuf_adds(&request, rows[i].start);
        for (int j = 0; j < rows[i].count; j++)
            strbuf_adds(&request, rows[i].repeated);
        strbuf_adds(&request, rows[i].status == 414 ? HOST "\r\n" : "\r\n");
        int fd = client_connect(port);
        client_sends(fd, request.data);
        client_read(fd, false, &a);
        assert_int_equal(a.status, rows[i].status);
        assert_int_equal(rows[i].ours, strstr(a.head.data, "problem+json") != NULL);
        close(fd);
    }
}

/* What looks strange and is right: extensions and trailers mean nothing to us. */
static void accepted(void **state)
{
    (void)state;
    static const struct {
        const char *request, *body;
    } rows[] = {
        {CHUNKED "3;a=\"b\"\r\nabc\r\n0\r\n\r\n", "abc"},
        {CHUNKED "03\r\nabc\r\n0\r\nContent-Length: 5\r\nHost: y\r\n\r\n", "abc"},
        {"\r\n" GET "\r\n", ""},
        {GET "X:a\r\nY: \t b \t \r\nZ:\r\n\r\n", ""},
        {GET "Cookie: a=b; c=\"d\"\r\nCookie: e\r\n\r\n", ""},
        {"GET /echo?a=%20&b HTTP/1.1\r\nhOST: x:80\r\n\r\n", ""},
        {"GET /echo HTTP/1.0\r\n\r\n", ""},
        {GET "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        auto_answer a = {0};
        if (client_ask(port, rows[i].request, &a) != 200)
            fail_msg("%s: %d %s", rows[i].request, a.status, strbuf_str(&a.body));
        assert_string_equal(strbuf_str(&a.body), rows[i].body);
    }
}

/* Chunks may end by a bare LF, which cannot be seen here: so nothing behind chunks is a request. */
static void behind_chunks(void **state)
{
    (void)state;
    static const char *const requests[] = {
        CHUNKED "3\r\nabc\r\n0\r\n\r\n",
        CHUNKED "3\nabc\n0\n\n",
        CHUNKED "3;a\nabc\r\n0\r\n\r\n",
    };
    for (size_t i = 0; i < COUNT(requests); i++) {
        auto_answer a = {0};
        char value[256];
        int fd = client_connect(port);
        client_sends(fd, requests[i]);
        client_sends(fd, "POST /other" HOST "Content-Length: 0\r\n\r\n");
        client_read(fd, false, &a);
        assert_int_equal(a.status, 200);
        assert_string_equal(client_header(&a, "Connection", value), "close");
        assert_true(client_sees_end(fd));
        close(fd);
    }
    assert_int_equal(handled, (int)COUNT(requests));
}

/* The strings of a request are judged by where they lie: also when it arrives in pieces, behind
 * another, and with headers that made libmicrohttpd's buffer grow. */
static void pieces(void **state)
{
    (void)state;
    auto_strbuf request = {0};
    for (int i = 0; i < 3; i++) {
        strbuf_adds(&request, POST "Cookie: a=b\r\nX-Long: ");
        for (int j = 0; j < 9000 * i; j++)
            strbuf_addc(&request, 'x');
        strbuf_adds(&request, "\r\nContent-Length: 2\r\n\r\nok");
    }
    for (size_t piece = 1; piece < 40000; piece = piece * 7 + 1) {
        auto_answer a = {0};
        int fd = client_connect(port);
        for (size_t at = 0; at < request.len; at += piece)
            assert_true(client_send(fd, request.data + at,
                                    request.len - at < piece ? request.len - at : piece));
        for (int i = 0; i < 3; i++) {
            client_read(fd, false, &a);
            assert_int_equal(a.status, 200);
            assert_string_equal(strbuf_str(&a.body), "ok");
        }
        close(fd);
    }
}

static void errors_and_pipelines(void **state)
{
    (void)state;
    auto_answer a = {0};
    int fd = client_connect(port);
    client_sends(fd, "GET /nothing" HOST "\r\nPUT /echo" HOST "Content-Length: 0\r\n\r\n" POST
                     "Content-Length: 2\r\n\r\nok" GET "X : a\r\n\r\n" GET "\r\n");
    static const int expected[] = {404, 405, 200, 400, 0};
    for (size_t i = 0; i < COUNT(expected); i++) {
        client_read(fd, false, &a);
        assert_int_equal(a.status, expected[i]);
    }
    close(fd);
    assert_int_equal(handled, 1);
    http_stop(&server, 2000);
    assert_int_equal(answered, 4);
}

#define ON_SERVER(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(framing),       ON_SERVER(header_block), ON_SERVER(request_line),
        ON_SERVER(targets),       ON_SERVER(too_large),    ON_SERVER(accepted),
        ON_SERVER(behind_chunks), ON_SERVER(pieces),       ON_SERVER(errors_and_pipelines),
    };
    alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
