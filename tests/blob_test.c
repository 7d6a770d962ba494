/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The contract of blob.h on every backend, once more through the failing driver, and what only
 * files have: stale temporary files, links, a disk that refuses writes.
 */
#include "blob/blob.h"

#include "base/fd.h"
#include "base/memory.h"
#include "blob_fail.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct backend {
    const char *name;
    bool directory; /* its URL is dir: and a fresh path */
    bool wrapped;
};

static const struct backend backends[] = {
    {"directory", .directory = true},
    {"memory"},
    {"behind the failing driver", .directory = true, .wrapped = true},
};

struct setting {
    const struct backend *backend;
    struct blob_store *blobs;
};

static struct error err;
static char scratch[256], root[300];

static int ok(int rc)
{
    if (rc < 0)
        fail_msg("%s: %s", error_code(err.class), err.text);
    return rc;
}

#define FAILS(class_, call)                                             \
    do {                                                                \
        assert_int_equal((call), -1);                                   \
        assert_string_equal(error_code(err.class), error_code(class_)); \
    } while (0)

static struct blob_store *open_directory(void)
{
    static int serial;
    char url[320];
    struct blob_store *blobs;
    snprintf(root, sizeof root, "%s/deep/%d", scratch, serial++);
    snprintf(url, sizeof url, "dir:%s", root);
    ok(blob_store_open(&blobs, url, &err));
    return blobs;
}

static int set_up(void **state)
{
    struct setting *s = *state;
    if (s->backend->directory)
        s->blobs = open_directory();
    else
        ok(blob_store_open(&s->blobs, "memory:", &err));
    if (s->backend->wrapped)
        s->blobs = blob_fail_wrap(s->blobs);
    return 0;
}

static int tear_down(void **state)
{
    blob_store_close(&((struct setting *)*state)->blobs);
    return 0;
}

static struct blob_store *blobs_of(void **state)
{
    return ((struct setting *)*state)->blobs;
}

static void put(struct blob_store *b, const char *key, const char *text)
{
    ok(blob_put(b, key, text, strlen(text), &err));
}

static void check_fd(int fd, uint64_t size, const char *expected)
{
    char buffer[256] = "";
    assert_int_equal(size, strlen(expected));
    assert_int_equal(fd_read_full(fd, buffer, sizeof buffer - 1, 0), (ssize_t)size);
    assert_string_equal(buffer, expected);
}

