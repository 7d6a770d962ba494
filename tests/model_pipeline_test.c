/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * PaddleX pipeline files: what is taken over, that every other key is named once, and what is
 * refused.
 */
#include "model_support.h"

#include "model/pack.h"
#include "model/pipeline_keys.h"

static int read_text(struct pipeline *p, const char *text, struct error *err)
{
    put("pipeline.yaml", text);
    return pipeline_read(in_top("pipeline.yaml"), p, err);
}

#define OCR(rest) "SubPipelines:\n  GeneralOCR:\n" rest
#define DETECT(rest) OCR("    SubModules:\n      TextDetection:\n" rest)

static const char whole[] = "pipeline_name: PP-StructureV3\n"
                            "batch_size: 8\n"
                            "use_doc_preprocessor: True\n"
                            "use_seal_recognition: True\n"
                            "use_table_recognition: False\n"
                            "SubModules:\n"
                            "  LayoutDetection:\n"
                            "    module_name: layout_detection\n"
                            "    model_name: PP-DocLayout_plus-L\n"
                            "    model_dir: null\n"
                            "    threshold:\n"
                            "      0: 0.3  # paragraph_title\n"
                            "      1: 0.5\n"
                            "    layout_nms: True\n"
                            "    layout_unclip_ratio: [1.0, 1.0]\n"
                            "    layout_merge_bboxes_mode: union\n"
                            "SubPipelines:\n"
                            "  DocPreprocessor:\n"
                            "    use_doc_orientation_classify: False\n"
                            "    use_doc_unwarping: False\n"
                            "    SubModules:\n"
                            "      DocOrientationClassify:\n"
                            "        model_name: PP-LCNet_x1_0_doc_ori\n"
                            "  GeneralOCR:\n"
                            "    text_type: general\n"
                            "    use_doc_preprocessor: False\n"
                            "    use_textline_orientation: True\n"
                            "    SubModules:\n"
                            "      TextDetection:\n"
                            "        model_name: PP-OCRv5_server_det\n"
                            "        model_dir: models/det\n"
                            "        limit_side_len: 736\n"
                            "        limit_type: min\n"
                            "        max_side_limit: 3000\n"
                            "        thresh: 0.31\n"
                            "        box_thresh: 0.61\n"
                            "        unclip_ratio: 1.51\n"
                            "      TextLineOrientation:\n"
                            "        model_name: PP-LCNet_x1_0_textline_ori\n"
                            "        batch_size: 8\n"
                            "      TextRecognition:\n"
                            "        model_name: PP-OCRv5_server_rec\n"
                            "        model_dir: /absolute/rec\n"
                            "        batch_size: 5\n"
                            "        score_thresh: 0.1\n"
                            "  FormulaRecognition:\n"
                            "    use_layout_detection: False\n"
                            "    SubModules:\n"
                            "      FormulaRecognition:\n"
                            "        model_name: PP-FormulaNet_plus-L\n"
                            "        model_dir:\n";

static void what_ocr_needs_is_taken_over(void **state)
{
    struct pipeline p;
    struct error err;
    (void)state;
    log_begin();
    int rc = read_text(&p, whole, &err);
    const char *said = log_end();
    OK(rc);
    assert_string_equal(p.models[MODEL_DET].name, "PP-OCRv5_server_det");
    assert_string_equal(p.models[MODEL_DET].dir, in_top("models/det"));
    assert_string_equal(p.models[MODEL_REC].dir, "/absolute/rec");
    assert_string_equal(p.models[MODEL_LINE].name, "PP-LCNet_x1_0_textline_ori");
    assert_true(p.models[MODEL_PAGE].off);
    assert_false(p.models[MODEL_LINE].off);
    assert_int_equal(p.batch_size, 5);
    static const struct {
        enum model_number which;
        const char *value;
    } numbers[] = {
        {NUMBER_LIMIT_SIDE_LEN, "736"},  {NUMBER_LIMIT_TYPE, "min"},  {NUMBER_THRESH, "0.31"},
        {NUMBER_MAX_SIDE_LIMIT, "3000"}, {NUMBER_BOX_THRESH, "0.61"}, {NUMBER_UNCLIP_RATIO, "1.51"},
        {NUMBER_SCORE_THRESH, "0.1"},    {NUMBER_MAX_CANDIDATES, ""}, {NUMBER_REC_HEIGHT, ""},
    };
    for (size_t i = 0; i < COUNT(numbers); i++)
        assert_string_equal(p.numbers.text[numbers[i].which], numbers[i].value);
    static const char *const warnings[] = {
        "line 2: no effect here: batch_size, use_seal_recognition\n",
        "GeneralOCR/SubModules/TextLineOrientation: batch_size\n",
        "FormulaRecognition/SubModules/FormulaRecognition: model_name\n",
    };
    int lines = 0;
    for (const char *s = said; (s = strchr(s, '\n')); s++)
        lines++;
    assert_int_equal(lines, COUNT(warnings));
    for (size_t i = 0; i < COUNT(warnings); i++)
        if (!strstr(said, warnings[i]))
            fail_msg("%s\ndoes not say %s", said, warnings[i]);
}

