/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The layout of pages that nobody would make: every word is there once, the same page gives the
 * same result, and what comes out is whole, whatever the boxes and hints are.
 */
#include "unit.h"

#include "base/strbuf.h"
#include "layout/layout.h"
#include "layout_draw.h"

#include <math.h>

enum { PAGES = 300, MOST_HINTS = 40 };

struct hostile {
    struct layout_rule rules[MOST_HINTS];
    struct rect pictures[MOST_HINTS];
    struct layout_region regions[MOST_HINTS];
    struct layout_hints hints;
};

static float any_number(uint32_t *seed, int most)
{
    static const float odd[] = {0, -1, 1e30F, -1e30F, INFINITY, NAN, 0.001F};
    if (draw_random(seed) % 40 == 0)
        return odd[draw_random(seed) % COUNT(odd)];
    return (float)(draw_random(seed) % (uint32_t)most);
}

static struct rect any_rect(uint32_t *seed, const struct page *p)
{
    float x = any_number(seed, p->width), y = any_number(seed, p->height);
    return (struct rect){x, y, x + any_number(seed, 1 + p->width / 2),
                         y + any_number(seed, 1 + p->height / 3)};
}

static void any_hints(struct hostile *h, uint32_t *seed, const struct page *p)
{
    *h = (struct hostile){0};
    h->hints = (struct layout_hints){.rules = h->rules,
                                     .pictures = h->pictures,
                                     .regions = h->regions,
                                     .rule_count = draw_random(seed) % MOST_HINTS,
                                     .picture_count = draw_random(seed) % MOST_HINTS,
                                     .region_count = draw_random(seed) % MOST_HINTS,
                                     .keep_tables = draw_random(seed) % 4,
                                     .keep_figures = draw_random(seed) % 4};
    if (draw_random(seed) % 2)
        h->hints.region_count = 0;
    for (size_t i = 0; i < MOST_HINTS; i++) {
        h->pictures[i] = any_rect(seed, p);
        h->rules[i].at = any_rect(seed, p);
        h->regions[i] =
            (struct layout_region){draw_random(seed) % BLOCK_TYPES, any_rect(seed, p),
                                   any_number(seed, 1), (int)(draw_random(seed) % 9) - 1};
    }
}

static struct quad any_quad(uint32_t *seed, const struct page *p)
{
    const struct quad q = quad_of_rect(any_rect(seed, p));
    struct quad turned = quad_shifted(&q, draw_random(seed) % 7 ? 0 : draw_random(seed) % 4);
    if (draw_random(seed) % 20 == 0)
        turned.corner[draw_random(seed) % 4].y = any_number(seed, p->height);
    return turned;
}

static void add_words(struct page *p, struct line *l, size_t n, size_t *words, uint32_t *seed)
{
    static const char *const looks[] = {"word",   "1.",     "(a)", "Figure 3.", "\u2022",
                                        "SHOUT",  "end.",   "hy-", "2.1",       "12",
                                        "\u8a9e", "\u05d0", "*",   "_____",     "Table 1"};
    for (size_t i = 0; i < n; i++) {
        char text[64];
        struct word *w = page_add_word(p, l);
        int len =
            snprintf(text, sizeof text, "%s%zu", looks[draw_random(seed) % COUNT(looks)], *words);
        *w = (struct word){page_text(p, text, (size_t)len), any_quad(seed, p),
                           (float)(*words)++}; /* the confidence tells the word */
    }
}

/* Words set well or thrown anywhere, in lines that may have none. */
static struct page *any_page(uint32_t seed, size_t lines, size_t *words)
{
    struct page *p =
        draw_page(1 + (int)(draw_random(&seed) % 2000), 1 + (int)(draw_random(&seed) % 3000));
    struct block *b = page_add_block(p, BLOCK_TEXT);
    p->rotation = (int)(draw_random(&seed) % 4) * 90;
    *words = 0;
    for (size_t i = 0; i < lines; i++) {
        struct line *l = page_add_line(p, b);
        add_words(p, l, draw_random(&seed) % 7, words, &seed);
        if (page_join_words(p, l) < 0)
            l->polygon = any_quad(&seed, p);
        l->font_size = draw_random(&seed) % 3 ? 0 : any_number(&seed, 40);
        l->style = draw_random(&seed) % 8;
    }
    return p;
}

static void check_block(const struct page *p, const struct block *b)
{
    assert_true(b->type < BLOCK_TYPES);
    assert_true(b->bbox.x1 <= b->bbox.x2 && b->bbox.y1 <= b->bbox.y2);
    assert_true(b->caption == BLOCK_NO_CAPTION || (size_t)b->caption < p->block_count);
    assert_true(b->line_count > 0 || b->type == BLOCK_FIGURE || b->type == BLOCK_FORMULA ||
                b->type == BLOCK_SEAL || b->type == BLOCK_TABLE);
    assert_true((b->level > 0) == (b->type == BLOCK_TITLE || b->type == BLOCK_HEADING));
}

