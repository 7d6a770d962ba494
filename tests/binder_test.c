/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Documents bound with a plan in this process, opened again and rendered: colours must lie where
 * the boxes are, on the page as people see it, and nothing else may have changed.
 */
#include "binder_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jpeglib.h>
#include <mupdf/fitz.h>

enum { RED, BLUE, WHITE, BLACK };

/* ---- looking ---- */

static bool is_colour(const uint8_t *p, int colour)
{
    switch (colour) {
    case RED: /* of titles and notes */
        return p[0] > 150 && p[1] < 60 && p[2] < 90;
    case BLUE: /* of text */
        return p[0] < 60 && p[2] > 150;
    case WHITE:
        return p[0] > 250 && p[1] > 250 && p[2] > 250;
    default:
        return p[0] < 60 && p[1] < 60 && p[2] < 60;
    }
}

static void looks(const struct picture *p, uint32_t x, uint32_t y, int colour)
{
    const uint8_t *at = pixel(p, x, y);
    if (!is_colour(at, colour))
        fail_msg("%u,%u is %d %d %d", x, y, at[0], at[1], at[2]);
}

/* The outline, its inside and its outside, and the tab over its top left corner. Pixels. */
static void looks_boxed(const struct picture *p, uint32_t x1, uint32_t y1, uint32_t x2, uint32_t y2,
                        int colour)
{
    uint32_t x = (x1 + x2) / 2, y = (y1 + y2) / 2;
    looks(p, x, y1 - 1, colour);
    looks(p, x, y2, colour);
    looks(p, x1 - 1, y, colour);
    looks(p, x2, y, colour);
    looks(p, x, y1 + 4, WHITE);
    looks(p, x2 - 5, y, WHITE);
    looks(p, x1 - 5, y, WHITE);
    looks(p, x, y2 + 5, WHITE);
    looks(p, x1 + 1, y1 - 2, colour);
}

/* ---- PDFs ---- */

static const struct {
    const char *attributes;
    uint32_t width, height; /* as shown, points */
} geometries[] = {
    {"/MediaBox[0 0 300 200]", 300, 200},
    {"/MediaBox[0 0 300 200]/Rotate 90", 200, 300},
    {"/MediaBox[0 0 300 200]/Rotate 180", 300, 200},
    {"/MediaBox[0 0 300 200]/Rotate 270", 200, 300},
    {"/MediaBox[0 0 300 200]/Rotate -90", 200, 300},
    {"/MediaBox[-50 -70 400 400]/CropBox[13 -31 313 169]", 300, 200},
    {"/MediaBox[-50 -70 400 400]/CropBox[13 -31 313 169]/Rotate 90", 200, 300},
    {"/MediaBox[-50 -70 400 400]/CropBox[13 -31 313 169]/Rotate 180", 300, 200},
    {"/MediaBox[-50 -70 400 400]/CropBox[13 -31 313 169]/Rotate 270", 200, 300},
    {"/MediaBox[100 100 400 300]/CropBox[50 0 380 280]", 280, 180},
    {"/MediaBox[0 0 150 100]/UserUnit 2", 300, 200},
    {"/MediaBox[7 7 157 107]/UserUnit 2/Rotate 270", 200, 300},
};

/* The plan was made of the page at 144 dpi; it is looked at in 216. */
static void boxes_lie_where_they_should(void **state)
{
    const struct render how = {216, 3, 0};
    (void)state;
    for (size_t i = 0; i < sizeof geometries / sizeof *geometries; i++) {
        char plan[200];
        int fd;
        snprintf(plan, sizeof plan,
                 "plan 1\npage 1 %u %u\nbox 1 title 40 60 140 100\nbox 1 text 200 200 300 280\n",
                 geometries[i].width * 2, geometries[i].height * 2);
        struct document *doc =
            binder_bound(binder_page_of(geometries[i].attributes, ""), plan, &fd);
        struct picture p = rendered(doc, 1, &how);
        assert_int_equal(p.raster.width, geometries[i].width * 3);
        assert_int_equal(p.raster.height, geometries[i].height * 3);
        looks_boxed(&p, 60, 90, 210, 150, RED);
        looks_boxed(&p, 300, 300, 450, 420, BLUE);
        drop(&p);
        document_close(&doc);
        close(fd);
    }
}

