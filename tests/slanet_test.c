/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The whole way of a table model, with graphs made here that have SLANet's interface: what the
 * table's picture becomes, where the model's places are in it, models of other interfaces, and
 * tables of turned pages.
 */
#include "onnx_write.h"
#include "ppocr_support.h"

#include "ocr/slanet.h"
#include "ocr/structure.h"
#include "unit.h"

#include <math.h>

enum { FLOAT = 1, INT32 = 6, SIDE = 64, STEPS = 10, WORDS = 50 };

static struct recipe recipe;
static struct ppocr_scratch scratch;
static struct onnx *runtime;
static struct arena *arena;

#define DIMS(...)                                           \
    (struct onnx_dims)                                      \
    {                                                       \
        sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), \
        {                                                   \
            __VA_ARGS__                                     \
        }                                                   \
    }

/* The sentence: a row of two cells, a row of one that spans both. */
static const int sentence[STEPS] = {
    0 /* sos */, 5 /* <tr> */,         48,        48 /* <td></td> */, 5,
    7 /* <td */, 10 /* colspan="2" */, 8 /* > */, 49 /* eos */,       48};

struct odd {
    int numbers; /* of a place: 4 or 8; 0: 4 */
    int words;   /* 0: WORDS */
    int steps;   /* of the places, 0: STEPS */
    int type;    /* of the words; 0: float */
    int inputs;  /* 0: one */
    int64_t height;
    bool nan;
    bool from_picture; /* the first cell's place: the means of the picture's planes */
};

static const float places[STEPS][4] = {
    [2] = {0, 0, 0.5F, 0.25F}, [3] = {0.5F, 0, 1, 0.25F}, [5] = {0, 0.25F, 1, 0.5F}};

static void write_places(struct onnx_writer *w, const struct odd *odd)
{
    static const int64_t last_two[] = {2, 3}, one = 1, whole[] = {1, 1, 4};
    const int numbers = odd->numbers ? odd->numbers : 4, steps = odd->steps ? odd->steps : STEPS;
    float *values = calloc((size_t)steps * (size_t)numbers, sizeof *values);
    for (int i = 0; i < steps && i < STEPS; i++)
        for (int k = 0; k < numbers; k++) {
            /* four corners, clockwise, of two */
            const int of[8] = {0, 1, 2, 1, 2, 3, 0, 3};
            values[i * numbers + k] = odd->nan ? NAN : places[i][numbers == 8 ? of[k] : k % 4];
        }
    if (!odd->from_picture) {
        onnx_write_constant(w, "places", FLOAT, DIMS(1, steps, numbers), values);
        onnx_write_node(w, "Identity", "places", "fetch_name_0", NULL, NULL, 0);
    } else {
        static const float end = 1;
        onnx_write_constant(w, "before", FLOAT, DIMS(1, 2, 4), values);
        onnx_write_constant(w, "behind", FLOAT, DIMS(1, STEPS - 3, 4), values + 3 * 4);
        onnx_write_constant(w, "whole", 7, DIMS(3), whole);
        onnx_write_constant(w, "end", FLOAT, DIMS(1, 1), &end);
        onnx_write_node(w, "ReduceMean", "x", "means", "axes", last_two, 2);
        onnx_write_node(w, "Reshape", "means,three", "three_means", NULL, NULL, 0);
        onnx_write_node(w, "Concat", "three_means,end", "four", "axis", &one, 1);
        onnx_write_node(w, "Reshape", "four,whole", "place", NULL, NULL, 0);
        onnx_write_constant(w, "three", 7, DIMS(2), (const int64_t[]){1, 3});
        onnx_write_node(w, "Concat", "before,place,behind", "fetch_name_0", "axis", &one, 1);
    }
    free(values);
}

static void write_model(const struct odd *odd, struct recipe *r)
{
    struct onnx_writer w = {0};
    const int words = odd->words ? odd->words : WORDS, type = odd->type ? odd->type : FLOAT;
    float *probabilities = calloc((size_t)STEPS * (size_t)words, sizeof *probabilities);
    for (int i = 0; i < STEPS; i++)
        if (sentence[i] < words)
            probabilities[i * words + sentence[i]] = 0.9F;
    onnx_write_input(&w, "x", FLOAT, DIMS(-1, 3, odd->height ? odd->height : -1, -1));
    if (odd->inputs)
        onnx_write_input(&w, "y", FLOAT, DIMS(1, 1));
    write_places(&w, odd);
    onnx_write_constant(&w, "words", type, DIMS(1, STEPS, words), probabilities);
    onnx_write_node(&w, "Identity", "words", "fetch_name_1", NULL, NULL, 0);
    onnx_write_output(&w, "fetch_name_0", FLOAT, DIMS(-1, -1, odd->numbers ? odd->numbers : 4));
    onnx_write_output(&w, "fetch_name_1", type, DIMS(-1, -1, words));
    struct strbuf bytes = onnx_write_end(&w);
    ppocr_scratch_write(&scratch, bytes.data, bytes.len, r->table, r->table_sha256);
    strbuf_free(&bytes);
    free(probabilities);
}

