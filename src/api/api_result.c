/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/jobs/{id}/result.{ext}: made from the page results as it is sent. An ended job's output
 * has an ETag; a range of one is cut from a file without a name. pdf and layouts.pdf are made by a
 * worker and kept.
 */
#include "api/api_internal.h"

#include "base/digest.h"
#include "base/fd.h"
#include "export/export.h"
#include "page/page_range.h"
#include "work/bind.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int check_ready(struct http_request *req, const struct job *job, struct error *err)
{
    if (!job_state_ended(job->state) && !api_bool(req, "partial"))
        return error_set(err, ERROR_CONFLICT,
                         "the job is %s: %lld of %lld pages are done; ask with partial=1 for those",
                         job_state_name(job->state), (long long)job->pages.done,
                         (long long)job->pages.total);
    if (job->pages.total || !job_state_ended(job->state))
        return 0;
    api_job_failure(job, err);
    return -1;
}

enum page_unit api_unit(const struct http_request *req)
{
    const char *unit = api_text(req, "unit");
    int i = 0;
    while (unit && page_unit_names[i] && strcmp(page_unit_names[i], unit) != 0)
        i++;
    return page_unit_names[i] ? (enum page_unit)i : PAGE_PIXELS;
}

/* Nothing else decides the bytes; the version of this program does, because formats grow. */
static void etag_of(const struct job *job, const char *extension, enum page_unit unit,
                    const char *pages, char out[32])
{
    char digest[DIGEST_TEXT];
    auto_strbuf text = {0};
    strbuf_addf(&text, "%s %s %lld %lld %s %s %s", PAGEMILL_VERSION, job->id,
                (long long)job->revision, (long long)job->expires, extension, page_unit_names[unit],
                pages ? pages : "");
    digest_bytes(text.data, text.len, digest);
    snprintf(out, 32, "%.24s", digest);
}

/* ---- a range of a text ---- */

