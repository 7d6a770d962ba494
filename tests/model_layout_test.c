/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Layout and table models on their way to a recipe: what their names, exports and manifests say,
 * the settings that choose them, a pipeline file, installing them.
 */
#include "model_support.h"

#include "model/install.h"
#include "model/pack.h"

static struct settings s;
static struct recipe r;

static int resolve(struct error *err)
{
    recipe_defaults(&r);
    return pack_resolve(&s, &r, err);
}

static int setup(void **state)
{
    int rc = make_top(state);
    settings_for(&s);
    return rc;
}

static void put_model(const char *name, const char *entry)
{
    char path[256], text[4096];
    snprintf(path, sizeof path, "models/%s/manifest.json", name);
    snprintf(text, sizeof text, "[{\"name\":\"%s\",\"file\":\"m.onnx\",%s}]", name, entry);
    put(path, text);
    snprintf(path, sizeof path, "models/%s/m.onnx", name);
    put(path, name);
}

#define LAYOUT "\"task\":\"layout\""
#define TABLE "\"task\":\"table\""

static size_t words_of(const char *list)
{
    const char *word;
    size_t n = 0;
    while (recipe_next_word(&list, &word))
        n++;
    return n;
}

/* The word of list `what` at the class of a label. */
static const char *at_label(const char *what, const char *label)
{
    static char found[64];
    const char *labels = r.layout_labels, *word, *value = "";
    size_t len, n = 0;
    while ((len = recipe_next_word(&labels, &word)) > 0) {
        n = recipe_next_word(&what, &value);
        if (strlen(label) == len && memcmp(word, label, len) == 0)
            break;
    }
    assert_true(len > 0);
    snprintf(found, sizeof found, "%.*s", (int)n, value);
    return found;
}

/* ---- what is published ---- */

static void the_published_models(void **state)
{
    static const struct {
        const char *name;
        size_t classes;
        int64_t size;
        const char *mean, *title, *title_merge, *seal;
    } cases[] = {
        {"PP-DocLayout-S", 23, 480, "0.485,0.456,0.406", "0.3", "large", "0.45"},
        {"PP-DocLayout-M", 23, 640, "0.485,0.456,0.406", "0.3", "large", "0.45"},
        {"PP-DocLayout-L", 23, 640, "0,0,0", "0.3", "large", "0.45"},
        {"PP-DocLayout_plus-L", 20, 800, "0,0,0", "0.3", "large", "0.45"},
        {"PP-DocLayoutV2", 25, 800, "0,0,0", "0.4", "large", "0.45"},
        {"PP-DocLayoutV3", 25, 800, "0,0,0", "0.3", "large", "0.3"},
    };
    struct error err;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        put_model(cases[i].name, LAYOUT); /* each is better than those before */
        OK(resolve(&err));
        assert_non_null(strstr(r.layout, cases[i].name));
        assert_string_equal(r.layout_sha256, hash_of(cases[i].name));
        assert_string_equal(r.layout_name, cases[i].name);
        assert_int_equal(words_of(r.layout_labels), cases[i].classes);
        assert_int_equal(words_of(r.layout_thresholds), cases[i].classes);
        assert_int_equal(words_of(r.layout_merges), cases[i].classes);
        assert_int_equal(r.layout_size, cases[i].size);
        assert_string_equal(r.layout_mean, cases[i].mean);
        assert_string_equal(at_label(r.layout_thresholds, "paragraph_title"), cases[i].title);
        assert_string_equal(at_label(r.layout_merges, "paragraph_title"), cases[i].title_merge);
        assert_string_equal(at_label(r.layout_thresholds, "seal"), cases[i].seal);
        assert_string_equal(at_label(r.layout_merges, "table"), "union");
        assert_true(r.layout_nms);
    }
}

/* PP-StructureV3.yaml's own mappings for PP-DocLayout_plus-L, by class. */
static void plus_l_is_as_in_its_pipeline_file(void **state)
{
    struct error err;
    (void)state;
    put_model("PP-DocLayout_plus-L", LAYOUT);
    OK(resolve(&err));
    assert_string_equal(r.layout_thresholds,
                        "0.3,0.5,0.4,0.5,0.5,0.5,0.5,0.3,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.45,0.5,0.5,"
                        "0.5,0.5");
    assert_string_equal(
        r.layout_merges,
        "large,large,union,union,union,union,union,large,union,union,union,union,union,union,union,"
        "union,large,union,union,union");
}

