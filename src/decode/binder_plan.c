/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Reads a plan of drawing a page at a time. The service writes it, so whatever is wrong with it is
 * a bug, and is said with its line. Called by binder.c; pure.
 */
#include "decode/binder_internal.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINE = 2 * BINDER_WORD + 64,
    FIELDS = 7,
    DIGITS = 9,
    MAX_ITEMS = 1000000, /* of a kind on a page */
};

struct item {
    char text[LINE];
    char *fields[FIELDS];
    size_t count; /* FIELDS + 1: more than there may be */
};

static int broken(const struct binder_plan *p, struct error *err)
{
    return error_set(err, ERROR_BUG, "line %u of the plan makes no sense", p->line);
}

static void split(struct item *l)
{
    char *rest = l->text;
    l->count = 0;
    for (char *field; (field = strsep(&rest, " ")); l->count++) {
        if (l->count == FIELDS) {
            l->count = FIELDS + 1;
            return;
        }
        l->fields[l->count] = field;
    }
}

/* The next line without moving on, or NULL: there is none that ends and fits. */
static const char *peek(const struct binder_plan *p)
{
    const char *end = memchr(p->at, '\n', (size_t)(p->end - p->at));
    return end && end - p->at < LINE && !memchr(p->at, '\0', (size_t)(end - p->at)) ? end : NULL;
}

static int take(struct binder_plan *p, struct item *l, struct error *err)
{
    const char *end = peek(p);
    p->line++;
    if (!end)
        return broken(p, err);
    memcpy(l->text, p->at, (size_t)(end - p->at));
    l->text[end - p->at] = '\0';
    p->at = end + 1;
    return 0;
}

static bool number(const char *text, int *out)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > DIGITS || text[digits])
        return false;
    *out = atoi(text);
    return true;
}

static bool begin_page(struct binder_page *page, const struct item *l)
{
    int n = 0, width = 0, height = 0;
    bool sized = l->count == 4 && number(l->fields[2], &width) && number(l->fields[3], &height) &&
                 width > 0 && height > 0;
    if (strcmp(l->fields[0], "page") != 0 || (l->count != 2 && !sized) ||
        !number(l->fields[1], &n) || (uint32_t)n <= page->number)
        return false;
    page->number = (uint32_t)n;
    page->width = width;
    page->height = height;
    *page->note = '\0';
    page->failed = false;
    page->box_count = page->cell_count = page->line_count = page->word_count = 0;
    return true;
}

static bool add_note(struct binder_page *page, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    if (len == 0 || len >= sizeof page->note || *page->note)
        return false;
    memcpy(page->note, text, len + 1);
    return true;
}

/* Whole, and with a sign below zero. */
static bool signed_number(const char *text, int *out)
{
    bool below = *text == '-';
    if (!number(text + below, out))
        return false;
    if (below)
        *out = -*out;
    return true;
}

/* The list with room for one more. */
static void *with_room(void *list, size_t count, size_t *space, size_t size)
{
    if (count < *space)
        return list;
    *space = *space ? *space * 2 : 64;
    return x_realloc(list, *space, size);
}

/* Four fields as a rectangle on the page. */
static bool take_corners(const struct binder_page *page, char *const fields[4],
                         struct binder_cell *out)
{
    return number(fields[0], &out->x1) && number(fields[1], &out->y1) &&
           number(fields[2], &out->x2) && number(fields[3], &out->y2) && out->x1 < out->x2 &&
           out->y1 < out->y2 && out->x2 <= page->width && out->y2 <= page->height;
}

static bool add_box(struct binder_page *page, const struct item *l)
{
    struct binder_cell at;
    int n, type = block_type_of(l->fields[2]);
    if (type < 0 || !number(l->fields[1], &n) || !take_corners(page, l->fields + 3, &at) ||
        page->box_count == MAX_ITEMS)
        return false;
    page->boxes = with_room(page->boxes, page->box_count, &page->box_space, sizeof *page->boxes);
    page->boxes[page->box_count++] =
        (struct binder_box){(enum block_type)type, n, at.x1, at.y1, at.x2, at.y2};
    return true;
}

static bool add_cell(struct binder_page *page, const struct item *l)
{
    struct binder_cell at;
    if (!take_corners(page, l->fields + 1, &at) || page->cell_count == MAX_ITEMS)
        return false;
    page->cells = with_room(page->cells, page->cell_count, &page->cell_space, sizeof *page->cells);
    page->cells[page->cell_count++] = at;
    return true;
}

