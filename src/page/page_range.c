/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Page selections. Refuses page 0, backward ranges and anything but digits, '-' and ','. Calls
 * nobody.
 */
#include "page/page_range.h"

#include <ctype.h>
#include <stdlib.h>

static bool read_page_number(const char **at, uint32_t *out)
{
    if (!isdigit((unsigned char)**at))
        return false;
    char *end;
    unsigned long n = strtoul(*at, &end, 10);
    if (n == 0 || n > 100000000)
        return false;
    *out = (uint32_t)n;
    *at = end;
    return true;
}

static bool read_part(const char **at, uint32_t *first, uint32_t *last)
{
    bool has_first = isdigit((unsigned char)**at);
    *first = 1;
    if (has_first && !read_page_number(at, first))
        return false;
    if (**at != '-') {
        *last = *first;
        return has_first;
    }
    ++*at;
    *last = UINT32_MAX;
    bool has_last = isdigit((unsigned char)**at);
    if (has_last && !read_page_number(at, last))
        return false;
    return (has_first || has_last) && *first <= *last;
}

int page_range_parse(struct page_range *out, const char *text, struct error *err)
{
    struct page_range range = {0};
    const char *at = text;
    while (*at) {
        if (range.count == PAGE_RANGE_PARTS)
            return error_set(err, ERROR_INPUT, "pages: more than %d parts", PAGE_RANGE_PARTS);
        if (!read_part(&at, &range.part[range.count].first, &range.part[range.count].last) ||
            (*at && *at != ',') || (*at == ',' && !at[1]))
            return error_set(err, ERROR_INPUT, "pages: '%.100s' is not like 1-3,5,7-", text);
        range.count++;
        at += *at == ',';
    }
    *out = range;
    return 0;
}

uint32_t page_range_first(const struct page_range *range)
{
    uint32_t first = range->count ? UINT32_MAX : 1;
    for (size_t i = 0; i < range->count; i++)
        first = range->part[i].first < first ? range->part[i].first : first;
    return first;
}

bool page_range_has(const struct page_range *range, uint32_t page)
{
    for (size_t i = 0; i < range->count; i++)
        if (page >= range->part[i].first && page <= range->part[i].last)
            return true;
    return range->count == 0;
}
