/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The real pagemill-work, named by PAGEMILL_WORK, as its parent sees it: conversations, refusals,
 * and how it ends.
 */
#include "base/fd.h"
#include "base/strbuf.h"
#include "page/page.h"
#include "work/message.h"
#include "work/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "drawn_page.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 120000, WORKER_FD = 3 };

static const char *program;

struct worker {
    pid_t pid;
    int socket;
};

static _Noreturn void become_worker(int socket, const char *const *args)
{
    static char *const environment[] = {NULL};
    if (socket == WORKER_FD)
        fcntl(socket, F_SETFD, 0);
    else
        dup2(socket, WORKER_FD);
    execve(program, (char *const *)(uintptr_t)args, environment);
    _exit(127);
}

static pid_t spawn(int socket, const char *const *args)
{
    pid_t pid = fork();
    if (pid == 0)
        become_worker(socket, args);
    return pid;
}

static struct worker start(const char *const *args)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    struct worker w = {spawn(pair[1], args), pair[0]};
    assert_true(w.pid > 0);
    close(pair[1]);
    return w;
}

/* Its exit code, or −signal. */
static int finish(struct worker *w)
{
    int status = 0;
    fd_close(&w->socket);
    assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void receive(struct worker *w, enum message_type expected, struct message *m, int *fd)
{
    struct error err = {0};
    int rc = message_receive(w->socket, m, fd, WAIT_MS, &err);
    if (rc != 1)
        fail_msg("no answer: %d %s", rc, err.text);
    if (m->type == MESSAGE_ERROR && expected != MESSAGE_ERROR)
        fail_msg("error %u: %s", m->u.error.class, m->u.error.text);
    assert_int_equal(m->type, expected);
}

static uint64_t last_ticket;

/* Sends with a fresh ticket and waits for its answer; returns the answer's descriptor or −1. */
static int ask(struct worker *w, struct message *request, int fd, enum message_type expected,
               struct message *answer)
{
    int got = -1;
    request->version = MESSAGE_VERSION;
    request->ticket = ++last_ticket;
    assert_int_equal(message_send(w->socket, request, fd, NULL), 0);
    receive(w, expected, answer, &got);
    assert_int_equal(answer->ticket, last_ticket);
    return got;
}

static void ask_and_fail(struct worker *w, struct message *request, int fd, enum error_class class)
{
    struct message answer;
    assert_int_equal(ask(w, request, fd, MESSAGE_ERROR, &answer), -1);
    if (answer.u.error.class != class)
        fail_msg("class %u: %s", answer.u.error.class, answer.u.error.text);
}

static struct worker start_ready(const char *const *args, struct message *ready)
{
    struct worker w = start(args);
    int fd = -1;
    receive(&w, MESSAGE_READY, ready, &fd);
    assert_int_equal(fd, -1);
    assert_int_equal(ready->u.ready.sandbox & SANDBOX_REQUIRED, SANDBOX_REQUIRED);
    return w;
}

static const char *const recognise_args[] = {"pagemill-work", "recognise", "--engine", "tesseract",
                                             "--languages",   "eng",       "--memory", "2G",
                                             "--file-size",   "256M",      NULL};
static const char *const decode_args[] = {"pagemill-work", "decode", NULL};

static struct worker start_recognise(void)
{
    struct message ready;
    struct worker w = start_ready(recognise_args, &ready);
    assert_int_equal(strncmp(ready.u.ready.engine, "tesseract/", 10), 0);
    assert_string_equal(ready.u.ready.device, "cpu");
    assert_string_equal(ready.u.ready.note, "");
    return w;
}

static int memory_file(const void *bytes, size_t len, bool sealed)
{
    int fd = fd_memory("test", NULL);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_full(fd, bytes, len, NULL), 0);
    if (sealed)
        assert_int_equal(fd_seal(fd, NULL), 0);
    return fd;
}

static struct message read_message(const struct raster *raster, uint32_t timeout_ms)
{
    struct message m = {.type = MESSAGE_READ};
    m.u.read.page = 3;
    m.u.read.timeout_ms = timeout_ms;
    m.u.read.sheaf = (struct sheaf){.raster = *raster, .layer_score = PAGE_NO_SCORE};
    return m;
}

