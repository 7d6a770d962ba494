/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/jobs/{id}/result.EXT: made from the page results as it is sent, a few pages in memory at
 * a time. ?pages=1-3,7 selects; ?partial=1 gives what there is of a job that has not ended.
 */
#include "api/api_internal.h"

#include "base/memory.h"
#include "export/export.h"
#include "page/page_range.h"

#include <stdlib.h>
#include <string.h>

enum { ROW_BATCH = 64 };

struct result {
    struct api *api;
    struct job job;
    const struct export_format *format;
    struct page_range pages;
    struct page_row rows[ROW_BATCH];
    int count, at;
    uint32_t next; /* page number to list from */
    bool begun, any;
};

static int fetch_rows(struct result *r, struct error *err)
{
    r->at = 0;
    r->count = store_list_pages(job_store(r->api->service), r->job.id, r->next, false, r->rows,
                                ROW_BATCH, err);
    if (r->count > 0)
        r->next = r->rows[r->count - 1].number + 1;
    return r->count;
}

/* 1 with *row, 0 at the end, −1 */
static int next_row(struct result *r, const struct page_row **row, struct error *err)
{
    for (;;) {
        if (r->at == r->count && fetch_rows(r, err) <= 0)
            return r->count;
        *row = &r->rows[r->at++];
        bool there = (*row)->state != PAGE_READY && (*row)->state != PAGE_RUNNING;
        if (there && page_range_has(&r->pages, (*row)->number))
            return 1;
    }
}

static int add_done(struct result *r, const struct page_row *row, struct strbuf *out,
                    struct error *err)
{
    auto_strbuf json = {0};
    struct page *page = NULL;
    if (job_page_json(r->api->service, r->job.id, row, &json, err) < 0)
        return -1;
    if (r->format->decoded && page_decode(&page, json.data, json.len, err) < 0)
        return -1;
    const struct export_page e = {
        .number = row->number, .json = json.data, .len = json.len, .page = page};
    r->format->page(out, &e, !r->any);
    page_free(&page);
    return 0;
}

static int add_page(struct result *r, const struct page_row *row, struct strbuf *out,
                    struct error *err)
{
    struct error why = row->error;
    int rc = 0;
    if (row->state == PAGE_CANCELLED)
        error_set(&why, ERROR_CANCELLED, "the job was cancelled before this page was read");
    const struct export_page failed = {.number = row->number, .error = &why};
    if (row->state == PAGE_DONE)
        rc = add_done(r, row, out, err);
    else
        r->format->page(out, &failed, !r->any);
    r->any = true;
    return rc;
}

static void begin(struct result *r, struct strbuf *out)
{
    auto_strbuf job = {0};
    struct json_writer w = {.out = &job};
    r->begun = true;
    if (!r->format->begin)
        return;
    api_job_write(r->api, &r->job, true, &w);
    r->format->begin(out, strbuf_str(&job));
}

/* A failure here comes after the 200: the connection is cut, so that no client takes a part for the
 * whole. */
static int result_next(void *context, struct strbuf *chunk)
{
    struct result *r = context;
    struct error err;
    const struct page_row *row;
    if (!r->begun)
        begin(r, chunk);
    int rc = next_row(r, &row, &err);
    if (rc > 0)
        rc = add_page(r, row, chunk, &err) < 0 ? -1 : 1;
    else if (rc == 0 && r->format->end)
        r->format->end(chunk);
    return rc;
}

static void result_close(void *context)
{
    struct result *r = context;
    job_free_members(&r->job);
    free(r);
}

static int check_ready(struct http_request *req, const struct job *job, struct error *err)
{
    const char *partial = http_query(req, "partial");
    if (!job_state_ended(job->state) && !(partial && strcmp(partial, "1") == 0))
        return error_set(err, ERROR_CONFLICT,
                         "the job is %s: %lld of %lld pages are done; ask with partial=1 for those",
                         job_state_name(job->state), (long long)job->pages.done,
                         (long long)job->pages.total);
    if (!job->pages.total && job->error.class != ERROR_NONE) {
        *err = job->error;
        return -1;
    }
    return 0;
}

static int prepare(struct result *r, struct http_request *req, struct error *err)
{
    const char *pages = http_query(req, "pages");
    const char *name = http_param(req, "result");
    r->format = strncmp(name, "result.", 7) == 0 ? export_find(name + 7) : NULL;
    if (!r->format) {
        char known[EXPORT_LIST];
        export_extensions(known);
        return error_set(err, ERROR_NOT_FOUND,
                         "no such thing: '%.64s' (result.EXT with EXT one of %s)", name, known);
    }
    if (pages && page_range_parse(&r->pages, pages, err) < 0)
        return -1;
    return check_ready(req, &r->job, err);
}

void api_result(void *app, struct http_request *req)
{
    static const struct http_stream stream = {result_next, result_close};
    struct api *api = app;
    struct error err;
    struct result *r = x_calloc(1, sizeof *r);
    r->api = api;
    r->next = 1;
    if (api_job_find(api, req, &r->job) < 0) {
        result_close(r);
    } else if (prepare(r, req, &err) < 0) {
        http_reply_error(req, &err, r->job.id);
        result_close(r);
    } else {
        http_reply_stream(req, r->format->content_type, &stream, r);
    }
}
