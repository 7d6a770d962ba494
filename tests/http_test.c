/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The HTTP server over loopback, with raw sockets as the client: routes, bodies, refusals. Waiting,
 * streams and stopping are in http_wait_test.c.
 */
#include "http/http_internal.h"

#include "http_client.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- the application under the server ---- */

enum { MAX_BODY = 64 << 20 };

struct upload {
    size_t size;
    uint64_t hash;
};

static struct {
    _Atomic int begun, aborted, handled;
    _Atomic int fail_begin; /* enum error_class */
    _Atomic int64_t fail_after;
    char filename[HTTP_FILENAME], type[HTTP_NAME];
} app;

static uint64_t hash_add(uint64_t hash, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 1099511628211u;
    return hash;
}

static void *sink_begin(void *arg, const char *filename, const char *type, struct error *err)
{
    (void)arg;
    snprintf(app.filename, sizeof app.filename, "%s", filename);
    snprintf(app.type, sizeof app.type, "%s", type);
    if (app.fail_begin) {
        error_set(err, (enum error_class)app.fail_begin, "not this one");
        return NULL;
    }
    app.begun++;
    struct upload *u = calloc(1, sizeof *u);
    u->hash = 14695981039346656037u;
    return u;
}

static int sink_write(void *context, const void *bytes, size_t len, struct error *err)
{
    struct upload *u = context;
    u->size += len;
    u->hash = hash_add(u->hash, bytes, len);
    if (app.fail_after && (int64_t)u->size > app.fail_after)
        return error_set(err, ERROR_BUSY, "disk full");
    return 0;
}

static void sink_abort(void *context)
{
    free(context);
    app.aborted++;
}

static const struct http_sink sink = {sink_begin, sink_write, sink_abort};

static int add_pair(void *arg, const char *name, const char *value)
{
    strbuf_addf(arg, "[%s=%s]", name, value);
    return 0;
}

static void reply_text(struct http_request *req, int status, struct strbuf *text)
{
    http_reply(req, status, "text/plain", strbuf_str(text), text->len);
}

static void handle_upload(void *arg, struct http_request *req)
{
    (void)arg;
    app.handled++;
    struct upload *u = http_take_upload(req);
    auto_strbuf text = {0};
    if (u)
        strbuf_addf(&text, "%zu %016llx ", u->size, (unsigned long long)u->hash);
    else
        strbuf_adds(&text, "none ");
    http_each_field(req, add_pair, &text);
    free(u);
    reply_text(req, 201, &text);
}

static void handle_ignore(void *arg, struct http_request *req)
{
    (void)arg;
    http_reply(req, 200, "text/plain", "ok", 2);
}

static void handle_page(void *arg, struct http_request *req)
{
    (void)arg;
    auto_strbuf text = {0};
    strbuf_addf(&text, "%s %s [%s]", http_param(req, "id"), http_param(req, "n"),
                http_param(req, "nothing"));
    reply_text(req, 200, &text);
}

static void handle_files(void *arg, struct http_request *req)
{
    (void)arg;
    http_reply(req, 200, "text/plain", http_param(req, "rest"), strlen(http_param(req, "rest")));
}

static void handle_query(void *arg, struct http_request *req)
{
    (void)arg;
    auto_strbuf text = {0};
    http_each_query(req, add_pair, &text);
    const char *a = http_query(req, "a");
    strbuf_addf(&text, " a=%s A=%s flag=%s", a ? a : "(none)", http_query(req, "A") ? "yes" : "no",
                http_query(req, "flag") ? http_query(req, "flag") : "(none)");
    reply_text(req, 200, &text);
}

static void handle_echo(void *arg, struct http_request *req)
{
    (void)arg;
    app.handled++;
    reply_text(req, 200, (struct strbuf *)(uintptr_t)http_body(req));
}

static void handle_error(void *arg, struct http_request *req)
{
    (void)arg;
    struct error err;
    error_set(&err, ERROR_BUSY, "later \"please\"");
    err.page = 3;
    http_reply_error(req, &err, "job-1");
}

static void handle_headers(void *arg, struct http_request *req)
{
    (void)arg;
    http_set_header(req, "X-Twice", "one");
    http_set_header(req, "x-twice", "two\r\nX-Injected: yes");
    http_set_header(req, "Cache-Control", "max-age=60");
    http_reply(req, 200, "text/plain", http_host_listed(req, "example.org") ? "y" : "n", 1);
}

