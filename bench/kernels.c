/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the neural engine spends outside its networks, kernel by kernel, beside the plain reference
 * of the tests: the median time of each and their ratio. One A4 page of 77 lines. Takes no
 * arguments; run it while the machine does nothing else.
 */
#include "ppocr_reference.h"

#include "base/memory.h"
#include "ocr/ppocr.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    WIDTH = 1190, /* A4 at 144 dpi */
    HEIGHT = 1684,
    SCAN_WIDTH = 2480, /* at 300 dpi */
    SCAN_HEIGHT = 3508,
    MAP_WIDTH = 672, /* what a longest side of 960 makes of both */
    MAP_HEIGHT = 960,
    LINES = 77,
    STEPS = 150,
    CLASSES = 6906,
    RUNS = 41,
    SLOW_RUNS = 3,
};

static struct pixels page, scan;
static struct quad upright[LINES], leaning[LINES];
static float *map, *probabilities, *planes;
static struct recipe recipe;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint32_t any(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* ---- what is worked on ---- */

static struct pixels noise(uint32_t width, uint32_t height)
{
    struct pixels p = {NULL, width, height, width * 3, 3};
    uint8_t *data = x_calloc(p.stride, height);
    uint32_t seed = 1;
    for (size_t i = 0; i < (size_t)p.stride * height; i++)
        data[i] = (uint8_t)any(&seed);
    p.data = data;
    return p;
}

/* Lines of text 30 pixels high and 300 to 1000 long, in the page's pixels. */
static void place_lines(void)
{
    uint32_t seed = 2;
    for (int i = 0; i < LINES; i++) {
        const float y = 20 + 21 * (float)i, length = 300 + (float)(any(&seed) % 700), lean = 0.05F;
        upright[i] = quad_of_rect((struct rect){80, y, 80 + length, y + 30});
        leaning[i] = upright[i];
        for (int k = 0; k < 4; k++)
            leaning[i].corner[k].y += (leaning[i].corner[k].x - 80) * lean;
        leaning[i].corner[2].x -= 30 * lean;
        leaning[i].corner[3].x -= 30 * lean;
    }
}

/* The cores of those lines with ragged edges, as a network draws them. */
static void draw_map(void)
{
    uint32_t seed = 3;
    for (int i = 0; i < LINES; i++)
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < (int)(upright[i].corner[1].x * 0.565F); x++) {
                bool edge = y == 0 || y == 7;
                map[(10 + 12 * i + y) * MAP_WIDTH + 45 + x] =
                    edge ? (float)(any(&seed) % 100) / 100 : 0.95F;
            }
}

static void prepare(void)
{
    uint32_t seed = 4;
    page = noise(WIDTH, HEIGHT);
    scan = noise(SCAN_WIDTH, SCAN_HEIGHT);
    map = x_calloc(MAP_WIDTH * MAP_HEIGHT, sizeof *map);
    planes = x_calloc(3 * MAP_WIDTH * MAP_HEIGHT, sizeof *planes);
    probabilities = x_calloc((size_t)STEPS * CLASSES, sizeof *probabilities);
    for (size_t i = 0; i < (size_t)STEPS * CLASSES; i++)
        probabilities[i] = (float)any(&seed) / (1 << 24) / CLASSES;
    place_lines();
    draw_map();
    recipe_defaults(&recipe);
}

/* ---- the kernels, each twice ---- */

static struct planes whole_map(void)
{
    return (struct planes){planes, MAP_WIDTH, MAP_HEIGHT, MAP_WIDTH};
}

static void resize_page(void)
{
    const struct planes out = whole_map();
    pixels_resize(&page, (struct rect){0, 0, WIDTH, HEIGHT}, &normal_imagenet, &out);
}

static void resize_page_slowly(void)
{
    const struct planes out = whole_map();
    reference_resize(&page, &reference_imagenet, &out);
}

static void resize_scan(void)
{
    const struct planes out = whole_map();
    pixels_resize(&scan, (struct rect){0, 0, SCAN_WIDTH, SCAN_HEIGHT}, &normal_imagenet, &out);
}

