/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Blocks of every type in md, html, txt, csv and mmd; hostile text and hostile tables; that no word
 * is lost.
 */
#include "unit.h"

#include "export/export.h"
#include "page_made.h"

/* The page in a format, without what begins and ends the document. */
static void written(struct strbuf *out, const char *extension, const struct page *p)
{
    const struct export_page e = {.number = (uint32_t)p->number, .page = p};
    export_find(extension)->page(out, &e, true);
}

/* The page is freed. */
static void assert_written(const char *extension, struct page *p, const char *expected)
{
    auto_strbuf out = {0};
    written(&out, extension, p);
    page_free(&p);
    assert_string_equal(strbuf_str(&out), expected);
}

static struct page *one_block(enum block_type type, const char *text)
{
    struct page *p = made_page(1);
    made_block(p, type, 300, text);
    return p;
}

/* ---- text ---- */

static void types_of_text(void **state)
{
    (void)state;
    assert_written("md", one_block(BLOCK_TITLE, "A\nTitle"), "# A Title\n");
    assert_written("md", one_block(BLOCK_HEADING, "H"), "## H\n");
    assert_written("md", one_block(BLOCK_FOOTNOTE, "1 note"), "1 note\n");
    assert_written("md", one_block(BLOCK_SEAL, "seal"), "seal\n");
    assert_written("md", one_block(BLOCK_HEADER, "head"), "");
    assert_written("md", one_block(BLOCK_PAGE_NUMBER, "7"), "");
    assert_written("mmd", one_block(BLOCK_HEADER, "head"), "head\n\n<--- Page Split --->\n");
    assert_written("md", one_block(BLOCK_FORMULA, "E = mc"), "E = mc\n");
    assert_written("md", one_block(BLOCK_FORMULA, "a<b \\alpha"), "$$a\\lt b \\alpha$$\n");
    assert_written("md", one_block(BLOCK_FORMULA, "$<b>$ \\alpha"), "$\\<b>$ \\alpha\n");
    assert_written("md", one_block(BLOCK_CODE, "a *b*\n```"), "````\na *b*\n```\n````\n");
}

static void types_of_text_in_html(void **state)
{
    (void)state;
#define PAGE(inside) "<section class=\"page\" data-page=\"1\" lang=\"en\">\n" inside "</section>\n"
    assert_written("html", one_block(BLOCK_TITLE, "A\nTitle"),
                   PAGE("<h1 dir=\"auto\">A Title</h1>\n"));
    assert_written("html", one_block(BLOCK_TEXT, "one\ntwo"),
                   PAGE("<p dir=\"auto\">one two</p>\n"));
    assert_written("html", one_block(BLOCK_PAGE_NUMBER, "7"),
                   PAGE("<p class=\"page_number\" dir=\"auto\">7</p>\n"));
    assert_written("html", one_block(BLOCK_FOOTNOTE, "1 note"),
                   PAGE("<aside dir=\"auto\">1 note</aside>\n"));
    assert_written("html", one_block(BLOCK_CODE, "a<b"),
                   PAGE("<pre><code>a&lt;b\n</code></pre>\n"));
    assert_written("html", one_block(BLOCK_LIST, "1. a\n2. b"),
                   PAGE("<ol>\n<li value=\"1\" dir=\"auto\">a</li>\n"
                        "<li value=\"2\" dir=\"auto\">b</li>\n</ol>\n"));
    assert_written(
        "html", one_block(BLOCK_TEXT, "<script>alert(\"&\")</script>"),
        PAGE("<p dir=\"auto\">&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;</p>\n"));
}

/* Indents are parts of 20 pixels, half a line is the slack. */
static struct page *nested_list(void)
{
    static const struct {
        const char *text;
        float left;
    } lines[] = {
        {"Things:", 100},
        {"\xE2\x80\xA2 one that", 100},
        {"is long", 115},
        {"\xE2\x80\x93 inner", 130},
        {"1. deep", 160},
        {"2. deeper", 160},
        {"\xE2\x80\xA2 # two", 102},
        {"7. seven", 100},
        {"9. nine", 100},
        {"(a) letter", 100},
    };
    struct page *p = made_page(1);
    struct block *b = page_add_block(p, BLOCK_LIST);
    for (size_t i = 0; i < COUNT(lines); i++)
        made_line(p, b, lines[i].text, lines[i].left, 30 * (float)i, 300);
    return p;
}

static void lists_are_nested(void **state)
{
    (void)state;
    assert_written("md", nested_list(),
                   "Things:\n\n- one that is long\n  - inner\n    1. deep\n    2. deeper\n"
                   "- \\# two\n7. seven\n\n9\\. nine\n\n- (a) letter\n");
}

