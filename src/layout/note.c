/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Footnotes: at the bottom of a column, in smaller type, and under a short rule or behind a mark.
 * They are read after the text of the page. Called by layout.c.
 */
#include "layout/draft.h"

#include <math.h>

static const float smaller = 0.93F;    /* than the text */
static const float lower_part = 0.5F;  /* of the page: where notes may begin */
static const float short_rule = 0.7F;  /* of the column's width, at most */
static const float near_rule = 1.5F;   /* ordinary heights between rule and note */
static const float reaching_in = 0.3F; /* the same: of a rule into the box of the note */

/* The sheet has level rules first, from top to bottom. The first that is not above y. */
static size_t first_rule(const struct sheet *s, float y)
{
    size_t from = 0, to = s->rule_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct layout_rule *r = &s->rules[middle];
        if (!r->vertical && r->at.y2 < y)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool is_under_rule(const struct draft *d, const struct part *p)
{
    const struct sheet *s = d->sheet;
    const struct column *c = &d->columns[p->column];
    float highest = p->at.y1 - near_rule * s->unit;
    for (size_t i = first_rule(s, highest); i < s->rule_count && !s->rules[i].vertical; i++) {
        const struct rect *r = &s->rules[i].at;
        if (r->y1 > p->at.y1 + s->unit)
            break;
        if (r->y2 < p->at.y1 + reaching_in * s->unit && rect_overlap_x(r, &p->at) > 0 &&
            rect_width(r) < short_rule * (c->end - c->begin))
            return true;
    }
    return false;
}

static bool may_be_note(const struct draft *d, const struct part *p)
{
    return p->type == BLOCK_TEXT && !p->fixed && p->count && p->column != DRAFT_NONE &&
           p->place == PLACE_BODY && p->at.y1 > lower_part * d->sheet->height;
}

/* Small type with nothing larger above it in its column is a box of its own, not notes. */
static bool is_below_text(const struct draft *d, const struct part *p)
{
    const struct column *c = &d->columns[p->column];
    for (size_t r = c->first; r < p->first && r < c->first + c->count; r++)
        if (d->rows[r].height >= smaller * d->body)
            return true;
    return false;
}

static bool begins_note(const struct draft *d, const struct part *p)
{
    return may_be_note(d, p) && p->height < smaller * d->body &&
           wording_has_letters(draft_first_row(d, p)->text) &&
           ((wording_note(draft_first_row(d, p)->text) && is_below_text(d, p)) ||
            is_under_rule(d, p));
}

/* Is all that follows in the column as small? */
static bool ends_column(const struct draft *d, size_t part)
{
    const struct part *p = &d->parts[part];
    for (size_t i = part + 1; i < d->part_count && d->parts[i].column == p->column; i++)
        if (d->parts[i].place == PLACE_BODY &&
            (d->parts[i].solid || d->parts[i].height >= smaller * d->body))
            return false;
    return true;
}

void draft_find_notes(struct draft *d)
{
    for (size_t i = 0; i < d->part_count; i++) {
        if (!begins_note(d, &d->parts[i]) || !ends_column(d, i))
            continue;
        size_t column = d->parts[i].column;
        for (; i < d->part_count && d->parts[i].column == column; i++)
            if (may_be_note(d, &d->parts[i])) {
                d->parts[i].type = BLOCK_FOOTNOTE;
                d->parts[i].place = PLACE_NOTES;
            }
        i--;
    }
}
