/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * page.xml: PAGE content 2019-07-15, which holds one page a document (export_format.single). Every
 * block is a region; lines of tables are in regions with the role of a cell, text in figures,
 * formulas and seals in regions within theirs. Block types that PAGE has no word for stand in
 * `custom`, as Transkribus writes it. A failed page is an empty one of no size that says so there.
 */
#include "export/export_driver.h"

#include "export/export_shape.h"
#include "export/export_xml.h"

#include <string.h>

/* By enum block_type: the region, its type (NULL: it has none), and whether its text stands in a
 * region within it. */
static const struct kind {
    const char *region, *type;
    bool nests;
} kinds[BLOCK_TYPES] = {
    [BLOCK_TITLE] = {"TextRegion", "heading", false},
    [BLOCK_HEADING] = {"TextRegion", "heading", false},
    [BLOCK_TEXT] = {"TextRegion", "paragraph", false},
    [BLOCK_LIST] = {"TextRegion", "paragraph", false},
    [BLOCK_TABLE] = {"TableRegion", NULL, true},
    [BLOCK_TABLE_CAPTION] = {"TextRegion", "caption", false},
    [BLOCK_FIGURE] = {"ImageRegion", NULL, true},
    [BLOCK_FIGURE_CAPTION] = {"TextRegion", "caption", false},
    [BLOCK_FORMULA] = {"MathsRegion", NULL, true},
    [BLOCK_HEADER] = {"TextRegion", "header", false},
    [BLOCK_FOOTER] = {"TextRegion", "footer", false},
    [BLOCK_PAGE_NUMBER] = {"TextRegion", "page-number", false},
    [BLOCK_FOOTNOTE] = {"TextRegion", "footnote", false},
    [BLOCK_CODE] = {"TextRegion", "other", false},
    [BLOCK_SEAL] = {"GraphicRegion", "stamp", true},
    [BLOCK_OTHER] = {"TextRegion", "other", false},
};

struct writer {
    struct strbuf *out;
    const struct page *page;
    size_t line, word; /* from 1, by page, for ids */
};

static void pagexml_begin(struct strbuf *out, const char *json)
{
    struct xml_job job;
    xml_job_open(&job, json);
    strbuf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<PcGts xmlns=\"http://schema.primaresearch.org/PAGE/gts/pagecontent/"
                     "2019-07-15\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                     "xsi:schemaLocation=\"http://schema.primaresearch.org/PAGE/gts/pagecontent/"
                     "2019-07-15 http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15/"
                     "pagecontent.xsd\">\n"
                     "<Metadata>\n<Creator>pagemill " PAGEMILL_VERSION "</Creator>\n");
    xml_add_element(out, "Created", job.created);
    xml_add_element(out, "LastChange", job.created);
    strbuf_adds(out, "</Metadata>\n");
    xml_job_close(&job);
}

static void add_coords(struct writer *w, const struct quad *q)
{
    strbuf_adds(w->out, "<Coords points=\"");
    shape_add_points(w->out, w->page, q->corner, 4, ',');
    strbuf_adds(w->out, "\"/>\n");
}

static void add_box_coords(struct writer *w, const struct rect *r)
{
    struct box b = box_of_rect(w->page, r);
    strbuf_adds(w->out, "<Coords points=\"");
    shape_add_box(w->out, &b);
    strbuf_adds(w->out, "\"/>\n");
}

static void open_equivalent(struct writer *w, float confidence)
{
    strbuf_adds(w->out, "<TextEquiv");
    xml_add_part(w->out, "conf", confidence);
    strbuf_adds(w->out, "><Unicode>");
}

static void close_equivalent(struct writer *w)
{
    strbuf_adds(w->out, "</Unicode></TextEquiv>\n");
}

static void add_word(struct writer *w, const struct word *word)
{
    strbuf_addf(w->out, "<Word id=\"w%zu\">\n", ++w->word);
    add_coords(w, &word->polygon);
    open_equivalent(w, word->confidence);
    xml_add_text(w->out, word->text);
    close_equivalent(w);
    strbuf_adds(w->out, "</Word>\n");
}

