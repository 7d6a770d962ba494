/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Starting, asking and ending workers. Refuses to believe them: answers are checked before they are
 * used. Called by the scheduler and by picture; calls message.
 */
#include "work/process.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKER_FD = 3, GRACE_MS = 1000, START_MS = 20000 };

/* glibc 2.36's posix_spawn uses clone(CLONE_VM | CLONE_VFORK): nothing of a threaded parent is
 * copied. */
static int spawn(pid_t *pid, const char *program, char *const *argv, int worker_end, bool quiet,
                 struct error *err)
{
    static const char *const environment[] = {"MALLOC_ARENA_MAX=1", "LC_ALL=C.UTF-8", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (quiet)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, worker_end, WORKER_FD);
    int code = posix_spawn(pid, program, &actions, &attributes, argv,
                           (char *const *)(uintptr_t)environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    errno = code;
    return code ? error_errno(err, "starting %s", program) : 0;
}

/* A socket pair whose worker end is above descriptor 3: dup2(3, 3) would keep close-on-exec, and
 * the child's standard input takes 0. */
static int make_pair(int *ours, int *theirs, struct error *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return error_errno(err, "socketpair");
    if (pair[1] <= WORKER_FD) {
        int moved = fcntl(pair[1], F_DUPFD_CLOEXEC, WORKER_FD + 1);
        close(pair[1]);
        if (moved < 0) {
            close(pair[0]);
            return error_errno(err, "moving a socket");
        }
        pair[1] = moved;
    }
    *ours = pair[0];
    *theirs = pair[1];
    return 0;
}

static void add_args(struct process_args *a, const char *const *more)
{
    for (; *more; more++) {
        must(a->count < PROCESS_ARGS - 1);
        a->argv[a->count++] = *more;
    }
}

void process_args_make(struct process_args *a, const struct settings *settings,
                       const struct recipe *recipe, const char *const *stage)
{
    *a = (struct process_args){.argv = {settings->work_program}, .count = 1};
    snprintf(a->memory, sizeof a->memory, "%lld", (long long)settings->worker_memory);
    /* The largest memory file a worker may make: a page in colour. */
    snprintf(a->file_size, sizeof a->file_size, "%lld",
             (long long)settings->max_pixels * 3 + (64 << 20));
    const char *const common[] = {
        "--memory",   a->memory,          "--file-size",
        a->file_size, "--sandbox",        settings->sandbox ? "on" : "off",
        "--tessdata", settings->tessdata, NULL};
    /* The stage's own flags come later, so they win. */
    must(a->count < PROCESS_ARGS - 1);
    a->argv[a->count++] = stage[0];
    add_args(a, common);
    add_args(a, stage + 1);
    if (!recipe)
        return;
    a->recipe = recipe_args(recipe);
    add_args(a, (const char *const *)a->recipe);
}

void process_args_free(struct process_args *a)
{
    free(a->recipe);
}

int process_start(struct process *p, const struct settings *settings, const struct recipe *recipe,
                  const char *const *stage, struct error *err)
{
    /* What libraries print about a hostile document does not belong in the log. */
    bool quiet = settings->log_level != LOG_DEBUG;
    struct process_args args;
    auto_fd ours = -1, theirs = -1;
    pid_t pid;
    if (make_pair(&ours, &theirs, err) < 0)
        return -1;
    process_args_make(&args, settings, recipe, stage);
    int rc = spawn(&pid, settings->work_program, (char *const *)(uintptr_t)args.argv, theirs, quiet,
                   err);
    process_args_free(&args);
    if (rc < 0)
        return -1;
    *p = (struct process){pid, fd_take(&ours)};
    return 0;
}

static int reap(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

void process_kill(struct process *p)
{
    if (p->pid) {
        kill(p->pid, SIGKILL);
        reap(p->pid);
    }
    fd_close(&p->socket);
    p->pid = 0;
}

/* Closing the socket and ending are two things: give the process a moment, then insist. */
static bool ended_by_itself(pid_t pid)
{
    auto_fd handle = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = handle, .events = POLLIN};
    int n;
    do
        n = handle < 0 ? 0 : poll(&p, 1, GRACE_MS);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

enum process_end process_reap(struct process *p, struct error *why)
{
    must(p->pid > 0); /* kill(0) would end everyone */
    bool by_itself = ended_by_itself(p->pid);
    if (!by_itself)
        kill(p->pid, SIGKILL);
    int status = reap(p->pid);
    fd_close(&p->socket);
    p->pid = 0;
    int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (by_itself && (sig == SIGKILL || sig == SIGTERM)) {
        error_set(why, ERROR_CRASHED, "the worker was killed from outside (%s)", strsignal(sig));
        return PROCESS_KILLED;
    }
    if (sig == SIGSYS)
        error_set(why, ERROR_CRASHED,
                  "the worker broke out of its rules and was stopped by the sandbox");
    else if (!by_itself && sig == SIGKILL)
        error_set(why, ERROR_CRASHED, "the worker closed its socket and did not end");
    else if (sig)
        error_set(why, ERROR_CRASHED, "the worker crashed: %s", strsignal(sig));
    else
        error_set(why, ERROR_CRASHED, "the worker left without an answer (status %d)",
                  WEXITSTATUS(status));
    return PROCESS_CRASHED;
}

int process_call(struct process *p, const struct message *request, int fd,
                 enum message_type expected, struct message *answer, int *answer_fd, int timeout_ms,
                 struct error *err)
{
    auto_fd got = -1;
    if (!p->pid)
        return error_set(err, ERROR_CRASHED, "the worker is gone");
    /* It cannot be told when it has died: its end says how. */
    int rc = request && message_send(p->socket, request, fd, err) < 0
                 ? 0
                 : message_receive(p->socket, answer, &got, timeout_ms, err);
    if (rc == 0) {
        process_reap(p, err);
        return -1;
    }
    if (rc < 0) {
        process_kill(p);
        return -1;
    }
    bool ours = answer->ticket == (request ? request->ticket : 0);
    if (ours && answer->type == MESSAGE_ERROR)
        return message_error(answer, err);
    if (!ours || answer->type != expected) {
        process_kill(p);
        return error_set(err, ERROR_BUG, "a worker answered out of turn");
    }
    if (answer_fd)
        *answer_fd = fd_take(&got);
    return 0;
}

const char *process_map(int fd, uint64_t size, uint64_t cap, struct error *err)
{
    if (size == 0 || size > cap) {
        error_set(err, ERROR_BUG, "a worker announced a result of %llu bytes",
                  (unsigned long long)size);
        return NULL;
    }
    if (fd_check_sealed(fd, size, err) < 0)
        return NULL;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes != MAP_FAILED)
        return bytes;
    error_errno(err, "mapping a result");
    return NULL;
}

void process_unmap(const char *bytes, uint64_t size)
{
    munmap((void *)(uintptr_t)bytes, size);
}

void process_open_message(struct message *m, const struct settings *settings, const char *password)
{
    *m = (struct message){.version = MESSAGE_VERSION, .type = MESSAGE_OPEN};
    snprintf(m->u.open.password, sizeof m->u.open.password, "%s", password);
    m->u.open.limits = (struct decode_limits){
        .max_pixels = (uint64_t)settings->max_pixels,
        .max_memory = (uint64_t)settings->worker_memory / 4 * 3,
        .max_pages = (uint32_t)settings->max_pages,
    };
}

int process_open_document(struct process *p, const struct settings *settings, int document,
                          const char *password, uint32_t *pages, struct error *err)
{
    struct message request, answer;
    if (process_call(p, NULL, -1, MESSAGE_READY, &answer, NULL, START_MS, err) < 0)
        return -1;
    process_open_message(&request, settings, password);
    if (process_call(p, &request, document, MESSAGE_OPENED, &answer, NULL,
                     (int)settings->open_timeout * 1000, err) < 0)
        return -1;
    *pages = answer.u.opened.pages;
    return 0;
}
