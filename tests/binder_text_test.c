/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Documents bound with unseen text, opened again and read: each word must lie where the plan has
 * it, lines must be read as lines, the pages must look as they did, and an older unseen text must
 * be gone.
 */
#include "binder_support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE "/MediaBox[0 0 300 200]"
#define FIRST "plan 1\npage 1 600 400\n"
#define NEAR 2.0F /* points */

static const struct line *line_of(const struct page *page, size_t n)
{
    for (size_t i = 0; i < page->block_count; i++) {
        const struct block *block = &page->blocks[i];
        if (n < block->line_count)
            return &block->lines[n];
        n -= block->line_count;
    }
    fail_msg("there are not so many lines");
    return NULL;
}

static size_t lines_of(const struct page *page)
{
    size_t n = 0;
    for (size_t i = 0; i < page->block_count; i++)
        n += page->blocks[i].line_count;
    return n;
}

static void is_near(struct point p, float x, float y)
{
    if (fabsf(p.x - x) > NEAR || fabsf(p.y - y) > NEAR)
        fail_msg("%.1f,%.1f is not near %.1f,%.1f", (double)p.x, (double)p.y, (double)x, (double)y);
}

/* The text of the first page of what is bound; at 72 dpi pixels are points. */
static struct page *text_after(int file, const char *plan)
{
    int fd;
    struct document *doc = binder_bound(file, plan, &fd);
    struct page *page = text_of(doc, 1, 72);
    document_close(&doc);
    close(fd);
    return page;
}

/* ---- where ---- */

static const struct {
    const char *attributes;
    int width, height; /* as shown, points */
} geometries[] = {
    {"/MediaBox[0 0 300 200]", 300, 200},
    {"/MediaBox[0 0 300 200]/Rotate 90", 200, 300},
    {"/MediaBox[0 0 300 200]/Rotate 180", 300, 200},
    {"/MediaBox[0 0 300 200]/Rotate 270", 200, 300},
    {"/MediaBox[-50 -70 400 400]/CropBox[13 -31 313 169]", 300, 200},
    {"/MediaBox[-50 -70 400 400]/CropBox[13 -31 313 169]/Rotate 90", 200, 300},
    {"/MediaBox[0 0 150 100]/UserUnit 2", 300, 200},
    {"/MediaBox[7 7 157 107]/UserUnit 2/Rotate 270", 200, 300},
};

/* The plan is of the page at 144 dpi: twenty tenths to the point. */
static void words_lie_where_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof geometries / sizeof *geometries; i++) {
        char plan[300];
        snprintf(plan, sizeof plan,
                 "plan 1\npage 1 %d %d\nline 400 800 2400 800 240\nword 0 600 4F6E65\nblank\n"
                 "word 800 2000 74776F\n",
                 geometries[i].width * 2, geometries[i].height * 2);
        struct page *page = text_after(binder_page_of(geometries[i].attributes, ""), plan);
        const struct line *line = line_of(page, 0);
        assert_string_equal(line->text, "One two");
        assert_int_equal(line->word_count, 2);
        is_near(line->words[0].polygon.corner[0], 20, 28);
        is_near(line->words[0].polygon.corner[2], 50, 40);
        is_near(line->words[1].polygon.corner[0], 60, 28);
        is_near(line->words[1].polygon.corner[2], 120, 40);
        page_free(&page);
    }
}

/* Upwards, downwards, aslant, upside down: corners clockwise from where the text begins. */
static void turned_lines(void **state)
{
    static const struct {
        int x1, y1, x2, y2;
        float begin_x, begin_y; /* the top left corner of the word */
    } lines[] = {
        {2000, 3000, 2000, 1000, 88, 150},
        {2000, 1000, 2000, 3000, 112, 50},
        {3000, 1000, 1000, 1000, 150, 62},
        {1000, 1000, 2600, 2200, 57.2F, 40.4F},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char plan[200];
        snprintf(plan, sizeof plan, FIRST "line %d %d %d %d 240\nword 0 1000 48656C6C6F\n",
                 lines[i].x1, lines[i].y1, lines[i].x2, lines[i].y2);
        struct page *page = text_after(binder_page_of(PAGE, ""), plan);
        const struct word *word = &line_of(page, 0)->words[0];
        assert_string_equal(word->text, "Hello");
        is_near(word->polygon.corner[0], lines[i].begin_x, lines[i].begin_y);
        is_near(word->polygon.corner[3], (float)lines[i].x1 / 20, (float)lines[i].y1 / 20);
        page_free(&page);
    }
}

