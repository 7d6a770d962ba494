/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a PDF's text layer says of its words: fonts, what is hidden, clipped away or painted twice,
 * characters that are not what they seem, words that seem to be several.
 */
#include "drawn_pdf.h"

#include <string.h>

static const struct line *only_line(const struct drawn *d)
{
    assert_int_equal(d->page->block_count, 1);
    assert_int_equal(d->page->blocks[0].line_count, 1);
    return &d->page->blocks[0].lines[0];
}

static const struct line *line_of(const struct drawn *d, const char *text)
{
    for (size_t i = 0; i < d->page->block_count; i++)
        for (size_t k = 0; k < d->page->blocks[i].line_count; k++)
            if (strcmp(d->page->blocks[i].lines[k].text, text) == 0)
                return &d->page->blocks[i].lines[k];
    fail_msg("no line says '%s'", text);
    return NULL;
}

static size_t count_lines(const struct drawn *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->page->block_count; i++)
        n += d->page->blocks[i].line_count;
    return n;
}

static void check_line(const char *contents, const char *text)
{
    struct drawn d = drawn("", contents, 72);
    assert_string_equal(only_line(&d)->text, text);
    drawing_end(&d);
}

/* ---- fonts ---- */

static void styles(void **state)
{
    (void)state;
    struct drawn d = drawn("",
                           "BT 20 TL 20 180 Td /F 10 Tf (plain) Tj T* /B 12 Tf (bold) Tj T* "
                           "/I 9 Tf (leaning) Tj T* /M 10 Tf (typed) Tj T* /S 10 Tf (both) Tj "
                           "T* /B 8 Tf (A ) Tj /F 10 Tf (mostly plain) Tj ET",
                           144);
    const struct {
        const char *text;
        unsigned style;
        float size;
    } expected[] = {
        {"plain", 0, 20},
        {"bold", FONT_BOLD, 24},
        {"leaning", FONT_ITALIC, 18},
        {"typed", FONT_MONO, 20},
        {"both", FONT_BOLD | FONT_ITALIC, 20},
        {"A mostly plain", 0, 20},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const struct line *l = line_of(&d, expected[i].text);
        assert_int_equal(l->style, expected[i].style);
        near(l->font_size, (double)expected[i].size, 0.1);
    }
    drawing_end(&d);
}

static void sizes(void **state)
{
    (void)state;
    const char *contents = "BT /F 5 Tf 2 0 0 2 20 50 Tm (text) Tj ET";
    const struct {
        const char *attributes;
        double size;
    } cases[] = {{"", 20}, {"/Rotate 90", 20}, {"/UserUnit 3", 60}, {"/CropBox[10 10 90 90]", 20}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct drawn d = drawn(cases[i].attributes, contents, 144);
        near(only_line(&d)->font_size, cases[i].size, 0.1);
        drawing_end(&d);
    }
}

