/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The page result: building one, its JSON, and reading that back.
 */
#include "unit.h"

#include "page/raster.h"
#include "page/state.h"
#include "page_sample.h"

#include <math.h>

static void a_page_is_built(void **state)
{
    struct page *p = sample_page(3);
    (void)state;
    assert_int_equal(p->number, 3);
    assert_int_equal(p->block_count, 2);
    const struct line *l = &p->blocks[0].lines[0];
    assert_string_equal(l->text, "Gr\xC3\xBC\xC3\x9F \"Gott\"");
    assert_float_equal(l->confidence, 0.8F, 1e-6F);
    assert_float_equal(p->blocks[0].bbox.x2, 220, 0);
    assert_float_equal(p->confidence, 0.8F, 1e-6F);
    assert_string_equal(p->warnings[0].message, "rendered at 96 dpi");
    page_free(&p);
    assert_null(p);
    page_free(&p);
}

static void lists_grow(void **state)
{
    struct page *p = page_new(1);
    char text[16];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct block *b = page_add_block(p, BLOCK_TEXT);
        struct line *l = page_add_line(p, b);
        size_t n = (size_t)snprintf(text, sizeof text, "w%d", i);
        page_add_word(p, l)->text = page_text(p, text, n);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "w%d", i);
        assert_string_equal(p->blocks[i].lines[0].words[0].text, text);
    }
    page_free(&p);
}

static void a_line_without_words_cannot_be_joined(void **state)
{
    struct page *p = page_new(1);
    struct line *l = page_add_line(p, page_add_block(p, BLOCK_TEXT));
    (void)state;
    assert_int_equal(page_join_words(p, l), -1);
    assert_string_equal(l->text, "");
    page_summarise(p);
    assert_float_equal(p->confidence, 0, 0);
    page_free(&p);
}

/* A warning that does not fit must not leave a hole that page_encode would read. */
static void a_full_page_stays_whole(void **state)
{
    struct page *p = page_new(1);
    char *big = malloc(1 << 20);
    (void)state;
    memset(big, 'x', 1 << 20);
    big[(1 << 20) - 1] = '\0';
    size_t kept = 0;
    while (page_add_warning(p, "code", big) == 0)
        kept++;
    assert_int_equal(p->warning_count, kept);
    assert_true(kept > 100);
    assert_null(page_text(p, big, (1 << 20) - 1));
    auto_strbuf out = {0};
    page_encode(p, &out);
    assert_true(out.len > kept << 20);
    page_free(&p);
    free(big);
}

static void geometry(void **state)
{
    struct quad leaning = {{{5, 1}, {9, 3}, {7, 8}, {2, 6}}};
    (void)state;
    struct rect r = rect_of_quad(&leaning);
    assert_true(r.x1 == 2 && r.y1 == 1 && r.x2 == 9 && r.y2 == 8);
    struct rect u = rect_union(r, (struct rect){0, 4, 3, 20});
    assert_true(u.x1 == 0 && u.y1 == 1 && u.x2 == 9 && u.y2 == 20);
    struct quad q = quad_of_rect(u);
    assert_true(q.corner[2].x == 9 && q.corner[2].y == 20);
    assert_true(q.corner[3].x == 0 && q.corner[3].y == 20);
}