/* A word without length, blanks between words that touch and overlap. */
static void odd_lengths(void **state)
{
    (void)state;
    struct page *page =
        text_after(binder_page_of(PAGE, ""),
                   FIRST "line 400 800 2400 800 240\nword 0 600 41\nblank\nword 600 1200 42\n"
                         "blank\nword 1100 1500 43\nline 400 1800 2400 1800 240\nword 9 9 44\n");
    assert_string_equal(line_of(page, 0)->text, "A B C");
    assert_int_equal(lines_of(page), 2);
    page_free(&page);
}

/* A dash is as high as its line: it must not become a line of its own. */
static void lines_stay_whole(void **state)
{
    (void)state;
    struct page *page = text_after(
        binder_page_of(PAGE, ""),
        FIRST "line 200 400 5600 400 240\nword 0 1000 4F6E65\nblank\nword 1100 1300 E28093\nblank\n"
              "word 1400 1500 2E\nword 1500 2400 E4B8AD\nword 2400 3300 E69687\n"
              "line 200 800 5600 800 240\nword 0 1000 656E64\n");
    assert_int_equal(lines_of(page), 2);
    assert_string_equal(line_of(page, 0)->text, "One \u2013 .\u4e2d\u6587");
    assert_string_equal(line_of(page, 1)->text, "end");
    page_free(&page);
}

/* ---- what ---- */

/* Of two and four bytes, and what has a meaning in a PDF. */
static void any_character(void **state)
{
    (void)state;
    struct page *page =
        text_after(binder_page_of(PAGE, ""), FIRST
                   "line 200 400 5600 400 240\nword 0 2000 C3A9F09D849EF0A08080EFBFBD28295C\n");
    assert_string_equal(line_of(page, 0)->text, "\u00e9\U0001d11e\U00020000\ufffd()\\");
    page_free(&page);
}

/* More words than a list of ToUnicode holds, each with a character of its own. */
static void many_characters(void **state)
{
    auto_strbuf plan = {0};
    (void)state;
    strbuf_adds(&plan, FIRST);
    for (unsigned i = 0; i < 350; i++) {
        unsigned c = 0x4E00 + i;
        strbuf_addf(&plan, "line 200 %u 600 %u 100\nword 0 300 %02X%02X%02X\n", 100 + i * 10,
                    100 + i * 10, 0xE0 | c >> 12, 0x80 | (c >> 6 & 63), 0x80 | (c & 63));
    }
    struct page *page = text_after(binder_page_of(PAGE, ""), strbuf_str(&plan));
    assert_int_equal(lines_of(page), 350);
    assert_string_equal(line_of(page, 349)->text, "\u4f5d");
    page_free(&page);
}

/* ---- the page ---- */

static bool same_look(int before, int after)
{
    struct document *was = opened_with(before, "", &limits), *is = opened_with(after, "", &limits);
    struct picture a = rendered(was, 1, &at_72_rgb), b = rendered(is, 1, &at_72_rgb);
    bool same = a.raster.width == b.raster.width && a.raster.height == b.raster.height &&
                memcmp(a.pixels, b.pixels, (size_t)a.raster.stride * a.raster.height) == 0;
    drop(&a);
    drop(&b);
    document_close(&was);
    document_close(&is);
    return same;
}

#define NEW_TEXT FIRST "line 400 800 2400 800 240\nword 0 600 6E6577\n"