/* Checks the seals, closes fd. */
static char *sealed_text(int fd, uint64_t size)
{
    struct error err = {0};
    if (fd_check_sealed(fd, size, &err) < 0)
        fail_msg("%s", err.text);
    char *text = x_calloc(size + 1, 1);
    assert_int_equal(fd_read_full(fd, text, size, 0), size);
    close(fd);
    return text;
}

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in '%.2000s'", part, text);
}

/* ---- recognise ---- */

static void reads_pages_until_the_end(void **state)
{
    (void)state;
    struct raster raster;
    uint8_t *pixels = drawn_page(&raster);
    int fd = memory_file(pixels, (size_t)raster.stride * raster.height, true);
    struct worker w = start_recognise();
    for (uint32_t reduced = 0; reduced < 2; reduced++) {
        struct message answer, request = read_message(&raster, WAIT_MS);
        request.u.read.sheaf.raster.reduced = reduced;
        int result = ask(&w, &request, fd, MESSAGE_RESULT, &answer);
        char *json = sealed_text(result, answer.u.result.size);
        assert_true(answer.u.result.rss_kib > 1000);
        assert_says(json, "{\"page\":3,\"width\":1200,\"height\":800,");
        for (int i = 0; i < DRAWN_LINES; i++)
            assert_says(json, drawn_lines[i]);
        assert_int_equal(strstr(json, "dpi_reduced") != NULL, reduced);
        free(json);
    }
    close(fd);
    free(pixels);
    assert_int_equal(finish(&w), 0);
}

static void refuses_pixels_it_cannot_trust(void **state)
{
    (void)state;
    struct raster raster;
    uint8_t *pixels = drawn_page(&raster);
    size_t size = (size_t)raster.stride * raster.height;
    int sealed = memory_file(pixels, size, true), open_file = memory_file(pixels, size, false),
        cut = memory_file(pixels, size - 1, true), null = open("/dev/null", O_RDONLY);
    struct worker w = start_recognise();
    struct message request = read_message(&raster, WAIT_MS), answer;
    const int bad[] = {open_file, cut, null, -1};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ask_and_fail(&w, &request, bad[i], ERROR_BUG);
    struct raster impossible = raster;
    impossible.stride = 1;
    request = read_message(&impossible, WAIT_MS);
    ask_and_fail(&w, &request, sealed, ERROR_BUG);
    request = read_message(&raster, 1);
    ask_and_fail(&w, &request, sealed, ERROR_TIMEOUT);
    request = read_message(&raster, WAIT_MS);
    int result = ask(&w, &request, sealed, MESSAGE_RESULT, &answer);
    const int all[] = {sealed, open_file, cut, null, result};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        close(all[i]);
    free(pixels);
    assert_int_equal(finish(&w), 0);
}

static void answers_requests_out_of_place(void **state)
{
    (void)state;
    struct worker w = start_recognise();
    static const enum message_type others[] = {MESSAGE_READY, MESSAGE_OPEN, MESSAGE_PAGE,
                                               MESSAGE_RESULT, MESSAGE_PICTURE};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct message request = {.type = others[i]};
        ask_and_fail(&w, &request, -1, ERROR_BUG);
    }
    assert_int_equal(finish(&w), 0);
}

static void leaves_when_it_hears_nonsense(void **state)
{
    (void)state;
    struct worker w = start_recognise();
    assert_int_equal(send(w.socket, "nonsense", 8, 0), 8);
    struct message answer;
    int fd = -1;
    receive(&w, MESSAGE_ERROR, &answer, &fd);
    assert_int_equal(answer.ticket, 0);
    assert_int_equal(answer.u.error.class, ERROR_BUG);
    assert_int_equal(finish(&w), 1);
}

static void says_why_it_cannot_start(void **state)
{
    (void)state;
    const char *const args[] = {"pagemill-work", "recognise", "--languages", "xyz", NULL};
    struct worker w = start(args);
    struct message answer;
    int fd = -1;
    receive(&w, MESSAGE_ERROR, &answer, &fd);
    assert_int_equal(answer.ticket, 0);
    assert_int_equal(answer.u.error.class, ERROR_UNSUPPORTED);
    assert_says(answer.u.error.text, "xyz");
    assert_int_equal(finish(&w), 1);
}

