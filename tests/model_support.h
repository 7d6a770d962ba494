/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the tests of model/ share: a scratch directory, files in it, and the log while something
 * runs. Hashes are computed with the code under test only where the test is about something else.
 */
#ifndef TESTS_MODEL_SUPPORT_H
#define TESTS_MODEL_SUPPORT_H

#include "unit.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/settings.h"
#include "model/model_internal.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[512];

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline int make_top(void **state)
{
    const char *base = getenv("TMPDIR");
    (void)state;
    snprintf(top, sizeof top, "%s/pagemill-model-XXXXXX", base ? base : "/tmp");
    return mkdtemp(top) ? 0 : -1;
}

static inline int remove_top(void **state)
{
    (void)state;
    return nftw(top, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *in_top(const char *name)
{
    static char paths[8][1024];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%.*s/%.500s", (int)sizeof top, top, name);
    return path;
}

/* Makes the directories above it too. */
static inline void put_bytes(const char *name, const void *bytes, size_t len)
{
    char path[1024];
    snprintf(path, sizeof path, "%s", in_top(name));
    for (char *slash = strchr(path + strlen(top) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    auto_fd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_full(fd, bytes, len, NULL), 0);
}

static inline void put(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

static inline const char *hash_of(const char *text)
{
    static char hashes[4][RECIPE_SHA256];
    static int next;
    char *hash = hashes[next++ % 4];
    digest_bytes(text, strlen(text), hash);
    return hash;
}

static inline bool exists(const char *name)
{
    return access(in_top(name), F_OK) == 0;
}

static int kept_stderr = -1;

/* What is logged goes to a file until log_end, which gives it as text. */
static inline void log_begin(void)
{
    log_setup("test", LOG_DEBUG, LOG_TEXT);
    kept_stderr = dup(STDERR_FILENO);
    auto_fd fd = open(in_top("log"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    dup2(fd, STDERR_FILENO);
}

static inline const char *log_end(void)
{
    static char text[65536];
    log_setup("test", LOG_ERROR, LOG_TEXT);
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    auto_fd fd = open(in_top("log"), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd_read_full(fd, text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static inline void settings_for(struct settings *s)
{
    struct error err;
    settings_defaults(s);
    snprintf(s->data, sizeof s->data, "%s", in_top("data"));
    OK(settings_complete(s, &err));
    snprintf(s->models, sizeof s->models, "%s", in_top("models"));
    mkdir(s->models, 0755);
}

#endif