static void names_of_types_and_states(void **state)
{
    (void)state;
    for (int i = 0; i < BLOCK_TYPES; i++)
        assert_int_equal(block_type_of(block_type_name((enum block_type)i)), i);
    assert_int_equal(block_type_of("poem"), -1);
    assert_int_equal(block_type_of(""), -1);
    for (int i = 0; i < JOB_STATES; i++)
        assert_int_equal(job_state_of(job_state_name((enum job_state)i)), i);
    assert_int_equal(job_state_of("ended"), -1);
    assert_false(job_state_ended(JOB_PENDING) || job_state_ended(JOB_PROCESSING));
    assert_true(job_state_ended(JOB_COMPLETED) && job_state_ended(JOB_FAILED) &&
                job_state_ended(JOB_CANCELLED));
    assert_string_equal(job_state_name(JOB_STATES), "unknown");
    assert_string_equal(page_state_name(PAGE_DONE), "done");
    assert_string_equal(page_state_name(PAGE_STATES), "unknown");
    /* The numbers are in databases. */
    assert_true(JOB_PENDING == 0 && JOB_PROCESSING == 1 && JOB_COMPLETED == 2 && JOB_FAILED == 3 &&
                JOB_CANCELLED == 4);
    assert_true(PAGE_READY == 0 && PAGE_RUNNING == 1 && PAGE_DONE == 2 && PAGE_FAILED == 3 &&
                PAGE_CANCELLED == 4);
}

static void impossible_rasters_are_refused(void **state)
{
    static const struct {
        struct raster r;
        uint64_t bytes;
    } cases[] = {
        {{10, 20, 10, 1, 72, 0}, 200},
        {{10, 20, 12, 1, 72, 0}, 240},
        {{10, 20, 30, 3, 72, 0}, 600},
        {{100, 10, 300, 3, 72, 0}, 3000},
        {{0, 20, 10, 1, 72, 0}, 0},
        {{10, 0, 10, 1, 72, 0}, 0},
        {{10, 20, 9, 1, 72, 0}, 0},
        {{10, 20, 29, 3, 72, 0}, 0},
        {{10, 20, 40, 4, 72, 0}, 0},
        {{10, 20, 20, 2, 72, 0}, 0},
        {{1001, 1, 1001, 1, 72, 0}, 0},
        {{0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 1, 72, 0}, 0},
        {{0x80000000, 2, 0x80000000, 3, 72, 0}, 0},
        {{10, 20, 0xFFFFFFFF, 1, 72, 0}, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};
        uint64_t bytes = raster_bytes(&cases[i].r, 1000, &err);
        if (bytes != cases[i].bytes || (bytes == 0) != (err.class == ERROR_BUG))
            fail_msg("row %zu: %llu bytes", i, (unsigned long long)bytes);
    }
}

/* ---- JSON ---- */

static void the_json_is_canonical(void **state)
{
    struct page *p = sample_page(1);
    auto_strbuf out = {0};
    (void)state;
    page_encode(p, &out);
    assert_string_equal(strbuf_str(&out), SAMPLE_JSON);
    page_free(&p);
}

static void what_is_written_reads_back(void **state)
{
    struct page *p;
    struct error err;
    auto_strbuf out = {0};
    (void)state;
    OK(page_decode(&p, SAMPLE_JSON, strlen(SAMPLE_JSON), &err));
    assert_int_equal(p->rotation, 90);
    assert_float_equal(p->skew, -1.25F, 0);
    assert_int_equal(p->source, PAGE_SOURCE_OCR);
    assert_int_equal(p->duration_ms, 1234);
    assert_int_equal(p->blocks[0].type, BLOCK_HEADING);
    assert_int_equal(p->blocks[0].level, 2);
    assert_string_equal(p->blocks[0].lines[0].words[1].text, "\"Gott\"");
    assert_float_equal(p->blocks[0].lines[0].words[1].polygon.corner[1].x, 220, 0);
    assert_string_equal(p->warnings[0].code, "reduced");
    page_encode(p, &out);
    assert_string_equal(strbuf_str(&out), SAMPLE_JSON);
    page_free(&p);
}

