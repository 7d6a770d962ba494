/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The wall from inside: each probe runs in a child that has closed the sandbox, and ends by exit 0
 * (the wall held, or let through what it must), by another code, or by SIGSYS.
 */
#include "base/fd.h"
#include "work/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEBIBYTE = 1 << 20, FILE_LIMIT = 4 * MEBIBYTE };

static const struct sandbox_limits limits = {256 * MEBIBYTE, FILE_LIMIT};

struct probe {
    const char *name;
    int (*run)(void); /* 0: as it should be */
};

/* The child's wait status. */
static int in_sandbox(int (*run)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int parts = sandbox_close(&limits, NULL);
        _exit(parts < 0 ? 99 : run());
    }
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

/* ---- what must fail and leave the process alive ---- */

static int opening(void)
{
    return is_errno(open("/dev/null", O_RDONLY), EACCES);
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
    for (int i = 0; i < 64; i++)
        if (fd_memory("one of many", NULL) < 0)
            return is_errno(-1, EMFILE);
    return 1;
}

static int over_memory(void)
{
    void *p = mmap(NULL, 512 * MEBIBYTE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED && errno == ENOMEM && !malloc(512 * MEBIBYTE) ? 0 : 1;
}

/* ---- what must kill ---- */

static int make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
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
    {"memory files", memory_files},
    {"memory", much_memory},
    {"sorting", sorting},
    {"opening", opening},
    {"opening a directory", opening_above},
    {"asking for names", asking_names},
    {"too large a file", over_file_size},
    {"writing too much", writing_over_file_size},
    {"raising limits", raising_limits},
    {"many files", many_files},
};

static const struct probe deadly[] = {
    {"socket", make_socket},
    {"socketpair", make_pair},
    {"execve", run_program},
    {"fork", make_process},
    {"ptrace", trace},
    {"kill", kill_parent},
    {"tgkill of others", signal_parent_thread},
    {"process_vm_readv", read_parent},
    {"mount", mount_something},
    {"io_uring", new_ring},
    {"fcntl dup", duplicate},
    {"chroot", change_root},
    {"bpf", kernel_program},
    {"unlink", remove_file},
    {"mmap exec", executable_map},
    {"mprotect exec", executable_change},
};

static void lets_work_through_and_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        int status = in_sandbox(harmless[i].run);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("%s: status 0x%x", harmless[i].name, (unsigned)status);
    }
}

static void kills(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        int status = in_sandbox(deadly[i].run);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("%s: status 0x%x", deadly[i].name, (unsigned)status);
    }
}

static void caps_memory(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    (void)over_memory; /* the sanitizer's own maps are larger than any cap */
#else
    assert_int_equal(in_sandbox(over_memory), 0);
#endif
}

static int aborting(void)
{
    abort();
}

static void lets_abort_be_seen(void **state)
{
    (void)state;
    int status = in_sandbox(aborting);
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
    assert_int_equal(in_sandbox(inherited_is_closed), 0);
    close(inherited);
    close(file);
}

static void says_what_holds(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        int parts = sandbox_close(&limits, NULL);
        _exit(parts >= 0 && (parts & SANDBOX_REQUIRED) == SANDBOX_REQUIRED ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);

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
