/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The whole way of a layout model, with graphs made here that have PP-DocLayout's interface and
 * whose answers depend on their inputs: what the picture becomes, what the other inputs say, what
 * becomes of the rows; models of other interfaces; pages that are turned.
 */
#include "onnx_write.h"
#include "ppocr_support.h"

#include "ocr/doclayout.h"
#include "ocr/structure.h"
#include "unit.h"

#include <math.h>

enum { FLOAT = 1, INT32 = 6, INT64 = 7, SIDE = 64, ROWS = 3 };

static struct recipe recipe;
static struct ppocr_scratch scratch;
static struct onnx *runtime;

#define DIMS(...)                                           \
    (struct onnx_dims)                                      \
    {                                                       \
        sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), \
        {                                                   \
            __VA_ARGS__                                     \
        }                                                   \
    }

/* How a model differs from what it should be. */
struct odd {
    const char *image, *scale; /* names of inputs */
    int columns;               /* of rows; 0: 6 */
    int count_type;            /* 0: int32 */
    int32_t count;             /* said; 0: all rows */
    int64_t side;              /* declared; 0: SIDE, −1: any */
    bool no_shape;             /* PicoDet's: without im_shape */
    int masks;                 /* outputs behind the two, as V3's: regions as pictures */
    float class;               /* of the last row, instead of 2 */
};

/* Row 0: the whole picture, by im_shape and scale_factor. Rows 1 and 2: a quarter of the model's
 * picture each, divided by the scale factors. The score of row i is the mean of plane i. */
static void write_rows(struct onnx_writer *w, const struct odd *odd)
{
    static const int64_t last_two[] = {2, 3}, one = 1, zero = 0;
    static const int64_t swapped[] = {1, 0, 1, 0}, column[] = {ROWS, 1}, kept[] = {1, 4};
    const float classes[ROWS] = {0, 1, odd->class != 0 ? odd->class : 2};
    const float quarters[2][4] = {{0, 0, SIDE / 2, SIDE / 2}, {SIDE / 2, SIDE / 2, SIDE, SIDE}};
    const float nothing[2] = {0, 0}, order[ROWS][2] = {{2, 0}, {0, 0}, {1, 0}};
    const float side[2] = {SIDE, SIDE};
    const int columns = odd->columns ? odd->columns : 6;
    onnx_write_constant(w, "classes", FLOAT, DIMS(ROWS, 1), classes);
    onnx_write_constant(w, "quarters", FLOAT, DIMS(2, 4), quarters);
    onnx_write_constant(w, "nothing", FLOAT, DIMS(1, 2), nothing);
    onnx_write_constant(w, "side", FLOAT, DIMS(1, 2), side);
    onnx_write_constant(w, "swapped", INT64, DIMS(4), swapped);
    onnx_write_constant(w, "swap", INT64, DIMS(2), swapped);
    onnx_write_constant(w, "column", INT64, DIMS(2), column);
    onnx_write_constant(w, "kept", INT64, DIMS(2), kept);
    onnx_write_node(w, "ReduceMean", odd->image, "means", "axes", last_two, 2);
    onnx_write_node(w, "Reshape", "means,column", "scores", NULL, NULL, 0);
    onnx_write_node(w, "Gather", odd->no_shape ? "side,swap" : "im_shape,swap", "whole", "axis",
                    &one, 1);
    onnx_write_node(w, "Concat", "nothing,whole", "page", "axis", &one, 1);
    onnx_write_node(w, "Concat", "page,quarters", "in_model", "axis", &zero, 1);
    onnx_write_node(w, "Gather", "scale_factor,swapped", "factors", "axis", &one, 1);
    onnx_write_node(w, "Div", "in_model,factors", "places", NULL, NULL, 0);
    onnx_write_constant(w, "order", FLOAT, DIMS(ROWS, columns > 6 ? columns - 6 : 1),
                        columns == 7 ? &(const float[ROWS]){2, 0, 1}[0] : &order[0][0]);
    onnx_write_node(w, "Concat",
                    columns > 6    ? "classes,scores,places,order"
                    : columns == 6 ? "classes,scores,places"
                                   : "classes,places",
                    "fetch_name_0", "axis", &one, 1);
}

