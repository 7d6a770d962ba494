/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tables on drawn pages: what they are, and what is none. A table is told as one string: rows
 * parted by "/", cells by "|", "[rows,cols]" before a cell that spans, "^" before a heading.
 */
#include "unit.h"

#include "layout_draw.h"

#include "layout/table.h"

#include <stdbool.h>

enum { MOST_RULES = 400, WIDTH = 1200, HEIGHT = 1600 };

struct scene {
    struct page *page;
    struct layout_rule rules[MOST_RULES];
    struct layout_hints hints;
    struct sheet sheet;
    struct table *tables;
    size_t count;
};

static struct scene *open_scene(void)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->page = draw_page(WIDTH, HEIGHT);
    s->hints = (struct layout_hints){.rules = s->rules, .keep_tables = true, .keep_figures = true};
    return s;
}

static void close_scene(struct scene *s)
{
    sheet_close(&s->sheet);
    page_free(&s->page);
    free(s);
}

static void find(struct scene *s)
{
    struct error err = {0};
    OK(sheet_open(&s->sheet, s->page, &s->hints, &err));
    OK(table_find_all(&s->sheet, &s->tables, &s->count, &err));
}

static void rule(struct scene *s, float x1, float y1, float x2, float y2)
{
    assert_true(s->hints.rule_count < MOST_RULES);
    s->rules[s->hints.rule_count++] = (struct layout_rule){{x1, y1, x2, y2}, y2 - y1 > x2 - x1};
}

static void level(struct scene *s, float y, float x1, float x2)
{
    rule(s, x1, y - 1, x2, y + 1);
}

static void upright(struct scene *s, float x, float y1, float y2)
{
    rule(s, x - 1, y1, x + 1, y2);
}

static void put(struct scene *s, float x, float y, const char *text)
{
    draw_line(s->page, x, y, DRAW_SIZE, text);
}

/* Rows of entries at the given places across; NULL leaves one out. */
static float put_rows(struct scene *s, float y, float pitch, const float *x, size_t cols,
                      const char *const *entries, size_t rows)
{
    for (size_t r = 0; r < rows; r++, y += pitch)
        for (size_t c = 0; c < cols; c++)
            if (entries[r * cols + c])
                put(s, x[c], y, entries[r * cols + c]);
    return y;
}

static void tell_cell(const struct scene *s, const struct table_cell *c, char *out, size_t size)
{
    size_t at = (size_t)snprintf(out, size, "%s", c->header ? "^" : "");
    if (c->rowspan * c->colspan > 1)
        at += (size_t)snprintf(out + at, size - at, "[%d,%d]", c->rowspan, c->colspan);
    for (size_t i = 0; i < c->piece_count; i++) {
        const struct piece *p = &s->sheet.pieces[c->pieces[i]];
        const char *before = i == 0 ? "" : c->line[i] != c->line[i - 1] ? "~" : " ";
        at += (size_t)snprintf(out + at, size - at, "%s", before);
        for (size_t w = 0; w < p->count; w++)
            at += (size_t)snprintf(out + at, size - at, "%s%s", w ? " " : "",
                                   p->from->words[p->first + w].text);
    }
}

static void assert_table(const struct scene *s, size_t i, const char *expected)
{
    char told[4096] = "", cell[512];
    assert_true(i < s->count);
    const struct table *t = &s->tables[i];
    for (size_t k = 0; k < t->cell_count; k++) {
        tell_cell(s, &t->cells[k], cell, sizeof cell);
        size_t at = strlen(told);
        const char *before = k == 0 ? "" : t->cells[k].row != t->cells[k - 1].row ? " / " : "|";
        snprintf(told + at, sizeof told - at, "%s%s", before, cell);
    }
    assert_string_equal(told, expected);
}

static void assert_none(struct scene *s)
{
    find(s);
    if (s->count)
        fail_msg("%d rows and %d columns were found", s->tables[0].rows, s->tables[0].cols);
    close_scene(s);
}

/* ---- drawn tables ---- */

static const float three[] = {110, 310, 510};
static const char *const fruits[] = {"Fruit", "Mass", "Price", "Apple", "12",
                                     "3.40",  "Pear", "7",     "2.15"};

static void put_fruits(struct scene *s, float y)
{
    put_rows(s, y, 40, three, 3, fruits, 3);
}

