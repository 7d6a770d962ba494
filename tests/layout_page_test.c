/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The layout of pages set in code: which blocks they have, in which order, and what is in them.
 */
#include "unit.h"

#include "base/strbuf.h"
#include "layout/layout.h"
#include "layout_draw.h"

#include <math.h>

static const struct layout_hints no_hints = {.keep_tables = true, .keep_figures = true};

static void lay_out(struct page *p, const struct layout_hints *hints)
{
    struct error err;
    if (layout_page(p, hints, &err) < 0)
        fail_msg("%s", err.text);
}

/* "type:first words of its first line/lines" of each block, a line each. */
static char *outline(const struct page *p)
{
    struct strbuf out = {0};
    for (size_t i = 0; i < p->block_count; i++) {
        const struct block *b = &p->blocks[i];
        strbuf_addf(&out, "%s%.0d %.12s/%zu%s%s\n", block_type_name(b->type), b->level,
                    b->line_count ? b->lines[0].text : "", b->line_count, b->continued ? " <" : "",
                    b->continues ? " >" : "");
    }
    return out.data ? out.data : strdup("");
}

static void blocks_are(struct page *p, const struct layout_hints *hints, const char *expected)
{
    for (uint32_t seed = 0; seed < 3; seed++) {
        if (seed)
            draw_shuffle(p, seed);
        lay_out(p, hints);
        char *is = outline(p);
        assert_string_equal(is, expected);
        free(is);
    }
    page_free(&p);
}

static void columns_and_what_spans_them(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_line(p, 250, 100, 40, "A Story of the Mill");
    draw_prose(p, 100, 200, 380, 12);
    draw_prose(p, 520, 200, 380, 12);
    blocks_are(p, &no_hints,
               "title1 A Story of t/1\n"
               "text the miller w/12\n"
               "text the miller w/12\n");
}

static void margins_are_set_apart(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_line(p, 100, 50, 18, "Journal of Mills");
    draw_line(p, 850, 50, 18, "117");
    draw_prose(p, 100, 120, 800, 20);
    draw_line(p, 100, 1330, 18, "Printed in a shed");
    blocks_are(p, &no_hints,
               "header Journal of M/1\n"
               "page_number 117/1\n"
               "text the miller w/20\n"
               "footer Printed in a/1\n");
}

static void a_row_spread_over_the_text_is_its_head(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_line(p, 100, 98, DRAW_SIZE, "400");
    draw_line(p, 400, 98, DRAW_SIZE, "OF MILLS AND MEN.");
    draw_line(p, 790, 98, DRAW_SIZE, "[Book III.]");
    float below = draw_prose(p, 100, 120, 800, 20);
    draw_line(p, 100, below + 80, DRAW_SIZE, "400");
    draw_line(p, 400, below + 80, DRAW_SIZE, "sacks were no head, as they stand below");
    blocks_are(p, &no_hints,
               "page_number 400/1\n"
               "header OF MILLS AND/1\n"
               "header [Book III.]/1\n"
               "text the miller w/20\n"
               "text 400 sacks we/1\n");
}

static void a_numbered_title_at_the_foot_is_no_note(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_prose(p, 100, 120, 800, 40);
    draw_line(p, 100, 1340, DRAW_SIZE, "416 Mills and what they grind");
    blocks_are(p, &no_hints,
               "text the miller w/40\n"
               "footer 416 Mills an/1\n");
}

/* At a low resolution the boxes of words are what they happen to be. */
static void rows_at_one_pitch_are_of_one_size(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_prose(p, 100, 120, 800, 20);
    for (size_t i = 8; i < 11; i++) {
        struct line *l = &p->blocks[i].lines[0];
        for (size_t w = 0; w < l->word_count; w++) {
            struct rect at = rect_of_quad(&l->words[w].polygon);
            l->words[w].polygon = quad_of_rect((struct rect){at.x1, at.y1 + 5, at.x2, at.y2 - 5});
        }
    }
    blocks_are(p, &no_hints, "text the miller w/20\n");
}

static void lines_up_the_edge_are_read_last(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_prose(p, 150, 300, 700, 20);
    struct line *l = draw_line(p, 20, 200, DRAW_SIZE, "Printed for the reader on a Monday");
    for (size_t i = 0; i < l->word_count; i++) {
        struct quad *q = &l->words[i].polygon;
        for (int k = 0; k < 4; k++)
            q->corner[k] = (struct point){q->corner[k].y - 180, 1200 - q->corner[k].x};
    }
    page_join_words(p, l);
    blocks_are(p, &no_hints,
               "text the miller w/20\n"
               "footer Printed for /1\n");
}