static void write_model(const struct odd *given, struct recipe *r)
{
    struct onnx_writer w = {0};
    struct odd odd = *given;
    const int type = odd.count_type ? odd.count_type : INT32;
    const int64_t side = odd.side ? odd.side : SIDE, many = odd.count ? odd.count : ROWS;
    const int32_t few = (int32_t)many;
    const float no_number = 3;
    if (!odd.image)
        odd.image = "image";
    if (!odd.no_shape)
        onnx_write_input(&w, "im_shape", FLOAT, DIMS(-1, 2));
    onnx_write_input(&w, odd.image, FLOAT, DIMS(-1, 3, side, side));
    onnx_write_input(&w, "scale_factor", FLOAT, DIMS(-1, 2));
    write_rows(&w, &odd);
    onnx_write_constant(&w, "count", type, DIMS(1),
                        type == INT64   ? (const void *)&many
                        : type == INT32 ? (const void *)&few
                                        : (const void *)&no_number);
    onnx_write_node(&w, "Identity", "count", "fetch_name_1", NULL, NULL, 0);
    onnx_write_output(&w, "fetch_name_0", FLOAT, DIMS(-1, odd.columns ? odd.columns : 6));
    onnx_write_output(&w, "fetch_name_1", type, DIMS(-1));
    for (int i = 0; i < odd.masks; i++) {
        static const int32_t mask[ROWS * 4];
        const char *names[2][3] = {{"mask0", "mask1", "mask2"},
                                   {"fetch_name_2", "fetch_name_3", "fetch_name_4"}};
        onnx_write_constant(&w, names[0][i], INT32, DIMS(ROWS, 2, 2), mask);
        onnx_write_node(&w, "Identity", names[0][i], names[1][i], NULL, NULL, 0);
        onnx_write_output(&w, names[1][i], INT32, DIMS(-1, 2, 2));
    }
    struct strbuf bytes = onnx_write_end(&w);
    ppocr_scratch_write(&scratch, bytes.data, bytes.len, r->layout, r->layout_sha256);
    strbuf_free(&bytes);
}

static void set_up(struct recipe *r)
{
    *r = recipe;
    snprintf(r->layout_labels, sizeof r->layout_labels, "text,table,doc_title");
    snprintf(r->layout_thresholds, sizeof r->layout_thresholds, "0.1");
}

static struct doclayout *open_model(const struct odd *odd, struct recipe *r)
{
    struct doclayout *d = NULL;
    struct error err;
    write_model(odd, r);
    OK(doclayout_open(&d, runtime, r, &err));
    return d;
}

/* A picture of one colour. */
static struct pixels plain(uint32_t width, uint32_t height, const uint8_t colour[3])
{
    uint8_t *data = calloc((size_t)width * height, 3);
    assert_non_null(data);
    for (size_t i = 0; i < (size_t)width * height; i++)
        memcpy(data + 3 * i, colour, 3);
    return (struct pixels){data, width, height, width * 3, 3};
}

static void free_pixels(struct pixels *p)
{
    free((void *)(uintptr_t)p->data);
}

static void assert_rect(struct rect r, float x1, float y1, float x2, float y2)
{
    if (r.x1 != x1 || r.y1 != y1 || r.x2 != x2 || r.y2 != y2)
        fail_msg("%g,%g,%g,%g is not %g,%g,%g,%g", (double)r.x1, (double)r.y1, (double)r.x2,
                 (double)r.y2, (double)x1, (double)y1, (double)x2, (double)y2);
}

/* ---- inputs and outputs ---- */

static void all_inputs_are_as_promised(void **state)
{
    static const uint8_t colour[3] = {204, 102, 51}; /* 0.8, 0.4, 0.2 of 255 */
    struct pixels picture = plain(200, 100, colour);
    struct doclayout_regions found = {0};
    struct recipe r;
    struct error err;
    (void)state;
    set_up(&r);
    struct doclayout *d = open_model(&(struct odd){0}, &r);
    OK(doclayout_find(d, &picture, &found, &err));
    assert_int_equal(found.count, 3);
    /* red, green, blue in this order, and places in the picture's own pixels */
    assert_near(found.rows[0].confidence, 0.8, 1e-4);
    assert_near(found.rows[1].confidence, 0.4, 1e-4);
    assert_near(found.rows[2].confidence, 0.2, 1e-4);
    assert_int_equal(found.rows[0].type, BLOCK_TEXT);
    assert_int_equal(found.rows[1].type, BLOCK_TABLE);
    assert_int_equal(found.rows[2].type, BLOCK_TITLE);
    assert_rect(found.rows[0].at, 0, 0, 200, 100);
    assert_rect(found.rows[1].at, 0, 0, 100, 50);
    assert_rect(found.rows[2].at, 100, 50, 200, 100);
    for (int i = 0; i < 3; i++)
        assert_int_equal(found.rows[i].order, -1);
    free(found.rows);
    free_pixels(&picture);
    doclayout_close(&d);
    doclayout_close(&d);
}

