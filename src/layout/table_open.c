/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Where tables without a frame may be: between level rules of one width, in regions that a model
 * calls tables, and wherever pieces stand beside and below each other without being running text.
 * What is there is read by table_zone.c. Called by table.c.
 */
#include "layout/table_zone.h"

#include "base/memory.h"
#include "base/sort.h"

#include <math.h>
#include <stdlib.h>

enum {
    LEAST_PIECES = 4,
    OPEN_STACKS = 16,  /* that a level line may join */
    ROWS_BELOW = 3,    /* that a piece may touch the piece below in */
    ROWS_OF_PAGE = 12, /* between two lines: they may stand above and below all columns of a page */
};

static const float same_level = 0.25F;  /* units: parts of one level line */
static const float part_gap = 1.5F;     /* units between these parts */
static const float same_end = 1;        /* units: lines of one table end at one edge */
static const float least_stroke = 6;    /* units */
static const float most_white = 2.2F;   /* units between rows of a table without rules */
static const float most_aside = 0.45F;  /* of the page's width, between columns of such */
static const float most_stub = 0.6F;    /* of a table's width: longer lines follow the table */
static const float least_parting = 6;   /* units: a line down that long parts columns of a page */
static const float page_share = 0.5F;   /* of all their widths, pieces of running text: a page */
static const float prose_share = 0.34F; /* of the pieces between two lines: no table's rows */

/* ---- level lines ---- */

/* Level lines from rules that close nothing, parts of one line joined; to free. */
static struct stroke *find_strokes(struct table_search *f, const struct ruling *rules, size_t n,
                                   size_t *count)
{
    struct stroke *out = x_calloc(n + 1, sizeof *out);
    float unit = f->sheet->unit;
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const struct ruling *r = &rules[i];
        struct stroke *last = found ? &out[found - 1] : NULL;
        if (last && fabsf(last->y - r->at) <= same_level * unit &&
            r->from <= last->x2 + part_gap * unit && r->to >= last->x1 - part_gap * unit) {
            last->x1 = fminf(last->x1, r->from);
            last->x2 = fmaxf(last->x2, r->to);
        } else {
            out[found++] = (struct stroke){r->at, r->from, r->to};
        }
    }
    *count = found;
    return out;
}

static int compare_rulings(const void *a, const void *b)
{
    const struct ruling *one = a, *other = b;
    if (one->at != other->at)
        return one->at < other->at ? -1 : 1;
    return one->from < other->from ? -1 : one->from > other->from;
}

/* Of frames with level rules only. */
static size_t keep_level(struct ruling *rules, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0, end; i < count; i = end) {
        end = i + 1;
        while (end < count && rules[end].frame == rules[i].frame)
            end++;
        for (size_t k = i; !rules[end - 1].vertical && k < end; k++)
            rules[kept++] = rules[k];
    }
    if (kept)
        qsort(rules, kept, sizeof *rules, compare_rulings);
    return kept;
}

/* ---- between them ---- */

struct stacks {
    struct table_search *search;
    const bool *prose;
    const struct stroke *strokes;
    size_t count;
    bool *used;
};

static bool same_width(const struct stacks *s, const struct stroke *a, const struct stroke *b)
{
    float end = same_end * s->search->sheet->unit;
    return fabsf(a->x1 - b->x1) <= end && fabsf(a->x2 - b->x2) <= end;
}

/* Rows of a table, as far as their pieces tell: none of running text, some beside each other. */
static bool is_tabular(struct stacks *s, struct rect area)
{
    size_t n, prose = 0, beside = 0;
    float wide = 0, running = 0;
    struct text_rows t;
    size_t *pieces = table_pieces_in(s->search, area, &n);
    for (size_t i = 0; i < n; i++) {
        const struct rect *at = &s->search->sheet->pieces[pieces[i]].at;
        prose += s->prose[pieces[i]];
        wide += at->x2 - at->x1;
        running += s->prose[pieces[i]] ? at->x2 - at->x1 : 0;
    }
    table_rows_open(&t, s->search->sheet, pieces, n);
    for (size_t r = 0; r < t.count; r++)
        beside += t.rows[r].count >= 2;
    size_t rows = t.count;
    table_rows_close(&t);
    free(pieces);
    bool page = rows >= ROWS_OF_PAGE && running > page_share * wide;
    return n && (float)prose <= prose_share * (float)n && beside * 2 >= rows && !page;
}

static bool has_numbers(const struct table_search *f, const size_t *pieces, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (table_entry_of(&f->sheet->pieces[pieces[i]]) == TABLE_ENTRY_NUMBER)
            return true;
    return false;
}