#ifndef __SANITIZE_ADDRESS__ /* which lifts the cap on memory */
static void calls_too_little_memory_a_limit(void **state)
{
    (void)state;
    const char *const args[] = {"pagemill-work", "recognise", "--memory", "384M", NULL};
    struct message ready, answer;
    struct worker w = start_ready(args, &ready);
    struct raster raster = {12000, 12000, 12000, 1, 300, 0};
    uint8_t *pixels = x_calloc(raster.stride, raster.height);
    int fd = memory_file(pixels, (size_t)raster.stride * raster.height, true);
    struct message request = read_message(&raster, WAIT_MS);
    assert_int_equal(ask(&w, &request, fd, MESSAGE_ERROR, &answer), -1);
    assert_int_equal(answer.u.error.class, ERROR_LIMIT);
    assert_says(answer.u.error.text, "memory");
    close(fd);
    free(pixels);
    assert_int_equal(finish(&w), 1);
}
#endif

static void dies_with_its_parent(void **state)
{
    (void)state;
    int pair[2], ready_pipe[2];
    struct message ready;
    int fd = -1;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(pipe2(ready_pipe, O_CLOEXEC), 0);
    pid_t parent = fork();
    if (parent == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* should this test fail */
        pid_t worker = spawn(pair[1], recognise_args);
        if (write(ready_pipe[1], &worker, sizeof worker) != sizeof worker)
            _exit(1);
        for (;;)
            pause();
    }
    close(pair[1]);
    struct worker w = {0, pair[0]};
    assert_int_equal(read(ready_pipe[0], &w.pid, sizeof w.pid), sizeof w.pid);
    receive(&w, MESSAGE_READY, &ready, &fd);
    kill(parent, SIGKILL);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    /* Our end stays open, so it is not the end of the conversation that ends it. */
    struct pollfd p = {.fd = w.socket, .events = POLLIN};
    assert_int_equal(poll(&p, 1, WAIT_MS), 1);
    assert_int_equal(message_receive(w.socket, &ready, &fd, 0, NULL), 0);
    fd_close(&w.socket);
    close(ready_pipe[0]);
    close(ready_pipe[1]);
}

/* ---- decode ---- */

static const char pdf[] = "%PDF-1.4\n"
                          "1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n"
                          "2 0 obj <</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>> endobj\n"
                          "3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R\n"
                          "/Resources<</Font<</F1 5 0 R>>>>>> endobj\n"
                          "4 0 obj <</Length 48>> stream\n"
                          "BT /F1 24 Tf 40 100 Td (Hello from a page) Tj ET\n"
                          "endstream endobj\n"
                          "5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\n"
                          "trailer <</Root 1 0 R/Size 6>>\n%%EOF\n";

static struct message open_message(void)
{
    struct message m = {.type = MESSAGE_OPEN};
    m.u.open.limits = (struct decode_limits){100000000, 1 << 30, 100};
    return m;
}

static struct message page_message(enum message_type type, uint32_t page)
{
    struct message m = {.type = type};
    m.u.page.page = page;
    m.u.page.how = (struct render){150, 1, WAIT_MS};
    m.u.page.wish.text_layer = TEXT_LAYER_OCR;
    return m;
}

static struct worker start_decode(void)
{
    struct message ready;
    struct worker w = start_ready(decode_args, &ready);
    assert_true(*ready.u.ready.engine);
    return w;
}

static void open_document(struct worker *w, const void *bytes, size_t len, uint32_t pages)
{
    struct message answer, request = open_message();
    int fd = memory_file(bytes, len, true);
    assert_int_equal(ask(w, &request, fd, MESSAGE_OPENED, &answer), -1);
    assert_int_equal(answer.u.opened.pages, pages);
    close(fd);
}