/* Whatever the numbers, written ones read back, and writing again changes no byte. */
static void encoding_is_idempotent(void **state)
{
    uint32_t seed = 7;
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct page *p = sample_page(round + 1), *back = NULL;
        struct error err;
        auto_strbuf first = {0}, second = {0};
        float r[6];
        for (size_t i = 0; i < COUNT(r); i++)
            r[i] = (float)((seed = seed * 1664525 + 1013904223) >> 8) / (float)(1 << 24);
        p->width = p->height = PAGE_MAX_SIDE - round;
        p->skew = (r[0] - 0.5F) * 180;
        p->confidence = r[1];
        p->blocks[0].lines[0].confidence = 1 - r[1] / 10000;
        float side = (float)p->width + 64;
        p->blocks[0].lines[0].words[0].polygon =
            quad_of_rect((struct rect){r[2] * side - 64 * (1 - r[2]), r[3] * side, side, -64});
        p->blocks[1].bbox = (struct rect){r[4] * 100, r[5], r[4] * 100 + r[5], r[5] * side};
        page_encode(p, &first);
        OK(page_decode(&back, first.data, first.len, &err));
        page_encode(back, &second);
        assert_string_equal(first.data, second.data);
        page_free(&back);
        page_free(&p);
    }
}

/* Of a table with one cell, whose text is this. */
static int decode_cell(const char *text, struct page **out, struct error *err)
{
    struct page *p = sample_page(1);
    auto_strbuf json = {0};
    struct block *b = page_add_block(p, BLOCK_TABLE);
    b->rows = b->cols = 1;
    page_add_cell(p, b)->text = text;
    page_encode(p, &json);
    page_free(&p);
    return page_decode(out, json.data, json.len, err);
}

static void cells_have_lines(void **state)
{
    static const char *const good[] = {"", "one", "one\ntwo", "\n", "\n\nthree\n"};
    static const char *const bad[] = {"one\rtwo", "one\n\ttwo", "\n\x1b"};
    struct error err;
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct page *p;
        OK(decode_cell(good[i], &p, &err));
        assert_string_equal(p->blocks[2].cells[0].text, good[i]);
        page_free(&p);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        REFUSED_SAYING(ERROR_BUG, "text", decode_cell(bad[i], &(struct page *){0}, &err));
}

static void lengths_may_be_in_points(void **state)
{
    struct page *p = sample_page(1), *back = NULL;
    struct error err;
    auto_strbuf out = {0};
    (void)state;
    p->blocks[0].lines[0].font_size = 25;
    page_encode_unit(p, PAGE_POINTS, &out);
    static const char *const parts[] = {"\"width\":500,\"height\":700,\"unit\":\"pt\",\"dpi\":144",
                                        "\"bbox\":[5,10.25,110,20]",
                                        "[[60,10.25],[110,10.25]",
                                        "\"size\":12.5",
                                        "\"detect\":12.5",
                                        "\"skew\":-1.25"};
    for (size_t i = 0; i < COUNT(parts); i++)
        if (!strstr(strbuf_str(&out), parts[i]))
            fail_msg("no %s in %s", parts[i], strbuf_str(&out));
    REFUSED_SAYING(ERROR_BUG, "unit", page_decode(&back, out.data, out.len, &err));
    page_free(&p);
}

static void an_engine_without_numbers_is_refused(void **state)
{
    struct error err;
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct page *p = sample_page(1), *back = NULL;
        auto_strbuf out = {0};
        *(float *[]){&p->skew, &p->confidence, &p->blocks[0].bbox.x1}[i] = i == 1 ? INFINITY : NAN;
        page_encode(p, &out);
        REFUSED(ERROR_BUG, page_decode(&back, out.data, out.len, &err));
        page_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_built),
        cmocka_unit_test(lists_grow),
        cmocka_unit_test(a_line_without_words_cannot_be_joined),
        cmocka_unit_test(a_full_page_stays_whole),
        cmocka_unit_test(geometry),
        cmocka_unit_test(names_of_types_and_states),
        cmocka_unit_test(impossible_rasters_are_refused),
        cmocka_unit_test(the_json_is_canonical),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(encoding_is_idempotent),
        cmocka_unit_test(cells_have_lines),
        cmocka_unit_test(lengths_may_be_in_points),
        cmocka_unit_test(an_engine_without_numbers_is_refused),
    };
    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
