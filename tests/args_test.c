/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Command-line flags, and the order default < file < environment < flag.
 */
#include "unit.h"

#include "base/fd.h"
#include "cmd/cmd.h"
#include "page/options.h"

#include <unistd.h>

enum { MOST = 16 };

struct words {
    int argc;
    char *argv[MOST];
};

static struct words words_of(const char *const *texts)
{
    struct words l = {0};
    for (; texts[l.argc]; l.argc++)
        l.argv[l.argc] = (char *)(uintptr_t)texts[l.argc];
    return l;
}

#define LINE(...) words_of((const char *const[]){__VA_ARGS__, NULL})

static int parse(struct words *l, struct settings *s, struct options *o, struct error *err)
{
    const struct args_target targets[] = {{&options_table, o}, {&settings_table, s}};
    settings_defaults(s);
    param_defaults(&options_table, o);
    return args_parse(l->argc, l->argv, targets, COUNT(targets), err);
}

static void flags_and_words_are_told_apart(void **state)
{
    struct settings s;
    struct options o;
    struct error err;
    struct words l = LINE("a.pdf", "--page-timeout", "7", "--dpi=300", "-", "-l", "deu", "b.pdf",
                          "--strict", "c.pdf", "-p", "-4", "--", "--dpi=1", "--");
    (void)state;
    assert_int_equal(OK(parse(&l, &s, &o, &err)), 6);
    static const char *const kept[] = {"a.pdf", "-", "b.pdf", "c.pdf", "--dpi=1", "--"};
    for (size_t i = 0; i < COUNT(kept); i++)
        assert_string_equal(l.argv[i], kept[i]);
    assert_int_equal(s.page_timeout, 7);
    assert_int_equal(o.dpi, 300);
    assert_int_equal(s.dpi, 144); /* the first table that has the name */
    assert_string_equal(o.languages, "deu");
    assert_string_equal(o.pages, "-4");
    assert_true(o.strict);
}

static void forms_of_a_flag(void **state)
{
    static const char *const forms[][3] = {
        {"--max-pages=9"}, {"--max-pages", "9"}, {"--max_pages", "9"}, {"--max_pages=9"}};
    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct settings s;
        struct options o;
        struct error err;
        struct words l = words_of(forms[i]);
        assert_int_equal(OK(parse(&l, &s, &o, &err)), 0);
        assert_int_equal(s.max_pages, 9);
    }
}

static void switches(void **state)
{
    struct settings s;
    struct options o;
    struct error err;
    struct words on = LINE("--sandbox"), off = LINE("--sandbox=off"), empty = LINE("--tessdata=");
    (void)state;
    OK(parse(&on, &s, &o, &err));
    assert_true(s.sandbox);
    OK(parse(&off, &s, &o, &err));
    assert_false(s.sandbox);
    OK(parse(&empty, &s, &o, &err));
    assert_string_equal(s.tessdata, "");
}

static void bad_flags_are_refused(void **state)
{
    static const struct {
        const char *words[4], *says;
    } cases[] = {
        {{"--nonsense"}, "unknown flag --nonsense"},
        {{"--nonsense=1"}, "unknown flag --nonsense"},
        {{"-x"}, "unknown flag -x"},
        {{"-ldeu"}, "unknown flag -ldeu"},
        {{"--=3"}, "unknown flag"},
        {{"---"}, "unknown flag"},
        {{"--dpi"}, "--dpi needs a value"},
        {{"a.pdf", "-p"}, "-p needs a value"},
        {{"--dpi", "--strict"}, "dpi: '--strict'"},
        {{"--dpi="}, "dpi: ''"},
        {{"--strict=perhaps"}, "strict: 'perhaps'"},
        {{"--dpi=300", "--lanes", "-1"}, "lanes: '-1'"},
        {{"--a-flag-that-is-far-longer-than-the-name-of-any-setting-could-be-here"},
         "unknown flag"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct settings s;
        struct options o;
        struct error err;
        struct words l = words_of(cases[i].words);
        REFUSED_SAYING(ERROR_INPUT, cases[i].says, parse(&l, &s, &o, &err));
    }
}

static int write_config(char path[64])
{
    const char *text = "dpi: 200\nlanes: 2\npage_timeout: 20\ndata: /file\n";
    strcpy(path, "/tmp/pagemill-args-XXXXXX");
    auto_fd fd = mkstemp(path);
    return fd < 0 ? -1 : fd_write_full(fd, text, strlen(text), NULL);
}

static void flags_win_over_environment_over_file(void **state)
{
    struct settings s;
    struct error err;
    char path[64], flag[96];
    (void)state;
    assert_int_equal(write_config(path), 0);
    setenv("PAGEMILL_LANES", "3", 1);
    setenv("PAGEMILL_PAGE_TIMEOUT", "30", 1);
    snprintf(flag, sizeof flag, "--config=%s", path);
    struct words l = LINE("--page-timeout=40", flag, "word");
    assert_int_equal(OK(args_settings(l.argc, l.argv, &s, NULL, 0, &err)), 1);
    assert_string_equal(l.argv[0], "word");
    assert_int_equal(s.render_timeout, 60); /* default */
    assert_int_equal(s.dpi, 200);           /* file */
    assert_int_equal(s.lanes, 3);           /* environment */
    assert_int_equal(s.page_timeout, 40);   /* flag */
    assert_string_equal(s.database, "sqlite:/file/pagemill.db");
    unsetenv("PAGEMILL_LANES");
    unsetenv("PAGEMILL_PAGE_TIMEOUT");
    unlink(path);
}

static void the_file_is_named_by_flag_or_environment(void **state)
{
    struct settings s;
    struct error err;
    char path[64];
    (void)state;
    assert_int_equal(write_config(path), 0);
    setenv("PAGEMILL_CONFIG", path, 1);
    struct words none = {0};
    OK(args_settings(none.argc, none.argv, &s, NULL, 0, &err));
    assert_int_equal(s.dpi, 200);
    struct words other = LINE("--config", "/nowhere/x.yaml");
    REFUSED_SAYING(ERROR_INPUT, "/nowhere/x.yaml",
                   args_settings(other.argc, other.argv, &s, NULL, 0, &err));
    unsetenv("PAGEMILL_CONFIG");
    struct words cut = LINE("--config");
    REFUSED_SAYING(ERROR_INPUT, "--config needs a value",
                   args_settings(cut.argc, cut.argv, &s, NULL, 0, &err));
    unlink(path);
}

static void other_targets_come_first(void **state)
{
    struct settings s;
    struct options o;
    struct error err;
    const struct args_target other = {&options_table, &o};
    struct words l = LINE("--dpi=300", "--lanes=2", "--config=/dev/null");
    (void)state;
    param_defaults(&options_table, &o);
    OK(args_settings(l.argc, l.argv, &s, &other, 1, &err));
    assert_int_equal(o.dpi, 300);
    assert_int_equal(s.dpi, 144);
    assert_int_equal(s.lanes, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_and_words_are_told_apart),
        cmocka_unit_test(forms_of_a_flag),
        cmocka_unit_test(switches),
        cmocka_unit_test(bad_flags_are_refused),
        cmocka_unit_test(flags_win_over_environment_over_file),
        cmocka_unit_test(the_file_is_named_by_flag_or_environment),
        cmocka_unit_test(other_targets_come_first),
    };
    return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
