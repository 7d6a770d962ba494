/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Rules and pictures (src/ocr/ink.h) on pages drawn in memory: what is found where, what is none,
 * and pages of every size.
 */
#include "unit.h"

#include "base/memory.h"
#include "ocr/ink.h"

#include <math.h>

static struct error err;

/* ---- drawing ---- */

struct sheet {
    struct raster raster;
    uint8_t *pixels;
    struct page *page;
    struct line *line;
    struct ink ink;
};

static struct sheet sheet_of(uint32_t width, uint32_t height, uint32_t dpi, int tone)
{
    struct sheet s = {.raster = {width, height, width, 1, dpi, 0}};
    s.pixels = x_calloc(height, width);
    memset(s.pixels, tone, (size_t)height * width);
    s.page = page_new(1);
    s.page->width = (int)width;
    s.page->height = (int)height;
    s.page->dpi = (int)dpi;
    s.line = page_add_line(s.page, page_add_block(s.page, BLOCK_TEXT));
    return s;
}

/* An A4 sheet. */
static struct sheet blank(uint32_t dpi)
{
    return sheet_of(dpi * 827 / 100, dpi * 1169 / 100, dpi, 255);
}

static void done(struct sheet *s)
{
    ink_done(&s->ink);
    page_free(&s->page);
    free(s->pixels);
}

static void put(struct sheet *s, int x, int y, int tone)
{
    if (x >= 0 && y >= 0 && x < (int)s->raster.width && y < (int)s->raster.height)
        s->pixels[(size_t)y * s->raster.stride + (size_t)x] = (uint8_t)tone;
}

static void fill(struct sheet *s, int x, int y, int width, int height, int tone)
{
    for (int j = y; j < y + height; j++)
        for (int i = x; i < x + width; i++)
            put(s, i, j, tone);
}

/* Pixels of a length in hundredths of an inch. */
static int at(const struct sheet *s, int hundredths)
{
    return hundredths * (int)s->raster.dpi / 100;
}

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245U + 12345U;
    return *state >> 16;
}

static void noise(struct sheet *s, int x, int y, int width, int height)
{
    unsigned state = 7;
    for (int j = y; j < y + height; j++)
        for (int i = x; i < x + width; i++)
            put(s, i, j, (int)(next_random(&state) % 200));
}

/* Something like a word: stems and feet, and the box that an engine would give it. */
static void word(struct sheet *s, int x, int y, int width, int height, int tone)
{
    const int stem = height / 8 + 1;
    for (int i = x; i + 3 * stem <= x + width; i += 4 * stem) {
        fill(s, i, y, stem, height, tone);
        fill(s, i, y + height - stem, 3 * stem, stem, tone);
    }
    struct word *w = page_add_word(s->page, s->line);
    *w = (struct word){.text = "word", .confidence = 0.9F};
    w->polygon =
        quad_of_rect((struct rect){(float)x, (float)y, (float)(x + width), (float)(y + height)});
}

/* Lines of words between two hundredths of an inch. */
static void text(struct sheet *s, int left, int top, int right, int bottom)
{
    for (int y = top; y < bottom; y += 17)
        for (int x = left; x + 50 <= right; x += 60)
            word(s, at(s, x), at(s, y), at(s, 50), at(s, 10), 0);
}

static void find(struct sheet *s)
{
    ink_done(&s->ink);
    OK(ink_find(&s->raster, s->pixels, s->page, &s->ink, &err));
    for (size_t i = 0; i < s->ink.rule_count; i++) {
        const struct rect r = s->ink.rules[i].at;
        assert_true(r.x1 >= 0 && r.y1 >= 0 && r.x1 <= r.x2 && r.y1 <= r.y2);
        assert_true(r.x2 <= (float)s->page->width && r.y2 <= (float)s->page->height);
    }
}

static size_t count(const struct sheet *s, bool vertical)
{
    size_t n = 0;
    for (size_t i = 0; i < s->ink.rule_count; i++)
        n += s->ink.rules[i].vertical == vertical;
    return n;
}

