/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A MuPDF device that passes text on, with a note of how it was drawn, and lists what is drawn
 * besides. Nothing is listed of what cannot be seen: white paint, no opacity, clipped away, the
 * insides of soft masks; and of a pattern only the area that it fills. Called by the PDF driver.
 *
 * MuPDF's exceptions pass through the callbacks, which own nothing meanwhile but a text's copy.
 */
#include "decode/decode_text.h"

#include "base/memory.h"
#include "base/must.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_BOXES = 200000,  /* 8 MB; a detailed map has some 100,000 */
    MAX_MANNERS = 65536, /* runs of text with another clip; the rest counts as not clipped */
    GREY = 0x808080,     /* of what has many colours */
};

static const float thin = 3.0F;         /* points: no line of a table is thicker, */
static const float bar = 7.0F;          /* but one across the page may be */
static const float bar_length = 30.0F;  /* times its thickness */
static const float least_alpha = 0.02F; /* below it nobody sees anything */
static const float blot = 12.0F;        /* points: marks are put together up to this size */

struct drawing_device {
    fz_device super;
    fz_device *text;
    struct drawing *drawing;
    int masks, tiles; /* how many we are inside */
    int groups,
        faded; /* groups we are inside, and the outermost of them without opacity; 0: none */
};

void drawing_init(struct drawing *drawing, fz_rect bounds)
{
    *drawing = (struct drawing){.origin = {bounds.x0, bounds.y0},
                                .width = bounds.x1 - bounds.x0,
                                .height = bounds.y1 - bounds.y0};
}

void drawing_done(struct drawing *drawing)
{
    free(drawing->boxes);
    free(drawing->manners);
    *drawing = (struct drawing){0};
}

void drawing_add_box(struct drawing *drawing, const struct drawing_box *box)
{
    if (drawing->count == MAX_BOXES)
        return;
    if (drawing->count == drawing->space) {
        drawing->space = drawing->space ? 2 * drawing->space : 256;
        drawing->boxes = x_realloc(drawing->boxes, drawing->space, sizeof *drawing->boxes);
    }
    drawing->boxes[drawing->count++] = *box;
}

/* False when nothing is left; a line without thickness is something. */
static bool cut(const struct drawing *drawing, fz_rect clip, fz_rect at, struct rect *out)
{
    if (!isfinite(at.x0) || !isfinite(at.y0) || !isfinite(at.x1) || !isfinite(at.y1))
        return false;
    *out = (struct rect){fmaxf(fmaxf(at.x0, clip.x0) - drawing->origin.x, 0),
                         fmaxf(fmaxf(at.y0, clip.y0) - drawing->origin.y, 0),
                         fminf(fminf(at.x1, clip.x1) - drawing->origin.x, drawing->width),
                         fminf(fminf(at.y1, clip.y1) - drawing->origin.y, drawing->height)};
    float width = out->x2 - out->x1, height = out->y2 - out->y1;
    return width >= 0 && height >= 0 && width + height > 0;
}

static bool is_strip(float length, float thickness)
{
    return thickness <= thin || (thickness <= bar && length >= bar_length * thickness);
}

void drawing_add_upright(struct drawing *drawing, fz_rect clip, fz_rect at, uint32_t colour)
{
    struct drawing_box box = {.colour = colour, .white = drawing_is_white(colour), .weight = 1};
    if (!cut(drawing, clip, at, &box.at))
        return;
    float width = box.at.x2 - box.at.x1, height = box.at.y2 - box.at.y1;
    float length = fmaxf(width, height), thickness = fminf(width, height);
    box.vertical = height > width;
    box.kind = !is_strip(length, thickness)                   ? INK_PATCH
               : length >= 3 * thickness || length > 2 * thin ? INK_STRIP
                                                              : INK_MARK;
    if (!box.white || box.kind == INK_STRIP)
        drawing_add_box(drawing, &box);
}

