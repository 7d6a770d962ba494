/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Output formats: page results in, bytes out, page by page (exporter.h). A failed page is marked in
 * every format, never dropped. A new format is one driver file and one row in export.c.
 */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include "base/error.h"
#include "base/strbuf.h"
#include "page/page.h"

#include <stdbool.h>
#include <stdint.h>

enum { EXPORT_LIST = 256 }; /* bytes: all extensions with commas */

/* The folder of the figures' pictures, relative to an output: as the HTTP API and archives have it.
 */
#define EXPORT_IMAGES "images"

struct export_page {
    uint32_t number;
    const char *json; /* the page result, for drivers that take it as it is */
    size_t len;
    const struct page *page;   /* the page result decoded; NULL when the page failed */
    const struct error *error; /* why it failed */
    const char *filename;      /* of the document; NULL: not known */
    const char *images; /* the folder of pictures, escaped as in a URL; NULL: EXPORT_IMAGES */
    /* The page after it, if the paragraph or table that goes on there (flow_tail, flow_head) can be
     * printed as one with its rest; opened says the same of the page before. Drivers that print
     * page by page need neither. */
    const struct page *next;
    bool opened;
    int repeated; /* rows with which a table that goes on from the page before repeats its head */
};

struct export_format {
    const char *extension; /* "md" */
    const char *content_type;
    bool decoded;       /* export_page.json is not needed */
    bool single;        /* holds one page: begin, that page, end */
    bool linked;        /* shows figures by links to their pictures */
    const char *policy; /* Content-Security-Policy under which a browser shows it; NULL: nothing of
                           it is to be loaded */
    /* job: a JSON object that describes the job. Each appends to out. begin and end may be NULL. */
    void (*begin)(struct strbuf *out, const char *job);
    void (*page)(struct strbuf *out, const struct export_page *page, bool first);
    void (*end)(struct strbuf *out);
};

extern const struct export_format *const export_formats[];      /* ends with NULL */
const struct export_format *export_find(const char *extension); /* NULL if unknown */
/* ERROR_INPUT: a format that holds one page was asked for several. Returns −1. */
int export_too_many(const struct export_format *format, struct error *err);
void export_extensions(char out[EXPORT_LIST]); /* "json, ndjson, …" for messages */

/* Not in the table, because they are no outputs but what outputs are made of: plans that
 * bind_document (work/bind.h) turns into a PDF. */
extern const struct export_format export_plan_layouts, export_plan_text;
/* The plan of "layouts.pdf" or "pdf"; NULL: not bound. */
const struct export_format *export_plan_of(const char *extension);

/* Nor this: the names of the figures, a line each. */
extern const struct export_format export_figures;

#endif
