/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Descriptors and sealed memory files. Calls error only.
 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int fd_take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

ssize_t fd_read_full(int fd, void *buf, size_t len, off_t offset)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, (char *)buf + done, len - done, offset + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

int fd_write_full(int fd, const void *buf, size_t len, struct error *err)
{
    const char *p = buf;
    while (len) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "write");
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int fd_size(int fd, uint64_t *size, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_errno(err, "fstat");
    *size = (uint64_t)st.st_size;
    return 0;
}

enum { ALL_SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL };

int fd_memory(const char *name, struct error *err)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd < 0 ? error_errno(err, "memfd_create") : fd;
}

int fd_seal(int fd, struct error *err)
{
    return fcntl(fd, F_ADD_SEALS, ALL_SEALS) < 0 ? error_errno(err, "sealing a memory file") : 0;
}

int fd_check_sealed(int fd, uint64_t size, struct error *err)
{
    int seals = fcntl(fd, F_GET_SEALS);
    uint64_t actual;
    if (seals < 0 || (seals & ALL_SEALS) != ALL_SEALS)
        return error_set(err, ERROR_BUG, "a worker passed a file that is not sealed memory");
    if (fd_size(fd, &actual, err) < 0)
        return -1;
    if (actual != size)
        return error_set(err, ERROR_BUG, "a worker passed %llu bytes and announced %llu",
                         (unsigned long long)actual, (unsigned long long)size);
    return 0;
}
