/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The formats that export.c lists.
 */
#ifndef EXPORT_EXPORT_DRIVER_H
#define EXPORT_EXPORT_DRIVER_H

#include "export/export.h"

extern const struct export_format export_json, export_ndjson, export_markdown, export_html,
    export_text, export_csv, export_mmd, export_det;

/* {"page":7,"error":{"code":"timeout","message":"…"}} */
void export_failed_json(struct strbuf *out, const struct export_page *page);

/* <!-- page 7: failed: timeout --> */
void export_failed_comment(struct strbuf *out, const struct export_page *page);

/* A page's language as HTML and XML have it (BCP 47): "de" for "deu"; NULL if it is not one. */
const char *export_language(const char *language);

/* The block that names a figure or table, if it is of this type; else NULL. */
const struct block *export_caption(const struct page *page, const struct block *block,
                                   enum block_type type);

#endif
