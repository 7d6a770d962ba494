/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * hOCR, ALTO, PAGE and TSV: escaping, places within the page, ids, tables' lines in their cells,
 * words parted at line ends, failed pages. Whether all of it obeys the formats' schemas is checked
 * by tests/e2e/test_formats.py, which runs this program as `export_xml_test sample EXT`.
 */
#include "unit.h"

#include "export/export_driver.h"
#include "export/export_shape.h"
#include "export/export_xml.h"

#include <math.h>

#define JOB                                                                            \
    "{\"filename\":\"a \\\"b\\\" & <c>.pdf\",\"created_at\":\"2026-01-02T03:04:05Z\"," \
    "\"options\":{\"engine\":\"tesseract\",\"dpi\":144}}"
#define FILENAME "a \"b\" & <c>.pdf"

static struct line *add_line(struct page *p, struct block *b, const char *text, struct rect at)
{
    struct line *l = page_add_line(p, b);
    l->text = text;
    l->polygon = quad_of_rect(at);
    l->confidence = 0.9F;
    return l;
}

/* Words of equal width. */
static struct line *add_words(struct page *p, struct block *b, struct rect at,
                              const char *const *words, size_t count)
{
    struct line *l = page_add_line(p, b);
    float width = (at.x2 - at.x1) / (float)count;
    for (size_t i = 0; i < count; i++) {
        struct word *w = page_add_word(p, l);
        w->text = words[i];
        w->confidence = 0.957F;
        w->polygon = quad_of_rect((struct rect){at.x1 + width * (float)i, at.y1,
                                                at.x1 + width * ((float)i + 0.9F), at.y2});
    }
    page_join_words(p, l);
    return l;
}

static struct block *add_block(struct page *p, enum block_type type, struct rect at)
{
    struct block *b = page_add_block(p, type);
    b->bbox = at;
    b->confidence = 0.9F;
    return b;
}

static void add_cell(struct page *p, struct block *b, int row, int col, int colspan, bool header,
                     struct rect at)
{
    struct cell *c = page_add_cell(p, b);
    *c = (struct cell){.row = row,
                       .col = col,
                       .rowspan = 1,
                       .colspan = colspan,
                       .header = header,
                       .text = "",
                       .bbox = at};
}

/* A heading over two columns, an empty place, a line outside of the grid. */
static void add_table(struct page *p)
{
    struct block *b = add_block(p, BLOCK_TABLE, (struct rect){100, 500, 500, 600});
    b->rows = b->cols = 2;
    b->caption = 1;
    add_cell(p, b, 0, 0, 2, true, (struct rect){100, 500, 500, 550});
    add_cell(p, b, 1, 0, 1, false, (struct rect){100, 550, 300, 600});
    add_cell(p, b, 1, 1, 1, false, (struct rect){300, 550, 500, 600});
    add_words(p, b, (struct rect){120, 510, 400, 540}, (const char *const[]){"Wide", "head"}, 2);
    add_line(p, b, "right", (struct rect){320, 560, 480, 590});
    add_line(p, b, "above", (struct rect){120, 400, 480, 430});
}

static void add_styled(struct page *p)
{
    struct block *b = add_block(p, BLOCK_HEADING, (struct rect){10, 20.5F, 220, 40});
    struct line *l = add_words(p, b, (struct rect){10, 20.5F, 220, 40},
                               (const char *const[]){"Gr\xC3\xBC\xC3\x9F", "<&\">"}, 2);
    b->level = 1;
    l->font_size = 24;
    l->style = FONT_BOLD | FONT_ITALIC | FONT_MONO;
    b = add_block(p, BLOCK_TABLE_CAPTION, (struct rect){100, 610, 500, 640});
    add_line(p, b, "Table 1", (struct rect){100, 610, 500, 640});
}

