/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The web page's files, embedded at build (scripts/embed).
 */
#ifndef UI_UI_H
#define UI_UI_H

#include <stddef.h>

struct ui_file {
    const char *name, *content_type;
    const unsigned char *bytes;
    size_t size;
};

extern const struct ui_file ui_files[]; /* index.html first; ends with a NULL name */

#endif
