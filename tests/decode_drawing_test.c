/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a PDF page draws besides text, as hints: lines of every make, the shading of tables, images,
 * drawings; and what is none of them.
 */
#include "drawn_pdf.h"

#include <string.h>

static void check_rect(struct rect at, double x1, double y1, double x2, double y2)
{
    near(at.x1, x1, 1.1);
    near(at.y1, y1, 1.1);
    near(at.x2, x2, 1.1);
    near(at.y2, y2, 1.1);
}

static size_t count_rules(const struct drawn *d, bool vertical)
{
    size_t n = 0;
    for (size_t i = 0; i < d->layer.hints.rule_count; i++)
        n += d->layer.hints.rules[i].vertical == vertical;
    return n;
}

static void expect(const char *contents, size_t across, size_t down, size_t pictures)
{
    struct drawn d = drawn("", contents, 72);
    if (count_rules(&d, false) != across || count_rules(&d, true) != down ||
        d.layer.hints.picture_count != pictures)
        fail_msg("%zu rules across, %zu down, %zu pictures: %s", count_rules(&d, false),
                 count_rules(&d, true), d.layer.hints.picture_count, contents);
    drawing_end(&d);
}

/* ---- lines ---- */

static void one_line(void **state)
{
    (void)state;
    static const char *const makes[] = {
        "1 w 20 100 m 120 100 l S", /* stroked */
        "20 99.5 100 1 re f",       /* filled */
        "20 99.5 m 120 99.5 l 120 100.5 l 20 100.5 l f",
        "0 w 20 100 m 120 100 l S",       /* as thin as can be */
        "[3 3] 0 d 20 100 m 120 100 l S", /* dashed */
        "20 100 m 70 100 l 120 100 l S",  /* in pieces */
        "20 100 m 71 100 l S 70 100.2 m 120 100.2 l S",
        "20 100 m 119 100 l S 30 100 m 120 100 l S", /* over each other */
        "1 J 20 100 m 120 100.4 l S",                /* not quite level */
    };
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
        struct drawn d = drawn("", makes[i], 144);
        assert_int_equal(d.layer.hints.rule_count, 1);
        assert_int_equal(d.layer.hints.picture_count, 0);
        assert_false(d.layer.hints.rules[0].vertical);
        check_rect(d.layer.hints.rules[0].at, 40, 199, 240, 201);
        drawing_end(&d);
    }
}

static void dashes(void **state)
{
    (void)state;
    struct strbuf contents = {0};
    for (int i = 0; i < 20; i++)
        strbuf_addf(&contents, "%d 100 3 0.5 re f %d 80 m %d 80 l S\n", 20 + 5 * i, 20 + 5 * i,
                    23 + 5 * i);
    expect(strbuf_str(&contents), 2, 0, 0);
    strbuf_free(&contents);
    expect("20 100 m 60 100 l S 66 100 m 120 100 l S", 2, 0, 0); /* two lines beside each other */
}

static void frames(void **state)
{
    (void)state;
    expect("20 20 100 50 re S", 2, 2, 0);
    expect("20 20 100 50 re 21 21 98 48 re f*", 2, 2, 0); /* the space between two rectangles */
    /* A table of two by two. */
    expect("20 20 100 50 re S 20 45 m 120 45 l S 70 20 m 70 70 l S", 3, 3, 0);
    /* With round corners. */
    expect("30 20 m 110 20 l 115 20 120 25 120 30 c 120 70 l 120 75 115 80 110 80 c "
           "30 80 l 25 80 20 75 20 70 c 20 30 l 20 25 25 20 30 20 c S BT /F 9 Tf 30 50 Td "
           "(in a box) Tj ET",
           2, 2, 0);
}

static void turned(void **state)
{
    (void)state;
    struct drawn d = drawn("/Rotate 90/CropBox[10 10 110 210]", "20 30 m 90 30 l S", 144);
    assert_int_equal(d.layer.hints.rule_count, 1);
    assert_true(d.layer.hints.rules[0].vertical);
    /* Ten right of the crop's edge is ten from the top when turned clockwise. */
    check_rect(d.layer.hints.rules[0].at, 39, 20, 41, 160);
    drawing_end(&d);
}

