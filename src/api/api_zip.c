/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * result.zip: everything of a job in one archive: every format of export.c, a PAGE document for
 * each page, the PDFs that workers make, and the figures. Written to a file without a name and kept
 * with the job. The formats are made side by side, each page decoded once, and wait in files
 * without names for their turn. What cannot be made (a PDF of a document that is damaged) is left
 * out; a machine in trouble makes the whole fail. Called by api_result.
 */
#include "api/api_internal.h"

#include "base/fd.h"
#include "base/must.h"
#include "export/export.h"
#include "export/export_zip.h"
#include "export/exporter.h"

#include <stdio.h>
#include <string.h>

enum { ENTRY = ZIP_STEM + 64, ROWS = 64, NAMES_CAP = 64 << 20 };

/* An output that waits for its turn. */
struct spool {
    const struct export_format *format;
    const char *bound; /* "pdf": the format is the plan of one; else NULL */
    int fd;
    uint64_t size;
};

struct archive {
    struct api *api;
    const struct job *job;
    struct zip *zip;
    char stem[ZIP_STEM];
    struct spool spools[EXPORTER_FORMATS];
    size_t count;
    struct strbuf names; /* of the figures */
};

/* ---- what is made side by side ---- */

static int add_spool(struct archive *a, const struct export_format *format, const char *bound,
                     struct error *err)
{
    must(a->count < EXPORTER_FORMATS);
    int fd = bound ? fd_memory("plan", err) : api_unnamed_file(a->api, err);
    if (fd < 0)
        return -1;
    a->spools[a->count++] = (struct spool){.format = format, .bound = bound, .fd = fd};
    return 0;
}

static int open_spools(struct archive *a, struct error *err)
{
    static const char *const bound[] = {"pdf", "layouts.pdf"};
    for (size_t i = 0; export_formats[i]; i++)
        if (!export_formats[i]->single && add_spool(a, export_formats[i], NULL, err) < 0)
            return -1;
    for (size_t i = 0; i < sizeof bound / sizeof *bound; i++)
        if (add_spool(a, export_plan_of(bound[i]), bound[i], err) < 0)
            return -1;
    return 0;
}

static int write_pieces(struct archive *a, struct strbuf *pieces, struct error *err)
{
    for (size_t i = 0; i < a->count; i++) {
        struct spool *s = &a->spools[i];
        if (pieces[i].len && fd_write_full(s->fd, pieces[i].data, pieces[i].len, err) < 0)
            return -1;
        s->size += pieces[i].len;
        strbuf_clear(&pieces[i]);
    }
    strbuf_add(&a->names, pieces[a->count].data, pieces[a->count].len);
    strbuf_clear(&pieces[a->count]);
    return 0;
}

/* The formats and, as one more, the names of the figures. */
static int fill_spools(struct archive *a, struct error *err)
{
    const struct export_format *formats[EXPORTER_FORMATS];
    struct strbuf pieces[EXPORTER_FORMATS] = {0};
    struct api_reader *r = NULL;
    auto_job own = {0};
    must(a->count < EXPORTER_FORMATS);
    for (size_t i = 0; i < a->count; i++)
        formats[i] = a->spools[i].format;
    formats[a->count] = &export_figures;
    int rc = store_find_job(api_store(a->api), a->job->id, &own, err) < 0 ||
                     api_reader_new_many(&r, a->api, &own, formats, a->count + 1, PAGE_PIXELS, NULL,
                                         err) < 0
                 ? -1
                 : 1;
    while (rc > 0) {
        rc = api_reader_next(r, pieces, err);
        if (rc >= 0 && write_pieces(a, pieces, err) < 0)
            rc = -1;
    }
    for (size_t i = 0; i <= a->count; i++)
        strbuf_free(&pieces[i]);
    api_reader_free(&r);
    return rc;
}

/* ---- entries ---- */

static int add_bound(struct archive *a, const struct spool *s, const char *name, struct error *err)
{
    uint64_t size;
    if (fd_seal(s->fd, err) < 0)
        return -1;
    auto_fd fd = api_bound_by(a->api, a->job, s->bound, s->fd, s->size, &size, err);
    if (fd < 0)
        return api_is_of_machine(err->class) ? -1 : 0;
    return zip_add_file(a->zip, name, fd, size, ZIP_STORED, err);
}

