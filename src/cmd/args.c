/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Command-line flags onto typed tables. Refuses unknown flags and missing values.
 */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME = 64 };

static const struct {
    char letter;
    const char *name;
} short_flags[] = {{'o', "output"}, {'f', "format"}, {'l', "languages"},
                   {'j', "jobs"},   {'p', "pages"},  {'q', "quiet"}};

/* The table name of a flag ("--page-timeout=3" → "page_timeout"), and where its value starts after
 * '=', or NULL. */
static bool flag_name(const char *arg, char name[NAME], const char **value)
{
    *value = NULL;
    if (arg[0] == '-' && arg[1] && arg[1] != '-' && !arg[2]) {
        for (size_t i = 0; i < sizeof short_flags / sizeof short_flags[0]; i++)
            if (short_flags[i].letter == arg[1])
                return snprintf(name, NAME, "%s", short_flags[i].name) > 0;
        return false;
    }
    if (strncmp(arg, "--", 2) != 0)
        return false;
    size_t len = strcspn(arg + 2, "=");
    if (len == 0 || len >= NAME)
        return false;
    for (size_t i = 0; i < len; i++)
        name[i] = arg[2 + i] == '-' ? '_' : arg[2 + i];
    name[len] = '\0';
    if (arg[2 + len] == '=')
        *value = arg + 2 + len + 1;
    return true;
}

static const struct args_target *owner_of(const struct args_target *targets, size_t count,
                                          const char *name, const struct param **row)
{
    for (size_t i = 0; i < count; i++)
        if ((*row = param_find(targets[i].table, name)))
            return &targets[i];
    return NULL;
}

/* A switch needs no value, but "--sandbox off" means what it says. */
static bool is_switch_word(const char *word)
{
    static const char *const words[] = {"on", "off", "true", "false", "yes", "no"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static int take_flag(int argc, char **argv, int *at, const struct args_target *targets,
                     size_t count, struct error *err)
{
    char name[NAME];
    const char *value;
    const struct param *row;
    const char *flag = argv[*at];
    if (!flag_name(flag, name, &value))
        return error_set(err, ERROR_INPUT, "unknown flag %s", flag);
    const struct args_target *target = owner_of(targets, count, name, &row);
    if (!target)
        return error_set(err, ERROR_INPUT, "unknown flag %s", flag);
    const char *next = *at + 1 < argc ? argv[*at + 1] : NULL;
    if (!value && row->type == PARAM_BOOL && !(next && is_switch_word(next)))
        value = "true";
    if (!value && ++*at == argc)
        return error_set(err, ERROR_INPUT, "%s needs a value (%s)", flag, row->metavar);
    return param_set(target->table, target->target, name, value ? value : argv[*at], err);
}

int args_parse(int argc, char **argv, const struct args_target *targets, size_t count,
               struct error *err)
{
    int kept = 0;
    bool flags = true;
    for (int i = 0; i < argc && argv[i]; i++) {
        char *arg = argv[i];
        bool flag = flags && arg[0] == '-' && arg[1];
        if (flag && strcmp(arg, "--") == 0)
            flags = false;
        else if (!flag)
            argv[kept++] = arg;
        else if (take_flag(argc, argv, &i, targets, count, err) < 0)
            return -1;
    }
    return kept;
}

static const char standard_file[] = "/etc/pagemill.yaml";

struct file_flag {
    char config[1024];
};

static const struct param file_rows[] = {
    {"config", PARAM_TEXT, 0, sizeof((struct file_flag *)0)->config, "", 0, 0, NULL, "FILE",
     "Settings as YAML, `name: value` a line (default /etc/pagemill.yaml, if it is there).", NULL,
     0}};
const struct param_table file_table = {file_rows, 1};

/* The file comes before the environment and the flags, but it is a flag that names it. */
static const char *config_path(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--config=", 9) == 0)
            return argv[i] + 9;
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            return argv[i + 1];
    }
    const char *path = getenv("PAGEMILL_CONFIG");
    return path && *path ? path : access(standard_file, R_OK) == 0 ? standard_file : NULL;
}

int args_settings(int argc, char **argv, struct settings *settings,
                  const struct args_target *others, size_t count, struct error *err)
{
    struct file_flag file = {0};
    struct args_target targets[CMD_TABLES + 2];
    size_t n = 0;
    for (; n < count; n++)
        targets[n] = others[n];
    targets[n++] = (struct args_target){&settings_table, settings};
    targets[n++] = (struct args_target){&file_table, &file};
    settings_defaults(settings);
    const char *path = config_path(argc, argv);
    if (path && config_file_read(path, settings, err) < 0)
        return -1;
    if (settings_environment(settings, err) < 0)
        return -1;
    int kept = args_parse(argc, argv, targets, n, err);
    return kept < 0 || settings_complete(settings, err) < 0 ? -1 : kept;
}
