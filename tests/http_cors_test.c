/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Scripts of other sites: preflights and the headers of their answers; and the headers that protect
 * every answer.
 */
#include "http/http.h"

#include "http_client.h"
#include "unit.h"

static void handle(void *arg, struct http_request *req)
{
    (void)arg;
    http_set_header(req, "Vary", "Accept");
    bool listed_one = http_origin_listed(req);
    const char *word = listed_one ? "listed" : "unlisted";
    http_reply(req, 200, "text/plain", word, strlen(word));
}

static void handle_page(void *arg, struct http_request *req)
{
    (void)arg;
    http_set_header(req, "Content-Security-Policy", "default-src 'self'");
    http_reply(req, 200, "text/html", "", 0);
}

static const struct http_route routes[] = {
    {"GET", "/a", handle, NULL, 0, NULL},
    {"DELETE", "/a", handle, NULL, 0, NULL},
    {"GET", "/page", handle_page, NULL, 0, NULL},
};

static _Atomic int admitted;

static int admit(void *app, struct http_request *req)
{
    (void)app, (void)req;
    admitted++;
    return 0;
}

static struct http_server *server;

static void start(const char *origins)
{
    struct error err;
    const struct http_config config = {
        .listen = "127.0.0.1:0",
        .cors_origins = origins,
        .threads = 1,
        .connections = 10,
        .routes = routes,
        .route_count = COUNT(routes),
        .admit = admit,
    };
    OK(http_open(&server, &config, &err));
    OK(http_serve(server, &err));
}

static void ask(const char *line, const char *headers, struct answer *a)
{
    auto_strbuf request = {0};
    strbuf_addf(&request, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n", line, headers);
    client_ask(http_port(server), request.data, a);
}

static void expect(const struct answer *a, const char *name, const char *value)
{
    char found[256];
    assert_string_equal(client_header(a, name, found), value);
}

#define PREFLIGHT(origin) "Origin: " origin "\r\nAccess-Control-Request-Method: DELETE\r\n"

static void listed(void **state)
{
    (void)state;
    auto_answer a = {0};
    start("https://a.example, https://b.example:8443");
    ask("GET /a", "Origin: https://B.example:8443\r\n", &a);
    assert_string_equal(a.body.data, "listed");
    expect(&a, "Access-Control-Allow-Origin", "https://B.example:8443");
    expect(&a, "Access-Control-Expose-Headers",
           "Location, ETag, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, "
           "Content-Disposition, X-Job-Id, Idempotent-Replayed");
    assert_non_null(strstr(a.head.data, "Vary: Accept\r\n"));
    assert_non_null(strstr(a.head.data, "Vary: Origin\r\n"));
    ask("GET /nothing", "Origin: https://a.example\r\n", &a);
    assert_int_equal(a.status, 404);
    expect(&a, "Access-Control-Allow-Origin", "https://a.example");
    static const char *const others[] = {"",
                                         "Origin: https://a.exampl\r\n",
                                         "Origin: https://a.example.org\r\n",
                                         "Origin: http://a.example\r\n",
                                         "Origin: https://a.example, https://b.example:8443\r\n",
                                         "Origin: null\r\n",
                                         "Origin: *\r\n",
                                         "Origin:\r\n"};
    for (size_t i = 0; i < COUNT(others); i++) {
        ask("GET /a", others[i], &a);
        assert_string_equal(strbuf_str(&a.body), "unlisted");
        expect(&a, "Access-Control-Allow-Origin", "");
        assert_non_null(strstr(a.head.data, "Vary: Origin\r\n"));
    }
    http_stop(&server, 2000);
}

static void preflight(void **state)
{
    (void)state;
    auto_answer a = {0};
    start("https://a.example");
    admitted = 0;
    ask("OPTIONS /a", PREFLIGHT("https://a.example"), &a);
    assert_int_equal(a.status, 204);
    expect(&a, "Access-Control-Allow-Origin", "https://a.example");
    expect(&a, "Access-Control-Allow-Methods", "GET, HEAD, DELETE");
    expect(&a, "Access-Control-Allow-Headers",
           "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Range, "
           "X-Request-Id");
    expect(&a, "Access-Control-Max-Age", "600");
    assert_int_equal(admitted, 0);
    ask("OPTIONS /nothing", PREFLIGHT("https://a.example"), &a);
    assert_int_equal(a.status, 404);
    static const char *const none[] = {PREFLIGHT("https://evil.example"),
                                       "Origin: https://a.example\r\n",
                                       "Access-Control-Request-Method: GET\r\n", ""};
    for (size_t i = 0; i < COUNT(none); i++) {
        ask("OPTIONS /a", none[i], &a);
        assert_int_equal(a.status, 405);
        expect(&a, "Allow", "GET, HEAD, DELETE");
        expect(&a, "Access-Control-Allow-Methods", "");
    }
    http_stop(&server, 2000);
}

static void any(void **state)
{
    (void)state;
    auto_answer a = {0};
    start("*");
    ask("GET /a", "Origin: null\r\n", &a);
    expect(&a, "Access-Control-Allow-Origin", "*");
    assert_null(strstr(a.head.data, "Vary: Origin"));
    ask("OPTIONS /a", PREFLIGHT("https://whoever.example"), &a);
    assert_int_equal(a.status, 204);
    http_stop(&server, 2000);
}

static void none(void **state)
{
    (void)state;
    auto_answer a = {0};
    start("");
    ask("GET /a", "Origin: https://a.example\r\n", &a);
    assert_null(strstr(a.head.data, "Access-Control"));
    assert_null(strstr(a.head.data, "Vary: Origin"));
    ask("OPTIONS /a", PREFLIGHT("https://a.example"), &a);
    assert_int_equal(a.status, 405);
    http_stop(&server, 2000);
}

static void protection(void **state)
{
    (void)state;
    auto_answer a = {0};
    start(NULL);
    static const char *const lines[] = {"GET /a", "GET /nothing", "PUT /a"};
    for (size_t i = 0; i < COUNT(lines); i++) {
        ask(lines[i], "", &a);
        expect(&a, "X-Content-Type-Options", "nosniff");
        expect(&a, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        expect(&a, "Referrer-Policy", "no-referrer");
        expect(&a, "Strict-Transport-Security", "");
    }
    ask("GET /page", "", &a);
    expect(&a, "Content-Security-Policy", "default-src 'self'");
    http_stop(&server, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listed), cmocka_unit_test(preflight),  cmocka_unit_test(any),
        cmocka_unit_test(none),   cmocka_unit_test(protection),
    };
    alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
