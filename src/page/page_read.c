/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Reads a page result back as hostile input: every key must be known, of its type and in range,
 * every coordinate inside the page (with a little slack, as polygons of skewed lines may lean over
 * an edge). What the others are measured by (page, width, height) comes before the blocks, as
 * page_encode writes it. Called on what workers answer and on what the blob store returns.
 */
#include "page/page.h"

#include "base/json_reader.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLACK = 64, /* pixels that a polygon may lean over the page's edge */
    MAX_LEVEL = 16,
};

struct reader {
    struct json_reader json;
    struct page *page;
    size_t words;                 /* lines, blocks and cells too: they cost no less */
    char image[PAGE_FIGURE_NAME]; /* of the block in hand */
    unsigned figures;
    struct error *err;
};

/* One key of an object: how its value is read, where it goes, between what it must be. */
struct field {
    const char *key;
    bool needed;
    int (*read)(struct reader *r, const struct field *f, void *into);
    size_t at;
    double low, high;
};

#define FIELDS(list) list, sizeof(list) / sizeof *(list)

/* What was not asked for; or no JSON, if that is what stopped the reader. */
static int refuse(struct reader *r, const char *what)
{
    if (r->json.failed)
        return error_set(r->err, ERROR_BUG, "malformed page result: not JSON at byte %zu",
                         json_reader_place(&r->json));
    return error_set(r->err, ERROR_BUG, "malformed page result: %s", what);
}

static int refuse_json(struct reader *r)
{
    r->json.failed = true;
    return refuse(r, "");
}

static bool is_key(const struct json_text *text, const char *key)
{
    return strlen(key) == text->len && memcmp(key, text->text, text->len) == 0;
}

/* Most objects have their keys in the table's order, so that the search begins after the last. */
static size_t find_field(const struct field *fields, size_t count, size_t from,
                         const struct json_text *key)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = (from + i) % count;
        if (is_key(key, fields[at].key))
            return at;
    }
    return count;
}

/* seen: a bit a field. */
static int read_object(struct reader *r, const struct field *fields, size_t count, void *into,
                       unsigned *seen)
{
    *seen = 0;
    if (!json_take_open(&r->json, '{'))
        return refuse(r, "an object was expected");
    for (size_t at = 0; json_take_more(&r->json, '}', *seen == 0); at++) {
        struct json_text key;
        if (!json_take_key(&r->json, &key))
            return refuse(r, "");
        at = find_field(fields, count, at, &key);
        if (at == count)
            return refuse(r, "unknown key");
        if (*seen & 1U << at)
            return refuse_json(r);
        *seen |= 1U << at;
        if (fields[at].read(r, &fields[at], into) < 0)
            return -1;
    }
    for (size_t i = 0; i < count && !r->json.failed; i++)
        if (fields[i].needed && !(*seen & 1U << i))
            return refuse(r, fields[i].key);
    return r->json.failed ? refuse(r, "") : 0;
}

static void *member(void *into, const struct field *f)
{
    return (char *)into + f->at;
}

static int read_double(struct reader *r, const char *what, double low, double high, float *out)
{
    struct json_number n;
    if (!json_take_number(&r->json, &n) || n.value < low || n.value > high)
        return refuse(r, what);
    *out = (float)n.value;
    return 0;
}

static int read_number(struct reader *r, const struct field *f, void *into)
{
    return read_double(r, f->key, f->low, f->high, member(into, f));
}

static int read_whole(struct reader *r, const struct field *f, int64_t *out)
{
    struct json_number n;
    if (!json_take_number(&r->json, &n) || !n.is_whole || n.value < f->low || n.value > f->high)
        return refuse(r, f->key);
    *out = n.whole;
    return 0;
}

static int read_int64(struct reader *r, const struct field *f, void *into)
{
    return read_whole(r, f, member(into, f));
}

static int read_int(struct reader *r, const struct field *f, void *into)
{
    int64_t wide = 0;
    if (read_whole(r, f, &wide) < 0)
        return -1;
    *(int *)member(into, f) = (int)wide;
    return 0;
}

static int skip_int(struct reader *r, const struct field *f, void *into)
{
    int64_t ignored;
    (void)into;
    return read_whole(r, f, &ignored);
}

