/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Lines to running text, and the marks of lists.
 */
#include "unit.h"

#include "base/letter.h"
#include "export/listing.h"
#include "export/prose.h"
#include "page_made.h"

static const struct {
    const char *lines, *prose; /* lines parted by '|' */
} cases[] = {
    {"one|two", "one two"},
    {"one |  two", "one two"},
    {"|one||two|", "one two"},
    {"inter-|national law", "international law"},
    {"Stra\xC3\x9F-|enbahn", "Stra\xC3\x9F"
                             "enbahn"},
    {"\xD0\xBF\xD0\xB5-|\xD1\x80\xD0\xB5", "\xD0\xBF\xD0\xB5\xD1\x80\xD0\xB5"},
    {"Smith-|Jones", "Smith-Jones"},
    {"1990-|2000", "1990-2000"},
    {"state-of-the-|art", "state-of-the-art"},
    {"COVID-19-|related", "COVID-19-related"},
    {"USB-|stick", "USB-stick"},
    {"well -|known", "well - known"},
    {"Ein-|und Ausgang", "Ein- und Ausgang"},
    {"Hus-|band", "Husband"},
    {"so\xC2\xAD|ft hy\xC2\xADphen", "soft hyphen"},
    {"Fraktur\xC2\xAC|schrift", "Frakturschrift"},
    {"Fraktur\xE2\xB8\x97|Schrift", "FrakturSchrift"},
    {"x \xC2\xAC y|z", "x \xC2\xAC y z"},
    {"hyphen\xE2\x80\x90|ated", "hyphenated"},
    {"\xE4\xBB\x8A\xE5\xA4\xA9|\xE6\x98\x8E\xE5\xA4\xA9",
     "\xE4\xBB\x8A\xE5\xA4\xA9\xE6\x98\x8E\xE5\xA4\xA9"},
    {"\xE4\xBB\x8A\xE5\xA4\xA9|PDF", "\xE4\xBB\x8A\xE5\xA4\xA9 PDF"},
    {"\xEA\xB0\x80|\xEB\x82\x98", "\xEA\xB0\x80 \xEB\x82\x98"}, /* Korean has blanks */
    {"\xD7\xA9\xD7\x9C|\xD7\x95\xD7\x9D", "\xD7\xA9\xD7\x9C \xD7\x95\xD7\x9D"},
    {"-", "-"},
    {"-|a", "- a"},
    {"\xC2\xAD", "\xC2\xAD"},
    {"", ""},
};

static void lines_become_prose(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_strbuf text = {0};
        char *lines = strdup(cases[i].lines), *rest = lines, *line;
        while ((line = strsep(&rest, "|")))
            prose_add(&text, line);
        assert_string_equal(strbuf_str(&text), cases[i].prose);
        free(lines);
    }
}

/* What is glued at a page's edge is what would be glued inside a paragraph. */
static void glue_is_the_same_at_an_edge(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_strbuf text = {0}, rest = {0};
        const char *bar = strchr(cases[i].lines, '|');
        if (!bar || strchr(bar + 1, '|'))
            continue;
        char *first = strndup(cases[i].lines, (size_t)(bar - cases[i].lines));
        prose_add(&text, first);
        prose_glue(&text, bar + 1);
        prose_add(&rest, bar + 1);
        strbuf_adds(&text, strbuf_str(&rest));
        assert_string_equal(strbuf_str(&text), cases[i].prose);
        free(first);
    }
}

static void letters_have_case_in_four_scripts(void **state)
{
    static const uint32_t lower[] = {'a', 0xE9, 0x153, 0x17F, 0x3B1, 0x44F, 0x219, 0x1EA1, 0};
    static const uint32_t upper[] = {'Z', 0xC9, 0x152, 0x160, 0x391, 0x42F, 0x17D, 0x1EA0, 0};
    (void)state;
    for (size_t i = 0; lower[i]; i++)
        assert_true(letter_is_lower(lower[i]) && !letter_is_upper(lower[i]));
    for (size_t i = 0; upper[i]; i++)
        assert_true(letter_is_upper(upper[i]) && !letter_is_lower(upper[i]));
    static const uint32_t neither[] = {'1', ' ', 0xD7, 0x5D0, 0x4E2D, 0};
    for (size_t i = 0; neither[i]; i++)
        assert_false(letter_is_upper(neither[i]) || letter_is_lower(neither[i]));
    assert_int_equal(letter_width(0x4E2D) * 10 + letter_width(0x301), 20);
}

static void marks_of_items_are_known(void **state)
{
    static const struct {
        const char *text;
        enum listing_mark mark;
    } marks[] = {
        {"- x", LISTING_BULLET},
        {"\xE2\x80\xA2 x", LISTING_BULLET},
        {"\xE2\x80\xA2", LISTING_BULLET},
        {"-x", LISTING_NONE},
        {"1. x", LISTING_NUMBER},
        {"12) x", LISTING_NUMBER},
        {"1.5 x", LISTING_LETTER},
        {"1234567890. x", LISTING_NONE},
        {"(a) x", LISTING_LETTER},
        {"(12) x", LISTING_LETTER},
        {"a) x", LISTING_LETTER},
        {"iv. x", LISTING_LETTER},
        {"see. x", LISTING_NONE},
        {"and x", LISTING_NONE},
        {"", LISTING_NONE},
        {"(x", LISTING_NONE},
        {"1.2.3 x", LISTING_LETTER},
        {"2026 x", LISTING_NONE},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(marks); i++) {
        struct listing_item item = {0};
        size_t length;
        if (listing_mark_of(marks[i].text, &item, &length) != marks[i].mark)
            fail_msg("\"%s\"", marks[i].text);
    }
}

static void code_keeps_its_indent(void **state)
{
    struct page *p = made_page(1);
    struct block *b = page_add_block(p, BLOCK_CODE);
    auto_strbuf out = {0};
    (void)state;
    made_line(p, b, "if x:", 100, 0, 50);
    made_line(p, b, "y = 1", 140, 30, 50);
    made_line(p, b, "", 100, 60, 0);
    prose_add_code(&out, b);
    assert_string_equal(strbuf_str(&out), "if x:\n    y = 1\n\n");
    page_free(&p);
}

static void latex_is_told_from_text(void **state)
{
    (void)state;
    assert_true(prose_is_latex("\\frac{a}{b}"));
    assert_true(prose_is_latex("x^{2}"));
    assert_false(prose_is_latex("E = mc^2"));
    assert_false(prose_is_latex("a_b"));
    assert_false(prose_is_latex("$x$ \\alpha"));
    assert_false(prose_is_latex(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_prose),
        cmocka_unit_test(glue_is_the_same_at_an_edge),
        cmocka_unit_test(letters_have_case_in_four_scripts),
        cmocka_unit_test(marks_of_items_are_known),
        cmocka_unit_test(code_keeps_its_indent),
        cmocka_unit_test(latex_is_told_from_text),
    };
    return cmocka_run_group_tests_name("prose", tests, NULL, NULL);
}
