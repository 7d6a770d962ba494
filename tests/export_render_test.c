/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * md as a renderer that is not ours reads it: GitHub's cmark-gfm. What is shown must be what stood
 * on the page. Skips itself where that program is not installed.
 */
#include "unit.h"

#include "export/exporter.h"
#include "page_made.h"

#include <sys/wait.h>
#include <unistd.h>

static const char renderer[] = "cmark-gfm";

/* Pages of one document, freed, as md and then as HTML; raw HTML passes, as in many renderers. */
static void rendered(struct strbuf *html, struct page **pages, size_t n)
{
    struct error err;
    char path[] = "/tmp/pagemill-render-XXXXXX", command[128], part[4096];
    auto_strbuf md = {0};
    struct exporter *e = exporter_new(export_find("md"), PAGE_PIXELS);
    for (size_t i = 0; i < n; i++) {
        auto_strbuf json = {0};
        page_encode(pages[i], &json);
        OK(exporter_add(e, (uint32_t)i + 1, &json, &md, &err));
        page_free(&pages[i]);
    }
    while (exporter_end(e, &md))
        ;
    exporter_free(&e);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, strbuf_str(&md), md.len), (ssize_t)md.len);
    close(fd);
    snprintf(command, sizeof command, "%s --unsafe -e table -e strikethrough -e autolink %s",
             renderer, path);
    FILE *f = popen(command, "re");
    assert_non_null(f);
    for (size_t got; (got = fread(part, 1, sizeof part, f)) > 0;)
        strbuf_add(html, part, got);
    assert_int_equal(pclose(f), 0);
    unlink(path);
}

static void rendered_block(struct strbuf *html, enum block_type type, const char *text)
{
    struct page *p = made_page(1);
    if (type == BLOCK_TABLE)
        made_table(p, 300, 1, 0, (const char *const[]){text, NULL});
    else
        made_block(p, type, 300, text);
    rendered(html, &p, 1);
}

/* Without tags and line feeds, entities as characters. */
static void shown(struct strbuf *out, const struct strbuf *html)
{
    static const struct {
        const char *entity;
        char c;
    } entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}};
    for (const char *s = strbuf_str(html); *s; s++) {
        if (*s == '<') {
            s = strchr(s, '>');
            assert_non_null(s);
            continue;
        }
        char c = *s == '\n' ? '\0' : *s;
        for (size_t i = 0; i < COUNT(entities); i++)
            if (strncmp(s, entities[i].entity, strlen(entities[i].entity)) == 0) {
                c = entities[i].c;
                s += strlen(entities[i].entity) - 1;
                break;
            }
        if (c)
            strbuf_addc(out, c);
    }
}

static const char *const texts[] = {
    "| a | b |",
    "<script>alert(1)</script>",
    "``` `x` ~~~",
    "--- === ***",
    "- item",
    "- 1. item",
    "- - -",
    "a * b * c, *d and ~e ~f",
    "[a][b] [c] ![d] [^e] [x] f",
    "1 <2 <= 3 < 4 <_ <5a>",
    "# heading #",
    "> quote",
    "]](javascript:alert(1)) ![x](y) [z]: w",
    "&lt;b&gt; &#60;",
    "*a* _b_ __c__ **d** ~~e~~ snake_case_word",
    "<!-- --> ]]> <--- Page Split --->",
    "C:\\dir\\ a\\|b",
    "$$\\input{x}$$ $5 and $6",
    "| --- | --- |",
    ":-:",
    "\\",
    "a\\",
    "`",
    "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D 12",
    "\xE4\xB8\xAD\xE6\x96\x87\xE3\x80\x82",
    "http://example.org/a_b?c=1&d=2",
};

static void text_is_shown_as_it_was(void **state)
{
    static const enum block_type types[] = {BLOCK_TEXT, BLOCK_HEADING, BLOCK_TABLE, BLOCK_FOOTNOTE,
                                            BLOCK_CODE};
    (void)state;
    for (size_t t = 0; t < COUNT(types); t++)
        for (size_t i = 0; i < COUNT(texts); i++) {
            auto_strbuf html = {0}, seen = {0};
            rendered_block(&html, types[t], texts[i]);
            shown(&seen, &html);
            if (strcmp(strbuf_str(&seen), texts[i]) != 0)
                fail_msg("%s \"%s\" is shown as \"%s\"", block_type_name(types[t]), texts[i],
                         strbuf_str(&seen));
        }
}

