/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Which of several models is taken. The rule is a list of ranks, compared in order, smaller first;
 * docs/models.md has it as a table. Files are not opened here.
 */
#include "model/model_internal.h"

#include <string.h>

enum { RANKS = 6 };

static void rank(const struct model_file *f, const struct model_file *like, int out[RANKS])
{
    char own[MODEL_NAME], wanted[MODEL_NAME] = "";
    model_base(f->name, own);
    if (like)
        model_base(like->name, wanted);
    out[0] = -model_generation(own);
    out[1] = like && strcmp(model_tier(own), model_tier(wanted)) != 0;
    out[2] = f->task == MODEL_REC && model_for_one_script(own);
    if (f->task == MODEL_LAYOUT || f->task == MODEL_TABLE)
        out[3] = model_structure_rank(own);
    else
        out[3] = f->task == MODEL_REC || f->task == MODEL_DET ? model_tier_rank(own) : 0;
    out[4] = model_precision_rank(f->name);
    out[5] = strcmp(f->pack, like ? like->pack : f->pack) != 0;
}

static bool better(const struct model_file *a, const struct model_file *b,
                   const struct model_file *like)
{
    int left[RANKS], right[RANKS];
    rank(a, like, left);
    rank(b, like, right);
    for (int i = 0; i < RANKS; i++)
        if (left[i] != right[i])
            return left[i] < right[i];
    return strcmp(a->name, b->name) < 0;
}

bool model_in_pack(const struct model_file *f, const char *pack)
{
    char stem[MODEL_NAME];
    model_stem(f->name, stem);
    return strcmp(f->pack, pack) == 0 || strcmp(stem, pack) == 0;
}

const struct model_file *model_pick(const struct model_shelf *s, enum model_task task,
                                    const char *pack, const struct model_file *like)
{
    const struct model_file *best = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const struct model_file *f = &s->files[i];
        if (f->task == task && (!pack || model_in_pack(f, pack)) &&
            (!best || better(f, best, like)))
            best = f;
    }
    return best;
}

const struct model_file *model_pick_named(const struct model_shelf *s, enum model_task task,
                                          const char *official_name)
{
    const struct model_file *best = NULL;
    for (size_t i = 0; i < s->count; i++) {
        char base[MODEL_NAME];
        const struct model_file *f = &s->files[i];
        model_base(f->name, base);
        if (f->task == task && strcmp(base, official_name) == 0 && (!best || better(f, best, NULL)))
            best = f;
    }
    return best;
}
