/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Reads a page result back as hostile input: every key must be known, of its type and in range,
 * every coordinate inside the page (with a little slack, as polygons of skewed lines may lean over
 * an edge). What the others are measured by (page, width, height) comes before the blocks, as
 * page_encode writes it. Called on what workers answer and on what the blob store returns.
 */
#include "page/page_field.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LEVEL = 16 };

static bool is_room(struct reader *r)
{
    return ++r->words <= PAGE_MAX_WORDS;
}

/* ---- words and lines ---- */

#define CONFIDENCE(type)                                                   \
    {                                                                      \
        "confidence", true, field_number, offsetof(type, confidence), 0, 1 \
    }

static int read_words(struct reader *r, const struct field *f, void *into)
{
    static const struct field fields[] = {
        {"text", true, field_text, offsetof(struct word, text), 0, 0},
        {"polygon", true, field_quad, offsetof(struct word, polygon), 0, 0},
        CONFIDENCE(struct word),
    };
    struct line *line = into;
    unsigned seen;
    if (field_open_list(r, f->key) < 0)
        return -1;
    for (bool first = true; json_take_more(&r->json, ']', first); first = false) {
        struct word word, *slot;
        if (field_object(r, FIELDS(fields), &word, &seen) < 0)
            return -1;
        slot = is_room(r) ? page_add_word(r->page, line) : NULL;
        if (!slot)
            return field_refuse(r, "too many words");
        *slot = word;
    }
    return r->json.failed ? field_refuse(r, f->key) : 0;
}

static int read_style(struct reader *r, const struct field *f, void *into)
{
    bool value = false;
    if (!json_take_bool(&r->json, &value) || !value)
        return field_refuse(r, f->key);
    ((struct line *)into)->style |= (unsigned)f->at;
    return 0;
}

static int read_font(struct reader *r, const struct field *f, void *into)
{
    static const struct field fields[] = {
        {"size", false, field_number, offsetof(struct line, font_size), 0, PAGE_MAX_SIDE},
        {"bold", false, read_style, FONT_BOLD, 0, 0},
        {"italic", false, read_style, FONT_ITALIC, 0, 0},
        {"mono", false, read_style, FONT_MONO, 0, 0},
    };
    unsigned seen;
    (void)f;
    return field_object(r, FIELDS(fields), into, &seen);
}

static int read_lines(struct reader *r, const struct field *f, void *into)
{
    static const struct field fields[] = {
        {"text", true, field_text, offsetof(struct line, text), 0, 0},
        {"polygon", true, field_quad, offsetof(struct line, polygon), 0, 0},
        CONFIDENCE(struct line),
        {"font", false, read_font, 0, 0, 0},
        {"words", true, read_words, 0, 0, 0},
    };
    struct block *block = into;
    unsigned seen;
    if (field_open_list(r, f->key) < 0)
        return -1;
    for (bool first = true; json_take_more(&r->json, ']', first); first = false) {
        struct line *slot = is_room(r) ? page_add_line(r->page, block) : NULL;
        if (!slot)
            return field_refuse(r, "too many lines");
        if (field_object(r, FIELDS(fields), slot, &seen) < 0)
            return -1;
    }
    return r->json.failed ? field_refuse(r, f->key) : 0;
}

/* ---- tables ---- */

static int read_cells(struct reader *r, const struct field *f, void *into)
{
    static const struct field fields[] = {
        {"row", true, field_int, offsetof(struct cell, row), 0, PAGE_MAX_GRID - 1},
        {"col", true, field_int, offsetof(struct cell, col), 0, PAGE_MAX_GRID - 1},
        {"rowspan", true, field_int, offsetof(struct cell, rowspan), 1, PAGE_MAX_GRID},
        {"colspan", true, field_int, offsetof(struct cell, colspan), 1, PAGE_MAX_GRID},
        {"header", true, field_bool, offsetof(struct cell, header), 0, 0},
        {"text", true, field_lines_of_text, offsetof(struct cell, text), 0, 0},
        {"bbox", true, field_rect, offsetof(struct cell, bbox), 0, 0},
    };
    struct block *table = into;
    unsigned seen;
    if (field_open_list(r, f->key) < 0)
        return -1;
    for (bool first = true; json_take_more(&r->json, ']', first); first = false) {
        struct cell *slot = is_room(r) ? page_add_cell(r->page, table) : NULL;
        if (!slot)
            return field_refuse(r, "too many cells");
        if (field_object(r, FIELDS(fields), slot, &seen) < 0)
            return -1;
    }
    return r->json.failed ? field_refuse(r, f->key) : 0;
}

/* What of a cell lies outside of its table; NULL: nothing. */
static const char *outside(const struct block *table, const struct cell *c)
{
    return c->row >= table->rows               ? "row"
           : c->col >= table->cols             ? "col"
           : c->rowspan > table->rows - c->row ? "rowspan"
           : c->colspan > table->cols - c->col ? "colspan"
                                               : NULL;
}