static void not_seen(void **state)
{
    (void)state;
    expect("1 g 1 G 20 20 100 1 re f 20 50 m 120 50 l S 20 80 50 50 re f", 0, 0, 0);
    expect("/G gs 20 20 100 1 re f 20 50 m 120 50 l S 20 80 50 50 re f", 0, 0, 0);
    expect("0 0 10 10 re W n 20 20 100 1 re f 20 50 m 120 50 l S", 0, 0, 0);
    expect("300 20 100 1 re f -50 50 m -10 50 l S", 0, 0, 0);
    expect("20 20 2 1 re f 40 40 m 43 40 l S", 0, 0, 0);             /* too short */
    expect("0.9 g 10 10 150 30 re f 1 g 10 25 150 1 re f", 1, 0, 0); /* white on grey is seen */
}

static void cut_by_clip(void **state)
{
    (void)state;
    struct drawn d = drawn("", "50 0 50 200 re W n 20 100 m 120 100 l S", 72);
    assert_int_equal(d.layer.hints.rule_count, 1);
    check_rect(d.layer.hints.rules[0].at, 50, 99.5, 100, 100.5);
    drawing_end(&d);
}

/* ---- shading ---- */

static void shading(void **state)
{
    (void)state;
    /* Every other row, and one that is grey throughout: five stripes are four edges and two. */
    struct strbuf contents = {0};
    for (int i = 0; i < 3; i++)
        strbuf_addf(&contents, "0.9 g 20 %d 150 12 re f 0 g BT /F 8 Tf 25 %d Td (row) Tj ET\n",
                    40 + 24 * i, 43 + 24 * i);
    expect(strbuf_str(&contents), 6, 0, 0);
    strbuf_free(&contents);
    /* The cells of a heading in two greys: three columns have four edges. */
    expect("0.9 g 20 100 40 12 re f 0.8 g 60 100 40 12 re f 0.9 g 100 100 40 12 re f 0 g "
           "BT /F 8 Tf 25 103 Td (a) Tj 40 0 Td (b) Tj 40 0 Td (c) Tj ET",
           0, 4, 0);
    /* One grey without gaps: only the outside is to be seen. */
    expect("0.9 g 20 100 40 12 re f 60 100 40 12 re f 100 100 40 12 re f 0 g "
           "BT /F 8 Tf 25 103 Td (a) Tj 40 0 Td (b) Tj 40 0 Td (c) Tj ET",
           0, 2, 0);
}

static void background(void **state)
{
    (void)state;
    expect("0.9 g 20 20 150 100 re f 0 g BT /F 10 Tf 30 60 Td (behind text) Tj ET", 0, 0, 0);
    expect("0.9 g 0 0 200 200 re f", 0, 0, 0);   /* the page's colour */
    expect("0.2 g 20 20 150 100 re f", 0, 0, 0); /* one block of colour is no drawing */
}

/* ---- pictures ---- */

#define IMAGE " BI /W 4 /H 4 /BPC 8 /CS /G ID 0123456789abcdef EI "

static void images(void **state)
{
    (void)state;
    struct drawn d = drawn("/Rotate 180", "q 100 0 0 50 20 40 cm" IMAGE "Q", 144);
    assert_int_equal(d.layer.hints.picture_count, 1);
    check_rect(d.layer.hints.pictures[0], 160, 80, 360, 180);
    near(d.layer.picture_share, 0.125, 0.01);
    drawing_end(&d);
    /* Strips of one image; two that stand apart; a line and a dot. */
    expect("q 100 0 0 20 20 40 cm" IMAGE "Q q 100 0 0 20 20 60 cm" IMAGE "Q", 0, 0, 1);
    expect("q 60 0 0 60 20 40 cm" IMAGE "Q q 60 0 0 60 110 40 cm" IMAGE "Q", 0, 0, 2);
    expect("q 100 0 0 1 20 40 cm" IMAGE "Q q 4 0 0 4 20 80 cm" IMAGE "Q", 1, 0, 0);
    expect("q /G gs 100 0 0 50 20 40 cm" IMAGE "Q", 0, 0, 0);
}

static void scan(void **state)
{
    (void)state;
    struct drawn d = drawn("",
                           "q 200 0 0 200 0 0 cm" IMAGE "Q BT 3 Tr /F 10 Tf 20 50 Td "
                           "(under it) Tj ET",
                           72);
    assert_int_equal(d.layer.hints.picture_count, 1);
    check_rect(d.layer.hints.pictures[0], 0, 0, 200, 200);
    near(d.layer.picture_share, 1, 0.001);
    assert_int_equal(d.layer.invisible, d.layer.characters);
    drawing_end(&d);
}

