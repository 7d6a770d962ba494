/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A table model's words and the grids that sentences of them make.
 */
#include "ocr/slanet_internal.h"
#include "unit.h"

#include <math.h>

/* ---- words ---- */

static void the_usual_dictionary_has_fifty_classes(void **state)
{
    static const struct {
        size_t class;
        enum slanet_kind kind;
        int span;
    } some[] = {{0, WORD_NOTHING, 0},   {1, WORD_HEAD, 0},      {2, WORD_HEAD_END, 0},
                {3, WORD_NOTHING, 0},   {5, WORD_ROW, 0},       {6, WORD_NOTHING, 0},
                {7, WORD_OPEN, 0},      {8, WORD_NOTHING, 0},   {9, WORD_NOTHING, 0},
                {10, WORD_COLSPAN, 2},  {28, WORD_COLSPAN, 20}, {29, WORD_ROWSPAN, 2},
                {47, WORD_ROWSPAN, 20}, {48, WORD_CELL, 0},     {49, WORD_END, 0}};
    struct slanet_words w;
    struct error err;
    (void)state;
    OK(slanet_words_read(&w, NULL, 0, &err));
    assert_int_equal(w.count, 50);
    for (size_t i = 0; i < COUNT(some); i++)
        if (w.rows[some[i].class].kind != some[i].kind ||
            w.rows[some[i].class].span != some[i].span)
            fail_msg("class %zu is kind %d, span %d", some[i].class,
                     (int)w.rows[some[i].class].kind, w.rows[some[i].class].span);
}

static void a_dictionary_of_ones_own(void **state)
{
    static const char text[] = "<tr>\n<td>\n<td\n colspan=\"3\"\n colspan=\"1\"\n colspan=\"999\"\n"
                               " colspan=\"3\n rowspan=\"-2\"\n</tr>";
    struct slanet_words w;
    struct error err;
    char many[1024];
    (void)state;
    OK(slanet_words_read(&w, text, strlen(text), &err));
    assert_int_equal(w.count, 11); /* without <td>, with <td></td>, sos and eos */
    assert_int_equal(w.rows[1].kind, WORD_ROW);
    assert_int_equal(w.rows[2].kind, WORD_OPEN);
    assert_int_equal(w.rows[3].span, 3);
    for (int i = 4; i < 9; i++)
        assert_int_equal(w.rows[i].kind, WORD_NOTHING);
    assert_int_equal(w.rows[9].kind, WORD_CELL);
    OK(slanet_words_read(&w, "<td></td>\n<td>\n", 15, &err));
    assert_int_equal(w.count, 3);
    memset(many, '\n', sizeof many);
    REFUSED_SAYING(ERROR_INPUT, "more than 256", slanet_words_read(&w, many, sizeof many, &err));
}

/* ---- grids ---- */

static struct arena *arena;
static struct layout_grid grid;
static struct slanet_step steps[8192];