static void lattice(struct scene *s, float x, float y)
{
    for (int i = 0; i <= 3; i++) {
        level(s, y + 40 * (float)i, x, x + 600);
        upright(s, x + 200 * (float)i, y, y + 120);
    }
}

#define FRUITS "^Fruit|^Mass|^Price / Apple|12|3.40 / Pear|7|2.15"

static void rules_make_cells(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    lattice(s, 100, 100);
    put_fruits(s, 110);
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0, FRUITS);
    assert_true(s->tables[0].ruled);
    assert_true(s->tables[0].cells[4].at.x1 > 295 && s->tables[0].cells[4].at.x2 < 505);
    close_scene(s);
}

/* Parts with gaps at the crossings, some doubled, none quite where the others are. */
static void poor_rules_make_cells(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    for (int i = 0; i <= 3; i++)
        for (int k = 0; k < 3; k++) {
            float off = (float)((i + k) % 3) - 1, a = 100 + 200 * (float)k, b = 100 + 40 * (float)k;
            level(s, 100 + 40 * (float)i + off, a + 4, a + 196);
            level(s, 104 + 40 * (float)i + off, a + 4, a + 196);
            upright(s, 100 + 200 * (float)i + off, b + 3, b + 37);
        }
    put_fruits(s, 112);
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0, FRUITS);
    close_scene(s);
}

static void missing_walls_are_spans(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    for (int i = 0; i <= 3; i++)
        level(s, 100 + 40 * (float)i, i == 1 ? 300 : 100, 700);
    upright(s, 100, 100, 220);
    upright(s, 300, 100, 220);
    upright(s, 500, 140, 220);
    upright(s, 700, 100, 220);
    put(s, 110, 130, "Fruit");
    put(s, 420, 110, "In the shop");
    put_rows(s, 150, 40, three, 3, (const char *const[]){NULL, "Mass", "Price", "Pear", "7", "2.1"},
             2);
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0, "^[2,1]Fruit|^[1,2]In the shop / ^Mass|^Price / Pear|7|2.1");
    close_scene(s);
}

static void white_parts_what_rules_leave_out(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    static const char *const body[] = {"Apple", "12", "3.40", "Pear", "7",  "2.15",
                                       "Plum",  "41", "1.99", "Fig",  "60", "7.10"};
    level(s, 100, 100, 700);
    level(s, 140, 100, 700);
    level(s, 260, 100, 700);
    upright(s, 100, 100, 260);
    upright(s, 700, 100, 260);
    put_rows(s, 110, 40, three, 3, fruits, 1);
    put_rows(s, 150, 28, three, 3, body, 4);
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0,
                 "^Fruit|^Mass|^Price / Apple|12|3.40 / Pear|7|2.15 / Plum|41|1.99 / Fig|60|7.10");
    close_scene(s);
}

/* Each cell's background is drawn a little smaller than the cell. */
static void padded_backgrounds_are_one_border(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) {
            float x = 100 + 200 * (float)c, y = 100 + 40 * (float)r;
            level(s, y, x + 7, x + 193);
            level(s, y + 40, x + 7, x + 193);
            upright(s, x + 7, y, y + 40);
            upright(s, x + 193, y, y + 40);
        }
    lattice(s, 100, 100);
    put_fruits(s, 110);
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0, FRUITS);
    close_scene(s);
}

static void two_drawn_tables_are_two(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    lattice(s, 100, 100);
    put_fruits(s, 110);
    lattice(s, 100, 300);
    put_fruits(s, 310);
    find(s);
    assert_int_equal(s->count, 2);
    assert_table(s, 0, FRUITS);
    assert_table(s, 1, FRUITS);
    assert_true(s->tables[0].at.y2 < s->tables[1].at.y1);
    close_scene(s);
}

/* One run of words from cell to cell, as an engine may see it. */
static void pieces_are_split_at_walls(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    for (int i = 0; i <= 3; i++) {
        level(s, 100 + 40 * (float)i, 100, 500);
        if (i < 3)
            upright(s, 100 + 200 * (float)i, 100, 220);
    }
    put(s, 245, 110, "ninth tenth");
    put(s, 110, 150, "left");
    put(s, 310, 150, "right");
    put(s, 110, 190, "down");
    put(s, 310, 190, "there");
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0, "^ninth|^tenth / left|right / down|there");
    close_scene(s);
}

/* ---- tables without frames ---- */

