/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The output formats that are text: whole outputs, marks of failed pages, and what Markdown
 * escapes.
 */
#include "unit.h"

#include "export/export.h"
#include "page_sample.h"

static struct error failure(void)
{
    struct error e;
    error_set(&e, ERROR_TIMEOUT, "no answer within \"2\" s");
    return e;
}

/* Page 1 is the sample, page 2 failed, page 3 is the sample again. */
static void written(const char *extension, struct strbuf *out)
{
    const struct export_format *f = export_find(extension);
    struct page *p = sample_page(1);
    const struct error why = failure();
    assert_non_null(f);
    const struct export_page good = {1, SAMPLE_JSON, strlen(SAMPLE_JSON), p, NULL};
    const struct export_page bad = {2, NULL, 0, NULL, &why};
    const struct export_page last = {3, SAMPLE_JSON, strlen(SAMPLE_JSON), p, NULL};
    if (f->begin)
        f->begin(out, "{\"id\":\"x\"}");
    f->page(out, &good, true);
    f->page(out, &bad, false);
    f->page(out, &last, false);
    if (f->end)
        f->end(out);
    page_free(&p);
}

#define FAILED_JSON \
    "{\"page\":2,\"error\":{\"code\":\"timeout\",\"message\":\"no answer within \\\"2\\\" s\"}}"

static void json_is_one_object(void **state)
{
    auto_strbuf out = {0};
    (void)state;
    written("json", &out);
    assert_string_equal(strbuf_str(&out), "{\"job\":{\"id\":\"x\"},\"pages\":[\n" SAMPLE_JSON
                                          ",\n" FAILED_JSON ",\n" SAMPLE_JSON "\n]}\n");
}

static void json_without_pages(void **state)
{
    auto_strbuf out = {0};
    const struct export_format *f = export_find("json");
    (void)state;
    f->begin(&out, "{}");
    f->end(&out);
    assert_string_equal(strbuf_str(&out), "{\"job\":{},\"pages\":[\n]}\n");
}

static void ndjson_is_a_line_a_page(void **state)
{
    auto_strbuf out = {0};
    (void)state;
    written("ndjson", &out);
    assert_string_equal(strbuf_str(&out), SAMPLE_JSON "\n" FAILED_JSON "\n" SAMPLE_JSON "\n");
}

#define SAMPLE_TEXT "Gr\xC3\xBC\xC3\x9F \"Gott\"\n"

static void text_has_form_feeds(void **state)
{
    auto_strbuf out = {0};
    (void)state;
    written("txt", &out);
    assert_string_equal(strbuf_str(&out),
                        SAMPLE_TEXT "\f[page 2: failed: timeout: no answer within \"2\" s]\n"
                                    "\f" SAMPLE_TEXT);
}

#define SAMPLE_MARKDOWN "## Gr\xC3\xBC\xC3\x9F \"Gott\"\n"

static void markdown_has_rules(void **state)
{
    auto_strbuf out = {0};
    (void)state;
    written("md", &out);
    assert_string_equal(strbuf_str(&out),
                        SAMPLE_MARKDOWN "\n---\n\n<!-- page 2: failed: timeout -->\n"
                                        "\n---\n\n" SAMPLE_MARKDOWN);
}

#define SPLIT "\n<--- Page Split --->\n"

static void mmd_splits_after_each_page(void **state)
{
    auto_strbuf out = {0};
    (void)state;
    written("mmd", &out);
    assert_string_equal(strbuf_str(&out), SAMPLE_MARKDOWN SPLIT
                        "<!-- page 2: failed: timeout -->\n" SPLIT SAMPLE_MARKDOWN SPLIT);
}

/* 10 20.5 220 40 of 1000 × 1400 pixels. */
#define SAMPLE_PLACED                                         \
    "<|ref|>heading<|/ref|><|det|>[[10,15,220,29]]<|/det|>\n" \
    "## Gr\xC3\xBC\xC3\x9F \"Gott\"\n\n"                      \
    "<|ref|>text<|/ref|><|det|>[[0,0,0,0]]<|/det|>\n"

static void det_says_where_blocks_are(void **state)
{
    auto_strbuf out = {0};
    (void)state;
    written("det.mmd", &out);
    assert_string_equal(strbuf_str(&out), SAMPLE_PLACED SPLIT
                        "<!-- page 2: failed: timeout -->\n" SPLIT SAMPLE_PLACED SPLIT);
}

