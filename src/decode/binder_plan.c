/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Reads a plan of drawing a page at a time. The service writes it, so whatever is wrong with it is
 * a bug, and is said with its line. Called by binder.c; pure.
 */
#include "decode/binder_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { LINE = 200, FIELDS = 6, DIGITS = 9, MAX_BOXES = 1000000 };

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
    page->box_count = 0;
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

static bool add_box(struct binder_page *page, const struct item *l)
{
    struct binder_box box;
    int type = l->count == 6 ? block_type_of(l->fields[1]) : -1;
    if (type < 0 || !number(l->fields[2], &box.x1) || !number(l->fields[3], &box.y1) ||
        !number(l->fields[4], &box.x2) || !number(l->fields[5], &box.y2) || box.x1 >= box.x2 ||
        box.y1 >= box.y2 || box.x2 > page->width || box.y2 > page->height ||
        page->box_count == MAX_BOXES)
        return false;
    box.type = (enum block_type)type;
    if (page->box_count == page->box_space) {
        page->box_space = page->box_space ? page->box_space * 2 : 64;
        page->boxes = x_realloc(page->boxes, page->box_space, sizeof *page->boxes);
    }
    page->boxes[page->box_count++] = box;
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
        good = strcmp(l.fields[0], "box") == 0 && add_box(&p->page, &l);
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
    p->page.boxes = NULL;
}
