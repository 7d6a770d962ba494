/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Marks and images that stand near each other, as pictures. They are drawn on the page's squares
 * and what hangs together there is one. Too few strokes, too small, or mostly text inside (a frame,
 * a decorated page): no picture. Called by decode_drawing_hints.c.
 */
#include "decode/decode_drawing.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static const float near_mark =
    5.0F; /* points: half of what may be between two marks of a drawing */
static const float near_image = 0.5F;    /* the same, between two strips of an image */
static const float whole_page = 0.7F;    /* of its area: an image so large is a picture by itself */
static const float least_image = 8.0F;   /* points of its shorter side, */
static const float longer_image = 18.0F; /* and of its longer: smaller ones are bullets */
static const float least_drawing = 18.0F; /* the same for drawings: smaller ones are signs */
static const float longer_drawing = 30.0F;
static const float text_share = 0.35F;  /* of the area, letters: running text has 0.5 and more */
static const float half_page = 0.5F;    /* of its area: what is so large must have */
static const float large_share = 0.12F; /* less text in it */

enum { LEAST_WEIGHT = 6 }; /* strokes of a drawing: an arrow and a tick have less */

struct group {
    struct rect at;
    uint32_t weight;
    bool used, image, refused;
};

struct search {
    const struct drawing *drawing;
    const struct drawing_grid *letters;
    struct drawing_grid cover;
    uint32_t *label;      /* of each square; 0: none */
    struct group *groups; /* by label */
    uint32_t labels;
};

static bool belongs(const struct drawing_box *b)
{
    return b->kind == INK_MARK || b->kind == INK_IMAGE;
}

static float area(struct rect r)
{
    return (r.x2 - r.x1) * (r.y2 - r.y1);
}

static bool fills_page(const struct search *s, const struct drawing_box *b)
{
    return area(b->at) > whole_page * s->drawing->width * s->drawing->height;
}

/* False when there is nothing to draw. */
static bool draw(struct search *s)
{
    bool any = false;
    for (size_t i = 0; i < s->drawing->count; i++) {
        const struct drawing_box *b = &s->drawing->boxes[i];
        float more = b->kind == INK_IMAGE ? near_image : near_mark;
        if (!belongs(b) || fills_page(s, b))
            continue;
        any = true;
        drawing_grid_cover(&s->cover, (struct rect){b->at.x1 - more, b->at.y1 - more,
                                                    b->at.x2 + more, b->at.y2 + more});
    }
    return any;
}

static size_t square_of(const struct search *s, int column, int row)
{
    return (size_t)row * (size_t)s->cover.columns + (size_t)column;
}

static bool is_open(const struct search *s, int column, int row)
{
    return column >= 0 && row >= 0 && column < s->cover.columns && row < s->cover.rows &&
           !s->label[square_of(s, column, row)] &&
           drawing_grid_covered(&s->cover, column, row) > 0.5F;
}

/* Every square is put on the stack once at most. */
static void flood(struct search *s, uint32_t *stack, int column, int row)
{
    static const int next[4][2] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}};
    size_t depth = 0;
    s->label[square_of(s, column, row)] = ++s->labels;
    stack[depth++] = (uint32_t)square_of(s, column, row);
    while (depth) {
        uint32_t at = stack[--depth];
        int c = (int)at % s->cover.columns, r = (int)at / s->cover.columns;
        for (int i = 0; i < 4; i++) {
            if (!is_open(s, c + next[i][0], r + next[i][1]))
                continue;
            size_t to = square_of(s, c + next[i][0], r + next[i][1]);
            s->label[to] = s->labels;
            stack[depth++] = (uint32_t)to;
        }
    }
}

static void label(struct search *s)
{
    drawing_grid_sum_cover(&s->cover);
    size_t squares = (size_t)s->cover.columns * (size_t)s->cover.rows;
    uint32_t *stack = x_calloc(squares, sizeof *stack);
    for (int row = 0; row < s->cover.rows; row++)
        for (int column = 0; column < s->cover.columns; column++)
            if (is_open(s, column, row))
                flood(s, stack, column, row);
    free(stack);
}

static struct group *group_of(struct search *s, const struct drawing_box *b)
{
    int column = drawing_grid_at((b->at.x1 + b->at.x2) / 2, s->cover.square, s->cover.columns);
    int row = drawing_grid_at((b->at.y1 + b->at.y2) / 2, s->cover.square, s->cover.rows);
    return &s->groups[s->label[square_of(s, column, row)]];
}

static void gather(struct search *s)
{
    s->groups = x_calloc((size_t)s->labels + 1, sizeof *s->groups);
    for (size_t i = 0; i < s->drawing->count; i++) {
        const struct drawing_box *b = &s->drawing->boxes[i];
        if (!belongs(b) || fills_page(s, b))
            continue;
        struct group *g = group_of(s, b);
        g->at = g->used ? rect_union(g->at, b->at) : b->at;
        g->used = true;
        g->image |= b->kind == INK_IMAGE;
        g->weight += b->kind == INK_MARK && g->weight < LEAST_WEIGHT ? b->weight : 0;
    }
}

static bool is_large(struct rect at, float least, float longer)
{
    float width = at.x2 - at.x1, height = at.y2 - at.y1;
    return fminf(width, height) >= least && fmaxf(width, height) >= longer;
}

static bool is_text(const struct search *s, struct rect at)
{
    bool large = area(at) > half_page * s->drawing->width * s->drawing->height;
    return drawing_grid_in(s->letters, at) > (large ? large_share : text_share) * area(at);
}

static bool is_image(struct rect at)
{
    return is_large(at, least_image, longer_image);
}

static bool is_drawing(const struct group *g)
{
    return g->weight >= LEAST_WEIGHT && is_large(g->at, least_drawing, longer_drawing);
}

static size_t take_groups(struct search *s, struct drawing_picture *out, size_t size)
{
    size_t n = 0;
    for (uint32_t i = 1; i <= s->labels && n < size; i++) {
        struct group *g = &s->groups[i];
        if (!g->used || !(g->image ? is_image(g->at) : is_drawing(g)))
            continue;
        g->refused = is_text(s, g->at);
        if (!g->refused)
            out[n++] = (struct drawing_picture){g->at, g->image};
    }
    return n;
}

/* Images that fill the page, or whose group is one around text, are pictures all the same. */
static size_t take_images(struct search *s, struct drawing_picture *out, size_t n, size_t size)
{
    for (size_t i = 0; i < s->drawing->count && n < size; i++) {
        const struct drawing_box *b = &s->drawing->boxes[i];
        if (b->kind == INK_IMAGE && is_image(b->at) &&
            (fills_page(s, b) || group_of(s, b)->refused))
            out[n++] = (struct drawing_picture){b->at, true};
    }
    return n;
}

size_t drawing_find_pictures(const struct drawing *drawing, const struct drawing_grid *letters,
                             struct drawing_picture *out, size_t size)
{
    struct search s = {.drawing = drawing, .letters = letters};
    drawing_grid_init(&s.cover, drawing);
    s.label = x_calloc((size_t)s.cover.columns * (size_t)s.cover.rows, sizeof *s.label);
    if (draw(&s))
        label(&s);
    gather(&s);
    size_t n = take_groups(&s, out, size);
    n = take_images(&s, out, n, size);
    free(s.groups);
    free(s.label);
    drawing_grid_done(&s.cover);
    return n;
}
