/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * PP-OCR over a whole page, from the reference's parts: turned upright, lines found, each read.
 * Steps and constants are those of PaddleOCR's published pipeline and of docs/engines.md.
 */
#include "ppocr_reference.h"

#include "base/digest.h"
#include "base/memory.h"
#include "ocr/onnx.h"
#include "unit.h"

#include <ctype.h>
#include <math.h>

static double clamp(double v, double low, double high)
{
    return fmin(fmax(v, low), high);
}

struct reference {
    struct recipe recipe;
    struct onnx *runtime;
    struct onnx_model *detection, *recognition, *page_orientation, *line_orientation;
    char **dictionary;
    size_t entries;
};

struct reading {
    struct reference *reference;
    struct pixels view;
    struct reference_page *out;
};

/* As the file has it, not rewritten for speed. */
static struct onnx_model *load(struct reference *r, const char *path, const char *sha256)
{
    struct onnx_model *model = NULL;
    struct error err = {0};
    auto_strbuf bytes = {0};
    if (*path) {
        OK(digest_read_file(path, sha256, &bytes, &err));
        OK(onnx_load_bytes(&model, r->runtime, &bytes, &err));
    }
    return model;
}

static void load_dictionary(struct reference *r)
{
    FILE *f = fopen(r->recipe.dictionary, "r");
    char *line = NULL;
    size_t size = 0;
    assert_non_null(f);
    while (getline(&line, &size, f) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        r->dictionary = x_realloc(r->dictionary, r->entries + 1, sizeof *r->dictionary);
        r->dictionary[r->entries++] = x_strdup(line);
    }
    free(line);
    fclose(f);
}

struct reference *reference_open(const struct recipe *recipe)
{
    struct reference *r = x_calloc(1, sizeof *r);
    struct error err = {0};
    r->recipe = *recipe;
    OK(onnx_open(&r->runtime, recipe->runtime, DEVICE_CPU, &err));
    r->detection = load(r, recipe->detection, recipe->detection_sha256);
    r->recognition = load(r, recipe->recognition, recipe->recognition_sha256);
    r->page_orientation = load(r, recipe->page_orientation, recipe->page_orientation_sha256);
    r->line_orientation = load(r, recipe->line_orientation, recipe->line_orientation_sha256);
    load_dictionary(r);
    return r;
}

void reference_close(struct reference **reference)
{
    struct reference *r = *reference;
    if (!r)
        return;
    onnx_unload(&r->detection);
    onnx_unload(&r->recognition);
    onnx_unload(&r->page_orientation);
    onnx_unload(&r->line_orientation);
    onnx_close(&r->runtime);
    for (size_t i = 0; i < r->entries; i++)
        free(r->dictionary[i]);
    free(r->dictionary);
    free(r);
    *reference = NULL;
}

static struct planes new_planes(size_t width, size_t height)
{
    return (struct planes){x_calloc(3 * width * height, sizeof(float)), width, height, width};
}

/* One picture through a model; the planes are given up. The answer is the model's. */
static const float *answer(struct onnx_model *model, struct planes *in, struct onnx_shape *shape)
{
    const struct onnx_shape size = {4, {1, 3, (int64_t)in->height, (int64_t)in->width}};
    const float *out = NULL;
    struct error err = {0};
    OK(onnx_run(model, in->data, &size, &out, shape, &err));
    free(in->data);
    return out;
}

static size_t likeliest(const float *scores, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (scores[i] > scores[best])
            best = i;
    return best;
}

/* The middle 224 pixels of the page with its shorter side made 256. */
static int degrees_of_page(const struct reading *r)
{
    const float shortest = fminf((float)r->view.width, (float)r->view.height);
    const float half = shortest * 224 / 256 / 2;
    const float x = (float)r->view.width / 2, y = (float)r->view.height / 2;
    const struct quad middle = quad_of_rect((struct rect){x - half, y - half, x + half, y + half});
    struct planes in = new_planes(224, 224);
    struct onnx_shape shape;
    reference_warp(&r->view, &middle, &reference_imagenet, &in);
    const float *scores = answer(r->reference->page_orientation, &in, &shape);
    size_t best = likeliest(scores, 4);
    return (double)scores[best] >= 0.8 ? (int)best * 90 : 0;
}