/* Whatever the pixels, coordinates are 0 to 999; figures are counted by page, pages from 0. */
static void figures_are_links(void **state)
{
    static const char det[] =
        "<|ref|>figure<|/ref|><|det|>[[0,0,999,999]]<|/det|>\n![](images/6_0.jpg)\n\n"
        "<|ref|>figure_caption<|/ref|><|det|>[[500,1,999,999]]<|/det|>\nA \\<\\|ref\\|>\n\n"
        "<|ref|>figure<|/ref|><|det|>[[0,0,0,0]]<|/det|>\n![](images/6_1.jpg)\n" SPLIT;
    static const char plain[] = "![](images/6_0.jpg)\n\nA \\<\\|ref\\|>\n\n"
                                "![](images/6_1.jpg)\n" SPLIT;
    auto_strbuf with = {0}, without = {0};
    (void)state;
    struct page *p = page_new(7);
    p->width = 200;
    p->height = 1000;
    page_add_block(p, BLOCK_FIGURE)->bbox = (struct rect){-1, -0.4F, 200.5F, 1001};
    struct block *caption = page_add_block(p, BLOCK_FIGURE_CAPTION);
    caption->bbox = (struct rect){100, 1, 200, 1000};
    page_add_line(p, caption)->text = "A <|ref|>";
    page_add_line(p, page_add_block(p, BLOCK_FIGURE))->text = "legend";
    const struct export_page e = {.number = 7, .page = p};
    export_find("det.mmd")->page(&with, &e, true);
    export_find("mmd")->page(&without, &e, true);
    page_free(&p);
    assert_string_equal(strbuf_str(&with), det);
    assert_string_equal(strbuf_str(&without), plain);
}

static void formats_are_found_by_extension(void **state)
{
    static const char *const known[] = {"json", "ndjson", "txt", "md",
                                        "html", "csv",    "mmd", "det.mmd"};
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        const struct export_format *f = export_find(known[i]);
        assert_string_equal(f->extension, known[i]);
        assert_true(strchr(f->content_type, '/') != NULL);
        char all[EXPORT_LIST];
        export_extensions(all);
        assert_non_null(strstr(all, known[i]));
    }
    assert_null(export_find("docx"));
    assert_null(export_find(""));
}

/* ---- Markdown ---- */

/* One block of these lines, as Markdown. */
static void block_as_markdown(struct strbuf *out, int level, const char *const *lines)
{
    struct page *p = page_new(1);
    struct block *b = page_add_block(p, level ? BLOCK_HEADING : BLOCK_TEXT);
    b->level = level;
    for (; *lines; lines++)
        page_add_line(p, b)->text = *lines;
    const struct export_page e = {.number = 1, .page = p};
    export_find("md")->page(out, &e, true);
    page_free(&p);
}

