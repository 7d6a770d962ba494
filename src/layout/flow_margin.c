/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Running headers, footers and page numbers: what stands at about the same height in the margins of
 * several pages near each other and reads about the same, digits aside, or is a number that grows
 * with the pages. One page's margins are looked at in constant space; two are compared in constant
 * time. Called through flow.h.
 */
#include "layout/flow.h"

#include "base/letter.h"
#include "base/utf8.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEEDED = 2,        /* pages beside it on which a line repeats */
    EDGE_LINES = 4,    /* a running header has so many at most */
    BARE_LETTERS = 10, /* beside a page's number: "Page 3 of 90", "- iv -" */
    SHORT = 8,         /* letters: shorter texts must be the same, of longer ones … */
    MISREAD = 8,       /* … one letter in so many may differ */
    NUMBER_MOST = 99999,
};

static const float margin = 0.16F;      /* of the page's height: narrow books begin so low */
static const float same_place = 0.015F; /* of the page's height: scans shift by so much */
static const float large_type = 1.5F;   /* times the mean height of the page's lines */

/* ---- looking ---- */

/* The block from top to bottom as parts of the upright page's height. */
static void upright_span(const struct page *p, const struct rect *r, float *from, float *to)
{
    const float w = (float)p->width, h = (float)p->height;
    const float spans[4][2] = {{r->y1 / h, r->y2 / h},
                               {r->x1 / w, r->x2 / w},
                               {1 - r->y2 / h, 1 - r->y1 / h},
                               {1 - r->x2 / w, 1 - r->x1 / w}};
    const float *span = spans[(unsigned)p->rotation / 90 % 4];
    *from = span[0];
    *to = span[1];
}

static bool may_run(const struct block *b)
{
    switch (b->type) {
    case BLOCK_TABLE:
    case BLOCK_TABLE_CAPTION:
    case BLOCK_FIGURE:
    case BLOCK_FIGURE_CAPTION:
    case BLOCK_FORMULA:
    case BLOCK_FOOTNOTE:
    case BLOCK_CODE:
        return false;
    default:
        return b->line_count > 0 && b->line_count <= EDGE_LINES;
    }
}

/* A word of Roman digits, all small or all capitals; else −1. */
static int roman_number(const char *s, size_t len)
{
    static const char digits[] = "ivxlcdmIVXLCDM";
    static const int values[] = {1, 5, 10, 50, 100, 500, 1000};
    int sum = 0, last = INT_MAX;
    if (len == 0 || len > 12)
        return -1;
    for (size_t i = 0; i < len; i++) {
        const char *digit = memchr(digits, s[i], sizeof digits - 1);
        if (!digit || (*digit >= 'a') != (s[0] >= 'a'))
            return -1;
        int value = values[(digit - digits) % 7];
        sum += value > last ? value - 2 * last : value;
        last = value;
    }
    return sum;
}

static int arabic_number(const char *s)
{
    long n = strtol(s, NULL, 10);
    return n <= NUMBER_MOST ? (int)n : -1;
}

/* Adds a line's letters; blanks and the length of numbers do not count. */
static void add_text(struct flow_edge *e, const char *s)
{
    size_t len = strnlen(s, 4 * FLOW_LETTERS);
    bool in_number = false;
    while (len && e->letters < FLOW_LETTERS) {
        uint32_t c = 0;
        size_t n = utf8_decode(s, len, &c);
        bool digit = letter_is_digit(c);
        if (digit && !in_number && e->number < 0)
            e->number = arabic_number(s);
        if (c > ' ' && !(digit && in_number))
            e->text[e->letters++] = digit ? '0' : (unsigned short)(c <= USHRT_MAX ? c : USHRT_MAX);
        in_number = digit;
        s += n ? n : 1;
        len -= n ? n : 1;
    }
}

/* A lone Roman number reads as no number so far. */
static void add_roman(struct flow_edge *e, const struct line *l)
{
    const char *s = l->text + strspn(l->text, " -.[(");
    size_t len = strcspn(s, " -.])");
    int value = s[len + strspn(s + len, " -.])")] ? -1 : roman_number(s, len);
    if (value < 0)
        return;
    e->number = value;
    e->bare = true;
}

