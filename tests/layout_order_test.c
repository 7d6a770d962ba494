/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The reading order on drawn pages. A page lists its lines as they are to be read; they are handed
 * over in several shuffled orders and must come back as listed.
 */
#include "unit.h"

#include "layout/order.h"
#include "layout/turn.h"

#include <math.h>
#include <stdbool.h>

enum { MOST = 400, LINE = 20, PITCH = 26 };

struct sheet {
    struct turn_line lines[MOST]; /* as they are to be read */
    size_t count;
    size_t first_solid, last_solid; /* those from the first to before the last */
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void add(struct sheet *p, float x1, float y1, float x2, float y2)
{
    assert_true(p->count < MOST);
    p->lines[p->count++] = (struct turn_line){quad_of_rect((struct rect){x1, y1, x2, y2}), 9};
}

/* Lines of text from x to x + width, the last of each paragraph of five a short one. */
static void add_text(struct sheet *p, float x, float y, float width, size_t lines)
{
    for (size_t i = 0; i < lines; i++, y += PITCH)
        add(p, x, y, x + (i % 5 == 4 ? width * 0.6F : width), y + LINE);
}

static void turn(struct sheet *p, double degrees)
{
    double c = cos(degrees * M_PI / 180), s = sin(degrees * M_PI / 180);
    for (size_t i = 0; i < p->count; i++)
        for (int k = 0; k < 4; k++) {
            struct point *at = &p->lines[i].polygon.corner[k];
            *at = (struct point){(float)(at->x * c - at->y * s), (float)(at->x * s + at->y * c)};
        }
}

/* A wider box around the same ink, as detectors draw it. */
static void inflate(struct sheet *p, float by)
{
    for (size_t i = 0; i < p->count; i++) {
        struct rect r = rect_of_quad(&p->lines[i].polygon);
        p->lines[i].polygon =
            quad_of_rect((struct rect){r.x1 - by, r.y1 - by, r.x2 + by, r.y2 + by});
    }
}

static void shuffle(size_t *order, size_t n, uint32_t *seed)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t k = next_random(seed) % i, swap = order[i - 1];
        order[i - 1] = order[k];
        order[k] = swap;
    }
}

/* Places, their boxes as the page lists them; they are stood upright first. */
static void order_shuffled(const struct sheet *p, uint32_t seed, struct layout_place *out)
{
    static struct turn_line lines[MOST];
    static struct layout_box boxes[MOST];
    struct turn upright = {.width = 1000, .height = 1400};
    size_t from[MOST];
    shuffle(from, p->count, &seed);
    for (size_t i = 0; i < p->count; i++)
        lines[i] = p->lines[from[i]];
    turn_find(&upright, lines, p->count);
    for (size_t i = 0; i < p->count; i++)
        boxes[i] = (struct layout_box){turn_upright(&upright, &lines[i].polygon),
                                       from[i] >= p->first_solid && from[i] < p->last_solid};
    layout_order(boxes, p->count, out);
    for (size_t i = 0; i < p->count; i++)
        out[i].box = from[out[i].box];
}

/* Every box once; rows and columns count up by one at most, a row within one column. */
static void check_places(const struct layout_place *places, size_t n)
{
    bool *seen = calloc(n + 1, sizeof *seen);
    assert_non_null(seen);
    for (size_t i = 0; i < n; i++) {
        assert_true(places[i].box < n);
        assert_false(seen[places[i].box]);
        seen[places[i].box] = true;
        size_t row = i ? places[i - 1].row : 0, column = i ? places[i - 1].column : 0;
        assert_true(places[i].row == row || (i && places[i].row == row + 1));
        assert_true(places[i].column == column || (i && places[i].column == column + 1));
        assert_true(places[i].column == column || places[i].row != row);
    }
    free(seen);
}

static void reads_as_listed(const struct sheet *p)
{
    struct layout_place places[MOST];
    for (uint32_t seed = 1; seed <= 5; seed++) {
        order_shuffled(p, seed, places);
        check_places(places, p->count);
        for (size_t i = 0; i < p->count; i++)
            if (places[i].box != i)
                fail_msg("line %zu is read where %zu belongs (shuffle %u)", places[i].box, i, seed);
    }
}

