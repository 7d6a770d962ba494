/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The pictures of the figures that the outputs of one document link to: entries of its archive, or
 * files of a folder. Called by ocr_products.c.
 */
#ifndef CMD_OCR_FIGURES_H
#define CMD_OCR_FIGURES_H

#include "cmd/ocr_internal.h"
#include "export/export_zip.h"
#include "work/picture.h"

enum { FIGURES_FOLDER = 1500 }; /* bytes: the path of an output, and a name more */

struct figures {
    const struct settings *settings;
    const char *password;
    int document;    /* the caller's; -1: no figures are wanted */
    struct zip *zip; /* or: */
    char folder[FIGURES_FOLDER];
    bool taken;                 /* by the figures of a document of the same name */
    struct picture_maker maker; /* without a process: not begun, or ended by a bad page */
    struct error failure;       /* the first figure that could not be cut, and why */
};

/* Cuts the figures of a page result, as page_encode wrote it and ended by a NUL. A figure that
 * cannot be cut is left out and told in failure.
 */
int figures_add(struct figures *f, const char *json, size_t len, struct error *err);
void figures_end(struct figures *f);

#endif
