/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What running text asks of a character: does it begin in lower case, is it written without blanks,
 * how wide is it. By ranges of Unicode 15, without a locale.
 */
#ifndef BASE_LETTER_H
#define BASE_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Latin, Greek, Cyrillic, Armenian; scripts without case have neither. */
bool letter_is_lower(uint32_t c);
bool letter_is_upper(uint32_t c);
bool letter_is_digit(uint32_t c); /* ASCII, fullwidth, Arabic, Devanagari */

/* Words and lines of it stand together without blanks: Chinese, Japanese, Thai, Lao, Khmer,
 * Burmese, and their punctuation. */
bool letter_is_dense(uint32_t c);

/* Of a script that runs from right to left. */
bool letter_is_leftward(uint32_t c);

/* Columns of a terminal or a fixed pitch font: 0, 1 or 2. */
int letter_width(uint32_t c);

/* The characters at the start and at the end of a text; 0 of an empty one. */
uint32_t letter_first(const char *s);
uint32_t letter_last(const char *s, size_t len);

#endif
