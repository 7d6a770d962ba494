/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One reading of a page corrected from another.
 */
#ifndef PAGE_CORRECT_H
#define PAGE_CORRECT_H

#include "page/page.h"

/* Where a line of `page` stands on words of `layer` that say nearly the same, they take the place
 * of its own: letters, signs and boxes. What only one of the two has stays as it is. Both are of
 * the same size. Returns how many lines changed; ERROR_LIMIT when the page's arena is full. */
int page_correct(struct page *page, const struct page *layer, struct error *err);

#endif
