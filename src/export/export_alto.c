/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * alto.xml: ALTO 4.4, all pages in one document, in pixels. Styles and tags stand before the pages,
 * which are not known yet then, so both are fixed palettes; the reading order is the order of the
 * elements, and IDNEXT for those who want it said. Tables and figures with text in them are
 * composed blocks. A failed page is an empty one whose QUALITY is Missing.
 */
#include "export/export_driver.h"

#include "export/export_shape.h"
#include "export/export_xml.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Sizes of type that the palette has, in points; what is outside has the nearest. */
enum { SIZE_LEAST = 4, SIZE_MOST = 96, SUFFIX = 48, TEXT_OF_WORD = 256 };

/* A word that is parted at the end of a line, for both of its parts. */
struct join {
    char whole[TEXT_OF_WORD]; /* "": none */
    size_t mark;              /* bytes of the hyphen */
};

struct writer {
    struct strbuf *out;
    const struct page *page;
    const char *images;
    size_t block, line, word; /* from 1, by page, for ids */
    unsigned figures;
};

static void add_styles(struct strbuf *out)
{
    strbuf_adds(out, "<Styles>\n<TextStyle ID=\"bold\" FONTSTYLE=\"bold\"/>\n"
                     "<TextStyle ID=\"italic\" FONTSTYLE=\"italics\"/>\n"
                     "<TextStyle ID=\"mono\" FONTWIDTH=\"fixed\"/>\n");
    for (int i = SIZE_LEAST; i <= SIZE_MOST; i++)
        strbuf_addf(out, "<TextStyle ID=\"size_%d\" FONTSIZE=\"%d\"/>\n", i, i);
    strbuf_adds(out, "</Styles>\n<Tags>\n");
    for (enum block_type i = 0; i < BLOCK_TYPES; i++)
        strbuf_addf(out, "<LayoutTag ID=\"type_%s\" LABEL=\"%s\"/>\n", block_type_name(i),
                    block_type_name(i));
    strbuf_adds(out, "</Tags>\n");
}

static void alto_begin(struct strbuf *out, const char *json)
{
    struct xml_job job;
    xml_job_open(&job, json);
    strbuf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<alto xmlns=\"http://www.loc.gov/standards/alto/ns-v4#\" "
                     "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                     "xsi:schemaLocation=\"http://www.loc.gov/standards/alto/ns-v4# "
                     "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd\" "
                     "SCHEMAVERSION=\"4.4\">\n"
                     "<Description>\n<MeasurementUnit>pixel</MeasurementUnit>\n"
                     "<sourceImageInformation>\n");
    xml_add_element(out, "fileName", job.filename);
    strbuf_adds(out, "</sourceImageInformation>\n<Processing ID=\"pagemill\">\n"
                     "<processingCategory>contentGeneration</processingCategory>\n");
    xml_add_element(out, "processingDateTime", job.created);
    if (job.options)
        xml_add_element(out, "processingStepSettings", job.options);
    strbuf_adds(out, "<processingSoftware>\n<softwareName>pagemill</softwareName>\n"
                     "<softwareVersion>" PAGEMILL_VERSION "</softwareVersion>\n"
                     "</processingSoftware>\n</Processing>\n</Description>\n");
    add_styles(out);
    strbuf_adds(out, "<Layout>\n");
    xml_job_close(&job);
}

static void add_place(struct strbuf *out, const struct box *b)
{
    strbuf_addf(out, " HPOS=\"%d\" VPOS=\"%d\" WIDTH=\"%d\" HEIGHT=\"%d\"", b->left, b->top,
                b->right - b->left, b->bottom - b->top);
}

static void add_style(struct writer *w, const struct line *line)
{
    char refs[SUFFIX] = "";
    size_t n = 0;
    if (line->font_size > 0 && w->page->dpi > 0) {
        double points = round((double)line->font_size * 72 / w->page->dpi);
        n += (size_t)snprintf(refs, sizeof refs, " size_%d",
                              (int)fmin(fmax(points, SIZE_LEAST), SIZE_MOST));
    }
    for (size_t i = 0; i < PAGE_STYLES; i++)
        if (line->style & page_styles[i].bit)
            n += (size_t)snprintf(refs + n, sizeof refs - n, " %s", page_styles[i].name);
    if (n)
        xml_add_attribute(w->out, "STYLEREFS", refs + 1);
}

/* ---- words ---- */

/* Bytes of the hyphen that ends s behind a letter; 0: there is none. */
static size_t hyphen(const char *s)
{
    static const char *const marks[] = {"-", "\xC2\xAD", "\xE2\x80\x90"}; /* soft; U+2010 */
    size_t len = strlen(s);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t n = strlen(marks[i]);
        if (len > n && strcmp(s + len - n, marks[i]) == 0)
            return isalpha((unsigned char)s[len - n - 1]) || s[len - n - 1] & 0x80 ? n : 0;
    }
    return 0;
}

