/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Drawn straight lines: long thin runs of ink along rows or columns, parts of one line joined.
 * Strokes of letters, dashes between words and dotted leaders are none; underlines are. Called by
 * ink.c.
 */
#include "ocr/ink_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float inch_long = 0.2F;      /* a shorter line is a stroke: 14 points */
static const float inch_thick = 0.05F;    /* a thicker one is a bar: 3.6 points */
static const float inch_gap = 0.07F;      /* of a worn line; words are further apart */
static const float inch_edge = 0.03F;     /* at the page's edge a scanner drew it */
static const float inch_page = 4;         /* of its shorter side; less is a piece cut from one */
static const float still_leaning = 0.02F; /* of its length, after the page's skew */

struct lines {
    struct ink_sheet *sheet;
    struct Pix *all; /* ink */
    BOXA *drawn;     /* what is to be taken off it */
    bool vertical;
    int long_enough, thick, gap;
    int tolerance; /* pixels: a leaning line goes on in the next row */
};

/* ---- strokes of letters ---- */

/* A box as the rule sees it: along its length, and across. */
struct span {
    float begin, end, top, bottom;
};

static struct span span_of(struct rect r, bool vertical)
{
    return vertical ? (struct span){r.y1, r.y2, r.x1, r.x2} : (struct span){r.x1, r.x2, r.y1, r.y2};
}

static bool reads_down(const struct word *w)
{
    const struct point *c = w->polygon.corner;
    return fabsf(c[1].y - c[0].y) > fabsf(c[1].x - c[0].x);
}

static bool is_leader(const struct word *w)
{
    static const char dots[] = ".\xC2\xB7\xE2\x80\xA6"; /* full stop, middle dot, ellipsis */
    return w->text && w->text[strspn(w->text, dots)] == '\0';
}

/* A line through letters or a dash between them is theirs; one below them, or longer, is not. */
static bool along_letters(const struct span *line, const struct span *word, const struct word *w,
                          float usual)
{
    const float beyond = 0.3F, low = 0.88F, dash = 2.5F; /* of a word's height */
    const float most = 0.8F;                             /* of its length */
    const float height = word->bottom - word->top, length = line->end - line->begin;
    const float middle = (line->top + line->bottom) / 2;
    if (line->begin < word->begin - beyond * height || line->end > word->end + beyond * height)
        return false;
    if (is_leader(w))
        return true;
    if (height < usual / 2)
        return length < dash * usual;
    return length < height || length < most * (word->end - word->begin) ||
           (middle > word->top - beyond * height / 2 && middle < word->top + low * height);
}

/* A line no longer than a word is high is a stem; but a word may be a line that was read as one. */
static bool across_letters(const struct span *line, const struct span *word)
{
    const float beyond = 0.2F, narrow = 0.25F; /* of its height */
    const float height = word->end - word->begin;
    return word->bottom - word->top > narrow * height &&
           line->begin > word->begin - beyond * height && line->end < word->end + beyond * height &&
           line->top > word->top - beyond * height && line->bottom < word->bottom + beyond * height;
}

static bool part_of_word(const struct lines *l, struct rect at)
{
    const struct span line = span_of(at, l->vertical);
    const float across = (line.top + line.bottom) / 2;
    for (int i = 0; i <= 4; i++) {
        const float along = line.begin + (line.end - line.begin) * (float)i / 4;
        const struct ink_word *w = l->vertical ? ink_word_at(l->sheet, across, along)
                                               : ink_word_at(l->sheet, along, across);
        if (!w)
            continue;
        const struct span word = span_of(w->at, l->vertical);
        if (reads_down(w->word) == l->vertical
                ? along_letters(&line, &word, w->word, l->sheet->word_height)
                : across_letters(&line, &word))
            return true;
    }
    return false;
}

/* ---- what is beside a line ---- */

static float density(struct Pix *ink, float x1, float y1, float x2, float y2)
{
    if (x2 - x1 < 1 || y2 - y1 < 1)
        return 0;
    BOX *box = boxCreate((int)x1, (int)y1, (int)(x2 - x1), (int)(y2 - y1));
    l_int32 count = 0;
    pixCountPixelsInRect(ink, box, &count, NULL);
    boxDestroy(&box);
    return (float)count / ((x2 - x1) * (y2 - y1));
}

