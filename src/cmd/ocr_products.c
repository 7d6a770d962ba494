/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The outputs of pagemill ocr. Exporters are fed the same pages side by side. In an archive entries
 * come one after the other, so each format waits in a file without a name until the document has
 * ended. A format that holds one page gets an exporter, and a file or an entry, for each page.
 */
#include "cmd/ocr_products.h"

#include "base/fd.h"
#include "base/json_writer.h"
#include "base/must.h"

#include <stdio.h>
#include <string.h>

static const char zip_name[] = "zip";

/* ---- what is asked for ---- */

void products_extensions(char *out, size_t size)
{
    char known[EXPORT_LIST];
    export_extensions(known);
    snprintf(out, size, "%s, %s", known, zip_name);
}

static void choose(struct products *p, const struct export_format *format)
{
    must(p->count < PRODUCTS); /* there are not so many formats */
    for (size_t i = 0; i < p->count; i++)
        if (p->list[i].format == format)
            return;
    p->list[p->count++].format = format;
}

static int choose_name(struct products *p, const char *name, struct error *err)
{
    const struct export_format *format = export_find(name);
    char known[EXPORT_LIST + 8];
    if (strcmp(name, zip_name) == 0) {
        p->zipped = true;
        return 0;
    }
    if (!format) {
        products_extensions(known, sizeof known);
        return error_set(err, ERROR_UNSUPPORTED, "format '%.32s' is none of %s", name, known);
    }
    choose(p, format);
    return 0;
}

static int choose_names(struct products *p, const char *formats, struct error *err)
{
    for (const char *at = formats, *end; *at; at = *end ? end + 1 : end) {
        char name[64];
        end = strchrnul(at, ',');
        snprintf(name, sizeof name, "%.*s", (int)(end - at), at);
        if (choose_name(p, name, err) < 0)
            return -1;
    }
    return 0;
}

/* Several files need a directory; an archive, and a format of one page, a place that is theirs. */
static int check_place(struct products *p, struct error *err)
{
    size_t len = strlen(p->to);
    if (p->zipped && !len)
        return error_set(err, ERROR_INPUT, "an archive needs a place: --output FILE.zip or DIR/");
    if (p->zipped || p->count < 2)
        return 0;
    if (!len || strcmp(p->to, "-") == 0)
        return error_set(err, ERROR_INPUT, "several formats need a directory: --output DIR/");
    if (p->to[len - 1] != '/')
        memcpy(p->to + len, "/", 2);
    return 0;
}

int products_choose(struct products *p, const char *formats, const char *to, struct error *err)
{
    const char *extension = output_extension(to);
    snprintf(p->to, sizeof p->to - 1, "%s", to); /* room for a '/' */
    if (extension && strcmp(extension, zip_name) == 0)
        p->zipped = true;
    if (choose_names(p, *formats ? formats : extension ? extension : "txt", err) < 0)
        return -1;
    bool all = p->zipped && !p->count;
    for (size_t i = 0; all && export_formats[i]; i++)
        choose(p, export_formats[i]);
    return check_place(p, err);
}

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

static int begin_archive(struct products *p, const struct job *job, struct error *err)
{
    if (output_begin(&p->archive, p->to, p->input, zip_name, true, err) < 0)
        return -1;
    return zip_new(&p->zip, fileno(p->archive.file), job->created, err);
}

/* A file without a name, that ends with the document. */
static int begin_spool(struct output *o, struct error *err)
{
    *o = (struct output){.file = tmpfile(), .shared = true};
    return o->file ? 0 : error_errno(err, "a temporary file");
}

static int begin_product(struct products *p, struct product *product, struct error *err)
{
    auto_strbuf out = {0};
    const struct export_format *format = product->format;
    int rc = p->zipped
                 ? begin_spool(&product->output, err)
                 : output_begin(&product->output, p->to, p->input, format->extension, false, err);
    if (rc < 0)
        return -1;
    product->exporter = exporter_new(format, p->unit);
    exporter_begin(product->exporter, strbuf_str(&p->job), &out);
    return output_write(&product->output, &out, err);
}

/* Does every page, or every document, have a file of its own? */
static int check_alone(const struct products *p, const struct job *job, struct error *err)
{
    if (output_is_directory(p->to))
        return 0;
    if (p->zipped)
        return p->written ? error_set(err, ERROR_INPUT,
                                      "an archive holds one document: --output DIR/ for several")
                          : 0;
    if (!p->list[0].format->single)
        return 0;
    if (p->written || job->pages.total > 1)
        return error_set(err, ERROR_INPUT,
                         "%s holds one page: --output DIR/ for a file each, or --pages N",
                         p->list[0].format->extension);
    return 0;
}