int api_unnamed_file(const struct api *api, struct error *err)
{
    int fd = open(api->rooms.settings->data, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return fd < 0 ? error_errno(err, "a temporary file in %s", api->rooms.settings->data) : fd;
}

static int write_whole(int fd, struct api_reader *r, uint64_t *size, struct error *err)
{
    int rc = 1;
    *size = 0;
    while (rc > 0) {
        auto_strbuf piece = {0};
        rc = api_reader_next(r, &piece, err);
        if (rc >= 0 && piece.len && fd_write_full(fd, piece.data, piece.len, err) < 0)
            rc = -1;
        *size += piece.len;
    }
    return rc;
}

static void reply_range(struct api *api, struct http_request *req, struct api_reader *r,
                        const char *content_type)
{
    uint64_t size;
    struct error err;
    auto_fd fd = api_unnamed_file(api, &err);
    if (fd < 0 || write_whole(fd, r, &size, &err) < 0)
        http_reply_error(req, &err, NULL);
    else
        http_reply_fd(req, content_type, fd_take(&fd), size);
    api_reader_free(&r);
}

/* Of a format that holds one page: is it one that is asked for? */
static int check_single(struct api *api, const struct job *job, const struct export_format *format,
                        const struct page_range *range, struct error *err)
{
    enum { ROWS = 64 };
    struct page_row rows[ROWS];
    uint32_t next = page_range_first(range);
    int n, found = 0;
    while (found < 2 &&
           (n = store_list_pages(api_store(api), job->id, next, false, rows, ROWS, err)) != 0) {
        if (n < 0)
            return -1;
        for (int i = 0; i < n; i++)
            found += page_range_has(range, rows[i].number) && api_page_ended(&rows[i]);
        next = rows[n - 1].number + 1;
    }
    if (found > 1)
        return export_too_many(format, err);
    return found ? 0 : error_set(err, ERROR_NOT_FOUND, "there is no such page, or not yet");
}

static void reply_text(struct api *api, struct http_request *req, struct job *job,
                       const struct export_format *format)
{
    struct api_reader *r;
    struct error err;
    bool ended = job_state_ended(job->state);
    if (format->policy)
        http_set_header(req, "Content-Security-Policy", format->policy);
    if (api_reader_new(&r, api, job, format, api_unit(req), api_text(req, "pages"), &err) < 0)
        http_reply_error(req, &err, NULL);
    else if (ended && http_range_asked(req))
        reply_range(api, req, r, format->content_type);
    else
        api_reply_reader(req, r, format->content_type);
}

/* ---- what a worker binds: pdf, layouts.pdf ---- */

/* What is to be put on the pages, in memory that its reader need not fear will change. */
static int make_plan(struct api *api, const struct job *job, const struct export_format *format,
                     uint64_t *size, struct error *err)
{
    struct api_reader *r = NULL;
    auto_job own = {0};
    auto_fd fd = fd_memory("plan", err);
    if (fd < 0 || store_find_job(api_store(api), job->id, &own, err) < 0 ||
        api_reader_new(&r, api, &own, format, PAGE_PIXELS, NULL, err) < 0)
        return -1;
    int rc = write_whole(fd, r, size, err);
    api_reader_free(&r);
    return rc < 0 || fd_seal(fd, err) < 0 ? -1 : fd_take(&fd);
}

static void bound_key(const struct job *job, const char *extension, char key[BLOB_KEY])
{
    snprintf(key, BLOB_KEY, "%s/bound-%lld.%s", job->id, (long long)job->revision, extension);
}

static int open_bound(struct api *api, const struct job *job, const char *extension, uint64_t *size,
                      struct error *err)
{
    char key[BLOB_KEY];
    bound_key(job, extension, key);
    return blob_open(job_blobs(api->rooms.service), key, size, err);
}

static int bind_anew(struct api *api, const struct job *job, const char *extension, int plan,
                     uint64_t plan_size, uint64_t *size, struct error *err)
{
    char key[BLOB_KEY];
    uint64_t document_size;
    struct blob_store *blobs = job_blobs(api->rooms.service);
    job_document_key(job->id, key);
    auto_fd document = blob_open(blobs, key, &document_size, err);
    if (document < 0)
        return -1;
    auto_fd made =
        bind_document(api->rooms.settings, document, job->password, plan, plan_size, size, err);
    if (made < 0)
        return -1;
    bound_key(job, extension, key);
    blob_adopt(blobs, key, made, NULL); /* if it cannot be kept it is made again */
    return fd_take(&made);
}

int api_bound(struct api *api, const struct job *job, const char *extension, uint64_t *size,
              struct error *err)
{
    uint64_t plan_size = 0;
    int kept = open_bound(api, job, extension, size, err);
    if (kept >= 0 || err->class != ERROR_NOT_FOUND)
        return kept;
    auto_fd plan = make_plan(api, job, export_plan_of(extension), &plan_size, err);
    return plan < 0 ? -1 : bind_anew(api, job, extension, plan, plan_size, size, err);
}

int api_bound_by(struct api *api, const struct job *job, const char *extension, int plan,
                 uint64_t plan_size, uint64_t *size, struct error *err)
{
    int kept = open_bound(api, job, extension, size, err);
    if (kept >= 0 || err->class != ERROR_NOT_FOUND)
        return kept;
    return bind_anew(api, job, extension, plan, plan_size, size, err);
}

const struct api_kept api_kept[] = {
    {"pdf", "application/pdf", api_bound},
    {"layouts.pdf", "application/pdf", api_bound},
    {"zip", "application/zip", api_zip},
    {NULL},
};

static const struct api_kept *find_kept(const char *extension)
{
    for (const struct api_kept *k = api_kept; k->extension; k++)
        if (strcmp(k->extension, extension) == 0)
            return k;
    return NULL;
}

static void reply_kept(struct api *api, struct http_request *req, const struct job *job,
                       const struct api_kept *kept)
{
    struct error err;
    uint64_t size;
    if (api_text(req, "pages")) {
        error_set(&err, ERROR_INPUT, "pages: %s is always of the whole document", kept->extension);
        http_reply_error(req, &err, job->id);
        return;
    }
    int fd = kept->open(api, job, kept->extension, &size, &err);
    if (fd < 0)
        http_reply_error(req, &err, job->id);
    else
        http_reply_fd(req, kept->content_type, fd, size);
}

static void no_such_format(const char *extension, struct error *err)
{
    char known[EXPORT_LIST];
    auto_strbuf more = {0};
    export_extensions(known);
    for (const struct api_kept *k = api_kept; k->extension; k++)
        strbuf_addf(&more, ", %s", k->extension);
    error_set(err, ERROR_NOT_FOUND, "no such format: '%.32s' (one of %s%s)", extension, known,
              strbuf_str(&more));
}

void api_result(void *context, struct http_request *req)
{
    struct api *api = context;
    auto_job job = {0};
    struct error err;
    const char *extension = http_param(req, "ext"), *pages = api_text(req, "pages");
    const struct export_format *format = export_find(extension);
    struct page_range range;
    char etag[32];
    if (api_job_find(api, req, "id", &job) < 0)
        return;
    const struct api_kept *kept = find_kept(extension);
    if (!format && !kept)
        no_such_format(extension, &err);
    else if (page_range_parse(&range, pages ? pages : "", &err) == 0 &&
             check_ready(req, &job, &err) == 0 &&
             (!format || !format->single || check_single(api, &job, format, &range, &err) == 0)) {
        etag_of(&job, extension, api_unit(req), pages, etag);
        if (job_state_ended(job.state) && http_fresh(req, etag))
            return;
        if (kept)
            reply_kept(api, req, &job, kept);
        else
            reply_text(api, req, &job, format);
        return;
    }
    http_reply_error(req, &err, job.id);
}
