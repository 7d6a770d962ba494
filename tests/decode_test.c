/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * PDFs made in memory, opened, rendered and read back: sizes, turns, text, passwords, caps and
 * damage.
 */
#include "decode_support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

struct sheet {
    const char *attributes; /* of the page object: "/MediaBox[0 0 200 100]" */
    const char *contents;
};

/* A PDF with a correct cross-reference table, and a lie in /Count when count is not 0. */
static struct strbuf pdf_of(const struct sheet *pages, int n, int count)
{
    struct strbuf b = {0};
    size_t offsets[64];
    int objects = 0;
    strbuf_adds(&b, "%PDF-1.4\n");
    offsets[++objects] = b.len;
    strbuf_adds(&b, "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n");
    offsets[++objects] = b.len;
    strbuf_addf(&b, "2 0 obj<</Type/Pages/Count %d/Kids[", count ? count : n);
    for (int i = 0; i < n; i++)
        strbuf_addf(&b, "%d 0 R ", 4 + 2 * i);
    strbuf_adds(&b, "]>>endobj\n");
    offsets[++objects] = b.len;
    strbuf_adds(&b, "3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n");
    for (int i = 0; i < n; i++) {
        offsets[++objects] = b.len;
        strbuf_addf(&b,
                    "%d 0 obj<</Type/Page/Parent 2 0 R/Resources<</Font<</F 3 0 R>>>>"
                    "/Contents %d 0 R%s>>endobj\n",
                    4 + 2 * i, 5 + 2 * i, pages[i].attributes);
        offsets[++objects] = b.len;
        strbuf_addf(&b, "%d 0 obj<</Length %zu>>stream\n%s\nendstream endobj\n", 5 + 2 * i,
                    strlen(pages[i].contents), pages[i].contents);
    }
    size_t table = b.len;
    strbuf_addf(&b, "xref\n0 %d\n0000000000 65535 f \n", objects + 1);
    for (int i = 1; i <= objects; i++)
        strbuf_addf(&b, "%010zu 00000 n \n", offsets[i]);
    strbuf_addf(&b, "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%zu\n%%%%EOF\n", objects + 1,
                table);
    return b;
}

static int pdf_file(const struct sheet *pages, int n)
{
    struct strbuf b = pdf_of(pages, n, 0);
    return file_of_strbuf(&b);
}

static int one_page(const char *attributes, const char *contents)
{
    struct sheet page = {attributes, contents};
    return pdf_file(&page, 1);
}

static int encrypted_pdf(const char *user, const char *owner)
{
    fz_context *ctx = fz_new_context(NULL, NULL, FZ_STORE_DEFAULT);
    pdf_document *doc = pdf_create_document(ctx);
    fz_buffer *contents = fz_new_buffer_from_copied_data(ctx, (const uint8_t *)"0 0 9 9 re f", 12);
    pdf_obj *page = pdf_add_page(ctx, doc, fz_make_rect(0, 0, 100, 50), 0, NULL, contents);
    pdf_insert_page(ctx, doc, -1, page);
    pdf_write_options options = pdf_default_write_options;
    options.do_encrypt = PDF_ENCRYPT_AES_256;
    options.permissions = ~0;
    snprintf(options.upwd_utf8, sizeof options.upwd_utf8, "%s", user);
    snprintf(options.opwd_utf8, sizeof options.opwd_utf8, "%s", owner);
    fz_buffer *buffer = fz_new_buffer(ctx, 4096);
    fz_output *out = fz_new_output_with_buffer(ctx, buffer);
    pdf_write_document(ctx, doc, out, &options);
    fz_close_output(ctx, out);
    fz_drop_output(ctx, out);
    unsigned char *data;
    size_t len = fz_buffer_storage(ctx, buffer, &data);
    int fd = file_of(data, len);
    fz_drop_buffer(ctx, buffer);
    pdf_drop_obj(ctx, page);
    fz_drop_buffer(ctx, contents);
    pdf_drop_document(ctx, doc);
    fz_drop_context(ctx);
    return fd;
}

