/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The page result as JSON: written by workers, and by the service in the unit that is asked for.
 */
#include "page/page.h"

#include "base/json_writer.h"

const char *const page_unit_names[PAGE_UNITS + 1] = {"px", "pt", NULL};

struct encoder {
    struct json_writer w;
    double scale; /* of lengths */
    int decimals;
};

static void add_length(struct encoder *e, const char *key, double pixels)
{
    json_add_number(&e->w, key, pixels * e->scale, e->decimals);
}

static void encode_quad(struct encoder *e, const struct quad *q)
{
    json_add_array(&e->w, "polygon");
    for (int i = 0; i < 4; i++) {
        json_add_array(&e->w, NULL);
        add_length(e, NULL, (double)q->corner[i].x);
        add_length(e, NULL, (double)q->corner[i].y);
        json_end_array(&e->w);
    }
    json_end_array(&e->w);
}

static void encode_rect(struct encoder *e, const struct rect *r)
{
    json_add_array(&e->w, "bbox");
    const float sides[] = {r->x1, r->y1, r->x2, r->y2};
    for (int i = 0; i < 4; i++)
        add_length(e, NULL, (double)sides[i]);
    json_end_array(&e->w);
}

static void encode_font(struct encoder *e, const struct line *l)
{
    if (l->font_size <= 0 && !l->style)
        return;
    json_add_object(&e->w, "font");
    if (l->font_size > 0)
        add_length(e, "size", (double)l->font_size);
    for (size_t i = 0; i < PAGE_STYLES; i++)
        if (l->style & page_styles[i].bit)
            json_add_bool(&e->w, page_styles[i].name, true);
    json_end_object(&e->w);
}

static void encode_line(struct encoder *e, const struct line *l)
{
    json_add_object(&e->w, NULL);
    json_add_string(&e->w, "text", l->text);
    encode_quad(e, &l->polygon);
    json_add_number(&e->w, "confidence", (double)l->confidence, 4);
    encode_font(e, l);
    json_add_array(&e->w, "words");
    for (size_t i = 0; i < l->word_count; i++) {
        const struct word *word = &l->words[i];
        json_add_object(&e->w, NULL);
        json_add_string(&e->w, "text", word->text);
        encode_quad(e, &word->polygon);
        json_add_number(&e->w, "confidence", (double)word->confidence, 4);
        json_end_object(&e->w);
    }
    json_end_array(&e->w);
    json_end_object(&e->w);
}

static void encode_cell(struct encoder *e, const struct cell *c)
{
    json_add_object(&e->w, NULL);
    json_add_int(&e->w, "row", c->row);
    json_add_int(&e->w, "col", c->col);
    json_add_int(&e->w, "rowspan", c->rowspan);
    json_add_int(&e->w, "colspan", c->colspan);
    json_add_bool(&e->w, "header", c->header);
    json_add_string(&e->w, "text", c->text);
    encode_rect(e, &c->bbox);
    json_end_object(&e->w);
}

static void encode_table(struct encoder *e, const struct block *b)
{
    json_add_int(&e->w, "rows", b->rows);
    json_add_int(&e->w, "cols", b->cols);
    json_add_array(&e->w, "cells");
    for (size_t i = 0; i < b->cell_count; i++)
        encode_cell(e, &b->cells[i]);
    json_end_array(&e->w);
}

static void encode_block(struct encoder *e, const struct block *b, size_t order, const char *image)
{
    json_add_object(&e->w, NULL);
    json_add_int(&e->w, "id", (int64_t)order);
    json_add_string(&e->w, "type", block_type_name(b->type));
    if (b->level)
        json_add_int(&e->w, "level", b->level);
    encode_rect(e, &b->bbox);
    json_add_int(&e->w, "order", (int64_t)order);
    json_add_number(&e->w, "confidence", (double)b->confidence, 4);
    if (b->continued)
        json_add_bool(&e->w, "continued", true);
    if (b->continues)
        json_add_bool(&e->w, "continues", true);
    if (b->caption != BLOCK_NO_CAPTION)
        json_add_int(&e->w, "caption", b->caption);
    if (b->type == BLOCK_FIGURE)
        json_add_string(&e->w, "image", image);
    if (b->type == BLOCK_TABLE)
        encode_table(e, b);
    json_add_array(&e->w, "lines");
    for (size_t i = 0; i < b->line_count; i++)
        encode_line(e, &b->lines[i]);
    json_end_array(&e->w);
    json_end_object(&e->w);
}

static void encode_stages(struct encoder *e, const float *stage_ms)
{
    json_add_object(&e->w, "stages_ms");
    for (int i = 0; i < PAGE_STAGES; i++)
        if (stage_ms[i] > 0)
            json_add_number(&e->w, page_stage_names[i], (double)stage_ms[i], 1);
    json_end_object(&e->w);
}

static void encode_head(struct encoder *e, const struct page *p, enum page_unit unit)
{
    json_add_int(&e->w, "page", p->number);
    add_length(e, "width", p->width);
    add_length(e, "height", p->height);
    json_add_string(&e->w, "unit", page_unit_names[unit]);
    json_add_int(&e->w, "dpi", p->dpi);
    json_add_int(&e->w, "rotation", p->rotation);
    json_add_number(&e->w, "skew", (double)p->skew, 2);
    json_add_string(&e->w, "source", page_source_names[p->source]);
    if (p->layer_score >= 0)
        json_add_number(&e->w, "text_layer_score", (double)p->layer_score, 3);
    json_add_string(&e->w, "engine", p->engine);
    json_add_string(&e->w, "language", p->language);
    json_add_number(&e->w, "confidence", (double)p->confidence, 4);
    json_add_int(&e->w, "duration_ms", p->duration_ms);
    encode_stages(e, p->stage_ms);
}

static void encode_warnings(struct encoder *e, const struct page *p)
{
    json_add_array(&e->w, "warnings");
    for (size_t i = 0; i < p->warning_count; i++) {
        json_add_object(&e->w, NULL);
        json_add_string(&e->w, "code", p->warnings[i].code);
        json_add_string(&e->w, "message", p->warnings[i].message);
        json_end_object(&e->w);
    }
    json_end_array(&e->w);
}

void page_encode_unit(const struct page *p, enum page_unit unit, struct strbuf *out)
{
    struct encoder e = {.w.out = out, .scale = 1, .decimals = 1};
    if (unit == PAGE_POINTS && p->dpi > 0) {
        e.scale = 72.0 / p->dpi;
        e.decimals = 2;
    }
    json_add_object(&e.w, NULL);
    encode_head(&e, p, unit);
    json_add_array(&e.w, "blocks");
    unsigned figures = 0;
    for (size_t i = 0; i < p->block_count; i++) {
        char image[PAGE_FIGURE_NAME];
        page_figure_name(p->number, figures, image);
        figures += p->blocks[i].type == BLOCK_FIGURE;
        encode_block(&e, &p->blocks[i], i, image);
    }
    json_end_array(&e.w);
    encode_warnings(&e, p);
    json_end_object(&e.w);
}

void page_encode(const struct page *p, struct strbuf *out)
{
    page_encode_unit(p, PAGE_PIXELS, out);
}
