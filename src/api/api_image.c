/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Figures cut from the pages, for the native surface and for surface b: their names, and each as
 * JPEG, which is kept. A name is what page_figure_name makes, and nothing else is one.
 */
#include "api/api_internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "export/export.h"
#include "work/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list ---- */

enum { NAMES_CAP = 64 << 20 }; /* bytes: some five million figures */

static int64_t write_names(struct json_writer *w, char *names)
{
    int64_t count = 0;
    char *rest = names;
    for (char *name; (name = strsep(&rest, "\n")) && *name; count++)
        json_add_string(w, NULL, name);
    return count;
}

void api_figures_reply(struct api *api, struct http_request *req, const struct job *job,
                       const char *status)
{
    auto_strbuf names = {0};
    struct strbuf body = {0};
    struct json_writer w = {.out = &body};
    struct error err;
    bool cut;
    if (api_read_all(api, job, &export_figures, NAMES_CAP, &names, &cut, &err) < 0) {
        http_reply_error(req, &err, job->id);
        return;
    }
    json_add_object(&w, NULL);
    json_add_string(&w, "job_id", job->id);
    if (status)
        json_add_string(&w, "status", status);
    json_add_array(&w, "images");
    int64_t count = names.len ? write_names(&w, names.data) : 0;
    json_end_array(&w);
    json_add_int(&w, "count", count);
    json_end_object(&w);
    strbuf_addc(&body, '\n');
    http_reply_json(req, 200, &body);
}

/* ---- one of them ---- */

static int unknown(struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "Image not found");
}

/* "3_0.jpg": the page from 1, the figure on it from 0. */
static int parse_name(const char *name, int *page, unsigned *figure, struct error *err)
{
    char again[PAGE_FIGURE_NAME];
    int end = 0;
    if (sscanf(name, "%8d_%8u.jpg%n", page, figure, &end) != 2 || end == 0 || *page < 0)
        return unknown(err);
    page_figure_name(++*page, *figure, again);
    return strcmp(name, again) == 0 ? 0 : unknown(err);
}

/* The result of a page that ended well. */
static int read_page(struct api *api, const struct job *job, int number, struct page **page,
                     struct error *err)
{
    struct page_row row;
    auto_strbuf json = {0};
    int found = store_find_page(api_store(api), job->id, (uint32_t)number, &row, err);
    if (found < 0 && err->class != ERROR_NOT_FOUND)
        return -1;
    if (found < 0 || row.state != PAGE_DONE)
        return unknown(err);
    return job_page_json(api->rooms.service, job->id, &row, &json, err) < 0
               ? -1
               : page_decode(page, json.data, json.len, err);
}

static int cut_from(struct api *api, const struct job *job, const struct page *page,
                    unsigned figure, uint64_t *size, struct error *err)
{
    char key[BLOB_KEY];
    uint64_t document_size;
    struct picture_maker maker;
    job_document_key(job->id, key);
    auto_fd document = blob_open(job_blobs(api->rooms.service), key, &document_size, err);
    if (document < 0 || picture_open(&maker, api->rooms.settings, document, job->password, err) < 0)
        return -1;
    int fd = picture_figure(&maker, page, figure, size, err);
    picture_close(&maker);
    return fd;
}

static bool has_figure(const struct page *page, unsigned figure)
{
    unsigned count = 0;
    for (size_t i = 0; i < page->block_count; i++)
        count += page->blocks[i].type == BLOCK_FIGURE;
    return figure < count;
}

static int cut_anew(struct api *api, const struct job *job, int number, unsigned figure,
                    uint64_t *size, struct error *err)
{
    struct page *page = NULL;
    if (read_page(api, job, number, &page, err) < 0)
        return -1;
    int fd = has_figure(page, figure) ? cut_from(api, job, page, figure, size, err) : unknown(err);
    page_free(&page);
    return fd;
}

