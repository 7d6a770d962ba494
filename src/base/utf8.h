/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed sequence at s (1 to 4), its code point in *cp; 0 if malformed. cp may be
 * NULL. */
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);
size_t utf8_encode(uint32_t cp, char out[4]);
bool utf8_valid(const char *s, size_t len);
/* Valid, and without control characters: U+0000 to U+001F, U+007F to U+009F (a terminal takes
 * U+009B for ESC [). */
bool utf8_printable(const char *s, size_t len);

/* In place: control characters and malformed bytes become '?'; a sequence cut by the buffer's end
 * is dropped. */
void utf8_make_printable(char *s, size_t size);

#endif