static void font_names(void **state)
{
    (void)state;
    const struct {
        const char *name;
        unsigned style;
    } cases[] = {
        {"Helvetica", 0},
        {"ABCDEF+Helvetica-Bold", FONT_BOLD},
        {"MyriadPro-SemiboldIt", FONT_BOLD | FONT_ITALIC},
        {"NimbusRomNo9L-MediItal", FONT_BOLD | FONT_ITALIC},
        {"NimbusRomNo9L-Regu", 0},
        {"MediumText", 0},
        {"ItemSans", 0},
        {"GaramondPremrPro-It", FONT_ITALIC},
        {"Courier-Oblique", FONT_MONO | FONT_ITALIC},
        {"CMBX10", FONT_BOLD},
        {"CMTT8", FONT_MONO},
        {"CMTI10", FONT_ITALIC},
        {"MonotypeCorsiva", 0},
        {"DejaVuSansMono-Bold", FONT_MONO | FONT_BOLD},
        {"", 0},
        {"+", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (font_style_of_name(cases[i].name) != cases[i].style)
            fail_msg("%s: %u, not %u", cases[i].name, font_style_of_name(cases[i].name),
                     cases[i].style);
}

/* ---- what cannot be seen, and what is seen once ---- */

static void invisible(void **state)
{
    (void)state;
    struct drawn d = drawn("",
                           "BT /F 10 Tf 20 80 Td (seen) Tj 3 Tr 0 -20 Td (under) Tj "
                           "0 Tr /G gs 0 -20 Td (glass) Tj ET",
                           72);
    assert_int_equal(count_lines(&d), 3);
    assert_int_equal(d.layer.characters, 14);
    assert_int_equal(d.layer.invisible, 10);
    assert_int_equal(d.layer.unmapped, 0);
    drawing_end(&d);
}

static void painted_twice(void **state)
{
    (void)state;
    /* As a whole, word by word, letter by letter, and filled and outlined at once. */
    static const char *const contents[] = {
        "BT /F 10 Tf 20 50 Td (All well) Tj ET BT /F 10 Tf 20.4 49.6 Td (All well) Tj ET",
        "BT /F 10 Tf 20 50 Td (All) Tj 0.3 0 Td (All) Tj 15 0 Td (well) Tj 0.3 0 Td (well) Tj ET",
        "BT /F 10 Tf 20 50 Td (A) Tj 0.3 0 Td (A) Tj 6.4 0 Td (h) Tj 0.3 0 Td (h) Tj ET",
        "BT /F 10 Tf 2 Tr 20 50 Td (All well) Tj ET",
    };
    static const size_t letters[] = {7, 7, 2, 7};
    for (size_t i = 0; i < 4; i++) {
        struct drawn d = drawn("", contents[i], 72);
        assert_int_equal(d.layer.characters, letters[i]);
        drawing_end(&d);
    }
    check_line(contents[0], "All well");
    check_line(contents[3], "All well");
    struct drawn d = drawn("", "BT /F 10 Tf 20 50 Td (same) Tj 0 -12 Td (same) Tj ET", 72);
    assert_int_equal(d.layer.characters, 8);
    drawing_end(&d);
}

static void clipped(void **state)
{
    (void)state;
    struct drawn d = drawn("/CropBox[0 0 100 100]",
                           "q 0 0 50 100 re W n BT /F 10 Tf 5 50 Td (in) Tj 60 0 Td (cut) Tj ET Q "
                           "BT /F 10 Tf 60 20 Td (again) Tj 60 0 Td (off) Tj ET",
                           72);
    assert_int_equal(count_lines(&d), 2);
    line_of(&d, "in");
    line_of(&d, "again");
    assert_int_equal(d.layer.characters, 7);
    drawing_end(&d);
}

/* ---- characters ---- */

static void characters(void **state)
{
    (void)state;
    /* The font U maps: A fi, B private, C soft hyphen, D unmappable, E combining acute, F bullet of
     * Symbol, G a control character, H ellipsis as three dots, I a hint. */
    check_line("BT /U 10 Tf 20 50 Td (Ax) Tj ET", "fix");
    check_line("BT /U 10 Tf 20 50 Td (xCx) Tj ET", "x-x");
    check_line("BT /U 10 Tf 20 50 Td (eE) Tj ET", "e\xCC\x81");
    check_line("BT /U 10 Tf 20 50 Td (Fx) Tj ET", "\xE2\x80\xA2x");
    check_line("BT /U 10 Tf 20 50 Td (xGx) Tj ET", "x\xEF\xBF\xBDx");
    check_line("BT /U 10 Tf 20 50 Td (xH) Tj ET", "x...");
    check_line("BT /U 10 Tf 20 50 Td (xIx) Tj ET", "xx");
    struct drawn d = drawn("", "BT /U 10 Tf 20 50 Td (xBDGF) Tj ET", 72);
    assert_int_equal(d.layer.characters, 5);
    assert_int_equal(d.layer.unmapped, 3);
    drawing_end(&d);
}

/* ---- words ---- */

static void font_change(void **state)
{
    (void)state;
    check_line("BT /F 12 Tf 20 50 Td (C) Tj /F 9 Tf (HAPTER) Tj /B 9 Tf (S) Tj ET", "CHAPTERS");
}

/* White that is hardly a blank is one where letters touch, and none where they do not. */
static void narrow_blanks(void **state)
{
    (void)state;
    check_line("BT /F 10 Tf 20 50 Td [(the)-135(miller)-135(grinds)] TJ ET", "the miller grinds");
    check_line("BT /F 10 Tf 20 50 Td [(the)-60(miller)-60(grinds)] TJ ET", "themillergrinds");
    check_line("BT /F 10 Tf 1.3 Tc 20 50 Td (mill) Tj ET", "mill");
}

static void letter_spaced(void **state)
{
    (void)state;
    check_line("BT /F 10 Tf 4 Tc 20 50 Td (CHAPTER ONE) Tj ET", "CHAPTER O N E");
    check_line("BT /F 10 Tf 3 Tc 20 50 Td (INDEX) Tj ET", "INDEX");
    struct drawn d = drawn("", "BT /F 10 Tf 3 Tc 20 50 Td (INDEX) Tj ET", 72);
    const struct line *l = only_line(&d);
    assert_int_equal(l->word_count, 1);
    near(l->words[0].polygon.corner[0].x, 20, 0.5);
    /* I .278 N .722 D .722 E .667 X .667, and four gaps of 3 */
    near(l->words[0].polygon.corner[1].x, 20 + 30.56 + 12, 1);
    drawing_end(&d);
    check_line("BT /F 10 Tf 3 Tc 20 50 Td (ABC) Tj ET", "A B C");
    check_line("BT /F 10 Tf 3 Tc 20 50 Td (abstract) Tj ET", "abstract");
    check_line("BT /F 10 Tf 3 Tc 20 50 Td (abcde) Tj ET", "a b c d e");
    check_line("BT /F 10 Tf 3 Tc 20 50 Td (xyba) Tj 0 Tc ( 12) Tj ET", "x y b a 12");
    check_line("BT /F 10 Tf 20 50 Td [(Y) -300 (N) -800 (N) -400 (Y)] TJ ET", "Y N N Y");
}

static void in_pieces(void **state)
{
    (void)state;
    /* A blank of no size, upside down, between the parts of a word; and a word drawn before the one
     * it follows, far off. */
    check_line("BT /F 10 Tf 1 0 0 1 20 50 Tm (pie) Tj 0.001 0 0 -0.001 32.8 50 Tm ( ) Tj "
               "1 0 0 1 33.6 50 Tm (ces of it) Tj ET",
               "pieces of it");
    struct drawn d = drawn("", "BT /F 10 Tf 120 50 Td (last) Tj -100 0 Td (first) Tj ET", 72);
    assert_int_equal(count_lines(&d), 2);
    drawing_end(&d);
}

static void right_to_left(void **state)
{
    (void)state;
    /* J K L are alef, bet, gimel. As seen: from left to right. */
    check_line("BT /U 10 Tf 20 50 Td (LKJ) Tj ET", "\xD7\x90\xD7\x91\xD7\x92");
    check_line("BT /U 10 Tf 20 50 Td (12 LK J) Tj ET", "\xD7\x90 \xD7\x91\xD7\x92 12");
    check_line("BT /U 10 Tf 20 50 Td (\\(LK\\) 3/12) Tj ET", "3/12 (\xD7\x91\xD7\x92)");
    check_line("BT /U 10 Tf 20 50 Td (some LKJ there) Tj ET",
               "some \xD7\x90\xD7\x91\xD7\x92 there");
    check_line("BT /U 10 Tf 20 50 Td (LKJ two words LLKKJ) Tj ET",
               "\xD7\x90\xD7\x91\xD7\x91\xD7\x92\xD7\x92 two words "
               "\xD7\x90\xD7\x91\xD7\x92");
    /* The pieces of a line drawn from the right, each as seen. */
    check_line("BT /U 10 Tf 60 50 Td (LKJ) Tj -22 0 Td (LK) Tj ET",
               "\xD7\x90\xD7\x91\xD7\x92 \xD7\x91\xD7\x92");
}

static void letter_forms(void **state)
{
    (void)state;
    uint32_t out[BIDI_LETTERS];
    assert_int_equal(bidi_letters('a', out), 1);
    assert_int_equal(out[0], 'a');
    assert_int_equal(bidi_letters(0xFEFB, out), 2); /* lam with alef */
    assert_int_equal(out[0], 0x644);
    assert_int_equal(out[1], 0x627);
    assert_int_equal(bidi_letters(0xFDFA, out), 15); /* four words in one sign, less the blanks */
    assert_int_equal(bidi_letters(0xFE70, out), 1);
}

/* A font of bitmaps as old TeX made them: an em of a pixel, letters of sixty, and 'c' a control
 * character. */
static void bitmap_font(void **state)
{
    (void)state;
    struct drawn d = drawn("", "BT /T 1 Tf 0.1 0 0 -0.1 20 50 Tm (ab) Tj (ca) Tj ET", 72);
    const struct line *l = only_line(&d);
    assert_string_equal(l->text, "ab\xEF\xBF\xBD"
                                 "a");
    assert_int_equal(d.layer.unmapped, 1);
    assert_int_equal(d.layer.invisible, 0);
    near(l->font_size, 6 / 0.45, 0.1);
    near(l->polygon.corner[0].x, 20, 0.1);
    near(l->polygon.corner[2].x, 44, 0.1);
    near(l->polygon.corner[0].y, 140, 0.1);
    near(l->polygon.corner[2].y, 153.33, 0.1);
    drawing_end(&d);
}

/* ---- limits ---- */

static void many_letters(void **state)
{
    (void)state;
    struct strbuf contents = {0};
    strbuf_adds(&contents, "BT /F 1 Tf ");
    for (int i = 0; i < 5000; i++) /* all at one place, and each painted ten times */
        strbuf_addf(&contents, "1 0 0 1 %d %d Tm (mm mm mm mm mm) Tj\n", i % 20 * 4,
                    i / 20 % 100 * 2);
    strbuf_adds(&contents, "ET");
    struct drawn d = drawn("", strbuf_str(&contents), 72);
    strbuf_free(&contents);
    /* Half of a piece lies under the next: letters of it at the same places are told once. */
    assert_true(d.layer.characters > 10000 && d.layer.characters <= 50000);
    drawing_end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(styles),        cmocka_unit_test(sizes),
        cmocka_unit_test(font_names),    cmocka_unit_test(invisible),
        cmocka_unit_test(painted_twice), cmocka_unit_test(clipped),
        cmocka_unit_test(characters),    cmocka_unit_test(font_change),
        cmocka_unit_test(narrow_blanks), cmocka_unit_test(letter_spaced),
        cmocka_unit_test(in_pieces),     cmocka_unit_test(right_to_left),
        cmocka_unit_test(letter_forms),  cmocka_unit_test(bitmap_font),
        cmocka_unit_test(many_letters),
    };
    struct error err;
    if (decode_warm(&err) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
