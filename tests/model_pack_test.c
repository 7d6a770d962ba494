/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From a models directory to a recipe: lists, packs, PaddleX models, the choice between several,
 * and everything hostile in them.
 */
#include "model_support.h"

#include "model/pack.h"

static const char letters[] =
    "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\nq\nr\ns\nt\nu\nv\nw\nx\ny\n"
    "z\nA\nB\nC\nD\nE\nF\nG\nH\nI\nJ\nK\nL\nM\nN\nO\nP\nQ\nR\nS\nT\nU\nV\nW\n"
    "X\nY\nZ\n";

static int resolve(struct recipe *r, struct error *err)
{
    struct settings s;
    settings_for(&s);
    return pack_resolve(&s, r, err);
}

/* A file of a list, with its name as its content. */
static void put_model(const char *dir, const char *file)
{
    char name[256];
    snprintf(name, sizeof name, "%s/%s", dir, file);
    put(name, file);
}

static void put_list(const char *manifest)
{
    put("models/manifest.json", manifest);
    put("models/words.txt", letters);
}

/* --- what is read --- */

static void a_plain_list(void **state)
{
    struct recipe r;
    struct error err;
    char manifest[2048];
    (void)state;
    snprintf(
        manifest, sizeof manifest,
        "[{\"file\":\"PP-OCRv6_tiny_det.onnx\",\"task\":\"det\",\"bytes\":22,\"sha256\":\"%s\","
        "\"dict\":null,\"inputs\":[]},"
        "{\"file\":\"PP-OCRv6_tiny_rec.onnx\",\"task\":\"rec\",\"dict\":\"words.txt\"},"
        "{\"file\":\"gone.onnx\",\"task\":\"unwarping\"},"
        "{\"file\":\"sub/x_doc_ori.onnx\",\"task\":\"doc_ori\"}]",
        hash_of("PP-OCRv6_tiny_det.onnx"));
    put_list(manifest);
    put_model("models", "PP-OCRv6_tiny_det.onnx");
    put_model("models", "PP-OCRv6_tiny_rec.onnx");
    put_model("models", "sub/x_doc_ori.onnx");
    log_begin();
    OK(resolve(&r, &err));
    const char *said = log_end();
    assert_non_null(strstr(said, "recognition PP-OCRv6_tiny_rec, detection PP-OCRv6_tiny_det"));
    assert_non_null(strstr(said, "has the task unwarping"));
    assert_true(recipe_complete(&r));
    assert_string_equal(r.name, "PP-OCRv6_tiny");
    assert_string_equal(r.detection, in_top("models/PP-OCRv6_tiny_det.onnx"));
    assert_string_equal(r.detection_sha256, hash_of("PP-OCRv6_tiny_det.onnx"));
    assert_string_equal(r.recognition_sha256, hash_of("PP-OCRv6_tiny_rec.onnx"));
    assert_string_equal(r.dictionary, in_top("models/words.txt"));
    assert_string_equal(r.dictionary_sha256, hash_of(letters));
    assert_string_equal(r.page_orientation, in_top("models/sub/x_doc_ori.onnx"));
    assert_string_equal(r.line_orientation, "");
    assert_string_equal(r.covers, "eng ind lat msa swa");
    assert_true(r.box_thresh > 0.499 && r.box_thresh < 0.501); /* measured for tiny */
    assert_true(r.thresh > 0.199 && r.thresh < 0.201);
    assert_int_equal(r.rec_height, 48);
}

static void numbers_of_a_manifest_go_above_those_of_the_kind(void **state)
{
    struct recipe r;
    struct error err;
    (void)state;
    put_list(
        "{\"name\":\"mine\",\"licence\":\"MIT\",\"models\":["
        "{\"file\":\"d.onnx\",\"name\":\"PP-OCRv5_mobile_det\",\"task\":\"det\",\"thresh\":0.25,"
        "\"limit_side_len\":736,\"limit_type\":\"min\",\"rec_height\":99},"
        "{\"file\":\"r.onnx\",\"name\":\"en_number_mobile_v2.0_rec\",\"task\":\"rec\","
        "\"dict\":\"words.txt\",\"score_thresh\":\"0.5\",\"unclip_ratio\":9}]}");
    put_model("models", "d.onnx");
    put_model("models", "r.onnx");
    OK(resolve(&r, &err));
    assert_string_equal(r.name, "mine");
    assert_int_equal(r.limit_side_len, 736);
    assert_int_equal(r.limit_type, SIDE_MIN);
    assert_true(r.thresh == 0.25);
    assert_true(r.box_thresh == 0.6); /* of version 5 */
    assert_true(r.unclip_ratio == 1.5);
    assert_int_equal(r.max_candidates, 1000);
    assert_int_equal(r.rec_height, 32); /* of version 2.0; a detector's word does not count */
    assert_true(r.score_thresh == 0.5);
}

