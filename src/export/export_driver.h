/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The formats that export.c lists.
 */
#ifndef EXPORT_EXPORT_DRIVER_H
#define EXPORT_EXPORT_DRIVER_H

#include "export/export.h"

extern const struct export_format export_json, export_ndjson, export_text, export_markdown,
    export_mmd, export_det;

/* {"page":7,"error":{"code":"timeout","message":"…"}} */
void export_failed_json(struct strbuf *out, const struct export_page *page);

/* <!-- page 7: failed: timeout --> */
void export_failed_comment(struct strbuf *out, const struct export_page *page);

/* A block as Markdown, with the end of its last line. */
void export_markdown_block(struct strbuf *out, const struct block *block);

#endif