static float line_height(const struct line *l)
{
    return point_distance(l->polygon.corner[0], l->polygon.corner[3]);
}

static float mean_height(const struct page *p)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < p->block_count; i++)
        for (size_t k = 0; k < p->blocks[i].line_count; k++, n++)
            sum += (double)line_height(&p->blocks[i].lines[k]);
    return n ? (float)(sum / (double)n) : 0;
}

static bool look_at(const struct page *p, size_t block, float ordinary, struct flow_edge *e)
{
    const struct block *b = &p->blocks[block];
    float from, to;
    upright_span(p, &b->bbox, &from, &to);
    *e = (struct flow_edge){
        .block = block, .at = (from + to) / 2, .height = to - from, .number = -1};
    e->large = line_height(&b->lines[0]) > large_type * ordinary;
    e->top = to <= margin;
    if (!e->top && !(from >= 1 - margin))
        return false;
    for (size_t i = 0; i < b->line_count; i++)
        add_text(e, b->lines[i].text);
    e->bare = e->number >= 0 && e->letters <= BARE_LETTERS;
    if (e->number < 0 && b->line_count == 1)
        add_roman(e, &b->lines[0]);
    return e->letters > 0;
}

/* Of each margin the blocks that stand outermost. */
static void keep(struct flow_margins *m, const struct flow_edge *e)
{
    size_t inner = SIZE_MAX, same = 0;
    for (size_t i = 0; i < m->count; i++) {
        if (m->edges[i].top != e->top)
            continue;
        same++;
        if (inner == SIZE_MAX ||
            (e->top ? m->edges[i].at > m->edges[inner].at : m->edges[i].at < m->edges[inner].at))
            inner = i;
    }
    if (same < FLOW_EDGES)
        m->edges[m->count++] = *e;
    else if (e->top ? e->at < m->edges[inner].at : e->at > m->edges[inner].at)
        m->edges[inner] = *e;
}

void flow_look(const struct page *page, struct flow_margins *out)
{
    struct flow_edge edge;
    const float ordinary = mean_height(page);
    out->page = page->number;
    out->count = 0;
    for (size_t i = 0; i < page->block_count; i++)
        if (may_run(&page->blocks[i]) && look_at(page, i, ordinary, &edge))
            keep(out, &edge);
}

/* ---- comparing ---- */

/* How many letters must be changed, put in or left out. */
static size_t text_distance(const struct flow_edge *a, const struct flow_edge *b)
{
    size_t row[FLOW_LETTERS + 1];
    for (size_t j = 0; j <= b->letters; j++)
        row[j] = j;
    for (size_t i = 1; i <= a->letters; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b->letters; j++) {
            size_t changed = corner + (a->text[i - 1] != b->text[j - 1]);
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            corner = row[j];
            row[j] = changed < other ? changed : other;
        }
    }
    return row[b->letters];
}

static bool same_text(const struct flow_edge *a, const struct flow_edge *b)
{
    size_t longer = a->letters > b->letters ? a->letters : b->letters;
    size_t shorter = a->letters + b->letters - longer;
    size_t wrong = longer < SHORT ? 0 : longer / MISREAD;
    return longer - shorter <= wrong && text_distance(a, b) <= wrong;
}

static bool same_letters(const struct flow_edge *a, const struct flow_edge *b)
{
    return a->letters == b->letters && memcmp(a->text, b->text, a->letters * sizeof *a->text) == 0;
}

static bool same_spot(const struct flow_edge *a, const struct flow_edge *b)
{
    return a->top == b->top && fabsf(a->at - b->at) <= same_place &&
           fabsf(a->height - b->height) <= same_place;
}

/* Pages near it, by what stands at the same height: anything, the same text, the same to the letter
 * on the next page of the same side, a number that goes on. */
struct votes {
    size_t spot, text, side, number;
};