static bool stands_on_its_head(const struct reading *r, const struct quad *q)
{
    struct planes in = new_planes(160, 80);
    struct onnx_shape shape;
    reference_warp(&r->view, q, &reference_imagenet, &in);
    const float *scores = answer(r->reference->line_orientation, &in, &shape);
    return scores[1] > scores[0] && (double)scores[1] >= 0.8;
}

static double round_side(double side)
{
    return fmax(32, round(side / 32) * 32);
}

static void detect(const struct reading *r, struct reference_boxes *boxes)
{
    const struct recipe *recipe = &r->reference->recipe;
    const double width = r->view.width, height = r->view.height;
    const double side = recipe->limit_type == SIDE_MIN ? fmin(width, height) : fmax(width, height);
    const double limit = (double)recipe->limit_side_len, most = (double)recipe->max_side_limit;
    double factor = (recipe->limit_type == SIDE_MIN) == (side < limit) ? limit / side : 1;
    factor = fmin(factor, most / fmax(width, height));
    struct planes in =
        new_planes((size_t)round_side(width * factor), (size_t)round_side(height * factor));
    const size_t map_width = in.width, map_height = in.height;
    struct onnx_shape shape;
    reference_resize(&r->view, &reference_imagenet, &in);
    const float *map = answer(r->reference->detection, &in, &shape);
    reference_db(map, map_width, map_height, recipe, boxes);
    for (size_t i = 0; i < boxes->count; i++)
        for (int k = 0; k < 4; k++) {
            struct point *p = &boxes->quads[i].corner[k];
            p->x = (float)clamp((double)p->x * width / (double)map_width, 0, width);
            p->y = (float)clamp((double)p->y * height / (double)map_height, 0, height);
        }
}

/* Appends to the text; spaces come one at a time, and only between words. An empty entry of the
 * dictionary is a space that was lost on the way. */
static void add_character(char *text, const char *c)
{
    if (*c && strcmp(c, " ") != 0 && strcmp(c, "\xE3\x80\x80") != 0)
        strcat(text, c);
    else if (*text && text[strlen(text) - 1] != ' ')
        strcat(text, " ");
}

static const char *entry(const struct reference *r, size_t class)
{
    return class <= r->entries ? r->dictionary[class - 1] : " ";
}

/* The models leave spaces out; where a line stays empty for as long as it is high, or for 0.6 of
 * that from the middle of a stop to the middle of a letter, there was one. step: one in heights. */
static bool space_between(const struct reference *r, const struct reference_character *a,
                          const struct reference_character *b, double step)
{
    const char *stop = entry(r, a->class), *letter = entry(r, b->class);
    if ((double)(b->first - a->last - 1) * step >= 1)
        return true;
    if (strlen(stop) != 1 || !strchr(".,;:!?", *stop))
        return false;
    if (!isalpha((unsigned char)*letter) && (unsigned char)*letter < 0xC3)
        return false;
    return (double)(b->first + b->last - a->first - a->last) / 2 * step >= 0.6;
}

static char *text_of(const struct reference *r, const struct reference_character *characters,
                     size_t count, double step)
{
    char *text = x_calloc(count + 1, 32);
    for (size_t i = 0; i < count; i++) {
        const char *c = entry(r, characters[i].class);
        assert_true(strlen(c) < 16);
        if (i && space_between(r, &characters[i - 1], &characters[i], step))
            add_character(text, " ");
        add_character(text, c);
    }
    size_t len = strlen(text);
    if (len && text[len - 1] == ' ')
        text[len - 1] = '\0';
    return text;
}

/* 48 pixels high (or what the model wants), its width in proportion, times `squeeze`, up to whole
 * time steps of 8 pixels. */
static void read_quad(const struct reading *r, double squeeze, struct reference_line *line)
{
    const struct reference *reference = r->reference;
    const int64_t own = onnx_input(reference->recognition)->size[2];
    const double height = own > 0 ? (double)own : (double)reference->recipe.rec_height;
    const double natural =
        reference_width(&line->quad) * height / fmax(reference_height(&line->quad), 1);
    const bool small_print = reference_height(&line->quad) < 20;
    const double width = fmin(natural * (small_print ? 1 : squeeze), 3200);
    const double heights = reference_length(line->quad.corner[0], line->quad.corner[1]) /
                           fmax(reference_length(line->quad.corner[0], line->quad.corner[3]), 1);
    struct planes in = new_planes((size_t)fmax(ceil(width / 8) * 8, 16), (size_t)height);
    struct onnx_shape shape;
    reference_warp(&r->view, &line->quad, &reference_half, &in);
    const float *scores = answer(reference->recognition, &in, &shape);
    const size_t steps = (size_t)shape.size[1];
    struct reference_character *read = x_calloc(steps, sizeof *read);
    size_t count = reference_ctc(scores, steps, (size_t)shape.size[2], read, &line->confidence);
    line->text = text_of(reference, read, count, heights / (double)steps);
    free(read);
}