/* Does the last word of a line go on with the first of the next? */
static struct join find_join(const struct line *line, const struct line *next)
{
    struct join j = {.mark = 0};
    if (!next || !line->word_count || !next->word_count)
        return j;
    const char *start = line->words[line->word_count - 1].text, *end = next->words[0].text;
    size_t mark = hyphen(start), len = strlen(start) - mark;
    bool goes_on = islower((unsigned char)*end) || *end & 0x80;
    if (!mark || !goes_on || len + strlen(end) >= sizeof j.whole)
        return j;
    snprintf(j.whole, sizeof j.whole, "%.*s%s", (int)len, start, end);
    j.mark = mark;
    return j;
}

static void add_substitute(struct strbuf *out, const struct join *j, const char *part)
{
    xml_add_attribute(out, "SUBS_TYPE", part);
    xml_add_attribute(out, "SUBS_CONTENT", j->whole);
}

/* len: of the text, without a hyphen that is an element of its own */
static void add_string(struct writer *w, const struct word *word, size_t len,
                       const struct join *begins, const struct join *ends)
{
    auto_strbuf text = {0};
    struct box b = box_of_quad(w->page, &word->polygon);
    strbuf_add(&text, word->text, len);
    strbuf_addf(w->out, "<String ID=\"p%d_w%zu\"", w->page->number, ++w->word);
    add_place(w->out, &b);
    xml_add_attribute(w->out, "CONTENT", strbuf_str(&text));
    if (*begins->whole)
        add_substitute(w->out, begins, "HypPart1");
    else if (*ends->whole)
        add_substitute(w->out, ends, "HypPart2");
    xml_add_part(w->out, "WC", word->confidence);
    strbuf_adds(w->out, "/>\n");
}

/* The blank between two words, where there is one to see. */
static void add_space(struct writer *w, const struct word *a, const struct word *b)
{
    struct box left = box_of_quad(w->page, &a->polygon), right = box_of_quad(w->page, &b->polygon);
    struct box gap = {left.right, left.top, right.left, left.bottom};
    strbuf_adds(w->out, "<SP");
    if (gap.right > gap.left)
        strbuf_addf(w->out, " HPOS=\"%d\" VPOS=\"%d\" WIDTH=\"%d\"", gap.left, gap.top,
                    gap.right - gap.left);
    strbuf_adds(w->out, "/>\n");
}

static void add_words(struct writer *w, const struct line *line, const struct join *begins,
                      const struct join *ends)
{
    static const struct join none;
    struct word whole;
    const struct word *words;
    size_t count = line_words(line, &whole, &words);
    if (!count) /* a line has one at least */
        count = 1;
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        if (i)
            add_space(w, &words[i - 1], &words[i]);
        add_string(w, &words[i], strlen(words[i].text) - (last ? begins->mark : 0),
                   last ? begins : &none, i ? &none : ends);
    }
    if (*begins->whole) {
        const char *text = words[count - 1].text;
        strbuf_adds(w->out, "<HYP");
        xml_add_attribute(w->out, "CONTENT", text + strlen(text) - begins->mark);
        strbuf_adds(w->out, "/>\n");
    }
}

/* ---- lines and blocks ---- */

static void add_line(struct writer *w, const struct line *line, const struct join *begins,
                     const struct join *ends)
{
    struct box b = box_of_quad(w->page, &line->polygon);
    struct point base[2];
    shape_baseline(&line->polygon, base);
    strbuf_addf(w->out, "<TextLine ID=\"p%d_l%zu\"", w->page->number, ++w->line);
    add_style(w, line);
    add_place(w->out, &b);
    strbuf_adds(w->out, " BASELINE=\"");
    shape_add_points(w->out, w->page, base, 2, ',');
    strbuf_adds(w->out, text_right_to_left(line->text) ? "\" BASEDIRECTION=\"rtl\">\n" : "\">\n");
    if (shape_turned(&line->polygon)) {
        strbuf_adds(w->out, "<Shape><Polygon POINTS=\"");
        shape_add_points(w->out, w->page, line->polygon.corner, 4, ',');
        strbuf_adds(w->out, "\"/></Shape>\n");
    }
    add_words(w, line, begins, ends);
    strbuf_adds(w->out, "</TextLine>\n");
}

/* order: which lines of the block; NULL: the first count. */
static void add_lines(struct writer *w, const struct block *block, const size_t *order,
                      size_t count)
{
    struct join before = {.mark = 0};
    for (size_t i = 0; i < count; i++) {
        const struct line *line = &block->lines[order ? order[i] : i];
        const struct line *next =
            i + 1 < count ? &block->lines[order ? order[i + 1] : i + 1] : NULL;
        struct join join = find_join(line, next);
        add_line(w, line, &join, &before);
        before = join;
    }
}

static void open_block(struct writer *w, const char *element, const char *suffix,
                       const struct rect *at)
{
    struct box b = box_of_rect(w->page, at);
    strbuf_addf(w->out, "<%s ID=\"p%d_b%zu%s\"", element, w->page->number, w->block, suffix);
    add_place(w->out, &b);
}

