/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What may be fetched: the operator's list, URLs in all their spellings, and the addresses that are
 * everybody's.
 */
#include "unit.h"

#include "net_spellings.h"

#include <arpa/inet.h>
#include <poll.h>

static struct error err;

static struct net_guard *guard_of(const char *private_hosts)
{
    struct net_guard *guard;
    OK(net_guard_new(&guard, private_hosts, &err));
    guard->resolver = (struct net_resolver){resolve_known, NULL};
    return guard;
}

/* All that happens before a connection. */
static int aim(const struct net_guard *guard, const char *url)
{
    auto_net_target t = NULL;
    if (net_target_new(&t, guard, url, &err) < 0 || net_target_look_up(t, &err) < 0)
        return -1;
    struct pollfd p = {.fd = net_target_fd(t), .events = POLLIN};
    if (p.fd >= 0)
        assert_int_equal(poll(&p, 1, 20000), 1);
    assert_true(net_target_ready(t));
    return net_target_judge(t, &err);
}

static void assert_refused(const struct net_guard *guard, const char *url)
{
    err = (struct error){0};
    if (aim(guard, url) >= 0)
        fail_msg("%s passes", url);
    if (err.class != ERROR_INPUT && err.class != ERROR_DENIED)
        fail_msg("%s: %s: %s", url, error_code(err.class), err.text);
}

/* ---- spellings ---- */

static void no_spelling_leads_inside(void **state)
{
    struct net_guard *guard = guard_of("");
    (void)state;
    assert_true(COUNT(inside) >= 60);
    for (size_t i = 0; i < COUNT(inside); i++)
        assert_refused(guard, inside[i]);
    net_guard_free(&guard);
}

static void the_outside_is_open(void **state)
{
    struct net_guard *guard = guard_of("");
    (void)state;
    for (size_t i = 0; i < COUNT(outside); i++) {
        if (net_check_url(guard, outside[i], &err) < 0 || aim(guard, outside[i]) < 1)
            fail_msg("%s: %s", outside[i], err.text);
    }
    net_guard_free(&guard);
}

static void a_refusal_names_no_inside_address(void **state)
{
    struct net_guard *guard = guard_of("");
    (void)state;
    REFUSED_SAYING(ERROR_DENIED, "private.test: leads to a private address",
                   aim(guard, "http://private.test/?key=swordfish"));
    assert_null(strstr(err.text, "10.0.0.5"));
    assert_null(strstr(err.text, "swordfish"));
    REFUSED_SAYING(ERROR_DENIED, "port 8080", aim(guard, "http://open.test:8080/"));
    REFUSED_SAYING(ERROR_DENIED, "user information", aim(guard, "http://a:b@open.test/"));
    REFUSED_SAYING(ERROR_DENIED, "neither http nor https", aim(guard, "ftp://open.test/"));
    REFUSED_SAYING(ERROR_INPUT, "xn--",
                   aim(guard, "http://b\xC3\xBC"
                              "cher.test/"));
    REFUSED_SAYING(ERROR_REMOTE, "no such host", aim(guard, "http://unknown.test/"));
    net_guard_free(&guard);
}

static void a_long_url_is_refused(void **state)
{
    struct net_guard *guard = guard_of("");
    char url[NET_URL + 2];
    (void)state;
    memset(url, 'a', sizeof url - 1);
    memcpy(url, "http://open.test/", 17);
    url[sizeof url - 1] = '\0';
    REFUSED_SAYING(ERROR_INPUT, "longer than", net_check_url(guard, url, &err));
    url[NET_URL] = '\0';
    OK(net_check_url(guard, url, &err));
    net_guard_free(&guard);
}

static void a_host_is_told(void **state)
{
    char host[NET_HOST];
    (void)state;
    OK(net_url_host("https://Open.Test.:443/x", host, &err));
    assert_string_equal(host, "open.test");
    OK(net_url_host("http://[::1]:8080/x", host, &err));
    assert_string_equal(host, "::1");
    REFUSED(ERROR_INPUT, net_url_host("nonsense", host, &err));
}

/* ---- the list ---- */