static void check(struct blob_store *b, const char *key, const char *expected)
{
    uint64_t size;
    auto_fd fd = ok(blob_open(b, key, &size, &err));
    check_fd(fd, size, expected);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void check_absent(struct blob_store *b, const char *key)
{
    uint64_t size = 99;
    FAILS(ERROR_NOT_FOUND, blob_open(b, key, &size, &err));
    assert_int_equal(size, 99);
}

static void what_is_put_is_read(void **state)
{
    struct blob_store *b = blobs_of(state);
    check_absent(b, "job/page/1");
    put(b, "job/page/1", "eins");
    put(b, "job/document", "");
    put(b, "x", "alone");
    check(b, "job/page/1", "eins");
    check(b, "job/document", "");
    check(b, "x", "alone");
    check_absent(b, "job/page/2");
    check_absent(b, "job/page");
    check_absent(b, "job/page/1/deeper");
    check_absent(b, "ghost/page");
}

static void a_put_replaces_and_readers_keep_the_old(void **state)
{
    struct blob_store *b = blobs_of(state);
    uint64_t size;
    put(b, "job/a", "old");
    auto_fd fd = ok(blob_open(b, "job/a", &size, &err));
    put(b, "job/a", "newer");
    check(b, "job/a", "newer");
    check_fd(fd, size, "old");
    ok(blob_remove(b, "job/a", &err));
    check_fd(fd, size, "old");
}

static void readers_cannot_write(void **state)
{
    struct blob_store *b = blobs_of(state);
    uint64_t size;
    put(b, "job/a", "text");
    auto_fd fd = ok(blob_open(b, "job/a", &size, &err));
    assert_int_equal(pwrite(fd, "X", 1, 0), -1);
    check(b, "job/a", "text");
}

static void a_writer_shows_nothing_before_its_commit(void **state)
{
    struct blob_store *b = blobs_of(state);
    struct blob_writer *w;
    ok(blob_create(b, "job/a", &w, &err));
    ok(blob_write(w, "ab", 2, &err));
    check_absent(b, "job/a");
    ok(blob_write(w, "", 0, &err));
    ok(blob_write(w, "cd", 2, &err));
    ok(blob_commit(&w, &err));
    assert_null(w);
    check(b, "job/a", "abcd");
    ok(blob_create(b, "job/a", &w, &err));
    ok(blob_write(w, "gone", 4, &err));
    blob_abort(&w);
    assert_null(w);
    blob_abort(&w);
    check(b, "job/a", "abcd");
}

static void adopt_takes_the_content_of_a_descriptor(void **state)
{
    struct blob_store *b = blobs_of(state);
    auto_fd memory = ok(fd_memory("test", &err));
    ok(fd_write_full(memory, "from memory", 11, &err));
    ok(blob_adopt(b, "job/a", memory, &err));
    check(b, "job/a", "from memory");
    assert_int_equal(pwrite(memory, "XXXX", 4, 0), 4);
    check(b, "job/a", "from memory");
    char path[320];
    snprintf(path, sizeof path, "%s/adopted", scratch);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("from a file", f);
    fclose(f);
    auto_fd file = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    lseek(file, 5, SEEK_SET);
    ok(blob_adopt(b, "job/b", file, &err));
    unlink(path);
    check(b, "job/b", "from a file");
    assert_true(fcntl(file, F_GETFD) >= 0);
    auto_fd empty = ok(fd_memory("test", &err));
    ok(blob_adopt(b, "job/c", empty, &err));
    check(b, "job/c", "");
}

static void large_content_is_whole(void **state)
{
    struct blob_store *b = blobs_of(state);
    enum { SIZE = 3 * 1000 * 1000 + 1 };
    unsigned char *bytes = x_calloc(SIZE, 1), *back = x_calloc(SIZE, 1);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    ok(blob_put(b, "job/a", bytes, SIZE, &err));
    uint64_t size;
    auto_fd fd = ok(blob_open(b, "job/a", &size, &err));
    assert_int_equal(size, SIZE);
    ok(blob_adopt(b, "job/b", fd, &err));
    auto_fd copy = ok(blob_open(b, "job/b", &size, &err));
    assert_int_equal(size, SIZE);
    assert_int_equal(fd_read_full(copy, back, SIZE, 0), SIZE);
    assert_memory_equal(bytes, back, SIZE);
    free(bytes);
    free(back);
}

static void remove_takes_one(void **state)
{
    struct blob_store *b = blobs_of(state);
    put(b, "job/a", "1");
    put(b, "job/b", "2");
    ok(blob_remove(b, "job/a", &err));
    ok(blob_remove(b, "job/a", &err));
    ok(blob_remove(b, "ghost/a", &err));
    check_absent(b, "job/a");
    check(b, "job/b", "2");
}

static void remove_all_takes_what_is_below(void **state)
{
    struct blob_store *b = blobs_of(state);
    put(b, "job/a", "1");
    put(b, "job/page/1", "2");
    put(b, "job/page/x/y/z", "3");
    put(b, "job2/a", "4");
    put(b, "lone", "5");
    ok(blob_remove_all(b, "job/page", &err));
    check(b, "job/a", "1");
    check_absent(b, "job/page/1");
    put(b, "job/page/1", "again");
    ok(blob_remove_all(b, "job", &err));
    ok(blob_remove_all(b, "job", &err));
    ok(blob_remove_all(b, "ghost", &err));
    ok(blob_remove_all(b, "lone", &err));
    check_absent(b, "job/a");
    check_absent(b, "job/page/1");
    check(b, "job2/a", "4");
    check(b, "lone", "5");
}

struct roots {
    char names[64];
    int64_t oldest;
    int stop_after;
};

static int note(void *arg, const char *name, int64_t modified_ms)
{
    struct roots *r = arg;
    strcat(r->names, name);
    r->oldest = modified_ms < r->oldest ? modified_ms : r->oldest;
    return --r->stop_after == 0;
}

static void roots_are_listed_once(void **state)
{
    struct blob_store *b = blobs_of(state);
    struct roots r = {.oldest = INT64_MAX};
    ok(blob_list_roots(b, note, &r, &err));
    assert_string_equal(r.names, "");
    put(b, "a/1", "1");
    put(b, "a/2", "2");
    put(b, "b/x/y", "3");
    put(b, "c/1", "4");
    ok(blob_remove_all(b, "c", &err));
    ok(blob_list_roots(b, note, &r, &err));
    assert_int_equal(strlen(r.names), 2);
    assert_true(strchr(r.names, 'a') && strchr(r.names, 'b'));
    assert_true(r.oldest > INT64_C(1600000000000));
    struct roots one = {.stop_after = 1};
    ok(blob_list_roots(b, note, &one, &err));
    assert_int_equal(strlen(one.names), 1);
}

/* Threads. */

enum { VALUES = 60, LARGE = 70000, READERS = 3 };

struct traffic {
    struct blob_store *blobs;
    volatile bool stop;
    int seen;
};

static void *read_loop(void *arg)
{
    struct traffic *t = arg;
    static _Thread_local char bytes[LARGE];
    struct error e;
    while (!__atomic_load_n(&t->stop, __ATOMIC_ACQUIRE)) {
        uint64_t size;
        auto_fd fd = blob_open(t->blobs, "job/hot", &size, &e);
        if (fd < 0 || size != LARGE || fd_read_full(fd, bytes, LARGE, 0) != LARGE)
            abort();
        for (size_t i = 1; i < LARGE; i++)
            if (bytes[i] != bytes[0])
                abort(); /* a mixture of two puts */
        __atomic_add_fetch(&t->seen, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void readers_see_whole_values_only(void **state)
{
    struct traffic t = {.blobs = blobs_of(state)};
    char *bytes = x_calloc(LARGE, 1);
    memset(bytes, 'a', LARGE);
    ok(blob_put(t.blobs, "job/hot", bytes, LARGE, &err));
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_loop, &t), 0);
    for (int i = 0; i < VALUES || !__atomic_load_n(&t.seen, __ATOMIC_RELAXED); i++) {
        memset(bytes, 'a' + i % 26, LARGE);
        ok(blob_put(t.blobs, "job/hot", bytes, LARGE, &err));
    }
    __atomic_store_n(&t.stop, true, __ATOMIC_RELEASE);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    assert_true(t.seen > 0);
    free(bytes);
}

static void *put_loop(void *arg)
{
    struct traffic *t = arg;
    struct error e;
    for (int i = 0; i < VALUES; i++) {
        char key[64];
        snprintf(key, sizeof key, "job%d/%d/x", i % 7, __atomic_fetch_add(&t->seen, 1, 0));
        if (blob_put(t->blobs, key, "x", 1, &e) < 0)
            abort();
    }
    return NULL;
}

static void writers_share_directories(void **state)
{
    struct traffic t = {.blobs = blobs_of(state)};
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, put_loop, &t), 0);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    struct roots r = {0};
    ok(blob_list_roots(t.blobs, note, &r, &err));
    assert_int_equal(strlen(r.names), 7 * strlen("job0"));
}