static void add_prose(struct page *p)
{
    struct block *b = add_block(p, BLOCK_TEXT, (struct rect){100, 100, 500, 190});
    add_words(p, b, (struct rect){100, 100, 500, 120}, (const char *const[]){"an", "inter-"}, 2);
    add_words(p, b, (struct rect){100, 130, 500, 150}, (const char *const[]){"national"}, 1);
    add_line(p, b, "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D", (struct rect){100, 160, 500, 190});
    /* Read from bottom to top, at the side. */
    b = add_block(p, BLOCK_OTHER, (struct rect){900, 100, 930, 500});
    struct line *l = add_line(p, b, "sideways", (struct rect){0});
    l->polygon = (struct quad){{{900, 500}, {900, 100}, {930, 100}, {930, 500}}};
}

/* Everything that could go wrong in one block. */
static void add_hostile(struct page *p)
{
    struct block *b = add_block(p, BLOCK_CODE, (struct rect){-50, NAN, 1e9F, INFINITY});
    struct line *l = add_line(p, b,
                              "a\x01"
                              "b\tc\nd\xEF\xBF\xBE]]>--><!--\xFF",
                              (struct rect){NAN, -9, INFINITY, 2000});
    l->confidence = NAN;
    l->font_size = NAN;
    add_line(p, b, "", (struct rect){5, 5, 5, 5});
    b->continued = b->continues = true;
    b = add_block(p, BLOCK_TABLE, (struct rect){0, 0, 10, 10});
    b->rows = b->cols = PAGE_MAX_GRID;
    add_line(p, b, "no grid", (struct rect){0, 0, 10, 10});
    b->caption = 9999;
    add_block(p, BLOCK_TABLE, (struct rect){0, 0, 10, 10});
}

static struct page *full_page(int number)
{
    struct page *p = page_new(number);
    p->width = 1000;
    p->height = 1400;
    p->dpi = 144;
    p->language = "chi_sim";
    p->confidence = 0.9F;
    add_styled(p);
    add_table(p);
    add_prose(p);
    add_block(p, BLOCK_FIGURE, (struct rect){600, 600, 800, 800});
    struct block *b = add_block(p, BLOCK_FIGURE, (struct rect){600, 900, 800, 1000});
    add_line(p, b, "legend", (struct rect){610, 910, 700, 930});
    for (enum block_type type = BLOCK_FORMULA; type < BLOCK_TYPES; type++)
        add_line(p, add_block(p, type, (struct rect){10, 1200, 90, 1220}), "x",
                 (struct rect){10, 1200, 90, 1220});
    add_hostile(p);
    return p;
}

/* The page and one that failed; of formats that hold one page, one of them. */
static void written(const struct export_format *f, struct page *p, bool fails, struct strbuf *out)
{
    struct error why;
    error_set(&why, ERROR_TIMEOUT, "too slow");
    const struct export_page good = {
        .number = (uint32_t)p->number, .page = p, .filename = FILENAME};
    const struct export_page bad = {
        .number = (uint32_t)p->number + 1, .error = &why, .filename = FILENAME};
    if (f->begin)
        f->begin(out, JOB);
    if (!f->single || !fails)
        f->page(out, &good, true);
    if (fails)
        f->page(out, &bad, f->single);
    if (f->end)
        f->end(out);
}

static void full(const char *extension, bool fails, struct strbuf *out)
{
    struct page *p = full_page(7);
    written(export_find(extension), p, fails, out);
    page_free(&p);
}

#define HAS(out, text)                                          \
    do {                                                        \
        if (!strstr(strbuf_str(out), text))                     \
            fail_msg("no '%s' in:\n%s", text, strbuf_str(out)); \
    } while (0)
#define LACKS(out, text) assert_null(strstr(strbuf_str(out), text))

/* ---- the pieces ---- */