/* Do the cells keep to the grid, each place of it for one? They have to be in order. */
static bool grid_holds(const struct block *table)
{
    size_t cols = (size_t)table->cols;
    int *taken_to = x_calloc(cols, sizeof *taken_to); /* per column: first free row */
    bool holds = true;
    const struct cell *last = NULL;
    for (size_t i = 0; holds && i < table->cell_count; i++) {
        const struct cell *c = &table->cells[i];
        holds = !last || c->row > last->row || (c->row == last->row && c->col > last->col);
        for (int col = c->col; holds && col < c->col + c->colspan; col++) {
            holds = taken_to[col] <= c->row;
            taken_to[col] = c->row + c->rowspan;
        }
        last = c;
    }
    free(taken_to);
    return holds;
}

static int check_cells(struct reader *r, const struct block *table)
{
    for (size_t i = 0; i < table->cell_count; i++) {
        const char *what = outside(table, &table->cells[i]);
        if (what)
            return field_refuse(r, what);
    }
    return grid_holds(table) ? 0 : field_refuse(r, "cells");
}

/* ---- blocks ---- */

static int read_type(struct reader *r, const struct field *f, void *into)
{
    struct block *block = into;
    struct json_text name;
    if (!json_take_string(&r->json, &name))
        return field_refuse(r, f->key);
    int type = 0;
    while (type < BLOCK_TYPES && !field_is_key(&name, block_type_name((enum block_type)type)))
        type++;
    if (type == BLOCK_TYPES)
        return field_refuse(r, f->key);
    block->type = (enum block_type)type;
    return 0;
}

static int read_order(struct reader *r, const struct field *f, void *into)
{
    int64_t order;
    (void)into;
    if (field_whole(r, f, &order) < 0)
        return -1;
    return (size_t)order + 1 == r->page->block_count ? 0 : field_refuse(r, f->key);
}

static int read_image(struct reader *r, const struct field *f, void *into)
{
    struct json_text name;
    (void)into;
    if (!json_take_string(&r->json, &name) || name.len >= sizeof r->image)
        return field_refuse(r, f->key);
    memcpy(r->image, name.text, name.len);
    r->image[name.len] = '\0';
    return 0;
}

enum { ROWS, COLS, CELLS, IMAGE }; /* of the fields below: what some types have to have */

static const struct field block_fields[] = {
    [ROWS] = {"rows", false, field_int, offsetof(struct block, rows), 0, PAGE_MAX_GRID},
    [COLS] = {"cols", false, field_int, offsetof(struct block, cols), 0, PAGE_MAX_GRID},
    [CELLS] = {"cells", false, read_cells, 0, 0, 0},
    [IMAGE] = {"image", false, read_image, 0, 0, 0},
    {"lines", true, read_lines, 0, 0, 0},
    {"id", true, field_skip_int, 0, 0, PAGE_MAX_WORDS},
    {"type", true, read_type, 0, 0, 0},
    {"level", false, field_int, offsetof(struct block, level), 1, MAX_LEVEL},
    {"bbox", true, field_rect, offsetof(struct block, bbox), 0, 0},
    {"order", true, read_order, 0, 0, PAGE_MAX_WORDS},
    CONFIDENCE(struct block),
    {"continued", false, field_flag, offsetof(struct block, continued), 0, 0},
    {"continues", false, field_flag, offsetof(struct block, continues), 0, 0},
    {"caption", false, field_int, offsetof(struct block, caption), 0, PAGE_MAX_WORDS},
};

static int check_table(struct reader *r, const struct block *b, unsigned seen)
{
    const unsigned all = 1U << ROWS | 1U << COLS | 1U << CELLS;
    if (b->type != BLOCK_TABLE)
        return seen & all ? field_refuse(r, "cells") : 0;
    for (int i = ROWS; i <= CELLS; i++)
        if (!(seen & 1U << i))
            return field_refuse(r, block_fields[i].key);
    return check_cells(r, b);
}

static int check_image(struct reader *r, const struct block *b, unsigned seen)
{
    char name[PAGE_FIGURE_NAME];
    bool there = seen & 1U << IMAGE;
    if (b->type != BLOCK_FIGURE)
        return there ? field_refuse(r, "image") : 0;
    page_figure_name(r->page->number, r->figures++, name);
    return there && strcmp(r->image, name) == 0 ? 0 : field_refuse(r, "image");
}

static int read_block(struct reader *r)
{
    unsigned seen;
    struct block *b = is_room(r) ? page_add_block(r->page, BLOCK_OTHER) : NULL;
    if (!b)
        return field_refuse(r, "too many blocks");
    if (field_object(r, FIELDS(block_fields), b, &seen) < 0 || check_table(r, b, seen) < 0)
        return -1;
    return check_image(r, b, seen);
}

static int check_captions(struct reader *r)
{
    for (size_t i = 0; i < r->page->block_count; i++) {
        int caption = r->page->blocks[i].caption;
        if (caption != BLOCK_NO_CAPTION && (size_t)caption >= r->page->block_count)
            return field_refuse(r, "caption");
    }
    return 0;
}