#define PLAIN_PAGE "/MediaBox[0 0 300 200]"
#define PLAIN_PLAN "plan 1\npage 1 300 200\nbox 1 title 20 30 70 50\n"

/* What the page left behind: another matrix, states not taken back or taken back too often, a clip,
 * a picture whose bytes look like operators. */
static void content_leaves_no_trace(void **state)
{
    static const char *const contents[] = {
        "3 0 0 3 5 5 cm 0 0 1 1 re W n",
        "q 3 0 0 3 5 5 cm q q 0 0 1 1 re W n",
        "Q Q 3 0 0 3 5 5 cm Q Q Q",
        "q Q Q q q 3 0 0 3 5 5 cm (q Q) pop",
        "q 1 0 0 1 0 0 cm BI /W 4 /H 2 /BPC 8 /CS /G ID  q q q\nQ EI Q 2 0 0 2 0 0 cm",
        "BT /F 9 Tf (text) Tj",
        "<< [ 2 0 0 2 0 0 cm q q } ] >>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        int fd;
        struct document *doc =
            binder_bound(binder_page_of(PLAIN_PAGE, contents[i]), PLAIN_PLAN, &fd);
        struct picture p = rendered(doc, 1, &at_72_rgb);
        looks_boxed(&p, 20, 30, 70, 50, RED);
        drop(&p);
        document_close(&doc);
        close(fd);
    }
}

/* Content in several streams, resources from above and shared, a name that is taken. */
static void pages_keep_what_they_have(void **state)
{
    static const char pdf[] =
        "%PDF-1.4\n1 0 obj<</Pages 2 0 R>>endobj\n"
        "2 0 obj<</Count 2/Kids[3 0 R 4 0 R]/MediaBox[0 0 300 200]/Resources 5 0 R>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/Contents[6 0 R 7 0 R]>>endobj\n"
        "4 0 obj<</Type/Page/Parent 2 0 R/Contents 8 0 R>>endobj\n"
        "5 0 obj<</XObject<</Added0 9 0 R>>>>endobj\n"
        "6 0 obj<</Length 15>>stream\nq 1 0 0 1 100 0\nendstream endobj\n"
        "7 0 obj<</Length 16>>stream\ncm /Added0 Do Q\nendstream endobj\n"
        "8 0 obj<</Length 11>>stream\n/Added0 Do\nendstream endobj\n"
        "9 0 obj<</Subtype/Form/BBox[0 0 50 50]/Length 13>>stream\n0 0 50 50 re f\n"
        "endstream endobj\ntrailer<</Root 1 0 R>>\n";
    int fd;
    (void)state;
    struct document *doc =
        binder_bound(file_of(pdf, sizeof pdf - 1),
                     "plan 1\npage 1 300 200\nbox 1 title 20 30 70 50\npage 2 300 200\n"
                     "box 1 text 200 100 250 150\n",
                     &fd);
    struct picture p = rendered(doc, 1, &at_72_rgb);
    looks_boxed(&p, 20, 30, 70, 50, RED);
    looks(&p, 25, 175, WHITE);
    drop(&p);
    p = rendered(doc, 2, &at_72_rgb);
    looks_boxed(&p, 200, 100, 250, 150, BLUE);
    looks(&p, 45, 40, WHITE);
    looks(&p, 25, 175, BLACK);
    drop(&p);
    document_close(&doc);
    close(fd);
}

/* One object that is both pages of the document. */
static void pages_of_one_object_are_parted(void **state)
{
    static const char pdf[] = "%PDF-1.4\n1 0 obj<</Pages 2 0 R>>endobj\n"
                              "2 0 obj<</Count 3/Kids[3 0 R 3 0 R 3 0 R]>>endobj\n"
                              "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\n"
                              "trailer<</Root 1 0 R>>\n";
    int fd;
    (void)state;
    struct document *doc = binder_bound(file_of(pdf, sizeof pdf - 1),
                                        "plan 1\npage 1 300 200\nbox 1 title 20 30 70 50\n"
                                        "page 3 300 200\nbox 1 text 20 30 70 50\n",
                                        &fd);
    static const int colours[] = {RED, WHITE, BLUE};
    assert_int_equal(document_pages(doc), 3);
    for (uint32_t n = 1; n <= 3; n++) {
        struct picture p = rendered(doc, n, &at_72_rgb);
        looks(&p, 45, 29, colours[n - 1]);
        drop(&p);
    }
    document_close(&doc);
    close(fd);
}

