/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill models: list, install, verify and remove packs of neural models. Answers go to stdout,
 * progress to a terminal on stderr.
 */
#include "cmd/cmd.h"

#include "base/log.h"
#include "model/install.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct models_flags {
    char from[1024], mirror[1024];
};

#define FIELD(f) offsetof(struct models_flags, f), sizeof(((struct models_flags *)0)->f)
static const struct param models_rows[] = {
    {"from", PARAM_TEXT, FIELD(from), "", 0, 0, NULL, "DIR",
     "install: from the files in this directory, without a network.", NULL, 0},
    {"mirror", PARAM_TEXT, FIELD(mirror), "", 0, 0, NULL, "URL",
     "install: download from here instead of https://huggingface.co/PaddlePaddle.", NULL, 0},
};
const struct param_table models_table = {models_rows, sizeof models_rows / sizeof models_rows[0]};

struct models {
    struct models_flags flags;
    struct settings settings;
    bool terminal; /* stderr is one */
    int bad;
};

enum { BAR = 30 };

static void show_progress(void *arg, const char *file, int64_t done, int64_t total)
{
    const struct models *m = arg;
    char bar[BAR + 1];
    if (!m->terminal || total <= 0)
        return;
    int full = (int)(done * BAR / total);
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)full);
    bar[BAR] = '\0';
    fprintf(stderr, "\r\033[K%-16s [%s] %5.1f of %.1f MB%s", file, bar, (double)done / 1e6,
            (double)total / 1e6, done == total ? "\n" : "");
}

static void show_installed(void *arg, const struct install_report *r)
{
    (void)arg;
    printf("%s  %s  %s%s\n", r->pack, r->file, r->sha256,
           r->known ? "" : "  (recorded as found, not known to this version)");
}

static void show_verified(void *arg, const struct install_report *r)
{
    struct models *m = arg;
    m->bad += r->bad != NULL;
    printf("%-4s %s/%s%s%s\n", r->bad ? "BAD" : "ok", r->pack, r->file, r->bad ? "  " : "",
           r->bad ? r->bad->text : "");
}

static void show_row(void *arg, const struct install_row *row)
{
    char size[32] = "-";
    (void)arg;
    if (row->bytes >= 0)
        snprintf(size, sizeof size, "%.1f MB", (double)row->bytes / 1e6);
    printf("%-30s %-10s %10s  %s\n", row->name, row->installed ? "installed" : "-", size,
           row->what);
}

static int list(struct models *m, char **names, struct error *err)
{
    (void)names;
    return install_list(m->settings.models, show_row, m, err);
}

static int install(struct models *m, char **names, struct error *err)
{
    struct install how = {.models = m->settings.models,
                          .from = m->flags.from,
                          .mirror = m->flags.mirror,
                          .progress = show_progress,
                          .tell = show_installed,
                          .arg = m};
    for (; *names; names++) {
        int rc = install_pack(&how, *names, err);
        if (rc < 0)
            return -1;
        if (rc > 0)
            printf("%s is installed already\n", *names);
    }
    return 0;
}

static int verify(struct models *m, char **names, struct error *err)
{
    const char *name = *names;
    do {
        if (install_verify(m->settings.models, name, show_verified, m, err) < 0)
            return -1;
        name = name ? *++names : NULL;
    } while (name);
    if (m->bad)
        return error_set(err, ERROR_INPUT, "%d files are not what they should be", m->bad);
    return 0;
}

static int remove_packs(struct models *m, char **names, struct error *err)
{
    for (; *names; names++) {
        if (install_remove(m->settings.models, *names, err) < 0)
            return -1;
        printf("%s is removed\n", *names);
    }
    return 0;
}

static const struct action {
    const char *name;
    int least, most; /* names of packs; most -1: any */
    int (*run)(struct models *m, char **names, struct error *err);
} actions[] = {
    {"list", 0, 0, list},
    {"install", 1, -1, install},
    {"verify", 0, -1, verify},
    {"remove", 1, -1, remove_packs},
};

static int run_action(struct models *m, int argc, char **argv, struct error *err)
{
    static char *none[] = {NULL};
    const char *name = argc ? argv[0] : "list";
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        const struct action *a = &actions[i];
        if (strcmp(a->name, name) != 0)
            continue;
        if (argc - 1 < a->least && argc)
            return error_set(err, ERROR_INPUT, "%s: which pack?", name);
        if (a->most >= 0 && argc - 1 > a->most)
            return error_set(err, ERROR_INPUT, "%s takes no names", name);
        if (argc)
            argv[argc] = NULL;
        return a->run(m, argc ? argv + 1 : none, err);
    }
    return error_set(err, ERROR_INPUT, "'%s' is none of list, install, verify, remove", name);
}

int cmd_models(int argc, char **argv)
{
    struct models m = {.terminal = isatty(STDERR_FILENO)};
    struct error err;
    const struct args_target target = {&models_table, &m.flags};
    param_defaults(&models_table, &m.flags);
    int kept = args_settings(argc, argv, &m.settings, &target, 1, &err);
    if (kept < 0)
        return cmd_fail("models", &err);
    log_setup("models", LOG_WARNING, LOG_TEXT);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int rc = run_action(&m, kept, argv, &err);
    curl_global_cleanup();
    return rc < 0 ? cmd_fail("models", &err) : 0;
}