static int read_blocks(struct reader *r, const struct field *f, void *into)
{
    const struct page *p = into;
    if (!p->number || !p->width || !p->height)
        return field_refuse(r, !p->number ? "page" : !p->width ? "width" : "height");
    if (field_open_list(r, f->key) < 0)
        return -1;
    for (bool first = true; json_take_more(&r->json, ']', first); first = false)
        if (read_block(r) < 0)
            return -1;
    return r->json.failed ? field_refuse(r, f->key) : check_captions(r);
}

/* ---- the page ---- */

static int read_warnings(struct reader *r, const struct field *f, void *into)
{
    static const struct field fields[] = {
        {"code", true, field_text, offsetof(struct page_warning, code), 0, 0},
        {"message", true, field_text, offsetof(struct page_warning, message), 0, 0},
    };
    struct page_warning w;
    unsigned seen;
    (void)into;
    if (field_open_list(r, f->key) < 0)
        return -1;
    for (bool first = true; json_take_more(&r->json, ']', first); first = false) {
        if (field_object(r, FIELDS(fields), &w, &seen) < 0)
            return -1;
        if (page_add_warning(r->page, w.code, w.message) < 0)
            return field_refuse(r, "too many warnings");
    }
    return r->json.failed ? field_refuse(r, f->key) : 0;
}

static int read_stages(struct reader *r, const struct field *f, void *into)
{
    struct page *p = into;
    struct json_text name;
    unsigned seen = 0;
    if (!json_take_open(&r->json, '{'))
        return field_refuse(r, f->key);
    while (json_take_more(&r->json, '}', seen == 0)) {
        int i = 0;
        if (!json_take_key(&r->json, &name))
            return field_refuse(r, f->key);
        while (i < PAGE_STAGES && !field_is_key(&name, page_stage_names[i]))
            i++;
        float ms = 0;
        if (i < PAGE_STAGES && (seen & 1U << i))
            return field_refuse_json(r);
        seen |= 1U << i;
        if (field_double(r, f->key, 0, 1e9, &ms) < 0)
            return -1;
        if (i < PAGE_STAGES) /* else one that an earlier version had */
            p->stage_ms[i] = ms;
    }
    return r->json.failed ? field_refuse(r, f->key) : 0;
}

static int read_unit(struct reader *r, const struct field *f, void *into)
{
    struct json_text name;
    (void)into;
    return json_take_string(&r->json, &name) && field_is_key(&name, page_unit_names[PAGE_PIXELS])
               ? 0
               : field_refuse(r, f->key);
}

static int read_source(struct reader *r, const struct field *f, void *into)
{
    struct page *p = into;
    struct json_text name;
    int known = 0;
    if (!json_take_string(&r->json, &name))
        return field_refuse(r, f->key);
    while (known < PAGE_SOURCES && !field_is_key(&name, page_source_names[known]))
        known++;
    if (known == PAGE_SOURCES)
        return field_refuse(r, f->key);
    p->source = (enum page_source)known;
    return 0;
}

static int read_rotation(struct reader *r, const struct field *f, void *into)
{
    if (field_int(r, f, into) < 0)
        return -1;
    return ((struct page *)into)->rotation % 90 == 0 ? 0 : field_refuse(r, f->key);
}

static const struct field page_fields[] = {
    {"page", true, field_int, offsetof(struct page, number), 1, INT32_MAX},
    {"width", true, field_int, offsetof(struct page, width), 1, PAGE_MAX_SIDE},
    {"height", true, field_int, offsetof(struct page, height), 1, PAGE_MAX_SIDE},
    {"unit", true, read_unit, 0, 0, 0},
    {"dpi", true, field_int, offsetof(struct page, dpi), 1, 10000},
    {"rotation", true, read_rotation, offsetof(struct page, rotation), 0, 270},
    {"skew", true, field_number, offsetof(struct page, skew), -90, 90},
    {"source", true, read_source, 0, 0, 0},
    {"text_layer_score", false, field_number, offsetof(struct page, layer_score), 0, 1},
    {"engine", true, field_text, offsetof(struct page, engine), 0, 0},
    {"language", true, field_text, offsetof(struct page, language), 0, 0},
    CONFIDENCE(struct page),
    {"duration_ms", true, field_int64, offsetof(struct page, duration_ms), 0, 1e15},
    {"stages_ms", true, read_stages, 0, 0, 0},
    {"blocks", true, read_blocks, 0, 0, 0},
    {"warnings", true, read_warnings, 0, 0, 0},
};

static int read_page(struct reader *r)
{
    unsigned seen;
    if (field_object(r, FIELDS(page_fields), r->page, &seen) < 0)
        return -1;
    if (json_take_end(&r->json))
        return 0;
    return field_refuse_json(r);
}

int page_decode(struct page **out, const char *json, size_t len, struct error *err)
{
    if (len > PAGE_MAX_JSON)
        return error_set(err, ERROR_BUG, "malformed page result: %zu bytes", len);
    struct page *page = page_new(0);
    struct reader r = {.page = page, .err = err};
    json_reader_init(&r.json, json, len);
    int rc = read_page(&r);
    json_reader_done(&r.json);
    if (rc == 0)
        *out = page;
    else
        page_free(&page);
    return rc;
}
