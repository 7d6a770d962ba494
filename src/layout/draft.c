/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Rows and parts of a layout in the making. Called by its steps.
 */
#include "layout/draft.h"

#include "base/memory.h"
#include "base/must.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENOUGH_PIECES = 400 }; /* tell the direction of a page's writing */

static const float form_hole = 2;       /* units: wider holes in a row are not between words */
static const float widest_blank = 0.6F; /* units: between what was cut at a blank */
static const float same_line = 0.6F;    /* of the lower one's height */
static const float few_pixels = 3;      /* what a detector rounds to */
static const float least_ordinary = 0.82F, most_ordinary = 1.25F; /* heights of type, units */

float rect_width(const struct rect *r)
{
    return r->x2 - r->x1;
}

float rect_height(const struct rect *r)
{
    return r->y2 - r->y1;
}

float rect_area(const struct rect *r)
{
    return rect_width(r) * rect_height(r);
}

float rect_overlap_x(const struct rect *a, const struct rect *b)
{
    return fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1);
}

float rect_overlap_y(const struct rect *a, const struct rect *b)
{
    return fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1);
}

float rect_shared(const struct rect *a, const struct rect *b)
{
    return fmaxf(rect_overlap_x(a, b), 0) * fmaxf(rect_overlap_y(a, b), 0);
}

void *draft_append(struct draft *d, void *list, size_t *count, size_t *space, size_t size)
{
    if (*count == *space) {
        size_t more = *space ? 2 * *space : 64;
        void *larger = arena_alloc(d->sheet->arena, more, size);
        if (!larger)
            return NULL;
        if (*count)
            memcpy(larger, list, *count * size);
        list = larger;
        *space = more;
    }
    ++*count;
    return list;
}

struct part *draft_add_part(struct draft *d, enum block_type type, struct rect at)
{
    void *list = draft_append(d, d->parts, &d->part_count, &d->part_space, sizeof *d->parts);
    if (!list)
        return NULL;
    d->parts = list;
    struct part *p = &d->parts[d->part_count - 1];
    *p = (struct part){.type = type,
                       .place = PLACE_BODY,
                       .rank = DRAFT_NONE,
                       .order = -1,
                       .at = at,
                       .first = d->row_count,
                       .column = DRAFT_NONE,
                       .caption = DRAFT_NONE};
    return p;
}

/* ---- rows ---- */

static size_t text_room(const struct draft *d, const size_t *pieces, size_t n)
{
    size_t room = 1;
    for (size_t i = 0; i < n; i++) {
        const struct piece *p = &d->sheet->pieces[pieces[i]];
        room += strlen(p->from->text) + 1;
        for (size_t w = 0; p->count < p->from->word_count && w < p->count; w++)
            room += strlen(p->from->words[p->first + w].text) + 1;
    }
    return room;
}

static char *put_piece(char *at, const struct piece *p)
{
    if (p->count == p->from->word_count)
        return stpcpy(at, p->from->text);
    for (size_t w = 0; w < p->count; w++) {
        if (w)
            *at++ = ' ';
        at = stpcpy(at, p->from->words[p->first + w].text);
    }
    return at;
}

/* In the page's arena: it becomes the line's text. That of a whole line is already there. */
static const char *row_text(const struct draft *d, const size_t *pieces, size_t n)
{
    const struct piece *first = &d->sheet->pieces[pieces[0]];
    if (n == 1 && first->count == first->from->word_count)
        return first->from->text;
    char *text = arena_alloc(d->sheet->page->arena, text_room(d, pieces, n), 1), *at = text;
    for (size_t i = 0; text && i < n; i++) {
        if (i)
            *at++ = ' ';
        at = put_piece(at, &d->sheet->pieces[pieces[i]]);
    }
    return text;
}

/* What was measured on ink is hardly better than that: nearly ordinary is ordinary. */
static float type_height(const struct sheet *s, const struct piece *p)
{
    bool ordinary = p->height > fminf(least_ordinary * s->unit, s->unit - few_pixels) &&
                    p->height < fmaxf(most_ordinary * s->unit, s->unit + few_pixels);
    return ordinary && p->from->font_size <= 0 ? s->unit : p->height;
}

static void measure_row(const struct draft *d, struct row *row, const size_t *pieces)
{
    float widest = -1;
    for (size_t i = 0; i < row->count; i++) {
        const struct piece *p = &d->sheet->pieces[pieces[i]];
        float hole = i ? -rect_overlap_x(&row->at, &p->at) : 0;
        row->at = i ? rect_union(row->at, p->at) : p->at;
        row->hole = fmaxf(row->hole, hole);
        row->vertical = row->vertical || p->vertical;
        if (rect_width(&p->at) > widest) {
            widest = rect_width(&p->at);
            row->height = type_height(d->sheet, p);
            row->style = p->from->style;
        }
    }
    row->holes = row->hole > form_hole * d->sheet->unit;
    row->begin = d->mirrored ? -row->at.x2 : row->at.x1;
    row->end = d->mirrored ? -row->at.x1 : row->at.x2;
}