/* What stands on the page afterwards, the new word first or last. */
static const struct {
    const char *contents;
    const char *text; /* without the new word */
} layers[] = {
    {"BT 3 Tr /F 12 Tf 20 100 Td (old) Tj ET", ""},
    {"BT /F 12 Tf 3 Tr 20 100 Td [(o) -20 (ld)] TJ ET BT 20 50 Td (old) ' ET", ""},
    {"BT /F 12 Tf 20 100 Td (seen) Tj ET", "seen"},
    {"3 Tr BT /F 12 Tf 20 100 Td (old) Tj ET 0 Tr BT /F 12 Tf 20 50 Td (seen) Tj ET", "seen"},
    {"q 3 Tr Q BT /F 12 Tf 20 100 Td (seen) Tj ET", "seen"},
    /* what is shown is placed by what is not */
    {"BT /F 12 Tf 20 100 Td 3 Tr (old) Tj 0 Tr (seen) Tj ET", "oldseen"},
    /* the mode means nothing to it */
    {"BT 3 Tr /T 12 Tf 20 100 Td (a) Tj ET", "a"},
    /* spacing that goes on */
    {"BT 3 Tr /F 12 Tf 20 100 Td 5 0 (old) \" ET BT 0 Tr 20 50 Td (s n) Tj ET", "olds n"},
    {"BT 3 Tr /F 12 Tf (Tj ET\\) BT) Tj <</A[(Tj)]>> pop ET BI /W 1 /H 1 /BPC 8 /CS /G ID \xAA EI",
     ""},
    {"BT 3 Tr /F 12 Tf 20 100 Td (old) Tj", ""},
    {"3 Tr /F 12 Tf (old) Tj", "old"},
};

static void append_lines(const struct page *page, struct strbuf *out)
{
    for (size_t i = 0; i < lines_of(page); i++)
        if (strcmp(line_of(page, i)->text, "new") != 0)
            strbuf_adds(out, line_of(page, i)->text);
}

static void old_text_goes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        auto_strbuf text = {0};
        int before = binder_page_of(PAGE, layers[i].contents), after;
        struct document *doc = binder_bound(dup(before), NEW_TEXT, &after);
        struct page *page = text_of(doc, 1, 72);
        append_lines(page, &text);
        if (strcmp(strbuf_str(&text), layers[i].text) != 0)
            fail_msg("%s: '%s'", layers[i].contents, strbuf_str(&text));
        assert_true(lines_of(page) >= 1);
        assert_true(same_look(before, after));
        page_free(&page);
        document_close(&doc);
        close(before);
        close(after);
    }
}

/* As a layer that was grafted onto a scan: a form, used by two pages, one of which stays. */
static void old_text_in_forms(void **state)
{
    static const char pdf[] =
        "%PDF-1.4\n1 0 obj<</Pages 2 0 R>>endobj\n"
        "2 0 obj<</Count 2/Kids[3 0 R 4 0 R]/MediaBox[0 0 300 200]/Resources 5 0 R>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/Contents 6 0 R>>endobj\n"
        "4 0 obj<</Type/Page/Parent 2 0 R/Contents 6 0 R>>endobj\n"
        "5 0 obj<</XObject<</X 7 0 R>>/Font<</F 8 0 R>>>>endobj\n"
        "6 0 obj<</Length 5>>stream\n/X Do\nendstream endobj\n"
        "7 0 obj<</Subtype/Form/BBox[0 0 300 200]/Length 72>>stream\n"
        "0 0 9 9 re f BT 3 Tr /F 12 Tf 20 100 Td (old) Tj ET BT 0 Tr (see) Tj ET \n"
        "endstream endobj\n"
        "8 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n";
    int before = file_of(pdf, sizeof pdf - 1), after;
    (void)state;
    struct document *doc = binder_bound(dup(before), NEW_TEXT, &after);
    static const char *const wanted[] = {"see", "oldsee"};
    for (uint32_t n = 1; n <= 2; n++) {
        auto_strbuf text = {0};
        struct page *page = text_of(doc, n, 72);
        append_lines(page, &text);
        assert_string_equal(strbuf_str(&text), wanted[n - 1]);
        page_free(&page);
    }
    assert_true(same_look(before, after));
    document_close(&doc);
    close(before);
    close(after);
}

