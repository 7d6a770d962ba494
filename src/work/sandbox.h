/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The wall around a worker. Closed once by pagemill-work, after everything it needs is loaded and
 * before the first hostile byte is read: close descriptors → no_new_privs → namespaces (user, net,
 * mount, ipc) where allowed → Landlock (nothing allowed) where the kernel has it → rlimits →
 * seccomp allow-list, kill. What must hold for a worker to run is seccomp, no_new_privs and
 * rlimits; the rest is as good as the machine. A worker that computes on a GPU has a looser wall,
 * because its driver has threads, descriptors and code of its own: docs/gpu.md lists the
 * differences.
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

enum sandbox_profile {
    SANDBOX_STRICT, /* one thread; nothing is opened, nothing is mapped executable */
    SANDBOX_GPU,    /* and a GPU's driver */
    SANDBOX_PROFILES
};

struct sandbox_limits {
    uint64_t memory;    /* bytes of address space; with a GPU of private memory, and of a file */
    uint64_t file_size; /* RLIMIT_FSIZE without a GPU: also caps memory files */
    enum sandbox_profile profile;
};

/* Before a GPU's driver is loaded, single-threaded: closes what must hold for the driver's threads
 * too and cannot be closed once they run: inherited descriptors, namespaces, and Landlock but for
 * system libraries, GPU devices and `files` (paths, NULL after the last; a directory means all
 * below it). Without it sandbox_close with SANDBOX_GPU holds less, and says so. */
int sandbox_prepare(const char *const *files, struct error *err);

/* Returns the parts that hold, or −1 when a required one could not be closed. */
int sandbox_close(const struct sandbox_limits *limits, struct error *err);

/* "seccomp landlock namespaces rlimits no_new_privs" for doctor and /health. */
void sandbox_describe(uint32_t parts, struct strbuf *out);

#endif