static void add_style(struct writer *w, const struct line *line)
{
    if (line->font_size <= 0 && !line->style)
        return;
    strbuf_adds(w->out, "<TextStyle");
    if (line->style & FONT_MONO)
        xml_add_attribute(w->out, "monospace", "true");
    if (line->font_size > 0 && w->page->dpi > 0)
        strbuf_addf(w->out, " fontSize=\"%.1f\"", (double)line->font_size * 72 / w->page->dpi);
    if (line->style & FONT_BOLD)
        xml_add_attribute(w->out, "bold", "true");
    if (line->style & FONT_ITALIC)
        xml_add_attribute(w->out, "italic", "true");
    strbuf_adds(w->out, "/>\n");
}

static void add_line(struct writer *w, const struct line *line)
{
    struct point base[2];
    shape_baseline(&line->polygon, base);
    strbuf_addf(w->out, "<TextLine id=\"l%zu\"", ++w->line);
    if (text_right_to_left(line->text))
        xml_add_attribute(w->out, "readingDirection", "right-to-left");
    strbuf_adds(w->out, ">\n");
    add_coords(w, &line->polygon);
    strbuf_adds(w->out, "<Baseline points=\"");
    shape_add_points(w->out, w->page, base, 2, ',');
    strbuf_adds(w->out, "\"/>\n");
    for (size_t i = 0; i < line->word_count; i++)
        add_word(w, &line->words[i]);
    open_equivalent(w, line->confidence);
    xml_add_text(w->out, line->text);
    close_equivalent(w);
    add_style(w, line);
    strbuf_adds(w->out, "</TextLine>\n");
}

/* Lines of a block and their text as a whole; order: which, NULL: the first count. */
static void add_lines(struct writer *w, const struct block *block, const size_t *order,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_line(w, &block->lines[order ? order[i] : i]);
    open_equivalent(w, block->confidence);
    for (size_t i = 0; i < count; i++) {
        strbuf_adds(w->out, i ? "\n" : "");
        xml_add_text(w->out, block->lines[order ? order[i] : i].text);
    }
    close_equivalent(w);
}

/* A region of text within block i's. */
static void add_within(struct writer *w, size_t i, const struct rect *at, const size_t *order,
                       size_t count)
{
    strbuf_addf(w->out, "<TextRegion id=\"r%zu_text\" type=\"other\">\n", i);
    add_box_coords(w, at);
    add_lines(w, &w->page->blocks[i], order, count);
    strbuf_adds(w->out, "</TextRegion>\n");
}

static void add_cell(struct writer *w, size_t i, size_t number, const struct cell_lines *in)
{
    const struct block *table = &w->page->blocks[i];
    const struct cell *cell = &table->cells[number];
    strbuf_addf(w->out, "<TextRegion id=\"r%zu_r%d_c%d\">\n", i, cell->row, cell->col);
    add_box_coords(w, &cell->bbox);
    strbuf_addf(w->out,
                "<Roles><TableCellRole rowIndex=\"%d\" columnIndex=\"%d\" rowSpan=\"%d\" "
                "colSpan=\"%d\" header=\"%s\"/></Roles>\n",
                cell->row, cell->col, cell->rowspan, cell->colspan,
                cell->header ? "true" : "false");
    add_lines(w, table, in->order + in->first[number], in->first[number + 1] - in->first[number]);
    strbuf_adds(w->out, "</TextRegion>\n");
}

static void add_cells(struct writer *w, size_t i)
{
    struct cell_lines in;
    const struct block *table = &w->page->blocks[i];
    size_t count = table->cell_count;
    cell_lines_open(&in, w->page, table);
    for (size_t k = 0; k < count; k++)
        add_cell(w, i, k, &in);
    if (in.first[count + 1] > in.first[count])
        add_within(w, i, &table->bbox, in.order + in.first[count],
                   in.first[count + 1] - in.first[count]);
    cell_lines_close(&in);
}