/* The page as drawn, with wider boxes, and leaning either way. */
static void reads_as_listed_however_drawn(const struct sheet *p)
{
    static const double angles[] = {-3, 2};
    struct sheet drawn = *p;
    reads_as_listed(p);
    inflate(&drawn, 4);
    reads_as_listed(&drawn);
    for (size_t i = 0; i < COUNT(angles); i++) {
        struct sheet turned = drawn;
        turn(&turned, angles[i]);
        reads_as_listed(&turned);
    }
}

static void one_column_is_read_downwards(void **state)
{
    struct sheet p = {0};
    (void)state;
    add_text(&p, 100, 100, 600, 40);
    reads_as_listed_however_drawn(&p);
}

static void columns_are_read_one_by_one(void **state)
{
    struct sheet p = {0};
    (void)state;
    add(&p, 100, 40, 900, 90); /* a headline over both */
    add_text(&p, 100, 120, 380, 30);
    add_text(&p, 520, 120, 380, 27);
    add(&p, 100, 960, 900, 980); /* a footnote under both */
    add(&p, 490, 1010, 510, 1030);
    reads_as_listed_however_drawn(&p);
}

static void a_headline_over_two_of_three_columns(void **state)
{
    struct sheet p = {0};
    (void)state;
    add_text(&p, 100, 100, 300, 30);
    add(&p, 440, 100, 1080, 150);
    add_text(&p, 440, 180, 300, 26);
    add_text(&p, 780, 185, 300, 20);
    reads_as_listed_however_drawn(&p);
}

static void a_headline_in_the_middle_parts_the_page(void **state)
{
    struct sheet p = {0};
    (void)state;
    for (float y = 100; y < 1000; y += 420) {
        add(&p, 110, y, 700, y + 40);
        add_text(&p, 100, y + 70, 380, 12);
        add_text(&p, 520, y + 70, 380, 11);
    }
    reads_as_listed_however_drawn(&p);
}

static void a_page_header_is_not_of_the_columns(void **state)
{
    struct sheet p = {0};
    (void)state;
    add(&p, 100, 40, 300, 60);
    add(&p, 860, 40, 900, 60); /* the page number, in the second column's place */
    add_text(&p, 100, 120, 380, 30);
    add_text(&p, 520, 120, 380, 30);
    add(&p, 100, 960, 250, 980);
    reads_as_listed_however_drawn(&p);
}

static void headings_of_columns_side_by_side_are_theirs(void **state)
{
    struct sheet p = {0};
    (void)state;
    for (int column = 0; column < 2; column++) {
        float x = 100 + 420 * (float)column;
        add(&p, x, 60, x + 150 + 90 * (float)column, 84);
        add_text(&p, x, 110, 380, 15);
    }
    reads_as_listed_however_drawn(&p);
}

static void a_line_over_both_columns_by_mistake_parts_nothing(void **state)
{
    struct sheet p = {0};
    (void)state;
    add_text(&p, 100, 100, 380, 12);
    add(&p, 100, 100 + 12 * PITCH, 850, 120 + 12 * PITCH);
    add_text(&p, 100, 100 + 13 * PITCH, 380, 14);
    add_text(&p, 520, 100, 370, 12);
    add_text(&p, 520, 100 + 13 * PITCH, 370, 14);
    reads_as_listed(&p);
}

static void a_figure_leaves_a_hole(void **state)
{
    struct sheet p = {0};
    (void)state;
    add_text(&p, 100, 100, 380, 8);
    add_text(&p, 100, 700, 380, 10);
    add_text(&p, 520, 100, 380, 33);
    reads_as_listed_however_drawn(&p);
}

static void notes_are_read_where_they_stand(void **state)
{
    struct sheet p = {0};
    (void)state;
    add_text(&p, 300, 100, 600, 10);
    for (int i = 0; i < 3; i++)
        add(&p, 100, (float)(360 + 20 * i), 240, (float)(376 + 20 * i));
    add_text(&p, 300, 360, 600, 15);
    reads_as_listed(&p);
}

