/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The neural engine against its reference, on pages drawn here and, with PAGEMILL_CORPUS, on real
 * ones. An engine's line agrees with a reference's line when its text is the same to the byte and
 * no corner is further than 1.5 pixels away; lines are paired by the distance of their farthest
 * corners, nearest first. At least 99 of 100 lines must agree, every difference is printed. The
 * order of lines is not compared.
 */
#include "ppocr_reference.h"
#include "ppocr_support.h"

#include "decode_support.h"
#include "ocr/ocr.h"
#include "unit.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

enum { DPI = 144 };
static const double near_enough = 1.5, share_wanted = 0.99;

static struct recipe recipe;
static struct ocr *engine;
static struct reference *reference;

/* ---- the comparison ---- */

struct tally {
    size_t lines, agreed, pages;
};
static struct tally total;

struct flat {
    const struct line **lines;
    size_t count;
};

static struct flat lines_of(const struct page *page)
{
    struct flat all = {x_calloc(PAGE_MAX_WORDS, sizeof *all.lines), 0};
    for (size_t b = 0; b < page->block_count; b++)
        for (size_t i = 0; i < page->blocks[b].line_count; i++)
            all.lines[all.count++] = &page->blocks[b].lines[i];
    return all;
}

static double farthest(const struct quad *a, const struct quad *b)
{
    double most = 0;
    for (int i = 0; i < 4; i++)
        most = fmax(most, reference_length(a->corner[i], b->corner[i]));
    return most;
}

static void print_line(const char *whose, const char *text, const struct quad *q)
{
    printf("    %s (%.1f %.1f, %.1f %.1f, %.1f %.1f, %.1f %.1f) %s\n", whose,
           (double)q->corner[0].x, (double)q->corner[0].y, (double)q->corner[1].x,
           (double)q->corner[1].y, (double)q->corner[2].x, (double)q->corner[2].y,
           (double)q->corner[3].x, (double)q->corner[3].y, text);
}

/* Of the lines not taken, the one whose corners lie nearest. */
static struct reference_line *nearest(struct reference_page *expected, const bool *taken,
                                      const struct quad *q)
{
    struct reference_line *best = NULL;
    for (size_t i = 0; i < expected->count; i++)
        if (!taken[i] &&
            (!best || farthest(&expected->lines[i].quad, q) < farthest(&best->quad, q)))
            best = &expected->lines[i];
    return best;
}

/* How many agree; the others are printed. */
static size_t compare_lines(const struct flat *found, struct reference_page *expected)
{
    bool *taken = x_calloc(expected->count + 1, sizeof *taken);
    size_t agreed = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct line *line = found->lines[i];
        struct reference_line *other = nearest(expected, taken, &line->polygon);
        const double away = other ? farthest(&other->quad, &line->polygon) : HUGE_VAL;
        if (away <= near_enough && strcmp(line->text, other->text) == 0) {
            agreed++;
        } else {
            printf("  differs, corners %.2f px away:\n", away);
            print_line("engine   ", line->text, &line->polygon);
            if (other)
                print_line("reference", other->text, &other->quad);
        }
        if (other)
            taken[other - expected->lines] = true;
    }
    for (size_t i = 0; i < expected->count; i++)
        if (!taken[i])
            print_line("reference alone", expected->lines[i].text, &expected->lines[i].quad);
    free(taken);
    return agreed;
}

static struct page *read_with_engine(const struct picture *picture)
{
    struct page *page = NULL;
    struct error err = {0};
    OK(ocr_read(engine, &picture->raster, picture->pixels,
                &(struct ocr_request){1, 0, PAGE_ROTATE_AUTO}, &page, &err));
    return page;
}

/* Returns the lines that the engine found. */
static size_t compare_page(const char *name, struct document *doc)
{
    const struct render how = {DPI, 3, 0};
    struct picture picture = rendered(doc, 1, &how);
    const struct pixels pixels = pixels_of_raster(&picture.raster, picture.pixels);
    struct page *page = read_with_engine(&picture);
    struct flat found = lines_of(page);
    struct reference_page expected;
    reference_read(reference, &pixels, &expected);
    const size_t agreed = compare_lines(&found, &expected), count = found.count;
    const size_t lines = count > expected.count ? count : expected.count;
    printf("%s: %zu of %zu lines agree, turned by %d and %d degrees\n", name, agreed, lines,
           page->rotation, expected.degrees);
    assert_int_equal(page->rotation, expected.degrees);
    total.lines += lines;
    total.agreed += agreed;
    total.pages++;
    free(found.lines);
    reference_page_done(&expected);
    page_free(&page);
    drop(&picture);
    return count;
}

/* ---- pages drawn here ---- */