static void decodes_a_document(void **state)
{
    (void)state;
    struct worker w = start_decode();
    struct message answer, request = page_message(MESSAGE_PAGE, 1);
    ask_and_fail(&w, &request, -1, ERROR_BUG);
    open_document(&w, pdf, sizeof pdf - 1, 2);

    request = page_message(MESSAGE_PAGE, 2);
    int fd = ask(&w, &request, -1, MESSAGE_RASTER, &answer);
    const struct raster raster = answer.u.sheaf.raster;
    uint64_t size = raster_bytes(&raster, 1 << 20, NULL);
    assert_int_equal(fd_check_sealed(fd, size, NULL), 0);
    assert_int_equal(raster.width, 625);
    assert_int_equal(raster.dpi, 150);

    request = page_message(MESSAGE_PAGE, 1);
    request.u.page.wish.text_layer = TEXT_LAYER_TEXT;
    int text_fd = ask(&w, &request, -1, MESSAGE_RESULT, &answer);
    char *json = sealed_text(text_fd, answer.u.result.size);
    assert_says(json, "\"source\":\"text\"");
    assert_says(json, "Hello from a page");
    free(json);

    request = page_message(MESSAGE_PICTURE, 1);
    int picture = ask(&w, &request, -1, MESSAGE_IMAGE, &answer);
    char *png = sealed_text(picture, answer.u.result.size);
    assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
    free(png);

    struct worker reader = start_recognise();
    request = read_message(&raster, WAIT_MS);
    int result = ask(&reader, &request, fd, MESSAGE_RESULT, &answer);
    json = sealed_text(result, answer.u.result.size);
    assert_says(json, "Hello from a page");
    free(json);
    close(fd);
    assert_int_equal(finish(&reader), 0);
    assert_int_equal(finish(&w), 0);
}

/* The layer travels behind the pixels, and the reader corrects itself from it. */
static void verifies_with_the_text_layer(void **state)
{
    (void)state;
    struct worker w = start_decode(), reader = start_recognise();
    struct message answer, request = page_message(MESSAGE_PAGE, 1);
    open_document(&w, pdf, sizeof pdf - 1, 2);
    request.u.page.wish.text_layer = TEXT_LAYER_VERIFY;
    int fd = ask(&w, &request, -1, MESSAGE_RASTER, &answer);
    const struct sheaf sheaf = answer.u.sheaf;
    assert_true(sheaf.layer_bytes > 100);
    assert_true(sheaf.layer_score > 0.9F);
    assert_int_equal(fd_check_sealed(fd, sheaf_bytes(&sheaf, 1 << 20, NULL), NULL), 0);

    request = read_message(&sheaf.raster, WAIT_MS);
    request.u.read.sheaf = sheaf;
    int result = ask(&reader, &request, fd, MESSAGE_RESULT, &answer);
    char *json = sealed_text(result, answer.u.result.size);
    assert_says(json, "\"source\":\"verified\"");
    assert_says(json, "\"text_layer_score\":1");
    assert_says(json, "Hello from a page");
    free(json);

    request = read_message(&sheaf.raster, WAIT_MS);
    request.u.read.sheaf = sheaf;
    request.u.read.sheaf.layer_bytes++; /* more than there is */
    ask_and_fail(&reader, &request, fd, ERROR_BUG);
    request.u.read.sheaf.layer_bytes = UINT32_MAX;
    ask_and_fail(&reader, &request, fd, ERROR_BUG);
    close(fd);
    assert_int_equal(finish(&reader), 0);
    assert_int_equal(finish(&w), 0);
}

/* A text layer that is good stands for the page. */
static void takes_a_good_text_layer(void **state)
{
    (void)state;
    struct worker w = start_decode();
    struct message answer, request = page_message(MESSAGE_PAGE, 1);
    open_document(&w, pdf, sizeof pdf - 1, 2);
    request.u.page.wish.text_layer = TEXT_LAYER_AUTO;
    int fd = ask(&w, &request, -1, MESSAGE_RESULT, &answer);
    char *json = sealed_text(fd, answer.u.result.size);
    assert_says(json, "\"source\":\"text\"");
    assert_says(json, "\"text_layer_score\":1");
    free(json);
    assert_int_equal(finish(&w), 0);
}

