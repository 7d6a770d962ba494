/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The pages of a job: their states, one page's result while the rest is still being read, and its
 * picture.
 */
#include "api/api_internal.h"

#include "base/fd.h"
#include "base/memory.h"
#include "page/options.h"
#include "work/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void api_page_write(const struct page_row *row, struct json_writer *w)
{
    json_add_object(w, NULL);
    json_add_int(w, "page", row->number);
    json_add_string(w, "status", page_state_name(row->state));
    json_add_int(w, "attempts", row->attempts);
    if (row->state == PAGE_DONE) {
        json_add_number(w, "confidence", row->confidence, 4);
        json_add_int(w, "duration_ms", row->duration_ms);
    }
    json_add_time(w, "finished_at", row->finished);
    if (row->error.class == ERROR_NONE || row->state == PAGE_DONE) {
        json_add_null(w, "error");
    } else {
        json_add_object(w, "error");
        json_add_string(w, "code", error_code(row->error.class));
        json_add_string(w, "message", row->error.text);
        json_end_object(w);
    }
    json_end_object(w);
}

void api_page_list(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    struct error err;
    uint32_t from = (uint32_t)api_int(req, "from");
    int most = (int)api_int(req, "limit");
    if (api_job_find(api, req, "id", &job) < 0)
        return;
    struct page_row *rows = x_calloc((size_t)most, sizeof *rows);
    int n = store_list_pages(api_store(api), job.id, from, api_text(req, "status") != NULL, rows,
                             (size_t)most, &err);
    if (n < 0) {
        http_reply_error(req, &err, job.id);
    } else {
        struct strbuf body = {0};
        struct json_writer w = {.out = &body};
        json_add_object(&w, NULL);
        json_add_string(&w, "job_id", job.id);
        json_add_int(&w, "total", job.pages.total);
        json_add_array(&w, "pages");
        for (int i = 0; i < n; i++)
            api_page_write(&rows[i], &w);
        json_end_array(&w);
        if (n == most)
            json_add_int(&w, "next_from", rows[n - 1].number + 1);
        else
            json_add_null(&w, "next_from");
        json_end_object(&w);
        strbuf_addc(&body, '\n');
        http_reply_json(req, 200, &body);
    }
    free(rows);
}

static int page_number(struct http_request *req, struct error *err)
{
    const char *text = http_param(req, "page");
    char *end;
    long n = strtol(text, &end, 10);
    if (*end || end == text || n < 1 || n > INT32_MAX)
        return error_set(err, ERROR_NOT_FOUND, "'%.32s' is not a page number", text);
    return (int)n;
}

/* 0 with *row, 1 when that is not known before the document is open, −1 */
static int look_up(struct api *api, const struct job *job, int number, struct page_row *row,
                   struct error *err)
{
    if (store_find_page(api_store(api), job->id, (uint32_t)number, row, err) == 0)
        return 0;
    if (err->class != ERROR_NOT_FOUND || job->state != JOB_PENDING)
        return -1;
    error_set(err, ERROR_CONFLICT, "the job is %s: its pages are not known yet",
              job_state_name(job->state));
    return 1;
}

static int result_of(struct api *api, struct http_request *req, const struct page_row *row,
                     const char *id, struct strbuf *body, struct error *err)
{
    struct page *page;
    if (job_page_json(api->rooms.service, id, row, body, err) < 0)
        return -1;
    if (api_unit(req) == PAGE_PIXELS)
        return 0;
    if (page_decode(&page, body->data, body->len, err) < 0)
        return -1;
    strbuf_clear(body);
    page_encode_unit(page, api_unit(req), body);
    page_free(&page);
    return 0;
}

/* The page's result; 409 with its state, or with why it failed, when there is none. ?wait=S waits
 * for it. */
void api_page_show(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    struct page_row row;
    struct error err;
    struct strbuf body = {0};
    if (api_job_find(api, req, "id", &job) < 0)
        return;
    const char *id = job.id;
    int n = page_number(req, &err);
    int found = n < 0 ? -1 : look_up(api, &job, n, &row, &err);
    bool unfinished =
        found == 1 || (found == 0 && (row.state == PAGE_READY || row.state == PAGE_RUNNING));
    if (unfinished && api_wait_ms(req) && !http_wait_over(req)) {
        http_wait(req, http_param(req, "id"), api_wait_ms(req));
        return;
    }
    if (found != 0) {
        http_reply_error(req, &err, id);
    } else if (row.state == PAGE_FAILED) {
        err = row.error;
        err.page = n;
        http_reply_error(req, &err, id);
    } else if (result_of(api, req, &row, id, &body, &err) < 0) {
        err.page = n;
        http_reply_error(req, &err, id);
    } else {
        http_reply_json(req, 200, &body);
    }
}

static int picture_of(struct api *api, const struct job *job, int page, uint32_t dpi, bool jpeg,
                      uint64_t *size, struct error *err)
{
    const struct view whole = {.jpeg = jpeg};
    char key[BLOB_KEY];
    uint64_t document_size;
    job_document_key(job->id, key);
    auto_fd document = blob_open(job_blobs(api->rooms.service), key, &document_size, err);
    if (document < 0)
        return -1;
    return picture_render(api->rooms.settings, document, job->password, (uint32_t)page, dpi, &whole,
                          size, err);
}

/* By default at the resolution it is read at, so that polygons fit. */
void api_page_image(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    struct error err;
    struct options options;
    char etag[96];
    uint64_t size;
    if (api_job_find(api, req, "id", &job) < 0)
        return;
    param_defaults(&options_table, &options);
    int page = page_number(req, &err);
    if (page < 0 || options_decode(&options, job.options, strlen(job.options), NULL, &err) < 0) {
        http_reply_error(req, &err, job.id);
        return;
    }
    uint32_t dpi = (uint32_t)(api_int(req, "dpi") ? api_int(req, "dpi") : options.dpi);
    bool jpeg = strcmp(api_text(req, "format"), "jpeg") == 0;
    snprintf(etag, sizeof etag, "%.32s-%d-%u-%s", job.sha256, page, dpi, jpeg ? "jpeg" : "png");
    if (http_fresh(req, etag))
        return;
    int fd = picture_of(api, &job, page, dpi, jpeg, &size, &err);
    if (fd < 0) {
        if (err.class == ERROR_PASSWORD && !*job.password)
            error_set(&err, ERROR_PASSWORD,
                      "the document's password was forgotten when the job ended well");
        err.page = page;
        http_reply_error(req, &err, job.id);
        return;
    }
    http_set_header(req, "Cache-Control", "private, max-age=3600");
    http_reply_fd(req, jpeg ? "image/jpeg" : "image/png", fd, size);
}
