/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The outputs of pagemill ocr. One exporter feeds all formats of any number of pages. In an archive
 * entries come one after the other, so each format waits in a file without a name until the
 * document has ended; so does the plan of a PDF, in memory. A format that holds one page gets an
 * exporter, and a file or an entry, for each page.
 */
#include "cmd/ocr_products.h"

#include "base/fd.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "work/bind.h"

#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the beginning of a document ---- */

static void describe(struct products *p, const struct job *job)
{
    struct json_writer w = {.out = &p->job};
    json_add_object(&w, NULL);
    json_add_string(&w, "filename", job->filename);
    json_add_string(&w, "content_type", job->content_type);
    json_add_int(&w, "size", job->size);
    json_add_int(&w, "document_pages", job->document_pages);
    json_add_time(&w, "created_at", job->created);
    json_end_object(&w);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* False if a document of this run has the name already. */
static bool take_name(struct products *p)
{
    const char *stem;
    char text[NAME_MAX + 1];
    int length = output_stem(p->input, &stem);
    snprintf(text, sizeof text, "%.*s", length, stem);
    char *name = x_strdup(text), **found = tsearch(name, &p->taken, compare_names);
    if (found && *found == name)
        return true;
    free(name);
    return false;
}

/* In a directory nobody said by name which file is to be replaced. */
static int check_directory(struct products *p, struct error *err)
{
    for (size_t i = 0; i < p->count && !p->zipped; i++)
        if (output_replaces_input(p->to, p->input, p->list[i].extension))
            return error_set(err, ERROR_CONFLICT,
                             "its %s in %s would replace the document: --output FILE if it shall",
                             p->list[i].extension, p->to);
    if (!take_name(p))
        return error_set(err, ERROR_CONFLICT, "another document has files of this name in %s",
                         p->to);
    return 0;
}

/* Does every page, or every document, have a file of its own? */
static int check_alone(struct products *p, const struct job *job, struct error *err)
{
    const char *one = p->zipped ? "an archive" : p->count && p->list[0].bound ? "a PDF" : NULL;
    if (output_is_directory(p->to))
        return check_directory(p, err);
    if (one && p->written)
        return error_set(err, ERROR_INPUT, "%s holds one document: --output DIR/ for several", one);
    if (p->single.format && !p->zipped && (p->written || job->pages.total > 1))
        return error_set(err, ERROR_INPUT,
                         "%s holds one page: --output DIR/ for a file each, or --pages N",
                         p->single.extension);
    return 0;
}

static int begin_archive(struct products *p, const struct job *job, struct error *err)
{
    if (output_begin(&p->archive, p->to, p->input, "zip", true, err) < 0)
        return -1;
    return zip_new(&p->zip, fileno(p->archive.file), job->created, err);
}

static int begin_plan(struct output *o, struct error *err)
{
    auto_fd plan = fd_memory("plan", err);
    if (plan < 0 || output_spool(o, plan, err) < 0)
        return -1;
    fd_take(&plan); /* the file's now */
    return 0;
}

static int begin_product(struct products *p, struct product *product, struct error *err)
{
    if (product->bound)
        return begin_plan(&product->output, err);
    return p->zipped
               ? output_spool(&product->output, -1, err)
               : output_begin(&product->output, p->to, p->input, product->extension, false, err);
}

static const struct product *find_linked(const struct products *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->list[i].format->linked)
            return &p->list[i];
    return NULL;
}

/* Pictures lie beside the file that links to them. */
static int place_folder(struct products *p, const char *path, struct error *err)
{
    struct figures *f = &p->figures;
    const char *stem;
    char name[FIGURES_FOLDER];
    int length = output_stem(p->input, &stem), parent = (int)(output_basename(path) - path);
    snprintf(name, sizeof name, "%.*s_images", length, stem);
    int n = snprintf(f->folder, sizeof f->folder, "%.*s%s", parent, path, name);
    if (n < 0 || (size_t)n >= sizeof f->folder)
        return error_set(err, ERROR_INPUT, "output path too long");
    f->taken = !output_is_directory(p->to) && !take_name(p);
    exporter_link(p->exporter, name);
    return 0;
}