static void labels_stay_on_the_page(void **state)
{
    int fd;
    (void)state;
    struct document *doc = binder_bound(binder_page_of(PLAIN_PAGE, ""),
                                        "plan 1\npage 1 300 200\nbox 1 title 0 0 30 20\n"
                                        "box 1 text 297 100 300 150\n",
                                        &fd);
    struct picture p = rendered(doc, 1, &at_72_rgb);
    looks(&p, 1, 1, RED);
    looks(&p, 0, 15, RED);
    looks(&p, 299, 95, BLUE);
    looks(&p, 285, 98, BLUE);
    drop(&p);
    document_close(&doc);
    close(fd);
}

static void failed_pages_say_so(void **state)
{
    static const struct binder_sheet pages[] = {{PLAIN_PAGE, "100 100 20 20 re f"},
                                                {PLAIN_PAGE, ""}};
    int fd;
    (void)state;
    struct document *doc = binder_bound(binder_pdf(pages, 2),
                                        "plan 1\npage 1\nnote page 1: failed: (time\\out)\n", &fd);
    struct picture p = rendered(doc, 1, &at_72_rgb);
    looks(&p, 1, 1, RED);
    looks(&p, 110, 90, BLACK);
    drop(&p);
    p = rendered(doc, 2, &at_72_rgb);
    looks(&p, 1, 1, WHITE);
    drop(&p);
    assert_true(binder_holds(fd, "(page 1: failed: \\(time\\\\out\\)) Tj"));
    struct page *text = text_of(doc, 1, 72);
    assert_string_equal(text->blocks[0].lines[0].text, "page 1: failed: (time\\out)");
    page_free(&text);
    document_close(&doc);
    close(fd);
}

/* More pages were promised than there are. */
static void pages_that_are_not_there(void **state)
{
    static const char pdf[] = "%PDF-1.4\n1 0 obj<</Pages 2 0 R>>endobj\n"
                              "2 0 obj<</Count 2/Kids[3 0 R]>>endobj\n"
                              "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\n"
                              "trailer<</Root 1 0 R>>\n";
    struct error err = {0};
    uint64_t size;
    int bound;
    (void)state;
    auto_fd fd = file_of(pdf, sizeof pdf - 1);
    static const char boxed[] = PLAIN_PLAN "page 2 9 9\nbox 1 text 1 1 2 2\n";
    assert_int_equal(binder_bind(fd, boxed, 1 << 20, &size, &err), -1);
    assert_int_equal(err.class, ERROR_INPUT);
    assert_int_equal(err.page, 2);
    struct document *doc = binder_bound(dup(fd), PLAIN_PLAN "page 2\nnote gone\n", &bound);
    struct picture p = rendered(doc, 1, &at_72_rgb);
    looks_boxed(&p, 20, 30, 70, 50, RED);
    drop(&p);
    document_close(&doc);
    close(bound);
}

