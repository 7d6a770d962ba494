/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Who asks: peers, forwarded clients, what a rate limit counts by, and lists of proxies.
 */
#include "http/http_internal.h"

#include "http_client.h"
#include "unit.h"

static void handle(void *arg, struct http_request *req)
{
    char key[HTTP_CLIENT];
    auto_strbuf text = {0};
    (void)arg;
    http_client_key(req, key);
    strbuf_addf(&text, "%s %s%s%s", http_client(req), key, http_secure(req) ? " secure" : "",
                http_trusted(req) ? " trusted" : "");
    http_reply(req, 200, "text/plain", text.data, text.len);
}

static const struct http_route routes[] = {{"GET", "/", handle, NULL, 0, NULL}};
static struct http_server *server;

static void start(const char *proxies)
{
    struct error err;
    const struct http_config config = {
        .listen = "127.0.0.1:0",
        .proxies = proxies,
        .threads = 1,
        .connections = 10,
        .routes = routes,
        .route_count = 1,
    };
    OK(http_open(&server, &config, &err));
    OK(http_serve(server, &err));
}

struct row {
    const char *headers, *body;
};

static void expect(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        auto_answer a = {0};
        auto_strbuf request = {0};
        strbuf_addf(&request, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", rows[i].headers);
        client_ask(http_port(server), request.data, &a);
        if (strcmp(strbuf_str(&a.body), rows[i].body) != 0)
            fail_msg("%s: %s", rows[i].headers, strbuf_str(&a.body));
    }
}

static void not_listed(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "127.0.0.1 127.0.0.1"},
        {"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n", "127.0.0.1 127.0.0.1"},
    };
    static const char *const lists[] = {NULL, "", "127.0.0.2,::1,10.0.0.0/8"};
    for (size_t i = 0; i < COUNT(lists); i++) {
        start(lists[i]);
        expect(rows, COUNT(rows));
        http_stop(&server, 2000);
    }
}

#define FOR "X-Forwarded-For: "

static void forwarded(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "127.0.0.1 127.0.0.1"},
        {FOR "192.0.2.1\r\n", "192.0.2.1 192.0.2.1"},
        {FOR "192.0.2.1:4711\r\n", "192.0.2.1 192.0.2.1"},
        {FOR "192.0.2.9, 192.0.2.1\r\n", "192.0.2.1 192.0.2.1"},
        {FOR "192.0.2.9,192.0.2.1 ,\t10.1.2.3, 127.0.0.1\r\n", "192.0.2.1 192.0.2.1"},
        {FOR "192.0.2.1\r\n" FOR "10.0.0.1\r\n", "192.0.2.1 192.0.2.1"},
        {FOR "10.0.0.2, 10.0.0.1\r\n", "10.0.0.2 10.0.0.2"},
        {FOR "2001:DB8:1:2:3::4\r\n", "2001:db8:1:2:3::4 2001:db8:1:2::/64"},
        {FOR "[2001:db8:1:2:3::4]:80\r\n", "2001:db8:1:2:3::4 2001:db8:1:2::/64"},
        {FOR "[2001:db8::5]\r\n", "2001:db8::5 2001:db8::/64"},
        {FOR "::ffff:192.0.2.1\r\n", "192.0.2.1 192.0.2.1"},
        {FOR "192.0.2.1, ::ffff:10.0.0.1\r\n", "192.0.2.1 192.0.2.1"},
        {FOR "192.0.2.1, fd00::1\r\n", "192.0.2.1 192.0.2.1"},
        {FOR "junk, 192.0.2.1\r\n", "192.0.2.1 192.0.2.1"},
        {FOR "192.0.2.1, junk\r\n", "127.0.0.1 127.0.0.1"},
        {FOR "192.0.2.1, junk, 10.0.0.1\r\n", "127.0.0.1 127.0.0.1"},
        {FOR "192.0.2.1,\r\n", "127.0.0.1 127.0.0.1"},
        {FOR "\r\n", "127.0.0.1 127.0.0.1"},
        {FOR "192.0.2.256\r\n", "127.0.0.1 127.0.0.1"},
        {FOR "[192.0.2.1\r\n", "127.0.0.1 127.0.0.1"},
        {FOR "[::1]x\r\n", "127.0.0.1 127.0.0.1"},
        {FOR "unknown\r\n", "127.0.0.1 127.0.0.1"},
        {"X-Forwarded-Proto: https\r\n", "127.0.0.1 127.0.0.1 secure"},
        {"X-Forwarded-Proto: http, HTTPS\r\n", "127.0.0.1 127.0.0.1 secure"},
        {"X-Forwarded-Proto: https,http\r\n", "127.0.0.1 127.0.0.1"},
        {"X-Forwarded-Proto: httpsx\r\n", "127.0.0.1 127.0.0.1"},
    };
    start("127.0.0.0/8, 10.0.0.0/9 ,fd00::/8");
    expect(rows, COUNT(rows));
    auto_answer a = {0};
    char value[256];
    client_ask(http_port(server), "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\n\r\n",
               &a);
    assert_string_equal(client_header(&a, "Strict-Transport-Security", value), "max-age=31536000");
    http_stop(&server, 2000);
}

static void networks(void **state)
{
    (void)state;
    struct error err;
    struct http_network list[HTTP_PROXIES];
    size_t count = 99;
    static const char *const good[] = {"10.0.0.0/8", "::1", "::/0", "0.0.0.0/0",
                                       "1.2.3.4/32,::1/128"};
    static const unsigned bits[] = {104, 128, 0, 96, 128};
    for (size_t i = 0; i < COUNT(good); i++) {
        OK(http_networks_read(good[i], list, &count, &err));
        assert_int_equal(list[count - 1].bits, bits[i]);
    }
    OK(http_networks_read(NULL, list, &count, &err));
    assert_int_equal(count, 0);
    static const char *const bad[] = {"10.0.0.0/33", "::/129",   "10.0.0.0/",   "10.0.0.0/x",
                                      "/8",          "10.0.0/8", "a",           "::1,,::2",
                                      "10.0.0.0/-1", " ",        "10.0.0.0/8x", "10.0.0.0/0000008"};
    for (size_t i = 0; i < COUNT(bad); i++)
        REFUSED_SAYING(ERROR_INPUT, "proxies", http_networks_read(bad[i], list, &count, &err));
    auto_strbuf many = {0};
    for (int i = 0; i <= HTTP_PROXIES; i++)
        strbuf_adds(&many, "::1,");
    REFUSED(ERROR_LIMIT, http_networks_read(many.data, list, &count, &err));
    const struct http_config config = {.listen = "127.0.0.1:0", .proxies = "nobody"};
    REFUSED(ERROR_INPUT, http_open(&server, &config, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_listed),
        cmocka_unit_test(forwarded),
        cmocka_unit_test(networks),
    };
    alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
