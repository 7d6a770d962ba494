/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * bind_document with the real pagemill-work, named by PAGEMILL_WORK: a document goes in with its
 * plan, a PDF that opens comes out, or a typed error. With PAGEMILL_CORPUS every hostile file too,
 * and each must be as readable afterwards as it was before.
 */
#include "pdf_text.h"
#include "unit.h"

#include "base/fd.h"
#include "export/export.h"
#include "work/bind.h"
#include "work/picture.h"
#include "work/process.h"

#include <fcntl.h>
#include <unistd.h>

static struct settings settings;
static const struct view all_of_it;

static int sealed(const void *bytes, size_t len)
{
    int fd = fd_memory("test", NULL);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_full(fd, bytes, len, NULL), 0);
    assert_int_equal(fd_seal(fd, NULL), 0);
    return fd;
}

static int bind_text(int document, const char *password, const char *plan, uint64_t *size,
                     struct error *err)
{
    auto_fd fd = sealed(plan, strlen(plan));
    return bind_document(&settings, document, password, fd, strlen(plan), size, err);
}

/* Two pages, the second with a script that acts on its own. */
static const char pdf[] = "%PDF-1.4\n"
                          "1 0 obj <</Type/Catalog/Pages 2 0 R/OpenAction 6 0 R>> endobj\n"
                          "2 0 obj <</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>> endobj\n"
                          "3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>> endobj\n"
                          "4 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]\n"
                          "/AA<</O 6 0 R>>/Annots[5 0 R]>> endobj\n"
                          "5 0 obj <</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A 6 0 R>> endobj\n"
                          "6 0 obj <</S/JavaScript/JS(app.alert\\(1\\))>> endobj\n"
                          "trailer <</Root 1 0 R/Size 7>>\n%%EOF\n";

static const char plan_of_two[] = "plan 1\n"
                                  "page 1 600 400\n"
                                  "box 1 title 10 20 300 60\n"
                                  "page 2\n"
                                  "note page 2: failed: timeout\n";

static char *text_of(int fd, uint64_t size)
{
    char *text = calloc(1, size + 1);
    assert_non_null(text);
    assert_int_equal(fd_read_full(fd, text, size, 0), size);
    return text;
}

static void binds_a_document(void **state)
{
    struct error err;
    uint64_t size = 0, png = 0;
    (void)state;
    auto_fd document = sealed(pdf, sizeof pdf - 1);
    auto_fd bound = OK(bind_text(document, "", plan_of_two, &size, &err));
    assert_true(pdf_holds(bound, "(1 title) Tj"));
    assert_true(pdf_holds(bound, "(page 2: failed: timeout) Tj"));
    static const char *const gone[] = {"app.alert", "OpenAction", "/AA", "/A 6 0 R"};
    for (size_t i = 0; i < COUNT(gone); i++)
        if (pdf_holds(bound, gone[i]))
            fail_msg("'%s' is still there", gone[i]);
    for (uint32_t page = 1; page <= 2; page++) {
        auto_fd picture =
            OK(picture_render(&settings, bound, "", page, 72, &all_of_it, &png, &err));
        assert_true(picture >= 0);
    }
}

