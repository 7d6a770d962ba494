/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The reader: lines cut out of the page, made 48 pixels high, and read one by one on a processor or
 * in batches of like width on a GPU. Refuses a model and a dictionary that do not belong together.
 * Called by ocr_ppocr.
 */
#include "ocr/ppocr.h"

#include "base/clock.h"
#include "base/must.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEP = 8,         /* pixels of one time step: widths are whole steps */
    MIN_WIDTH = 16,   /* pixels */
    SMALL_PRINT = 20, /* pixels: lines less high are not squeezed, being blurred enough */
    MAX_WIDTH = 3200, /* longer lines are squeezed, as PaddleOCR does */
    GPU_BATCH = 16,
    BATCH_WIDTH = 8192, /* pixels of all its lines: the answer then fits the 128 MiB that every
                           WebGPU device can hold in one piece, with 32,000 classes */
};

/* A recognition model and what its classes are in the dictionary (NULL: the same). */
struct network {
    struct onnx_model *model;
    size_t *kept;
};

struct ppocr_reader {
    struct onnx *runtime;
    struct network whole, small; /* small.model NULL: there is none */
    struct ppocr_dictionary *dictionary;
    size_t height;
    size_t batch; /* 0: what suits the device */
    float squeeze;
    float *input;
    size_t input_size; /* floats */
};

/* A line on its way through: its place in the caller's order, and the width of its picture. */
struct line_picture {
    size_t line, width;
};

static int run(struct ppocr_reader *r, struct onnx_model *model, size_t n, size_t width,
               const float **out, struct onnx_shape *shape, struct error *err)
{
    const struct onnx_shape in = {4, {(int64_t)n, 3, (int64_t)r->height, (int64_t)width}};
    if (onnx_run(model, r->input, &in, out, shape, err) < 0)
        return -1;
    if (shape->rank != 3 || shape->size[0] != (int64_t)n || shape->size[1] < 1)
        return error_set(err, ERROR_INPUT,
                         "the recognition model answers in another shape than "
                         "[lines, steps, classes]");
    return 0;
}

static int reserve(struct ppocr_reader *r, size_t floats, struct error *err)
{
    if (floats <= r->input_size)
        return 0;
    free(r->input);
    r->input = malloc(floats * sizeof *r->input);
    r->input_size = r->input ? floats : 0;
    return r->input ? 0 : error_set(err, ERROR_LIMIT, "no memory for pictures of lines");
}

/* One run on nothing tells how many classes there are, whatever the model says of itself. */
static int check_model(struct ppocr_reader *r, const struct recipe *recipe, size_t *classes,
                       struct error *err)
{
    const struct onnx_shape *in = onnx_input(r->whole.model);
    const float *out;
    struct onnx_shape shape;
    if (in->rank != 4 || (in->size[1] != 3 && in->size[1] > 0))
        return error_set(err, ERROR_INPUT, "%s is no recognition model: its input is not [N,3,H,W]",
                         recipe->recognition);
    if (in->size[2] > 0)
        r->height = (size_t)in->size[2];
    if (r->height > 1024 || reserve(r, 3 * r->height * 64, err) < 0)
        return error_set(err, ERROR_INPUT, "%s wants lines too high", recipe->recognition);
    memset(r->input, 0, r->input_size * sizeof *r->input);
    if (run(r, r->whole.model, 1, 64, &out, &shape, err) < 0)
        return error_context(err, "%s", recipe->recognition);
    if (!ppocr_dictionary_fits(r->dictionary, (size_t)shape.size[2]))
        return error_set(err, ERROR_INPUT,
                         "%s has %lld classes, which %s does not fit: it is another model's",
                         recipe->recognition, (long long)shape.size[2], recipe->dictionary);
    *classes = (size_t)shape.size[2];
    return 0;
}

/* Worth its memory only where much is left out. */
static bool open_small(struct ppocr_reader *r, const struct recipe *recipe, size_t classes)
{
    struct onnx_classes kept;
    size_t *rows = ppocr_alphabet(r->dictionary, classes, &kept.count);
    kept.rows = rows;
    if (2 * kept.count < classes &&
        onnx_load_quick(&r->small.model, r->runtime, r->whole.model, recipe->recognition,
                        recipe->recognition_sha256, &kept, NULL) == 0) {
        r->small.kept = rows;
        return true;
    }
    free(rows);
    return false;
}

int ppocr_reader_open(struct ppocr_reader **out, struct onnx *runtime, const struct recipe *recipe,
                      bool alphabetic, struct error *err)
{
    size_t classes = 0;
    struct ppocr_reader *r = x_calloc(1, sizeof *r);
    r->height = (size_t)recipe->rec_height;
    r->squeeze = (float)recipe->rec_squeeze;
    r->runtime = runtime;
    r->batch = (size_t)recipe->batch_size;
    if (ppocr_dictionary_open(&r->dictionary, recipe, err) < 0 ||
        onnx_load(&r->whole.model, runtime, recipe->recognition, recipe->recognition_sha256, err) <
            0 ||
        check_model(r, recipe, &classes, err) < 0) {
        ppocr_reader_close(&r);
        return -1;
    }
    if (!alphabetic || !open_small(r, recipe, classes))
        onnx_replace_by_quick(&r->whole.model, runtime, recipe->recognition,
                              recipe->recognition_sha256);
    *out = r;
    return 0;
}