static bool is_printable(const struct json_text *t)
{
    return t->plain || utf8_printable(t->text, t->len);
}

/* Lines parted by line feeds. */
static bool are_printable(const struct json_text *t)
{
    const char *end = t->text + t->len;
    for (const char *at = t->text, *stop; at < end; at = stop + 1) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        stop = feed ? feed : end;
        if (!utf8_printable(at, (size_t)(stop - at)))
            return false;
    }
    return true;
}

static int read_string(struct reader *r, const struct field *f, void *into,
                       bool (*fits)(const struct json_text *))
{
    const char **out = member(into, f);
    struct json_text text;
    if (!json_take_string(&r->json, &text) || text.len > PAGE_MAX_TEXT || !fits(&text))
        return refuse(r, f->key);
    *out = page_text(r->page, text.text, text.len);
    return *out ? 0 : refuse(r, "too much text");
}

static int read_text(struct reader *r, const struct field *f, void *into)
{
    return read_string(r, f, into, is_printable);
}

static int read_lines_of_text(struct reader *r, const struct field *f, void *into)
{
    return read_string(r, f, into, are_printable);
}

static int read_bool(struct reader *r, const struct field *f, void *into)
{
    return json_take_bool(&r->json, member(into, f)) ? 0 : refuse(r, f->key);
}

/* Is there, then it is true. */
static int read_flag(struct reader *r, const struct field *f, void *into)
{
    bool value = false;
    if (!json_take_bool(&r->json, &value) || !value)
        return refuse(r, f->key);
    *(bool *)member(into, f) = true;
    return 0;
}

static int open_list(struct reader *r, const char *what)
{
    return json_take_open(&r->json, '[') ? 0 : refuse(r, what);
}

/* An array of exactly so many numbers: true for each, and for its end. */
static bool is_next(struct reader *r, size_t i, size_t count)
{
    return json_take_more(&r->json, ']', i == 0) == (i < count) && !r->json.failed;
}

static int read_point(struct reader *r, const char *what, struct point *out)
{
    if (open_list(r, what) < 0)
        return -1;
    if (!is_next(r, 0, 2))
        return refuse(r, what);
    if (read_double(r, "x", -SLACK, r->page->width + SLACK, &out->x) < 0)
        return -1;
    if (!is_next(r, 1, 2))
        return refuse(r, what);
    if (read_double(r, "y", -SLACK, r->page->height + SLACK, &out->y) < 0)
        return -1;
    return is_next(r, 2, 2) ? 0 : refuse(r, what);
}

static int read_quad(struct reader *r, const struct field *f, void *into)
{
    struct quad *out = member(into, f);
    if (open_list(r, f->key) < 0)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        if (!is_next(r, i, 4))
            return refuse(r, f->key);
        if (read_point(r, f->key, &out->corner[i]) < 0)
            return -1;
    }
    return is_next(r, 4, 4) ? 0 : refuse(r, f->key);
}

static int read_rect(struct reader *r, const struct field *f, void *into)
{
    struct rect *out = member(into, f);
    float side[4];
    if (open_list(r, f->key) < 0)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        int limit = (i % 2 ? r->page->height : r->page->width) + SLACK;
        if (!is_next(r, i, 4))
            return refuse(r, f->key);
        if (read_double(r, f->key, -SLACK, limit, &side[i]) < 0)
            return -1;
    }
    if (!is_next(r, 4, 4) || side[0] > side[2] || side[1] > side[3])
        return refuse(r, f->key);
    *out = (struct rect){side[0], side[1], side[2], side[3]};
    return 0;
}

static bool is_room(struct reader *r)
{
    return ++r->words <= PAGE_MAX_WORDS;
}

/* ---- words and lines ---- */

#define CONFIDENCE(type)                                                  \
    {                                                                     \
        "confidence", true, read_number, offsetof(type, confidence), 0, 1 \
    }

