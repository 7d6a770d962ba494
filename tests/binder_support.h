/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the binder's tests share: PDFs made here, bound with a plan and opened again.
 */
#ifndef TESTS_BINDER_SUPPORT_H
#define TESTS_BINDER_SUPPORT_H

#include "decode_support.h"

#include "decode/binder.h"

int binder_bind(int fd, const char *plan, uint64_t max_size, uint64_t *size, struct error *err);
/* Binds and opens what comes of it, whose descriptor is *bound; fd is closed. */
struct document *binder_bound(int fd, const char *plan, int *bound);
bool binder_holds(int fd, const char *words); /* in its bytes or in what they unpack to */

struct binder_sheet {
    const char *attributes, *contents;
};

/* The font /F is Helvetica, /T a Type 3 font whose "a" is a square. Without a table: MuPDF makes
 * one. */
int binder_pdf(const struct binder_sheet *pages, int n);
int binder_page_of(const char *attributes, const char *contents);

#endif
