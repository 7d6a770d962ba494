/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pictures made in memory, in every format that pagemill reads: pixels, turns, pages, sizes,
 * damage.
 */
#include "decode_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jpeglib.h>
#include <mupdf/fitz.h>
#include <webp/encode.h>

/* A PNG of one colour; n is 1 grey, 3 RGB, 4 RGB with alpha (colours already multiplied by it). */
static int png_file(int width, int height, int n, const uint8_t *colour)
{
    fz_context *ctx = fz_new_context(NULL, NULL, FZ_STORE_DEFAULT);
    fz_pixmap *p = fz_new_pixmap(ctx, n == 1 ? fz_device_gray(ctx) : fz_device_rgb(ctx), width,
                                 height, NULL, n == 4);
    for (int i = 0; i < width * height * n; i++)
        fz_pixmap_samples(ctx, p)[i] = colour[i % n];
    fz_buffer *buffer = fz_new_buffer_from_pixmap_as_png(ctx, p, fz_default_color_params);
    unsigned char *data;
    size_t len = fz_buffer_storage(ctx, buffer, &data);
    int fd = file_of(data, len);
    fz_drop_buffer(ctx, buffer);
    fz_drop_pixmap(ctx, p);
    fz_drop_context(ctx);
    return fd;
}

static void add_number(struct strbuf *b, uint32_t v, int size, bool little)
{
    for (int i = 0; i < size; i++)
        strbuf_addc(b, (char)(v >> 8 * (little ? i : size - 1 - i)));
}

/* White with a black square of 8 × 8 in its top left corner. */
static uint8_t sample(int x, int y)
{
    return x < 8 && y < 8 ? 0 : 255;
}

static void add_app1(struct strbuf *b, unsigned orientation)
{
    strbuf_add(b, "\xFF\xE1", 2);
    add_number(b, 2 + 6 + 8 + 2 + 12 + 4, 2, false);
    strbuf_add(b, "Exif\0\0II*\0\x08\0\0\0\x01\0", 16);
    add_number(b, 274, 2, true);
    add_number(b, 3, 2, true);
    add_number(b, 1, 4, true);
    add_number(b, orientation, 4, true);
    add_number(b, 0, 4, true);
}

