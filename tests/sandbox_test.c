/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The walls from inside: each probe runs in a child that has closed the sandbox, and ends by exit 0
 * (the wall held, or let through what it must), by another code, or by SIGSYS. With the GPU's wall
 * there is besides a thread that was there before, as a driver's are.
 */
#include "base/fd.h"
#include "work/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEBIBYTE = 1 << 20, FILE_LIMIT = 4 * MEBIBYTE };

enum { STRICT = 1 << SANDBOX_STRICT, GPU = 1 << SANDBOX_GPU, BOTH = STRICT | GPU };

struct probe {
    const char *name;
    int (*run)(void); /* 0: as it should be */
    unsigned profiles;
};

/* ---- a thread from before ---- */

static pthread_mutex_t not_yet = PTHREAD_MUTEX_INITIALIZER;
static int (*errand)(void);
static pthread_t earlier;

static void *run_errand(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&not_yet);
    int rc = errand(); /* not made for two at once */
    pthread_mutex_unlock(&not_yet);
    return (void *)(intptr_t)rc;
}

static int in_earlier_thread(int (*run)(void))
{
    void *result;
    errand = run;
    pthread_mutex_unlock(&not_yet);
    pthread_join(earlier, &result);
    return (int)(intptr_t)result;
}

/* ---- children ---- */

static int close_wall(enum sandbox_profile profile)
{
    static const char *const no_files[] = {NULL};
    const struct sandbox_limits limits = {256 * MEBIBYTE, FILE_LIMIT, profile};
    if (profile == SANDBOX_GPU) {
        pthread_mutex_lock(&not_yet);
        if (sandbox_prepare(no_files, NULL) < 0 ||
            pthread_create(&earlier, NULL, run_errand, NULL) != 0)
            return -1;
    }
    return sandbox_close(&limits, NULL);
}

/* The child's wait status. */
static int in_sandbox(enum sandbox_profile profile, int (*run)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(close_wall(profile) < 0 ? 99 : run());
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static int is_errno(long rc, int code)
{
    return rc == -1 && errno == code ? 0 : 1;
}

/* ---- what must still work ---- */

static int memory_files(void)
{
    char bytes[] = "page";
    int fd = fd_memory("probe", NULL);
    if (fd < 0 || fd_write_full(fd, bytes, sizeof bytes, NULL) < 0 || ftruncate(fd, 4096) < 0)
        return 1;
    if (fd_seal(fd, NULL) < 0 || fd_check_sealed(fd, 4096, NULL) < 0)
        return 2;
    const char *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    return map != MAP_FAILED && strcmp(map, bytes) == 0 ? 0 : 3;
}

static int much_memory(void)
{
    char *p = malloc(64 * MEBIBYTE);
    if (!p)
        return 1;
    memset(p, 1, 64 * MEBIBYTE);
    p = realloc(p, 96 * MEBIBYTE);
    free(p);
    return p ? 0 : 2;
}

static int descend(const void *a, const void *b)
{
    return *(const int *)b - *(const int *)a;
}

static int sorting(void)
{
    static int numbers[100000];
    for (int i = 0; i < 100000; i++)
        numbers[i] = i;
    qsort(numbers, 100000, sizeof *numbers, descend);
    return numbers[0] == 99999 ? 0 : 1;
}

static int executable_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_WRITE) == 0 &&
                   mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0
               ? 0
               : 1;
}

static int later_thread(void)
{
    pthread_t thread;
    errand = sorting;
    pthread_mutex_unlock(&not_yet);
    void *one, *other;
    if (pthread_create(&thread, NULL, run_errand, NULL) != 0)
        return 1;
    pthread_join(earlier, &one);
    pthread_join(thread, &other);
    return one || other;
}

/* ---- what must fail and leave the process alive ---- */

static int opening(void)
{
    return is_errno(open("/dev/null", O_RDONLY), EACCES);
}

static int reading_a_file(void)
{
    return is_errno(open("/etc/passwd", O_RDONLY), EACCES);
}

static int reading_a_file_earlier(void)
{
    return in_earlier_thread(reading_a_file);
}

