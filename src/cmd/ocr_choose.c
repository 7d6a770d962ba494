/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Which outputs pagemill ocr was asked for, and whether there is a place for them.
 */
#include "cmd/ocr_products.h"

#include "base/must.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char zip_name[] = "zip";
static const char *const bound_names[] = {"pdf", "layouts.pdf"};
enum { BOUND = sizeof bound_names / sizeof *bound_names, KNOWN = EXPORT_LIST + 32 };

void products_extensions(char *out, size_t size)
{
    char known[EXPORT_LIST];
    export_extensions(known);
    snprintf(out, size, "%s, %s, %s, %s", known, bound_names[0], bound_names[1], zip_name);
}

static void choose(struct products *p, struct product product)
{
    if (product.format->single) {
        must(!p->single.format || p->single.format == product.format); /* there is but one */
        p->single = product;
        return;
    }
    for (size_t i = 0; i < p->count; i++)
        if (p->list[i].format == product.format)
            return;
    must(p->count < EXPORTER_FORMATS); /* there are not so many formats */
    p->list[p->count++] = product;
}

static void choose_bound(struct products *p, const char *name)
{
    choose(p, (struct product){.extension = name, .format = export_plan_of(name), .bound = true});
}

static void choose_format(struct products *p, const struct export_format *format)
{
    choose(p, (struct product){.extension = format->extension, .format = format});
}

static int choose_name(struct products *p, const char *name, struct error *err)
{
    const struct export_format *format = export_find(name);
    char known[KNOWN];
    if (strcmp(name, zip_name) == 0) {
        p->zipped = true;
        return 0;
    }
    for (size_t i = 0; i < BOUND; i++)
        if (strcmp(name, bound_names[i]) == 0) {
            choose_bound(p, bound_names[i]);
            return 0;
        }
    if (!format) {
        products_extensions(known, sizeof known);
        return error_set(err, ERROR_UNSUPPORTED, "format '%.32s' is none of %s", name, known);
    }
    choose_format(p, format);
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

static void choose_all(struct products *p)
{
    for (size_t i = 0; export_formats[i]; i++)
        choose_format(p, export_formats[i]);
    for (size_t i = 0; i < BOUND; i++)
        choose_bound(p, bound_names[i]);
}

/* Several files need a directory; an archive, and a PDF that nobody catches, a place. */
static int check_place(struct products *p, struct error *err)
{
    size_t len = strlen(p->to), asked = p->count + (p->single.format ? 1 : 0);
    bool bare = p->zipped || p->list[0].bound;
    if (p->zipped && !len)
        return error_set(err, ERROR_INPUT, "an archive needs a place: --output FILE.zip or DIR/");
    if (bare && (!len || strcmp(p->to, "-") == 0) && isatty(STDOUT_FILENO))
        return error_set(err, ERROR_INPUT, "%s is nothing for a terminal: --output FILE or DIR/",
                         p->zipped ? zip_name : p->list[0].extension);
    if (p->zipped || asked < 2)
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
    if (p->zipped && !p->count && !p->single.format)
        choose_all(p);
    return check_place(p, err);
}