static bool grown(struct drawing_box *last, const struct rect *at, uint32_t weight)
{
    struct rect both = rect_union(last->at, *at);
    if (last->kind != INK_MARK || both.x2 - both.x1 > blot || both.y2 - both.y1 > blot)
        return false;
    last->at = both;
    last->weight += weight < 1000 && last->weight < 1000 ? weight : 0;
    return true;
}

void drawing_add_mark(struct drawing *drawing, fz_rect clip, fz_rect at, uint32_t weight)
{
    struct drawing_box box = {.kind = INK_MARK, .weight = weight};
    if (!cut(drawing, clip, at, &box.at))
        return;
    if (!drawing->count || !grown(&drawing->boxes[drawing->count - 1], &box.at, weight))
        drawing_add_box(drawing, &box);
}

/* Some writers draw lines as images. */
static void add_image(struct drawing *drawing, fz_rect clip, fz_rect at)
{
    struct drawing_box box = {.kind = INK_IMAGE};
    if (!cut(drawing, clip, at, &box.at))
        return;
    float width = box.at.x2 - box.at.x1, height = box.at.y2 - box.at.y1;
    if (is_strip(fmaxf(width, height), fminf(width, height)))
        drawing_add_upright(drawing, clip, at, GREY);
    else
        drawing_add_box(drawing, &box);
}

/* ---- the device ---- */

static struct drawing_device *inner(fz_device *dev)
{
    return (struct drawing_device *)dev;
}

static bool hidden(const struct drawing_device *d, float alpha)
{
    return d->masks || d->tiles || d->faded || !(alpha > least_alpha);
}

static uint32_t colour_of(fz_context *ctx, fz_colorspace *space, const float *values,
                          fz_color_params params)
{
    float rgb[FZ_MAX_COLORS] = {0};
    uint32_t colour = 0;
    if (!space)
        return 0;
    fz_convert_color(ctx, space, values, fz_device_rgb(ctx), rgb, NULL, params);
    for (int i = 0; i < 3; i++)
        colour = colour << 8 | (uint32_t)(fminf(fmaxf(rgb[i], 0), 1) * 255 + 0.5F);
    return colour;
}

static struct drawing_paint paint_of(fz_context *ctx, fz_device *dev, fz_matrix ctm,
                                     uint32_t colour)
{
    return (struct drawing_paint){ctm, fz_device_current_scissor(ctx, dev), colour};
}

static void fill_path(fz_context *ctx, fz_device *dev, const fz_path *path, int even_odd,
                      fz_matrix ctm, fz_colorspace *space, const float *values, float alpha,
                      fz_color_params params)
{
    (void)even_odd;
    if (hidden(inner(dev), alpha))
        return;
    struct drawing_paint paint = paint_of(ctx, dev, ctm, colour_of(ctx, space, values, params));
    drawing_fill(ctx, inner(dev)->drawing, &paint, path);
}

static void stroke_path(fz_context *ctx, fz_device *dev, const fz_path *path,
                        const fz_stroke_state *stroke, fz_matrix ctm, fz_colorspace *space,
                        const float *values, float alpha, fz_color_params params)
{
    if (hidden(inner(dev), alpha))
        return;
    struct drawing_paint paint = paint_of(ctx, dev, ctm, colour_of(ctx, space, values, params));
    drawing_stroke(ctx, inner(dev)->drawing, &paint, path, stroke->linewidth);
}

static void fill_image(fz_context *ctx, fz_device *dev, fz_image *image, fz_matrix ctm, float alpha,
                       fz_color_params params)
{
    struct drawing_device *d = inner(dev);
    fz_rect at = fz_transform_rect(fz_unit_rect, ctm), clip = fz_device_current_scissor(ctx, dev);
    (void)params;
    if (hidden(d, alpha))
        return;
    if (image->w <= 2 && image->h <= 2) /* a way to fill a rectangle */
        drawing_add_upright(d->drawing, clip, at, GREY);
    else
        add_image(d->drawing, clip, at);
}

