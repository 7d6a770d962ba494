/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pictures: what is left when rules and words are off the sheet, in cells of 8 × 8 pixels. Specks,
 * what a scanner draws around a page, the ground that text stands on, and what covers the whole
 * page are none, nor is a paragraph that was hardly read. Called by ink.c.
 */
#include "ocr/ink_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float inch_small = 0.25F; /* a picture's shorter side has that */
static const float inch_near = 0.1F;   /* parts of a picture may be so far from each other */
static const float inch_border = 0.4F; /* of what a scanner draws along an edge */
static const float whole_page = 0.85F; /* of its area: a ground */
static const float text_ground = 0.3F; /* of a picture's area are words */
enum { CELL_INK = 5, CORE = 4 };       /* pixels of a cell; cells that hang together */

struct pictures {
    struct ink_sheet *sheet;
    int columns, rows;
    uint8_t *ink; /* for each cell: has it enough */
    /* Sums of cells with words, and with ink, above and left of each; one more row and column. */
    uint32_t *texts, *inks;
};

/* ---- cells ---- */

/* Bits in each byte of a word. */
static uint32_t count_bits(uint32_t v)
{
    v = v - ((v >> 1) & 0x55555555U);
    v = (v & 0x33333333U) + ((v >> 2) & 0x33333333U);
    return (v + (v >> 4)) & 0x0F0F0F0FU;
}

static void count_row(const struct pictures *p, int row)
{
    struct Pix *bits = p->sheet->rows;
    const int words = pixGetWpl(bits);
    for (int w = 0; w < words; w++) {
        uint32_t sum = 0;
        for (int y = row * INK_CELL; y < (row + 1) * INK_CELL && y < pixGetHeight(bits); y++)
            sum += count_bits(pixGetData(bits)[(size_t)y * (size_t)words + (size_t)w]);
        for (int k = 0; k < 4 && 4 * w + k < p->columns; k++)
            p->ink[row * p->columns + 4 * w + k] =
                (uint8_t)(((sum >> (24 - 8 * k)) & 255) >= CELL_INK);
    }
}

/* Boxes of words fit tightly, so a part of their height around them is theirs too. */
static void take_off_words(struct ink_sheet *s)
{
    const float around = 0.3F;
    for (size_t i = 0; i < s->word_count; i++) {
        const struct rect r = s->words[i].at;
        const float more = around * fminf(r.x2 - r.x1, r.y2 - r.y1) + 1;
        const int x = (int)(r.x1 - more), y = (int)(r.y1 - more);
        pixRasterop(s->rows, x, y, (int)ceilf(r.x2 + more) - x, (int)ceilf(r.y2 + more) - y,
                    PIX_CLR, NULL, 0, 0);
    }
}

static void sum_cells(struct pictures *p)
{
    const int wide = p->columns + 1;
    for (int y = 0; y < p->rows; y++)
        for (int x = 0; x < p->columns; x++) {
            const int cell = y * p->columns + x, at = (y + 1) * wide + x + 1;
            const int left = at - 1, above = at - wide, both = above - 1;
            p->texts[at] =
                p->texts[left] + p->texts[above] - p->texts[both] + (p->sheet->marks[cell] != 0);
            p->inks[at] = p->inks[left] + p->inks[above] - p->inks[both] + p->ink[cell];
        }
}

/* ---- a scanner's border ---- */

/* Ink that begins at an edge and ends soon: the paper's edge, or the glass beside it. A picture
 * that runs off the page goes on for longer. */
static void clear_border(struct pictures *p, int first, int step, int length)
{
    const int deep = (int)(inch_border * p->sheet->dpi / INK_CELL) + 1;
    int begin = 0, end;
    while (begin < length && begin < 2 && !p->ink[first + begin * step])
        begin++;
    for (end = begin; end < length && p->ink[first + end * step];)
        end++;
    if (end - begin <= deep)
        for (int i = begin; i < end; i++)
            p->ink[first + i * step] = 0;
}

static void clear_borders(struct pictures *p)
{
    const int last = p->columns * (p->rows - 1);
    for (int y = 0; y < p->rows; y++) {
        clear_border(p, y * p->columns, 1, p->columns);
        clear_border(p, (y + 1) * p->columns - 1, -1, p->columns);
    }
    for (int x = 0; x < p->columns; x++) {
        clear_border(p, x, p->columns, p->rows);
        clear_border(p, last + x, -p->columns, p->rows);
    }
}

/* ---- parts that hang together ---- */

