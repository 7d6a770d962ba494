/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The values of a pipeline file's LayoutDetection, which PaddleX takes as one for all or as a
 * mapping from classes: threshold and layout_merge_bboxes_mode; and layout_unclip_ratio, one or two
 * numbers. Refuses what is neither. Called by pipeline.c.
 */
#include "model/pipeline_keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The class named behind the key, or, for one value, the range of all. */
static int classes_of(const char *rest, size_t *from, size_t *to, struct error *err)
{
    char *end;
    *from = 0;
    *to = RECIPE_CLASSES;
    if (!*rest)
        return 0;
    unsigned long class = strtoul(rest, &end, 10);
    if (*rest < '0' || *rest > '9' || *end)
        return error_set(err, ERROR_INPUT,
                         "one value or a mapping from classes (numbers) was expected");
    *from = class < RECIPE_CLASSES ? class : RECIPE_CLASSES;
    *to = class < RECIPE_CLASSES ? class + 1 : RECIPE_CLASSES;
    return 0;
}

static int number_of(const char *value, float most, float *out, struct error *err)
{
    char *end;
    float v = strtof(value, &end);
    if (end == value || *end || !(v >= 0 && v <= most))
        return error_set(err, ERROR_INPUT, "'%.40s' is not a number from 0 to %g", value,
                         (double)most);
    *out = v;
    return 0;
}

static int set_threshold(struct pipeline_layout *l, const char *rest, const char *value,
                         struct error *err)
{
    size_t from, to;
    float v;
    if (classes_of(rest, &from, &to, err) < 0 || number_of(value, 1, &v, err) < 0)
        return -1;
    for (; from < to; from++) {
        l->classes[from].threshold = v;
        l->classes[from].threshold_said = true;
    }
    return 0;
}

static int set_merge(struct pipeline_layout *l, const char *rest, const char *value,
                     struct error *err)
{
    size_t from, to;
    int merge = 0;
    if (classes_of(rest, &from, &to, err) < 0)
        return -1;
    while (layout_merge_names[merge] && strcmp(layout_merge_names[merge], value) != 0)
        merge++;
    if (!layout_merge_names[merge])
        return error_set(err, ERROR_INPUT, "'%.40s' is not union, large or small", value);
    for (; from < to; from++) {
        l->classes[from].merge = (enum layout_merge)merge;
        l->classes[from].merge_said = true;
    }
    return 0;
}

/* A list's two numbers come one after the other: width, then height. */
static int set_unclip(struct pipeline_layout *l, const char *rest, const char *value,
                      struct error *err)
{
    float v;
    if (*rest && strcmp(rest, "*") != 0)
        return error_set(err, ERROR_INPUT, "one or two numbers were expected");
    if (number_of(value, 10, &v, err) < 0)
        return -1;
    if (l->unclip_numbers == 2)
        return error_set(err, ERROR_INPUT, "two numbers were expected, not more");
    l->unclip[l->unclip_numbers] = v;
    if (!l->unclip_numbers++)
        l->unclip[1] = v;
    l->unclip_said = true;
    return 0;
}

int pipeline_layout_set(struct pipeline_layout *l, int which, const char *rest, const char *value,
                        struct error *err)
{
    static int (*const setters[])(struct pipeline_layout *, const char *, const char *,
                                  struct error *) = {
        [LAYOUT_THRESHOLD] = set_threshold,
        [LAYOUT_MERGE] = set_merge,
        [LAYOUT_UNCLIP] = set_unclip,
    };
    return setters[which](l, rest, value, err);
}
