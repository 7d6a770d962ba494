/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Starting, asking and ending workers: the real pagemill-work, named by PAGEMILL_WORK, and liars,
 * which are this program itself started with another stage. Exits 77 without PAGEMILL_WORK.
 */
#include "unit.h"

#include "base/fd.h"
#include "work/process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKER_FD = 3, LONG_MS = 60000 };

static struct settings settings;

/* ---- liars ---- */

static int lie(const char *stage)
{
    struct message m = {.version = MESSAGE_VERSION, .type = MESSAGE_READY};
    if (strcmp(stage, "leave") == 0)
        return 3;
    if (strcmp(stage, "garbage") == 0)
        return write(WORKER_FD, "garbage", 7) == 7 ? 0 : 1;
    if (strcmp(stage, "turn") == 0)
        m.type = MESSAGE_IMAGE;
    if (strcmp(stage, "ticket") == 0)
        m.ticket = 7;
    if (strcmp(stage, "silent") != 0)
        message_send(WORKER_FD, &m, -1, NULL);
    if (strcmp(stage, "deaf") == 0) {
        close(WORKER_FD); /* and stays */
        for (;;)
            pause();
    }
    char c;
    while (read(WORKER_FD, &c, 1) > 0)
        ;
    return 0;
}

static struct process start_liar(const char *stage)
{
    static char self[1024];
    const char *const args[] = {stage, NULL};
    struct settings s = settings;
    struct process p = PROCESS_NONE;
    struct error err;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    memcpy(s.work_program, self, (size_t)n + 1);
    OK(process_start(&p, &s, NULL, args, &err));
    return p;
}

static void assert_gone(const struct process *p, pid_t pid)
{
    assert_int_equal(p->pid, 0);
    assert_int_equal(p->socket, -1);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* reaped */
}

static void liars_are_killed(void **state)
{
    static const struct {
        const char *stage;
        enum error_class class;
        const char *says;
        int timeout_ms;
    } cases[] = {
        {"garbage", ERROR_BUG, "makes no sense", LONG_MS},
        {"turn", ERROR_BUG, "out of turn", LONG_MS},
        {"ticket", ERROR_BUG, "out of turn", LONG_MS},
        {"silent", ERROR_TIMEOUT, "50 ms", 50},
        {"leave", ERROR_CRASHED, "status 3", LONG_MS},
    };
    int before = unit_descriptors();
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct process p = start_liar(cases[i].stage);
        struct message answer;
        struct error err;
        pid_t pid = p.pid;
        REFUSED_SAYING(
            cases[i].class, cases[i].says,
            process_call(&p, NULL, -1, MESSAGE_READY, &answer, NULL, cases[i].timeout_ms, &err));
        assert_gone(&p, pid);
        REFUSED(ERROR_CRASHED,
                process_call(&p, &answer, -1, MESSAGE_READY, &answer, NULL, 1, &err));
    }
    assert_int_equal(unit_descriptors(), before);
}

/* It closed its socket and stays: it is made to go, and that is no kill from outside. */
static void one_that_will_not_leave_is_made_to(void **state)
{
    struct process p = start_liar("deaf");
    struct message answer;
    struct error err;
    pid_t pid = p.pid;
    (void)state;
    OK(process_call(&p, NULL, -1, MESSAGE_READY, &answer, NULL, LONG_MS, &err));
    assert_int_equal(process_reap(&p, &err), PROCESS_CRASHED);
    assert_int_equal(err.class, ERROR_CRASHED);
    assert_non_null(strstr(err.text, "did not end"));
    assert_gone(&p, pid);
}

/* ---- the real one ---- */

static struct process start_worker(void)
{
    static const char *const args[] = {"decode", NULL};
    struct process p = PROCESS_NONE;
    struct message ready;
    struct error err;
    OK(process_start(&p, &settings, NULL, args, &err));
    OK(process_call(&p, NULL, -1, MESSAGE_READY, &ready, NULL, LONG_MS, &err));
    assert_true(ready.u.ready.engine[0] != '\0');
    return p;
}