static int read_words(struct reader *r, const struct field *f, void *into)
{
    static const struct field fields[] = {
        {"text", true, read_text, offsetof(struct word, text), 0, 0},
        {"polygon", true, read_quad, offsetof(struct word, polygon), 0, 0},
        CONFIDENCE(struct word),
    };
    struct line *line = into;
    unsigned seen;
    if (open_list(r, f->key) < 0)
        return -1;
    for (bool first = true; json_take_more(&r->json, ']', first); first = false) {
        struct word word, *slot;
        if (read_object(r, FIELDS(fields), &word, &seen) < 0)
            return -1;
        slot = is_room(r) ? page_add_word(r->page, line) : NULL;
        if (!slot)
            return refuse(r, "too many words");
        *slot = word;
    }
    return r->json.failed ? refuse(r, f->key) : 0;
}

static int read_style(struct reader *r, const struct field *f, void *into)
{
    bool value = false;
    if (!json_take_bool(&r->json, &value) || !value)
        return refuse(r, f->key);
    ((struct line *)into)->style |= (unsigned)f->at;
    return 0;
}

static int read_font(struct reader *r, const struct field *f, void *into)
{
    static const struct field fields[] = {
        {"size", false, read_number, offsetof(struct line, font_size), 0, PAGE_MAX_SIDE},
        {"bold", false, read_style, FONT_BOLD, 0, 0},
        {"italic", false, read_style, FONT_ITALIC, 0, 0},
        {"mono", false, read_style, FONT_MONO, 0, 0},
    };
    unsigned seen;
    (void)f;
    return read_object(r, FIELDS(fields), into, &seen);
}

static int read_lines(struct reader *r, const struct field *f, void *into)
{
    static const struct field fields[] = {
        {"text", true, read_text, offsetof(struct line, text), 0, 0},
        {"polygon", true, read_quad, offsetof(struct line, polygon), 0, 0},
        CONFIDENCE(struct line),
        {"font", false, read_font, 0, 0, 0},
        {"words", true, read_words, 0, 0, 0},
    };
    struct block *block = into;
    unsigned seen;
    if (open_list(r, f->key) < 0)
        return -1;
    for (bool first = true; json_take_more(&r->json, ']', first); first = false) {
        struct line *slot = is_room(r) ? page_add_line(r->page, block) : NULL;
        if (!slot)
            return refuse(r, "too many lines");
        if (read_object(r, FIELDS(fields), slot, &seen) < 0)
            return -1;
    }
    return r->json.failed ? refuse(r, f->key) : 0;
}

/* ---- tables ---- */

static int read_cells(struct reader *r, const struct field *f, void *into)
{
    static const struct field fields[] = {
        {"row", true, read_int, offsetof(struct cell, row), 0, PAGE_MAX_GRID - 1},
        {"col", true, read_int, offsetof(struct cell, col), 0, PAGE_MAX_GRID - 1},
        {"rowspan", true, read_int, offsetof(struct cell, rowspan), 1, PAGE_MAX_GRID},
        {"colspan", true, read_int, offsetof(struct cell, colspan), 1, PAGE_MAX_GRID},
        {"header", true, read_bool, offsetof(struct cell, header), 0, 0},
        {"text", true, read_lines_of_text, offsetof(struct cell, text), 0, 0},
        {"bbox", true, read_rect, offsetof(struct cell, bbox), 0, 0},
    };
    struct block *table = into;
    unsigned seen;
    if (open_list(r, f->key) < 0)
        return -1;
    for (bool first = true; json_take_more(&r->json, ']', first); first = false) {
        struct cell *slot = is_room(r) ? page_add_cell(r->page, table) : NULL;
        if (!slot)
            return refuse(r, "too many cells");
        if (read_object(r, FIELDS(fields), slot, &seen) < 0)
            return -1;
    }
    return r->json.failed ? refuse(r, f->key) : 0;
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
            return refuse(r, what);
    }
    return grid_holds(table) ? 0 : refuse(r, "cells");
}

/* ---- blocks ---- */

static int read_type(struct reader *r, const struct field *f, void *into)
{
    struct block *block = into;
    struct json_text name;
    if (!json_take_string(&r->json, &name))
        return refuse(r, f->key);
    int type = 0;
    while (type < BLOCK_TYPES && !is_key(&name, block_type_name((enum block_type)type)))
        type++;
    if (type == BLOCK_TYPES)
        return refuse(r, f->key);
    block->type = (enum block_type)type;
    return 0;
}

