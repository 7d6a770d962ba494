/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Lines of Arabic and Hebrew, which PDFs mostly hold as they are seen, from left to right, put into
 * the order in which they are read. Lines that are in that order already, or have none of these
 * letters, stay as they are. Called by decode_text.c.
 */
#include "decode/decode_text.h"

#include "base/memory.h"

#include <mupdf/ucdn.h>

#include <math.h>
#include <stdlib.h>

enum {
    MAX_GLYPHS = 65536, /* of one line; a longer one is none */
    HEBREW = 0x590,     /* no letter below it is read from the right */
};

enum direction { RIGHT, LEFT_WORD, NUMBER, SIGN, BLANK, HOLE, NEUTRAL };

/* A glyph is a character and those after it that have no width of their own: the other letters of
 * a ligature, accents. They keep their order. */
struct glyph {
    const fz_stext_char *first;
    size_t length;
    float start, end; /* along the line */
    size_t row;       /* MuPDF may put on one line what is not on one level */
    enum direction direction;
    size_t found; /* in the line, as it came */
};

static enum direction direction_of(uint32_t c)
{
    switch (ucdn_get_bidi_class(c)) {
    case UCDN_BIDI_CLASS_R:
    case UCDN_BIDI_CLASS_AL:
        return RIGHT;
    case UCDN_BIDI_CLASS_L:
        return LEFT_WORD;
    case UCDN_BIDI_CLASS_EN:
    case UCDN_BIDI_CLASS_AN:
        return NUMBER;
    case UCDN_BIDI_CLASS_ES:
    case UCDN_BIDI_CLASS_CS:
    case UCDN_BIDI_CLASS_ET:
        return SIGN;
    case UCDN_BIDI_CLASS_WS:
    case UCDN_BIDI_CLASS_B:
    case UCDN_BIDI_CLASS_S:
        return BLANK;
    default:
        return NEUTRAL;
    }
}

static bool has_width(const fz_stext_char *c)
{
    return c->quad.ul.x != c->quad.ur.x || c->quad.ul.y != c->quad.ur.y;
}

static float along(const fz_stext_line *line, const fz_stext_char *c)
{
    return c->origin.x * line->dir.x + c->origin.y * line->dir.y;
}

static float along_end(const fz_stext_line *line, const fz_stext_char *c)
{
    return c->quad.lr.x * line->dir.x + c->quad.lr.y * line->dir.y;
}

/* Do its letters from right to left stand from left to right? */
static bool is_visual(const fz_stext_line *line)
{
    const fz_stext_char *last = NULL;
    size_t onward = 0, back = 0;
    for (const fz_stext_char *c = line->first_char; c; c = c->next) {
        if (c->c < HEBREW || !has_width(c) || direction_of((uint32_t)c->c) != RIGHT)
            continue;
        if (last && along(line, c) > along(line, last))
            onward++;
        else if (last)
            back++;
        last = c;
    }
    return last && onward >= back;
}

static bool is_level(const fz_stext_line *line, const fz_stext_char *a, const fz_stext_char *b)
{
    const float raised = 0.6F; /* of the em: a superscript is less */
    float off =
        (b->origin.y - a->origin.y) * line->dir.x - (b->origin.x - a->origin.x) * line->dir.y;
    return fabsf(off) <= raised * fmaxf(a->size, b->size);
}

static size_t gather(const fz_stext_line *line, struct glyph *glyphs)
{
    size_t n = 0, row = 0;
    for (const fz_stext_char *c = line->first_char; c; c = c->next) {
        if (n && !has_width(c)) {
            glyphs[n - 1].length++;
            continue;
        }
        if (n && !is_level(line, glyphs[n - 1].first, c))
            row++;
        glyphs[n] = (struct glyph){
            c, 1, along(line, c), along_end(line, c), row, direction_of((uint32_t)c->c), n};
        n++;
    }
    return n;
}

static int by_start(const void *a, const void *b)
{
    const struct glyph *p = a, *q = b;
    int order = (p->row > q->row) - (p->row < q->row);
    if (!order)
        order = (p->start > q->start) - (p->start < q->start);
    return order ? order : (p->found > q->found) - (p->found < q->found);
}

/* Blanks where there is room for one: those of the line may be MuPDF's guess at what is between two
 * pieces of it. At most as many glyphs as there were, and one more for each gap. */
static size_t space_out(const struct glyph *in, size_t n, struct glyph *out)
{
    const float room = 0.08F, gap = 0.2F, far = 1.5F; /* of the em */
    const struct glyph *last = NULL;
    size_t kept = 0;
    bool blank = false;
    for (size_t i = 0; i < n; i++) {
        float em = in[i].first->size, free = last ? in[i].start - last->end : 0;
        if (in[i].direction == BLANK) {
            blank = true;
            continue;
        }
        bool hole = last && (free > far * em || in[i].row != last->row);
        if (last && (hole || free > (blank ? room : gap) * em))
            out[kept++] = (struct glyph){in[i].first,         1, last->end, in[i].start, in[i].row,
                                         hole ? HOLE : BLANK, 0};
        out[kept++] = in[i];
        last = &in[i];
        blank = false;
    }
    return kept;
}