static void table_models(void **state)
{
    struct error err;
    (void)state;
    put_model("PP-DocLayout-S", LAYOUT);
    put_model("SLANet", TABLE);
    OK(resolve(&err));
    assert_int_equal(r.table_extent, TABLE_OF_CROP);
    assert_int_equal(r.table_size, 488);
    put_model("SLANeXt_wired", TABLE);
    OK(resolve(&err));
    assert_int_equal(r.table_extent, TABLE_OF_SQUARE);
    assert_int_equal(r.table_size, 512);
    put_model("SLANet_plus", TABLE);
    OK(resolve(&err));
    assert_non_null(strstr(r.table, "SLANet_plus"));
    assert_string_equal(r.table_name, "SLANet_plus");
    assert_int_equal(r.table_extent, TABLE_OF_SQUARE);
    assert_int_equal(r.table_size, 488);
    assert_string_equal(r.table_dictionary, "");
    assert_false(recipe_complete(&r)); /* and nothing to read with, which is no error */
}

/* ---- exports ---- */

static void put_export(const char *dir, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/inference.onnx", dir);
    put(path, dir);
    snprintf(path, sizeof path, "%s/inference.yml", dir);
    put(path, text);
}

#define PREPROCESS(rest)                                                                  \
    "Preprocess:\n- interp: 2\n  keep_ratio: false\n  target_size:\n  - 608\n  - 608\n"   \
    "  type: Resize\n- is_scale: true\n  mean: [0.5, 0.25, 0.1]\n  norm_type: mean_std\n" \
    "  std: [0.3, 0.2, 0.1]\n  type: NormalizeImage\n- type: Permute\n" rest

static void an_export_tells_everything(void **state)
{
    struct error err;
    (void)state;
    put_export("models/mine",
               "mode: paddle\ndraw_threshold: 0.35\nGlobal:\n  model_name: my_layout\n"
               "arch: DETR\n" PREPROCESS("label_list:\n- Text\n- Table\n- Stamp\n"));
    OK(resolve(&err));
    assert_non_null(strstr(r.layout, "models/mine/inference.onnx"));
    assert_string_equal(r.layout_labels, "Text,Table,Stamp");
    assert_string_equal(r.layout_thresholds, "0.35,0.35,0.35");
    assert_string_equal(r.layout_merges, "union,union,union");
    assert_string_equal(r.layout_mean, "0.5,0.25,0.1");
    assert_string_equal(r.layout_std, "0.3,0.2,0.1");
    assert_int_equal(r.layout_size, 608);
    put_export("models/mine", "draw_threshold: 0.5\nGlobal:\n  model_name: PP-DocLayout-S\n"
                              "label_list: [paragraph_title, image, text]\n");
    OK(resolve(&err)); /* the labels are the file's, the thresholds the published ones */
    assert_string_equal(r.layout_thresholds, "0.3,0.5,0.4");
}

static void exports_of_other_kinds_are_passed_over(void **state)
{
    static const char *const texts[] = {
        "Global: {model_name: RT-DETR-L_wired_table_cell_det}\nlabel_list: [cell]\n",
        "Global: {model_name: PP-DocBlockLayout}\nlabel_list: [Region]\n",
        "Global: {model_name: a_layout}\nlabel_list: [text]\n"
        "Preprocess:\n- {keep_ratio: true, target_size: [640, 640], type: Resize}\n",
        "Global: {model_name: a_layout}\nlabel_list: [text]\n"
        "Preprocess:\n- {keep_ratio: false, target_size: [640, 480], type: Resize}\n",
        "Global: {model_name: a_layout}\nlabel_list: [text]\n"
        "Preprocess:\n- {is_scale: false, mean: [0, 0, 0], std: [1, 1, 1]}\n",
    };
    struct error err;
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        put_export("models/other", texts[i]);
        OK(resolve(&err));
        assert_string_equal(r.layout, "");
    }
}

static void bad_exports_are_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"label_list: [\"a,b\", text]\n", "label_list: not a label"},
        {"label_list: [text]\nPreprocess:\n- target_size: [9, 9]\n", "layout_size"},
        {"label_list: [text]\nPreprocess:\n- target_size: [99999, 99999]\n", "layout_size"},
        {"label_list: [text]\nPreprocess:\n- mean: [0.5, 0.5]\n", "layout_mean"},
        {"label_list: [text]\nPreprocess:\n- mean: [a, b, c]\n", "layout_mean"},
        {"label_list: [text]\nPreprocess:\n- std: [1, 1, 1, 1]\n", "layout_std"},
        {"label_list: [text]\nPreprocess:\n- mean: [0.123456789, 0.123456789, 0.1]\n", "too long"},
        {"draw_threshold: high\nlabel_list: [text]\n", "layout_thresholds: 'high'"},
    };
    struct error err;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[1024];
        snprintf(text, sizeof text, "Global: {model_name: m}\n%s", cases[i].text);
        put_export("models/bad", text);
        REFUSED_SAYING(ERROR_INPUT, cases[i].says, resolve(&err));
        assert_non_null(strstr(err.text, "inference.yml"));
    }
    char text[8192] = "Global: {model_name: m}\nlabel_list: [text";
    for (int i = 0; i < 300; i++)
        strcat(text, ", label");
    strcat(text, "]\n");
    put_export("models/bad", text);
    REFUSED_SAYING(ERROR_INPUT, "label_list: too long", resolve(&err));
}