static int read_order(struct reader *r, const struct field *f, void *into)
{
    int64_t order;
    (void)into;
    if (read_whole(r, f, &order) < 0)
        return -1;
    return (size_t)order + 1 == r->page->block_count ? 0 : refuse(r, f->key);
}

static int read_image(struct reader *r, const struct field *f, void *into)
{
    struct json_text name;
    (void)into;
    if (!json_take_string(&r->json, &name) || name.len >= sizeof r->image)
        return refuse(r, f->key);
    memcpy(r->image, name.text, name.len);
    r->image[name.len] = '\0';
    return 0;
}

enum { ROWS, COLS, CELLS, IMAGE }; /* of the fields below: what some types have to have */

static const struct field block_fields[] = {
    [ROWS] = {"rows", false, read_int, offsetof(struct block, rows), 0, PAGE_MAX_GRID},
    [COLS] = {"cols", false, read_int, offsetof(struct block, cols), 0, PAGE_MAX_GRID},
    [CELLS] = {"cells", false, read_cells, 0, 0, 0},
    [IMAGE] = {"image", false, read_image, 0, 0, 0},
    {"lines", true, read_lines, 0, 0, 0},
    {"id", true, skip_int, 0, 0, PAGE_MAX_WORDS},
    {"type", true, read_type, 0, 0, 0},
    {"level", false, read_int, offsetof(struct block, level), 1, MAX_LEVEL},
    {"bbox", true, read_rect, offsetof(struct block, bbox), 0, 0},
    {"order", true, read_order, 0, 0, PAGE_MAX_WORDS},
    CONFIDENCE(struct block),
    {"continued", false, read_flag, offsetof(struct block, continued), 0, 0},
    {"continues", false, read_flag, offsetof(struct block, continues), 0, 0},
    {"caption", false, read_int, offsetof(struct block, caption), 0, PAGE_MAX_WORDS},
};

static int check_table(struct reader *r, const struct block *b, unsigned seen)
{
    const unsigned all = 1U << ROWS | 1U << COLS | 1U << CELLS;
    if (b->type != BLOCK_TABLE)
        return seen & all ? refuse(r, "cells") : 0;
    for (int i = ROWS; i <= CELLS; i++)
        if (!(seen & 1U << i))
            return refuse(r, block_fields[i].key);
    return check_cells(r, b);
}

static int check_image(struct reader *r, const struct block *b, unsigned seen)
{
    char name[PAGE_FIGURE_NAME];
    bool there = seen & 1U << IMAGE;
    if (b->type != BLOCK_FIGURE)
        return there ? refuse(r, "image") : 0;
    page_figure_name(r->page->number, r->figures++, name);
    return there && strcmp(r->image, name) == 0 ? 0 : refuse(r, "image");
}

static int read_block(struct reader *r)
{
    unsigned seen;
    struct block *b = is_room(r) ? page_add_block(r->page, BLOCK_OTHER) : NULL;
    if (!b)
        return refuse(r, "too many blocks");
    if (read_object(r, FIELDS(block_fields), b, &seen) < 0 || check_table(r, b, seen) < 0)
        return -1;
    return check_image(r, b, seen);
}

static int check_captions(struct reader *r)
{
    for (size_t i = 0; i < r->page->block_count; i++) {
        int caption = r->page->blocks[i].caption;
        if (caption != BLOCK_NO_CAPTION && (size_t)caption >= r->page->block_count)
            return refuse(r, "caption");
    }
    return 0;
}

static int read_blocks(struct reader *r, const struct field *f, void *into)
{
    const struct page *p = into;
    if (!p->number || !p->width || !p->height)
        return refuse(r, !p->number ? "page" : !p->width ? "width" : "height");
    if (open_list(r, f->key) < 0)
        return -1;
    for (bool first = true; json_take_more(&r->json, ']', first); first = false)
        if (read_block(r) < 0)
            return -1;
    return r->json.failed ? refuse(r, f->key) : check_captions(r);
}

/* ---- the page ---- */

