/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What pagemill ocr makes of one document: every format that was asked for, each with an exporter
 * and a file of its own, or all in one archive. Called by ocr.c.
 */
#ifndef CMD_OCR_PRODUCTS_H
#define CMD_OCR_PRODUCTS_H

#include "base/strbuf.h"
#include "cmd/ocr_internal.h"
#include "export/export_zip.h"
#include "export/exporter.h"
#include "store/store.h"

enum { PRODUCTS = 32, PRODUCTS_TO = 1026 };

struct product {
    const struct export_format *format;
    struct exporter *exporter; /* NULL between documents, and for formats that hold one page */
    struct output output;
};

struct products {
    struct product list[PRODUCTS];
    size_t count;
    bool zipped;
    enum page_unit unit;
    char to[PRODUCTS_TO]; /* where: FILE, DIR/, "-" or "" */
    /* Of the document that is being written: */
    const char *input;
    struct strbuf job; /* as an object, for exporters */
    struct zip *zip;
    struct output archive;
    bool written; /* a file that holds one document has one */
};

/* formats: "md", "md,json", "zip", "md,zip"; "": by the extension of `to`, else txt.
 * ERROR_UNSUPPORTED, ERROR_INPUT. */
int products_choose(struct products *p, const char *formats, const char *to, struct error *err);

/* job: with its pages known. */
int products_begin(struct products *p, const char *input, const struct job *job, struct error *err);
int products_add(struct products *p, uint32_t number, const struct strbuf *json, struct error *err);
int products_add_failed(struct products *p, uint32_t number, const struct error *why,
                        struct error *err);
int products_end(struct products *p, struct error *err);
void products_abort(struct products *p); /* also after the end: frees what a document needed */

void products_extensions(char *out, size_t size); /* for help: "json, ndjson, …, zip" */

#endif
