/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Words as people write them in many scripts, and words as broken fonts and bad recognition give
 * them; one reading of a page corrected from another.
 */
#include "page/correct.h"
#include "page/plausible.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static const char *const good[] = {
    "the",
    "strengths",
    "Rhythmus",
    "NATO",
    "GmbH",
    "McDonald's",
    "iPhone",
    "e-mail@host.example",
    "https://host.example/a/b?c=d&e=f",
    "3.14159",
    "(1998),",
    "A4",
    "x86-64",
    "§",
    "·······",
    "Schifffahrtsgesellschaft",
    "Überprüfung",
    "naïve",
    "queue",
    "Привет",
    "мир!",
    "ελληνικά",
    "日本語の文章",
    "한국어",
    "שלום",
    "العربية",
    "हिन्दी",
    "PDF文件",
    "αβ",
    "CO₂",
    "kWh/m²",
    "pH-Wert",
    "O'Neill",
    "-",
    "1,234.56",
    "C++",
    "—",
    "II.",

    "Szczecin",
    "Hawaiian",
};

static const char *const bad[] = {
    "ay\xEF\xBF\xBD",           /* U+FFFD */
    "\xEE\x80\xA1\xEE\x80\xA2", /* private use */
    "xkcdqzrtw",                /* no vowels */
    "aBcDeFgH",                 /* capitals at random */
    "aaaaaargh",                /* the same letter again and again */
    "h$e*l^l!o",                /* signs inside */
    "Thisisasentencewithoutanyblanksinit",
    "ПrиvеtХ", /* two scripts in one word */
    "bcdfgaghklmnpqrst",
};

static void words_are_told_from_garbage(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!word_plausible(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (word_plausible(bad[i]))
            fail_msg("%s", bad[i]);
}

/* Words of a text on one line each, every one 10 pixels a letter wide. */
static struct page *page_of(const char *const *lines, size_t count)
{
    struct page *page = page_new(1);
    page->width = 2000, page->height = 2000, page->dpi = 144;
    struct block *block = page_add_block(page, BLOCK_TEXT);
    for (size_t i = 0; i < count; i++) {
        struct line *line = page_add_line(page, block);
        float x = 100, y = 100 + 30 * (float)i;
        for (const char *at = lines[i]; *at; at += strspn(at, " ")) {
            size_t len = strcspn(at, " ");
            struct word *word = page_add_word(page, line);
            const struct rect r = {x, y, x + 10 * (float)len, y + 20};
            *word = (struct word){page_text(page, at, len), quad_of_rect(r), 0.5F};
            x += 10 * (float)len + 10;
            at += len;
        }
        assert_int_equal(page_join_words(page, line), 0);
    }
    return page;
}

static float plausibility_of(const char *text)
{
    const char *const lines[] = {text, text, text};
    struct page *page = page_of(lines, 3);
    float score = page_plausibility(page);
    page_free(&page);
    return score;
}

/* A font whose characters are all mapped to their neighbour gives words that keep every rule. */
static void letters_shifted_by_one_are_noticed(void **state)
{
    static const char text[] = "the quality of a translation depends upon the reader who reads it "
                               "and upon the hours that are given to the original";
    char shifted[sizeof text];
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        shifted[i] = (char)(text[i] >= 'a' && text[i] < 'z' ? text[i] + 1 : text[i]);
    assert_true(plausibility_of(text) > 0.99F);
    assert_true(plausibility_of(shifted) < 0.6F);
}

static void a_page_without_text_is_plausible(void **state)
{
    struct page *page = page_new(1);
    (void)state;
    assert_true(page_plausibility(page) == 1);
    page_free(&page);
}

static void assert_corrected(const char *read, const char *layer, const char *expected, int changes)
{
    struct page *page = page_of(&read, 1), *other = page_of(&layer, 1);
    struct error err;
    assert_int_equal(page_correct(page, other, &err), changes);
    assert_string_equal(page->blocks[0].lines[0].text, expected);
    page_free(&page);
    page_free(&other);
}

static void near_readings_are_taken_and_far_ones_are_not(void **state)
{
    (void)state;
    assert_corrected("rnodern times", "modern times", "modern times", 1);
    assert_corrected("modern times", "modern times", "modern times", 0);
    assert_corrected("mo dern times", "modern times", "modern times", 1);
    assert_corrected("moderntimes", "modern times", "modern times", 1);
    assert_corrected("a quite other thing", "ZZZ QQQ 12345 67", "a quite other thing", 0);
    assert_corrected("modern times", "mod\xEF\xBF\xBDrn times", "modern times", 0);
}

static void each_line_takes_its_own_words_once(void **state)
{
    static const char *const read[] = {"first 1ine", "second 1ine", "third"};
    static const char *const layer[] = {"first line", "second line"};
    struct page *page = page_of(read, 3), *other = page_of(layer, 2);
    struct error err;
    (void)state;
    assert_int_equal(page_correct(page, other, &err), 2);
    assert_string_equal(page->blocks[0].lines[0].text, "first line");
    assert_string_equal(page->blocks[0].lines[1].text, "second line");
    assert_string_equal(page->blocks[0].lines[2].text, "third");
    assert_int_equal(page->blocks[0].lines[1].word_count, 2);
    page_free(&page);
    page_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_told_from_garbage),
        cmocka_unit_test(letters_shifted_by_one_are_noticed),
        cmocka_unit_test(a_page_without_text_is_plausible),
        cmocka_unit_test(near_readings_are_taken_and_far_ones_are_not),
        cmocka_unit_test(each_line_takes_its_own_words_once),
    };
    return cmocka_run_group_tests_name("plausible", tests, NULL, NULL);
}