static void pdf_sizes(void **state)
{
    (void)state;
    const struct sheet pages[] = {
        {"/MediaBox[0 0 612 792]", ""},
        {"/MediaBox[0 0 200 100]/Rotate 90", ""},
        {"/MediaBox[0 0 200 100]/CropBox[50 20 150 70]", ""},
        {"/MediaBox[0 0 3 3]", ""},
    };
    auto_fd fd = pdf_file(pages, 4);
    struct document *doc = opened_with(fd, "", &limits);
    assert_int_equal(document_pages(doc), 4);
    check_size(doc, 1, 144, 1224, 1584);
    check_size(doc, 1, 300, 2550, 3300);
    check_size(doc, 1, 100, 850, 1100);
    check_size(doc, 2, 72, 100, 200);
    check_size(doc, 3, 144, 200, 100);
    check_size(doc, 4, 1, 1, 1);
    failed_page(doc, 0, &at_72, ERROR_INPUT, "page 0 of a document of 4");
    failed_page(doc, 5, &at_72, ERROR_INPUT, "page 5 of a document of 4");
    document_close(&doc);
    assert_null(doc);
}

static void pdf_turned(void **state)
{
    (void)state;
    /* A square at the bottom left goes to the top left when turned clockwise. */
    auto_fd fd = one_page("/MediaBox[0 0 200 100]/Rotate 90", "1 0 0 rg 0 0 20 20 re f");
    struct document *doc = opened_with(fd, "", &limits);
    struct picture grey = rendered(doc, 1, &at_72), colour = rendered(doc, 1, &at_72_rgb);
    assert_in_range(*pixel(&grey, 10, 10), 76, 77);
    assert_int_equal(*pixel(&grey, 90, 10), 255);
    assert_int_equal(*pixel(&grey, 10, 190), 255);
    assert_memory_equal(pixel(&colour, 10, 10), "\xFF\0\0", 3);
    assert_memory_equal(pixel(&colour, 50, 50), "\xFF\xFF\xFF", 3);
    drop(&grey);
    drop(&colour);
    document_close(&doc);
}

static void pdf_reduced(void **state)
{
    (void)state;
    const struct decode_limits small = {10000, 64u << 20, 10};
    auto_fd fd = one_page("/MediaBox[0 0 200 100]", "");
    struct document *doc = opened_with(fd, "", &small);
    struct picture p = rendered(doc, 1, &(struct render){300, 1, 0});
    /* 141 × 71 at 51 dpi is 10,011 pixels, 139 × 69 at 50 is 9,591. */
    assert_int_equal(p.raster.dpi, 50);
    assert_int_equal(p.raster.reduced, 1);
    assert_int_equal(p.raster.width, 139);
    assert_int_equal(p.raster.height, 69);
    drop(&p);
    document_close(&doc);
    auto_fd huge = one_page("/MediaBox[0 0 14400 14400]", "");
    doc = opened_with(huge, "", &small);
    failed_page(doc, 1, &at_72, ERROR_LIMIT, "14400 x 14400 points are over 10000 pixels");
    document_close(&doc);
}

static void pdf_long_side(void **state)
{
    (void)state;
    auto_fd fd = one_page("/MediaBox[0 0 14400 1]", "");
    struct document *doc = opened_with(fd, "", &limits);
    struct picture p = rendered(doc, 1, &(struct render){600, 1, 0});
    assert_int_equal(p.raster.reduced, 1);
    assert_int_equal(p.raster.dpi, 327);
    assert_int_equal(p.raster.width, 65400);
    drop(&p);
    document_close(&doc);
}

static void near(float actual, double expected)
{
    if (actual < (float)expected - 1.5f || actual > (float)expected + 1.5f)
        fail_msg("%.1f is not near %.1f", (double)actual, expected);
}

