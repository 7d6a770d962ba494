/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill.yaml: what it takes, and that everything else is refused with file and line.
 */
#include "unit.h"

#include "base/fd.h"
#include "cmd/cmd.h"

#include <fcntl.h>
#include <unistd.h>

static char path[256];

static int make_path(void **state)
{
    const char *base = getenv("TMPDIR");
    (void)state;
    snprintf(path, sizeof path, "%s/pagemill-config-XXXXXX", base ? base : "/tmp");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

static int read_bytes(struct settings *s, const char *bytes, size_t len, struct error *err)
{
    auto_fd fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_full(fd, bytes, len, NULL), 0);
    settings_defaults(s);
    return config_file_read(path, s, err);
}

static int read_text(struct settings *s, const char *text, struct error *err)
{
    return read_bytes(s, text, strlen(text), err);
}

static void a_good_file_is_read(void **state)
{
    struct settings s;
    struct error err;
    (void)state;
    OK(read_text(&s,
                 "# comment\n"
                 "listen: 0.0.0.0:80\n"
                 "page-timeout: 7   # hyphens as on the command line\n"
                 "max_upload: 2M\n"
                 "sandbox: off\n"
                 "auth_token: \"a: b\"\n"
                 "engine: 'x y'\n"
                 "log_format: json\n"
                 "database:\n",
                 &err));
    assert_string_equal(s.listen, "0.0.0.0:80");
    assert_int_equal(s.page_timeout, 7);
    assert_int_equal(s.max_upload, 2 << 20);
    assert_false(s.sandbox);
    assert_string_equal(s.auth_token, "a: b");
    assert_string_equal(s.engine, "x y");
    assert_int_equal(s.log_format, 2);
    assert_string_equal(s.database, "");
}

static void other_spellings_of_a_mapping(void **state)
{
    static const char *const texts[] = {"---\ndpi: 300\n", "---\ndpi: 300\n...\n", "{dpi: 300}",
                                        "dpi: 300", "\xEF\xBB\xBF{dpi: 300}"};
    struct settings s;
    struct error err;
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        OK(read_text(&s, texts[i], &err));
        assert_int_equal(s.dpi, 300);
    }
}

static void a_file_without_settings_is_none(void **state)
{
    struct settings s, standard;
    struct error err;
    (void)state;
    settings_defaults(&standard);
    OK(read_text(&s, "", &err));
    assert_memory_equal(&s, &standard, sizeof s);
    OK(read_text(&s, "# nothing\n\n", &err));
    assert_memory_equal(&s, &standard, sizeof s);
}

static void bad_files_are_refused_by_line(void **state)
{
    static const struct {
        const char *text, *says, *also;
    } cases[] = {
        {"dpi: 300\nlanez: 2\n", "line 2", "'lanez'"},
        {"dpi: 300\n\n\nlanes: many\n", "line 4", "lanes: 'many'"},
        {"dpi:\n  x: 1\n", "line 2", "single value"},
        {"dpi: 300\nlanes: [1, 2]\n", "line 2", "single value"},
        {"dpi: 300\nlanes:\n- 1\n", "line 3", "single value"},
        {"- dpi\n- lanes\n", "line 1", "name: value"},
        {"just words\n", "line 1", "name: value"},
        {"dpi: &a 300\nlanes: *a\n", "line 1", "anchor"},
        {"dpi: 300\nlanes: *a\n", "line 2", ""},
        {"&x {dpi: 300}\n", "line 1", "anchor"},
        {"? [a]\n: 1\n", "line 1", "name"},
        {"dpi: 300\n---\nlanes: 2\n", "line 2", "one document"},
        {"dpi: 300\n...\nlanes: 2\n", "line 3", "document"},
        {"dpi: 300\nengine: \"unclosed\n", "line", ""},
        {"{dpi: 300", "line", ""},
        {"dpi: 300\n\tlanes: 2\n", "line 2", ""},
        {"dpi: 300\nengine: \"a\\0b\"\n", "line 2", "single value"},
        {"\"dpi\\0x\": 300\n", "line 1", "name"},
        {"dpi: 300\ndpi: 301\n", "line 2", "twice"},
        {"dpi: 300\nengine: \"a\\nb\"\n", "line 2", "engine"},
        {"a_name_that_is_longer_than_any_setting_could_ever_be_in_this_program: 1\n", "line 1",
         "name"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct settings s;
        struct error err = {0};
        if (read_text(&s, cases[i].text, &err) == 0)
            fail_msg("taken: %s", cases[i].text);
        if (!strstr(err.text, cases[i].says) || !strstr(err.text, cases[i].also) ||
            strncmp(err.text, path, strlen(path)) != 0)
            fail_msg("row %zu: \"%s\" does not say %s and %s", i, err.text, cases[i].says,
                     cases[i].also);
        assert_int_equal(err.class, ERROR_INPUT);
    }
}

static void rubbish_is_refused(void **state)
{
    char bytes[4096];
    uint32_t seed = 1;
    struct settings s;
    struct error err;
    (void)state;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
        REFUSED_SAYING(ERROR_INPUT, "line", read_bytes(&s, bytes, sizeof bytes, &err));
    }
    REFUSED_SAYING(ERROR_INPUT, "line", read_bytes(&s, "dpi: \xFF\xFF\n", 8, &err));
    REFUSED_SAYING(ERROR_INPUT, "line", read_bytes(&s, "\0\0\0\0", 4, &err));
}

static void a_secret_is_never_told(void **state)
{
    struct settings s;
    struct error err;
    (void)state;
    REFUSED(ERROR_INPUT, read_text(&s, "auth_token: \"swordfish\\n\"\n", &err));
    assert_null(strstr(err.text, "swordfish"));
    REFUSED(ERROR_INPUT, read_text(&s, "auth_token: [swordfish]\n", &err));
    assert_null(strstr(err.text, "swordfish"));
}

static void an_absent_file_is_refused(void **state)
{
    struct settings s;
    struct error err;
    (void)state;
    settings_defaults(&s);
    int before = unit_descriptors();
    REFUSED_SAYING(ERROR_INPUT, "/nowhere/pagemill.yaml",
                   config_file_read("/nowhere/pagemill.yaml", &s, &err));
    REFUSED(ERROR_INPUT, config_file_read("/", &s, &err));
    REFUSED(ERROR_INPUT, read_text(&s, "x", &err));
    assert_int_equal(unit_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_is_read),
        cmocka_unit_test(other_spellings_of_a_mapping),
        cmocka_unit_test(a_file_without_settings_is_none),
        cmocka_unit_test(bad_files_are_refused_by_line),
        cmocka_unit_test(rubbish_is_refused),
        cmocka_unit_test(a_secret_is_never_told),
        cmocka_unit_test(an_absent_file_is_refused),
    };
    return cmocka_run_group_tests_name("config_file", tests, make_path, remove_path);
}
