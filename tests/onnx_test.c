/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the neural engine does with files that are not what they should be, and with pages that hold
 * no text: libraries, models made here byte by byte, models in each other's place, odd rasters.
 */
#include "ppocr_support.h"

#include "base/fd.h"
#include "base/utf8.h"
#include "ocr/ocr.h"
#include "ocr/onnx.h"
#include "unit.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <unistd.h>

static struct recipe recipe;
static struct ppocr_scratch scratch;
static struct onnx *runtime;

/* ---- ONNX files: protocol buffers, field by field ---- */

enum { MAX_RANK = 5, FLOAT = 1, INT64 = 7 };

struct tensor {
    const char *name;
    int type;
    size_t rank;
    int64_t size[MAX_RANK]; /* −1: any */
};

/* One node for each output, fed with all inputs. */
struct model {
    const char *op;
    struct tensor inputs[2], outputs[2];
    size_t input_count, output_count;
};

static void put_number(struct strbuf *b, uint64_t v)
{
    for (; v >= 128; v >>= 7)
        strbuf_addc(b, (char)(v | 128));
    strbuf_addc(b, (char)v);
}

static void put_int(struct strbuf *b, unsigned field, int64_t v)
{
    put_number(b, field << 3);
    put_number(b, (uint64_t)v);
}

static void put_bytes(struct strbuf *b, unsigned field, const void *bytes, size_t len)
{
    put_number(b, field << 3 | 2);
    put_number(b, len);
    strbuf_add(b, bytes, len);
}

static void put_text(struct strbuf *b, unsigned field, const char *s)
{
    put_bytes(b, field, s, strlen(s));
}

/* Takes the message's bytes. */
static void put_message(struct strbuf *b, unsigned field, struct strbuf *message)
{
    put_bytes(b, field, strbuf_str(message), message->len);
    strbuf_free(message);
}

static void put_tensor(struct strbuf *graph, unsigned field, const struct tensor *t)
{
    struct strbuf shape = {0}, tensor = {0}, type = {0}, info = {0};
    for (size_t i = 0; i < t->rank; i++) {
        struct strbuf dimension = {0};
        if (t->size[i] < 0)
            put_text(&dimension, 2, "n");
        else
            put_int(&dimension, 1, t->size[i]);
        put_message(&shape, 1, &dimension);
    }
    put_int(&tensor, 1, t->type);
    put_message(&tensor, 2, &shape);
    put_message(&type, 1, &tensor);
    put_text(&info, 1, t->name);
    put_message(&info, 2, &type);
    put_message(graph, field, &info);
}

static void put_node(struct strbuf *graph, const struct model *m, const char *output)
{
    struct strbuf node = {0};
    for (size_t i = 0; i < m->input_count; i++)
        put_text(&node, 1, m->inputs[i].name);
    put_text(&node, 2, output);
    put_text(&node, 4, m->op);
    put_message(graph, 1, &node);
}

static struct strbuf bytes_of(const struct model *m)
{
    struct strbuf out = {0}, graph = {0}, opset = {0};
    for (size_t i = 0; i < m->output_count; i++)
        put_node(&graph, m, m->outputs[i].name);
    put_text(&graph, 2, "test");
    for (size_t i = 0; i < m->input_count; i++)
        put_tensor(&graph, 11, &m->inputs[i]);
    for (size_t i = 0; i < m->output_count; i++)
        put_tensor(&graph, 12, &m->outputs[i]);
    put_int(&out, 1, 8); /* the file format's version */
    put_message(&out, 7, &graph);
    put_text(&opset, 1, "");
    put_int(&opset, 2, 13);
    put_message(&out, 8, &opset);
    return out;
}

static const struct model identity = {
    "Identity",
    .inputs = {{"x", FLOAT, 4, {-1, 3, -1, -1}}},
    .outputs = {{"y", FLOAT, 4, {-1, 3, -1, -1}}},
    .input_count = 1,
    .output_count = 1,
};

/* ---- the library ---- */

static void refused_library(const char *path, const char *words)
{
    struct onnx *o = NULL;
    struct error err;
    REFUSED_SAYING(ERROR_UNSUPPORTED, words, onnx_open(&o, path, DEVICE_CPU, &err));
    assert_null(o);
}

static void says_what_is_wrong_with_a_library(void **state)
{
    (void)state;
    char path[RECIPE_PATH], sha256[RECIPE_SHA256];
    refused_library("/nonexistent/libonnxruntime.so", "/nonexistent/libonnxruntime.so");
    refused_library("/nonexistent/libonnxruntime.so", "scripts/setup");
    ppocr_scratch_write(&scratch, "#!/bin/sh\n", 10, path, sha256);
    refused_library(path, path);
    refused_library("libm.so.6", "not ONNX Runtime");
}

