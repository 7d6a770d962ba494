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
static const float beyond_rule = 0.5F; /* the same, sideways */

static bool is_under_rule(const struct draft *d, const struct part *p)
{
    const struct sheet *s = d->sheet;
    const struct column *c = &d->columns[p->column];
    for (size_t i = 0; i < s->rule_count; i++) {
        const struct layout_rule *r = &s->rules[i];
        float above = p->at.y1 - r->at.y2;
        if (!r->vertical && above > -0.3F * s->unit && above < near_rule * s->unit &&
            rect_overlap_x(&r->at, &p->at) > 0 &&
            r->at.x1 > p->at.x1 - beyond_rule * s->unit - rect_width(&p->at) &&
            rect_width(&r->at) < short_rule * (c->end - c->begin))
            return true;
    }
    return false;
}

static bool may_be_note(const struct draft *d, const struct part *p)
{
    return p->type == BLOCK_TEXT && !p->fixed && p->count && p->column != DRAFT_NONE &&
           p->place == PLACE_BODY && p->at.y1 > lower_part * d->sheet->height;
}

static bool begins_note(const struct draft *d, const struct part *p)
{
    return may_be_note(d, p) && p->height < smaller * d->body &&
           wording_has_letters(draft_first_row(d, p)->text) &&
           (wording_note(draft_first_row(d, p)->text) || is_under_rule(d, p));
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
