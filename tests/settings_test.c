/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The settings table itself, the environment, and what is filled in at the end.
 */
#include "unit.h"

#include "base/settings.h"

#include <ctype.h>
#include <unistd.h>

static void environment_name(const struct param *row, char out[96])
{
    size_t n = (size_t)snprintf(out, 96, "PAGEMILL_%s", row->name);
    for (size_t i = 0; i < n; i++)
        out[i] = (char)toupper((unsigned char)out[i]);
}

static int clear_environment(void **state)
{
    char name[96];
    (void)state;
    for (size_t i = 0; i < settings_table.count; i++) {
        environment_name(&settings_table.rows[i], name);
        unsetenv(name);
        if (settings_table.rows[i].alias_env)
            unsetenv(settings_table.rows[i].alias_env);
    }
    return 0;
}

static void the_table_is_sound(void **state)
{
    struct settings s;
    (void)state;
    settings_defaults(&s);
    for (size_t i = 0; i < settings_table.count; i++) {
        const struct param *row = &settings_table.rows[i];
        assert_int_equal(strspn(row->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(row->name));
        assert_ptr_equal(param_find(&settings_table, row->name), row); /* no name twice */
        assert_true(row->offset + row->size <= sizeof s);
        assert_true(row->metavar && *row->metavar);
        assert_int_equal(row->doc[strlen(row->doc) - 1], '.');
        assert_true(row->min <= row->max);
        assert_true(row->type == PARAM_TEXT || row->size == sizeof(int64_t) ||
                    (row->type == PARAM_BOOL && row->size == sizeof(bool)));
    }
    assert_true(param_find(&settings_table, "auth_token")->flags & PARAM_SECRET);
}

static void defaults_are_safe(void **state)
{
    struct settings s;
    (void)state;
    settings_defaults(&s);
    assert_string_equal(s.listen, "127.0.0.1:8000");
    assert_string_equal(s.auth_token, "");
    assert_true(s.sandbox);
    assert_int_equal(s.max_upload, INT64_C(1) << 30);
    assert_int_equal(s.worker_memory, INT64_C(2) << 30);
}

/* Another value than the default, for any row. */
static const char *other_value(const struct param *row)
{
    switch (row->type) {
    case PARAM_TEXT:
        return "other";
    case PARAM_BOOL:
        return strcmp(row->standard, "on") == 0 ? "off" : "on";
    case PARAM_CHOICE:
        return row->choices[strcmp(row->choices[0], row->standard) == 0];
    default:
        return NULL;
    }
}

static void every_setting_is_in_the_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < settings_table.count; i++) {
        const struct param *row = &settings_table.rows[i];
        struct settings s;
        struct error err;
        char name[96], value[64], text[64], before[2048];
        const char *other = other_value(row);
        snprintf(value, sizeof value, "%lld", (long long)(row->max / 2 + 1));
        settings_defaults(&s);
        param_text(row, &s, before, sizeof before);
        environment_name(row, name);
        setenv(name, other ? other : value, 1);
        OK(settings_environment(&s, &err));
        param_text(row, &s, text, sizeof text);
        assert_string_not_equal(text, before);
        clear_environment(NULL);
    }
}

static void our_name_wins_over_the_alias(void **state)
{
    struct settings s;
    struct error err;
    (void)state;
    settings_defaults(&s);
    setenv("DATABASE_URL", "sqlite:/alias", 1);
    setenv("AUTH_TOKEN", "alias", 1);
    OK(settings_environment(&s, &err));
    assert_string_equal(s.database, "sqlite:/alias");
    assert_string_equal(s.auth_token, "alias");
    setenv("PAGEMILL_DATABASE", "sqlite:/own", 1);
    setenv("PAGEMILL_AUTH_TOKEN", "own", 1);
    OK(settings_environment(&s, &err));
    assert_string_equal(s.database, "sqlite:/own");
    assert_string_equal(s.auth_token, "own");
}

static void a_bad_environment_is_refused(void **state)
{
    struct settings s;
    struct error err;
    (void)state;
    settings_defaults(&s);
    setenv("PAGEMILL_DPI", "many", 1);
    REFUSED_SAYING(ERROR_INPUT, "environment: dpi: 'many'", settings_environment(&s, &err));
    assert_int_equal(s.dpi, 144);
    clear_environment(NULL);
    setenv("PAGEMILL_AUTH_TOKEN", "swordfish\n", 1);
    REFUSED_SAYING(ERROR_INPUT, "auth_token", settings_environment(&s, &err));
    assert_null(strstr(err.text, "swordfish"));
}

static void the_rest_is_filled_in(void **state)
{
    struct settings s;
    struct error err;
    char self[1024];
    (void)state;
    settings_defaults(&s);
    snprintf(s.data, sizeof s.data, "/tmp/x");
    OK(settings_complete(&s, &err));
    assert_string_equal(s.database, "sqlite:/tmp/x/pagemill.db");
    assert_string_equal(s.blobs, "dir:/tmp/x/blobs");
    assert_string_equal(s.models, "/tmp/x/models");
    assert_true(s.lanes >= 1);
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 6);
    assert_true(n > 0);
    memcpy(self + n, "-work", 6);
    assert_string_equal(s.work_program, self);
}

static void what_is_set_stays(void **state)
{
    struct settings s, before;
    struct error err;
    (void)state;
    settings_defaults(&s);
    snprintf(s.data, sizeof s.data, "/data");
    snprintf(s.database, sizeof s.database, "sqlite::memory:");
    snprintf(s.blobs, sizeof s.blobs, "memory:");
    snprintf(s.models, sizeof s.models, "/models");
    snprintf(s.work_program, sizeof s.work_program, "/opt/pagemill-work");
    s.lanes = 3;
    before = s;
    OK(settings_complete(&s, &err));
    assert_memory_equal(&s, &before, sizeof s);
}

static void data_lives_where_it_should(void **state)
{
    struct settings s;
    struct error err;
    (void)state;
    setenv("HOME", "/home/ann", 1);
    unsetenv("XDG_DATA_HOME");
    settings_defaults(&s);
    OK(settings_complete(&s, &err));
    bool root = geteuid() == 0;
    assert_string_equal(s.data, root ? "/var/lib/pagemill" : "/home/ann/.local/share/pagemill");
    setenv("XDG_DATA_HOME", "/xdg", 1);
    settings_defaults(&s);
    OK(settings_complete(&s, &err));
    assert_string_equal(s.data, root ? "/var/lib/pagemill" : "/xdg/pagemill");
    unsetenv("HOME");
    settings_defaults(&s);
    OK(settings_complete(&s, &err));
    assert_string_equal(s.data, "/var/lib/pagemill");
}

static void a_path_too_long_is_refused(void **state)
{
    struct settings s;
    struct error err;
    (void)state;
    settings_defaults(&s);
    memset(s.data, 'd', sizeof s.data - 1);
    REFUSED_SAYING(ERROR_INPUT, "path too long", settings_complete(&s, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(defaults_are_safe),
        cmocka_unit_test_setup(every_setting_is_in_the_environment, clear_environment),
        cmocka_unit_test_setup_teardown(our_name_wins_over_the_alias, clear_environment,
                                        clear_environment),
        cmocka_unit_test_setup_teardown(a_bad_environment_is_refused, clear_environment,
                                        clear_environment),
        cmocka_unit_test(the_rest_is_filled_in),
        cmocka_unit_test(what_is_set_stays),
        cmocka_unit_test(data_lives_where_it_should),
        cmocka_unit_test(a_path_too_long_is_refused),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