static void level_rules_hold_a_table(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    draw_prose(s->page, 100, 100, 900, 4);
    level(s, 300, 100, 700);
    level(s, 340, 100, 700);
    level(s, 420, 100, 700);
    put_fruits(s, 310);
    draw_prose(s->page, 100, 460, 900, 4);
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0, FRUITS);
    assert_false(s->tables[0].ruled);
    close_scene(s);
}

static void rows_go_on_below_a_headings_rules(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    level(s, 300, 100, 700);
    level(s, 340, 100, 700);
    put_fruits(s, 310);
    draw_prose(s->page, 100, 500, 900, 4);
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0, FRUITS);
    close_scene(s);
}

static const char *const harvest[] = {"Apple", "12.5",  "3.40", "Pear", "7.25", "12.15",
                                      "Plum",  "141.0", "1.99", "Fig",  "6.00", "107.10"};

static void white_makes_columns(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    draw_prose(s->page, 100, 100, 900, 5);
    put_rows(s, 320, 30, three, 3, fruits, 1);
    put_rows(s, 350, 30, three, 3, harvest, 4);
    draw_prose(s->page, 100, 540, 900, 5);
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0,
                 "^Fruit|^Mass|^Price / Apple|12.5|3.40 / Pear|7.25|12.15 / "
                 "Plum|141.0|1.99 / Fig|6.00|107.10");
    close_scene(s);
}

static void lines_of_a_cell_are_joined(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    static const char *const rows[] = {
        "Apple", "from the trees", "12", NULL,   "of the north", NULL, "Pear", "from stores", "7",
        NULL,    "abroad",         NULL, "Plum", "wild",         "41", "Fig",  "tinned",      "60",
    };
    level(s, 290, 100, 800);
    put_rows(s, 300, DRAW_PITCH, (const float[]){110, 310, 610}, 3, rows, 6);
    level(s, 310 + 6 * DRAW_PITCH, 100, 800);
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0,
                 "Apple|from the trees~of the north|12 / Pear|from stores~abroad|7 / "
                 "Plum|wild|41 / Fig|tinned|60");
    close_scene(s);
}

static void a_heading_spans_what_it_stands_over(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    const float x[] = {110, 410, 560, 710};
    static const char *const rows[] = {"Fruit", "2001", "2002", "2003", "Apple", "12.0",
                                       "13.1",  "14.2", "Pear", "17.0", "18.0",  "18.5"};
    level(s, 290, 100, 760);
    put(s, 555, 300, "Years");
    level(s, 328, 400, 760);
    put_rows(s, 335, 30, x, 4, rows, 1);
    level(s, 362, 100, 760);
    put_rows(s, 370, 30, x, 4, rows + 4, 2);
    level(s, 440, 100, 760);
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0,
                 "^[2,1]Fruit|^[1,3]Years / ^2001|^2002|^2003 / Apple|12.0|13.1|14.2 / "
                 "Pear|17.0|18.0|18.5");
    close_scene(s);
}

/* ---- no tables ---- */

static void columns_of_prose_are_none(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    draw_prose(s->page, 100, 100, 480, 30);
    draw_prose(s->page, 620, 100, 480, 30);
    level(s, 80, 100, 1100);
    level(s, 1000, 100, 1100);
    assert_none(s);
}

static void a_page_between_two_lines_is_none(void **state)
{
    static const float x[] = {420, 640, 860};
    (void)state;
    struct scene *s = open_scene();
    level(s, 80, 60, 1140);
    level(s, 640, 60, 1140);
    for (int i = 0; i < 16; i++) { /* the margin tells who wrote it */
        put(s, 80, 100 + DRAW_PITCH * (float)i, i % 2 ? "Ann" : "Robert");
        put(s, 240, 100 + DRAW_PITCH * (float)i, i % 3 ? "Leeds" : "Rome");
    }
    draw_prose(s->page, 420, 100, 700, 12);
    level(s, 430, 420, 1000);
    level(s, 560, 420, 1000);
    put_rows(s, 440, 40, x, 3, fruits, 3);
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0, "^Fruit|^Mass|^Price / Apple|12|3.40 / Pear|7|2.15");
    close_scene(s);
}

static void lists_are_none(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    for (int i = 0; i < 8; i++) {
        char item[8];
        snprintf(item, sizeof item, "%d.", i + 1);
        put(s, 100, 100 + 30 * (float)i, item);
        put(s, 160, 100 + 30 * (float)i, i % 2 ? "Butter and bread" : "Milk from the farm");
    }
    assert_none(s);
}