static void pdf_text(void **state)
{
    (void)state;
    auto_fd fd = one_page("/MediaBox[10 20 210 120]",
                          "BT /F 20 Tf 30 50 Td (Two  words) Tj 3 Tr 0 20 Td (unseen) Tj ET");
    struct document *doc = opened_with(fd, "", &limits);
    struct page *page = text_of(doc, 1, 144);
    assert_int_equal(page->width, 400);
    assert_int_equal(page->height, 200);
    assert_int_equal(page->dpi, 144);
    assert_true(page->confidence == 1);
    assert_int_equal(page->block_count, 1);
    assert_int_equal(page->blocks[0].line_count, 2);
    const struct line *line = &page->blocks[0].lines[0];
    assert_string_equal(line->text, "Two words");
    assert_int_equal(line->word_count, 2);
    assert_string_equal(line->words[1].text, "words");
    assert_string_equal(page->blocks[0].lines[1].text, "unseen");
    /* Helvetica: T 0.611, w 0.722, o 0.556, space 0.278 of 20 points, from x 30 - 10. */
    const struct quad *q = &line->words[0].polygon;
    near(q->corner[0].x, 40);
    near(q->corner[1].x, 40 + (0.611 + 0.722 + 0.556) * 40);
    near(q->corner[3].x, 40);
    near(line->words[1].polygon.corner[0].x, 40 + (0.611 + 0.722 + 0.556 + 2 * 0.278) * 40);
    assert_true(q->corner[0].y < 140 && q->corner[3].y > 140); /* the baseline is at 120 - 50 */
    assert_true(q->corner[3].y - q->corner[0].y > 30 && q->corner[3].y - q->corner[0].y < 70);
    page_free(&page);
    document_close(&doc);
}

static void pdf_text_turned(void **state)
{
    (void)state;
    /* Set upwards: its left is the page's bottom. */
    auto_fd fd =
        one_page("/MediaBox[0 0 200 200]", "BT /F 20 Tf 0 1 -1 0 100 50 Tm (Upwards) Tj ET");
    struct document *doc = opened_with(fd, "", &limits);
    struct page *page = text_of(doc, 1, 72);
    assert_int_equal(page->block_count, 1);
    const struct quad *q = &page->blocks[0].lines[0].polygon;
    assert_true(q->corner[0].x < 90 && q->corner[3].x > 99);
    near(q->corner[0].y, 150);
    near(q->corner[3].y, 150);
    assert_true(q->corner[1].y < 90);
    near(q->corner[1].x, (double)q->corner[0].x);
    page_free(&page);
    document_close(&doc);
}

static void pdf_text_odd(void **state)
{
    (void)state;
    const struct sheet pages[] = {
        {"/MediaBox[0 0 200 200]", "BT /F 20 Tf 20 50 Td (a\\001b\\240c) Tj ET"},
        {"/MediaBox[0 0 200 200]", "BT /F 20 Tf 20 50 Td (   ) Tj 500 500 Td (outside) Tj ET"},
    };
    auto_fd fd = pdf_file(pages, 2);
    struct document *doc = opened_with(fd, "", &limits);
    struct page *page = text_of(doc, 1, 72);
    auto_strbuf json = {0};
    page_encode(page, &json);
    for (size_t i = 0; i < json.len; i++)
        assert_true((unsigned char)json.data[i] >= 0x20);
    assert_true(page->block_count > 0);
    page_free(&page);
    page = text_of(doc, 2, 72);
    assert_int_equal(page->block_count, 0);
    page_free(&page);
    document_close(&doc);
}

