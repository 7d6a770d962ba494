/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The rules by which PaddleX thins what a layout model found, in its order: thresholds by class,
 * duplicates (NMS), pictures as large as the page, regions inside others, stretching. Then regions
 * of the page. Called by doclayout.c.
 */
#include "ocr/doclayout_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* Of two boxes' common area as a part of both together, from which on the less sure one goes: of
 * one class, of two. And the part of a box inside another that makes it its part. */
static const float same_class = 0.6F, other_class = 0.98F, inside = 0.9F;

/* A picture with more than this part of a page that is wide, or not, is the page. */
static const float whole_wide = 0.82F, whole_high = 0.93F;

/* ---- what is believed ---- */

static bool is_believed(const struct doclayout_plan *plan, const float *row, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        if (!isfinite(row[i]))
            return false;
    if (!(row[0] > -1) || row[0] >= (float)plan->class_count)
        return false;
    const struct doclayout_class *c = &plan->classes[(size_t)fmaxf(row[0], 0)];
    return c->type >= 0 && row[1] > c->threshold;
}

/* By descending score; then by place, so that equal scores are told the same way each time. */
static int compare_scores(const void *a, const void *b)
{
    const struct doclayout_box *one = a, *other = b;
    if (one->score != other->score)
        return one->score > other->score ? -1 : 1;
    if (one->at.y1 != other->at.y1)
        return one->at.y1 < other->at.y1 ? -1 : 1;
    if (one->at.x1 != other->at.x1)
        return one->at.x1 < other->at.x1 ? -1 : 1;
    return one->class < other->class ? -1 : one->class > other->class;
}

static struct doclayout_box box_of(const float *row, size_t columns)
{
    return (struct doclayout_box){
        .class = (size_t)fmaxf(row[0], 0),
        .score = row[1],
        .at = {rintf(row[2]), rintf(row[3]), rintf(row[4]), rintf(row[5])},
        .order = columns > 6 ? row[6] : 0,
        .tie = columns > 7 ? row[7] : 0,
    };
}

void doclayout_take(const struct doclayout_plan *plan, const float *rows, size_t count,
                    size_t columns, struct doclayout_boxes *out)
{
    size_t space = 0;
    for (size_t i = 0; i < count; i++)
        space += is_believed(plan, rows + i * columns, columns);
    out->rows = x_calloc(space + 1, sizeof *out->rows);
    out->count = 0;
    for (size_t i = 0; i < count; i++)
        if (is_believed(plan, rows + i * columns, columns))
            out->rows[out->count++] = box_of(rows + i * columns, columns);
    qsort(out->rows, out->count, sizeof *out->rows, compare_scores);
    if (out->count > DOCLAYOUT_MAX_BOXES)
        out->count = DOCLAYOUT_MAX_BOXES;
}

/* ---- thinning ---- */

static float extent(float from, float to)
{
    return fmaxf(to - from, 0);
}

static float area_of(const struct rect *r)
{
    return extent(r->x1, r->x2) * extent(r->y1, r->y2);
}

static struct rect common(const struct rect *a, const struct rect *b)
{
    return (struct rect){fmaxf(a->x1, b->x1), fmaxf(a->y1, b->y1), fminf(a->x2, b->x2),
                         fminf(a->y2, b->y2)};
}

/* Of boxes whose last pixel is theirs, as PaddleX counts it here and nowhere else. */
static float overlap(const struct rect *a, const struct rect *b)
{
    const struct rect c = common(a, b), more = {c.x1, c.y1, c.x2 + 1, c.y2 + 1},
                      whole_a = {a->x1, a->y1, a->x2 + 1, a->y2 + 1},
                      whole_b = {b->x1, b->y1, b->x2 + 1, b->y2 + 1};
    float shared = area_of(&more);
    return shared / fmaxf(area_of(&whole_a) + area_of(&whole_b) - shared, 1);
}

/* Keeps the boxes that are not marked, in their order. */
static void sweep(struct doclayout_boxes *boxes, const bool *gone)
{
    size_t kept = 0;
    for (size_t i = 0; i < boxes->count; i++)
        if (!gone[i])
            boxes->rows[kept++] = boxes->rows[i];
    boxes->count = kept;
}

static void drop_duplicates(struct doclayout_boxes *boxes, bool *gone)
{
    for (size_t i = 0; i < boxes->count; i++)
        for (size_t k = i + 1; k < boxes->count && !gone[i]; k++) {
            const struct doclayout_box *a = &boxes->rows[i], *b = &boxes->rows[k];
            gone[k] |= overlap(&a->at, &b->at) >= (a->class == b->class ? same_class : other_class);
        }
}

/* One alone on its page stays, and all of them where nothing else is there. */
static void drop_whole_page(const struct doclayout_plan *plan, float width, float height,
                            const struct doclayout_boxes *boxes, bool *gone)
{
    const struct rect page = {0, 0, width, height};
    const float most = (width > height ? whole_wide : whole_high) * width * height;
    size_t dropped = 0;
    for (size_t i = 0; i < boxes->count; i++) {
        const struct rect seen = common(&boxes->rows[i].at, &page);
        gone[i] = plan->classes[boxes->rows[i].class].image && area_of(&seen) > most;
        dropped += gone[i];
    }
    for (size_t i = 0; dropped == boxes->count && i < boxes->count; i++)
        gone[i] = false;
}

