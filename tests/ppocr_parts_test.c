/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The parts of the neural engine that need no model: boxes from drawn maps, CTC, the dictionary,
 * words. Against values worked out by hand, and against the reference.
 */
#include "ppocr_reference.h"
#include "ppocr_support.h"

#include "ocr/ppocr.h"
#include "ocr/ppocr_line.h"
#include "unit.h"

#include <math.h>

/* ---- boxes ---- */

enum { MAP_WIDTH = 320, MAP_HEIGHT = 240 };

static float map[MAP_WIDTH * MAP_HEIGHT];
static struct recipe numbers; /* the defaults: thresh .2, box_thresh .45, unclip_ratio 1.4 */
static struct ppocr_boxes boxes;

static void clear_map(float value)
{
    for (size_t i = 0; i < COUNT(map); i++)
        map[i] = value;
    free(boxes.rows);
    boxes = (struct ppocr_boxes){0};
    recipe_defaults(&numbers);
}

static void fill(size_t x, size_t y, size_t width, size_t height, float value)
{
    for (size_t j = y; j < y + height; j++)
        for (size_t i = x; i < x + width; i++)
            map[j * MAP_WIDTH + i] = value;
}

struct shape {
    double x, y, along, across, degrees; /* centre, sides, direction turned clockwise */
};

static void fill_shape(const struct shape *s, float value)
{
    const double angle = s->degrees * M_PI / 180;
    for (size_t j = 0; j < MAP_HEIGHT; j++)
        for (size_t i = 0; i < MAP_WIDTH; i++) {
            double dx = (double)i + 0.5 - s->x, dy = (double)j + 0.5 - s->y;
            double u = dx * cos(angle) + dy * sin(angle), v = dy * cos(angle) - dx * sin(angle);
            if (fabs(u) <= s->along / 2 && fabs(v) <= s->across / 2)
                map[j * MAP_WIDTH + i] = value;
        }
}

static size_t find(void)
{
    boxes.count = 0;
    ppocr_db(map, MAP_WIDTH, MAP_HEIGHT, &numbers, &boxes);
    return boxes.count;
}

static void is_upright(const struct quad *q, double x1, double y1, double x2, double y2)
{
    const double expected[4][2] = {{x1, y1}, {x2, y1}, {x2, y2}, {x1, y2}};
    for (int i = 0; i < 4; i++) {
        assert_near((double)q->corner[i].x, expected[i][0], 1e-3);
        assert_near((double)q->corner[i].y, expected[i][1], 1e-3);
    }
}

/* 40 × 10 pixels are 39 × 9 between centres; 39 × 9 × 1.4 / (2 × (39 + 9)) = 5.11875. */
static void db_grows_a_rectangle(void **state)
{
    (void)state;
    const double by = 5.11875;
    clear_map(0);
    fill(100, 50, 40, 10, 0.75F);
    assert_int_equal(find(), 1);
    is_upright(&boxes.rows[0].quad, 100.5 - by, 50.5 - by, 139.5 + by, 59.5 + by);
    assert_float_equal(boxes.rows[0].score, 0.75F, 1e-6F);
    numbers.unclip_ratio = 0;
    assert_int_equal(find(), 1);
    is_upright(&boxes.rows[0].quad, 100.5, 50.5, 139.5, 59.5);
}

/* The corner that is the upper left of a line that leans by less than 45 degrees stays corner 0;
 * from there on the rectangle counts as one that leans the other way. */
static void db_follows_every_angle(void **state)
{
    (void)state;
    for (int degrees = -88; degrees <= 90; degrees += 2) {
        const struct shape s = {160, 120, 120, 16, degrees};
        clear_map(0);
        fill_shape(&s, 1);
        assert_int_equal(find(), 1);
        const struct point *c = boxes.rows[0].quad.corner;
        const double by = s.along * s.across * numbers.unclip_ratio / (2 * (s.along + s.across));
        const bool lying = abs(degrees) < 45;
        double width = reference_length(c[0], c[1]), height = reference_length(c[1], c[2]);
        assert_near(lying ? width : height, s.along + 2 * by, 2.5);
        assert_near(lying ? height : width, s.across + 2 * by, 2.5);
        assert_near((double)(c[0].x + c[2].x) / 2, s.x, 0.75);
        assert_near((double)(c[0].y + c[2].y) / 2, s.y, 0.75);
        double lean = atan2((double)(c[1].y - c[0].y), (double)(c[1].x - c[0].x)) * 180 / M_PI;
        assert_near(lean, lying ? degrees : degrees > 0 ? degrees - 90 : degrees + 90, 1.5);
    }
}

