/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * UTF-8 decoding and checking. Called by everyone that touches text; calls nobody.
 */
#include "base/utf8.h"

#include <string.h>

static bool continuation(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

size_t utf8_decode(const char *str, size_t len, uint32_t *cp)
{
    const unsigned char *s = (const unsigned char *)str;
    uint32_t c = 0;
    size_t n = 0;
    if (len >= 1 && s[0] < 0x80) {
        c = s[0];
        n = 1;
    } else if (len >= 2 && s[0] >= 0xC2 && s[0] < 0xE0 && continuation(s[1])) {
        c = (s[0] & 0x1Fu) << 6 | (s[1] & 0x3Fu);
        n = 2;
    } else if (len >= 3 && (s[0] & 0xF0) == 0xE0 && continuation(s[1]) && continuation(s[2])) {
        c = (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
        n = c >= 0x800 && (c < 0xD800 || c > 0xDFFF) ? 3 : 0;
    } else if (len >= 4 && (s[0] & 0xF8) == 0xF0 && continuation(s[1]) && continuation(s[2]) &&
               continuation(s[3])) {
        c = (s[0] & 0x07u) << 18 | (s[1] & 0x3Fu) << 12 | (s[2] & 0x3Fu) << 6 | (s[3] & 0x3Fu);
        n = c >= 0x10000 && c <= 0x10FFFF ? 4 : 0;
    }
    if (cp && n)
        *cp = c;
    return n;
}

size_t utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(lead[n] | c);
    return n;
}

bool utf8_valid(const char *s, size_t len)
{
    while (len) {
        size_t n = utf8_decode(s, len, NULL);
        if (!n)
            return false;
        s += n;
        len -= n;
    }
    return true;
}

static bool control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

bool utf8_printable(const char *s, size_t len)
{
    while (len) {
        uint32_t c;
        size_t n = utf8_decode(s, len, &c);
        if (!n || control(c))
            return false;
        s += n;
        len -= n;
    }
    return true;
}

void utf8_make_printable(char *s, size_t size)
{
    size_t len = strnlen(s, size);
    bool cut = len + 1 >= size;
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = utf8_decode(s + i, len - i, &c);
        if (n && !control(c)) {
            i += n;
            continue;
        }
        if (!n && cut && len - i < 4) {
            s[i] = '\0';
            return;
        }
        s[i++] = '?';
    }
}