/* (pixel / 255 − mean) / std of each plane. */
static void pixels_are_normalised_as_the_recipe_says(void **state)
{
    static const uint8_t colour[3] = {255, 204, 153};
    struct pixels picture = plain(30, 70, colour);
    struct doclayout_regions found = {0};
    struct recipe r;
    struct error err;
    (void)state;
    set_up(&r);
    snprintf(r.layout_mean, sizeof r.layout_mean, "0.485,0.456,0.406");
    snprintf(r.layout_std, sizeof r.layout_std, "4,4,1");
    struct doclayout *d = open_model(&(struct odd){.no_shape = true, .count_type = INT64}, &r);
    snprintf(r.layout_thresholds, sizeof r.layout_thresholds, "0");
    OK(doclayout_find(d, &picture, &found, &err));
    assert_int_equal(found.count, 2); /* 0.086 is below the threshold of 0.1 when it was opened */
    assert_near(found.rows[0].confidence, (0.6 - 0.406) / 1, 1e-4);
    assert_near(found.rows[1].confidence, (1 - 0.485) / 4, 1e-4);
    assert_rect(found.rows[1].at, 0, 0, 30, 70);
    free(found.rows);
    free_pixels(&picture);
    doclayout_close(&d);
}

static void a_grey_picture_fills_all_planes(void **state)
{
    struct pixels picture = plain(40, 40, (const uint8_t[3]){128, 128, 128});
    struct doclayout_regions found = {0};
    struct recipe r;
    struct error err;
    (void)state;
    picture.channels = 1;
    picture.stride = 40;
    set_up(&r);
    struct doclayout *d = open_model(&(struct odd){0}, &r);
    OK(doclayout_find(d, &picture, &found, &err));
    for (size_t i = 0; i < 3; i++)
        assert_near(found.rows[i].confidence, 128.0 / 255, 1e-4);
    free(found.rows);
    free_pixels(&picture);
    doclayout_close(&d);
}

static void the_models_order_is_kept(void **state)
{
    struct pixels picture = plain(64, 64, (const uint8_t[3]){200, 150, 100});
    struct recipe r;
    struct error err;
    (void)state;
    set_up(&r);
    for (int columns = 7; columns <= 8; columns++) {
        struct doclayout_regions found = {0};
        struct doclayout *d = open_model(&(struct odd){.columns = columns, .masks = 1}, &r);
        OK(doclayout_find(d, &picture, &found, &err));
        assert_int_equal(found.count, 3);
        assert_int_equal(found.rows[0].type, BLOCK_TABLE);
        assert_int_equal(found.rows[1].type, BLOCK_TITLE);
        assert_int_equal(found.rows[2].type, BLOCK_TEXT);
        for (int i = 0; i < 3; i++)
            assert_int_equal(found.rows[i].order, i);
        free(found.rows);
        doclayout_close(&d);
    }
    free_pixels(&picture);
}

static void only_the_rows_that_count_are_read(void **state)
{
    struct pixels picture = plain(64, 64, (const uint8_t[3]){200, 150, 100});
    struct doclayout_regions found = {0};
    struct recipe r;
    struct error err;
    (void)state;
    set_up(&r);
    struct doclayout *d = open_model(&(struct odd){.count = 1}, &r);
    OK(doclayout_find(d, &picture, &found, &err));
    assert_int_equal(found.count, 1);
    free(found.rows);
    doclayout_close(&d);
    found = (struct doclayout_regions){0};
    d = open_model(&(struct odd){.class = -7}, &r); /* a class that is none */
    OK(doclayout_find(d, &picture, &found, &err));
    assert_int_equal(found.count, 2);
    free(found.rows);
    doclayout_close(&d);
    free_pixels(&picture);
}