/* Beside standard output, or a device, is no place. */
static int place_figures(struct products *p, struct error *err)
{
    const struct product *linked = find_linked(p);
    p->figures = (struct figures){.settings = p->settings,
                                  .password = p->password,
                                  .document = -1,
                                  .maker.process = PROCESS_NONE,
                                  .zip = p->zip};
    if (!linked || (!p->zip && !*linked->output.part))
        return 0;
    p->figures.document = p->document;
    return p->zip ? 0 : place_folder(p, linked->output.path, err);
}

/* Writes a piece of each format, and frees it. */
static int write_pieces(struct products *p, struct strbuf *pieces, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; i < p->count; i++) {
        if (rc == 0)
            rc = output_write(&p->list[i].output, &pieces[i], err);
        strbuf_free(&pieces[i]);
    }
    return rc;
}

static int begin_formats(struct products *p, struct error *err)
{
    const struct export_format *formats[EXPORTER_FORMATS];
    struct strbuf pieces[EXPORTER_FORMATS] = {0};
    for (size_t i = 0; i < p->count; i++) {
        formats[i] = p->list[i].format;
        if (begin_product(p, &p->list[i], err) < 0)
            return -1;
    }
    p->exporter = exporter_new_many(formats, p->count, p->unit);
    if (place_figures(p, err) < 0)
        return -1;
    exporter_begin(p->exporter, strbuf_str(&p->job), pieces);
    return write_pieces(p, pieces, err);
}

int products_begin(struct products *p, const char *input, int document, const struct job *job,
                   struct error *err)
{
    p->input = input;
    p->document = document;
    p->failure = (struct error){0};
    describe(p, job);
    if (check_alone(p, job, err) < 0 || (p->zipped && begin_archive(p, job, err) < 0))
        return -1;
    p->written = true;
    return p->count ? begin_formats(p, err) : 0;
}

/* ---- pages ---- */

struct arrival {
    uint32_t number;
    const char *json; /* the page result */
    size_t len;
    const struct error *failure; /* NULL: none */
};

static int feed(struct exporter *exporter, const struct arrival *page, struct strbuf *out,
                struct error *err)
{
    auto_strbuf copy = {0}; /* an exporter takes the bytes */
    if (page->failure) {
        exporter_add_failed(exporter, page->number, page->failure, out);
        return 0;
    }
    strbuf_add(&copy, page->json, page->len);
    return exporter_add(exporter, page->number, &copy, out, err);
}

static int feed_formats(struct products *p, const struct arrival *page, struct error *err)
{
    struct strbuf pieces[EXPORTER_FORMATS] = {0};
    struct error why;
    int fed = feed(p->exporter, page, pieces, &why);
    if (write_pieces(p, pieces, err) < 0)
        return -1;
    if (fed < 0)
        *err = why;
    return fed;
}

/* A document of one page. */
static int export_single(struct products *p, const struct arrival *page, struct strbuf *out,
                         struct error *err)
{
    struct exporter *exporter = exporter_new(p->single.format, p->unit);
    exporter_begin(exporter, strbuf_str(&p->job), out);
    int rc = feed(exporter, page, out, err);
    while (exporter_end(exporter, out))
        ;
    exporter_free(&exporter);
    return rc;
}

static int put_single(struct products *p, uint32_t number, const struct strbuf *out,
                      struct error *err)
{
    char name[64];
    struct output *o = &p->single.output;
    if (p->zipped) {
        snprintf(name, sizeof name, "page/%u.%s", number, p->single.extension);
        return zip_begin(p->zip, name, err) < 0 ? -1 : zip_write(p->zip, out->data, out->len, err);
    }
    snprintf(name, sizeof name, "%u.%s", number, p->single.extension);
    if (output_begin(o, p->to, p->input, name, true, err) < 0 || output_write(o, out, err) < 0)
        return -1;
    return output_end(o, err);
}

static int add(struct products *p, const struct arrival *page, struct error *err)
{
    auto_strbuf out = {0};
    if (p->count && feed_formats(p, page, err) < 0)
        return -1;
    if (!p->single.format)
        return 0;
    return export_single(p, page, &out, err) < 0 ? -1 : put_single(p, page->number, &out, err);
}

