/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Unseen text as operators of a content stream: each line upright in a space of its own, each word
 * stretched to the length that it has on the page, blanks to the gaps between them. Called by
 * binder_pages.c.
 */
#include "decode/binder_internal.h"

#include <math.h>

static const float tenth = 0.1F;

struct pen {
    fz_context *ctx;
    fz_buffer *out;
    struct binder_font *font;
    float scale_x, scale_y, height; /* points to the unit; of the page in points */
    float size;                     /* of the line's letters, points */
    float zoom;                     /* points along the line to a tenth of a unit */
};

/* To a hundredth of a point: shorter to write. */
static float rounded(float n)
{
    return roundf(n * 100) / 100 + 0.0F; /* not "-0" */
}

static void write_letters(const struct pen *pen, const uint32_t *letters, size_t n)
{
    fz_append_byte(pen->ctx, pen->out, '<');
    for (size_t i = 0; i < n; i++)
        fz_append_printf(pen->ctx, pen->out, "%04x", binder_font_code(pen->font, letters[i]));
    fz_append_string(pen->ctx, pen->out, ">Tj\n");
}

/* Stretched to a length in points; never to nothing, which no matrix comes back from. */
static void write_stretched(const struct pen *pen, const uint32_t *letters, size_t n, float length)
{
    float natural = (float)n * BINDER_FONT_WIDTH * pen->size;
    fz_append_printf(pen->ctx, pen->out, "%g Tz", fmaxf(rounded(100 * length / natural), 0.01F));
    write_letters(pen, letters, n);
}

static void write_word(const struct pen *pen, const struct binder_word *word)
{
    uint32_t letters[BINDER_WORD];
    size_t n = binder_word_letters(word, letters);
    if (n)
        write_stretched(pen, letters, n, (float)(word->to - word->from) * pen->zoom);
}

static void write_blank(const struct pen *pen, const struct binder_word *before)
{
    static const uint32_t blank = ' ';
    write_stretched(pen, &blank, 1, (float)(before[1].from - before->to) * pen->zoom);
}

static void write_words(const struct pen *pen, const struct binder_word *words, size_t count)
{
    float at = 0;
    for (size_t i = 0; i < count; i++) {
        float from = rounded((float)words[i].from * pen->zoom);
        if (from != at)
            fz_append_printf(pen->ctx, pen->out, "%g 0 Td ", rounded(from - at));
        at = from;
        write_word(pen, &words[i]);
        if (words[i].blank && i + 1 < count)
            write_blank(pen, &words[i]);
    }
}

/* The space of a line: its origin on the baseline, x along it. */
static bool begin_line(struct pen *pen, const struct binder_line *line)
{
    float x = (float)line->x1 * tenth * pen->scale_x;
    float y = pen->height - (float)line->y1 * tenth * pen->scale_y;
    float along_x = (float)(line->x2 - line->x1) * tenth * pen->scale_x;
    float along_y = (float)(line->y1 - line->y2) * tenth * pen->scale_y;
    float points = hypotf(along_x, along_y);
    float units = hypotf((float)(line->x2 - line->x1), (float)(line->y2 - line->y1));
    pen->zoom = points / units;
    pen->size = rounded((float)line->height * pen->zoom);
    if (!(pen->size > 0 && points > 0))
        return false;
    float cosine = along_x / points, sine = along_y / points;
    float baseline = BINDER_FONT_DESCENT * pen->size;
    fz_append_printf(pen->ctx, pen->out, "BT /T %g Tf %g %g %g %g %g %g Tm\n", pen->size, cosine,
                     sine, 0.0F - sine, cosine, rounded(x - sine * baseline),
                     rounded(y + cosine * baseline));
    return true;
}

void binder_write_text(struct binder *b, const struct binder_page *what, fz_buffer *out,
                       float width, float height)
{
    struct pen pen = {.ctx = b->fitz->ctx,
                      .out = out,
                      .font = &b->unseen,
                      .scale_x = width / (float)what->width,
                      .scale_y = height / (float)what->height,
                      .height = height};
    fz_append_string(pen.ctx, out, "3 Tr\n");
    for (size_t i = 0; i < what->line_count; i++) {
        const struct binder_line *line = &what->lines[i];
        if (!begin_line(&pen, line))
            continue;
        write_words(&pen, what->words + line->first_word, line->word_count);
        fz_append_string(pen.ctx, out, "ET\n");
    }
}
