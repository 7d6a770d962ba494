/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What was published for layout models: their labels by class, and by label the least confidence
 * and what becomes of regions inside. From that, a manifest and a pipeline file come the lists of a
 * recipe. Refuses a model whose labels nobody tells. Called by pack.c and paddle.c.
 */
#include "model/model_internal.h"

#include <stdio.h>
#include <string.h>

/* label_list of each model's inference.yml. */
static const char labels_20[] =
    "paragraph_title,image,text,number,abstract,content,figure_title,formula,table,reference,"
    "doc_title,footnote,header,algorithm,footer,seal,chart,formula_number,aside_text,"
    "reference_content";
static const char labels_23[] =
    "paragraph_title,image,text,number,abstract,content,figure_title,formula,table,table_title,"
    "reference,doc_title,footnote,header,algorithm,footer,seal,chart_title,chart,formula_number,"
    "header_image,footer_image,aside_text";
static const char labels_25[] =
    "abstract,algorithm,aside_text,chart,content,display_formula,doc_title,figure_title,footer,"
    "footer_image,footnote,formula_number,header,header_image,image,inline_formula,number,"
    "paragraph_title,reference,reference_content,seal,table,text,vertical_text,vision_footnote";

struct rule {
    const char *label; /* NULL: all others */
    float threshold;
    enum layout_merge merge;
};

/* PP-StructureV3.yaml, PaddleOCR-VL.yaml and PaddleOCR-VL-1.5.yaml; any other model. */
static const struct rule rules_1[] = {
    {"paragraph_title", 0.3F, MERGE_LARGE},
    {"image", 0.5F, MERGE_LARGE},
    {"text", 0.4F, MERGE_UNION},
    {"formula", 0.3F, MERGE_LARGE},
    {"seal", 0.45F, MERGE_UNION},
    {"chart", 0.5F, MERGE_LARGE},
    {NULL, 0.5F, MERGE_UNION},
};
static const struct rule rules_2[] = {
    {"chart", 0.5F, MERGE_LARGE},
    {"display_formula", 0.4F, MERGE_LARGE},
    {"inline_formula", 0.4F, MERGE_LARGE},
    {"doc_title", 0.4F, MERGE_LARGE},
    {"paragraph_title", 0.4F, MERGE_LARGE},
    {"text", 0.4F, MERGE_UNION},
    {"vertical_text", 0.4F, MERGE_UNION},
    {"seal", 0.45F, MERGE_UNION},
    {NULL, 0.5F, MERGE_UNION},
};
static const struct rule rules_3[] = {
    {"chart", 0.3F, MERGE_LARGE},           {"display_formula", 0.3F, MERGE_LARGE},
    {"inline_formula", 0.3F, MERGE_LARGE},  {"doc_title", 0.3F, MERGE_LARGE},
    {"paragraph_title", 0.3F, MERGE_LARGE}, {NULL, 0.3F, MERGE_UNION},
};
static const struct rule rules_0[] = {{NULL, 0.5F, MERGE_UNION}};

static const struct family {
    const char *name; /* in the model's */
    const char *labels;
    const struct rule *rules;
} families[] = {
    {"PP-DocLayoutV3", labels_25, rules_3},      {"PP-DocLayoutV2", labels_25, rules_2},
    {"PP-DocLayout_plus-L", labels_20, rules_1}, {"PP-DocLayout-L", labels_23, rules_1},
    {"PP-DocLayout-M", labels_23, rules_1},      {"PP-DocLayout-S", labels_23, rules_1},
};

static const struct family *family_of(const char *name)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (strstr(name, families[i].name))
            return &families[i];
    return NULL;
}

bool model_layout_published(const char *name)
{
    return family_of(name) != NULL;
}

static const struct rule *rule_of(const struct rule *rules, const char *label, size_t len)
{
    while (rules->label && (strlen(rules->label) != len || memcmp(rules->label, label, len) != 0))
        rules++;
    return rules;
}

static int copy_list(char out[RECIPE_LIST], const struct strbuf *list, const struct model_file *f,
                     struct error *err)
{
    if (list->len >= RECIPE_LIST)
        return error_set(err, ERROR_INPUT, "%s: too many labels", f->name);
    memcpy(out, strbuf_str(list), list->len + 1);
    return 0;
}

struct lists {
    struct strbuf thresholds, merges;
    size_t count;
};

static void add_class(struct lists *l, const struct rule *rule, const float *all,
                      const struct layout_class *said)
{
    const float threshold = said->threshold_said ? said->threshold : all ? *all : rule->threshold;
    const enum layout_merge merge = said->merge_said ? said->merge : rule->merge;
    const char *comma = l->count++ ? "," : "";
    strbuf_addf(&l->thresholds, "%s%.6g", comma, (double)threshold);
    strbuf_addf(&l->merges, "%s%s", comma, layout_merge_names[merge]);
}

static int write_lists(const struct model_file *f, const char *labels, struct lists *l,
                       struct recipe *r, struct error *err)
{
    if (strlen(labels) >= RECIPE_LIST || l->count == 0)
        return error_set(err, ERROR_INPUT, "%s: its labels are none, or too many", f->name);
    memcpy(r->layout_labels, labels, strlen(labels) + 1);
    return copy_list(r->layout_thresholds, &l->thresholds, f, err) < 0 ||
                   copy_list(r->layout_merges, &l->merges, f, err) < 0
               ? -1
               : 0;
}

int model_layout_write(const struct model_file *f, const struct pipeline_layout *said,
                       struct recipe *r, struct error *err)
{
    const struct family *family = family_of(f->name);
    const char *labels = *f->labels ? f->labels : family ? family->labels : "", *word;
    float all;
    const bool one = recipe_numbers(r->layout_thresholds, &all, 1) == 1;
    struct lists l = {0};
    if (!*labels)
        return error_set(err, ERROR_INPUT,
                         "%s/%s: nobody tells its labels: neither an inference.yml beside it, nor "
                         "`labels` of a manifest, nor its name",
                         f->root, f->file);
    const char *at = labels;
    for (size_t len; (len = recipe_next_word(&at, &word)) > 0 && l.count < RECIPE_CLASSES;)
        add_class(&l, rule_of(family ? family->rules : rules_0, word, len), one ? &all : NULL,
                  &said->classes[l.count]);
    int rc = write_lists(f, labels, &l, r, err);
    strbuf_free(&l.thresholds);
    strbuf_free(&l.merges);
    if (said->nms_said)
        r->layout_nms = said->nms;
    if (said->unclip_said) {
        r->layout_unclip_width = (double)said->unclip[0];
        r->layout_unclip_height = (double)said->unclip[1];
    }
    return rc;
}
