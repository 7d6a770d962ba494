/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A model directory as PaddleX exports it: inference.onnx with inference.yml, which holds the
 * model's name, its numbers and its dictionary or labels. What a model is for is told by its
 * postprocessing, its labels, or its name. Read as hostile input; aliases are passed over.
 */
#include "model/model_internal.h"

#include "base/log.h"
#include "base/utf8.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char dictionary_path[] = "PostProcess/character_dict/*";

struct export
{
    struct model_file *f;
    char process[64]; /* PostProcess/name */
    int shape;        /* elements of image_shape so far */
    bool dictionary;
    /* Of a layout model. */
    char mean[MODEL_NUMBER], std[MODEL_NUMBER], draw_threshold[MODEL_NUMBER];
    bool page_labels; /* one of them is a text's or a table's */
    bool odd;         /* its picture is prepared in a way that pagemill has not */
};

static int set_number(struct export *x, enum model_number which, const char *value,
                      struct error *err)
{
    return model_numbers_set(&x->f->numbers, which, value, err);
}

static int take_name(struct export *x, const char *value, struct error *err)
{
    if (strlen(value) >= sizeof x->f->name || !utf8_printable(value, strlen(value)))
        return error_set(err, ERROR_INPUT, "model_name: not a name");
    snprintf(x->f->name, sizeof x->f->name, "%s", value);
    return 0;
}

static int take_process(struct export *x, const char *value, struct error *err)
{
    (void)err;
    snprintf(x->process, sizeof x->process, "%s", value);
    return 0;
}

/* Channels, height, width. */
static int take_shape(struct export *x, const char *value, struct error *err)
{
    return x->shape++ == 1 ? set_number(x, NUMBER_REC_HEIGHT, value, err) : 0;
}

static int take_longest(struct export *x, const char *value, struct error *err)
{
    return set_number(x, NUMBER_LIMIT_TYPE, "max", err) < 0
               ? -1
               : set_number(x, NUMBER_LIMIT_SIDE_LEN, value, err);
}

static int take_entry(struct export *x, const char *value, struct error *err)
{
    (void)value, (void)err;
    x->dictionary = true;
    return 0;
}

/* Other detectors have labels too: of cells, of seals, of cats. */
static int take_layout_label(struct export *x, const char *value, struct error *err)
{
    size_t len = strlen(x->f->labels), more = strlen(value);
    if (strchr(value, ',') || !utf8_printable(value, more))
        return error_set(err, ERROR_INPUT, "label_list: not a label");
    if (len + more + 2 > sizeof x->f->labels)
        return error_set(err, ERROR_INPUT, "label_list: too long");
    snprintf(x->f->labels + len, sizeof x->f->labels - len, "%s%s", len ? "," : "", value);
    x->page_labels |= strcasecmp(value, "text") == 0 || strcasecmp(value, "table") == 0;
    return 0;
}

/* Height and width, which must be the same. */
static int take_size(struct export *x, const char *value, struct error *err)
{
    const char *first = x->f->numbers.text[NUMBER_LAYOUT_SIZE];
    x->odd |= *first && strcmp(first, value) != 0;
    return *first ? 0 : set_number(x, NUMBER_LAYOUT_SIZE, value, err);
}

static int add_to_list(char list[MODEL_NUMBER], const char *value, struct error *err)
{
    size_t len = strlen(list);
    int n = snprintf(list + len, MODEL_NUMBER - len, "%s%s", len ? "," : "", value);
    return n < (int)(MODEL_NUMBER - len) ? 0 : error_set(err, ERROR_INPUT, "mean, std: too long");
}

static int take_mean(struct export *x, const char *value, struct error *err)
{
    return add_to_list(x->mean, value, err);
}

static int take_std(struct export *x, const char *value, struct error *err)
{
    return add_to_list(x->std, value, err);
}

static int take_ratio(struct export *x, const char *value, struct error *err)
{
    (void)err;
    x->odd |= strcasecmp(value, "false") != 0;
    return 0;
}

static int take_scale(struct export *x, const char *value, struct error *err)
{
    (void)err;
    x->odd |= strcasecmp(value, "true") != 0;
    return 0;
}

static int take_draw_threshold(struct export *x, const char *value, struct error *err)
{
    (void)err;
    snprintf(x->draw_threshold, sizeof x->draw_threshold, "%s", value);
    return 0;
}

#define NUMBER(name, which)                                                 \
    static int name(struct export *x, const char *value, struct error *err) \
    {                                                                       \
        return set_number(x, which, value, err);                            \
    }
NUMBER(take_thresh, NUMBER_THRESH)
NUMBER(take_box_thresh, NUMBER_BOX_THRESH)
NUMBER(take_unclip_ratio, NUMBER_UNCLIP_RATIO)
NUMBER(take_max_candidates, NUMBER_MAX_CANDIDATES)
NUMBER(take_side, NUMBER_LIMIT_SIDE_LEN)
NUMBER(take_rule, NUMBER_LIMIT_TYPE)
NUMBER(take_table_size, NUMBER_TABLE_SIZE)