enum { SENTENCES = 12 };
static const char *const sentences[SENTENCES] = {
    "The quick brown fox jumps over the lazy dog.",
    "Payment of 1,284.50 EUR is due within 30 days.",
    "Invoice no. 2024-00817, customer 55-1203",
    "Water boils at 100 degrees (212 F) at sea level;",
    "on a mountain it boils sooner, as everybody knows.",
    "She said: \"Come in, sit down, and be quiet!\"",
    "Chapter 7. Of Ships and Sealing-Wax",
    "All rights reserved. Printed in Finland.",
    "What was lost? Nothing but time & patience.",
    "x = a + b * c / (d - e), for every e < d",
    "See https://example.org/help#faq or call 0800 12345",
    "Sincerely yours, J. M. Thornbury-Wilkes",
};

/* One line of text from (x, y) in points, origin bottom left, its direction turned clockwise. */
static void say(struct strbuf *b, double x, double y, double size, double degrees, const char *text)
{
    const double angle = -degrees * atan(1) / 45;
    strbuf_addf(b, "BT /F %g Tf %.6f %.6f %.6f %.6f %.2f %.2f Tm (", size, cos(angle), sin(angle),
                -sin(angle), cos(angle), x, y);
    for (; *text; text++)
        strbuf_addf(b, strchr("()\\", *text) ? "\\%c" : "%c", *text);
    strbuf_adds(b, ") Tj ET\n");
}

static void draw_lines(struct strbuf *b, double size, double degrees)
{
    const double angle = degrees * atan(1) / 45;
    for (int i = 0; i < 24; i++) {
        const double down = i * size * 2.1;
        if (120 + down < 780)
            say(b, 60 - sin(angle) * down, 780 - cos(angle) * down, size, degrees,
                sentences[i % SENTENCES]);
    }
}

static void draw_upright(struct strbuf *b)
{
    draw_lines(b, 12, 0);
}

static void draw_leaning_2(struct strbuf *b)
{
    draw_lines(b, 12, 2);
}

static void draw_leaning_7(struct strbuf *b)
{
    draw_lines(b, 12, 7);
}

static void draw_leaning_back(struct strbuf *b)
{
    for (int i = 0; i < 20; i++)
        say(b, 60, 700 - 30 * i, 12, -4, sentences[i % SENTENCES]);
}

static void draw_vertical(struct strbuf *b)
{
    for (int i = 0; i < 5; i++)
        say(b, 60, 760 - 30 * i, 12, 0, sentences[i]);
    for (int i = 0; i < SENTENCES; i++)
        say(b, 500 - 30 * i, 580, 12, 90, sentences[i]);
}

static void draw_one_on_its_head(struct strbuf *b)
{
    for (int i = 0; i < 10; i++)
        if (i == 4)
            say(b, 420, 764 - 40 * i, 14, 180, sentences[i]);
        else
            say(b, 60, 760 - 40 * i, 14, 0, sentences[i]);
}

static void draw_white_on_black(struct strbuf *b)
{
    strbuf_adds(b, "0 0 600 850 re f 1 g\n");
    draw_lines(b, 12, 0);
}

static void draw_columns(struct strbuf *b)
{
    for (int i = 0; i < 40; i++)
        say(b, i % 2 ? 310 : 40, 780 - 28 * (i / 2), 10, 0, sentences[i % SENTENCES]);
}

static void draw_tiny(struct strbuf *b)
{
    draw_lines(b, 6, 0);
}

static void draw_large(struct strbuf *b)
{
    static const char *const words[] = {"Large letters", "of forty points", "on one page", "1984"};
    for (int i = 0; i < 4; i++)
        say(b, 60, 700 - 120 * i, 40, 0, words[i]);
}

static void draw_colours(struct strbuf *b)
{
    static const char *const inks[] = {"0.7 0 0 rg", "0 0.4 0 rg", "0 0 0.8 rg", "0.5 g"};
    for (int i = 0; i < 16; i++) {
        strbuf_addf(b, "%s\n", inks[i % 4]);
        say(b, 60, 780 - 34 * i, 8 + i % 5 * 3, 0, sentences[i % SENTENCES]);
    }
}

struct drawing {
    const char *name, *attributes;
    void (*draw)(struct strbuf *contents);
    size_t lines; /* at least so many are found */
};

static const struct drawing drawings[] = {
    {"upright", "", draw_upright, 24},
    {"leaning by 2 degrees", "", draw_leaning_2, 24},
    {"leaning by 7 degrees", "", draw_leaning_7, 24},
    {"leaning back by 4 degrees", "", draw_leaning_back, 20},
    {"vertical lines", "", draw_vertical, 17},
    {"one line on its head", "", draw_one_on_its_head, 10},
    {"white on black", "", draw_white_on_black, 24},
    {"two columns", "", draw_columns, 40},
    {"6 points", "", draw_tiny, 24},
    {"40 points", "", draw_large, 4},
    {"colours and sizes", "", draw_colours, 16},
    {"page turned by 90 degrees", "/Rotate 90", draw_upright, 24},
    {"page turned by 180 degrees", "/Rotate 180", draw_upright, 24},
    {"page turned by 270 degrees", "/Rotate 270", draw_colours, 16},
};