/* The way to a place stays; whatever else an action could be does not. */
static void what_acts_is_gone(void **state)
{
    static const char pdf[] =
        "%PDF-1.4\n1 0 obj<</Pages 2 0 R/OpenAction 4 0 R/AA<</WC 4 0 R>>\n"
        "/Names<</JavaScript<</Names[(a) 4 0 R]>>/EmbeddedFiles<</Names[(x) 9 0 R]>>>>\n"
        "/AcroForm<</XFA(x)/Fields[5 0 R]>>>>endobj\n"
        "2 0 obj<</Count 1/Kids[3 0 R]>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/AA<</O 4 0 R>>\n"
        "/Annots[5 0 R 6 0 R 7 0 R<</Subtype/Link/Rect[0 0 1 "
        "1]/A<</S/Launch/F(inner)>>>>]>>endobj\n"
        "4 0 obj<</S/JavaScript/JS(evil)>>endobj\n"
        "5 0 obj<</Subtype/Widget/FT/Tx/Rect[0 0 9 9]/AA<</K 4 0 R>>/A 4 0 R>>endobj\n"
        "6 0 obj<</Subtype/Link/Rect[0 0 9 9]/A<</S/Launch/F(outer)>>>>endobj\n"
        "7 0 obj<</Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(kept)/Next[10 0 R 8 0 R]>>>>endobj\n"
        "8 0 obj<</S/SubmitForm/F(away)>>endobj\n"
        "10 0 obj<</S/GoTo/D[3 0 R]>>endobj\n"
        "9 0 obj<</Type/Filespec/F(x)/EF<</F 4 0 R>>>>endobj\n"
        "trailer<</Root 1 0 R>>\n";
    static const char *const gone[] = {"evil",  "OpenAction", "/AA",  "XFA",      "/JavaScript<<",
                                       "inner", "outer",      "Next", "Embedded", "/EF"};
    int fd;
    (void)state;
    struct document *doc = binder_bound(file_of(pdf, sizeof pdf - 1), PLAIN_PLAN, &fd);
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        if (binder_holds(fd, gone[i]))
            fail_msg("'%s' is still there", gone[i]);
    assert_true(binder_holds(fd, "kept"));
    document_close(&doc);
    close(fd);
}

/* The table points beside the last object. That is found after others were changed, and makes
 * MuPDF forget the changes. */
static void repair_in_the_middle(void **state)
{
    static const char *const objects[] = {
        "1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(evil)>>>>endobj\n",
        "2 0 obj<</Type/Pages/Count 2/Kids[3 0 R 4 0 R]>>endobj\n",
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\n",
        "4 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\n",
    };
    enum { OBJECTS = sizeof objects / sizeof *objects };
    size_t offsets[OBJECTS];
    struct strbuf b = {0};
    int fd;
    (void)state;
    strbuf_adds(&b, "%PDF-1.4\n");
    for (int i = 0; i < OBJECTS; i++) {
        offsets[i] = b.len + (i == OBJECTS - 1 ? 3 : 0);
        strbuf_adds(&b, objects[i]);
    }
    size_t table = b.len;
    strbuf_addf(&b, "xref\n0 %d\n0000000000 65535 f \n", OBJECTS + 1);
    for (int i = 0; i < OBJECTS; i++)
        strbuf_addf(&b, "%010zu 00000 n \n", offsets[i]);
    strbuf_addf(&b, "trailer<</Root 1 0 R/Size %d>>\nstartxref\n%zu\n%%%%EOF\n", OBJECTS + 1,
                table);
    struct document *doc = binder_bound(file_of_strbuf(&b), PLAIN_PLAN, &fd);
    assert_int_equal(document_pages(doc), 2);
    assert_false(binder_holds(fd, "evil"));
    struct picture p = rendered(doc, 1, &at_72_rgb);
    looks_boxed(&p, 20, 30, 70, 50, RED);
    drop(&p);
    document_close(&doc);
    close(fd);
}

/* ---- pictures ---- */

static uint8_t grey_at(int x, int y)
{
    return x < 8 && y < 8 ? 0 : 255;
}

/* White with a black square in its top left corner; exif: EXIF's orientation, or 0. */
static int jpeg_file(int width, int height, unsigned exif)
{
    const uint8_t app1[] = {
        'E',  'x', 'i', 'f', 0, 0, 'I', 'I', '*',           0, 8, 0, 0, 0, 1, 0,
        0x12, 1,   3,   0,   1, 0, 0,   0,   (uint8_t)exif, 0, 0, 0, 0, 0, 0, 0};
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
    if (exif)
        jpeg_write_marker(&c, JPEG_APP0 + 1, app1, sizeof app1);
    JSAMPLE row[1000], *rows[] = {row};
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++)
            row[x] = grey_at(x, y);
        jpeg_write_scanlines(&c, rows, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    int fd = file_of(data, len);
    free(data);
    return fd;
}

