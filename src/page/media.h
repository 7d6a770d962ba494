/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Document types, told by their first bytes and never by their name.
 */
#ifndef PAGE_MEDIA_H
#define PAGE_MEDIA_H

#include <stddef.h>

enum { MEDIA_SNIFF = 1024 }; /* bytes of the beginning that media_sniff wants */

enum media_kind {
    MEDIA_PDF,
    MEDIA_PNG,
    MEDIA_JPEG,
    MEDIA_TIFF,
    MEDIA_BMP,
    MEDIA_GIF,
    MEDIA_JP2,
    MEDIA_WEBP
};

struct media {
    enum media_kind kind;
    const char *name;      /* "pdf" */
    const char *type;      /* "application/pdf" */
    const char *extension; /* ".pdf" */
};

const struct media *media_sniff(const void *head,
                                size_t len); /* NULL: not a type that pagemill reads */
const char *media_supported(void);           /* "PDF, PNG, JPEG, …" for messages */

#endif