/* A PDF of one A4 page. Its cross-reference table is left to MuPDF's repair. */
static struct strbuf pdf_of(const struct drawing *d)
{
    struct strbuf b = {0};
    auto_strbuf contents = {0};
    d->draw(&contents);
    strbuf_adds(&b, "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                    "2 0 obj<</Type/Pages/Count 1/Kids[4 0 R]>>endobj\n"
                    "3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>endobj\n");
    strbuf_addf(&b,
                "4 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R"
                "/Resources<</Font<</F 3 0 R>>>>%s>>endobj\n",
                d->attributes);
    strbuf_addf(&b, "5 0 obj<</Length %zu>>stream\n%s\nendstream endobj\n", contents.len,
                strbuf_str(&contents));
    strbuf_adds(&b, "trailer<</Root 1 0 R>>\n%%EOF\n");
    return b;
}

static void compare_drawings(void)
{
    total = (struct tally){0};
    for (size_t i = 0; i < COUNT(drawings); i++) {
        struct strbuf bytes = pdf_of(&drawings[i]);
        auto_fd fd = file_of_strbuf(&bytes);
        struct document *doc = opened_with(fd, "", &limits);
        assert_true(compare_page(drawings[i].name, doc) >= drawings[i].lines);
        document_close(&doc);
    }
    printf("drawn pages: %zu of %zu lines agree\n", total.agreed, total.lines);
    assert_true((double)total.agreed >= share_wanted * (double)total.lines);
}

static void agrees_on_drawn_pages(void **state)
{
    (void)state;
    compare_drawings();
}

static void open_both(const struct recipe *r)
{
    /* Chinese too: then the engine reads with the whole network, as the reference does. */
    const struct ocr_config config = {"ppocr", "eng+chi_sim", "", r};
    struct error err = {0};
    OK(ocr_open(&engine, &config, &err));
    reference = reference_open(r);
}

static void close_both(void)
{
    ocr_close(&engine);
    reference_close(&reference);
}

/* Models of an earlier make: lines 32 pixels high, every number another one. */
static void agrees_with_other_models(void **state)
{
    (void)state;
    struct recipe other = recipe;
    ppocr_support_model("en_PP-OCRv3_det_infer.onnx", other.detection, other.detection_sha256);
    ppocr_support_model("en_number_mobile_v2.0_rec_infer.onnx", other.recognition,
                        other.recognition_sha256);
    ppocr_support_model("dicts/en_dict.txt", other.dictionary, other.dictionary_sha256);
    other.limit_type = SIDE_MIN;
    other.limit_side_len = 736;
    other.max_side_limit = 1000;
    other.thresh = 0.3;
    other.box_thresh = 0.6;
    other.unclip_ratio = 1.5;
    other.rec_squeeze = 1;
    if (!*other.detection_sha256 || !*other.recognition_sha256 || !*other.dictionary_sha256) {
        puts("there are no other models");
        return;
    }
    close_both();
    open_both(&other);
    compare_drawings();
    close_both();
    open_both(&recipe);
}

/* ---- real pages ---- */

static const char *const pages[] = {
    "oldbooks-en/a006.tiff",
    "oldbooks-en/f012.tiff",
    "typed-fr-tapuscorpus/AN-96AP_1-dossier_1-pi_FRAN_0150_0006_L-medium.jpg",
    "typed-multi-ehri/english__EHRI-BF-19380810_EN_01.jpg",
    "receipts-sroie/002.jpg",
    "receipts-sroie/119.jpg",
    "forms-funsd/82092117.png",
    "photos/wildreceipt_1.jpeg",
    "layout-omnidocbench-demo/yanbaopptmerge_SE05.pdf_7.jpg",
    "layout-omnidocbench-demo/notes_1ba14cb325bc448f7201b20502ecf2b5_15.jpg",
    "tables-icdar2013/us-018.pdf",
    "tesseract-test/phototest-rotated-R.png",
};

static void agrees_on_real_pages(void **state)
{
    (void)state;
    const char *corpus = getenv("PAGEMILL_CORPUS");
    total = (struct tally){0};
    if (!corpus || !*corpus) {
        puts("PAGEMILL_CORPUS is not set: no real pages");
        return;
    }
    for (size_t i = 0; i < COUNT(pages); i++) {
        char path[RECIPE_PATH];
        snprintf(path, sizeof path, "%s/%s", corpus, pages[i]);
        auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            printf("%s is not in the corpus\n", path);
            continue;
        }
        struct document *doc = opened_with(fd, "", &limits);
        compare_page(pages[i], doc);
        document_close(&doc);
    }
    printf("real pages: %zu of %zu lines agree on %zu pages\n", total.agreed, total.lines,
           total.pages);
    assert_true(total.pages > 0);
    assert_true((double)total.agreed >= share_wanted * (double)total.lines);
}

static int open_all(void **state)
{
    (void)state;
    open_both(&recipe);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    close_both();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_on_drawn_pages),
        cmocka_unit_test(agrees_with_other_models),
        cmocka_unit_test(agrees_on_real_pages),
    };
    struct error err = {0};
    if (!ppocr_support_recipe(&recipe))
        return 77;
    if (decode_warm(&err) < 0)
        return 1;
    return cmocka_run_group_tests(tests, open_all, close_all);
}
