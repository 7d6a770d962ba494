/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Every hostile and every ordinary file of the corpus, opened and its first pages drawn and read in
 * a process of its own with little memory and time. Each must end in success or a typed error.
 * PAGEMILL_CORPUS names the corpus; without it the test is skipped (77).
 */
#include "base/fd.h"
#include "decode/decode.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIRST_PAGES = 3, MEMORY = 1 << 30, ALARM_S = 20, PAGE_MS = 5000 };

/* The children's exit codes: the worst class seen, or how it ended. */
enum { OUT_OF_TIME = ERROR_CLASSES, ENDED_BY_SIGNAL, OUTCOMES };

/* Known to need more time than that where the machine is slow, in code that no alarm can stop. A
 * worker is then ended by its parent. */
static const char *const slow[] = {
    "qpdffuzz__69977b.fuzz.pdf", /* a progressive JPEG, by its first bytes */
};

static const struct decode_limits limits = {100000000, 512u << 20, 10000};

static enum error_class one_page(struct document *doc, uint32_t n)
{
    const struct render how = {144, 1, PAGE_MS};
    struct error err = {0};
    struct raster raster;
    struct page *page = NULL;
    struct text_layer layer;
    auto_fd fd = document_render(doc, n, &how, &raster, &err);
    if (fd < 0)
        return err.class;
    if (document_text(doc, n, &how, &page, &layer, &err) < 0)
        return err.class;
    page_free(&page);
    return ERROR_NONE;
}

static int child(const char *path)
{
    const struct rlimit memory = {MEMORY, MEMORY};
    struct document *doc;
    struct error err = {0};
    enum error_class worst = ERROR_NONE;
#ifndef __SANITIZE_ADDRESS__ /* which maps terabytes */
    setrlimit(RLIMIT_AS, &memory);
#endif
    (void)memory;
    int null = open("/dev/null", O_WRONLY), fd = open(path, O_RDONLY);
    dup2(null, STDERR_FILENO); /* libjpeg's remarks */
    if (document_open(&doc, fd, "", &limits, &err) < 0)
        return (int)err.class;
    for (uint32_t n = 1; n <= document_pages(doc) && n <= FIRST_PAGES; n++) {
        enum error_class class = one_page(doc, n);
        worst = class ? class : worst;
    }
    document_close(&doc);
    return (int)worst;
}

/* SIGALRM is the decoder's own, so the clock is kept on this side. */
static int run_child(const char *path)
{
    bool killed = false;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(child(path));
    int status;
    for (int ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms++) {
        if (ms == ALARM_S * 1000)
            killed = kill(pid, SIGKILL) == 0;
        usleep(1000);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : killed ? OUT_OF_TIME : ENDED_BY_SIGNAL;
}

static const char *outcome_name(int outcome)
{
    return outcome == ERROR_NONE        ? "success"
           : outcome == OUT_OF_TIME     ? "out of time"
           : outcome == ENDED_BY_SIGNAL ? "ended by a signal"
                                        : error_code((enum error_class)outcome);
}

static bool allowed(const char *name, int outcome)
{
    switch (outcome) {
    case ERROR_NONE:
    case ERROR_INPUT:
    case ERROR_PASSWORD:
    case ERROR_UNSUPPORTED:
    case ERROR_LIMIT:
    case ERROR_TIMEOUT:
        return true;
    case OUT_OF_TIME:
        for (size_t i = 0; i < sizeof slow / sizeof *slow; i++)
            if (strcmp(name, slow[i]) == 0)
                return true;
        return false;
    default:
        return false;
    }
}

/* Returns how many ended in a way that is not allowed. */
static int sweep(const char *folder, int least_successes)
{
    char path[1024];
    int counts[256] = {0}, bad = 0, files = 0;
    snprintf(path, sizeof path, "%s/%s", getenv("PAGEMILL_CORPUS"), folder);
    DIR *dir = opendir(path);
    if (!dir)
        fail_msg("%s cannot be read", path);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_type != DT_REG || strcmp(entry->d_name, "manifest.tsv") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s/%s", getenv("PAGEMILL_CORPUS"), folder, entry->d_name);
        int outcome = run_child(path);
        files++;
        counts[outcome]++;
        if (!allowed(entry->d_name, outcome)) {
            bad++;
            print_message("%s: %s\n", entry->d_name, outcome_name(outcome));
        }
    }
    closedir(dir);
    print_message("%s: %d files\n", folder, files);
    for (int i = 0; i < OUTCOMES; i++)
        if (counts[i])
            print_message("  %4d %s\n", counts[i], outcome_name(i));
    assert_true(counts[ERROR_NONE] >= least_successes);
    return bad;
}

static void hostile_pdf(void **state)
{
    (void)state;
    assert_int_equal(sweep("hostile-pdf", 100), 0);
}

static void hostile_image(void **state)
{
    (void)state;
    assert_int_equal(sweep("hostile-image", 80), 0);
}

static void ordinary(void **state)
{
    (void)state;
    assert_int_equal(sweep("formats-same-page", 20), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_pdf),
        cmocka_unit_test(hostile_image),
        cmocka_unit_test(ordinary),
    };
    struct error err;
    if (!getenv("PAGEMILL_CORPUS")) {
        puts("PAGEMILL_CORPUS is not set: skipped");
        return 77;
    }
    if (decode_warm(&err) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