static struct slanet *open_model(const struct odd *odd, struct recipe *r)
{
    struct slanet *s = NULL;
    struct error err;
    *r = recipe;
    r->table_size = SIDE;
    write_model(odd, r);
    OK(slanet_open(&s, runtime, r, &err));
    return s;
}

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

static void assert_rect(struct rect r, double x1, double y1, double x2, double y2)
{
    assert_near(r.x1, x1, 1e-3);
    assert_near(r.y1, y1, 1e-3);
    assert_near(r.x2, x2, 1e-3);
    assert_near(r.y2, y2, 1e-3);
}

static const uint8_t grey[3] = {200, 200, 200};

/* ---- places ---- */

/* A wide table: the square's side is its width, so 0.25 of the square are 50 of its 100 pixels. */
static void places_are_parts_of_the_square(void **state)
{
    struct pixels picture = plain(300, 200, grey);
    const struct rect at = {50, 60, 250, 160};
    struct layout_grid grid;
    struct recipe r;
    struct error err;
    (void)state;
    for (int numbers = 4; numbers <= 8; numbers += 4) {
        struct slanet *s = open_model(&(struct odd){.numbers = numbers}, &r);
        OK(slanet_read(s, &picture, at, arena, &grid, &err));
        assert_int_equal(grid.rows, 2);
        assert_int_equal(grid.cols, 2);
        assert_int_equal(grid.cell_count, 3);
        assert_rect(grid.at, 50, 60, 250, 160);
        assert_rect(grid.cells[0].bbox, 50, 60, 150, 110);
        assert_rect(grid.cells[1].bbox, 150, 60, 250, 110);
        assert_rect(grid.cells[2].bbox, 50, 110, 250, 160);
        assert_int_equal(grid.cells[2].colspan, 2);
        assert_int_equal(grid.cells[2].row, 1);
        slanet_close(&s);
    }
    free_pixels(&picture);
}

static void or_of_the_table_for_the_first_slanet(void **state)
{
    struct pixels picture = plain(300, 200, grey);
    struct layout_grid grid;
    struct recipe r = recipe;
    struct slanet *s = NULL;
    struct error err;
    (void)state;
    write_model(&(struct odd){0}, &r);
    r.table_extent = TABLE_OF_CROP;
    OK(slanet_open(&s, runtime, &r, &err));
    OK(slanet_read(s, &picture, (struct rect){50, 60, 250, 160}, arena, &grid, &err));
    assert_rect(grid.cells[0].bbox, 50, 60, 150, 85);
    assert_rect(grid.cells[2].bbox, 50, 85, 250, 110);
    slanet_close(&s);
    free_pixels(&picture);
}

static void places_end_at_the_table(void **state)
{
    struct pixels picture = plain(300, 200, grey);
    struct layout_grid grid;
    struct recipe r;
    struct error err;
    (void)state;
    struct slanet *s = open_model(&(struct odd){0}, &r);
    OK(slanet_read(s, &picture, (struct rect){0, 0, 200, 60}, arena, &grid, &err));
    assert_rect(grid.cells[2].bbox, 0, 50, 200, 60);
    slanet_close(&s);
    free_pixels(&picture);
}

/* ---- the picture ---- */

/* Blue first, then green, then red, by ImageNet's means; what is beside the table is 0. The model
 * gives the three means back as the first cell's place. */
static void the_picture_is_as_promised(void **state)
{
    static const uint8_t colour[3] = {138, 122, 130}; /* red, green, blue */
    const double blue = (130 / 255.0 - 0.485) / 0.229, green = (122 / 255.0 - 0.456) / 0.224,
                 red = (138 / 255.0 - 0.406) / 0.225;
    struct pixels picture = plain(200, 200, colour);
    struct layout_grid grid;
    struct recipe r;
    struct error err;
    (void)state;
    struct slanet *s = open_model(&(struct odd){.from_picture = true}, &r);
    OK(slanet_read(s, &picture, (struct rect){0, 0, 200, 200}, arena, &grid, &err));
    assert_int_equal(grid.cell_count, 3);
    assert_near(grid.cells[0].bbox.x1, fmin(blue, red) * 200, 0.05);
    assert_near(grid.cells[0].bbox.x2, fmax(blue, red) * 200, 0.05);
    assert_near(grid.cells[0].bbox.y1, green * 200, 0.05);
    /* of a table half as high, half of the square is 0 */
    OK(slanet_read(s, &picture, (struct rect){0, 0, 200, 100}, arena, &grid, &err));
    assert_near(grid.cells[0].bbox.y1, green * 100, 0.05);
    slanet_close(&s);
    free_pixels(&picture);
}

