/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The typed table: what each type takes, what it refuses, and that its text reads back.
 */
#include "unit.h"

#include "base/param.h"

#include <inttypes.h>

struct target {
    char text[8];
    char secret[16];
    int64_t number, bytes, choice;
    bool flag;
};

#define FIELD(f) offsetof(struct target, f), sizeof(((struct target *)0)->f)

static const char *const colours[] = {"red", "green", NULL};
static const struct param rows[] = {
    {"text", PARAM_TEXT, FIELD(text), "abc", .metavar = "TEXT", .doc = "Text."},
    {"secret", PARAM_TEXT, FIELD(secret), "", .doc = "Secret.", .flags = PARAM_SECRET},
    {"number", PARAM_INT, FIELD(number), "5", -10, 100, .doc = "Number."},
    {"bytes", PARAM_BYTES, FIELD(bytes), "1K", 0, INT64_MAX, .doc = "Bytes."},
    {"choice", PARAM_CHOICE, FIELD(choice), "green", .choices = colours, .doc = "Choice."},
    {"flag", PARAM_BOOL, FIELD(flag), "on", .doc = "Flag."},
};
static const struct param_table table = {rows, COUNT(rows)};

static void defaults_are_set(void **state)
{
    struct target t;
    (void)state;
    memset(&t, 0x55, sizeof t);
    param_defaults(&table, &t);
    assert_string_equal(t.text, "abc");
    assert_string_equal(t.secret, "");
    assert_int_equal(t.number, 5);
    assert_int_equal(t.bytes, 1024);
    assert_int_equal(t.choice, 1);
    assert_true(t.flag);
}

static void values_are_taken_and_written_back(void **state)
{
    static const struct {
        const char *name, *value, *text;
    } cases[] = {
        {"text", "", ""},
        {"text", "1234567", "1234567"},
        {"text", "\xC3\xA9t\xC3\xA9", "\xC3\xA9t\xC3\xA9"},
        {"number", "-10", "-10"},
        {"number", "100", "100"},
        {"number", "+7", "7"},
        {"bytes", "0", "0"},
        {"bytes", "17", "17"},
        {"bytes", "2K", "2048"},
        {"bytes", "2k", "2048"},
        {"bytes", "3M", "3145728"},
        {"bytes", "3MiB", "3145728"},
        {"bytes", "4G", "4294967296"},
        {"bytes", "8589934591G", "9223372035781033984"},
        {"bytes", "9223372036854775807", "9223372036854775807"},
        {"choice", "red", "red"},
        {"flag", "true", "true"},
        {"flag", "yes", "true"},
        {"flag", "on", "true"},
        {"flag", "1", "true"},
        {"flag", "false", "false"},
        {"flag", "no", "false"},
        {"flag", "off", "false"},
        {"flag", "0", "false"},
    };
    struct target t;
    struct error err;
    (void)state;
    param_defaults(&table, &t);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct param *row = param_find(&table, cases[i].name);
        char text[64];
        OK(param_set(&table, &t, cases[i].name, cases[i].value, &err));
        param_text(row, &t, text, sizeof text);
        assert_string_equal(text, cases[i].text);
        OK(param_set(&table, &t, cases[i].name, text, &err));
    }
}

static void bad_values_are_refused(void **state)
{
    static const struct {
        const char *name, *value;
    } cases[] = {
        {"text", "12345678"},
        {"text", "a\nb"},
        {"text", "\x7F"},
        {"text", "\xC2\x9B"}, /* U+009B, a control character too */
        {"text", "\xFF"},
        {"text", "1234567\xC3\xA9"},
        {"number", ""},
        {"number", "-11"},
        {"number", "101"},
        {"number", "5K"},
        {"number", "5 "},
        {"number", "5.0"},
        {"number", "0x10"},
        {"number", "five"},
        {"number", "99999999999999999999"},
        {"number", "-99999999999999999999"},
        {"bytes", ""},
        {"bytes", "-1"},
        {"bytes", "-1K"},
        {"bytes", "K"},
        {"bytes", "5T"},
        {"bytes", "5 "}, /* a blank is no unit */
        {"bytes", "0 "},
        {"bytes", "5 iB"},
        {"bytes", "5 K"},
        {"bytes", "5KB"},
        {"bytes", "5KiBs"},
        {"bytes", "5KK"},
        {"bytes", "8589934592G"},
        {"bytes", "9223372036854775807K"},
        {"bytes", "9223372036854775808"},
        {"choice", "blue"},
        {"choice", ""},
        {"choice", "Red"},
        {"flag", ""},
        {"flag", "2"},
        {"flag", "TRUE"},
        {"flag", "truely"},
        {"absent", "1"},
        {"", "1"},
    };
    struct target t, before;
    struct error err;
    (void)state;
    memset(&t, 0, sizeof t);
    param_defaults(&table, &t);
    before = t;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (param_set(&table, &t, cases[i].name, cases[i].value, &err) == 0)
            fail_msg("%s takes '%s'", cases[i].name, cases[i].value);
        REFUSED_SAYING(ERROR_INPUT, cases[i].name,
                       param_set(&table, &t, cases[i].name, cases[i].value, &err));
        assert_memory_equal(&t, &before, sizeof t);
    }
}

static void refusals_say_what_is_allowed(void **state)
{
    struct target t;
    struct error err;
    (void)state;
    REFUSED_SAYING(ERROR_INPUT, "red, green", param_set(&table, &t, "choice", "blue", &err));
    REFUSED_SAYING(ERROR_INPUT, "-10 to 100", param_set(&table, &t, "number", "101", &err));
    REFUSED_SAYING(ERROR_INPUT, "7 bytes", param_set(&table, &t, "text", "12345678", &err));
}

static void a_secret_is_never_told(void **state)
{
    struct target t;
    struct error err;
    (void)state;
    REFUSED(ERROR_INPUT, param_set(&table, &t, "secret", "swordfish-swordfish", &err));
    assert_null(strstr(err.text, "swordfish"));
    REFUSED(ERROR_INPUT, param_set(&table, &t, "secret", "swordfish\n", &err));
    assert_null(strstr(err.text, "swordfish"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_set),
        cmocka_unit_test(values_are_taken_and_written_back),
        cmocka_unit_test(bad_values_are_refused),
        cmocka_unit_test(refusals_say_what_is_allowed),
        cmocka_unit_test(a_secret_is_never_told),
    };
    return cmocka_run_group_tests_name("param", tests, NULL, NULL);
}
