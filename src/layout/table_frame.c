/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Which rules touch: crossing ones, and parts of one line. Rules are sorted along one axis, and
 * each is compared only with those in its reach; a drawing of thousands that all cross costs the
 * patience that is left, and is no table. Called by table_ruled.c and table_open.c.
 */
#include "layout/table_frame.h"

#include "base/memory.h"
#include "base/sort.h"

#include <stdlib.h>

static const float reach = 0.4F; /* units between ends that are meant to meet */
static const float least = 0.4F; /* units: shorter ones are ink of letters and dots */

struct drawing {
    struct ruling *level, *upright; /* by their place across */
    size_t level_count, upright_count;
    size_t *parent; /* of the level ones, then of the upright ones */
    float reach;
};

static int compare_at(const void *a, const void *b)
{
    const struct ruling *one = a, *other = b;
    if (one->at != other->at)
        return one->at < other->at ? -1 : 1;
    if (one->from != other->from)
        return one->from < other->from ? -1 : 1;
    return one->to < other->to ? -1 : one->to > other->to;
}

static int compare_frames(const void *a, const void *b)
{
    const struct ruling *one = a, *other = b;
    if (one->frame != other->frame)
        return one->frame < other->frame ? -1 : 1;
    if (one->vertical != other->vertical)
        return one->vertical ? 1 : -1;
    return compare_at(a, b);
}

static struct ruling ruling_of(const struct layout_rule *r)
{
    if (r->vertical)
        return (struct ruling){true, table_middle(r->at.x1, r->at.x2), r->at.y1, r->at.y2, 0};
    return (struct ruling){false, table_middle(r->at.y1, r->at.y2), r->at.x1, r->at.x2, 0};
}

static void load(const struct sheet *s, struct drawing *d)
{
    for (size_t i = 0; i < s->rule_count; i++) {
        struct ruling r = ruling_of(&s->rules[i]);
        if (r.to - r.from < least * s->unit)
            continue;
        if (r.vertical)
            d->upright[d->upright_count++] = r;
        else
            d->level[d->level_count++] = r;
    }
    qsort(d->level, d->level_count, sizeof *d->level, compare_at);
    qsort(d->upright, d->upright_count, sizeof *d->upright, compare_at);
}

/* Parts of one line, or of a double one. */
static void join_parallel(struct table_search *f, struct drawing *d, const struct ruling *list,
                          size_t count, size_t first)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count && list[k].at - list[i].at <= d->reach; k++) {
            if (--f->patience < 0)
                return;
            if (table_overlap(list[i].from, list[i].to, list[k].from, list[k].to) >= -d->reach)
                sort_unite(d->parent, first + i, first + k);
        }
}

size_t table_first_at(const struct ruling *rulings, size_t count, float at)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (rulings[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void join_crossing(struct table_search *f, struct drawing *d)
{
    for (size_t i = 0; i < d->level_count; i++) {
        const struct ruling *h = &d->level[i];
        for (size_t k = table_first_at(d->upright, d->upright_count, h->from - d->reach);
             k < d->upright_count && d->upright[k].at <= h->to + d->reach; k++) {
            if (--f->patience < 0)
                return;
            const struct ruling *v = &d->upright[k];
            if (h->at >= v->from - d->reach && h->at <= v->to + d->reach)
                sort_unite(d->parent, i, d->level_count + k);
        }
    }
}

static void join(struct table_search *f, struct drawing *d)
{
    size_t total = d->level_count + d->upright_count;
    d->parent = x_calloc(total + 1, sizeof *d->parent);
    for (size_t i = 0; i < total; i++)
        d->parent[i] = i;
    join_parallel(f, d, d->level, d->level_count, 0);
    join_parallel(f, d, d->upright, d->upright_count, d->level_count);
    join_crossing(f, d);
    for (size_t i = 0; i < d->level_count; i++)
        d->level[i].frame = sort_root(d->parent, i);
    for (size_t i = 0; i < d->upright_count; i++)
        d->upright[i].frame = sort_root(d->parent, d->level_count + i);
    free(d->parent);
}

size_t table_frames(struct table_search *f, struct ruling **out)
{
    const struct sheet *s = f->sheet;
    struct drawing d = {.reach = reach * s->unit};
    struct ruling *all = x_calloc(s->rule_count + 1, sizeof *all);
    size_t total = 0;
    d.level = x_calloc(s->rule_count + 1, sizeof *d.level);
    d.upright = x_calloc(s->rule_count + 1, sizeof *d.upright);
    load(s, &d);
    join(f, &d);
    for (size_t i = 0; i < d.level_count; i++)
        all[total++] = d.level[i];
    for (size_t i = 0; i < d.upright_count; i++)
        all[total++] = d.upright[i];
    qsort(all, total, sizeof *all, compare_frames);
    free(d.level);
    free(d.upright);
    *out = all;
    return f->patience < 0 ? 0 : total;
}
