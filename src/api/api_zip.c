/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * result.zip: everything of a job in one archive: every format of export.c, a PAGE document for
 * each page, and the files that workers make. Written to a file without a name and kept with the
 * job. What cannot be made (a PDF of a document that is damaged) is left out; a machine in trouble
 * makes the whole fail. Called by api_result.
 */
#include "api/api_internal.h"

#include "base/fd.h"
#include "export/export.h"
#include "export/export_zip.h"

#include <stdio.h>
#include <string.h>

enum { ENTRY = ZIP_STEM + 64, ROWS = 64 };

/* Of documents bound by a worker. */
static const char *const bound[] = {"pdf", "layouts.pdf"};

/* The whole output, or one page of it, as an entry. */
static int add_output(struct api *api, const struct job *job, const struct export_format *format,
                      const char *pages, struct zip *zip, const char *name, struct error *err)
{
    struct api_reader *r;
    auto_job own = {0};
    int rc = 1;
    if (store_find_job(api_store(api), job->id, &own, err) < 0 ||
        api_reader_new(&r, api, &own, format, PAGE_PIXELS, pages, err) < 0)
        return -1;
    if (zip_begin(zip, name, err) < 0)
        rc = -1;
    while (rc > 0) {
        auto_strbuf piece = {0};
        rc = api_reader_next(r, &piece, err);
        if (rc >= 0 && piece.len && zip_write(zip, piece.data, piece.len, err) < 0)
            rc = -1;
    }
    api_reader_free(&r);
    return rc;
}

static int add_page(struct api *api, const struct job *job, const struct export_format *format,
                    uint32_t number, struct zip *zip, struct error *err)
{
    char name[ENTRY], pages[16];
    snprintf(name, sizeof name, "page/%u.%s", number, format->extension);
    snprintf(pages, sizeof pages, "%u", number);
    return add_output(api, job, format, pages, zip, name, err);
}

/* A format that holds one page: an entry a page. */
static int add_pages(struct api *api, const struct job *job, const struct export_format *format,
                     struct zip *zip, struct error *err)
{
    struct page_row rows[ROWS];
    uint32_t next = 1;
    int n;
    while ((n = store_list_pages(api_store(api), job->id, next, false, rows, ROWS, err)) > 0) {
        for (int i = 0; i < n; i++)
            if (api_page_ended(&rows[i]) &&
                add_page(api, job, format, rows[i].number, zip, err) < 0)
                return -1;
        next = rows[n - 1].number + 1;
    }
    return n;
}

static bool is_of_machine(enum error_class class)
{
    return class == ERROR_IO || class == ERROR_BUSY || class == ERROR_REMOTE || class == ERROR_BUG;
}

static int add_bound(struct api *api, const struct job *job, const char *extension,
                     const char *stem, struct zip *zip, struct error *err)
{
    char name[ENTRY];
    uint64_t size;
    auto_fd fd = api_bound(api, job, extension, &size, err);
    if (fd < 0)
        return is_of_machine(err->class) ? -1 : 0;
    snprintf(name, sizeof name, "%s.%s", stem, extension);
    return zip_add_file(zip, name, fd, size, ZIP_STORED, err);
}

static int add_all(struct api *api, const struct job *job, struct zip *zip, struct error *err)
{
    char stem[ZIP_STEM], name[ENTRY];
    zip_stem(job->filename, stem);
    for (size_t i = 0; export_formats[i]; i++) {
        const struct export_format *format = export_formats[i];
        snprintf(name, sizeof name, "%s.%s", stem, format->extension);
        if ((format->single ? add_pages(api, job, format, zip, err)
                            : add_output(api, job, format, NULL, zip, name, err)) < 0)
            return -1;
    }
    for (size_t i = 0; i < sizeof bound / sizeof *bound; i++)
        if (add_bound(api, job, bound[i], stem, zip, err) < 0)
            return -1;
    return 0;
}

static int make(struct api *api, const struct job *job, uint64_t *size, struct error *err)
{
    struct zip *zip = NULL;
    auto_fd fd = api_unnamed_file(api, err);
    if (fd < 0 || zip_new(&zip, fd, job->created, err) < 0)
        return -1;
    int rc = add_all(api, job, zip, err) < 0 || zip_finish(zip, err) < 0 ? -1 : 0;
    zip_free(&zip);
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
