/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From an uploaded document to a job, for every surface: its options, its webhook, its place in the
 * owner's quotas, its twin. The answer may come only when document and job are on stable storage.
 */
#include "api/api_upload.h"

#include "base/clock.h"
#include "base/digest.h"
#include "job/outbox.h"

#include <stdio.h>
#include <string.h>

enum { FETCH_MS = 120000, FETCHES = 4, SEEN_MOST = 64 };

struct asked {
    struct options options;
    struct extras extras;
    struct error *err;
    const char *seen[SEEN_MOST]; /* names, in the request's own memory */
    size_t count;
    bool failed;
};

/* In the query and in the form is twice as well. */
static int note_name(struct asked *asked, const char *name)
{
    for (size_t i = 0; i < asked->count; i++)
        if (strcmp(asked->seen[i], name) == 0)
            return error_set(asked->err, ERROR_INPUT, "%.64s: given more than once", name);
    if (asked->count == SEEN_MOST)
        return error_set(asked->err, ERROR_INPUT, "more than %d options", SEEN_MOST);
    asked->seen[asked->count++] = name;
    return 0;
}

static int take_field(void *arg, const char *name, const char *value)
{
    struct asked *asked = arg;
    int rc = note_name(asked, name);
    if (rc == 0)
        rc = extras_set(&asked->extras, &asked->options, name, value, asked->err);
    asked->failed = rc < 0;
    return rc;
}

struct query {
    struct asked *asked;
    const struct api_route *route;
};

static int take_query(void *arg, const char *name, const char *value)
{
    struct query *q = arg;
    return api_query_row(q->route, name) ? 0 : take_field(q->asked, name, value);
}

static int read_options(struct api *api, struct http_request *req, const struct api_intake *intake,
                        struct asked *asked, struct error *err)
{
    struct options *o = &asked->options;
    const struct settings *s = api->rooms.settings;
    struct query query = {asked, api_route_of(req)};
    param_defaults(&options_table, o);
    o->dpi = intake->dpi ? intake->dpi : s->dpi;
    o->ttl = intake->ttl ? intake->ttl : s->result_ttl;
    if (intake->pixels)
        o->text_layer = TEXT_LAYER_OCR;
    asked->err = err;
    if (!intake->plain) {
        http_each_query(req, take_query, &query);
        if (!asked->failed)
            http_each_field(req, take_field, asked);
    }
    if (asked->failed || options_settle(o, s, err) < 0)
        return -1;
    if (capabilities_check(api->rooms.capabilities, o->engine, "", err) < 0)
        return -1;
    return capabilities_check(api->rooms.capabilities, o->engine, o->languages, err) < 0
               ? error_context(err, "languages")
               : 0;
}

/* ---- the document ---- */

static int fetch_begin(void *arg, const char *filename, const char *type, int64_t announced,
                       struct error *err)
{
    struct upload *u = arg;
    (void)announced, (void)err;
    if (filename && *filename)
        snprintf(u->filename, sizeof u->filename, "%s", filename);
    if (type && *type)
        snprintf(u->declared, sizeof u->declared, "%s", type);
    return 0;
}

static int fetch_write(void *arg, const void *bytes, size_t len, struct error *err)
{
    return upload_write(arg, bytes, len, err);
}

/* Some threads of the pool are always left to those who bring their document. */
static struct upload *fetch(struct api *api, const char *url, struct error *err)
{
    static const struct net_sink sink = {fetch_begin, fetch_write};
    static atomic_int running;
    const struct settings *s = api->rooms.settings;
    struct upload *u = NULL;
    if (!s->url_input) {
        error_set(err, ERROR_DENIED, "file_url: this server fetches no documents");
        return NULL;
    }
    if (atomic_fetch_add(&running, 1) >= FETCHES)
        error_set(err, ERROR_BUSY, "file_url: %d documents are being fetched already", FETCHES);
    else if ((u = upload_begin(api, "", NULL, err)) &&
             net_fetch(api->rooms.guard, url, s->max_upload, FETCH_MS, &sink, u, err) < 0) {
        error_context(err, "file_url");
        upload_free(u);
        u = NULL;
    }
    atomic_fetch_sub(&running, 1);
    return u;
}