static bool add_line(struct binder_page *page, const struct item *l)
{
    struct binder_line line = {.first_word = page->word_count};
    if (!signed_number(l->fields[1], &line.x1) || !signed_number(l->fields[2], &line.y1) ||
        !signed_number(l->fields[3], &line.x2) || !signed_number(l->fields[4], &line.y2) ||
        !number(l->fields[5], &line.height) || line.height == 0 || !page->width ||
        (line.x1 == line.x2 && line.y1 == line.y2) || page->line_count == MAX_ITEMS)
        return false;
    page->lines = with_room(page->lines, page->line_count, &page->line_space, sizeof *page->lines);
    page->lines[page->line_count++] = line;
    return true;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* −1: not what the grammar says. */
static int unhex(const char *hex, size_t len, char out[BINDER_WORD])
{
    if (len == 0 || len % 2 || len / 2 > BINDER_WORD)
        return -1;
    for (size_t i = 0; i < len; i += 2) {
        int high = hex_value(hex[i]), low = hex_value(hex[i + 1]);
        if (high < 0 || low < 0)
            return -1;
        out[i / 2] = (char)(high << 4 | low);
    }
    return (int)(len / 2);
}

size_t binder_word_letters(const struct binder_word *word, uint32_t letters[BINDER_WORD])
{
    char text[BINDER_WORD];
    int len = unhex(word->hex, word->hex_len, text);
    size_t n = 0, bytes;
    for (int at = 0; at < len; at += (int)bytes)
        if (!(bytes = utf8_decode(text + at, (size_t)(len - at), &letters[n++])))
            return 0;
    return n;
}

/* hex: where the item's last field stands in the plan. */
static bool add_word(struct binder_page *page, const struct item *l, const char *hex)
{
    struct binder_word word = {.hex = hex, .hex_len = strlen(l->fields[3])};
    char text[BINDER_WORD];
    int len = unhex(word.hex, word.hex_len, text);
    if (!page->line_count || len < 0 || !utf8_printable(text, (size_t)len) ||
        !signed_number(l->fields[1], &word.from) || !signed_number(l->fields[2], &word.to) ||
        word.from > word.to || page->word_count == MAX_ITEMS)
        return false;
    page->words = with_room(page->words, page->word_count, &page->word_space, sizeof *page->words);
    page->words[page->word_count++] = word;
    page->lines[page->line_count - 1].word_count++;
    return true;
}

static bool add_blank(struct binder_page *page)
{
    if (!page->line_count || !page->lines[page->line_count - 1].word_count)
        return false;
    page->words[page->word_count - 1].blank = true;
    return true;
}

int binder_plan_open(struct binder_plan *p, const char *text, size_t len, struct error *err)
{
    struct item l;
    *p = (struct binder_plan){.at = text, .end = text + len};
    if (take(p, &l, err) < 0)
        return -1;
    return strcmp(l.text, "plan 1") == 0 ? 0 : broken(p, err);
}

static bool starts(const struct binder_plan *p, const char *word)
{
    size_t len = strlen(word);
    return (size_t)(p->end - p->at) >= len && memcmp(p->at, word, len) == 0;
}

/* end: where the item ends in the plan. */
static bool add_item(struct binder_page *page, const struct item *l, const char *end)
{
    const char *kind = l->fields[0];
    if (l->count == 7 && strcmp(kind, "box") == 0)
        return add_box(page, l);
    if (l->count == 5 && strcmp(kind, "cell") == 0)
        return add_cell(page, l);
    if (l->count == 6 && strcmp(kind, "line") == 0)
        return add_line(page, l);
    if (l->count == 4 && strcmp(kind, "word") == 0)
        return add_word(page, l, end - strlen(l->fields[3]));
    if (l->count == 1 && strcmp(kind, "blank") == 0)
        return add_blank(page);
    page->failed = l->count == 1 && strcmp(kind, "failed") == 0;
    return page->failed;
}

static int read_item(struct binder_plan *p, struct error *err)
{
    static const char note[] = "note ";
    struct item l;
    bool is_note = starts(p, note), good;
    if (take(p, &l, err) < 0)
        return -1;
    if (is_note) {
        good = add_note(&p->page, l.text + sizeof note - 1);
    } else {
        split(&l);
        good = add_item(&p->page, &l, p->at - 1);
    }
    return good ? 0 : broken(p, err);
}

int binder_plan_next(struct binder_plan *p, struct error *err)
{
    struct item l;
    if (p->at == p->end) {
        p->page.number = 0;
        return 0;
    }
    if (take(p, &l, err) < 0)
        return -1;
    split(&l);
    if (!begin_page(&p->page, &l))
        return broken(p, err);
    while (p->at < p->end && !starts(p, "page "))
        if (read_item(p, err) < 0)
            return -1;
    return 0;
}

void binder_plan_close(struct binder_plan *p)
{
    free(p->page.boxes);
    free(p->page.cells);
    free(p->page.lines);
    free(p->page.words);
    p->page = (struct binder_page){0};
}