static void pdf_passwords(void **state)
{
    (void)state;
    const char *right[] = {"user", "owner"};
    for (int i = 0; i < 2; i++) {
        auto_fd fd = encrypted_pdf("user", "owner");
        struct document *doc = opened_with(fd, right[i], &limits);
        struct picture p = rendered(doc, 1, &at_72);
        assert_int_equal(*pixel(&p, 4, 45), 0);
        assert_int_equal(*pixel(&p, 50, 10), 255);
        drop(&p);
        document_close(&doc);
    }
    refused_with(encrypted_pdf("user", "owner"), "", &limits, ERROR_PASSWORD,
                 "a password is needed");
    refused_with(encrypted_pdf("user", "owner"), NULL, &limits, ERROR_PASSWORD,
                 "a password is needed");
    refused_with(encrypted_pdf("user", "owner"), "wrong", &limits, ERROR_PASSWORD,
                 "the password is wrong");
    auto_fd owner_only = encrypted_pdf("", "owner");
    struct document *doc = opened_with(owner_only, "not needed", &limits);
    check_size(doc, 1, 72, 100, 50);
    document_close(&doc);
}

static void pdf_page_counts(void **state)
{
    (void)state;
    const struct decode_limits two = {100000000, 256u << 20, 2};
    const struct sheet pages[3] = {
        {"/MediaBox[0 0 9 9]", ""}, {"/MediaBox[0 0 9 9]", ""}, {"/MediaBox[0 0 9 9]", ""}};
    refused_with(pdf_file(pages, 3), "", &two, ERROR_LIMIT,
                 "3 pages: over the 2 accepted (max_pages)");
    struct strbuf b = pdf_of(pages, 3, 1410065407);
    refused(file_of_strbuf(&b), ERROR_LIMIT, "1410065407 pages");
    b = pdf_of(pages, 0, 0);
    refused(file_of_strbuf(&b), ERROR_INPUT, "no pages");
    b = pdf_of(pages, 3, 5);
    auto_fd fd = file_of_strbuf(&b);
    struct document *doc = opened_with(fd, "", &limits);
    check_size(doc, 3, 72, 9, 9);
    failed_page(doc, 5, &at_72, ERROR_INPUT, "the page cannot be loaded: ");
    check_size(doc, 1, 72, 9, 9);
    document_close(&doc);
}

static void pdf_damaged(void **state)
{
    (void)state;
    auto_fd bad = one_page("/MediaBox[0 0 200 100]", "0 0 20 20 re f /Nothing Do ( << Q Q Q ] }");
    struct document *doc = opened_with(bad, "", &limits);
    struct picture p = rendered(doc, 1, &at_72);
    assert_int_equal(*pixel(&p, 10, 90), 0);
    drop(&p);
    document_close(&doc);
    struct strbuf whole = pdf_of((struct sheet[]){{"/MediaBox[0 0 50 40]", ""}}, 1, 0);
    size_t table = (size_t)(strstr(whole.data, "xref\n0") - whole.data);
    auto_fd cut = file_of(whole.data, table); /* no table: MuPDF makes one */
    doc = opened_with(cut, "", &limits);
    check_size(doc, 1, 72, 50, 40);
    document_close(&doc);
    refused(file_of(whole.data, 40), ERROR_INPUT, "");
    refused(file_of(whole.data, 9), ERROR_INPUT, "not a PDF that can be opened: ");
    strbuf_free(&whole);
}

/* ---- limits of time and memory ---- */

static void memory_cap(void **state)
{
    (void)state;
    const struct decode_limits tiny = {100000000, 8u << 20, 10};
    struct strbuf contents = {0};
    strbuf_adds(&contents, "3000 0 0 3000 0 0 cm BI /W 3000 /H 3000 /BPC 8 /CS /G /F /RL ID ");
    for (int i = 0; i < 3000 * 3000 / 128 + 1; i++)
        strbuf_add(&contents, "\x81q", 2); /* "q", 128 times */
    strbuf_adds(&contents, "\x80 EI");
    struct strbuf doc_bytes = {0};
    strbuf_addf(&doc_bytes,
                "%%PDF-1.4\n1 0 obj<</Pages 2 0 R>>endobj 2 0 obj<</Count 1/Kids[3 0 R]>>endobj "
                "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 3000 3000]/Contents 4 0 R>>endobj "
                "4 0 obj<</Length %zu>>stream\n",
                contents.len);
    strbuf_add(&doc_bytes, contents.data, contents.len);
    strbuf_adds(&doc_bytes, "\nendstream endobj trailer<</Root 1 0 R>>\n");
    strbuf_free(&contents);
    auto_fd fd = file_of_strbuf(&doc_bytes);
    struct document *doc = opened_with(fd, "", &tiny);
    failed_page(doc, 1, &at_72, ERROR_LIMIT, "needs more than 8 MiB of memory (worker_memory)");
    document_close(&doc);
    doc = opened_with(fd, "", &limits);
    struct picture p = rendered(doc, 1, &at_72);
    assert_int_equal(*pixel(&p, 1500, 1500), 'q');
    drop(&p);
    document_close(&doc);
    const struct decode_limits none = {100000000, 1000, 10};
    refused_with(one_page("/MediaBox[0 0 9 9]", ""), "", &none, ERROR_LIMIT, "worker_memory");
}

