/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A page result from a worker that lies: every case is refused with ERROR_BUG, at a bounded price,
 * and nothing of the document is quoted. Then a mutation fuzz with a fixed seed.
 */
#include "unit.h"

#include "base/utf8.h"
#include "page_sample.h"

/* What the sample lacks: a table with cells, a figure with its caption, fonts, joins, a score. */
#define RICH_LINE(text, font)                                                                \
    "{\"text\":\"" text "\",\"polygon\":[[10,60],[90,60],[90,80],[10,80]],\"confidence\":1," \
    "\"font\":{" font "},\"words\":[]}"
#define RICH_JSON                                                                                \
    "{\"page\":3,\"width\":1000,\"height\":1400,\"unit\":\"px\",\"dpi\":144,\"rotation\":0,"     \
    "\"skew\":0,\"source\":\"verified\",\"text_layer_score\":0.915,\"engine\":\"tesseract\","    \
    "\"language\":\"eng\",\"confidence\":1,\"duration_ms\":1,\"stages_ms\":{\"layout\":0.5},"    \
    "\"blocks\":[{\"id\":0,\"type\":\"table\",\"bbox\":[10,60,210,100],\"order\":0,"             \
    "\"confidence\":1,"                                                                          \
    "\"continued\":true,\"rows\":2,\"cols\":2,\"cells\":["                                       \
    "{\"row\":0,\"col\":0,\"rowspan\":1,\"colspan\":2,\"header\":true,\"text\":\"two\\nlines\"," \
    "\"bbox\":[10,60,210,80]},"                                                                  \
    "{\"row\":1,\"col\":0,\"rowspan\":1,\"colspan\":1,\"header\":false,\"text\":\"\","           \
    "\"bbox\":[10,80,110,100]},"                                                                 \
    "{\"row\":1,\"col\":1,\"rowspan\":1,\"colspan\":1,\"header\":false,\"text\":\"7\","          \
    "\"bbox\":[110,80,210,100]}],"                                                               \
    "\"lines\":[" RICH_LINE(                                                                     \
        "two",                                                                                   \
        "\"size\":20,\"bold\":true") "]},"                                                       \
                                     "{\"id\":1,\"type\":\"figure\",\"bbox\":[10,200,90,300],"   \
                                     "\"order\":1,\"confidence\":1,"                             \
                                     "\"caption\":2,\"image\":\"2_0.jpg\",\"lines\":[]},"        \
                                     "{\"id\":2,\"type\":\"figure_caption\",\"bbox\":[10,60,90," \
                                     "80],\"order\":2,\"confidence\":1,"                         \
                                     "\"continues\":true,\"lines\":[" RICH_LINE(                 \
                                         "ship",                                                 \
                                         "\"italic\":true,\"mono\":true") "]}],"                 \
                                                                          "\"warnings\":[]}"

/* `whole` with the first `from` replaced by `to`; "" puts `to` at the end. */
static void edited_in(struct strbuf *out, const char *whole, const char *from, const char *to,
                      size_t to_len)
{
    const char *at = *from ? strstr(whole, from) : whole + strlen(whole);
    if (!at)
        fail_msg("the sample has no %s", from);
    strbuf_add(out, whole, (size_t)(at - whole));
    strbuf_add(out, to, to_len);
    strbuf_adds(out, at + strlen(from));
}

static void edited(struct strbuf *out, const char *from, const char *to, size_t to_len)
{
    edited_in(out, SAMPLE_JSON, from, to, to_len);
}

static void refused(const char *json, size_t len, const char *says, const char *what)
{
    struct page *p = (struct page *)(uintptr_t)1;
    struct error err = {0};
    if (page_decode(&p, json, len, &err) == 0)
        fail_msg("taken: %s", what);
    assert_ptr_equal(p, (struct page *)(uintptr_t)1);
    assert_int_equal(err.class, ERROR_BUG);
    if (!strstr(err.text, says))
        fail_msg("%s: \"%s\" does not say \"%s\"", what, err.text, says);
}

