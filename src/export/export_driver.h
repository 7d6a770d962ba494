/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The formats that export.c lists.
 */
#ifndef EXPORT_EXPORT_DRIVER_H
#define EXPORT_EXPORT_DRIVER_H

#include "export/export.h"

extern const struct export_format export_json, export_ndjson, export_markdown, export_html,
    export_text, export_csv, export_mmd, export_det, export_hocr, export_alto, export_pagexml,
    export_tsv;

/* {"page":7,"error":{"code":"timeout","message":"…"}} */
void export_failed_json(struct strbuf *out, const struct export_page *page);

/* <!-- page 7: failed: timeout --> */
void export_failed_comment(struct strbuf *out, const struct export_page *page);

/* The folder of pictures, as links have it. */
const char *export_images(const struct export_page *page);

/* A page's language as HTML and XML have it (BCP 47): "de" for "deu"; NULL if it is not one. */
const char *export_language(const char *language);

/* Of each block of a page: is it written, or is it a caption that waits for its figure? The caller
 * frees it. */
enum export_mark { EXPORT_OPEN, EXPORT_DONE, EXPORT_AWAITED };
unsigned char *export_marks(const struct page *page);

/* The caption of a figure, an index among the blocks: once, with the first figure that has it, and
 * marked as done; else page->block_count. */
size_t export_take_caption(const struct page *page, const struct block *figure,
                           unsigned char *marks);

#endif
