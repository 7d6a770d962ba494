/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Fetching over a loopback server: what arrives, where it stops, and that no redirect and no
 * resolver brings it anywhere but to the one port that is listed. connect() is the test's own: it
 * writes down every address and lets nothing through that is not loopback.
 */
#include "unit.h"

#include "base/clock.h"
#include "base/strbuf.h"
#include "net_server.h"
#include "net_spellings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct error err;
static struct net_server server;
static struct net_guard *guard;

/* ---- connect() ---- */

static char connected[64][INET6_ADDRSTRLEN + 16]; /* "ADDRESS PORT" */
static _Atomic unsigned connections;
static _Atomic bool diverted; /* all to the server, as a network that lies would */

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    struct net_address a;
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)server.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!net_address_of(address, &a))
        return (int)syscall(SYS_connect, fd, address, len);
    /* The port is at the same place in both families. */
    snprintf(connected[connections % COUNT(connected)], sizeof connected[0], "%s %d",
             net_address_text(&a, text), ntohs(((const struct sockaddr_in *)address)->sin_port));
    connections++;
    if (diverted)
        return (int)syscall(SYS_connect, fd, &to, sizeof to);
    if (a.family == AF_INET && a.bytes[0] == 127)
        return (int)syscall(SYS_connect, fd, address, len);
    errno = ENETUNREACH;
    return -1;
}

/* Since the last call, and nowhere but to the server. */
static void assert_connected(unsigned times)
{
    char expected[64];
    snprintf(expected, sizeof expected, "127.0.0.1 %d", server.port);
    assert_int_equal(connections, times);
    for (unsigned i = 0; i < times; i++)
        assert_string_equal(connected[i], expected);
    connections = 0;
}

/* ---- the sink ---- */

struct taken {
    struct strbuf body;
    char filename[NET_FILENAME], type[64];
    int64_t announced;
    int begun;
    bool refuse_begin, refuse_write;
};

static int taken_begin(void *arg, const char *filename, const char *type, int64_t announced,
                       struct error *e)
{
    struct taken *t = arg;
    t->begun++;
    t->announced = announced;
    snprintf(t->filename, sizeof t->filename, "%s", filename);
    snprintf(t->type, sizeof t->type, "%s", type);
    return t->refuse_begin ? error_set(e, ERROR_QUOTA, "no room") : 0;
}

static int taken_write(void *arg, const void *bytes, size_t len, struct error *e)
{
    struct taken *t = arg;
    strbuf_add(&t->body, bytes, len);
    return t->refuse_write ? error_set(e, ERROR_IO, "disk") : 0;
}

static const struct net_sink sink = {taken_begin, taken_write};

static void taken_free(struct taken *t)
{
    strbuf_free(&t->body);
}

#define auto_taken __attribute__((cleanup(taken_free))) struct taken

static const char *at(const char *path)
{
    static char url[NET_URL];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server.port, path);
    return url;
}

static int fetch(const char *url, struct taken *t)
{
    return net_fetch(guard, url, 1000, 20000, &sink, t, &err);
}

/* ---- the server ---- */

static const char *location; /* for /to */

static void redirect(int fd, const char *to)
{
    char text[NET_URL + 256];
    snprintf(text, sizeof text, "HTTP/1.1 302 Found\r\nContent-Length: 2\r\nLocation: %s\r\n\r\nhi",
             to);
    net_server_says(fd, text);
}

