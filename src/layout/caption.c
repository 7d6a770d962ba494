/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Captions: a paragraph that begins like one, or small type right below a figure, beside what it
 * names. Called by layout.c.
 */
#include "layout/draft.h"

#include <math.h>

enum { MOST_ROWS = 25, MOST_SMALL_ROWS = 5, LONGEST_LABEL = 14 };

/* In ordinary line heights. */
static const float reach = 3.5F;       /* from a caption to what it names */
static const float label_gap = 0.8F;   /* between "Table 1" and what follows on the next line */
static const float close_reach = 1.5F; /* the same, of one without the word for it */
static const float wrong_side = 0.5F;  /* a table's caption is rather above, a figure's below */

static const float smaller = 0.95F; /* than the text */
static const float beneath = 0.5F;  /* of the narrower one's width */

static bool may_be_caption(const struct part *p)
{
    return p->type == BLOCK_TEXT && !p->fixed && p->count && p->count <= MOST_ROWS &&
           p->place == PLACE_BODY;
}

/* How far the caption is from what it may belong to; INFINITY: not beside it. */
static float distance(const struct part *caption, const struct part *of)
{
    const struct rect *a = &caption->at, *b = &of->at;
    float narrower = fminf(rect_width(a), rect_width(b));
    if (rect_overlap_x(a, b) > beneath * narrower)
        return fmaxf(-rect_overlap_y(a, b), 0);
    return rect_overlap_y(a, b) > 0 ? fmaxf(-rect_overlap_x(a, b), 0) : INFINITY;
}

static float preference(const struct part *caption, const struct part *of, float unit)
{
    bool above = caption->at.y1 < of->at.y1;
    bool liked = above == (of->type == BLOCK_TABLE);
    return distance(caption, of) + (liked ? 0 : wrong_side * unit);
}

/* Figures and tables, by their parts. */
struct targets {
    size_t *list, count;
};

/* The nearest of this type that has no caption, or DRAFT_NONE. */
static size_t nearest(const struct draft *d, const struct targets *t, const struct part *caption,
                      enum block_type type, float within)
{
    size_t best = DRAFT_NONE;
    float least = within * d->sheet->unit;
    for (size_t i = 0; i < t->count; i++) {
        const struct part *p = &d->parts[t->list[i]];
        if (p->type != type || p->caption != DRAFT_NONE)
            continue;
        float far = preference(caption, p, d->sheet->unit);
        if (far < least) {
            least = far;
            best = t->list[i];
        }
    }
    return best;
}

static void link_worded(struct draft *d, const struct targets *t, size_t i)
{
    struct part *p = &d->parts[i];
    bool strong;
    enum caption_kind kind = wording_caption(draft_first_row(d, p)->text, &strong);
    if (kind == CAPTION_NONE)
        return;
    enum block_type type = kind == CAPTION_FIGURE ? BLOCK_FIGURE : BLOCK_TABLE;
    size_t of = nearest(d, t, p, type, reach);
    if (of == DRAFT_NONE && !strong)
        return;
    p->type = kind == CAPTION_FIGURE ? BLOCK_FIGURE_CAPTION : BLOCK_TABLE_CAPTION;
    if (of != DRAFT_NONE)
        d->parts[of].caption = i;
}

static void link_small(struct draft *d, const struct targets *t, size_t i)
{
    struct part *p = &d->parts[i];
    if (p->count > MOST_SMALL_ROWS || p->height > smaller * d->body)
        return;
    size_t of = nearest(d, t, p, BLOCK_FIGURE, close_reach);
    if (of == DRAFT_NONE || p->at.y1 < (d->parts[of].at.y1 + d->parts[of].at.y2) / 2)
        return;
    p->type = BLOCK_FIGURE_CAPTION;
    d->parts[of].caption = i;
}

/* Those that a model found have their type; what they belong to is still to be found. */
static void link_known(struct draft *d, const struct targets *t, size_t i)
{
    enum block_type type = d->parts[i].type;
    if (type != BLOCK_FIGURE_CAPTION && type != BLOCK_TABLE_CAPTION)
        return;
    size_t of = nearest(d, t, &d->parts[i],
                        type == BLOCK_TABLE_CAPTION ? BLOCK_TABLE : BLOCK_FIGURE, 2 * reach);
    if (of != DRAFT_NONE)
        d->parts[of].caption = i;
}

/* "Table 1" alone on its line, and what the table shows below it. */
static bool is_label_of(const struct draft *d, const struct part *label, const struct part *text)
{
    bool strong;
    return may_be_caption(label) && may_be_caption(text) && label->count == 1 &&
           text->count <= MOST_SMALL_ROWS && label->column == text->column &&
           text->first == label->first + 1 &&
           wording_length(draft_first_row(d, label)->text) <= LONGEST_LABEL &&
           wording_caption(draft_first_row(d, label)->text, &strong) != CAPTION_NONE &&
           draft_gap(draft_last_row(d, label), draft_first_row(d, text)) <
               label_gap * d->sheet->unit;
}

static void join_labels(struct draft *d)
{
    for (size_t i = 0; i + 1 < d->part_count; i++)
        if (is_label_of(d, &d->parts[i], &d->parts[i + 1]))
            draft_absorb(&d->parts[i], &d->parts[i + 1]);
    draft_drop_gone(d);
}

int draft_find_captions(struct draft *d)
{
    join_labels(d);
    struct targets targets = {arena_alloc(d->sheet->arena, d->part_count, sizeof(size_t)), 0};
    if (!targets.list)
        return -1;
    for (size_t i = 0; i < d->part_count; i++)
        if (d->parts[i].type == BLOCK_FIGURE || d->parts[i].type == BLOCK_TABLE)
            targets.list[targets.count++] = i;
    for (size_t i = 0; i < d->part_count; i++)
        if (d->parts[i].fixed)
            link_known(d, &targets, i);
    for (size_t i = 0; i < d->part_count; i++)
        if (may_be_caption(&d->parts[i]))
            link_worded(d, &targets, i);
    for (size_t i = 0; i < d->part_count; i++)
        if (may_be_caption(&d->parts[i]))
            link_small(d, &targets, i);
    return 0;
}
