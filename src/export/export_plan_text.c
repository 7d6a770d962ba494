/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The plan of a PDF that can be searched: where each word lies, for a bind worker that writes it
 * there unseen. decode/binder.h has the grammar. All words of a line stand on one lower edge and
 * are as high as it, each is as long as its own polygon: what is selected looks like lines, and a
 * dash or a full stop does not make a line of its own. Pages that gave their own text get none.
 * Used through export.h.
 */
#include "export/export.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TENTHS = 10,
    WORD_LETTERS = 256, /* of one item; what is longer becomes several */
};

/* A line higher than this many of its highest word is no frame for them: it leans, or holds two. */
static const double loose = 1.6;

/* In the page's pixels: y grows downwards. */
struct frame {
    double x, y;             /* where the lower edge begins */
    double along_x, along_y; /* its direction, of length 1 */
    double length, height;
};

struct span {
    const struct word *word;
    double from, to; /* along the frame's lower edge */
    bool blank;      /* something else follows, after a blank */
};

/* ---- where ---- */

static double across(const struct frame *f, struct point from, struct point to)
{
    return ((double)to.x - (double)from.x) * f->along_y -
           ((double)to.y - (double)from.y) * f->along_x;
}

static struct frame frame_of(const struct quad *q)
{
    const struct point left = q->corner[3], right = q->corner[2];
    struct frame f = {.x = (double)left.x, .y = (double)left.y, .along_x = 1};
    double x = (double)right.x - f.x, y = (double)right.y - f.y, length = hypot(x, y);
    if (length > 0) {
        f.along_x = x / length;
        f.along_y = y / length;
    }
    f.length = fmax(length, 1);
    f.height = fabs(across(&f, left, q->corner[0]) + across(&f, right, q->corner[1])) / 2;
    f.height = fmax(f.height, 1);
    return f;
}

static size_t letters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* Set from top to bottom: three letters and more are never half as wide as they are high. */
static bool stacked(const struct line *line)
{
    struct frame f = frame_of(&line->polygon);
    return letters(line->text) >= 3 && f.height > 2 * f.length;
}

/* The quad as if its first edge were the one that the text runs along. */
static struct quad along_text(const struct quad *q, bool turned)
{
    return turned ? quad_shifted(q, 1) : *q;
}

static struct frame frame_of_line(const struct line *line, bool turned)
{
    struct quad q = along_text(&line->polygon, turned);
    return frame_of(&q);
}

static struct span span_of(const struct frame *f, const struct word *word)
{
    struct span s = {.word = word, .from = INFINITY, .to = -INFINITY};
    for (int i = 0; i < 4; i++) {
        const struct point p = word->polygon.corner[i];
        double at = ((double)p.x - f->x) * f->along_x + ((double)p.y - f->y) * f->along_y;
        s.from = fmin(s.from, at);
        s.to = fmax(s.to, at);
    }
    return s;
}

static bool is_loose(const struct line *line, const struct frame *f, bool turned)
{
    double highest = 0;
    for (size_t i = 0; i < line->word_count; i++) {
        struct quad q = along_text(&line->words[i].polygon, turned);
        highest = fmax(highest, frame_of(&q).height);
    }
    return line->word_count && f->height > loose * highest;
}

/* ---- text that runs from right to left ---- */

struct block_of_letters {
    uint32_t from, to;
};

static const struct block_of_letters leftward[] = {
    {0x590, 0x65F},   {0x66A, 0x6EF},     {0x6FA, 0x8FF},     {0xFB1D, 0xFDFF},
    {0xFE70, 0xFEFE}, {0x10800, 0x10FFF}, {0x1E800, 0x1EFFF},
};

static bool runs_left(uint32_t c)
{
    for (size_t i = 0; i < sizeof leftward / sizeof *leftward; i++)
        if (c >= leftward[i].from && c <= leftward[i].to)
            return true;
    return false;
}

/* Digits and the letters of other scripts, which keep their direction inside. */
static bool runs_right(uint32_t c)
{
    return !runs_left(c) && ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                             (c >= 'a' && c <= 'z') || c >= 0xC0);
}

static bool has_leftward(const char *text)
{
    uint32_t c;
    size_t len = strlen(text), n;
    for (; len && (n = utf8_decode(text, len, &c)); text += n, len -= n)
        if (runs_left(c))
            return true;
    return false;
}

static void reverse(uint32_t *letter, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        uint32_t kept = letter[i];
        letter[i] = letter[n - 1 - i];
        letter[n - 1 - i] = kept;
    }
}

/* As it is seen, from left to right: that is what readers of PDF expect, and undo. */
static void reverse_letters(uint32_t *letter, size_t n)
{
    reverse(letter, n);
    for (size_t i = 0, end; i < n; i = end + 1) {
        for (end = i; end < n && runs_right(letter[end]); end++)
            ;
        reverse(letter + i, end - i);
    }
}

/* ---- out ---- */

static long tenths(double pixels)
{
    const double most = 10.0 * PAGE_MAX_SIDE * TENTHS;
    return lround(fmin(fmax(pixels * TENTHS, -most), most));
}