static int making_a_file(void)
{
    return is_errno(open("/tmp/nothing", O_WRONLY | O_CREAT, 0600), EACCES);
}

static int making_a_file_earlier(void)
{
    return in_earlier_thread(making_a_file);
}

static int asking_a_terminal(void)
{
    return is_errno(ioctl(STDIN_FILENO, TIOCSTI, "x"), EPERM);
}

static int opening_above(void)
{
    return is_errno(syscall(SYS_openat, AT_FDCWD, "..", O_RDONLY | O_DIRECTORY), EACCES);
}

static int asking_names(void)
{
    struct stat st;
    return is_errno(stat("/etc/passwd", &st), EACCES);
}

static int executable_map(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED;
}

static int executable_change(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static int over_file_size(void)
{
    int fd = fd_memory("big", NULL);
    if (fd < 0 || ftruncate(fd, FILE_LIMIT) < 0)
        return 1;
    return is_errno(ftruncate(fd, FILE_LIMIT + 1), EFBIG);
}

static int writing_over_file_size(void)
{
    static char block[MEBIBYTE];
    int fd = fd_memory("big", NULL);
    for (int i = 0; i < FILE_LIMIT / MEBIBYTE; i++)
        if (fd_write_full(fd, block, sizeof block, NULL) < 0)
            return 1;
    return is_errno(write(fd, block, 1), EFBIG);
}

static int raising_limits(void)
{
    struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
    return is_errno(setrlimit(RLIMIT_FSIZE, &more), EPERM);
}

static int many_files(void)
{
    for (int i = 0; i < 512; i++)
        if (fd_memory("one of many", NULL) < 0)
            return is_errno(-1, EMFILE);
    return 1;
}

static int over_memory(void)
{
    const int access = PROT_READ | PROT_WRITE, how = MAP_PRIVATE | MAP_ANONYMOUS;
    void *p = mmap(NULL, 512 * MEBIBYTE, access, how, -1, 0);
    return p == MAP_FAILED && errno == ENOMEM && !malloc(512 * MEBIBYTE) ? 0 : 1;
}

/* ---- what must kill ---- */

static int make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int make_socket_earlier(void)
{
    return in_earlier_thread(make_socket);
}

static int control_unknown(void)
{
    return ioctl(STDIN_FILENO, 0x5a01, NULL);
}

static int make_pair(void)
{
    int pair[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int run_program(void)
{
    char *none[] = {NULL};
    return execve("/bin/true", none, none);
}

static int make_process(void)
{
    return fork() < 0;
}

static int trace(void)
{
    return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int kill_parent(void)
{
    return kill(getppid(), 0);
}

static int signal_parent_thread(void)
{
    return (int)syscall(SYS_tgkill, 1, 1, 0);
}

static int read_parent(void)
{
    return (int)syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0);
}

static int mount_something(void)
{
    return (int)syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL);
}

static int new_ring(void)
{
    return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static int duplicate(void)
{
    return fcntl(STDERR_FILENO, F_DUPFD, 10) < 0;
}

static int change_root(void)
{
    return chroot("/");
}

static int kernel_program(void)
{
    return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int remove_file(void)
{
    return unlink("/tmp/nothing");
}

static const struct probe harmless[] = {
    {"memory files", memory_files, BOTH},
    {"memory", much_memory, BOTH},
    {"sorting", sorting, BOTH},
    {"opening", opening, BOTH},
    {"opening a directory", opening_above, BOTH},
    {"asking for names", asking_names, BOTH},
    {"too large a file", over_file_size, STRICT},
    {"writing too much", writing_over_file_size, STRICT},
    {"raising limits", raising_limits, BOTH},
    {"many files", many_files, BOTH},
    {"reading a file", reading_a_file, BOTH},
    {"making a file", making_a_file, BOTH},
    {"asking a terminal", asking_a_terminal, BOTH},
    {"executable memory", executable_memory, GPU},
    {"threads", later_thread, GPU},
    {"reading in an earlier thread", reading_a_file_earlier, GPU},
    {"making a file in an earlier thread", making_a_file_earlier, GPU},
};

static const struct probe deadly[] = {
    {"socket", make_socket, BOTH},
    {"socket in an earlier thread", make_socket_earlier, GPU},
    {"ioctl of no GPU", control_unknown, GPU},
    {"socketpair", make_pair, BOTH},
    {"execve", run_program, BOTH},
    {"fork", make_process, BOTH},
    {"ptrace", trace, BOTH},
    {"kill", kill_parent, BOTH},
    {"tgkill of others", signal_parent_thread, BOTH},
    {"process_vm_readv", read_parent, BOTH},
    {"mount", mount_something, BOTH},
    {"io_uring", new_ring, BOTH},
    {"fcntl dup", duplicate, BOTH},
    {"chroot", change_root, BOTH},
    {"bpf", kernel_program, BOTH},
    {"unlink", remove_file, BOTH},
    {"mmap exec", executable_map, STRICT},
    {"mprotect exec", executable_change, STRICT},
};

static void try_all(const struct probe *probes, size_t count, bool wanted(int status))
{
    for (size_t i = 0; i < count; i++)
        for (enum sandbox_profile p = 0; p < SANDBOX_PROFILES; p++) {
            int status = probes[i].profiles & 1U << p ? in_sandbox(p, probes[i].run) : -1;
            if (status >= 0 && !wanted(status))
                fail_msg("%s: profile %u: status 0x%x", probes[i].name, p, (unsigned)status);
        }
}

static bool went_well(int status)
{
    return status == 0;
}

static bool was_stopped(int status)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static void lets_work_through_and_refuses(void **state)
{
    (void)state;
    try_all(harmless, sizeof harmless / sizeof *harmless, went_well);
}

static void kills(void **state)
{
    (void)state;
    try_all(deadly, sizeof deadly / sizeof *deadly, was_stopped);
}

static void caps_memory(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    (void)over_memory; /* the sanitizer's own maps are larger than any cap */
#else
    assert_int_equal(in_sandbox(SANDBOX_STRICT, over_memory), 0);
    assert_int_equal(in_sandbox(SANDBOX_GPU, over_memory), 0);
#endif
}

static int aborting(void)
{
    abort();
}

static void lets_abort_be_seen(void **state)
{
    (void)state;
    int status = in_sandbox(SANDBOX_STRICT, aborting);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static int inherited = -1;

static int inherited_is_closed(void)
{
    char byte;
    return is_errno(read(inherited, &byte, 1), EBADF);
}

static void closes_inherited_descriptors(void **state)
{
    (void)state;
    int file = open("/dev/null", O_RDONLY);
    inherited = fcntl(file, F_DUPFD, 40);
    assert_true(inherited >= 40);
    assert_int_equal(in_sandbox(SANDBOX_STRICT, inherited_is_closed), 0);
    assert_int_equal(in_sandbox(SANDBOX_GPU, inherited_is_closed), 0);
    close(inherited);
    close(file);
}

/* The looser wall has all the parts that the strict one has on this machine. */
static int parts_of(enum sandbox_profile profile)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(close_wall(profile));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void says_what_holds(void **state)
{
    (void)state;
    const int parts = parts_of(SANDBOX_STRICT);
    assert_int_equal(parts & SANDBOX_REQUIRED, SANDBOX_REQUIRED);
    assert_int_equal(parts_of(SANDBOX_GPU), parts);

    auto_strbuf text = {0};
    sandbox_describe(SANDBOX_REQUIRED | SANDBOX_LANDLOCK | SANDBOX_NAMESPACES, &text);
    assert_string_equal(strbuf_str(&text), "seccomp landlock namespaces rlimits no_new_privs");
    strbuf_clear(&text);
    sandbox_describe(0, &text);
    assert_string_equal(strbuf_str(&text), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_work_through_and_refuses),
        cmocka_unit_test(kills),
        cmocka_unit_test(caps_memory),
        cmocka_unit_test(lets_abort_be_seen),
        cmocka_unit_test(closes_inherited_descriptors),
        cmocka_unit_test(says_what_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