static void text_is_escaped(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c'"},
        {"\t\n\r", "&#9;&#10;&#13;"},
        {"a\x01\x1F", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xEF\xBF\xBE\xEF\xBF\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xEF\xBF\xBD\xF0\x9F\x98\x80", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
        {"x\xFFy\xC3", "x\xEF\xBF\xBDy\xEF\xBF\xBD"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_strbuf out = {0};
        xml_add_text(&out, cases[i][0]);
        assert_string_equal(strbuf_str(&out), cases[i][1]);
    }
}

static void languages_are_tags_or_left_out(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"eng", " lang=\"eng\""},
        {"chi_sim", " lang=\"chi-sim\""},
        {"zh-Hant", " lang=\"zh-Hant\""},
        {"eng+deu", ""},
        {"de,fr", ""},
        {"-", ""},
        {"en-", ""},
        {"waytoolongword", ""},
        {"a\"b", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_strbuf out = {0};
        xml_add_language(&out, "lang", cases[i][0]);
        assert_string_equal(strbuf_str(&out), cases[i][1]);
    }
}

static void parts_are_between_0_and_1(void **state)
{
    static const struct {
        float value;
        const char *text;
    } cases[] = {{0, " p=\"0\""},     {1, " p=\"1\""},       {0.9574F, " p=\"0.957\""},
                 {-3, " p=\"0\""},    {7, " p=\"1\""},       {NAN, " p=\"0\""},
                 {1e-9F, " p=\"0\""}, {INFINITY, " p=\"1\""}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_strbuf out = {0};
        xml_add_part(&out, "p", cases[i].value);
        assert_string_equal(strbuf_str(&out), cases[i].text);
    }
}

static void job_objects_may_lack_everything(void **state)
{
    static const char *const jobs[] = {"{}", "[]", "", "{\"filename\":7,\"created_at\":null}"};
    (void)state;
    for (size_t i = 0; i < COUNT(jobs); i++) {
        struct xml_job job;
        xml_job_open(&job, jobs[i]);
        assert_string_equal(job.filename, "");
        assert_string_equal(job.created, "1970-01-01T00:00:00Z");
        assert_null(job.options);
        xml_job_close(&job);
    }
}

static void boxes_are_cut_to_the_page(void **state)
{
    (void)state;
    const struct page p = {.width = 100, .height = 50};
    const struct rect r = {-3, NAN, 1e9F, INFINITY}, small = {1.2F, 1.7F, 2.2F, 3};
    struct box b = box_of_rect(&p, &r);
    assert_true(b.left == 0 && b.top == 0 && b.right == 100 && b.bottom == 50);
    b = box_of_rect(&p, &small);
    assert_true(b.left == 1 && b.top == 1 && b.right == 3 && b.bottom == 3);
}

static void angles_are_counterclockwise(void **state)
{
    (void)state;
    const struct quad q = quad_of_rect((struct rect){0, 0, 100, 20});
    const struct quad up = {{{0, 100}, {0, 0}, {20, 0}, {20, 100}}};
    const struct quad nothing = {0};
    assert_float_equal(shape_angle(&q), 0, 0.01);
    assert_float_equal(shape_angle(&up), 90, 0.01);
    assert_float_equal(shape_angle(&nothing), 0, 0.01);
    assert_false(shape_turned(&q));
    assert_true(shape_turned(&up));
}

static void directions_come_from_the_first_letter(void **state)
{
    (void)state;
    assert_true(text_right_to_left("1. \xD7\xA9 abc"));
    assert_true(text_right_to_left("\xD8\xA7"));
    assert_false(text_right_to_left("abc \xD7\xA9"));
    assert_false(text_right_to_left("\xE6\x97\xA5"));
    assert_false(text_right_to_left("12 %"));
    assert_false(text_right_to_left(""));
}