static const struct edit {
    const char *from, *to, *says;
} edits[] = {
    /* the head: absent, of another type, out of range */
    {"\"page\":1,", "", "page"},
    {"\"page\":1", "\"page\":0", "page"},
    {"\"page\":1", "\"page\":-1", "page"},
    {"\"page\":1", "\"page\":2147483648", "page"},
    {"\"page\":1", "\"page\":1.0", "page"},
    {"\"page\":1", "\"page\":\"1\"", "page"},
    {"\"page\":1", "\"page\":null", "page"},
    {"\"page\":1", "\"page\":[1]", "page"},
    {"\"page\":1", "\"page\":true", "page"},
    {"\"page\":1", "\"page\":9223372036854775808", "JSON"},
    {"\"page\":1", "\"page\":1e400", "JSON"},
    {"\"width\":1000", "\"width\":0", "width"},
    {"\"width\":1000", "\"width\":200001", "width"},
    {"\"height\":1400", "\"height\":-1400", "height"},
    {"\"height\":1400", "\"height\":{}", "height"},
    {"\"unit\":\"px\",", "", "unit"},
    {"\"unit\":\"px\"", "\"unit\":\"pt\"", "unit"},
    {"\"unit\":\"px\"", "\"unit\":1", "unit"},
    {"\"dpi\":144", "\"dpi\":0", "dpi"},
    {"\"dpi\":144", "\"dpi\":10001", "dpi"},
    {"\"rotation\":90", "\"rotation\":45", "rotation"},
    {"\"rotation\":90", "\"rotation\":360", "rotation"},
    {"\"rotation\":90", "\"rotation\":-90", "rotation"},
    {"\"skew\":-1.25", "\"skew\":90.5", "skew"},
    {"\"skew\":-1.25", "\"skew\":NaN", "skew"},
    {"\"skew\":-1.25", "\"skew\":-Infinity", "JSON"},
    {"\"skew\":-1.25", "\"skew\":null", "skew"},
    {"\"skew\":-1.25", "\"skew\":1e999", "JSON"},
    {"\"source\":\"ocr\"", "\"source\":\"dream\"", "source"},
    {"\"source\":\"ocr\"", "\"source\":0", "source"},
    {"\"source\":\"ocr\",", "", "source"},
    {"\"engine\":\"tesseract\"", "\"engine\":7", "engine"},
    {"\"engine\":\"tesseract\"", "\"engine\":\"a\\u0000b\"", "JSON"},
    {"\"engine\":\"tesseract\"", "\"engine\":\"a\\nb\"", "engine"},
    {"\"language\":\"eng\",", "", "language"},
    {"\"confidence\":0.8,\"d", "\"confidence\":1.01,\"d", "confidence"},
    {"\"confidence\":0.8,\"d", "\"confidence\":-0.1,\"d", "confidence"},
    {"\"confidence\":0.8,\"d", "\"confidence\":\"0.8\",\"d", "confidence"},
    {"\"duration_ms\":1234", "\"duration_ms\":-1", "duration_ms"},
    {"\"detect\":12.5", "\"detect\":-1", "stages_ms"},
    {"\"detect\":12.5", "\"dance\":\"x\"", "stages_ms"},
    {"{\"detect\":12.5,\"network\":80}", "[]", "stages_ms"},
    {"\"duration_ms\":1234", "\"duration_ms\":1.5", "duration_ms"},
    {"\"page\":1", "\"page\":1,\"page\":1", "JSON"},
    {"\"page\":1", "\"page\":1,\"extra\":1", "unknown key"},
    {"\"page\":1", "\"page\":1,\"\":1", "unknown key"},
    {"\"page\":1", "\"page\":1,\"a\\u0000\":1", "JSON"},
    {"\"blocks\":[{", "\"blocks\":[7,{", "object"},
    {"\"blocks\":[{", "\"blocks\":[[],{", "object"},
    {"\"blocks\":[{", "\"blocks\":[null,{", "object"},
    {",\"warnings\":[{\"code\":\"reduced\",\"message\":\"rendered at 96 dpi\"}]", "", "warnings"},
    {"\"warnings\":[{", "\"warnings\":[7,{", "object"},
    {"\"code\":\"reduced\",", "", "code"},
    {"\"code\":\"reduced\"", "\"code\":7", "code"},
    {"\"message\":\"rendered at 96 dpi\"", "\"message\":\"a\\u001b[31m\"", "message"},
    {"\"message\":\"rendered at 96 dpi\"", "\"message\":\"m\",\"more\":1", "unknown key"},
    /* blocks */
    {"\"id\":0", "\"id\":-1", "id"},
    {"\"id\":0", "\"id\":\"0\"", "id"},
    {"\"id\":0,", "", "id"},
    {"\"type\":\"heading\"", "\"type\":\"poem\"", "type"},
    {"\"type\":\"heading\"", "\"type\":0", "type"},
    {"\"type\":\"heading\",", "", "type"},
    {"\"level\":2", "\"level\":0", "level"},
    {"\"level\":2", "\"level\":17", "level"},
    {"\"level\":2", "\"level\":null", "level"},
    {"\"bbox\":[10,20.5,220,40]", "\"bbox\":[10,20.5,220]", "bbox"},
    {"\"bbox\":[10,20.5,220,40]", "\"bbox\":[10,20.5,220,40,50]", "bbox"},
    {"\"bbox\":[10,20.5,220,40]", "\"bbox\":{\"x\":1}", "bbox"},
    {"\"bbox\":[10,20.5,220,40]", "\"bbox\":[220,20.5,10,40]", "bbox"},
    {"\"bbox\":[10,20.5,220,40]", "\"bbox\":[10,40,220,20.5]", "bbox"},
    {"\"bbox\":[10,20.5,220,40]", "\"bbox\":[10,20.5,\"220\",40]", "bbox"},
    {"\"bbox\":[10,20.5,220,40]", "\"bbox\":[10,20.5,1e30,40]", "bbox"},
    {"\"bbox\":[10,20.5,220,40],", "", "bbox"},
    {"\"order\":0", "\"order\":1", "order"},
    {"\"order\":1", "\"order\":0", "order"},
    {"\"order\":0,", "", "order"},
    {"\"lines\":[{", "\"lines\":[7,{", "object"},
    {",\"lines\":[]", "", "lines"},
    {"\"lines\":[]", "\"lines\":{}", "lines"},
    {"\"lines\":[]", "\"lines\":null", "lines"},
    {"\"lines\":[]", "\"lines\":[],\"more\":1", "unknown key"},
    /* lines and words */
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F \\\"Gott\\\"\",", "", "text"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":null", "text"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":[]", "text"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"Gr\xFC\"", "JSON"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"\xC0\xAF\"", "JSON"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"\xED\xA0\x80\"", "JSON"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"\\ud800\"", "JSON"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"\\udc00\\ud800\"", "JSON"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"\\u0000\"", "JSON"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"a\nb\"", "JSON"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"a\\nb\"", "text"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"a\\fb\"", "text"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"\\u001b]0;x\\u0007\"", "text"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"\\u007f\"", "text"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"\\u009b31m\"", "text"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"x\",\"text\":\"y\"", "JSON"},
    {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"x\",\"script\":\"y\"", "unknown key"},
    {"[[10,20.5],[220,20.5],[220,40],[10,40]]", "[]", "polygon"},
    {"[[10,20.5],[220,20.5],[220,40],[10,40]]", "[[10,20.5],[220,20.5],[220,40]]", "polygon"},
    {"[[10,20.5],[220,20.5],[220,40],[10,40]]", "[10,20.5,220,40]", "polygon"},
    {"[[10,20.5],[220,20.5],[220,40],[10,40]]", "null", "polygon"},
    {"[[10,20.5],[220,20.5]", "[[10],[220,20.5]", "polygon"},
    {"[[10,20.5],[220,20.5]", "[[10,20.5,1],[220,20.5]", "polygon"},
    {"[[10,20.5],[220,20.5]", "[[\"10\",20.5],[220,20.5]", "x"},
    {"[[10,20.5],[220,20.5]", "[[1064.1,20.5],[220,20.5]", "x"},
    {"[[10,20.5],[220,20.5]", "[[-64.1,20.5],[220,20.5]", "x"},
    {"[[10,20.5],[220,20.5]", "[[10,1464.1],[220,20.5]", "y"},
    {"[[10,20.5],[220,20.5]", "[[10,null],[220,20.5]", "y"},
    {"\"confidence\":0.9", "\"confidence\":2", "confidence"},
    {"\"confidence\":0.9", "\"confidence\":true", "confidence"},
    {",\"confidence\":0.9", "", "confidence"},
    {"\"words\":[{", "\"words\":[[],{", "object"},
    {"\"words\":[{", "\"words\":[\"w\",{", "object"},
    {"\"words\":", "\"wordz\":", "unknown key"},
    /* the frame */
    {"", "x", "JSON"},
    {"", "{}", "JSON"},
    {"", ",", "JSON"},
    {"\"page\":1,", "\"page\":1,,", "JSON"},
    {"\"rotation\":90", "\"rotation\":090", "JSON"},
    {"\"page\":1", "\"page\":+1", "page"},
    {"\"rotation\":90", "\"rotation\":0x1", "JSON"},
    {"\"page\":1", "page:1", "JSON"},
    {"{\"page\":1", "{/**/\"page\":1", "JSON"},
    {"{\"page\":1", "\xEF\xBB\xBF{\"page\":1", "object"},
};