static void forms_are_read_across(void **state)
{
    static const float width[] = {70, 120, 90, 160, 60, 110, 85};
    struct sheet p = {0};
    (void)state;
    for (size_t i = 0; i < 14; i++) {
        float y = 100 + 40 * (float)i;
        add(&p, 100, y, 100 + width[i % 7], y + LINE);
        add(&p, 320, y + 3, 320 + 2 * width[(i + 3) % 7], y + 3 + LINE);
    }
    reads_as_listed_however_drawn(&p);
}

static void receipts_are_read_across(void **state)
{
    static const float width[] = {300, 240, 330, 280, 210};
    struct sheet p = {0};
    (void)state;
    add(&p, 150, 40, 450, 60);
    for (size_t i = 0; i < 12; i++) {
        float y = 100 + PITCH * (float)i;
        add(&p, 40, y, 40 + width[i % 5], y + LINE);
        add(&p, i % 3 ? 480 : 470, y + 2, 540, y + 2 + LINE);
    }
    add(&p, 120, 470, 480, 490);
    reads_as_listed_however_drawn(&p);
}

static void tables_are_read_row_by_row(void **state)
{
    struct sheet p = {0};
    (void)state;
    add_text(&p, 100, 40, 800, 5);
    for (size_t row = 0; row < 12; row++)
        for (size_t cell = 0; cell < 6; cell++) {
            float x = 100 + 140 * (float)cell, y = 220 + 36 * (float)row;
            add(&p, x, y, x + (cell ? 40 : 110) + 7 * (float)((row + cell) % 3), y + LINE);
        }
    add_text(&p, 100, 700, 800, 5);
    reads_as_listed_however_drawn(&p);
}

static void vertical_text_is_read_from_the_right(void **state)
{
    struct sheet p = {0};
    (void)state;
    for (int tier = 0; tier < 2; tier++)
        for (int i = 0; i < 20; i++) {
            float x = 900 - PITCH * (float)i, y = 100 + 440 * (float)tier;
            add(&p, x, y, x + LINE, y + 400);
        }
    reads_as_listed(&p);
    turn(&p, 2);
    reads_as_listed(&p);
}

static void an_initial_begins_its_paragraph(void **state)
{
    struct sheet p = {0};
    (void)state;
    add(&p, 100, 100, 165, 172);
    for (int i = 0; i < 3; i++)
        add(&p, 180, 100 + PITCH * (float)i, 700, 120 + PITCH * (float)i);
    add_text(&p, 100, 100 + 3 * PITCH, 600, 10);
    reads_as_listed(&p);
}

static void upright_text_at_the_side_comes_last(void **state)
{
    struct sheet p = {0};
    (void)state;
    add_text(&p, 120, 100, 380, 30);
    add_text(&p, 540, 100, 380, 30);
    add(&p, 20, 200, 50, 700);
    reads_as_listed(&p);
}

static void specks_in_the_gutter_part_nothing(void **state)
{
    struct sheet p = {0};
    struct layout_place places[MOST];
    (void)state;
    add_text(&p, 100, 100, 380, 30);
    add_text(&p, 520, 100, 380, 30);
    size_t text = p.count, next = 0;
    for (int i = 0; i < 10; i++)
        add(&p, 497, 110 + 70 * (float)i, 501, 114 + 70 * (float)i);
    order_shuffled(&p, 3, places);
    check_places(places, p.count);
    for (size_t i = 0; i < p.count; i++)
        if (places[i].box < text)
            assert_int_equal(places[i].box, next++);
}

static void fragments_of_one_line_share_a_row(void **state)
{
    struct sheet p = {0};
    struct layout_place places[MOST];
    (void)state;
    for (int i = 0; i < 6; i++) {
        float y = 100 + PITCH * (float)i, at = 300 + 37 * (float)i;
        add(&p, 100, y, at, y + LINE);
        add(&p, at + 9, y + 3, 700, y + LINE - 2);
    }
    order_shuffled(&p, 1, places);
    for (size_t i = 0; i < p.count; i++) {
        assert_int_equal(places[i].box, i);
        assert_int_equal(places[i].row, i / 2);
        assert_int_equal(places[i].column, 0);
    }
}

/* Column numbers as letters. */
static void columns_are(const struct sheet *p, const char *expected)
{
    struct layout_place places[MOST];
    char columns[MOST + 1] = "";
    reads_as_listed(p);
    order_shuffled(p, 1, places);
    for (size_t i = 0; i < p->count; i++)
        columns[i] = (char)('a' + places[i].column);
    assert_string_equal(columns, expected);
}

