/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The recipe's table and its flags. A new number is one field and one row. Filled by model/pack,
 * read by pagemill-work. The defaults are those of PP-OCRv6 (docs/engines.md has
 * the trials) and of the larger layout models.
 */
#include "model/recipe.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(f) offsetof(struct recipe, f), sizeof(((struct recipe *)0)->f)
#define TEXT(f)                                         \
    {                                                   \
#f, PARAM_TEXT, FIELD(f), "", .metavar = "TEXT" \
    }
#define MODEL(f) TEXT(f), TEXT(f##_sha256)
#define LIST(f, std)                                     \
    {                                                    \
#f, PARAM_TEXT, FIELD(f), std, .metavar = "LIST" \
    }
#define BOOL(f, std)                                       \
    {                                                      \
#f, PARAM_BOOL, FIELD(f), std, .metavar = "on|off" \
    }
#define INT(f, std, lo, hi)                                  \
    {                                                        \
#f, PARAM_INT, FIELD(f), std, lo, hi, .metavar = "N" \
    }
#define REAL(f, std, lo, hi)                                  \
    {                                                         \
#f, PARAM_REAL, FIELD(f), std, lo, hi, .metavar = "X" \
    }
#define CHOICE(f, std, list)                                                  \
    {                                                                         \
#f, PARAM_CHOICE, FIELD(f), std, .choices = (list), .metavar = "NAME" \
    }

static const char *const side_rules[] = {"max", "min", NULL};
static const char *const table_extents[] = {"square", "crop", NULL};
const char *const layout_merge_names[] = {"union", "large", "small", NULL};

static const struct param rows[] = {
    TEXT(name),
    TEXT(covers),
    TEXT(runtime),
    CHOICE(device, "auto", device_names),
    INT(batch_size, "0", 0, 1024),
    MODEL(detection),
    MODEL(recognition),
    MODEL(dictionary),
    MODEL(page_orientation),
    MODEL(line_orientation),
    INT(limit_side_len, "960", 32, 20000),
    CHOICE(limit_type, "max", side_rules),
    INT(max_side_limit, "4000", 32, 20000),
    REAL(thresh, "0.2", 0, 1),
    REAL(box_thresh, "0.45", 0, 1),
    REAL(unclip_ratio, "1.4", 0, 10),
    INT(max_candidates, "3000", 1, 100000),
    INT(rec_height, "48", 8, 512),
    REAL(rec_squeeze, "0.75", 0, 4),
    REAL(score_thresh, "0", 0, 1),
    TEXT(layout_name),
    TEXT(table_name),
    MODEL(layout),
    MODEL(table),
    MODEL(table_dictionary),
    LIST(layout_labels, ""),
    LIST(layout_thresholds, ""),
    LIST(layout_merges, ""),
    LIST(layout_mean, "0,0,0"),
    LIST(layout_std, "1,1,1"),
    INT(layout_size, "800", 32, 2048),
    BOOL(layout_nms, "true"),
    REAL(layout_unclip_width, "1", 0, 10),
    REAL(layout_unclip_height, "1", 0, 10),
    INT(table_size, "488", 32, 2048),
    CHOICE(table_extent, "square", table_extents),
};

const struct param_table recipe_table = {rows, sizeof rows / sizeof rows[0]};

void recipe_defaults(struct recipe *r)
{
    memset(r, 0, sizeof *r);
    param_defaults(&recipe_table, r);
}

bool recipe_complete(const struct recipe *r)
{
    return *r->detection && *r->recognition && *r->dictionary;
}

size_t recipe_numbers(const char *list, float *out, size_t space)
{
    size_t n = 0;
    for (const char *at = list; *at; n++) {
        char *end;
        float v = strtof(at, &end);
        if (end == at || (*end && *end != ',') || !isfinite(v) || n == space)
            return 0;
        out[n] = v;
        at = *end ? end + 1 : end;
    }
    return n;
}

size_t recipe_next_word(const char **at, const char **word)
{
    size_t len = strcspn(*at, ",");
    *word = *at;
    *at += len + ((*at)[len] == ',');
    return len;
}

char **recipe_args(const struct recipe *r)
{
    enum { FLAG = 64, EACH = FLAG + RECIPE_PATH };
    const size_t pointers = (2 * recipe_table.count + 1) * sizeof(char *);
    char **args = x_calloc(1, pointers + recipe_table.count * EACH);
    char *text = (char *)args + pointers;
    size_t n = 0;
    for (size_t i = 0; i < recipe_table.count; i++, text += EACH) {
        snprintf(text, FLAG, "--%s", rows[i].name);
        param_text(&rows[i], r, text + FLAG, RECIPE_PATH);
        if (strcmp(text + FLAG, rows[i].standard) == 0)
            continue;
        args[n++] = text;
        args[n++] = text + FLAG;
    }
    return args;
}
