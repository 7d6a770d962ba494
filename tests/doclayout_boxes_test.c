/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * PaddleX's rules for a layout model's boxes, on cases computed by hand, and what is hostile in
 * rows and recipes.
 */
#include "ocr/doclayout_internal.h"
#include "unit.h"

#include <math.h>

static const char labels[] = "text,image,table,formula,figure_title,inline_formula,strange";
enum { TEXT, IMAGE, TABLE, FORMULA, CAPTION, INLINE, STRANGE };

static struct recipe recipe;
static struct doclayout_plan plan;
static struct doclayout_boxes boxes;
static struct doclayout_regions regions;

static void make_plan(const char *thresholds, const char *merges)
{
    struct error err;
    recipe_defaults(&recipe);
    snprintf(recipe.layout_labels, sizeof recipe.layout_labels, "%s", labels);
    snprintf(recipe.layout_thresholds, sizeof recipe.layout_thresholds, "%s", thresholds);
    snprintf(recipe.layout_merges, sizeof recipe.layout_merges, "%s", merges);
    OK(doclayout_plan_make(&plan, &recipe, &err));
}

static int setup(void **state)
{
    (void)state;
    boxes = (struct doclayout_boxes){0};
    regions = (struct doclayout_regions){0};
    make_plan("0.5", "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(boxes.rows);
    free(regions.rows);
    return 0;
}

static void find(const float *rows, size_t count, size_t columns, float width, float height)
{
    free(boxes.rows);
    free(regions.rows);
    regions = (struct doclayout_regions){0};
    doclayout_take(&plan, rows, count, columns, &boxes);
    doclayout_thin(&plan, width, height, &boxes);
    doclayout_regions_of(&plan, &boxes, columns > 6, width, height, &regions);
}

#define FIND(rows, width, height) find(&(rows)[0][0], COUNT(rows), COUNT((rows)[0]), width, height)

static void assert_region(size_t i, enum block_type type, float x1, float y1, float x2, float y2)
{
    const struct layout_region *r = &regions.rows[i];
    assert_true(i < regions.count);
    if (r->type != type || r->at.x1 != x1 || r->at.y1 != y1 || r->at.x2 != x2 || r->at.y2 != y2)
        fail_msg("region %zu is %s at %g,%g,%g,%g", i, block_type_name(r->type), (double)r->at.x1,
                 (double)r->at.y1, (double)r->at.x2, (double)r->at.y2);
}

/* ---- what is believed ---- */

static void a_score_must_be_above_its_class_threshold(void **state)
{
    static const float rows[][6] = {{TEXT, 0.4F, 0, 0, 10, 10},     {TEXT, 0.41F, 20, 0, 30, 10},
                                    {TABLE, 0.6F, 40, 0, 50, 10},   {TABLE, 0.61F, 60, 0, 70, 10},
                                    {STRANGE, 0.3F, 80, 0, 90, 10}, {INLINE, 0.9F, 0, 50, 9, 60}};
    (void)state;
    make_plan("0.4,0.5,0.6,0.5,0.5,0.5,0.2", "");
    FIND(rows, 100, 100);
    assert_int_equal(regions.count, 3);
    assert_region(0, BLOCK_TABLE, 60, 0, 70, 10);
    assert_region(1, BLOCK_TEXT, 20, 0, 30, 10);
    assert_region(2, BLOCK_OTHER, 80, 0, 90, 10);
    assert_int_equal(regions.rows[0].order, -1);
    assert_true(regions.rows[1].confidence == 0.41F);
}

static void what_is_no_box_is_passed_over(void **state)
{
    const float rows[][6] = {{NAN, 0.9F, 0, 0, 10, 10},       {TEXT, NAN, 0, 0, 10, 10},
                             {TEXT, 0.9F, NAN, 0, 10, 10},    {TEXT, 0.9F, 0, 0, INFINITY, 10},
                             {-1, 0.9F, 0, 0, 10, 10},        {-3e9F, 0.9F, 0, 0, 10, 10},
                             {7, 0.9F, 0, 0, 10, 10},         {1e30F, 0.9F, 0, 0, 10, 10},
                             {TEXT, 0.9F, 10, 10, 5, 5},      {TEXT, 0.9F, 200, 200, 300, 300},
                             {TEXT, 0.9F, -50, -50, -10, -1}, {TEXT, 0.9F, 30, 30, 30, 40}};
    (void)state;
    FIND(rows, 100, 100);
    assert_int_equal(regions.count, 0);
    find(NULL, 0, 6, 100, 100);
    assert_int_equal(regions.count, 0);
}

static void boxes_end_at_the_page(void **state)
{
    static const float rows[][6] = {{TEXT, 7, -1e30F, -5, 1e30F, 50}};
    (void)state;
    FIND(rows, 100, 80);
    assert_region(0, BLOCK_TEXT, 0, 0, 100, 50);
    assert_true(regions.rows[0].confidence == 1);
}

static void places_are_rounded_half_to_even(void **state)
{
    static const float rows[][6] = {{TEXT, 0.9F, 0.5F, 1.5F, 20.49F, 30.51F}};
    (void)state;
    FIND(rows, 100, 100);
    assert_region(0, BLOCK_TEXT, 0, 2, 20, 31);
}

static void the_surest_thousand_are_looked_at(void **state)
{
    enum { MANY = 20000 };
    float(*rows)[6] = calloc(MANY, sizeof *rows);
    (void)state;
    for (int i = 0; i < MANY; i++) {
        float x = (float)(i % 200) * 10, y = (float)(i / 200) * 10;
        const float row[6] = {TEXT, 0.5F + (float)i / (3 * MANY) + 0.01F, x, y, x + 9, y + 9};
        memcpy(rows[i], row, sizeof row);
    }
    find(rows[0], MANY, 6, 2000, 1000);
    free(rows);
    assert_int_equal(regions.count, DOCLAYOUT_MAX_BOXES);
    assert_region(0, BLOCK_TEXT, 1990, 990, 1999, 999);
}

/* ---- duplicates ---- */

/* With pixels counted inclusively: a 10 × 10 box is 0..9. Beside it, moved by two, 8 columns are
 * shared: 80 of 120; by three, 70 of 130. */
static void duplicates_of_a_class_go_from_three_fifths_on(void **state)
{
    static const float two[][6] = {{TEXT, 0.8F, 0, 0, 9, 9}, {TEXT, 0.9F, 2, 0, 11, 9}};
    static const float three[][6] = {{TEXT, 0.8F, 0, 0, 9, 9}, {TEXT, 0.9F, 3, 0, 12, 9}};
    /* 75 of 125: exactly 0.6 goes */
    static const float just[][6] = {{TEXT, 0.8F, 0, 0, 19, 4}, {TEXT, 0.9F, 5, 0, 24, 4}};
    (void)state;
    FIND(two, 100, 100);
    assert_int_equal(regions.count, 1);
    assert_region(0, BLOCK_TEXT, 2, 0, 11, 9);
    FIND(three, 100, 100);
    assert_int_equal(regions.count, 2);
    FIND(just, 100, 100);
    assert_int_equal(regions.count, 1);
    plan.nms = false;
    FIND(two, 100, 100);
    assert_int_equal(regions.count, 2);
}

/* 99 × 100 of 100 × 100: 0.99; 97 × 100: 0.97. */
static void duplicates_of_two_classes_only_where_they_are_the_same(void **state)
{
    static const float same[][6] = {{TEXT, 0.9F, 0, 0, 99, 99}, {TABLE, 0.8F, 0, 0, 98, 99}};
    static const float other[][6] = {{TEXT, 0.9F, 0, 0, 99, 99}, {TABLE, 0.8F, 0, 0, 96, 99}};
    (void)state;
    FIND(same, 1000, 1000);
    assert_int_equal(regions.count, 1);
    assert_region(0, BLOCK_TEXT, 0, 0, 99, 99);
    FIND(other, 1000, 1000);
    assert_int_equal(regions.count, 2);
}

/* The second falls to the first; the third would have fallen to the second alone. */
static void what_fell_makes_nothing_fall(void **state)
{
    static const float rows[][6] = {
        {TEXT, 0.9F, 0, 0, 9, 9}, {TEXT, 0.8F, 2, 0, 11, 9}, {TEXT, 0.7F, 4, 0, 13, 9}};
    (void)state;
    FIND(rows, 100, 100);
    assert_int_equal(regions.count, 2);
    assert_region(1, BLOCK_TEXT, 4, 0, 13, 9);
}

/* ---- the whole page, and parts of others ---- */

static void a_picture_of_the_whole_page_goes(void **state)
{
    static const float rows[][6] = {{IMAGE, 0.9F, 0, 0, 94, 100}, {TEXT, 0.8F, 5, 5, 20, 20}};
    static const float alone[][6] = {{IMAGE, 0.9F, 0, 0, 94, 100}};
    static const float wide[][6] = {{IMAGE, 0.9F, 0, 0, 166, 100}, {TEXT, 0.8F, 5, 5, 20, 20}};
    (void)state;
    FIND(rows, 100, 100);
    assert_int_equal(regions.count, 1);
    assert_region(0, BLOCK_TEXT, 5, 5, 20, 20);
    FIND(alone, 100, 100);
    assert_int_equal(regions.count, 1);
    FIND(wide, 200, 100); /* 0.83 of a wide page: over 0.82 */
    assert_int_equal(regions.count, 1);
    FIND(wide, 200, 101); /* 0.8218… */
    assert_int_equal(regions.count, 1);
    FIND(wide, 200, 102); /* 0.8137… */
    assert_int_equal(regions.count, 2);
}

/* Nine tenths of the small one lie in the large one. */
static const float nested[][6] = {{TABLE, 0.9F, 10, 10, 90, 90}, {TEXT, 0.8F, 81, 20, 91, 30}};

static void large_ones_keep_no_parts(void **state)
{
    static const float less[][6] = {{TABLE, 0.9F, 10, 10, 90, 90}, {TEXT, 0.8F, 82, 20, 92, 30}};
    (void)state;
    FIND(nested, 100, 100);
    assert_int_equal(regions.count, 2);
    make_plan("0.5", "union,union,large,union,union,union,union");
    FIND(nested, 100, 100);
    assert_int_equal(regions.count, 1);
    assert_region(0, BLOCK_TABLE, 10, 10, 90, 90);
    FIND(less, 100, 100); /* eight tenths */
    assert_int_equal(regions.count, 2);
}

static void small_ones_have_nothing_around_them(void **state)
{
    (void)state;
    make_plan("0.5", "small,union,union,union,union,union,union");
    FIND(nested, 100, 100);
    assert_int_equal(regions.count, 1);
    assert_region(0, BLOCK_TEXT, 81, 20, 91, 30);
}

static void a_formula_is_no_part_of_text(void **state)
{
    static const float rows[][6] = {{TEXT, 0.9F, 0, 0, 90, 90}, {FORMULA, 0.8F, 10, 10, 50, 20}};
    static const float both[][6] = {{FORMULA, 0.9F, 0, 0, 90, 90}, {FORMULA, 0.8F, 10, 10, 50, 20}};
    (void)state;
    make_plan("0.5", "large,large,large,large,large,large,large");
    FIND(rows, 100, 100);
    assert_int_equal(regions.count, 2);
    FIND(both, 100, 100);
    assert_int_equal(regions.count, 1);
}

static void boxes_are_stretched_around_their_middle(void **state)
{
    static const float rows[][6] = {{TEXT, 0.9F, 40, 40, 60, 50}};
    (void)state;
    plan.unclip_width = 1.5F;
    plan.unclip_height = 2;
    FIND(rows, 100, 100);
    assert_region(0, BLOCK_TEXT, 35, 35, 65, 55);
}

/* ---- regions ---- */

static void the_order_is_the_models(void **state)
{
    static const float seven[][7] = {
        {TEXT, 0.9F, 0, 0, 9, 9, 2}, {TEXT, 0.6F, 20, 0, 29, 9, 0}, {TABLE, 0.7F, 40, 0, 49, 9, 1}};
    /* of equal ranks the greater second number comes first */
    static const float eight[][8] = {{TEXT, 0.9F, 0, 0, 9, 9, 1, 5},
                                     {TEXT, 0.8F, 20, 0, 29, 9, 1, 7},
                                     {TEXT, 0.7F, 40, 0, 49, 9, 0, 0}};
    (void)state;
    FIND(seven, 100, 100);
    assert_region(0, BLOCK_TEXT, 20, 0, 29, 9);
    assert_region(1, BLOCK_TABLE, 40, 0, 49, 9);
    assert_region(2, BLOCK_TEXT, 0, 0, 9, 9);
    for (int i = 0; i < 3; i++)
        assert_int_equal(regions.rows[i].order, i);
    FIND(eight, 100, 100);
    assert_region(0, BLOCK_TEXT, 40, 0, 49, 9);
    assert_region(1, BLOCK_TEXT, 20, 0, 29, 9);
    assert_region(2, BLOCK_TEXT, 0, 0, 9, 9);
}

static void a_caption_belongs_to_what_is_nearest(void **state)
{
    static const float rows[][6] = {{TABLE, 0.95F, 0, 0, 40, 40},
                                    {CAPTION, 0.9F, 0, 42, 40, 46},
                                    {IMAGE, 0.85F, 0, 60, 40, 90},
                                    {CAPTION, 0.8F, 0, 92, 40, 96}};
    static const float alone[][6] = {{CAPTION, 0.9F, 0, 42, 40, 46}};
    (void)state;
    FIND(rows, 100, 100);
    assert_region(1, BLOCK_TABLE_CAPTION, 0, 42, 40, 46);
    assert_region(3, BLOCK_FIGURE_CAPTION, 0, 92, 40, 96);
    FIND(alone, 100, 100);
    assert_region(0, BLOCK_FIGURE_CAPTION, 0, 42, 40, 46);
}

/* ---- plans ---- */

static void bad_lists_are_refused_by_name(void **state)
{
    static const struct {
        const char *labels, *thresholds, *merges, *mean, *std, *says;
    } cases[] = {
        {"", "0.5", "", "0,0,0", "1,1,1", "layout_labels"},
        {"a,b", "0.5,0.5,0.5", "", "0,0,0", "1,1,1", "layout_thresholds: not one or 2"},
        {"a,b", "", "", "0,0,0", "1,1,1", "layout_thresholds"},
        {"a,b", "0.5,x", "", "0,0,0", "1,1,1", "layout_thresholds"},
        {"a,b", "nan,0", "", "0,0,0", "1,1,1", "layout_thresholds"},
        {"a,b", "0.5", "large", "0,0,0", "1,1,1", "layout_merges: not 2"},
        {"a,b", "0.5", "large,union,large", "0,0,0", "1,1,1", "layout_merges: not 2"},
        {"a,b", "0.5", "large,big", "0,0,0", "1,1,1", "'big'"},
        {"a,b", "0.5", "", "0,0", "1,1,1", "layout_mean"},
        {"a,b", "0.5", "", "0,0,0", "1,1,1,1", "layout_std"},
        {"a,b", "0.5", "", "0,0,0", "1,0,1", "layout_std: not above 0"},
    };
    struct doclayout_plan none;
    struct error err;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        recipe_defaults(&recipe);
        snprintf(recipe.layout_labels, sizeof recipe.layout_labels, "%s", cases[i].labels);
        snprintf(recipe.layout_thresholds, sizeof recipe.layout_thresholds, "%s",
                 cases[i].thresholds);
        snprintf(recipe.layout_merges, sizeof recipe.layout_merges, "%s", cases[i].merges);
        snprintf(recipe.layout_mean, sizeof recipe.layout_mean, "%s", cases[i].mean);
        snprintf(recipe.layout_std, sizeof recipe.layout_std, "%s", cases[i].std);
        REFUSED_SAYING(ERROR_INPUT, cases[i].says, doclayout_plan_make(&none, &recipe, &err));
    }
    recipe_defaults(&recipe);
    for (int i = 0; i <= RECIPE_CLASSES; i++)
        strcat(recipe.layout_labels, "a,");
    REFUSED_SAYING(ERROR_INPUT, "more than 64", doclayout_plan_make(&none, &recipe, &err));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_score_must_be_above_its_class_threshold),
        TEST(what_is_no_box_is_passed_over),
        TEST(boxes_end_at_the_page),
        TEST(places_are_rounded_half_to_even),
        TEST(the_surest_thousand_are_looked_at),
        TEST(duplicates_of_a_class_go_from_three_fifths_on),
        TEST(duplicates_of_two_classes_only_where_they_are_the_same),
        TEST(what_fell_makes_nothing_fall),
        TEST(a_picture_of_the_whole_page_goes),
        TEST(large_ones_keep_no_parts),
        TEST(small_ones_have_nothing_around_them),
        TEST(a_formula_is_no_part_of_text),
        TEST(boxes_are_stretched_around_their_middle),
        TEST(the_order_is_the_models),
        TEST(a_caption_belongs_to_what_is_nearest),
        TEST(bad_lists_are_refused_by_name),
    };
    return cmocka_run_group_tests_name("doclayout boxes", tests, NULL, NULL);
}
