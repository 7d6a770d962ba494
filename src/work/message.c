/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Records with a descriptor over a socket pair. Refuses records of another size, version or type,
 * strings without an end, and more than one descriptor. Used on both sides of the process wall.
 */
#include "work/message.h"

#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * 2)];
};

int message_send(int socket, const struct message *m, int fd, struct error *err)
{
    struct iovec iov = {(void *)(uintptr_t)m, sizeof *m};
    union control control = {0};
    struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
    if (fd >= 0) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(sizeof fd);
        struct cmsghdr *c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    ssize_t n;
    do
        n = sendmsg(socket, &header, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *m ? 0 : error_errno(err, "sending to a worker");
}

static int wait_readable(int socket, int timeout_ms, struct error *err)
{
    int64_t end = clock_steady() + timeout_ms;
    for (;;) {
        struct pollfd p = {.fd = socket, .events = POLLIN};
        int64_t left = timeout_ms < 0 ? -1 : end - clock_steady();
        int n = poll(&p, 1, left < 0 && timeout_ms >= 0 ? 0 : (int)left);
        if (n > 0)
            return 0;
        if (n == 0)
            return error_set(err, ERROR_TIMEOUT, "no answer within %d ms", timeout_ms);
        if (errno != EINTR)
            return error_errno(err, "poll");
    }
}

/* Takes the one descriptor allowed into *fd and closes any more; returns how many came. */
static size_t take_descriptors(struct msghdr *header, int *fd)
{
    size_t count = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int one;
            memcpy(&one, CMSG_DATA(c) + i * sizeof one, sizeof one);
            if (count++ == 0)
                *fd = one;
            else
                close(one);
        }
    }
    return count;
}

static bool ended(const char *s, size_t size)
{
    return memchr(s, '\0', size) != NULL;
}

static bool makes_sense(const struct message *m)
{
    if (m->version != MESSAGE_VERSION || m->type == 0 || m->type >= MESSAGE_TYPES)
        return false;
    switch (m->type) {
    case MESSAGE_READY:
        return ended(m->u.ready.engine, sizeof m->u.ready.engine) &&
               ended(m->u.ready.device, sizeof m->u.ready.device) &&
               ended(m->u.ready.note, sizeof m->u.ready.note);
    case MESSAGE_OPEN:
        return ended(m->u.open.password, sizeof m->u.open.password);
    case MESSAGE_ERROR:
        return ended(m->u.error.text, sizeof m->u.error.text) && m->u.error.class > ERROR_NONE &&
               m->u.error.class < ERROR_CLASSES && m->u.error.page <= INT32_MAX;
    default:
        return true;
    }
}

int message_receive(int socket, struct message *m, int *fd, int timeout_ms, struct error *err)
{
    if (wait_readable(socket, timeout_ms, err) < 0)
        return -1;
    struct message got;
    struct iovec iov = {&got, sizeof got};
    union control control;
    struct msghdr header = {.msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    ssize_t n;
    do
        n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == ECONNRESET ? 0 : error_errno(err, "receiving from a worker");
    auto_fd taken = -1; /* an empty record may carry descriptors too */
    size_t count = take_descriptors(&header, &taken);
    if (n == 0 && count == 0)
        return 0;
    bool whole = n == (ssize_t)sizeof got && !(header.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
    if (!whole || count > 1 || !makes_sense(&got))
        return error_set(err, ERROR_BUG, "a worker sent a record that makes no sense");
    *m = got;
    *fd = fd_take(&taken);
    return 1;
}

int message_error(const struct message *m, struct error *err)
{
    error_set(err, (enum error_class)m->u.error.class, "%s", m->u.error.text);
    if (err)
        err->page = (int)m->u.error.page;
    return -1;
}