/* onnx_old.so lies beside this program. */
static void refuses_an_old_library(void **state)
{
    (void)state;
    char path[PATH_MAX] = "";
    assert_true(readlink("/proc/self/exe", path, sizeof path - 16) > 0);
    strcpy(strrchr(path, '/'), "/onnx_old.so");
    refused_library(path, "version 1.2.3; 1.");
}

static void says_its_version_and_device(void **state)
{
    (void)state;
    struct onnx *o = NULL;
    struct error err = {0};
    int major = 0, minor = 0;
    OK(onnx_open(&o, recipe.runtime, DEVICE_TENSORRT, &err));
    assert_int_equal(sscanf(onnx_version(o), "%d.%d", &major, &minor), 2);
    assert_true(major == 1 && minor >= 16);
    /* either is what this machine has, and a reason stands where it is not what was asked */
    assert_true(onnx_device(o) == DEVICE_TENSORRT || onnx_device(o) == DEVICE_CPU);
    assert_int_equal(onnx_device(o) == DEVICE_CPU, *onnx_note(o) != '\0');
    onnx_close(&o);
    onnx_close(&o);
}

/* ---- models ---- */

static void refused_file(const char *path, const char *sha256, const char *words)
{
    struct onnx_model *m = NULL;
    struct error err;
    const int descriptors = unit_descriptors();
    REFUSED_SAYING(ERROR_INPUT, words, onnx_load(&m, runtime, path, sha256, &err));
    assert_non_null(strstr(err.text, path));
    assert_null(m);
    assert_int_equal(unit_descriptors(), descriptors);
}

static void refused_bytes(const void *bytes, size_t len, const char *words)
{
    char path[RECIPE_PATH], sha256[RECIPE_SHA256];
    ppocr_scratch_write(&scratch, bytes, len, path, sha256);
    refused_file(path, sha256, words);
}

static void refused_model(const struct model *m, const char *words)
{
    auto_strbuf bytes = bytes_of(m);
    refused_bytes(bytes.data, bytes.len, words);
}

static void refuses_what_is_no_model(void **state)
{
    (void)state;
    char noise[5000], sha256[RECIPE_SHA256];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(any_number(&seed) * 256);
    refused_bytes(noise, sizeof noise, "");
    refused_bytes("not a model\n", 12, "");
    refused_bytes("", 0, "");
    snprintf(sha256, sizeof sha256, "%s", recipe.detection_sha256);
    refused_file("/nonexistent/det.onnx", sha256, "");
    sha256[0] = sha256[0] == '0' ? '1' : '0';
    refused_file(recipe.detection, sha256, "SHA-256");
    refused_file(recipe.detection, "", "SHA-256");
}

static void refuses_what_was_cut_off(void **state)
{
    (void)state;
    auto_strbuf bytes = {0};
    struct error err = {0};
    OK(digest_read_file(recipe.detection, recipe.detection_sha256, &bytes, &err));
    refused_bytes(bytes.data, bytes.len / 2, "");
    refused_bytes(bytes.data, bytes.len - 1, "");
    refused_bytes(bytes.data, 10, "");
    auto_strbuf made = bytes_of(&identity);
    for (size_t len = 1; len < made.len; len += 7)
        refused_bytes(made.data, len, "");
}

static void refuses_models_of_another_shape(void **state)
{
    (void)state;
    struct model m = identity;
    m.op = "Add";
    m.inputs[1] = (struct tensor){"z", FLOAT, 4, {-1, 3, -1, -1}};
    m.input_count = 2;
    refused_model(&m, "2 inputs and 1 outputs");
    m = identity;
    m.outputs[1] = (struct tensor){"z", FLOAT, 4, {-1, 3, -1, -1}};
    m.output_count = 2;
    refused_model(&m, "1 inputs and 2 outputs");
    m = identity;
    m.inputs[0].type = m.outputs[0].type = INT64;
    refused_model(&m, "not float");
    m = identity;
    m.inputs[0] = (struct tensor){"x", FLOAT, 5, {1, 2, 3, 4, 5}};
    m.outputs[0] = (struct tensor){"y", FLOAT, 5, {1, 2, 3, 4, 5}};
    refused_model(&m, "dimensions");
    m = identity;
    m.op = "NoSuchThing";
    refused_model(&m, "NoSuchThing");
}