static void refuses_pages_and_documents_out_of_turn(void **state)
{
    (void)state;
    struct worker w = start_decode();
    struct message request = open_message();
    ask_and_fail(&w, &request, -1, ERROR_BUG);
    int fd = memory_file("no document at all", 18, true);
    request = open_message();
    ask_and_fail(&w, &request, fd, ERROR_UNSUPPORTED);
    open_document(&w, pdf, sizeof pdf - 1, 2);
    request = open_message();
    ask_and_fail(&w, &request, fd, ERROR_BUG);
    static const uint32_t wrong[] = {0, 3, UINT32_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        request = page_message(MESSAGE_PAGE, wrong[i]);
        ask_and_fail(&w, &request, -1, ERROR_INPUT);
    }
    request = page_message(MESSAGE_PAGE, 1);
    request.u.page.how.channels = 2;
    ask_and_fail(&w, &request, -1, ERROR_BUG);
    close(fd);
    assert_int_equal(finish(&w), 0);
}

static void decodes_a_picture(void **state)
{
    (void)state;
    l_uint8 *bytes = NULL;
    size_t len = 0;
    struct Pix *pix = drawn_pix();
    assert_int_equal(pixWriteMemPng(&bytes, &len, pix, 0), 0);
    struct worker w = start_decode();
    open_document(&w, bytes, len, 1);
    struct message answer, request = page_message(MESSAGE_PAGE, 1);
    int fd = ask(&w, &request, -1, MESSAGE_RASTER, &answer);
    assert_int_equal(answer.u.sheaf.raster.width, DRAWN_WIDTH);
    assert_int_equal(answer.u.sheaf.raster.height, DRAWN_HEIGHT);
    close(fd);
    lept_free(bytes);
    pixDestroy(&pix);
    assert_int_equal(finish(&w), 0);
}

/* ---- the command line ---- */

/* Standard output of the program; its exit code in *code. */
static char *run(const char *const *args, int *code)
{
    int ends[2], status = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        become_worker(WORKER_FD, args);
    }
    close(ends[1]);
    struct strbuf out = {0};
    char buffer[4096];
    for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
        strbuf_add(&out, buffer, (size_t)n);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return strbuf_detach(&out);
}

static void probes(void **state)
{
    (void)state;
    const char *const args[] = {"pagemill-work", "probe", NULL};
    int code;
    char *json = run(args, &code);
    assert_int_equal(code, 0);
    assert_says(json, "{\"version\":\"");
    assert_says(json, "{\"name\":\"tesseract\",\"version\":\"tesseract/");
    assert_says(json, "\"eng\"");
    assert_says(json, "\"sandbox\":[\"seccomp\"");
    free(json);
}

static void refuses_commands_it_does_not_know(void **state)
{
    (void)state;
    static const char *const lines[][5] = {
        {"pagemill-work", NULL},
        {"pagemill-work", "dance", NULL},
        {"pagemill-work", "probe", "--speed", "9", NULL},
        {"pagemill-work", "probe", "--memory", NULL},
        {"pagemill-work", "probe", "--memory", "much", NULL},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int code;
        char *out = run(lines[i], &code);
        assert_int_equal(code, 2);
        assert_string_equal(out, "");
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_pages_until_the_end),
        cmocka_unit_test(refuses_pixels_it_cannot_trust),
        cmocka_unit_test(answers_requests_out_of_place),
        cmocka_unit_test(leaves_when_it_hears_nonsense),
        cmocka_unit_test(says_why_it_cannot_start),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(calls_too_little_memory_a_limit),
#endif
        cmocka_unit_test(dies_with_its_parent),
        cmocka_unit_test(decodes_a_document),
        cmocka_unit_test(verifies_with_the_text_layer),
        cmocka_unit_test(takes_a_good_text_layer),
        cmocka_unit_test(refuses_pages_and_documents_out_of_turn),
        cmocka_unit_test(decodes_a_picture),
        cmocka_unit_test(probes),
        cmocka_unit_test(refuses_commands_it_does_not_know),
    };
    program = getenv("PAGEMILL_WORK");
    if (!program) {
        puts("PAGEMILL_WORK does not name the worker program");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