static void absent_sections_and_empty_files(void **state)
{
    static const char *const texts[] = {"", "# nothing\n", "{}", "SubPipelines:\n",
                                        DETECT("        model_dir: null\n        model_name: ~\n"
                                               "        thresh:\n")};
    struct pipeline p, none = {0};
    struct error err;
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        log_begin();
        int rc = read_text(&p, texts[i], &err);
        const char *said = log_end();
        OK(rc);
        assert_string_equal(said, "");
        assert_memory_equal(&p, &none, sizeof p);
    }
}

static void layout_is_taken_over(void **state)
{
    struct pipeline p;
    struct error err;
    (void)state;
    log_begin();
    int rc = read_text(&p, whole, &err);
    log_end();
    OK(rc);
    assert_string_equal(p.models[MODEL_LAYOUT].name, "PP-DocLayout_plus-L");
    assert_string_equal(p.models[MODEL_LAYOUT].dir, "");
    assert_true(p.models[MODEL_TABLE].off);
    assert_true(p.layout.classes[0].threshold_said && p.layout.classes[0].threshold == 0.3F);
    assert_true(p.layout.classes[1].threshold_said && p.layout.classes[1].threshold == 0.5F);
    assert_false(p.layout.classes[2].threshold_said);
    assert_true(p.layout.classes[63].merge_said && p.layout.classes[63].merge == MERGE_UNION);
    assert_true(p.layout.nms_said && p.layout.nms);
    assert_true(p.layout.unclip_said && p.layout.unclip[0] == 1 && p.layout.unclip[1] == 1);
}

#define LAYOUT(rest) "SubModules:\n  LayoutDetection:\n" rest

static void scalar_or_mapping(void **state)
{
    struct pipeline p;
    struct error err;
    (void)state;
    OK(read_text(&p, LAYOUT("    threshold: 0.25\n    layout_unclip_ratio: 1.5\n"), &err));
    for (int i = 0; i < RECIPE_CLASSES; i++)
        assert_true(p.layout.classes[i].threshold_said && p.layout.classes[i].threshold == 0.25F);
    assert_true(p.layout.unclip[0] == 1.5F && p.layout.unclip[1] == 1.5F);
    OK(read_text(&p,
                 LAYOUT("    threshold: {3: 0.4, 999: 0.1}\n    layout_unclip_ratio: [1.5, 2]\n"
                        "    layout_merge_bboxes_mode:\n      0: large\n      7: small\n"
                        "    layout_nms: False\n"),
                 &err));
    assert_true(p.layout.classes[3].threshold_said && !p.layout.classes[0].threshold_said);
    assert_int_equal(p.layout.classes[0].merge, MERGE_LARGE);
    assert_int_equal(p.layout.classes[7].merge, MERGE_SMALL);
    assert_false(p.layout.classes[1].merge_said);
    assert_true(p.layout.unclip[0] == 1.5F && p.layout.unclip[1] == 2);
    assert_true(p.layout.nms_said && !p.layout.nms);
    OK(read_text(&p, LAYOUT("    threshold: null\n    layout_merge_bboxes_mode:\n"), &err));
    assert_false(p.layout.classes[0].threshold_said || p.layout.classes[0].merge_said);
}

