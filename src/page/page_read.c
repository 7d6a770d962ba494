/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Reads a page result back as hostile input: every key must be known, of its type and in range,
 * every coordinate inside the page (with a little slack, as polygons of skewed lines may lean over
 * an edge). Called by pagemill on what workers answer and on what the blob store returns; never
 * linked to workers.
 */
#include "page/page.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLACK = 64, /* pixels that a polygon may lean over the page's edge */
    /* What a page result can need, whose smallest word takes 63 bytes; the tree of a denser text
     * could take 80 times its size. */
    MAX_OBJECTS = PAGE_MAX_JSON / 48,
    MAX_ARRAYS = MAX_OBJECTS * 6, /* of a line: polygon, corners, words */
    MAX_COMMAS = MAX_OBJECTS * 12,
};

struct reader {
    struct page *page;
    size_t words;
    struct error *err;
};

static int refuse(struct reader *r, const char *what)
{
    return error_set(r->err, ERROR_BUG, "malformed page result: %s", what);
}

static int read_int(struct reader *r, json_t *o, const char *key, int64_t lo, int64_t hi,
                    int64_t *out)
{
    json_t *v = json_object_get(o, key);
    if (!json_is_integer(v) || json_integer_value(v) < lo || json_integer_value(v) > hi)
        return refuse(r, key);
    *out = json_integer_value(v);
    return 0;
}

static int read_int32(struct reader *r, json_t *o, const char *key, int lo, int hi, int *out)
{
    int64_t wide = 0;
    if (read_int(r, o, key, lo, hi, &wide) < 0)
        return -1;
    *out = (int)wide;
    return 0;
}

static int read_number(struct reader *r, json_t *v, const char *key, double lo, double hi,
                       float *out)
{
    double n = json_number_value(v);
    if (!json_is_number(v) || !isfinite(n) || n < lo || n > hi)
        return refuse(r, key);
    *out = (float)n;
    return 0;
}

static int read_text(struct reader *r, json_t *o, const char *key, const char **out)
{
    json_t *v = json_object_get(o, key);
    if (!json_is_string(v) || json_string_length(v) > PAGE_MAX_TEXT ||
        !utf8_printable(json_string_value(v), json_string_length(v)))
        return refuse(r, key);
    *out = page_text(r->page, json_string_value(v), json_string_length(v));
    return *out ? 0 : refuse(r, "too much text");
}

/* What stands in a cell: its lines may be parted by line feeds. */
static int read_lines(struct reader *r, json_t *o, const char *key, const char **out)
{
    json_t *v = json_object_get(o, key);
    if (!json_is_string(v) || json_string_length(v) > PAGE_MAX_TEXT)
        return refuse(r, key);
    const char *text = json_string_value(v), *end = text + json_string_length(v);
    for (const char *at = text, *stop; at < end; at = stop + 1) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        stop = feed ? feed : end;
        if (!utf8_printable(at, (size_t)(stop - at)))
            return refuse(r, key);
    }
    *out = page_text(r->page, text, (size_t)(end - text));
    return *out ? 0 : refuse(r, "too much text");
}

static int read_confidence(struct reader *r, json_t *o, float *out)
{
    return read_number(r, json_object_get(o, "confidence"), "confidence", 0, 1, out);
}

static int read_point(struct reader *r, json_t *pair, struct point *out)
{
    if (json_array_size(pair) != 2)
        return refuse(r, "polygon");
    if (read_number(r, json_array_get(pair, 0), "x", -SLACK, r->page->width + SLACK, &out->x) < 0)
        return -1;
    return read_number(r, json_array_get(pair, 1), "y", -SLACK, r->page->height + SLACK, &out->y);
}

static int read_quad(struct reader *r, json_t *o, struct quad *out)
{
    json_t *v = json_object_get(o, "polygon");
    if (json_array_size(v) != 4)
        return refuse(r, "polygon");
    for (size_t i = 0; i < 4; i++)
        if (read_point(r, json_array_get(v, i), &out->corner[i]) < 0)
            return -1;
    return 0;
}

static int read_rect(struct reader *r, json_t *o, struct rect *out)
{
    json_t *v = json_object_get(o, "bbox");
    float side[4];
    if (json_array_size(v) != 4)
        return refuse(r, "bbox");
    for (size_t i = 0; i < 4; i++) {
        int limit = (i % 2 ? r->page->height : r->page->width) + SLACK;
        if (read_number(r, json_array_get(v, i), "bbox", -SLACK, limit, &side[i]) < 0)
            return -1;
    }
    *out = (struct rect){side[0], side[1], side[2], side[3]};
    return out->x1 <= out->x2 && out->y1 <= out->y2 ? 0 : refuse(r, "bbox");
}

