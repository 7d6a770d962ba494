/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The gutter that parts a region best: of the white strips the tallest whose sides are columns of
 * text and not the cells of a table, or a column and a note beside it. Called by order.c.
 */
#include "layout/order_internal.h"

#include <math.h>
#include <string.h>

enum {
    FEW_LINES = 3,  /* make a column */
    MORE_LINES = 6, /* if they are level with those beside them, as the cells of a form are */
    EDGE_ROWS = 3,  /* lines of a page header: running title, name of the paper, date */
};

/* In ordinary line heights. */
static const float column_width = 7;    /* narrower text is a list of numbers or labels */
static const float line_width = 8;      /* so wide on average is running text, full or not */
static const float short_gutter = 1;    /* narrower ones must be long */
static const float note_width = 10;     /* wider text is no note at the side */
static const float close_pitch = 1.25F; /* of lines set without more space between them, */
static const float wide_pitch = 2.2F;   /* and of lines that are still one text */
static const float edge_gap = 0.55F;    /* what parts a page header from the columns below it */
static const float edge_height = 3;     /* a row of a page header is not higher */
static const float level_tolerance = 0.3F;

/* Of the lines; unrelated columns have half of their lines level by chance. */
static const float level_share = 0.6F;

/* Shares of the area between the outermost ends of the lines that the lines fill. */
static const float very_dense = 0.75F, dense = 0.62F, ragged = 0.5F, loose = 0.4F;

/* Shares of the area of the lines that is in full ones: as wide as their side, nearly. */
static const float mostly_full = 0.75F, half_full = 0.5F, some_full = 0.3F;
static const float full_share = 0.7F; /* of the width of the side: nearly */

static const float beside_wall = 0.5F;  /* line heights from a drawn line to the strip it is in */
static const float walled_share = 0.6F; /* of the strip's height is along the drawn line */

static const float note_share = 0.4F; /* of the height of the text that notes stand beside */

/* What stands on one side of a strip. */
struct side {
    size_t lines, rows;
    float x1, x2, bottom;
    float first, last;  /* level of the topmost line, of the row begun last */
    float length;       /* of all lines together */
    float area, height; /* of the lines; of the stretches of y that they cover */
    float full;         /* area of the lines that go nearly all the way across */
    bool solid;         /* a table or figure is there */
};

/* Beside the gutter, and neither too small to count nor a bridge over it. */
static bool between(const struct order_box *b, const struct order_gutter *g)
{
    float arm = b->y2 - b->y1;
    return !b->speck && b->level > g->top && b->level < g->bottom &&
           (b->x1 + arm > g->x || b->x2 - arm < g->x);
}

static bool on_left(const struct order_box *b, const struct order_gutter *g)
{
    return (b->x1 + b->x2) / 2 < g->x;
}

static void count_rows(struct side *side, const struct order_box *b)
{
    if (side->rows == 0) {
        side->first = side->last = b->level;
        side->rows = 1;
    }
    if (b->level - side->last > (b->y2 - b->y1) / 2) {
        side->last = b->level;
        side->rows++;
    }
}

/* Lines come by level, so what they cover grows downwards. A solid box counts as the lines that it
 * takes the room of. */
static void add_line(struct side *side, const struct order_box *b, float unit)
{
    size_t lines = b->solid ? (size_t)fmaxf((b->y2 - b->y1) / unit, 1) : 1;
    if (side->lines == 0)
        side->x1 = b->x1, side->x2 = b->x2, side->bottom = b->y1;
    side->lines += lines;
    side->solid = side->solid || b->solid;
    if (!b->solid)
        count_rows(side, b);
    side->x1 = fminf(side->x1, b->x1), side->x2 = fmaxf(side->x2, b->x2);
    side->length += (b->x2 - b->x1) * (float)lines;
    side->area += (b->x2 - b->x1) * (b->y2 - b->y1);
    if (b->y2 > side->bottom) {
        side->height += b->y2 - fmaxf(side->bottom, b->y1);
        side->bottom = b->y2;
    }
}

/* Do most lines of the emptier side stand level with one of the other side? */
static bool levelled(const struct order_sheet *s, size_t from, size_t to,
                     const struct order_gutter *g, const struct side side[2])
{
    bool asked = side[0].lines <= side[1].lines; /* is the left one the emptier? */
    float slack = level_tolerance * s->unit, last_other = -INFINITY, last_asked = -INFINITY;
    size_t level = 0;
    bool waiting = false;
    for (size_t i = from; i < to; i++) {
        const struct order_box *b = &s->boxes[i];
        if (!between(b, g) || b->solid)
            continue;
        if (on_left(b, g) == asked) {
            bool now = b->level - last_other <= slack;
            level += now;
            waiting = !now;
            last_asked = b->level;
        } else {
            level += waiting && b->level - last_asked <= slack;
            waiting = false;
            last_other = b->level;
        }
    }
    return (float)level >= level_share * (float)side[!asked].lines;
}

