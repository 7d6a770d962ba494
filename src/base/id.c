/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * UUIDs. Calls clock and the kernel's random numbers.
 */
#include "base/id.h"

#include "base/clock.h"
#include "base/must.h"

#include <stdint.h>
#include <string.h>
#include <sys/random.h>

static const char digits[] = "0123456789abcdef";

void id_new(char out[ID_SIZE])
{
    uint8_t b[16];
    must(getrandom(b, sizeof b, 0) == (ssize_t)sizeof b);
    uint64_t ms = (uint64_t)clock_wall();
    for (int i = 0; i < 6; i++)
        b[i] = (uint8_t)(ms >> (40 - 8 * i));
    b[6] = (uint8_t)(0x70 | (b[6] & 0x0F));
    b[8] = (uint8_t)(0x80 | (b[8] & 0x3F));
    char *p = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = digits[b[i] >> 4];
        *p++ = digits[b[i] & 15];
    }
    *p = '\0';
}

bool id_valid(const char *s)
{
    if (strlen(s) != ID_SIZE - 1)
        return false;
    for (int i = 0; i < ID_SIZE - 1; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? s[i] != '-' : !strchr(digits, s[i]))
            return false;
    }
    return true;
}
