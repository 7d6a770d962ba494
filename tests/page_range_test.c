/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Page selections.
 */
#include "unit.h"

#include "page/page_range.h"

/* Pages 1 to 10 as a word: 'x' for those selected. */
static void selected(const struct page_range *range, char out[11])
{
    for (uint32_t n = 1; n <= 10; n++)
        out[n - 1] = page_range_has(range, n) ? 'x' : '.';
    out[10] = '\0';
}

static void selections_are_read(void **state)
{
    static const struct {
        const char *text, *pages;
    } cases[] = {
        {"", "xxxxxxxxxx"},          {"1", "x........."},           {"10", ".........x"},
        {"2-4", ".xxx......"},       {"-4", "xxxx......"},          {"7-", "......xxxx"},
        {"3-3", "..x......."},       {"1-3,5,7-", "xxx.x.xxxx"},    {"9,1", "x.......x."},
        {"5,5,4-6", "...xxx...."},   {"007", "......x..."},         {"11-", ".........."},
        {"100000000", ".........."}, {"8-100000000", ".......xxx"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct page_range range;
        struct error err;
        char pages[11];
        OK(page_range_parse(&range, cases[i].text, &err));
        selected(&range, pages);
        if (strcmp(pages, cases[i].pages) != 0)
            fail_msg("'%s' selects %s", cases[i].text, pages);
    }
}

static void an_open_end_has_no_end(void **state)
{
    struct page_range range;
    struct error err;
    (void)state;
    OK(page_range_parse(&range, "5-", &err));
    assert_true(page_range_has(&range, UINT32_MAX));
    assert_false(page_range_has(&range, 4));
}

static void malformed_selections_are_refused(void **state)
{
    static const char *const bad[] = {
        "0",
        "0-3",
        "-0",
        "-",
        "--",
        "--5",
        "5-3",
        "1,",
        ",",
        ",1",
        "1,,2",
        "1-2-3",
        "1 ",
        " 1",
        "1;2",
        "+1",
        "1-+2",
        "a",
        "1-b",
        "1.5",
        "0x1",
        "100000001",
        "4294967297",
        "99999999999999999999",
        "1-99999999999999999999",
        "\xEF\xBC\x91",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct page_range range = {.count = 77};
        struct error err;
        REFUSED_SAYING(ERROR_INPUT, "pages", page_range_parse(&range, bad[i], &err));
        assert_int_equal(range.count, 77);
    }
}

static void the_number_of_parts_is_capped(void **state)
{
    char text[2 * PAGE_RANGE_PARTS + 2] = "1";
    struct page_range range;
    struct error err;
    (void)state;
    for (size_t i = 1; i < PAGE_RANGE_PARTS; i++)
        strcat(text, ",2");
    OK(page_range_parse(&range, text, &err));
    assert_int_equal(range.count, PAGE_RANGE_PARTS);
    strcat(text, ",3");
    REFUSED_SAYING(ERROR_INPUT, "256", page_range_parse(&range, text, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selections_are_read),
        cmocka_unit_test(an_open_end_has_no_end),
        cmocka_unit_test(malformed_selections_are_refused),
        cmocka_unit_test(the_number_of_parts_is_capped),
    };
    return cmocka_run_group_tests_name("page_range", tests, NULL, NULL);
}