/* Which lines each cell has, as "0:2 | 1:" of the page turned by `rotation`. */
static void lines_are_found_in_cells(void **state)
{
    static const int rotations[] = {0, 90, 180, 270};
    (void)state;
    for (size_t i = 0; i < COUNT(rotations); i++) {
        struct page *p = page_new(1);
        struct cell_lines in;
        p->width = p->height = 1000;
        p->rotation = rotations[i];
        struct block *b = add_block(p, BLOCK_TABLE, (struct rect){0, 0, 1000, 1000});
        b->rows = b->cols = 2;
        /* The page's quarters in the order in which they are read when it is turned. */
        static const int order[][4] = {{0, 1, 2, 3}, {2, 0, 3, 1}, {3, 2, 1, 0}, {1, 3, 0, 2}};
        for (int k = 0; k < 4; k++) {
            float x = (float)(order[i][k] % 2) * 500, y = (float)(order[i][k] / 2) * 500;
            add_cell(p, b, k / 2, k % 2, 1, false, (struct rect){x, y, x + 500, y + 500});
            add_line(p, b, "x", (struct rect){x + 100, y + 100, x + 200, y + 200});
        }
        cell_lines_open(&in, p, b);
        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(in.first[k + 1] - in.first[k], 1);
            assert_int_equal(in.order[in.first[k]], k);
        }
        assert_int_equal(in.first[5] - in.first[4], 0);
        cell_lines_close(&in);
        page_free(&p);
    }
}

/* ---- the formats ---- */

static void hocr_has_what_readers_look_for(void **state)
{
    auto_strbuf out = {0};
    (void)state;
    full("hocr", true, &out);
    HAS(&out, "<title>a &quot;b&quot; &amp; &lt;c&gt;.pdf</title>");
    HAS(&out, "<div class=\"ocr_page\" id=\"page_7\" title=\"image &quot;a 'b' &amp; "
              "&lt;c&gt;.pdf&quot;; bbox 0 0 1000 1400; ppageno 6; scan_res 144 144\" "
              "lang=\"chi-sim\">");
    HAS(&out, "<div class=\"ocr_carea\" id=\"block_7_1\" title=\"bbox 10 20 220 40\" "
              "data-type=\"heading\">");
    HAS(&out,
        "<span class=\"ocr_header\" id=\"line_7_1\" title=\"bbox 10 20 210 40; baseline 0.000 "
        "-3.9; x_size 24.0\">");
    HAS(&out, "x_wconf 96; x_fsize 12.0\"><strong><em>&lt;&amp;&quot;&gt;</em></strong></span>");
    HAS(&out, "<span class=\"ocr_caption\" id=\"line_7_2\"");
    HAS(&out, "<table class=\"ocr_table\" id=\"table_7_3\" title=\"bbox 100 500 500 600\">\n<tr>\n"
              "<th colspan=\"2\" title=\"bbox 100 500 500 550\">");
    HAS(&out, "</tr>\n<tr>\n<td title=\"bbox 100 550 300 600\"></td>");
    HAS(&out, "dir=\"rtl\"");
    HAS(&out, "; textangle 90; x_size 30.0; poly 900 500 900 100 930 100 930 500\"");
    HAS(&out, "<div class=\"ocr_image\"");
    HAS(&out, "data-failed=\"timeout\">\n<!-- page 8: failed: timeout -->\n</div>");
    LACKS(&out, "nan");
    LACKS(&out, "inf\"");
}

