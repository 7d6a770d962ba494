/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill jobs: list, show, watch, cancel, retry and delete jobs on a server, over its HTTP API.
 */
#include "cmd/cmd.h"

#include "cmd/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct jobs_flags {
    char server[1024], token[256], status[32];
    int64_t limit;
    bool all, json;
};

#define FIELD(f) offsetof(struct jobs_flags, f), sizeof(((struct jobs_flags *)0)->f)
static const struct param jobs_rows[] = {
    {"server", PARAM_TEXT, FIELD(server), "http://127.0.0.1:8000", 0, 0, NULL, "URL",
     "The server to ask.", NULL, 0},
    {"token", PARAM_TEXT, FIELD(token), "", 0, 0, NULL, "TOKEN",
     "Bearer token; by default the environment's AUTH_TOKEN.", NULL, PARAM_SECRET},
    {"status", PARAM_TEXT, FIELD(status), "", 0, 0, NULL, "STATUS",
     "list: only jobs in this state.", NULL, 0},
    {"limit", PARAM_INT, FIELD(limit), "20", 1, 500, NULL, "N", "list: at most so many.", NULL, 0},
    {"all", PARAM_BOOL, FIELD(all), "false", 0, 0, NULL, "on|off",
     "retry: all pages, not only those that failed.", NULL, 0},
    {"json", PARAM_BOOL, FIELD(json), "false", 0, 0, NULL, "on|off",
     "Print the server's answer as it is.", NULL, 0},
};
const struct param_table jobs_table = {jobs_rows, sizeof jobs_rows / sizeof jobs_rows[0]};

struct desk {
    struct jobs_flags flags;
    struct client client;
};

static int ask(struct desk *c, const char *method, const char *path, json_t **out,
               struct error *err)
{
    return client_ask(&c->client, method, path, NULL, out, err);
}

static long long count_of(json_t *job, const char *key)
{
    return json_integer_value(json_object_get(json_object_get(job, "pages"), key));
}

static void print_row(json_t *job)
{
    printf("%s  %-10s  %5lld/%-5lld", client_text(job, "id"), client_text(job, "status"),
           count_of(job, "done"), count_of(job, "total"));
    if (count_of(job, "failed"))
        printf(" %lld failed", count_of(job, "failed"));
    printf("  %.19s  %s\n", client_text(job, "created_at"), client_text(job, "filename"));
}

static void print_json(json_t *answer)
{
    json_dumpf(answer, stdout, JSON_INDENT(2));
    putchar('\n');
}

static int list(struct desk *c, const char *id, struct error *err)
{
    char path[256];
    json_t *answer, *job;
    size_t i;
    (void)id;
    snprintf(path, sizeof path, "/v1/jobs?limit=%lld%s%s", (long long)c->flags.limit,
             *c->flags.status ? "&status=" : "", c->flags.status);
    if (ask(c, "GET", path, &answer, err) < 0)
        return -1;
    if (c->flags.json)
        print_json(answer);
    else
        json_array_foreach(json_object_get(answer, "jobs"), i, job) print_row(job);
    json_decref(answer);
    return 0;
}

static void print_failures(json_t *job)
{
    size_t i;
    json_t *page, *error = json_object_get(job, "error");
    if (json_is_object(error))
        printf("  error: %s: %s\n", client_text(error, "code"), client_text(error, "message"));
    json_array_foreach(json_object_get(job, "failed_pages"), i, page) printf(
        "  page %lld: %s: %s\n", (long long)json_integer_value(json_object_get(page, "page")),
        client_text(page, "code"), client_text(page, "message"));
}

static void print_job(const struct desk *c, json_t *job)
{
    if (c->flags.json) {
        print_json(job);
        return;
    }
    print_row(job);
    print_failures(job);
}

static int one(struct desk *c, const char *method, const char *id, const char *rest,
               struct error *err)
{
    char path[256];
    json_t *job;
    snprintf(path, sizeof path, "/v1/jobs/%.64s%s", id, rest);
    if (ask(c, method, path, &job, err) < 0)
        return -1;
    if (job)
        print_job(c, job);
    json_decref(job);
    return 0;
}

static int show(struct desk *c, const char *id, struct error *err)
{
    return one(c, "GET", id, "", err);
}

static int cancel(struct desk *c, const char *id, struct error *err)
{
    return one(c, "POST", id, "/cancel", err);
}

static int retry(struct desk *c, const char *id, struct error *err)
{
    return one(c, "POST", id, c->flags.all ? "/retry?all=1" : "/retry", err);
}

static int delete (struct desk *c, const char *id, struct error *err)
{
    return one(c, "DELETE", id, "", err);
}

static bool ended(json_t *job)
{
    int state = job_state_of(client_text(job, "status"));
    return state < 0 || job_state_ended((enum job_state)state);
}

/* A line for each change; on a terminal the line is rewritten. */
static int watch(struct desk *c, const char *id, struct error *err)
{
    bool terminal = isatty(STDOUT_FILENO), done = false;
    long long revision = 0;
    while (!done) {
        char path[256];
        json_t *job;
        snprintf(path, sizeof path, "/v1/jobs/%.64s?wait=30&revision=%lld", id, revision);
        if (ask(c, "GET", path, &job, err) < 0)
            return -1;
        revision = json_integer_value(json_object_get(job, "revision"));
        done = ended(job);
        printf("%s%s %lld/%lld pages, %lld failed%s", terminal ? "\r\033[K" : "",
               client_text(job, "status"), count_of(job, "done"), count_of(job, "total"),
               count_of(job, "failed"), terminal && !done ? "" : "\n");
        fflush(stdout);
        if (done)
            print_failures(job);
        json_decref(job);
    }
    return 0;
}

static const struct action {
    const char *name;
    bool wants_id;
    int (*run)(struct desk *c, const char *id, struct error *err);
} actions[] = {
    {"list", false, list},    {"show", true, show},   {"watch", true, watch},
    {"cancel", true, cancel}, {"retry", true, retry}, {"delete", true, delete},
};

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

static int run_action(struct desk *c, int argc, char **argv, struct error *err)
{
    const char *name = argc ? argv[0] : "list";
    const struct action *action = find_action(name);
    if (!action)
        return error_set(err, ERROR_INPUT,
                         "'%s' is none of list, show, watch, cancel, retry, delete", name);
    if (!action->wants_id)
        return action->run(c, NULL, err);
    if (argc < 2)
        return error_set(err, ERROR_INPUT, "%s: which job?", name);
    for (int i = 1; i < argc; i++)
        if (!id_valid(argv[i]))
            return error_set(err, ERROR_INPUT, "'%s' is not a job's id", argv[i]);
    int rc = 0;
    for (int i = 1; i < argc && rc == 0; i++)
        rc = action->run(c, argv[i], err);
    return rc;
}

int cmd_jobs(int argc, char **argv)
{
    struct desk c = {0};
    struct error err;
    const struct args_target target = {&jobs_table, &c.flags};
    param_defaults(&jobs_table, &c.flags);
    int rc = args_parse(argc, argv, &target, 1, &err);
    if (rc < 0)
        return cmd_fail("jobs", &err);
    const char *token = getenv("AUTH_TOKEN");
    snprintf(c.client.server, sizeof c.client.server, "%s", c.flags.server);
    snprintf(c.client.token, sizeof c.client.token, "%s",
             *c.flags.token || !token ? c.flags.token : token);
    client_open(&c.client);
    rc = run_action(&c, rc, argv, &err);
    client_close(&c.client);
    return rc < 0 ? cmd_fail("jobs", &err) : 0;
}
