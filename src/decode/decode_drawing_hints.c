/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a page draws besides its text, as hints for the layout: rules, and pictures without the
 * lines that belong to them (the axes of a chart). Bounded in number; what is over is left out.
 * Called by decode_text.c.
 */
#include "decode/decode_drawing.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum {
    MAX_RULES = 20000,
    MAX_PICTURES = 2000,
    MAX_OWNERS = 64, /* drawings, the largest, that take in lines */
    ROUNDS = 3,      /* an axis is reached through the grid, its ticks through it */
};

static const float within = 0.5F;  /* of a line's length: then it belongs to the drawing */
static const float at_edge = 4.0F; /* points around a drawing that count as in it */
static const float growth = 2.0F;  /* a drawing gets no larger than so many times by its lines */
static const float least_owner = 72.0F; /* points of its longer side: smaller ones are signs */
static const float overlap = 0.3F;      /* of the smaller of two pictures: then they are one */
static const float thinnest = 1.0F;     /* pixels */

struct sketch {
    struct drawing_box *strips;
    size_t strip_count;
    struct drawing_picture *pictures;
    size_t picture_count;
};

static float area(struct rect r)
{
    return fmaxf(r.x2 - r.x1, 0) * fmaxf(r.y2 - r.y1, 0);
}

static struct rect common(struct rect a, struct rect b)
{
    return (struct rect){fmaxf(a.x1, b.x1), fmaxf(a.y1, b.y1), fminf(a.x2, b.x2),
                         fminf(a.y2, b.y2)};
}

static struct rect widened(struct rect r, float by)
{
    return (struct rect){r.x1 - by, r.y1 - by, r.x2 + by, r.y2 + by};
}

/* ---- pictures ---- */

static int by_size(const void *a, const void *b)
{
    const struct drawing_picture *p = a, *q = b;
    float x = area(p->at), y = area(q->at);
    return (x < y) - (x > y);
}

static int by_top(const void *a, const void *b)
{
    const struct drawing_picture *p = a, *q = b;
    int order = (p->at.y1 > q->at.y1) - (p->at.y1 < q->at.y1);
    return order ? order : (p->at.x1 > q->at.x1) - (p->at.x1 < q->at.x1);
}

/* One pass, the largest first: boxes of what hangs together rarely lie over each other. */
static void join_pictures(struct sketch *s)
{
    size_t kept = 0;
    qsort(s->pictures, s->picture_count, sizeof *s->pictures, by_size);
    for (size_t i = 0; i < s->picture_count; i++) {
        struct drawing_picture p = s->pictures[i];
        size_t j = 0;
        while (j < kept && area(common(s->pictures[j].at, p.at)) <= overlap * area(p.at))
            j++;
        if (j < kept)
            s->pictures[j].at = rect_union(s->pictures[j].at, p.at);
        else
            s->pictures[kept++] = p;
    }
    s->picture_count = kept;
}

/* ---- the lines of drawings ---- */

static bool owns(const struct drawing_picture *p, const struct drawing_box *strip)
{
    struct rect both = common(widened(p->at, at_edge), strip->at);
    float part = strip->vertical ? both.y2 - both.y1 : both.x2 - both.x1;
    float length = strip->vertical ? strip->at.y2 - strip->at.y1 : strip->at.x2 - strip->at.x1;
    return both.x2 >= both.x1 && both.y2 >= both.y1 && part >= within * length;
}

static bool is_larger(struct rect r, struct rect than, float times)
{
    return r.x2 - r.x1 > times * (than.x2 - than.x1) || r.y2 - r.y1 > times * (than.y2 - than.y1);
}

/* The strips that are left when the drawing has taken its own; `alone` is it without them. */
static size_t take_in(struct drawing_picture *p, struct rect alone, struct drawing_box *strips,
                      size_t n)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        struct rect both = rect_union(p->at, strips[i].at);
        if (owns(p, &strips[i]) && !is_larger(both, alone, growth))
            p->at = both;
        else
            strips[left++] = strips[i];
    }
    return left;
}

static bool is_owner(const struct drawing_picture *p)
{
    return !p->image && fmaxf(p->at.x2 - p->at.x1, p->at.y2 - p->at.y1) >= least_owner;
}