static struct votes vote(const struct flow_edge *e, int page, const struct flow_margins *other)
{
    struct votes v = {0};
    const int away = other->page - page;
    for (size_t i = 0; i < other->count; i++) {
        const struct flow_edge *o = &other->edges[i];
        if (!same_spot(e, o))
            continue;
        v.spot = 1;
        v.text |= same_text(e, o);
        v.side |= abs(away) == 2 && e->letters >= SHORT && same_letters(e, o);
        v.number |= e->number >= 0 && o->number >= 0 && o->number - e->number == away;
    }
    return v;
}

static struct votes count_votes(const struct flow_edge *e, int page,
                                const struct flow_margins *const *around, size_t count)
{
    struct votes sum = {0};
    for (size_t i = 0; i < count; i++) {
        const struct votes v = vote(e, page, around[i]);
        sum.spot += v.spot;
        sum.text += v.text;
        sum.side += v.side;
        sum.number += v.number;
    }
    return sum;
}

static enum block_type judge(const struct block *b, const struct flow_edge *e,
                             const struct votes *v, size_t pages)
{
    const size_t few = pages < NEEDED ? pages : NEEDED;
    const bool repeats = v->text >= NEEDED || (v->side && v->spot >= NEEDED);
    if (e->bare && few && v->number >= few)
        return BLOCK_PAGE_NUMBER;
    if (!repeats || e->large || b->type == BLOCK_PAGE_NUMBER)
        return b->type;
    return e->top ? BLOCK_HEADER : BLOCK_FOOTER;
}

static bool is_margin(enum block_type type)
{
    return type == BLOCK_HEADER || type == BLOCK_FOOTER || type == BLOCK_PAGE_NUMBER;
}

/* A page that would be all margin is no page of running text: its text stays what it is. */
static bool has_body(const struct page *page, const enum block_type *types,
                     const struct flow_margins *own)
{
    size_t other = 0;
    for (size_t i = 0; i < page->block_count; i++) {
        const struct block *b = &page->blocks[i];
        other += !is_margin(b->type) && (b->line_count || b->type == BLOCK_FIGURE);
    }
    for (size_t i = 0; i < own->count; i++)
        other -= is_margin(types[i]) && !is_margin(page->blocks[own->edges[i].block].type);
    return other > 0;
}

static bool mark_margins(struct page *page, const struct flow_margins *own,
                         const struct flow_margins *const *around, size_t count)
{
    enum block_type types[2 * FLOW_EDGES];
    bool changed = false;
    for (size_t i = 0; i < own->count; i++) {
        const struct flow_edge *e = &own->edges[i];
        struct votes v = count_votes(e, own->page, around, count);
        types[i] = judge(&page->blocks[e->block], e, &v, count);
        changed = changed || types[i] != page->blocks[e->block].type;
    }
    if (!changed || !has_body(page, types, own))
        return false;
    for (size_t i = 0; i < own->count; i++) {
        struct block *b = &page->blocks[own->edges[i].block];
        if (types[i] != b->type) {
            b->type = types[i];
            b->level = 0;
            b->continues = b->continued = false;
        }
    }
    return true;
}

/* The page's own joins need both sides on it, in its running text. */
static bool mend_joins(struct page *page)
{
    struct block *open = NULL;
    bool changed = false;
    for (size_t i = 0; i < page->block_count; i++) {
        struct block *b = &page->blocks[i];
        const bool continued = b->continued, continues = b->continues, aside = flow_is_aside(b);
        b->continued = continued && open && open->type == b->type && !aside;
        b->continues = continues && !aside;
        changed = changed || b->continued != continued || b->continues != continues;
        open = b->continued ? NULL : open;
        if (b->continues && open) {
            open->continues = false;
            changed = true;
        }
        open = b->continues ? b : open;
    }
    if (open)
        open->continues = false;
    return changed || open;
}

bool flow_mark(struct page *page, const struct flow_margins *own,
               const struct flow_margins *const *around, size_t count)
{
    bool marked = mark_margins(page, own, around, count);
    return mend_joins(page) || marked;
}
