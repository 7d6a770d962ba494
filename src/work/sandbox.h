/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The wall around a worker. Called once by pagemill-work, single-threaded, after everything it
 * needs is loaded and before the first hostile byte is read: close descriptors → no_new_privs →
 * namespaces (user, net, mount, ipc) where allowed → Landlock (nothing allowed) where the kernel
 * has it → rlimits → seccomp allow-list, kill. What must hold for a worker to run is seccomp,
 * no_new_privs and rlimits; the rest is as good as the machine.
 */
#ifndef WORK_SANDBOX_H
#define WORK_SANDBOX_H

#include "base/error.h"
#include "base/strbuf.h"

#include <stdint.h>

enum sandbox_part {
    SANDBOX_NO_NEW_PRIVS = 1,
    SANDBOX_NAMESPACES = 2,
    SANDBOX_LANDLOCK = 4,
    SANDBOX_RLIMITS = 8,
    SANDBOX_SECCOMP = 16,
    SANDBOX_REQUIRED = SANDBOX_NO_NEW_PRIVS | SANDBOX_RLIMITS | SANDBOX_SECCOMP,
};

struct sandbox_limits {
    uint64_t memory;    /* RLIMIT_AS, bytes */
    uint64_t file_size; /* RLIMIT_FSIZE: also caps memory files */
};

/* Returns the parts that hold, or −1 when a required one could not be closed. */
int sandbox_close(const struct sandbox_limits *limits, struct error *err);

/* "seccomp landlock namespaces rlimits no_new_privs" for doctor and /health. */
void sandbox_describe(uint32_t parts, struct strbuf *out);

#endif