/* The bound page, in the picture's own pixels, must look as the picture alone, and be boxed. */
static void jpegs_stay_jpegs_and_upright(void **state)
{
    (void)state;
    for (unsigned exif = 0; exif <= 8; exif++) {
        int fd, file = jpeg_file(700, 500, exif);
        struct document *alone = opened_with(file, "", &limits);
        struct picture was = rendered(alone, 1, &at_72_rgb);
        char plan[100];
        snprintf(plan, sizeof plan, "plan 1\npage 1 %u %u\nbox 1 title 100 150 200 250\n",
                 was.raster.width, was.raster.height);
        struct document *doc = binder_bound(dup(file), plan, &fd);
        const struct render how = {was.raster.dpi, 3, 0};
        struct picture is = rendered(doc, 1, &how);
        assert_true(binder_holds(fd, "/DCTDecode"));
        assert_int_equal(is.raster.width, was.raster.width);
        assert_int_equal(is.raster.height, was.raster.height);
        looks_boxed(&is, 100, 150, 200, 250, RED);
        const uint32_t xs[] = {3, was.raster.width - 4}, ys[] = {3, was.raster.height - 4};
        for (int i = 0; i < 4; i++)
            looks(&is, xs[i & 1], ys[i >> 1],
                  *pixel(&was, xs[i & 1], ys[i >> 1]) < 60 ? BLACK : WHITE);
        drop(&is);
        drop(&was);
        document_close(&doc);
        document_close(&alone);
        close(file);
        close(fd);
    }
}

static int png_file(int width, int height, int n)
{
    fz_context *ctx = fz_new_context(NULL, NULL, FZ_STORE_DEFAULT);
    fz_pixmap *p = fz_new_pixmap(ctx, n == 1 ? fz_device_gray(ctx) : fz_device_rgb(ctx), width,
                                 height, NULL, 0);
    memset(fz_pixmap_samples(ctx, p), 255, (size_t)width * height * n);
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++)
            memcpy(fz_pixmap_samples(ctx, p) + (y * width + x) * n, "\x10\x10\xD0", n);
    fz_buffer *buffer = fz_new_buffer_from_pixmap_as_png(ctx, p, fz_default_color_params);
    unsigned char *data;
    size_t len = fz_buffer_storage(ctx, buffer, &data);
    int fd = file_of(data, len);
    fz_drop_buffer(ctx, buffer);
    fz_drop_pixmap(ctx, p);
    fz_drop_context(ctx);
    return fd;
}

static void other_pictures_are_deflated(void **state)
{
    static const struct {
        int colours, corner;
        const char *holds;
    } cases[] = {{1, BLACK, "/DeviceGray"}, {3, BLUE, "/DeviceRGB"}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        int fd;
        struct document *doc =
            binder_bound(png_file(700, 500, cases[i].colours),
                         "plan 1\npage 1 700 500\nbox 1 title 100 150 200 250\n", &fd);
        struct picture p = rendered(doc, 1, &(struct render){70, 3, 0});
        assert_true(binder_holds(fd, "/FlateDecode"));
        assert_true(binder_holds(fd, cases[i].holds));
        assert_int_equal(p.raster.width, 700);
        looks_boxed(&p, 100, 150, 200, 250, RED);
        looks(&p, 3, 3, cases[i].corner);
        drop(&p);
        document_close(&doc);
        close(fd);
    }
}

static void add_entry(struct strbuf *b, unsigned tag, unsigned value)
{
    const uint8_t entry[12] = {(uint8_t)tag,   (uint8_t)(tag >> 8),  4, 0, 1, 0, 0, 0,
                               (uint8_t)value, (uint8_t)(value >> 8)};
    strbuf_add(b, entry, sizeof entry);
}