static void unknown_keys_are_named_with_their_line(void **state)
{
    struct pipeline p;
    struct error err;
    char many[8192];
    size_t n = 0;
    (void)state;
    log_begin();
    int rc = read_text(
        &p, "pipeline_name: PP-StructureV3\nuse_magic: True\n" DETECT("        treshold: 0.3\n"),
        &err);
    const char *said = log_end();
    OK(rc);
    assert_non_null(strstr(said, "line 2: use_magic is not known"));
    assert_non_null(
        strstr(said, "line 7: SubPipelines/GeneralOCR/SubModules/TextDetection/treshold"));
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "key%d: 1\n", i);
    log_begin();
    rc = read_text(&p, many, &err);
    log_end();
    assert_int_equal(rc, -1);
    assert_non_null(strstr(err.text, "not a pipeline file"));
}

static void bad_values_are_refused_by_line(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"use_doc_preprocessor: maybe\n", "line 1: use_doc_preprocessor: 'maybe' is not true"},
        {DETECT("        thresh: high\n"), "line 5"},
        {DETECT("        thresh: 1.5\n"), "thresh: '1.5'"},
        {DETECT("        thresh: {0: 0.3}\n"), "thresh: a single value was expected"},
        {DETECT("        thresh: [0.3]\n"), "a single value was expected"},
        {DETECT("        limit_type: both\n"), "limit_type: 'both'"},
        {DETECT("        limit_side_len: 7\n"), "limit_side_len"},
        {DETECT("        model_name: ../../x\n"), "not a model's name"},
        {"batch_size: many\n", "'many' is not a number"},
        {OCR("    SubModules:\n      TextRecognition:\n        batch_size: 5000\n"), "batch_size"},
        {LAYOUT("    threshold: [0.5, [1, 2]]\n"), "threshold: one value or a mapping"},
        {LAYOUT("    threshold: {text: 0.5}\n"), "mapping from classes"},
        {LAYOUT("    threshold: {-1: 0.5}\n"), "mapping from classes"},
        {LAYOUT("    threshold: nan\n"), "'nan' is not a number from 0 to 1"},
        {LAYOUT("    threshold: 1.01\n"), "not a number"},
        {LAYOUT("    layout_merge_bboxes_mode: biggest\n"), "not union, large or small"},
        {LAYOUT("    layout_unclip_ratio: [1, 2, 3]\n"), "two numbers"},
        {LAYOUT("    layout_unclip_ratio: {0: [1, 2]}\n"), "one or two numbers"},
        {LAYOUT("    layout_nms: perhaps\n"), "is not true or false"},
        {"a: &x 1\nb: *x\n", "aliases"},
        {"use_doc_preprocessor: *x\n", "line 1"},
        {"? [a]\n: 1\n", "a name was expected"},
        {"a: 1\n---\nb: 1\n", "one document"},
        {"a: \"unclosed\n", "line"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pipeline p;
        struct error err = {0};
        log_begin();
        int rc = read_text(&p, cases[i].text, &err);
        log_end();
        if (rc == 0)
            fail_msg("taken: %s", cases[i].text);
        if (!strstr(err.text, cases[i].says) || !strstr(err.text, "pipeline.yaml, line"))
            fail_msg("%s: \"%s\" does not say %s", cases[i].text, err.text, cases[i].says);
        assert_int_equal(err.class, ERROR_INPUT);
    }
}

static void the_table_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < pipeline_key_count; i++) {
        const struct pipeline_key *k = &pipeline_keys[i];
        for (size_t j = 0; j < i; j++)
            if (strcmp(pipeline_keys[j].path, k->path) == 0)
                fail_msg("%s stands there twice", k->path);
        if (k->action == PIPELINE_SET)
            assert_non_null(strstr(k->path, model_number_names[k->which]));
        if (k->action == PIPELINE_NAME || k->action == PIPELINE_SWITCH)
            assert_in_range(k->which, 0, MODEL_TASKS - 1);
        if (k->same && k->type == PIPELINE_BOOL)
            assert_true(strcmp(k->same, "true") == 0 || strcmp(k->same, "false") == 0);
    }
}

/* --- together with models --- */