static const char chart[] =
    "20 20 m 20 120 l S 20 20 m 150 20 l S 20 45 m 150 45 l S 20 70 m 150 70 l S "
    "20 20 m 40 60 l 60 50 l 80 90 l 100 70 l 120 110 l 140 95 l S ";

static void charts(void **state)
{
    (void)state;
    struct drawn d = drawn("", chart, 72);
    assert_int_equal(d.layer.hints.rule_count, 0);
    assert_int_equal(d.layer.hints.picture_count, 1);
    check_rect(d.layer.hints.pictures[0], 20, 80, 150, 180);
    assert_true(d.layer.picture_share == 0);
    drawing_end(&d);
    /* Bars apart from each other, on a line. */
    expect("0.5 g 30 20 15 60 re f 70 20 15 90 re f 110 20 15 40 re f 20 20 m 140 20 l S", 0, 0, 1);
}

static void signs(void **state)
{
    (void)state;
    expect("20 20 m 25 15 l 35 30 l S", 0, 0, 0);                   /* a tick */
    expect("10 10 m 190 190 l S 10 190 m 190 10 l S", 0, 0, 0);     /* struck out */
    expect("20 20 m 60 40 l S 60 40 m 52 40 l 56 33 l f", 0, 0, 0); /* an arrow */
}

/* A frame of curls around the text of a page is none of its pictures. */
static void decorated(void **state)
{
    (void)state;
    struct strbuf contents = {0};
    for (int i = 0; i < 18; i++)
        strbuf_addf(&contents,
                    "%d 5 m %d 9 %d 9 %d 5 c S %d 195 m %d 191 %d 191 %d 195 c S\n"
                    "5 %d m 9 %d 9 %d 5 %d c S 195 %d m 191 %d 191 %d 195 %d c S\n",
                    5 + 10 * i, 8 + 10 * i, 12 + 10 * i, 15 + 10 * i, 5 + 10 * i, 8 + 10 * i,
                    12 + 10 * i, 15 + 10 * i, 5 + 10 * i, 8 + 10 * i, 12 + 10 * i, 15 + 10 * i,
                    5 + 10 * i, 8 + 10 * i, 12 + 10 * i, 15 + 10 * i);
    for (int i = 0; i < 14; i++)
        strbuf_addf(&contents, "BT /F 10 Tf 20 %d Td (some lines of running text) Tj ET\n",
                    20 + 12 * i);
    expect(strbuf_str(&contents), 0, 0, 0);
    strbuf_free(&contents);
}

/* ---- limits ---- */

static void too_much(void **state)
{
    (void)state;
    struct strbuf contents = {0};
    for (int i = 0; i < 30000; i++)
        strbuf_addf(&contents, "%d %d 7 0.1 re f\n", i % 14 * 14, i / 14 % 2000);
    struct drawn d = drawn("/MediaBox[0 0 200 2200]", strbuf_str(&contents), 72);
    assert_int_equal(d.layer.hints.rule_count, 20000);
    drawing_end(&d);
    strbuf_clear(&contents);
    strbuf_adds(&contents, "20 20 m\n");
    for (int i = 0; i < 1000000; i++)
        strbuf_addf(&contents, "%d %d l\n", 20 + i * 37 % 151, 20 + i * 91 % 149);
    strbuf_adds(&contents, "S\n");
    d = drawn("", strbuf_str(&contents), 72);
    assert_int_equal(d.layer.hints.picture_count, 1);
    drawing_end(&d);
    strbuf_free(&contents);
}

static void odd_numbers(void **state)
{
    (void)state;
    expect("1e38 0 0 1e38 0 0 cm 1e38 1e38 m -1e38 1e38 l S 0 0 1e38 1e38 re f", 0, 0, 0);
    expect("0 0 0 0 0 0 cm 0 0 10 10 re f 0 0 m 10 0 l S" IMAGE, 0, 0, 0);
    expect("Q Q Q 20 20 re f* S ] >> 20 100 m 120 100 l S", 1, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line),  cmocka_unit_test(dashes),     cmocka_unit_test(frames),
        cmocka_unit_test(turned),    cmocka_unit_test(not_seen),   cmocka_unit_test(cut_by_clip),
        cmocka_unit_test(shading),   cmocka_unit_test(background), cmocka_unit_test(images),
        cmocka_unit_test(scan),      cmocka_unit_test(charts),     cmocka_unit_test(signs),
        cmocka_unit_test(decorated), cmocka_unit_test(too_much),   cmocka_unit_test(odd_numbers),
    };
    struct error err;
    if (decode_warm(&err) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