int products_begin(struct products *p, const char *input, const struct job *job, struct error *err)
{
    p->input = input;
    describe(p, job);
    if (check_alone(p, job, err) < 0 || (p->zipped && begin_archive(p, job, err) < 0))
        return -1;
    p->written = true;
    for (size_t i = 0; i < p->count; i++)
        if (!p->list[i].format->single && begin_product(p, &p->list[i], err) < 0)
            return -1;
    return 0;
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

/* A document of one page. */
static int export_single(struct products *p, const struct export_format *format,
                         const struct arrival *page, struct strbuf *out, struct error *err)
{
    struct exporter *exporter = exporter_new(format, p->unit);
    exporter_begin(exporter, strbuf_str(&p->job), out);
    int rc = feed(exporter, page, out, err);
    while (exporter_end(exporter, out))
        ;
    exporter_free(&exporter);
    return rc;
}

static int put_single(struct products *p, struct product *product, uint32_t number,
                      const struct strbuf *out, struct error *err)
{
    char name[64];
    const char *extension = product->format->extension;
    struct output *o = &product->output;
    if (p->zipped) {
        snprintf(name, sizeof name, "page/%u.%s", number, extension);
        return zip_begin(p->zip, name, err) < 0 ? -1 : zip_write(p->zip, out->data, out->len, err);
    }
    snprintf(name, sizeof name, "%u.%s", number, extension);
    if (output_begin(o, p->to, p->input, name, true, err) < 0 || output_write(o, out, err) < 0)
        return -1;
    return output_end(o, err);
}

static int add(struct products *p, const struct arrival *page, struct error *err)
{
    for (size_t i = 0; i < p->count; i++) {
        auto_strbuf out = {0};
        struct product *product = &p->list[i];
        bool single = product->format->single;
        if ((single ? export_single(p, product->format, page, &out, err)
                    : feed(product->exporter, page, &out, err)) < 0)
            return -1;
        if ((single ? put_single(p, product, page->number, &out, err)
                    : output_write(&product->output, &out, err)) < 0)
            return -1;
    }
    return 0;
}

int products_add(struct products *p, uint32_t number, const struct strbuf *json, struct error *err)
{
    const struct arrival page = {.number = number, .json = json->data, .len = json->len};
    return add(p, &page, err);
}

int products_add_failed(struct products *p, uint32_t number, const struct error *why,
                        struct error *err)
{
    const struct arrival page = {.number = number, .failure = why};
    return add(p, &page, err);
}

/* ---- the end of a document ---- */

static int add_entry(struct products *p, struct product *product, const char *stem,
                     struct error *err)
{
    char name[ZIP_STEM + 64];
    uint64_t size;
    int fd = fileno(product->output.file);
    snprintf(name, sizeof name, "%s.%s", stem, product->format->extension);
    return fd_size(fd, &size, err) < 0 ? -1
                                       : zip_add_file(p->zip, name, fd, size, ZIP_DEFLATED, err);
}

static int end_product(struct products *p, struct product *product, const char *stem,
                       struct error *err)
{
    bool more = true;
    while (more) {
        auto_strbuf out = {0};
        more = exporter_end(product->exporter, &out);
        if (output_write(&product->output, &out, err) < 0)
            return -1;
    }
    return p->zipped ? add_entry(p, product, stem, err) : output_end(&product->output, err);
}

int products_end(struct products *p, struct error *err)
{
    char stem[ZIP_STEM];
    zip_stem(strcmp(p->input, "-") == 0 ? "stdin" : p->input, stem);
    for (size_t i = 0; i < p->count; i++)
        if (!p->list[i].format->single && end_product(p, &p->list[i], stem, err) < 0)
            return -1;
    if (!p->zipped)
        return 0;
    return zip_finish(p->zip, err) < 0 ? -1 : output_end(&p->archive, err);
}

void products_abort(struct products *p)
{
    for (size_t i = 0; i < p->count; i++) {
        struct product *product = &p->list[i];
        exporter_free(&product->exporter);
        if (p->zipped && product->output.file) {
            fclose(product->output.file);
            product->output.file = NULL;
        }
        output_abort(&product->output);
    }
    zip_free(&p->zip);
    output_abort(&p->archive);
    strbuf_free(&p->job);
}