static void runs_what_it_loads(void **state)
{
    (void)state;
    auto_strbuf bytes = bytes_of(&identity);
    char path[RECIPE_PATH], sha256[RECIPE_SHA256];
    struct onnx_model *m = NULL;
    struct onnx_shape shape = {4, {1, 3, 2, 5}}, out_shape;
    struct error err = {0};
    float in[30];
    const float *out;
    for (size_t i = 0; i < COUNT(in); i++)
        in[i] = (float)i;
    ppocr_scratch_write(&scratch, bytes.data, bytes.len, path, sha256);
    OK(onnx_load(&m, runtime, path, sha256, &err));
    assert_int_equal(onnx_input(m)->rank, 4);
    assert_int_equal(onnx_input(m)->size[1], 3);
    assert_true(onnx_output(m)->size[3] < 0);
    for (int i = 0; i < 3; i++) {
        OK(onnx_run(m, in, &shape, &out, &out_shape, &err));
        assert_memory_equal(out, in, sizeof in);
        assert_memory_equal(&out_shape, &shape, sizeof shape);
    }
    shape.size[1] = 2;
    REFUSED(ERROR_INPUT, onnx_run(m, in, &shape, &out, &out_shape, &err));
    shape.size[1] = 3;
    OK(onnx_run(m, in, &shape, &out, &out_shape, &err));
    onnx_unload(&m);
    onnx_unload(&m);
}

/* ---- models in each other's place ---- */

/* The engine must refuse, and name what is said of it. */
static void refused_engine(const struct recipe *r, const char *const words[3])
{
    const struct ocr_config config = {"ppocr", "eng", "", r};
    struct ocr *ocr = NULL;
    struct error err;
    REFUSED(ERROR_INPUT, ocr_open(&ocr, &config, &err));
    assert_null(ocr);
    for (int i = 0; i < 3 && words[i]; i++)
        if (!strstr(err.text, words[i]))
            fail_msg("'%s' is not in '%s'", words[i], err.text);
}

#define FILE_OF(r, name, path) ppocr_support_model(path, (r).name, (r).name##_sha256)

static void refuses_models_in_the_wrong_place(void **state)
{
    (void)state;
    static const char det[] = "PP-OCRv6_tiny_det.onnx", rec[] = "PP-OCRv6_tiny_rec_fp32.onnx",
                      page[] = "PP-LCNet_x1_0_doc_ori_int8.onnx",
                      line[] = "PP-LCNet_x0_25_textline_ori.onnx";
    struct recipe r = recipe;
    FILE_OF(r, recognition, det);
    refused_engine(&r, (const char *const[3]){r.recognition});
    FILE_OF(r, recognition, line);
    refused_engine(&r, (const char *const[3]){r.recognition});
    r = recipe;
    FILE_OF(r, detection, rec);
    refused_engine(&r, (const char *const[3]){r.detection, "detection"});
    FILE_OF(r, detection, page);
    refused_engine(&r, (const char *const[3]){r.detection, "detection"});
    r = recipe;
    FILE_OF(r, page_orientation, line);
    refused_engine(&r, (const char *const[3]){r.page_orientation, "4 classes"});
    r = recipe;
    FILE_OF(r, line_orientation, page);
    refused_engine(&r, (const char *const[3]){r.line_orientation, "2 classes"});
    FILE_OF(r, line_orientation, det);
    refused_engine(&r, (const char *const[3]){r.line_orientation});
}

static void refuses_another_models_dictionary(void **state)
{
    (void)state;
    struct recipe r = recipe;
    FILE_OF(r, dictionary, "dicts/en_dict.txt");
    refused_engine(&r, (const char *const[3]){r.dictionary, r.recognition, "6906"});
    FILE_OF(r, dictionary, "PP-OCRv6_tiny_det.onnx");
    refused_engine(&r, (const char *const[3]){r.dictionary});
}

/* A model that gives back its input has three planes, no map, and no steps. */
static void refuses_models_that_answer_otherwise(void **state)
{
    (void)state;
    auto_strbuf bytes = bytes_of(&identity);
    struct recipe r = recipe;
    ppocr_scratch_write(&scratch, bytes.data, bytes.len, r.recognition, r.recognition_sha256);
    refused_engine(&r, (const char *const[3]){r.recognition, "another shape"});
    r = recipe;
    ppocr_scratch_write(&scratch, bytes.data, bytes.len, r.detection, r.detection_sha256);
    refused_engine(&r, (const char *const[3]){r.detection, "no map"});
    r = recipe;
    ppocr_scratch_write(&scratch, bytes.data, bytes.len, r.line_orientation,
                        r.line_orientation_sha256);
    refused_engine(&r, (const char *const[3]){r.line_orientation, "2 classes"});
}

/* ---- pages ---- */

static void assert_inside(const struct page *page, const struct quad *q)
{
    for (int i = 0; i < 4; i++) {
        assert_true(q->corner[i].x >= 0 && q->corner[i].x <= (float)page->width);
        assert_true(q->corner[i].y >= 0 && q->corner[i].y <= (float)page->height);
    }
}

