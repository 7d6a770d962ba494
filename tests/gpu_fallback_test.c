/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A GPU that fails is left for the CPU, whenever it fails: the page is read as the CPU alone reads
 * it, and the note says why. The GPU is played by onnx_flaky.so, beside this program; the vendors'
 * providers by the real runtime, which has them or has not.
 */
#include "ppocr_support.h"

#include "ocr/ocr.h"
#include "unit.h"

#include "drawn_page.h"

#include <limits.h>
#include <unistd.h>

static struct recipe recipe;
static struct raster raster;
static uint8_t *pixels;

static uint8_t *in_colour(struct raster *out)
{
    uint8_t *grey = drawn_page(out), *rgb = x_calloc((size_t)out->width * 3, out->height);
    for (size_t i = 0; i < (size_t)out->width * out->height; i++)
        memset(rgb + 3 * i, grey[i], 3);
    free(grey);
    out->channels = 3;
    out->stride = out->width * 3;
    return rgb;
}

static struct ocr *open_with(const struct recipe *r)
{
    struct error err = {0};
    struct ocr *ocr = NULL;
    const struct ocr_config config = {"ppocr", "eng", "", r};
    OK(ocr_open(&ocr, &config, &err));
    return ocr;
}

static char *read_with(struct ocr *ocr)
{
    struct error err = {0};
    struct page *page = NULL;
    struct strbuf text = {0};
    OK(ocr_read(ocr, &raster, pixels, &(struct ocr_request){1, 0, PAGE_ROTATE_AUTO}, &page, &err));
    for (size_t i = 0; i < page->block_count; i++)
        for (size_t k = 0; k < page->blocks[i].line_count; k++)
            strbuf_addf(&text, "%s\n", page->blocks[i].lines[k].text);
    page_free(&page);
    return strbuf_detach(&text);
}

static char *read_on_cpu(void)
{
    struct ocr *ocr = open_with(&recipe);
    char *text = read_with(ocr);
    assert_string_equal(ocr_note(ocr), "");
    ocr_close(&ocr);
    return text;
}

static struct recipe flaky_recipe(const char *when)
{
    struct recipe r = recipe;
    char self[PATH_MAX] = "";
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    *strrchr(self, '/') = '\0';
    int n = snprintf(r.runtime, sizeof r.runtime, "%s/onnx_flaky.so", self);
    assert_true(n > 0 && (size_t)n < sizeof r.runtime);
    r.device = DEVICE_WEBGPU;
    r.batch_size = 1;
    setenv("PAGEMILL_TEST_FLAKY", when, 1);
    return r;
}

static void assert_fell_back(const struct ocr *ocr, bool fallen)
{
    assert_string_equal(ocr_device(ocr), fallen ? "cpu" : "webgpu");
    assert_int_equal(strstr(ocr_note(ocr), "a driver that fails") != NULL, fallen);
    assert_int_equal(strstr(ocr_note(ocr), "webgpu is not to be had") != NULL, fallen);
}

/* When the CPU has taken over: after opening, or after two pages. */
enum moment { NEVER, AT_OPEN, LATE };

static void falls_back(const char *when, enum moment moment, const char *expected)
{
    const struct recipe r = flaky_recipe(when);
    struct ocr *ocr = open_with(&r);
    if (moment != LATE) /* which run is the first of a page is the engine's business */
        assert_fell_back(ocr, moment == AT_OPEN);
    for (int i = 0; i < 2; i++) {
        char *text = read_with(ocr);
        assert_string_equal(text, expected);
        free(text);
    }
    assert_fell_back(ocr, moment != NEVER);
    ocr_close(&ocr);
}

/* Four models are loaded, the second is run at once, and each page runs the first and the second.
 */
static void is_left_whenever_it_fails(void **state)
{
    (void)state;
    static const struct {
        const char *when;
        enum moment moment;
    } cases[] = {
        {"", NEVER},         {"append", AT_OPEN}, {"load 1", AT_OPEN}, {"load 2", AT_OPEN},
        {"load 4", AT_OPEN}, {"run 1", AT_OPEN},  {"run 2", LATE},     {"run 3", LATE},
        {"run 5", LATE},     {"run 9", LATE},
    };
    char *expected = read_on_cpu();
    for (int i = 0; i < DRAWN_LINES; i++)
        assert_non_null(strstr(expected, drawn_lines[i]));
    for (size_t i = 0; i < COUNT(cases); i++)
        falls_back(cases[i].when, cases[i].moment, expected);
    free(expected);
}

static void vendors_are_there_or_a_reason_is(void **state)
{
    (void)state;
    static const enum device devices[] = {DEVICE_CUDA, DEVICE_TENSORRT};
    for (size_t i = 0; i < COUNT(devices); i++) {
        const char *name = device_names[devices[i]];
        struct recipe r = recipe;
        r.device = devices[i];
        struct ocr *ocr = open_with(&r);
        bool here = strcmp(ocr_device(ocr), name) == 0;
        assert_true(here || strcmp(ocr_device(ocr), "cpu") == 0);
        assert_int_equal(*ocr_note(ocr) == '\0', here);
        assert_true(here || strncmp(ocr_note(ocr), name, strlen(name)) == 0);
        ocr_close(&ocr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_left_whenever_it_fails),
        cmocka_unit_test(vendors_are_there_or_a_reason_is),
    };
    if (!ppocr_support_recipe(&recipe))
        return 77;
    pixels = in_colour(&raster);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(pixels);
    return failed;
}