static void settings_come_along(void **state)
{
    struct settings s;
    struct recipe r;
    struct error err;
    (void)state;
    settings_for(&s);
    OK(param_set(&settings_table, &s, "device", "webgpu", &err));
    OK(param_set(&settings_table, &s, "batch_size", "6", &err));
    OK(param_set(&settings_table, &s, "onnxruntime", "/opt/libonnxruntime.so", &err));
    OK(pack_resolve(&s, &r, &err));
    assert_int_equal(r.device, DEVICE_WEBGPU);
    assert_int_equal(r.batch_size, 6);
    assert_string_equal(r.runtime, "/opt/libonnxruntime.so");
    for (int i = 0; i < DEVICES; i++)
        OK(param_set(&settings_table, &s, "device", device_names[i], &err));
}

static void put_paddle(const char *dir, const char *name, const char *rest)
{
    char path[512], text[4096];
    snprintf(path, sizeof path, "models/%s/inference.onnx", dir);
    put(path, name);
    snprintf(path, sizeof path, "models/%s/inference.yml", dir);
    snprintf(text, sizeof text, "Global:\n  model_name: %s\n%s", name, rest);
    put(path, text);
}

static const char paddle_det[] =
    "Hpi:\n  a: &id001\n    x: [1, [2, 3]]\n  b: *id001\n"
    "PostProcess:\n  name: DBPostProcess\n  thresh: 0.21\n"
    "  box_thresh: 0.41\n  max_candidates: 3001\n  unclip_ratio: 1.41\n"
    "PreProcess:\n  transform_ops:\n  - DetResizeForTest: null\n"
    "  - NormalizeImage:\n      mean: [0.485, 0.456, 0.406]\n";
static const char paddle_rec[] =
    "PreProcess:\n  transform_ops:\n  - DecodeImage:\n"
    "      img_mode: BGR\n  - RecResizeImg:\n"
    "      image_shape: [3, 40, 320]\nPostProcess:\n"
    "  name: CTCLabelDecode\n  character_dict:\n  - '!'\n  - ''''\n"
    "  - 1\n  - null\n  - \xE3\x80\x80\n  - \"\\\\\"\n  - \xE4\xB8\xAD\n";

static void paddlex_directories_as_they_are(void **state)
{
    static const char dictionary[] = "!\n'\n1\nnull\n\xE3\x80\x80\n\\\n\xE4\xB8\xAD\n";
    struct recipe r;
    struct error err;
    char expected[1024];
    (void)state;
    put_paddle("PP-OCRv6_small_det_onnx", "PP-OCRv6_small_det", paddle_det);
    put_paddle("PP-OCRv6_small_rec_onnx", "PP-OCRv6_small_rec", paddle_rec);
    put_paddle("ori", "PP-LCNet_x1_0_textline_ori", "");
    put_paddle("seal", "PP-OCRv7_server_seal_det", paddle_det);
    put_paddle("table", "SLANet_plus", "");
    put("models/readme.txt", "not a directory");
    chmod(in_top("models"), 0555);
    OK(resolve(&r, &err));
    chmod(in_top("models"), 0755);
    assert_string_equal(r.detection, in_top("models/PP-OCRv6_small_det_onnx/inference.onnx"));
    assert_string_equal(r.line_orientation, in_top("models/ori/inference.onnx"));
    assert_string_equal(r.name, "PP-OCRv6_small");
    assert_true(r.thresh == 0.21 && r.box_thresh == 0.41 && r.unclip_ratio == 1.41);
    assert_int_equal(r.max_candidates, 3001);
    assert_int_equal(r.rec_height, 40);
    snprintf(expected, sizeof expected, "data/dictionaries/%s.txt", hash_of(dictionary));
    assert_string_equal(r.dictionary, in_top(expected));
    assert_string_equal(r.dictionary_sha256, hash_of(dictionary));
    auto_strbuf text = {0};
    OK(model_read_text(r.dictionary, &text, &err));
    assert_string_equal(text.data, dictionary);
    put(expected, "damaged"); /* and it is written anew */
    OK(resolve(&r, &err));
    strbuf_clear(&text);
    OK(model_read_text(r.dictionary, &text, &err));
    assert_string_equal(text.data, dictionary);
}

