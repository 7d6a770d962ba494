/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Models named by the environment, and scratch files.
 */
#include "ppocr_support.h"

#include "unit.h"

#include <math.h>
#include <unistd.h>

double any_number(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return (double)(*state >> 8) / (double)(1 << 24);
}

void assert_near(double actual, double expected, double within)
{
    if (!(fabs(actual - expected) <= within))
        fail_msg("%f is not within %g of %f", actual, within, expected);
}

void ppocr_support_hash(const char *path, char sha256[DIGEST_TEXT])
{
    auto_strbuf bytes = {0};
    char block[1 << 16];
    FILE *f = fopen(path, "rb");
    *sha256 = '\0';
    if (!f)
        return;
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;)
        strbuf_add(&bytes, block, n);
    fclose(f);
    digest_bytes(strbuf_str(&bytes), bytes.len, sha256);
}

void ppocr_support_model(const char *name, char path[RECIPE_PATH], char sha256[RECIPE_SHA256])
{
    snprintf(path, RECIPE_PATH, "%s/%s", getenv("PAGEMILL_TEST_MODELS"), name);
    ppocr_support_hash(path, sha256);
}

static bool is_there(const char *path)
{
    bool there = access(path, R_OK) == 0;
    if (!there)
        printf("%s cannot be read: skipped\n", path);
    return there;
}

bool ppocr_support_runtime(struct recipe *r)
{
    const char *runtime = getenv("PAGEMILL_TEST_ONNXRUNTIME");
    if (!runtime) {
        puts("PAGEMILL_TEST_ONNXRUNTIME is not set: skipped");
        return false;
    }
    recipe_defaults(r);
    snprintf(r->runtime, sizeof r->runtime, "%s", runtime);
    r->device = DEVICE_CPU;
    return is_there(runtime);
}

bool ppocr_support_recipe(struct recipe *r)
{
    const char *runtime = getenv("PAGEMILL_TEST_ONNXRUNTIME");
    if (!getenv("PAGEMILL_TEST_MODELS") || !runtime) {
        puts("PAGEMILL_TEST_MODELS and PAGEMILL_TEST_ONNXRUNTIME are not both set: skipped");
        return false;
    }
    recipe_defaults(r);
    snprintf(r->name, sizeof r->name, "PP-OCRv6_tiny");
    snprintf(r->covers, sizeof r->covers, "eng chi_sim");
    snprintf(r->runtime, sizeof r->runtime, "%s", runtime);
    r->device = DEVICE_CPU;
    ppocr_support_model("PP-OCRv6_tiny_det.onnx", r->detection, r->detection_sha256);
    ppocr_support_model("PP-OCRv6_tiny_rec_fp32.onnx", r->recognition, r->recognition_sha256);
    ppocr_support_model("dicts/ppocrv6_tiny_dict.txt", r->dictionary, r->dictionary_sha256);
    ppocr_support_model("PP-LCNet_x1_0_doc_ori_int8.onnx", r->page_orientation,
                        r->page_orientation_sha256);
    ppocr_support_model("PP-LCNet_x0_25_textline_ori.onnx", r->line_orientation,
                        r->line_orientation_sha256);
    return is_there(runtime) && is_there(r->detection) && is_there(r->recognition) &&
           is_there(r->dictionary) && is_there(r->page_orientation) &&
           is_there(r->line_orientation);
}

void ppocr_scratch_open(struct ppocr_scratch *s)
{
    *s = (struct ppocr_scratch){.folder = "/tmp/pagemill-test-XXXXXX"};
    assert_non_null(mkdtemp(s->folder));
}

static void name_file(const struct ppocr_scratch *s, unsigned i, char path[RECIPE_PATH])
{
    snprintf(path, RECIPE_PATH, "%s/file%u", s->folder, i);
}

void ppocr_scratch_close(struct ppocr_scratch *s)
{
    char path[RECIPE_PATH];
    for (unsigned i = 0; i < s->files; i++) {
        name_file(s, i, path);
        unlink(path);
    }
    assert_int_equal(rmdir(s->folder), 0);
}

void ppocr_scratch_write(struct ppocr_scratch *s, const void *bytes, size_t len,
                         char path[RECIPE_PATH], char sha256[RECIPE_SHA256])
{
    name_file(s, s->files++, path);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    digest_bytes(bytes, len, sha256);
}
