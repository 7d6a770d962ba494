/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What Tesseract read, as blocks, lines and words of a page: texts, places, directions. Refuses
 * more text than a page result may hold. Called by ocr_tesseract.c.
 */
#include "ocr/ocr_tesseract.h"

#include "base/utf8.h"

#include <math.h>
#include <string.h>

/* Directions of a line of text on the page: along the reading, and down through the line. */
struct axes {
    struct point along, down;
};

struct reading {
    struct page *page;
    TessResultIterator *at;
    double scale; /* their pixels for one of ours */
    struct block *block;
    struct line *line;
    TessOrientation orientation; /* of the line */
    struct axes axes;
};

/* ---- geometry ---- */

static float dot(struct point a, struct point b)
{
    return a.x * b.x + a.y * b.y;
}

/* Where reading goes when the top of the text points up, right, down, left. */
static const struct point directions[4] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};

static const TessPageIterator *page_iterator(const struct reading *r)
{
    return TessResultIteratorGetPageIteratorConst(r->at);
}

/* Which way the top of the text points. Tesseract reads a block of upright columns as "top to
 * bottom" and says the page is up; outside the models for vertical writing such columns are lines
 * turned clockwise. */
static TessOrientation find_orientation(const struct reading *r)
{
    TessOrientation orientation;
    TessWritingDirection writing;
    TessTextlineOrder order;
    float deskew;
    TessPageIteratorOrientation(TessResultIteratorGetPageIterator(r->at), &orientation, &writing,
                                &order, &deskew);
    if (writing == WRITING_DIRECTION_TOP_TO_BOTTOM && orientation == ORIENTATION_PAGE_UP) {
        const char *language = TessResultIteratorWordRecognitionLanguage(r->at);
        if (!language || !strstr(language, "_vert"))
            orientation = ORIENTATION_PAGE_RIGHT;
    }
    return orientation & 3;
}

/* The baseline says how the line leans. Not when it rises by no more than rounding does, nor at
 * more than 30 degrees from the text's direction: the baselines of vertical writing do that. */
static struct axes line_axes(const struct reading *r)
{
    const float rounding = 2, cosine_30 = 0.866F;
    struct point along = directions[r->orientation];
    int x1, y1, x2, y2;
    if (TessPageIteratorBaseline(page_iterator(r), RIL_TEXTLINE, &x1, &y1, &x2, &y2)) {
        struct point v = {(float)(x2 - x1), (float)(y2 - y1)};
        float length = hypotf(v.x, v.y), forward = dot(v, along);
        float rise = dot(v, (struct point){-along.y, along.x});
        if (fabsf(rise) > rounding && fabsf(forward) > cosine_30 * length) {
            length = copysignf(length, forward);
            along = (struct point){v.x / length, v.y / length};
        }
    }
    return (struct axes){along, {-along.y, along.x}};
}

static float clamp(float v, int most)
{
    return fminf(fmaxf(v, 0), (float)most);
}

/* A box of this level in our pixels, within the page. */
static struct rect box_of(const struct reading *r, TessPageIteratorLevel level)
{
    int x1 = 0, y1 = 0, x2 = 0, y2 = 0;
    TessPageIteratorBoundingBox(page_iterator(r), level, &x1, &y1, &x2, &y2);
    const struct page *p = r->page;
    return (struct rect){
        clamp((float)(x1 / r->scale), p->width), clamp((float)(y1 / r->scale), p->height),
        clamp((float)(x2 / r->scale), p->width), clamp((float)(y2 / r->scale), p->height)};
}

static struct quad turned(struct rect box, TessOrientation orientation)
{
    const struct quad q = quad_of_rect(box);
    return quad_shifted(&q, orientation);
}

