/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Descriptors: closing on scope exit, whole reads and writes, and sealed memory files.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

void fd_close(int *fd); /* accepts -1; sets -1 */
#define auto_fd __attribute__((cleanup(fd_close))) int

int fd_take(int *fd); /* hands the descriptor over: returns it, leaves -1 */

/* Loop over short transfers and EINTR. fd_read_full returns the bytes read (short only at the end)
 * or -1. */
ssize_t fd_read_full(int fd, void *buf, size_t len, off_t offset);
int fd_write_full(int fd, const void *buf, size_t len, struct error *err);
int fd_size(int fd, uint64_t *size, struct error *err);

/* Anonymous memory file, close-on-exec, sealable. fd_seal forbids every further change (no writable
 * map may exist). */
int fd_memory(const char *name, struct error *err);
int fd_seal(int fd, struct error *err);
/* Is fd a memory file that nobody can change or shrink, of exactly `size` bytes? Check before
 * mapping one from a worker. */
int fd_check_sealed(int fd, uint64_t size, struct error *err);

#endif