static int setup(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    grid = (struct layout_grid){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* r: a row; c: a cell at the next place in it; digits before it: the place's row and column; [ a
 * cell whose spans follow as C2 or R3; h and H: a head begins and ends; .: the end. Cells stand
 * where a grid of 10 × 10 has them, unless `scramble`. */
static enum slanet_verdict make(const char *text, bool scramble)
{
    size_t n = 0;
    int row = -1, col = 0;
    for (const char *s = text; *s; s++) {
        struct slanet_step *step = &steps[n++];
        *step = (struct slanet_step){.word = {WORD_NOTHING, 0}};
        switch (*s) {
        case 'r':
            step->word.kind = WORD_ROW;
            row++;
            col = 0;
            break;
        case 'c':
        case '[':
            step->word.kind = *s == 'c' ? WORD_CELL : WORD_OPEN;
            step->at = (struct rect){(float)col * 10, (float)row * 10, (float)col * 10 + 9,
                                     (float)row * 10 + 9};
            if (scramble)
                step->at = (struct rect){50, 50, 60, 60};
            col++;
            break;
        case 'C':
        case 'R':
            step->word.kind = *s == 'C' ? WORD_COLSPAN : WORD_ROWSPAN;
            step->word.span = *++s - '0';
            break;
        case 'h':
            step->word.kind = WORD_HEAD;
            break;
        case 'H':
            step->word.kind = WORD_HEAD_END;
            break;
        case '.':
            step->word.kind = WORD_END;
            break;
        }
    }
    grid = (struct layout_grid){0};
    return slanet_grid_make(steps, n, arena, &grid);
}

static void assert_cell(size_t i, int row, int col, int rowspan, int colspan, bool header)
{
    assert_true(i < grid.cell_count);
    const struct cell *c = &grid.cells[i];
    if (c->row != row || c->col != col || c->rowspan != rowspan || c->colspan != colspan ||
        c->header != header)
        fail_msg("cell %zu is at %d,%d, spans %d,%d", i, c->row, c->col, c->rowspan, c->colspan);
    assert_string_equal(c->text, "");
}

/* No place twice, everything inside. */
static void assert_sound(void)
{
    static bool taken[64][64];
    memset(taken, 0, sizeof taken);
    assert_true(grid.rows <= 64 && grid.cols <= 64);
    for (size_t i = 0; i < grid.cell_count; i++) {
        const struct cell *c = &grid.cells[i];
        assert_true(c->rowspan >= 1 && c->colspan >= 1);
        assert_true(c->row + c->rowspan <= grid.rows && c->col + c->colspan <= grid.cols);
        for (int y = c->row; y < c->row + c->rowspan; y++)
            for (int x = c->col; x < c->col + c->colspan; x++) {
                assert_false(taken[y][x]);
                taken[y][x] = true;
            }
    }
}

static void rows_of_cells(void **state)
{
    (void)state;
    assert_int_equal(make("hrccHrcc.", false), SLANET_TABLE);
    assert_int_equal(grid.rows, 2);
    assert_int_equal(grid.cols, 2);
    assert_int_equal(grid.cell_count, 4);
    assert_cell(0, 0, 0, 1, 1, true);
    assert_cell(1, 0, 1, 1, 1, true);
    assert_cell(2, 1, 0, 1, 1, false);
    assert_cell(3, 1, 1, 1, 1, false);
    assert_true(grid.cells[3].bbox.x1 == 10 && grid.cells[3].bbox.y2 == 19);
    assert_sound();
    make("rccrcc", false); /* without an end */
    assert_int_equal(grid.cell_count, 4);
    make("rcc.rcc", false); /* nothing behind it */
    assert_int_equal(grid.rows, 1);
}

static void cells_that_span(void **state)
{
    (void)state;
    assert_int_equal(make("r[R2[C2crccrcccc", false), SLANET_TABLE);
    assert_int_equal(grid.rows, 3);
    assert_int_equal(grid.cols, 4);
    assert_cell(0, 0, 0, 2, 1, false);
    assert_cell(1, 0, 1, 1, 2, false);
    assert_cell(2, 0, 3, 1, 1, false);
    assert_cell(3, 1, 1, 1, 1, false);
    assert_cell(4, 1, 2, 1, 1, false);
    assert_cell(5, 2, 0, 1, 1, false);
    assert_sound();
    assert_int_equal(make("r[R2C2crccr", false), SLANET_TABLE);
    assert_cell(0, 0, 0, 2, 2, false);
    assert_cell(2, 1, 2, 1, 1, false);
    assert_int_equal(grid.rows, 2); /* the last row holds nothing */
    assert_sound();
}

static void spans_end_where_they_must(void **state)
{
    (void)state;
    assert_int_equal(make("rc[R3cr[C3rcc", false), SLANET_TABLE);
    assert_cell(3, 1, 0, 1, 1, false); /* column 1 is the cell's above */
    assert_sound();
    assert_int_equal(make("r[R9c[R5rc", false), SLANET_TABLE);
    assert_int_equal(grid.rows, 2);
    assert_cell(0, 0, 0, 2, 1, false);
    assert_sound();
}

static void what_is_no_table(void **state)
{
    static const char *const texts[] = {"", ".", "r", "rrrr", "cccc", "rc", "C2R2", "hH", "r.cc"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (make(texts[i], false) != SLANET_NONE || grid.cell_count)
            fail_msg("a table: '%s'", texts[i]);
    assert_int_equal(make("rccrcc", true), SLANET_NONE); /* all cells at one place */
    make("rccrcc", false);
    for (size_t i = 0; i < 6; i++)
        steps[i].at = (struct rect){0, 0, 0, 0};
    assert_int_equal(slanet_grid_make(steps, 6, arena, &grid), SLANET_NONE);
}

static void any_sentence_makes_a_sound_grid(void **state)
{
    uint32_t seed = 1;
    size_t tables = 0;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        size_t n = 0;
        for (; n < 60; n++) {
            seed = seed * 1664525U + 1013904223U;
            unsigned kind = seed >> 28;
            steps[n] = (struct slanet_step){.word = {kind < 3    ? WORD_ROW
                                                     : kind < 8  ? WORD_CELL
                                                     : kind < 11 ? WORD_OPEN
                                                     : kind < 13 ? WORD_COLSPAN
                                                     : kind < 15 ? WORD_ROWSPAN
                                                                 : WORD_HEAD,
                                                     2 + (int)(seed >> 20 & 1)},
                                            .at = {(float)n, (float)n, (float)n + 1, (float)n + 1}};
        }
        grid = (struct layout_grid){0};
        if (slanet_grid_make(steps, n, arena, &grid) == SLANET_TABLE && grid.cols <= 64) {
            assert_sound();
            tables++;
        }
        arena_free(&arena);
        arena = arena_new(1 << 20);
    }
    assert_true(tables > 1000);
}

static void many_rows_and_cells_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++)
        steps[i] = (struct slanet_step){.word = {i ? WORD_CELL : WORD_ROW, 0},
                                        .at = {(float)i, 0, (float)i + 1, 1}};
    assert_int_equal(slanet_grid_make(steps, COUNT(steps), arena, &grid), SLANET_TABLE);
    assert_true(grid.cols < PAGE_MAX_GRID && grid.cell_count <= SLANET_MAX_CELLS);
    for (size_t i = 0; i < COUNT(steps); i++)
        steps[i] = (struct slanet_step){.word = {i & 1 ? WORD_CELL : WORD_ROW, 0},
                                        .at = {0, (float)i, 1, (float)i + 1}};
    assert_int_equal(slanet_grid_make(steps, COUNT(steps), arena, &grid), SLANET_TABLE);
    assert_true(grid.rows <= PAGE_MAX_GRID);
    struct arena *small = arena_new(64);
    assert_int_equal(slanet_grid_make(steps, COUNT(steps), small, &grid), SLANET_FULL);
    arena_free(&small);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_usual_dictionary_has_fifty_classes),
        TEST(a_dictionary_of_ones_own),
        TEST(rows_of_cells),
        TEST(cells_that_span),
        TEST(spans_end_where_they_must),
        TEST(what_is_no_table),
        TEST(any_sentence_makes_a_sound_grid),
        TEST(many_rows_and_cells_are_cut),
    };
    return cmocka_run_group_tests_name("slanet grid", tests, NULL, NULL);
}