static int read_warnings(struct reader *r, const struct field *f, void *into)
{
    static const struct field fields[] = {
        {"code", true, read_text, offsetof(struct page_warning, code), 0, 0},
        {"message", true, read_text, offsetof(struct page_warning, message), 0, 0},
    };
    struct page_warning w;
    unsigned seen;
    (void)into;
    if (open_list(r, f->key) < 0)
        return -1;
    for (bool first = true; json_take_more(&r->json, ']', first); first = false) {
        if (read_object(r, FIELDS(fields), &w, &seen) < 0)
            return -1;
        if (page_add_warning(r->page, w.code, w.message) < 0)
            return refuse(r, "too many warnings");
    }
    return r->json.failed ? refuse(r, f->key) : 0;
}

static int read_stages(struct reader *r, const struct field *f, void *into)
{
    struct page *p = into;
    struct json_text name;
    unsigned seen = 0;
    if (!json_take_open(&r->json, '{'))
        return refuse(r, f->key);
    while (json_take_more(&r->json, '}', seen == 0)) {
        int i = 0;
        if (!json_take_key(&r->json, &name))
            return refuse(r, f->key);
        while (i < PAGE_STAGES && !is_key(&name, page_stage_names[i]))
            i++;
        float ms = 0;
        if (i < PAGE_STAGES && (seen & 1U << i))
            return refuse_json(r);
        seen |= 1U << i;
        if (read_double(r, f->key, 0, 1e9, &ms) < 0)
            return -1;
        if (i < PAGE_STAGES) /* else one that an earlier version had */
            p->stage_ms[i] = ms;
    }
    return r->json.failed ? refuse(r, f->key) : 0;
}

static int read_unit(struct reader *r, const struct field *f, void *into)
{
    struct json_text name;
    (void)into;
    return json_take_string(&r->json, &name) && is_key(&name, page_unit_names[PAGE_PIXELS])
               ? 0
               : refuse(r, f->key);
}

static int read_source(struct reader *r, const struct field *f, void *into)
{
    struct page *p = into;
    struct json_text name;
    int known = 0;
    if (!json_take_string(&r->json, &name))
        return refuse(r, f->key);
    while (known < PAGE_SOURCES && !is_key(&name, page_source_names[known]))
        known++;
    if (known == PAGE_SOURCES)
        return refuse(r, f->key);
    p->source = (enum page_source)known;
    return 0;
}

static int read_rotation(struct reader *r, const struct field *f, void *into)
{
    if (read_int(r, f, into) < 0)
        return -1;
    return ((struct page *)into)->rotation % 90 == 0 ? 0 : refuse(r, f->key);
}

static const struct field page_fields[] = {
    {"page", true, read_int, offsetof(struct page, number), 1, INT32_MAX},
    {"width", true, read_int, offsetof(struct page, width), 1, PAGE_MAX_SIDE},
    {"height", true, read_int, offsetof(struct page, height), 1, PAGE_MAX_SIDE},
    {"unit", true, read_unit, 0, 0, 0},
    {"dpi", true, read_int, offsetof(struct page, dpi), 1, 10000},
    {"rotation", true, read_rotation, offsetof(struct page, rotation), 0, 270},
    {"skew", true, read_number, offsetof(struct page, skew), -90, 90},
    {"source", true, read_source, 0, 0, 0},
    {"text_layer_score", false, read_number, offsetof(struct page, layer_score), 0, 1},
    {"engine", true, read_text, offsetof(struct page, engine), 0, 0},
    {"language", true, read_text, offsetof(struct page, language), 0, 0},
    CONFIDENCE(struct page),
    {"duration_ms", true, read_int64, offsetof(struct page, duration_ms), 0, 1e15},
    {"stages_ms", true, read_stages, 0, 0, 0},
    {"blocks", true, read_blocks, 0, 0, 0},
    {"warnings", true, read_warnings, 0, 0, 0},
};

static int read_page(struct reader *r)
{
    unsigned seen;
    if (read_object(r, FIELDS(page_fields), r->page, &seen) < 0)
        return -1;
    if (json_take_end(&r->json))
        return 0;
    return refuse_json(r);
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