static void the_size_is_the_recipes_where_the_model_takes_any(void **state)
{
    struct pixels picture = plain(128, 256, (const uint8_t[3]){200, 150, 100});
    struct doclayout_regions found = {0};
    struct recipe r;
    struct error err;
    (void)state;
    set_up(&r);
    r.layout_size = 2 * SIDE;
    struct doclayout *d = open_model(&(struct odd){.side = -1}, &r);
    OK(doclayout_find(d, &picture, &found, &err));
    assert_rect(found.rows[0].at, 0, 0, 128, 256); /* by im_shape */
    assert_rect(found.rows[1].at, 0, 0, 32, 64);   /* a quarter of SIDE is now a sixteenth */
    free(found.rows);
    free_pixels(&picture);
    doclayout_close(&d);
}

/* ---- other models ---- */

static void refused(const struct odd *odd, const char *says)
{
    struct doclayout *d = NULL;
    struct recipe r;
    struct error err;
    set_up(&r);
    write_model(odd, &r);
    REFUSED_SAYING(ERROR_INPUT, says, doclayout_open(&d, runtime, &r, &err));
    assert_non_null(strstr(err.text, r.layout));
    assert_non_null(strstr(err.text, "is no layout model"));
    assert_null(d);
}

static void other_interfaces_are_refused(void **state)
{
    struct doclayout *d = NULL;
    struct recipe r;
    struct error err;
    (void)state;
    set_up(&r);
    write_model(&(struct odd){.masks = 3}, &r);
    REFUSED_SAYING(ERROR_INPUT, "3 inputs and 5 outputs, not 1 to 4",
                   doclayout_open(&d, runtime, &r, &err));
    refused(&(struct odd){.image = "x"}, "its input x is not image [1,3,H,W]");
    refused(&(struct odd){.count_type = FLOAT}, "not rows of floats and their number");
    refused(&(struct odd){.side = 5000}, "5000 pixels wide");
}

static void other_answers_are_refused(void **state)
{
    static const struct odd odds[] = {{.columns = 5}, {.count = -2}, {.count = 4}};
    static const char *const says[] = {"rows of 6 to 8 numbers", "3 rows and says that -2 count",
                                       "3 rows and says that 4 count"};
    struct pixels picture = plain(64, 64, (const uint8_t[3]){200, 150, 100});
    struct recipe r;
    struct error err;
    (void)state;
    set_up(&r);
    for (size_t i = 0; i < COUNT(odds); i++) {
        struct doclayout_regions found = {0};
        struct doclayout *d = open_model(&odds[i], &r);
        REFUSED_SAYING(ERROR_INPUT, says[i], doclayout_find(d, &picture, &found, &err));
        assert_non_null(strstr(err.text, r.layout));
        assert_null(found.rows);
        doclayout_close(&d);
    }
    free_pixels(&picture);
}

static void what_is_no_model_is_refused(void **state)
{
    struct doclayout *d = NULL;
    struct recipe r;
    struct error err;
    (void)state;
    set_up(&r);
    write_model(&(struct odd){0}, &r);
    r.layout_sha256[0] = r.layout_sha256[0] == '0' ? '1' : '0';
    REFUSED_SAYING(ERROR_INPUT, "SHA-256", doclayout_open(&d, runtime, &r, &err));
    ppocr_scratch_write(&scratch, "nothing", 7, r.layout, r.layout_sha256);
    REFUSED_SAYING(ERROR_INPUT, r.layout, doclayout_open(&d, runtime, &r, &err));
    write_model(&(struct odd){0}, &r);
    *r.layout_labels = '\0';
    REFUSED_SAYING(ERROR_INPUT, "layout_labels", doclayout_open(&d, runtime, &r, &err));
}

/* ---- turned pages ---- */

