/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * POST /v1/jobs: the body goes to the blobs while it is hashed, never whole in memory. 202 only
 * when the document and the job's row are on stable storage.
 */
#include "api/api_internal.h"

#include "base/digest.h"
#include "base/memory.h"
#include "page/media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct upload {
    char id[ID_SIZE];
    char filename[STORE_FILENAME];
    struct blob_writer *writer;
    struct digest *digest;
    char head[MEDIA_SNIFF];
    size_t head_len;
    int64_t size;
};

static void upload_free(void *context)
{
    struct upload *u = context;
    blob_abort(&u->writer);
    digest_free(&u->digest);
    free(u);
}

static void *upload_begin(void *app, const char *filename, const char *content_type,
                          struct error *err)
{
    struct api *api = app;
    char key[BLOB_KEY];
    (void)content_type; /* the first bytes tell the type, not the client */
    if (atomic_load(&api->draining)) {
        error_set(err, ERROR_BUSY, "the server is shutting down");
        return NULL;
    }
    struct upload *u = x_calloc(1, sizeof *u);
    id_new(u->id);
    snprintf(u->filename, sizeof u->filename, "%s", filename);
    u->digest = digest_new();
    job_document_key(u->id, key);
    if (!u->digest)
        error_set(err, ERROR_BUG, "SHA-256 is not available");
    else if (blob_create(job_blobs(api->service), key, &u->writer, err) == 0)
        return u;
    upload_free(u);
    return NULL;
}

static int check_type(const struct upload *u, struct error *err)
{
    if (media_sniff(u->head, u->head_len))
        return 0;
    return error_set(err, ERROR_UNSUPPORTED, "the document is none of %s", media_supported());
}

static int upload_write(void *context, const void *bytes, size_t len, struct error *err)
{
    struct upload *u = context;
    bool sniffed = u->head_len == sizeof u->head;
    size_t more = sizeof u->head - u->head_len < len ? sizeof u->head - u->head_len : len;
    memcpy(u->head + u->head_len, bytes, more);
    u->head_len += more;
    if (!sniffed && u->head_len == sizeof u->head && check_type(u, err) < 0)
        return -1;
    u->size += (int64_t)len;
    digest_add(u->digest, bytes, len);
    return blob_write(u->writer, bytes, len, err);
}

const struct http_sink api_upload_sink = {upload_begin, upload_write, upload_free};

struct asked {
    struct options options;
    struct extras extras;
    struct error *err;
    bool failed;
};

static int take_form_option(void *arg, const char *name, const char *value)
{
    struct asked *asked = arg;
    int rc = extras_set(&asked->extras, &asked->options, name, value, asked->err);
    asked->failed = rc < 0;
    return rc;
}

static int take_query_option(void *arg, const char *name, const char *value)
{
    bool ours = strcmp(name, "wait") == 0 || strcmp(name, "filename") == 0;
    return ours ? 0 : take_form_option(arg, name, value);
}

static int read_options(struct api *api, struct http_request *req, struct asked *asked,
                        struct error *err)
{
    struct options *o = &asked->options;
    const struct settings *s = api->settings;
    param_defaults(&options_table, o);
    o->dpi = s->dpi;
    o->ttl = s->result_ttl;
    asked->err = err;
    http_each_query(req, take_query_option, asked);
    if (!asked->failed)
        http_each_field(req, take_form_option, asked);
    if (asked->failed || options_settle(o, s, err) < 0)
        return -1;
    return capabilities_check(api->capabilities, o->engine, o->languages, err);
}

static int submit(struct api *api, struct http_request *req, struct upload *u, struct error *err)
{
    struct asked asked = {0};
    char sha256[STORE_SHA256] = "";
    int rc = -1;
    if (u->size == 0)
        error_set(err, ERROR_INPUT, "the document is empty");
    else if (check_type(u, err) == 0 && read_options(api, req, &asked, err) == 0 &&
             blob_commit(&u->writer, err) == 0) {
        digest_finish(&u->digest, sha256);
        struct job_request request = {
            .owner = "default",
            .filename = u->filename,
            .content_type = media_sniff(u->head, u->head_len)->type,
            .sha256 = sha256,
            .size = u->size,
            .options = &asked.options,
            .metadata = asked.extras.metadata.len ? asked.extras.metadata.data : NULL};
        memcpy(request.id, u->id, sizeof request.id);
        rc = job_submit(api->service, &request, err);
        if (rc < 0)
            blob_remove_all(job_blobs(api->service), u->id, NULL);
    }
    extras_free(&asked.extras);
    explicit_bzero(&asked.options, sizeof asked.options);
    return rc;
}

/* The answer: 200 when the job has ended, else 202, and the place to look. ?wait=S holds it back
 * that long. */
static void answer(struct api *api, struct http_request *req, const char *id)
{
    auto_job job = {0};
    struct error err;
    char location[64];
    if (store_find_job(job_store(api->service), id, &job, &err) < 0) {
        http_reply_error(req, &err, id);
        return;
    }
    int64_t wait = api_wait_ms(req);
    bool ended = job_state_ended(job.state);
    if (wait && !ended && !http_wait_over(req)) {
        http_wait(req, id, wait);
        return;
    }
    snprintf(location, sizeof location, "/v1/jobs/%s", id);
    http_set_header(req, "Location", location);
    api_job_reply(api, req, ended ? 200 : 202, &job);
}

void api_submit(void *app, struct http_request *req)
{
    struct api *api = app;
    struct error err;
    struct http_scratch *memory = http_scratch(req);
    if (*memory->text) {
        answer(api, req, memory->text);
        return;
    }
    struct upload *u = http_take_upload(req);
    if (!u) {
        error_set(&err, ERROR_INPUT,
                  "no document: send it as the body, or as the part 'file' of a multipart form");
        http_reply_error(req, &err, NULL);
        return;
    }
    if (submit(api, req, u, &err) < 0) {
        http_reply_error(req, &err, NULL);
    } else {
        snprintf(memory->text, sizeof memory->text, "%s", u->id);
        answer(api, req, memory->text);
    }
    upload_free(u);
}