static void same_input_same_bytes(void **state)
{
    struct error err;
    uint64_t sizes[2];
    char *texts[2];
    (void)state;
    auto_fd document = sealed(pdf, sizeof pdf - 1);
    for (int i = 0; i < 2; i++) {
        auto_fd bound = OK(bind_text(document, "", plan_of_two, &sizes[i], &err));
        texts[i] = text_of(bound, sizes[i]);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(texts[0], texts[1], sizes[0]);
    free(texts[0]);
    free(texts[1]);
}

/* What export_plan_layouts writes is what the worker reads. */
static void takes_an_exported_plan(void **state)
{
    struct error err;
    uint64_t size;
    auto_strbuf plan = {0};
    (void)state;
    struct page *page = page_new(1);
    page->width = 300;
    page->height = 200;
    page_add_block(page, BLOCK_TABLE_CAPTION)->bbox = (struct rect){-2, 0.5F, 310, 99.5F};
    page_add_block(page, BLOCK_OTHER); /* nowhere */
    error_set(&err, ERROR_TIMEOUT, "(too) slow");
    const struct export_page good = {.number = 1, .page = page}, bad = {.number = 2, .error = &err};
    page->blocks[0].rows = page->blocks[0].cols = 1;
    page_add_cell(page, &page->blocks[0])->bbox = (struct rect){1, 2, 9, 700};
    export_plan_layouts.begin(&plan, "{}");
    export_plan_layouts.page(&plan, &good, true);
    export_plan_layouts.page(&plan, &bad, false);
    page_free(&page);
    assert_string_equal(strbuf_str(&plan), "plan 1\n"
                                           "page 1 300 200\n"
                                           "cell 1 2 9 200\n"
                                           "box 0 table_caption 0 0 300 100\n"
                                           "page 2\n"
                                           "note page 2: failed: timeout\n");
    auto_fd document = sealed(pdf, sizeof pdf - 1);
    auto_fd bound = OK(bind_text(document, "", plan.data, &size, &err));
    assert_true(bound >= 0);
}

/* ---- the plan of text ---- */

static struct quad box(float x1, float y1, float x2, float y2)
{
    return quad_of_rect((struct rect){x1, y1, x2, y2});
}

static struct line *add_line(struct page *page, const char *text, struct quad polygon)
{
    struct block *block = page_add_block(page, BLOCK_TEXT);
    struct line *line = page_add_line(page, block);
    line->text = text;
    line->polygon = polygon;
    return line;
}

static void add_word(struct page *page, struct line *line, const char *text, struct quad polygon)
{
    struct word *word = page_add_word(page, line);
    word->text = text;
    word->polygon = polygon;
}

static struct page *new_page(enum page_source source)
{
    struct page *page = page_new(1);
    page->width = 600;
    page->height = 400;
    page->dpi = 144;
    page->source = source;
    return page;
}

/* Frees the page. */
static void plans(struct page *page, const char *expected)
{
    auto_strbuf plan = {0};
    const struct export_page e = {.number = 1, .page = page};
    export_plan_text.page(&plan, &e, true);
    page_free(&page);
    assert_string_equal(strbuf_str(&plan), expected);
}

#define PAGE_1 "page 1 600 400\n"

static void words_on_the_edge_of_their_line(void **state)
{
    struct page *page = new_page(PAGE_SOURCE_OCR);
    struct line *line = add_line(page, "On -\u4e2d", box(10, 20, 110, 40));
    (void)state;
    add_word(page, line, "On", box(10, 25, 50, 36));
    add_word(page, line, "-", box(60, 30, 70, 32));
    add_word(page, line, "\u4e2d", box(70, 20.5F, 110.25F, 40));
    plans(page, PAGE_1 "line 100 400 1100 400 200\nword 0 400 4F6E\nblank\nword 500 600 2D\n"
                       "word 600 1003 E4B8AD\n");
    page = new_page(PAGE_SOURCE_VERIFIED);
    add_line(page, "no words", box(10, 20, 110, 40));
    plans(page, PAGE_1 "line 100 400 1100 400 200\nword 0 1000 6E6F20776F726473\n");
    page = new_page(PAGE_SOURCE_TEXT);
    add_line(page, "its own", box(10, 20, 110, 40));
    plans(page, PAGE_1);
}

/* Set from top to bottom; a line that leans in an upright box; a line of no height. */
static void lines_that_are_no_frames(void **state)
{
    struct page *page = new_page(PAGE_SOURCE_OCR);
    (void)state;
    add_line(page, "\u4e2d\u6587\u5b57", box(10, 20, 30, 80));
    plans(page, PAGE_1 "line 100 200 100 800 200\nword 0 600 E4B8ADE69687E5AD97\n");
    page = new_page(PAGE_SOURCE_OCR);
    struct line *line = add_line(page, "a b", box(10, 20, 110, 60));
    add_word(page, line, "a", box(10, 20, 50, 40));
    add_word(page, line, "b", box(60, 40, 110, 60));
    plans(page, PAGE_1 "line 100 400 500 400 200\nword 0 400 61\nline 600 600 1100 600 200\n"
                       "word 0 500 62\n");
    page = new_page(PAGE_SOURCE_OCR);
    add_line(page, "l", box(10, 20, 10, 20));
    plans(page, PAGE_1 "line 100 200 110 200 10\nword 0 10 6C\n");
}

/* Written as seen, from left to right, numbers as they are read. */
static void text_from_right_to_left(void **state)
{
    struct page *page = new_page(PAGE_SOURCE_OCR);
    struct line *line = add_line(page, "\u05d0\u05d1\u05d2 12 \u05d312", box(10, 20, 110, 40));
    (void)state;
    add_word(page, line, "\u05d0\u05d1\u05d2", box(80, 20, 110, 40));
    add_word(page, line, "12", box(50, 20, 70, 40));
    add_word(page, line, "\u05d312", box(10, 20, 40, 40));
    plans(page, PAGE_1 "line 100 400 1100 400 200\nword 0 300 3132D793\nblank\n"
                       "word 400 600 3132\nblank\nword 700 1000 D792D791D790\n");
}

/* One item holds 256 letters. */
static void long_words_in_pieces(void **state)
{
    char text[601];
    auto_strbuf plan = {0};
    struct page *page = new_page(PAGE_SOURCE_OCR);
    const struct export_page e = {.number = 1, .page = page};
    (void)state;
    memset(text, 'x', 600);
    text[600] = '\0';
    add_line(page, text, box(0, 20, 600, 40));
    export_plan_text.page(&plan, &e, true);
    static const char *const starts[] = {"word 0 2560 78", "word 2560 5120 78",
                                         "word 5120 6000 78"};
    for (size_t i = 0; i < COUNT(starts); i++)
        assert_non_null(strstr(strbuf_str(&plan), starts[i]));
    page_free(&page);
}

static void writes_text(void **state)
{
    struct error err = {0};
    uint64_t size;
    auto_strbuf plan = {0};
    struct page *page = new_page(PAGE_SOURCE_OCR);
    const struct export_page good = {.number = 1, .page = page}, bad = {.number = 2, .error = &err};
    (void)state;
    add_line(page, "Hello", box(10, 20, 110, 40));
    export_plan_of("pdf")->begin(&plan, "{}");
    export_plan_of("pdf")->page(&plan, &good, true);
    export_plan_of("pdf")->page(&plan, &bad, false);
    page_free(&page);
    auto_fd document = sealed(pdf, sizeof pdf - 1);
    auto_fd bound = OK(bind_text(document, "", strbuf_str(&plan), &size, &err));
    assert_true(pdf_holds(bound, "3 Tr\n"));
    assert_true(pdf_holds(bound, "<0048>")); /* H, in ToUnicode */
    assert_true(pdf_holds(bound, "/PagemillFailedPages(2)"));
}

/* ---- figures ---- */

/* By its first frame header. */
static void is_jpeg(int fd, uint64_t size, unsigned width, unsigned height)
{
    uint8_t *bytes = (uint8_t *)text_of(fd, size);
    assert_memory_equal(bytes, "\xFF\xD8\xFF", 3);
    uint8_t *frame = memmem(bytes, size, "\xFF\xC0", 2);
    assert_non_null(frame);
    assert_int_equal(frame[5] << 8 | frame[6], height);
    assert_int_equal(frame[7] << 8 | frame[8], width);
    free(bytes);
}

static void cuts_figures(void **state)
{
    struct error err;
    uint64_t size;
    struct picture_maker maker;
    struct page *page = new_page(PAGE_SOURCE_OCR);
    (void)state;
    page_add_block(page, BLOCK_TEXT);
    page_add_block(page, BLOCK_FIGURE)->bbox = (struct rect){60, 100, 299.5F, 250};
    page_add_block(page, BLOCK_FIGURE)->bbox = (struct rect){-3, 400, 0, 400};
    auto_fd document = sealed(pdf, sizeof pdf - 1);
    assert_int_equal(OK(picture_open(&maker, &settings, document, "", &err)), 0);
    auto_fd first = OK(picture_figure(&maker, page, 0, &size, &err));
    is_jpeg(first, size, 251, 157); /* at 150 dpi a pixel of the result is 1.0417 */
    auto_fd second = OK(picture_figure(&maker, page, 1, &size, &err));
    is_jpeg(second, size, 1, 1);
    REFUSED(ERROR_NOT_FOUND, picture_figure(&maker, page, 2, &size, &err));
    page->number = 3;
    REFUSED(ERROR_NOT_FOUND, picture_figure(&maker, page, 0, &size, &err));
    const struct view beyond = {.width = 10, .height = 10, .x2 = 11, .y2 = 1};
    REFUSED(ERROR_BUG, picture_make(&maker, 1, 72, &beyond, &size, &err));
    const struct view jpeg = {.jpeg = 1};
    auto_fd whole = OK(picture_make(&maker, 2, 72, &jpeg, &size, &err));
    is_jpeg(whole, size, 300, 200);
    picture_close(&maker);
    page_free(&page);
}

static void refuses_plans_that_make_no_sense(void **state)
{
    static const struct {
        const char *plan, *says;
    } cases[] = {
        {"plan 2\n", "line 1"},
        {"plan 1", "line 1"},
        {"plan 1\nbox 1 text 1 1 2 2\n", "line 2"},
        {"plan 1\npage 0\n", "line 2"},
        {"plan 1\npage 1 0 10\n", "line 2"},
        {"plan 1\npage 1 10\n", "line 2"},
        {"plan 1\npage 1 10 10 10\n", "line 2"},
        {"plan 1\npage 1  10 10\n", "line 2"},
        {"plan 1\npage +1 10 10\n", "line 2"},
        {"plan 1\npage 1\npage 1\n", "line 3"},
        {"plan 1\npage 2\npage 1\n", "line 3"},
        {"plan 1\npage 3\n", "page 3 of a document of 2"},
        {"plan 1\npage 1\nbox 1 text 0 0 1 1\n", "line 3"}, /* no size */
        {"plan 1\npage 1 10 10\nbox 1 text 0 0 11 1\n", "line 3"},
        {"plan 1\npage 1 10 10\nbox 1 text 5 0 5 1\n", "line 3"},
        {"plan 1\npage 1 10 10\nbox 1 text 0 -1 5 1\n", "line 3"},
        {"plan 1\npage 1 10 10\nbox 1 text 0 1 5.5 2\n", "line 3"},
        {"plan 1\npage 1 10 10\nbox 1 Text 0 0 1 1\n", "line 3"},
        {"plan 1\npage 1 10 10\nbox 1 text 0 0 1\n", "line 3"},
        {"plan 1\npage 1 10 10\nbox 1 text 0 0 1 1 1\n", "line 3"},
        {"plan 1\npage 1 10 10\nbox 1 text 0 0 1 1", "line 3"},
        {"plan 1\npage 1 10 10\nbox 1 text 0 0 1 9999999999\n", "line 3"},
        {"plan 1\npage 1 10 10\nbox text 0 0 1 1\n", "line 3"},
        {"plan 1\npage 1 10 10\ncell 0 0 11 1\n", "line 3"},
        {"plan 1\npage 1 10 10\nfailed now\n", "line 3"},
        {"plan 1\npage 1\nline 0 10 50 10 5\n", "line 3"}, /* no size */
        {"plan 1\npage 1 10 10\nline 0 10 0 10 5\n", "line 3"},
        {"plan 1\npage 1 10 10\nline 0 10 50 10 0\n", "line 3"},
        {"plan 1\npage 1 10 10\nline 0 10 50 10 -5\n", "line 3"},
        {"plan 1\npage 1 10 10\nword 0 50 41\n", "line 3"}, /* on no line */
        {"plan 1\npage 1 10 10\nline 0 10 50 10 5\nblank\n", "line 4"},
        {"plan 1\npage 1 10 10\nline 0 10 50 10 5\nword 50 0 41\n", "line 4"},
        {"plan 1\npage 1 10 10\nline 0 10 50 10 5\nword 0 50 4\n", "line 4"},
        {"plan 1\npage 1 10 10\nline 0 10 50 10 5\nword 0 50 6a\n", "line 4"},
        {"plan 1\npage 1 10 10\nline 0 10 50 10 5\nword 0 50 C3\n", "line 4"},
        {"plan 1\npage 1 10 10\nline 0 10 50 10 5\nword 0 50 00\n", "line 4"},
        {"plan 1\npage 1 10 10\nline 0 10 50 10 5\nword 0 50 \n", "line 4"},
        {"plan 1\npage 1 10 10\ncircle\n", "line 3"},
        {"plan 1\npage 1 10 10\n\n", "line 3"},
        {"plan 1\npage 1\nnote \n", "line 3"},
        {"plan 1\npage 1\nnote a\nnote b\n", "line 4"},
        {"plan 1\npage 1\nnote \xC3\xA9\n", "line 3"},
        {"plan 1\npage 1\nnote a\tb\n", "line 3"},
    };
    struct error err;
    uint64_t size = 7;
    (void)state;
    auto_fd document = sealed(pdf, sizeof pdf - 1);
    for (size_t i = 0; i < COUNT(cases); i++)
        REFUSED_SAYING(ERROR_BUG, cases[i].says,
                       bind_text(document, "", cases[i].plan, &size, &err));
    assert_int_equal(size, 7);
}

static void refuses_plans_it_cannot_trust(void **state)
{
    struct error err;
    uint64_t size;
    size_t len = sizeof plan_of_two - 1;
    (void)state;
    auto_fd document = sealed(pdf, sizeof pdf - 1), whole = sealed(plan_of_two, len);
    auto_fd open_file = fd_memory("test", &err);
    OK(fd_write_full(open_file, plan_of_two, len, &err));
    REFUSED(ERROR_BUG, bind_document(&settings, document, "", open_file, len, &size, &err));
    REFUSED(ERROR_BUG, bind_document(&settings, document, "", whole, len - 1, &size, &err));
    REFUSED(ERROR_BUG, bind_document(&settings, document, "", -1, len, &size, &err));
    REFUSED(ERROR_LIMIT, bind_document(&settings, document, "", whole, 0, &size, &err));
}

static void refuses_documents_it_cannot_read(void **state)
{
    struct error err;
    uint64_t size;
    struct settings full = settings;
    (void)state;
    auto_fd text = sealed("no document at all", 18), nothing = sealed("", 0);
    auto_fd broken = sealed("\xFF\xD8\xFF and nothing more", 20);
    auto_fd document = sealed(pdf, sizeof pdf - 1),
            plan = sealed(plan_of_two, sizeof plan_of_two - 1);
    REFUSED(ERROR_UNSUPPORTED, bind_text(text, "", plan_of_two, &size, &err));
    REFUSED(ERROR_INPUT, bind_text(nothing, "", plan_of_two, &size, &err));
    REFUSED(ERROR_INPUT, bind_text(broken, "", plan_of_two, &size, &err));
    settings.max_pages = 1;
    REFUSED(ERROR_LIMIT, bind_text(document, "", plan_of_two, &size, &err));
    settings = full;
    strcpy(full.work_program, "/nonexistent/program");
    REFUSED(ERROR_IO,
            bind_document(&full, document, "", plan, sizeof plan_of_two - 1, &size, &err));
}

static void leaves_nothing_behind(void **state)
{
    struct error err;
    uint64_t size;
    (void)state;
    auto_fd document = sealed(pdf, sizeof pdf - 1);
    int before = unit_descriptors();
    for (int i = 0; i < 2; i++) {
        auto_fd bound = OK(bind_text(document, "", plan_of_two, &size, &err));
        assert_true(bound >= 0);
        REFUSED(ERROR_BUG, bind_text(document, "", "plan 2\n", &size, &err));
    }
    assert_int_equal(unit_descriptors(), before);
}

/* ---- the corpus ---- */

static void needs_the_password(void **state)
{
    char path[1024];
    struct error err;
    uint64_t size, png;
    const char *corpus = getenv("PAGEMILL_CORPUS");
    (void)state;
    if (!corpus)
        return;
    snprintf(path, sizeof path, "%s/hostile-pdf/enc__paperless__password-is-test.pdf", corpus);
    static const char plan[] = "plan 1\npage 1 100 100\nbox 1 text 10 10 90 90\n";
    auto_fd document = open(path, O_RDONLY | O_CLOEXEC);
    REFUSED_SAYING(ERROR_PASSWORD, "needed", bind_text(document, "", plan, &size, &err));
    REFUSED_SAYING(ERROR_PASSWORD, "wrong", bind_text(document, "tset", plan, &size, &err));
    auto_fd bound = OK(bind_text(document, "test", plan, &size, &err));
    auto_fd picture = OK(picture_render(&settings, bound, "", 1, 72, &all_of_it, &png, &err));
    assert_true(picture >= 0);
}

static enum error_class class_of_render(int document)
{
    struct error err;
    uint64_t size;
    auto_fd picture = picture_render(&settings, document, "", 1, 36, &all_of_it, &size, &err);
    return picture >= 0 ? ERROR_NONE : err.class;
}

/* Pages that MuPDF shows, of files that it cannot write again: most of their objects are not there.
 */
static const char *const unwritable[] = {
    "qpdf__xref-compressed-in-compressed.pdf",
    "qpdffuzz__69969.fuzz.pdf",
};

static bool writable(const char *path)
{
    for (size_t i = 0; i < COUNT(unwritable); i++)
        if (strstr(path, unwritable[i]))
            return false;
    return true;
}

static bool allowed(enum error_class class)
{
    return class == ERROR_NONE || class == ERROR_INPUT || class == ERROR_PASSWORD ||
           class == ERROR_UNSUPPORTED || class == ERROR_LIMIT || class == ERROR_TIMEOUT;
}

/* Did it end in a way that is not allowed? Counts those bound. */
static bool bad_end(const char *path, int *bound_count)
{
    static const char plan[] = "plan 1\npage 1 1000 1400\nbox 1 title 100 100 500 200\n"
                               "line 1000 4000 5000 4000 200\nword 0 4000 74657874\n";
    struct error err = {0};
    uint64_t size;
    auto_fd document = open(path, O_RDONLY | O_CLOEXEC);
    if (document < 0)
        fail_msg("%s cannot be read", path);
    auto_fd bound = bind_text(document, "", plan, &size, &err);
    enum error_class after = bound >= 0 ? class_of_render(bound) : err.class;
    *bound_count += bound >= 0;
    bool bad = !allowed(after) ||
               (after != ERROR_NONE && writable(path) && class_of_render(document) == ERROR_NONE);
    if (bad)
        print_message("%s: %s: %s\n", path, error_code(after), err.text);
    return bad;
}

static int sweep(const char *folder, int least)
{
    char path[1024];
    int bad = 0, bound = 0;
    snprintf(path, sizeof path, "%s/%s", getenv("PAGEMILL_CORPUS"), folder);
    DIR *dir = opendir(path);
    if (!dir)
        fail_msg("%s cannot be read", path);
    for (struct dirent *entry; (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s/%s", getenv("PAGEMILL_CORPUS"), folder, entry->d_name);
        if (entry->d_type == DT_REG && !strstr(entry->d_name, ".tsv"))
            bad += bad_end(path, &bound);
    }
    closedir(dir);
    print_message("%s: %d bound\n", folder, bound);
    assert_true(bound >= least);
    return bad;
}

static void hostile_documents(void **state)
{
    int bad = 0;
    (void)state;
    if (!getenv("PAGEMILL_CORPUS"))
        return;
    bad += sweep("hostile-pdf", 100);
    bad += sweep("hostile-image", 80);
    bad += sweep("formats-same-page", 20);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binds_a_document),
        cmocka_unit_test(same_input_same_bytes),
        cmocka_unit_test(takes_an_exported_plan),
        cmocka_unit_test(words_on_the_edge_of_their_line),
        cmocka_unit_test(lines_that_are_no_frames),
        cmocka_unit_test(text_from_right_to_left),
        cmocka_unit_test(long_words_in_pieces),
        cmocka_unit_test(writes_text),
        cmocka_unit_test(cuts_figures),
        cmocka_unit_test(refuses_plans_that_make_no_sense),
        cmocka_unit_test(refuses_plans_it_cannot_trust),
        cmocka_unit_test(refuses_documents_it_cannot_read),
        cmocka_unit_test(leaves_nothing_behind),
        cmocka_unit_test(needs_the_password),
        cmocka_unit_test(hostile_documents),
    };
    const char *program = getenv("PAGEMILL_WORK");
    if (!program) {
        puts("PAGEMILL_WORK does not name the worker program");
        return 77;
    }
    settings_defaults(&settings);
    snprintf(settings.work_program, sizeof settings.work_program, "%s", program);
    settings.render_timeout = 20;
    return cmocka_run_group_tests_name("bind", tests, NULL, NULL);
}
