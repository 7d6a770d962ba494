/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From a page shrunk to a sheet of greys to a sheet of bits, leant upright: ink is what is much
 * darker than the paper, or thin and darker than what is beside it. Paper is the page's commonest
 * tone and whatever goes over into it gently: shadows are, photographs are not. Called by ink.c.
 */
#include "ocr/ink_internal.h"

#include "base/memory.h"
#include "ocr/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TILE = 64,          /* sheet pixels: some 11 mm, on which the paper is one tone */
    SAMPLE = 4,         /* every fourth pixel of every fourth row tells a tile's tone */
    TONES = 64,         /* of 256: four levels are one */
    LEAST_CONTRAST = 28 /* of 255: a light grey line is 40 to 60 darker than its paper */
};

/* Steeper than a scanner feeds, and flatter than where shearing makes steps of lines. */
static const float most_skew = 15, least_skew = 0.15F; /* degrees */

/* ---- the paper's tone ---- */

struct paper {
    int columns, rows;
    uint8_t *tone;    /* of a tile: what four fifths of it are no lighter than */
    uint8_t *spread;  /* how far below that its middle pixel is */
    uint8_t *ink;     /* what is darker than this is ink wherever it is */
    uint8_t contrast; /* of a line that is lighter */
};

static uint8_t tone_at(const uint32_t tones[TONES], uint32_t rank)
{
    int tone = 0;
    for (uint32_t below = tones[0]; below <= rank && tone < TONES - 1;)
        below += tones[++tone];
    return (uint8_t)(tone * (256 / TONES) + 256 / TONES / 2);
}

static void look_at_tile(const struct ink_sheet *s, const uint8_t *dark, struct paper *p, int tile)
{
    const int left = tile % p->columns * TILE, top = tile / p->columns * TILE;
    uint32_t tones[TONES] = {0}, samples = 0;
    for (int y = top; y < top + TILE && y < s->height; y += SAMPLE)
        for (int x = left; x < left + TILE && x < s->width; x += SAMPLE, samples++)
            tones[dark[(size_t)y * (size_t)s->width + (size_t)x] / (256 / TONES)]++;
    const uint8_t tone = tone_at(tones, samples * 4 / 5), middle = tone_at(tones, samples / 2);
    p->tone[tile] = tone;
    p->spread[tile] = (uint8_t)(tone - middle);
}

/* The commonest tone of tiles, the lighter of two. */
static uint8_t commonest(const struct paper *p)
{
    enum { STEP = 8 };
    uint32_t count[256 / STEP] = {0};
    int best = 0;
    for (int i = 0; i < p->columns * p->rows; i++)
        count[p->tone[i] / STEP]++;
    for (int i = 0; i < 256 / STEP; i++)
        if (count[i] >= count[best])
            best = i;
    return (uint8_t)(best * STEP + STEP / 2);
}

/* Four times the paper's own spread: half of its tiles have less. */
static uint8_t contrast(const struct paper *p)
{
    uint32_t count[256] = {0}, below = 0;
    int spread = 0;
    for (int i = 0; i < p->columns * p->rows; i++)
        count[p->spread[i]]++;
    for (below = count[0]; 2 * below < (uint32_t)(p->columns * p->rows);)
        below += count[++spread];
    return (uint8_t)(4 * spread > 100              ? 100
                     : 4 * spread < LEAST_CONTRAST ? LEAST_CONTRAST
                                                   : 4 * spread);
}

/* Much darker than the paper: not a tinted ground. Never 0, which says that a tile has none yet. */
static uint8_t threshold(int tone, int contrast)
{
    const int ink = tone * 7 / 10 < tone - contrast ? tone * 7 / 10 : tone - contrast;
    return (uint8_t)(ink > 1 ? ink : 1);
}

