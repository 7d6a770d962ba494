/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Morphology with long straight bricks on a sheet of bits, kept in Leptonica's picture. Its own
 * openings take as long as everything else here together: a brick of n is made of some log n
 * shifts here, done on a row while that is in the nearest cache. Called by the other parts of ink.
 */
#include "ocr/ink_internal.h"

#include "base/memory.h"
#include "ocr/simd.h"

#include <stdlib.h>
#include <string.h>

enum { WORD = 32 }; /* Leptonica's words; their highest bit is the leftmost pixel */

struct rows {
    uint32_t *data;
    int words, count;
};

static struct rows rows_of(const struct Pix *bits)
{
    struct Pix *pix = (struct Pix *)(uintptr_t)bits;
    return (struct rows){pixGetData(pix), pixGetWpl(pix), pixGetHeight(pix)};
}

static uint32_t *row_at(const struct rows *r, int y)
{
    return r->data + (size_t)y * (size_t)r->words;
}

/* ---- rows of words ---- */

SIMD static void and_words(uint32_t *to, const uint32_t *with, int n)
{
    for (int i = 0; i < n; i++)
        to[i] &= with[i];
}

SIMD static void or_words(uint32_t *to, const uint32_t *with, int n)
{
    for (int i = 0; i < n; i++)
        to[i] |= with[i];
}

SIMD static void and_not_words(uint32_t *to, const uint32_t *with, int n)
{
    for (int i = 0; i < n; i++)
        to[i] &= ~with[i];
}

SIMD static uint32_t any_word(const uint32_t *row, int n)
{
    uint32_t any = 0;
    for (int i = 0; i < n; i++)
        any |= row[i];
    return any;
}

/* Two words beside each other, moved by less than a word; the upper or the lower half of them. */
static uint32_t moved(uint32_t left, uint32_t right, int by)
{
    return (uint32_t)((((uint64_t)left << WORD) | right) >> by);
}

/* Each pixel and the one `by` to its right, which is white beyond the row. */
SIMD static void and_right(uint32_t *row, int n, int by)
{
    const int skip = by / WORD, bits = by % WORD, whole = n - skip - 1;
    for (int i = 0; i < whole; i++)
        row[i] &= moved(row[i + skip], row[i + skip + 1], WORD - bits);
    if (whole >= 0)
        row[whole] &= moved(row[n - 1], 0, WORD - bits);
    for (int i = whole < 0 ? 0 : whole + 1; i < n; i++)
        row[i] = 0;
}

/* Each pixel or the one `by` to its left; before `from` there is white. */
SIMD static void or_left(uint32_t *to, const uint32_t *from, int n, int by)
{
    const int skip = by / WORD, bits = by % WORD;
    if (skip < n)
        to[skip] |= moved(0, from[0], bits);
    for (int i = skip + 1; i < n; i++)
        to[i] |= moved(from[i - skip - 1], from[i - skip], bits);
}

void ink_shift(struct Pix *bits, int y, int by)
{
    const struct rows r = rows_of(bits);
    uint32_t *row = row_at(&r, y);
    const int skip = by / WORD, odd = by % WORD;
    for (int i = r.words - 1; i >= 0; i--)
        row[i] = moved(i > skip ? row[i - skip - 1] : 0, i >= skip ? row[i - skip] : 0, odd);
}

/* ---- bricks ---- */

/* Steps that double what is covered until it is n. */
static int next_step(int covered, int n)
{
    return covered < n - covered ? covered : n - covered;
}

static void shrink_rows(struct Pix *bits, int n)
{
    const struct rows r = rows_of(bits);
    for (int y = 0; y < r.count; y++)
        for (int covered = 1; covered < n; covered += next_step(covered, n))
            and_right(row_at(&r, y), r.words, next_step(covered, n));
}

static void grow_rows(struct Pix *bits, int n)
{
    const struct rows r = rows_of(bits);
    const size_t bytes = (size_t)r.words * sizeof(uint32_t);
    uint32_t *copy = x_calloc((size_t)r.words, sizeof *copy);
    for (int y = 0; y < r.count; y++) {
        uint32_t *row = row_at(&r, y);
        for (int covered = 1; covered < n && any_word(row, r.words);
             covered += next_step(covered, n)) {
            memcpy(copy, row, bytes);
            or_left(row, copy, r.words, next_step(covered, n));
        }
    }
    free(copy);
}

static void shrink_columns(struct Pix *bits, int n)
{
    const struct rows r = rows_of(bits);
    for (int covered = 1; covered < n; covered += next_step(covered, n)) {
        const int by = next_step(covered, n);
        for (int y = 0; y + by < r.count; y++)
            and_words(row_at(&r, y), row_at(&r, y + by), r.words);
        for (int y = r.count > by ? r.count - by : 0; y < r.count; y++)
            memset(row_at(&r, y), 0, (size_t)r.words * sizeof(uint32_t));
    }
}

static void grow_columns(struct Pix *bits, int n)
{
    const struct rows r = rows_of(bits);
    for (int covered = 1; covered < n; covered += next_step(covered, n)) {
        const int by = next_step(covered, n);
        for (int y = r.count - 1; y >= by; y--)
            or_words(row_at(&r, y), row_at(&r, y - by), r.words);
    }
}

static void shrink(struct Pix *bits, int n, bool vertical)
{
    if (vertical)
        shrink_columns(bits, n);
    else
        shrink_rows(bits, n);
}

void ink_grow(struct Pix *bits, int n, bool vertical)
{
    if (vertical)
        grow_columns(bits, n + 1);
    else
        grow_rows(bits, n + 1);
}

void ink_keep_long(struct Pix *bits, int n, bool vertical)
{
    shrink(bits, n, vertical);
    ink_grow(bits, n - 1, vertical);
}

/* What a row grows into beyond the page's width is none of its ink. */
void ink_bridge(struct Pix *bits, int n, bool vertical)
{
    ink_grow(bits, n, vertical);
    shrink(bits, n + 1, vertical);
    pixSetPadBits(bits, 0);
}

void ink_put_on(struct Pix *bits, const struct Pix *others)
{
    const struct rows to = rows_of(bits), from = rows_of(others);
    for (int y = 0; y < to.count; y++)
        or_words(row_at(&to, y), row_at(&from, y), to.words);
}

SIMD static void take_off_left(uint32_t *to, const uint32_t *others, int n, int by)
{
    for (int i = 0; i + 1 < n; i++)
        to[i] &= ~moved(others[i], others[i + 1], WORD - by);
    to[n - 1] &= ~moved(others[n - 1], 0, WORD - by);
}

void ink_take_off(struct Pix *bits, const struct Pix *others, int by, bool vertical)
{
    const struct rows to = rows_of(bits), from = rows_of(others);
    for (int y = 0; y + (vertical ? by : 0) < to.count; y++)
        if (vertical)
            and_not_words(row_at(&to, y), row_at(&from, y + by), to.words);
        else
            take_off_left(row_at(&to, y), row_at(&from, y), to.words, by);
}