void ppocr_reader_close(struct ppocr_reader **r)
{
    if (!*r)
        return;
    onnx_unload(&(*r)->whole.model);
    onnx_unload(&(*r)->small.model);
    free((*r)->small.kept);
    ppocr_dictionary_close(&(*r)->dictionary);
    free((*r)->input);
    free(*r);
    *r = NULL;
}

const struct ppocr_dictionary *ppocr_reader_dictionary(const struct ppocr_reader *r)
{
    return r->dictionary;
}

/* ---- pictures of lines ---- */

/* The line's proportions, squeezed or not, up to a whole step. */
static size_t width_of(const struct ppocr_reader *r, const struct quad *q, enum ppocr_pace pace)
{
    const struct point *c = q->corner;
    float width = fmaxf(point_distance(c[0], c[1]), point_distance(c[3], c[2]));
    float height = fmaxf(fmaxf(point_distance(c[0], c[3]), point_distance(c[1], c[2])), 1);
    bool squeezed = pace == PPOCR_QUICKLY && height >= SMALL_PRINT;
    float natural = width * (float)r->height / height;
    float steps = ceilf(fminf(natural * (squeezed ? r->squeeze : 1), MAX_WIDTH) / STEP);
    return steps * STEP < MIN_WIDTH ? MIN_WIDTH : (size_t)steps * STEP;
}

static bool upright(const struct quad *q)
{
    const float slack = 0.25F; /* pixels */
    const struct point *c = q->corner;
    return fabsf(c[0].y - c[1].y) < slack && fabsf(c[3].y - c[2].y) < slack &&
           fabsf(c[0].x - c[3].x) < slack && fabsf(c[1].x - c[2].x) < slack && c[0].x < c[1].x &&
           c[0].y < c[3].y;
}

static void draw(struct ppocr_reader *r, const struct pixels *page, const struct quad *q,
                 size_t width, size_t row, float *to)
{
    const struct planes planes = {to, width, r->height, row};
    if (upright(q))
        pixels_resize(page, rect_of_quad(q), &normal_half, &planes);
    else
        pixels_warp(page, q, &normal_half, &planes);
}

/* ---- reading ---- */

static void name_classes(const struct network *network, struct ppocr_text *text)
{
    for (size_t i = 0; network->kept && i < text->count; i++)
        text->characters[i].class = (uint32_t)network->kept[text->characters[i].class];
}

static int read_batch(struct ppocr_reader *r, const struct network *network,
                      const struct pixels *page, const struct quad *quads,
                      const struct line_picture *pictures, size_t n, struct ppocr_text *texts,
                      struct error *err)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++)
        width = pictures[i].width > width ? pictures[i].width : width;
    must(width > 0);
    const size_t each = 3 * r->height * width;
    if (reserve(r, n * each, err) < 0)
        return -1;
    if (n > 1)
        memset(r->input, 0, n * each * sizeof *r->input); /* narrower lines end in grey */
    for (size_t i = 0; i < n; i++)
        draw(r, page, &quads[pictures[i].line], pictures[i].width, width, r->input + i * each);
    const float *out;
    struct onnx_shape shape;
    if (run(r, network->model, n, width, &out, &shape, err) < 0)
        return -1;
    const size_t steps = (size_t)shape.size[1], classes = (size_t)shape.size[2];
    for (size_t i = 0; i < n; i++) {
        struct ppocr_text *text = &texts[pictures[i].line];
        size_t used = (pictures[i].width * steps + width - 1) / width;
        ppocr_ctc(out + i * steps * classes, steps, used, classes, text);
        name_classes(network, text);
    }
    return 0;
}

static int narrower(const void *a, const void *b)
{
    const struct line_picture *x = a, *y = b;
    if (x->width != y->width)
        return x->width < y->width ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

/* Asked for each page: a GPU may have failed since the last one. */
static size_t most_lines(const struct ppocr_reader *r)
{
    if (r->batch)
        return r->batch;
    return onnx_device(r->runtime) == DEVICE_CPU ? 1 : GPU_BATCH;
}

/* How many of these pictures, the narrowest first, go into one Run. */
static size_t fill_batch(const struct line_picture *pictures, size_t count, size_t most)
{
    size_t n = 1;
    while (n < count && n < most && (n + 1) * pictures[n].width <= BATCH_WIDTH)
        n++;
    return n;
}

int ppocr_read(struct ppocr_reader *r, const struct pixels *page, const struct quad *quads,
               size_t count, enum ppocr_pace pace, int64_t deadline, struct ppocr_text *texts,
               struct error *err)
{
    struct line_picture *pictures = x_calloc(count + 1, sizeof *pictures);
    const bool quickly = pace == PPOCR_QUICKLY && r->small.model;
    const struct network *network = quickly ? &r->small : &r->whole;
    const size_t most = most_lines(r);
    size_t unread = 0;
    int rc = 0;
    for (size_t i = 0; i < count; i++)
        if (!texts[i].count)
            pictures[unread++] = (struct line_picture){i, width_of(r, &quads[i], pace)};
    if (most > 1)
        qsort(pictures, unread, sizeof *pictures, narrower);
    for (size_t i = 0, n; rc == 0 && i < unread; i += n) {
        n = fill_batch(pictures + i, unread - i, most);
        if (clock_steady() > deadline)
            rc = error_set(err, ERROR_TIMEOUT, "not read in time: %zu of %zu lines were not",
                           unread - i, count);
        else
            rc = read_batch(r, network, page, quads, pictures + i, n, texts, err);
    }
    free(pictures);
    return rc;
}