/* As they stand, but where a renderer would count on from the item before. */
static void numbered_paragraphs_keep_their_numbers(void **state)
{
    struct page *p = made_page(1);
    (void)state;
    static const char *const texts[] = {"150. a", "151. b", "153. c", "154. d",
                                        "2) e",   "Text.",  "9. f"};
    for (size_t i = 0; i < COUNT(texts); i++)
        made_block(p, BLOCK_TEXT, 100 * (float)(i + 1), texts[i]);
    assert_written("md", p, "150. a\n\n151. b\n\n153\\. c\n\n154. d\n\n2) e\n\nText.\n\n9. f\n");
}

/* ---- figures ---- */

static struct page *with_figure(void)
{
    struct page *p = made_page(7);
    made_block(p, BLOCK_FIGURE_CAPTION, 200, "Figure 1:\na [b]");
    made_block(p, BLOCK_FIGURE, 300, "axis")->caption = 0;
    made_block(p, BLOCK_TEXT, 900, "Text.");
    made_block(p, BLOCK_FIGURE, 1000, "")->caption = 2; /* no caption: passed over */
    p->blocks[3].line_count = 0;
    return p;
}

static void figures_have_captions(void **state)
{
    (void)state;
    assert_written("md", with_figure(),
                   "![Figure 1: a \\[b\\]](images/6_0.jpg)\n\nFigure 1: a [b]\n\nText.\n\n"
                   "![](images/6_1.jpg)\n");
    assert_written("html", with_figure(),
                   "<section class=\"page\" data-page=\"7\" lang=\"en\">\n<figure>\n"
                   "<img src=\"images/6_0.jpg\" alt=\"axis\">\n"
                   "<figcaption dir=\"auto\">Figure 1: a [b]</figcaption>\n</figure>\n"
                   "<p dir=\"auto\">Text.</p>\n"
                   "<figure>\n<img src=\"images/6_1.jpg\" alt=\"\">\n</figure>\n</section>\n");
}

/* ---- tables ---- */

static const char *const cells[] = {"Name", "Sum", "x\ny", "1", "", "2", NULL};

static struct page *with_table(int head, bool spans)
{
    struct page *p = made_page(1);
    struct block *b = made_table(p, 100, 2, head, cells);
    if (spans) {
        b->cells[2].rowspan = 2;
        b->cells[4] = b->cells[5];
        b->cell_count = 5;
    }
    return p;
}

static void tables_in_markdown(void **state)
{
    (void)state;
    assert_written("md", with_table(1, false),
                   "| Name | Sum |\n| --- | --- |\n| x<br>y | 1 |\n|  | 2 |\n");
    assert_written("md", with_table(0, false),
                   "|  |  |\n| --- | --- |\n| Name | Sum |\n| x<br>y | 1 |\n|  | 2 |\n");
    static const char html[] = "<table>\n<thead>\n<tr><th>Name</th><th>Sum</th></tr>\n</thead>\n"
                               "<tbody>\n<tr><td rowspan=\"2\">x<br>y</td><td>1</td></tr>\n"
                               "<tr><td>2</td></tr>\n</tbody>\n</table>\n";
    assert_written("md", with_table(1, true), html);
    auto_strbuf split = {0};
    strbuf_addf(&split, "%s\n<--- Page Split --->\n", html);
    assert_written("mmd", with_table(1, true), strbuf_str(&split));
}

static void tables_in_columns(void **state)
{
    static const char *const wide[] = {"\xE4\xB8\xAD\xE6\x96\x87", "a", "x", "b", NULL};
    (void)state;
    assert_written("txt", with_table(1, false), "Name  Sum\nx     1\ny\n      2\n");
    struct page *p = made_page(1);
    made_table(p, 100, 2, 0, wide);
    assert_written("txt", p, "\xE4\xB8\xAD\xE6\x96\x87  a\nx     b\n");
}

static void tables_as_csv(void **state)
{
    (void)state;
    struct page *p = with_table(1, false);
    made_block(p, BLOCK_TEXT, 700, "no table");
    made_table(p, 900, 2, 0, (const char *const[]){"a,b", "\"", NULL});
    assert_written("csv", p, "Name,Sum\r\n\"x\ny\",1\r\n,2\r\n\r\n\"a,b\",\"\"\"\"\r\n\r\n");
    assert_written("csv", with_table(1, true), "Name,Sum\r\n\"x\ny\",1\r\n,2\r\n\r\n");
    assert_written("csv", one_block(BLOCK_TEXT, "no table"), "");
}

/* What is written is bounded by what was read, whatever grid a page result claims. */
static void grids_without_cells(void **state)
{
    (void)state;
    for (size_t i = 0; export_formats[i]; i++) {
        auto_strbuf out = {0};
        struct page *p = made_page(1);
        for (int n = 0; n < 100; n++) {
            struct block *b = made_table(p, 100, 1, 0, (const char *const[]){"lonely", NULL});
            b->rows = b->cols = PAGE_MAX_GRID;
            b->cells[0].rowspan = b->cells[0].colspan = n % 2 ? PAGE_MAX_GRID : 1;
            made_table(p, 300, 1, 0, (const char *const[]){NULL})->rows = PAGE_MAX_GRID;
        }
        if (export_formats[i]->decoded)
            written(&out, export_formats[i]->extension, p);
        assert_true(out.len < 100 * 4096);
        page_free(&p);
    }
}

