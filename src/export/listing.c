/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Items begin at lines with a mark; a line without one goes on with the item above it. The left
 * edges of the marks tell the depth. Refuses nothing.
 */
#include "export/listing.h"

#include "base/letter.h"
#include "base/memory.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static const char *const bullets[] = {
    "-",
    "*",
    "+",
    "\xC2\xB7" /* · */,
    "\xE2\x80\x93" /* – */,
    "\xE2\x80\x94" /* — */,
    "\xE2\x80\xA2" /* • */,
    "\xE2\x80\xA3" /* ‣ */,
    "\xE2\x81\x83" /* ⁃ */,
    "\xE2\x96\xA0" /* ■ */,
    "\xE2\x96\xA1" /* □ */,
    "\xE2\x96\xAA" /* ▪ */,
    "\xE2\x96\xB6" /* ▶ */,
    "\xE2\x96\xBA" /* ► */,
    "\xE2\x97\x8B" /* ○ */,
    "\xE2\x97\x8F" /* ● */,
    "\xE2\x97\xA6" /* ◦ */,
    "\xE2\x9C\x93" /* ✓ */,
    "\xE2\x9E\xA2" /* ➢ */,
    "\xEF\x82\xB7" /* the bullet of Symbol */,
};

/* Blanks behind a mark, or the end of the text; else it is none. */
static bool mark_ends(const char *s, size_t at, size_t *length)
{
    size_t blanks = strspn(s + at, " \t");
    *length = at + blanks;
    return blanks || !s[at];
}

static bool is_bullet(const char *s, size_t *length)
{
    for (size_t i = 0; i < sizeof bullets / sizeof bullets[0]; i++) {
        size_t n = strlen(bullets[i]);
        if (strncmp(s, bullets[i], n) == 0 && mark_ends(s, n, length))
            return true;
    }
    return false;
}

/* At most nine digits, as CommonMark has it. */
static bool is_number(const char *s, struct listing_item *item, size_t *length)
{
    size_t digits = strspn(s, "0123456789");
    if (!digits || digits > 9 || (s[digits] != '.' && s[digits] != ')') ||
        !mark_ends(s, digits + 1, length))
        return false;
    item->number = 0;
    for (size_t i = 0; i < digits; i++)
        item->number = item->number * 10 + (unsigned)(s[i] - '0');
    item->delimiter = s[digits];
    return true;
}

/* "(a)", "b)", "iv.", "(12)", "1.2", "1.2.3." */
static bool is_letter(const char *s, size_t *length)
{
    enum { LONGEST = 6 };
    size_t open = *s == '(' || *s == '[', n = 0;
    while (n < LONGEST && isalnum((unsigned char)s[open + n]))
        n++;
    if (!n || isalnum((unsigned char)s[open + n]))
        return false;
    if (s[open + n] == ')' || s[open + n] == ']')
        return (open || n <= 3) && mark_ends(s, open + n + 1, length);
    if (open)
        return false;
    size_t digits = strspn(s, "0123456789.");
    if (isdigit((unsigned char)*s) && memchr(s, '.', digits))
        return mark_ends(s, digits, length);
    return s[n] == '.' && (n == 1 || strspn(s, "ivxIVX") == n) && mark_ends(s, n + 1, length);
}

enum listing_mark listing_mark_of(const char *s, struct listing_item *item, size_t *length)
{
    if (is_bullet(s, length))
        return LISTING_BULLET;
    if (is_number(s, item, length))
        return LISTING_NUMBER;
    return is_letter(s, length) ? LISTING_LETTER : LISTING_NONE;
}

static void read_line(const struct line *line, struct listing_item *item)
{
    size_t length = 0;
    const char *s = line->text + strspn(line->text, " \t");
    item->mark = listing_mark_of(s, item, &length);
    item->text = s + (item->mark == LISTING_BULLET || item->mark == LISTING_NUMBER ? length : 0);
}

/* The left edges of the items that enclose the present one, outermost first. */
struct edges {
    float at[LISTING_DEPTH];
    int depth; /* how many; 0: none yet */
};

/* Where a line begins, growing with its indent, whichever way the page is turned. */
static float start_of(const struct line *line, bool leftward)
{
    const struct point from = line->polygon.corner[leftward], to = line->polygon.corner[!leftward];
    if (fabsf(to.x - from.x) >= fabsf(to.y - from.y))
        return to.x >= from.x ? from.x : -from.x;
    return to.y >= from.y ? from.y : -from.y;
}

static int place(struct edges *e, const struct line *line, bool leftward)
{
    const struct point *c = line->polygon.corner;
    const float at = start_of(line, leftward), slack = point_distance(c[0], c[3]) / 2;
    while (e->depth > 1 && at < e->at[e->depth - 1] - slack)
        e->depth--;
    if (e->depth == 0 || (at > e->at[e->depth - 1] + slack && e->depth < LISTING_DEPTH))
        e->at[e->depth++] = at;
    return e->depth - 1;
}

size_t listing_read(const struct block *block, struct listing_item **out)
{
    struct listing_item *items = x_calloc(block->line_count + 1, sizeof *items);
    struct edges edges = {0};
    size_t n = 0;
    for (size_t i = 0; i < block->line_count; i++) {
        struct listing_item item = {.first_line = i, .line_count = 1};
        read_line(&block->lines[i], &item);
        if (n && item.mark == LISTING_NONE) {
            items[n - 1].line_count++;
            continue;
        }
        if (item.mark != LISTING_NONE)
            item.depth =
                place(&edges, &block->lines[i], letter_is_leftward(letter_first(item.text)));
        items[n++] = item;
    }
    *out = items;
    return n;
}