static int add_outputs(struct archive *a, struct error *err)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct spool *s = &a->spools[i];
        char name[ENTRY];
        snprintf(name, sizeof name, "%s.%s", a->stem, s->bound ? s->bound : s->format->extension);
        if ((s->bound ? add_bound(a, s, name, err)
                      : zip_add_file(a->zip, name, s->fd, s->size, ZIP_DEFLATED, err)) < 0)
            return -1;
    }
    return 0;
}

static int add_page(struct archive *a, const struct export_format *format, uint32_t number,
                    struct error *err)
{
    char name[ENTRY], pages[16];
    struct api_reader *r;
    auto_job own = {0};
    auto_strbuf page = {0};
    int rc = 1;
    snprintf(name, sizeof name, "page/%u.%s", number, format->extension);
    snprintf(pages, sizeof pages, "%u", number);
    if (store_find_job(api_store(a->api), a->job->id, &own, err) < 0 ||
        api_reader_new(&r, a->api, &own, format, PAGE_PIXELS, pages, err) < 0)
        return -1;
    while (rc > 0)
        rc = api_reader_next(r, &page, err);
    api_reader_free(&r);
    if (rc < 0 || zip_begin(a->zip, name, err) < 0)
        return -1;
    return zip_write(a->zip, page.data, page.len, err);
}

/* A format that holds one page: an entry a page. */
static int add_pages(struct archive *a, const struct export_format *format, struct error *err)
{
    struct page_row rows[ROWS];
    uint32_t next = 1;
    int n;
    while ((n = store_list_pages(api_store(a->api), a->job->id, next, false, rows, ROWS, err)) >
           0) {
        for (int i = 0; i < n; i++)
            if (api_page_ended(&rows[i]) && add_page(a, format, rows[i].number, err) < 0)
                return -1;
        next = rows[n - 1].number + 1;
    }
    return n;
}

static int add_figure(void *arg, const char *name, int fd, uint64_t size, struct error *err)
{
    struct archive *a = arg;
    char entry[ENTRY];
    snprintf(entry, sizeof entry, EXPORT_IMAGES "/%s", name);
    return zip_add_file(a->zip, entry, fd, size, ZIP_STORED, err);
}

static int add_all(struct archive *a, struct error *err)
{
    if (open_spools(a, err) < 0 || fill_spools(a, err) < 0 || add_outputs(a, err) < 0)
        return -1;
    for (size_t i = 0; export_formats[i]; i++)
        if (export_formats[i]->single && add_pages(a, export_formats[i], err) < 0)
            return -1;
    return a->names.len ? api_figures_cut(a->api, a->job, a->names.data, add_figure, a, err) : 0;
}

/* ---- the whole ---- */

static int make(struct api *api, const struct job *job, uint64_t *size, struct error *err)
{
    struct archive a = {.api = api, .job = job, .names.cap = NAMES_CAP};
    auto_fd fd = api_unnamed_file(api, err);
    if (fd < 0 || zip_new(&a.zip, fd, job->created, err) < 0)
        return -1;
    zip_stem(job->filename, a.stem);
    int rc = add_all(&a, err) < 0 || zip_finish(a.zip, err) < 0 ? -1 : 0;
    zip_free(&a.zip);
    for (size_t i = 0; i < a.count; i++)
        fd_close(&a.spools[i].fd);
    strbuf_free(&a.names);
    return rc < 0 || fd_size(fd, size, err) < 0 ? -1 : fd_take(&fd);
}

int api_zip(struct api *api, const struct job *job, const char *extension, uint64_t *size,
            struct error *err)
{
    char key[BLOB_KEY];
    struct blob_store *blobs = job_blobs(api->rooms.service);
    snprintf(key, sizeof key, "%s/result-%lld.%s", job->id, (long long)job->revision, extension);
    int kept = blob_open(blobs, key, size, err);
    if (kept >= 0 || err->class != ERROR_NOT_FOUND)
        return kept;
    auto_fd made = make(api, job, size, err);
    if (made < 0)
        return -1;
    if (job_state_ended(job->state))
        blob_adopt(blobs, key, made, NULL); /* if it cannot be kept it is made again */
    return fd_take(&made);
}
