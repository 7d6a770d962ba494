/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Geometry for the exact formats. Coordinates may be anything, NaN too: what comes out is within
 * the page.
 */
#include "export/export_shape.h"

#include "base/utf8.h"

#include <math.h>
#include <string.h>

/* How far above the lower edge of a line's box its letters stand, as a part of the box's height:
 * the depth of a descender in ordinary type, whose ascenders and descenders fill the box. */
static const float descent = 0.2F;

static int within(double at, int side)
{
    return (int)fmin(fmax(at, 0), side);
}

struct box box_of_rect(const struct page *page, const struct rect *r)
{
    struct box b = {
        within(floor((double)r->x1), page->width), within(floor((double)r->y1), page->height),
        within(ceil((double)r->x2), page->width), within(ceil((double)r->y2), page->height)};
    b.right = b.right < b.left ? b.left : b.right;
    b.bottom = b.bottom < b.top ? b.top : b.bottom;
    return b;
}

struct box box_of_quad(const struct page *page, const struct quad *q)
{
    struct rect r = rect_of_quad(q);
    return box_of_rect(page, &r);
}

struct box box_of_page(const struct page *page)
{
    return (struct box){0, 0, page->width, page->height};
}

void shape_add_points(struct strbuf *out, const struct page *page, const struct point *points,
                      size_t count, char between)
{
    for (size_t i = 0; i < count; i++)
        strbuf_addf(out, "%s%d%c%d", i ? " " : "", within(round((double)points[i].x), page->width),
                    between, within(round((double)points[i].y), page->height));
}

void shape_add_box(struct strbuf *out, const struct box *b)
{
    strbuf_addf(out, "%d,%d %d,%d %d,%d %d,%d", b->left, b->top, b->right, b->top, b->right,
                b->bottom, b->left, b->bottom);
}

bool shape_turned(const struct quad *q)
{
    const struct rect r = rect_of_quad(q);
    const struct quad upright = quad_of_rect(r);
    for (int i = 0; i < 4; i++)
        if (point_distance(q->corner[i], upright.corner[i]) > 1)
            return true;
    return false;
}

float shape_angle(const struct quad *q)
{
    const struct point start = point_between(q->corner[0], q->corner[3], 0.5F),
                       end = point_between(q->corner[1], q->corner[2], 0.5F);
    float degrees = atan2f(start.y - end.y, end.x - start.x) * (float)(180 / M_PI);
    return isfinite(degrees) ? degrees : 0;
}

void shape_baseline(const struct quad *q, struct point out[2])
{
    out[0] = point_between(q->corner[3], q->corner[0], descent);
    out[1] = point_between(q->corner[2], q->corner[1], descent);
}

/* Hebrew, Arabic, Syriac, Thaana and others up to U+08FF, their presentation forms, and the blocks
 * that Unicode keeps for such scripts in plane 1. */
static bool is_right_to_left(uint32_t cp)
{
    return (cp >= 0x590 && cp <= 0x8FF) || (cp >= 0xFB1D && cp <= 0xFDFF) ||
           (cp >= 0xFE70 && cp <= 0xFEFF) || (cp >= 0x10800 && cp <= 0x10FFF) ||
           (cp >= 0x1E800 && cp <= 0x1EFFF);
}

static bool is_left_to_right(uint32_t cp)
{
    return (cp >= 'A' && cp <= 'Z') || (cp >= 'a' && cp <= 'z') || (cp >= 0xC0 && cp < 0x2000) ||
           cp >= 0x2E80;
}

bool text_right_to_left(const char *text)
{
    uint32_t cp;
    size_t len = strlen(text), n;
    for (size_t i = 0; i < len && (n = utf8_decode(text + i, len - i, &cp)) > 0; i += n) {
        if (is_right_to_left(cp))
            return true;
        if (is_left_to_right(cp))
            return false;
    }
    return false;
}

size_t line_words(const struct line *line, struct word *whole, const struct word **words)
{
    if (line->word_count) {
        *words = line->words;
        return line->word_count;
    }
    *whole = (struct word){line->text, line->polygon, line->confidence};
    *words = whole;
    return *line->text ? 1 : 0;
}