static void contents_are_none(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    static const char *const lines[] = {
        "Preface ....................  1",  "Of apples ..................  7",
        "Of pears ...................  19", "Of plums ...................  31",
        "Of figs ....................  44", "Index ......................  60",
    };
    for (size_t i = 0; i < COUNT(lines); i++)
        put(s, 100, 100 + 30 * (float)i, lines[i]);
    assert_none(s);
}

static void frames_and_charts_are_none(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    level(s, 20, 20, 1180); /* the page's border */
    level(s, 1580, 20, 1180);
    upright(s, 20, 20, 1580);
    upright(s, 1180, 20, 1580);
    draw_prose(s->page, 100, 60, 900, 6);
    for (int i = 0; i <= 6; i++) { /* a chart's grid, its labels outside */
        level(s, 400 + 60 * (float)i, 200, 800);
        upright(s, 200 + 100 * (float)i, 400, 760);
        put(s, 140, 390 + 60 * (float)i, i % 2 ? "10" : "20");
    }
    put(s, 320, 480, "peak");
    for (int i = 0; i < 6; i++) /* lines to write on */
        level(s, 1000 + 60 * (float)i, 100, 1100);
    assert_none(s);
}

/* Two lines of a narrow column that an engine took for one piece. */
static void a_high_piece_joins_no_rows(void **state)
{
    static const float x[] = {110, 310, 510};
    static const char *const rows[] = {"Fruit", "Mass", "Price", "Apple", "12",   NULL,  "Pear",
                                       "7",     NULL,   "Plum",  "9",     "2.15", "Fig", "31",
                                       "1.05",  "Kiwi", "44",    "0.70",  "Lime", "15",  "0.40"};
    (void)state;
    struct scene *s = open_scene();
    put_rows(s, 210, 24, x, 3, rows, 7);
    draw_line(s->page, 510, 234, 44, "8");
    level(s, 200, 100, 700);
    level(s, 232, 100, 700);
    level(s, 380, 100, 700);
    find(s);
    assert_int_equal(s->count, 1);
    assert_int_equal(s->tables[0].rows, 7);
    close_scene(s);
}

static void a_form_is_none(void **state)
{
    static const float x[] = {100, 300, 600, 800};
    static const char *const memo[] = {
        "TO:",   "Sam",   "MAKER:", "B12",       "FROM:",   "Lana", "BRAND:", "77",
        "DATE:", "2-Dec", "SIZES:", "All sorts", "REPORT:", "Nov",  "PRICE:", "3.40",
    };
    (void)state;
    struct scene *s = open_scene();
    put_rows(s, 200, 40, x, 4, memo, 4);
    assert_none(s);
}

static void a_form_on_lines_is_none(void **state)
{
    static const float x[] = {110, 310, 510};
    (void)state;
    struct scene *s = open_scene();
    for (int i = 0; i <= 12; i++)
        level(s, 200 + 40 * (float)i, 100, 900);
    upright(s, 100, 200, 680);
    upright(s, 900, 200, 680);
    for (int i = 0; i < 12; i += 2) {
        put_rows(s, 210 + 40 * (float)i, 40, x, 3, fruits + 3, 1);
        put(s, 110, 250 + 40 * (float)i, "what a person has written all over the form's lines");
    }
    assert_none(s);
}

static void bars_of_a_chart_are_none(void **state)
{
    static const float x[] = {200, 450, 700};
    static const char *const parts[] = {"30.5", "49.0", "20.4"};
    (void)state;
    struct scene *s = open_scene();
    level(s, 180, 60, 960); /* around bars and labels */
    level(s, 700, 60, 960);
    upright(s, 60, 180, 700);
    upright(s, 960, 180, 700);
    for (int i = 0; i < 5; i++) {
        const float y = 230 + 80 * (float)i;
        level(s, y, 150, 900);
        level(s, y + 40, 150, 900);
        put(s, 80, y + 10, "2001");
        put_rows(s, y + 10, 40, x, 3, parts, 1);
    }
    upright(s, 150, 200, 600);
    upright(s, 900, 200, 600);
    assert_none(s);
}

static void answers_to_choose_from_are_none(void **state)
{
    static const float x[] = {100, 150, 300, 350};
    static const char *const answers[] = {"A", "12", "C", "14", "B", "13", "D", "15",
                                          "F", "22", "H", "24", "G", "23", "J", "25"};
    (void)state;
    struct scene *s = open_scene();
    put_rows(s, 200, 40, x, 4, answers, 4);
    assert_none(s);
}