static const struct http_route routes[] = {
    {"GET", "/v1/jobs/{id}/pages/{n}", handle_page, NULL, 0},
    {"POST", "/v1/jobs/{id}/pages/{n}", handle_page, NULL, 0},
    {"GET", "/files/{rest*}", handle_files, NULL, HTTP_BLOCKING},
    {"GET", "/query", handle_query, NULL, 0},
    {"POST", "/echo", handle_echo, NULL, 0},
    {"POST", "/echo/pool", handle_echo, NULL, HTTP_BLOCKING},
    {"POST", "/upload", handle_upload, &sink, HTTP_BLOCKING},
    {"POST", "/ignore", handle_ignore, &sink, 0},
    {"GET", "/error", handle_error, NULL, 0},
    {"GET", "/headers", handle_headers, NULL, 0},
};

static struct http_config config = {
    .listen = "127.0.0.1:0",
    .max_body = MAX_BODY,
    .threads = 2,
    .pool_threads = 2,
    .connections = 100,
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
};

static struct http_server *server;
static int port;

static int start(void **state)
{
    (void)state;
    struct error err;
    memset(&app, 0, sizeof app);
    if (http_open(&server, &config, &err) < 0 || http_serve(server, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    port = http_port(server);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_stop(&server, 2000);
    return server != NULL;
}

static void wait_for(_Atomic int *counter, int value)
{
    for (int i = 0; i < 2000 && *counter != value; i++)
        usleep(10000);
    assert_int_equal(*counter, value);
}

#define HOST " HTTP/1.1\r\nHost: x\r\n"

/* ---- routes, query, headers ---- */

struct ask_row {
    const char *request;
    int status;
    const char *body; /* or NULL: not looked at */
};

static void expect_rows(const struct ask_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        auto_answer a = {0};
        assert_int_equal(client_ask(port, rows[i].request, &a), rows[i].status);
        if (rows[i].body)
            assert_string_equal(strbuf_str(&a.body), rows[i].body);
        if (rows[i].status >= 400)
            assert_non_null(strstr(a.head.data, "application/problem+json"));
    }
}

static void routing(void **state)
{
    (void)state;
    static const struct ask_row rows[] = {
        {"GET /v1/jobs/4%202/pages/7" HOST "\r\n", 200, "4 2 7 []"},
        {"GET /v1/jobs//pages/7" HOST "\r\n", 404, NULL},
        {"GET /v1/jobs/42/pages/7/" HOST "\r\n", 404, NULL},
        {"GET /v1/jobs/42/pages" HOST "\r\n", 404, NULL},
        {"GET /files/a/b.js" HOST "\r\n", 200, "a/b.js"},
        {"GET /files/" HOST "\r\n", 200, ""},
        {"GET /files" HOST "\r\n", 404, NULL},
        {"DELETE /files/a" HOST "\r\n", 405, NULL},
        {"GET /files/%ff" HOST "\r\n", 400, NULL},
        {"GET /files/a%00b" HOST "\r\n", 400, NULL},
        {"GET http://x/files/a" HOST "\r\n", 200, "a"},
        {"GET HTTPS://X/files/a%20b?q" HOST "\r\n", 200, "a b"},
        {"GET http://x" HOST "\r\n", 404, NULL},
        {"GET http://y/files/a" HOST "\r\n", 400, NULL},
        {"GET http://x%2ffiles/a" HOST "\r\n", 400, NULL},
        {"GET ftp://x/files/a" HOST "\r\n", 400, NULL},
        {"GET x:80" HOST "\r\n", 400, NULL},
        {"GET *" HOST "\r\n", 400, NULL},
        {"OPTIONS *" HOST "\r\n", 404, NULL},
        {"OPTIONS /query" HOST "\r\n", 405, NULL},
        {"TRACE /query" HOST "\r\n", 405, NULL},
        {"BREW /query" HOST "\r\n", 405, NULL},
        {"TRACE /nothing" HOST "\r\n", 501, NULL},
        {"BREW /nothing" HOST "\r\n", 501, NULL},
        {"CONNECT x:80" HOST "\r\n", 501, NULL},
    };
    expect_rows(rows, sizeof rows / sizeof rows[0]);
    auto_answer a = {0};
    char value[256];
    client_ask(port, "PUT /v1/jobs/1/pages/2" HOST "\r\n", &a);
    assert_string_equal(client_header(&a, "Allow", value), "GET, HEAD, POST");
}

static void query(void **state)
{
    (void)state;
    static const struct ask_row rows[] = {
        {"GET /query?a=1&b=x%20y+z&a=2&flag" HOST "\r\n", 200,
         "[a=1][b=x y z][a=2][flag=] a=1 A=no flag="},
        {"GET /query" HOST "\r\n", 200, " a=(none) A=no flag=(none)"},
        {"GET /query?a=%c3%a9" HOST "\r\n", 200, "[a=\xc3\xa9] a=\xc3\xa9 A=no flag=(none)"},
        {"GET /query?a=%ff" HOST "\r\n", 400, NULL},
        {"GET /query?%ff=a" HOST "\r\n", 400, NULL},
        {"GET /query?a=b%00c" HOST "\r\n", 400, NULL},
    };
    expect_rows(rows, sizeof rows / sizeof rows[0]);
}

static void head_and_keep_alive(void **state)
{
    (void)state;
    auto_answer a = {0};
    char value[256];
    int fd = client_connect(port);
    client_sends(fd, "HEAD /files/abc" HOST "\r\nGET /nothing" HOST "\r\nGET /files/d" HOST "\r\n");
    client_read(fd, true, &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(client_header(&a, "Content-Length", value), "3");
    client_read(fd, false, &a);
    assert_int_equal(a.status, 404);
    client_read(fd, false, &a);
    assert_string_equal(strbuf_str(&a.body), "d");
    close(fd);
}

static void headers(void **state)
{
    (void)state;
    auto_answer a = {0};
    char value[256];
    client_ask(port,
               "GET /headers HTTP/1.1\r\nHost: Example.org:80\r\nX-Request-Id: a.B-9_\r\n\r\n", &a);
    assert_string_equal(client_header(&a, "X-Request-Id", value), "a.B-9_");
    assert_string_equal(client_header(&a, "X-Twice", value), "two??X-Injected: yes");
    assert_string_equal(client_header(&a, "X-Injected", value), "");
    assert_string_equal(client_header(&a, "Cache-Control", value), "max-age=60");
    assert_string_equal(client_header(&a, "X-Content-Type-Options", value), "nosniff");
    assert_string_equal(strbuf_str(&a.body), "y");
    client_ask(port, "GET /files/a HTTP/1.1\r\nHost: x\r\nX-Request-Id: a b\r\n\r\n", &a);
    assert_int_equal(strlen(client_header(&a, "X-Request-Id", value)), 36);
    assert_string_equal(client_header(&a, "Cache-Control", value), "no-store");
}

static void problems(void **state)
{
    (void)state;
    auto_answer a = {0};
    char value[256];
    client_ask(port, "GET /error HTTP/1.1\r\nHost: x\r\nX-Request-Id: r1\r\n\r\n", &a);
    assert_int_equal(a.status, 503);
    assert_string_equal(client_header(&a, "Retry-After", value), "5");
    assert_string_equal(client_header(&a, "Content-Type", value), "application/problem+json");
    assert_string_equal(a.body.data,
                        "{\"type\":\"urn:pagemill:error:busy\",\"title\":\"Busy\",\"status\":503,"
                        "\"detail\":\"later \\\"please\\\"\",\"code\":\"busy\","
                        "\"job_id\":\"job-1\",\"page\":3,\"request_id\":\"r1\"}");
}

/* ---- bodies ---- */

static void small_body(void **state)
{
    (void)state;
    static const struct ask_row rows[] = {
        {"POST /echo" HOST "Content-Length: 5\r\n\r\nhello", 200, "hello"},
        {"POST /echo/pool" HOST "Content-Length: 5\r\n\r\nhello", 200, "hello"},
        {"POST /echo" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
         200, "hello"},
        {"POST /echo" HOST "\r\n", 200, ""},
        {"POST /echo" HOST "Content-Length: 1048577\r\n\r\n", 413, NULL},
        {"POST /echo" HOST "Content-Length: 1048577\r\nExpect: 100-continue\r\n\r\n", 413, NULL},
        {"POST /upload" HOST "Content-Length: 9223372036854775807\r\n\r\n", 413, NULL},
    };
    expect_rows(rows, sizeof rows / sizeof rows[0]);
    auto_answer a = {0};
    auto_strbuf request = {0};
    strbuf_adds(&request, "POST /echo" HOST "Content-Length: 1048576\r\n\r\n");
    for (int i = 0; i < HTTP_SMALL_BODY; i++)
        strbuf_addc(&request, 'x');
    assert_int_equal(client_ask(port, request.data, &a), 200);
    assert_int_equal(a.body.len, HTTP_SMALL_BODY);
}

static long peak_kb(void)
{
    long kb = 0;
    char line[256];
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %ld", &kb) == 1)
            break;
    if (f)
        fclose(f);
    return kb;
}

static bool sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#else
    return false;
#endif
}

static void large_upload(void **state)
{
    (void)state;
    enum { PIECE = 1 << 16, PIECES = 800 };
    static unsigned char piece[PIECE];
    uint64_t hash = 14695981039346656037u;
    char expected[64];
    long before = peak_kb();
    int fd = client_connect(port);
    auto_strbuf head = {0};
    strbuf_addf(&head, "POST /upload?filename=big.pdf" HOST "Content-Length: %d\r\n\r\n",
                PIECE * PIECES);
    client_sends(fd, head.data);
    for (unsigned i = 0; i < PIECES; i++) {
        for (unsigned j = 0; j < PIECE; j++)
            piece[j] = (unsigned char)(j * 31 + i * 7 + (j >> 8));
        hash = hash_add(hash, piece, PIECE);
        assert_true(client_send(fd, piece, PIECE));
    }
    auto_answer a = {0};
    client_read(fd, false, &a);
    close(fd);
    snprintf(expected, sizeof expected, "%d %016llx ", PIECE * PIECES, (unsigned long long)hash);
    assert_string_equal(a.body.data, expected);
    assert_string_equal(app.filename, "big.pdf");
    if (!sanitized())
        assert_in_range(peak_kb() - before, 0, 16 * 1024);
}

static void raw_names(void **state)
{
    (void)state;
    auto_answer a = {0};
    client_ask(port,
               "POST /upload" HOST "Content-Type: Application/PDF; q=1\r\nContent-Length: 1\r\n"
               "Content-Disposition: attachment; filename=\"../x y.pdf\"\r\n\r\nz",
               &a);
    assert_string_equal(app.filename, "x y.pdf");
    assert_string_equal(app.type, "application/pdf");
    client_ask(port,
               "POST /upload" HOST "Content-Type: application/x-www-form-urlencoded\r\n"
               "Content-Length: 3\r\n\r\na=b",
               &a);
    assert_memory_equal(a.body.data, "3 ", 2);
    assert_string_equal(app.filename, "");
    client_ask(port, "POST /upload" HOST "\r\n", &a);
    assert_string_equal(a.body.data, "none ");
    assert_int_equal(app.begun, 2);
    assert_int_equal(app.aborted, 0);
}

#define FORM "Content-Type: multipart/form-data; boundary=B\r\n"
#define FIELD(name, value) \
    "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define DOCUMENT(bytes)                                                            \
    "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.png\"\r\n" \
    "Content-Type: image/png\r\n\r\n" bytes "\r\n"

static int post_form(const char *body, struct answer *a)
{
    auto_strbuf request = {0};
    strbuf_addf(&request, "POST /upload" HOST FORM "Content-Length: %zu\r\n\r\n%s", strlen(body),
                body);
    return client_ask(port, request.data, a);
}

static void form(void **state)
{
    (void)state;
    auto_answer a = {0};
    assert_int_equal(
        post_form(FIELD("a", "1") DOCUMENT("hello") FIELD("b", "") FIELD("a", "2") "--B--\r\n", &a),
        201);
    assert_string_equal(a.body.data, "5 a430d84680aabd0b [a=1][b=][a=2]");
    assert_string_equal(app.filename, "f.png");
    assert_string_equal(app.type, "image/png");
    assert_int_equal(post_form(DOCUMENT("") "--B--\r\n", &a), 201);
    assert_string_equal(a.body.data, "0 cbf29ce484222325 ");
    assert_int_equal(post_form(FIELD("a", "1") "--B--\r\n", &a), 201);
    assert_string_equal(a.body.data, "none [a=1]");
    assert_int_equal(app.begun, 2);
    assert_int_equal(app.aborted, 0);
}

static void form_byte_by_byte(void **state)
{
    (void)state;
    static const char body[] = DOCUMENT("\r\n--x\r\n") FIELD("k", "v") "--B--\r\n";
    auto_strbuf request = {0};
    strbuf_addf(&request, "POST /upload" HOST FORM "Content-Length: %zu\r\n\r\n%s", sizeof body - 1,
                body);
    int fd = client_connect(port);
    for (size_t i = 0; i < request.len; i++)
        client_send(fd, request.data + i, 1);
    auto_answer a = {0};
    client_read(fd, false, &a);
    close(fd);
    assert_int_equal(a.status, 201);
    assert_memory_equal(a.body.data, "7 ", 2);
    assert_non_null(strstr(a.body.data, " [k=v]"));
}

static void bad_forms(void **state)
{
    (void)state;
    auto_answer a = {0};
    assert_int_equal(post_form(DOCUMENT("hello"), &a), 400); /* no last boundary */
    assert_int_equal(app.aborted, 1);
    assert_int_equal(post_form(DOCUMENT("a") DOCUMENT("b") "--B--\r\n", &a), 400);
    assert_int_equal(app.aborted, 2);
    assert_int_equal(post_form(FIELD("a", "\xff") "--B--\r\n", &a), 400);
    assert_int_equal(post_form("nonsense", &a), 400);
    assert_int_equal(post_form(DOCUMENT("a") "--B-\r\n", &a), 400);
    assert_int_equal(client_ask(port,
                                "POST /upload" HOST "Content-Type: multipart/form-data\r\n"
                                "Content-Length: 1\r\n\r\nx",
                                &a),
                     400);
    assert_int_equal(app.handled, 0);
    assert_int_equal(app.begun, app.aborted);
}

static void form_limits(void **state)
{
    (void)state;
    auto_answer a = {0};
    auto_strbuf many = {0}, large = {0};
    for (int i = 0; i <= HTTP_FIELDS; i++)
        strbuf_adds(&many, FIELD("a", "1"));
    strbuf_adds(&many, "--B--\r\n");
    assert_int_equal(post_form(many.data, &a), 413);
    strbuf_adds(&large, "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n");
    for (int i = 0; i <= HTTP_FIELD; i++)
        strbuf_addc(&large, 'x');
    strbuf_adds(&large, "\r\n--B--\r\n");
    assert_int_equal(post_form(large.data, &a), 413);
    assert_int_equal(app.handled, 0);
}

/* ---- bodies that end badly ---- */

static int send_chunked(int fd, const char *path, size_t pieces)
{
    static char piece[65536 + 16];
    int n = snprintf(piece, sizeof piece, "10000\r\n");
    memset(piece + n, 'x', 65536);
    memcpy(piece + n + 65536, "\r\n", 2);
    auto_strbuf head = {0};
    strbuf_addf(&head, "POST %s" HOST "Transfer-Encoding: chunked\r\n\r\n", path);
    client_sends(fd, head.data);
    for (size_t i = 0; i < pieces; i++)
        if (!client_send(fd, piece, (size_t)n + 65536 + 2))
            return 0;
    return client_sends(fd, "0\r\n\r\n");
}

static void chunked_over_limit(void **state)
{
    (void)state;
    auto_answer a = {0};
    int fd = client_connect(port);
    assert_true(send_chunked(fd, "/echo", 17)); /* 64 KiB too much: read to its end */
    client_read(fd, false, &a);
    assert_int_equal(a.status, 413);
    close(fd);
    fd = client_connect(port);
    send_chunked(fd, "/echo", 160); /* 9 MiB too much: answered before its end */
    client_read(fd, false, &a);
    assert_int_equal(a.status, 413);
    assert_non_null(strstr(a.head.data, "Connection: close"));
    close(fd);
    assert_int_equal(app.handled, 0);
}

static void sink_errors(void **state)
{
    (void)state;
    auto_answer a = {0};
    app.fail_begin = ERROR_UNSUPPORTED;
    assert_int_equal(post_form(DOCUMENT("x") "--B--\r\n", &a), 415);
    assert_non_null(strstr(a.body.data, "not this one"));
    app.fail_begin = ERROR_INPUT;
    assert_int_equal(post_form(DOCUMENT("x") "--B--\r\n", &a), 422);
    assert_int_equal(app.aborted, 0);
    app.fail_begin = 0;
    app.fail_after = 100000;
    int fd = client_connect(port);
    send_chunked(fd, "/upload", 4);
    client_read(fd, false, &a);
    assert_int_equal(a.status, 503);
    close(fd);
    fd = client_connect(port);
    send_chunked(fd, "/upload", 160);
    client_read(fd, false, &a);
    assert_int_equal(a.status, 503);
    assert_non_null(strstr(a.body.data, "disk full"));
    close(fd);
    assert_int_equal(app.aborted, 2);
    assert_int_equal(app.handled, 0);
}

static void client_leaves(void **state)
{
    (void)state;
    int fd = client_connect(port);
    client_sends(fd, "POST /upload" HOST "Content-Length: 1000\r\n\r\nabc");
    wait_for(&app.begun, 1);
    close(fd);
    wait_for(&app.aborted, 1);
    assert_int_equal(app.handled, 0);
}

static void upload_not_taken(void **state)
{
    (void)state;
    auto_answer a = {0};
    assert_int_equal(client_ask(port, "POST /ignore" HOST "Content-Length: 1\r\n\r\nx", &a), 200);
    wait_for(&app.aborted, 1);
}

/* ---- framing ---- */

static void smuggling(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST /echo" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST /echo" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "POST /echo" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "POST /echo" HOST "Transfer-Encoding: gzip\r\n\r\nhello",
        "POST /echo" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /files/a" HOST "Host: y\r\n\r\n",
        "GET /files/a HTTP/1.1\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        auto_answer a = {0};
        auto_strbuf two = {0};
        strbuf_adds(&two, requests[i]);
        strbuf_adds(&two, "POST /echo" HOST "Content-Length: 0\r\n\r\n");
        int fd = client_connect(port);
        client_sends(fd, two.data);
        client_read(fd, false, &a);
        assert_int_equal(a.status, 400);
        client_read(fd, false, &a);
        assert_int_equal(a.status, 0);
        close(fd);
    }
    assert_int_equal(app.handled, 0);
    auto_answer a = {0};
    assert_int_equal(client_ask(port, "GET /files/a HTTP/1.0\r\n\r\n", &a), 200);
}

