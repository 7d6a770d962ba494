/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Scaling, warping and turning: against values worked out by hand, against the reference, and each
 * against the other.
 */
#include "ppocr_reference.h"
#include "ppocr_support.h"

#include "unit.h"

#include <math.h>

enum { SIDE = 64 };

static uint8_t colour_bytes[SIDE * SIDE * 3], grey_bytes[SIDE * SIDE];
static const struct pixels colour = {colour_bytes, SIDE, SIDE, SIDE * 3, 3},
                           grey = {grey_bytes, SIDE, SIDE, SIDE, 1};
static float ours[3 * SIDE * SIDE * 4], theirs[COUNT(ours)];

static void draw_noise(uint32_t seed)
{
    for (size_t i = 0; i < sizeof colour_bytes; i++)
        colour_bytes[i] = (uint8_t)(any_number(&seed) * 256);
}

/* Whole bytes between groups are rounded, which moves a value by up to half of one. */
static double rounding(bool grouped)
{
    return 1e-3 + (grouped ? 0.5 / 255 / 0.224 : 0);
}

static void same_floats(size_t n, double within)
{
    for (size_t i = 0; i < n; i++)
        assert_near((double)ours[i], (double)theirs[i], within);
}

static void keeps_a_constant(const struct pixels *p, const double expected[3])
{
    static const struct quad leaning = {{{10, 5}, {50, 20}, {45, 33}, {5, 18}}};
    static const size_t sizes[][2] = {{1, 1}, {7, 5}, {64, 64}, {100, 48}, {20, 90}};
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (int how = 0; how < 2; how++) {
            const struct planes out = {ours, sizes[i][0], sizes[i][1], sizes[i][0]};
            const size_t each = out.width * out.height;
            if (how)
                pixels_warp(p, &leaning, &normal_imagenet, &out);
            else
                pixels_resize(p, (struct rect){0, 0, SIDE, SIDE}, &normal_imagenet, &out);
            for (size_t k = 0; k < 3 * each; k++)
                assert_near((double)ours[k], expected[k / each], 1e-4);
        }
}

static void pixels_keep_a_constant(void **state)
{
    (void)state;
    const double blue = (30 / 255.0 - 0.485) / 0.229, green = (200 / 255.0 - 0.456) / 0.224;
    const double red = (100 / 255.0 - 0.406) / 0.225;
    for (size_t i = 0; i < sizeof colour_bytes; i += 3)
        memcpy(colour_bytes + i, (uint8_t[]){100, 200, 30}, 3);
    keeps_a_constant(&colour, (double[]){blue, green, red});
    memset(grey_bytes, 200, sizeof grey_bytes);
    keeps_a_constant(
        &grey, (double[]){(200 / 255.0 - 0.485) / 0.229, green, (200 / 255.0 - 0.406) / 0.225});
}

static double undone(float value)
{
    return ((double)value + 1) * 127.5;
}

/* Grey is 2 x: between the outermost centres, so is every enlargement. */
static void pixels_follow_a_ramp(void **state)
{
    (void)state;
    const struct planes out = {ours, 150, 10, 150};
    for (size_t i = 0; i < sizeof grey_bytes; i++)
        grey_bytes[i] = (uint8_t)(2 * (i % SIDE));
    pixels_resize(&grey, (struct rect){0, 0, SIDE, SIDE}, &normal_half, &out);
    for (size_t x = 0; x < out.width; x++) {
        double at = ((double)x + 0.5) * SIDE / 150 - 0.5;
        assert_near(undone(ours[4 * out.row + x]), 2 * fmin(fmax(at, 0), SIDE - 1), 0.01);
    }
    const struct quad upended = {{{40, 10}, {40, 50}, {20, 50}, {20, 10}}}; /* right is down */
    pixels_warp(&grey, &upended, &normal_half, &out);
    for (size_t y = 0; y < out.height; y++)
        assert_near(undone(ours[y * out.row + 75]), 2 * (39.5 - ((double)y + 0.5) * 2), 1.01);
}

/* One white pixel, wherever it is, is seen by the one output pixel above it. */
static void pixels_shrink_by_means(void **state)
{
    (void)state;
    const struct planes out = {ours, 8, 8, 8};
    for (size_t at = 0; at < sizeof grey_bytes; at += 37) {
        const size_t cell = at / SIDE / 8 * 8 + at % SIDE / 8;
        memset(grey_bytes, 0, sizeof grey_bytes);
        grey_bytes[at] = 255;
        pixels_resize(&grey, (struct rect){0, 0, SIDE, SIDE}, &normal_half, &out);
        for (size_t i = 0; i < 64; i++)
            assert_near(undone(ours[i]), i == cell ? 255 / 64.0 : 0, 0.51);
    }
}