/* How much ink is on the side of a line that has more of it, and on the other. */
static void look_beside(const struct lines *l, struct rect r, float *more, float *less)
{
    const float skip = 1, deep = fmaxf(l->sheet->word_height / 4, 3); /* pixels */
    const float width = (float)pixGetWidth(l->all), height = (float)pixGetHeight(l->all);
    float a, b;
    if (l->vertical) {
        const float left = floorf(r.x1) - skip, right = ceilf(r.x2) + skip;
        a = density(l->all, fmaxf(left - deep, 0), r.y1, fmaxf(left, 0), r.y2);
        b = density(l->all, fminf(right, width), r.y1, fminf(right + deep, width), r.y2);
    } else {
        const float above = floorf(r.y1) - skip, below = ceilf(r.y2) + skip;
        a = density(l->all, r.x1, fmaxf(above - deep, 0), r.x2, fmaxf(above, 0));
        b = density(l->all, r.x1, fminf(below, height), r.x2, fminf(below + deep, height));
    }
    *more = fmaxf(a, b);
    *less = fminf(a, b);
}

/* Letters that touch make a line at their feet, and a photograph is full of lines. A long line may
 * have another beside it. */
static bool in_a_crowd(const struct lines *l, struct rect r)
{
    const float few = 0.2F, many = 0.3F, longer = 8; /* parts; heights of the usual word */
    const float length = l->vertical ? r.y2 - r.y1 : r.x2 - r.x1;
    float more, less;
    look_beside(l, r, &more, &less);
    return length < longer * l->sheet->word_height ? more > few : less > many;
}

/* ---- from runs to rules ---- */

/* Around its middle on the page, with its own length and thickness. */
static struct rect rule_on_page(const struct lines *l, struct rect at)
{
    const struct point middle = {(at.x1 + at.x2) / 2, (at.y1 + at.y2) / 2};
    const struct point centre = ink_to_page(l->sheet, middle);
    const float by = (float)l->sheet->by / 2;
    const float x = (at.x2 - at.x1) * by, y = (at.y2 - at.y1) * by;
    const float width = (float)l->sheet->page->width, height = (float)l->sheet->page->height;
    return (struct rect){fmaxf(centre.x - x, 0), fmaxf(centre.y - y, 0), fminf(centre.x + x, width),
                         fminf(centre.y + y, height)};
}

static bool at_edge(const struct lines *l, struct rect on_page)
{
    const float near = inch_edge * l->sheet->dpi * (float)l->sheet->by;
    const struct page *page = l->sheet->page;
    const int shorter = page->width < page->height ? page->width : page->height;
    if ((float)shorter < inch_page * l->sheet->dpi * (float)l->sheet->by)
        return false;
    if (l->vertical)
        return on_page.x1 < near || on_page.x2 > (float)page->width - near;
    return on_page.y1 < near || on_page.y2 > (float)page->height - near;
}

/* A run's box and its mean thickness: the tolerance made it thicker. */
static struct rect ruled(const struct lines *l, struct Pix *runs, BOX *box)
{
    const float x = (float)box->x, y = (float)box->y, w = (float)box->w, h = (float)box->h;
    l_int32 ink = 0;
    pixCountPixelsInRect(runs, box, &ink, NULL);
    const float length = l->vertical ? h : w;
    const float half = fmaxf((float)ink / length - (float)l->tolerance, 1) / 2;
    const float shift = (float)l->tolerance / 2;
    if (l->vertical)
        return (struct rect){x + w / 2 - shift - half, y, x + w / 2 - shift + half, y + h};
    return (struct rect){x, y + h / 2 - shift - half, x + w, y + h / 2 - shift + half};
}

static bool line_shaped(const struct lines *l, const BOX *box)
{
    const int length = l->vertical ? box->h : box->w, across = l->vertical ? box->w : box->h;
    return length >= l->long_enough &&
           (float)(across - l->tolerance) <= (float)l->thick + still_leaning * (float)length;
}