static void assert_near(float a, int b, float within)
{
    if (!(fabsf(a - (float)b) <= within))
        fail_msg("%g is not %d", (double)a, b);
}

static void assert_rect(struct rect r, int x1, int y1, int x2, int y2, float within)
{
    assert_near(r.x1, x1, within);
    assert_near(r.y1, y1, within);
    assert_near(r.x2, x2, within);
    assert_near(r.y2, y2, within);
}

/* ---- rules ---- */

/* Six lines across and four down, words in the cells, a paragraph above. */
static struct sheet table(uint32_t dpi, int thick, int tone)
{
    struct sheet s = blank(dpi);
    text(&s, 100, 100, 700, 300);
    for (int row = 0; row <= 5; row++)
        fill(&s, at(&s, 100), at(&s, 400 + 30 * row), at(&s, 600) + thick, thick, tone);
    for (int col = 0; col <= 3; col++)
        fill(&s, at(&s, 100 + 200 * col), at(&s, 400), thick, at(&s, 150), tone);
    for (int row = 0; row < 5; row++)
        for (int col = 0; col < 3; col++)
            word(&s, at(&s, 120 + 200 * col), at(&s, 410 + 30 * row), at(&s, 60), at(&s, 10), 0);
    return s;
}

static void assert_table(struct sheet *s, int thick)
{
    find(s);
    assert_int_equal(count(s, false), 6);
    assert_int_equal(count(s, true), 4);
    assert_int_equal(s->ink.picture_count, 0);
    const float within = 3 + (float)s->raster.dpi / 100;
    for (int row = 0, i = 0; row <= 5; i++) {
        if (s->ink.rules[i].vertical)
            continue;
        const int y = at(s, 400 + 30 * row++);
        assert_rect(s->ink.rules[i].at, at(s, 100), y, at(s, 700), y + thick, within);
    }
}