static void turned_pages_are_laid_out_alike(void **state)
{
    (void)state;
    for (int quarters = 1; quarters < 4; quarters++)
        for (int lean = -5; lean <= 5; lean += 5) {
            struct page *p = draw_page(1000, 1400);
            draw_line(p, 250, 100, 40, "A Story of the Mill");
            draw_prose(p, 100, 200, 380, 12);
            draw_prose(p, 520, 200, 380, 12);
            draw_lean(p, lean);
            draw_quarters(p, quarters);
            blocks_are(p, &no_hints,
                       "title1 A Story of t/1\n"
                       "text the miller w/12\n"
                       "text the miller w/12\n");
        }
}

/* What a script written from right to left gives: the engine's words are in reading order. */
static void columns_of_hebrew_are_read_from_the_right(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    for (int i = 0; i < 8; i++) {
        float y = 200 + DRAW_PITCH * (float)i;
        draw_line(p, 100, y, DRAW_SIZE,
                  i ? "בבב בבב בבב בבב בבב בבב בבב בבב בבב"
                    : "שני בבב בבב בבב בבב בבב בבב בבב בבב");
        draw_line(p, 520, y, DRAW_SIZE,
                  i ? "אאא אאא אאא אאא אאא אאא אאא אאא אאא"
                    : "ראש אאא אאא אאא אאא אאא אאא אאא אאא");
    }
    lay_out(p, &no_hints);
    assert_int_equal(p->block_count, 2);
    assert_string_equal(p->blocks[0].lines[0].words[0].text, "ראש");
    assert_string_equal(p->blocks[1].lines[0].words[0].text, "שני");
    page_free(&p);
}

/* One letter above the other in each column, the first column at the right. */
static void vertical_writing_is_read_from_the_right(void **state)
{
    static const char *const columns[] = {"一二三四五六七八九十", "甲乙丙丁戊己庚辛壬癸",
                                          "子丑寅卯辰巳午未申酉"};
    struct page *p = draw_page(1000, 1400);
    (void)state;
    for (int i = 2; i >= 0; i--) {
        float x = 600 - 40 * (float)i;
        struct line *l = draw_line(p, x, 200, 20, columns[i]);
        l->polygon = l->words[0].polygon = quad_of_rect((struct rect){x, 200, x + 20, 400});
    }
    lay_out(p, &no_hints);
    assert_int_equal(p->block_count, 1);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(p->blocks[0].lines[i].text, columns[i]);
    page_free(&p);
}

/* ---- lines ---- */

static void fragments_of_one_row_are_one_line(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    for (int i = 0; i < 6; i++) {
        float y = 100 + DRAW_PITCH * (float)i;
        draw_line(p, 100, y, DRAW_SIZE, i % 2 ? "the half of a line" : "the first half of a line");
        draw_line(p, i % 2 ? 290 : 350, y + 2, DRAW_SIZE,
                  i % 2 ? "that was found in two pieces here" : "that was found in pieces here");
    }
    draw_line(p, 642, 98, 10, "7");
    lay_out(p, &no_hints);
    assert_int_equal(p->block_count, 1);
    assert_int_equal(p->blocks[0].line_count, 6);
    assert_string_equal(p->blocks[0].lines[0].text,
                        "the first half of a line that was found in pieces here 7");
    assert_int_equal(p->blocks[0].lines[0].word_count, 13);
    page_free(&p);
}

static void rows_of_a_form_stay_rows(void **state)
{
    static const char *const rows[][2] = {
        {"Name", "Ada Miller"},   {"Street", "River Lane 7"},
        {"Town", "Upper Fold"},   {"Born", "in the year of floods"},
        {"Trade", "grinds corn"}, {"Signed", "by her own hand"}};
    struct layout_hints hints = no_hints;
    struct page *p = draw_page(1000, 1400);
    (void)state;
    hints.keep_tables = false;
    for (size_t i = 0; i < COUNT(rows); i++) {
        draw_line(p, 100, 200 + 40 * (float)i, DRAW_SIZE, rows[i][0]);
        draw_line(p, 420, 202 + 40 * (float)i, DRAW_SIZE, rows[i][1]);
    }
    lay_out(p, &hints);
    assert_int_equal(p->blocks[0].line_count, 6);
    assert_string_equal(p->blocks[0].lines[3].text, "Born in the year of floods");
    page_free(&p);
}

/* ---- paragraphs ---- */

static void paragraphs_end_at_wider_gaps(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    for (int i = 0; i < 9; i++)
        draw_line(p, 100, 200 + DRAW_PITCH * (float)i + 16 * (float)(i / 3), DRAW_SIZE,
                  "lines of prose as long as each other here");
    blocks_are(p, &no_hints, "text lines of pro/3\ntext lines of pro/3\ntext lines of pro/3\n");
}