static bool is_part(const struct doclayout_plan *plan, const struct doclayout_box *part,
                    const struct doclayout_box *whole)
{
    const struct rect c = common(&part->at, &whole->at);
    const float area = area_of(&part->at);
    if (plan->classes[part->class].formula && !plan->classes[whole->class].formula)
        return false;
    return area > 0 && area_of(&c) >= inside * area;
}

/* `large`: what is inside such a box goes. `small`: what has such a box inside goes, unless it is
 * one itself and inside another. */
static void drop_merged(const struct doclayout_plan *plan, const struct doclayout_boxes *boxes,
                        bool *gone)
{
    bool *around = x_calloc(boxes->count + 1, sizeof *around);
    bool *held = x_calloc(boxes->count + 1, sizeof *held);
    for (size_t i = 0; i < boxes->count; i++)
        for (size_t k = 0; k < boxes->count; k++) {
            const struct doclayout_box *part = &boxes->rows[i], *whole = &boxes->rows[k];
            if (i == k || !is_part(plan, part, whole))
                continue;
            gone[i] |= plan->classes[whole->class].merge == MERGE_LARGE;
            around[k] |= plan->classes[part->class].merge == MERGE_SMALL;
            held[i] |= plan->classes[part->class].merge == MERGE_SMALL;
        }
    for (size_t i = 0; i < boxes->count; i++)
        gone[i] |= around[i] && !held[i];
    free(around);
    free(held);
}

static void stretch(struct rect *r, float across, float down)
{
    const float x = (r->x1 + r->x2) / 2, y = (r->y1 + r->y2) / 2;
    const float width = (r->x2 - r->x1) * across, height = (r->y2 - r->y1) * down;
    *r = (struct rect){x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}

static bool *nothing_gone(const struct doclayout_boxes *boxes)
{
    return x_calloc(boxes->count + 1, sizeof(bool));
}

void doclayout_thin(const struct doclayout_plan *plan, float width, float height,
                    struct doclayout_boxes *boxes)
{
    bool *gone = nothing_gone(boxes);
    if (plan->nms)
        drop_duplicates(boxes, gone);
    sweep(boxes, gone);
    free(gone);

    gone = nothing_gone(boxes);
    drop_whole_page(plan, width, height, boxes, gone);
    sweep(boxes, gone);
    free(gone);

    gone = nothing_gone(boxes);
    drop_merged(plan, boxes, gone);
    sweep(boxes, gone);
    free(gone);

    for (size_t i = 0; i < boxes->count; i++)
        stretch(&boxes->rows[i].at, plan->unclip_width, plan->unclip_height);
}

/* ---- regions ---- */

static int compare_order(const void *a, const void *b)
{
    const struct doclayout_box *one = a, *other = b;
    if (one->order != other->order)
        return one->order < other->order ? -1 : 1;
    if (one->tie != other->tie)
        return one->tie > other->tie ? -1 : 1;
    return compare_scores(a, b);
}

static float distance(const struct rect *a, const struct rect *b)
{
    const float x = fmaxf(extent(a->x2, b->x1), extent(b->x2, a->x1));
    const float y = fmaxf(extent(a->y2, b->y1), extent(b->y2, a->y1));
    return hypotf(x, y);
}

/* The models from plus-L on have one label for all captions. */
static enum block_type caption_type(const struct doclayout_plan *plan,
                                    const struct doclayout_boxes *boxes,
                                    const struct doclayout_box *caption)
{
    float nearest = INFINITY;
    enum block_type type = BLOCK_FIGURE_CAPTION;
    for (size_t i = 0; i < boxes->count; i++) {
        const int of = plan->classes[boxes->rows[i].class].type;
        const float far = distance(&caption->at, &boxes->rows[i].at);
        if ((of != BLOCK_TABLE && of != BLOCK_FIGURE) || far >= nearest)
            continue;
        nearest = far;
        type = of == BLOCK_TABLE ? BLOCK_TABLE_CAPTION : BLOCK_FIGURE_CAPTION;
    }
    return type;
}

void doclayout_regions_of(const struct doclayout_plan *plan, struct doclayout_boxes *boxes,
                          bool ordered, float width, float height, struct doclayout_regions *out)
{
    const struct rect page = {0, 0, width, height};
    if (ordered)
        qsort(boxes->rows, boxes->count, sizeof *boxes->rows, compare_order);
    out->rows = x_calloc(boxes->count + 1, sizeof *out->rows);
    for (size_t i = 0; i < boxes->count; i++) {
        const struct doclayout_box *b = &boxes->rows[i];
        const struct doclayout_class *c = &plan->classes[b->class];
        const struct rect at = common(&b->at, &page);
        if (!(at.x2 > at.x1 && at.y2 > at.y1))
            continue;
        out->rows[out->count] = (struct layout_region){
            .type = c->caption ? caption_type(plan, boxes, b) : (enum block_type)c->type,
            .at = at,
            .confidence = fminf(b->score, 1),
            .order = ordered ? (int)out->count : -1,
        };
        out->count++;
    }
}