static struct quad shifted(const struct quad *q, int by)
{
    struct quad out;
    for (int i = 0; i < 4; i++)
        out.corner[i] = q->corner[(i + by) % 4];
    return out;
}

/* Keeps the better of the line and another reading of it, not squeezed, in this quad. */
static void read_again(const struct reading *r, struct quad quad, struct reference_line *line)
{
    struct reference_line other = {.quad = quad};
    read_quad(r, 1, &other);
    const bool better = other.confidence > line->confidence;
    free(better ? line->text : other.text);
    if (better)
        *line = other;
}

/* Squeezed; again and not squeezed if that was not sure; and turned over if it reads badly and
 * seems to stand on its head. Boxes half as high again as wide hold text that runs down. */
static struct reference_line read_line(const struct reading *r, const struct quad *q)
{
    const bool runs_down = reference_length(q->corner[0], q->corner[3]) >=
                           1.5 * reference_length(q->corner[0], q->corner[1]);
    struct reference_line line = {.quad = runs_down ? shifted(q, 1) : *q};
    read_quad(r, r->reference->recipe.rec_squeeze, &line);
    if (line.confidence < 0.92)
        read_again(r, line.quad, &line);
    if (r->reference->line_orientation && line.confidence < 0.8 &&
        stands_on_its_head(r, &line.quad))
        read_again(r, shifted(&line.quad, 2), &line);
    return line;
}

/* Where a point of the turned view is on the page of this size. */
static struct point on_page(struct point p, int degrees, float width, float height)
{
    switch (degrees) {
    case 90:
        return (struct point){p.y, height - p.x};
    case 180:
        return (struct point){width - p.x, height - p.y};
    case 270:
        return (struct point){width - p.y, p.x};
    default:
        return p;
    }
}

static void read_lines(const struct reading *r, const struct pixels *page)
{
    struct reference_boxes boxes = {0};
    detect(r, &boxes);
    r->out->lines = x_calloc(boxes.count + 1, sizeof *r->out->lines);
    for (size_t i = 0; i < boxes.count; i++) {
        struct reference_line line = read_line(r, &boxes.quads[i]);
        if (!*line.text) {
            free(line.text);
            continue;
        }
        for (int k = 0; k < 4; k++)
            line.quad.corner[k] = on_page(line.quad.corner[k], r->out->degrees, (float)page->width,
                                          (float)page->height);
        r->out->lines[r->out->count++] = line;
    }
    free(boxes.quads);
}

static uint8_t *turned_once(const struct pixels *p)
{
    uint8_t *data = x_calloc((size_t)p->width * p->height, p->channels);
    for (size_t y = 0; y < p->height; y++)
        for (size_t x = 0; x < p->width; x++)
            memcpy(data + (x * p->height + p->height - 1 - y) * p->channels,
                   p->data + y * p->stride + x * p->channels, p->channels);
    return data;
}

void reference_read(struct reference *reference, const struct pixels *page,
                    struct reference_page *out)
{
    struct reading r = {reference, *page, out};
    uint8_t *turned = NULL;
    *out = (struct reference_page){0};
    if (reference->page_orientation)
        out->degrees = (360 - degrees_of_page(&r)) % 360;
    for (int i = 0; i < out->degrees; i += 90) {
        uint8_t *next = turned_once(&r.view);
        free(turned);
        turned = next;
        r.view = (struct pixels){turned, r.view.height, r.view.width,
                                 r.view.height * r.view.channels, r.view.channels};
    }
    read_lines(&r, page);
    free(turned);
}

void reference_page_done(struct reference_page *page)
{
    for (size_t i = 0; i < page->count; i++)
        free(page->lines[i].text);
    free(page->lines);
    *page = (struct reference_page){0};
}
