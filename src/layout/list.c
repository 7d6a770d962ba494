/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Paragraphs that begin with marks to lists, and code: neighbours of a kind become one part.
 * Called by layout.c.
 */
#include "layout/draft.h"

#include <math.h>

static const float item_gap = 1.6F;    /* ordinary heights between two items, at most */
static const float behind_mark = 0.3F; /* the same: an item's further paragraph is set in */
static const float all_code = 0.6F;    /* of the rows: a typewritten page has no code */

/* Is b right below a in the same column? */
static bool follows(const struct draft *d, const struct part *a, const struct part *b)
{
    return a->column == b->column && a->column != DRAFT_NONE && a->count && b->count &&
           b->first == a->first + a->count &&
           draft_gap(draft_last_row(d, a), draft_first_row(d, b)) < item_gap * d->sheet->unit;
}

static bool is_loose_text(const struct part *p)
{
    return p->type == BLOCK_TEXT && !p->fixed && !p->solid;
}

static bool is_bold(const struct draft *d, const struct part *p)
{
    return draft_first_row(d, p)->style & FONT_BOLD;
}

/* The parts from i on that are items of one list, or what goes on in them. *items counts those with
 * a mark. */
static size_t list_end(const struct draft *d, size_t i, size_t *items)
{
    const struct part *first = &d->parts[i];
    struct mark outer = first->mark, last = first->mark;
    float in = draft_first_row(d, first)->begin + behind_mark * d->sheet->unit;
    size_t end = i + 1;
    *items = 1;
    for (size_t k = i + 1; k < d->part_count; k++) {
        const struct part *p = &d->parts[k];
        if (!is_loose_text(p) || !follows(d, p - 1, p) || is_bold(d, p) != is_bold(d, first))
            break;
        bool set_in = draft_first_row(d, p)->begin > in;
        bool next = wording_follows(&outer, &p->mark) || wording_follows(&last, &p->mark);
        if (!next && !set_in)
            break;
        if (p->mark.kind) {
            ++*items;
            last = p->mark;
            outer = set_in ? outer : last;
        }
        end = k + 1;
    }
    return end;
}

/* All its lines but the first stand behind its mark. */
static bool hangs(const struct draft *d, const struct part *p)
{
    float in = draft_first_row(d, p)->begin + behind_mark * d->sheet->unit;
    for (size_t i = 1; i < p->count; i++)
        if (d->rows[p->first + i].begin < in)
            return false;
    return p->count > 1;
}

static void make_list(struct draft *d, size_t from, size_t to)
{
    struct part *list = &d->parts[from];
    list->type = BLOCK_LIST;
    for (size_t i = from + 1; i < to; i++)
        draft_absorb(list, &d->parts[i]);
}

void draft_make_lists(struct draft *d)
{
    for (size_t i = 0, end, items; i < d->part_count; i = end) {
        struct part *p = &d->parts[i];
        end = i + 1;
        if (!is_loose_text(p) || !p->count || p->mark.kind == MARK_NONE)
            continue;
        end = list_end(d, i, &items);
        if (items > 1 || p->mark.kind == MARK_BULLET || hangs(d, p))
            make_list(d, i, end);
        else
            end = i + 1;
    }
    draft_drop_gone(d);
}

/* ---- code ---- */

static bool is_code(const struct draft *d, const struct part *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (!(d->rows[p->first + i].style & FONT_MONO))
            return false;
    return is_loose_text(p) && p->count;
}

void draft_find_code(struct draft *d)
{
    size_t mono = 0;
    for (size_t i = 0; i < d->row_count; i++)
        mono += (d->rows[i].style & FONT_MONO) != 0;
    if (!mono || (float)mono > all_code * (float)d->row_count)
        return;
    struct part *code = NULL;
    for (size_t i = 0; i < d->part_count; i++) {
        struct part *p = &d->parts[i];
        if (!is_code(d, p)) {
            code = NULL;
            continue;
        }
        if (code && follows(d, code, p)) {
            draft_absorb(code, p);
            continue;
        }
        code = p;
        p->type = BLOCK_CODE;
    }
    draft_drop_gone(d);
}
