/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The HTTP server in time: waiting and waking, streamed and file answers, slow clients, stopping.
 * No assertion is on a duration; what must not happen would hang, and the alarm ends it.
 */
#include "http_wait_app.h"

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
