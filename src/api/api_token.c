/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tokens over HTTP, for the scope admin and the control socket; and what a caller has used. A
 * secret is told once, in the answer that made it.
 */
#include "api/api_internal.h"

#include <jansson.h>
#include <string.h>

/* ---- reading ---- */

static int list_one(void *arg, const struct token_row *token)
{
    auth_write_row(token, arg);
    return 0;
}

void api_token_list(void *context, struct http_request *req)
{
    struct api *api = context;
    struct error err;
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    json_add_object(&w, NULL);
    json_add_array(&w, "tokens");
    if (auth_list(api->rooms.auth, list_one, &w, &err) < 0) {
        strbuf_free(&body);
        http_reply_error(req, &err, NULL);
        return;
    }
    json_end_array(&w);
    json_end_object(&w);
    strbuf_addc(&body, '\n');
    http_reply_json(req, 200, &body);
}

void api_usage(void *context, struct http_request *req)
{
    struct api *api = context;
    const struct caller *c = &api_request(req)->caller;
    struct store_usage used;
    struct error err;
    if (store_usage(api_store(api), c->owner, c->quota_since, &used, &err) < 0) {
        http_reply_error(req, &err, NULL);
        return;
    }
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    json_add_object(&w, NULL);
    json_add_string(&w, "owner", c->owner);
    json_add_time(&w, "since", c->quota_since);
    json_add_int(&w, "pages", used.pages);
    json_add_count(&w, "pages_allowed", c->page_quota);
    json_add_int(&w, "bytes", used.bytes);
    json_add_count(&w, "bytes_allowed", c->byte_quota);
    json_add_int(&w, "unfinished_jobs", used.unfinished);
    json_add_count(&w, "unfinished_jobs_allowed", c->job_quota);
    json_end_object(&w);
    strbuf_addc(&body, '\n');
    http_reply_json(req, 200, &body);
}

/* ---- a body against its schema ---- */

static const struct api_member *find_member(const char *schema, const char *key)
{
    size_t len = strlen(key);
    for (const struct api_schema *s = api_schemas; s->name; s++)
        for (const struct api_member *m = strcmp(s->name, schema) ? NULL : s->members; m && m->name;
             m++)
            if (strncmp(m->name, key, len) == 0 && (!m->name[len] || m->name[len] == '?'))
                return m;
    return NULL;
}

static int check_member(const struct api_member *m, const char *key, const json_t *value,
                        struct error *err)
{
    const char *text = json_string_value(value);
    bool number = strcmp(m->type, "integer") == 0;
    if (number && !(json_is_integer(value) && json_integer_value(value) >= 0))
        return error_set(err, ERROR_INPUT, "%s: not a number from 0", key);
    if (!number && !text)
        return error_set(err, ERROR_INPUT, "%s: not a string", key);
    if (strchr(m->type, '/') && !api_among(m->type, text))
        return error_set(err, ERROR_INPUT, "%s: '%.32s' is not one of %s", key, text, m->type);
    return 0;
}

static int check_members(json_t *root, const char *schema, struct error *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(root))
        return error_set(err, ERROR_INPUT, "the body is not a JSON object");
    json_object_foreach(root, key, value)
    {
        const struct api_member *m = find_member(schema, key);
        if (!m)
            return error_set(err, ERROR_INPUT, "%.64s: no such member", key);
        if (check_member(m, key, value, err) < 0)
            return -1;
    }
    return 0;
}

/* The route's body as JSON; an empty one is an empty object. */
static json_t *read_body(struct http_request *req, struct error *err)
{
    const struct strbuf *body = http_body(req);
    const char *text = body->len ? body->data : "{}";
    json_t *root = json_loadb(text, body->len ? body->len : 2, JSON_REJECT_DUPLICATES, NULL);
    if (!root)
        error_set(err, ERROR_INPUT, "the body is not JSON");
    else if (check_members(root, api_route_of(req)->body, err) == 0)
        return root;
    json_decref(root);
    return NULL;
}

static const char *text_of(json_t *root, const char *key, const char *standard)
{
    const char *text = json_string_value(json_object_get(root, key));
    return text ? text : standard;
}

static int64_t number_of(json_t *root, const char *key)
{
    return json_integer_value(json_object_get(root, key));
}

/* ---- writing ---- */

static void reply_secret(struct http_request *req, const char *owner, char token[AUTH_TOKEN_TEXT])
{
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    json_add_object(&w, NULL);
    json_add_string(&w, "owner", owner);
    json_add_string(&w, "token", token);
    json_end_object(&w);
    strbuf_addc(&body, '\n');
    explicit_bzero(token, AUTH_TOKEN_TEXT);
    http_reply_json(req, 201, &body);
}

void api_token_create(void *context, struct http_request *req)
{
    struct api *api = context;
    struct error err;
    char token[AUTH_TOKEN_TEXT];
    unsigned scopes;
    json_t *root = read_body(req, &err);
    if (!root) {
        http_reply_error(req, &err, NULL);
        return;
    }
    struct token_request wanted = {.owner = text_of(root, "owner", ""),
                                   .rate = text_of(root, "rate", ""),
                                   .pages = number_of(root, "pages"),
                                   .bytes = number_of(root, "bytes"),
                                   .jobs = number_of(root, "jobs"),
                                   .quota_period = text_of(root, "quota_period", "month"),
                                   .expires_in_s = number_of(root, "expires_in")};
    int rc = auth_scopes_parse(&scopes, text_of(root, "scopes", "submit,read,delete"), &err);
    wanted.scopes = scopes;
    if (rc < 0 || auth_create(api->rooms.auth, &wanted, token, &err) < 0)
        http_reply_error(req, &err, NULL);
    else
        reply_secret(req, wanted.owner, token);
    json_decref(root);
}

void api_token_rotate(void *context, struct http_request *req)
{
    struct api *api = context;
    struct error err;
    char token[AUTH_TOKEN_TEXT];
    const char *owner = http_param(req, "owner");
    json_t *root = read_body(req, &err);
    if (!root || auth_rotate(api->rooms.auth, owner, number_of(root, "grace"), token, &err) < 0)
        http_reply_error(req, &err, NULL);
    else
        reply_secret(req, owner, token);
    json_decref(root);
}

void api_token_revoke(void *context, struct http_request *req)
{
    struct api *api = context;
    struct error err;
    if (auth_revoke(api->rooms.auth, http_param(req, "token"), &err) < 0)
        http_reply_error(req, &err, NULL);
    else
        http_reply(req, 204, NULL, NULL, 0);
}