/* Do all keys of o stand in the list of allowed ones? */
static int only_keys(struct reader *r, json_t *o, const char *const *allowed)
{
    const char *key;
    json_t *value;
    if (!json_is_object(o))
        return refuse(r, "an object was expected");
    json_object_foreach(o, key, value)
    {
        const char *const *a = allowed;
        while (*a && strcmp(*a, key) != 0)
            a++;
        if (!*a)
            return refuse(r, "unknown key");
    }
    return 0;
}

static int read_word(struct reader *r, json_t *o, struct line *line)
{
    static const char *const keys[] = {"text", "polygon", "confidence", NULL};
    struct word w;
    if (only_keys(r, o, keys) < 0 || read_text(r, o, "text", &w.text) < 0 ||
        read_quad(r, o, &w.polygon) < 0 || read_confidence(r, o, &w.confidence) < 0)
        return -1;
    struct word *slot = ++r->words <= PAGE_MAX_WORDS ? page_add_word(r->page, line) : NULL;
    if (!slot)
        return refuse(r, "too many words");
    *slot = w;
    return 0;
}

static int read_font(struct reader *r, json_t *o, struct line *l)
{
    static const char *const keys[] = {"size", "bold", "italic", "mono", NULL};
    json_t *size = json_object_get(o, "size");
    if (only_keys(r, o, keys) < 0 ||
        (size && read_number(r, size, "size", 0, PAGE_MAX_SIDE, &l->font_size) < 0))
        return -1;
    for (size_t i = 0; i < PAGE_STYLES; i++) {
        json_t *v = json_object_get(o, page_styles[i].name);
        if (v && !json_is_true(v))
            return refuse(r, page_styles[i].name);
        l->style |= v ? (unsigned)page_styles[i].bit : 0;
    }
    return 0;
}

static int read_line(struct reader *r, json_t *o, struct block *block)
{
    static const char *const keys[] = {"text", "polygon", "confidence", "font", "words", NULL};
    struct line l = {0};
    json_t *font = json_object_get(o, "font");
    if (only_keys(r, o, keys) < 0 || read_text(r, o, "text", &l.text) < 0 ||
        read_quad(r, o, &l.polygon) < 0 || read_confidence(r, o, &l.confidence) < 0 ||
        (font && read_font(r, font, &l) < 0))
        return -1;
    json_t *words = json_object_get(o, "words");
    struct line *slot = ++r->words <= PAGE_MAX_WORDS ? page_add_line(r->page, block) : NULL;
    if (!json_is_array(words) || !slot)
        return refuse(r, "words");
    *slot = l;
    for (size_t i = 0; i < json_array_size(words); i++)
        if (read_word(r, json_array_get(words, i), slot) < 0)
            return -1;
    return 0;
}