/* Where the rows end that follow a table's heading without a line below them. */
static float end_below(struct stacks *s, struct rect heading)
{
    const struct sheet *sheet = s->search->sheet;
    struct rect below = {heading.x1, heading.y2, heading.x2, sheet->height};
    float end = heading.y2;
    struct text_rows t;
    size_t n;
    size_t *pieces = table_pieces_in(s->search, below, &n);
    table_rows_open(&t, sheet, pieces, n);
    for (size_t r = 0; r < t.count; r++) {
        const struct text_row *row = &t.rows[r];
        size_t first = t.pieces[row->first];
        const struct rect *at = &sheet->pieces[first].at;
        bool prose = s->prose[first] && at->x2 - at->x1 > most_stub * (heading.x2 - heading.x1);
        if (row->y1 - end > most_white * sheet->unit || prose)
            break;
        end = fmaxf(end, row->y2);
    }
    table_rows_close(&t);
    free(pieces);
    return end;
}

static int read_between(struct stacks *s, size_t first, size_t last, struct error *err)
{
    struct zone z = {
        .certain = true, .strokes = s->strokes + first, .stroke_count = last - first + 1};
    const struct stroke *top = &s->strokes[first];
    float unit = s->search->sheet->unit;
    z.at = (struct rect){top->x1 - unit, top->y, top->x2 + unit, s->strokes[last].y};
    size_t *pieces = table_pieces_in(s->search, z.at, &z.count);
    if (z.count && !has_numbers(s->search, pieces, z.count)) {
        z.at.y2 = end_below(s, z.at);
        free(pieces);
        pieces = table_pieces_in(s->search, z.at, &z.count);
    }
    z.pieces = pieces;
    int rc = z.count >= LEAST_PIECES ? table_read_zone(s->search, &z, err) : 0;
    free(pieces);
    return rc;
}

/* From one line to the next of its width, as long as there are rows of a table between. */
static int follow_stack(struct stacks *s, size_t first, struct error *err)
{
    float unit = s->search->sheet->unit;
    size_t last = first;
    s->used[first] = true;
    for (size_t i = first + 1; i < s->count && --s->search->patience >= 0; i++) {
        const struct stroke *a = &s->strokes[last], *b = &s->strokes[i];
        if (s->used[i] || !same_width(s, &s->strokes[first], b))
            continue;
        struct rect between = {a->x1 - unit, a->y, a->x2 + unit, b->y};
        if (b->y - a->y > same_level * unit && !is_tabular(s, between))
            break;
        s->used[i] = true;
        last = i;
    }
    return last > first ? read_between(s, first, last, err) : 0;
}

static int find_between_strokes(struct table_search *f, const bool *prose,
                                const struct stroke *strokes, size_t count, struct error *err)
{
    struct stacks s = {.search = f, .prose = prose, .strokes = strokes, .count = count};
    int rc = 0;
    s.used = x_calloc(count + 1, sizeof *s.used);
    for (size_t i = 0; i < count && rc == 0 && f->patience >= 0; i++)
        if (!s.used[i] && strokes[i].x2 - strokes[i].x1 >= least_stroke * f->sheet->unit)
            rc = follow_stack(&s, i, err);
    free(s.used);
    return rc;
}

/* ---- what a model calls a table ---- */

static int find_in_regions(struct table_search *f, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; i < f->sheet->region_count && rc == 0 && f->patience >= 0; i++) {
        struct zone z = {.certain = true, .at = f->sheet->regions[i].at};
        if (f->sheet->regions[i].type != BLOCK_TABLE)
            continue;
        size_t *pieces = table_pieces_in(f, z.at, &z.count);
        z.pieces = pieces;
        if (z.count >= LEAST_PIECES)
            rc = table_read_zone(f, &z, err);
        free(pieces);
    }
    return rc;
}

/* ---- pieces beside and below each other ---- */

struct patches {
    struct table_search *search;
    struct text_rows rows;
    size_t *parent; /* by position among the pieces of the rows */
    const bool *prose;
    struct ruling *upright; /* long ones, from the left */
    size_t upright_count;
};

static const struct piece *piece_at(const struct patches *p, size_t i)
{
    return &p->search->sheet->pieces[p->rows.pieces[i]];
}

static bool is_open(const struct patches *p, size_t i)
{
    return !p->prose[p->rows.pieces[i]] && !piece_at(p, i)->vertical;
}

/* Does a long line run down between two pieces? It parts a page's columns: a table's own would have
 * made a frame. */
static bool is_parted(const struct patches *p, const struct rect *left, const struct rect *right)
{
    float level = table_middle(left->y1, left->y2);
    for (size_t i = table_first_at(p->upright, p->upright_count, left->x2);
         i < p->upright_count && p->upright[i].at < right->x1; i++) {
        if (--p->search->patience < 0)
            return true;
        if (p->upright[i].from < level && p->upright[i].to > level)
            return true;
    }
    return false;
}

