/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The keys of a PP-StructureV3 pipeline file, one row each: what kind of value, what pagemill does
 * with it.
 */
#ifndef MODEL_PIPELINE_KEYS_H
#define MODEL_PIPELINE_KEYS_H

#include "model/model_internal.h"

#include <stddef.h>

enum pipeline_type {
    PIPELINE_BOOL,
    PIPELINE_NUMBER,
    PIPELINE_TEXT,
    PIPELINE_TREE, /* one value, a list or a mapping */
};

enum pipeline_action {
    PIPELINE_NOTHING, /* no effect, said in the log unless the value is `same` */
    PIPELINE_LABEL,   /* a name for people and for PaddleX; nothing to do */
    PIPELINE_SET,     /* a number of the recipe: which is enum model_number */
    PIPELINE_NAME,    /* a model's name: which is enum model_task, as below */
    PIPELINE_DIR,     /* a model's directory */
    PIPELINE_SWITCH,  /* false: without that model */
    PIPELINE_BATCH,   /* lines in one run */
    PIPELINE_LAYOUT,  /* of layout detection: which is enum pipeline_layout_value */
    PIPELINE_NMS,     /* its layout_nms */
};

enum pipeline_layout_value { LAYOUT_THRESHOLD, LAYOUT_MERGE, LAYOUT_UNCLIP };

struct pipeline_key {
    const char *path;
    enum pipeline_type type;
    enum pipeline_action action;
    int which;
    const char *same; /* the value that asks for what pagemill does anyway; NULL: none */
};

extern const struct pipeline_key pipeline_keys[];
extern const size_t pipeline_key_count;

/* rest: what stands behind the key: "" for one value, else a class or "*". */
int pipeline_layout_set(struct pipeline_layout *l, int which, const char *rest, const char *value,
                        struct error *err);

#endif