/* Send the signal and wait until the process is dead, but not reaped. */
static void strike(pid_t pid, int sig)
{
    siginfo_t info;
    assert_int_equal(kill(pid, sig), 0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void a_worker_starts_and_stops(void **state)
{
    int before = unit_descriptors();
    struct process p = start_worker();
    pid_t pid = p.pid;
    (void)state;
    process_kill(&p);
    assert_gone(&p, pid);
    process_kill(&p);
    assert_int_equal(unit_descriptors(), before);
}

static void a_worker_answers_an_error_and_lives(void **state)
{
    struct process p = start_worker();
    struct message request, answer;
    struct error err;
    (void)state;
    for (int i = 0; i < 3; i++) {
        request = (struct message){.version = MESSAGE_VERSION, .type = MESSAGE_PAGE, .ticket = 9};
        REFUSED(ERROR_BUG,
                process_call(&p, &request, -1, MESSAGE_RASTER, &answer, NULL, LONG_MS, &err));
        assert_true(p.pid > 0);
    }
    auto_fd rubbish = fd_memory("rubbish", &err);
    OK(fd_write_full(rubbish, "this is no document", 19, &err));
    process_open_message(&request, &settings, "");
    REFUSED(ERROR_UNSUPPORTED,
            process_call(&p, &request, rubbish, MESSAGE_OPENED, &answer, NULL, LONG_MS, &err));
    assert_true(p.pid > 0);
    process_kill(&p);
}

static void a_kill_from_outside_is_told_from_a_crash(void **state)
{
    static const struct {
        int sig;
        enum process_end end;
        const char *says;
    } cases[] = {
        {SIGKILL, PROCESS_KILLED, "killed from outside"},
        {SIGTERM, PROCESS_KILLED, "killed from outside"},
        {SIGABRT, PROCESS_CRASHED, "Aborted"},
#ifndef __SANITIZE_ADDRESS__ /* which catches this one */
        {SIGSEGV, PROCESS_CRASHED, "Segmentation fault"},
#endif
        {SIGSYS, PROCESS_CRASHED, "stopped by the sandbox"},
    };
    int before = unit_descriptors();
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct process p = start_worker();
        struct message answer;
        struct error err;
        int fd = -1;
        pid_t pid = p.pid;
        strike(pid, cases[i].sig);
        assert_int_equal(OK(message_receive(p.socket, &answer, &fd, LONG_MS, &err)), 0);
        assert_int_equal(process_reap(&p, &err), cases[i].end);
        assert_int_equal(err.class, ERROR_CRASHED);
        assert_non_null(strstr(err.text, cases[i].says));
        assert_gone(&p, pid);
    }
    assert_int_equal(unit_descriptors(), before);
}

/* One that died while it was idle cannot even be asked. */
static void a_call_to_the_dead_says_how_it_died(void **state)
{
    struct process p = start_worker();
    struct message request, answer;
    struct error err;
    pid_t pid = p.pid;
    (void)state;
    strike(pid, SIGKILL);
    process_open_message(&request, &settings, "");
    REFUSED_SAYING(ERROR_CRASHED, "killed from outside",
                   process_call(&p, &request, -1, MESSAGE_OPENED, &answer, NULL, LONG_MS, &err));
    assert_gone(&p, pid);
}

static void a_bad_flag_ends_the_worker(void **state)
{
    static const char *const args[] = {"decode", "--nonsense", "1", NULL};
    struct process p = PROCESS_NONE;
    struct message answer;
    struct error err;
    (void)state;
    OK(process_start(&p, &settings, NULL, args, &err));
    REFUSED_SAYING(ERROR_CRASHED, "status 2",
                   process_call(&p, NULL, -1, MESSAGE_READY, &answer, NULL, LONG_MS, &err));
    assert_int_equal(p.pid, 0);
}

/* The worker takes the last of two. */
static void a_stage_has_the_last_word(void **state)
{
    static const char *const stage[] = {"bind", "--file-size", "7", NULL};
    struct process_args args;
    size_t common = 0, own = 0;
    (void)state;
    process_args_make(&args, &settings, NULL, stage);
    assert_string_equal(args.argv[1], "bind");
    for (size_t i = 2; i + 1 < args.count; i++)
        if (strcmp(args.argv[i], "--file-size") == 0)
            *(strcmp(args.argv[i + 1], "7") == 0 ? &own : &common) = i;
    assert_true(0 < common && common < own);
    assert_null(args.argv[args.count]);
    process_args_free(&args);
}

static void a_program_that_is_absent(void **state)
{
    static const char *const args[] = {"decode", NULL};
    struct settings s = settings;
    struct process p = PROCESS_NONE;
    struct error err;
    int before = unit_descriptors();
    (void)state;
    strcpy(s.work_program, "/nowhere/pagemill-work");
    REFUSED_SAYING(ERROR_IO, "/nowhere/pagemill-work", process_start(&p, &s, NULL, args, &err));
    assert_int_equal(p.pid, 0);
    assert_int_equal(unit_descriptors(), before);
}

/* ---- results ---- */

static void only_sealed_results_are_mapped(void **state)
{
    struct error err;
    auto_fd open = fd_memory("open", &err), sealed = fd_memory("sealed", &err);
    (void)state;
    OK(fd_write_full(open, "12345678", 8, &err));
    OK(fd_write_full(sealed, "12345678", 8, &err));
    OK(fd_seal(sealed, &err));
    const char *bytes = process_map(sealed, 8, 8, &err);
    assert_non_null(bytes);
    assert_memory_equal(bytes, "12345678", 8);
    process_unmap(bytes, 8);
    static const struct {
        bool sealed;
        uint64_t size, cap;
    } bad[] = {{false, 8, 8}, {true, 7, 8}, {true, 9, 9},
               {true, 8, 7},  {true, 0, 8}, {true, UINT64_MAX, UINT64_MAX}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        err = (struct error){0};
        assert_null(process_map(bad[i].sealed ? sealed : open, bad[i].size, bad[i].cap, &err));
        assert_int_equal(err.class, ERROR_BUG);
    }
    assert_null(process_map(-1, 8, 8, &err));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(liars_are_killed),
        cmocka_unit_test(one_that_will_not_leave_is_made_to),
        cmocka_unit_test(a_worker_starts_and_stops),
        cmocka_unit_test(a_worker_answers_an_error_and_lives),
        cmocka_unit_test(a_kill_from_outside_is_told_from_a_crash),
        cmocka_unit_test(a_call_to_the_dead_says_how_it_died),
        cmocka_unit_test(a_bad_flag_ends_the_worker),
        cmocka_unit_test(a_stage_has_the_last_word),
        cmocka_unit_test(a_program_that_is_absent),
        cmocka_unit_test(only_sealed_results_are_mapped),
    };
    if (argc > 1)
        _exit(lie(argv[1]));
    const char *program = getenv("PAGEMILL_WORK");
    if (!program) {
        puts("PAGEMILL_WORK does not name the pagemill-work program");
        return 77;
    }
    settings_defaults(&settings);
    settings.sandbox = false; /* has a test of its own, and is not everywhere allowed */
    settings.worker_memory = INT64_C(1) << 40;
    snprintf(settings.work_program, sizeof settings.work_program, "%s", program);
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