/* Three grey pages of 300 × 200; the second has its pixels beyond the end of the file. */
static int tiff_file(void)
{
    enum {
        WIDTH = 300,
        HEIGHT = 200,
        PIXELS = WIDTH * HEIGHT,
        ENTRIES = 8,
        IFD = 2 + ENTRIES * 12 + 4
    };
    struct strbuf b = {0};
    strbuf_add(&b, "II*\0\x08\0\0\0", 8);
    for (unsigned n = 0; n < 3; n++) {
        unsigned next = n < 2 ? 8 + (n + 1) * IFD : 0;
        strbuf_add(&b, "\x08\0", 2);
        add_entry(&b, 256, WIDTH);
        add_entry(&b, 257, HEIGHT);
        add_entry(&b, 258, 8);
        add_entry(&b, 259, 1);
        add_entry(&b, 262, 1);
        add_entry(&b, 273, n == 1 ? 65535 : 8 + 3 * IFD);
        add_entry(&b, 277, 1);
        add_entry(&b, 279, PIXELS);
        strbuf_add(&b, &next, 4);
    }
    for (int i = 0; i < PIXELS; i++)
        strbuf_addc(&b, (char)255);
    return file_of_strbuf(&b);
}

static void every_page_of_a_tiff(void **state)
{
    struct error err = {0};
    uint64_t size;
    int bound;
    (void)state;
    auto_fd fd = tiff_file();
    static const char boxed[] = "plan 1\npage 2 300 200\nbox 1 title 100 100 200 140\n";
    assert_int_equal(binder_bind(fd, boxed, 1 << 20, &size, &err), -1);
    assert_int_equal(err.class, ERROR_INPUT);
    assert_int_equal(err.page, 2);
    struct document *doc = binder_bound(dup(fd),
                                        "plan 1\npage 2\nnote page 2: failed: input\n"
                                        "page 3 300 200\nbox 1 title 100 100 200 140\n",
                                        &bound);
    assert_int_equal(document_pages(doc), 3);
    struct picture p = rendered(doc, 2, &at_72_rgb);
    assert_int_equal(p.raster.width, 595);
    looks(&p, 1, 1, RED);
    drop(&p);
    p = rendered(doc, 3, &(struct render){70, 3, 0});
    looks(&p, 150, 99, RED);
    drop(&p);
    document_close(&doc);
    close(bound);
}

/* ---- limits ---- */

static void the_cap_holds(void **state)
{
    struct error err = {0};
    uint64_t size = 7;
    (void)state;
    auto_fd fd = png_file(1000, 1000, 3);
    assert_int_equal(binder_bind(fd, "plan 1\n", 1000, &size, &err), -1);
    assert_int_equal(err.class, ERROR_LIMIT);
    assert_int_equal(size, 7);
}

/* An outline of 200,000 entries, each of which leads to the next. */
static void long_chains_are_no_recursion(void **state)
{
    enum { ENTRIES = 200000 };
    struct strbuf b = {0};
    int bound;
    (void)state;
    strbuf_adds(&b, "%PDF-1.4\n1 0 obj<</Pages 2 0 R/Outlines 4 0 R>>endobj\n"
                    "2 0 obj<</Count 1/Kids[3 0 R]>>endobj\n"
                    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\n");
    for (int i = 4; i < ENTRIES; i++)
        strbuf_addf(&b, "%d 0 obj<</Next %d 0 R>>endobj\n", i, i + 1);
    strbuf_adds(&b, "trailer<</Root 1 0 R>>\n");
    struct document *doc = binder_bound(file_of_strbuf(&b), PLAIN_PLAN, &bound);
    struct picture p = rendered(doc, 1, &at_72_rgb);
    looks_boxed(&p, 20, 30, 70, 50, RED);
    drop(&p);
    document_close(&doc);
    close(bound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_lie_where_they_should),
        cmocka_unit_test(content_leaves_no_trace),
        cmocka_unit_test(pages_keep_what_they_have),
        cmocka_unit_test(pages_of_one_object_are_parted),
        cmocka_unit_test(labels_stay_on_the_page),
        cmocka_unit_test(failed_pages_say_so),
        cmocka_unit_test(pages_that_are_not_there),
        cmocka_unit_test(what_acts_is_gone),
        cmocka_unit_test(repair_in_the_middle),
        cmocka_unit_test(jpegs_stay_jpegs_and_upright),
        cmocka_unit_test(other_pictures_are_deflated),
        cmocka_unit_test(every_page_of_a_tiff),
        cmocka_unit_test(the_cap_holds),
        cmocka_unit_test(long_chains_are_no_recursion),
    };
    struct error err;
    if (decode_warm(&err) < 0)
        return 1;
    return cmocka_run_group_tests_name("binder", tests, NULL, NULL);
}