static float density(const struct side *side)
{
    return side->area / fmaxf((side->x2 - side->x1) * side->height, 1e-3F);
}

static void measure_sides(const struct order_sheet *s, size_t from, size_t to,
                          const struct order_gutter *g, struct side side[2])
{
    memset(side, 0, 2 * sizeof *side);
    for (size_t i = from; i < to; i++)
        if (between(&s->boxes[i], g))
            add_line(&side[!on_left(&s->boxes[i], g)], &s->boxes[i], s->unit);
    for (size_t i = from; i < to; i++) {
        const struct order_box *b = &s->boxes[i];
        struct side *own = &side[!on_left(b, g)];
        if (between(b, g) && b->x2 - b->x1 >= full_share * (own->x2 - own->x1))
            own->full += (b->x2 - b->x1) * (b->y2 - b->y1);
    }
}

/* Wide enough and full enough to be a column of text, or several? Level with the other side it
 * must be fuller, as it might be half a table. */
static bool is_text(const struct side *side, bool level, float unit)
{
    float d = density(side);
    bool long_lines = side->length >= line_width * unit * (float)side->lines;
    if (side->x2 - side->x1 < column_width * unit)
        return false;
    if (d >= very_dense || (d >= dense && (long_lines || !level)) ||
        (d >= loose && side->full >= half_full * side->area))
        return true;
    return !level &&
           ((d >= ragged && long_lines) || (d >= loose && side->full >= some_full * side->area));
}

static bool all_full(const struct side side[2], float share)
{
    return side[0].full >= share * side[0].area && side[1].full >= share * side[1].area;
}

/* Columns of text or the cells of a table? */
static bool parts_columns(const struct order_sheet *s, size_t from, size_t to,
                          const struct order_gutter *g)
{
    struct side side[2];
    measure_sides(s, from, to, g, side);
    if (side[0].lines < 2 || side[1].lines < 2)
        return false;
    bool level = levelled(s, from, to, g, side), narrow = g->width < short_gutter * s->unit;
    bool text = is_text(&side[0], level, s->unit) && is_text(&side[1], level, s->unit);
    size_t fewest = side[0].lines < side[1].lines ? side[0].lines : side[1].lines;
    if (fewest < (narrow || level ? MORE_LINES : FEW_LINES))
        return text && !narrow && all_full(side, mostly_full);
    return text || (!level && all_full(side, some_full));
}

/* The drawn line that runs down most of the strip, or NULL. */
static const struct layout_wall *wall_in(const struct order_sheet *s, const struct order_gutter *g,
                                         const struct side side[2])
{
    float top = fmaxf(g->top, fminf(side[0].first, side[1].first));
    float bottom = fminf(g->bottom, fmaxf(side[0].bottom, side[1].bottom));
    for (size_t i = 0; i < s->wall_count; i++) {
        const struct layout_wall *w = &s->walls[i];
        if (fabsf(w->x - g->x) <= g->width / 2 + beside_wall * s->unit &&
            fminf(w->bottom, bottom) - fmaxf(w->top, top) > walled_share * (bottom - top))
            return w;
    }
    return NULL;
}

/* What a drawn line parts need not be full of text, but no two columns of one table. Then the
 * gutter is as high as the line. */
static bool shrink_to_wall(const struct order_sheet *s, size_t from, size_t to,
                           struct order_gutter *g)
{
    struct side side[2];
    if (!s->wall_count)
        return false;
    measure_sides(s, from, to, g, side);
    const struct layout_wall *w = wall_in(s, g, side);
    if (!w || side[0].rows < FEW_LINES || side[1].rows < FEW_LINES ||
        levelled(s, from, to, g, side))
        return false;
    g->top = fmaxf(g->top, w->top - s->unit);
    g->bottom = fminf(g->bottom, w->bottom + s->unit);
    return true;
}

/* One column of text with now and then a note beside it? Then the gutter shrinks to the first note,
 * which is read where it stands and not before or after the whole page. */