static void count_down(int fd, int n)
{
    char to[64];
    snprintf(to, sizeof to, "/down/%d", n - 1);
    if (n > 0)
        redirect(fd, to);
    else
        net_server_says(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend");
}

static void endless(int fd, const char *start, const char *more)
{
    net_server_says(fd, start);
    for (int i = 0; i < 1 << 16 && net_server_says(fd, more); i++)
        ;
}

static void dawdle(struct net_server *s, int fd, const char *start)
{
    net_server_says(fd, start);
    while (!s->stopping && net_server_says(fd, "x"))
        usleep(20000);
}

static const struct {
    const char *path, *answer;
} fixed[] = {
    {"/doc ", "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 5\r\n"
              "Content-Disposition: attachment; filename=\"a b.pdf\"\r\n\r\nhello"},
    {"/plain.txt?q=1 ", "HTTP/1.0 200 OK\r\n\r\nuntil the end"},
    {"/empty ", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
    {"/none ", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope"},
    {"/nothing ", "HTTP/1.1 204 No Content\r\n\r\n"},
    {"/part ", "HTTP/1.1 206 Partial\r\nContent-Length: 4\r\n\r\npart"},
    {"/lost ", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"},
    {"/large ", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\nx"},
    {"/cut ", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel"},
    {"/packed ", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"},
    {"/cookie ", "HTTP/1.1 302 Found\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n"
                 "Location: /doc\r\n\r\n"},
    {"/garbage ", "SSH-2.0-OpenSSH_9\r\n"},
};

static void answer(struct net_server *s, int fd, const struct net_request *r)
{
    char path[64] = "";
    sscanf(strbuf_str(&r->head), "GET %60s", path);
    strcat(path, " ");
    for (size_t i = 0; i < COUNT(fixed); i++)
        if (strcmp(path, fixed[i].path) == 0)
            net_server_says(fd, fixed[i].answer);
    if (strncmp(path, "/down/", 6) == 0)
        count_down(fd, atoi(path + 6));
    else if (strcmp(path, "/to ") == 0)
        redirect(fd, location);
    else if (strcmp(path, "/endless ") == 0)
        endless(fd, "HTTP/1.1 200 OK\r\n\r\n", "0123456789abcdef");
    else if (strcmp(path, "/head ") == 0)
        endless(fd, "HTTP/1.1 200 OK\r\n", "X-More: 0123456789abcdef\r\n");
    else if (strcmp(path, "/error ") == 0)
        endless(fd, "HTTP/1.1 500 Oops\r\n\r\n", "0123456789abcdef");
    else if (strcmp(path, "/slow ") == 0)
        dawdle(s, fd, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
    else if (strcmp(path, "/slowhead ") == 0)
        dawdle(s, fd, "HTTP/1.1 200 OK\r\nX-Slow: ");
    else if (strcmp(path, "/echo ") == 0) {
        net_server_says(fd, "HTTP/1.1 200 OK\r\n\r\n");
        net_server_says(fd, strbuf_str(&r->head));
    }
}

static struct net_guard *guard_with(int (*resolve)(void *, const char *, struct net_addresses *,
                                                   struct error *))
{
    char list[64];
    struct net_guard *g;
    snprintf(list, sizeof list, "127.0.0.1:%d", server.port);
    OK(net_guard_new(&g, list, &err));
    g->resolver.resolve = resolve;
    return g;
}

static int open_all(void **state)
{
    (void)state;
    server.answer = answer;
    net_server_start(&server);
    guard = guard_with(resolve_known);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    net_guard_free(&guard);
    net_server_stop(&server);
    return 0;
}

static int before_each(void **state)
{
    (void)state;
    connections = 0;
    err = (struct error){0};
    return 0;
}

/* ---- what arrives ---- */

static void a_document_arrives(void **state)
{
    auto_taken t = {0}, plain = {0};
    (void)state;
    OK(fetch(at("/doc"), &t));
    assert_string_equal(t.body.data, "hello");
    assert_string_equal(t.filename, "a b.pdf");
    assert_string_equal(t.type, "application/pdf");
    assert_int_equal(t.announced, 5);
    assert_int_equal(t.begun, 1);
    OK(fetch(at("/plain.txt?q=1"), &plain));
    assert_string_equal(plain.body.data, "until the end");
    assert_string_equal(plain.filename, "plain.txt");
    assert_string_equal(plain.type, "");
    assert_int_equal(plain.announced, -1);
    assert_connected(2);
}

static void an_empty_document_arrives(void **state)
{
    auto_taken t = {0};
    (void)state;
    OK(fetch(at("/empty"), &t));
    assert_int_equal(t.begun, 1);
    assert_int_equal(t.body.len, 0);
    assert_string_equal(t.filename, "empty");
}

static void bytes_arrive_as_they_are(void **state)
{
    auto_taken t = {0};
    (void)state;
    OK(fetch(at("/packed"), &t));
    assert_string_equal(t.body.data, "abc");
}

/* Nothing of ours goes out: no proxy, no cookie, no credential. */
static void nothing_goes_along(void **state)
{
    auto_taken t = {0}, c = {0};
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("ALL_PROXY", "socks5://127.0.0.1:1/", 1);
    OK(fetch(at("/echo"), &t));
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_null(strcasestr(t.body.data, "Cookie:"));
    assert_null(strcasestr(t.body.data, "Authorization:"));
    assert_null(strcasestr(t.body.data, "Accept-Encoding:"));
    assert_non_null(strstr(t.body.data, "User-Agent: pagemill/"));
    assert_connected(1);
    OK(fetch(at("/cookie"), &c));
    assert_string_equal(c.body.data, "hello");
}

/* ---- where it stops ---- */

static void other_answers_are_errors(void **state)
{
    static const char *const paths[] = {"/none", "/nothing", "/part", "/lost",
                                        "/cut",  "/garbage", "/error"};
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        auto_taken t = {0};
        REFUSED(ERROR_REMOTE, fetch(at(paths[i]), &t));
        assert_int_equal(t.begun, strcmp(paths[i], "/cut") == 0);
    }
    auto_taken t = {0};
    REFUSED_SAYING(ERROR_REMOTE, "404", fetch(at("/none"), &t));
    REFUSED_SAYING(ERROR_REMOTE, "500", fetch(at("/error"), &t));
    REFUSED_SAYING(ERROR_REMOTE, "headers", fetch(at("/head"), &t));
}

static void a_large_document_stops(void **state)
{
    auto_taken announced = {0}, endless_one = {0};
    (void)state;
    REFUSED_SAYING(ERROR_LIMIT, "1000 bytes", fetch(at("/large"), &announced));
    assert_int_equal(announced.begun, 0);
    REFUSED(ERROR_LIMIT, fetch(at("/endless"), &endless_one));
    assert_true(endless_one.body.len <= 1000);
}

static void a_slow_server_is_left(void **state)
{
    auto_taken t = {0};
    (void)state;
    REFUSED(ERROR_TIMEOUT, net_fetch(guard, at("/slow"), 1000, 200, &sink, &t, &err));
    REFUSED(ERROR_TIMEOUT, net_fetch(guard, at("/slowhead"), 1000, 200, &sink, &t, &err));
}

static void the_sink_may_refuse(void **state)
{
    auto_taken b = {.refuse_begin = true}, w = {.refuse_write = true};
    (void)state;
    REFUSED_SAYING(ERROR_QUOTA, "no room", fetch(at("/doc"), &b));
    REFUSED_SAYING(ERROR_QUOTA, "no room", fetch(at("/empty"), &b));
    REFUSED_SAYING(ERROR_IO, "disk", fetch(at("/doc"), &w));
}

/* ---- redirects ---- */

static void five_redirects_are_followed(void **state)
{
    auto_taken t = {0};
    (void)state;
    OK(fetch(at("/down/5"), &t));
    assert_string_equal(t.body.data, "end");
    assert_int_equal(t.begun, 1);
    assert_connected(6);
    REFUSED_SAYING(ERROR_REMOTE, "more than 5 redirects", fetch(at("/down/6"), &t));
    assert_connected(6);
}

/* Every spelling, behind a server that may be reached: only that server is. */
static void no_redirect_leads_inside(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(inside); i++) {
        auto_taken t = {0};
        /* Without a scheme it is a path of the same server: nothing to fear there. */
        if (!strchr(inside[i], ':') || strchr(inside[i], '\n'))
            continue;
        location = inside[i];
        if (fetch(at("/to"), &t) == 0)
            fail_msg("%s passes", inside[i]);
        assert_int_equal(t.begun, 0);
        assert_connected(1);
    }
    location = "//127.0.0.1/x";
    auto_taken t = {0};
    REFUSED_SAYING(ERROR_DENIED, "after 1 redirect", fetch(at("/to"), &t));
    assert_connected(1);
}

static void a_redirect_to_the_public_is_tried(void **state)
{
    auto_taken t = {0};
    (void)state;
    location = "http://open.test/";
    REFUSED(ERROR_REMOTE, fetch(at("/to"), &t));
    assert_int_equal(connections, 2);
    assert_string_equal(connected[1], "93.184.215.14 80");
}

/* ---- resolvers ---- */

static _Atomic int asked;

static int rebind(void *arg, const char *host, struct net_addresses *out, struct error *e)
{
    (void)arg, (void)host, (void)e;
    net_address_parse(asked++ == 0 ? "127.0.0.1" : "127.0.0.2", &out->list[out->count++]);
    return 0;
}

static const char *named(const char *path)
{
    static char url[NET_URL];
    snprintf(url, sizeof url, "http://name.test:%d%s", server.port, path);
    return url;
}

/* Asked once a hop; what it says later has no effect on this one and is judged for the next. */
static void rebinding_has_no_effect(void **state)
{
    struct net_guard *g = guard_with(rebind);
    auto_taken t = {0};
    (void)state;
    asked = 0;
    OK(net_fetch(g, named("/doc"), 1000, 20000, &sink, &t, &err));
    assert_int_equal(asked, 1);
    assert_connected(1);
    asked = 0;
    location = named("/doc");
    REFUSED(ERROR_DENIED, net_fetch(g, named("/to"), 1000, 20000, &sink, &t, &err));
    assert_int_equal(asked, 2);
    assert_connected(1);
    net_guard_free(&g);
}

static int two_of_which_one_answers(void *arg, const char *host, struct net_addresses *out,
                                    struct error *e)
{
    (void)arg, (void)host, (void)e;
    net_address_parse("93.184.215.14", &out->list[out->count++]);
    net_address_parse("127.0.0.1", &out->list[out->count++]);
    return 0;
}

static void the_next_address_is_tried(void **state)
{
    struct net_guard *g = guard_with(two_of_which_one_answers);
    struct net_entry both = {.name = "name.test"};
    auto_taken t = {0};
    (void)state;
    REFUSED(ERROR_DENIED, net_fetch(g, named("/doc"), 1000, 20000, &sink, &t, &err));
    assert_connected(0);
    g->entries[g->count++] = both;
    OK(net_fetch(g, named("/doc"), 1000, 20000, &sink, &t, &err));
    assert_int_equal(connections, 2);
    assert_string_equal(t.body.data, "hello");
    net_guard_free(&g);
}

/* A connection that ends elsewhere than it was sent: the request is never written. */
static void the_peer_is_looked_at(void **state)
{
    auto_taken t = {0};
    int before = server.requests;
    (void)state;
    diverted = true;
    REFUSED_SAYING(ERROR_DENIED, "astray", fetch("http://open.test/doc", &t));
    diverted = false;
    assert_int_equal(t.begun, 0);
    /* It came, and read the end of the connection instead of a request. */
    while (server.open > 0)
        usleep(1000);
    assert_true(server.requests <= before + 1);
}

/* Should curl ever be told, or decide, to go elsewhere, it gets no socket. */
static void the_socket_is_held(void **state)
{
    auto_net_target t = NULL;
    char entry[64];
    CURL *curl = curl_easy_init();
    (void)state;
    OK(net_target_new(&t, guard, "http://93.184.215.14/", &err));
    OK(net_target_look_up(t, &err));
    assert_int_equal(OK(net_target_judge(t, &err)), 1);
    net_target_aim(t, curl, 0);
    snprintf(entry, sizeof entry, "::127.0.0.1:%d", server.port);
    struct curl_slist *list = curl_slist_append(NULL, entry);
    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, list);
    CURLcode code = curl_easy_perform(curl);
    assert_int_equal(code, CURLE_COULDNT_CONNECT);
    REFUSED_SAYING(ERROR_DENIED, "astray", net_target_blame(t, code, &err));
    assert_int_equal(connections, 0);
    curl_easy_cleanup(curl);
    curl_slist_free_all(list);
}

static _Atomic bool released;
static _Atomic int returned;

static int hang(void *arg, const char *host, struct net_addresses *out, struct error *e)
{
    (void)arg, (void)out;
    while (!released)
        usleep(1000);
    returned++;
    return error_set(e, ERROR_REMOTE, "%s: too late", host);
}

static void a_hanging_resolver_is_left(void **state)
{
    struct net_guard *g = guard_with(hang);
    auto_taken t = {0};
    (void)state;
    released = false;
    REFUSED_SAYING(ERROR_TIMEOUT, "looking it up",
                   net_fetch(g, named("/doc"), 1000, 50, &sink, &t, &err));
    net_guard_free(&g);
    released = true;
    while (returned < 1)
        usleep(1000);
}

static void too_many_lookups_are_refused(void **state)
{
    struct net_guard *g = guard_with(hang);
    struct net_target *targets[400] = {0};
    size_t n = 0;
    (void)state;
    released = false;
    returned = 0;
    for (; n < COUNT(targets); n++) {
        OK(net_target_new(&targets[n], g, named("/"), &err));
        if (net_target_look_up(targets[n], &err) < 0)
            break;
    }
    assert_int_equal(err.class, ERROR_BUSY);
    assert_in_range(n, 16, COUNT(targets) - 1);
    for (size_t i = 0; i <= n; i++)
        net_target_free(&targets[i]);
    released = true;
    while (returned < (int)n)
        usleep(1000);
    net_guard_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_document_arrives, before_each),
        cmocka_unit_test_setup(an_empty_document_arrives, before_each),
        cmocka_unit_test_setup(bytes_arrive_as_they_are, before_each),
        cmocka_unit_test_setup(nothing_goes_along, before_each),
        cmocka_unit_test_setup(other_answers_are_errors, before_each),
        cmocka_unit_test_setup(a_large_document_stops, before_each),
        cmocka_unit_test_setup(a_slow_server_is_left, before_each),
        cmocka_unit_test_setup(the_sink_may_refuse, before_each),
        cmocka_unit_test_setup(five_redirects_are_followed, before_each),
        cmocka_unit_test_setup(no_redirect_leads_inside, before_each),
        cmocka_unit_test_setup(a_redirect_to_the_public_is_tried, before_each),
        cmocka_unit_test_setup(rebinding_has_no_effect, before_each),
        cmocka_unit_test_setup(the_next_address_is_tried, before_each),
        cmocka_unit_test_setup(the_peer_is_looked_at, before_each),
        cmocka_unit_test_setup(the_socket_is_held, before_each),
        cmocka_unit_test_setup(a_hanging_resolver_is_left, before_each),
        cmocka_unit_test_setup(too_many_lookups_are_refused, before_each),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
