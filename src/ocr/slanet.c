/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A table model: the table's picture squeezed into its square, one Run, its words read. Refuses a
 * model of another interface, naming what was expected. Called by structure.c.
 */
#include "ocr/slanet_internal.h"

#include "base/digest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DICTIONARY = 1 << 16, MAX_STEPS = 5000, MAX_SIDE = 2048 };

struct slanet {
    struct onnx_model *model;
    struct slanet_words words;
    char path[RECIPE_PATH];
    bool of_crop; /* what places are parts of */
    size_t side;  /* of its picture */
    float *image;
};

/* One table on its way. */
struct crop {
    struct rect at;       /* in the picture */
    size_t width, height; /* in the square */
    float unit_x, unit_y; /* what the model's 1 is, in the picture's pixels */
};

/* ---- opening ---- */

static int read_words(struct slanet *s, const struct recipe *r, struct error *err)
{
    auto_strbuf text = {.cap = MAX_DICTIONARY};
    if (!*r->table_dictionary)
        return slanet_words_read(&s->words, NULL, 0, err);
    if (digest_read_file(r->table_dictionary, r->table_dictionary_sha256, &text, err) < 0)
        return -1;
    return slanet_words_read(&s->words, strbuf_str(&text), text.len, err);
}

static int check_interface(const struct slanet *s, struct error *err)
{
    size_t inputs, outputs;
    const struct onnx_port *in = onnx_inputs(s->model, &inputs);
    const struct onnx_port *out = onnx_outputs(s->model, &outputs);
    if (inputs != 1 || in[0].type != ONNX_FLOAT || in[0].shape.rank != 4)
        return error_set(err, ERROR_INPUT, "its input is not one picture [1,3,H,W] of floats");
    if (outputs < 2 || out[0].type != ONNX_FLOAT || out[1].type != ONNX_FLOAT)
        return error_set(err, ERROR_INPUT,
                         "its first two outputs are not places [1,T,4 or 8] and words [1,T,%zu]",
                         s->words.count);
    const int64_t words = out[1].shape.rank == 3 ? out[1].shape.size[2] : 0; /* 0: not told */
    if (words > 0 && words != (int64_t)s->words.count)
        return error_set(err, ERROR_INPUT, "it knows %lld words, its dictionary makes %zu",
                         (long long)words, s->words.count);
    return 0;
}

static int look_at_model(struct slanet *s, const struct recipe *r, struct error *err)
{
    size_t inputs;
    if (read_words(s, r, err) < 0 || check_interface(s, err) < 0)
        return -1;
    const int64_t *size = onnx_inputs(s->model, &inputs)[0].shape.size;
    const int64_t side = size[2] > 0 ? size[2] : r->table_size;
    if (side > MAX_SIDE || (size[3] > 0 && size[3] != side))
        return error_set(err, ERROR_INPUT, "its picture is no square of at most %d pixels",
                         MAX_SIDE);
    s->side = (size_t)side;
    s->image = x_calloc(3 * s->side * s->side, sizeof *s->image);
    return 0;
}

int slanet_open(struct slanet **out, struct onnx *runtime, const struct recipe *recipe,
                struct error *err)
{
    struct slanet *s = x_calloc(1, sizeof *s);
    memcpy(s->path, recipe->table, sizeof s->path);
    s->of_crop = recipe->table_extent == TABLE_OF_CROP;
    if (onnx_load_ports(&s->model, runtime, recipe->table, recipe->table_sha256, err) < 0) {
        slanet_close(&s);
        return -1;
    }
    if (look_at_model(s, recipe, err) < 0) {
        slanet_close(&s);
        return error_context(err, "%s is no table model", recipe->table);
    }
    *out = s;
    return 0;
}

void slanet_close(struct slanet **s)
{
    if (!*s)
        return;
    onnx_unload(&(*s)->model);
    free((*s)->image);
    free(*s);
    *s = NULL;
}

/* ---- the picture ---- */

static size_t scaled(float side, float ratio, size_t most)
{
    const float v = rintf(side * ratio);
    return v < 1 ? 1 : v > (float)most ? most : (size_t)v;
}

/* Both sides by one factor, so that the longer one fills the square. */
static struct crop crop_of(const struct slanet *s, struct rect at)
{
    const float width = at.x2 - at.x1, height = at.y2 - at.y1, longest = fmaxf(width, height);
    const float ratio = (float)s->side / longest;
    return (struct crop){
        .at = at,
        .width = scaled(width, ratio, s->side),
        .height = scaled(height, ratio, s->side),
        .unit_x = s->of_crop ? width : longest,
        .unit_y = s->of_crop ? height : longest,
    };
}