static void odd_tables_are_read(void **state)
{
    static const struct rect odd[] = {{0, 0, 300, 1},       {0, 0, 1, 200},     {10, 10, 11.5F, 12},
                                      {299, 199, 300, 200}, {0, 0, 0.5F, 0.5F}, {9, 9, 3, 3}};
    struct pixels picture = plain(300, 200, grey);
    struct layout_grid grid;
    struct recipe r;
    struct error err;
    (void)state;
    struct slanet *s = open_model(&(struct odd){0}, &r);
    for (size_t i = 0; i < COUNT(odd); i++)
        OK(slanet_read(s, &picture, odd[i], arena, &grid, &err));
    assert_int_equal(grid.cell_count, 0);
    slanet_close(&s);
    s = open_model(&(struct odd){.nan = true}, &r);
    OK(slanet_read(s, &picture, (struct rect){0, 0, 200, 100}, arena, &grid, &err));
    assert_int_equal(grid.cell_count, 0); /* cells without places are not believed */
    slanet_close(&s);
    free_pixels(&picture);
}

/* ---- other models ---- */

static void other_interfaces_are_refused(void **state)
{
    static const struct {
        struct odd odd;
        const char *says;
    } cases[] = {
        {{.inputs = 1}, "not one picture"},
        {{.type = INT32}, "not places [1,T,4 or 8] and words [1,T,50]"},
        {{.words = 30}, "knows 30 words, its dictionary makes 50"},
        {{.height = 4096}, "no square of at most 2048"},
    };
    struct slanet *s = NULL;
    struct error err;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct recipe r = recipe;
        write_model(&cases[i].odd, &r);
        REFUSED_SAYING(ERROR_INPUT, cases[i].says, slanet_open(&s, runtime, &r, &err));
        assert_non_null(strstr(err.text, r.table));
        assert_null(s);
    }
}

static void other_answers_are_refused(void **state)
{
    static const struct odd odds[] = {{.numbers = 6}, {.steps = 3}};
    struct pixels picture = plain(300, 200, grey);
    struct layout_grid grid;
    struct recipe r;
    struct error err;
    (void)state;
    for (size_t i = 0; i < COUNT(odds); i++) {
        struct slanet *s = open_model(&odds[i], &r);
        REFUSED_SAYING(ERROR_INPUT, "places [1,T,4 or 8] and words [1,T,50]",
                       slanet_read(s, &picture, (struct rect){0, 0, 200, 100}, arena, &grid, &err));
        slanet_close(&s);
    }
    free_pixels(&picture);
}

static void a_dictionary_must_fit_and_be_the_one(void **state)
{
    struct slanet *s = NULL;
    struct recipe r = recipe;
    struct error err;
    (void)state;
    write_model(&(struct odd){0}, &r);
    ppocr_scratch_write(&scratch, "<tr>\n<td\n", 9, r.table_dictionary, r.table_dictionary_sha256);
    REFUSED_SAYING(ERROR_INPUT, "its dictionary makes 5", slanet_open(&s, runtime, &r, &err));
    r.table_dictionary_sha256[0] = r.table_dictionary_sha256[0] == '0' ? '1' : '0';
    REFUSED_SAYING(ERROR_INPUT, r.table_dictionary, slanet_open(&s, runtime, &r, &err));
}

/* ---- with a layout model, on a turned page ---- */

