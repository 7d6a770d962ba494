/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * SHA-256, as lower-case hexadecimal text.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/error.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

enum { DIGEST_TEXT = 65 };

/* Of what comes piece by piece; digest_finish frees it. */
struct digest;
struct digest *digest_new(void); /* NULL when OpenSSL has no SHA-256 */
void digest_add(struct digest *d, const void *bytes, size_t len);
void digest_finish(struct digest **d, char out[DIGEST_TEXT]);
void digest_free(struct digest **d);

void digest_bytes(const void *bytes, size_t len, char out[DIGEST_TEXT]);
bool digest_equal(const char *a, const char *b); /* whatever the case of their letters */

/* Appends the whole file to *out (whose cap holds) if its SHA-256 is `sha256`: what was checked is
 * what the caller has in hand. ERROR_INPUT naming the file and what is wrong with it. */
int digest_read_file(const char *path, const char *sha256, struct strbuf *out, struct error *err);

#endif