static void paragraphs_begin_with_an_indent(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    for (int i = 0; i < 9; i++)
        draw_line(p, i % 3 ? 100 : 130, 200 + DRAW_PITCH * (float)i, DRAW_SIZE,
                  i % 3 ? "lines of prose as long as each other are"
                        : "first lines of prose are set in here");
    blocks_are(p, &no_hints, "text first lines /3\ntext first lines /3\ntext first lines /3\n");
}

static void paragraphs_begin_after_a_short_line(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    for (int i = 0; i < 12; i++)
        draw_line(p, 100, 200 + DRAW_PITCH * (float)i, DRAW_SIZE,
                  i % 4 == 3 ? "a short last one" : "lines of prose as long as each other here");
    blocks_are(p, &no_hints, "text lines of pro/4\ntext lines of pro/4\ntext lines of pro/4\n");
}

static void a_short_line_behind_a_hyphen_is_not_the_last(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_line(p, 100, 200, DRAW_SIZE, "the grain was carried to the mill and then it");
    draw_line(p, 100, 226, DRAW_SIZE, "was ground be-");
    draw_line(p, 100, 252, DRAW_SIZE, "tween stones until it was as fine as dust in");
    draw_line(p, 100, 278, DRAW_SIZE, "the light of the windows.");
    blocks_are(p, &no_hints, "text the grain wa/4\n");
}

/* ---- headings ---- */

static void headings_are_larger_bolder_or_numbered(void **state)
{
    struct page *p = draw_page(1000, 1400);
    float y;
    (void)state;
    draw_line(p, 100, 80, 44, "Mills of the North")->font_size = 44;
    draw_line(p, 100, 160, 28, "Water and stone")->font_size = 28;
    y = draw_prose(p, 100, 200, 800, 6);
    draw_line(p, 100, y + 20, DRAW_SIZE, "Wheels that turn below")->style = FONT_BOLD;
    y = draw_prose(p, 100, y + 46, 800, 6);
    draw_line(p, 100, y + 20, DRAW_SIZE, "2.1 Wheels that turn above");
    y = draw_prose(p, 100, y + 56, 800, 6);
    draw_line(p, 100, y + 20, DRAW_SIZE, "OF WIND");
    draw_prose(p, 100, y + 56, 800, 6);
    blocks_are(p, &no_hints,
               "title1 Mills of the/1\n"
               "heading2 Water and st/1\n"
               "text the miller w/6\n"
               "heading3 Wheels that /1\n"
               "text the miller w/6\n"
               "heading3 2.1 Wheels t/1\n"
               "text the miller w/6\n"
               "heading4 OF WIND/1\n"
               "text the miller w/6\n");
}

/* ---- lists ---- */

static void items_make_a_list(void **state)
{
    struct page *p = draw_page(1000, 1400);
    float y = draw_prose(p, 100, 200, 800, 5) + 10;
    (void)state;
    draw_line(p, 120, y, DRAW_SIZE, "1. oats, which are for horses and for those who");
    draw_line(p, 150, y + 26, DRAW_SIZE, "live on the hills");
    draw_line(p, 120, y + 52, DRAW_SIZE, "2. barley");
    draw_line(p, 120, y + 78, DRAW_SIZE, "3. wheat, of which there is never as much as they");
    draw_line(p, 150, y + 104, DRAW_SIZE, "want in the towns");
    draw_prose(p, 100, y + 150, 800, 5);
    draw_line(p, 120, y + 300, DRAW_SIZE, "\u2022 stones");
    draw_line(p, 120, y + 326, DRAW_SIZE, "\u2022 sails");
    blocks_are(p, &no_hints,
               "text the miller w/5\n"
               "list 1. oats, whi/5\n"
               "text the miller w/5\n"
               "list \u2022 stones/2\n");
}

static void a_number_at_the_start_of_a_line_is_no_item(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_line(p, 100, 200, DRAW_SIZE, "the flood came in the year when the count was");
    draw_line(p, 100, 226, DRAW_SIZE, "14. and the wheel was torn from its axle with");
    draw_line(p, 100, 252, DRAW_SIZE, "all the boards that held it to the wall since");
    draw_line(p, 100, 278, DRAW_SIZE, "it was built.");
    blocks_are(p, &no_hints, "text the flood ca/4\n");
}

/* ---- code ---- */

