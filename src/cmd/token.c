/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill token: create, list, rotate and revoke tokens. Asks the running server over its control
 * socket; where none runs, works on the database itself.
 */
#include "cmd/cmd.h"

#include "auth/auth.h"
#include "base/fd.h"
#include "base/json_writer.h"
#include "cmd/client.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct token_flags {
    char name[64], scopes[64], rate[64], quota_pages[64], quota_bytes[64];
    int64_t quota_jobs, expires, grace;
    bool json;
};

#define FIELD(f) offsetof(struct token_flags, f), sizeof(((struct token_flags *)0)->f)
static const struct param token_rows[] = {
    {"name", PARAM_TEXT, FIELD(name), "", 0, 0, NULL, "OWNER",
     "create, rotate: whose token; its jobs are seen by its tokens only.", NULL, 0},
    {"scopes", PARAM_TEXT, FIELD(scopes), "submit,read,delete", 0, 0, NULL, "LIST",
     "create: of submit, read, delete, admin.", NULL, 0},
    {"rate", PARAM_TEXT, FIELD(rate), "", 0, 0, NULL, "N/PERIOD",
     "create: requests allowed, as 60/min; default: the setting rate_limit.", NULL, 0},
    {"quota_pages", PARAM_TEXT, FIELD(quota_pages), "", 0, 0, NULL, "N/PERIOD",
     "create: pages allowed, as 100000/month or 500/day.", NULL, 0},
    {"quota_bytes", PARAM_TEXT, FIELD(quota_bytes), "", 0, 0, NULL, "BYTES/PERIOD",
     "create: bytes of documents allowed, as 10G/month.", NULL, 0},
    {"quota_jobs", PARAM_INT, FIELD(quota_jobs), "0", 0, INT32_MAX, NULL, "N",
     "create: unfinished jobs allowed at once; 0: any number.", NULL, 0},
    {"expires", PARAM_INT, FIELD(expires), "0", 0, 3153600000, NULL, "SECONDS",
     "create: time after which it ends; 0: never.", NULL, 0},
    {"grace", PARAM_INT, FIELD(grace), "0", 0, 31536000, NULL, "SECONDS",
     "rotate: time after which the older token ends; 0: when it is revoked.", NULL, 0},
    {"json", PARAM_BOOL, FIELD(json), "false", 0, 0, NULL, "on|off", "list: as JSON.", NULL, 0},
};
const struct param_table token_table = {token_rows, sizeof token_rows / sizeof token_rows[0]};

struct desk {
    struct token_flags flags;
    int data;             /* the directory, once it is open */
    struct client client; /* of its control socket; used when store is NULL */
    struct store *store;
    struct auth *auth;
};

/* ---- what was asked ---- */

static int one_period(const char **period, const char *other, struct error *err)
{
    if (*period && strcmp(*period, other) != 0)
        return error_set(err, ERROR_INPUT, "quota_pages and quota_bytes: of one period, please");
    *period = other;
    return 0;
}

static int read_request(const struct token_flags *f, struct token_request *out, struct error *err)
{
    const char *period = NULL, *other;
    *out = (struct token_request){
        .owner = f->name, .rate = f->rate, .jobs = f->quota_jobs, .expires_in_s = f->expires};
    if (auth_scopes_parse(&out->scopes, f->scopes, err) < 0)
        return -1;
    if (*f->quota_pages && (auth_quota_parse(&out->pages, &other, f->quota_pages, err) < 0 ||
                            one_period(&period, other, err) < 0))
        return error_context(err, "quota_pages");
    if (*f->quota_bytes && (auth_quota_parse(&out->bytes, &other, f->quota_bytes, err) < 0 ||
                            one_period(&period, other, err) < 0))
        return error_context(err, "quota_bytes");
    out->quota_period = period ? period : "month";
    return 0;
}

static void write_request(const struct token_request *r, struct strbuf *out)
{
    char scopes[AUTH_SCOPES_TEXT];
    struct json_writer w = {.out = out};
    auth_scopes_text(r->scopes, scopes);
    json_add_object(&w, NULL);
    json_add_string(&w, "owner", r->owner);
    json_add_string(&w, "scopes", scopes);
    json_add_string(&w, "rate", r->rate);
    json_add_int(&w, "pages", r->pages);
    json_add_int(&w, "bytes", r->bytes);
    json_add_int(&w, "jobs", r->jobs);
    json_add_string(&w, "quota_period", r->quota_period);
    json_add_int(&w, "expires_in", r->expires_in_s);
    json_end_object(&w);
}

/* ---- acting ---- */

/* On standard output alone, so that it can go straight to where it is kept. */
static void print_token(const char *token)
{
    printf("%s\n", token);
    if (isatty(STDOUT_FILENO))
        fprintf(stderr, "This is shown once. Send it as: Authorization: Bearer TOKEN\n");
}

static int ask_for_token(struct desk *d, const char *path, const char *body, struct error *err)
{
    json_t *answer;
    if (client_ask(&d->client, "POST", path, body, &answer, err) < 0)
        return -1;
    print_token(client_text(answer, "token"));
    json_decref(answer);
    return 0;
}

