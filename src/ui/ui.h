/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The files of the web page and of the API's documentation, embedded at build (scripts/embed).
 */
#ifndef UI_UI_H
#define UI_UI_H

#include <stdbool.h>
#include <stddef.h>

struct ui_file {
    const char *name, *content_type;
    const unsigned char *bytes;
    size_t size;
    bool packed; /* with gzip */
};

/* index.html first; end with a NULL name. */
extern const struct ui_file ui_files[], ui_docs[];

#endif
