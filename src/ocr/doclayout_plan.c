/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From a recipe's lists to what each class of a layout model means here. A label that this table
 * does not know makes a block of type `other`. Called by doclayout.c.
 */
#include "ocr/doclayout_internal.h"

#include <string.h>
#include <strings.h>

enum { NOTHING = -1 };

/* PaddleX's labels, and those of its older models. */
static const struct {
    const char *label;
    int type;
} labels[] = {
    {"doc_title", BLOCK_TITLE},
    {"paragraph_title", BLOCK_HEADING},
    {"title", BLOCK_HEADING},
    {"text", BLOCK_TEXT},
    {"vertical_text", BLOCK_TEXT},
    {"abstract", BLOCK_TEXT},
    {"content", BLOCK_TEXT},
    {"reference", BLOCK_TEXT},
    {"reference_content", BLOCK_TEXT},
    {"aside_text", BLOCK_TEXT},
    {"list", BLOCK_LIST},
    {"table", BLOCK_TABLE},
    {"table_title", BLOCK_TABLE_CAPTION},
    {"table_caption", BLOCK_TABLE_CAPTION},
    {"image", BLOCK_FIGURE},
    {"figure", BLOCK_FIGURE},
    {"chart", BLOCK_FIGURE},
    {"flowchart", BLOCK_FIGURE},
    {"figure_title", BLOCK_FIGURE_CAPTION},
    {"figure_caption", BLOCK_FIGURE_CAPTION},
    {"figure_table_chart_title", BLOCK_FIGURE_CAPTION},
    {"chart_title", BLOCK_FIGURE_CAPTION},
    {"formula", BLOCK_FORMULA},
    {"equation", BLOCK_FORMULA},
    {"display_formula", BLOCK_FORMULA},
    {"formula_number", BLOCK_FORMULA},
    {"inline_formula", NOTHING}, /* a part of a line */
    {"header", BLOCK_HEADER},
    {"header_image", BLOCK_HEADER},
    {"footer", BLOCK_FOOTER},
    {"footer_image", BLOCK_FOOTER},
    {"number", BLOCK_PAGE_NUMBER},
    {"footnote", BLOCK_FOOTNOTE},
    {"vision_footnote", BLOCK_FOOTNOTE},
    {"algorithm", BLOCK_CODE},
    {"seal", BLOCK_SEAL},
};

static bool is_word(const char *word, size_t len, const char *label)
{
    return strlen(label) == len && strncasecmp(word, label, len) == 0;
}

static int type_of(const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        if (is_word(word, len, labels[i].label))
            return labels[i].type;
    return BLOCK_OTHER;
}

static void take_label(struct doclayout_class *c, const char *word, size_t len)
{
    c->type = type_of(word, len);
    c->formula = is_word(word, len, "formula");
    c->image = is_word(word, len, "image");
    c->caption =
        is_word(word, len, "figure_title") || is_word(word, len, "figure_table_chart_title");
}

static int take_labels(struct doclayout_plan *plan, const char *list, struct error *err)
{
    const char *word;
    for (size_t len; (len = recipe_next_word(&list, &word)) > 0;) {
        if (plan->class_count == RECIPE_CLASSES)
            return error_set(err, ERROR_INPUT, "layout_labels: more than %d", RECIPE_CLASSES);
        take_label(&plan->classes[plan->class_count++], word, len);
    }
    return plan->class_count ? 0 : error_set(err, ERROR_INPUT, "layout_labels: none");
}

/* As many as there are classes, or one for all. */
static int take_thresholds(struct doclayout_plan *plan, const char *list, struct error *err)
{
    float numbers[RECIPE_CLASSES];
    size_t n = recipe_numbers(list, numbers, RECIPE_CLASSES);
    if (n != 1 && n != plan->class_count)
        return error_set(err, ERROR_INPUT, "layout_thresholds: not one or %zu numbers",
                         plan->class_count);
    for (size_t i = 0; i < plan->class_count; i++)
        plan->classes[i].threshold = numbers[n == 1 ? 0 : i];
    return 0;
}

static int merge_of(const char *word, size_t len)
{
    for (int i = 0; layout_merge_names[i]; i++)
        if (is_word(word, len, layout_merge_names[i]))
            return i;
    return -1;
}

/* None: all regions stay. */
static int take_merges(struct doclayout_plan *plan, const char *list, struct error *err)
{
    const char *word;
    size_t n = 0, len;
    for (; (len = recipe_next_word(&list, &word)) > 0 && n < plan->class_count; n++) {
        int merge = merge_of(word, len);
        if (merge < 0)
            return error_set(err, ERROR_INPUT, "layout_merges: '%.*s' is not known", (int)len,
                             word);
        plan->classes[n].merge = (enum layout_merge)merge;
    }
    if (len || (n && n != plan->class_count))
        return error_set(err, ERROR_INPUT, "layout_merges: not %zu words", plan->class_count);
    return 0;
}

static int take_normalisation(struct doclayout_plan *plan, const struct recipe *r,
                              struct error *err)
{
    float mean[3], std[3];
    if (recipe_numbers(r->layout_mean, mean, 3) != 3 || recipe_numbers(r->layout_std, std, 3) != 3)
        return error_set(err, ERROR_INPUT, "layout_mean, layout_std: not three numbers each");
    for (int i = 0; i < 3; i++) {
        if (std[i] <= 0)
            return error_set(err, ERROR_INPUT, "layout_std: not above 0");
        plan->normal.scale[i] = 1 / (255 * std[i]);
        plan->normal.bias[i] = -mean[i] / std[i];
    }
    return 0;
}

int doclayout_plan_make(struct doclayout_plan *out, const struct recipe *r, struct error *err)
{
    struct doclayout_plan plan = {.nms = r->layout_nms,
                                  .unclip_width = (float)r->layout_unclip_width,
                                  .unclip_height = (float)r->layout_unclip_height};
    if (take_labels(&plan, r->layout_labels, err) < 0 ||
        take_thresholds(&plan, r->layout_thresholds, err) < 0 ||
        take_merges(&plan, r->layout_merges, err) < 0 || take_normalisation(&plan, r, err) < 0)
        return -1;
    *out = plan;
    return 0;
}