static struct strbuf jpeg_of(int width, int height, unsigned orientation)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long len = 0;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &data, &len);
    c.image_width = (JDIMENSION)width;
    c.image_height = (JDIMENSION)height;
    c.input_components = 1;
    c.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&c);
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < height; y++) {
        uint8_t row[256], *rows = row;
        for (int x = 0; x < width; x++)
            row[x] = sample(x, y);
        jpeg_write_scanlines(&c, &rows, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    struct strbuf b = {0};
    strbuf_add(&b, data, 2);
    if (orientation)
        add_app1(&b, orientation);
    strbuf_add(&b, data + 2, len - 2);
    free(data);
    return b;
}

struct tiff_page {
    uint32_t width, height, orientation, dpi;
};

/* 8-bit grey, one strip a page, the picture of sample(). The last page's chain ends, or goes to
 * `tail` if that is not 0. Pages over 4096 pixels have no strip. */
static struct strbuf tiff_of(const struct tiff_page *pages, int n, bool little, uint32_t tail)
{
    enum { ENTRIES = 12, IFD = 2 + ENTRIES * 12 + 4 };
    struct strbuf b = {0};
    strbuf_add(&b, little ? "II*\0" : "MM\0*", 4);
    add_number(&b, 8, 4, little);
    for (int i = 0; i < n; i++) {
        const struct tiff_page *p = &pages[i];
        uint32_t ratio = (uint32_t)b.len + IFD, strip = ratio + 8;
        uint32_t size = p->width * p->height <= 4096 ? p->width * p->height : 0;
        const uint32_t tags[ENTRIES][3] = {{256, 4, p->width},
                                           {257, 4, p->height},
                                           {258, 3, 8},
                                           {259, 3, 1},
                                           {262, 3, 1},
                                           {273, 4, strip},
                                           {274, 3, p->orientation},
                                           {277, 3, 1},
                                           {278, 4, p->height},
                                           {279, 4, size},
                                           {282, 5, ratio},
                                           {296, 3, 2}};
        add_number(&b, ENTRIES, 2, little);
        for (int t = 0; t < ENTRIES; t++) {
            add_number(&b, tags[t][0], 2, little);
            add_number(&b, tags[t][1], 2, little);
            add_number(&b, 1, 4, little);
            add_number(&b, tags[t][2], tags[t][1] == 3 ? 2 : 4, little);
            add_number(&b, 0, tags[t][1] == 3 ? 2 : 0, little);
        }
        add_number(&b, i + 1 < n ? strip + size : tail, 4, little);
        add_number(&b, p->dpi, 4, little);
        add_number(&b, 1, 4, little);
        for (uint32_t s = 0; s < size; s++)
            strbuf_addc(&b, (char)sample((int)(s % p->width), (int)(s / p->width)));
    }
    return b;
}

static void not_documents(void **state)
{
    (void)state;
    refused(file_of("", 0), ERROR_INPUT, "the document is empty");
    refused(file_of("hello, world", 12), ERROR_UNSUPPORTED, "PDF, PNG");
    refused(file_of("PK\3\4", 4), ERROR_UNSUPPORTED, "PDF, PNG");
    refused(file_of("\x89PNG\r\n\x1a\n", 8), ERROR_INPUT, "");
    refused(file_of("\xFF\xD8\xFF\xE0", 4), ERROR_INPUT, "");
    refused(file_of("II*\0\x08\0\0\0", 8), ERROR_INPUT, "no pages");
    refused(file_of("BMxxxxxxxxxxxx", 14), ERROR_INPUT, "");
    refused(file_of("GIF89a", 6), ERROR_INPUT, "");
    refused(file_of("RIFF\0\0\0\0WEBP", 12), ERROR_INPUT, "");
    refused(file_of("\xFF\x4F\xFF\x51", 4), ERROR_INPUT, "");
}

/* Where does sample()'s black square go? */
static void check_turn(int fd, unsigned orientation)
{
    static const bool right[9] = {[2] = true, [3] = true, [6] = true, [7] = true};
    static const bool bottom[9] = {[3] = true, [4] = true, [7] = true, [8] = true};
    struct document *doc = opened_with(fd, "", &limits);
    assert_int_equal(document_pages(doc), 1);
    for (uint32_t channels = 1; channels <= 3; channels += 2) {
        struct picture p = rendered(doc, 1, &(struct render){200, channels, 0});
        bool turned = orientation >= 5;
        assert_int_equal(p.raster.width, turned ? 24 : 40);
        assert_int_equal(p.raster.height, turned ? 40 : 24);
        uint32_t x = right[orientation] ? p.raster.width - 8 : 0;
        uint32_t y = bottom[orientation] ? p.raster.height - 8 : 0;
        for (uint32_t j = 0; j < p.raster.height; j++)
            for (uint32_t i = 0; i < p.raster.width; i++) {
                bool black = i >= x && i < x + 8 && j >= y && j < y + 8;
                assert_int_equal(*pixel(&p, i, j) < 128, black);
            }
        drop(&p);
    }
    document_close(&doc);
    close(fd);
}

static void orientations(void **state)
{
    (void)state;
    for (unsigned o = 1; o <= 8; o++) {
        struct strbuf b = jpeg_of(40, 24, o);
        check_turn(file_of_strbuf(&b), o);
        b = tiff_of(&(struct tiff_page){40, 24, o, 300}, 1, o % 2, 0);
        check_turn(file_of_strbuf(&b), o);
    }
}

static void jpeg_cut(void **state)
{
    (void)state;
    struct strbuf b = jpeg_of(240, 240, 0);
    auto_fd fd = file_of(b.data, b.len - b.len / 8);
    strbuf_free(&b);
    struct document *doc = opened_with(fd, "", &limits);
    struct picture p = rendered(doc, 1, &at_72);
    assert_int_equal(p.raster.width, 240);
    assert_true(*pixel(&p, 4, 4) < 10);
    assert_true(*pixel(&p, 20, 4) > 245);
    drop(&p);
    document_close(&doc);
}

static void tiff_pages(void **state)
{
    (void)state;
    const struct tiff_page pages[] = {{40, 24, 1, 200},
                                      {24, 40, 6, 300},
                                      {10, 10, 0, 20},
                                      {60000, 60000, 1, 300},
                                      {0, 10, 1, 300}};
    struct strbuf b = tiff_of(pages, 5, true, 0);
    auto_fd fd = file_of_strbuf(&b);
    struct document *doc = opened_with(fd, "", &limits);
    assert_int_equal(document_pages(doc), 5);
    check_size(doc, 2, 300, 40, 24);
    check_size(doc, 1, 200, 40, 24);
    check_size(doc, 3, 70, 10, 10); /* 20 dpi cannot be meant */
    failed_page(doc, 4, &at_72, ERROR_LIMIT, "60000 x 60000 pixels");
    failed_page(doc, 5, &at_72, ERROR_INPUT, "no pixels");
    check_size(doc, 1, 200, 40, 24);
    document_close(&doc);
    const struct decode_limits four = {100000000, 256u << 20, 4};
    b = tiff_of(pages, 5, false, 0);
    refused_with(file_of_strbuf(&b), "", &four, ERROR_LIMIT, "more than the 4 pages accepted");
    b = tiff_of(pages, 3, false, 8);
    refused(file_of_strbuf(&b), ERROR_INPUT, "form a loop");
    b = tiff_of(pages, 1, true, 8);
    refused(file_of_strbuf(&b), ERROR_INPUT, "form a loop");
    b = tiff_of(pages, 2, true, 0xFFFFFFF0);
    auto_fd cut = file_of_strbuf(&b);
    doc = opened_with(cut, "", &limits);
    assert_int_equal(document_pages(doc), 2);
    document_close(&doc);
}

static void png_colours(void **state)
{
    (void)state;
    static const struct {
        int n;
        uint8_t file[4], rgb[3], grey;
    } rows[] = {
        {1, {100}, {100, 100, 100}, 100},           {3, {255, 0, 0}, {255, 0, 0}, 77},
        {3, {255, 255, 255}, {255, 255, 255}, 255}, {4, {0, 0, 0, 0}, {255, 255, 255}, 255},
        {4, {0, 0, 0, 128}, {127, 127, 127}, 127},  {4, {0, 64, 0, 255}, {0, 64, 0}, 38},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        auto_fd fd = png_file(5, 3, rows[i].n, rows[i].file);
        struct document *doc = opened_with(fd, "", &limits);
        struct picture grey = rendered(doc, 1, &at_72), colour = rendered(doc, 1, &at_72_rgb);
        assert_int_equal(grey.raster.width, 5);
        assert_int_equal(grey.raster.height, 3);
        assert_int_equal(*pixel(&grey, 4, 2), rows[i].grey);
        assert_memory_equal(pixel(&colour, 4, 2), rows[i].rgb, 3);
        drop(&grey);
        drop(&colour);
        document_close(&doc);
    }
}

static void bmp_and_gif(void **state)
{
    (void)state;
    /* 2 × 1, 24 bits: blue, then white; padded to 8 bytes. */
    static const char bmp[] = "BM\x3E\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\2\0\0\0\1\0\0\0\1\0\x18\0"
                              "\0\0\0\0\x08\0\0\0\x13\x0B\0\0\x13\x0B\0\0\0\0\0\0\0\0\0\0"
                              "\xFF\0\0\xFF\xFF\xFF\0";
    /* 2 × 1, two pictures: red and green, then both blue; no trailer. Codes of 3 bits, lowest
     * first: clear 4, two pixels, end 5. */
    static const char gif[] = "GIF89a\2\0\1\0\x91\0\0\xFF\0\0\0\xFF\0\0\0\xFF\0\0\0"
                              "\x2C\0\0\0\0\2\0\1\0\0\2\2\x44\x0A\0"
                              "\x2C\0\0\0\0\2\0\1\0\0\2\2\x94\x0A\0";
    auto_fd b = file_of(bmp, sizeof bmp), g = file_of(gif, sizeof gif - 1);
    struct document *doc = opened_with(b, "", &limits);
    struct picture p = rendered(doc, 1, &at_72_rgb);
    assert_memory_equal(pixel(&p, 0, 0), "\0\0\xFF\xFF\xFF\xFF", 6);
    drop(&p);
    document_close(&doc);
    doc = opened_with(g, "", &limits);
    assert_int_equal(document_pages(doc), 1);
    p = rendered(doc, 1, &at_72_rgb);
    assert_int_equal(p.raster.width, 2);
    assert_memory_equal(pixel(&p, 0, 0), "\xFF\0\0\0\xFF\0", 6);
    drop(&p);
    document_close(&doc);
}

static void webp_colours(void **state)
{
    (void)state;
    uint8_t rgba[4 * 6 * 2], *out;
    for (int i = 0; i < 12; i++)
        memcpy(rgba + 4 * i, i == 0 ? "\xFF\0\0\xFF" : i == 1 ? "\0\0\0\x80" : "\0\0\0\0", 4);
    size_t len = WebPEncodeLosslessRGBA(rgba, 6, 2, 24, &out);
    assert_true(len > 0);
    auto_fd fd = file_of(out, len);
    WebPFree(out);
    struct document *doc = opened_with(fd, "", &limits);
    struct picture grey = rendered(doc, 1, &at_72), colour = rendered(doc, 1, &at_72_rgb);
    assert_int_equal(colour.raster.width, 6);
    assert_int_equal(colour.raster.height, 2);
    assert_memory_equal(pixel(&colour, 0, 0), "\xFF\0\0\x7F\x7F\x7F\xFF\xFF\xFF", 9);
    assert_memory_equal(pixel(&grey, 0, 0), "\x4D\x7F\xFF", 3);
    drop(&grey);
    drop(&colour);
    document_close(&doc);
    len = WebPEncodeLosslessRGB(rgba, 4, 2, 12, &out);
    auto_fd opaque = file_of(out, len), cut = file_of(out, len - 6);
    WebPFree(out);
    doc = opened_with(opaque, "", &limits);
    colour = rendered(doc, 1, &at_72_rgb);
    assert_memory_equal(pixel(&colour, 0, 0), rgba, 12);
    drop(&colour);
    document_close(&doc);
    doc = opened_with(cut, "", &limits);
    failed_page(doc, 1, &at_72, ERROR_INPUT, "the picture cannot be decoded");
    document_close(&doc);
}

/* Each states its size in the first bytes and has next to nothing after it. */
static void bombs(void **state)
{
    (void)state;
    struct strbuf b = {0};
    strbuf_add(&b, "\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR\0\0\x75\x30\0\0\x75\x30\x01\0\0\0\0", 29);
    refused(file_of_strbuf(&b), ERROR_LIMIT, "30000 x 30000 pixels");
    strbuf_add(&b, "\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR\0\x01\x86\xA0\0\0\0\x01\x08\0\0\0\0", 29);
    refused(file_of_strbuf(&b), ERROR_LIMIT, "100000 x 1 pixels");
    strbuf_add(&b, "BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x40\x9C\0\0\x40\x9C\0\0\1\0\x18\0", 30);
    refused(file_of_strbuf(&b), ERROR_LIMIT, "40000 x 40000 pixels");
    strbuf_add(&b, "\xFF\x4F\xFF\x51\0\x29\0\0\0\1\x86\xA0\0\1\x86\xA0", 16);
    strbuf_add(&b, "\0\0\0\0\0\0\0\0\0\1\x86\xA0\0\1\x86\xA0\0\0\0\0\0\0\0\0\0\1\x07\1\1", 29);
    refused(file_of_strbuf(&b), ERROR_LIMIT, "100000 x 100000 pixels");
    strbuf_add(&b, "GIF89a\xFF\xFF\xFF\xFF\0\0\0\x2C\0\0\0\0\1\0\1\0\0\2\2\x44\1\0\x3B", 29);
    refused(file_of_strbuf(&b), ERROR_LIMIT, "65535 x 65535 pixels");
    b = jpeg_of(16, 16, 0);
    char *frame = memmem(b.data, b.len, "\xFF\xC0", 2);
    memcpy(frame + 5, "\xFF\xDC\xFF\xDC", 4);
    auto_fd jpeg = file_of_strbuf(&b);
    struct document *doc = opened_with(jpeg, "", &limits);
    failed_page(doc, 1, &at_72, ERROR_LIMIT, "65500 x 65500 pixels");
    document_close(&doc);
}

static void pictures_without_text(void **state)
{
    (void)state;
    auto_fd fd = png_file(1170, 100, 1, (const uint8_t[]){9});
    struct document *doc = opened_with(fd, "", &limits);
    struct page *page = text_of(doc, 1, 300);
    assert_int_equal(page->block_count, 0);
    assert_int_equal(page->width, 1170);
    assert_int_equal(page->height, 100);
    assert_int_equal(page->dpi, 100); /* MuPDF writes 96, which says nothing: 11.7 inches */
    page_free(&page);
    document_close(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_documents),
        cmocka_unit_test(orientations),
        cmocka_unit_test(jpeg_cut),
        cmocka_unit_test(tiff_pages),
        cmocka_unit_test(png_colours),
        cmocka_unit_test(bmp_and_gif),
        cmocka_unit_test(webp_colours),
        cmocka_unit_test(bombs),
        cmocka_unit_test(pictures_without_text),
    };
    struct error err;
    if (decode_warm(&err) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