/* From the tiles of the commonest tone to every neighbour that differs little from its own. */
static int spread_paper(struct paper *p)
{
    enum { GENTLE = 16 }; /* of 255, from one tile to the next */
    const int n = p->columns * p->rows, usual = commonest(p), below = p->contrast = contrast(p);
    int *queue = calloc((size_t)n, sizeof *queue), head = 0, tail = 0;
    if (!queue)
        return -1;
    memset(p->ink, 0, (size_t)n);
    for (int i = 0; i < n; i++)
        if (abs(p->tone[i] - usual) <= GENTLE / 2)
            p->ink[queue[tail++] = i] = threshold(p->tone[i], below);
    while (head < tail) {
        const int i = queue[head++], x = i % p->columns;
        const int next[4] = {x > 0 ? i - 1 : -1, x + 1 < p->columns ? i + 1 : -1, i - p->columns,
                             i + p->columns};
        for (int k = 0; k < 4; k++)
            if (next[k] >= 0 && next[k] < n && !p->ink[next[k]] &&
                abs(p->tone[next[k]] - p->tone[i]) <= GENTLE)
                p->ink[queue[tail++] = next[k]] = threshold(p->tone[next[k]], below);
    }
    for (int i = 0; i < n; i++)
        if (!p->ink[i])
            p->ink[i] = threshold(usual, below);
    free(queue);
    return 0;
}

static int find_paper(const struct ink_sheet *s, const uint8_t *dark, struct paper *p)
{
    p->columns = (s->width + TILE - 1) / TILE;
    p->rows = (s->height + TILE - 1) / TILE;
    const size_t n = (size_t)p->columns * (size_t)p->rows;
    p->tone = calloc(3, n);
    if (!p->tone)
        return -1;
    p->spread = p->tone + n;
    p->ink = p->spread + n;
    for (int i = 0; i < p->columns * p->rows; i++)
        look_at_tile(s, dark, p, i);
    return spread_paper(p);
}

/* ---- bits ---- */

enum { ROWS = 1, COLUMNS = 2 }; /* flags: ink for those who look along rows, or along columns */

struct marking {
    const struct ink_sheet *sheet;
    const uint8_t *dark;
    const struct paper *paper;
    size_t near, far; /* pixels: beside a thin line, and beside a thick one */
    uint8_t *flags;   /* of a row, and eight more */
    int *falls;       /* for each eight pixels of a row, how far down they lean */
};

SIMD static void mark_dark(const uint8_t *row, uint8_t ink, uint8_t *flags, size_t n)
{
    for (size_t i = 0; i < n; i++)
        flags[i] = row[i] < ink ? ROWS | COLUMNS : 0;
}

/* Darker than what is on both sides of a line there: four places, as letters may be in one. */
SIMD static void mark_thin(const uint8_t *row, const uint8_t *const beside[4], uint8_t contrast,
                           uint8_t flag, uint8_t *flags, size_t n)
{
    const uint8_t *a = beside[0], *b = beside[1], *c = beside[2], *d = beside[3];
    for (size_t i = 0; i < n; i++) {
        const uint8_t before = a[i] > b[i] ? a[i] : b[i], after = c[i] > d[i] ? c[i] : d[i];
        const uint8_t least = before < after ? before : after;
        flags[i] |= least > row[i] && least - row[i] > contrast ? flag : 0;
    }
}

static void mark_row(const struct marking *m, int y)
{
    const size_t width = (size_t)m->sheet->width, height = (size_t)m->sheet->height;
    const uint8_t *row = m->dark + (size_t)y * width, contrast = m->paper->contrast;
    const uint8_t *than = m->paper->ink + (size_t)(y / TILE) * (size_t)m->paper->columns;
    for (size_t x = 0; x < width; x += TILE)
        mark_dark(row + x, than[x / TILE], m->flags + x, width - x < TILE ? width - x : TILE);
    if ((size_t)y >= m->far && (size_t)y + m->far < height) {
        const uint8_t *const beside[4] = {row - m->near * width, row - m->far * width,
                                          row + m->near * width, row + m->far * width};
        mark_thin(row, beside, contrast, ROWS, m->flags, width);
    }
    if (width > 2 * m->far) {
        const uint8_t *at = row + m->far;
        const uint8_t *const beside[4] = {at - m->near, at - m->far, at + m->near, at + m->far};
        mark_thin(at, beside, contrast, COLUMNS, m->flags + m->far, width - 2 * m->far);
    }
}

/* The lowest bits of eight bytes to a byte, the first to its highest bit. */
static uint8_t packed(uint64_t eight)
{
    return (uint8_t)(((eight & 0x0101010101010101U) * 0x8040201008040201U) >> 56);
}

