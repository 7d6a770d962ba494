/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Records and descriptors over a real socket pair, from peers that keep the rules and peers that do
 * not. Nothing may leak a descriptor.
 */
#include "unit.h"

#include "base/fd.h"
#include "work/message.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends[2];

static int open_pair(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int close_pair(void **state)
{
    (void)state;
    fd_close(&ends[0]);
    fd_close(&ends[1]);
    return 0;
}

static struct message sample(uint32_t type)
{
    struct message m;
    memset(&m, 0, sizeof m);
    m.version = MESSAGE_VERSION;
    m.type = type;
    m.ticket = 42;
    return m;
}

/* Anything at all, with n descriptors of `fd`. */
static void send_raw(const void *bytes, size_t len, int fd, size_t n)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * 16)];
    } control;
    struct iovec iov = {(void *)(uintptr_t)bytes, len};
    struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
    memset(&control, 0, sizeof control);
    if (n) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * n);
        struct cmsghdr *c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * n);
        for (size_t i = 0; i < n; i++)
            memcpy(CMSG_DATA(c) + i * sizeof fd, &fd, sizeof fd);
    }
    assert_int_equal(sendmsg(ends[0], &header, MSG_NOSIGNAL), len);
}

static void a_message_arrives_whole(void **state)
{
    struct message m = sample(MESSAGE_READY), got;
    struct error err;
    int fd = 77;
    (void)state;
    strcpy(m.u.ready.engine, "tesseract/5.3.0");
    strcpy(m.u.ready.device, "cpu");
    OK(message_send(ends[0], &m, -1, &err));
    assert_int_equal(OK(message_receive(ends[1], &got, &fd, -1, &err)), 1);
    assert_memory_equal(&got, &m, sizeof m);
    assert_int_equal(fd, -1);
}

static void a_descriptor_travels(void **state)
{
    struct message m = sample(MESSAGE_RESULT), got;
    struct error err;
    struct stat sent, received;
    int fd = -1, before = unit_descriptors();
    (void)state;
    {
        auto_fd memory = fd_memory("result", &err);
        OK(fd_write_full(memory, "hello", 5, &err));
        OK(message_send(ends[0], &m, memory, &err));
        assert_int_equal(fstat(memory, &sent), 0);
    }
    assert_int_equal(OK(message_receive(ends[1], &got, &fd, 1000, &err)), 1);
    assert_int_equal(fstat(fd, &received), 0);
    assert_true(sent.st_ino == received.st_ino && sent.st_dev == received.st_dev);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    fd_close(&fd);
    assert_int_equal(unit_descriptors(), before);
}

static void messages_keep_their_bounds(void **state)
{
    struct error err;
    (void)state;
    for (uint64_t i = 0; i < 20; i++) {
        struct message m = sample(MESSAGE_OPENED);
        m.ticket = i;
        OK(message_send(ends[0], &m, -1, &err));
    }
    for (uint64_t i = 0; i < 20; i++) {
        struct message got;
        int fd;
        assert_int_equal(OK(message_receive(ends[1], &got, &fd, 0, &err)), 1);
        assert_int_equal(got.ticket, i);
    }
}

static void the_end_is_told(void **state)
{
    struct message m = sample(MESSAGE_OPENED), got = m;
    struct error err;
    int fd = 77;
    (void)state;
    OK(message_send(ends[1], &m, -1, &err)); /* unread when the peer goes: ECONNRESET */
    fd_close(&ends[0]);
    assert_int_equal(OK(message_receive(ends[1], &got, &fd, -1, &err)), 0);
    assert_int_equal(fd, 77);
    REFUSED(ERROR_IO, message_send(ends[1], &m, -1, &err)); /* and no SIGPIPE */
}

static void what_was_sent_before_the_end_is_read(void **state)
{
    struct message m = sample(MESSAGE_OPENED), got;
    struct error err;
    int fd;
    (void)state;
    OK(message_send(ends[0], &m, -1, &err));
    fd_close(&ends[0]);
    assert_int_equal(OK(message_receive(ends[1], &got, &fd, -1, &err)), 1);
    assert_int_equal(OK(message_receive(ends[1], &got, &fd, -1, &err)), 0);
}

static void silence_times_out(void **state)
{
    struct message got;
    struct error err;
    int fd = 77;
    (void)state;
    REFUSED_SAYING(ERROR_TIMEOUT, "10 ms", message_receive(ends[1], &got, &fd, 10, &err));
    REFUSED(ERROR_TIMEOUT, message_receive(ends[1], &got, &fd, 0, &err));
    assert_int_equal(fd, 77);
}

/* What arrives must be refused, *m and *fd left alone, and every descriptor closed. */
static void expect_refusal(const char *what)
{
    struct message got, untouched;
    struct error err = {0};
    int fd = 77, before = unit_descriptors();
    memset(&got, 0xA5, sizeof got);
    untouched = got;
    if (message_receive(ends[1], &got, &fd, 1000, &err) != -1)
        fail_msg("taken: %s", what);
    assert_int_equal(err.class, ERROR_BUG);
    assert_int_equal(fd, 77);
    assert_memory_equal(&got, &untouched, sizeof got);
    assert_int_equal(unit_descriptors(), before);
}