/* The quarter that the model sees at the upper left of the upright picture, on the page. */
static void turned_pages_are_turned_back(void **state)
{
    static const struct {
        int rotation;
        struct rect quarter;
    } cases[] = {{0, {0, 0, 100, 50}},
                 {90, {0, 50, 100, 100}},
                 {180, {100, 50, 200, 100}},
                 {270, {100, 0, 200, 50}}};
    struct pixels picture = plain(200, 100, (const uint8_t[3]){204, 102, 51});
    const struct raster raster = {200, 100, 600, 3, 100, 0};
    struct structure *s = NULL;
    struct recipe r;
    struct error err;
    (void)state;
    set_up(&r);
    assert_false(structure_wanted(&r));
    write_model(&(struct odd){0}, &r);
    assert_true(structure_wanted(&r));
    OK(structure_open(&s, runtime, &r, &err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct page *page = page_new(1);
        struct structure_findings found = {0};
        page->width = 200;
        page->height = 100;
        page->rotation = cases[i].rotation;
        OK(structure_find(s, &raster, picture.data, page, true, INT64_MAX, &found, &err));
        assert_int_equal(found.region_count, 3);
        assert_int_equal(found.grid_count, 0);
        assert_rect(found.regions[0].at, 0, 0, 200, 100);
        const struct rect q = cases[i].quarter;
        assert_rect(found.regions[1].at, q.x1, q.y1, q.x2, q.y2);
        assert_true(page->stage_ms[PAGE_STAGE_LAYOUT] > 0);
        assert_true(page->stage_ms[PAGE_STAGE_NETWORK] > 0);
        structure_findings_free(&found);
        page_free(&page);
    }
    structure_close(&s);
    OK(structure_open(&s, NULL, &r, &err)); /* with a runtime of its own */
    structure_close(&s);
    free_pixels(&picture);
}

/* ---- bicubic sampling ---- */

/* OpenCV's weights for a quarter between pixels: −0.10546875, 0.87890625, 0.26171875, −0.03515625.
 */
static void sampling_is_opencvs(void **state)
{
    static const uint8_t row[4] = {0, 0, 255, 255};
    static const float twice[8] = {0, 0, 0, 58, 197, 255, 255, 255};
    const struct normalisation none = {{1, 1, 1}, {0, 0, 0}};
    const struct pixels across = {row, 4, 1, 4, 1}, down = {row, 1, 4, 1, 1};
    float out[3 * 8];
    (void)state;
    pixels_cubic(&across, &none, &(struct planes){out, 8, 1, 8});
    for (int plane = 0; plane < 3; plane++)
        for (int i = 0; i < 8; i++)
            assert_near(out[plane * 8 + i], twice[i], 0);
    pixels_cubic(&down, &none, &(struct planes){out, 1, 8, 1});
    for (int i = 0; i < 24; i++)
        assert_near(out[i], twice[i % 8], 0);
    pixels_cubic(&across, &none, &(struct planes){out, 4, 1, 4});
    for (int i = 0; i < 12; i++)
        assert_near(out[i], row[i % 4], 0);
    /* to half the size every other gap is sampled: −0.09375, 0.59375, 0.59375, −0.09375 */
    static const uint8_t four[4] = {0, 100, 200, 50};
    const struct pixels wide = {four, 4, 1, 4, 1};
    pixels_cubic(&wide, &none, &(struct planes){out, 2, 1, 2});
    assert_near(out[0], 41, 0);  /* 59.375 − 18.75 = 40.625 */
    assert_near(out[1], 134, 0); /* −9.375 + 118.75 + 29.6875 − 4.6875 = 134.375 */
}

static int open_all(void **state)
{
    (void)state;
    struct error err = {0};
    ppocr_scratch_open(&scratch);
    OK(onnx_open(&runtime, recipe.runtime, DEVICE_CPU, &err));
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    onnx_close(&runtime);
    ppocr_scratch_close(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_inputs_are_as_promised),
        cmocka_unit_test(pixels_are_normalised_as_the_recipe_says),
        cmocka_unit_test(a_grey_picture_fills_all_planes),
        cmocka_unit_test(the_models_order_is_kept),
        cmocka_unit_test(only_the_rows_that_count_are_read),
        cmocka_unit_test(the_size_is_the_recipes_where_the_model_takes_any),
        cmocka_unit_test(other_interfaces_are_refused),
        cmocka_unit_test(other_answers_are_refused),
        cmocka_unit_test(what_is_no_model_is_refused),
        cmocka_unit_test(turned_pages_are_turned_back),
        cmocka_unit_test(sampling_is_opencvs),
    };
    if (!ppocr_support_runtime(&recipe))
        return 77;
    return cmocka_run_group_tests_name("doclayout", tests, open_all, close_all);
}