static void cells_that_are_long(void **state)
{
    auto_strbuf text = {0}, out = {0};
    (void)state;
    for (int i = 0; i < 20000; i++)
        strbuf_adds(&text, "a\n");
    struct page *p = made_page(1);
    struct block *b = made_table(p, 100, 2, 0, cells);
    b->cells[1].text = text.data;
    written(&out, "txt", p);
    assert_true(out.len < 2 * text.len);
    page_free(&p);
}

/* ---- all of it ---- */

static void no_word_is_lost(void **state)
{
    static const char *const table[] = {"cellone celltwo", "cellthree", "x", "cellfour", NULL};
    (void)state;
    auto_strbuf out = {0};
    struct page *p = made_page(1);
    for (int type = 0; type < BLOCK_TYPES; type++) {
        char text[64];
        snprintf(text, sizeof text, "wordof%s - line\nsecondof%d",
                 block_type_name((enum block_type)type), type);
        if (type != BLOCK_TABLE)
            made_block(p, (enum block_type)type, 100 + 50 * (float)type, text);
    }
    made_table(p, 1000, 2, 1, table);
    written(&out, "txt", p);
    for (size_t i = 0; i < p->block_count; i++)
        for (size_t k = 0; k < p->blocks[i].line_count; k++) {
            char *line = strdup(p->blocks[i].lines[k].text), *rest = line, *word;
            while ((word = strsep(&rest, " ")))
                if (!strstr(strbuf_str(&out), word))
                    fail_msg("\"%s\" is not in %s", word, strbuf_str(&out));
            free(line);
        }
    page_free(&p);
}

static const char *const hostile[] = {
    "| a | b |",
    "<script>alert(1)</script>",
    "``` `x` ~~~",
    "--- === ***",
    "]](javascript:alert(1)) ![x](y)",
    "&lt;b&gt; &#60;",
    "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",
    "<|ref|>text<|/ref|>",
    "<!-- --> ]]> <--- Page Split --->",
    "\"; =cmd|' /C calc'!A0",
    "$$\\input{/etc/passwd}$$",
    "\\",
    "",
};

/* In every place that text can be, no format lets a tag of the document through. */
static void hostile_text_is_only_text(void **state)
{
    (void)state;
    for (size_t i = 0; export_formats[i]; i++) {
        struct page *p = made_page(1);
        for (int type = 0; type < BLOCK_TYPES; type++)
            for (size_t k = 0; k < COUNT(hostile); k++)
                if (type == BLOCK_TABLE)
                    made_table(p, 100, 1, k % 2, (const char *const[]){hostile[k], "x", NULL});
                else if (type != BLOCK_CODE)
                    made_block(p, (enum block_type)type, 300, hostile[k]);
        auto_strbuf out = {0};
        const char *extension = export_formats[i]->extension;
        if (export_formats[i]->decoded)
            written(&out, extension, p);
        page_free(&p);
        if (strcmp(extension, "txt") == 0 || strcmp(extension, "csv") == 0 ||
            strcmp(extension, "tsv") == 0)
            continue;
        for (const char *at = strbuf_str(&out); (at = strstr(at, "<script")); at++)
            if (at == out.data || at[-1] != '\\')
                fail_msg("%s lets a tag through", extension);
    }
}

/* A page of 20,000 words takes a moment in every format; of 200,000, ten. */
static void many_words(void **state)
{
    (void)state;
    struct page *p = made_page(1);
    for (int i = 0; i < 2000; i++)
        made_block(
            p, i % 3 ? BLOCK_TEXT : BLOCK_LIST, (float)(i % 1300),
            "- ten words of a line that is an item of\n1. ten more words in what may be a list");
    struct block *chain = p->blocks;
    for (size_t i = 0; i + 1 < p->block_count; i++)
        chain[i].continues = chain[i + 1].continued = chain[i].type == chain[i + 1].type;
    for (size_t i = 0; export_formats[i]; i++) {
        auto_strbuf out = {0};
        if (export_formats[i]->decoded)
            written(&out, export_formats[i]->extension, p);
    }
    page_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_of_text),
        cmocka_unit_test(types_of_text_in_html),
        cmocka_unit_test(lists_are_nested),
        cmocka_unit_test(numbered_paragraphs_keep_their_numbers),
        cmocka_unit_test(figures_have_captions),
        cmocka_unit_test(tables_in_markdown),
        cmocka_unit_test(tables_in_columns),
        cmocka_unit_test(tables_as_csv),
        cmocka_unit_test(grids_without_cells),
        cmocka_unit_test(cells_that_are_long),
        cmocka_unit_test(no_word_is_lost),
        cmocka_unit_test(hostile_text_is_only_text),
        cmocka_unit_test(many_words),
    };
    return cmocka_run_group_tests_name("export_document", tests, NULL, NULL);
}