/* The leaning rectangle around the middles of the words' sides: corners would make it too tall. */
static struct quad line_quad(const struct reading *r)
{
    struct rect span = {HUGE_VALF, HUGE_VALF, -HUGE_VALF, -HUGE_VALF};
    for (size_t i = 0; i < r->line->word_count; i++) {
        const struct point *c = r->line->words[i].polygon.corner;
        for (int k = 0; k < 4; k++) {
            struct point a = c[k], b = c[(k + 1) & 3];
            struct point middle = {(a.x + b.x) / 2, (a.y + b.y) / 2};
            float x = dot(middle, r->axes.along), y = dot(middle, r->axes.down);
            span = rect_union(span, (struct rect){x, y, x, y});
        }
    }
    struct quad q = quad_of_rect(span);
    for (int i = 0; i < 4; i++) {
        struct point p = q.corner[i];
        float x = p.x * r->axes.along.x + p.y * r->axes.down.x;
        float y = p.x * r->axes.along.y + p.y * r->axes.down.y;
        q.corner[i] = (struct point){clamp(x, r->page->width), clamp(y, r->page->height)};
    }
    return q;
}

/* ---- results ---- */

static bool starts(const struct reading *r, TessPageIteratorLevel level)
{
    return TessPageIteratorIsAtBeginningOf(page_iterator(r), level);
}

static int finish_line(struct reading *r)
{
    if (!r->line)
        return 0;
    if (page_join_words(r->page, r->line) < 0)
        return -1;
    r->line->polygon = line_quad(r);
    r->line = NULL;
    return 0;
}

/* Blocks and lines are added with their first word, so that there are no empty ones. */
static int ensure_line(struct reading *r)
{
    if (!r->block)
        r->block = page_add_block(r->page, BLOCK_TEXT);
    if (!r->block)
        return -1;
    if (r->line)
        return 0;
    r->line = page_add_line(r->page, r->block);
    r->orientation = find_orientation(r);
    r->axes = line_axes(r);
    return r->line ? 0 : -1;
}

static int add_word(struct reading *r, const char *text, size_t len)
{
    if (ensure_line(r) < 0)
        return -1;
    struct word *w = page_add_word(r->page, r->line);
    const char *own = page_text(r->page, text, len);
    if (!w || !own)
        return -1;
    float confidence = TessResultIteratorConfidence(r->at, RIL_WORD) / 100;
    *w = (struct word){.text = own,
                       .polygon = turned(box_of(r, RIL_WORD), r->orientation),
                       .confidence = fminf(fmaxf(confidence, 0), 1)};
    return 0;
}

static int take_word(struct reading *r)
{
    char *text = TessResultIteratorGetUTF8Text(r->at, RIL_WORD);
    if (!text)
        return 0;
    utf8_make_printable(text, strlen(text) + 1);
    const char *start = text + strspn(text, " ");
    size_t len = strlen(start);
    while (len && start[len - 1] == ' ')
        len--;
    int rc = len ? add_word(r, start, len) : 0;
    TessDeleteText(text);
    return rc;
}

/* Asking is dear (Tesseract walks the page from its start), so a paragraph is asked for only where
 * a line starts. */
static int begin_line(struct reading *r)
{
    if (finish_line(r) < 0)
        return -1;
    if (starts(r, RIL_PARA))
        r->block = NULL;
    return 0;
}

static int take_results(struct reading *r)
{
    do {
        if (starts(r, RIL_TEXTLINE) && begin_line(r) < 0)
            return -1;
        if (take_word(r) < 0)
            return -1;
    } while (TessResultIteratorNext(r->at, RIL_WORD));
    return finish_line(r);
}

int tesseract_take(TessBaseAPI *api, double scale, struct page *page, struct error *err)
{
    struct reading r = {.page = page, .scale = scale, .at = TessBaseAPIGetIterator(api)};
    if (!r.at)
        return 0;
    int rc = take_results(&r);
    TessResultIteratorDelete(r.at);
    return rc == 0 ? 0 : error_set(err, ERROR_LIMIT, "more text than a page result may hold");
}