static double area_of(const struct quad *q)
{
    return reference_length(q->corner[0], q->corner[1]) *
           reference_length(q->corner[1], q->corner[2]);
}

static double farthest(const struct quad *a, const struct quad *b)
{
    double most = 0;
    for (int i = 0; i < 4; i++)
        most = fmax(most, reference_length(a->corner[i], b->corner[i]));
    return most;
}

/* Rectangles anywhere, over and beside each other: the same areas in the same order, none larger
 * than the reference's; the same corners, but for shapes that two rectangles fit alike. */
static void db_agrees_with_the_reference(void **state)
{
    (void)state;
    uint32_t seed = 1;
    size_t all = 0, same = 0;
    for (int round = 0; round < 12; round++) {
        struct reference_boxes expected = {0};
        clear_map(0);
        for (int i = 0; i < 24; i++) {
            struct shape s = {any_number(&seed) * MAP_WIDTH, any_number(&seed) * MAP_HEIGHT,
                              5 + any_number(&seed) * 60, 4 + any_number(&seed) * 10,
                              any_number(&seed) * 180};
            fill_shape(&s, (float)(0.3 + any_number(&seed) * 0.7));
        }
        reference_db(map, MAP_WIDTH, MAP_HEIGHT, &numbers, &expected);
        assert_int_equal(find(), expected.count);
        for (size_t i = 0; i < boxes.count; i++) {
            const struct quad *q = &boxes.rows[i].quad;
            assert_near(area_of(q) / area_of(&expected.quads[i]), 1, 0.01);
            same += farthest(q, &expected.quads[i]) < 0.3;
        }
        all += expected.count;
        free(expected.quads);
    }
    printf("%zu of %zu boxes have the reference's corners\n", same, all);
    assert_true(all > 100 && same * 20 >= all * 19);
}

static void db_joins_what_touches(void **state)
{
    (void)state;
    clear_map(0);
    fill(20, 20, 30, 10, 1);
    fill(50, 30, 30, 10, 1); /* by a corner */
    assert_int_equal(find(), 1);
    clear_map(0);
    fill(50, 20, 30, 10, 1);
    fill(20, 30, 30, 10, 1); /* by the other corner */
    assert_int_equal(find(), 1);
    clear_map(0);
    fill(20, 20, 30, 10, 1);
    fill(51, 30, 30, 10, 1); /* a column between */
    assert_int_equal(find(), 2);
    clear_map(0);
    fill(20, 20, 30, 10, 1);
    fill(20, 31, 30, 10, 1); /* a row between */
    assert_int_equal(find(), 2);
    fill(70, 20, 10, 21, 1);
    fill(50, 25, 20, 1, 1);
    fill(50, 35, 20, 1, 1);      /* a bracket joins both from the right */
    assert_int_equal(find(), 1); /* 59 × 20 × 1.4 / (2 × 79) = 10.4557 */
    is_upright(&boxes.rows[0].quad, 20.5 - 10.4557, 20.5 - 10.4557, 79.5 + 10.4557, 40.5 + 10.4557);
}

/* A spiral and a comb: one area each, whatever meets late. */
static void db_joins_late(void **state)
{
    (void)state;
    clear_map(0);
    for (size_t i = 0; i < 20; i++)
        fill(20 + 8 * i, 20, 4, 60, 1);
    fill(20, 80, 156, 5, 1);
    numbers.box_thresh = 0;
    assert_int_equal(find(), 1);
    clear_map(1);
    for (size_t i = 0; i < 20; i++)
        fill(4 + 4 * i, 4 + 4 * i, MAP_WIDTH - 8 - 8 * i, 2, 0);
    numbers.box_thresh = 0;
    assert_int_equal(find(), 1);
}