/* A row of the page to the rows of the sheet: each eight pixels to the one that they lean to. */
static void place_row(const struct marking *m, int y)
{
    l_uint32 *rows = pixGetData(m->sheet->rows), *columns = pixGetData(m->sheet->columns);
    const size_t wpl = (size_t)pixGetWpl(m->sheet->rows);
    for (int x = 0; 8 * x < m->sheet->width; x++) {
        uint64_t eight;
        memcpy(&eight, m->flags + (size_t)x * 8, sizeof eight);
        if (!eight)
            continue;
        const size_t at = (size_t)(y + m->falls[x]) * wpl;
        SET_DATA_BYTE(rows + at, x, packed(eight));
        SET_DATA_BYTE(columns + at, x, packed(eight >> 1));
    }
}

/* How far the sheet's rows and columns are pushed to stand upright; 0 where that would make much
 * more of them than the page has. */
static void lean(struct ink_sheet *s, int *width, int *height)
{
    const float skew = s->page->skew, angle = skew * (float)M_PI / 180;
    *width = s->width;
    *height = s->height;
    s->rise = s->slide = 0;
    s->top = s->left = 0;
    if (!(fabsf(skew) >= least_skew && fabsf(skew) <= most_skew))
        return;
    const float rise = tanf(angle), slide = sinf(angle) * cosf(angle);
    const float taller = fabsf(rise) * (float)s->width;
    const float wider = fabsf(slide) * ((float)s->height + taller);
    if (taller > (float)s->height || wider > (float)s->width)
        return;
    s->rise = rise;
    s->slide = slide;
    s->top = rise > 0 ? (int)ceilf(taller) : 0;
    *height += (int)ceilf(taller) + 1;
    s->left = (int)ceilf(slide > 0 ? slide * (float)s->top : -slide * (float)(*height - s->top));
    *width += (int)ceilf(wider) + 1;
}

struct point ink_to_sheet(const struct ink_sheet *s, struct point on_page)
{
    const float x = on_page.x / (float)s->by;
    const float y = on_page.y / (float)s->by - s->rise * x;
    return (struct point){x + s->slide * y + (float)s->left, y + (float)s->top};
}

struct point ink_to_page(const struct ink_sheet *s, struct point on_sheet)
{
    const float y = on_sheet.y - (float)s->top;
    const float x = on_sheet.x - (float)s->left - s->slide * y;
    return (struct point){x * (float)s->by, (y + s->rise * x) * (float)s->by};
}

static int *find_falls(const struct ink_sheet *s)
{
    const int n = (s->width + 7) / 8;
    int *falls = calloc((size_t)n, sizeof *falls);
    for (int x = 0; falls && x < n; x++) {
        const float middle = fminf((float)(8 * x + 4), (float)s->width);
        falls[x] = s->top - (int)lroundf(s->rise * middle);
    }
    return falls;
}

static void mark_ink(const struct marking *m)
{
    const struct ink_sheet *s = m->sheet;
    for (int y = 0; y < s->height; y++) {
        mark_row(m, y);
        place_row(m, y);
    }
    for (int y = 0; s->slide != 0 && y < pixGetHeight(s->rows); y++) {
        const int by = s->left + (int)lroundf(s->slide * (float)(y - s->top));
        ink_shift(s->rows, y, by);
        ink_shift(s->columns, y, by);
    }
}

static int make_bits(struct ink_sheet *s, const uint8_t *dark, const struct paper *paper)
{
    const float near = 0.02F, far = 0.055F; /* inches from the middle of a line */
    int width, height;
    lean(s, &width, &height);
    s->rows = pixCreate(width, height, 1);
    s->columns = pixCreate(width, height, 1);
    struct marking m = {.sheet = s,
                        .dark = dark,
                        .paper = paper,
                        .near = (size_t)fmaxf(near * s->dpi, 2),
                        .far = (size_t)fmaxf(far * s->dpi, 3),
                        .flags = calloc((size_t)s->width + 8, 1),
                        .falls = find_falls(s)};
    const bool room = s->rows && s->columns && m.flags && m.falls;
    if (room)
        mark_ink(&m);
    free(m.flags);
    free(m.falls);
    return room ? 0 : -1;
}

/* ---- the sheet ---- */

int ink_paper(struct ink_sheet *s, const struct raster *raster, const uint8_t *pixels, float dpi,
              struct error *err)
{
    struct paper paper = {0};
    uint8_t *dark = ink_shrunk(s, raster, pixels, dpi);
    int rc = dark && find_paper(s, dark, &paper) == 0 && make_bits(s, dark, &paper) == 0 ? 0 : -1;
    free(paper.tone);
    free(dark);
    return rc == 0 ? 0 : error_set(err, ERROR_LIMIT, "no memory to look for rules and pictures");
}
