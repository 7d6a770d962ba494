/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Magic numbers. A PDF header may stand anywhere in the first 1024 bytes, as viewers accept; all
 * others stand at the start. Calls nobody.
 */
#include "page/media.h"

#include <string.h>

struct magic {
    enum media_kind kind;
    size_t offset, len;
    const char *bytes;
};

static const struct media kinds[] = {
    [MEDIA_PDF] = {MEDIA_PDF, "pdf", "application/pdf", ".pdf"},
    [MEDIA_PNG] = {MEDIA_PNG, "png", "image/png", ".png"},
    [MEDIA_JPEG] = {MEDIA_JPEG, "jpeg", "image/jpeg", ".jpg"},
    [MEDIA_TIFF] = {MEDIA_TIFF, "tiff", "image/tiff", ".tiff"},
    [MEDIA_BMP] = {MEDIA_BMP, "bmp", "image/bmp", ".bmp"},
    [MEDIA_GIF] = {MEDIA_GIF, "gif", "image/gif", ".gif"},
    [MEDIA_JP2] = {MEDIA_JP2, "jp2", "image/jp2", ".jp2"},
    [MEDIA_WEBP] = {MEDIA_WEBP, "webp", "image/webp", ".webp"},
};

static const struct magic magics[] = {
    {MEDIA_PNG, 0, 8, "\x89PNG\r\n\x1a\n"},
    {MEDIA_JPEG, 0, 3, "\xFF\xD8\xFF"},
    {MEDIA_TIFF, 0, 4, "II*\0"},
    {MEDIA_TIFF, 0, 4, "MM\0*"},
    {MEDIA_BMP, 0, 2, "BM"},
    {MEDIA_GIF, 0, 4, "GIF8"},
    {MEDIA_JP2, 0, 12, "\0\0\0\x0CjP  \r\n\x87\n"},
    {MEDIA_JP2, 0, 4, "\xFF\x4F\xFF\x51"},
    {MEDIA_WEBP, 8, 4, "WEBP"},
};

const struct media *media_sniff(const void *head, size_t len)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        const struct magic *m = &magics[i];
        if (len >= m->offset + m->len && !memcmp((const char *)head + m->offset, m->bytes, m->len))
            return &kinds[m->kind];
    }
    if (memmem(head, len < MEDIA_SNIFF ? len : MEDIA_SNIFF, "%PDF-", 5))
        return &kinds[MEDIA_PDF];
    return NULL;
}

const char *media_supported(void)
{
    return "PDF, PNG, JPEG, TIFF, BMP, GIF, JPEG 2000 and WebP";
}
