/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The upload of a job: what it is, and its bytes.
 */
#include "api/api_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void api_document_show(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    char link[128];
    if (api_job_find(api, req, "id", &job) < 0)
        return;
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    snprintf(link, sizeof link, "/v1/documents/%s/content", job.id);
    json_add_object(&w, NULL);
    json_add_string(&w, "id", job.id);
    json_add_string(&w, "job_id", job.id);
    json_add_string(&w, "filename", job.filename);
    json_add_string(&w, "content_type", job.content_type);
    json_add_int(&w, "size", job.size);
    json_add_string(&w, "sha256", job.sha256);
    json_add_int(&w, "pages", job.document_pages);
    json_add_time(&w, "created_at", job.created);
    json_add_string(&w, "content", link);
    json_end_object(&w);
    strbuf_addc(&body, '\n');
    http_reply_json(req, 200, &body);
}

void api_attachment(struct http_request *req, const char *filename)
{
    auto_strbuf value = {0};
    strbuf_adds(&value, "attachment; filename=\"");
    for (const char *p = filename; *p; p++)
        strbuf_addc(&value, *p >= ' ' && *p < 127 && *p != '"' && *p != '\\' ? *p : '_');
    strbuf_adds(&value, "\"; filename*=UTF-8''");
    for (const char *p = filename; *p; p++) {
        if (isalnum((unsigned char)*p) || strchr("!#$&+-.^_`|~", *p))
            strbuf_addc(&value, *p);
        else
            strbuf_addf(&value, "%%%02X", (unsigned char)*p);
    }
    http_set_header(req, "Content-Disposition", strbuf_str(&value));
}

void api_document_content(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    struct error err;
    char key[BLOB_KEY];
    uint64_t size;
    if (api_job_find(api, req, "id", &job) < 0 || http_fresh(req, job.sha256))
        return;
    job_document_key(job.id, key);
    int fd = blob_open(job_blobs(api->rooms.service), key, &size, &err);
    if (fd < 0) {
        http_reply_error(req, &err, job.id);
        return;
    }
    api_attachment(req, *job.filename ? job.filename : "document");
    http_reply_fd(req, job.content_type, fd, size);
}