static void a_tables_dictionary_is_taken_out(void **state)
{
    static const char dictionary[] = "<tr>\n<td\n colspan=\"2\"\n";
    struct error err;
    char expected[256];
    (void)state;
    put_model("PP-DocLayoutV3", LAYOUT);
    put_export("models/table",
               "Global: {model_name: SLANet_plus}\n"
               "PreProcess:\n  transform_ops:\n  - ResizeTableImage: {max_len: 320}\n"
               "PostProcess:\n  name: TableLabelDecode\n"
               "  character_dict: [<tr>, <td, ' colspan=\"2\"']\n");
    OK(resolve(&err));
    assert_int_equal(r.table_size, 320);
    snprintf(expected, sizeof expected, "data/dictionaries/%s.txt", hash_of(dictionary));
    assert_string_equal(r.table_dictionary, in_top(expected));
    assert_string_equal(r.table_dictionary_sha256, hash_of(dictionary));
}

static void labels_of_a_manifest(void **state)
{
    struct error err;
    (void)state;
    put_model("own", LAYOUT ",\"labels\":\"text,table\",\"layout_thresholds\":\"0.25\","
                            "\"layout_std\":\"1,2,3\",\"layout_size\":320");
    OK(resolve(&err));
    assert_string_equal(r.layout_thresholds, "0.25,0.25");
    assert_string_equal(r.layout_std, "1,2,3");
    assert_int_equal(r.layout_size, 320);
    put_model("own", LAYOUT);
    REFUSED_SAYING(ERROR_INPUT, "nobody tells its labels", resolve(&err));
    put_model("own", LAYOUT ",\"labels\":\"text\",\"layout_thresholds\":\"0.5,0.5\"");
    REFUSED_SAYING(ERROR_INPUT, "is not 1 numbers", resolve(&err));
}

/* ---- which ---- */

static void settings_choose(void **state)
{
    struct error err;
    (void)state;
    put_model("PP-DocLayout-S", LAYOUT);
    put_model("PP-DocLayout-L", LAYOUT);
    put_model("SLANet_plus", TABLE);
    snprintf(s.layout_model, sizeof s.layout_model, "PP-DocLayout-S");
    OK(resolve(&err));
    assert_non_null(strstr(r.layout, "PP-DocLayout-S"));
    assert_non_null(strstr(r.table, "SLANet_plus"));
    snprintf(s.table_model, sizeof s.table_model, "off");
    OK(resolve(&err));
    assert_string_equal(r.table, "");
    snprintf(s.layout_model, sizeof s.layout_model, "off");
    snprintf(s.table_model, sizeof s.table_model, "auto");
    log_begin();
    int rc = resolve(&err);
    const char *said = log_end();
    OK(rc);
    assert_non_null(strstr(said, "SLANet_plus is of no use without a layout model"));
    assert_string_equal(r.layout, "");
    assert_string_equal(r.table, "");
    snprintf(s.layout_model, sizeof s.layout_model, "PP-DocLayoutV3");
    REFUSED_SAYING(ERROR_INPUT, "`pagemill models install PP-DocLayoutV3` gets it", resolve(&err));
    snprintf(s.layout_model, sizeof s.layout_model, "SLANet_plus"); /* of another kind */
    REFUSED_SAYING(ERROR_INPUT, "no layout model SLANet_plus there", resolve(&err));
    snprintf(s.layout_model, sizeof s.layout_model, "nonsense");
    REFUSED_SAYING(ERROR_INPUT, "`pagemill models list`", resolve(&err));
}

static int with_pipeline(const char *text, const char **said, struct error *err)
{
    put("pipeline.yaml", text);
    snprintf(s.pipeline, sizeof s.pipeline, "%s", in_top("pipeline.yaml"));
    log_begin();
    int rc = resolve(err);
    *said = log_end();
    return rc;
}

#define DETECTION(rest) "SubModules:\n  LayoutDetection:\n" rest