static void a_line_down_the_page_parts_tables(void **state)
{
    static const float x[] = {100, 300, 500, 700};
    static const char *const stock[] = {"Apples", "12", "Nails",  "120", "Pears", "7",
                                        "Screws", "75", "Cherry", "430", "Bolts", "9",
                                        "Plums",  "21", "Rivets", "33"};
    (void)state;
    struct scene *s = open_scene();
    put_rows(s, 200, 40, x, 4, stock, 4);
    find(s);
    assert_int_equal(s->count, 1);
    close_scene(s);
    s = open_scene();
    put_rows(s, 200, 40, x, 4, stock, 4);
    upright(s, 450, 100, 900);
    find(s);
    assert_int_equal(s->count, 2);
    assert_table(s, 0, "Apples|12 / Pears|7 / Cherry|430 / Plums|21");
    close_scene(s);
}

static void an_empty_page_has_none(void **state)
{
    (void)state;
    assert_none(open_scene());
}

/* ---- a model's grid ---- */

static void a_models_grid_takes_what_is_in_it(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    struct cell cells[] = {
        {0, 0, 1, 2, true, NULL, {100, 100, 500, 140}},
        {1, 0, 1, 1, false, NULL, {100, 140, 300, 180}},
        {1, 1, 1, 1, false, NULL, {300, 140, 500, 180}},
        {-1, 0, 1, 1, false, NULL, {0, 0, 1, 1}}, /* nonsense is passed over */
        {1, 1, 9, 9, false, NULL, {300, 140, 500, 180}},
    };
    struct layout_grid grid = {{100, 100, 500, 180}, 2, 2, cells, COUNT(cells)};
    s->hints.grids = &grid;
    s->hints.grid_count = 1;
    put(s, 220, 110, "Heading");
    put(s, 110, 150, "left");
    put(s, 330, 150, "right");
    find(s);
    assert_int_equal(s->count, 1);
    assert_table(s, 0, "^[1,2]Heading / left|right");
    close_scene(s);
}

static void a_grid_too_large_is_text(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    struct layout_grid grid = {{0, 0, 1000, 1000}, PAGE_MAX_GRID, PAGE_MAX_GRID, NULL, 0};
    s->hints.grids = &grid;
    s->hints.grid_count = 1;
    put(s, 220, 110, "Heading");
    assert_none(s);
}

/* ---- whatever comes ---- */

/* Cells inside the grid and apart, each piece in one of them at most. */
static void check_tables(const struct scene *s)
{
    unsigned char *seen = calloc(s->sheet.piece_count + 1, 1);
    assert_non_null(seen);
    for (size_t i = 0; i < s->count; i++) {
        const struct table *t = &s->tables[i];
        unsigned char *places = calloc((size_t)t->rows * (size_t)t->cols, 1);
        assert_non_null(places);
        for (size_t k = 0; k < t->cell_count; k++) {
            const struct table_cell *c = &t->cells[k];
            assert_true(c->rowspan > 0 && c->colspan > 0 && c->row >= 0 && c->col >= 0);
            assert_true(c->row + c->rowspan <= t->rows && c->col + c->colspan <= t->cols);
            for (int r = c->row; r < c->row + c->rowspan; r++)
                for (int x = c->col; x < c->col + c->colspan; x++)
                    assert_int_equal(places[r * t->cols + x]++, 0);
            for (size_t p = 0; p < c->piece_count; p++) {
                assert_int_equal(seen[c->pieces[p]]++, 0);
                assert_true(s->sheet.pieces[c->pieces[p]].taken);
                assert_true(c->line[p] >= 0 && (!p || c->line[p] >= c->line[p - 1]));
            }
        }
        for (int k = 0; k < t->rows * t->cols; k++)
            assert_int_equal(places[k], 1);
        free(places);
    }
    for (size_t i = 0; i < s->sheet.piece_count; i++)
        assert_int_equal(s->sheet.pieces[i].taken, seen[i]);
    free(seen);
}

