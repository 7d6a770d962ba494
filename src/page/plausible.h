/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Does a text look like one that somebody wrote? Without a word list, for every script: words out
 * of a font whose characters are mapped wrongly, or out of bad recognition, break rules that words
 * keep (Taghva et al., "Automatic removal of garbage strings in OCR text", 2001, with the rules
 * widened to what addresses, formulas and part numbers do).
 */
#ifndef PAGE_PLAUSIBLE_H
#define PAGE_PLAUSIBLE_H

#include "page/page.h"

bool word_plausible(const char *word); /* valid UTF-8 without blanks */

/* The share of the characters that stand in plausible words, 0 to 1; less where a page's Latin
 * letters are not as frequent as any language has them. 1 for a page without text. */
float page_plausibility(const struct page *page);

#endif
