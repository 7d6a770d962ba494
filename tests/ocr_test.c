/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The engine behind ocr.h, on pages drawn in memory: words, geometry, errors, and that a page reads
 * the same whatever came before it.
 */
#include "ocr/ocr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "drawn_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct recipe no_models;
static const struct ocr_config english = {"tesseract", "eng", "", &no_models};

static struct ocr *engine;

static int open_engine(void **state)
{
    (void)state;
    struct error err;
    return ocr_open(&engine, &english, &err);
}

static int close_engine(void **state)
{
    (void)state;
    ocr_close(&engine);
    ocr_close(&engine);
    return 0;
}

static struct page *read_page(const struct raster *raster, const uint8_t *pixels)
{
    struct page *page = NULL;
    struct error err = {0};
    if (ocr_read(engine, raster, pixels, &(struct ocr_request){7, 0, PAGE_ROTATE_AUTO}, &page,
                 &err) < 0)
        fail_msg("%s", err.text);
    return page;
}

static struct page *read_pix(struct Pix *pix)
{
    struct raster raster;
    uint8_t *pixels = drawn_pixels(pix, &raster);
    struct page *page = read_page(&raster, pixels);
    free(pixels);
    return page;
}

/* The result as JSON without what may differ from one run to the next. */
static char *result_text(struct page *page)
{
    struct strbuf out = {0};
    page->duration_ms = 0;
    page_encode(page, &out);
    return strbuf_detach(&out);
}

static void assert_inside(const struct page *page, const struct quad *q)
{
    for (int i = 0; i < 4; i++) {
        assert_true(q->corner[i].x >= 0 && q->corner[i].x <= (float)page->width);
        assert_true(q->corner[i].y >= 0 && q->corner[i].y <= (float)page->height);
    }
}

static void assert_well_formed(const struct page *page)
{
    for (size_t b = 0; b < page->block_count; b++) {
        const struct block *block = &page->blocks[b];
        assert_true(block->line_count > 0);
        for (size_t i = 0; i < block->line_count; i++) {
            const struct line *line = &block->lines[i];
            assert_true(line->word_count > 0);
            assert_inside(page, &line->polygon);
            for (size_t k = 0; k < line->word_count; k++) {
                const struct word *word = &line->words[k];
                assert_true(*word->text && *word->text != ' ');
                assert_true(word->confidence >= 0 && word->confidence <= 1);
                assert_inside(page, &word->polygon);
            }
        }
    }
}

/* The drawn lines in order, two in each of two blocks. */
static void assert_drawn_text(const struct page *page)
{
    assert_int_equal(page->block_count, 2);
    for (int i = 0; i < DRAWN_LINES; i++) {
        const struct block *block = &page->blocks[i / 2];
        assert_int_equal(block->line_count, 2);
        assert_string_equal(block->lines[i % 2].text, drawn_lines[i]);
    }
}

static void assert_first_corner(const struct page *page, double x, double y, double within)
{
    const struct line *line = &page->blocks[0].lines[0];
    const struct point quad = line->polygon.corner[0], word = line->words[0].polygon.corner[0];
    assert_true(fabs((double)quad.x - x) < within && fabs((double)quad.y - y) < within);
    assert_true(fabs((double)word.x - x) < within && fabs((double)word.y - y) < within);
}

static void reads_words_with_places(void **state)
{
    (void)state;
    struct Pix *pix = drawn_pix();
    struct page *page = read_pix(pix);
    assert_well_formed(page);
    assert_drawn_text(page);
    assert_first_corner(page, 100, 91, 3);
    assert_int_equal(page->number, 7);
    assert_int_equal(page->width, DRAWN_WIDTH);
    assert_int_equal(page->height, DRAWN_HEIGHT);
    assert_int_equal(page->dpi, DRAWN_DPI);
    assert_string_equal(page->engine, ocr_name(engine));
    assert_string_equal(page->language, "eng");
    assert_int_equal(page->source, PAGE_SOURCE_OCR);
    assert_true(page->confidence > 0.8F);
    assert_true(page->blocks[1].bbox.y1 > page->blocks[0].bbox.y2);
    page_free(&page);
    pixDestroy(&pix);
}