int api_figure(struct api *api, const struct job *job, const char *name, uint64_t *size,
               struct error *err)
{
    char key[BLOB_KEY];
    int number = 0;
    unsigned figure = 0;
    struct blob_store *blobs = job_blobs(api->rooms.service);
    if (parse_name(name, &number, &figure, err) < 0)
        return -1;
    snprintf(key, sizeof key, "%s/figure-%lld-%s", job->id, (long long)job->revision, name);
    int kept = blob_open(blobs, key, size, err);
    if (kept >= 0 || err->class != ERROR_NOT_FOUND)
        return kept;
    auto_fd made = cut_anew(api, job, number, figure, size, err);
    if (made < 0)
        return -1;
    blob_adopt(blobs, key, made, NULL); /* if it cannot be kept it is cut again */
    return fd_take(&made);
}

/* ---- all of them ---- */

struct cutter {
    struct api *api;
    const struct job *job;
    int document;
    struct picture_maker maker; /* without a process: not begun, or ended by a bad page */
    struct page *page;          /* the one last asked for, or NULL */
};

bool api_is_of_machine(enum error_class class)
{
    return class == ERROR_IO || class == ERROR_BUSY || class == ERROR_REMOTE || class == ERROR_BUG;
}

static int cut(struct cutter *c, const char *name, uint64_t *size, struct error *err)
{
    int number = 0;
    unsigned figure = 0;
    if (parse_name(name, &number, &figure, err) < 0)
        return -1;
    if (!c->page || c->page->number != number) {
        page_free(&c->page);
        if (read_page(c->api, c->job, number, &c->page, err) < 0)
            return -1;
    }
    if (!c->maker.process.pid &&
        picture_open(&c->maker, c->api->rooms.settings, c->document, c->job->password, err) < 0)
        return -1;
    return picture_figure(&c->maker, c->page, figure, size, err);
}

/* A page with a thousand figures is possible; a request that takes hours is not. */
enum { CUT_MS = 600000 };

int api_figures_cut(struct api *api, const struct job *job, char *names,
                    int (*visit)(void *, const char *, int, uint64_t, struct error *), void *arg,
                    struct error *err)
{
    char key[BLOB_KEY], *rest = names;
    uint64_t document_size, size;
    const int64_t until = clock_steady() + CUT_MS;
    int rc = 0;
    job_document_key(job->id, key);
    auto_fd document = blob_open(job_blobs(api->rooms.service), key, &document_size, err);
    if (document < 0)
        return -1;
    struct cutter c = {.api = api, .job = job, .document = document, .maker.process = PROCESS_NONE};
    for (char *name; rc == 0 && (name = strsep(&rest, "\n")) && *name && clock_steady() < until;) {
        auto_fd fd = cut(&c, name, &size, err);
        if (fd >= 0)
            rc = visit(arg, name, fd, size, err);
        else if (api_is_of_machine(err->class))
            rc = -1;
    }
    page_free(&c.page);
    picture_close(&c.maker);
    return rc;
}

/* ---- the native surface ---- */

static int find_ended(struct api *api, struct http_request *req, struct job *job)
{
    struct error err;
    if (api_job_find(api, req, "id", job) < 0)
        return -1;
    if (job_state_ended(job->state))
        return 0;
    error_set(&err, ERROR_CONFLICT, "the job is %s", job_state_name(job->state));
    http_reply_error(req, &err, job->id);
    return -1;
}

void api_image_list(void *context, struct http_request *req)
{
    auto_job job = {0};
    if (find_ended(context, req, &job) == 0)
        api_figures_reply(context, req, &job, NULL);
}

void api_image_show(void *context, struct http_request *req)
{
    auto_job job = {0};
    struct error err;
    uint64_t size;
    if (find_ended(context, req, &job) < 0)
        return;
    int fd = api_figure(context, &job, http_param(req, "name"), &size, &err);
    if (fd < 0)
        http_reply_error(req, &err, job.id);
    else
        http_reply_fd(req, "image/jpeg", fd, size);
}