static void a_pipeline_file_chooses_and_sets(void **state)
{
    struct error err;
    const char *said;
    (void)state;
    put_model("PP-DocLayout-S", LAYOUT);
    put_model("PP-DocLayoutV3", LAYOUT);
    put_model("SLANet_plus", TABLE);
    put_model("PP-OCRv6_tiny_det", "\"task\":\"det\"");
    put_model("PP-OCRv6_tiny_rec", "\"task\":\"rec\",\"dict\":\"w.txt\"");
    put("models/PP-OCRv6_tiny_rec/w.txt", "a\n");
    OK(with_pipeline(DETECTION("    model_name: PP-DocLayout-S\n    threshold: {0: 0.7, 2: 0.6}\n"
                               "    layout_merge_bboxes_mode: {0: union, 8: small}\n"
                               "    layout_nms: False\n    layout_unclip_ratio: [1.1, 1.2]\n"),
                     &said, &err));
    assert_non_null(strstr(r.layout, "PP-DocLayout-S"));
    assert_string_equal(at_label(r.layout_thresholds, "paragraph_title"), "0.7");
    assert_string_equal(at_label(r.layout_thresholds, "image"), "0.5");
    assert_string_equal(at_label(r.layout_thresholds, "text"), "0.6");
    assert_string_equal(at_label(r.layout_merges, "paragraph_title"), "union");
    assert_string_equal(at_label(r.layout_merges, "table"), "small");
    assert_false(r.layout_nms);
    assert_true(r.layout_unclip_width > 1.09 && r.layout_unclip_width < 1.11);
    assert_true(r.layout_unclip_height > 1.19 && r.layout_unclip_height < 1.21);
    OK(with_pipeline(DETECTION("    model_name: PP-DocLayout_plus-L\n"), &said, &err));
    assert_non_null(strstr(said, "the layout model PP-DocLayout_plus-L is not installed"));
    assert_non_null(strstr(r.layout, "PP-DocLayoutV3"));
    OK(with_pipeline("use_table_recognition: False\n", &said, &err));
    assert_string_equal(r.table, "");
    put_export("own", "Global: {model_name: x}\nlabel_list: [text]\n");
    OK(with_pipeline(DETECTION("    model_dir: own\n"), &said, &err));
    assert_non_null(strstr(r.layout, "own/inference.onnx"));
    OK(with_pipeline("SubPipelines:\n  TableRecognition:\n    SubModules:\n"
                     "      WiredTableStructureRecognition:\n        model_name: SLANeXt_wired\n"
                     "      WirelessTableStructureRecognition:\n        model_name: SLANet_plus\n",
                     &said, &err));
    assert_non_null(strstr(r.table, "SLANet_plus"));
}

/* ---- installing ---- */

static void exports_become_packs(void **state)
{
    struct install how = {.models = in_top("data/models"), .from = in_top("from"), .mirror = ""};
    struct error err;
    (void)state;
    put_export("from/a", "Global: {model_name: my_layout}\ndraw_threshold: 0.35\n" PREPROCESS(
                             "label_list: [text, table]\n"));
    put_export("from/b", "Global: {model_name: my_SLANet_plus}\nPostProcess:\n"
                         "  name: TableLabelDecode\n  character_dict: [<tr>, <td]\n");
    OK(install_pack(&how, "structure", &err));
    assert_true(exists("data/models/structure/layout.onnx"));
    assert_true(exists("data/models/structure/table.onnx"));
    assert_int_equal(install_verify(how.models, NULL, NULL, NULL, &err), 0);
    snprintf(s.models, sizeof s.models, "%s", in_top("data/models"));
    OK(resolve(&err));
    assert_string_equal(r.layout, in_top("data/models/structure/layout.onnx"));
    assert_string_equal(r.layout_labels, "text,table");
    assert_string_equal(r.layout_thresholds, "0.35,0.35");
    assert_string_equal(r.layout_mean, "0.5,0.25,0.1");
    assert_int_equal(r.layout_size, 608);
    assert_string_equal(r.table_dictionary, in_top("data/models/structure/table.txt"));
    put("data/models/structure/table.txt", "<td\n");
    assert_int_equal(install_verify(how.models, NULL, NULL, NULL, &err), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, remove_top)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_published_models),
        TEST(plus_l_is_as_in_its_pipeline_file),
        TEST(table_models),
        TEST(an_export_tells_everything),
        TEST(exports_of_other_kinds_are_passed_over),
        TEST(bad_exports_are_refused),
        TEST(a_tables_dictionary_is_taken_out),
        TEST(labels_of_a_manifest),
        TEST(settings_choose),
        TEST(a_pipeline_file_chooses_and_sets),
        TEST(exports_become_packs),
    };
    log_setup("test", LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests_name("model layout", tests, NULL, NULL);
}
