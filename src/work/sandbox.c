/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Closes the wall of sandbox.h, outermost part first. Refuses to go on without the required parts;
 * the others are as good as the kernel. What a worker may still do is in three tables below: system
 * calls, system calls that answer an error, and rlimits. To allow one more call: add its name,
 * extend sandbox_test, and say in the commit which library needs it. Called by pagemill-work only.
 */
#include "work/sandbox.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- address sanitizer: maps terabytes, and looks for leaks with a tracer process ---- */

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(SANITIZED)
#define SANITIZED 1
#endif

#ifdef SANITIZED
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#define SANITIZER_CALLS "pipe", "pipe2", "getppid", "sigaltstack",
enum { LIMIT_MEMORY = 0 };
#else
#define SANITIZER_CALLS
enum { LIMIT_MEMORY = 1 };
#endif

enum { FIRST_CLOSED = 4, WORKER_FILES = 16 };

/* ---- seccomp ---- */

static const char *const allowed[] = {"read",
                                      "readv",
                                      "pread64",
                                      "write",
                                      "writev",
                                      "pwrite64",
                                      "lseek",
                                      "close",
                                      "fstat",
                                      "ftruncate",
                                      "memfd_create",
                                      "recvmsg",
                                      "sendmsg",
                                      "poll",
                                      "ppoll",
                                      "brk",
                                      "munmap",
                                      "mremap",
                                      "madvise",
                                      "futex",
                                      "getrandom",
                                      "clock_gettime",
                                      "clock_getres",
                                      "clock_nanosleep",
                                      "nanosleep",
                                      "gettimeofday",
                                      "time",
                                      "setitimer",
                                      "rt_sigaction",
                                      "rt_sigprocmask",
                                      "rt_sigreturn",
                                      "restart_syscall",
                                      "getpid",
                                      "gettid",
                                      "getrusage",
                                      "sched_yield",
                                      "sched_getaffinity",
                                      "set_robust_list",
                                      "rseq",
                                      "exit",
                                      "exit_group",
                                      SANITIZER_CALLS};

/* Called by libraries that go on without: killing would turn a harmless question into a crash. */
struct refusal {
    const char *name;
    int code;
};

static const struct refusal refused[] = {
    {"open", EACCES},      {"openat", EACCES},     {"openat2", EACCES},  {"creat", EACCES},
    {"stat", EACCES},      {"lstat", EACCES},      {"statx", EACCES},    {"access", EACCES},
    {"faccessat", EACCES}, {"faccessat2", EACCES}, {"readlink", EACCES}, {"readlinkat", EACCES},
    {"ioctl", EPERM},      {"prlimit64", EPERM},   {"sysinfo", EPERM},   {"prctl", EPERM},
    {"clone3", ENOSYS}, /* glibc then tries clone, which kills */
};

struct argument_rule {
    const char *name;
    uint32_t action;
    struct scmp_arg_cmp test;
};

static int add_rule(scmp_filter_ctx filter, uint32_t action, const char *name,
                    const struct scmp_arg_cmp *test)
{
    int call = seccomp_syscall_resolve_name(name);
    if (call < 0) /* this architecture lacks it */
        return 0;
    return seccomp_rule_add_array(filter, action, call, test ? 1 : 0, test);
}

static int add_argument_rules(scmp_filter_ctx filter)
{
    const uint32_t allow = SCMP_ACT_ALLOW, refuse = SCMP_ACT_ERRNO(EACCES);
    const struct argument_rule rules[] = {
        {"mmap", allow, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
        {"mprotect", allow, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
        {"newfstatat", allow, SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH)}, /* glibc's fstat */
        {"newfstatat", refuse, SCMP_A3(SCMP_CMP_NE, AT_EMPTY_PATH)},
        {"fcntl", allow, SCMP_A1(SCMP_CMP_EQ, F_GETFD)},
        {"fcntl", allow, SCMP_A1(SCMP_CMP_EQ, F_GETFL)},
        {"fcntl", allow, SCMP_A1(SCMP_CMP_EQ, F_ADD_SEALS)},
        {"fcntl", allow, SCMP_A1(SCMP_CMP_EQ, F_GET_SEALS)},
        {"tgkill", allow, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())}, /* abort */
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof rules / sizeof *rules; i++)
        rc = add_rule(filter, rules[i].action, rules[i].name, &rules[i].test);
    return rc;
}

static int fill_filter(scmp_filter_ctx filter)
{
    int rc = add_argument_rules(filter);
    for (size_t i = 0; rc == 0 && i < sizeof allowed / sizeof *allowed; i++)
        rc = add_rule(filter, SCMP_ACT_ALLOW, allowed[i], NULL);
    for (size_t i = 0; rc == 0 && i < sizeof refused / sizeof *refused; i++)
        rc = add_rule(filter, SCMP_ACT_ERRNO((uint32_t)refused[i].code), refused[i].name, NULL);
    return rc;
}