static void assert_line(const struct page *page, const struct line *line)
{
    assert_true(line->word_count > 0);
    assert_true(utf8_printable(line->text, strlen(line->text)));
    assert_true(line->confidence >= 0 && line->confidence <= 1);
    assert_inside(page, &line->polygon);
    for (size_t i = 0; i < line->word_count; i++) {
        const struct word *word = &line->words[i];
        assert_true(*word->text && utf8_printable(word->text, strlen(word->text)));
        assert_true(word->confidence >= 0 && word->confidence <= 1);
        assert_inside(page, &word->polygon);
    }
}

static void assert_page(const struct page *page)
{
    assert_true(page->confidence >= 0 && page->confidence <= 1);
    assert_true(page->rotation % 90 == 0 && isfinite(page->skew));
    for (size_t b = 0; b < page->block_count; b++) {
        assert_true(page->blocks[b].line_count > 0);
        for (size_t i = 0; i < page->blocks[b].line_count; i++)
            assert_line(page, &page->blocks[b].lines[i]);
    }
}

static struct ocr *engine;

/* contrast 0: of one colour; else noise of so many levels around it. */
static size_t read_page(uint32_t width, uint32_t height, int colour, int contrast)
{
    const struct raster raster = {width, height, width * 3 + 5, 3, 150, 0};
    const size_t bytes = (size_t)raster.stride * height;
    uint8_t *pixels = x_calloc(bytes, 1);
    uint32_t seed = 1;
    struct page *page = NULL;
    struct error err = {0};
    size_t blocks;
    for (size_t i = 0; i < bytes; i++)
        pixels[i] = (uint8_t)(colour + (int)((any_number(&seed) - 0.5) * contrast));
    OK(ocr_read(engine, &raster, pixels, &(struct ocr_request){1, 0, PAGE_ROTATE_AUTO}, &page,
                &err));
    assert_page(page);
    blocks = page->block_count;
    page_free(&page);
    free(pixels);
    return blocks;
}

static void reads_pages_of_every_size(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1},     {2, 3},    {31, 33},   {1, 30000},
                                        {30000, 1}, {3, 9000}, {9000, 40}, {1000, 1000}};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_int_equal(read_page(sizes[i][0], sizes[i][1], 0, 0), 0);
        assert_int_equal(read_page(sizes[i][0], sizes[i][1], 255, 0), 0);
        read_page(sizes[i][0], sizes[i][1], 128, 255);
    }
}

static void reads_noise(void **state)
{
    (void)state;
    for (int contrast = 10; contrast < 256; contrast += 60)
        read_page(1000, 1000, 128, contrast);
}

/* Every threshold off: all that the map holds is read. */
static void reads_noise_without_thresholds(void **state)
{
    (void)state;
    struct recipe r = recipe;
    struct ocr *usual = engine;
    struct error err = {0};
    const struct ocr_config config = {"ppocr", "eng", "", &r};
    r.thresh = 0;
    r.box_thresh = 0;
    r.unclip_ratio = 10;
    r.limit_side_len = 320;
    OK(ocr_open(&engine, &config, &err));
    read_page(600, 500, 128, 255);
    read_page(1, 3000, 128, 255);
    ocr_close(&engine);
    engine = usual;
}

static int open_all(void **state)
{
    (void)state;
    const struct ocr_config config = {"ppocr", "eng", "", &recipe};
    struct error err = {0};
    ppocr_scratch_open(&scratch);
    OK(onnx_open(&runtime, recipe.runtime, DEVICE_CPU, &err));
    OK(ocr_open(&engine, &config, &err));
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    ocr_close(&engine);
    onnx_close(&runtime);
    ppocr_scratch_close(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_wrong_with_a_library),
        cmocka_unit_test(refuses_an_old_library),
        cmocka_unit_test(says_its_version_and_device),
        cmocka_unit_test(refuses_what_is_no_model),
        cmocka_unit_test(refuses_what_was_cut_off),
        cmocka_unit_test(refuses_models_of_another_shape),
        cmocka_unit_test(runs_what_it_loads),
        cmocka_unit_test(refuses_models_in_the_wrong_place),
        cmocka_unit_test(refuses_another_models_dictionary),
        cmocka_unit_test(refuses_models_that_answer_otherwise),
        cmocka_unit_test(reads_pages_of_every_size),
        cmocka_unit_test(reads_noise),
        cmocka_unit_test(reads_noise_without_thresholds),
    };
    if (!ppocr_support_recipe(&recipe))
        return 77;
    return cmocka_run_group_tests(tests, open_all, close_all);
}
