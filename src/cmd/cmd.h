/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The commands of pagemill, and what they share: arguments, and the rooms of a running service.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/error.h"
#include "base/param.h"
#include "base/settings.h"
#include "job/job.h"
#include "work/capabilities.h"
#include "work/scheduler.h"

/* One row of the command table (cmd.c). Flags come from the tables, in this order of precedence by
 * name. */
enum { CMD_TABLES = 3 };

struct command {
    const char *name, *arguments, *summary, *text; /* text: for help and the man page */
    const struct param_table *tables[CMD_TABLES];
    int (*run)(int argc, char **argv);
};

extern const struct command commands[]; /* ends with a NULL name */

int cmd_serve(int argc, char **argv);
int cmd_ocr(int argc, char **argv);
int cmd_jobs(int argc, char **argv);
int cmd_models(int argc, char **argv);
int cmd_token(int argc, char **argv);
int cmd_openapi(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_man(int argc, char **argv);

extern const struct param_table ocr_table, jobs_table, models_table, token_table, openapi_table,
    file_table;

/* Print the error for people on stderr and return its exit code. */
int cmd_fail(const char *command, const struct error *err);
void cmd_help(const struct command *command);
int cmd_make_directory(const char *path, struct error *err); /* with its parents, for this user */

/* args.c: flags of the form --name VALUE, --name=VALUE, --switch, -o VALUE; "--" ends them. What is
 * no flag stays in argv, in order; returns how many. "--help" prints help and ends the process. */
struct args_target {
    const struct param_table *table;
    void *target;
};
int args_parse(int argc, char **argv, const struct args_target *targets, size_t count,
               struct error *err);

/* Settings from the file (--config, or /etc/pagemill.yaml if it is there), the environment, then
 * the flags, which may also go to the other targets (those first). Then settings_complete. */
int args_settings(int argc, char **argv, struct settings *settings,
                  const struct args_target *others, size_t count, struct error *err);

/* config_file.c: a flat YAML mapping of settings. */
int config_file_read(const char *path, struct settings *settings, struct error *err);

/* rooms.c: store, blobs, workers' capabilities, job service, scheduler, opened in this order. */
struct rooms {
    struct store *store;
    struct blob_store *blobs;
    struct cache *cache;
    struct recipe recipe;
    struct capabilities *capabilities;
    struct job_service *service;
    struct scheduler *scheduler;
};
/* changed (may be NULL) hears of changes before any worker runs. */
int rooms_open(struct rooms *rooms, const struct settings *settings, const char *database,
               const char *blobs, void (*changed)(void *context, const char *id), void *context,
               struct error *err);
void rooms_close(
    struct rooms *rooms); /* the scheduler is stopped without a drain if it still runs */

#endif