/* Lists of cells cost no more than words do, so that they count as such. */
static int read_cell(struct reader *r, json_t *o, struct block *table)
{
    static const char *const keys[] = {"row",    "col",  "rowspan", "colspan",
                                       "header", "text", "bbox",    NULL};
    struct cell c = {0};
    json_t *header = json_object_get(o, "header");
    if (only_keys(r, o, keys) < 0 || read_int32(r, o, "row", 0, table->rows - 1, &c.row) < 0 ||
        read_int32(r, o, "col", 0, table->cols - 1, &c.col) < 0 ||
        read_int32(r, o, "rowspan", 1, table->rows - c.row, &c.rowspan) < 0 ||
        read_int32(r, o, "colspan", 1, table->cols - c.col, &c.colspan) < 0 ||
        read_lines(r, o, "text", &c.text) < 0 || read_rect(r, o, &c.bbox) < 0)
        return -1;
    if (!json_is_boolean(header))
        return refuse(r, "header");
    c.header = json_is_true(header);
    struct cell *slot = ++r->words <= PAGE_MAX_WORDS ? page_add_cell(r->page, table) : NULL;
    if (!slot)
        return refuse(r, "cells");
    *slot = c;
    return 0;
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

static int read_table(struct reader *r, json_t *o, struct block *b)
{
    json_t *cells = json_object_get(o, "cells");
    if (b->type != BLOCK_TABLE)
        return cells || json_object_get(o, "rows") || json_object_get(o, "cols")
                   ? refuse(r, "cells")
                   : 0;
    if (read_int32(r, o, "rows", 0, PAGE_MAX_GRID, &b->rows) < 0 ||
        read_int32(r, o, "cols", 0, PAGE_MAX_GRID, &b->cols) < 0)
        return -1;
    if (!json_is_array(cells))
        return refuse(r, "cells");
    for (size_t i = 0; i < json_array_size(cells); i++)
        if (read_cell(r, json_array_get(cells, i), b) < 0)
            return -1;
    return grid_holds(b) ? 0 : refuse(r, "cells");
}

static int read_flag(struct reader *r, json_t *o, const char *key, bool *out)
{
    json_t *v = json_object_get(o, key);
    if (v && !json_is_true(v))
        return refuse(r, key);
    *out = v != NULL;
    return 0;
}

/* What is in a block besides its lines. */
static int read_block_head(struct reader *r, json_t *o, size_t order, struct block *b)
{
    int64_t id;
    const char *name = json_string_value(json_object_get(o, "type"));
    int type = name ? block_type_of(name) : -1;
    if (type < 0)
        return refuse(r, "type");
    b->type = (enum block_type)type;
    b->caption = BLOCK_NO_CAPTION;
    if (read_int(r, o, "id", 0, PAGE_MAX_WORDS, &id) < 0 || read_rect(r, o, &b->bbox) < 0 ||
        read_confidence(r, o, &b->confidence) < 0 ||
        read_flag(r, o, "continued", &b->continued) < 0 ||
        read_flag(r, o, "continues", &b->continues) < 0)
        return -1;
    if (json_object_get(o, "level") && read_int32(r, o, "level", 1, 16, &b->level) < 0)
        return -1;
    if (json_object_get(o, "caption") &&
        read_int32(r, o, "caption", 0, PAGE_MAX_WORDS, &b->caption) < 0)
        return -1;
    return read_int(r, o, "order", (int64_t)order, (int64_t)order, &id);
}

static int read_block(struct reader *r, json_t *o, size_t order)
{
    static const char *const keys[] = {"id",         "type",  "level",     "bbox",      "order",
                                       "confidence", "lines", "continued", "continues", "caption",
                                       "image",      "rows",  "cols",      "cells",     NULL};
    struct block b = {0};
    if (only_keys(r, o, keys) < 0 || read_block_head(r, o, order, &b) < 0)
        return -1;
    json_t *lines = json_object_get(o, "lines");
    struct block *slot = ++r->words <= PAGE_MAX_WORDS ? page_add_block(r->page, b.type) : NULL;
    if (!json_is_array(lines) || !slot)
        return refuse(r, "lines");
    *slot = b;
    if (read_table(r, o, slot) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(lines); i++)
        if (read_line(r, json_array_get(lines, i), slot) < 0)
            return -1;
    return 0;
}

/* What can only be told when all blocks are there: captions exist, pictures have their names. */
static int check_links(struct reader *r, json_t *blocks)
{
    unsigned figures = 0;
    for (size_t i = 0; i < r->page->block_count; i++) {
        const struct block *b = &r->page->blocks[i];
        const char *image = json_string_value(json_object_get(json_array_get(blocks, i), "image"));
        char name[PAGE_FIGURE_NAME];
        if (b->caption != BLOCK_NO_CAPTION && (size_t)b->caption >= r->page->block_count)
            return refuse(r, "caption");
        page_figure_name(r->page->number, figures, name);
        figures += b->type == BLOCK_FIGURE;
        if ((b->type == BLOCK_FIGURE) != (image && strcmp(image, name) == 0))
            return refuse(r, "image");
    }
    return 0;
}

static int read_warning(struct reader *r, json_t *o)
{
    static const char *const keys[] = {"code", "message", NULL};
    const char *code, *message;
    if (only_keys(r, o, keys) < 0 || read_text(r, o, "code", &code) < 0 ||
        read_text(r, o, "message", &message) < 0)
        return -1;
    return page_add_warning(r->page, code, message) < 0 ? refuse(r, "too many warnings") : 0;
}

static int read_stages(struct reader *r, json_t *o)
{
    const char *name;
    json_t *value;
    if (!json_is_object(o))
        return refuse(r, "stages_ms");
    json_object_foreach(o, name, value)
    {
        int i = 0;
        while (i < PAGE_STAGES && strcmp(page_stage_names[i], name) != 0)
            i++;
        float ms;
        if (read_number(r, value, name, 0, 1e9, &ms) < 0)
            return refuse(r, "stages_ms");
        if (i < PAGE_STAGES) /* else one that an earlier version had */
            r->page->stage_ms[i] = ms;
    }
    return 0;
}

static int read_head(struct reader *r, json_t *o)
{
    struct page *p = r->page;
    if (read_int32(r, o, "page", 1, INT32_MAX, &p->number) < 0 ||
        read_int32(r, o, "width", 1, PAGE_MAX_SIDE, &p->width) < 0 ||
        read_int32(r, o, "height", 1, PAGE_MAX_SIDE, &p->height) < 0 ||
        read_int32(r, o, "dpi", 1, 10000, &p->dpi) < 0 ||
        read_int32(r, o, "rotation", 0, 270, &p->rotation) < 0 ||
        read_int(r, o, "duration_ms", 0, INT64_MAX, &p->duration_ms) < 0 ||
        read_number(r, json_object_get(o, "skew"), "skew", -90, 90, &p->skew) < 0 ||
        read_confidence(r, o, &p->confidence) < 0 || read_text(r, o, "engine", &p->engine) < 0 ||
        read_text(r, o, "language", &p->language) < 0)
        return -1;
    const char *unit = json_string_value(json_object_get(o, "unit"));
    const char *source = json_string_value(json_object_get(o, "source"));
    if (!unit || strcmp(unit, "px") != 0)
        return refuse(r, "unit");
    if (p->rotation % 90)
        return refuse(r, "rotation");
    int known = 0;
    while (known < PAGE_SOURCES && (!source || strcmp(page_source_names[known], source) != 0))
        known++;
    if (known == PAGE_SOURCES)
        return refuse(r, "source");
    p->source = (enum page_source)known;
    json_t *score = json_object_get(o, "text_layer_score");
    return score ? read_number(r, score, "text_layer_score", 0, 1, &p->layer_score) : 0;
}

static int read_page(struct reader *r, json_t *o)
{
    static const char *const keys[] = {"page",      "width",    "height",     "unit",
                                       "dpi",       "rotation", "skew",       "source",
                                       "engine",    "language", "confidence", "duration_ms",
                                       "stages_ms", "blocks",   "warnings",   "text_layer_score",
                                       NULL};
    json_t *blocks = json_object_get(o, "blocks"), *warnings = json_object_get(o, "warnings");
    if (only_keys(r, o, keys) < 0 || read_head(r, o) < 0)
        return -1;
    if (read_stages(r, json_object_get(o, "stages_ms")) < 0)
        return -1;
    if (!json_is_array(blocks) || !json_is_array(warnings))
        return refuse(r, json_is_array(blocks) ? "warnings" : "blocks");
    for (size_t i = 0; i < json_array_size(blocks); i++)
        if (read_block(r, json_array_get(blocks, i), i) < 0)
            return -1;
    if (check_links(r, blocks) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(warnings); i++)
        if (read_warning(r, json_array_get(warnings, i)) < 0)
            return -1;
    return 0;
}

/* Counted before a tree is built of it; in strings nothing counts. */
static bool affordable(const char *json, size_t len)
{
    size_t objects = 0, arrays = 0, commas = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        char c = json[i];
        if (c == '"')
            quoted = !quoted;
        else if (quoted)
            i += c == '\\';
        else {
            objects += c == '{';
            arrays += c == '[';
            commas += c == ',';
        }
    }
    return objects <= MAX_OBJECTS && arrays <= MAX_ARRAYS && commas <= MAX_COMMAS;
}

int page_decode(struct page **out, const char *json, size_t len, struct error *err)
{
    if (len > PAGE_MAX_JSON)
        return error_set(err, ERROR_BUG, "malformed page result: %zu bytes", len);
    if (!affordable(json, len))
        return error_set(err, ERROR_BUG, "malformed page result: too many values");
    json_error_t why; /* its text quotes the document, so only the place is told */
    json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return error_set(err, ERROR_BUG, "malformed page result: not JSON at byte %d",
                         why.position);
    struct page *page = page_new(0);
    struct reader r = {.page = page, .err = err};
    int rc = read_page(&r, root);
    json_decref(root);
    if (rc == 0)
        *out = page;
    else
        page_free(&page);
    return rc;
}