/* Files only. */

static int files_in(const char *directory)
{
    int n = 0;
    DIR *d = opendir(directory);
    for (const struct dirent *e; d && (e = readdir(d));)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (d)
        closedir(d);
    return n;
}

static const char *in_root(const char *name)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void urls_are_checked(void **state)
{
    (void)state;
    struct blob_store *b = NULL;
    FAILS(ERROR_UNSUPPORTED, blob_store_open(&b, "s3://key:geheim@bucket", &err));
    assert_null(strstr(err.text, "geheim"));
    FAILS(ERROR_INPUT, blob_store_open(&b, "dir:", &err));
    FAILS(ERROR_INPUT, blob_store_open(&b, "memory:x", &err));
    FAILS(ERROR_IO, blob_store_open(&b, "dir:/proc/nonexistent/x", &err));
    FAILS(ERROR_IO, blob_store_open(&b, "dir:/dev/null", &err));
    assert_null(b);
}

static void the_root_is_private(void **state)
{
    (void)state;
    struct blob_store *b = open_directory();
    struct stat st;
    put(b, "job/a", "1");
    assert_int_equal(stat(root, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(in_root("job/a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(files_in(in_root(".tmp")), 0);
    blob_store_close(&b);
}

static void stale_temporary_files_go_at_open(void **state)
{
    (void)state;
    struct blob_store *b = open_directory();
    struct blob_writer *w;
    ok(blob_create(b, "job/a", &w, &err)); /* of a process that still writes */
    const char *stale = in_root(".tmp/stale");
    int fd = open(stale, O_WRONLY | O_CREAT, 0600);
    const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(futimens(fd, old), 0);
    close(fd);
    char url[320];
    struct blob_store *again;
    snprintf(url, sizeof url, "dir:%s", root);
    ok(blob_store_open(&again, url, &err));
    assert_int_equal(files_in(in_root(".tmp")), 1);
    ok(blob_commit(&w, &err));
    check(again, "job/a", "");
    blob_store_close(&again);
    blob_store_close(&b);
}

static void links_are_not_followed(void **state)
{
    (void)state;
    struct blob_store *b = open_directory();
    char outside[320], kept[340];
    uint64_t size;
    snprintf(outside, sizeof outside, "%s/outside", scratch);
    snprintf(kept, sizeof kept, "%s/kept", outside);
    mkdir(outside, 0700);
    close(open(kept, O_WRONLY | O_CREAT, 0600));
    put(b, "job/a", "1");
    assert_int_equal(symlink(outside, in_root("job/link")), 0);
    assert_int_equal(symlink(kept, in_root("job/file")), 0);
    assert_int_equal(blob_open(b, "job/link/kept", &size, &err), -1);
    assert_int_equal(blob_open(b, "job/file", &size, &err), -1);
    assert_int_equal(blob_put(b, "job/link/new", "x", 1, &err), -1);
    ok(blob_remove(b, "job/link/kept", &err));
    ok(blob_remove_all(b, "job/link", &err));
    ok(blob_remove_all(b, "job", &err));
    assert_int_equal(access(kept, F_OK), 0);
    assert_int_equal(access(in_root("job"), F_OK), -1);
    assert_int_equal(files_in(in_root(".tmp")), 0);
    blob_store_close(&b);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_refused_write_leaves_nothing(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    struct blob_store *b = open_directory();
    char bytes[10000];
    memset(bytes, 'x', sizeof bytes);
    auto_fd memory = ok(fd_memory("test", &err));
    ok(fd_write_full(memory, bytes, sizeof bytes, &err));
    put(b, "job/a", "old");
    limit_files(4096);
    int put_rc = blob_put(b, "job/a", bytes, sizeof bytes, &err);
    int new_rc = blob_put(b, "job/b", bytes, sizeof bytes, &err);
    int adopt_rc = blob_adopt(b, "job/c", memory, &err);
    limit_files(RLIM_INFINITY);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(put_rc + new_rc + adopt_rc, -3);
    assert_int_equal(err.class, ERROR_IO);
    check(b, "job/a", "old");
    check_absent(b, "job/b");
    check_absent(b, "job/c");
    assert_int_equal(files_in(in_root(".tmp")), 0);
    assert_int_equal(files_in(in_root("job")), 1);
    blob_store_close(&b);
}

static void a_name_that_is_taken_leaves_nothing(void **state)
{
    (void)state;
    struct blob_store *b = open_directory();
    put(b, "job/a/b", "1");
    assert_int_equal(blob_put(b, "job/a", "x", 1, &err), -1);
    assert_int_equal(blob_put(b, "job/a/b/c", "x", 1, &err), -1);
    assert_int_equal(files_in(in_root(".tmp")), 0);
    check(b, "job/a/b", "1");
    blob_store_close(&b);
}

static void each_failing_call_fails_the_put_cleanly(void **state)
{
    (void)state;
    struct blob_store *b = blob_fail_wrap(open_directory());
    put(b, "job/a", "old");
    for (unsigned nth = 1; nth <= 3; nth++) { /* create, write, commit */
        blob_fail_at(b, nth, false, ERROR_BUSY);
        FAILS(ERROR_BUSY, blob_put(b, "job/a", "new", 3, &err));
        assert_int_equal(blob_fail_calls(b), nth);
        assert_int_equal(files_in(in_root(".tmp")), 0);
        check(b, "job/a", "old");
    }
    blob_fail_at(b, 1, true, ERROR_IO);
    FAILS(ERROR_IO, blob_remove(b, "job/a", &err));
    FAILS(ERROR_IO, blob_remove_all(b, "job", &err));
    blob_fail_at(b, 0, false, ERROR_NONE);
    put(b, "job/a", "new");
    check(b, "job/a", "new");
    blob_store_close(&b);
}

/* In a child: a broken promise ends the process. */
static void impossible_keys_are_bugs(void **state)
{
    (void)state;
    char longer[BLOB_KEY + 2];
    memset(longer, 'a', BLOB_KEY + 1);
    longer[BLOB_KEY + 1] = '\0';
    const char *keys[] = {"",        "/a",  "a/",   "a//b", "../a", "a/../b",   ".tmp/x",
                          "a/.hide", "A/b", "a\\b", "a b",  "a\nb", "\xC3\xA4", longer};
    struct blob_store *b;
    ok(blob_store_open(&b, "memory:", &err));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            const struct rlimit none = {0, 0};
            setrlimit(RLIMIT_CORE, &none);
            signal(SIGABRT, SIG_DFL);
            close(STDERR_FILENO);
            _exit(blob_put(b, keys[i], "x", 1, NULL) == 0 ? 1 : 2);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
            fail_msg("key %zu was taken", i);
    }
    longer[BLOB_KEY] = '\0';
    put(b, longer, "x");
    blob_store_close(&b);
}

static int remove_path(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

#define TEST(f)                        \
    {                                  \
#f, f, set_up, tear_down, NULL \
    }
static const struct CMUnitTest contract[] = {
    TEST(what_is_put_is_read),
    TEST(a_put_replaces_and_readers_keep_the_old),
    TEST(readers_cannot_write),
    TEST(a_writer_shows_nothing_before_its_commit),
    TEST(adopt_takes_the_content_of_a_descriptor),
    TEST(large_content_is_whole),
    TEST(remove_takes_one),
    TEST(remove_all_takes_what_is_below),
    TEST(roots_are_listed_once),
    TEST(readers_see_whole_values_only),
    TEST(writers_share_directories),
};

static const struct CMUnitTest others[] = {
    cmocka_unit_test(urls_are_checked),
    cmocka_unit_test(the_root_is_private),
    cmocka_unit_test(stale_temporary_files_go_at_open),
    cmocka_unit_test(links_are_not_followed),
    cmocka_unit_test(a_refused_write_leaves_nothing),
    cmocka_unit_test(a_name_that_is_taken_leaves_nothing),
    cmocka_unit_test(each_failing_call_fails_the_put_cleanly),
    cmocka_unit_test(impossible_keys_are_bugs),
};

enum {
    TESTS = sizeof contract / sizeof contract[0],
    BACKENDS = sizeof backends / sizeof backends[0],
    OTHERS = sizeof others / sizeof others[0],
};

int main(void)
{
    static struct CMUnitTest tests[TESTS * BACKENDS + OTHERS];
    static char names[TESTS * BACKENDS][128];
    struct setting settings[BACKENDS];
    const char *base = getenv("TMPDIR");
    snprintf(scratch, sizeof scratch, "%s/pagemill-blob-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(scratch))
        return 1;
    for (size_t b = 0; b < BACKENDS; b++) {
        settings[b] = (struct setting){.backend = &backends[b]};
        for (size_t t = 0; t < TESTS; t++) {
            size_t at = b * TESTS + t;
            snprintf(names[at], sizeof names[at], "%s: %s", backends[b].name, contract[t].name);
            tests[at] = contract[t];
            tests[at].name = names[at];
            tests[at].initial_state = &settings[b];
        }
    }
    memcpy(tests + TESTS * BACKENDS, others, sizeof others);
    int failed = cmocka_run_group_tests_name("blob", tests, NULL, NULL);
    nftw(scratch, remove_path, 16, FTW_DEPTH | FTW_PHYS);
    return failed;
}
