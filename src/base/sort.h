/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Sorting what is sorted in many places.
 */
#ifndef BASE_SORT_H
#define BASE_SORT_H

#include <stddef.h>

void sort_floats(float *values, size_t count); /* rising; none of them is NaN */

/* Sets of indices that are joined, as a forest: parent[i] == i at first. The root of a set is its
 * least member. */
size_t sort_root(size_t *parent, size_t i);
void sort_unite(size_t *parent, size_t a, size_t b);

#endif
