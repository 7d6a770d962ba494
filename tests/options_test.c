/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A job's options: by name, as JSON, normalised, and written back without the password.
 */
#include "unit.h"

#include "page/options.h"

static const struct settings *settings(void)
{
    static struct settings s;
    settings_defaults(&s);
    strcpy(s.engine, "clay");
    strcpy(s.languages, "fra");
    return &s;
}

static struct options standard(void)
{
    struct options o;
    memset(&o, 0, sizeof o);
    param_defaults(&options_table, &o);
    return o;
}

static int decode(struct options *o, const char *json, struct strbuf *metadata, struct error *err)
{
    struct extras extras = {0};
    *o = standard();
    int rc = options_decode(o, json, strlen(json), metadata ? &extras : NULL, err);
    if (metadata && extras.metadata.len)
        strbuf_add(metadata, extras.metadata.data, extras.metadata.len);
    extras_free(&extras);
    return rc;
}

static void every_option_is_set_by_name(void **state)
{
    static const struct {
        const char *name, *value;
    } cases[] = {
        {"engine", "tesseract"}, {"languages", "eng+deu"},
        {"pages", "1-3,7-"},     {"password", "swordfish"},
        {"text_layer", "text"},  {"dpi", "300"},
        {"priority", "-7"},      {"ttl", "60"},
        {"strict", "true"},      {"layout", "plain"},
        {"tables", "false"},     {"figures", "false"},
        {"rotate", "270"},
    };
    struct options o = standard();
    struct error err;
    (void)state;
    assert_int_equal(COUNT(cases), options_table.count);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[1024];
        OK(options_set(&o, cases[i].name, cases[i].value, &err));
        param_text(param_find(&options_table, cases[i].name), &o, text, sizeof text);
        assert_string_equal(text, cases[i].value);
    }
    OK(options_settle(&o, settings(), &err));
}

static void a_wish_is_made_of_the_options(void **state)
{
    struct options o = standard();
    struct error err;
    struct page_wish wish = options_wish(&o);
    (void)state;
    assert_int_equal(wish.text_layer, TEXT_LAYER_AUTO);
    assert_int_equal(wish.layout, LAYOUT_AUTO);
    assert_int_equal(wish.tables, 1);
    assert_int_equal(wish.rotate, PAGE_ROTATE_AUTO);
    OK(options_set(&o, "rotate", "0", &err));
    OK(options_set(&o, "figures", "no", &err));
    wish = options_wish(&o);
    assert_int_equal(wish.figures, 0);
    assert_int_equal(wish.rotate, 0);
    OK(options_set(&o, "rotate", "270", &err));
    assert_int_equal(options_wish(&o).rotate, 270);
}

static void what_is_left_empty_is_the_settings(void **state)
{
    struct options o = standard();
    struct error err;
    (void)state;
    OK(options_settle(&o, settings(), &err));
    assert_string_equal(o.engine, "clay");
    assert_string_equal(o.languages, "fra");
    OK(options_set(&o, "engine", "stone", &err));
    OK(options_settle(&o, settings(), &err));
    assert_string_equal(o.engine, "stone");
}

static void unknown_options_are_refused_by_name(void **state)
{
    struct options o;
    struct error err;
    (void)state;
    o = standard();
    REFUSED_SAYING(ERROR_INPUT, "'colour'", options_set(&o, "colour", "red", &err));
    REFUSED_SAYING(ERROR_INPUT, "'colour'", decode(&o, "{\"colour\":\"red\"}", NULL, &err));
    REFUSED_SAYING(ERROR_INPUT, "'colour'", decode(&o, "{\"colour\":null}", NULL, &err));
    REFUSED_SAYING(ERROR_INPUT, "'colour'", decode(&o, "{\"colour\":{}}", NULL, &err));
    REFUSED_SAYING(ERROR_INPUT, "'metadata'", decode(&o, "{\"metadata\":{}}", NULL, &err));
    REFUSED_SAYING(ERROR_INPUT, "'metadata'", decode(&o, "{\"metadata\":null}", NULL, &err));
}

