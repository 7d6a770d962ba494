/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Paragraphs, lists and tables that go on over a page's edge. Told by the shapes of the blocks and
 * the characters at their ends; where that is not clear they stay apart. Called through flow.h.
 */
#include "layout/flow.h"

#include "base/letter.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FULL_LINES = 3 }; /* of a block before its width says how wide a full line is */

static const float full_line = 0.96F; /* of the block's width */
static const float same_width = 0.1F; /* of the wider one; also of a table's columns */
static const float same_column =
    0.05F; /* of the wider one: paragraphs that go on have one measure */

/* ---- what stands at the edge ---- */

bool flow_is_aside(const struct block *b)
{
    static const bool aside[BLOCK_TYPES] = {
        [BLOCK_HEADER] = true,   [BLOCK_FOOTER] = true,         [BLOCK_PAGE_NUMBER] = true,
        [BLOCK_FOOTNOTE] = true, [BLOCK_FIGURE_CAPTION] = true, [BLOCK_FIGURE] = true,
        [BLOCK_SEAL] = true,
    };
    return aside[b->type] || (b->line_count == 0 && b->type != BLOCK_TABLE);
}

static size_t last_of_body(const struct page *p)
{
    for (size_t i = p->block_count; i-- > 0;)
        if (!flow_is_aside(&p->blocks[i]))
            return i;
    return FLOW_NONE;
}

static size_t first_of_body(const struct page *p)
{
    for (size_t i = 0; i < p->block_count; i++)
        if (!flow_is_aside(&p->blocks[i]))
            return i;
    return FLOW_NONE;
}

/* ---- sentences ---- */

static bool is_closing(uint32_t c)
{
    static const uint32_t closing[] = {'"',    '\'',   ')',    ']',    0xBB, 0x2019,
                                       0x201D, 0x300D, 0x300F, 0xFF09, 0};
    const uint32_t *at = closing;
    while (*at && *at != c)
        at++;
    return *at != 0;
}

/* Full stops of the scripts, and what may follow a sentence. */
static bool ends_sentence(const struct line *l)
{
    static const uint32_t stops[] = {'.',    '!',    '?',    ':',    ';',    0x2026, 0x3002, 0xFF01,
                                     0xFF1A, 0xFF1B, 0xFF1F, 0x061F, 0x06D4, 0x0964, 0x0589, 0};
    size_t len = strlen(l->text);
    uint32_t c = letter_last(l->text, len);
    while (len && (c == ' ' || is_closing(c))) {
        len -= c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
        c = letter_last(l->text, len);
    }
    const uint32_t *at = stops;
    while (*at && *at != c)
        at++;
    return len == 0 || *at != 0;
}

static bool ends_in_hyphen(const struct line *l)
{
    uint32_t c = letter_last(l->text, strlen(l->text));
    return c == '-' || c == 0xAC || c == 0xAD || c == 0x2010 || c == 0x2E17;
}

/* Along the text: lines of a page that is turned run up or down on it. */
static float line_length(const struct line *l)
{
    const struct point *c = l->polygon.corner;
    return (point_distance(c[0], c[1]) + point_distance(c[3], c[2])) / 2;
}

static float block_measure(const struct block *b)
{
    float longest = 0;
    for (size_t i = 0; i < b->line_count; i++)
        longest = fmaxf(longest, line_length(&b->lines[i]));
    return longest;
}

/* Neither ends before its measure: as inside a paragraph. */
static bool both_full(const struct block *b, const struct block *next, double scale)
{
    const float measure = block_measure(b), next_measure = block_measure(next) * (float)scale;
    if (b->line_count < FULL_LINES || next->line_count < 2)
        return false;
    return fabsf(measure - next_measure) <= same_column * fmaxf(measure, next_measure) &&
           line_length(&b->lines[b->line_count - 1]) >= full_line * measure &&
           line_length(&next->lines[0]) * (float)scale >= full_line * next_measure;
}

/* "b) the second", "c. the third": a new item, in lower case or not. */
static bool starts_item(const struct line *l)
{
    enum { LONGEST = 5 };
    const size_t n = strcspn(l->text, " ");
    if (!l->text[n] || n < 2 || n > LONGEST)
        return false;
    return l->text[n - 1] == ')' || (n == 2 && l->text[1] == '.');
}

static bool text_goes_on(const struct block *b, const struct block *next, double scale)
{
    if (b->type != next->type || (b->type != BLOCK_TEXT && b->type != BLOCK_LIST))
        return false;
    const struct line *last = &b->lines[b->line_count - 1], *first = &next->lines[0];
    const uint32_t start = letter_first(first->text);
    if (ends_in_hyphen(last) && (letter_is_lower(start) || letter_is_upper(start)))
        return true;
    if (ends_sentence(last) || starts_item(first) || !start)
        return false;
    return letter_is_lower(start) || (b->type == BLOCK_TEXT && both_full(b, next, scale));
}

/* ---- tables ---- */

/* Where its columns begin, as parts of the table's width; −1 where no cell tells. */
static float *column_starts(const struct block *b)
{
    float *starts = x_calloc((size_t)b->cols + 1, sizeof *starts);
    const float width = b->bbox.x2 - b->bbox.x1;
    for (int i = 0; i < b->cols; i++)
        starts[i] = -1;
    for (size_t i = 0; i < b->cell_count; i++) {
        const struct cell *c = &b->cells[i];
        const float at = (c->bbox.x1 - b->bbox.x1) / width;
        if (c->col < b->cols && *c->text && (starts[c->col] < 0 || at < starts[c->col]))
            starts[c->col] = at;
    }
    return starts;
}