static void follows_a_leaning_line(void **state)
{
    (void)state;
    const float angle = 0.035F;
    struct Pix *pix = drawn_pix();
    struct Pix *leaning = pixRotate(pix, angle, L_ROTATE_AREA_MAP, L_BRING_IN_WHITE, 0, 0);
    struct page *page = read_pix(leaning);
    assert_well_formed(page);
    assert_drawn_text(page);
    for (int i = 0; i < DRAWN_LINES; i++) {
        const struct point *c = page->blocks[i / 2].lines[i % 2].polygon.corner;
        float top = atan2f(c[1].y - c[0].y, c[1].x - c[0].x);
        float side = atan2f(c[3].x - c[0].x, c[3].y - c[0].y);
        assert_true(fabsf(top - angle) < 0.006F);
        assert_true(fabsf(side + angle) < 0.006F);
    }
    page_free(&page);
    pixDestroy(&leaning);
    pixDestroy(&pix);
}

static void starts_at_the_texts_own_corner(void **state)
{
    (void)state;
    struct Pix *pix = drawn_pix();
    struct Pix *turned = pixRotateOrth(pix, 1);
    struct page *page = read_pix(turned);
    assert_well_formed(page);
    assert_drawn_text(page);
    assert_first_corner(page, DRAWN_HEIGHT - 91, 100, 3);
    assert_int_equal(page->rotation, 270);
    const struct point *c = page->blocks[0].lines[0].polygon.corner;
    assert_true(c[1].y > c[0].y + 500); /* reading goes down the page */
    page_free(&page);
    pixDestroy(&turned);
    pixDestroy(&pix);
}

/* The same text and places whichever way up the page is. */
static void reads_a_page_on_its_head(void **state)
{
    (void)state;
    struct Pix *pix = drawn_pix();
    static const struct {
        int quarters, rotation;
        double x, y; /* where the text begins */
    } rows[] = {{0, 0, 100, 91},
                {1, 270, DRAWN_HEIGHT - 91, 100},
                {2, 180, DRAWN_WIDTH - 100, DRAWN_HEIGHT - 91},
                {3, 90, 91, DRAWN_WIDTH - 100}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct Pix *turned = pixRotateOrth(pix, rows[i].quarters);
        struct page *page = read_pix(turned);
        assert_well_formed(page);
        assert_drawn_text(page);
        assert_first_corner(page, rows[i].x, rows[i].y, 3);
        assert_int_equal(page->rotation, rows[i].rotation);
        assert_true(fabsf(page->skew) < 0.3F);
        assert_int_equal(page->width, pixGetWidth(turned));
        assert_string_equal(page->engine, ocr_name(engine));
        assert_string_equal(page->language, "eng");
        page_free(&page);
        pixDestroy(&turned);
    }
    pixDestroy(&pix);
}

/* Told how to turn a page, the engine does so, for better or worse. */
static void turns_a_page_as_told(void **state)
{
    (void)state;
    static const struct {
        int32_t rotate;
        bool readable;
        int rotation;
    } rows[] = {{PAGE_ROTATE_AUTO, true, 180}, {180, true, 180}, {0, false, 0}};
    struct Pix *pix = drawn_pix(), *turned = pixRotateOrth(pix, 2);
    struct raster raster;
    uint8_t *pixels = drawn_pixels(turned, &raster);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct page *page = NULL;
        struct error err = {0};
        const struct ocr_request request = {7, 0, rows[i].rotate};
        assert_int_equal(ocr_read(engine, &raster, pixels, &request, &page, &err), 0);
        assert_well_formed(page);
        assert_int_equal(page->confidence > 0.8F, rows[i].readable);
        if (rows[i].readable)
            assert_drawn_text(page);
        if (rows[i].readable)
            assert_int_equal(page->rotation, rows[i].rotation);
        page_free(&page);
    }
    free(pixels);
    pixDestroy(&turned);
    pixDestroy(&pix);
}

/* Its lean is told as it is on the page, upright or not. */
static void tells_how_a_page_leans(void **state)
{
    (void)state;
    const float angle = 0.035F, degrees = angle * 180 / (float)M_PI;
    struct Pix *pix = drawn_pix();
    struct Pix *leaning = pixRotate(pix, angle, L_ROTATE_AREA_MAP, L_BRING_IN_WHITE, 0, 0);
    for (int quarters = 0; quarters <= 2; quarters += 2) {
        struct Pix *turned = pixRotateOrth(leaning, quarters);
        struct page *page = read_pix(turned);
        assert_drawn_text(page);
        assert_true(fabsf(page->skew - degrees) < 0.35F);
        page_free(&page);
        pixDestroy(&turned);
    }
    pixDestroy(&leaning);
    pixDestroy(&pix);
}

