/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A page's lines as pieces on an upright sheet, and the size of their type. Refuses nothing but a
 * full arena; what engines report outside the page is drawn to its edge. Called by layout.c and
 * table.c. Rules, pictures and regions: sheet_hints.c.
 */
#include "layout/sheet_internal.h"

#include "base/sort.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_CAP = 256 << 20 }; /* what PAGE_MAX_WORDS pieces, their rows and cells may need */

/* A hole in a line: wider than the type is high, and by so much than the line's smaller blanks.
 * What is wider than any line is set to fill its measure is one, whatever the others are: in a
 * table most blanks of a line can be between columns. */
static const float hole_height = 1, hole_blanks = 2.2F, always_hole = 2;
enum { SMALLER = 3 }; /* a third of the blanks are no wider */

/* Heights over that of the type, as in most Latin faces. */
static const float x_height = 0.5F, ascent = 0.22F, descent = 0.22F;
static const float tallest_word = 1.3F; /* times its type */
static const float level_words = 1.03F; /* one height over the other: the engine's, not the ink's */

static size_t count_letters(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static struct turn_line shape_of(const struct line *l)
{
    return (struct turn_line){l->polygon, count_letters(l->text)};
}

static size_t count_lines(const struct page *page)
{
    size_t n = 0;
    for (size_t b = 0; b < page->block_count; b++)
        n += page->blocks[b].line_count;
    return n;
}

static int find_turn(struct sheet *s, const struct page *page)
{
    size_t count = count_lines(page), n = 0;
    struct turn_line *lines = arena_alloc(s->arena, count, sizeof *lines);
    if (!lines)
        return -1;
    for (size_t b = 0; b < page->block_count; b++)
        for (size_t i = 0; i < page->blocks[b].line_count; i++)
            lines[n++] = shape_of(&page->blocks[b].lines[i]);
    s->turn = (struct turn){(float)page->width, (float)page->height,
                            ((page->rotation / 90) % 4 + 4) % 4, 1, 0};
    turn_find(&s->turn, lines, n);
    s->width = turn_sheet_width(&s->turn);
    s->height = turn_sheet_height(&s->turn);
    return 0;
}

/* ---- pieces ---- */

static struct piece *append_piece(struct sheet *s)
{
    if (s->piece_count == s->piece_space) {
        size_t space = s->piece_space ? 2 * s->piece_space : 256;
        struct piece *more = arena_alloc(s->arena, space, sizeof *more);
        if (!more)
            return NULL;
        if (s->piece_count)
            memcpy(more, s->pieces, s->piece_count * sizeof *more);
        s->pieces = more;
        s->piece_space = space;
    }
    return &s->pieces[s->piece_count++];
}

static struct rect word_at(const struct sheet *s, const struct line *l, size_t word)
{
    return turn_upright(&s->turn, &l->words[word].polygon);
}

static struct rect words_at(const struct sheet *s, const struct line *l, size_t first, size_t count)
{
    struct rect r = word_at(s, l, first);
    for (size_t i = 1; i < count; i++)
        r = rect_union(r, word_at(s, l, first + i));
    return r;
}

static float gap_between(const struct rect *a, const struct rect *b, bool vertical)
{
    float gap = vertical ? fmaxf(a->y1, b->y1) - fminf(a->y2, b->y2)
                         : fmaxf(a->x1, b->x1) - fminf(a->x2, b->x2);
    return fmaxf(gap, 0);
}

/* The rects of a line's words and the gaps before them (0 for the first), as scratch. */
struct spacing {
    struct rect *at;
    float *gaps, *sorted;
    size_t space;
};

static int make_room(struct sheet *s, struct spacing *sp, size_t n)
{
    if (n <= sp->space)
        return 0;
    sp->space = 2 * n;
    sp->at = arena_alloc(s->arena, sp->space, sizeof *sp->at);
    sp->gaps = arena_alloc(s->arena, sp->space, sizeof *sp->gaps);
    sp->sorted = arena_alloc(s->arena, sp->space, sizeof *sp->sorted);
    return sp->at && sp->gaps && sp->sorted ? 0 : -1;
}

/* What one of `parts` of the values is below: 2 for the median. */
static float quantile_of(struct spacing *sp, const float *values, size_t n, size_t parts)
{
    if (n == 0)
        return 0;
    memcpy(sp->sorted, values, n * sizeof *values);
    sort_floats(sp->sorted, n);
    return sp->sorted[n / parts];
}

/* ---- size of type ---- */

/* The part of the type's height that the ink of a word takes: "on" less than "only". Other scripts
 * than Latin are taken for full. */
static float ink_share(const char *text)
{
    bool high = false, low = false;
    for (const char *c = text; *c; c++) {
        high = high || !strchr("acegmnopqrsuvwxyz.,:;-_", *c);
        low = low || strchr("gjpqy(){}[]|,;Q", *c);
        if ((unsigned char)*c >= 0x80)
            return x_height + ascent + descent;
    }
    return x_height + (high ? ascent : 0) + (low ? descent : 0);
}

/* The engine gives every word of a line the height of the line. */
static bool words_are_level(const struct sheet *s, const struct line *l)
{
    struct rect first = word_at(s, l, 0);
    float least = first.y2 - first.y1, most = least;
    for (size_t i = 1; i < l->word_count; i++) {
        struct rect r = word_at(s, l, i);
        least = fminf(least, r.y2 - r.y1);
        most = fmaxf(most, r.y2 - r.y1);
    }
    return most <= level_words * least;
}

static bool has_ink_boxes(const struct sheet *s, const struct page *page)
{
    size_t asked = 0, level = 0;
    for (size_t b = 0; b < page->block_count; b++)
        for (size_t i = 0; i < page->blocks[b].line_count; i++) {
            const struct line *l = &page->blocks[b].lines[i];
            if (l->word_count < 2)
                continue;
            asked++;
            level += words_are_level(s, l);
        }
    return 2 * level < asked;
}

static float word_height(const struct rect *r, const struct word *w, bool vertical, bool ink)
{
    float h = vertical ? r->x2 - r->x1 : r->y2 - r->y1;
    return ink && !vertical ? h / ink_share(w->text) : h;
}

/* The median over the line's words. */
static float type_height(struct spacing *sp, const struct line *l, bool vertical, bool ink)
{
    if (l->font_size > 0 && isfinite(l->font_size))
        return l->font_size;
    for (size_t i = 0; i < l->word_count; i++)
        sp->gaps[i] = word_height(&sp->at[i], &l->words[i], vertical, ink);
    return quantile_of(sp, sp->gaps, l->word_count, 2);
}

/* ---- lines to pieces ---- */

/* Fonts that promise letters much higher than they have would reach into the rows beside them. */
static struct rect within_type(struct rect r, const struct piece *p)
{
    float middle = (r.y1 + r.y2) / 2, half = tallest_word * p->height / 2;
    if (p->from->font_size > 0 && !p->vertical && r.y2 - r.y1 > 2 * half)
        r.y1 = middle - half, r.y2 = middle + half;
    return r;
}

static int add_piece(struct sheet *s, const struct spacing *sp, const struct piece *like,
                     size_t first, size_t count)
{
    struct piece *p = append_piece(s);
    if (!p)
        return -1;
    *p = *like;
    p->first = first;
    p->count = count;
    p->at = sp->at[first];
    for (size_t i = 1; i < count; i++)
        p->at = rect_union(p->at, sp->at[first + i]);
    p->at = within_type(p->at, p);
    return 0;
}

static int add_whole_line(struct sheet *s, const struct piece *like)
{
    struct piece *p = append_piece(s);
    if (!p)
        return -1;
    *p = *like;
    p->at = turn_upright(&s->turn, &p->from->polygon);
    p->height = p->from->font_size > 0 ? p->from->font_size : p->at.y2 - p->at.y1;
    return 0;
}

static bool is_figure(const char *word)
{
    bool digit = false;
    for (const char *c = word; *c; c++) {
        if (*c != '$' && *c != '%' && (*c < '(' || *c > '9'))
            return false;
        digit = digit || (*c >= '0' && *c <= '9');
    }
    return digit;
}

/* What parts words i - 1 and i: two figures are two columns' where words would still be one. */
static bool is_hole(const struct spacing *sp, const struct line *l, size_t i, float height,
                    float hole)
{
    if (sp->gaps[i] > hole)
        return true;
    return sp->gaps[i] > hole_height * height && is_figure(l->words[i - 1].text) &&
           is_figure(l->words[i].text);
}

static int cut_line(struct sheet *s, struct spacing *sp, const struct line *l, bool ink)
{
    const struct turn_line shape = shape_of(l);
    struct piece like = {.from = l, .vertical = turn_is_vertical(&s->turn, &shape)};
    if (!l->word_count)
        return add_whole_line(s, &like);
    if (make_room(s, sp, l->word_count) < 0)
        return -1;
    for (size_t i = 0; i < l->word_count; i++)
        sp->at[i] = word_at(s, l, i);
    like.height = type_height(sp, l, like.vertical, ink);
    for (size_t i = 1; i < l->word_count; i++)
        sp->gaps[i] = gap_between(&sp->at[i - 1], &sp->at[i], like.vertical);
    float blank = l->word_count > 3 ? quantile_of(sp, sp->gaps + 1, l->word_count - 1, SMALLER) : 0;
    float hole =
        fmaxf(hole_height, fminf(hole_blanks * blank / like.height, always_hole)) * like.height;
    size_t first = 0;
    for (size_t i = 1; i < l->word_count; i++) {
        if (!is_hole(sp, l, i, like.height, hole))
            continue;
        if (add_piece(s, sp, &like, first, i - first) < 0)
            return -1;
        first = i;
    }
    return add_piece(s, sp, &like, first, l->word_count - first);
}

static int cut_lines(struct sheet *s, const struct page *page)
{
    struct spacing sp = {0};
    bool ink = has_ink_boxes(s, page);
    for (size_t b = 0; b < page->block_count; b++)
        for (size_t i = 0; i < page->blocks[b].line_count; i++)
            if (cut_line(s, &sp, &page->blocks[b].lines[i], ink) < 0)
                return -1;
    return 0;
}

static int compare_pieces(const void *a, const void *b)
{
    const struct piece *one = a, *other = b;
    if (one->at.y1 != other->at.y1)
        return one->at.y1 < other->at.y1 ? -1 : 1;
    if (one->at.x1 != other->at.x1)
        return one->at.x1 < other->at.x1 ? -1 : 1;
    return one->found < other->found ? -1 : one->found > other->found;
}

struct sized {
    float height, width;
};

static int compare_sized(const void *a, const void *b)
{
    const struct sized *one = a, *other = b;
    if (one->height != other->height)
        return one->height < other->height ? -1 : 1;
    return one->width < other->width ? -1 : one->width > other->width;
}

/* The median height by length of text. */
static int measure_unit(struct sheet *s)
{
    struct sized *sizes = arena_alloc(s->arena, s->piece_count, sizeof *sizes);
    double total = 0, sum = 0;
    if (!sizes)
        return -1;
    for (size_t i = 0; i < s->piece_count; i++) {
        const struct rect *r = &s->pieces[i].at;
        sizes[i] = (struct sized){s->pieces[i].height,
                                  s->pieces[i].vertical ? r->y2 - r->y1 : r->x2 - r->x1};
        total += (double)sizes[i].width;
    }
    qsort(sizes, s->piece_count, sizeof *sizes, compare_sized);
    s->unit = 0;
    for (size_t i = 0; i < s->piece_count && sum <= total / 2; i++) {
        s->unit = sizes[i].height;
        sum += (double)sizes[i].width;
    }
    s->unit = fmaxf(s->unit, 1);
    return 0;
}

int sheet_open(struct sheet *s, struct page *page, const struct layout_hints *hints,
               struct error *err)
{
    *s = (struct sheet){.page = page, .hints = hints, .arena = arena_new(ARENA_CAP)};
    if (find_turn(s, page) < 0 || cut_lines(s, page) < 0 || measure_unit(s) < 0 ||
        sheet_take_hints(s) < 0) {
        sheet_close(s);
        return error_set(err, ERROR_LIMIT, "more on the page than its layout may take");
    }
    for (size_t i = 0; i < s->piece_count; i++)
        s->pieces[i].found = i;
    if (s->piece_count)
        qsort(s->pieces, s->piece_count, sizeof *s->pieces, compare_pieces);
    return 0;
}

void sheet_close(struct sheet *s)
{
    arena_free(&s->arena);
}

size_t sheet_split(struct sheet *s, size_t i, size_t word)
{
    must(i < s->piece_count && word > 0 && word < s->pieces[i].count);
    struct piece *added = append_piece(s);
    if (!added)
        return SIZE_MAX;
    struct piece *p = &s->pieces[i];
    *added = *p;
    added->first = p->first + word;
    added->count = p->count - word;
    added->at = within_type(words_at(s, p->from, added->first, added->count), added);
    p->count = word;
    p->at = within_type(words_at(s, p->from, p->first, p->count), p);
    return s->piece_count - 1;
}

struct rect sheet_to_page(const struct sheet *s, struct rect upright)
{
    return turn_back(&s->turn, upright);
}

struct rect sheet_from_page(const struct sheet *s, struct rect on_page)
{
    const struct quad q = quad_of_rect(on_page);
    return turn_upright(&s->turn, &q);
}