static void records_of_another_size_are_refused(void **state)
{
    char bytes[sizeof(struct message) + 100];
    struct message m = sample(MESSAGE_OPENED);
    (void)state;
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, &m, sizeof m);
    static const size_t sizes[] = {1, 4, sizeof m - 1, sizeof m + 1, sizeof bytes};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        send_raw(bytes, sizes[i], STDIN_FILENO, 0);
        expect_refusal("a record of another size");
        send_raw(bytes, sizes[i], ends[0], 1);
        expect_refusal("a record of another size with a descriptor");
    }
}

static void an_empty_record_leaks_nothing(void **state)
{
    struct message got;
    struct error err;
    int fd = -1;
    (void)state;
    for (size_t n = 1; n <= 4; n++) {
        send_raw("", 0, ends[0], n);
        expect_refusal("an empty record with descriptors");
    }
    send_raw("", 0, -1, 0); /* cannot be told from the end */
    assert_int_equal(OK(message_receive(ends[1], &got, &fd, 1000, &err)), 0);
}

static void more_than_one_descriptor_is_refused(void **state)
{
    struct message m = sample(MESSAGE_RESULT);
    (void)state;
    for (size_t n = 2; n <= 16; n++) {
        send_raw(&m, sizeof m, ends[0], n);
        expect_refusal("many descriptors");
    }
}

static void nonsense_is_refused(void **state)
{
    struct message version = sample(MESSAGE_OPENED), type = sample(0), far = sample(MESSAGE_TYPES),
                   wild = sample(UINT32_MAX), none = sample(MESSAGE_ERROR),
                   class = sample(MESSAGE_ERROR), huge = sample(MESSAGE_ERROR),
                   page = sample(MESSAGE_ERROR);
    (void)state;
    version.version = MESSAGE_VERSION + 1;
    none.u.error.class = ERROR_NONE;
    class.u.error.class = ERROR_CLASSES;
    huge.u.error.class = UINT32_MAX;
    page.u.error.class = ERROR_INPUT;
    page.u.error.page = (uint32_t)INT32_MAX + 1;
    const struct message *const all[] = {&version, &type, &far, &wild, &none, &class, &huge, &page};
    for (size_t i = 0; i < COUNT(all); i++) {
        send_raw(all[i], sizeof *all[i], -1, 0);
        expect_refusal("nonsense");
        send_raw(all[i], sizeof *all[i], ends[0], 1);
        expect_refusal("nonsense with a descriptor");
    }
}

static void strings_must_end(void **state)
{
    struct message ready = sample(MESSAGE_READY), open = sample(MESSAGE_OPEN),
                   error = sample(MESSAGE_ERROR), got;
    struct error err;
    int fd;
    (void)state;
    error.u.error.class = ERROR_INPUT;
    memset(ready.u.ready.engine, 'x', sizeof ready.u.ready.engine);
    memset(open.u.open.password, 'x', sizeof open.u.open.password);
    memset(error.u.error.text, 'x', sizeof error.u.error.text);
    send_raw(&ready, sizeof ready, -1, 0);
    expect_refusal("an engine without an end");
    send_raw(&open, sizeof open, -1, 0);
    expect_refusal("a password without an end");
    send_raw(&error, sizeof error, -1, 0);
    expect_refusal("a text without an end");
    error.u.error.text[sizeof error.u.error.text - 1] = '\0';
    send_raw(&error, sizeof error, -1, 0);
    assert_int_equal(OK(message_receive(ends[1], &got, &fd, 1000, &err)), 1);
}

static void random_records_do_no_harm(void **state)
{
    uint32_t seed = 99;
    int before = unit_descriptors();
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct message m = sample((seed >> 8) % (MESSAGE_TYPES + 1)), got;
        struct error err;
        unsigned char *bytes = (unsigned char *)&m;
        for (int i = 0; i < round % 4; i++) {
            seed = seed * 1664525 + 1013904223;
            bytes[(seed >> 8) % sizeof m] = (unsigned char)(seed >> 24);
        }
        seed = seed * 1664525 + 1013904223;
        send_raw(&m, sizeof m - (seed >> 28 == 0), ends[0], (seed >> 20) % 4);
        auto_fd fd = -1;
        int rc = message_receive(ends[1], &got, &fd, 1000, &err);
        assert_int_not_equal(rc, 0);
        if (rc > 0 && got.type == MESSAGE_ERROR)
            assert_int_equal(message_error(&got, &err), -1);
    }
    assert_int_equal(unit_descriptors(), before);
}

static void an_error_is_cleaned(void **state)
{
    struct message m = sample(MESSAGE_ERROR);
    struct error err;
    (void)state;
    m.u.error.class = ERROR_LIMIT;
    m.u.error.page = 7;
    strcpy(m.u.error.text, "100%s\n\x1b[2J\xFF");
    assert_int_equal(message_error(&m, &err), -1);
    assert_int_equal(err.class, ERROR_LIMIT);
    assert_int_equal(err.page, 7);
    assert_string_equal(err.text, "100%s??[2J?");
}

#define PAIRED(test) cmocka_unit_test_setup_teardown(test, open_pair, close_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIRED(a_message_arrives_whole),
        PAIRED(a_descriptor_travels),
        PAIRED(messages_keep_their_bounds),
        PAIRED(the_end_is_told),
        PAIRED(what_was_sent_before_the_end_is_read),
        PAIRED(silence_times_out),
        PAIRED(records_of_another_size_are_refused),
        PAIRED(an_empty_record_leaks_nothing),
        PAIRED(more_than_one_descriptor_is_refused),
        PAIRED(nonsense_is_refused),
        PAIRED(strings_must_end),
        PAIRED(random_records_do_no_harm),
        PAIRED(an_error_is_cleaned),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