static void fill_image_mask(fz_context *ctx, fz_device *dev, fz_image *image, fz_matrix ctm,
                            fz_colorspace *space, const float *values, float alpha,
                            fz_color_params params)
{
    if (!hidden(inner(dev), alpha) && !drawing_is_white(colour_of(ctx, space, values, params)))
        fill_image(ctx, dev, image, ctm, alpha, params);
}

static void fill_shade(fz_context *ctx, fz_device *dev, fz_shade *shade, fz_matrix ctm, float alpha,
                       fz_color_params params)
{
    (void)params;
    if (!hidden(inner(dev), alpha))
        drawing_add_upright(inner(dev)->drawing, fz_device_current_scissor(ctx, dev),
                            fz_bound_shade(ctx, shade, ctm), GREY);
}

static void begin_mask(fz_context *ctx, fz_device *dev, fz_rect area, int luminosity,
                       fz_colorspace *space, const float *values, fz_color_params params)
{
    (void)ctx, (void)area, (void)luminosity, (void)space, (void)values, (void)params;
    inner(dev)->masks++;
}

static void end_mask(fz_context *ctx, fz_device *dev)
{
    (void)ctx;
    if (inner(dev)->masks > 0)
        inner(dev)->masks--;
}

static void begin_group(fz_context *ctx, fz_device *dev, fz_rect area, fz_colorspace *space,
                        int isolated, int knockout, int blend, float alpha)
{
    struct drawing_device *d = inner(dev);
    (void)ctx, (void)area, (void)space, (void)isolated, (void)knockout, (void)blend;
    d->groups++;
    if (!d->faded && !(alpha > least_alpha))
        d->faded = d->groups;
}

static void end_group(fz_context *ctx, fz_device *dev)
{
    struct drawing_device *d = inner(dev);
    (void)ctx;
    if (d->faded == d->groups)
        d->faded = 0;
    if (d->groups > 0)
        d->groups--;
}

static int begin_tile(fz_context *ctx, fz_device *dev, fz_rect area, fz_rect view, float xstep,
                      float ystep, fz_matrix ctm, int id)
{
    struct drawing_device *d = inner(dev);
    (void)view, (void)xstep, (void)ystep, (void)id;
    if (!hidden(d, 1))
        drawing_add_upright(d->drawing, fz_device_current_scissor(ctx, dev),
                            fz_transform_rect(area, ctm), GREY);
    d->tiles++;
    return 0;
}

static void end_tile(fz_context *ctx, fz_device *dev)
{
    (void)ctx;
    if (inner(dev)->tiles > 0)
        inner(dev)->tiles--;
}

/* ---- text ---- */

static bool same_clip(fz_rect a, fz_rect b)
{
    return a.x0 == b.x0 && a.y0 == b.y0 && a.x1 == b.x1 && a.y1 == b.y1;
}

static size_t note_manner(struct drawing *drawing, fz_rect clip, bool unseen)
{
    struct drawing_manner *last =
        drawing->manner_count ? &drawing->manners[drawing->manner_count - 1] : NULL;
    if (last && last->unseen == unseen && same_clip(last->clip, clip))
        return drawing->manner_count - 1;
    if (drawing->manner_count == MAX_MANNERS)
        return unseen; /* the first two, see drawing_new_device */
    if (drawing->manner_count == drawing->manner_space) {
        drawing->manner_space = drawing->manner_space ? 2 * drawing->manner_space : 64;
        drawing->manners =
            x_realloc(drawing->manners, drawing->manner_space, sizeof *drawing->manners);
    }
    must(drawing->manners);
    drawing->manners[drawing->manner_count] = (struct drawing_manner){clip, unseen};
    return drawing->manner_count++;
}

const struct drawing_manner *drawing_manner_of(const struct drawing *drawing,
                                               const fz_stext_char *c)
{
    size_t i = (size_t)c->color & 0xFFFFFF;
    return &drawing->manners[i < drawing->manner_count ? i : 0];
}

/* MuPDF makes a colour of three numbers from 0 to 1; a quarter above the whole number survives
 * whatever it rounds. */