static bool same_columns(const struct block *b, const struct block *next)
{
    float *mine = column_starts(b), *theirs = column_starts(next);
    bool same = true;
    for (int i = 0; i < b->cols && same; i++)
        same = mine[i] < 0 || theirs[i] < 0 || fabsf(mine[i] - theirs[i]) <= same_width;
    free(mine);
    free(theirs);
    return same;
}

static bool table_goes_on(const struct block *b, const struct block *next, double scale)
{
    const double width = (double)(b->bbox.x2 - b->bbox.x1),
                 next_width = (double)(next->bbox.x2 - next->bbox.x1) * scale;
    return b->type == BLOCK_TABLE && next->type == BLOCK_TABLE && b->cols > 0 &&
           b->cols == next->cols && width > 0 && next_width > 0 &&
           fabs(width - next_width) <= (double)same_width * fmax(width, next_width) &&
           same_columns(b, next);
}

/* "Table 2 (continued)", in some languages. */
static bool says_continued(const struct block *b)
{
    static const char *const words[] = {"continu",      "cont.",        "cont'd", "fortsetzung",
                                        "forts.",       "suite",        "segue",  "vervolg",
                                        "\xE7\xBB\xAD", "\xE7\xBA\x8C", NULL};
    for (size_t i = 0; words[i] && b->line_count == 1; i++)
        if (strcasestr(b->lines[0].text, words[i]))
            return true;
    return false;
}

/* The first block of the body; after a line that says that a table goes on, the one behind it. */
static size_t first_table(const struct page *p)
{
    size_t at = first_of_body(p);
    while (at != FLOW_NONE && at + 1 < p->block_count && p->blocks[at].type != BLOCK_TABLE &&
           !p->blocks[at].continues && says_continued(&p->blocks[at]))
        at++;
    return at;
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->row == b->row && a->col == b->col && a->rowspan == b->rowspan &&
           a->colspan == b->colspan && strcmp(a->text, b->text) == 0;
}

int flow_repeated_rows(const struct block *table, const struct block *next)
{
    size_t same = 0;
    int rows = 0, reach = 0;
    while (same < table->cell_count && same < next->cell_count &&
           same_cell(&table->cells[same], &next->cells[same]))
        same++;
    for (size_t i = 0; i < same; i++) {
        const struct cell *c = &next->cells[i];
        bool row_ends = i + 1 == next->cell_count || next->cells[i + 1].row > c->row;
        if (!c->header && *c->text)
            break;
        reach = c->row + c->rowspan > reach ? c->row + c->rowspan : reach;
        if (row_ends && reach == c->row + 1)
            rows = reach;
    }
    return rows;
}

/* ---- joining ---- */

static bool join(struct block *b, struct block *next)
{
    b->continues = next->continued = true;
    return true;
}

bool flow_join(struct page *page, struct page *next)
{
    const double scale = next->dpi > 0 && page->dpi > 0 ? (double)page->dpi / next->dpi : 1;
    size_t last = last_of_body(page), first = first_of_body(next), table = first_table(next);
    if (last == FLOW_NONE || first == FLOW_NONE)
        return false;
    struct block *b = &page->blocks[last];
    if (b->continues || next->blocks[first].continued || next->blocks[table].continued)
        return false;
    if (b->type == BLOCK_TABLE)
        return table_goes_on(b, &next->blocks[table], scale) && join(b, &next->blocks[table]);
    return text_goes_on(b, &next->blocks[first], scale) && join(b, &next->blocks[first]);
}

size_t flow_head(const struct page *page)
{
    for (size_t i = 0; i < page->block_count; i++) {
        if (page->blocks[i].continued)
            return i;
        if (page->blocks[i].continues)
            break;
    }
    return FLOW_NONE;
}

size_t flow_tail(const struct page *page)
{
    for (size_t i = page->block_count; i-- > 0;) {
        if (page->blocks[i].continues)
            return i;
        if (page->blocks[i].continued)
            break;
    }
    return FLOW_NONE;
}

size_t flow_next(const struct page *page, size_t block)
{
    if (page->blocks[block].continues)
        for (size_t i = block + 1; i < page->block_count; i++)
            if (page->blocks[i].continued)
                return i;
    return FLOW_NONE;
}

size_t flow_start(const struct page *page, size_t block)
{
    size_t start = FLOW_NONE, open = FLOW_NONE;
    for (size_t i = 0; i <= block; i++) {
        const struct block *b = &page->blocks[i];
        start = b->continued && open != FLOW_NONE ? open : i;
        open = b->continues ? start : b->continued ? FLOW_NONE : open;
    }
    return start;
}

bool flow_fills(const struct page *page)
{
    size_t expected = flow_head(page);
    for (size_t i = 0; i < page->block_count; i++) {
        const struct block *b = &page->blocks[i];
        const bool running =
            b->type == BLOCK_HEADER || b->type == BLOCK_FOOTER || b->type == BLOCK_PAGE_NUMBER;
        if (i == expected)
            expected = flow_next(page, i);
        else if (!running && (b->line_count || b->type == BLOCK_FIGURE))
            return false;
    }
    return true;
}
