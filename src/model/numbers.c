/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The numbers that travel with a model. Bounds are those of the recipe's table, checked when a
 * number is read, so that applying them cannot fail.
 */
#include "model/model_internal.h"

#include "base/must.h"

#include <stdio.h>
#include <string.h>

const char *const model_number_names[MODEL_NUMBERS] = {
    [NUMBER_LIMIT_SIDE_LEN] = "limit_side_len", [NUMBER_LIMIT_TYPE] = "limit_type",
    [NUMBER_MAX_SIDE_LIMIT] = "max_side_limit", [NUMBER_THRESH] = "thresh",
    [NUMBER_BOX_THRESH] = "box_thresh",         [NUMBER_UNCLIP_RATIO] = "unclip_ratio",
    [NUMBER_MAX_CANDIDATES] = "max_candidates", [NUMBER_REC_HEIGHT] = "rec_height",
    [NUMBER_REC_SQUEEZE] = "rec_squeeze",       [NUMBER_SCORE_THRESH] = "score_thresh",
    [NUMBER_LAYOUT_SIZE] = "layout_size",       [NUMBER_LAYOUT_MEAN] = "layout_mean",
    [NUMBER_LAYOUT_STD] = "layout_std",         [NUMBER_LAYOUT_THRESHOLDS] = "layout_thresholds",
    [NUMBER_TABLE_SIZE] = "table_size",         [NUMBER_TABLE_EXTENT] = "table_extent",
};

/* How many numbers the recipe's lists hold here. */
static const size_t list_lengths[MODEL_NUMBERS] = {
    [NUMBER_LAYOUT_MEAN] = 3, [NUMBER_LAYOUT_STD] = 3, [NUMBER_LAYOUT_THRESHOLDS] = 1};

int model_numbers_set(struct model_numbers *n, enum model_number which, const char *value,
                      struct error *err)
{
    struct recipe scratch;
    float list[3];
    const size_t length = list_lengths[which];
    if (strlen(value) >= MODEL_NUMBER)
        return error_set(err, ERROR_INPUT, "%s: '%.40s' is too long", model_number_names[which],
                         value);
    if (param_set(&recipe_table, &scratch, model_number_names[which], value, err) < 0)
        return -1;
    if (length && recipe_numbers(value, list, 3) != length)
        return error_set(err, ERROR_INPUT, "%s: '%s' is not %zu numbers", model_number_names[which],
                         value, length);
    snprintf(n->text[which], MODEL_NUMBER, "%s", value);
    return 0;
}

void model_numbers_merge(struct model_numbers *below, const struct model_numbers *above)
{
    for (int i = 0; i < MODEL_NUMBERS; i++)
        if (*above->text[i])
            memcpy(below->text[i], above->text[i], MODEL_NUMBER);
}

void model_numbers_apply(const struct model_numbers *n, struct recipe *r)
{
    for (int i = 0; i < MODEL_NUMBERS; i++)
        if (*n->text[i])
            must(param_set(&recipe_table, r, model_number_names[i], n->text[i], NULL) == 0);
}