/* One table, wherever the picture ends: all of it. */
static void write_layout(struct recipe *r)
{
    struct onnx_writer w = {0};
    static const float row[6] = {0, 0.9F, 0, 0, SIDE, SIDE};
    static const float ones[2] = {1, 1};
    static const int64_t swapped[] = {1, 0, 1, 0}, one = 1;
    static const int32_t count = 1;
    onnx_write_input(&w, "image", FLOAT, DIMS(-1, 3, SIDE, SIDE));
    onnx_write_input(&w, "scale_factor", FLOAT, DIMS(-1, 2));
    onnx_write_constant(&w, "row", FLOAT, DIMS(1, 6), row);
    onnx_write_constant(&w, "ones", FLOAT, DIMS(1, 2), ones);
    onnx_write_constant(&w, "swapped", 7, DIMS(4), swapped);
    onnx_write_constant(&w, "count", INT32, DIMS(1), &count);
    onnx_write_node(&w, "Gather", "scale_factor,swapped", "factors", "axis", &one, 1);
    onnx_write_node(&w, "Concat", "ones,factors", "by", "axis", &one, 1);
    onnx_write_node(&w, "Div", "row,by", "fetch_name_0", NULL, NULL, 0);
    onnx_write_node(&w, "Identity", "count", "fetch_name_1", NULL, NULL, 0);
    onnx_write_output(&w, "fetch_name_0", FLOAT, DIMS(-1, 6));
    onnx_write_output(&w, "fetch_name_1", INT32, DIMS(-1));
    struct strbuf bytes = onnx_write_end(&w);
    ppocr_scratch_write(&scratch, bytes.data, bytes.len, r->layout, r->layout_sha256);
    strbuf_free(&bytes);
    snprintf(r->layout_labels, sizeof r->layout_labels, "table");
    snprintf(r->layout_thresholds, sizeof r->layout_thresholds, "0.5");
}

/* The page is 100 wide and 200 high; turned by 90 degrees it is 200 wide, as the wide table above.
 * The upright first cell 0,0–100,50 is at the page's lower left. */
static void cells_of_a_turned_page_are_turned_back(void **state)
{
    struct pixels picture = plain(100, 200, grey);
    const struct raster raster = {100, 200, 300, 3, 100, 0};
    struct structure_findings found = {0};
    struct page *page = page_new(1);
    struct structure *s = NULL;
    struct recipe r = recipe;
    struct error err;
    (void)state;
    r.table_size = SIDE;
    write_model(&(struct odd){0}, &r);
    write_layout(&r);
    page->width = 100;
    page->height = 200;
    page->rotation = 90;
    snprintf(r.layout_name, sizeof r.layout_name, "L");
    snprintf(r.table_name, sizeof r.table_name, "T");
    auto_strbuf said = {0};
    structure_describe(&recipe, &said);
    assert_string_equal(strbuf_str(&said), "");
    structure_describe(&r, &said);
    assert_string_equal(strbuf_str(&said), "+L+T");
    OK(structure_open(&s, runtime, &r, &err));
    OK(structure_find(s, &raster, picture.data, page, true, INT64_MAX, &found, &err));
    assert_int_equal(found.grid_count, 1);
    assert_rect(found.grids[0].at, 0, 0, 100, 200);
    assert_int_equal(found.grids[0].cell_count, 3);
    assert_rect(found.grids[0].cells[0].bbox, 0, 100, 50, 200);
    assert_rect(found.grids[0].cells[1].bbox, 0, 0, 50, 100);
    assert_rect(found.grids[0].cells[2].bbox, 50, 0, 100, 200);
    structure_findings_free(&found);
    OK(structure_find(s, &raster, picture.data, page, false, INT64_MAX, &found, &err));
    assert_int_equal(found.grid_count, 0);
    structure_findings_free(&found);
    REFUSED(ERROR_TIMEOUT, structure_find(s, &raster, picture.data, page, true, 0, &found, &err));
    structure_findings_free(&found);
    structure_close(&s);
    page_free(&page);
    free_pixels(&picture);
}

static int open_all(void **state)
{
    (void)state;
    struct error err = {0};
    ppocr_scratch_open(&scratch);
    arena = arena_new(1 << 20);
    OK(onnx_open(&runtime, recipe.runtime, DEVICE_CPU, &err));
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    onnx_close(&runtime);
    arena_free(&arena);
    ppocr_scratch_close(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_parts_of_the_square),
        cmocka_unit_test(or_of_the_table_for_the_first_slanet),
        cmocka_unit_test(places_end_at_the_table),
        cmocka_unit_test(the_picture_is_as_promised),
        cmocka_unit_test(odd_tables_are_read),
        cmocka_unit_test(other_interfaces_are_refused),
        cmocka_unit_test(other_answers_are_refused),
        cmocka_unit_test(a_dictionary_must_fit_and_be_the_one),
        cmocka_unit_test(cells_of_a_turned_page_are_turned_back),
    };
    if (!ppocr_support_runtime(&recipe))
        return 77;
    return cmocka_run_group_tests_name("slanet", tests, open_all, close_all);
}