static void db_takes_uniform_maps(void **state)
{
    (void)state;
    const double by = 319.0 * 239 * 1.4 / (2 * (319 + 239));
    clear_map(1);
    assert_int_equal(find(), 1);
    is_upright(&boxes.rows[0].quad, 0.5 - by, 0.5 - by, 319.5 + by, 239.5 + by);
    assert_float_equal(boxes.rows[0].score, 1, 1e-6F);
    clear_map(0);
    assert_int_equal(find(), 0);
    clear_map(NAN);
    assert_int_equal(find(), 0);
    clear_map(-NAN);
    assert_int_equal(find(), 0);
    clear_map(-INFINITY);
    assert_int_equal(find(), 0);
}

static void assert_boxes_valid(void)
{
    for (size_t i = 0; i < boxes.count; i++) {
        assert_true(boxes.rows[i].score >= (float)numbers.box_thresh && boxes.rows[i].score <= 1);
        assert_true(area_of(&boxes.rows[i].quad) >= 25);
    }
}

static void db_survives_noise(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed < 20; seed++) {
        uint32_t at = seed;
        clear_map(0);
        for (size_t i = 0; i < COUNT(map); i++)
            map[i] = (float)any_number(&at);
        numbers.thresh = seed / 20.0;
        find();
        assert_boxes_valid();
    }
}

static void db_drops_a_box_with_no_number_inside(void **state)
{
    (void)state;
    clear_map(0);
    fill(20, 20, 60, 20, 1);
    map[30 * MAP_WIDTH + 50] = NAN;
    fill(20, 80, 60, 20, 1);
    assert_int_equal(find(), 1);
    assert_boxes_valid();
}

static void db_takes_the_smallest_maps(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{1, 1}, {1, 2000}, {2000, 1}, {2, 2}, {3, 3}};
    clear_map(1);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        boxes.count = 0;
        ppocr_db(map, sizes[i][0], sizes[i][1], &numbers, &boxes);
        assert_int_equal(boxes.count, 0); /* less than 3 pixels from centre to centre */
    }
    ppocr_db(map, 4, 4, &numbers, &boxes);
    assert_int_equal(boxes.count, 1);
}

static void db_keeps_its_thresholds(void **state)
{
    (void)state;
    clear_map(0.2F); /* at the threshold is not above it */
    assert_int_equal(find(), 0);
    fill(20, 20, 40, 10, 0.45F);
    assert_int_equal(find(), 1);
    fill(20, 20, 40, 10, 0.4499F);
    assert_int_equal(find(), 0);
    clear_map(0);
    fill(20, 20, 40, 3, 1); /* 2 between centres */
    assert_int_equal(find(), 0);
    fill(20, 20, 40, 4, 1);
    assert_int_equal(find(), 1);
    clear_map(0);
    fill(20, 20, 4, 4, 1); /* 3 + 2 × 9 × 1.4 / 12 = 5.1 */
    assert_int_equal(find(), 1);
    numbers.unclip_ratio = 1.3; /* 4.95 */
    assert_int_equal(find(), 0);
}

static void db_looks_at_so_many(void **state)
{
    (void)state;
    clear_map(0);
    for (size_t i = 0; i < 5; i++)
        fill(20, 20 + 40 * i, 60, 10, 1);
    assert_int_equal(find(), 5);
    numbers.max_candidates = 2;
    assert_int_equal(find(), 2);
    assert_near((double)boxes.rows[0].quad.corner[0].y, 20.5 - 5.467, 0.01);
    assert_near((double)boxes.rows[1].quad.corner[0].y, 60.5 - 5.467, 0.01);
}

/* ---- CTC ---- */

enum { CLASSES = 4, STEPS = 8 };

static struct ppocr_text text;