static void columns_are_numbered(void **state)
{
    struct sheet p = {0};
    (void)state;
    for (int column = 0; column < 2; column++)
        for (int i = 0; i < 8; i++) {
            float x = 100 + 420 * (float)column, y = 100 + PITCH * (float)i;
            add(&p, x, y, x + 380 - 6 * (float)(i % 3), y + LINE);
        }
    columns_are(&p, "aaaaaaaabbbbbbbb");
}

static void a_figure_stands_in_its_column(void **state)
{
    struct sheet p = {0};
    (void)state;
    add_text(&p, 100, 100, 380, 8);
    p.first_solid = p.count;
    add(&p, 100, 330, 480, 700);
    p.last_solid = p.count;
    add_text(&p, 100, 720, 380, 10);
    add_text(&p, 520, 100, 380, 33);
    reads_as_listed_however_drawn(&p);
}

static void what_spans_two_columns_parts_them(void **state)
{
    struct sheet p = {0};
    (void)state;
    add_text(&p, 100, 100, 380, 8);
    add_text(&p, 520, 100, 380, 8);
    p.first_solid = p.count;
    add(&p, 100, 330, 900, 700);
    p.last_solid = p.count;
    add_text(&p, 100, 720, 380, 10);
    add_text(&p, 520, 720, 380, 10);
    reads_as_listed_however_drawn(&p);
}

static void captions_stay_with_figures_side_by_side(void **state)
{
    struct sheet p = {0};
    (void)state;
    add_text(&p, 100, 100, 800, 5);
    p.first_solid = p.count;
    add(&p, 100, 260, 480, 500);
    p.last_solid = p.count;
    add(&p, 110, 510, 470, 530);
    add(&p, 110, 536, 300, 556);
    add(&p, 530, 270, 890, 290);
    add_text(&p, 520, 296, 380, 9);
    add_text(&p, 100, 600, 800, 5);
    reads_as_listed(&p);
}

/* Answers to tick on both sides: too little text to be columns but for the line between. */
static void a_drawn_line_parts_what_is_thin(void **state)
{
    enum { ROWS = 12 };
    static const struct layout_wall wall = {500, 100, 820};
    struct layout_box boxes[4 * ROWS];
    struct layout_place open[4 * ROWS], walled[4 * ROWS];
    (void)state;
    for (size_t i = 0; i < 4 * ROWS; i++) {
        bool right = i >= 2 * (size_t)ROWS;
        float x = (right ? 560.0F : 100.0F) + (i % 2 ? 210.0F : 0);
        float y = 100 + (float)(i / 2 % ROWS) * 60 + (right ? 10.0F : 0);
        boxes[i] = (struct layout_box){{x, y, x + 60, y + 20}, false};
    }
    layout_order(boxes, COUNT(boxes), open);
    layout_order_walled(boxes, COUNT(boxes), &wall, 1, walled);
    assert_int_equal(open[2].box, 2 * ROWS);
    for (size_t i = 0; i < COUNT(boxes); i++)
        assert_int_equal(walled[i].box, i);
}

static void few_lines_are_no_trouble(void **state)
{
    struct sheet p = {0};
    struct layout_place place = {9, 9, 9};
    (void)state;
    layout_order(NULL, 0, &place);
    assert_int_equal(place.box, 9);
    add(&p, 10, 10, 200, 30);
    reads_as_listed(&p);
    add(&p, 220, 12, 400, 32);
    reads_as_listed(&p);
}

static void odd_shapes_are_placed(void **state)
{
    static const struct rect odd[] = {
        {0, 0, 0, 0},         {5, 5, 5, 5},         {0, 0, 1e30F, 1e30F}, {-1e30F, 3, 4, 5},
        {10, 10, 90, 10},     {10, 10, 10, 90},     {0, 0, INFINITY, 20}, {100, 100, 300, 120},
        {100, 100, 300, 120}, {100, 100, 300, 120}, {NAN, NAN, NAN, NAN}, {7, 7, 7.001F, 7.001F},
    };
    static struct layout_box boxes[MOST];
    struct layout_place places[MOST];
    (void)state;
    for (int solid = 0; solid < 2; solid++)
        for (size_t n = 0; n < COUNT(odd); n++) {
            boxes[n] = (struct layout_box){odd[n], solid && n % 2};
            layout_order(boxes, n + 1, places);
            check_places(places, n + 1);
        }
    for (size_t n = COUNT(odd); n < MOST; n++)
        boxes[n].at = (struct rect){8, 8, 8, 8};
    layout_order(boxes, MOST, places);
    check_places(places, MOST);
}

