/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The page result in memory. Refuses to grow past its caps. Called by engines, layout, export.
 */
#include "page/page.h"

#include "base/must.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[BLOCK_TYPES] = {
    "title",    "heading",        "text",    "list",   "table",  "table_caption",
    "figure",   "figure_caption", "formula", "header", "footer", "page_number",
    "footnote", "code",           "seal",    "other"};

const char *const page_stage_names[PAGE_STAGES] = {"turn", "detect", "read", "network", "layout"};

const char *const page_source_names[PAGE_SOURCES] = {"ocr", "text", "verified"};

const struct page_style page_styles[PAGE_STYLES] = {
    {FONT_BOLD, "bold"}, {FONT_ITALIC, "italic"}, {FONT_MONO, "mono"}};

struct page *page_new(int number)
{
    struct page *p = x_calloc(1, sizeof *p);
    p->number = number;
    p->arena = arena_new(PAGE_ARENA_CAP);
    p->engine = p->language = "";
    p->layer_score = PAGE_NO_SCORE;
    return p;
}

void page_free(struct page **p)
{
    if (!*p)
        return;
    arena_free(&(*p)->arena);
    free(*p);
    *p = NULL;
}

/* Room for one more element in an arena-backed list; the old array is left to the arena. */
static void *append(struct arena *arena, void *list, size_t *count, size_t *space, size_t size)
{
    if (*count == *space) {
        size_t wider = *space ? *space * 2 : 4;
        void *moved = arena_alloc(arena, wider, size);
        if (!moved)
            return NULL;
        if (*count)
            memcpy(moved, list, *count * size);
        list = moved;
        *space = wider;
    }
    ++*count;
    return list;
}

struct block *page_add_block(struct page *p, enum block_type type)
{
    void *list = append(p->arena, p->blocks, &p->block_count, &p->block_space, sizeof *p->blocks);
    if (!list)
        return NULL;
    p->blocks = list;
    struct block *b = &p->blocks[p->block_count - 1];
    *b = (struct block){.type = type, .caption = BLOCK_NO_CAPTION};
    return b;
}

struct line *page_add_line(struct page *p, struct block *b)
{
    void *list = append(p->arena, b->lines, &b->line_count, &b->line_space, sizeof *b->lines);
    if (!list)
        return NULL;
    b->lines = list;
    struct line *l = &b->lines[b->line_count - 1];
    *l = (struct line){.text = ""};
    return l;
}

struct word *page_add_word(struct page *p, struct line *l)
{
    void *list = append(p->arena, l->words, &l->word_count, &l->word_space, sizeof *l->words);
    if (!list)
        return NULL;
    l->words = list;
    struct word *w = &l->words[l->word_count - 1];
    *w = (struct word){.text = ""};
    return w;
}

struct cell *page_add_cell(struct page *p, struct block *b)
{
    void *list = append(p->arena, b->cells, &b->cell_count, &b->cell_space, sizeof *b->cells);
    if (!list)
        return NULL;
    b->cells = list;
    struct cell *c = &b->cells[b->cell_count - 1];
    *c = (struct cell){.rowspan = 1, .colspan = 1, .text = ""};
    return c;
}

int page_add_warning(struct page *p, const char *code, const char *message)
{
    const char *own_code = page_text(p, code, strlen(code));
    const char *own_message = page_text(p, message, strlen(message));
    if (!own_code || !own_message)
        return -1;
    void *list =
        append(p->arena, p->warnings, &p->warning_count, &p->warning_space, sizeof *p->warnings);
    if (!list)
        return -1;
    p->warnings = list;
    p->warnings[p->warning_count - 1] = (struct page_warning){own_code, own_message};
    return 0;
}

const char *page_text(struct page *p, const char *s, size_t len)
{
    return arena_strndup(p->arena, s, len);
}

static struct rect words_rect(const struct line *l)
{
    struct rect r = rect_of_quad(&l->words[0].polygon);
    for (size_t i = 1; i < l->word_count; i++)
        r = rect_union(r, rect_of_quad(&l->words[i].polygon));
    return r;
}

int page_join_words(struct page *p, struct line *l)
{
    size_t len = 0;
    double sum = 0;
    for (size_t i = 0; i < l->word_count; i++) {
        len += strlen(l->words[i].text) + 1;
        sum += (double)l->words[i].confidence;
    }
    char *text = arena_alloc(p->arena, len + 1, 1);
    if (!text || !l->word_count)
        return -1;
    char *at = text;
    for (size_t i = 0; i < l->word_count; i++) {
        if (i)
            *at++ = ' ';
        at = stpcpy(at, l->words[i].text);
    }
    l->text = text;
    l->confidence = (float)(sum / (double)l->word_count);
    l->polygon = quad_of_rect(words_rect(l));
    return 0;
}

size_t page_count_words(const struct page *p)
{
    size_t n = 0;
    for (size_t b = 0; b < p->block_count; b++)
        for (size_t l = 0; l < p->blocks[b].line_count; l++)
            n += p->blocks[b].lines[l].word_count;
    return n;
}

void page_summarise(struct page *p)
{
    double page_sum = 0;
    size_t page_words = 0;
    for (size_t b = 0; b < p->block_count; b++) {
        struct block *block = &p->blocks[b];
        double sum = 0;
        size_t words = 0;
        for (size_t i = 0; i < block->line_count; i++) {
            const struct line *l = &block->lines[i];
            struct rect r = rect_of_quad(&l->polygon);
            block->bbox = i ? rect_union(block->bbox, r) : r;
            sum += (double)l->confidence * (double)l->word_count;
            words += l->word_count;
        }
        block->confidence = words ? (float)(sum / (double)words) : 0;
        page_sum += sum;
        page_words += words;
    }
    p->confidence = page_words ? (float)(page_sum / (double)page_words) : 0;
}

void page_figure_name(int page, unsigned figure, char out[PAGE_FIGURE_NAME])
{
    snprintf(out, PAGE_FIGURE_NAME, "%d_%u.jpg", page - 1, figure);
}

float point_distance(struct point a, struct point b)
{
    return hypotf(b.x - a.x, b.y - a.y);
}

struct point point_between(struct point a, struct point b, float part)
{
    return (struct point){a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part};
}

struct quad quad_shifted(const struct quad *q, unsigned by)
{
    struct quad out;
    for (unsigned i = 0; i < 4; i++)
        out.corner[i] = q->corner[(i + by) & 3];
    return out;
}

struct quad quad_of_rect(struct rect r)
{
    return (struct quad){{{r.x1, r.y1}, {r.x2, r.y1}, {r.x2, r.y2}, {r.x1, r.y2}}};
}

struct rect rect_of_quad(const struct quad *q)
{
    const struct point *c = q->corner;
    struct rect r = {c[0].x, c[0].y, c[0].x, c[0].y};
    for (int i = 1; i < 4; i++)
        r = rect_union(r, (struct rect){c[i].x, c[i].y, c[i].x, c[i].y});
    return r;
}

struct rect rect_union(struct rect a, struct rect b)
{
    return (struct rect){fminf(a.x1, b.x1), fminf(a.y1, b.y1), fmaxf(a.x2, b.x2),
                         fmaxf(a.y2, b.y2)};
}

const char *block_type_name(enum block_type type)
{
    must(type < BLOCK_TYPES);
    return type_names[type];
}

int block_type_of(const char *name)
{
    for (int i = 0; i < BLOCK_TYPES; i++)
        if (strcmp(type_names[i], name) == 0)
            return i;
    return -1;
}