static void alto_has_what_readers_look_for(void **state)
{
    auto_strbuf out = {0};
    (void)state;
    full("alto.xml", true, &out);
    HAS(&out, "<fileName>a &quot;b&quot; &amp; &lt;c&gt;.pdf</fileName>");
    HAS(&out, "<processingDateTime>2026-01-02T03:04:05Z</processingDateTime>\n"
              "<processingStepSettings>{&quot;dpi&quot;:144,");
    HAS(&out, "<Page ID=\"p7\" PHYSICAL_IMG_NR=\"7\" WIDTH=\"1000\" HEIGHT=\"1400\" "
              "PROCESSINGREFS=\"pagemill\" PC=\"0.9\" LANG=\"chi-sim\">");
    HAS(&out, "<TextBlock ID=\"p7_b1\" HPOS=\"10\" VPOS=\"20\" WIDTH=\"210\" HEIGHT=\"20\" "
              "TAGREFS=\"type_heading\" IDNEXT=\"p7_b2\">");
    HAS(&out, "STYLEREFS=\"size_12 bold italic mono\"");
    HAS(&out, "CONTENT=\"&lt;&amp;&quot;&gt;\" WC=\"0.957\"/>");
    HAS(&out, "CONTENT=\"inter\" SUBS_TYPE=\"HypPart1\" SUBS_CONTENT=\"international\"");
    HAS(&out, "<HYP CONTENT=\"-\"/>\n</TextLine>");
    HAS(&out, "CONTENT=\"national\" SUBS_TYPE=\"HypPart2\" SUBS_CONTENT=\"international\"");
    HAS(&out, "TYPE=\"table\">\n<TextBlock ID=\"p7_b3_r0_c0\"");
    HAS(&out, "<TextBlock ID=\"p7_b3_rest\"");
    HAS(&out, "<Shape><Polygon POINTS=\"900,500 900,100 930,100 930,500\"/></Shape>");
    HAS(&out, "<Illustration ID=\"p7_b6\"");
    HAS(&out, "FILEID=\"images/6_0.jpg\"/>");
    HAS(&out, "TYPE=\"figure\">\n<Illustration ID=\"p7_b7_image\"");
    HAS(&out, "<!-- page 8: failed: timeout -->\n<Page ID=\"p8\" PHYSICAL_IMG_NR=\"8\" "
              "QUALITY=\"Missing\" QUALITY_DETAIL=\"failed: timeout\"/>");
}

static void pagexml_has_what_readers_look_for(void **state)
{
    auto_strbuf out = {0};
    (void)state;
    full("page.xml", false, &out);
    HAS(&out, "<Created>2026-01-02T03:04:05Z</Created>");
    HAS(&out, "<Page imageFilename=\"a &quot;b&quot; &amp; &lt;c&gt;.pdf\" imageWidth=\"1000\" "
              "imageHeight=\"1400\"");
    HAS(&out, "<RegionRefIndexed index=\"0\" regionRef=\"r0\"/>");
    HAS(&out, "<Relation id=\"caption2\" type=\"link\"><SourceRegionRef regionRef=\"r1\"/>"
              "<TargetRegionRef regionRef=\"r2\"/></Relation>");
    HAS(&out, "<TextRegion id=\"r0\" custom=\"structure {type:heading;}\" type=\"heading\">\n"
              "<Coords points=\"10,20 220,20 220,40 10,40\"/>");
    HAS(&out, "<TextEquiv conf=\"0.957\"><Unicode>&lt;&amp;&quot;&gt;</Unicode></TextEquiv>");
    HAS(&out, "<TextStyle monospace=\"true\" fontSize=\"12.0\" bold=\"true\" italic=\"true\"/>");
    HAS(&out,
        "<TableRegion id=\"r2\" custom=\"structure {type:table;}\" rows=\"2\" columns=\"2\">");
    HAS(&out, "<TableCellRole rowIndex=\"0\" columnIndex=\"0\" rowSpan=\"1\" colSpan=\"2\" "
              "header=\"true\"/>");
    HAS(&out, "<Unicode>an inter-\nnational\n\xD7\xA9");
    HAS(&out, "<GraphicRegion");
    HAS(&out, "continuation=\"true\"");
}

static void pagexml_of_a_failed_page(void **state)
{
    auto_strbuf out = {0};
    (void)state;
    full("page.xml", true, &out);
    HAS(&out, "<!-- page 8: failed: timeout -->\n<Page imageFilename=\"a &quot;b&quot; &amp; "
              "&lt;c&gt;.pdf\" imageWidth=\"0\" imageHeight=\"0\" custom=\"page {number:8;} "
              "failed {code:timeout;}\"/>\n</PcGts>\n");
}