static int set_attributes(scmp_filter_ctx filter)
{
    static const struct {
        enum scmp_filter_attr name;
        uint32_t value;
    } attributes[] = {
        {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS},
        {SCMP_FLTATR_CTL_TSYNC, 1},
        {SCMP_FLTATR_CTL_OPTIMIZE, 2}, /* a binary tree: fewer steps for each call */
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof attributes / sizeof *attributes; i++)
        rc = seccomp_attr_set(filter, attributes[i].name, attributes[i].value);
    return rc;
}

static int close_seccomp(struct error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter)
        return error_set(err, ERROR_IO, "libseccomp cannot start");
    int rc = set_attributes(filter);
    if (rc == 0)
        rc = fill_filter(filter);
    if (rc == 0)
        rc = seccomp_load(filter);
    seccomp_release(filter);
    return rc == 0 ? 0 : error_set(err, ERROR_IO, "seccomp: %s", strerror(-rc));
}

/* ---- rlimits ---- */

/* Never above what the machine's owner allows. */
static int lower(int resource, uint64_t value, struct error *err)
{
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
        return error_errno(err, "getrlimit %d", resource);
    rlim_t least = value < now.rlim_max ? value : now.rlim_max;
    struct rlimit limit = {least, least};
    return setrlimit((__rlimit_resource_t)resource, &limit) < 0
               ? error_errno(err, "setrlimit %d", resource)
               : 0;
}

static int close_rlimits(const struct sandbox_limits *limits, struct error *err)
{
    const struct {
        int resource;
        uint64_t value;
    } rows[] = {
        {RLIMIT_FSIZE, limits->file_size},
        {RLIMIT_NOFILE, WORKER_FILES},
        {RLIMIT_NPROC, 0},
        {RLIMIT_CORE, 0},
        {RLIMIT_AS, limits->memory},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((rows[i].resource != RLIMIT_AS || LIMIT_MEMORY) &&
            lower(rows[i].resource, rows[i].value, err) < 0)
            return -1;
    /* A file over its limit is then an error of the call, not the end of the process. */
    signal(SIGXFSZ, SIG_IGN);
    return 0;
}

/* ---- Landlock ---- */

/* The kernel's newest layout: older kernels accept it with the unknown end zero. */
struct landlock_all {
    uint64_t fs, net, scoped;
};

struct landlock_rights {
    int abi; /* since this version */
    struct landlock_all handled;
};

static const struct landlock_rights rights[] = {
    {1, {.fs = (1ULL << 13) - 1}}, /* execute … make_sym */
    {2, {.fs = 1ULL << 13}},       /* refer */
    {3, {.fs = 1ULL << 14}},       /* truncate */
    {4, {.net = 3}},               /* bind, connect */
    {5, {.fs = 1ULL << 15}},       /* ioctl on devices */
    {6, {.scoped = 3}},            /* abstract sockets, signals to others */
};

static bool close_landlock(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return false;
    struct landlock_all all = {0};
    for (size_t i = 0; i < sizeof rights / sizeof *rights && rights[i].abi <= abi; i++) {
        all.fs |= rights[i].handled.fs;
        all.net |= rights[i].handled.net;
        all.scoped |= rights[i].handled.scoped;
    }
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0)
        return false;
    bool closed = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return closed;
}

/* ---- namespaces ---- */

static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    syscall(SYS_capset, &header, none);
}

/* A new user namespace first, even for root: it takes root's power over the machine away. */
static bool close_namespaces(void)
{
    const int rest = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
    bool closed = unshare(CLONE_NEWUSER | rest) == 0 || unshare(rest) == 0;
    drop_capabilities();
    return closed;
}

/* ---- all of it ---- */

static int compare_ints(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* glibc's first sort of more than a kilobyte asks how much memory there is. */
static void warm_libc(void)
{
    int numbers[512];
    for (int i = 0; i < 512; i++)
        numbers[i] = 511 - i;
    qsort(numbers, 512, sizeof *numbers, compare_ints);
    clock_steady();
}

int sandbox_close(const struct sandbox_limits *limits, struct error *err)
{
    warm_libc();
    if (close_range(FIRST_CLOSED, ~0U, 0) < 0)
        return error_errno(err, "close_range");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_errno(err, "no_new_privs");
    int parts = SANDBOX_REQUIRED;
    if (close_namespaces())
        parts |= SANDBOX_NAMESPACES;
    if (close_landlock())
        parts |= SANDBOX_LANDLOCK;
    if (close_rlimits(limits, err) < 0 || close_seccomp(err) < 0)
        return -1;
    return parts;
}
