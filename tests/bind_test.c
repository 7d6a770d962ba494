/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * bind_document with the real pagemill-work, named by PAGEMILL_WORK: a document goes in with its
 * plan, a PDF that opens comes out, or a typed error. With PAGEMILL_CORPUS every hostile file too,
 * and each must be as readable afterwards as it was before.
 */
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
    char *text = text_of(bound, size);
    assert_int_equal(strncmp(text, "%PDF-", 5), 0);
    assert_non_null(memmem(text, size, "(1 title) Tj", 10));
    assert_non_null(memmem(text, size, "(page 2: failed: timeout) Tj", 28));
    static const char *const gone[] = {"app.alert", "OpenAction", "/AA", "/A 6 0 R"};
    for (size_t i = 0; i < COUNT(gone); i++)
        if (memmem(text, size, gone[i], strlen(gone[i])))
            fail_msg("'%s' is still there", gone[i]);
    free(text);
    for (uint32_t page = 1; page <= 2; page++) {
        auto_fd picture = OK(picture_render(&settings, bound, "", page, 72, &all_of_it, &png, &err));
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
    export_plan_layouts.begin(&plan, "{}");
    export_plan_layouts.page(&plan, &good, true);
    export_plan_layouts.page(&plan, &bad, false);
    page_free(&page);
    assert_string_equal(strbuf_str(&plan), "plan 1\n"
                                           "page 1 300 200\n"
                                           "box 0 table_caption 0 0 300 100\n"
                                           "page 2\n"
                                           "note page 2: failed: timeout\n");
    auto_fd document = sealed(pdf, sizeof pdf - 1);
    auto_fd bound = OK(bind_text(document, "", plan.data, &size, &err));
    assert_true(bound >= 0);
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
    REFUSED(ERROR_IO, bind_document(&full, document, "", plan, sizeof plan_of_two - 1, &size, &err));
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
    static const char plan[] = "plan 1\npage 1 1000 1400\nbox 1 title 100 100 500 200\n";
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