static void pixels_agree_with_the_reference(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{1, 1},   {3, 60},  {64, 64}, {63, 65}, {33, 100},
                                      {50, 31}, {32, 32}, {31, 16}, {128, 9}, {9, 128}};
    draw_noise(5);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        const struct planes out = {ours, sizes[i][0], sizes[i][1], sizes[i][0]};
        const struct planes expected = {theirs, sizes[i][0], sizes[i][1], sizes[i][0]};
        const bool grouped = out.width <= SIDE / 2 || out.height <= SIDE / 2;
        pixels_resize(&colour, (struct rect){0, 0, SIDE, SIDE}, &normal_imagenet, &out);
        reference_resize(&colour, &reference_imagenet, &expected);
        same_floats(3 * out.width * out.height, rounding(grouped));
    }
}

static void warp_agrees_with_the_reference(void **state)
{
    (void)state;
    draw_noise(7);
    for (int degrees = 0; degrees < 360; degrees += 15)
        for (size_t height = 4; height <= 48; height += 11) {
            const double a = degrees * M_PI / 180;
            const float ux = (float)(20 * cos(a)), uy = (float)(20 * sin(a));
            const float vx = -uy / 3, vy = ux / 3;
            const struct quad q = {{{32 - ux - vx, 32 - uy - vy},
                                    {32 + ux - vx, 32 + uy - vy},
                                    {32 + ux + vx, 32 + uy + vy},
                                    {32 - ux + vx, 32 - uy + vy}}};
            const struct planes out = {ours, 3 * height, height, 3 * height};
            const struct planes expected = {theirs, 3 * height, height, 3 * height};
            pixels_warp(&colour, &q, &normal_half, &out);
            reference_warp(&colour, &q, &reference_half, &expected);
            same_floats(3 * out.width * out.height, 1e-3);
        }
}

/* As long a line as there is, far to the right: steps along it may not add up to an error. */
static void warp_keeps_its_place_on_long_lines(void **state)
{
    (void)state;
    enum { LONG = 15000, HIGH = 20, WIDTH = 3200, HEIGHT = 4 };
    static uint8_t bytes[LONG * HIGH];
    static const struct quad q = {
        {{9000.3F, 3.2F}, {14800.9F, 8.7F}, {14800.9F, 15.7F}, {9000.3F, 10.2F}}};
    const struct pixels p = {bytes, LONG, HIGH, LONG, 1};
    const struct planes out = {ours, WIDTH, HEIGHT, WIDTH};
    const struct planes expected = {theirs, WIDTH, HEIGHT, WIDTH};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i % LONG / 2 % 2 * 255); /* stripes two pixels wide */
    pixels_warp(&p, &q, &normal_half, &out);
    reference_warp(&p, &q, &reference_half, &expected);
    same_floats((size_t)3 * WIDTH * HEIGHT, 0.02); /* a hundredth of a pixel */
}

/* Of an upright rectangle both ways give the same: enlarged, and shrunk to not less than half; and
 * by whole numbers, but for rounding. */
static void warp_equals_resize(void **state)
{
    (void)state;
    static const struct {
        struct rect from;
        size_t width, height;
        bool grouped;
    } rows[] = {
        {{3.25F, 7.5F, 40, 19.75F}, 100, 48, false},
        {{0, 0, 64, 64}, 64, 64, false},
        {{0, 0, 64, 64}, 128, 128, false},
        {{2.5F, 3, 62, 60.5F}, 40, 35, false},
        {{10, 10, 58, 58}, 30, 48, false},
        {{8, 16, 40, 48}, 16, 16, true},
        {{4, 4, 64, 64}, 20, 20, true},
    };
    draw_noise(9);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct quad q = quad_of_rect(rows[i].from);
        const struct planes resized = {ours, rows[i].width, rows[i].height, rows[i].width};
        const struct planes warped = {theirs, rows[i].width, rows[i].height, rows[i].width};
        pixels_resize(&colour, rows[i].from, &normal_half, &resized);
        pixels_warp(&colour, &q, &normal_half, &warped);
        same_floats(3 * resized.width * resized.height, rounding(rows[i].grouped));
    }
}

