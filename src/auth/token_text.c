/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A token's text (auth.h): made of the kernel's random numbers, and told apart from what is none.
 * Called by auth.c and auth_change.c.
 */
#include "auth/auth_internal.h"

#include "base/must.h"

#include <string.h>
#include <sys/random.h>
#include <zlib.h>

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char prefix[] = "pm_";

enum {
    BITS = 5,
    ID_AT = sizeof prefix - 1,
    SECRET_AT = ID_AT + TOKEN_ID + 1,
    CHECK_AT = SECRET_AT + TOKEN_SECRET,
};
_Static_assert(CHECK_AT + TOKEN_CHECK + 1 == AUTH_TOKEN_TEXT, "as auth.h says");

/* 32 letters: five bits of each random byte are used, so all are equally likely. */
static void add_random(char *out, size_t n)
{
    unsigned char bytes[TOKEN_SECRET];
    must(n <= sizeof bytes && getrandom(bytes, n, 0) == (ssize_t)n);
    for (size_t i = 0; i < n; i++)
        out[i] = alphabet[bytes[i] % (sizeof alphabet - 1)];
    explicit_bzero(bytes, sizeof bytes);
}

static void add_check(char text[AUTH_TOKEN_TEXT])
{
    unsigned long crc = crc32(0, (const unsigned char *)text, CHECK_AT);
    for (int i = 0; i < TOKEN_CHECK; i++)
        text[CHECK_AT + i] =
            alphabet[crc >> (BITS * (TOKEN_CHECK - 1 - i)) & (sizeof alphabet - 2)];
    text[CHECK_AT + TOKEN_CHECK] = '\0';
}

void token_new(char text[AUTH_TOKEN_TEXT])
{
    memcpy(text, prefix, sizeof prefix);
    add_random(text + ID_AT, TOKEN_ID);
    text[SECRET_AT - 1] = '_';
    add_random(text + SECRET_AT, TOKEN_SECRET);
    add_check(text);
}

bool token_split(const char *text, char id[TOKEN_ID + 1])
{
    char right[AUTH_TOKEN_TEXT];
    if (strlen(text) != AUTH_TOKEN_TEXT - 1 || memcmp(text, prefix, ID_AT) != 0)
        return false;
    if (strspn(text + ID_AT, alphabet) != TOKEN_ID || text[SECRET_AT - 1] != '_' ||
        strspn(text + SECRET_AT, alphabet) != TOKEN_SECRET + TOKEN_CHECK)
        return false;
    memcpy(right, text, CHECK_AT);
    add_check(right);
    bool same = memcmp(right + CHECK_AT, text + CHECK_AT, TOKEN_CHECK) == 0;
    explicit_bzero(right, sizeof right);
    if (!same)
        return false;
    memcpy(id, text + ID_AT, TOKEN_ID);
    id[TOKEN_ID] = '\0';
    return true;
}
