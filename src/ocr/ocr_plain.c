/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pictures of lines without compression. Tesseract 5 hands each line to its network as an
 * ImageData, which keeps the picture as a PNG file in memory, packed by one call and unpacked by
 * the next. Leptonica's own raw form (spix), which the reader knows by its first bytes, carries the
 * same pixels. The linker sends Tesseract's calls here (--wrap). Without it the same text comes
 * out, some 4 % later.
 */
#include <leptonica/allheaders.h>

l_ok __wrap_pixWriteMem(l_uint8 **bytes, size_t *size, PIX *pix, l_int32 format);

l_ok __wrap_pixWriteMem(l_uint8 **bytes, size_t *size, PIX *pix, l_int32 format)
{
    (void)format;
    return pixWriteMemSpix(bytes, size, pix);
}
