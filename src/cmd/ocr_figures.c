/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Figures are cut as their pages come, by one decode process a document, which is begun with the
 * first of them.
 */
#include "cmd/ocr_figures.h"

#include "base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static unsigned count_figures(const struct page *page)
{
    unsigned count = 0;
    for (size_t i = 0; i < page->block_count; i++)
        count += page->blocks[i].type == BLOCK_FIGURE;
    return count;
}

static int cut(struct figures *f, const struct page *page, unsigned n, uint64_t *size,
               struct error *err)
{
    if (f->taken)
        return error_set(err, ERROR_CONFLICT, "%s has those of another document", f->folder);
    if (!f->maker.process.pid &&
        picture_open(&f->maker, f->settings, f->document, f->password, err) < 0)
        return -1;
    return picture_figure(&f->maker, page, n, size, err);
}

static int put_file(struct figures *f, const char *name, int fd, uint64_t size, struct error *err)
{
    struct output o = {0};
    char path[FIGURES_FOLDER + PAGE_FIGURE_NAME];
    if (mkdir(f->folder, 0777) < 0 && errno != EEXIST)
        return error_errno(err, "%s", f->folder);
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    if (output_open(&o, path, err) < 0)
        return -1;
    int rc = output_copy(&o, fd, size, err) < 0 ? -1 : output_end(&o, err);
    output_abort(&o);
    return rc;
}

static int put(struct figures *f, const char *name, int fd, uint64_t size, struct error *err)
{
    char entry[sizeof EXPORT_IMAGES + PAGE_FIGURE_NAME];
    if (!f->zip)
        return put_file(f, name, fd, size, err);
    snprintf(entry, sizeof entry, EXPORT_IMAGES "/%s", name);
    return zip_add_file(f->zip, entry, fd, size, ZIP_STORED, err);
}

/* One that fails says enough of its page: the others of it are drawn from the same. */
static int add_all(struct figures *f, const struct page *page, struct error *err)
{
    for (unsigned n = 0, count = count_figures(page); n < count; n++) {
        char name[PAGE_FIGURE_NAME];
        uint64_t size;
        struct error why;
        auto_fd fd = cut(f, page, n, &size, &why);
        page_figure_name(page->number, n, name);
        if (fd >= 0 && put(f, name, fd, size, err) < 0)
            return -1;
        if (fd >= 0)
            continue;
        error_context(&why, "figure %s", name);
        if (f->failure.class == ERROR_NONE)
            f->failure = why;
        return 0;
    }
    return 0;
}

/* False if the page can have none: most pages need not be decoded for it. */
static bool may_have_figures(const char *json)
{
    return strstr(json, "\"figure\"") != NULL;
}

int figures_add(struct figures *f, const char *json, size_t len, struct error *err)
{
    struct page *page;
    if (f->document < 0 || !may_have_figures(json))
        return 0;
    if (page_decode(&page, json, len, err) < 0)
        return -1;
    int rc = add_all(f, page, err);
    page_free(&page);
    return rc;
}

void figures_end(struct figures *f)
{
    if (f->maker.process.pid)
        picture_close(&f->maker);
    f->document = -1;
}
