/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * See layout_draw.h.
 */
#include "layout_draw.h"

#include "unit.h"

#include <math.h>
#include <stdlib.h>

static const char prose[] = "the miller went down to the river because no grain had come for days "
                            "and nobody in the village could say when the carts would be back on "
                            "the road from the hills where harvest was late that year ";

uint32_t draw_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

struct page *draw_page(int width, int height)
{
    struct page *p = page_new(1);
    p->width = width;
    p->height = height;
    p->dpi = 144;
    p->engine = "drawn";
    p->language = "";
    return p;
}

static size_t letters_in(const char *s, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++)
        n += ((unsigned char)s[i] & 0xC0) != 0x80;
    return n;
}

struct line *draw_line(struct page *p, float x, float y, float size, const char *text)
{
    struct block *b = page_add_block(p, BLOCK_TEXT);
    struct line *l = page_add_line(p, b);
    for (const char *at = text; *at;) {
        size_t blanks = strspn(at, " "), bytes = strcspn(at + blanks, " ");
        x += (float)blanks * size / 2;
        at += blanks;
        if (!bytes)
            break;
        struct word *w = page_add_word(p, l);
        float width = (float)letters_in(at, bytes) * size / 2;
        *w = (struct word){page_text(p, at, bytes),
                           quad_of_rect((struct rect){x, y, x + width, y + size}), 1};
        x += width;
        at += bytes;
    }
    if (page_join_words(p, l) < 0)
        l->polygon = quad_of_rect((struct rect){x, y, x, y + size});
    return l;
}

float draw_prose(struct page *p, float x, float y, float width, int lines)
{
    size_t at = 0;
    for (int i = 0; i < lines; i++, y += DRAW_PITCH) {
        size_t room = (size_t)(2 * width / DRAW_SIZE) / (i == lines - 1 && lines > 1 ? 2 : 1);
        char text[512] = "";
        for (size_t len = 0;;) {
            size_t word = strcspn(prose + at, " ");
            if (len + word > room || len + word + 2 > sizeof text)
                break;
            memcpy(text + len, prose + at, word);
            len += word;
            text[len++] = ' ';
            at = (at + word + 1) % (sizeof prose - 1);
        }
        text[strlen(text) - 1] = i == lines - 1 ? '.' : '\0';
        draw_line(p, x, y, DRAW_SIZE, text);
    }
    return y;
}

/* ---- all points of a page ---- */

typedef struct point move(const struct page *p, struct point at, double by);

static void move_quad(const struct page *p, struct quad *q, move *how, double by)
{
    for (int i = 0; i < 4; i++)
        q->corner[i] = how(p, q->corner[i], by);
}

static void move_all(struct page *p, move *how, double by)
{
    for (size_t b = 0; b < p->block_count; b++)
        for (size_t i = 0; i < p->blocks[b].line_count; i++) {
            struct line *l = &p->blocks[b].lines[i];
            move_quad(p, &l->polygon, how, by);
            for (size_t w = 0; w < l->word_count; w++)
                move_quad(p, &l->words[w].polygon, how, by);
        }
}

static struct point lean_point(const struct page *p, struct point at, double degrees)
{
    double c = cos(degrees * M_PI / 180), s = sin(degrees * M_PI / 180);
    double x = (double)at.x - p->width / 2.0, y = (double)at.y - p->height / 2.0;
    return (struct point){(float)(p->width / 2.0 + x * c - y * s),
                          (float)(p->height / 2.0 + x * s + y * c)};
}

static struct point quarter_point(const struct page *p, struct point at, double by)
{
    (void)by;
    return (struct point){(float)p->height - at.y, at.x};
}

void draw_lean(struct page *p, double degrees)
{
    move_all(p, lean_point, degrees);
}

void draw_quarters(struct page *p, int clockwise)
{
    for (int i = 0; i < clockwise; i++) {
        move_all(p, quarter_point, 0);
        int width = p->width;
        p->width = p->height;
        p->height = width;
    }
}

void draw_shuffle(struct page *p, uint32_t seed)
{
    for (size_t i = p->block_count; i > 1; i--) {
        size_t k = draw_random(&seed) % i;
        struct block swap = p->blocks[i - 1];
        p->blocks[i - 1] = p->blocks[k];
        p->blocks[k] = swap;
    }
}