struct row *draft_add_row(struct draft *d, const size_t *pieces, size_t n)
{
    struct row row = {.first = d->piece_count, .count = n};
    row.text = row_text(d, pieces, n);
    void *list =
        row.text ? draft_append(d, d->rows, &d->row_count, &d->row_space, sizeof row) : NULL;
    if (!list)
        return NULL;
    d->rows = list;
    for (size_t i = 0; i < n; i++) {
        void *more =
            draft_append(d, d->pieces, &d->piece_count, &d->piece_space, sizeof *d->pieces);
        if (!more)
            return NULL;
        d->pieces = more;
        d->pieces[d->piece_count - 1] = pieces[i];
        d->sheet->pieces[pieces[i]].taken = true;
    }
    measure_row(d, &row, pieces);
    d->rows[d->row_count - 1] = row;
    return &d->rows[d->row_count - 1];
}

static struct rect mirrored(const struct draft *d, struct rect r)
{
    return d->mirrored ? (struct rect){-r.x2, r.y1, -r.x1, r.y2} : r;
}

/* As they were found: a line's words in its order. */
static int compare_found(const void *a, const void *b, void *sheet)
{
    const struct sheet *s = sheet;
    const struct piece *one = &s->pieces[*(const size_t *)a];
    const struct piece *other = &s->pieces[*(const size_t *)b];
    if (one->found != other->found)
        return one->found < other->found ? -1 : 1;
    return one->first < other->first ? -1 : one->first > other->first;
}

static bool goes_on(const struct draft *d, const struct piece *a, const struct piece *b)
{
    float height = fminf(rect_height(&a->at), rect_height(&b->at));
    float gap = d->mirrored ? a->at.x1 - b->at.x2 : b->at.x1 - a->at.x2;
    return a->from->font_size > 0 && b->from->font_size > 0 && !a->vertical && !b->vertical &&
           rect_overlap_y(&a->at, &b->at) >= same_line * height &&
           gap < widest_blank * d->sheet->unit && gap > -widest_blank * d->sheet->unit;
}

size_t draft_find_runs(const struct draft *d, size_t *pieces, size_t n, struct run *out)
{
    const struct sheet *s = d->sheet;
    size_t runs = 0;
    if (n)
        qsort_r(pieces, n, sizeof *pieces, compare_found, d->sheet);
    for (size_t i = 0; i < n; i++) {
        const struct rect at = mirrored(d, s->pieces[pieces[i]].at);
        if (i && goes_on(d, &s->pieces[pieces[i - 1]], &s->pieces[pieces[i]])) {
            out[runs - 1].at = rect_union(out[runs - 1].at, at);
            out[runs - 1].count++;
        } else {
            out[runs++] = (struct run){at, i, 1};
        }
    }
    return runs;
}

int draft_add_rows(struct draft *d, size_t *pieces, size_t n)
{
    struct arena *arena = d->sheet->arena;
    struct run *runs = arena_alloc(arena, n, sizeof *runs);
    struct layout_box *boxes = arena_alloc(arena, n, sizeof *boxes);
    struct layout_place *places = arena_alloc(arena, n, sizeof *places);
    size_t *row = arena_alloc(arena, n, sizeof *row);
    if (!runs || !boxes || !places || !row)
        return -1;
    size_t count = draft_find_runs(d, pieces, n, runs);
    for (size_t i = 0; i < count; i++)
        boxes[i].at = runs[i].at;
    layout_order(boxes, count, places);
    for (size_t i = 0, end; i < count; i = end) {
        size_t loose = 0;
        for (end = i; end < count && places[end].row == places[i].row; end++) {
            const struct run *run = &runs[places[end].box];
            memcpy(row + loose, pieces + run->first, run->count * sizeof *row);
            loose += run->count;
        }
        if (!draft_add_row(d, row, loose))
            return -1;
    }
    return 0;
}

/* ---- parts ---- */

const struct row *draft_first_row(const struct draft *d, const struct part *p)
{
    return p->count ? &d->rows[p->first] : NULL;
}

const struct row *draft_last_row(const struct draft *d, const struct part *p)
{
    return p->count ? &d->rows[p->first + p->count - 1] : NULL;
}

void draft_measure_part(struct draft *d, struct part *p)
{
    float widest = -1;
    for (size_t i = 0; i < p->count; i++) {
        const struct row *row = &d->rows[p->first + i];
        p->at = i ? rect_union(p->at, row->at) : row->at;
        if (rect_width(&row->at) > widest) {
            widest = rect_width(&row->at);
            p->height = row->height;
        }
    }
    if (p->count)
        p->mark = wording_mark(d->rows[p->first].text);
}

void draft_absorb(struct part *a, struct part *b)
{
    must(b->first == a->first + a->count);
    a->count += b->count;
    a->at = rect_union(a->at, b->at);
    b->count = 0;
    b->gone = true;
}

void draft_drop_gone(struct draft *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->part_count; i++)
        if (!d->parts[i].gone)
            d->parts[kept++] = d->parts[i];
    d->part_count = kept;
}

static bool is_rightward(const struct sheet *s)
{
    long sum = 0;
    size_t step = s->piece_count / ENOUGH_PIECES + 1;
    for (size_t i = 0; i < s->piece_count; i += step)
        sum += wording_rightward(s->pieces[i].from->text);
    return sum > 0;
}

int draft_open(struct draft *d, struct sheet *s)
{
    *d = (struct draft){.sheet = s, .body = s->unit, .mirrored = is_rightward(s)};
    d->owner_count = s->piece_count;
    d->owner = arena_alloc(s->arena, s->piece_count, sizeof *d->owner);
    if (!d->owner)
        return -1;
    for (size_t i = 0; i < s->piece_count; i++)
        d->owner[i] = DRAFT_NONE;
    return 0;
}
