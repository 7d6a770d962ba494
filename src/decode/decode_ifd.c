/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * TIFF's image file directories, as hostile bytes: just enough to count pages and to know their
 * size, resolution and orientation before anything is decoded. EXIF blocks have the same form.
 * Refuses whatever does not lie within the bytes. Called by the TIFF and WebP drivers; pure.
 */
#include "decode/decode_driver.h"

enum { ENTRY = 12 };
enum { TYPE_BYTE = 1, TYPE_SHORT = 3, TYPE_LONG = 4, TYPE_RATIONAL = 5 };
enum { TAG_WIDTH = 256, TAG_HEIGHT = 257, TAG_ORIENTATION = 274 };
enum { TAG_X_RESOLUTION = 282, TAG_Y_RESOLUTION = 283, TAG_RESOLUTION_UNIT = 296 };
enum { UNIT_INCH = 2, UNIT_CM = 3 };

struct reader {
    const uint8_t *bytes;
    size_t len;
    bool little;
};

static uint32_t number(const struct reader *r, size_t at, size_t size)
{
    uint32_t v = 0;
    if (at > r->len || size > r->len - at)
        return 0;
    for (size_t i = 0; i < size; i++)
        v = v << 8 | r->bytes[at + (r->little ? size - 1 - i : i)];
    return v;
}

static struct reader reader_of(const uint8_t *bytes, size_t len)
{
    return (struct reader){bytes, len, len > 0 && bytes[0] == 'I'};
}

static uint32_t integer(const struct reader *r, size_t entry)
{
    switch (number(r, entry + 2, 2)) {
    case TYPE_BYTE:
        return number(r, entry + 8, 1);
    case TYPE_SHORT:
        return number(r, entry + 8, 2);
    case TYPE_LONG:
        return number(r, entry + 8, 4);
    default:
        return 0;
    }
}

static double fraction(const struct reader *r, size_t entry)
{
    if (number(r, entry + 2, 2) != TYPE_RATIONAL)
        return 0;
    size_t at = number(r, entry + 8, 4);
    uint32_t below = number(r, at + 4, 4);
    return below ? (double)number(r, at, 4) / below : 0;
}

uint32_t decode_ifd_first(const uint8_t *bytes, size_t len)
{
    struct reader r = reader_of(bytes, len);
    return number(&r, 2, 2) == 42 ? number(&r, 4, 4) : 0;
}

bool decode_ifd_read(const uint8_t *bytes, size_t len, uint32_t offset, struct decode_ifd *out)
{
    struct reader r = reader_of(bytes, len);
    if (offset < 8 || offset > len || len - offset < 2)
        return false;
    size_t first = (size_t)offset + 2, entries = number(&r, offset, 2);
    if (entries > (len - first) / ENTRY)
        return false;
    struct decode_ifd ifd = {.orientation = 1, .next = number(&r, first + entries * ENTRY, 4)};
    double x = 0, y = 0;
    uint32_t unit = UNIT_INCH;
    for (size_t at = first; at < first + entries * ENTRY; at += ENTRY) {
        switch (number(&r, at, 2)) {
        case TAG_WIDTH:
            ifd.width = integer(&r, at);
            break;
        case TAG_HEIGHT:
            ifd.height = integer(&r, at);
            break;
        case TAG_ORIENTATION:
            ifd.orientation = integer(&r, at);
            break;
        case TAG_X_RESOLUTION:
            x = fraction(&r, at);
            break;
        case TAG_Y_RESOLUTION:
            y = fraction(&r, at);
            break;
        case TAG_RESOLUTION_UNIT:
            unit = integer(&r, at);
            break;
        default:
            break;
        }
    }
    if (ifd.orientation < 1 || ifd.orientation > 8)
        ifd.orientation = 1;
    double dpi = x > y ? x : y; /* fax pages have two: the finer one */
    ifd.dpi = unit == UNIT_INCH ? dpi : unit == UNIT_CM ? dpi * 2.54 : 0;
    *out = ifd;
    return true;
}