static void languages_are_normalised(void **state)
{
    static const struct {
        const char *name, *value, *languages;
    } cases[] = {
        {"languages", "eng", "eng"},
        {"language", "deu", "deu"},
        {"languages", "eng,deu", "eng+deu"},
        {"languages", "eng deu", "eng+deu"},
        {"languages", "eng, deu", "eng+deu"},
        {"languages", " eng , deu+fra ", "eng+deu+fra"},
        {"languages", "chi_sim", "chi_sim"},
        {"languages", "script/Latin", "script/Latin"},
        {"languages", "", "fra"}, /* the setting */
        {"languages", " ", "fra"},
        {"languages", "+eng++deu+", "eng+deu"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options o = standard();
        struct error err;
        OK(options_set(&o, cases[i].name, cases[i].value, &err));
        OK(options_settle(&o, settings(), &err));
        assert_string_equal(o.languages, cases[i].languages);
    }
}

static void bad_combinations_are_refused(void **state)
{
    static const struct {
        const char *name, *value, *says;
    } cases[] = {
        {"languages", "../eng", "languages"},
        {"languages", "eng;rm", "languages"},
        {"languages", "eng\xC3\xA9", "languages"},
        {"languages", "eng.traineddata", "languages"},
        {"pages", "3-1", "pages"},
        {"pages", "x", "pages"},
        {"pages", "0", "pages"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options o = standard();
        struct error err;
        OK(options_set(&o, cases[i].name, cases[i].value, &err));
        REFUSED_SAYING(ERROR_INPUT, cases[i].says, options_settle(&o, settings(), &err));
    }
}

static void json_is_taken(void **state)
{
    struct options o;
    struct error err;
    auto_strbuf metadata = {0};
    (void)state;
    OK(decode(&o,
              "{\"engine\":\"tesseract\",\"languages\":[\"eng\",\"deu\"],\"pages\":\"2\","
              "\"dpi\":200,\"strict\":true,\"text_layer\":null,\"password\":\"p\\u00e4ss\","
              "\"metadata\":{ \"b\" : [1, 2], \"a\":\"\\u00e4\" }}",
              &metadata, &err));
    assert_string_equal(o.engine, "tesseract");
    assert_string_equal(o.languages, "eng+deu");
    assert_string_equal(o.pages, "2");
    assert_int_equal(o.dpi, 200);
    assert_true(o.strict);
    assert_int_equal(o.text_layer, TEXT_LAYER_AUTO);
    assert_string_equal(o.password, "p\xC3\xA4ss");
    assert_string_equal(strbuf_str(&metadata), "{\"b\":[1,2],\"a\":\"\xC3\xA4\"}");
    OK(decode(&o, "{}", NULL, &err));
    OK(decode(&o, " {\"pages\": 3, \"dpi\": \"96\"} ", NULL, &err));
    assert_string_equal(o.pages, "3");
    assert_int_equal(o.dpi, 96);
}

static void bad_json_is_refused(void **state)
{
    static const struct {
        const char *json, *says;
    } cases[] = {
        {"", "JSON"},
        {"[]", "JSON object"},
        {"\"x\"", "JSON"},
        {"null", "JSON"},
        {"{\"dpi\":300", "JSON"},
        {"{\"dpi\":300}x", "JSON"},
        {"{\"dpi\":300,\"dpi\":301}", "JSON"},
        {"{\"engine\":\"\xFF\"}", "JSON"},
        {"{\"engine\":\"a\\u0000b\"}", "JSON"},
        {"{\"dpi\":1.5}", "'dpi'"},
        {"{\"dpi\":{}}", "'dpi'"},
        {"{\"dpi\":[300]}", "'dpi'"},
        {"{\"dpi\":true}", "dpi"},
        {"{\"dpi\":35}", "dpi"},
        {"{\"dpi\":1201}", "dpi"},
        {"{\"dpi\":99999999999999999999}", "JSON"},
        {"{\"strict\":2}", "strict"},
        {"{\"strict\":[]}", "'strict'"},
        {"{\"strict\":\"maybe\"}", "strict"},
        {"{\"engine\":{\"name\":\"x\"}}", "'engine'"},
        {"{\"engine\":[\"a\",\"b\"]}", "'engine'"},
        {"{\"password\":[\"a\",\"b\"]}", "'password'"},
        {"{\"pages\":[\"1\",\"2\"]}", "'pages'"},
        {"{\"languages\":[\"eng\",1]}", "'languages'"},
        {"{\"languages\":[[\"eng\"]]}", "'languages'"},
        {"{\"text_layer\":\"both\"}", "ocr, text"},
        {"{\"ttl\":0}", "ttl"},
        {"{\"engine\":\"a\\nb\"}", "engine"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options o;
        struct error err = {0};
        if (decode(&o, cases[i].json, NULL, &err) == 0)
            fail_msg("taken: %s", cases[i].json);
        REFUSED_SAYING(ERROR_INPUT, cases[i].says, decode(&o, cases[i].json, NULL, &err));
    }
}

static void a_value_too_long_is_refused(void **state)
{
    struct options o;
    struct error err;
    auto_strbuf json = {0};
    (void)state;
    strbuf_adds(&json, "{\"password\":\"");
    for (int i = 0; i < 128; i++)
        strbuf_addc(&json, 'p');
    strbuf_adds(&json, "\"}");
    REFUSED_SAYING(ERROR_INPUT, "password: longer", decode(&o, json.data, NULL, &err));
    assert_null(strstr(err.text, "ppp"));
}

static void an_error_never_quotes_the_request(void **state)
{
    static const char *const cases[] = {
        "{\"password\": swordfish}",           "{\"password\": \"swordfish",
        "{\"password\": \"swordfish\" \"x\"}", "{\"password\": \"swordfish\n\"}",
        "{\"password\": [\"swordfish\"]}",     "swordfish",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options o;
        struct error err;
        REFUSED(ERROR_INPUT, decode(&o, cases[i], NULL, &err));
        assert_null(strstr(err.text, "fish"));
    }
    struct error err;
    auto_strbuf metadata = {0};
    REFUSED(ERROR_INPUT, options_metadata("{\"a\": swordfish}", 16, &metadata, &err));
    assert_null(strstr(err.text, "fish"));
}

static void metadata_is_capped(void **state)
{
    struct options o;
    struct error err;
    (void)state;
    for (int over = 0; over <= 1; over++) {
        auto_strbuf json = {0}, metadata = {0};
        strbuf_adds(&json, "\"");
        for (int i = 0; i < OPTIONS_METADATA - 2 + over; i++)
            strbuf_addc(&json, 'm');
        strbuf_adds(&json, "\"");
        auto_strbuf whole = {0};
        strbuf_addf(&whole, "{\"metadata\":%s}", json.data);
        if (over) {
            REFUSED_SAYING(ERROR_INPUT, "metadata",
                           options_metadata(json.data, json.len, &metadata, &err));
            REFUSED_SAYING(ERROR_INPUT, "metadata", decode(&o, whole.data, &metadata, &err));
            assert_int_equal(metadata.len, 0);
        } else {
            OK(options_metadata(json.data, json.len, &metadata, &err));
            assert_string_equal(metadata.data, json.data);
            strbuf_clear(&metadata);
            OK(decode(&o, whole.data, &metadata, &err));
            assert_string_equal(metadata.data, json.data);
        }
    }
}

static void metadata_is_any_json(void **state)
{
    static const struct {
        const char *json, *compact; /* NULL: refused */
    } cases[] = {
        {" 7 ", "7"},
        {"null", "null"},
        {"\"x\"", "\"x\""},
        {"[ 1 , {} ]", "[1,{}]"},
        {"", NULL},
        {"x", NULL},
        {"{\"a\":1,\"a\":2}", NULL},
        {"1 2", NULL},
        {"\"\\u0000\"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err;
        auto_strbuf out = {0};
        if (cases[i].compact) {
            OK(options_metadata(cases[i].json, strlen(cases[i].json), &out, &err));
            assert_string_equal(strbuf_str(&out), cases[i].compact);
        } else {
            REFUSED_SAYING(ERROR_INPUT, "metadata",
                           options_metadata(cases[i].json, strlen(cases[i].json), &out, &err));
        }
    }
}

static void extras_come_by_field_or_by_object(void **state)
{
    static const struct {
        const char *name, *value;
    } ways[][4] = {
        {{"webhook_url", "https://a.example/"},
         {"webhook_secret", "s"},
         {"webhook_events", "failed,completed"},
         {"force", "true"}},
        {{"options",
          "{\"webhook\":{\"url\":\"https://a.example/\",\"secret\":\"s\",\"events\":[\"failed\","
          "\"completed\"]},\"force\":true}"}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct extras extras = {0};
        struct options o = standard();
        struct error err;
        for (size_t k = 0; k < COUNT(ways[i]) && ways[i][k].name; k++)
            OK(extras_set(&extras, &o, ways[i][k].name, ways[i][k].value, &err));
        assert_string_equal(extras.webhook_url, "https://a.example/");
        assert_string_equal(extras.webhook_secret, "s");
        assert_string_equal(extras.webhook_events, "failed,completed");
        assert_true(extras.force);
        extras_free(&extras);
    }
}

static void extras_are_refused_by_name(void **state)
{
    static const struct {
        const char *name, *value, *says;
    } cases[] = {
        {"force", "perhaps", "force"},
        {"colour", "red", "'colour'"},
        {"options", "{\"webhook\":\"https://a.example/\"}", "webhook"},
        {"options", "{\"webhook\":{\"colour\":\"red\"}}", "webhook_colour"},
        {"options", "{\"webhook\":{\"url\":{}}}", "webhook_url"},
        {"options", "{\"force\":[]}", "force"},
        {"metadata", "{", "metadata"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct extras extras = {0};
        struct options o = standard();
        struct error err;
        REFUSED_SAYING(ERROR_INPUT, cases[i].says,
                       extras_set(&extras, &o, cases[i].name, cases[i].value, &err));
        extras_free(&extras);
    }
}

/* A form in a browser sends all of its fields. */
static void empty_fields_say_nothing(void **state)
{
    static const char *const names[] = {"options",        "metadata", "webhook_url",
                                        "webhook_secret", "file_url", "webhook_events"};
    struct extras extras = {0};
    struct options o = standard();
    struct error err;
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        OK(extras_set(&extras, &o, names[i], "", &err));
    assert_int_equal(extras.metadata.len, 0);
    extras_free(&extras);
}

static void metadata_said_twice_is_the_last(void **state)
{
    struct extras extras = {0};
    struct options o = standard();
    struct error err;
    (void)state;
    OK(extras_set(&extras, &o, "metadata", "[1]", &err));
    OK(extras_set(&extras, &o, "options", "{\"metadata\":{}}", &err));
    assert_string_equal(strbuf_str(&extras.metadata), "{}");
    extras_free(&extras);
}

static void encoding_reads_back_without_the_password(void **state)
{
    struct options o, back;
    struct error err;
    auto_strbuf first = {0}, second = {0};
    (void)state;
    OK(decode(&o,
              "{\"engine\":\"x\\\"y\",\"languages\":\"eng+deu\",\"pages\":\"1-3\",\"dpi\":200,"
              "\"priority\":-3,\"ttl\":99,\"strict\":true,\"text_layer\":\"text\","
              "\"password\":\"swordfish\"}",
              NULL, &err));
    options_encode(&o, &first);
    assert_null(strstr(first.data, "swordfish"));
    assert_null(strstr(first.data, "password"));
    OK(decode(&back, first.data, NULL, &err));
    assert_string_equal(back.password, "");
    memset(o.password, 0, sizeof o.password);
    assert_memory_equal(&o, &back, sizeof o);
    options_encode(&back, &second);
    assert_string_equal(first.data, second.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_set_by_name),
        cmocka_unit_test(a_wish_is_made_of_the_options),
        cmocka_unit_test(what_is_left_empty_is_the_settings),
        cmocka_unit_test(unknown_options_are_refused_by_name),
        cmocka_unit_test(languages_are_normalised),
        cmocka_unit_test(bad_combinations_are_refused),
        cmocka_unit_test(json_is_taken),
        cmocka_unit_test(bad_json_is_refused),
        cmocka_unit_test(a_value_too_long_is_refused),
        cmocka_unit_test(an_error_never_quotes_the_request),
        cmocka_unit_test(metadata_is_capped),
        cmocka_unit_test(metadata_is_any_json),
        cmocka_unit_test(extras_come_by_field_or_by_object),
        cmocka_unit_test(extras_are_refused_by_name),
        cmocka_unit_test(empty_fields_say_nothing),
        cmocka_unit_test(metadata_said_twice_is_the_last),
        cmocka_unit_test(encoding_reads_back_without_the_password),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