/* NULL with *err, whose class is ERROR_NONE when there simply is none. */
static struct upload *find_document(struct api *api, struct http_request *req,
                                    const struct asked *asked, struct error *err)
{
    struct upload *u = http_take_upload(req);
    const char *url = asked->extras.file_url;
    err->class = ERROR_NONE;
    if (!*url)
        return u;
    if (!u)
        return fetch(api, url, err);
    upload_free(u);
    error_set(err, ERROR_INPUT, "file_url: a document was sent as well");
    return NULL;
}

static int check_document(const struct upload *u, const struct api_intake *intake,
                          struct error *err)
{
    const char *type = upload_type(u);
    if (intake->pdf_only && (!type || strcmp(type, "application/pdf") != 0))
        return error_set(err, ERROR_UNSUPPORTED, "Only PDF files are supported");
    if (u->size == 0 && !intake->any_type)
        return error_set(err, ERROR_INPUT, "the document is empty");
    return intake->any_type ? 0 : upload_check_type(u, err);
}

/* ---- what makes two requests the same ---- */

static void add_part(struct digest *d, const char *text)
{
    digest_add(d, text, strlen(text) + 1);
}

/* Everything that decides the result or what happens at its end, and nothing else: not the priority
 * and not how long it is kept. */
static void twin_of(const struct api *api, const struct upload *u, const struct asked *asked,
                    const struct api_intake *intake, char out[STORE_SHA256])
{
    struct options o = asked->options;
    const struct recipe *recipe = api->rooms.recipe;
    const struct extras *e = &asked->extras;
    auto_strbuf options = {0};
    o.priority = o.ttl = 0;
    options_encode(&o, &options);
    const char *const parts[] = {PAGEMILL_VERSION,
                                 u->sha256,
                                 strbuf_str(&options),
                                 asked->options.password,
                                 capabilities_version(api->rooms.capabilities, o.engine),
                                 recipe->detection_sha256,
                                 recipe->recognition_sha256,
                                 strbuf_str(&e->metadata),
                                 e->webhook_url,
                                 e->webhook_secret,
                                 e->webhook_events,
                                 intake->surface,
                                 intake->apart ? "apart" : ""};
    struct digest *d = digest_new();
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        add_part(d, parts[i]);
    digest_finish(&d, out);
}

/* Of a request under an Idempotency-Key: what the client says, and on which surface, because each
 * answers with jobs of its own kind. */
static void fingerprint_of(const struct upload *u, const struct asked *asked,
                           const struct api_intake *intake, char out[STORE_SHA256])
{
    auto_strbuf options = {0};
    options_encode(&asked->options, &options);
    struct digest *d = digest_new();
    const char *const parts[] = {u->sha256,
                                 strbuf_str(&options),
                                 asked->options.password,
                                 strbuf_str(&asked->extras.metadata),
                                 asked->extras.webhook_url,
                                 asked->extras.webhook_events,
                                 asked->extras.force ? "force" : "",
                                 intake->surface,
                                 intake->apart ? "apart" : ""};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        add_part(d, parts[i]);
    digest_finish(&d, out);
}

/* ---- the webhook ---- */

static int read_webhook(const struct api *api, const struct extras *e, struct strbuf *out,
                        uint32_t *states, struct error *err)
{
    *states = 0;
    if (!*e->webhook_url) {
        if (*e->webhook_secret || *e->webhook_events)
            return error_set(err, ERROR_INPUT, "webhook_url: missing");
        return 0;
    }
    if (webhook_check(e->webhook_url, e->webhook_secret, e->webhook_events, states,
                      api->rooms.guard, err) < 0)
        return -1;
    struct json_writer w = {.out = out};
    json_add_object(&w, NULL);
    json_add_string(&w, "url", e->webhook_url);
    json_add_string(&w, "secret", e->webhook_secret);
    json_add_string(&w, "events", e->webhook_events);
    json_end_object(&w);
    return 0;
}