static void older_paddlex_numbers(void **state)
{
    struct recipe r;
    struct error err;
    (void)state;
    put_paddle("det", "PP-OCRv5_mobile_det",
               "PreProcess:\n  transform_ops:\n  - DetResizeForTest:\n      resize_long: 960\n"
               "PostProcess:\n  name: DBPostProcess\n");
    put_paddle("rec", "PP-OCRv5_mobile_rec", paddle_rec);
    OK(resolve(&r, &err));
    assert_int_equal(r.limit_type, SIDE_MAX);
    assert_int_equal(r.limit_side_len, 960);
    assert_true(r.box_thresh == 0.6);
}

/* --- nothing there --- */

static void no_models_is_no_error_unless_they_were_asked_for(void **state)
{
    struct settings s;
    struct recipe r;
    struct error err;
    (void)state;
    settings_for(&s);
    OK(pack_resolve(&s, &r, &err));
    assert_false(recipe_complete(&r));
    snprintf(s.engine, sizeof s.engine, "ppocr");
    REFUSED_SAYING(ERROR_INPUT, "pagemill models install PP-OCRv6_tiny",
                   pack_resolve(&s, &r, &err));
    snprintf(s.pack, sizeof s.pack, "PP-OCRv6_small");
    REFUSED_SAYING(ERROR_INPUT, "models install PP-OCRv6_small", pack_resolve(&s, &r, &err));
    snprintf(s.pack, sizeof s.pack, "nonsense");
    REFUSED_SAYING(ERROR_INPUT, "no recognition in pack nonsense", pack_resolve(&s, &r, &err));
    settings_for(&s);
    snprintf(s.models, sizeof s.models, "%s", in_top("data/models"));
    OK(pack_resolve(&s, &r, &err)); /* the standard place need not be there */
    snprintf(s.models, sizeof s.models, "%s", in_top("elsewhere"));
    REFUSED_SAYING(ERROR_INPUT, "elsewhere", pack_resolve(&s, &r, &err));
}

/* --- hostile --- */

#define DET "{\"file\":\"d_det.onnx\",\"task\":\"det\"},"

static void bad_manifests_are_refused_by_name(void **state)
{
    static const struct {
        const char *manifest, *says;
    } cases[] = {
        {"", "manifest.json, line"},
        {"[", "manifest.json, line"},
        {"[{\"file\":\"x\",\"file\":\"y\"}]", "duplicate"},
        {"{}", "models: a list was expected"},
        {"\"text\"", "manifest.json"},
        {"{\"models\":{}}", "a list was expected"},
        {"[1]", "model 1: entry: not an object"},
        {"[" DET "[]]", "model 2: entry"},
        {"[{\"file\":\"a\"}]", "task: missing"},
        {"[{\"task\":\"det\"}]", "file: missing"},
        {"[{\"task\":7,\"file\":\"a\"}]", "task: not a printable text"},
        {"[{\"task\":\"det\",\"file\":\"../d_det.onnx\"}]", "file: leads out"},
        {"[{\"task\":\"det\",\"file\":\"a/../../d_det.onnx\"}]", "file: leads out"},
        {"[{\"task\":\"det\",\"file\":\"/etc/passwd\"}]", "file: leads out"},
        {"[{\"task\":\"det\",\"file\":\"a\\nb\"}]", "file: not a printable text"},
        {"[{\"task\":\"det\",\"file\":\"a\\u0000b\"}]", "manifest.json, line"},
        {"[{\"task\":\"det\",\"file\":\"a\",\"bytes\":-1}]", "bytes: not a size"},
        {"[{\"task\":\"det\",\"file\":\"a\",\"bytes\":1.5}]", "bytes: not a size"},
        {"[{\"task\":\"det\",\"file\":\"a\",\"sha256\":\"abc\"}]", "sha256: not 64"},
        {"[{\"task\":\"det\",\"file\":\"a\",\"sha256\":5}]", "sha256: not a printable"},
        {"[{\"task\":\"det\",\"file\":\"a\",\"thresh\":7}]", "thresh: '7'"},
        {"[{\"task\":\"det\",\"file\":\"a\",\"thresh\":[]}]", "thresh: not a printable"},
        {"[{\"task\":\"det\",\"file\":\"a\",\"limit_type\":\"both\"}]", "limit_type"},
        {"[{\"task\":\"rec\",\"file\":\"a\",\"dict\":\"../words.txt\"}]", "dict: leads out"},
        {"[{\"task\":\"rec\",\"file\":\"a\",\"dict\":[\"a\"]}]", "dict: not a printable"},
    };
    struct recipe r;
    (void)state;
    put_model("models", "d_det.onnx");
    put("d_det.onnx", "outside");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};
        put_list(cases[i].manifest);
        if (resolve(&r, &err) == 0)
            fail_msg("taken: %s", cases[i].manifest);
        if (!strstr(err.text, cases[i].says) || !strstr(err.text, "manifest.json"))
            fail_msg("%s: \"%s\" does not say %s", cases[i].manifest, err.text, cases[i].says);
        assert_int_equal(err.class, ERROR_INPUT);
    }
}