static void addresses(void **state)
{
    (void)state;
    struct http_server *other = NULL;
    struct error err;
    char where[64], text[128];
    struct http_config c = config;
    snprintf(where, sizeof where, "127.0.0.1:%d", port);
    snprintf(text, sizeof text, "%s: Address already in use", where);
    c.listen = where;
    assert_int_equal(http_open(&other, &c, &err), -1);
    assert_int_equal(err.class, ERROR_IO);
    assert_string_equal(err.text, text);
    static const char *const wrong[] = {"8000", ":8000", "localhost:", "::1:80", "[::1]", "h:http"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        c.listen = wrong[i];
        assert_int_equal(http_open(&other, &c, &err), -1);
        assert_int_equal(err.class, ERROR_INPUT);
    }
    assert_null(other);
    c.listen = "localhost:0";
    assert_int_equal(http_open(&other, &c, &err), 0);
    assert_true(http_port(other) > 0);
    http_stop(&other, 0);
}

#define ON_SERVER(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(routing),
        ON_SERVER(query),
        ON_SERVER(head_and_keep_alive),
        ON_SERVER(headers),
        ON_SERVER(problems),
        ON_SERVER(small_body),
        ON_SERVER(large_upload),
        ON_SERVER(raw_names),
        ON_SERVER(form),
        ON_SERVER(form_byte_by_byte),
        ON_SERVER(bad_forms),
        ON_SERVER(form_limits),
        ON_SERVER(chunked_over_limit),
        ON_SERVER(sink_errors),
        ON_SERVER(client_leaves),
        ON_SERVER(upload_not_taken),
        ON_SERVER(smuggling),
        ON_SERVER(addresses),
    };
    alarm(120); /* a server that hangs is a failure, too */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