/* One likeliest class a step. */
static void decode(const int classes[STEPS], size_t used)
{
    float rows[STEPS * CLASSES];
    for (int t = 0; t < STEPS; t++)
        for (int c = 0; c < CLASSES; c++)
            rows[t * CLASSES + c] = c == classes[t] ? 0.5F + (float)t * 0.05F : 0.1F;
    free(text.characters);
    text = (struct ppocr_text){0};
    ppocr_ctc(rows, STEPS, used, CLASSES, &text);
}

static void is_character(size_t i, uint32_t class, int first, int last, double used)
{
    assert_true(i < text.count);
    const struct ppocr_character *c = &text.characters[i];
    assert_int_equal(c->class, class);
    assert_near((double)c->begin, first / used, 1e-6);
    assert_near((double)c->end, (last + 1) / used, 1e-6);
    assert_near((double)c->confidence, 0.5 + first * 0.05, 1e-6);
}

static void ctc_takes_repeats_once(void **state)
{
    (void)state;
    decode((int[]){0, 1, 1, 0, 1, 2, 2, 3}, 8);
    assert_int_equal(text.count, 4);
    is_character(0, 1, 1, 2, 8);
    is_character(1, 1, 4, 4, 8);
    is_character(2, 2, 5, 6, 8);
    is_character(3, 3, 7, 7, 8);
    assert_near((double)text.confidence, (0.55 + 0.7 + 0.75 + 0.85) / 4, 1e-6);
}

static void ctc_leaves_padding_out(void **state)
{
    (void)state;
    decode((int[]){1, 1, 0, 2, 2, 2, 3, 3}, 5);
    assert_int_equal(text.count, 2);
    is_character(0, 1, 0, 1, 5);
    is_character(1, 2, 3, 4, 5);
    decode((int[]){1, 1, 0, 2, 2, 2, 3, 3}, 0);
    assert_int_equal(text.count, 0);
    decode((int[STEPS]){0}, 8);
    assert_int_equal(text.count, 0);
    assert_float_equal(text.confidence, 0, 0);
}

static void decode_rows(const float *rows, size_t steps, size_t classes)
{
    free(text.characters);
    text = (struct ppocr_text){0};
    ppocr_ctc(rows, steps, steps, classes, &text);
}

static void ctc_takes_the_first_of_equals(void **state)
{
    (void)state;
    float row[200] = {0};
    row[70] = row[71] = row[150] = 0.25F;
    decode_rows(row, 1, 200);
    assert_int_equal(text.count, 1);
    assert_int_equal(text.characters[0].class, 70);
    row[0] = 0.25F;
    decode_rows(row, 1, 200);
    assert_int_equal(text.count, 0);
    decode_rows(row, 200, 1); /* only the blank */
    assert_int_equal(text.count, 0);
}

/* Around every multiple of a vector's width. */
static void ctc_finds_every_class(void **state)
{
    (void)state;
    float row[200];
    for (size_t classes = 2; classes <= 200; classes++)
        for (size_t c = 1; c < classes; c++) {
            for (size_t i = 0; i < COUNT(row); i++)
                row[i] = i < classes ? 0.001F : 1;
            row[c] = 0.002F;
            decode_rows(row, 1, classes);
            assert_int_equal(text.count, 1);
            assert_int_equal(text.characters[0].class, c);
        }
}

static void ctc_survives_what_is_no_probability(void **state)
{
    (void)state;
    static const float values[] = {NAN, -NAN, -1, -INFINITY, -0.0F};
    float rows[3 * 100];
    for (size_t v = 0; v < COUNT(values); v++) {
        for (size_t i = 0; i < COUNT(rows); i++)
            rows[i] = values[v];
        decode_rows(rows, 3, 100);
        assert_int_equal(text.count, 0);
    }
    static const float odd[] = {NAN, INFINITY, 7};
    for (size_t v = 0; v < COUNT(odd); v++) {
        memset(rows, 0, sizeof rows);
        rows[150] = odd[v];
        decode_rows(rows, 3, 100);
        for (size_t i = 0; i < text.count; i++)
            assert_true(text.characters[i].confidence >= 0 && text.characters[i].confidence <= 1);
        assert_true(text.confidence >= 0 && text.confidence <= 1);
    }
}

