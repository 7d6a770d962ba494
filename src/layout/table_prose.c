/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Running text: three long lines and more, each close below the other, beginning at one edge and
 * filling one measure. No table is looked for in it. Called by table_open.c.
 */
#include "layout/table_zone.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_LINES = 3 };

static const float long_line = 12;   /* units: some 25 letters, half a narrow column */
static const float filled = 0.7F;    /* of the longest line: less is ragged, or a column of names */
static const float same_edge = 0.5F; /* units */
static const float flush_edge = 0.3F;   /* the same, of justified text */
static const float most_leading = 2.4F; /* units from one line to the next */

struct chain {
    struct table_search *search;
    size_t *next; /* the line below, SIZE_MAX for none; by piece */
    bool *is_next;
};

static bool is_long(const struct table_search *f, const struct piece *p)
{
    return p->at.x2 - p->at.x1 >= long_line * f->sheet->unit &&
           table_entry_of(p) == TABLE_ENTRY_TEXT;
}

static bool follows(const struct table_search *f, const struct piece *p, const struct piece *q)
{
    float unit = f->sheet->unit, h = fmaxf(p->height, q->height);
    float leading = table_middle(q->at.y1, q->at.y2) - table_middle(p->at.y1, p->at.y2);
    bool edge =
        fabsf(p->at.x1 - q->at.x1) <= same_edge * unit ||
        (fabsf(p->at.x2 - q->at.x2) <= flush_edge * unit && fabsf(p->at.x1 - q->at.x1) <= 4 * unit);
    return edge && leading > 0.5F * h && leading <= most_leading * h;
}

static void link_lines(struct chain *c)
{
    struct table_search *f = c->search;
    for (size_t i = 0; i < f->count && f->patience >= 0; i++) {
        size_t from = f->by_level[i];
        const struct piece *p = &f->sheet->pieces[from];
        if (p->taken || !is_long(f, p))
            continue;
        for (size_t k = i + 1; k < f->count && --f->patience >= 0; k++) {
            size_t to = f->by_level[k];
            const struct piece *q = &f->sheet->pieces[to];
            if (q->at.y1 > p->at.y2 + p->height)
                break;
            if (q->taken || c->is_next[to] || !follows(f, p, q))
                continue;
            c->next[from] = to;
            c->is_next[to] = true;
            break;
        }
    }
}

static float width_of(const struct chain *c, size_t piece)
{
    const struct rect *at = &c->search->sheet->pieces[piece].at;
    return at->x2 - at->x1;
}

/* Do all lines but the last fill the measure, or most of them end at one edge? */
static bool is_prose(const struct chain *c, size_t head)
{
    const struct piece *pieces = c->search->sheet->pieces;
    size_t lines = 0, full = 0, flush = 0;
    float widest = 0, edge = -INFINITY;
    for (size_t i = head; i != SIZE_MAX; i = c->next[i]) {
        lines++;
        widest = fmaxf(widest, width_of(c, i));
        edge = fmaxf(edge, pieces[i].at.x2);
    }
    for (size_t i = head; i != SIZE_MAX; i = c->next[i]) {
        full += width_of(c, i) >= filled * widest;
        flush += pieces[i].at.x2 > edge - flush_edge * c->search->sheet->unit;
    }
    return lines >= LEAST_LINES && (full * 4 >= (lines - 1) * 3 || flush * 2 >= lines);
}

bool *table_find_prose(struct table_search *f)
{
    size_t n = f->sheet->piece_count;
    struct chain c = {.search = f};
    bool *prose = x_calloc(n + 1, sizeof *prose);
    c.next = x_calloc(n + 1, sizeof *c.next);
    c.is_next = x_calloc(n + 1, sizeof *c.is_next);
    for (size_t i = 0; i < n; i++)
        c.next[i] = SIZE_MAX;
    link_lines(&c);
    for (size_t i = 0; i < n; i++)
        if (!c.is_next[i] && c.next[i] != SIZE_MAX && is_prose(&c, i))
            for (size_t k = i; k != SIZE_MAX; k = c.next[k])
                prose[k] = true;
    free(c.next);
    free(c.is_next);
    return prose;
}