/* What was bound before is bound again. */
static void our_own_old_text(void **state)
{
    int once, twice;
    (void)state;
    struct document *doc = binder_bound(binder_page_of(PAGE, ""), NEW_TEXT, &once);
    document_close(&doc);
    doc = binder_bound(once, NEW_TEXT, &twice);
    struct page *page = text_of(doc, 1, 72);
    assert_int_equal(lines_of(page), 1);
    assert_string_equal(line_of(page, 0)->text, "new");
    page_free(&page);
    document_close(&doc);
    close(twice);
}

static void failed_pages_are_named(void **state)
{
    static const struct binder_sheet pages[] = {{PAGE, ""}, {PAGE, ""}, {PAGE, ""}};
    int fd;
    (void)state;
    struct document *doc = binder_bound(
        binder_pdf(pages, 3), "plan 1\npage 1\nfailed\npage 2 300 200\npage 3\nfailed\n", &fd);
    assert_true(binder_holds(fd, "/PagemillFailedPages(1,3)"));
    document_close(&doc);
    close(fd);
    doc = binder_bound(binder_pdf(pages, 3), "plan 1\npage 2 300 200\n", &fd);
    assert_false(binder_holds(fd, "PagemillFailedPages"));
    assert_false(binder_holds(fd, "/Type0"));
    document_close(&doc);
    close(fd);
}

/* ---- the file ---- */

static void what_nothing_leads_to_is_left_out(void **state)
{
    static const char pdf[] =
        "%PDF-1.4\n1 0 obj<</Pages 2 0 R/Names<</EmbeddedFiles<</Names[(x) 4 0 R]>>>>>>endobj\n"
        "2 0 obj<</Count 1/Kids[3 0 R]>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Kept 5 7 R>>endobj\n"
        "4 0 obj<</Type/Filespec/EF<</F 6 0 R>>>>endobj\n"
        "5 7 obj(an older generation)endobj\n"
        "6 0 obj<</Length 6>>stream\nattack\nendstream endobj\n"
        "7 0 obj(nobody's)endobj\ntrailer<</Root 1 0 R>>\n";
    int fd;
    (void)state;
    struct document *doc = binder_bound(file_of(pdf, sizeof pdf - 1), NEW_TEXT, &fd);
    assert_true(binder_holds(fd, "an older generation"));
    assert_false(binder_holds(fd, "attack"));
    assert_false(binder_holds(fd, "nobody's"));
    document_close(&doc);
    close(fd);
}

/* More objects than one object stream takes, and numbers with holes between. */
static void many_objects(void **state)
{
    struct strbuf b = {0};
    char last[32];
    int fd;
    (void)state;
    strbuf_adds(&b, "%PDF-1.4\n1 0 obj<</Pages 2 0 R/All[");
    for (int i = 0; i < 1000; i++)
        strbuf_addf(&b, "%d 0 R ", 10 + 3 * i);
    strbuf_adds(&b, "]>>endobj 2 0 obj<</Count 1/Kids[3 0 R]>>endobj\n"
                    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\n");
    for (int i = 0; i < 1000; i++)
        strbuf_addf(&b, "%d 0 obj(item %d)endobj\n", 10 + 3 * i, i);
    strbuf_adds(&b, "trailer<</Root 1 0 R>>\n");
    struct document *doc = binder_bound(file_of_strbuf(&b), NEW_TEXT, &fd);
    for (int i = 0; i < 1000; i += 111) {
        snprintf(last, sizeof last, "(item %d)", i);
        assert_true(binder_holds(fd, last));
    }
    struct page *page = text_of(doc, 1, 72);
    assert_string_equal(line_of(page, 0)->text, "new");
    page_free(&page);
    document_close(&doc);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_lie_where_they_should),
        cmocka_unit_test(turned_lines),
        cmocka_unit_test(odd_lengths),
        cmocka_unit_test(lines_stay_whole),
        cmocka_unit_test(any_character),
        cmocka_unit_test(many_characters),
        cmocka_unit_test(old_text_goes),
        cmocka_unit_test(old_text_in_forms),
        cmocka_unit_test(our_own_old_text),
        cmocka_unit_test(failed_pages_are_named),
        cmocka_unit_test(what_nothing_leads_to_is_left_out),
        cmocka_unit_test(many_objects),
    };
    return cmocka_run_group_tests_name("binder_text", tests, NULL, NULL);
}