static void lines_of_code_are_one_block(void **state)
{
    struct page *p = draw_page(1000, 1400);
    float y = draw_prose(p, 100, 200, 800, 8);
    (void)state;
    static const char *const code[] = {"while (grain) {", "grind(grain);", "grain = next(grain);",
                                       "}"};
    for (size_t i = 0; i < COUNT(code); i++)
        draw_line(p, i % 3 ? 140 : 100, y + 20 + DRAW_PITCH * (float)i, DRAW_SIZE, code[i])->style =
            FONT_MONO;
    draw_prose(p, 100, y + 150, 800, 8);
    blocks_are(p, &no_hints,
               "text the miller w/8\n"
               "code while (grain/4\n"
               "text the miller w/8\n");
}

/* ---- notes ---- */

static void footnotes_are_read_after_the_text(void **state)
{
    static const struct layout_rule rule = {{100, 1050, 220, 1051}, false};
    const struct layout_hints hints = {
        .rules = &rule, .rule_count = 1, .keep_tables = true, .keep_figures = true};
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_prose(p, 100, 200, 380, 32);
    draw_line(p, 100, 1060, 16, "1 A mill of this kind stood in")->font_size = 16;
    draw_line(p, 100, 1081, 16, "the fold until the flood.")->font_size = 16;
    draw_prose(p, 520, 200, 380, 34);
    blocks_are(p, &hints,
               "text the miller w/32\n"
               "text the miller w/34\n"
               "footnote 1 A mill of /2\n");
}

/* ---- figures and captions ---- */

static void figures_have_labels_and_captions(void **state)
{
    static const struct rect pictures[] = {{150, 500, 480, 800}, {485, 500, 850, 800}};
    struct layout_hints hints = {
        .pictures = pictures, .picture_count = 2, .keep_tables = true, .keep_figures = true};
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_prose(p, 100, 200, 800, 10);
    draw_line(p, 300, 600, 14, "sails");
    draw_line(p, 300, 815, 18, "Figure 3. A mill with its sails");
    draw_prose(p, 100, 880, 800, 10);
    lay_out(p, &hints);
    char *is = outline(p);
    assert_string_equal(is, "text the miller w/10\n"
                            "figure sails/1\n"
                            "figure_caption Figure 3. A /1\n"
                            "text the miller w/10\n");
    free(is);
    assert_int_equal(p->blocks[1].caption, 2);
    assert_float_equal(p->blocks[1].bbox.x1, 150, 1);
    assert_float_equal(p->blocks[1].bbox.x2, 850, 1);
    hints.keep_figures = false;
    lay_out(p, &hints);
    for (size_t i = 0; i < p->block_count; i++)
        assert_true(p->blocks[i].type != BLOCK_FIGURE);
    page_free(&p);
}

static void a_table_caption_may_be_two_lines(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_prose(p, 100, 200, 800, 10);
    draw_line(p, 100, 500, DRAW_SIZE, "Table 1");
    draw_line(p, 100, 524, DRAW_SIZE, "Mills of the valley and what they grind");
    draw_prose(p, 100, 640, 800, 10);
    blocks_are(p, &no_hints,
               "text the miller w/10\n"
               "table_caption Table 1/2\n"
               "text the miller w/10\n");
}

static void a_picture_behind_the_text_is_no_figure(void **state)
{
    static const struct rect pictures[] = {{90, 190, 910, 500}, {0, 0, 1000, 1400}};
    const struct layout_hints hints = {
        .pictures = pictures, .picture_count = 2, .keep_tables = true, .keep_figures = true};
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_prose(p, 100, 200, 800, 10);
    blocks_are(p, &hints, "text the miller w/10\n");
}

static void a_page_may_be_a_picture(void **state)
{
    static const struct rect picture = {0, 0, 1000, 1400};
    const struct layout_hints hints = {
        .pictures = &picture, .picture_count = 1, .keep_tables = true, .keep_figures = true};
    struct page *p = draw_page(1000, 1400);
    (void)state;
    blocks_are(p, &hints, "figure /0\n");
}

static void a_figure_beside_the_text_does_not_break_it(void **state)
{
    static const struct rect picture = {660, 300, 900, 460};
    const struct layout_hints hints = {
        .pictures = &picture, .picture_count = 1, .keep_tables = true, .keep_figures = true};
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_prose(p, 100, 200, 540, 20);
    blocks_are(p, &hints, "text the miller w/20\nfigure /0\n");
}

/* ---- joins ---- */

static void a_sentence_goes_on_in_the_next_column(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    for (int i = 0; i < 10; i++) {
        draw_line(p, 100, 200 + DRAW_PITCH * (float)i, DRAW_SIZE,
                  "so they went on and on until the mill");
        draw_line(p, 520, 200 + DRAW_PITCH * (float)i, DRAW_SIZE,
                  "and its wheel were to be seen at last");
    }
    blocks_are(p, &no_hints, "text so they went/10 >\ntext and its whee/10 <\n");
}