/* One of several hostile pages: width and height of the page, largest side of a box. */
static void places_many(uint32_t width, uint32_t height, uint32_t side)
{
    enum { MANY = 20000 };
    struct layout_box *lines = calloc(MANY, sizeof *lines);
    struct layout_place *places = calloc(MANY, sizeof *places);
    struct layout_place *again = calloc(MANY, sizeof *again);
    uint32_t seed = width + height;
    assert_true(lines && places && again);
    for (size_t i = 0; i < MANY; i++) {
        float x = (float)(next_random(&seed) % width), y = (float)(next_random(&seed) % height);
        float w = (float)(next_random(&seed) % side), h = (float)(next_random(&seed) % side) / 4;
        lines[i] = (struct layout_box){{x, y, x + w, y + h}, i % 50 == 0};
    }
    layout_order(lines, MANY, places);
    check_places(places, MANY);
    layout_order(lines, MANY, again);
    assert_memory_equal(places, again, MANY * sizeof *places);
    free(lines);
    free(places);
    free(again);
}

static void twenty_thousand_boxes_are_placed(void **state)
{
    (void)state;
    places_many(3000, 4000, 80);
    places_many(3000, 4000, 3000);
    places_many(100000, 10, 40);
    places_many(10, 100000, 40);
    places_many(1, 1, 1);
    places_many(200000, 200000, 10);
}

static void a_deep_nest_of_columns_is_placed(void **state)
{
    static struct layout_box boxes[MOST];
    struct layout_place places[MOST];
    (void)state;
    for (int i = 0; i < 60; i++)
        for (int line = 0; line < 6; line++) {
            float x = 420 * (float)i, y = 30 * (float)i + PITCH * (float)line;
            boxes[6 * i + line].at = (struct rect){x, y, x + 380, y + LINE};
        }
    layout_order(boxes, 360, places);
    check_places(places, 360);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_column_is_read_downwards),
        cmocka_unit_test(columns_are_read_one_by_one),
        cmocka_unit_test(a_headline_over_two_of_three_columns),
        cmocka_unit_test(a_headline_in_the_middle_parts_the_page),
        cmocka_unit_test(a_page_header_is_not_of_the_columns),
        cmocka_unit_test(headings_of_columns_side_by_side_are_theirs),
        cmocka_unit_test(a_line_over_both_columns_by_mistake_parts_nothing),
        cmocka_unit_test(a_figure_leaves_a_hole),
        cmocka_unit_test(notes_are_read_where_they_stand),
        cmocka_unit_test(forms_are_read_across),
        cmocka_unit_test(receipts_are_read_across),
        cmocka_unit_test(tables_are_read_row_by_row),
        cmocka_unit_test(vertical_text_is_read_from_the_right),
        cmocka_unit_test(an_initial_begins_its_paragraph),
        cmocka_unit_test(upright_text_at_the_side_comes_last),
        cmocka_unit_test(specks_in_the_gutter_part_nothing),
        cmocka_unit_test(fragments_of_one_line_share_a_row),
        cmocka_unit_test(columns_are_numbered),
        cmocka_unit_test(a_figure_stands_in_its_column),
        cmocka_unit_test(what_spans_two_columns_parts_them),
        cmocka_unit_test(captions_stay_with_figures_side_by_side),
        cmocka_unit_test(a_drawn_line_parts_what_is_thin),
        cmocka_unit_test(few_lines_are_no_trouble),
        cmocka_unit_test(odd_shapes_are_placed),
        cmocka_unit_test(twenty_thousand_boxes_are_placed),
        cmocka_unit_test(a_deep_nest_of_columns_is_placed),
    };
    return cmocka_run_group_tests_name("layout_order", tests, NULL, NULL);
}
