/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Rows and parts of a layout in the making. Called by its steps.
 */
#include "layout/draft.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENOUGH_PIECES = 400 }; /* tell the direction of a page's writing */

static const float form_hole = 2;  /* units: wider holes in a row are not between words */
static const float few_pixels = 3; /* what a detector rounds to */
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

int draft_add_rows(struct draft *d, const size_t *pieces, size_t n)
{
    struct arena *arena = d->sheet->arena;
    struct layout_box *boxes = arena_alloc(arena, n, sizeof *boxes);
    struct layout_place *places = arena_alloc(arena, n, sizeof *places);
    size_t *sorted = arena_alloc(arena, n, sizeof *sorted);
    if (!boxes || !places || !sorted)
        return -1;
    for (size_t i = 0; i < n; i++)
        boxes[i].at = mirrored(d, d->sheet->pieces[pieces[i]].at);
    layout_order(boxes, n, places);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && places[end].row == places[i].row; end++)
            sorted[end] = pieces[places[end].box];
        if (!draft_add_row(d, sorted + i, end - i))
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