/* ---- regions of a model ---- */

static void regions_say_what_lines_are(void **state)
{
    static const struct layout_region regions[] = {
        {BLOCK_HEADING, {90, 190, 910, 230}, 0.9F, -1},
        {BLOCK_TEXT, {90, 240, 910, 420}, 0.8F, -1},
        {BLOCK_TEXT, {95, 245, 905, 415}, 0.5F, -1}, /* the same again */
        {BLOCK_FORMULA, {300, 600, 700, 660}, 0.7F, -1},
        {BLOCK_CODE, {90, 1000, 910, 1060}, 0.7F, -1}, /* stays where it stands */
    };
    const struct layout_hints hints = {.regions = regions,
                                       .region_count = COUNT(regions),
                                       .keep_tables = true,
                                       .keep_figures = true};
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_line(p, 100, 200, DRAW_SIZE, "of mills and their stones");
    draw_prose(p, 100, 250, 800, 6);
    draw_line(p, 310, 620, DRAW_SIZE, "a + b = c");
    draw_prose(p, 100, 800, 800, 3); /* outside of all */
    draw_line(p, 100, 1020, DRAW_SIZE, "while (x) x--;");
    blocks_are(p, &hints,
               "heading2 of mills and/1\n"
               "text the miller w/6\n"
               "formula a + b = c/1\n"
               "text the miller w/3\n"
               "code while (x) x-/1\n");
}

static void a_models_order_is_kept(void **state)
{
    static const struct layout_region regions[] = {
        {BLOCK_TEXT, {90, 190, 910, 300}, 0.9F, 2},
        {BLOCK_TEXT, {90, 390, 910, 500}, 0.9F, 1},
    };
    const struct layout_hints hints = {.regions = regions, .region_count = 2};
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_line(p, 100, 200, DRAW_SIZE, "Read this second");
    draw_line(p, 100, 400, DRAW_SIZE, "Read this first.");
    lay_out(p, &hints);
    assert_string_equal(p->blocks[0].lines[0].text, "Read this first.");
    assert_string_equal(p->blocks[1].lines[0].text, "Read this second");
    page_free(&p);
}

static void nothing_makes_nothing(void **state)
{
    struct page *p = draw_page(10, 10);
    (void)state;
    blocks_are(p, &no_hints, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_and_what_spans_them),
        cmocka_unit_test(margins_are_set_apart),
        cmocka_unit_test(a_row_spread_over_the_text_is_its_head),
        cmocka_unit_test(a_numbered_title_at_the_foot_is_no_note),
        cmocka_unit_test(rows_at_one_pitch_are_of_one_size),
        cmocka_unit_test(lines_up_the_edge_are_read_last),
        cmocka_unit_test(turned_pages_are_laid_out_alike),
        cmocka_unit_test(columns_of_hebrew_are_read_from_the_right),
        cmocka_unit_test(vertical_writing_is_read_from_the_right),
        cmocka_unit_test(fragments_of_one_row_are_one_line),
        cmocka_unit_test(rows_of_a_form_stay_rows),
        cmocka_unit_test(paragraphs_end_at_wider_gaps),
        cmocka_unit_test(paragraphs_begin_with_an_indent),
        cmocka_unit_test(paragraphs_begin_after_a_short_line),
        cmocka_unit_test(a_short_line_behind_a_hyphen_is_not_the_last),
        cmocka_unit_test(headings_are_larger_bolder_or_numbered),
        cmocka_unit_test(items_make_a_list),
        cmocka_unit_test(a_number_at_the_start_of_a_line_is_no_item),
        cmocka_unit_test(lines_of_code_are_one_block),
        cmocka_unit_test(footnotes_are_read_after_the_text),
        cmocka_unit_test(figures_have_labels_and_captions),
        cmocka_unit_test(a_table_caption_may_be_two_lines),
        cmocka_unit_test(a_picture_behind_the_text_is_no_figure),
        cmocka_unit_test(a_page_may_be_a_picture),
        cmocka_unit_test(a_figure_beside_the_text_does_not_break_it),
        cmocka_unit_test(a_sentence_goes_on_in_the_next_column),
        cmocka_unit_test(regions_say_what_lines_are),
        cmocka_unit_test(a_models_order_is_kept),
        cmocka_unit_test(nothing_makes_nothing),
    };
    return cmocka_run_group_tests_name("layout_page", tests, NULL, NULL);
}