static void add_region(struct writer *w, size_t i)
{
    const struct block *b = &w->page->blocks[i];
    const struct kind *kind = &kinds[b->type];
    strbuf_addf(w->out, "<%s id=\"r%zu\" custom=\"structure {type:%s;}\"", kind->region, i,
                block_type_name(b->type));
    if (b->continued)
        xml_add_attribute(w->out, "continuation", "true");
    if (kind->type)
        xml_add_attribute(w->out, "type", kind->type);
    if (b->type == BLOCK_TABLE)
        strbuf_addf(w->out, " rows=\"%d\" columns=\"%d\"", b->rows, b->cols);
    strbuf_adds(w->out, ">\n");
    add_box_coords(w, &b->bbox);
    if (b->type == BLOCK_TABLE)
        add_cells(w, i);
    else if (!kind->nests)
        add_lines(w, b, NULL, b->line_count);
    else if (b->line_count)
        add_within(w, i, &b->bbox, NULL, b->line_count);
    strbuf_addf(w->out, "</%s>\n", kind->region);
}

static void add_order(struct writer *w)
{
    if (!w->page->block_count)
        return;
    strbuf_adds(w->out, "<ReadingOrder>\n<OrderedGroup id=\"order\">\n");
    for (size_t i = 0; i < w->page->block_count; i++)
        strbuf_addf(w->out, "<RegionRefIndexed index=\"%zu\" regionRef=\"r%zu\"/>\n", i, i);
    strbuf_adds(w->out, "</OrderedGroup>\n</ReadingOrder>\n");
}

/* Captions and what they belong to. */
static void add_relations(struct writer *w)
{
    bool any = false;
    for (size_t i = 0; i < w->page->block_count; i++) {
        int caption = w->page->blocks[i].caption;
        if (caption < 0 || (size_t)caption >= w->page->block_count)
            continue;
        strbuf_adds(w->out, any ? "" : "<Relations>\n");
        strbuf_addf(w->out,
                    "<Relation id=\"caption%zu\" type=\"link\"><SourceRegionRef "
                    "regionRef=\"r%d\"/><TargetRegionRef regionRef=\"r%zu\"/></Relation>\n",
                    i, caption, i);
        any = true;
    }
    strbuf_adds(w->out, any ? "</Relations>\n" : "");
}

static void open_page(struct strbuf *out, const struct export_page *e, int width, int height)
{
    strbuf_adds(out, "<Page");
    xml_add_attribute(out, "imageFilename", e->filename ? e->filename : "");
    xml_add_int(out, "imageWidth", width);
    xml_add_int(out, "imageHeight", height);
}

static void add_good_page(struct strbuf *out, const struct export_page *e)
{
    const struct page *page = e->page;
    struct writer w = {.out = out, .page = page};
    open_page(out, e, page->width, page->height);
    strbuf_addf(out,
                " imageXResolution=\"%d\" imageYResolution=\"%d\" imageResolutionUnit=\"PPI\" "
                "custom=\"page {number:%u;}\"",
                page->dpi, page->dpi, e->number);
    if (page->rotation) /* clockwise, −179.999 to 180 */
        xml_add_int(out, "orientation",
                    page->rotation > 180 ? page->rotation - 360 : page->rotation);
    xml_add_part(out, "conf", page->confidence);
    strbuf_adds(out, ">\n");
    add_order(&w);
    add_relations(&w);
    for (size_t i = 0; i < page->block_count; i++)
        add_region(&w, i);
    strbuf_adds(out, "</Page>\n");
}

static void pagexml_page(struct strbuf *out, const struct export_page *e, bool first)
{
    (void)first;
    if (e->page) {
        add_good_page(out, e);
        return;
    }
    export_failed_comment(out, e);
    open_page(out, e, 0, 0);
    strbuf_addf(out, " custom=\"page {number:%u;} failed {code:%s;}\"/>\n", e->number,
                error_code(e->error->class));
}

static void pagexml_end(struct strbuf *out)
{
    strbuf_adds(out, "</PcGts>\n");
}

const struct export_format export_pagexml = {.extension = "page.xml",
                                             .content_type = "application/xml; charset=utf-8",
                                             .decoded = true,
                                             .single = true,
                                             .begin = pagexml_begin,
                                             .page = pagexml_page,
                                             .end = pagexml_end};