static void tsv_is_as_tesseract_writes_it(void **state)
{
    auto_strbuf out = {0};
    (void)state;
    full("tsv", true, &out);
    HAS(&out, "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\t"
              "conf\ttext\n"
              "1\t7\t0\t0\t0\t0\t0\t0\t1000\t1400\t-1\t\n"
              "2\t7\t1\t0\t0\t0\t10\t20\t210\t20\t-1\t\n"
              "3\t7\t1\t1\t0\t0\t10\t20\t210\t20\t-1\t\n"
              "4\t7\t1\t1\t1\t0\t10\t20\t200\t20\t-1\t\n"
              "5\t7\t1\t1\t1\t1\t10\t20\t95\t20\t95.70\tGr\xC3\xBC\xC3\x9F\n"
              "5\t7\t1\t1\t1\t2\t115\t20\t95\t20\t95.70\t<&\">\n");
    HAS(&out,
        "5\t7\t2\t1\t1\t1\t100\t610\t400\t30\t90.00\tTable 1\n"); /* without words of its own */
    HAS(&out, "\ta b c d\xEF\xBF\xBE]]>--><!--\xFF\n");
    HAS(&out, "1\t8\t0\t0\t0\t0\t0\t0\t0\t0\t-1\t[failed: timeout]\n");
}

/* As many words as a dense sheet has; the time is not looked at, but quadratic code would be seen
 * by the test's limit. */
static void many_words_are_cheap(void **state)
{
    static const char *const extensions[] = {"hocr", "alto.xml", "page.xml", "tsv"};
    (void)state;
    struct page *p = page_new(1);
    p->width = p->height = PAGE_MAX_SIDE;
    p->dpi = 300;
    struct block *b = add_block(p, BLOCK_TABLE, (struct rect){0, 0, 200000, 200000});
    b->rows = 1000;
    b->cols = 200;
    for (int i = 0; i < b->rows * b->cols; i++) {
        float x = (float)(i % b->cols) * 1000, y = (float)(i / b->cols) * 200;
        struct rect at = {x, y, x + 900, y + 100};
        add_cell(p, b, i / b->cols, i % b->cols, 1, false, at);
        add_line(p, b, "word", at);
    }
    for (size_t i = 0; i < COUNT(extensions); i++) {
        auto_strbuf out = {0};
        written(export_find(extensions[i]), p, false, &out);
        assert_false(out.overflowed);
        assert_true(out.len > 200000 * 20);
    }
    page_free(&p);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(languages_are_tags_or_left_out),
        cmocka_unit_test(parts_are_between_0_and_1),
        cmocka_unit_test(job_objects_may_lack_everything),
        cmocka_unit_test(boxes_are_cut_to_the_page),
        cmocka_unit_test(angles_are_counterclockwise),
        cmocka_unit_test(directions_come_from_the_first_letter),
        cmocka_unit_test(lines_are_found_in_cells),
        cmocka_unit_test(hocr_has_what_readers_look_for),
        cmocka_unit_test(alto_has_what_readers_look_for),
        cmocka_unit_test(pagexml_has_what_readers_look_for),
        cmocka_unit_test(pagexml_of_a_failed_page),
        cmocka_unit_test(tsv_is_as_tesseract_writes_it),
        cmocka_unit_test(many_words_are_cheap),
    };
    /* export_xml_test sample EXT [failed]: the full page, for a look with a parser. */
    if (argc > 2 && strcmp(argv[1], "sample") == 0) {
        auto_strbuf out = {0};
        full(argv[2], argc > 3, &out);
        fputs(strbuf_str(&out), stdout);
        return 0;
    }
    return cmocka_run_group_tests_name("export_xml", tests, NULL, NULL);
}