/* Checked once by hand against cmark and cmark-gfm: the right side renders as the left side. */
static const struct {
    const char *text, *markdown;
} escapes[] = {
    {"plain text, (nothing) to do!", "plain text, (nothing) to do!"},
    {"1. x", "1. x"},
    {"12) x", "12) x"},
    {"1234567890. x", "1234567890. x"}, /* ten digits are no list */
    {"2026 was", "2026 was"},
    {"3.14", "3.14"},
    {"6.1 Markets", "6.1 Markets"},
    {"7.", "7\\."},
    {"# x", "\\# x"},
    {"- x", "\\- x"},
    {"+ x", "\\+ x"},
    {"* x", "\\* x"},
    {"> x", "\\> x"},
    {"---", "\\---"},
    {"===", "==="},
    {"***", "\\*\\*\\*"},
    {":-:", ":-:"},
    {"```c", "\\`\\`\\`c"},
    {"~~~", "\\~\\~\\~"},
    {"    code", "code"},
    {"\tcode", "code"},
    {"  - x", "\\- x"},
    {"   1. x", "1. x"},
    {"a - b # c + d > e", "a - b # c + d > e"},
    {"*a* **b** _c_ __d__", "\\*a\\* \\*\\*b\\*\\* \\_c\\_ \\_\\_d\\_\\_"},
    {"snake_case_word", "snake_case_word"},
    {"a_b_ _c_d a__b", "a_b_ \\_c_d a\\_\\_b"},
    {"\xC3\xA9_\xC3\xA9", "\xC3\xA9_\xC3\xA9"},
    {"http://a.b/c_d?e=1&f=2", "http://a.b/c_d?e=1&f=2"},
    {"~~gone~~", "\\~\\~gone\\~\\~"},
    {"<script>alert(1)</script>", "\\<script>alert(1)\\</script>"},
    {"<b onload=x>", "\\<b onload=x>"},
    {"<!-- x -->", "\\<!-- x -->"},
    {"<http://a.b>", "\\<http://a.b>"},
    {"a | b", "a | b"},
    {"| a | b |", "| a | b |"},
    {"AT&T R&D &c", "AT&T R&D &c"},
    {"&amp;", "\\&amp;"},
    {"&#35; &#x23;", "\\&#35; \\&#x23;"},
    {"a & b &", "a & b &"},
    {"[a](b)", "[a\\](b)"},
    {"![a](b)", "![a\\](b)"},
    {"[a]: b", "[a\\]: b"},
    {"[x] done", "[x] done"},
    {"as [12] and [Ch. XIX.", "as [12] and [Ch. XIX."},
    {"5 * 3 = 15, *once, 2 ~ 3", "5 * 3 = 15, *once, 2 ~ 3"},
    {"p < 0.05 and <5", "p < 0.05 and <5"},
    {"-5 is #1", "-5 is #1"},
    {"####### x", "\\####### x"},
    {"- - -", "\\- - -"},
    {"__ __", "\\_\\_ \\_\\_"},
    {"A <|ref|>", "A \\<\\|ref\\|>"},
    {"C:\\dir\\*", "C:\\dir\\\\*"},
    {"end\\", "end\\\\"},
    {"`code`", "\\`code\\`"},
    {"Gr\xC3\xBC\xC3\x9F", "Gr\xC3\xBC\xC3\x9F"},
};

static void markup_in_text_is_escaped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(escapes); i++) {
        auto_strbuf out = {0}, expected = {0};
        const char *const lines[] = {escapes[i].text, NULL};
        block_as_markdown(&out, 0, lines);
        strbuf_addf(&expected, "%s\n", escapes[i].markdown);
        assert_string_equal(strbuf_str(&out), expected.data);
    }
}

/* Only the start of a line can be a mark of a block, and a paragraph is one line. */
static void lines_of_a_paragraph_are_joined(void **state)
{
    auto_strbuf out = {0};
    static const char *const lines[] = {"Total", "===", "- x", "    y", "2. z_", NULL};
    (void)state;
    block_as_markdown(&out, 0, lines);
    assert_string_equal(strbuf_str(&out), "Total === - x y 2. z_\n");
}

static void headings_are_one_line(void **state)
{
    static const struct {
        int level;
        const char *lines[3], *markdown;
    } cases[] = {
        {1, {"Title"}, "# Title\n"},
        {2, {"A heading", "of two lines"}, "## A heading of two lines\n"},
        {6, {"Deep"}, "###### Deep\n"},
        {9, {"Deeper"}, "###### Deeper\n"},
        {1, {"In C #"}, "# In C \\#\n"},
        {3, {"1. Scope"}, "### 1. Scope\n"},
        {3, {"C# and F"}, "### C# and F\n"},
        {1, {"# ##"}, "# \\# \\#\\#\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_strbuf out = {0};
        block_as_markdown(&out, cases[i].level, cases[i].lines);
        assert_string_equal(strbuf_str(&out), cases[i].markdown);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_one_object),
        cmocka_unit_test(json_without_pages),
        cmocka_unit_test(ndjson_is_a_line_a_page),
        cmocka_unit_test(text_has_form_feeds),
        cmocka_unit_test(markdown_has_rules),
        cmocka_unit_test(mmd_splits_after_each_page),
        cmocka_unit_test(det_says_where_blocks_are),
        cmocka_unit_test(figures_are_links),
        cmocka_unit_test(formats_are_found_by_extension),
        cmocka_unit_test(markup_in_text_is_escaped),
        cmocka_unit_test(lines_of_a_paragraph_are_joined),
        cmocka_unit_test(headings_are_one_line),
    };
    /* export_test escapes: the table, for a look with a real renderer. */
    if (argc > 1 && strcmp(argv[1], "escapes") == 0) {
        for (size_t i = 0; i < COUNT(escapes); i++)
            printf("%s%c%s%c", escapes[i].text, '\0', escapes[i].markdown, '\0');
        return 0;
    }
    return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
