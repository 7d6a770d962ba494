/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Identifiers: UUID version 7 (RFC 9562), lower case with hyphens: 48 bits of wall-clock
 * milliseconds, then 74 random bits, so they sort by time and cannot be guessed.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>

enum { ID_SIZE = 37 };

void id_new(char out[ID_SIZE]);
bool id_valid(const char *s); /* the shape of any UUID in lower case */

#endif
