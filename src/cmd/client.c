/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The client side of the HTTP API, over libcurl. Called by jobs and token.
 */
#include "cmd/client.h"

#include "base/strbuf.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_CAP = 64 << 20, TIMEOUT_S = 90 };

void client_open(struct client *c)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    c->curl = curl_easy_init();
}

void client_close(struct client *c)
{
    curl_easy_cleanup(c->curl);
    curl_global_cleanup();
    explicit_bzero(c, sizeof *c);
}

static size_t collect(char *bytes, size_t size, size_t n, void *arg)
{
    struct strbuf *out = arg;
    strbuf_add(out, bytes, size * n);
    return out->overflowed ? 0 : size * n;
}

static enum error_class class_of_status(long status)
{
    static const enum error_class classes[] = {ERROR_NOT_FOUND, ERROR_CONFLICT, ERROR_BUSY,
                                               ERROR_INPUT, ERROR_QUOTA};
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

static struct curl_slist *headers_of(const struct client *c, const char *body)
{
    char authorisation[320];
    struct curl_slist *headers = NULL;
    snprintf(authorisation, sizeof authorisation, "Authorization: Bearer %s", c->token);
    if (*c->token)
        headers = curl_slist_append(headers, authorisation);
    if (body)
        headers = curl_slist_append(headers, "Content-Type: application/json");
    return headers;
}

static void set_request(struct client *c, const char *method, const char *path, const char *body,
                        struct strbuf *answer)
{
    auto_strbuf url = {0};
    strbuf_addf(&url, "%s%s", c->server, path);
    curl_easy_reset(c->curl);
    curl_easy_setopt(c->curl, CURLOPT_URL, strbuf_str(&url));
    curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, answer);
    if (*c->socket) {
        curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->socket);
        curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
    }
    if (body)
        curl_easy_setopt(c->curl, CURLOPT_COPYPOSTFIELDS, body);
    curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
}

int client_ask(struct client *c, const char *method, const char *path, const char *body,
               json_t **out, struct error *err)
{
    auto_strbuf text = {.cap = ANSWER_CAP};
    struct curl_slist *headers = headers_of(c, body);
    long status = 0;
    set_request(c, method, path, body, &text);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(c->curl);
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    if (code != CURLE_OK)
        return error_set(err, ERROR_REMOTE, "%s: %s", *c->socket ? c->socket : c->server,
                         curl_easy_strerror(code));
    json_t *answer = json_loads(strbuf_str(&text), 0, NULL);
    int rc = check_answer(status, answer, err);
    if (rc == 0 && out)
        *out = answer;
    else
        json_decref(answer);
    return rc;
}

const char *client_text(json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "-";
}