static void resize_scan_slowly(void)
{
    const struct planes out = whole_map();
    reference_resize(&scan, &reference_imagenet, &out);
}

static struct planes line_of(const struct quad *q)
{
    size_t width = (size_t)(ceil(reference_width(q) * 48 / reference_height(q) / 8) * 8);
    return (struct planes){planes, width, 48, width};
}

static void cut_upright(void)
{
    for (int i = 0; i < LINES; i++) {
        const struct planes out = line_of(&upright[i]);
        pixels_resize(&page, rect_of_quad(&upright[i]), &normal_half, &out);
    }
}

static void cut_leaning(void)
{
    for (int i = 0; i < LINES; i++) {
        const struct planes out = line_of(&leaning[i]);
        pixels_warp(&page, &leaning[i], &normal_half, &out);
    }
}

static void cut_slowly(const struct quad *quads)
{
    for (int i = 0; i < LINES; i++) {
        const struct planes out = line_of(&quads[i]);
        reference_warp(&page, &quads[i], &reference_half, &out);
    }
}

static void cut_upright_slowly(void)
{
    cut_slowly(upright);
}

static void cut_leaning_slowly(void)
{
    cut_slowly(leaning);
}

static void find_boxes(void)
{
    struct ppocr_boxes boxes = {0};
    ppocr_db(map, MAP_WIDTH, MAP_HEIGHT, &recipe, &boxes);
    free(boxes.rows);
}

static void find_boxes_slowly(void)
{
    struct reference_boxes boxes = {0};
    reference_db(map, MAP_WIDTH, MAP_HEIGHT, &recipe, &boxes);
    free(boxes.quads);
}

static void decode(void)
{
    struct ppocr_text text = {0};
    ppocr_ctc(probabilities, STEPS, STEPS, CLASSES, &text);
    free(text.characters);
}

static void decode_slowly(void)
{
    struct reference_character read[STEPS];
    double confidence;
    reference_ctc(probabilities, STEPS, CLASSES, read, &confidence);
}

static void turn(void)
{
    struct pixels turned = pixels_turned(&page, 90);
    free((void *)(uintptr_t)turned.data);
}

struct kernel {
    const char *name;
    void (*run)(void), (*run_slowly)(void);
};

static const struct kernel kernels[] = {
    {"page at 144 dpi to 672 x 960", resize_page, resize_page_slowly},
    {"page at 300 dpi to 672 x 960", resize_scan, resize_scan_slowly},
    {"77 upright lines cut out", cut_upright, cut_upright_slowly},
    {"77 leaning lines cut out", cut_leaning, cut_leaning_slowly},
    {"boxes of a map of 77 lines", find_boxes, find_boxes_slowly},
    {"CTC of 150 x 6906", decode, decode_slowly},
    {"page turned by 90 degrees", turn, NULL},
};

/* ---- measuring ---- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(void (*run)(void), int runs)
{
    double ms[RUNS];
    run();
    for (int i = 0; i < runs; i++) {
        ms[i] = now_ms();
        run();
        ms[i] = now_ms() - ms[i];
    }
    qsort(ms, (size_t)runs, sizeof *ms, compare);
    return ms[runs / 2];
}

int main(void)
{
    prepare();
    printf("| %-28s | engine, ms | reference, ms | ratio |\n|%.30s|%.12s|%.15s|%.7s|\n", "kernel",
           "------------------------------", "-----------:", "--------------:", "------:");
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        const struct kernel *k = &kernels[i];
        const double fast = median(k->run, RUNS);
        if (k->run_slowly) {
            const double slow = median(k->run_slowly, SLOW_RUNS);
            printf("| %-28s | %10.3f | %13.1f | %5.0f |\n", k->name, fast, slow, slow / fast);
        } else {
            printf("| %-28s | %10.3f | %13s | %5s |\n", k->name, fast, "", "");
        }
    }
    return 0;
}