static int create(struct desk *d, const char *id, struct error *err)
{
    struct token_request request;
    char token[AUTH_TOKEN_TEXT];
    (void)id;
    if (read_request(&d->flags, &request, err) < 0)
        return -1;
    if (!d->auth) {
        auto_strbuf body = {0};
        write_request(&request, &body);
        return ask_for_token(d, "/v1/admin/tokens", strbuf_str(&body), err);
    }
    if (auth_create(d->auth, &request, token, err) < 0)
        return -1;
    print_token(token);
    return 0;
}

static int rotate(struct desk *d, const char *id, struct error *err)
{
    char token[AUTH_TOKEN_TEXT], path[128], body[64];
    (void)id;
    if (!d->auth) {
        snprintf(path, sizeof path, "/v1/admin/tokens/%s/rotate", d->flags.name);
        snprintf(body, sizeof body, "{\"grace\":%lld}", (long long)d->flags.grace);
        return ask_for_token(d, path, body, err);
    }
    if (auth_rotate(d->auth, d->flags.name, d->flags.grace, token, err) < 0)
        return -1;
    print_token(token);
    return 0;
}

static int end_token(struct desk *d, const char *id, struct error *err)
{
    char path[128];
    if (d->auth)
        return auth_revoke(d->auth, id, err);
    snprintf(path, sizeof path, "/v1/admin/tokens/%s", id);
    return client_ask(&d->client, "DELETE", path, NULL, NULL, err);
}

static int write_row(void *arg, const struct token_row *row)
{
    auth_write_row(row, arg);
    return 0;
}

/* The same JSON, whoever made it. */
static int fetch_list(struct desk *d, json_t **out, struct error *err)
{
    auto_strbuf text = {0};
    struct json_writer w = {.out = &text};
    if (!d->auth)
        return client_ask(&d->client, "GET", "/v1/admin/tokens", NULL, out, err);
    json_add_object(&w, NULL);
    json_add_array(&w, "tokens");
    if (auth_list(d->auth, write_row, &w, err) < 0)
        return -1;
    json_end_array(&w);
    json_end_object(&w);
    *out = json_loads(strbuf_str(&text), 0, NULL);
    return 0;
}

static int list(struct desk *d, const char *id, struct error *err)
{
    json_t *answer, *token;
    size_t i;
    (void)id;
    if (fetch_list(d, &answer, err) < 0)
        return -1;
    if (d->flags.json) {
        json_dumpf(answer, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        json_array_foreach(json_object_get(answer, "tokens"), i, token) printf(
            "%s  %-24s %-26s created %.19s  last used %.19s  %s%.19s\n", client_text(token, "id"),
            client_text(token, "owner"), client_text(token, "scopes"),
            client_text(token, "created_at"), client_text(token, "last_used_at"),
            json_is_string(json_object_get(token, "expires_at")) ? "ends " : "",
            json_is_string(json_object_get(token, "expires_at")) ? client_text(token, "expires_at")
                                                                 : "");
    }
    json_decref(answer);
    return 0;
}

static const struct action {
    const char *name;
    bool wants_id, wants_name;
    int (*run)(struct desk *d, const char *id, struct error *err);
} actions[] = {
    {"create", false, true, create},
    {"list", false, false, list},
    {"rotate", false, true, rotate},
    {"revoke", true, false, end_token},
};

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

/* Is a server there, that owns the database? */
static bool is_served(struct desk *d, const struct settings *s)
{
    /* By the directory's descriptor: an address holds some hundred bytes of a path. */
    d->data = open(s->data, O_PATH | O_DIRECTORY | O_CLOEXEC);
    client_open(&d->client);
    if (d->data < 0)
        return false;
    snprintf(d->client.socket, sizeof d->client.socket, "/proc/self/fd/%d/control.sock", d->data);
    snprintf(d->client.server, sizeof d->client.server, "http://localhost");
    return client_ask(&d->client, "GET", "/livez", NULL, NULL, NULL) == 0;
}

static int run_action(struct desk *d, const struct settings *s, int argc, char **argv,
                      struct error *err)
{
    const char *name = argc ? argv[0] : "list";
    const struct action *action = find_action(name);
    if (!action)
        return error_set(err, ERROR_INPUT, "'%s' is none of create, list, rotate, revoke", name);
    if (action->wants_id && argc < 2)
        return error_set(err, ERROR_INPUT, "%s: which token? Say its id", name);
    if (action->wants_name && !*d->flags.name)
        return error_set(err, ERROR_INPUT, "%s: whose token? Say --name OWNER", name);
    if (!is_served(d, s) &&
        (cmd_make_directory(s->data, err) < 0 || store_open(&d->store, s->database, err) < 0 ||
         auth_open(&d->auth, d->store, "", err) < 0))
        return -1;
    return action->run(d, argc > 1 ? argv[1] : NULL, err);
}

int cmd_token(int argc, char **argv)
{
    struct desk desk = {.data = -1};
    struct settings settings;
    struct error err;
    const struct args_target target = {&token_table, &desk.flags};
    param_defaults(&token_table, &desk.flags);
    int rest = args_settings(argc, argv, &settings, &target, 1, &err);
    if (rest < 0)
        return cmd_fail("token", &err);
    int rc = run_action(&desk, &settings, rest, argv, &err);
    auth_close(&desk.auth);
    store_close(&desk.store);
    client_close(&desk.client);
    fd_close(&desk.data);
    return rc < 0 ? cmd_fail("token", &err) : 0;
}