static void pass_on(fz_context *ctx, fz_device *dev, const fz_text *text, fz_matrix ctm,
                    bool unseen)
{
    struct drawing_device *d = inner(dev);
    size_t i = note_manner(d->drawing, fz_device_current_scissor(ctx, dev), unseen || d->faded);
    const float index[FZ_MAX_COLORS] = {((float)(i >> 16 & 0xFF) + 0.25F) / 255,
                                        ((float)(i >> 8 & 0xFF) + 0.25F) / 255,
                                        ((float)(i & 0xFF) + 0.25F) / 255};
    fz_text *known = type3_known(ctx, text);
    fz_try(ctx)
    {
        fz_fill_text(ctx, d->text, known ? known : text, ctm, fz_device_rgb(ctx), index, 1,
                     fz_default_color_params);
    }
    fz_always(ctx)
    {
        fz_drop_text(ctx, known);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}

static void fill_text(fz_context *ctx, fz_device *dev, const fz_text *text, fz_matrix ctm,
                      fz_colorspace *space, const float *values, float alpha,
                      fz_color_params params)
{
    (void)space, (void)values, (void)params;
    pass_on(ctx, dev, text, ctm, !(alpha > least_alpha));
}

static void stroke_text(fz_context *ctx, fz_device *dev, const fz_text *text,
                        const fz_stroke_state *stroke, fz_matrix ctm, fz_colorspace *space,
                        const float *values, float alpha, fz_color_params params)
{
    (void)stroke;
    fill_text(ctx, dev, text, ctm, space, values, alpha, params);
}

static void clip_text(fz_context *ctx, fz_device *dev, const fz_text *text, fz_matrix ctm,
                      fz_rect scissor)
{
    (void)scissor;
    pass_on(ctx, dev, text, ctm, false);
}

static void clip_stroke_text(fz_context *ctx, fz_device *dev, const fz_text *text,
                             const fz_stroke_state *stroke, fz_matrix ctm, fz_rect scissor)
{
    (void)stroke;
    clip_text(ctx, dev, text, ctm, scissor);
}

/* Glyphs that are drawings of their own (Type 3) come as those drawings and then, to be read, as
 * text without paint. */
static void ignore_text(fz_context *ctx, fz_device *dev, const fz_text *text, fz_matrix ctm)
{
    bool drawn = text->head && text->head->font && fz_font_t3_procs(ctx, text->head->font);
    pass_on(ctx, dev, text, ctm, !drawn);
}

static void close_device(fz_context *ctx, fz_device *dev)
{
    fz_close_device(ctx, inner(dev)->text);
}

static void drop_device(fz_context *ctx, fz_device *dev)
{
    fz_drop_device(ctx, inner(dev)->text);
}

static struct drawing_device *allocated(fz_context *ctx, fz_device *text)
{
    struct drawing_device *d = NULL;
    fz_var(d);
    fz_try(ctx)
    {
        d = fz_new_derived_device(ctx, struct drawing_device);
    }
    fz_catch(ctx)
    {
        fz_drop_device(ctx, text);
        fz_rethrow(ctx);
    }
    return d;
}

fz_device *drawing_new_device(fz_context *ctx, struct drawing *drawing, fz_device *text,
                              bool images)
{
    struct drawing_device *d = allocated(ctx, text);
    fz_device *s = &d->super;
    d->text = text;
    d->drawing = drawing;
    note_manner(drawing, fz_infinite_rect, false);
    note_manner(drawing, fz_infinite_rect, true);
    s->close_device = close_device, s->drop_device = drop_device;
    s->fill_path = fill_path, s->stroke_path = stroke_path;
    s->fill_text = fill_text, s->stroke_text = stroke_text;
    s->clip_text = clip_text, s->clip_stroke_text = clip_stroke_text;
    s->ignore_text = ignore_text;
    s->fill_shade = fill_shade;
    if (images)
        s->fill_image = fill_image, s->fill_image_mask = fill_image_mask;
    s->begin_mask = begin_mask, s->end_mask = end_mask;
    s->begin_group = begin_group, s->end_group = end_group;
    s->begin_tile = begin_tile, s->end_tile = end_tile;
    return s;
}
