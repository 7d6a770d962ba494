/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Token texts as the tests of auth forge them: the checksum of auth.h's description, computed
 * without the code under test.
 */
#ifndef TESTS_AUTH_FORGE_H
#define TESTS_AUTH_FORGE_H

#include "auth/auth.h"

enum { CHECKED_LETTERS = 48, CHECK_LETTERS = 6 };

static const char token_letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

static inline uint32_t plain_crc32(const char *text, size_t len)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned char)text[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static inline void make_check_right(char text[AUTH_TOKEN_TEXT])
{
    uint32_t crc = plain_crc32(text, CHECKED_LETTERS);
    for (int i = 0; i < CHECK_LETTERS; i++)
        text[CHECKED_LETTERS + i] = token_letters[crc >> (25 - 5 * i) & 31];
}

/* Another letter at this place, and the checksum made right again. */
static inline void forge(char text[AUTH_TOKEN_TEXT], size_t at)
{
    text[at] = text[at] == '0' ? '1' : '0';
    make_check_right(text);
}

#endif