static const struct {
    const char *list, *url;
    bool passes;
} listed[] = {
    {"10.0.0.0/8", "http://10.1.2.3/", true},
    {"10.0.0.0/8", "http://10.1.2.3:8080/", true},
    {"10.0.0.0/8", "http://private.test/", true},
    {"10.0.0.0/8", "http://private.test:8080/", true},
    {"10.0.0.0/8", "http://open.test:8080/", false},
    {"10.0.0.0/8", "http://11.0.0.1:8080/", false},
    {"10.0.0.0/8", "http://metadata.test/", false},
    {"10.0.0.5", "http://10.0.0.5/", true},
    {"10.0.0.5", "http://10.0.0.6/", false},
    {"10.0.0.4/31", "http://10.0.0.5/", true},
    {"10.0.0.4/31", "http://10.0.0.6/", false},
    {"10.0.0.5:8080", "http://10.0.0.5:8080/", true},
    {"10.0.0.5:8080", "http://10.0.0.5/", false},
    {"10.0.0.5:8080", "http://private.test:8080/", true},
    {"10.0.0.5:8080", "http://private.test:8081/", false},
    {"10.0.0.5:8080", "http://open.test:8080/", false},
    {"10.0.0.0/8:8080", "http://10.9.9.9:8080/", true},
    {"10.0.0.0/8:8080", "http://10.9.9.9:80/", false},
    {"::ffff:10.0.0.0/104", "http://10.9.9.9/", true},
    {"::1", "http://[::1]:9000/", true},
    {"::1", "http://loop6.test/", true},
    {"::1", "http://127.0.0.1/", false},
    {"[::1]:9000", "http://[::1]:9000/", true},
    {"[::1]:9000", "http://[::1]/", false},
    {"fd00::/8", "http://[fd12::9]/", true},
    {"[fd00::]/8:9000", "http://[fd12::9]:9000/", true},
    {"fd00::/8", "http://[fe12::9]/", false},
    {"private.test", "http://private.test:1234/", true},
    {"Private.Test.", "http://PRIVATE.test/", true},
    {"private.test:81", "http://private.test:81/", true},
    {"private.test:81", "http://private.test/", false},
    {"private.test", "http://10.0.0.5/", false},
    {"private.test", "http://sub.private.test:81/", false},
    {"mixed.test", "http://mixed.test/", true},
    {"127.0.0.1", "http://mixed.test/", true},
    {"127.0.0.1", "http://localhost:5000/", true},
    {"localhost", "http://localhost:5000/", true},
    {"localhost", "http://127.0.0.1:5000/", false},
    {"a.test, 127.0.0.0/8\t,private.test", "http://127.3.3.3/", true},
    {" , ", "http://127.0.0.1/", false},
    {"0.0.0.0/0", "http://169.254.169.254:9/", true},
    {"0.0.0.0/0", "http://[::1]/", false},
};

static void the_list_opens_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(listed); i++) {
        struct net_guard *guard = guard_of(listed[i].list);
        if ((aim(guard, listed[i].url) > 0) != listed[i].passes)
            fail_msg("\"%s\", %s: %s", listed[i].list, listed[i].url,
                     listed[i].passes ? err.text : "passes");
        net_guard_free(&guard);
    }
}

static void a_list_with_nonsense_is_refused(void **state)
{
    static const char *const bad[] = {
        "10.0.0.0/33", "10.0.0.0/",      "10.0.0/8",    "127.1",    "0x7f.1",       "fd00::/129",
        "[::1",        "::1]",           "[10.0.0.1]",  "a.test:0", "a.test:70000", "a.test:x",
        "a.test/8",    "a..b",           "-/8",         "*.a.test", "http://a",     "::ffff:0:0/95",
        "10.0.0.1:",   "b\xC3\xBC.test", "10.0.0.0/+8",
    };
    struct net_guard *guard = NULL;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (net_guard_new(&guard, bad[i], &err) == 0)
            fail_msg("\"%s\" is taken", bad[i]);
        assert_int_equal(err.class, ERROR_INPUT);
    }
    assert_null(guard);
}

/* ---- addresses ---- */

static bool is_public(const char *text)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &in4.sin_addr) == 1)
        return net_address_public((struct sockaddr *)&in4);
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return net_address_public((struct sockaddr *)&in6);
}