/* What only the blocks of the page itself have: their type, and the block that follows. */
static void close_head(struct writer *w, const struct block *block)
{
    strbuf_addf(w->out, " TAGREFS=\"type_%s\"", block_type_name(block->type));
    if (w->block < w->page->block_count)
        strbuf_addf(w->out, " IDNEXT=\"p%d_b%zu\"", w->page->number, w->block + 1);
}

static void add_text_within(struct writer *w, const struct block *block, const char *suffix,
                            const struct rect *at, const size_t *order, size_t count)
{
    open_block(w, "TextBlock", suffix, at);
    strbuf_adds(w->out, ">\n");
    add_lines(w, block, order, count);
    strbuf_adds(w->out, "</TextBlock>\n");
}

static void add_text(struct writer *w, const struct block *block)
{
    open_block(w, "TextBlock", "", &block->bbox);
    close_head(w, block);
    strbuf_adds(w->out, ">\n");
    add_lines(w, block, NULL, block->line_count);
    strbuf_adds(w->out, "</TextBlock>\n");
}

static void add_table(struct writer *w, const struct block *block)
{
    struct cell_lines in;
    size_t count = block->cell_count;
    cell_lines_open(&in, w->page, block);
    open_block(w, "ComposedBlock", "", &block->bbox);
    close_head(w, block);
    strbuf_adds(w->out, " TYPE=\"table\">\n");
    for (size_t i = 0; i < count; i++) {
        const struct cell *cell = &block->cells[i];
        char suffix[SUFFIX];
        snprintf(suffix, sizeof suffix, "_r%d_c%d", cell->row, cell->col);
        add_text_within(w, block, suffix, &cell->bbox, in.order + in.first[i],
                        in.first[i + 1] - in.first[i]);
    }
    if (in.first[count + 1] > in.first[count])
        add_text_within(w, block, "_rest", &block->bbox, in.order + in.first[count],
                        in.first[count + 1] - in.first[count]);
    strbuf_adds(w->out, "</ComposedBlock>\n");
    cell_lines_close(&in);
}

static void add_figure(struct writer *w, const struct block *block)
{
    char image[PAGE_FIGURE_NAME];
    bool text = block->line_count > 0;
    page_figure_name(w->page->number, w->figures++, image);
    if (text) {
        open_block(w, "ComposedBlock", "", &block->bbox);
        close_head(w, block);
        strbuf_adds(w->out, " TYPE=\"figure\">\n");
    }
    open_block(w, "Illustration", text ? "_image" : "", &block->bbox);
    if (!text)
        close_head(w, block);
    strbuf_addf(w->out, " FILEID=\"%s/%s\"/>\n", w->images, image);
    if (text) {
        add_text_within(w, block, "_text", &block->bbox, NULL, block->line_count);
        strbuf_adds(w->out, "</ComposedBlock>\n");
    }
}

static void add_block(struct writer *w, const struct block *block)
{
    w->block++;
    if (block->type == BLOCK_TABLE)
        add_table(w, block);
    else if (block->type == BLOCK_FIGURE)
        add_figure(w, block);
    else
        add_text(w, block);
}

static void add_good_page(struct strbuf *out, const struct export_page *e)
{
    const struct page *page = e->page;
    struct writer w = {.out = out, .page = page, .images = export_images(e)};
    struct box whole = box_of_page(page);
    strbuf_addf(out,
                "<Page ID=\"p%d\" PHYSICAL_IMG_NR=\"%d\" WIDTH=\"%d\" HEIGHT=\"%d\" "
                "PROCESSINGREFS=\"pagemill\"",
                page->number, page->number, page->width, page->height);
    xml_add_part(out, "PC", page->confidence);
    if (page->rotation)
        xml_add_int(out, "ROTATION", page->rotation);
    xml_add_language(out, "LANG", page->language);
    strbuf_adds(out, ">\n<PrintSpace");
    add_place(out, &whole);
    strbuf_adds(out, ">\n");
    for (size_t i = 0; i < page->block_count; i++)
        add_block(&w, &page->blocks[i]);
    strbuf_adds(out, "</PrintSpace>\n</Page>\n");
}

static void alto_page(struct strbuf *out, const struct export_page *e, bool first)
{
    (void)first;
    if (e->page) {
        add_good_page(out, e);
        return;
    }
    export_failed_comment(out, e);
    strbuf_addf(out,
                "<Page ID=\"p%u\" PHYSICAL_IMG_NR=\"%u\" QUALITY=\"Missing\" "
                "QUALITY_DETAIL=\"failed: %s\"/>\n",
                e->number, e->number, error_code(e->error->class));
}

static void alto_end(struct strbuf *out)
{
    strbuf_adds(out, "</Layout>\n</alto>\n");
}

const struct export_format export_alto = {.extension = "alto.xml",
                                          .content_type = "application/xml; charset=utf-8",
                                          .decoded = true,
                                          .begin = alto_begin,
                                          .page = alto_page,
                                          .end = alto_end};