static void bad_files_are_refused_by_name(void **state)
{
    static const struct {
        const char *rest, *says;
    } cases[] = {
        {"{\"task\":\"rec\",\"file\":\"gone.onnx\",\"dict\":\"words.txt\"}", "gone.onnx: No such"},
        {"{\"task\":\"rec\",\"file\":\"r.onnx\",\"dict\":\"words.txt\",\"bytes\":7}",
         "r.onnx: has 6 bytes, not 7"},
        {"{\"task\":\"rec\",\"file\":\"r.onnx\",\"dict\":\"words.txt\",\"sha256\":"
         "\"0000000000000000000000000000000000000000000000000000000000000000\"}",
         "r.onnx: its SHA-256 is"},
        {"{\"task\":\"rec\",\"file\":\"r.onnx\"}", "r.onnx: no dictionary"},
        {"{\"task\":\"rec\",\"file\":\"r.onnx\",\"dict\":\"gone.txt\"}", "gone.txt: No such"},
        {"{\"task\":\"rec\",\"file\":\"r.onnx\",\"dict\":\"latin1.txt\"}",
         "latin1.txt: not a dict"},
        {"{\"task\":\"rec\",\"file\":\"r.onnx\",\"dict\":\"empty.txt\"}", "empty.txt: not a dict"},
        {"{\"task\":\"rec\",\"file\":\"r.onnx\",\"dict\":\"words.txt\",\"dict_sha256\":"
         "\"0000000000000000000000000000000000000000000000000000000000000000\"}",
         "words.txt: its SHA-256 is"},
        {"{\"task\":\"rec\",\"file\":\"link.onnx\",\"dict\":\"words.txt\"}",
         "link.onnx: leads out"},
        {"{\"task\":\"rec\",\"file\":\"up/r.onnx\",\"dict\":\"words.txt\"}", "leads out"},
        {"{\"task\":\"rec\",\"file\":\"r.onnx\",\"dict\":\"link.txt\"}", "link.txt: leads out"},
        {"{\"task\":\"rec\",\"file\":\"folder\",\"dict\":\"words.txt\"}", "folder: not a file"},
        {"{\"task\":\"rec\",\"file\":\"fifo\",\"dict\":\"words.txt\"}", "fifo: not a file"},
        {"{\"task\":\"rec\",\"file\":\"empty.txt\",\"dict\":\"words.txt\"}", "empty.txt: is empty"},
    };
    struct recipe r;
    (void)state;
    put_model("models", "d_det.onnx");
    put_model("models", "r.onnx");
    put("models/latin1.txt", "a\n\xFF\n");
    put("models/empty.txt", "");
    put("models/folder/x", "x");
    put("outside/r.onnx", "r.onnx");
    put("outside.txt", letters);
    assert_int_equal(symlink(in_top("outside/r.onnx"), in_top("models/link.onnx")), 0);
    assert_int_equal(symlink("../outside", in_top("models/up")), 0);
    assert_int_equal(symlink("../outside.txt", in_top("models/link.txt")), 0);
    assert_int_equal(mkfifo(in_top("models/fifo"), 0600), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char manifest[1024];
        struct error err = {0};
        snprintf(manifest, sizeof manifest, "[" DET "%s]", cases[i].rest);
        put_list(manifest);
        if (resolve(&r, &err) == 0)
            fail_msg("taken: %s", cases[i].rest);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s: \"%s\" does not say %s", cases[i].rest, err.text, cases[i].says);
        assert_int_equal(err.class, ERROR_INPUT);
    }
}