/* ---- submitting ---- */

static const char *idempotency_key(struct http_request *req, struct error *err)
{
    const char *key = http_header(req, "Idempotency-Key");
    err->class = ERROR_NONE;
    if (key && (!*key || strlen(key) > 255))
        error_set(err, ERROR_INPUT, "Idempotency-Key: not 1 to 255 bytes");
    return key;
}

/* Bytes come back with the next period; a place among the unfinished jobs may come at any time. */
static void tell_when(struct api *api, struct http_request *req, int64_t size)
{
    const struct caller *c = &api_request(req)->caller;
    struct store_usage used;
    char seconds[24];
    if (!c->byte_quota || store_usage(api_store(api), c->owner, c->quota_since, &used, NULL) < 0 ||
        used.bytes + size <= c->byte_quota)
        return;
    snprintf(seconds, sizeof seconds, "%lld",
             (long long)(c->quota_until - clock_wall()) / 1000 + 1);
    http_set_header(req, "Retry-After", seconds);
}

static int submit(struct api *api, struct http_request *req, struct upload *u,
                  const struct api_intake *intake, struct asked *asked, struct error *err)
{
    const struct caller *caller = &api_request(req)->caller;
    const struct options *o = &asked->options;
    auto_strbuf webhook = {0};
    char fingerprint[STORE_SHA256];
    const char *type = upload_type(u), *key = idempotency_key(req, err);
    enum store_submitted how;
    struct job_request r = {.owner = caller->owner,
                            .filename = u->filename,
                            .content_type = type ? type : u->declared,
                            .size = u->size,
                            .options = o,
                            .surface = intake->surface,
                            .engine_version =
                                capabilities_version(api->rooms.capabilities, o->engine),
                            .page_quota = caller->page_quota,
                            .byte_quota = caller->byte_quota,
                            .job_quota = caller->job_quota,
                            .quota_since = caller->quota_since,
                            .join = !asked->extras.force,
                            .idempotency_key = key,
                            .fingerprint = fingerprint,
                            .key_ttl_ms = api->rooms.settings->idempotency_ttl * 1000};
    if (err->class != ERROR_NONE ||
        read_webhook(api, &asked->extras, &webhook, &r.webhook_states, err) < 0 ||
        upload_finish(u, err) < 0)
        return -1;
    memcpy(r.id, u->id, sizeof r.id);
    r.sha256 = u->sha256;
    r.metadata = asked->extras.metadata.len ? asked->extras.metadata.data : NULL;
    r.webhook = webhook.len ? webhook.data : NULL;
    twin_of(api, u, asked, intake, r.twin);
    fingerprint_of(u, asked, intake, fingerprint);
    struct api_request *mine = api_request(req);
    int rc = job_submit(api->rooms.service, &r, mine->job, &how, err);
    if (rc < 0 || how != STORE_NEW)
        blob_remove_all(job_blobs(api->rooms.service), u->id, NULL);
    if (rc < 0)
        *mine->job = '\0';
    if (rc < 0 && err->class == ERROR_QUOTA)
        tell_when(api, req, u->size);
    mine->joined = rc == 0 && how != STORE_NEW;
    if (rc == 0 && how == STORE_NEW)
        atomic_fetch_add(&api->submitted, 1);
    if (rc == 0 && how == STORE_REPLAYED)
        http_set_header(req, "Idempotent-Replayed", "true");
    return rc;
}

int api_take(struct api *api, struct http_request *req, const struct api_intake *intake,
             struct error *err)
{
    struct asked asked = {0};
    struct upload *u = NULL;
    int rc = read_options(api, req, intake, &asked, err);
    if (rc == 0) {
        u = find_document(api, req, &asked, err);
        rc = u ? 0 : err->class == ERROR_NONE ? -2 : -1;
    }
    if (rc == 0)
        rc = check_document(u, intake, err);
    if (rc == 0)
        rc = submit(api, req, u, intake, &asked, err);
    if (u)
        upload_free(u);
    extras_free(&asked.extras);
    explicit_bzero(&asked.options, sizeof asked.options);
    return rc;
}