static const struct {
    const char *path;
    int (*take)(struct export *x, const char *value, struct error *err);
} keys[] = {
    {"Global/model_name", take_name},
    {"PostProcess/name", take_process},
    {"PostProcess/thresh", take_thresh},
    {"PostProcess/box_thresh", take_box_thresh},
    {"PostProcess/unclip_ratio", take_unclip_ratio},
    {"PostProcess/max_candidates", take_max_candidates},
    {dictionary_path, take_entry},
    {"PreProcess/transform_ops/*/DetResizeForTest/resize_long", take_longest},
    {"PreProcess/transform_ops/*/DetResizeForTest/limit_side_len", take_side},
    {"PreProcess/transform_ops/*/DetResizeForTest/limit_type", take_rule},
    {"PreProcess/transform_ops/*/RecResizeImg/image_shape/*", take_shape},
    {"PreProcess/transform_ops/*/ResizeTableImage/max_len", take_table_size},
    {"label_list/*", take_layout_label},
    {"draw_threshold", take_draw_threshold},
    {"Preprocess/*/target_size/*", take_size},
    {"Preprocess/*/keep_ratio", take_ratio},
    {"Preprocess/*/is_scale", take_scale},
    {"Preprocess/*/mean/*", take_mean},
    {"Preprocess/*/std/*", take_std},
};

static int visit_export(void *arg, const struct yaml_scalar *s, struct error *err)
{
    struct export *x = arg;
    if (!s->value)
        return 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i].path, s->path) == 0)
            return keys[i].take == take_entry || !yaml_null(s) ? keys[i].take(x, s->value, err) : 0;
    return 0;
}

/* Seals are read by a detector of the same kind as text, but it finds no lines. */
static int task_of(const struct export *x)
{
    if (strstr(x->f->name, "textline_ori"))
        return MODEL_LINE;
    if (strstr(x->f->name, "doc_ori"))
        return MODEL_PAGE;
    if (x->page_labels)
        return x->odd ? MODEL_TASKS : MODEL_LAYOUT;
    if (strcmp(x->process, "TableLabelDecode") == 0)
        return MODEL_TABLE;
    if (strcmp(x->process, "CTCLabelDecode") == 0)
        return MODEL_REC;
    return strcmp(x->process, "DBPostProcess") == 0 && !strstr(x->f->name, "seal") ? MODEL_DET
                                                                                   : MODEL_TASKS;
}

static int set_if_said(struct export *x, enum model_number which, const char *value,
                       struct error *err)
{
    return *value ? set_number(x, which, value, err) : 0;
}

/* The published models have thresholds by class; theirs here is for drawing. */
static int finish_layout(struct export *x, struct error *err)
{
    if (model_layout_published(x->f->name))
        *x->draw_threshold = '\0';
    if (set_if_said(x, NUMBER_LAYOUT_MEAN, x->mean, err) < 0 ||
        set_if_said(x, NUMBER_LAYOUT_STD, x->std, err) < 0)
        return -1;
    return set_if_said(x, NUMBER_LAYOUT_THRESHOLDS, x->draw_threshold, err);
}

int paddle_read(const char *dir, struct model_shelf *out, struct error *err)
{
    struct model_file f = {.bytes = -1};
    struct export x = {.f = &f};
    char yaml[RECIPE_PATH + 16];
    snprintf(yaml, sizeof yaml, "%s/inference.yml", dir);
    if (yaml_walk(yaml, visit_export, &x, err) < 0)
        return -1;
    if (!*f.name)
        return error_set(err, ERROR_INPUT, "%s: no model_name in it", yaml);
    int task = task_of(&x);
    if (task == MODEL_TASKS) {
        log_debug("%s: %s is of no use to pagemill", yaml, f.name);
        return 0;
    }
    f.task = (enum model_task)task;
    if (task == MODEL_LAYOUT && finish_layout(&x, err) < 0)
        return error_context(err, "%s", yaml);
    snprintf(f.root, sizeof f.root, "%s", dir);
    snprintf(f.file, sizeof f.file, "inference.onnx");
    snprintf(f.dictionary, sizeof f.dictionary, "%s", x.dictionary ? "inference.yml" : "");
    f.dictionary_in_yaml = x.dictionary;
    model_stem(f.name, f.pack);
    struct model_file *place = model_shelf_add(out);
    if (!place)
        return error_set(err, ERROR_INPUT, "%s: too many models", dir);
    *place = f;
    return 0;
}

static int visit_dictionary(void *arg, const struct yaml_scalar *s, struct error *err)
{
    struct strbuf *out = arg;
    if (strcmp(s->path, dictionary_path) != 0)
        return 0;
    if (!s->value || strchr(s->value, '\n'))
        return error_set(err, ERROR_INPUT, "character_dict: this is no character");
    strbuf_adds(out, s->value);
    strbuf_addc(out, '\n');
    return 0;
}

int paddle_dictionary(const char *yaml, struct strbuf *out, struct error *err)
{
    if (yaml_walk(yaml, visit_dictionary, out, err) < 0)
        return -1;
    return out->len ? 0 : error_set(err, ERROR_INPUT, "%s: no character_dict in it", yaml);
}
