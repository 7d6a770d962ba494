/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The sheet: pieces of lines, upright whichever way the page lies, and hints cut to it.
 */
#include "unit.h"

#include "layout/sheet.h"
#include "layout_draw.h"

#include <math.h>

static const struct layout_hints no_hints;

static void open_sheet(struct sheet *s, struct page *p, const struct layout_hints *hints)
{
    struct error err;
    assert_int_equal(sheet_open(s, p, hints, &err), 0);
}

static void is_near(const struct rect *r, float x1, float y1, float x2, float y2, float by)
{
    if (fabsf(r->x1 - x1) > by || fabsf(r->y1 - y1) > by || fabsf(r->x2 - x2) > by ||
        fabsf(r->y2 - y2) > by)
        fail_msg("%g %g %g %g, not %g %g %g %g", (double)r->x1, (double)r->y1, (double)r->x2,
                 (double)r->y2, (double)x1, (double)y1, (double)x2, (double)y2);
}

static void lines_are_cut_at_holes(void **state)
{
    struct page *p = draw_page(1000, 1400);
    struct sheet s;
    (void)state;
    draw_line(p, 100, 100, 20, "a line of text      and its other end");
    draw_line(p, 100, 130, 20, "widely   spaced   words   are   one   line");
    open_sheet(&s, p, &no_hints);
    assert_int_equal(s.piece_count, 3);
    assert_int_equal(s.pieces[0].count, 4);
    assert_int_equal(s.pieces[1].first, 4);
    is_near(&s.pieces[0].at, 100, 100, 240, 120, 0.01F);
    is_near(&s.pieces[1].at, 300, 100, 470, 120, 0.01F);
    assert_float_equal(s.unit, 20, 0.01F);
    sheet_close(&s);
    page_free(&p);
}

static void rows_of_a_table_are_cut_at_every_hole(void **state)
{
    struct page *p = draw_page(1000, 1400);
    struct sheet s;
    (void)state;
    draw_line(p, 100, 100, 20, "Austria          86.2          13.8          3,375");
    draw_line(p, 100, 130, 20, "New towns of it     24.0     21.4     54.6     13,802");
    draw_line(p, 100, 160, 20, "2,753   2,811   2,799   2,880"); /* words would be one line */
    open_sheet(&s, p, &no_hints);
    assert_int_equal(s.piece_count, 4 + 5 + 4);
    sheet_close(&s);
    page_free(&p);
}

static void a_piece_can_be_split(void **state)
{
    struct page *p = draw_page(1000, 1400);
    struct sheet s;
    (void)state;
    draw_line(p, 100, 100, 20, "one two three");
    open_sheet(&s, p, &no_hints);
    assert_int_equal(sheet_split(&s, 0, 2), 1);
    assert_int_equal(s.pieces[0].count, 2);
    assert_int_equal(s.pieces[1].first, 2);
    is_near(&s.pieces[1].at, 180, 100, 230, 120, 0.01F);
    sheet_close(&s);
    page_free(&p);
}

/* However the page lies, its text stands in the same place on the sheet. */
static void turned_pages_stand_upright(void **state)
{
    (void)state;
    for (int quarters = 0; quarters < 4; quarters++)
        for (int lean = -5; lean <= 5; lean += 5) {
            struct page *p = draw_page(1000, 1400);
            struct sheet s;
            draw_prose(p, 200, 300, 600, 10);
            draw_lean(p, lean);
            draw_quarters(p, quarters);
            open_sheet(&s, p, &no_hints);
            assert_int_equal(s.piece_count, 10);
            assert_float_equal(s.width, 1000, 0.01F);
            assert_float_equal(s.height, 1400, 0.01F);
            is_near(&s.pieces[0].at, 200, 300, s.pieces[0].at.x2, 320, 0.5F);
            is_near(&s.pieces[9].at, 200, 534, s.pieces[9].at.x2, 554, 0.5F);
            struct rect on_page = sheet_to_page(&s, s.pieces[9].at);
            struct rect line = rect_of_quad(&p->blocks[9].lines[0].polygon);
            is_near(&on_page, line.x1, line.y1, line.x2, line.y2, 1);
            sheet_close(&s);
            page_free(&p);
        }
}

/* Engines that give ink: low letters are no smaller type. */
static void the_size_of_type_is_not_that_of_its_ink(void **state)
{
    struct page *p = draw_page(1000, 1400);
    struct sheet s;
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct line *l = draw_line(p, 100, 100 + 30 * (float)i, 20, "on jumping high");
        l->words[0].polygon.corner[0].y += 5, l->words[0].polygon.corner[1].y += 5;
        l->words[0].polygon.corner[2].y -= 5, l->words[0].polygon.corner[3].y -= 5;
    }
    draw_line(p, 100, 200, 10, "so");
    open_sheet(&s, p, &no_hints);
    assert_float_equal(s.pieces[3].height, 20, 0.01F);
    sheet_close(&s);
    page_free(&p);
}

static void hints_are_cut_and_joined(void **state)
{
    static const struct layout_rule rules[] = {
        {{100, 500, 300, 501}, false},   {{302, 500, 600, 502}, false},
        {{100, 700, 2000, 701}, false},  {{50, NAN, 60, 80}, false},
        {{2000, 500, 2100, 501}, false}, {{400, 100, 401, 900}, true},
        {{100, 800, 200, 900}, false},
    };
    static const struct rect pictures[] = {
        {100, 100, 300, 300}, {100, 100, 300, 300}, {0, 0, 3, 3}, {900, 1300, 5000, INFINITY}};
    const struct layout_hints hints = {
        .rules = rules, .rule_count = COUNT(rules), .pictures = pictures, .picture_count = 4};
    struct page *p = draw_page(1000, 1400);
    struct sheet s;
    (void)state;
    draw_prose(p, 200, 300, 600, 3);
    open_sheet(&s, p, &hints);
    assert_int_equal(s.rule_count, 3);
    is_near(&s.rules[0].at, 100, 500, 600, 502, 0.01F);
    is_near(&s.rules[1].at, 100, 700, 1000, 701, 0.01F);
    assert_true(s.rules[2].vertical);
    assert_int_equal(s.picture_count, 1);
    sheet_close(&s);
    page_free(&p);
}

static void an_empty_page_has_a_sheet(void **state)
{
    struct page *p = draw_page(10, 10);
    struct sheet s;
    (void)state;
    open_sheet(&s, p, &no_hints);
    assert_int_equal(s.piece_count, 0);
    assert_true(s.unit > 0);
    sheet_close(&s);
    page_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_cut_at_holes),
        cmocka_unit_test(rows_of_a_table_are_cut_at_every_hole),
        cmocka_unit_test(a_piece_can_be_split),
        cmocka_unit_test(turned_pages_stand_upright),
        cmocka_unit_test(the_size_of_type_is_not_that_of_its_ink),
        cmocka_unit_test(hints_are_cut_and_joined),
        cmocka_unit_test(an_empty_page_has_a_sheet),
    };
    return cmocka_run_group_tests_name("layout_sheet", tests, NULL, NULL);
}