/* Beside the table the square is 0 after normalisation, which is no black: as in training. */
static void draw(struct slanet *s, const struct pixels *picture, const struct crop *c)
{
    float *table = x_calloc(3 * c->width * c->height, sizeof *table);
    const struct planes planes = {table, c->width, c->height, c->width};
    pixels_resize(picture, c->at, &normal_imagenet, &planes);
    memset(s->image, 0, 3 * s->side * s->side * sizeof *s->image);
    for (size_t plane = 0; plane < 3; plane++)
        for (size_t y = 0; y < c->height; y++)
            memcpy(s->image + (plane * s->side + y) * s->side,
                   table + (plane * c->height + y) * c->width, c->width * sizeof *table);
    free(table);
}

/* ---- the answer ---- */

static int check_answer(const struct slanet *s, const struct onnx_value out[2], struct error *err)
{
    const struct onnx_shape *places = &out[0].shape, *words = &out[1].shape;
    if (places->rank != 3 || words->rank != 3 || places->size[0] != 1 || words->size[0] != 1 ||
        places->size[1] != words->size[1] || (places->size[2] != 4 && places->size[2] != 8) ||
        words->size[2] != (int64_t)s->words.count)
        return error_set(err, ERROR_INPUT,
                         "%s: answers with another shape than places [1,T,4 or 8] and words "
                         "[1,T,%zu]",
                         s->path, s->words.count);
    if (words->size[1] > MAX_STEPS)
        return error_set(err, ERROR_INPUT, "%s: answers with %lld words, over %d", s->path,
                         (long long)words->size[1], MAX_STEPS);
    return 0;
}

/* The first of equals, as NumPy's argmax; a class that is no number loses. */
static size_t best_word(const float *p, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (p[i] > p[best] || isnan(p[best]))
            best = i;
    return best;
}

static float inside(float v, float from, float to)
{
    return !(v > from) ? from : v > to ? to : v;
}

/* Two corners, or four: what is around them, inside the table. No place for what is no number. */
static struct rect place_of(const float *p, size_t numbers, const struct crop *c)
{
    struct rect r = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < numbers; i += 2) {
        if (!isfinite(p[i]) || !isfinite(p[i + 1]))
            return (struct rect){c->at.x1, c->at.y1, c->at.x1, c->at.y1};
        const float x = inside(c->at.x1 + p[i] * c->unit_x, c->at.x1, c->at.x2);
        const float y = inside(c->at.y1 + p[i + 1] * c->unit_y, c->at.y1, c->at.y2);
        r = (struct rect){fminf(r.x1, x), fminf(r.y1, y), fmaxf(r.x2, x), fmaxf(r.y2, y)};
    }
    return r;
}

static void read_steps(const struct slanet *s, const struct onnx_value out[2], const struct crop *c,
                       struct slanet_step *steps)
{
    const size_t count = (size_t)out[1].shape.size[1], numbers = (size_t)out[0].shape.size[2];
    const float *places = out[0].data, *words = out[1].data;
    for (size_t i = 0; i < count; i++) {
        const size_t word = best_word(words + i * s->words.count, s->words.count);
        steps[i].word = s->words.rows[word];
        if (i == 0 && steps[i].word.kind == WORD_END) /* PaddleOCR's rule: not at once */
            steps[i].word.kind = WORD_NOTHING;
        steps[i].at = place_of(places + i * numbers, numbers, c);
    }
}

int slanet_read(struct slanet *s, const struct pixels *picture, struct rect at, struct arena *arena,
                struct layout_grid *out, struct error *err)
{
    const struct onnx_shape shape = {4, {1, 3, (int64_t)s->side, (int64_t)s->side}};
    const struct onnx_value in = {ONNX_FLOAT, shape, s->image};
    struct onnx_value answer[2];
    *out = (struct layout_grid){.at = at};
    if (!(at.x2 - at.x1 >= 1 && at.y2 - at.y1 >= 1))
        return 0;
    const struct crop crop = crop_of(s, at);
    draw(s, picture, &crop);
    if (onnx_run_ports(s->model, &in, answer, 2, err) < 0 || check_answer(s, answer, err) < 0)
        return -1;
    const size_t count = (size_t)answer[1].shape.size[1];
    struct slanet_step *steps = x_calloc(count + 1, sizeof *steps);
    read_steps(s, answer, &crop, steps);
    enum slanet_verdict verdict = slanet_grid_make(steps, count, arena, out);
    free(steps);
    return verdict == SLANET_FULL ? error_set(err, ERROR_LIMIT, "no room for a table's cells") : 0;
}