static void ctc_agrees_with_the_reference(void **state)
{
    (void)state;
    enum { MANY = 6906, LONG = 60 };
    float *rows = x_calloc(MANY * LONG, sizeof *rows);
    struct reference_character expected[LONG];
    double confidence;
    uint32_t seed = 3;
    for (size_t i = 0; i < (size_t)MANY * LONG; i++)
        rows[i] = (float)any_number(&seed);
    for (size_t t = 0; t < LONG; t += 3)
        rows[t * MANY] = 1; /* some blanks */
    size_t count = reference_ctc(rows, LONG, MANY, expected, &confidence);
    decode_rows(rows, LONG, MANY);
    assert_int_equal(text.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(text.characters[i].class, expected[i].class);
    assert_near((double)text.confidence, confidence, 1e-6);
    free(rows);
}

/* ---- the dictionary ---- */

static struct ppocr_scratch scratch;

static struct ppocr_dictionary *open_dictionary(const void *bytes, size_t len)
{
    struct ppocr_dictionary *d = NULL;
    struct error err = {0};
    recipe_defaults(&numbers);
    ppocr_scratch_write(&scratch, bytes, len, numbers.dictionary, numbers.dictionary_sha256);
    OK(ppocr_dictionary_open(&d, &numbers, &err));
    return d;
}

static void refused_dictionary(const void *bytes, size_t len, const char *words)
{
    struct ppocr_dictionary *d = NULL;
    struct error err;
    ppocr_scratch_write(&scratch, bytes, len, numbers.dictionary, numbers.dictionary_sha256);
    REFUSED_SAYING(ERROR_INPUT, words, ppocr_dictionary_open(&d, &numbers, &err));
    assert_non_null(strstr(err.text, numbers.dictionary));
    assert_null(d);
}

static void dictionary_takes_every_line_end(void **state)
{
    (void)state;
    static const char *const files[] = {"a\n\xC3\xA9\nxyz\n", "a\r\n\xC3\xA9\r\nxyz\r\n",
                                        "a\n\xC3\xA9\nxyz", "a\r\n\xC3\xA9\nxyz\r"};
    for (size_t i = 0; i < COUNT(files); i++) {
        struct ppocr_dictionary *d = open_dictionary(files[i], strlen(files[i]));
        assert_string_equal(ppocr_character(d, 0), "");
        assert_string_equal(ppocr_character(d, 1), "a");
        assert_string_equal(ppocr_character(d, 2), "\xC3\xA9");
        assert_string_equal(ppocr_character(d, 3), "xyz");
        assert_string_equal(ppocr_character(d, 4), " ");
        for (size_t classes = 0; classes < 8; classes++)
            assert_int_equal(ppocr_dictionary_fits(d, classes), classes == 4 || classes == 5);
        ppocr_dictionary_close(&d);
        ppocr_dictionary_close(&d);
    }
}

/* An empty line is a class of its own: those after it keep their numbers. */
static void dictionary_counts_empty_lines(void **state)
{
    (void)state;
    struct ppocr_dictionary *d = open_dictionary("\na\n\n b\n \n", 8);
    assert_string_equal(ppocr_character(d, 1), "");
    assert_string_equal(ppocr_character(d, 2), "a");
    assert_string_equal(ppocr_character(d, 3), "");
    assert_string_equal(ppocr_character(d, 4), " b");
    assert_string_equal(ppocr_character(d, 5), " ");
    ppocr_dictionary_close(&d);
}

static void dictionary_refuses_what_is_no_text(void **state)
{
    (void)state;
    struct ppocr_dictionary *d = NULL;
    struct error err;
    refused_dictionary("", 0, "is empty");
    refused_dictionary("a\nb\n\xFF\n", 6, "line 3: not text");
    refused_dictionary("a\n\xC3\n", 4, "line 2: not text");
    refused_dictionary("\xED\xA0\x80\n", 4, "line 1: not text");
    refused_dictionary("a\n\x1B[2J\n", 7, "line 2: not text");
    refused_dictionary("a\tb\n", 4, "line 1: not text");
    refused_dictionary("a\rb\n", 4, "line 1: not text");
    refused_dictionary("a\n\x7F\n", 4, "line 2: not text");
    refused_dictionary("a\nb\0c\n", 6, "not text");
    ppocr_scratch_write(&scratch, "a\n", 2, numbers.dictionary, numbers.dictionary_sha256);
    numbers.dictionary_sha256[5] ^= 1;
    REFUSED_SAYING(ERROR_INPUT, numbers.dictionary, ppocr_dictionary_open(&d, &numbers, &err));
    snprintf(numbers.dictionary, sizeof numbers.dictionary, "/nonexistent/dictionary");
    REFUSED_SAYING(ERROR_INPUT, "/nonexistent/dictionary",
                   ppocr_dictionary_open(&d, &numbers, &err));
    assert_null(d);
}

/* ---- words ---- */

/* Classes of the dictionary of these tests. */
enum { A = 1, B, WIDE_SPACE, E_ACUTE, EMPTY, STOP, SPACE, NOTHING };

static struct page *page;

/* One step a class (or nothing there), ten along the line (100, 50) to (300, 90), whose steps are
 * half as wide as it is high. */
static const struct line *add_text(const uint32_t *classes, size_t count)
{
    static const struct quad quad = {{{100, 50}, {300, 50}, {300, 90}, {100, 90}}};
    static const char entries[] = "a\nb\n\xE3\x80\x80\n\xC3\xA9\n\n.\n";
    struct ppocr_dictionary *d = open_dictionary(entries, sizeof entries - 1);
    struct ppocr_character characters[10];
    struct ppocr_text t = {characters, 0, COUNT(characters), 0.625F};
    for (size_t i = 0; i < count; i++)
        if (classes[i] != NOTHING)
            characters[t.count++] = (struct ppocr_character){
                classes[i], 0.5F + (float)i / 100, (float)i / 10 + 0.025F, (float)i / 10 + 0.075F};
    page_free(&page);
    page = page_new(1);
    struct block *block = page_add_block(page, BLOCK_TEXT);
    assert_int_equal(ppocr_add_line(page, block, d, &t, &quad), 0);
    ppocr_dictionary_close(&d);
    if (block->line_count == 0)
        return NULL;
    assert_int_equal(block->line_count, 1);
    assert_memory_equal(&block->lines[0].polygon, &quad, sizeof quad);
    assert_float_equal(block->lines[0].confidence, 0.625F, 1e-6F);
    return block->lines;
}

/* Words one after the other within the line, each around its characters' middles. */
static void places_are_in_order(const struct line *line)
{
    float before = 100;
    for (size_t i = 0; i < line->word_count; i++) {
        const struct point *c = line->words[i].polygon.corner;
        assert_true(c[0].x >= before - 1e-3F && c[1].x > c[0].x && c[1].x <= 300.001F);
        assert_float_equal(c[0].y, 50, 1e-3F);
        assert_float_equal(c[2].y, 90, 1e-3F);
        assert_float_equal(c[3].x, c[0].x, 1e-3F);
        assert_float_equal(c[2].x, c[1].x, 1e-3F);
        before = c[1].x;
    }
}

static void words_are_split_at_spaces(void **state)
{
    (void)state;
    const struct line *line =
        add_text((uint32_t[]){SPACE, A, B, SPACE, SPACE, E_ACUTE, WIDE_SPACE, B, A, SPACE}, 10);
    assert_non_null(line);
    assert_string_equal(line->text, "ab \xC3\xA9 ba");
    assert_int_equal(line->word_count, 3);
    assert_near((double)line->words[0].confidence, 0.515, 1e-5);
    assert_near((double)line->words[1].confidence, 0.55, 1e-5);
    assert_near((double)line->words[2].confidence, 0.575, 1e-5);
    places_are_in_order(line);
    const struct point *c = line->words[1].polygon.corner; /* step 5 of 10: middle at 211 */
    assert_true(c[0].x < 210 && c[1].x > 212 && c[0].x > 195 && c[1].x < 225);
}

static void words_take_one_character(void **state)
{
    (void)state;
    const struct line *line = add_text((uint32_t[]){A}, 1);
    assert_string_equal(line->text, "a");
    places_are_in_order(line);
    line = add_text((uint32_t[]){A, B, A, B, A, B, A, B, A, B}, 10);
    assert_string_equal(line->text, "ababababab");
    assert_int_equal(line->word_count, 1);
    places_are_in_order(line);
    line = add_text((uint32_t[]){A, SPACE, B}, 3);
    assert_string_equal(line->text, "a b");
    places_are_in_order(line);
}

/* Missed spaces show as room: as wide as the line is high, or 0.6 of that after a stop. */
static void words_are_split_at_gaps(void **state)
{
    (void)state;
    static const struct {
        uint32_t classes[10];
        const char *text;
    } rows[] = {
        {{A, B, NOTHING, A, NOTHING, NOTHING, NOTHING, B, A, A}, "aba baa"},
        {{A, STOP, B, A, STOP, NOTHING, B, STOP, STOP, A}, "a.ba. b..a"},
        {{STOP, NOTHING, E_ACUTE, A, NOTHING, STOP, NOTHING, STOP, NOTHING, B},
         ". \xC3\xA9"
         "a.. b"},
        {{A, NOTHING, NOTHING, SPACE, NOTHING, NOTHING, B, A, A, A}, "a baaa"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct line *line = add_text(rows[i].classes, 10);
        assert_string_equal(line->text, rows[i].text);
        places_are_in_order(line);
    }
}

static void lines_of_spaces_are_left_out(void **state)
{
    (void)state;
    assert_null(add_text((uint32_t[]){SPACE, WIDE_SPACE, SPACE}, 3));
    assert_null(add_text((uint32_t[]){SPACE}, 1));
    assert_null(add_text(NULL, 0));
    assert_null(add_text((uint32_t[]){EMPTY, SPACE}, 2));
    assert_string_equal(add_text((uint32_t[]){A, EMPTY, B}, 3)->text, "a b");
}

static int clean(void **state)
{
    (void)state;
    page_free(&page);
    free(text.characters);
    free(boxes.rows);
    ppocr_scratch_close(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(db_grows_a_rectangle),
        cmocka_unit_test(db_follows_every_angle),
        cmocka_unit_test(db_agrees_with_the_reference),
        cmocka_unit_test(db_joins_what_touches),
        cmocka_unit_test(db_joins_late),
        cmocka_unit_test(db_takes_uniform_maps),
        cmocka_unit_test(db_survives_noise),
        cmocka_unit_test(db_drops_a_box_with_no_number_inside),
        cmocka_unit_test(db_takes_the_smallest_maps),
        cmocka_unit_test(db_keeps_its_thresholds),
        cmocka_unit_test(db_looks_at_so_many),
        cmocka_unit_test(ctc_takes_repeats_once),
        cmocka_unit_test(ctc_leaves_padding_out),
        cmocka_unit_test(ctc_takes_the_first_of_equals),
        cmocka_unit_test(ctc_finds_every_class),
        cmocka_unit_test(ctc_survives_what_is_no_probability),
        cmocka_unit_test(ctc_agrees_with_the_reference),
        cmocka_unit_test(dictionary_takes_every_line_end),
        cmocka_unit_test(dictionary_counts_empty_lines),
        cmocka_unit_test(dictionary_refuses_what_is_no_text),
        cmocka_unit_test(words_are_split_at_spaces),
        cmocka_unit_test(words_take_one_character),
        cmocka_unit_test(words_are_split_at_gaps),
        cmocka_unit_test(lines_of_spaces_are_left_out),
    };
    ppocr_scratch_open(&scratch);
    return cmocka_run_group_tests(tests, NULL, clean);
}