static struct Pix *pix_of_cells(const struct pictures *p)
{
    struct Pix *pix = pixCreate(p->columns, p->rows, 1);
    for (int y = 0; pix && y < p->rows; y++)
        for (int x = 0; x < p->columns; x++)
            if (p->ink[y * p->columns + x])
                SET_DATA_BIT(pixGetData(pix) + y * pixGetWpl(pix), x);
    return pix;
}

/* Specks are what hangs together over less than CORE cells. */
static int clear_specks(struct Pix *cells)
{
    struct Pix *clean =
        pixSelectBySize(cells, CORE, CORE, 8, L_SELECT_IF_EITHER, L_SELECT_IF_GTE, NULL);
    if (!clean)
        return -1;
    pixCopy(cells, clean);
    pixDestroy(&clean);
    return 0;
}

/* The part of a box that has what the sums count. */
static float share(const struct pictures *p, const uint32_t *sums, const BOX *b)
{
    const int wide = p->columns + 1;
    const uint32_t *top = sums + b->y * wide + b->x, *bottom = top + b->h * wide;
    return (float)(bottom[b->w] - bottom[0] - top[b->w] + top[0]) / (float)(b->w * b->h);
}

/* Words that nobody read: everywhere some ink, nowhere much, and words among it that were read. */
static bool is_unread(const struct pictures *p, const BOX *b)
{
    const float among = 0.03F, everywhere = 0.45F, much = 0.35F; /* parts of the box */
    if (share(p, p->texts, b) < among || share(p, p->inks, b) < everywhere)
        return false;
    BOX *box = boxCreate(b->x * INK_CELL, b->y * INK_CELL, b->w * INK_CELL, b->h * INK_CELL);
    l_int32 ink = 0;
    pixCountPixelsInRect(p->sheet->rows, box, &ink, NULL);
    boxDestroy(&box);
    return (float)ink < much * (float)(b->w * b->h * INK_CELL * INK_CELL);
}

/* A bar or panel that words stand on. */
static bool is_ground(const struct pictures *p, const BOX *b)
{
    const float bar = 3; /* heights of the usual word */
    const float texts = share(p, p->texts, b);
    const float side = (float)((b->w < b->h ? b->w : b->h) * INK_CELL);
    return texts > text_ground || (texts > 0 && side < bar * p->sheet->word_height);
}

/* What is left of a dark border that is deeper than most: along most of one edge, and flat. */
static bool is_border(const struct pictures *p, const BOX *b)
{
    const float most = 0.7F, flat = 0.12F;
    const bool sides = b->x <= 1 || b->x + b->w >= p->columns - 1;
    const bool ends = b->y <= 1 || b->y + b->h >= p->rows - 1;
    return (sides && (float)b->h > most * (float)p->rows &&
            (float)b->w < flat * (float)p->columns) ||
           (ends && (float)b->w > most * (float)p->columns && (float)b->h < flat * (float)p->rows);
}

static bool is_picture(const struct pictures *p, const BOX *b)
{
    const float small = inch_small * p->sheet->dpi / INK_CELL;
    return (float)b->w >= small && (float)b->h >= small &&
           (float)b->w * (float)b->h < whole_page * (float)p->columns * (float)p->rows &&
           !is_ground(p, b) && !is_unread(p, b) && !is_border(p, b);
}

/* The picture itself in the cells that it touches. */
static struct rect tight(const struct ink_sheet *s, const BOX *cells)
{
    BOX *box = boxCreate(cells->x * INK_CELL, cells->y * INK_CELL, cells->w * INK_CELL,
                         cells->h * INK_CELL);
    BOX *inner = NULL;
    pixClipBoxToForeground(s->rows, box, NULL, &inner);
    const BOX *b = inner ? inner : box;
    const struct rect r = {(float)b->x, (float)b->y, (float)(b->x + b->w), (float)(b->y + b->h)};
    boxDestroy(&box);
    boxDestroy(&inner);
    return r;
}

static struct rect rect_on_page(const struct ink_sheet *s, struct rect r)
{
    struct quad q = quad_of_rect(r);
    for (int i = 0; i < 4; i++)
        q.corner[i] = ink_to_page(s, q.corner[i]);
    const struct rect all = rect_of_quad(&q);
    return (struct rect){fmaxf(all.x1, 0), fmaxf(all.y1, 0), fminf(all.x2, (float)s->page->width),
                         fminf(all.y2, (float)s->page->height)};
}

static void add_pictures(const struct pictures *p, BOXA *boxes, int grown, struct ink *out)
{
    for (int i = 0; i < boxaGetCount(boxes) && out->picture_count < INK_MAX_PICTURES; i++) {
        BOX *box = boxaGetBox(boxes, i, L_CLONE);
        const BOX b = {.x = box->x, .y = box->y, .w = box->w - 2 * grown, .h = box->h - 2 * grown};
        boxDestroy(&box);
        if (is_picture(p, &b))
            out->pictures[out->picture_count++] = rect_on_page(p->sheet, tight(p->sheet, &b));
    }
}