static void add_letter(struct strbuf *out, uint32_t c)
{
    static const char digits[] = "0123456789ABCDEF";
    char bytes[4];
    bool control = c < ' ' || (c >= 0x7F && c < 0xA0);
    size_t n = utf8_encode(control ? ' ' : c, bytes);
    for (size_t i = 0; i < n; i++) {
        strbuf_addc(out, digits[(unsigned char)bytes[i] >> 4]);
        strbuf_addc(out, digits[bytes[i] & 15]);
    }
}

static size_t take_letters(const char **text, uint32_t letter[WORD_LETTERS])
{
    size_t n = 0, len = strlen(*text), bytes;
    while (n < WORD_LETTERS && len && (bytes = utf8_decode(*text, len, &letter[n]))) {
        *text += bytes;
        len -= bytes;
        n++;
    }
    return n;
}

static void add_text(struct strbuf *out, const char *text, double from, double to)
{
    uint32_t letter[WORD_LETTERS];
    bool leftwards = has_leftward(text);
    double all = (double)letters(text), done = 0;
    for (size_t n; (n = take_letters(&text, letter)) > 0; done += (double)n) {
        double begin = done / all, end = (done + (double)n) / all, length = to - from;
        if (leftwards)
            reverse_letters(letter, n);
        strbuf_addf(out, "word %ld %ld ",
                    tenths(leftwards ? to - end * length : from + begin * length),
                    tenths(leftwards ? to - begin * length : from + end * length));
        for (size_t i = 0; i < n; i++)
            add_letter(out, letter[i]);
        strbuf_addc(out, '\n');
    }
}

static void add_frame(struct strbuf *out, const struct frame *f)
{
    strbuf_addf(out, "line %ld %ld %ld %ld %ld\n", tenths(f->x), tenths(f->y),
                tenths(f->x + f->along_x * f->length), tenths(f->y + f->along_y * f->length),
                tenths(f->height));
}

/* Does the line's text have a blank after this word? *rest: its text behind the word before; NULL
 * once the words are not those of the text. */
static bool blank_after(const char **rest, const char *word)
{
    size_t len = strlen(word);
    if (!*rest)
        return true;
    *rest += strspn(*rest, " ");
    if (strncmp(*rest, word, len) != 0) {
        *rest = NULL;
        return true;
    }
    *rest += len;
    return **rest == ' ';
}

static int compare_spans(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

static void place_words(const struct line *line, const struct frame *f, struct span *spans)
{
    const char *rest = line->text;
    bool leftwards = has_leftward(line->text);
    for (size_t i = 0; i < line->word_count; i++) {
        spans[i] = span_of(f, &line->words[i]);
        spans[i].blank = blank_after(&rest, line->words[i].text) || leftwards;
    }
    if (leftwards)
        qsort(spans, line->word_count, sizeof *spans, compare_spans);
}

static void add_words(struct strbuf *out, const struct line *line, const struct frame *f)
{
    struct span *spans = x_calloc(line->word_count, sizeof *spans);
    place_words(line, f, spans);
    add_frame(out, f);
    for (size_t i = 0; i < line->word_count; i++) {
        add_text(out, spans[i].word->text, spans[i].from, spans[i].to);
        if (spans[i].blank && i + 1 < line->word_count)
            strbuf_adds(out, "blank\n");
    }
    free(spans);
}

static void add_words_apart(struct strbuf *out, const struct line *line, bool turned)
{
    for (size_t i = 0; i < line->word_count; i++) {
        struct quad q = along_text(&line->words[i].polygon, turned);
        struct frame f = frame_of(&q);
        add_frame(out, &f);
        add_text(out, line->words[i].text, 0, f.length);
    }
}

static void add_line(struct strbuf *out, const struct line *line)
{
    bool turned = stacked(line);
    struct frame f = frame_of_line(line, turned);
    if (!line->word_count) {
        add_frame(out, &f);
        add_text(out, line->text, 0, f.length);
    } else if (is_loose(line, &f, turned)) {
        add_words_apart(out, line, turned);
    } else {
        add_words(out, line, &f);
    }
}

static void add_block(struct strbuf *out, const struct block *block)
{
    for (size_t i = 0; i < block->line_count; i++)
        add_line(out, &block->lines[i]);
}

static void plan_begin(struct strbuf *out, const char *job)
{
    (void)job;
    strbuf_adds(out, "plan 1\n");
}

static void plan_page(struct strbuf *out, const struct export_page *e, bool first)
{
    (void)first;
    if (!e->page) {
        strbuf_addf(out, "page %u\nfailed\n", e->number);
        return;
    }
    strbuf_addf(out, "page %u %d %d\n", e->number, e->page->width, e->page->height);
    for (size_t i = 0; e->page->source != PAGE_SOURCE_TEXT && i < e->page->block_count; i++)
        add_block(out, &e->page->blocks[i]);
}

const struct export_format export_plan_text = {.extension = "plan",
                                               .content_type = "text/plain",
                                               .decoded = true,
                                               .begin = plan_begin,
                                               .page = plan_page};
