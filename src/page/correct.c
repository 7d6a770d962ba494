/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Lines of a recognised page against the words of its text layer. A line is the measure, because
 * the two seldom agree on where words end. Lines of unusual length stay as they are. Called by the
 * recognise stage.
 */
#include "page/correct.h"

#include "base/memory.h"
#include "page/plausible.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_LINE = 2000 }; /* bytes that are compared: the square of it is spent */

/* Two readings of the same line differ in a few letters; two different lines in most of them. */
static const float most_different = 0.35F;

struct layer_word {
    const struct word *word;
    struct point middle;
    size_t order; /* in the layer */
    bool used;
};

struct correction {
    struct page *page;
    struct layer_word *words; /* by the height of their middles */
    size_t count;
    size_t *chosen; /* indices of words that stand on the line in hand */
    size_t chosen_count;
};

static int by_height(const void *a, const void *b)
{
    const struct layer_word *one = a, *other = b;
    if (one->middle.y != other->middle.y)
        return one->middle.y < other->middle.y ? -1 : 1;
    return one->order < other->order ? -1 : one->order > other->order;
}

static void collect(struct correction *c, const struct page *layer)
{
    for (size_t b = 0; b < layer->block_count; b++)
        for (size_t l = 0; l < layer->blocks[b].line_count; l++) {
            const struct line *line = &layer->blocks[b].lines[l];
            for (size_t w = 0; w < line->word_count; w++) {
                const struct point *k = line->words[w].polygon.corner;
                c->words[c->count] = (struct layer_word){
                    &line->words[w], point_between(k[0], k[2], 0.5F), c->count, false};
                c->count++;
            }
        }
    qsort(c->words, c->count, sizeof *c->words, by_height);
}

/* On the inner side of all four edges; corners run clockwise. */
static bool inside(const struct quad *q, struct point p)
{
    for (int i = 0; i < 4; i++) {
        struct point a = q->corner[i], b = q->corner[(i + 1) & 3];
        if ((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x) < 0)
            return false;
    }
    return true;
}

static size_t first_below(const struct correction *c, float y)
{
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c->words[middle].middle.y < y)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int by_order(const void *a, const void *b, void *context)
{
    const struct layer_word *words = context;
    size_t one = words[*(const size_t *)a].order, other = words[*(const size_t *)b].order;
    return one < other ? -1 : one > other;
}

static void choose(struct correction *c, const struct line *line)
{
    const struct rect r = rect_of_quad(&line->polygon);
    c->chosen_count = 0;
    for (size_t i = first_below(c, r.y1); i < c->count && c->words[i].middle.y <= r.y2; i++)
        if (!c->words[i].used && inside(&line->polygon, c->words[i].middle))
            c->chosen[c->chosen_count++] = i;
    qsort_r(c->chosen, c->chosen_count, sizeof *c->chosen, by_order, c->words);
}

/* Levenshtein's distance, in bytes. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[LONGEST_LINE + 1];
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t put = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = put < other ? put : other;
        }
    }
    return row[b_len];
}

static void chosen_text(const struct correction *c, struct strbuf *out)
{
    for (size_t i = 0; i < c->chosen_count; i++) {
        strbuf_adds(out, i ? " " : "");
        strbuf_adds(out, c->words[c->chosen[i]].word->text);
    }
}

static bool chosen_plausible(const struct correction *c)
{
    for (size_t i = 0; i < c->chosen_count; i++)
        if (!word_plausible(c->words[c->chosen[i]].word->text))
            return false;
    return true;
}

/* Is the layer another reading of this line, and a different one? */
static bool worth_taking(const struct correction *c, const struct line *line, const char *text,
                         size_t len)
{
    size_t own = strlen(line->text), longer = own > len ? own : len;
    if (longer > LONGEST_LINE || strcmp(line->text, text) == 0 || !chosen_plausible(c))
        return false;
    return (float)distance(line->text, own, text, len) <= most_different * (float)longer;
}

static int take(struct correction *c, struct line *line)
{
    struct line new = *line;
    new.words = NULL;
    new.word_count = new.word_space = 0;
    for (size_t i = 0; i < c->chosen_count; i++) {
        const struct word *from = c->words[c->chosen[i]].word;
        struct word *word = page_add_word(c->page, &new);
        const char *text = page_text(c->page, from->text, strlen(from->text));
        if (!word || !text)
            return -1;
        *word = (struct word){text, from->polygon, line->confidence};
        c->words[c->chosen[i]].used = true;
    }
    if (page_join_words(c->page, &new) < 0)
        return -1;
    new.polygon = line->polygon;
    *line = new;
    return 1;
}

static int correct_line(struct correction *c, struct line *line)
{
    choose(c, line);
    if (!c->chosen_count)
        return 0;
    auto_strbuf text = {0};
    chosen_text(c, &text);
    return worth_taking(c, line, strbuf_str(&text), text.len) ? take(c, line) : 0;
}

static int correct_all(struct correction *c)
{
    int changed = 0;
    for (size_t b = 0; b < c->page->block_count; b++)
        for (size_t l = 0; l < c->page->blocks[b].line_count; l++) {
            int rc = correct_line(c, &c->page->blocks[b].lines[l]);
            if (rc < 0)
                return -1;
            changed += rc;
        }
    return changed;
}

int page_correct(struct page *page, const struct page *layer, struct error *err)
{
    size_t n = page_count_words(layer);
    if (!n)
        return 0;
    struct correction c = {.page = page};
    c.words = x_calloc(n, sizeof *c.words);
    c.chosen = x_calloc(n, sizeof *c.chosen);
    collect(&c, layer);
    int rc = correct_all(&c);
    free(c.words);
    free(c.chosen);
    return rc < 0 ? error_set(err, ERROR_LIMIT, "more text than a page result may hold") : rc;
}