static void add_rule(const struct lines *l, struct Pix *runs, BOX *box, struct ink *out)
{
    const struct rect at = ruled(l, runs, box);
    if (part_of_word(l, at) || in_a_crowd(l, at))
        return;
    const struct rect on_page = rule_on_page(l, at);
    boxaAddBox(l->drawn, box, L_COPY);
    if (!at_edge(l, on_page))
        out->rules[out->rule_count++] = (struct layout_rule){on_page, l->vertical};
}

static void add_rules(const struct lines *l, struct Pix *runs, BOXA *boxes, struct ink *out)
{
    for (int i = 0; i < boxaGetCount(boxes) && out->rule_count < INK_MAX_RULES; i++) {
        BOX *box = boxaGetBox(boxes, i, L_CLONE);
        if (line_shaped(l, box))
            add_rule(l, runs, box, out);
        boxDestroy(&box);
    }
}

/* Of ink only long runs stay that are no thicker than a line may be. */
static int keep_runs(const struct lines *l, struct Pix *ink)
{
    enum { RAGGED = 2 }; /* pixels: the edge of a bar is no line */
    const bool across = !l->vertical;
    ink_grow(ink, l->tolerance, across);
    ink_keep_long(ink, l->long_enough, l->vertical);
    struct Pix *bars = pixCopy(NULL, ink);
    if (!bars)
        return -1;
    ink_keep_long(bars, l->thick + l->tolerance + 1, across);
    ink_grow(bars, 2 * RAGGED, across);
    ink_take_off(ink, bars, RAGGED, across);
    pixDestroy(&bars);
    ink_bridge(ink, l->gap, l->vertical);
    return 0;
}

static int find_lines(const struct lines *l, struct Pix *ink, struct ink *out)
{
    if (keep_runs(l, ink) < 0)
        return -1;
    BOXA *boxes = pixConnCompBB(ink, 8);
    if (!boxes)
        return -1;
    add_rules(l, ink, boxes, out);
    boxaDestroy(&boxes);
    return 0;
}

static struct lines lines_of(struct ink_sheet *s, struct Pix *all, BOXA *drawn, bool vertical)
{
    const float letter = 1.6F; /* heights of the usual word */
    return (struct lines){
        .sheet = s,
        .all = all,
        .drawn = drawn,
        .vertical = vertical,
        .long_enough = (int)fmaxf(inch_long * s->dpi, letter * s->word_height),
        .thick = (int)fmaxf(inch_thick * s->dpi, 2),
        .gap = (int)(inch_gap * s->dpi),
        .tolerance = s->rise != 0 ? 2 : 1, /* shearing makes steps of its own */
    };
}

/* With what antialiasing left around it. */
static void take_off(struct Pix *ink, BOXA *drawn)
{
    for (int i = 0; i < boxaGetCount(drawn); i++) {
        l_int32 x, y, w, h;
        boxaGetBoxGeometry(drawn, i, &x, &y, &w, &h);
        pixRasterop(ink, x - 1, y - 1, w + 2, h + 2, PIX_CLR, NULL, 0, 0);
    }
}

int ink_rules(struct ink_sheet *s, struct ink *out, struct error *err)
{
    struct Pix *all = pixCopy(NULL, s->rows);
    BOXA *drawn = boxaCreate(0);
    int rc = -1;
    if (all && drawn) {
        const struct lines across = lines_of(s, all, drawn, false);
        const struct lines down = lines_of(s, all, drawn, true);
        ink_put_on(all, s->columns);
        rc = find_lines(&across, s->rows, out) < 0 || find_lines(&down, s->columns, out) < 0 ? -1
                                                                                             : 0;
    }
    if (rc == 0) {
        take_off(all, drawn);
        pixDestroy(&s->rows);
        s->rows = all;
        all = NULL;
    }
    pixDestroy(&all);
    boxaDestroy(&drawn);
    return rc == 0 ? 0 : error_set(err, ERROR_LIMIT, "no memory to look for rules and pictures");
}