/* What cannot be read either way up stays as it was read. */
static void keeps_what_reads_no_better_turned(void **state)
{
    (void)state;
    struct Pix *pix = drawn_pix();
    struct Pix *mirrored = pixFlipLR(NULL, pix);
    struct page *page = read_pix(mirrored);
    assert_well_formed(page);
    assert_int_equal(page->rotation, 0);
    page_free(&page);
    pixDestroy(&mirrored);
    pixDestroy(&pix);
}

static void reads_a_page_alike_after_another(void **state)
{
    (void)state;
    struct Pix *pix = drawn_pix();
    struct Pix *other = pixRotate(pix, 0.02F, L_ROTATE_AREA_MAP, L_BRING_IN_WHITE, 0, 0);
    struct page *first = read_pix(pix), *between = read_pix(other), *second = read_pix(pix);
    char *a = result_text(first), *b = result_text(between), *c = result_text(second);
    assert_string_equal(a, c);
    assert_string_not_equal(a, b);
    free(a);
    free(b);
    free(c);
    page_free(&first);
    page_free(&between);
    page_free(&second);
    pixDestroy(&other);
    pixDestroy(&pix);
}

/* Widths and heights around every limit that Tesseract has; all white, then all black. */
static void gives_no_blocks_without_text(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1},      {2, 2},      {3, 3},     {10, 10},
                                        {1, 30000},  {30000, 1},  {60, 60},   {400, 600},
                                        {32767, 20}, {20, 32768}, {40000, 50}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int colour = 0; colour <= 255; colour += 255) {
            struct raster r = {sizes[i][0], sizes[i][1], sizes[i][0], 1, 300, 0};
            size_t bytes = (size_t)r.stride * r.height;
            uint8_t *pixels = x_calloc(bytes, 1);
            memset(pixels, colour, bytes);
            struct page *page = read_page(&r, pixels);
            assert_int_equal(page->block_count, 0);
            page_free(&page);
            free(pixels);
        }
}

static void maps_boxes_of_a_scaled_page_back(void **state)
{
    (void)state;
    enum { LONG = 40000, LEFT = 30000 };
    struct raster drawn, r;
    uint8_t *small = drawn_page(&drawn);
    r = drawn;
    r.width = r.stride = LONG;
    uint8_t *pixels = x_calloc(r.stride, r.height);
    memset(pixels, 255, (size_t)r.stride * r.height);
    for (uint32_t y = 0; y < drawn.height; y++)
        memcpy(pixels + (size_t)y * r.stride + LEFT, small + (size_t)y * drawn.stride, drawn.width);
    struct page *page = read_page(&r, pixels);
    assert_well_formed(page);
    assert_drawn_text(page);
    assert_first_corner(page, LEFT + 100, 91, 6);
    assert_int_equal(page->width, LONG);
    assert_int_equal(page->dpi, DRAWN_DPI);
    assert_int_equal(page->warning_count, 1);
    assert_string_equal(page->warnings[0].code, "scaled");
    page_free(&page);
    free(pixels);
    free(small);
}

static void stops_at_the_deadline_and_goes_on(void **state)
{
    (void)state;
    struct Pix *one = drawn_pix();
    struct Pix *many = pixCreate(DRAWN_WIDTH * 4, DRAWN_HEIGHT * 6, 8);
    for (int i = 0; i < 24; i++)
        pixRasterop(many, i % 4 * DRAWN_WIDTH, i / 4 * DRAWN_HEIGHT, DRAWN_WIDTH, DRAWN_HEIGHT,
                    PIX_SRC, one, 0, 0);
    struct raster raster;
    uint8_t *pixels = drawn_pixels(many, &raster);
    struct page *page = NULL;
    struct error err = {0};
    assert_int_equal(ocr_read(engine, &raster, pixels,
                              &(struct ocr_request){1, 1, PAGE_ROTATE_AUTO}, &page, &err),
                     -1);
    assert_int_equal(err.class, ERROR_TIMEOUT);
    assert_null(page);
    page = read_pix(one);
    assert_drawn_text(page);
    page_free(&page);
    free(pixels);
    pixDestroy(&many);
    pixDestroy(&one);
}

static void refuses(const char *engine_name, const char *languages, const char *expected)
{
    const struct ocr_config config = {engine_name, languages, "", &no_models};
    struct ocr *ocr = NULL;
    struct error err = {0};
    assert_int_equal(ocr_open(&ocr, &config, &err), -1);
    assert_null(ocr);
    assert_int_equal(err.class, ERROR_UNSUPPORTED);
    if (!strstr(err.text, expected))
        fail_msg("'%s' does not say '%s'", err.text, expected);
}