static void take_in_lines(struct sketch *s)
{
    qsort(s->pictures, s->picture_count, sizeof *s->pictures, by_size);
    for (size_t i = 0; i < s->picture_count && i < MAX_OWNERS; i++) {
        struct rect alone = s->pictures[i].at;
        for (int round = 0; round < ROUNDS && is_owner(&s->pictures[i]); round++)
            s->strip_count = take_in(&s->pictures[i], alone, s->strips, s->strip_count);
    }
}

/* ---- to the page ---- */

static size_t cover_images(const struct drawing *drawing, struct drawing_grid *cover)
{
    size_t images = 0;
    for (size_t i = 0; i < drawing->count; i++) {
        if (drawing->boxes[i].kind != INK_IMAGE)
            continue;
        drawing_grid_cover(cover, widened(drawing->boxes[i].at, -cover->square / 2));
        images++;
    }
    return images;
}

static float share_covered(struct drawing_grid *cover)
{
    size_t covered = 0;
    drawing_grid_sum_cover(cover);
    for (int row = 0; row < cover->rows; row++)
        for (int column = 0; column < cover->columns; column++)
            covered += drawing_grid_covered(cover, column, row) > 0.5F;
    return (float)covered / (float)(cover->rows * cover->columns);
}

static float share_of_images(const struct drawing *drawing)
{
    struct drawing_grid cover;
    drawing_grid_init(&cover, drawing);
    float share = cover_images(drawing, &cover) ? share_covered(&cover) : 0;
    drawing_grid_done(&cover);
    return share;
}

static float clamped(float v, int side)
{
    return fminf(fmaxf(v, 0), (float)side);
}

static struct rect placed(const struct page *page, struct rect r, float zoom)
{
    struct rect at = {r.x1 * zoom, r.y1 * zoom, r.x2 * zoom, r.y2 * zoom};
    float dx = fmaxf(thinnest - (at.x2 - at.x1), 0) / 2;
    float dy = fmaxf(thinnest - (at.y2 - at.y1), 0) / 2;
    return (struct rect){clamped(at.x1 - dx, page->width), clamped(at.y1 - dy, page->height),
                         clamped(at.x2 + dx, page->width), clamped(at.y2 + dy, page->height)};
}

static int hand_over(const struct sketch *s, struct page *page, float zoom,
                     struct layout_hints *hints, struct error *err)
{
    size_t rules = s->strip_count < MAX_RULES ? s->strip_count : MAX_RULES;
    struct layout_rule *rule = arena_alloc(page->arena, rules, sizeof *rule);
    struct rect *picture = arena_alloc(page->arena, s->picture_count, sizeof *picture);
    if (!rule || !picture)
        return error_set(err, ERROR_LIMIT, "more drawing than a page may have");
    for (size_t i = 0; i < rules; i++)
        rule[i] = (struct layout_rule){placed(page, s->strips[i].at, zoom), s->strips[i].vertical};
    for (size_t i = 0; i < s->picture_count; i++)
        picture[i] = placed(page, s->pictures[i].at, zoom);
    *hints = (struct layout_hints){
        .rules = rule, .rule_count = rules, .pictures = picture, .picture_count = s->picture_count};
    return 0;
}

static void gather_strips(struct sketch *s, const struct drawing *drawing)
{
    s->strips = x_calloc(drawing->count + 1, sizeof *s->strips);
    for (size_t i = 0; i < drawing->count; i++)
        if (drawing->boxes[i].kind == INK_STRIP)
            s->strips[s->strip_count++] = drawing->boxes[i];
    s->strip_count = drawing_join_strips(s->strips, s->strip_count);
}

int drawing_hints(struct drawing *drawing, const struct drawing_grid *letters, struct page *page,
                  double zoom, struct text_layer *layer, struct error *err)
{
    struct sketch s = {0};
    if (!drawing->count)
        return 0;
    layer->picture_share = share_of_images(drawing);
    drawing_sort_patches(drawing, letters);
    gather_strips(&s, drawing);
    s.pictures = x_calloc(MAX_PICTURES, sizeof *s.pictures);
    s.picture_count = drawing_find_pictures(drawing, letters, s.pictures, MAX_PICTURES);
    take_in_lines(&s);
    join_pictures(&s);
    qsort(s.pictures, s.picture_count, sizeof *s.pictures, by_top);
    int result = hand_over(&s, page, (float)zoom, &layer->hints, err);
    free(s.strips);
    free(s.pictures);
    return result;
}
