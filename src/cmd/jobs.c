/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill jobs: list, show, watch, cancel, retry and delete jobs on a server, over its HTTP API.
 */
#include "cmd/cmd.h"

#include "base/strbuf.h"

#include <curl/curl.h>
#include <jansson.h>
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

struct client {
    struct jobs_flags flags;
    CURL *curl;
};

static size_t collect(char *bytes, size_t size, size_t n, void *arg)
{
    struct strbuf *out = arg;
    strbuf_add(out, bytes, size * n);
    return out->overflowed ? 0 : size * n;
}

static enum error_class class_of_status(long status)
{
    static const enum error_class classes[] = {ERROR_NOT_FOUND, ERROR_CONFLICT, ERROR_BUSY,
                                               ERROR_INPUT};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (error_http_status(classes[i]) == status)
            return classes[i];
    return status == 401 || status == 403 ? ERROR_DENIED : ERROR_REMOTE;
}

static int check_answer(long status, json_t *answer, struct error *err)
{
    if (status >= 200 && status < 300)
        return 0;
    const char *detail = json_string_value(json_object_get(answer, "detail"));
    return error_set(err, class_of_status(status), "%s (HTTP %ld)",
                     detail ? detail : "the server refused", status);
}

/* Ask the server. *out may be NULL; else it is the answer's JSON, owned by the caller. */
static int ask(struct client *c, const char *method, const char *path, json_t **out,
               struct error *err)
{
    char url[2048], authorisation[320];
    auto_strbuf body = {.cap = 64 << 20};
    struct curl_slist *headers = NULL;
    long status = 0;
    snprintf(url, sizeof url, "%s%s", c->flags.server, path);
    snprintf(authorisation, sizeof authorisation, "Authorization: Bearer %s", c->flags.token);
    if (*c->flags.token)
        headers = curl_slist_append(headers, authorisation);
    curl_easy_reset(c->curl);
    curl_easy_setopt(c->curl, CURLOPT_URL, url);
    curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, 90L);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &body);
    CURLcode code = curl_easy_perform(c->curl);
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    if (code != CURLE_OK)
        return error_set(err, ERROR_REMOTE, "%s: %s", c->flags.server, curl_easy_strerror(code));
    json_t *answer = json_loads(strbuf_str(&body), 0, NULL);
    int rc = check_answer(status, answer, err);
    if (rc == 0 && out)
        *out = answer;
    else
        json_decref(answer);
    return rc;
}

static const char *text_of(json_t *job, const char *key)
{
    const char *s = json_string_value(json_object_get(job, key));
    return s ? s : "-";
}

static long long count_of(json_t *job, const char *key)
{
    return json_integer_value(json_object_get(json_object_get(job, "pages"), key));
}

static void print_row(json_t *job)
{
    printf("%s  %-10s  %5lld/%-5lld", text_of(job, "id"), text_of(job, "status"),
           count_of(job, "done"), count_of(job, "total"));
    if (count_of(job, "failed"))
        printf(" %lld failed", count_of(job, "failed"));
    printf("  %.19s  %s\n", text_of(job, "created_at"), text_of(job, "filename"));
}

static void print_json(json_t *answer)
{
    json_dumpf(answer, stdout, JSON_INDENT(2));
    putchar('\n');
}

static int list(struct client *c, const char *id, struct error *err)
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
        printf("  error: %s: %s\n", text_of(error, "code"), text_of(error, "message"));
    json_array_foreach(json_object_get(job, "failed_pages"), i, page) printf(
        "  page %lld: %s: %s\n", (long long)json_integer_value(json_object_get(page, "page")),
        text_of(page, "code"), text_of(page, "message"));
}

static void print_job(const struct client *c, json_t *job)
{
    if (c->flags.json) {
        print_json(job);
        return;
    }
    print_row(job);
    print_failures(job);
}

static int one(struct client *c, const char *method, const char *id, const char *rest,
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

static int show(struct client *c, const char *id, struct error *err)
{
    return one(c, "GET", id, "", err);
}

static int cancel(struct client *c, const char *id, struct error *err)
{
    return one(c, "POST", id, "/cancel", err);
}

static int retry(struct client *c, const char *id, struct error *err)
{
    return one(c, "POST", id, c->flags.all ? "/retry?all=1" : "/retry", err);
}

static int delete (struct client *c, const char *id, struct error *err)
{
    return one(c, "DELETE", id, "", err);
}

static bool ended(json_t *job)
{
    int state = job_state_of(text_of(job, "status"));
    return state < 0 || job_state_ended((enum job_state)state);
}

/* A line for each change; on a terminal the line is rewritten. */
static int watch(struct client *c, const char *id, struct error *err)
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
               text_of(job, "status"), count_of(job, "done"), count_of(job, "total"),
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
    int (*run)(struct client *c, const char *id, struct error *err);
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

static int run_action(struct client *c, int argc, char **argv, struct error *err)
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
    struct client c = {0};
    struct error err;
    const struct args_target target = {&jobs_table, &c.flags};
    param_defaults(&jobs_table, &c.flags);
    int rc = args_parse(argc, argv, &target, 1, &err);
    if (rc < 0)
        return cmd_fail("jobs", &err);
    const char *token = getenv("AUTH_TOKEN");
    if (!*c.flags.token && token)
        snprintf(c.flags.token, sizeof c.flags.token, "%s", token);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    c.curl = curl_easy_init();
    rc = run_action(&c, rc, argv, &err);
    curl_easy_cleanup(c.curl);
    curl_global_cleanup();
    return rc < 0 ? cmd_fail("jobs", &err) : 0;
}