static void refuses_what_is_not_installed(void **state)
{
    (void)state;
    refuses("nothing", "eng", "tesseract");
    refuses("ppocr", "eng", "no models are installed");
    refuses("auto", "xyz", "'xyz' is not installed");
    refuses("tesseract", "xyz", "'xyz' is not installed; installed: ");
    refuses("tesseract", "eng+xyz", "'xyz' is not installed");
    refuses("tesseract", "osd", "'osd' is not installed");
    refuses("tesseract", "", "not names joined");
    refuses("tesseract", "eng+", "not names joined");
    refuses("tesseract", "+eng", "not names joined");
    refuses("tesseract", "../eng", "not names joined");
    refuses("tesseract", "eng deu", "not names joined");
    const struct ocr_config nowhere = {"tesseract", "eng", "/nonexistent", &no_models};
    struct ocr *ocr = NULL;
    struct error err = {0};
    assert_int_equal(ocr_open(&ocr, &nowhere, &err), -1);
    assert_int_equal(err.class, ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "/nonexistent"));
}

static void refuses_rasters_of_the_wrong_shape(void **state)
{
    (void)state;
    const uint8_t pixels[64] = {0};
    const struct raster colour = {4, 4, 12, 3, 300, 0}, empty = {0, 4, 4, 1, 300, 0},
                        narrow = {8, 4, 4, 1, 300, 0}, endless = {PAGE_MAX_SIDE + 1, 1, 300000, 1};
    const struct {
        const struct raster *raster;
        enum error_class class;
    } rows[] = {
        {&colour, ERROR_BUG}, {&empty, ERROR_BUG}, {&narrow, ERROR_BUG}, {&endless, ERROR_LIMIT}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct page *page = NULL;
        struct error err = {0};
        assert_int_equal(ocr_read(engine, rows[i].raster, pixels,
                                  &(struct ocr_request){1, 0, PAGE_ROTATE_AUTO}, &page, &err),
                         -1);
        assert_int_equal(err.class, rows[i].class);
        assert_null(page);
    }
}

/* Without models, the thoughtful choice is Tesseract; the page says so. */
static void auto_reads_without_models(void **state)
{
    (void)state;
    const struct ocr_config config = {"auto", "eng", "", &no_models};
    struct raster raster;
    struct ocr *ocr = NULL;
    struct page *page = NULL;
    struct error err = {0};
    assert_int_equal(ocr_open(&ocr, &config, &err), 0);
    assert_int_equal(ocr_channels(ocr), 1);
    uint8_t *pixels = drawn_page(&raster);
    assert_int_equal(
        ocr_read(ocr, &raster, pixels, &(struct ocr_request){7, 0, PAGE_ROTATE_AUTO}, &page, &err),
        0);
    assert_int_equal(strncmp(page->engine, "tesseract/", 10), 0);
    assert_int_equal(page->number, 7);
    assert_drawn_text(page);
    page_free(&page);
    ocr_close(&ocr);
    free(pixels);
}

static void lists_languages(void **state)
{
    (void)state;
    auto_strbuf names = {0};
    struct error err = {0};
    assert_int_equal(ocr_languages(&english, &names, &err), 0);
    assert_non_null(strstr(strbuf_str(&names), "eng"));
    assert_null(strstr(strbuf_str(&names), "osd"));
    assert_int_equal(strncmp(ocr_name(engine), "tesseract/", 10), 0);
    assert_int_equal(ocr_channels(engine), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_words_with_places),
        cmocka_unit_test(follows_a_leaning_line),
        cmocka_unit_test(starts_at_the_texts_own_corner),
        cmocka_unit_test(reads_a_page_on_its_head),
        cmocka_unit_test(tells_how_a_page_leans),
        cmocka_unit_test(turns_a_page_as_told),
        cmocka_unit_test(keeps_what_reads_no_better_turned),
        cmocka_unit_test(reads_a_page_alike_after_another),
        cmocka_unit_test(gives_no_blocks_without_text),
        cmocka_unit_test(maps_boxes_of_a_scaled_page_back),
        cmocka_unit_test(stops_at_the_deadline_and_goes_on),
        cmocka_unit_test(refuses_what_is_not_installed),
        cmocka_unit_test(refuses_rasters_of_the_wrong_shape),
        cmocka_unit_test(auto_reads_without_models),
        cmocka_unit_test(lists_languages),
    };
    auto_strbuf languages = {0};
    if (ocr_languages(&english, &languages, NULL) < 0) {
        puts("no Tesseract languages are installed");
        return 77;
    }
    return cmocka_run_group_tests(tests, open_engine, close_engine);
}