static void put_models(void)
{
    put("models/manifest.json",
        "[{\"file\":\"PP-OCRv6_tiny_det.onnx\",\"task\":\"det\"},"
        "{\"file\":\"PP-OCRv5_mobile_det.onnx\",\"task\":\"det\"},"
        "{\"file\":\"PP-OCRv6_tiny_rec_fp16.onnx\",\"task\":\"rec\",\"dict\":\"w.txt\"},"
        "{\"file\":\"a_textline_ori.onnx\",\"task\":\"textline_ori\"}]");
    put("models/w.txt", "a\n");
    put("models/PP-OCRv6_tiny_det.onnx", "d6");
    put("models/PP-OCRv5_mobile_det.onnx", "d5");
    put("models/PP-OCRv6_tiny_rec_fp16.onnx", "r6");
    put("models/a_textline_ori.onnx", "l");
}

static int resolve(struct recipe *r, const char *text, struct error *err)
{
    struct settings s;
    settings_for(&s);
    put("pipeline.yaml", text);
    snprintf(s.pipeline, sizeof s.pipeline, "%s", in_top("pipeline.yaml"));
    log_begin();
    int rc = pack_resolve(&s, r, err);
    return rc;
}

static void the_pipeline_wins_over_the_pack(void **state)
{
    struct recipe r;
    struct error err;
    (void)state;
    put_models();
    int rc = resolve(&r,
                     DETECT("        model_name: PP-OCRv5_mobile_det\n        box_thresh: 0.7\n"
                            "      TextRecognition:\n        model_name: PP-OCRv6_tiny_rec\n"
                            "        batch_size: 3\n"),
                     &err);
    log_end();
    OK(rc);
    assert_string_equal(r.detection, in_top("models/PP-OCRv5_mobile_det.onnx"));
    assert_string_equal(r.recognition, in_top("models/PP-OCRv6_tiny_rec_fp16.onnx"));
    assert_true(r.box_thresh == 0.7); /* the file */
    assert_true(r.thresh == 0.3);     /* the kind */
    assert_int_equal(r.batch_size, 3);
    assert_string_equal(r.line_orientation, in_top("models/a_textline_ori.onnx"));
    rc = resolve(&r, OCR("    use_textline_orientation: False\n"), &err);
    log_end();
    OK(rc);
    assert_string_equal(r.line_orientation, "");
}

static void a_model_that_is_not_there(void **state)
{
    struct recipe r;
    struct error err;
    (void)state;
    put_models();
    int rc = resolve(&r, DETECT("        model_name: PP-OCRv6_medium_det\n"), &err);
    log_end();
    assert_int_equal(rc, -1);
    assert_non_null(strstr(err.text, "`pagemill models install PP-OCRv6_medium`"));
    rc = resolve(&r, DETECT("        model_name: PP-OCRv5_server_det\n"), &err);
    const char *said = log_end();
    OK(rc);
    assert_non_null(strstr(said, "the model PP-OCRv5_server_det is not installed; the best"));
    assert_string_equal(r.detection, in_top("models/PP-OCRv6_tiny_det.onnx"));
    rc = resolve(&r, DETECT("        model_dir: nowhere\n"), &err);
    log_end();
    assert_int_equal(rc, -1);
    assert_non_null(strstr(err.text, "nowhere: No such file"));
    put("own/inference.onnx", "own");
    put("own/inference.yml",
        "Global: {model_name: mine_det}\nPostProcess: {name: DBPostProcess}\n");
    rc = resolve(&r, DETECT("        model_dir: own\n"), &err);
    log_end();
    OK(rc);
    assert_string_equal(r.detection, in_top("own/inference.onnx"));
    rc =
        resolve(&r, OCR("    SubModules:\n      TextRecognition:\n        model_dir: own\n"), &err);
    log_end();
    assert_int_equal(rc, -1);
    assert_non_null(strstr(err.text, "no recognition model there"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_top, remove_top)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_ocr_needs_is_taken_over),
        TEST(layout_is_taken_over),
        TEST(absent_sections_and_empty_files),
        TEST(scalar_or_mapping),
        TEST(unknown_keys_are_named_with_their_line),
        TEST(bad_values_are_refused_by_line),
        TEST(the_table_is_sound),
        TEST(the_pipeline_wins_over_the_pack),
        TEST(a_model_that_is_not_there),
    };
    log_setup("test", LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests_name("model pipeline", tests, NULL, NULL);
}