/* The first and the last of each range, and their neighbours. */
static void ranges_end_where_they_do(void **state)
{
    static const char *const closed[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "127.0.0.0",
        "100.127.255.255",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.2.255",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "203.0.113.255",
        "224.0.0.0",
        "255.255.255.255",
        "::",
        "1fff:ffff::",
        "4000::",
        "2001::",
        "2001:1ff::1",
        "2001:db8::",
        "2001:db8:ffff::",
        "2002::",
        "2002:ffff::",
        "3fff::",
        "3fff:fff::",
        "::ffff:10.0.0.1",
        "ffff::",
    };
    static const char *const open[] = {
        "1.0.0.0",         "9.255.255.255", "11.0.0.0",        "100.63.255.255",  "100.128.0.0",
        "126.255.255.255", "128.0.0.0",     "169.253.255.255", "169.255.0.0",     "172.15.255.255",
        "172.32.0.0",      "192.0.1.0",     "192.0.3.0",       "192.167.255.255", "192.169.0.0",
        "198.17.255.255",  "198.20.0.0",    "203.0.112.255",   "203.0.114.0",     "223.255.255.255",
        "2000::",          "2001:200::",    "2001:db7:ffff::", "2001:db9::",      "2003::",
        "3ffe:ffff::",     "3fff:1000::",   "::ffff:9.9.9.9",  "168.63.129.15",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(closed); i++)
        if (is_public(closed[i]))
            fail_msg("%s is public", closed[i]);
    for (size_t i = 0; i < COUNT(open); i++)
        if (!is_public(open[i]))
            fail_msg("%s is not public", open[i]);
    assert_false(net_address_public(&(struct sockaddr){.sa_family = AF_UNIX}));
}

/* Addresses are names that every system knows without asking a network or a file. */
static void the_system_resolves(void **state)
{
    struct net_addresses found = {0};
    (void)state;
    OK(net_system_resolver.resolve(NULL, "127.0.0.1", &found, &err));
    assert_int_equal(found.count, 1);
    assert_false(net_address_open(&found.list[0]));
}

/* ---- names of files ---- */

static const struct {
    const char *disposition, *path, *name;
} filenames[] = {
    {NULL, "/a/b.pdf", "b.pdf"},
    {NULL, "/a%20b.pdf", "a b.pdf"},
    {NULL, "/a/", ""},
    {NULL, NULL, ""},
    {NULL, "/..", ""},
    {NULL, "/%2e%2e%2fpasswd", "passwd"},
    {NULL, "/100%", "100%"},
    {NULL, "/%0a%ff", "??"},
    {"attachment", "/b.pdf", "b.pdf"},
    {"attachment; filename=c.pdf", "/b.pdf", "c.pdf"},
    {"attachment; filename=\"c d.pdf\"; x=y", "/b.pdf", "c d.pdf"},
    {"attachment; FileName=\"c\\\"d;e.pdf\"", "/b.pdf", "c\"d;e.pdf"},
    {"attachment; filename=\"/etc/passwd\"", "/b", "passwd"},
    {"attachment; filename=\"C:\\\\x\\\\y.pdf\"", "/b", "y.pdf"},
    {"attachment; filename=\"..\"", "/b.pdf", ""},
    {"attachment; filename=\"open", "/b.pdf", "open"},
    {"attachment; filename=c.pdf; filename*=UTF-8''%e2%82%ac.pdf", "/b", "\xE2\x82\xAC.pdf"},
    {"attachment; filename*=utf-8'en'e%20f.pdf", "/b", "e f.pdf"},
    {"attachment; filename*=iso-8859-1''%e4.pdf; filename=c.pdf", "/b", "c.pdf"},
    {"attachment; filename*=UTF-8", "/b.pdf", "b.pdf"},
    {"; filename", "/b.pdf", "b.pdf"},
};

static void a_file_has_a_name(void **state)
{
    char name[NET_FILENAME], path[NET_FILENAME * 4];
    (void)state;
    for (size_t i = 0; i < COUNT(filenames); i++) {
        net_filename(filenames[i].disposition, filenames[i].path, name);
        assert_string_equal(name, filenames[i].name);
    }
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    memcpy(path + NET_FILENAME - 2, "\xE2\x82\xAC", 3); /* the cut comes within */
    net_filename(NULL, path, name);
    assert_int_equal(strlen(name), NET_FILENAME - 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_spelling_leads_inside),
        cmocka_unit_test(the_outside_is_open),
        cmocka_unit_test(a_refusal_names_no_inside_address),
        cmocka_unit_test(a_long_url_is_refused),
        cmocka_unit_test(a_host_is_told),
        cmocka_unit_test(the_list_opens_what_it_says),
        cmocka_unit_test(a_list_with_nonsense_is_refused),
        cmocka_unit_test(ranges_end_where_they_do),
        cmocka_unit_test(the_system_resolves),
        cmocka_unit_test(a_file_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