/* On a coarse raster, so that much of it is aligned and crossing by chance. */
static struct scene *random_scene(uint32_t seed)
{
    static const char *const texts[] = {"12", "3.4", "Apple", "of the", "a longer entry", "-", "$"};
    struct scene *s = open_scene();
    size_t pieces = draw_random(&seed) % 60, rules = draw_random(&seed) % 40;
    for (size_t i = 0; i < pieces; i++)
        put(s, (float)(draw_random(&seed) % 8) * 100, (float)(draw_random(&seed) % 20) * 30,
            texts[draw_random(&seed) % COUNT(texts)]);
    for (size_t i = 0; i < rules; i++) {
        float x = (float)(draw_random(&seed) % 9) * 100, y = (float)(draw_random(&seed) % 21) * 30;
        float length = (float)(draw_random(&seed) % 8) * 100;
        if (draw_random(&seed) % 2)
            level(s, y, x, x + length);
        else
            upright(s, x, y, y + length);
    }
    find(s);
    return s;
}

static void any_page_gives_sound_tables_twice(void **state)
{
    (void)state;
    size_t tables = 0;
    for (uint32_t seed = 1; seed <= 400; seed++) {
        struct scene *s = random_scene(seed), *again = random_scene(seed);
        check_tables(s);
        assert_int_equal(s->count, again->count);
        for (size_t i = 0; i < s->count; i++) {
            assert_int_equal(s->tables[i].cell_count, again->tables[i].cell_count);
            assert_memory_equal(&s->tables[i].at, &again->tables[i].at, sizeof(struct rect));
        }
        tables += s->count;
        close_scene(s);
        close_scene(again);
    }
    assert_true(tables > 100);
}

static void a_page_full_of_pieces_ends(void **state)
{
    (void)state;
    struct scene *s = open_scene();
    uint32_t seed = 7;
    for (int i = 0; i < 20000; i++)
        draw_line(s->page, (float)(draw_random(&seed) % 1100), (float)(draw_random(&seed) % 1500),
                  4, "word");
    find(s);
    check_tables(s);
    close_scene(s);
}

static void rules_that_all_cross_end(void **state)
{
    (void)state;
    enum { EACH = 10000 };
    struct scene *s = open_scene();
    struct layout_rule *rules = calloc(2 * EACH, sizeof *rules);
    assert_non_null(rules);
    for (int i = 0; i < EACH; i++) {
        float x = (float)i * WIDTH / EACH, y = (float)i * HEIGHT / EACH;
        rules[2 * i] = (struct layout_rule){{0, y, WIDTH, y + 0.01F}, false};
        rules[2 * i + 1] = (struct layout_rule){{x, 0, x + 0.01F, HEIGHT}, true};
    }
    s->hints.rules = rules;
    s->hints.rule_count = 2 * EACH;
    put_fruits(s, 110);
    find(s);
    check_tables(s);
    close_scene(s);
    free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_make_cells),
        cmocka_unit_test(poor_rules_make_cells),
        cmocka_unit_test(missing_walls_are_spans),
        cmocka_unit_test(white_parts_what_rules_leave_out),
        cmocka_unit_test(padded_backgrounds_are_one_border),
        cmocka_unit_test(two_drawn_tables_are_two),
        cmocka_unit_test(pieces_are_split_at_walls),
        cmocka_unit_test(level_rules_hold_a_table),
        cmocka_unit_test(rows_go_on_below_a_headings_rules),
        cmocka_unit_test(white_makes_columns),
        cmocka_unit_test(lines_of_a_cell_are_joined),
        cmocka_unit_test(a_heading_spans_what_it_stands_over),
        cmocka_unit_test(columns_of_prose_are_none),
        cmocka_unit_test(a_page_between_two_lines_is_none),
        cmocka_unit_test(lists_are_none),
        cmocka_unit_test(contents_are_none),
        cmocka_unit_test(frames_and_charts_are_none),
        cmocka_unit_test(a_high_piece_joins_no_rows),
        cmocka_unit_test(a_form_is_none),
        cmocka_unit_test(a_form_on_lines_is_none),
        cmocka_unit_test(bars_of_a_chart_are_none),
        cmocka_unit_test(answers_to_choose_from_are_none),
        cmocka_unit_test(a_line_down_the_page_parts_tables),
        cmocka_unit_test(an_empty_page_has_none),
        cmocka_unit_test(a_models_grid_takes_what_is_in_it),
        cmocka_unit_test(a_grid_too_large_is_text),
        cmocka_unit_test(any_page_gives_sound_tables_twice),
        cmocka_unit_test(a_page_full_of_pieces_ends),
        cmocka_unit_test(rules_that_all_cross_end),
    };
    return cmocka_run_group_tests_name("layout_table", tests, NULL, NULL);
}