#define LAST_CELL "\"row\":1,\"col\":1"
#define FIRST_SPAN "\"rowspan\":1,\"colspan\":2"
#define FIGURE "\"type\":\"figure\","
static const struct edit rich_edits[] = {
    /* the text layer's score, the sources */
    {"\"text_layer_score\":0.915", "\"text_layer_score\":1.1", "text_layer_score"},
    {"\"text_layer_score\":0.915", "\"text_layer_score\":-1", "text_layer_score"},
    {"\"text_layer_score\":0.915", "\"text_layer_score\":null", "text_layer_score"},
    {"\"text_layer_score\":0.915", "\"text_layer_score\":\"good\"", "text_layer_score"},
    {"\"source\":\"verified\"", "\"source\":\"Verified\"", "source"},
    {"\"source\":\"verified\"", "\"source\":[\"text\"]", "source"},
    {"\"layout\":0.5", "\"layout\":1e10", "stages_ms"},
    /* the grid */
    {"\"rows\":2", "\"rows\":-1", "rows"},
    {"\"rows\":2", "\"rows\":4097", "rows"},
    {"\"rows\":2", "\"rows\":2147483648", "rows"},
    {"\"rows\":2,", "", "rows"},
    {"\"cols\":2", "\"cols\":4097", "cols"},
    {"\"cols\":2", "\"cols\":2.5", "cols"},
    {"\"cols\":2,", "", "cols"},
    {"\"rows\":2", "\"rows\":1", "row"},
    {"\"rows\":2", "\"rows\":0", "row"},
    {"\"cols\":2", "\"cols\":1", "col"},
    {"\"cells\":[", "\"cells\":[7,", "object"},
    {"\"cells\":[", "\"cells\":[[],", "object"},
    {"\"cells\":", "\"fields\":", "unknown key"},
    {"\"type\":\"table\"", "\"type\":\"text\"", "cells"},
    {"\"type\":\"figure\"", "\"rows\":1,\"type\":\"figure\"", "cells"},
    {"\"type\":\"figure\"", "\"cells\":[],\"type\":\"figure\"", "cells"},
    /* cells */
    {LAST_CELL, "\"row\":2,\"col\":1", "row"},
    {LAST_CELL, "\"row\":-1,\"col\":1", "row"},
    {LAST_CELL, "\"row\":1,\"col\":2", "col"},
    {LAST_CELL, "\"row\":1,\"col\":0", "cells"},
    {LAST_CELL, "\"row\":0,\"col\":1", "cells"},
    {LAST_CELL, "\"col\":1", "row"},
    {LAST_CELL, "\"row\":1,\"col\":1,\"style\":1", "unknown key"},
    {FIRST_SPAN, "\"rowspan\":0,\"colspan\":2", "rowspan"},
    {FIRST_SPAN, "\"rowspan\":3,\"colspan\":2", "rowspan"},
    {FIRST_SPAN, "\"rowspan\":2,\"colspan\":2", "cells"},
    {FIRST_SPAN, "\"rowspan\":1,\"colspan\":3", "colspan"},
    {FIRST_SPAN, "\"rowspan\":1,\"colspan\":-2147483648", "colspan"},
    {"\"header\":true", "\"header\":1", "header"},
    {"\"header\":true,", "", "header"},
    {"two\\nlines", "two\\rlines", "text"},
    {"two\\nlines", "two\\n\\u001b[2J", "text"},
    {"two\\nlines", "two\\u0000", "JSON"},
    {"\"bbox\":[10,60,210,80]", "\"bbox\":[10,60,1065,80]", "bbox"},
    {"\"bbox\":[10,60,210,80]", "\"bbox\":[10,80,210,60]", "bbox"},
    {"\"text\":\"7\",\"bbox\":[110,80,210,100]", "\"text\":\"7\"", "bbox"},
    /* figures and captions */
    {"2_0.jpg", "2_1.jpg", "image"},
    {"2_0.jpg", "../etc", "image"},
    {"\"image\":\"2_0.jpg\"", "\"image\":7", "image"},
    {",\"image\":\"2_0.jpg\"", "", "image"},
    {FIGURE, "\"type\":\"seal\",", "image"},
    {"\"caption\":2", "\"caption\":3", "caption"},
    {"\"caption\":2", "\"caption\":-1", "caption"},
    {"\"caption\":2", "\"caption\":null", "caption"},
    {"\"caption\":2", "\"caption\":\"2\"", "caption"},
    /* joins */
    {"\"continued\":true", "\"continued\":false", "continued"},
    {"\"continued\":true", "\"continued\":1", "continued"},
    {"\"continues\":true", "\"continues\":null", "continues"},
    {"\"continues\":true", "\"continues\":{}", "continues"},
    /* fonts */
    {"\"size\":20", "\"size\":-1", "size"},
    {"\"size\":20", "\"size\":200001", "size"},
    {"\"size\":20", "\"size\":\"20\"", "size"},
    {"\"bold\":true", "\"bold\":false", "bold"},
    {"\"bold\":true", "\"bald\":true", "unknown key"},
    {"\"mono\":true", "\"mono\":1", "mono"},
    {"{\"size\":20,\"bold\":true}", "[]", "object"},
    {"{\"size\":20,\"bold\":true}", "null", "object"},
};

