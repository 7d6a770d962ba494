/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Outlines and labels as operators of a content stream. Called by binder_pages.c.
 */
#include "decode/binder_internal.h"

#include <math.h>
#include <string.h>

/* Points. A note is for people who leaf through the pages, a label for those who look closely. */
static const float stroke = 1, thin = 0.4F, label_size = 7, note_size = 9, padding = 2;

struct colour {
    float red, green, blue;
};

/* Apart from each other as far as sixteen can be, and dark enough for white letters. */
static const struct colour colours[BLOCK_TYPES] = {
    [BLOCK_TITLE] = {0.78F, 0.06F, 0.18F},    [BLOCK_HEADING] = {0.87F, 0.34F, 0},
    [BLOCK_TEXT] = {0.05F, 0.35F, 0.75F},     [BLOCK_LIST] = {0, 0.53F, 0.62F},
    [BLOCK_TABLE] = {0.05F, 0.5F, 0.15F},     [BLOCK_TABLE_CAPTION] = {0.42F, 0.56F, 0.05F},
    [BLOCK_FIGURE] = {0.5F, 0.1F, 0.6F},      [BLOCK_FIGURE_CAPTION] = {0.72F, 0.25F, 0.75F},
    [BLOCK_FORMULA] = {0.85F, 0.1F, 0.52F},   [BLOCK_HEADER] = {0.35F, 0.35F, 0.42F},
    [BLOCK_FOOTER] = {0.5F, 0.45F, 0.4F},     [BLOCK_PAGE_NUMBER] = {0.6F, 0.4F, 0.1F},
    [BLOCK_FOOTNOTE] = {0.45F, 0.22F, 0.08F}, [BLOCK_CODE] = {0.1F, 0.1F, 0.1F},
    [BLOCK_SEAL] = {0.55F, 0, 0.08F},         [BLOCK_OTHER] = {0.4F, 0.4F, 0.85F},
};

/* The table's, paler. */
static const struct colour cell_colour = {0.45F, 0.75F, 0.5F};

static const struct colour failed = {0.78F, 0.06F, 0.18F};

struct pen {
    fz_context *ctx;
    fz_buffer *out;
    fz_font *font;
    float width, height; /* of the page */
};

static float text_width(const struct pen *pen, const char *text, float size)
{
    float width = 0;
    for (; *text; text++) {
        int glyph = fz_encode_character(pen->ctx, pen->font, *text);
        width += fz_advance_glyph(pen->ctx, pen->font, glyph, 0);
    }
    return width * size;
}

static void write_text(const struct pen *pen, const char *text)
{
    fz_append_byte(pen->ctx, pen->out, '(');
    for (; *text; text++) {
        if (strchr("()\\", *text))
            fz_append_byte(pen->ctx, pen->out, '\\');
        fz_append_byte(pen->ctx, pen->out, *text);
    }
    fz_append_byte(pen->ctx, pen->out, ')');
}

/* White letters on a filled tab whose lower left corner is at x, y, moved as far as it takes to be
 * on the page. */
static void draw_tab(const struct pen *pen, struct colour c, float x, float y, const char *text,
                     float size)
{
    float width = text_width(pen, text, size) + 2 * padding, height = size + padding;
    x = fmaxf(fminf(x, pen->width - width), 0);
    y = fmaxf(fminf(y, pen->height - height), 0);
    fz_append_printf(pen->ctx, pen->out, "%g %g %g rg %g %g %g %g re f\n", c.red, c.green, c.blue,
                     x, y, width, height);
    fz_append_printf(pen->ctx, pen->out, "BT 1 g /F %g Tf %g %g Td ", size, x + padding,
                     y + padding);
    write_text(pen, text);
    fz_append_string(pen->ctx, pen->out, " Tj ET\n");
}

/* The line runs around the box, which ends where its letters do, and stays on the page. */
static void draw_box(const struct pen *pen, const struct binder_page *what,
                     const struct binder_box *box)
{
    const struct colour c = colours[box->type];
    const float half = stroke / 2;
    char label[64];
    float scale_x = pen->width / (float)what->width, scale_y = pen->height / (float)what->height;
    float x1 = fmaxf((float)box->x1 * scale_x - half, half);
    float x2 = fminf((float)box->x2 * scale_x + half, pen->width - half);
    float top = pen->height - (float)box->y1 * scale_y, y2 = fminf(top + half, pen->height - half);
    float y1 = fmaxf(pen->height - (float)box->y2 * scale_y - half, half);
    fz_append_printf(pen->ctx, pen->out, "%g %g %g RG %g %g %g %g re S\n", c.red, c.green, c.blue,
                     x1, y1, x2 - x1, y2 - y1);
    fz_snprintf(label, sizeof label, "%d %s", box->number, block_type_name(box->type));
    draw_tab(pen, c, x1 - half, top, label, label_size);
}

/* Under the outlines, which share their edges. */
static void draw_cells(const struct pen *pen, const struct binder_page *what)
{
    const struct colour c = cell_colour;
    float scale_x = pen->width / (float)what->width, scale_y = pen->height / (float)what->height;
    fz_append_printf(pen->ctx, pen->out, "%g w %g %g %g RG\n", thin, c.red, c.green, c.blue);
    for (size_t i = 0; i < what->cell_count; i++) {
        const struct binder_cell *cell = &what->cells[i];
        fz_append_printf(pen->ctx, pen->out, "%g %g %g %g re S\n", (float)cell->x1 * scale_x,
                         pen->height - (float)cell->y2 * scale_y,
                         (float)(cell->x2 - cell->x1) * scale_x,
                         (float)(cell->y2 - cell->y1) * scale_y);
    }
}

static void draw(const struct pen *pen, const struct binder_page *what)
{
    if (what->cell_count)
        draw_cells(pen, what);
    fz_append_printf(pen->ctx, pen->out, "%g w\n", stroke);
    for (size_t i = 0; i < what->box_count; i++)
        draw_box(pen, what, &what->boxes[i]);
    if (*what->note)
        draw_tab(pen, failed, 0, pen->height, what->note, note_size);
}

void binder_draw(struct binder *b, const struct binder_page *what, fz_buffer *out, float width,
                 float height)
{
    const struct pen pen = {b->fitz->ctx, out, b->metrics, width, height};
    draw(&pen, what);
}
