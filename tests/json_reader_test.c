/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The JSON reader: what the grammar takes and refuses, to the bit.
 */
#include "unit.h"

#include "base/json_reader.h"

#include <stdlib.h>

static bool number_of(const char *text, struct json_number *n)
{
    struct json_reader r;
    json_reader_init(&r, text, strlen(text));
    bool taken = json_take_number(&r, n) && json_take_end(&r);
    json_reader_done(&r);
    return taken;
}

static void numbers_are_what_strtod_says(void **state)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "7",
                                        "-7",
                                        "0.1",
                                        "-0.3",
                                        "20.5",
                                        "1064.1",
                                        "123456789012345",
                                        "1234567890123.45",
                                        "0.00000000000001",
                                        "999999999999999",
                                        "9007199254740993",
                                        "12345678901234567.8",
                                        "1e3",
                                        "1E-3",
                                        "2.5e+10",
                                        "1e-400",
                                        "1.7976931348623157e308",
                                        "9223372036854774784"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct json_number n;
        if (!number_of(texts[i], &n))
            fail_msg("refused: %s", texts[i]);
        assert_true(n.value == strtod(texts[i], NULL));
        assert_int_equal(n.is_whole, strpbrk(texts[i], ".eE") == NULL);
        if (n.is_whole)
            assert_true(n.whole == strtoll(texts[i], NULL, 10));
    }
}

static void every_coordinate_reads_back(void **state)
{
    (void)state;
    for (int tenths = -700; tenths < 2000000; tenths += 7) {
        char text[32];
        struct json_number n;
        snprintf(text, sizeof text, "%d.%d", tenths / 10, abs(tenths % 10));
        assert_true(number_of(text, &n));
        assert_true(n.value == strtod(text, NULL));
    }
}

static void other_numbers_are_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "-",
                                        "+1",
                                        "01",
                                        "-01",
                                        ".5",
                                        "5.",
                                        "1e",
                                        "1e+",
                                        "0x1",
                                        "1e400",
                                        "--1",
                                        "1.2.3",
                                        "1 2",
                                        "NaN",
                                        "inf",
                                        "9223372036854775808",
                                        "1.00000000000000000000000000000000000000000"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct json_number n;
        if (number_of(texts[i], &n))
            fail_msg("taken: %s", texts[i]);
    }
}

static bool string_of(const char *json, size_t len, char *out, size_t size)
{
    struct json_reader r;
    struct json_text text;
    json_reader_init(&r, json, len);
    bool taken = json_take_string(&r, &text) && json_take_end(&r) && text.len < size;
    if (taken) {
        memcpy(out, text.text, text.len);
        out[text.len] = '\0';
    }
    json_reader_done(&r);
    return taken;
}

static void strings_are_taken(void **state)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"\"\"", ""},
        {" \"a b\" ", "a b"},
        {"\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\te\"", "a\"b\\c/d\b\f\n\r\te"},
        {"\"Gr\xC3\xBC\xC3\x9F\"", "Gr\xC3\xBC\xC3\x9F"},
        {"\"\\u00fc\\u00DF\"", "\xC3\xBC\xC3\x9F"},
        {"\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80"},
        {"\"\xC3\xBC\\u0041\xC3\xBC\"", "\xC3\xBC"
                                        "A\xC3\xBC"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[64];
        if (!string_of(cases[i].json, strlen(cases[i].json), text, sizeof text))
            fail_msg("refused: %s", cases[i].json);
        assert_string_equal(text, cases[i].text);
    }
}

static void other_strings_are_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "\"",
                                        "\"a",
                                        "'a'",
                                        "\"\\\"",
                                        "\"\\x\"",
                                        "\"\\u12\"",
                                        "\"\\u12g4\"",
                                        "\"\\u0000\"",
                                        "\"\\ud800\"",
                                        "\"\\udc00\"",
                                        "\"\\ud800x\"",
                                        "\"a\nb\"",
                                        "\"\\na\nb\"",
                                        "\"\x80\"",
                                        "\"\xC0\xAF\"",
                                        "\"\\n\xFF\"",
                                        "\"\xED\xA0\x80\"",
                                        "\"\\ud800\\u0041\"",
                                        "\"\\u 123\"",
                                        "\"\\"};
    char text[64];
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (string_of(texts[i], strlen(texts[i]), text, sizeof text))
            fail_msg("taken: %s", texts[i]);
    assert_false(string_of("\"a\0b\"", 5, text, sizeof text));
}

/* The sum of the numbers of a list; −1 when it is none. */
static double sum_of(const char *json)
{
    struct json_reader r;
    struct json_number n;
    double sum = 0;
    json_reader_init(&r, json, strlen(json));
    bool taken = json_take_open(&r, '[');
    for (bool first = true; taken && json_take_more(&r, ']', first); first = false) {
        taken = json_take_number(&r, &n);
        sum += taken ? n.value : 0;
    }
    taken = taken && json_take_end(&r);
    json_reader_done(&r);
    return taken ? sum : -1;
}

static void lists_have_commas_between(void **state)
{
    (void)state;
    assert_true(sum_of("[]") == 0 && sum_of(" [ ] ") == 0 && sum_of("[1,2 , 3]") == 6);
    static const char *const texts[] = {"[",     "[1",     "[1,", "[1,]", "[,1]",
                                        "[1 2]", "[1,,2]", "[1}", "[]]",  "[] x"};
    for (size_t i = 0; i < COUNT(texts); i++)
        if (sum_of(texts[i]) >= 0)
            fail_msg("taken: %s", texts[i]);
}

static void after_a_breach_nothing_is_taken(void **state)
{
    struct json_reader r;
    struct json_number n;
    struct json_text text;
    bool value;
    (void)state;
    json_reader_init(&r, "01 \"a\" true [", 14);
    assert_true(json_take_number(&r, &n));
    assert_false(json_take_more(&r, ']', false));
    assert_true(r.failed);
    assert_false(json_take_number(&r, &n));
    assert_false(json_take_string(&r, &text));
    assert_false(json_take_bool(&r, &value));
    assert_false(json_take_open(&r, '['));
    assert_false(json_take_end(&r));
    json_reader_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_what_strtod_says),
        cmocka_unit_test(every_coordinate_reads_back),
        cmocka_unit_test(other_numbers_are_refused),
        cmocka_unit_test(strings_are_taken),
        cmocka_unit_test(other_strings_are_refused),
        cmocka_unit_test(lists_have_commas_between),
        cmocka_unit_test(after_a_breach_nothing_is_taken),
    };
    return cmocka_run_group_tests_name("json_reader", tests, NULL, NULL);
}
