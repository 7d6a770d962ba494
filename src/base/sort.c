/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Sorting and grouping. Called by layout and ocr.
 */
#include "base/sort.h"

#include <stdlib.h>

static int compare_floats(const void *a, const void *b)
{
    const float one = *(const float *)a, other = *(const float *)b;
    return (one > other) - (one < other);
}

void sort_floats(float *values, size_t count)
{
    if (count)
        qsort(values, count, sizeof *values, compare_floats);
}

size_t sort_root(size_t *parent, size_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

void sort_unite(size_t *parent, size_t a, size_t b)
{
    size_t one = sort_root(parent, a), other = sort_root(parent, b);
    parent[one > other ? one : other] = one > other ? other : one;
}
