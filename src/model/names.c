/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the name of a PaddleOCR model says: generation, tier, precision, language; and the numbers
 * that were published for its kind. Tables only; a name that says nothing ranks last.
 */
#include "model/model_internal.h"

#include "base/must.h"

#include <stdio.h>
#include <string.h>

const char *const model_task_words[] = {"det",   "rec", "textline_ori", "doc_ori", "layout",
                                        "table", NULL};
const char *const model_task_names[MODEL_TASKS] = {
    "detection", "recognition", "line orientation", "page orientation", "layout", "table"};

/* By published accuracy, best first: docs/models.md. */
static const char *const tiers[] = {"medium", "server", "small", "mobile", "tiny"};
/* Layout models by published accuracy. SLANet_plus before SLANeXt, whose cells' places PaddleOCR
 * itself does not use. */
static const char *const structures[] = {"PP-DocLayoutV3", "PP-DocLayoutV2", "PP-DocLayout_plus-L",
                                         "PP-DocLayout-L", "PP-DocLayout-M", "PP-DocLayout-S",
                                         "SLANet_plus",    "SLANeXt",        "SLANet"};
static const char *const precisions[] = {"fp16", "int8"};
static const char *const marks[] = {"_onnx", "_infer", "_fp32", "_fp16", "_int8"};
static const char *const task_marks[] = {"_det", "_rec"};

static bool has_word(const char *name, const char *word)
{
    return strstr(name, word) != NULL;
}

/* A v and one digit, after "OCR", "SVTR" or "_": PP-OCRv6, ch_SVTRv2, mobile_v2.0. */
int model_generation(const char *name)
{
    for (const char *v = strchr(name, 'v'); v; v = strchr(v + 1, 'v'))
        if (v > name && (v[-1] == 'R' || v[-1] == '_') && v[1] >= '1' && v[1] <= '9')
            return v[1] - '0';
    return 0;
}

int model_tier_rank(const char *name)
{
    int count = (int)(sizeof tiers / sizeof tiers[0]);
    for (int i = 0; i < count; i++)
        if (has_word(name, tiers[i]))
            return i;
    return count;
}

int model_structure_rank(const char *name)
{
    int count = (int)(sizeof structures / sizeof structures[0]);
    for (int i = 0; i < count; i++)
        if (has_word(name, structures[i]))
            return i;
    return count;
}

const char *model_tier(const char *name)
{
    size_t rank = (size_t)model_tier_rank(name);
    return rank < sizeof tiers / sizeof tiers[0] ? tiers[rank] : "";
}

int model_precision_rank(const char *name)
{
    for (int i = 0; i < (int)(sizeof precisions / sizeof precisions[0]); i++)
        if (has_word(name, precisions[i]))
            return i + 1;
    return 0;
}

bool model_for_one_script(const char *name)
{
    const char *family = strstr(name, "PP-");
    return family ? family > name : strncmp(name, "ch_", 3) != 0;
}

static bool cut_end(char *name, const char *mark)
{
    size_t len = strlen(name), cut = strlen(mark);
    if (len <= cut || strcmp(name + len - cut, mark) != 0)
        return false;
    name[len - cut] = '\0';
    return true;
}

void model_base(const char *name, char out[MODEL_NAME])
{
    bool more = true;
    snprintf(out, MODEL_NAME, "%s", name);
    while (more) {
        more = false;
        for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
            more |= cut_end(out, marks[i]);
    }
}

void model_stem(const char *name, char out[MODEL_NAME])
{
    model_base(name, out);
    for (size_t i = 0; i < sizeof task_marks / sizeof task_marks[0]; i++)
        if (cut_end(out, task_marks[i]))
            return;
}

bool model_name_valid(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(name);
    return len > 0 && len < MODEL_NAME - 16 && name[0] != '.' && strspn(name, letters) == len;
}

#define IMAGENET_MEAN "0.485,0.456,0.406"
#define IMAGENET_STD "0.229,0.224,0.225"

static const struct {
    int from, to; /* generations */
    const char *tier;
    enum model_task task;
    enum model_number which;
    const char *value;
} published[] = {
    /* PP-OCRv6_tiny_det's own inference.yml; its larger sisters have the recipe's defaults. */
    {6, 6, "tiny", MODEL_DET, NUMBER_BOX_THRESH, "0.5"},
    /* Before v6, as in the inference.yml of each. */
    {0, 5, "", MODEL_DET, NUMBER_THRESH, "0.3"},
    {0, 5, "", MODEL_DET, NUMBER_BOX_THRESH, "0.6"},
    {0, 5, "", MODEL_DET, NUMBER_UNCLIP_RATIO, "1.5"},
    {0, 5, "", MODEL_DET, NUMBER_MAX_CANDIDATES, "1000"},
    /* Up to version 2.0 a line was 32 pixels high. */
    {1, 2, "", MODEL_REC, NUMBER_REC_HEIGHT, "32"},
    /* Where an export leaves its picture's size open; the inference.yml of each. The small layout
     * models see what ImageNet's did, the others plain parts of 255. */
    {0, 9, "PP-DocLayout-L", MODEL_LAYOUT, NUMBER_LAYOUT_SIZE, "640"},
    {0, 9, "PP-DocLayout-M", MODEL_LAYOUT, NUMBER_LAYOUT_SIZE, "640"},
    {0, 9, "PP-DocLayout-M", MODEL_LAYOUT, NUMBER_LAYOUT_MEAN, IMAGENET_MEAN},
    {0, 9, "PP-DocLayout-M", MODEL_LAYOUT, NUMBER_LAYOUT_STD, IMAGENET_STD},
    {0, 9, "PP-DocLayout-S", MODEL_LAYOUT, NUMBER_LAYOUT_SIZE, "480"},
    {0, 9, "PP-DocLayout-S", MODEL_LAYOUT, NUMBER_LAYOUT_MEAN, IMAGENET_MEAN},
    {0, 9, "PP-DocLayout-S", MODEL_LAYOUT, NUMBER_LAYOUT_STD, IMAGENET_STD},
    {0, 9, "SLANeXt", MODEL_TABLE, NUMBER_TABLE_SIZE, "512"},
    /* The first SLANet's places are parts of the table, its successors' of the square. */
    {0, 9, "SLANet", MODEL_TABLE, NUMBER_TABLE_EXTENT, "crop"},
    {0, 9, "SLANet_plus", MODEL_TABLE, NUMBER_TABLE_EXTENT, "square"},
    {0, 9, "slanet-plus", MODEL_TABLE, NUMBER_TABLE_EXTENT, "square"},
};

void model_numbers_standard(const char *name, enum model_task task, struct model_numbers *out)
{
    int generation = model_generation(name);
    *out = (struct model_numbers){0};
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
        if (published[i].task == task && generation >= published[i].from &&
            generation <= published[i].to && has_word(name, published[i].tier))
            must(model_numbers_set(out, published[i].which, published[i].value, NULL) == 0);
}