static size_t count(const struct strbuf *text, const char *what)
{
    size_t n = 0;
    for (const char *at = strbuf_str(text); (at = strstr(at, what)); at++)
        n++;
    return n;
}

static void tables_are_tables(void **state)
{
    (void)state;
    auto_strbuf html = {0};
    const char *cells[COUNT(texts) + 2] = {"head"};
    memcpy(cells + 1, texts, sizeof texts);
    struct page *p = made_page(1);
    made_table(p, 100, 3, 1, cells);
    assert_int_equal(COUNT(texts) + 1, 27); /* rows of three */
    rendered(&html, &p, 1);
    assert_int_equal(count(&html, "<table>"), 1);
    assert_int_equal(count(&html, "<th>"), 3);
    assert_int_equal(count(&html, "<td>"), COUNT(texts) - 2);
}

static void a_table_over_two_pages_is_one(void **state)
{
    static const char *const rows[] = {"Name", "Sum", "a", "1", NULL};
    (void)state;
    for (int spans = 0; spans < 2; spans++) {
        auto_strbuf html = {0};
        struct page *pages[] = {made_page(1), made_page(2)};
        for (int i = 0; i < 2; i++) {
            struct block *b = made_table(pages[i], i ? 200 : 900, 2, 1, rows);
            if (spans) {
                b->cell_count--;
                b->cells[2].colspan = 2;
            }
        }
        rendered(&html, pages, 2);
        assert_int_equal(count(&html, "<table>"), 1);
        assert_int_equal(count(&html, "</table>"), 1);
        assert_int_equal(count(&html, "<th>"), 2);
        assert_int_equal(count(&html, "<tr>"), 3);
        assert_int_equal(count(&html, "<hr"), 0);
    }
}

static void lists_are_lists(void **state)
{
    static const struct {
        const char *text;
        float left;
    } lines[] = {
        {"\xE2\x80\xA2 one", 100}, {"\xE2\x80\x93 inner", 130},
        {"1. deep", 160},          {"2. deeper", 160},
        {"\xE2\x80\xA2 two", 100}, {"7. seven", 100},
        {"8. eight", 100},         {"10. ten", 100},
    };
    (void)state;
    auto_strbuf html = {0};
    struct page *p = made_page(1);
    struct block *b = page_add_block(p, BLOCK_LIST);
    for (size_t i = 0; i < COUNT(lines); i++)
        made_line(p, b, lines[i].text, lines[i].left, 30 * (float)i, 300);
    rendered(&html, &p, 1);
    assert_string_equal(strbuf_str(&html),
                        "<ul>\n<li>one\n<ul>\n<li>inner\n<ol>\n<li>deep</li>\n<li>deeper</li>\n"
                        "</ol>\n</li>\n</ul>\n</li>\n<li>two</li>\n</ul>\n"
                        "<ol start=\"7\">\n<li>seven</li>\n<li>eight</li>\n</ol>\n"
                        "<p>10. ten</p>\n");
}

static void numbered_paragraphs_keep_their_numbers(void **state)
{
    static const char *const numbered[] = {"150. a", "151. b", "153. c", "154. d", "2) e", "9. f"};
    (void)state;
    auto_strbuf html = {0};
    struct page *p = made_page(1);
    for (size_t i = 0; i < COUNT(numbered); i++)
        made_block(p, BLOCK_TEXT, 100 * (float)(i + 1), numbered[i]);
    rendered(&html, &p, 1);
    assert_string_equal(
        strbuf_str(&html),
        "<ol start=\"150\">\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n</li>\n</ol>\n"
        "<p>153. c</p>\n<ol start=\"154\">\n<li>d</li>\n</ol>\n"
        "<ol start=\"2\">\n<li>e</li>\n</ol>\n<ol start=\"9\">\n<li>f</li>\n</ol>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_shown_as_it_was),
        cmocka_unit_test(tables_are_tables),
        cmocka_unit_test(a_table_over_two_pages_is_one),
        cmocka_unit_test(lists_are_lists),
        cmocka_unit_test(numbered_paragraphs_keep_their_numbers),
    };
    char command[64];
    snprintf(command, sizeof command, "%s --version >/dev/null 2>&1", renderer);
    if (system(command) != 0) {
        fprintf(stderr, "%s is not installed\n", renderer);
        return 77;
    }
    return cmocka_run_group_tests_name("export_render", tests, NULL, NULL);
}