static void links_inside_are_followed(void **state)
{
    struct recipe r;
    struct error err;
    (void)state;
    put_list("[" DET "{\"task\":\"rec\",\"file\":\"alias.onnx\",\"dict\":\"words.txt\"}]");
    put_model("models", "d_det.onnx");
    put_model("models", "r.onnx");
    assert_int_equal(symlink("r.onnx", in_top("models/alias.onnx")), 0);
    OK(resolve(&r, &err));
    assert_string_equal(r.recognition, in_top("models/r.onnx"));
}

static void a_refusal_leaves_the_recipe_alone(void **state)
{
    struct recipe r, before;
    struct error err;
    (void)state;
    memset(&r, 7, sizeof r);
    before = r;
    put_list("[");
    int descriptors = unit_descriptors();
    REFUSED(ERROR_INPUT, resolve(&r, &err));
    assert_memory_equal(&r, &before, sizeof r);
    assert_int_equal(unit_descriptors(), descriptors);
}

static void rubbish_is_refused(void **state)
{
    char bytes[2048];
    uint32_t seed = 7;
    struct recipe r;
    struct error err;
    (void)state;
    put_paddle("det", "x_det", paddle_det);
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
        put_bytes("models/det/inference.yml", bytes, sizeof bytes);
        REFUSED_SAYING(ERROR_INPUT, "inference.yml", resolve(&r, &err));
        put_bytes("models/det/manifest.json", bytes, sizeof bytes);
        REFUSED_SAYING(ERROR_INPUT, "manifest.json", resolve(&r, &err));
        unlink(in_top("models/det/manifest.json"));
    }
}

static void bad_exports_are_refused_by_name(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"PostProcess:\n  name: DBPostProcess\n", "no model_name"},
        {"Global:\n  model_name: \"a\\nb\"\n", "not a name"},
        {"Global:\n  model_name: a_det\nPostProcess:\n  name: DBPostProcess\n  thresh: x\n",
         "line 5: thresh: 'x'"},
        {"Global: {model_name: a_rec}\nPostProcess: {name: CTCLabelDecode, character_dict: "
         "[\"a\\nb\"]}\n",
         "character_dict"},
        {"Global: {model_name: a_rec}\nPostProcess: {name: CTCLabelDecode}\n", "no dictionary"},
        {"a: &a [1]\nGlobal: {model_name: a_rec}\n"
         "PostProcess: {name: CTCLabelDecode, character_dict: *a}\n",
         "no dictionary"},
        {"a: 1\n---\nb: 2\n", "one document"},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "too deep"},
    };
    struct recipe r;
    (void)state;
    put_paddle("det", "x_det", paddle_det);
    put("models/rec/inference.onnx", "rec");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};
        put("models/rec/inference.yml", cases[i].text);
        struct settings s;
        settings_for(&s);
        snprintf(s.engine, sizeof s.engine, "ppocr");
        if (pack_resolve(&s, &r, &err) == 0)
            fail_msg("taken: %s", cases[i].text);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s: \"%s\" does not say %s", cases[i].text, err.text, cases[i].says);
    }
}

static void a_text_that_is_too_long_is_refused(void **state)
{
    struct recipe r;
    struct error err;
    (void)state;
    put("models/manifest.json", "[]");
    assert_int_equal(truncate(in_top("models/manifest.json"), MODEL_MAX_TEXT + 1), 0);
    REFUSED_SAYING(ERROR_INPUT, "larger than", resolve(&r, &err));
}

/* --- the choice --- */