static void page_timeout(void **state)
{
    (void)state;
    struct strbuf contents = {0};
    for (int i = 0; i < 100000; i++)
        strbuf_adds(&contents, "0 0 2000 2000 re f\n");
    const struct sheet pages[] = {{"/MediaBox[0 0 2000 2000]", strbuf_str(&contents)},
                                  {"/MediaBox[0 0 9 9]", ""}};
    auto_fd fd = pdf_file(pages, 2);
    strbuf_free(&contents);
    struct document *doc = opened_with(fd, "", &limits);
    failed_page(doc, 1, &(struct render){72, 1, 5}, ERROR_TIMEOUT, "not decoded within 5 ms");
    check_size(doc, 2, 72, 9, 9);
    struct error err = {0};
    struct page *page;
    struct text_layer layer;
    assert_int_equal(document_text(doc, 1, &(struct render){72, 1, 1}, &page, &layer, &err), -1);
    assert_int_equal(err.class, ERROR_TIMEOUT);
    document_close(&doc);
}

static void for_people(void **state)
{
    (void)state;
    auto_fd fd = one_page("/MediaBox[0 0 200 100]", "1 0 0 rg 0 0 100 100 re f");
    struct document *doc = opened_with(fd, "", &limits);
    struct error err = {0};
    uint64_t size;
    auto_fd png = document_picture(doc, 1, &at_72, &(struct view){0}, &size, &err);
    assert_true(png >= 0);
    assert_int_equal(fd_check_sealed(png, size, &err), 0);
    struct document *again = opened_with(png, "", &limits);
    struct picture p = rendered(again, 1, &at_72_rgb);
    assert_int_equal(p.raster.width, 200);
    assert_int_equal(p.raster.height, 100);
    assert_memory_equal(pixel(&p, 50, 50), "\xFF\0\0", 3);
    assert_memory_equal(pixel(&p, 150, 50), "\xFF\xFF\xFF", 3);
    drop(&p);
    document_close(&again);
    assert_int_equal(document_picture(doc, 2, &at_72, &(struct view){0}, &size, &err), -1);
    assert_int_equal(err.page, 2);
    document_close(&doc);
}

/* The shared position is never used: another process may have the same descriptor. */
static void position_untouched(void **state)
{
    (void)state;
    auto_fd fd = one_page("/MediaBox[0 0 9 9]", "");
    assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
    struct document *doc = opened_with(fd, "", &limits);
    check_size(doc, 1, 72, 9, 9);
    document_close(&doc);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pdf_sizes),       cmocka_unit_test(pdf_turned),
        cmocka_unit_test(pdf_reduced),     cmocka_unit_test(pdf_long_side),
        cmocka_unit_test(pdf_text),        cmocka_unit_test(pdf_text_turned),
        cmocka_unit_test(pdf_text_odd),    cmocka_unit_test(pdf_passwords),
        cmocka_unit_test(pdf_page_counts), cmocka_unit_test(pdf_damaged),
        cmocka_unit_test(memory_cap),      cmocka_unit_test(page_timeout),
        cmocka_unit_test(for_people),      cmocka_unit_test(position_untouched),
    };
    struct error err;
    if (decode_warm(&err) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
