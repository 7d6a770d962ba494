/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The recipe's table and its flags. A new number is one field and one row. Filled by model/pack,
 * read by pagemill-work. The defaults are those of PP-OCRv6: docs/engines.md
 * has the trials.
 */
#include "model/recipe.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

#define FIELD(f) offsetof(struct recipe, f), sizeof(((struct recipe *)0)->f)
#define TEXT(f)                                         \
    {                                                   \
#f, PARAM_TEXT, FIELD(f), "", .metavar = "TEXT" \
    }
#define MODEL(f) TEXT(f), TEXT(f##_sha256)
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
