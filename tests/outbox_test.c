/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The outbox over real HTTP on loopback: what arrives and how it is signed, what is tried again and
 * when, and that one host that is slow holds up nobody else.
 */
#include "unit.h"

#include "base/clock.h"
#include "base/log.h"
#include "job/outbox_internal.h"
#include "net/net_internal.h"
#include "net_server.h"
#include "outbox_store_fake.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <unistd.h>

static struct error err;
static struct net_server server, slow_server;
static struct net_guard *guard;
static struct outbox *outbox;
static char store_stand_in; /* whose address is the service, and the store */

/* ---- what the other side saw ---- */

struct seen {
    char path[64], id[64], timestamp[32], signature[64], type[64];
    char body[2048];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct seen seen[512];
static _Atomic unsigned seen_count;
static _Atomic bool held_back; /* /hang and the slow server answer when it ends */

static void note(const struct net_request *r)
{
    struct seen s = {0};
    sscanf(strbuf_str(&r->head), "POST %60s", s.path);
    snprintf(s.id, sizeof s.id, "%s", net_request_header(r, "webhook-id"));
    snprintf(s.timestamp, sizeof s.timestamp, "%s", net_request_header(r, "webhook-timestamp"));
    snprintf(s.signature, sizeof s.signature, "%s", net_request_header(r, "webhook-signature"));
    snprintf(s.type, sizeof s.type, "%s", net_request_header(r, "Content-Type"));
    snprintf(s.body, sizeof s.body, "%s", strbuf_str(&r->body));
    pthread_mutex_lock(&lock);
    seen[seen_count % COUNT(seen)] = s;
    seen_count++;
    pthread_mutex_unlock(&lock);
}

static struct seen seen_at(unsigned n)
{
    pthread_mutex_lock(&lock);
    struct seen s = seen[n];
    pthread_mutex_unlock(&lock);
    return s;
}

static void endless(struct net_server *s, int fd, const char *more)
{
    while (!s->stopping && net_server_says(fd, more))
        ;
}

static const struct {
    const char *path, *answer;
} answers[] = {
    {"/ok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
    {"/accepted", "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"},
    {"/cut", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"},
    {"/500", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nRetry-After: 7200\r\n\r\n"},
    {"/410", "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"},
    {"/302", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /ok\r\n\r\n"},
    {"/429", "HTTP/1.1 429 Slow Down\r\nContent-Length: 0\r\nRetry-After: 7200\r\n\r\n"},
    {"/503", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: Fri, 31 Dec 2100 23:59:59 "
             "GMT\r\n\r\n"},
    {"/silent", ""},
    {"/garbage", "SSH-2.0-OpenSSH_9\r\n"},
};

static void answer(struct net_server *s, int fd, const struct net_request *r)
{
    char path[64] = "";
    sscanf(strbuf_str(&r->head), "POST %60s", path);
    note(r);
    for (size_t i = 0; i < COUNT(answers); i++)
        if (strcmp(path, answers[i].path) == 0)
            net_server_says(fd, answers[i].answer);
    if (strcmp(path, "/hang") == 0)
        while (held_back && !s->stopping)
            usleep(1000);
    if (strcmp(path, "/endless") == 0) {
        net_server_says(fd, "HTTP/1.1 200 OK\r\n\r\n");
        endless(s, fd, "0123456789abcdef");
    }
}

static void answer_slowly(struct net_server *s, int fd, const struct net_request *r)
{
    note(r);
    while (held_back && !s->stopping)
        usleep(1000);
    net_server_says(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

/* ---- set-up ---- */

static int resolve_all(void *arg, const char *host, struct net_addresses *out, struct error *e)
{
    (void)arg;
    if (strcmp(host, "unknown.test") == 0)
        return error_set(e, ERROR_REMOTE, "%s: no such host", host);
    net_address_parse(strcmp(host, "inside.test") == 0 ? "10.0.0.7" : "127.0.0.1", &out->list[0]);
    out->count = 1;
    return 0;
}

static int open_all(void **state)
{
    char list[64];
    (void)state;
    log_setup("test", LOG_ERROR + 1, LOG_TEXT);
    server.answer = answer;
    slow_server.answer = answer_slowly;
    net_server_start(&server);
    net_server_start(&slow_server);
    snprintf(list, sizeof list, "127.0.0.1:%d,127.0.0.1:%d", server.port, slow_server.port);
    OK(net_guard_new(&guard, list, &err));
    guard->resolver.resolve = resolve_all;
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    net_server_stop(&server);
    net_server_stop(&slow_server);
    net_guard_free(&guard);
    return 0;
}

static int start(void **state)
{
    (void)state;
    fake_reset();
    seen_count = 0;
    held_back = false;
    outbox_second_ms = 1000;
    outbox_timeout_ms = 60000;
    OK(outbox_start(&outbox, (struct job_service *)&store_stand_in, guard, &err));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    held_back = false;
    outbox_stop(&outbox);
    assert_null(outbox);
    fake_reset();
    return 0;
}

/* With another measure of time. */
static void start_again(int64_t second_ms, int64_t timeout_ms)
{
    outbox_stop(&outbox);
    outbox_second_ms = second_ms;
    outbox_timeout_ms = timeout_ms;
    OK(outbox_start(&outbox, (struct job_service *)&store_stand_in, guard, &err));
}

static size_t post_to(const char *host, int port, const char *path, const char *secret)
{
    char url[256];
    snprintf(url, sizeof url, "http://%s:%d%s", host, port, path);
    size_t row = fake_add(url, secret);
    outbox_wake(outbox, "");
    return row;
}

static size_t post(const char *path, const char *secret)
{
    return post_to("127.0.0.1", server.port, path, secret);
}

/* Waits without end: the test program's own limit is the failure. */
static struct fake_row after(size_t row, uint32_t attempts)
{
    while (fake_find(row).delivery.attempts < attempts)
        usleep(1000);
    return fake_find(row);
}

/* ---- delivery ---- */

/* HMAC as RFC 2104 writes it. */
static void sign_by_hand(const char *key, const struct seen *s, char out[64])
{
    unsigned char pad[64], inner[SHA256_DIGEST_LENGTH], all[4096];
    char text[2400];
    int n = snprintf(text, sizeof text, "%s.%s.%s", s->id, s->timestamp, s->body);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof pad; i++)
            pad[i] = (unsigned char)((i < strlen(key) ? key[i] : 0) ^ (round ? 0x5c : 0x36));
        size_t len = round ? sizeof inner : (size_t)n;
        memcpy(all, pad, sizeof pad);
        memcpy(all + sizeof pad, round ? (const char *)inner : text, len);
        SHA256(all, sizeof pad + len, inner);
    }
    strcpy(out, "v1,");
    EVP_EncodeBlock((unsigned char *)out + 3, inner, sizeof inner);
}

static void a_delivery_arrives_signed(void **state)
{
    char expected[64];
    (void)state;
    int64_t before = clock_wall() / 1000;
    size_t row = post("/ok", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
    struct fake_row r = after(row, 1);
    struct seen s = seen_at(0);
    assert_int_equal(r.delivery.state, DELIVERY_DELIVERED);
    assert_int_equal(r.log[1].status, 200);
    assert_string_equal(r.log[1].error, "");
    assert_string_equal(s.id, r.delivery.id);
    assert_string_equal(s.type, "application/json");
    assert_in_range(atoll(s.timestamp), before, clock_wall() / 1000);
    sign_by_hand("01234567890123456789012345678901", &s, expected);
    assert_string_equal(s.signature, expected);
    assert_non_null(strstr(s.body, "\"type\":\"job.completed\""));
    assert_non_null(strstr(s.body, r.delivery.job));
}

static void without_a_secret_there_is_no_signature(void **state)
{
    (void)state;
    assert_int_equal(after(post("/accepted", ""), 1).delivery.state, DELIVERY_DELIVERED);
    assert_string_equal(seen_at(0).signature, "");
    assert_true(seen_at(0).timestamp[0]);
}

/* Once the status is there, nothing that follows matters. */
static void the_rest_of_the_answer_does_not_matter(void **state)
{
    (void)state;
    assert_int_equal(after(post("/endless", ""), 1).delivery.state, DELIVERY_DELIVERED);
    assert_int_equal(after(post("/cut", ""), 1).delivery.state, DELIVERY_DELIVERED);
}

static void what_waited_before_the_start_is_delivered(void **state)
{
    char url[64];
    (void)state;
    outbox_stop(&outbox);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/ok", server.port);
    size_t row = fake_add(url, "");
    start_again(1000, 60000);
    assert_int_equal(after(row, 1).delivery.state, DELIVERY_DELIVERED);
}

/* ---- failure ---- */

static void the_schedule_is_kept(void **state)
{
    static const int64_t seconds[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    (void)state;
    fake_hasty = true;
    start_again(10, 60000);
    size_t row = post("/500", "secret");
    while (fake_find(row).delivery.attempts < 10) {
        outbox_wake(outbox, ""); /* it would wait as long as it said */
        usleep(1000);
    }
    struct fake_row r = fake_find(row);
    assert_int_equal(r.delivery.state, DELIVERY_FAILED);
    assert_int_equal(r.log[10].status, 500);
    assert_string_equal(r.log[10].error, "HTTP 500");
    for (uint32_t i = 0; i < COUNT(seconds); i++) {
        int64_t wait = r.dues[i + 1] - r.log[i + 1].at - r.log[i + 1].duration_ms;
        /* Two clocks were read: a few milliseconds between them. */
        assert_in_range(wait + 50, seconds[i] * 9 + 40, seconds[i] * 11 + 1050);
    }
    assert_int_equal(seen_count, 10);
    for (unsigned i = 0; i < 10; i++)
        assert_string_equal(seen_at(i).id, r.delivery.id);
}

static void a_second_attempt_comes_when_it_is_due(void **state)
{
    (void)state;
    start_again(2, 60000);
    struct fake_row r = after(post("/500", ""), 2);
    assert_true(r.log[2].at >= r.dues[1]);
}

static void gone_is_gone(void **state)
{
    (void)state;
    struct fake_row r = after(post("/410", ""), 1);
    assert_int_equal(r.delivery.state, DELIVERY_FAILED);
    assert_int_equal(r.log[1].status, 410);
}

static void a_redirect_is_a_failure(void **state)
{
    (void)state;
    struct fake_row r = after(post("/302", ""), 1);
    assert_int_equal(r.delivery.state, DELIVERY_WAITING);
    assert_int_equal(r.log[1].status, 302);
    assert_int_equal(seen_count, 1);
}

static void retry_after_is_honoured(void **state)
{
    (void)state;
    struct fake_row r = after(post("/429", ""), 1);
    assert_in_range(r.dues[1] - r.log[1].at, 7200000, 7300000);
    r = after(post("/503", ""), 1);
    assert_in_range(r.dues[1] - r.log[1].at, 86400000, 86500000);
    r = after(post("/500", ""), 1);
    assert_in_range(r.dues[1] - r.log[1].at, 4500, 100000);
}

static void no_answer_is_a_failure(void **state)
{
    static const char *const paths[] = {"/silent", "/garbage"};
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct fake_row r = after(post(paths[i], ""), 1);
        assert_int_equal(r.delivery.state, DELIVERY_WAITING);
        assert_int_equal(r.log[1].status, 0);
        assert_true(r.log[1].error[0]);
    }
}

static void a_slow_host_is_left(void **state)
{
    (void)state;
    held_back = true;
    start_again(1000, 100);
    struct fake_row r = after(post("/hang", ""), 1);
    assert_int_equal(r.delivery.state, DELIVERY_WAITING);
    assert_int_equal(r.log[1].status, 0);
    assert_non_null(strstr(r.log[1].error, "too long"));
}

static void the_inside_is_not_told(void **state)
{
    (void)state;
    struct fake_row r = after(post_to("inside.test", server.port, "/?key=swordfish", ""), 1);
    assert_int_equal(r.delivery.state, DELIVERY_WAITING);
    assert_non_null(strstr(r.log[1].error, "inside.test: leads to a private address"));
    assert_null(strstr(r.log[1].error, "swordfish"));
    r = after(post_to("10.0.0.7", 80, "/", ""), 1);
    assert_non_null(strstr(r.log[1].error, "private address"));
    r = after(post_to("unknown.test", server.port, "/", ""), 1);
    assert_non_null(strstr(r.log[1].error, "no such host"));
    size_t nonsense = fake_add("nonsense", "");
    outbox_wake(outbox, "");
    r = after(nonsense, 1);
    assert_true(r.log[1].error[0]);
    assert_int_equal(seen_count, 0);
}

/* ---- jobs, stores, ends ---- */

static void a_deleted_job_is_no_error(void **state)
{
    (void)state;
    held_back = true;
    size_t hanging = post("/hang", "");
    while (seen_count < 1)
        usleep(1000);
    fake_delete_job(hanging);
    held_back = false;
    assert_int_equal(after(post("/ok", ""), 1).delivery.state, DELIVERY_DELIVERED);
    outbox_stop(&outbox);
    assert_int_equal(fake_find(hanging).delivery.attempts, 0);
}

static void a_store_that_fails_is_asked_again(void **state)
{
    (void)state;
    start_again(10, 60000);
    fake_broken = true;
    size_t row = post("/ok", "");
    int claims = fake_claims;
    while (fake_claims == claims)
        usleep(1000);
    fake_broken = false;
    outbox_wake(outbox, "");
    assert_int_equal(after(row, 1).delivery.state, DELIVERY_DELIVERED);
}

static void wakings_do_not_storm_the_store(void **state)
{
    (void)state;
    after(post("/ok", ""), 1);
    int64_t begun = clock_steady();
    int before = fake_claims;
    for (int i = 0; i < 20000; i++)
        outbox_wake(outbox, "");
    after(post("/ok", ""), 1);
    /* Each question makes one claim that finds nothing, and two here find something. */
    assert_in_range(fake_claims - before, 1, (clock_steady() - begun) / 100 + 6);
}

/* What was under way stays as it was, for the next claim. */
static void it_stops_in_the_middle(void **state)
{
    size_t row[6];
    (void)state;
    held_back = true;
    for (size_t i = 0; i < COUNT(row); i++)
        row[i] = post("/hang", "");
    while (seen_count < OUTBOX_SENDING_HOST)
        usleep(1000);
    outbox_stop(&outbox);
    for (size_t i = 0; i < COUNT(row); i++) {
        assert_int_equal(fake_find(row[i]).delivery.attempts, 0);
        assert_int_equal(fake_find(row[i]).delivery.state, DELIVERY_WAITING);
    }
    assert_int_equal(seen_count, OUTBOX_SENDING_HOST);
}

static void one_slow_host_holds_up_nobody(void **state)
{
    enum { SLOW = 200, QUICK = 20 };
    size_t quick[QUICK];
    (void)state;
    held_back = true;
    for (int i = 0; i < SLOW; i++)
        post_to("slow.test", slow_server.port, "/", "");
    while (slow_server.open < OUTBOX_SENDING_HOST)
        usleep(1000);
    for (size_t i = 0; i < QUICK; i++)
        quick[i] = post_to("quick.test", server.port, "/ok", "");
    for (size_t i = 0; i < QUICK; i++)
        assert_int_equal(after(quick[i], 1).delivery.state, DELIVERY_DELIVERED);
    assert_int_equal(fake_count(DELIVERY_DELIVERED), QUICK);
    assert_int_equal(slow_server.most_open, OUTBOX_SENDING_HOST);
    held_back = false;
    while (fake_count(DELIVERY_DELIVERED) < SLOW + QUICK)
        usleep(1000);
    assert_int_equal(seen_count, SLOW + QUICK);
}

static void many_hosts_are_served_side_by_side(void **state)
{
    enum { HOSTS = 40 };
    (void)state;
    held_back = true;
    for (int i = 0; i < HOSTS * 4; i++) {
        char host[32];
        snprintf(host, sizeof host, "h%d.test", i % HOSTS);
        post_to(host, slow_server.port, "/", "");
    }
    while (slow_server.open < OUTBOX_SENDING)
        usleep(1000);
    held_back = false;
    while (fake_count(DELIVERY_DELIVERED) < HOSTS * 4)
        usleep(1000);
    assert_int_equal(seen_count, HOSTS * 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_delivery_arrives_signed),
        TEST(without_a_secret_there_is_no_signature),
        TEST(the_rest_of_the_answer_does_not_matter),
        TEST(what_waited_before_the_start_is_delivered),
        TEST(the_schedule_is_kept),
        TEST(a_second_attempt_comes_when_it_is_due),
        TEST(gone_is_gone),
        TEST(a_redirect_is_a_failure),
        TEST(retry_after_is_honoured),
        TEST(no_answer_is_a_failure),
        TEST(a_slow_host_is_left),
        TEST(the_inside_is_not_told),
        TEST(a_deleted_job_is_no_error),
        TEST(a_store_that_fails_is_asked_again),
        TEST(wakings_do_not_storm_the_store),
        TEST(it_stops_in_the_middle),
        TEST(one_slow_host_holds_up_nobody),
        TEST(many_hosts_are_served_side_by_side),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