static bool shrink_to_note(const struct order_sheet *s, size_t from, size_t to,
                           struct order_gutter *g)
{
    struct side side[2];
    measure_sides(s, from, to, g, side);
    int notes = side[0].height > side[1].height;
    const struct side *note = &side[notes], *text = &side[!notes];
    if (side[0].solid || side[1].solid || note->lines == 0 ||
        note->height > note_share * text->height || text->lines < FEW_LINES ||
        note->x2 - note->x1 > note_width * s->unit || text->full < half_full * text->area)
        return false;
    float top = INFINITY, bottom = -INFINITY;
    for (size_t i = from; i < to; i++) {
        const struct order_box *b = &s->boxes[i];
        if (!between(b, g) || on_left(b, g) != (notes == 0))
            continue;
        if (top < bottom && b->y1 - bottom > s->unit)
            break;
        top = fminf(top, b->y1), bottom = fmaxf(bottom, b->y2);
    }
    if (levelled(s, from, to, g, side))
        return false;
    g->top = fmaxf(g->top, top), g->bottom = fminf(g->bottom, bottom);
    return true;
}

/* Both columns begin in this row, each at its left: they are their headings and no page header. */
static bool heads_columns(const struct order_sheet *s, size_t from, size_t to, float bottom,
                          const struct order_gutter *g, const struct side side[2])
{
    bool found[2] = {false, false};
    for (size_t i = from; i < to && s->boxes[i].y1 < bottom; i++) {
        const struct order_box *b = &s->boxes[i];
        bool right = !on_left(b, g);
        if (!between(b, g))
            continue;
        if (!found[right] && b->x1 - side[right].x1 > level_tolerance * s->unit)
            return false;
        found[right] = true;
    }
    return found[0] && found[1];
}

/* A first row apart from what follows, like a page header, belongs to neither column: moves the top
 * of the gutter below it. */
static void trim_top(const struct order_sheet *s, size_t from, size_t to, float gap,
                     struct order_gutter *g, const struct side side[2])
{
    float start = 0, bottom = 0;
    bool any = false;
    for (size_t i = from; i < to; i++) {
        const struct order_box *b = &s->boxes[i];
        if (!between(b, g))
            continue;
        if (any && b->y1 - bottom >= gap) {
            if (!heads_columns(s, from, to, bottom, g, side))
                g->top = (bottom + b->y1) / 2;
            return;
        }
        start = any ? fminf(start, b->y1) : b->y1;
        bottom = any ? fmaxf(bottom, b->y2) : b->y2;
        any = true;
        if (bottom - start > edge_height * s->unit)
            return;
    }
}

static void trim_bottom(const struct order_sheet *s, size_t from, size_t to, float gap,
                        struct order_gutter *g)
{
    float end = 0, top = 0;
    bool any = false;
    for (size_t i = to; i-- > from;) {
        const struct order_box *b = &s->boxes[i];
        if (!between(b, g))
            continue;
        if (any && top - b->y2 >= gap) {
            g->bottom = (top + b->y2) / 2;
            return;
        }
        end = any ? fmaxf(end, b->y2) : b->y2;
        top = any ? fminf(top, b->y1) : b->y1;
        any = true;
        if (end - top > edge_height * s->unit)
            return;
    }
}

static void trim(const struct order_sheet *s, size_t from, size_t to, struct order_gutter *g)
{
    struct side side[2];
    struct order_gutter whole = *g;
    float gap = edge_gap * s->unit;
    measure_sides(s, from, to, g, side);
    const struct side *more = &side[side[1].rows > side[0].rows];
    float pitch = (more->last - more->first) / fmaxf((float)more->rows - 1, 1);
    if (pitch > close_pitch * s->unit && pitch < wide_pitch * s->unit)
        gap += pitch - close_pitch * s->unit;
    for (int i = 0; i < EDGE_ROWS; i++) {
        trim_top(s, from, to, gap, g, side);
        trim_bottom(s, from, to, gap, g);
    }
    measure_sides(s, from, to, g, side);
    if (side[0].lines < 2 || side[1].lines < 2)
        *g = whole;
}

bool order_find_gutter(struct order_sheet *s, size_t from, size_t to, struct order_gutter *out)
{
    struct order_gutter strips[ORDER_STRIPS];
    size_t count = to - from < 3 ? 0 : order_find_strips(s, from, to, strips);
    for (size_t i = 0; i < count && s->patience > 0; i++) {
        s->patience -= (long)(to - from);
        bool note = shrink_to_note(s, from, to, &strips[i]);
        bool columns = !note && parts_columns(s, from, to, &strips[i]);
        if (!note && !columns && !shrink_to_wall(s, from, to, &strips[i]))
            continue;
        if (columns)
            trim(s, from, to, &strips[i]);
        *out = strips[i];
        return true;
    }
    return false;
}
