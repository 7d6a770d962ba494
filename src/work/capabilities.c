/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Runs `pagemill-work probe` and keeps its answer. Called by cmd at start; asked by api before a
 * job is accepted.
 */
#include "work/capabilities.h"

#include "base/fd.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "work/process.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_CAP = 1 << 20 };

struct capabilities {
    char *text;
    json_t *root;
};

static int start(pid_t *pid, const struct settings *s, const struct recipe *recipe, int out,
                 struct error *err)
{
    static const char *const environment[] = {"LC_ALL=C.UTF-8", NULL};
    static const char *const stage[] = {"probe", NULL};
    struct process_args args;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    process_args_make(&args, s, recipe, stage);
    errno = posix_spawn(pid, s->work_program, &actions, NULL, (char *const *)(uintptr_t)args.argv,
                        (char *const *)(uintptr_t)environment);
    process_args_free(&args);
    posix_spawn_file_actions_destroy(&actions);
    return errno ? error_errno(err, "starting %s", s->work_program) : 0;
}

static void read_all(int fd, struct strbuf *out)
{
    char part[4096];
    ssize_t n;
    while ((n = read(fd, part, sizeof part)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            strbuf_add(out, part, (size_t)n);
}

static int run(const struct settings *s, const struct recipe *recipe, struct strbuf *out,
               struct error *err)
{
    int ends[2], status;
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(err, "pipe");
    int rc = start(&pid, s, recipe, ends[1], err);
    close(ends[1]);
    if (rc == 0) {
        read_all(ends[0], out);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        if (!WIFEXITED(status) || WEXITSTATUS(status))
            rc = error_set(err, ERROR_BUG, "%s probe failed (status %d)", s->work_program, status);
    }
    close(ends[0]);
    return rc;
}

int capabilities_load(struct capabilities **out, const struct settings *settings,
                      const struct recipe *recipe, struct error *err)
{
    auto_strbuf text = {.cap = ANSWER_CAP};
    if (run(settings, recipe, &text, err) < 0)
        return -1;
    json_error_t why;
    json_t *root = json_loads(strbuf_str(&text), JSON_REJECT_DUPLICATES, &why);
    if (!json_is_array(json_object_get(root, "engines"))) {
        json_decref(root);
        return error_set(err, ERROR_BUG, "%s probe: its answer makes no sense",
                         settings->work_program);
    }
    struct capabilities *c = x_calloc(1, sizeof *c);
    c->root = root;
    c->text = json_dumps(root, JSON_COMPACT);
    *out = c;
    return 0;
}

void capabilities_free(struct capabilities **c)
{
    if (!*c)
        return;
    json_decref((*c)->root);
    free((*c)->text);
    free(*c);
    *c = NULL;
}

const char *capabilities_json(const struct capabilities *c)
{
    return c->text;
}

static void add_list(struct strbuf *out, json_t *array, const char *key)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        const char *text = json_string_value(key ? json_object_get(item, key) : item);
        strbuf_adds(out, i ? ", " : "");
        strbuf_adds(out, text ? text : "?");
    }
}

static json_t *find_engine(const struct capabilities *c, const char *name)
{
    size_t i;
    json_t *engine;
    json_array_foreach(json_object_get(c->root, "engines"), i, engine)
    {
        const char *text = json_string_value(json_object_get(engine, "name"));
        if (text && strcmp(text, name) == 0)
            return engine;
    }
    return NULL;
}

uint32_t capabilities_channels(const struct capabilities *c, const char *engine)
{
    return json_integer_value(json_object_get(find_engine(c, engine), "channels")) == 3 ? 3 : 1;
}

const char *capabilities_version(const struct capabilities *c, const char *engine)
{
    const char *text = json_string_value(json_object_get(find_engine(c, engine), "version"));
    return text ? text : "";
}

static bool has(json_t *languages, const char *name, size_t len)
{
    size_t i;
    json_t *item;
    json_array_foreach(languages, i, item)
    {
        const char *text = json_string_value(item);
        if (text && strlen(text) == len && memcmp(text, name, len) == 0)
            return true;
    }
    return false;
}

int capabilities_check(const struct capabilities *c, const char *engine, const char *languages,
                       struct error *err)
{
    auto_strbuf list = {0};
    json_t *found = find_engine(c, engine);
    if (!found) {
        add_list(&list, json_object_get(c->root, "engines"), "name");
        return error_set(err, ERROR_INPUT, "engine '%.32s' is not installed; installed: %s", engine,
                         strbuf_str(&list));
    }
    const char *missing = json_string_value(json_object_get(found, "missing"));
    if (missing)
        return error_set(err, ERROR_INPUT, "engine '%.32s' is not installed: %s", engine, missing);
    json_t *installed = json_object_get(found, "languages");
    for (const char *at = languages; *at;) {
        size_t len = strcspn(at, "+");
        if (!has(installed, at, len)) {
            add_list(&list, installed, NULL);
            return error_set(err, ERROR_INPUT,
                             "language '%.*s' is not installed for %s; installed: %.200s",
                             (int)(len > 32 ? 32 : len), at, engine, strbuf_str(&list));
        }
        at += len + (at[len] == '+');
    }
    return 0;
}
