/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What pagemill ocr makes of one document: every format that was asked for, each in a file of its
 * own, or all in one archive; and the figures that they link to. Called by ocr.c.
 */
#ifndef CMD_OCR_PRODUCTS_H
#define CMD_OCR_PRODUCTS_H

#include "base/strbuf.h"
#include "cmd/ocr_figures.h"
#include "cmd/ocr_internal.h"
#include "export/export_zip.h"
#include "export/exporter.h"
#include "store/store.h"

enum { PRODUCTS_TO = 1026 };

struct product {
    const char *extension;
    const struct export_format *format; /* bound: of its plan */
    bool bound;                         /* a PDF that a worker makes of the document and a plan */
    struct output output;               /* bound: the plan */
};

struct products {
    struct product list[EXPORTER_FORMATS],
        single; /* single: its format is NULL or holds one page */
    size_t count;
    bool zipped;
    enum page_unit unit;
    char to[PRODUCTS_TO]; /* where: FILE, DIR/, "-" or "" */
    const struct settings *settings;
    const char *password;
    void *taken;  /* names of documents that have files already (tsearch) */
    bool written; /* a file that holds one document has one */
    /* Of the document that is being written: */
    const char *input;
    int document;      /* the caller's */
    struct strbuf job; /* as an object, for exporters */
    struct exporter *exporter;
    struct figures figures;
    struct zip *zip;
    struct output archive;
    struct error failure; /* the first of what could not be made and is left out */
};

/* formats: "md", "md,pdf", "zip", "md,zip"; "": by the extension of `to`, else txt.
 * ERROR_UNSUPPORTED, ERROR_INPUT. */
int products_choose(struct products *p, const char *formats, const char *to, struct error *err);

/* document: a descriptor that stays the caller's and open until the end; job: with its pages known.
 * ERROR_CONFLICT: the files of another document would be overwritten. */
int products_begin(struct products *p, const char *input, int document, const struct job *job,
                   struct error *err);
int products_add(struct products *p, uint32_t number, const struct strbuf *json, struct error *err);
int products_add_failed(struct products *p, uint32_t number, const struct error *why,
                        struct error *err);
/* Also fails when something was left out; everything else is there then. */
int products_end(struct products *p, struct error *err);
void products_abort(struct products *p); /* also after the end: frees what a document needed */
/* The run has ended: files of all documents get their names. */
int products_publish(struct products *p, struct error *err);

void products_extensions(char *out, size_t size); /* for help: "json, ndjson, …, pdf, zip" */

#endif
