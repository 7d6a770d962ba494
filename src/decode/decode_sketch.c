/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What of a sketch's ink seems to be lines of text that the layer does not have: low, long heaps of
 * ink with paper all around them. What photographs and charts are made of is larger, or smaller.
 * Called by decode_trust.c.
 */
#include "decode/decode_sketch.h"

#include "base/memory.h"

#include <stdlib.h>

/* Pixels of the sketch, 1.5 points each: lines of type from 5 to 14 points, of a word at least. */
enum { BLANK = 3, LOWEST = 2, HIGHEST = 9, SHORTEST = 10 };

enum { NO_HEAP = UINT32_MAX };

/* Runs of ink that touch; joined leads to the heap that this one became a part of, or to itself. */
struct heap {
    uint32_t x1, y1, x2, y2; /* the last ones excluded */
    uint32_t ink, joined;
};

struct heaps {
    const struct sketch *sketch;
    struct heap *list;
    uint32_t count;
    uint32_t *above, *here; /* per column: the heap in the row above and in the one in hand */
};

static bool is_loose(const struct sketch *s, uint32_t x, uint32_t y)
{
    size_t i = (size_t)y * s->width + x;
    return sketch_is_ink(s, i) && !s->covered[i];
}

static uint32_t root_of(struct heaps *h, uint32_t i)
{
    while (h->list[i].joined != i) {
        h->list[i].joined = h->list[h->list[i].joined].joined;
        i = h->list[i].joined;
    }
    return i;
}

static void join(struct heaps *h, uint32_t one, uint32_t other)
{
    uint32_t from = root_of(h, one), to = root_of(h, other);
    struct heap *a = &h->list[to], *b = &h->list[from];
    if (from == to)
        return;
    a->x1 = a->x1 < b->x1 ? a->x1 : b->x1;
    a->y1 = a->y1 < b->y1 ? a->y1 : b->y1;
    a->x2 = a->x2 > b->x2 ? a->x2 : b->x2;
    a->y2 = a->y2 > b->y2 ? a->y2 : b->y2;
    a->ink += b->ink;
    b->joined = to;
}

/* From its first pixel, over blanks as there are within a line. Returns its end. */
static uint32_t take_run(struct heaps *h, uint32_t first, uint32_t y)
{
    const struct sketch *s = h->sketch;
    const uint32_t own = h->count++;
    struct heap *run = &h->list[own];
    *run = (struct heap){first, y, first, y + 1, 0, own};
    for (uint32_t x = first; x < s->width && x <= run->x2 + BLANK; x++)
        if (is_loose(s, x, y)) {
            run->x2 = x + 1;
            run->ink++;
        }
    const uint32_t end = run->x2;
    for (uint32_t x = first; x < end; x++) {
        h->here[x] = own;
        if (h->above[x] != NO_HEAP)
            join(h, own, h->above[x]);
    }
    return end;
}

static void take_row(struct heaps *h, uint32_t y)
{
    const uint32_t width = h->sketch->width;
    for (uint32_t x = 0; x < width;) {
        h->here[x] = NO_HEAP;
        x = is_loose(h->sketch, x, y) ? take_run(h, x, y) : x + 1;
    }
    uint32_t *above = h->above;
    h->above = h->here;
    h->here = above;
}

static bool is_line(const struct heap *h)
{
    uint32_t width = h->x2 - h->x1, height = h->y2 - h->y1;
    return height >= LOWEST && height <= HIGHEST && width >= SHORTEST && width >= 2 * height;
}

size_t sketch_loose_lines(const struct sketch *s)
{
    /* Between two runs of a row there is more than a blank. */
    const size_t most = (size_t)s->height * (s->width / (BLANK + 1) + 1);
    struct heaps h = {.sketch = s,
                      .list = x_calloc(most, sizeof *h.list),
                      .above = x_calloc(s->width, sizeof *h.above),
                      .here = x_calloc(s->width, sizeof *h.here)};
    size_t ink = 0;
    for (uint32_t x = 0; x < s->width; x++)
        h.above[x] = NO_HEAP;
    for (uint32_t y = 0; y < s->height; y++)
        take_row(&h, y);
    for (uint32_t i = 0; i < h.count; i++)
        ink += h.list[i].joined == i && is_line(&h.list[i]) ? h.list[i].ink : 0;
    free(h.list);
    free(h.above);
    free(h.here);
    return ink;
}