static void each_lie_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(edits); i++) {
        auto_strbuf json = {0};
        edited(&json, edits[i].from, edits[i].to, strlen(edits[i].to));
        refused(json.data, json.len, edits[i].says, edits[i].to);
    }
}

static void each_lie_about_the_layout_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rich_edits); i++) {
        const struct edit *e = &rich_edits[i];
        auto_strbuf json = {0};
        edited_in(&json, RICH_JSON, e->from, e->to, strlen(e->to));
        refused(json.data, json.len, e->says, e->to);
    }
}

static void what_tells_of_the_layout_is_taken(void **state)
{
    static const struct edit taken[] = {
        {"\"page\":3", "\"page\":3", ""},
        {"\"text_layer_score\":0.915,", "", ""},
        {"\"text_layer_score\":0.915", "\"text_layer_score\":0", ""},
        {"\"source\":\"verified\"", "\"source\":\"text\"", ""},
        {"\"rows\":2", "\"rows\":4096", ""},
        {"\"cols\":2", "\"cols\":4096", ""},
        {"\"caption\":2", "\"caption\":0", ""},
        {"\"size\":20,", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(taken); i++) {
        struct page *p = NULL;
        struct error err;
        auto_strbuf json = {0}, again = {0};
        edited_in(&json, RICH_JSON, taken[i].from, taken[i].to, strlen(taken[i].to));
        OK(page_decode(&p, json.data, json.len, &err));
        page_encode(p, &again);
        assert_string_equal(again.data, json.data);
        page_free(&p);
    }
}

/* Spans that fill the largest grid: as many places as cells times columns, and no more. */
static void a_large_grid_is_taken(void **state)
{
    static const char head[] = "\"rows\":2,\"cols\":2,\"cells\":[";
    auto_strbuf json = {0};
    struct page *p = NULL;
    struct error err;
    const char *rest = strstr(RICH_JSON, "\"lines\":[");
    (void)state;
    strbuf_add(&json, RICH_JSON, (size_t)(strstr(RICH_JSON, head) - RICH_JSON));
    strbuf_adds(&json, "\"rows\":4096,\"cols\":4096,\"cells\":[");
    for (int row = 0; row < PAGE_MAX_GRID; row++)
        strbuf_addf(&json,
                    "%s{\"row\":%d,\"col\":0,\"rowspan\":1,\"colspan\":4096,\"header\":false,"
                    "\"text\":\"\",\"bbox\":[0,0,1,1]}",
                    row ? "," : "", row);
    strbuf_adds(&json, "],");
    strbuf_adds(&json, rest);
    OK(page_decode(&p, json.data, json.len, &err));
    assert_int_equal(p->blocks[0].cell_count, PAGE_MAX_GRID);
    page_free(&p);
}

static void other_documents_are_refused(void **state)
{
    static const char *const texts[] = {"",     " ",  "null", "true", "7",    "\"page\"", "[]",
                                        "[{}]", "{}", "{",    "}",    "\xFF", "nan",      "\0"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        refused(texts[i], strlen(texts[i]), "malformed", texts[i]);
    refused("\0\0\0\0", 4, "malformed", "zeros");
    refused("{}\0", 3, "malformed", "a zero at the end");
}

static void every_cut_is_refused(void **state)
{
    const char *json = SAMPLE_JSON;
    (void)state;
    for (size_t len = 0; len < strlen(json); len++)
        refused(json, len, "malformed", "a cut result");
}

static void the_edges_are_taken(void **state)
{
    static const struct edit taken[] = {
        {"\"page\":1", "\"page\":2147483647", ""},
        {"\"width\":1000", "\"width\":200000", ""},
        {"\"skew\":-1.25", "\"skew\":90", ""},
        {"\"rotation\":90", "\"rotation\":270", ""},
        {"[[10,20.5],[220,20.5]", "[[1064,-64],[220,20.5]", ""},
        {"\"level\":2", "\"level\":16", ""},
        {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"\"", ""},
        {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"\\ud83d\\ude00\"", ""},
        {"\"page\":1", " \n\t\"page\" : 1 ", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(taken); i++) {
        struct page *p = NULL;
        struct error err;
        auto_strbuf json = {0};
        edited(&json, taken[i].from, taken[i].to, strlen(taken[i].to));
        OK(page_decode(&p, json.data, json.len, &err));
        page_free(&p);
    }
}

static void repeat(struct strbuf *out, const char *what, size_t times)
{
    for (size_t i = 0; i < times; i++)
        strbuf_adds(out, what);
}

static void long_text_is_refused(void **state)
{
    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        auto_strbuf text = {0}, json = {0};
        strbuf_adds(&text, "\"text\":\"");
        repeat(&text, "a", PAGE_MAX_TEXT + over);
        strbuf_adds(&text, "\"");
        edited(&json, "\"text\":\"Gr\xC3\xBC\xC3\x9F\"", text.data, text.len);
        if (over) {
            refused(json.data, json.len, "text", "text over the cap");
        } else {
            struct page *p = NULL;
            struct error err;
            OK(page_decode(&p, json.data, json.len, &err));
            page_free(&p);
        }
    }
}

static void deep_nesting_is_refused(void **state)
{
    static const char *const openers[] = {"[", "{\"page\":", "{\"blocks\":[{\"lines\":["};
    (void)state;
    for (size_t i = 0; i < COUNT(openers); i++) {
        auto_strbuf json = {0};
        repeat(&json, openers[i], 200000);
        refused(json.data, json.len, "malformed", "deep nesting");
    }
}

/* A worker must not be able to make its parent eat memory: the tree of a JSON text could be a
 * hundred times as large as the text. */
static void cheap_text_is_refused_at_once(void **state)
{
    static const char *const parts[] = {"{},", "[],", "0,", "\"\",", "[[[[]]]],", "{\"a\":{}},"};
    (void)state;
    for (size_t i = 0; i < COUNT(parts); i++) {
        auto_strbuf json = {.cap = PAGE_MAX_JSON};
        strbuf_adds(&json, "{\"warnings\":[");
        while (json.len < PAGE_MAX_JSON - 64)
            strbuf_adds(&json, parts[i]);
        strbuf_adds(&json, "0]}");
        assert_false(json.overflowed);
        refused(json.data, json.len, "malformed", parts[i]);
    }
}

static void too_large_a_text_is_refused_unread(void **state)
{
    (void)state;
    refused("{", (size_t)PAGE_MAX_JSON + 1, "malformed", "a size over the cap");
}

/* What guards against many values must leave room for the fullest page there can be. */
static void as_many_words_as_fit_are_taken(void **state)
{
    static const char word[] = "{\"text\":\"\",\"polygon\":[[0,0],[0,0],[0,0],[0,0]],"
                               "\"confidence\":0},";
    struct page *p = NULL;
    struct error err;
    auto_strbuf words = {0}, json = {0};
    size_t n = (PAGE_MAX_JSON - strlen(SAMPLE_JSON)) / strlen(word);
    (void)state;
    n = n < PAGE_MAX_WORDS - 5 ? n : PAGE_MAX_WORDS - 5;
    strbuf_adds(&words, "\"words\":[");
    repeat(&words, word, n);
    edited(&json, "\"words\":[", words.data, words.len);
    OK(page_decode(&p, json.data, json.len, &err));
    assert_int_equal(p->blocks[0].lines[0].word_count, n + 2);
    page_free(&p);
}

/* Document text must not reach a log by way of an error. */
static void an_error_never_quotes_the_page(void **state)
{
    static const struct edit broken[] = {
        {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":swordfish", ""},
        {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"swordfish\n\"", ""},
        {"\"text\":\"Gr\xC3\xBC\xC3\x9F\"", "\"text\":\"swordfish\" \"x\"", ""},
        {"\"page\":1", "\"swordfish\":1", ""},
        {"\"page\":1", "\"swordfish\":1,\"swordfish\":1", ""},
        {"\"type\":\"heading\"", "\"type\":\"swordfish\"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct page *p;
        struct error err;
        auto_strbuf json = {0};
        edited(&json, broken[i].from, broken[i].to, strlen(broken[i].to));
        REFUSED(ERROR_BUG, page_decode(&p, json.data, json.len, &err));
        assert_null(strstr(err.text, "fish"));
    }
}

/* ---- mutations ---- */

static uint64_t random_state = 0x9E3779B97F4A7C15;

static uint32_t next_random(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % below;
}

static size_t mutate(char *json, size_t len, size_t space)
{
    static const char *const tokens[] = {"0",    "-1",      "1e9",  "null", "[]",  "{}",
                                         "\"\"", "\\u0000", "\xFF", "true", "65",  ",",
                                         "}",    "]",       "\"",   ":",    "0.5", "\\ud800"};
    size_t at = next_random((uint32_t)len);
    const char *token = tokens[next_random(COUNT(tokens))];
    size_t n = strlen(token), span = 1 + next_random(8);
    switch (next_random(5)) {
    case 0: /* another byte */
        json[at] = (char)next_random(256);
        return len;
    case 1: /* another digit, so that many results stay well-formed */
        at += strcspn(json + at, "0123456789");
        if (at < len)
            json[at] = (char)('0' + next_random(10));
        return len;
    case 2: /* a piece is lost */
        span = span < len - at ? span : len - at;
        memmove(json + at, json + at + span, len - at - span);
        json[len - span] = '\0';
        return len - span;
    case 3: /* a token comes in between */
        if (len + n >= space)
            return len;
        memmove(json + at + n, json + at, len - at);
        memcpy(json + at, token, n);
        json[len + n] = '\0';
        return len + n;
    default: /* a piece is doubled */
        span = span < len - at ? span : len - at;
        if (len + span >= space)
            return len;
        memmove(json + at + span, json + at, len - at);
        json[len + span] = '\0';
        return len + span;
    }
}

/* Whatever is taken must be written as something that is taken, and written the same again. */
static bool survives(const char *json, size_t len)
{
    struct page *p = NULL, *again = NULL;
    struct error err = {0};
    if (page_decode(&p, json, len, &err) < 0) {
        assert_int_equal(err.class, ERROR_BUG);
        assert_true(utf8_valid(err.text, strlen(err.text)));
        return false;
    }
    auto_strbuf first = {0}, second = {0};
    page_encode(p, &first);
    OK(page_decode(&again, first.data, first.len, &err));
    page_encode(again, &second);
    assert_string_equal(first.data, second.data);
    page_free(&p);
    page_free(&again);
    return true;
}

static void mutations_do_no_harm(void **state)
{
    enum { ROUNDS = 100000 };
    int taken = 0;
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        char json[4096];
        strcpy(json, i % 2 ? RICH_JSON : SAMPLE_JSON);
        size_t len = strlen(json);
        for (uint32_t n = 1 + next_random(3); n; n--)
            len = mutate(json, len, sizeof json);
        taken += survives(json, len);
    }
    print_message("%d of %d mutations are still page results\n", taken, ROUNDS);
    assert_in_range(taken, ROUNDS / 20, ROUNDS - ROUNDS / 20); /* both roads were taken */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lie_is_refused),
        cmocka_unit_test(each_lie_about_the_layout_is_refused),
        cmocka_unit_test(what_tells_of_the_layout_is_taken),
        cmocka_unit_test(a_large_grid_is_taken),
        cmocka_unit_test(other_documents_are_refused),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(the_edges_are_taken),
        cmocka_unit_test(long_text_is_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(cheap_text_is_refused_at_once),
        cmocka_unit_test(too_large_a_text_is_refused_unread),
        cmocka_unit_test(as_many_words_as_fit_are_taken),
        cmocka_unit_test(an_error_never_quotes_the_page),
        cmocka_unit_test(mutations_do_no_harm),
    };
    return cmocka_run_group_tests_name("page_hostile", tests, NULL, NULL);
}
