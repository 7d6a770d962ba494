/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A document as a PDF with what a plan puts on its pages: layouts.pdf, and the PDF that can be
 * searched. Blocks: a bind process of its own is started, asked and ended.
 */
#ifndef WORK_BIND_H
#define WORK_BIND_H

#include "base/error.h"
#include "base/settings.h"

#include <stdint.h>

/* document and plan are descriptors that stay the caller's; plan is a sealed memory file that a
 * format of export_plan_of wrote, plan_size its bytes; it says what becomes of the document.
 * password "" for none. Returns a sealed memory file with the PDF, *size its bytes. It is not
 * encrypted, whatever the document was, and nothing in it acts by itself. ERROR_PASSWORD,
 * ERROR_INPUT (err->page: which page), ERROR_LIMIT (over four times the document, the plan and 64
 * MiB, or max_pages), ERROR_TIMEOUT (render_timeout a page, ten minutes in all). */
int bind_document(const struct settings *settings, int document, const char *password, int plan,
                  uint64_t plan_size, uint64_t *size, struct error *err);

#endif
