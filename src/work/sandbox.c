/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Closes the wall of sandbox.h, outermost part first. Refuses to go on without the required parts;
 * the others are as good as the kernel. What a worker may still do is in tables: system calls here
 * (for all, and for each profile), rlimits, and places in the file system. To allow one more call:
 * add its name, extend sandbox_test, and say in the commit which library needs it. Called by
 * pagemill-work only.
 */
#include "work/sandbox.h"

#include "base/clock.h"
#include "base/fd.h"

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
#include <sys/stat.h>
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

enum { FIRST_CLOSED = 4, WORKER_FILES = 16, GPU_FILES = 256 };

static bool apart, fenced; /* namespaces and Landlock hold since sandbox_prepare */

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
    {"open", EACCES},       {"openat2", EACCES},  {"creat", EACCES},      {"stat", EACCES},
    {"lstat", EACCES},      {"statx", EACCES},    {"access", EACCES},     {"faccessat", EACCES},
    {"faccessat2", EACCES}, {"readlink", EACCES}, {"readlinkat", EACCES}, {"prlimit64", EPERM},
    {"sysinfo", EPERM},     {"prctl", EPERM},     {"clone3", ENOSYS}, /* glibc then tries clone */
};

struct argument_rule {
    const char *name;
    uint32_t action;
    bool tested;
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

/* A system call's argument as seen by seccomp is one of several alternatives; what fits none of a
 * call's rules kills. */
static int add_rules(scmp_filter_ctx filter, const struct argument_rule *rules, size_t count)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_rule(filter, rules[i].action, rules[i].name,
                      rules[i].tested ? &rules[i].test : NULL);
    return rc;
}

#define REFUSE(code) SCMP_ACT_ERRNO(code)
#define ALLOW SCMP_ACT_ALLOW
#define TESTED(test) true, test
#define ALWAYS \
    false,     \
    {          \
        0      \
    }

static int add_common_rules(scmp_filter_ctx filter)
{
    const struct argument_rule rules[] = {
        {"newfstatat", ALLOW, TESTED(SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH))}, /* glibc's fstat */
        {"newfstatat", REFUSE(EACCES), TESTED(SCMP_A3(SCMP_CMP_NE, AT_EMPTY_PATH))},
        {"fcntl", ALLOW, TESTED(SCMP_A1(SCMP_CMP_EQ, F_GETFD))},
        {"fcntl", ALLOW, TESTED(SCMP_A1(SCMP_CMP_EQ, F_GETFL))},
        {"fcntl", ALLOW, TESTED(SCMP_A1(SCMP_CMP_EQ, F_ADD_SEALS))},
        {"fcntl", ALLOW, TESTED(SCMP_A1(SCMP_CMP_EQ, F_GET_SEALS))},
        {"tgkill", ALLOW, TESTED(SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()))}, /* abort */
    };
    return add_rules(filter, rules, sizeof rules / sizeof *rules);
}

static int add_strict_rules(scmp_filter_ctx filter)
{
    static const struct argument_rule rules[] = {
        {"mmap", ALLOW, TESTED(SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))},
        {"mprotect", ALLOW, TESTED(SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))},
        {"openat", REFUSE(EACCES), ALWAYS},
        {"ioctl", REFUSE(EPERM), ALWAYS},
    };
    return add_rules(filter, rules, sizeof rules / sizeof *rules);
}

/* Requests of a device are numbered by family, in the second byte. */
#define FAMILY(letter) TESTED(SCMP_A1(SCMP_CMP_MASKED_EQ, 0xff00, (scmp_datum_t)(letter) << 8))

/* No row lets a process, a socket or a file beside the devices be had. */
static int add_gpu_rules(scmp_filter_ctx filter)
{
    const int thread = CLONE_VM | CLONE_THREAD;
    const struct argument_rule rules[] = {
        {"mmap", ALLOW, ALWAYS},     /* code: a software driver compiles shaders to it, and */
        {"mprotect", ALLOW, ALWAYS}, /* NVIDIA's library writes some of its own */
        {"clone", ALLOW, TESTED(SCMP_A0(SCMP_CMP_MASKED_EQ, (scmp_datum_t)thread, thread))},
        /* NVIDIA's library opens its device again for each mapping. Landlock keeps it to devices.
         */
        {"openat", fenced ? ALLOW : REFUSE(EACCES), ALWAYS},
        {"ioctl", ALLOW, FAMILY('d')},         /* DRM: Mesa's drivers */
        {"ioctl", ALLOW, FAMILY('b')},         /* buffers that drivers share */
        {"ioctl", ALLOW, FAMILY('>')},         /* fences that drivers share */
        {"ioctl", ALLOW, FAMILY('F')},         /* NVIDIA */
        {"ioctl", ALLOW, FAMILY(0)},           /* NVIDIA's unified memory: plain small numbers */
        {"ioctl", REFUSE(EPERM), FAMILY('T')}, /* isatty */
        {"fcntl", ALLOW, TESTED(SCMP_A1(SCMP_CMP_EQ, F_DUPFD_CLOEXEC))}, /* Mesa, of a device */
        {"sched_setaffinity", REFUSE(EPERM), ALWAYS},                    /* Mesa places and */
        {"sched_setscheduler", REFUSE(EPERM), ALWAYS},                   /* ranks its threads, */
        {"setpriority", REFUSE(EPERM), ALWAYS},                          /* and does without */
        /* Harmless, and other drivers than the one we could try may want them. */
        {"eventfd2", ALLOW, ALWAYS},
        {"uname", ALLOW, ALWAYS},
        {"getuid", ALLOW, ALWAYS},
        {"geteuid", ALLOW, ALWAYS},
    };
    return add_rules(filter, rules, sizeof rules / sizeof *rules);
}