static void link_beside(struct patches *p, const struct text_row *row)
{
    float most = most_aside * p->search->sheet->width;
    for (size_t i = row->first; i + 1 < row->first + row->count; i++) {
        const struct rect *left = &piece_at(p, i)->at, *right = &piece_at(p, i + 1)->at;
        if (is_open(p, i) && is_open(p, i + 1) && right->x1 - left->x2 <= most &&
            !is_parted(p, left, right))
            sort_unite(p->parent, i, i + 1);
    }
}

static void link_below(struct patches *p, const struct text_row *above,
                       const struct text_row *below)
{
    size_t i = above->first, k = below->first;
    if (below->y1 - above->y2 > most_white * p->search->sheet->unit)
        return;
    while (i < above->first + above->count && k < below->first + below->count) {
        const struct rect *a = &piece_at(p, i)->at, *b = &piece_at(p, k)->at;
        if (table_overlap(a->x1, a->x2, b->x1, b->x2) > 0 && is_open(p, i) && is_open(p, k))
            sort_unite(p->parent, i, k);
        if (a->x2 < b->x2)
            i++;
        else
            k++;
    }
}

struct member {
    size_t root, piece;
};

static int compare_members(const void *a, const void *b)
{
    const struct member *one = a, *other = b;
    if (one->root != other->root)
        return one->root < other->root ? -1 : 1;
    return one->piece < other->piece ? -1 : one->piece > other->piece;
}

static int read_patches(struct patches *p, size_t n, const struct stroke *strokes, size_t count,
                        struct error *err)
{
    struct member *members = x_calloc(n + 1, sizeof *members);
    size_t *pieces = x_calloc(n + 1, sizeof *pieces);
    int rc = 0;
    for (size_t i = 0; i < n; i++)
        members[i] = (struct member){sort_root(p->parent, i), p->rows.pieces[i]};
    qsort(members, n, sizeof *members, compare_members);
    for (size_t i = 0, end; i < n && rc == 0 && p->search->patience >= 0; i = end) {
        for (end = i; end < n && members[end].root == members[i].root; end++)
            pieces[end - i] = members[end].piece;
        struct zone z = {
            .pieces = pieces, .count = end - i, .strokes = strokes, .stroke_count = count};
        if (z.count >= LEAST_PIECES)
            rc = table_read_zone(p->search, &z, err);
    }
    free(members);
    free(pieces);
    return rc;
}

/* The sheet's long lines down; to free. */
static struct ruling *find_uprights(const struct table_search *f, size_t *count)
{
    const struct sheet *s = f->sheet;
    struct ruling *out = x_calloc(s->rule_count + 1, sizeof *out);
    size_t n = 0;
    for (size_t i = 0; i < s->rule_count; i++) {
        const struct rect *at = &s->rules[i].at;
        if (s->rules[i].vertical && at->y2 - at->y1 >= least_parting * s->unit)
            out[n++] = (struct ruling){true, table_middle(at->x1, at->x2), at->y1, at->y2, 0};
    }
    qsort(out, n, sizeof *out, compare_rulings);
    *count = n;
    return out;
}

static int find_patches(struct table_search *f, const bool *prose, const struct stroke *strokes,
                        size_t count, struct error *err)
{
    struct patches p = {.search = f, .prose = prose};
    p.upright = find_uprights(f, &p.upright_count);
    size_t *open = x_calloc(f->count + 1, sizeof *open), n = 0;
    for (size_t i = 0; i < f->count; i++)
        if (!f->sheet->pieces[f->by_level[i]].taken)
            open[n++] = f->by_level[i];
    table_rows_open(&p.rows, f->sheet, open, n);
    p.parent = x_calloc(n + 1, sizeof *p.parent);
    for (size_t i = 0; i < n; i++)
        p.parent[i] = i;
    for (size_t r = 0; r < p.rows.count; r++) {
        link_beside(&p, &p.rows.rows[r]);
        for (size_t k = r + 1; k < p.rows.count && k <= r + ROWS_BELOW; k++)
            link_below(&p, &p.rows.rows[r], &p.rows.rows[k]);
    }
    int rc = n ? read_patches(&p, n, strokes, count, err) : 0;
    table_rows_close(&p.rows);
    free(p.parent);
    free(p.upright);
    free(open);
    return rc;
}

int table_find_open(struct table_search *f, struct error *err)
{
    struct ruling *rules;
    size_t count = table_frames(f, &rules), stroke_count;
    count = keep_level(rules, count);
    struct stroke *strokes = find_strokes(f, rules, count, &stroke_count);
    bool *prose = table_find_prose(f);
    int rc = find_between_strokes(f, prose, strokes, stroke_count, err);
    if (rc == 0)
        rc = find_in_regions(f, err);
    if (rc == 0)
        rc = find_patches(f, prose, strokes, stroke_count, err);
    free(prose);
    free(strokes);
    free(rules);
    return rc;
}