static void pixels_grey_equals_colour(void **state)
{
    (void)state;
    const struct quad q = {{{5, 9}, {55, 12}, {54, 30}, {4, 27}}};
    uint32_t seed = 11;
    for (size_t i = 0; i < sizeof grey_bytes; i++) {
        grey_bytes[i] = (uint8_t)(any_number(&seed) * 256);
        memset(colour_bytes + 3 * i, grey_bytes[i], 3);
    }
    for (size_t side = 10; side <= 100; side += 18) {
        const struct planes a = {ours, side, side, side}, b = {theirs, side, side, side};
        pixels_resize(&colour, (struct rect){1, 2, 60, 61}, &normal_imagenet, &a);
        pixels_resize(&grey, (struct rect){1, 2, 60, 61}, &normal_imagenet, &b);
        same_floats(3 * side * side, 1e-5);
        pixels_warp(&colour, &q, &normal_imagenet, &a);
        pixels_warp(&grey, &q, &normal_imagenet, &b);
        same_floats(3 * side * side, 1e-5);
    }
}

/* What is between the rows, and beyond the last plane, is not ours. */
static void pixels_stay_in_their_rows(void **state)
{
    (void)state;
    const struct planes out = {ours, 11, 7, 16};
    const struct quad q = {{{5, 9}, {55, 12}, {54, 30}, {4, 27}}};
    for (int how = 0; how < 2; how++) {
        for (size_t i = 0; i < COUNT(ours); i++)
            ours[i] = 99;
        if (how)
            pixels_warp(&colour, &q, &normal_half, &out);
        else
            pixels_resize(&colour, (struct rect){0, 0, SIDE, SIDE}, &normal_half, &out);
        for (size_t i = 0; i < 3 * 7 * 16 + 100; i++)
            assert_int_equal(fabsf(ours[i]) <= 1, i < 3 * 7 * 16 && i % 16 < 11);
    }
}

static void pixels_take_one_pixel(void **state)
{
    (void)state;
    static const uint8_t one[] = {255, 0, 51};
    const struct pixels p = {one, 1, 1, 3, 3};
    const struct quad q = {{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}, point = {{{0, 0}}};
    const struct planes out = {ours, 32, 48, 32};
    for (int how = 0; how < 3; how++) {
        if (how)
            pixels_warp(&p, how == 1 ? &q : &point, &normal_half, &out);
        else
            pixels_resize(&p, (struct rect){0, 0, 1, 1}, &normal_half, &out);
        for (size_t i = 0; i < 32 * 48; i++) {
            assert_near(undone(ours[i]), 51, 1e-3);
            assert_near(undone(ours[2 * 32 * 48 + i]), 255, 1e-3);
        }
    }
}

static struct pixels turned(const struct pixels *p, int degrees)
{
    struct pixels out = pixels_turned(p, degrees);
    assert_non_null(out.data);
    return out;
}

static void same_pixels(const struct pixels *a, const struct pixels *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (size_t y = 0; y < a->height; y++)
        assert_memory_equal(a->data + y * a->stride, b->data + y * b->stride,
                            a->width * a->channels);
}

static void pixels_turn_back(void **state)
{
    (void)state;
    static const struct pixels views[] = {
        {colour_bytes, 20, 33, SIDE * 3, 3}, {colour_bytes, 40, 7, 121, 1},
        {colour_bytes, 1, 1, 3, 3},          {colour_bytes, 1, 50, 5, 1},
        {colour_bytes, 50, 1, 200, 3},
    };
    draw_noise(13);
    for (size_t i = 0; i < COUNT(views); i++)
        for (int degrees = 90; degrees < 360; degrees += 90) {
            struct pixels there = turned(&views[i], degrees);
            struct pixels back = turned(&there, 360 - degrees);
            same_pixels(&back, &views[i]);
            free((void *)(uintptr_t)there.data);
            free((void *)(uintptr_t)back.data);
        }
    struct pixels quarter = turned(&views[0], 90); /* the upper left goes to the upper right */
    assert_memory_equal(quarter.data + 3 * 32, colour_bytes, 3);
    assert_memory_equal(quarter.data + 19 * 99 + 3 * 32, colour_bytes + 3 * 19, 3);
    free((void *)(uintptr_t)quarter.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_keep_a_constant),
        cmocka_unit_test(pixels_follow_a_ramp),
        cmocka_unit_test(pixels_shrink_by_means),
        cmocka_unit_test(pixels_agree_with_the_reference),
        cmocka_unit_test(warp_agrees_with_the_reference),
        cmocka_unit_test(warp_keeps_its_place_on_long_lines),
        cmocka_unit_test(warp_equals_resize),
        cmocka_unit_test(pixels_grey_equals_colour),
        cmocka_unit_test(pixels_stay_in_their_rows),
        cmocka_unit_test(pixels_take_one_pixel),
        cmocka_unit_test(pixels_turn_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
