/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The pages of a job through an exporter, some at a time: to a client as a stream, as it is or as a
 * JSON string; or into memory. Pages that are not read yet are left out. Called by the result
 * routes of all surfaces.
 */
#include "api/api_internal.h"

#include "base/memory.h"
#include "export/exporter.h"
#include "page/page_range.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROW_BATCH = 64,
    TURN = 16, /* pages without output before other connections of the thread have their turn */
    SOON_MS = 1,
};

struct api_reader {
    struct api *api;
    struct job job;
    struct exporter *exporter;
    struct page_range pages;
    struct page_row rows[ROW_BATCH];
    int count, at;
    uint32_t next; /* page number to list from */
    bool begun;
    enum api_framing framing;
    struct strbuf head, tail; /* of a framed stream */
    bool listed;              /* something stands in the list already */
};

int api_reader_new_many(struct api_reader **out, struct api *api, struct job *job,
                        const struct export_format *const *formats, size_t count,
                        enum page_unit unit, const char *pages, struct error *err)
{
    struct api_reader *r = x_calloc(1, sizeof *r);
    if (page_range_parse(&r->pages, pages ? pages : "", err) < 0) {
        free(r);
        return -1;
    }
    r->api = api;
    r->exporter = exporter_new_many(formats, count, unit);
    r->next = page_range_first(&r->pages);
    r->job = *job;
    *job = (struct job){0};
    *out = r;
    return 0;
}

int api_reader_new(struct api_reader **out, struct api *api, struct job *job,
                   const struct export_format *format, enum page_unit unit, const char *pages,
                   struct error *err)
{
    return api_reader_new_many(out, api, job, &format, 1, unit, pages, err);
}

void api_reader_free(struct api_reader **reader)
{
    struct api_reader *r = *reader;
    if (!r)
        return;
    job_free_members(&r->job);
    exporter_free(&r->exporter);
    strbuf_free(&r->head);
    strbuf_free(&r->tail);
    free(r);
    *reader = NULL;
}

static int fetch_rows(struct api_reader *r, struct error *err)
{
    r->at = 0;
    r->count =
        store_list_pages(api_store(r->api), r->job.id, r->next, false, r->rows, ROW_BATCH, err);
    if (r->count > 0)
        r->next = r->rows[r->count - 1].number + 1;
    return r->count;
}

/* 1 with *row, 0 at the end, −1 */
static int next_row(struct api_reader *r, const struct page_row **row, struct error *err)
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

static int add_done(struct api_reader *r, const struct page_row *row, struct strbuf *out,
                    struct error *err)
{
    auto_strbuf json = {0};
    if (job_page_json(r->api->rooms.service, r->job.id, row, &json, err) < 0)
        return -1;
    return exporter_add(r->exporter, row->number, &json, out, err);
}

static int add_page(struct api_reader *r, const struct page_row *row, struct strbuf *out,
                    struct error *err)
{
    struct error why = row->error;
    if (row->state == PAGE_DONE)
        return add_done(r, row, out, err);
    if (row->state == PAGE_CANCELLED)
        error_set(&why, ERROR_CANCELLED, "the job was cancelled before this page was read");
    exporter_add_failed(r->exporter, row->number, &why, out);
    return 0;
}

static void begin(struct api_reader *r, struct strbuf *out)
{
    auto_strbuf job = {0};
    struct json_writer w = {.out = &job};
    r->begun = true;
    api_job_write(r->api, &r->job, true, &w);
    exporter_begin(r->exporter, strbuf_str(&job), out);
}

int api_reader_next(struct api_reader *r, struct strbuf *out, struct error *err)
{
    const struct page_row *row;
    const size_t before = out->len;
    int rc = 1;
    if (!r->begun)
        begin(r, out);
    for (int i = 0; i < TURN && rc > 0 && out->len == before; i++) {
        rc = next_row(r, &row, err);
        if (rc > 0)
            rc = add_page(r, row, out, err) < 0 ? -1 : 1;
        else if (rc == 0)
            rc = exporter_end(r->exporter, out);
    }
    return rc;
}

/* ---- into memory ---- */

/* At most len bytes, no character cut. */
static size_t whole_characters(const char *text, size_t len)
{
    while (len && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    return len;
}

int api_read_all(struct api *api, const struct job *job, const struct export_format *format,
                 size_t cap, struct strbuf *out, bool *cut, struct error *err)
{
    struct api_reader *r = NULL;
    auto_job own = {0};
    int rc = store_find_job(api_store(api), job->id, &own, err);
    if (rc < 0 || api_reader_new(&r, api, &own, format, PAGE_PIXELS, NULL, err) < 0)
        return -1;
    while (out->len <= cap && (rc = api_reader_next(r, out, err)) > 0)
        ;
    *cut = out->len > cap || rc > 0;
    if (out->len > cap)
        out->len = whole_characters(out->data, cap);
    api_reader_free(&r);
    return rc < 0 ? -1 : 0;
}

/* ---- to a client ---- */

/* A failure here comes after the 200: the connection is cut, so that no client takes a part for the
 * whole. */
static int stream_next(void *context, struct strbuf *chunk)
{
    struct error err;
    return api_reader_next(context, chunk, &err);
}

static void stream_close(void *context)
{
    struct api_reader *r = context;
    api_reader_free(&r);
}

void api_reply_reader(struct http_request *req, struct api_reader *r, const char *content_type)
{
    static const struct http_stream stream = {
        .next = stream_next, .close = stream_close, .idle_ms = SOON_MS, .busy = true};
    http_reply_stream(req, content_type, &stream, r);
}

static void add_quoted(struct strbuf *out, const struct strbuf *text)
{
    auto_strbuf quoted = {0};
    struct json_writer w = {.out = &quoted};
    json_add_string_n(&w, NULL, strbuf_str(text), text->len);
    strbuf_add(out, quoted.data + 1, quoted.len - 2); /* without its quotes: one of many pieces */
}

static void frame(struct api_reader *r, struct strbuf *out, const struct strbuf *piece)
{
    if (r->framing == API_QUOTED) {
        add_quoted(out, piece);
    } else if (piece->len) {
        strbuf_adds(out, r->listed ? "," : "");
        strbuf_add(out, piece->data, piece->len);
        r->listed = true;
    }
}

static int framed_next(void *context, struct strbuf *chunk)
{
    struct api_reader *r = context;
    struct error err;
    auto_strbuf piece = {0};
    if (r->head.len)
        strbuf_add(chunk, r->head.data, r->head.len);
    strbuf_clear(&r->head);
    int rc = api_reader_next(r, &piece, &err);
    if (rc < 0)
        return -1;
    frame(r, chunk, &piece);
    if (rc == 0)
        strbuf_add(chunk, r->tail.data, r->tail.len);
    return rc;
}

void api_reply_framed(struct http_request *req, struct api_reader *r, enum api_framing framing,
                      const char *head, const char *tail)
{
    static const struct http_stream stream = {
        .next = framed_next, .close = stream_close, .idle_ms = SOON_MS, .busy = true};
    r->framing = framing;
    strbuf_adds(&r->head, head);
    strbuf_adds(&r->tail, tail);
    http_reply_stream(req, "application/json", &stream, r);
}