static const char *pick(const char *names, enum model_task task, const char *pack,
                        const char *like_name)
{
    static struct model_shelf shelf;
    struct model_file like = {.task = MODEL_REC};
    char copy[512], *rest = NULL;
    model_shelf_free(&shelf);
    snprintf(copy, sizeof copy, "%s", names);
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        struct model_file *f = model_shelf_add(&shelf);
        *f = (struct model_file){.task = task};
        snprintf(f->name, sizeof f->name, "%s", name);
        model_stem(name, f->pack);
    }
    snprintf(like.name, sizeof like.name, "%s", like_name ? like_name : "");
    model_stem(like.name, like.pack);
    const struct model_file *f = model_pick(&shelf, task, pack, like_name ? &like : NULL);
    return f ? f->name : "";
}

static void the_best_is_taken(void **state)
{
    static const struct {
        enum model_task task;
        const char *names, *pack, *like, *best;
    } cases[] = {
        {MODEL_REC, "PP-OCRv4_server_rec PP-OCRv6_tiny_rec PP-OCRv5_server_rec", NULL, NULL,
         "PP-OCRv6_tiny_rec"},
        {MODEL_REC, "en_number_mobile_v2.0_rec_infer en_PP-OCRv3_rec", NULL, NULL,
         "en_PP-OCRv3_rec"},
        {MODEL_REC, "PP-OCRv6_tiny_rec PP-OCRv6_medium_rec PP-OCRv6_small_rec", NULL, NULL,
         "PP-OCRv6_medium_rec"},
        {MODEL_REC, "PP-OCRv5_mobile_rec PP-OCRv5_server_rec", NULL, NULL, "PP-OCRv5_server_rec"},
        {MODEL_REC, "latin_PP-OCRv5_mobile_rec PP-OCRv5_mobile_rec", NULL, NULL,
         "PP-OCRv5_mobile_rec"},
        {MODEL_REC, "PP-OCRv6_tiny_rec_int8 PP-OCRv6_tiny_rec_fp16 PP-OCRv6_tiny_rec_fp32", NULL,
         NULL, "PP-OCRv6_tiny_rec_fp32"},
        {MODEL_REC, "PP-OCRv6_tiny_rec_int8 PP-OCRv6_tiny_rec_fp16", NULL, NULL,
         "PP-OCRv6_tiny_rec_fp16"},
        {MODEL_REC, "PP-OCRv6_tiny_rec PP-OCRv5_server_rec", "PP-OCRv5_server", NULL,
         "PP-OCRv5_server_rec"},
        {MODEL_REC, "PP-OCRv6_tiny_rec", "PP-OCRv5_server", NULL, ""},
        {MODEL_DET, "PP-OCRv6_medium_det PP-OCRv6_tiny_det PP-OCRv6_small_det", NULL,
         "PP-OCRv6_tiny_rec_fp32", "PP-OCRv6_tiny_det"},
        {MODEL_DET, "PP-OCRv6_small_det_int8 PP-OCRv5_tiny_det", NULL, "PP-OCRv6_tiny_rec",
         "PP-OCRv6_small_det_int8"},
        {MODEL_DET, "PP-OCRv6_small_det_int8 PP-OCRv6_tiny_det en_PP-OCRv3_det_infer", NULL,
         "PP-OCRv6_tiny_rec_fp32", "PP-OCRv6_tiny_det"},
        {MODEL_LINE, "PP-LCNet_x1_0_textline_ori PP-LCNet_x0_25_textline_ori", NULL, NULL,
         "PP-LCNet_x0_25_textline_ori"},
        {MODEL_PAGE, "PP-LCNet_x1_0_doc_ori_int8 PP-LCNet_x1_0_doc_ori", NULL, NULL,
         "PP-LCNet_x1_0_doc_ori"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *best = pick(cases[i].names, cases[i].task, cases[i].pack, cases[i].like);
        if (strcmp(best, cases[i].best) != 0)
            fail_msg("of %s: %s, not %s", cases[i].names, best, cases[i].best);
    }
    pick("", MODEL_DET, NULL, NULL); /* frees */
}

static void a_pack_is_chosen_by_name(void **state)
{
    struct settings s;
    struct recipe r;
    struct error err;
    (void)state;
    put("models/old/manifest.json",
        "{\"name\":\"old\",\"models\":[{\"file\":\"d.onnx\",\"name\":\"PP-OCRv4_mobile_det\","
        "\"task\":\"det\"},{\"file\":\"r.onnx\",\"name\":\"PP-OCRv4_mobile_rec\",\"task\":\"rec\","
        "\"dict\":\"w.txt\"}]}");
    put("models/old/w.txt", letters);
    put_model("models", "old/d.onnx");
    put_model("models", "old/r.onnx");
    put_paddle("det", "PP-OCRv6_small_det", paddle_det);
    put_paddle("rec", "PP-OCRv6_small_rec", paddle_rec);
    OK(resolve(&r, &err));
    assert_string_equal(r.name, "PP-OCRv6_small");
    settings_for(&s);
    snprintf(s.pack, sizeof s.pack, "old");
    OK(pack_resolve(&s, &r, &err));
    assert_string_equal(r.name, "old");
    assert_string_equal(r.detection, in_top("models/old/d.onnx"));
    snprintf(s.pack, sizeof s.pack, "PP-OCRv4_mobile"); /* by its models' name too */
    OK(pack_resolve(&s, &r, &err));
    assert_string_equal(r.name, "old");
    snprintf(s.pack, sizeof s.pack, "PP-OCRv6_medium");
    REFUSED_SAYING(ERROR_INPUT, "models install PP-OCRv6_medium", pack_resolve(&s, &r, &err));
}

/* --- languages --- */

static void languages_are_those_whose_letters_are_there(void **state)
{
    char out[RECIPE_LANGUAGES], more[1024];
    (void)state;
    model_languages("", 0, out);
    assert_string_equal(out, "");
    model_languages(letters, strlen(letters), out);
    assert_string_equal(out, "eng ind lat msa swa");
    int n = snprintf(more, sizeof more,
                     "%s\xC3\xA4\n\xC3\xB6\n\xC3\xBC\n\xC3\x84\n\xC3\x96\n\xC3\x9C\n", letters);
    model_languages(more, (size_t)n, out);
    assert_null(strstr(out, "deu"));
    n += snprintf(more + n, sizeof more - (size_t)n, "\xC3\x9F\n");
    model_languages(more, (size_t)n, out);
    assert_string_equal(out, "deu eng ind lat msa swa");
    model_languages("z\n\xFF", 3, out); /* stops at what is no UTF-8 */
    assert_string_equal(out, "");
}

/* --- the real ones --- */

static void the_real_models(void **state)
{
    struct settings s;
    struct recipe r;
    struct error err;
    const char *models = getenv("PAGEMILL_TEST_MODELS");
    (void)state;
    if (!models) {
        print_message("PAGEMILL_TEST_MODELS is not set: not tried on real models\n");
        return;
    }
    settings_for(&s);
    snprintf(s.models, sizeof s.models, "%s", models);
    OK(pack_resolve(&s, &r, &err));
    assert_true(recipe_complete(&r));
    assert_non_null(strstr(r.recognition, "PP-OCRv6_tiny_rec_fp32.onnx"));
    assert_non_null(strstr(r.detection, "PP-OCRv6_tiny_det.onnx"));
    assert_non_null(strstr(r.page_orientation, "doc_ori"));
    assert_non_null(strstr(r.line_orientation, "textline_ori"));
    assert_non_null(strstr(r.covers, "deu"));
    assert_non_null(strstr(r.covers, "eng"));
    assert_null(strstr(r.covers, "jpn"));
    assert_string_equal(r.detection_sha256,
                        "193bab7a04fca699a6c82e6abb5b81bdb28177f0abd4062552b04908dafb19f8");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_top, remove_top)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_list),
        TEST(numbers_of_a_manifest_go_above_those_of_the_kind),
        TEST(settings_come_along),
        TEST(paddlex_directories_as_they_are),
        TEST(older_paddlex_numbers),
        TEST(no_models_is_no_error_unless_they_were_asked_for),
        TEST(bad_manifests_are_refused_by_name),
        TEST(bad_files_are_refused_by_name),
        TEST(links_inside_are_followed),
        TEST(a_refusal_leaves_the_recipe_alone),
        TEST(rubbish_is_refused),
        TEST(bad_exports_are_refused_by_name),
        TEST(a_text_that_is_too_long_is_refused),
        TEST(the_best_is_taken),
        TEST(a_pack_is_chosen_by_name),
        TEST(languages_are_those_whose_letters_are_there),
        TEST(the_real_models),
    };
    log_setup("test", LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests_name("model pack", tests, NULL, NULL);
}