int products_add(struct products *p, uint32_t number, const struct strbuf *json, struct error *err)
{
    const struct arrival page = {.number = number, .json = json->data, .len = json->len};
    if (p->count && figures_add(&p->figures, page.json, page.len, err) < 0)
        return -1;
    return add(p, &page, err);
}

int products_add_failed(struct products *p, uint32_t number, const struct error *why,
                        struct error *err)
{
    const struct arrival page = {.number = number, .failure = why};
    return add(p, &page, err);
}

/* ---- the end of a document ---- */

static int add_entry(struct products *p, const struct product *product, int fd, struct error *err)
{
    char stem[ZIP_STEM], name[ZIP_STEM + 64];
    uint64_t size;
    zip_stem(strcmp(p->input, "-") == 0 ? "stdin" : p->input, stem);
    snprintf(name, sizeof name, "%s.%s", stem, product->extension);
    return fd_size(fd, &size, err) < 0
               ? -1
               : zip_add_file(p->zip, name, fd, size, product->bound ? ZIP_STORED : ZIP_DEFLATED,
                              err);
}

static int bind_product(struct products *p, const struct product *product, uint64_t *size,
                        struct error *err)
{
    uint64_t plan_size;
    int plan = fileno(product->output.file);
    if (fd_size(plan, &plan_size, err) < 0 || fd_seal(plan, err) < 0)
        return -1;
    return bind_document(p->settings, p->document, p->password, plan, plan_size, size, err);
}

static int put_bound(struct products *p, const struct product *product, int fd, uint64_t size,
                     struct error *err)
{
    struct output o = {0};
    if (p->zipped)
        return add_entry(p, product, fd, err);
    int rc = output_begin(&o, p->to, p->input, product->extension, true, err) < 0 ||
                     output_copy(&o, fd, size, err) < 0
                 ? -1
                 : output_end(&o, err);
    output_abort(&o);
    return rc;
}

/* A PDF that cannot be made keeps nobody from the other outputs. */
static int end_bound(struct products *p, const struct product *product, struct error *err)
{
    uint64_t size;
    struct error why;
    auto_fd fd = bind_product(p, product, &size, &why);
    if (fd >= 0)
        return put_bound(p, product, fd, size, err);
    error_context(&why, "%s", product->extension);
    if (p->failure.class == ERROR_NONE)
        p->failure = why;
    return 0;
}

static int end_product(struct products *p, struct product *product, struct error *err)
{
    if (product->bound)
        return end_bound(p, product, err);
    return p->zipped ? add_entry(p, product, fileno(product->output.file), err)
                     : output_end(&product->output, err);
}

static int end_formats(struct products *p, struct error *err)
{
    bool more = true;
    while (more) {
        struct strbuf pieces[EXPORTER_FORMATS] = {0};
        more = exporter_end(p->exporter, pieces);
        if (write_pieces(p, pieces, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < p->count; i++)
        if (end_product(p, &p->list[i], err) < 0)
            return -1;
    if (p->figures.failure.class != ERROR_NONE && p->failure.class == ERROR_NONE)
        p->failure = p->figures.failure;
    return 0;
}

int products_end(struct products *p, struct error *err)
{
    if (p->count && end_formats(p, err) < 0)
        return -1;
    if (p->zipped && (zip_finish(p->zip, err) < 0 || output_end(&p->archive, err) < 0))
        return -1;
    if (p->failure.class == ERROR_NONE)
        return 0;
    *err = p->failure;
    return -1;
}

void products_abort(struct products *p)
{
    exporter_free(&p->exporter);
    figures_end(&p->figures);
    for (size_t i = 0; i < p->count; i++)
        output_abort(&p->list[i].output);
    output_abort(&p->single.output);
    zip_free(&p->zip);
    output_abort(&p->archive);
    strbuf_free(&p->job);
}

int products_publish(struct products *p, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; i < p->count; i++)
        if (output_publish(&p->list[i].output, err) < 0)
            rc = -1;
    tdestroy(p->taken, free);
    p->taken = NULL;
    return rc;
}