static int (*const profile_rules[SANDBOX_PROFILES])(scmp_filter_ctx) = {
    [SANDBOX_STRICT] = add_strict_rules,
    [SANDBOX_GPU] = add_gpu_rules,
};

static int fill_filter(scmp_filter_ctx filter, enum sandbox_profile profile)
{
    int rc = add_common_rules(filter);
    if (rc == 0)
        rc = profile_rules[profile](filter);
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

static int close_seccomp(enum sandbox_profile profile, struct error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter)
        return error_set(err, ERROR_IO, "libseccomp cannot start");
    int rc = set_attributes(filter);
    if (rc == 0)
        rc = fill_filter(filter, profile);
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

/* A driver reserves address space by the hundred gigabytes and starts threads, of which
 * RLIMIT_NPROC would count those of all the user's processes. Processes are seccomp's to forbid. A
 * software driver keeps its device's memory in one memory file. */
static int close_rlimits(const struct sandbox_limits *limits, struct error *err)
{
    enum { STRICT = 1 << SANDBOX_STRICT, GPU = 1 << SANDBOX_GPU, ALL = STRICT | GPU };
    const struct {
        uint64_t value;
        int resource;
        unsigned profiles;
    } rows[] = {
        {limits->file_size, RLIMIT_FSIZE, STRICT},
        {limits->memory, RLIMIT_FSIZE, GPU},
        {0, RLIMIT_CORE, ALL},
        {WORKER_FILES, RLIMIT_NOFILE, STRICT},
        {GPU_FILES, RLIMIT_NOFILE, GPU},
        {0, RLIMIT_NPROC, STRICT},
        {limits->memory, RLIMIT_AS, LIMIT_MEMORY ? STRICT : 0},
        {limits->memory, RLIMIT_DATA, LIMIT_MEMORY ? GPU : 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((rows[i].profiles & 1U << limits->profile) &&
            lower(rows[i].resource, rows[i].value, err) < 0)
            return -1;
    /* A file over its limit is then an error of the call, not the end of the process. */
    signal(SIGXFSZ, SIG_IGN);
    return 0;
}

/* ---- Landlock: everything that a kernel can control is forbidden but the places listed ---- */

/* The kernel's newest layout: older kernels accept it with the unknown end zero. */
struct landlock_all {
    uint64_t fs, net, scoped;
};

struct landlock_rights {
    int abi; /* since this version */
    struct landlock_all handled;
};

enum { IOCTL_DEV = 1 << 15 }; /* not in Debian 12's header */

static const struct landlock_rights rights[] = {
    {1, {.fs = (1ULL << 13) - 1}}, /* execute … make_sym */
    {2, {.fs = 1ULL << 13}},       /* refer */
    {3, {.fs = 1ULL << 14}},       /* truncate */
    {4, {.net = 3}},               /* bind, connect */
    {5, {.fs = IOCTL_DEV}},        /* ioctl on devices */
    {6, {.scoped = 3}},            /* abstract sockets, signals to others */
};

enum {
    FILE_READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE,
    READ = FILE_READ | LANDLOCK_ACCESS_FS_READ_DIR,
    USE = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | IOCTL_DEV,
    USE_ALL = USE | LANDLOCK_ACCESS_FS_READ_DIR,
    FOR_FILES = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                LANDLOCK_ACCESS_FS_READ_FILE | 1 << 14 | IOCTL_DEV,
};

struct place {
    const char *path; /* NULL after the last */
    uint64_t rights;
};

/* A place that is not there is passed over. */
static const struct place devices[] = {
    {"/dev/dri", USE_ALL},      {"/dev/nvidiactl", USE},
    {"/dev/nvidia-uvm", USE},   {"/dev/nvidia0", USE},
    {"/dev/nvidia1", USE},      {"/dev/nvidia2", USE},
    {"/dev/nvidia3", USE},      {"/dev/nvidia4", USE},
    {"/dev/nvidia5", USE},      {"/dev/nvidia6", USE},
    {"/dev/nvidia7", USE},      {"/dev/nvidia-modeset", USE},
    {"/dev/nvidia-caps", READ}, {NULL, 0},
};

/* What the dynamic linker, the Vulkan loader and drivers read while they load. */
static const struct place system_files[] = {
    {"/usr", READ},
    {"/lib", READ},
    {"/lib64", READ},
    {"/etc/ld.so.cache", READ},
    {"/etc/vulkan", READ},
    {"/etc/nvidia", READ},
    {"/etc/glvnd", READ},
    {"/etc/drirc", READ},
    {"/sys/devices", READ}, /* which GPU is where, and how many processors there are */
    {"/sys/dev", READ},
    {"/sys/class", READ},
    {"/sys/bus", READ},
    {"/sys/module", READ},
    {"/proc/self", READ},
    {"/proc/cpuinfo", READ},
    {"/proc/meminfo", READ},
    {"/proc/stat", READ},
    {"/proc/devices", READ},
    {"/proc/modules", READ},
    {"/proc/driver/nvidia", READ},
    {"/dev/null", USE},
    {"/dev/urandom", READ},
    {NULL, 0},
};

static struct landlock_all known;

static int new_fence(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return -1;
    known = (struct landlock_all){0};
    for (size_t i = 0; i < sizeof rights / sizeof *rights && rights[i].abi <= abi; i++) {
        known.fs |= rights[i].handled.fs;
        known.net |= rights[i].handled.net;
        known.scoped |= rights[i].handled.scoped;
    }
    return (int)syscall(SYS_landlock_create_ruleset, &known, sizeof known, 0);
}

static void open_place(int fence, const struct place *place)
{
    struct stat st;
    auto_fd fd = open(place->path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return;
    uint64_t only = S_ISDIR(st.st_mode) ? known.fs : known.fs & FOR_FILES;
    const struct landlock_path_beneath_attr rule = {.allowed_access = place->rights & only,
                                                    .parent_fd = fd};
    syscall(SYS_landlock_add_rule, fence, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

static void open_places(int fence, const struct place *places)
{
    for (; places->path; places++)
        open_place(fence, places);
}

static bool close_fence(int fence)
{
    bool closed = syscall(SYS_landlock_restrict_self, fence, 0) == 0;
    close(fence);
    return closed;
}

static bool prepare_landlock(const char *const *files)
{
    int fence = new_fence();
    if (fence < 0)
        return false;
    open_places(fence, system_files);
    open_places(fence, devices);
    for (; *files; files++)
        open_place(fence, &(struct place){*files, READ});
    return close_fence(fence);
}

static bool close_landlock(enum sandbox_profile profile)
{
    static const struct place nowhere[] = {{NULL, 0}};
    static const struct place *const places[SANDBOX_PROFILES] = {
        [SANDBOX_STRICT] = nowhere,
        [SANDBOX_GPU] = devices,
    };
    int fence = new_fence();
    if (fence < 0)
        return false;
    open_places(fence, places[profile]);
    return close_fence(fence);
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

static int close_descriptors(struct error *err)
{
    return close_range(FIRST_CLOSED, ~0U, 0) < 0 ? error_errno(err, "close_range") : 0;
}

static int keep_privileges_down(struct error *err)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? error_errno(err, "no_new_privs") : 0;
}

int sandbox_prepare(const char *const *files, struct error *err)
{
    if (close_descriptors(err) < 0 || keep_privileges_down(err) < 0)
        return -1;
    apart = close_namespaces();
    fenced = prepare_landlock(files);
    return 0;
}

/* Namespaces and Landlock are a thread's own: with a driver's threads about, what was not prepared
 * would hold for this thread only, and is not counted. */
int sandbox_close(const struct sandbox_limits *limits, struct error *err)
{
    const bool gpu = limits->profile == SANDBOX_GPU;
    warm_libc();
    if ((!gpu && close_descriptors(err) < 0) || keep_privileges_down(err) < 0)
        return -1;
    int parts = SANDBOX_REQUIRED;
    if (apart || (!gpu && close_namespaces()))
        parts |= SANDBOX_NAMESPACES;
    if (close_landlock(limits->profile) && (!gpu || fenced))
        parts |= SANDBOX_LANDLOCK;
    if (close_rlimits(limits, err) < 0 || close_seccomp(limits->profile, err) < 0)
        return -1;
    return parts;
}