/* Parts near each other are one picture. */
static int join_parts(struct pictures *p, struct ink *out)
{
    const int near = (int)fmaxf(inch_near * p->sheet->dpi / INK_CELL / 2, 1);
    struct Pix *cells = pix_of_cells(p), *wide = NULL, *grown = NULL;
    BOXA *boxes = NULL;
    if (cells && clear_specks(cells) == 0)
        wide = pixAddBorder(cells, near, 0);
    if (wide)
        grown = pixDilateBrick(NULL, wide, 2 * near + 1, 2 * near + 1);
    if (grown)
        boxes = pixConnCompBB(grown, 8);
    int rc = boxes ? 0 : -1;
    if (boxes) {
        add_pictures(p, boxes, near, out);
    }
    boxaDestroy(&boxes);
    pixDestroy(&grown);
    pixDestroy(&wide);
    pixDestroy(&cells);
    return rc;
}

/* ---- rules of pictures ---- */

static bool meets(struct rect a, struct rect b, float within)
{
    return a.x1 < b.x2 + within && b.x1 < a.x2 + within && a.y1 < b.y2 + within &&
           b.y1 < a.y2 + within;
}

static bool inside(struct rect a, struct rect b, float within)
{
    return a.x1 > b.x1 - within && a.x2 < b.x2 + within && a.y1 > b.y1 - within &&
           a.y2 < b.y2 + within;
}

/* A chart's axes are not much longer than what is drawn between them; a table's lines are longer
 * than the picture in one of its cells. */
static void add_axes(struct rect *picture, const struct ink *ink, float near)
{
    const float longer = 1.4F;
    const struct rect core = *picture;
    const float width = longer * (core.x2 - core.x1), height = longer * (core.y2 - core.y1);
    for (size_t i = 0; i < ink->rule_count; i++) {
        const struct rect r = ink->rules[i].at;
        if (meets(r, core, near) && r.x2 - r.x1 <= width && r.y2 - r.y1 <= height)
            *picture = rect_union(*picture, r);
    }
}

static bool of_a_picture(struct rect rule, const struct ink *ink, float near)
{
    for (size_t i = 0; i < ink->picture_count; i++)
        if (inside(rule, ink->pictures[i], near))
            return true;
    return false;
}

/* Pictures over each other are one. */
static void unite(struct ink *ink)
{
    for (size_t i = 0; i < ink->picture_count; i++)
        for (size_t k = i + 1; k < ink->picture_count;) {
            if (!meets(ink->pictures[i], ink->pictures[k], 0)) {
                k++;
                continue;
            }
            ink->pictures[i] = rect_union(ink->pictures[i], ink->pictures[k]);
            ink->pictures[k] = ink->pictures[--ink->picture_count];
            k = i + 1;
        }
}

static void give_rules_to_pictures(const struct ink_sheet *s, struct ink *ink)
{
    const float near = inch_near * s->dpi * (float)s->by;
    size_t kept = 0;
    for (size_t i = 0; i < ink->picture_count; i++)
        for (int axis = 0; axis < 2; axis++) /* one may meet only the other */
            add_axes(&ink->pictures[i], ink, near);
    unite(ink);
    for (size_t i = 0; i < ink->rule_count; i++)
        if (!of_a_picture(ink->rules[i].at, ink, near / 2))
            ink->rules[kept++] = ink->rules[i];
    ink->rule_count = kept;
}

int ink_pictures(struct ink_sheet *s, struct ink *out, struct error *err)
{
    struct pictures p = {.sheet = s, .columns = s->across, .rows = s->down};
    const size_t columns = (size_t)s->across, rows = (size_t)s->down;
    p.ink = calloc(columns, rows);
    p.texts = calloc((columns + 1) * (rows + 1), 2 * sizeof *p.texts);
    int rc = -1;
    if (p.ink && p.texts) {
        take_off_words(s);
        for (int row = 0; row < p.rows; row++)
            count_row(&p, row);
        clear_borders(&p);
        p.inks = p.texts + (columns + 1) * (rows + 1);
        sum_cells(&p);
        rc = join_parts(&p, out);
    }
    free(p.ink);
    free(p.texts);
    if (rc < 0)
        return error_set(err, ERROR_LIMIT, "no memory to look for rules and pictures");
    give_rules_to_pictures(s, out);
    return 0;
}