static void check_words(const struct page *p, size_t words)
{
    bool *seen = calloc(words + 1, sizeof *seen);
    size_t count = 0;
    assert_non_null(seen);
    for (size_t b = 0; b < p->block_count; b++)
        for (size_t i = 0; i < p->blocks[b].line_count; i++)
            for (size_t w = 0; w < p->blocks[b].lines[i].word_count; w++) {
                size_t number = (size_t)p->blocks[b].lines[i].words[w].confidence;
                assert_true(number < words && !seen[number]);
                seen[number] = true;
                count++;
            }
    assert_int_equal(count, words);
    free(seen);
}

static void encode(const struct page *p, struct strbuf *out)
{
    strbuf_clear(out);
    page_encode(p, out);
}

static void lay_out(struct page *p, const struct layout_hints *hints)
{
    struct error err;
    if (layout_page(p, hints, &err) < 0)
        fail_msg("%s", err.text);
}

static void any_page_keeps_its_words(void **state)
{
    struct strbuf once = {0}, again = {0};
    (void)state;
    for (uint32_t i = 0; i < PAGES; i++) {
        struct hostile h;
        uint32_t seed = i;
        size_t words;
        struct page *p = any_page(i, i % 60, &words), *twin = any_page(i, i % 60, &words);
        any_hints(&h, &seed, p);
        lay_out(p, &h.hints);
        lay_out(twin, &h.hints);
        check_words(p, words);
        for (size_t b = 0; b < p->block_count; b++)
            check_block(p, &p->blocks[b]);
        encode(p, &once);
        encode(twin, &again);
        assert_int_equal(once.len, again.len);
        assert_memory_equal(once.data, again.data, once.len);
        lay_out(p, &h.hints); /* what was laid out once can be laid out again */
        check_words(p, words);
        page_free(&p);
        page_free(&twin);
    }
    strbuf_free(&once);
    strbuf_free(&again);
}

/* A page of `count` words, each in a place of its own by `step`, or all in one. */
static void lay_out_many(size_t count, float x_step, float y_step, size_t across)
{
    static const struct layout_hints hints = {.keep_tables = false, .keep_figures = true};
    struct page *p = draw_page(6000, 8000);
    struct block *b = page_add_block(p, BLOCK_TEXT);
    for (size_t i = 0; i < count; i++) {
        struct line *l = page_add_line(p, b);
        struct word *w = page_add_word(p, l);
        float x = x_step * (float)(i % across), y = y_step * (float)(i / across);
        *w = (struct word){i % 3 ? "1. word" : "Word.",
                           quad_of_rect((struct rect){x, y, x + 30, y + 20}), (float)i};
        page_join_words(p, l);
    }
    lay_out(p, &hints);
    check_words(p, count);
    page_free(&p);
}

static void twenty_thousand_words_are_laid_out(void **state)
{
    enum { MANY = 20000 };
    (void)state;
    lay_out_many(MANY, 40, 40, 150);
    lay_out_many(MANY, 33, 26, 100);
    lay_out_many(MANY, 0, 0, 1);
    lay_out_many(MANY, 0.1F, 0, MANY);
    lay_out_many(MANY, 0, 0.4F, 1);
    lay_out_many(MANY, 31, 200, 2000);
}

static void thousands_of_hints_are_bounded(void **state)
{
    enum { MANY = 20000 };
    struct rect *pictures = calloc(MANY, sizeof *pictures);
    struct layout_rule *rules = calloc(MANY, sizeof *rules);
    struct layout_region *regions = calloc(MANY, sizeof *regions);
    struct page *p = draw_page(3000, 4000);
    uint32_t seed = 1;
    (void)state;
    assert_true(pictures && rules && regions);
    for (size_t i = 0; i < MANY; i++) {
        pictures[i] = any_rect(&seed, p);
        rules[i].at = any_rect(&seed, p);
        regions[i] = (struct layout_region){i % BLOCK_TYPES, any_rect(&seed, p), 0.5F, -1};
    }
    const struct layout_hints hints = {.pictures = pictures,
                                       .picture_count = MANY,
                                       .rules = rules,
                                       .rule_count = MANY,
                                       .regions = regions,
                                       .region_count = MANY,
                                       .keep_figures = true};
    draw_prose(p, 100, 100, 2800, 100);
    lay_out(p, &hints);
    page_free(&p);
    free(pictures);
    free(rules);
    free(regions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_page_keeps_its_words),
        cmocka_unit_test(twenty_thousand_words_are_laid_out),
        cmocka_unit_test(thousands_of_hints_are_bounded),
    };
    return cmocka_run_group_tests_name("layout_random", tests, NULL, NULL);
}
