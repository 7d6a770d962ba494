/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Page selections: "1-3,5,7-" means pages 1, 2, 3, 5 and from 7 to the end; "" means all. "-4" is
 * 1-4.
 */
#ifndef PAGE_PAGE_RANGE_H
#define PAGE_PAGE_RANGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAGE_RANGE_PARTS = 256 };

struct page_range {
    size_t count; /* 0: all pages */
    struct {
        uint32_t first, last; /* inclusive; last UINT32_MAX: to the end */
    } part[PAGE_RANGE_PARTS];
};

int page_range_parse(struct page_range *out, const char *text, struct error *err); /* ERROR_INPUT */
uint32_t page_range_first(const struct page_range *range); /* the least page of it */
bool page_range_has(const struct page_range *range, uint32_t page);

#endif
