/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A page's words on the sheet: their boxes, what height is usual, which word stands where, and
 * what resolution the page must have to show words of such a size. Called by ink.c.
 */
#include "ocr/ink_internal.h"

#include "base/memory.h"
#include "base/sort.h"

#include <math.h>
#include <stdlib.h>

enum { TELLING = 5 }; /* so few words say nothing of a page */

/* Across the reading, whatever its direction. */
static float height_of(const struct word *w)
{
    const struct point *c = w->polygon.corner;
    return fminf(point_distance(c[0], c[3]), point_distance(c[1], c[2]));
}

typedef void visit(void *with, const struct word *w);

static void each_word(const struct page *page, visit *run, void *with)
{
    for (size_t b = 0; b < page->block_count; b++)
        for (size_t l = 0; l < page->blocks[b].line_count; l++)
            for (size_t w = 0; w < page->blocks[b].lines[l].word_count; w++)
                run(with, &page->blocks[b].lines[l].words[w]);
}

struct heights {
    float *values;
    size_t count;
};

static void add_height(void *with, const struct word *w)
{
    struct heights *h = with;
    const float height = height_of(w);
    if (height > 0)
        h->values[h->count++] = height;
}

int ink_word_height(const struct page *page, float *height, struct error *err)
{
    struct heights h = {.values = calloc(page_count_words(page) + 1, sizeof *h.values)};
    if (!h.values)
        return error_set(err, ERROR_LIMIT, "no memory to look for rules and pictures");
    each_word(page, add_height, &h);
    sort_floats(h.values, h.count);
    *height = h.count < TELLING ? 0 : h.values[h.count / 2];
    free(h.values);
    return 0;
}

/* A photograph or a scan may say any resolution. Ordinary text has between 7 and 16 points, of
 * which a word's box may be the letters alone. */
float ink_dpi(const struct raster *raster, float word_height)
{
    const float least = 50, most = 1200, smallest_text = 6.5F, largest_text = 16, points = 72;
    float dpi = fminf(fmaxf((float)raster->dpi, least), most);
    if (word_height > 0)
        dpi = fminf(fmaxf(dpi, word_height * points / largest_text),
                    word_height * points / smallest_text);
    return fminf(fmaxf(dpi, least), most);
}

/* The box on the sheet, which may be empty. */
static struct rect on_sheet(const struct ink_sheet *s, const struct quad *on_page)
{
    struct quad q;
    for (int i = 0; i < 4; i++)
        q.corner[i] = ink_to_sheet(s, on_page->corner[i]);
    const struct rect all = rect_of_quad(&q);
    const float width = (float)pixGetWidth(s->rows), height = (float)pixGetHeight(s->rows);
    return (struct rect){fmaxf(all.x1, 0), fmaxf(all.y1, 0), fminf(all.x2, width),
                         fminf(all.y2, height)};
}

struct marking {
    struct ink_sheet *sheet;
    long patience; /* cells that may still be marked: boxes of a whole page can be many */
};

static void add_word(void *with, const struct word *w)
{
    struct marking *m = with;
    struct ink_sheet *s = m->sheet;
    const struct rect at = on_sheet(s, &w->polygon);
    if (!(at.x1 < at.x2 && at.y1 < at.y2))
        return;
    const int left = (int)at.x1 / INK_CELL, right = (int)ceilf(at.x2) / INK_CELL;
    const int top = (int)at.y1 / INK_CELL, bottom = (int)ceilf(at.y2) / INK_CELL;
    const long cells = (long)(right - left + 1) * (bottom - top + 1);
    if (cells > m->patience)
        return;
    m->patience -= cells;
    s->words[s->word_count++] = (struct ink_word){at, w};
    for (int y = top; y <= bottom && y < s->down; y++)
        for (int x = left; x <= right && x < s->across; x++)
            s->marks[(size_t)y * (size_t)s->across + (size_t)x] = (uint32_t)s->word_count;
}

int ink_words(struct ink_sheet *s, struct error *err)
{
    enum { TIMES = 8 }; /* over each other: more than letters ever lie */
    s->across = (pixGetWidth(s->rows) + INK_CELL - 1) / INK_CELL;
    s->down = (pixGetHeight(s->rows) + INK_CELL - 1) / INK_CELL;
    s->marks = calloc((size_t)s->across * (size_t)s->down, sizeof *s->marks);
    s->words = calloc(page_count_words(s->page) + 1, sizeof *s->words);
    if (!s->marks || !s->words)
        return error_set(err, ERROR_LIMIT, "no memory to look for rules and pictures");
    struct marking m = {s, (long)s->across * s->down * TIMES + TIMES};
    each_word(s->page, add_word, &m);
    return 0;
}

const struct ink_word *ink_word_at(const struct ink_sheet *s, float x, float y)
{
    const int column = (int)fmaxf(x, 0) / INK_CELL, row = (int)fmaxf(y, 0) / INK_CELL;
    if (column >= s->across || row >= s->down)
        return NULL;
    const uint32_t mark = s->marks[(size_t)row * (size_t)s->across + (size_t)column];
    return mark ? &s->words[mark - 1] : NULL;
}