static bool is_solid(enum direction d)
{
    return d == LEFT_WORD || d == NUMBER;
}

/* The end of what is read from left to right and begins at `from`: words and what is between them,
 * or one number with the signs inside it. */
static size_t end_of_run(const struct glyph *g, size_t from, size_t n)
{
    size_t end = from + 1;
    bool words = g[from].direction == LEFT_WORD;
    for (size_t i = end; i < n && g[i].direction != RIGHT && g[i].direction != HOLE; i++) {
        words |= g[i].direction == LEFT_WORD;
        if (is_solid(g[i].direction))
            end = i + 1;
        else if (!words && g[i].direction != SIGN)
            break;
    }
    return end;
}

static void put(struct text_glyph **out, const struct glyph *g, bool mirrored)
{
    const fz_stext_char *c = g->first;
    if (g->direction == BLANK || g->direction == HOLE) {
        *(*out)++ = (struct text_glyph){c, g->direction == BLANK ? ' ' : '\n'};
        return;
    }
    for (size_t i = 0; i < g->length; i++, c = c->next) {
        uint32_t code = (uint32_t)c->c;
        *(*out)++ = (struct text_glyph){c, mirrored ? ucdn_mirror(code) : code};
    }
}

/* From the right; runs that are read from the left are put as they stand. */
static void put_backwards(struct text_glyph **out, const struct glyph *g, size_t n, size_t *starts)
{
    for (size_t i = 0, end; i < n; i = end) {
        end = is_solid(g[i].direction) ? end_of_run(g, i, n) : i + 1;
        for (size_t k = i; k < end; k++)
            starts[k] = i;
    }
    for (size_t end = n; end > 0; end = starts[end - 1]) {
        size_t start = starts[end - 1];
        for (size_t i = start; i < end; i++)
            put(out, &g[i], end - start == 1 && !is_solid(g[i].direction));
    }
}

/* The end of what is read from right to left in a line that is not: its last such letter before
 * the next word. */
static size_t end_of_phrase(const struct glyph *g, size_t from, size_t n)
{
    size_t end = from + 1;
    for (size_t i = end; i < n && g[i].direction != LEFT_WORD; i++)
        if (g[i].direction == RIGHT)
            end = i + 1;
    return end;
}

static void put_forwards(struct text_glyph **out, const struct glyph *g, size_t n, size_t *starts)
{
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        if (g[i].direction == RIGHT) {
            end = end_of_phrase(g, i, n);
            put_backwards(out, g + i, end - i, starts);
        } else {
            put(out, &g[i], false);
        }
    }
}

static bool mostly_right(const struct glyph *g, size_t n)
{
    size_t right = 0, left = 0;
    for (size_t i = 0; i < n; i++) {
        right += g[i].direction == RIGHT;
        left += g[i].direction == LEFT_WORD;
    }
    return right >= left;
}

static size_t length_of(const fz_stext_line *line)
{
    size_t n = 0;
    for (const fz_stext_char *c = line->first_char; c; c = c->next)
        n++;
    return n;
}

struct text_glyph *bidi_order(const fz_stext_line *line, size_t *count)
{
    if (line->wmode || !is_visual(line))
        return NULL;
    size_t length = length_of(line);
    if (length > MAX_GLYPHS)
        return NULL;
    struct text_glyph *out = x_calloc(2 * length, sizeof *out), *end = out;
    struct glyph *found = x_calloc(length, sizeof *found);
    struct glyph *glyphs = x_calloc(2 * length, sizeof *glyphs);
    size_t *starts = x_calloc(2 * length, sizeof *starts), n = gather(line, found);
    qsort(found, n, sizeof *found, by_start);
    n = space_out(found, n, glyphs);
    if (mostly_right(glyphs, n))
        put_backwards(&end, glyphs, n, starts);
    else
        put_forwards(&end, glyphs, n, starts);
    free(found);
    free(glyphs);
    free(starts);
    *count = (size_t)(end - out);
    return out;
}

static bool is_form(uint32_t c)
{
    return (c >= 0xFB1D && c <= 0xFDFF) || (c >= 0xFE70 && c <= 0xFEFC);
}

size_t bidi_letters(uint32_t c, uint32_t out[BIDI_LETTERS])
{
    uint32_t letters[32]; /* the longest is of 18 */
    size_t kept = 0;
    int n = is_form(c) ? ucdn_compat_decompose(c, letters) : 0;
    for (int i = 0; i < n && kept < BIDI_LETTERS; i++)
        if (letters[i] != ' ') /* which carries an accent that stands alone */
            out[kept++] = letters[i];
    if (!kept)
        out[kept++] = c;
    return kept;
}