static void finds_the_lines_of_a_table(void **state)
{
    (void)state;
    static const struct {
        uint32_t dpi;
        int thick, tone;
    } rows[] = {{100, 1, 0}, {144, 1, 0}, {144, 3, 0},   {144, 1, 200}, {200, 2, 100},
                {300, 1, 0}, {300, 3, 0}, {300, 1, 190}, {600, 2, 0},   {72, 1, 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sheet s = table(rows[i].dpi, rows[i].thick, rows[i].tone);
        assert_table(&s, rows[i].thick);
        done(&s);
    }
}

static void finds_the_same_in_colour(void **state)
{
    (void)state;
    struct sheet s = table(144, 1, 0);
    const size_t n = (size_t)s.raster.width * s.raster.height;
    uint8_t *colour = x_calloc(n, 3);
    for (size_t i = 0; i < n; i++) {
        memset(colour + 3 * i, s.pixels[i], 3);
        if (!s.pixels[i])
            colour[3 * i] = 255; /* red */
    }
    free(s.pixels);
    s.pixels = colour;
    s.raster.channels = 3;
    s.raster.stride *= 3;
    assert_table(&s, 1);
    done(&s);
}

static void finds_lines_on_shadows_and_tints(void **state)
{
    (void)state;
    struct sheet s = table(144, 2, 40);
    for (int y = 0; y < (int)s.raster.height; y++)
        for (int x = 0; x < (int)s.raster.width; x++) {
            uint8_t *p = s.pixels + (size_t)y * s.raster.stride + x;
            *p = (uint8_t)(*p * (255 - 80 * x / (int)s.raster.width) / 255);
        }
    assert_table(&s, 2);
    done(&s);
    s = table(144, 1, 0);
    for (int row = 0; row < 5; row += 2)
        for (int y = at(&s, 400 + 30 * row); y < at(&s, 430 + 30 * row); y++)
            for (int x = at(&s, 100); x < at(&s, 700); x++)
                if (s.pixels[(size_t)y * s.raster.stride + (size_t)x] == 255)
                    put(&s, x, y, 215);
    assert_table(&s, 1);
    done(&s);
}

/* A cell's ground is as light as it looks, not as its weakest channel is. */
static void finds_lines_on_a_coloured_ground(void **state)
{
    (void)state;
    struct sheet s = table(144, 1, 0);
    const size_t n = (size_t)s.raster.width * s.raster.height;
    uint8_t *colour = x_calloc(n, 3);
    for (size_t i = 0; i < n; i++)
        memcpy(colour + 3 * i, s.pixels[i] == 255 ? "\xFF\xCC\x99" : "\x99\x33\x00", 3);
    free(s.pixels);
    s.pixels = colour;
    s.raster.channels = 3;
    s.raster.stride *= 3;
    assert_table(&s, 1);
    done(&s);
}

static void finds_light_lines_on_dark(void **state)
{
    (void)state;
    struct sheet s = table(300, 1, 0);
    for (size_t i = 0; i < (size_t)s.raster.stride * s.raster.height; i++)
        s.pixels[i] ^= 255;
    assert_table(&s, 1);
    done(&s);
}

/* The page leans, as its skew says. */
static void follows_the_skew(void **state)
{
    (void)state;
    for (int degrees = -5; degrees <= 5; degrees++) {
        struct sheet s = blank(144);
        const float angle = (float)degrees * (float)M_PI / 180, x0 = 200, y0 = 500;
        s.page->skew = (float)degrees;
        for (float t = 0; t < 800; t += 0.25F) {
            put(&s, (int)(x0 + t * cosf(angle)), (int)(y0 + t * sinf(angle)), 0);
            put(&s, (int)(x0 - t * sinf(angle)), (int)(y0 + t * cosf(angle)), 0);
        }
        find(&s);
        assert_int_equal(count(&s, false), 1);
        assert_int_equal(count(&s, true), 1);
        for (size_t i = 0; i < 2; i++) {
            const struct rect r = s.ink.rules[i].at;
            const bool down = s.ink.rules[i].vertical;
            assert_near(down ? r.y2 - r.y1 : r.x2 - r.x1, 800, 12);
            assert_near((r.x1 + r.x2) / 2, (int)(x0 + 400 * (down ? -sinf(angle) : cosf(angle))),
                        5);
            assert_near((r.y1 + r.y2) / 2, (int)(y0 + 400 * (down ? cosf(angle) : sinf(angle))), 5);
            assert_true((down ? r.x2 - r.x1 : r.y2 - r.y1) < 6);
        }
        done(&s);
    }
}

static void joins_a_worn_line(void **state)
{
    (void)state;
    struct sheet s = blank(150);
    fill(&s, 200, 600, 700, 2, 0);
    for (int x = 250; x < 900; x += 60)
        fill(&s, x, 600, 5, 2, 255);
    find(&s);
    assert_int_equal(s.ink.rule_count, 1);
    assert_rect(s.ink.rules[0].at, 200, 600, 900, 602, 3);
    done(&s);
}

static void takes_underlines_but_no_leaders(void **state)
{
    (void)state;
    struct sheet s = blank(144);
    text(&s, 100, 100, 700, 300);
    for (int x = at(&s, 100); x < at(&s, 600); x += 6)
        fill(&s, x, at(&s, 400), 2, 2, 0); /* dotted */
    for (int x = at(&s, 100); x < at(&s, 600); x += 14)
        fill(&s, x, at(&s, 430), 8, 2, 0); /* dashed */
    word(&s, at(&s, 100), at(&s, 460), at(&s, 90), at(&s, 10), 0);
    fill(&s, at(&s, 100), at(&s, 472), at(&s, 90), 1, 0); /* underlined */
    find(&s);
    assert_int_equal(s.ink.rule_count, 1);
    assert_rect(s.ink.rules[0].at, at(&s, 100), at(&s, 472), at(&s, 190), at(&s, 472) + 1, 3);
    assert_int_equal(s.ink.picture_count, 0);
    done(&s);
}

static void takes_no_letters(void **state)
{
    (void)state;
    static const uint32_t dpis[] = {72, 100, 144, 150, 200, 300, 600};
    for (size_t i = 0; i < COUNT(dpis); i++) {
        struct sheet s = blank(dpis[i]);
        text(&s, 80, 200, 750, 1000);
        word(&s, at(&s, 100), at(&s, 80), at(&s, 400), at(&s, 60), 0); /* a headline */
        find(&s);
        assert_int_equal(s.ink.rule_count, 0);
        assert_int_equal(s.ink.picture_count, 0);
        done(&s);
    }
}

/* ---- pictures ---- */

static void finds_a_photograph_between_paragraphs(void **state)
{
    (void)state;
    static const uint32_t dpis[] = {100, 144, 300};
    for (size_t i = 0; i < COUNT(dpis); i++) {
        struct sheet s = blank(dpis[i]);
        text(&s, 100, 100, 700, 300);
        noise(&s, at(&s, 200), at(&s, 350), at(&s, 300), at(&s, 200));
        text(&s, 100, 600, 700, 900);
        find(&s);
        assert_int_equal(s.ink.picture_count, 1);
        assert_rect(s.ink.pictures[0], at(&s, 200), at(&s, 350), at(&s, 500), at(&s, 550),
                    (float)at(&s, 8));
        assert_int_equal(s.ink.rule_count, 0);
        done(&s);
    }
}

/* Axes, a curve of one pixel, labels that were read. */
static void finds_a_chart_of_thin_lines(void **state)
{
    (void)state;
    struct sheet s = blank(144);
    text(&s, 100, 100, 700, 250);
    fill(&s, at(&s, 200), at(&s, 300), 1, at(&s, 250), 0);
    fill(&s, at(&s, 200), at(&s, 550), at(&s, 400), 1, 0);
    for (float t = 0; t < 1; t += 0.0002F)
        put(&s, at(&s, 200) + (int)(t * (float)at(&s, 390)),
            at(&s, 420) + (int)((float)at(&s, 100) * sinf(t * 12)), 60);
    for (int x = 210; x < 600; x += 100)
        word(&s, at(&s, x), at(&s, 560), at(&s, 40), at(&s, 10), 0);
    find(&s);
    assert_int_equal(s.ink.picture_count, 1);
    assert_rect(s.ink.pictures[0], at(&s, 200), at(&s, 300), at(&s, 600), at(&s, 550),
                (float)at(&s, 8));
    assert_int_equal(s.ink.rule_count, 0); /* they are the chart's */
    done(&s);
}

static void takes_no_scanner_border(void **state)
{
    (void)state;
    struct sheet s = blank(144);
    text(&s, 100, 100, 700, 1000);
    fill(&s, 0, 0, 25, (int)s.raster.height, 10);
    fill(&s, 0, 0, (int)s.raster.width, 12, 10);
    fill(&s, (int)s.raster.width - 60, 0, 60, (int)s.raster.height, 30);
    fill(&s, 0, (int)s.raster.height - 3, (int)s.raster.width, 3, 0);
    find(&s);
    assert_int_equal(s.ink.picture_count, 0);
    assert_int_equal(s.ink.rule_count, 0);
    done(&s);
}

/* A table cut from a page, its outer lines at the edges. */
static void keeps_the_edges_of_a_cutting(void **state)
{
    (void)state;
    struct sheet s = sheet_of(400, 200, 100, 255);
    fill(&s, 0, 0, 400, 2, 0);
    fill(&s, 0, 197, 400, 2, 0);
    find(&s);
    assert_int_equal(s.ink.rule_count, 2);
    done(&s);
}

static void takes_no_ground_of_words(void **state)
{
    (void)state;
    struct sheet s = blank(144);
    text(&s, 100, 100, 700, 300);
    fill(&s, at(&s, 100), at(&s, 400), at(&s, 600), at(&s, 22), 20); /* a bar */
    word(&s, at(&s, 120), at(&s, 405), at(&s, 80), at(&s, 12), 255);
    fill(&s, at(&s, 100), at(&s, 500), at(&s, 400), at(&s, 200), 150); /* a panel */
    text(&s, 110, 510, 490, 690);
    find(&s);
    assert_int_equal(s.ink.picture_count, 0);
    done(&s);
}

static void takes_no_paper(void **state)
{
    (void)state;
    struct sheet s = blank(150);
    unsigned state_of_noise = 3;
    for (size_t i = 0; i < (size_t)s.raster.stride * s.raster.height; i++)
        s.pixels[i] = (uint8_t)(180 + next_random(&state_of_noise) % 30);
    text(&s, 100, 100, 700, 600);
    find(&s);
    assert_int_equal(s.ink.picture_count, 0);
    assert_int_equal(s.ink.rule_count, 0);
    done(&s);
}

/* ---- any page ---- */

static void looks_at_any_size(void **state)
{
    (void)state;
    static const uint32_t sizes[][3] = {{1, 1, 300},      {1, 1, 72},      {7, 3, 150},
                                        {65500, 10, 300}, {10, 65500, 72}, {1, 3000, 1200},
                                        {64, 64, 1},      {33, 9000, 600}, {5000, 5000, 0}};
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (int tone = 0; tone <= 255; tone += 51)
            for (float skew = -20; skew <= 20; skew += 10) {
                struct sheet s = sheet_of(sizes[i][0], sizes[i][1], sizes[i][2], tone);
                s.page->skew = skew;
                find(&s);
                assert_int_equal(s.ink.picture_count, 0);
                assert_int_equal(s.ink.rule_count, 0);
                done(&s);
            }
}

/* Words that nobody could have read: everywhere, nowhere, without a number. */
static void looks_at_any_words(void **state)
{
    (void)state;
    struct sheet s = table(144, 1, 0);
    const float odd[] = {-1e30F, 1e30F, NAN, 0, 500, -INFINITY};
    for (int i = 0; i < 20000; i++) {
        struct word *w = page_add_word(s.page, s.line);
        w->text = "";
        for (int k = 0; k < 4; k++)
            w->polygon.corner[k] =
                (struct point){odd[(i + k) % (int)COUNT(odd)], odd[(i * k + 1) % (int)COUNT(odd)]};
    }
    find(&s);
    s.page->skew = NAN;
    find(&s);
    assert_true(s.ink.rule_count <= INK_MAX_RULES);
    done(&s);
}

static void keeps_within_its_limits(void **state)
{
    (void)state;
    struct sheet s = blank(300);
    for (int y = 200; y + 8 < (int)s.raster.height - 200; y += 8)
        for (int x = 200; x < (int)s.raster.width - 200; x += 110)
            fill(&s, x, y, 80, 2, 0);
    find(&s);
    assert_true(s.ink.rule_count > 1000 && s.ink.rule_count <= INK_MAX_RULES);
    struct ink first = s.ink;
    s.ink = (struct ink){0};
    find(&s);
    assert_int_equal(first.rule_count, s.ink.rule_count);
    for (size_t i = 0; i < first.rule_count; i++)
        assert_memory_equal(&first.rules[i].at, &s.ink.rules[i].at, sizeof(struct rect));
    ink_done(&first);
    done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_lines_of_a_table),
        cmocka_unit_test(finds_the_same_in_colour),
        cmocka_unit_test(finds_lines_on_shadows_and_tints),
        cmocka_unit_test(finds_lines_on_a_coloured_ground),
        cmocka_unit_test(finds_light_lines_on_dark),
        cmocka_unit_test(follows_the_skew),
        cmocka_unit_test(joins_a_worn_line),
        cmocka_unit_test(takes_underlines_but_no_leaders),
        cmocka_unit_test(takes_no_letters),
        cmocka_unit_test(finds_a_photograph_between_paragraphs),
        cmocka_unit_test(finds_a_chart_of_thin_lines),
        cmocka_unit_test(takes_no_scanner_border),
        cmocka_unit_test(keeps_the_edges_of_a_cutting),
        cmocka_unit_test(takes_no_ground_of_words),
        cmocka_unit_test(takes_no_paper),
        cmocka_unit_test(looks_at_any_size),
        cmocka_unit_test(looks_at_any_words),
        cmocka_unit_test(keeps_within_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
