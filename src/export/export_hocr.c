/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * hocr: hOCR 1.2 in HTML that is XML too. Classes are those that Tesseract writes, because readers
 * look for them: areas, paragraphs, lines (headings are ocr_header) and words; tables and images
 * besides. What a block is stands in data-type. Document text is escaped; nothing here is a link or
 * a script.
 */
#include "export/export_driver.h"

#include "export/export_shape.h"
#include "export/export_xml.h"

#include <math.h>
#include <string.h>

/* By enum block_type. */
static const char *const line_classes[BLOCK_TYPES] = {
    [BLOCK_TITLE] = "ocr_header",     [BLOCK_HEADING] = "ocr_header",
    [BLOCK_TEXT] = "ocr_line",        [BLOCK_LIST] = "ocr_line",
    [BLOCK_TABLE] = "ocr_line",       [BLOCK_TABLE_CAPTION] = "ocr_caption",
    [BLOCK_FIGURE] = "ocr_textfloat", [BLOCK_FIGURE_CAPTION] = "ocr_caption",
    [BLOCK_FORMULA] = "ocr_line",     [BLOCK_HEADER] = "ocr_header",
    [BLOCK_FOOTER] = "ocr_footer",    [BLOCK_PAGE_NUMBER] = "ocr_footer",
    [BLOCK_FOOTNOTE] = "ocr_line",    [BLOCK_CODE] = "ocr_line",
    [BLOCK_SEAL] = "ocr_textfloat",   [BLOCK_OTHER] = "ocr_line",
};

/* Numbers of what the page has so far, for ids. */
struct counters {
    const struct page *page;
    size_t par, line, word;
};

static void hocr_begin(struct strbuf *out, const char *json)
{
    struct xml_job job;
    xml_job_open(&job, json);
    strbuf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html>\n"
                     "<html xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n");
    xml_add_element(out, "title", job.filename);
    strbuf_adds(out, "<meta charset=\"utf-8\"/>\n"
                     "<meta name=\"ocr-system\" content=\"pagemill " PAGEMILL_VERSION "\"/>\n"
                     "<meta name=\"ocr-capabilities\" content=\"ocr_page ocr_carea ocr_par "
                     "ocr_line ocr_header ocr_footer ocr_caption ocr_textfloat ocr_image "
                     "ocr_table ocrx_word ocrp_lang ocrp_dir ocrp_font ocrp_poly ocrp_wconf\"/>\n"
                     "</head>\n<body>\n");
    xml_job_close(&job);
}

static void add_box(struct strbuf *out, const struct box *b)
{
    strbuf_addf(out, "bbox %d %d %d %d", b->left, b->top, b->right, b->bottom);
}

static void add_open(struct strbuf *out, const char *element, const char *class, const char *id,
                     const struct page *page, size_t number, const struct box *at)
{
    strbuf_addf(out, "<%s class=\"%s\" id=\"%s_%d_%zu\" title=\"", element, class, id, page->number,
                number);
    add_box(out, at);
}

/* Where the letters stand: a line through the lower left corner of the box, raised by an offset.
 * Text that is turned has an angle instead, as Tesseract writes it. */
static void add_line_properties(struct strbuf *out, const struct page *page,
                                const struct line *line, const struct box *at)
{
    const struct quad *q = &line->polygon;
    float angle = shape_angle(q), size = line->font_size;
    struct point base[2];
    shape_baseline(q, base);
    float slope = (base[1].y - base[0].y) / (base[1].x - base[0].x);
    float offset = base[0].y + ((float)at->left - base[0].x) * slope - (float)at->bottom;
    if (fabsf(angle) > 45)
        strbuf_addf(out, "; textangle %.4g", (double)(angle < 0 ? angle + 360 : angle));
    else if (isfinite(slope) && isfinite(offset))
        strbuf_addf(out, "; baseline %.3f %.1f", (double)slope, (double)offset);
    if (!(size > 0))
        size = point_distance(q->corner[0], q->corner[3]);
    strbuf_addf(out, "; x_size %.1f", isfinite(size) ? (double)size : 0);
    if (shape_turned(q)) {
        strbuf_adds(out, "; poly ");
        shape_add_points(out, page, q->corner, 4, ' ');
    }
}

static void add_styled(struct strbuf *out, const char *text, unsigned style)
{
    strbuf_adds(out, style & FONT_BOLD ? "<strong>" : "");
    strbuf_adds(out, style & FONT_ITALIC ? "<em>" : "");
    xml_add_text(out, text);
    strbuf_adds(out, style & FONT_ITALIC ? "</em>" : "");
    strbuf_adds(out, style & FONT_BOLD ? "</strong>" : "");
}

static void add_word(struct strbuf *out, struct counters *n, const struct line *line,
                     const struct word *word)
{
    struct box at = box_of_quad(n->page, &word->polygon);
    add_open(out, "span", "ocrx_word", "word", n->page, ++n->word, &at);
    strbuf_addf(out, "; x_wconf %d", (int)lround(fmin(fmax((double)word->confidence, 0), 1) * 100));
    if (line->font_size > 0 && n->page->dpi > 0)
        strbuf_addf(out, "; x_fsize %.1f", (double)line->font_size * 72 / n->page->dpi);
    strbuf_adds(out, "\">");
    add_styled(out, word->text, line->style);
    strbuf_adds(out, "</span>");
}

static void add_line(struct strbuf *out, struct counters *n, const struct line *line,
                     const char *class)
{
    struct box at = box_of_quad(n->page, &line->polygon);
    struct word whole;
    const struct word *words;
    size_t count = line_words(line, &whole, &words);
    add_open(out, "span", class, "line", n->page, ++n->line, &at);
    add_line_properties(out, n->page, line, &at);
    strbuf_adds(out, text_right_to_left(line->text) ? "\" dir=\"rtl\">" : "\">");
    for (size_t i = 0; i < count; i++) {
        strbuf_adds(out, i ? " " : "");
        add_word(out, n, line, &words[i]);
    }
    strbuf_adds(out, "</span>\n");
}

/* Lines of a block, at least one; of a table, those that `order` names. */
static void add_par(struct strbuf *out, struct counters *n, const struct block *block,
                    const size_t *order, size_t count)
{
    struct rect r = rect_of_quad(&block->lines[order ? order[0] : 0].polygon);
    for (size_t i = 1; i < count; i++)
        r = rect_union(r, rect_of_quad(&block->lines[order ? order[i] : i].polygon));
    struct box at = box_of_rect(n->page, &r);
    add_open(out, "p", "ocr_par", "par", n->page, ++n->par, &at);
    strbuf_adds(out, "\">\n");
    for (size_t i = 0; i < count; i++)
        add_line(out, n, &block->lines[order ? order[i] : i], line_classes[block->type]);
    strbuf_adds(out, "</p>\n");
}

static void add_cell(struct strbuf *out, struct counters *n, const struct block *table,
                     const struct cell_lines *in, size_t i)
{
    const struct cell *cell = &table->cells[i];
    const char *name = cell->header ? "th" : "td";
    struct box at = box_of_rect(n->page, &cell->bbox);
    strbuf_addf(out, "<%s", name);
    if (cell->rowspan > 1)
        xml_add_int(out, "rowspan", cell->rowspan);
    if (cell->colspan > 1)
        xml_add_int(out, "colspan", cell->colspan);
    strbuf_adds(out, " title=\"");
    add_box(out, &at);
    strbuf_adds(out, "\">");
    if (in->first[i + 1] > in->first[i]) {
        strbuf_adds(out, "\n");
        add_par(out, n, table, in->order + in->first[i], in->first[i + 1] - in->first[i]);
    }
    strbuf_addf(out, "</%s>\n", name);
}

static void add_table(struct strbuf *out, struct counters *n, const struct block *table,
                      size_t number)
{
    struct cell_lines in;
    struct box at = box_of_rect(n->page, &table->bbox);
    size_t count = table->cell_count;
    cell_lines_open(&in, n->page, table);
    if (count) {
        add_open(out, "table", "ocr_table", "table", n->page, number, &at);
        strbuf_adds(out, "\">\n");
    }
    for (size_t i = 0; i < count; i++) {
        bool new_row = i == 0 || table->cells[i].row != table->cells[i - 1].row;
        strbuf_adds(out, !new_row ? "" : i ? "</tr>\n<tr>\n" : "<tr>\n");
        add_cell(out, n, table, &in, i);
    }
    strbuf_adds(out, count ? "</tr>\n</table>\n" : "");
    if (in.first[count + 1] > in.first[count])
        add_par(out, n, table, in.order + in.first[count], in.first[count + 1] - in.first[count]);
    cell_lines_close(&in);
}

static void add_block(struct strbuf *out, struct counters *n, const struct block *block,
                      size_t number)
{
    struct box at = box_of_rect(n->page, &block->bbox);
    const char *class = block->type == BLOCK_FIGURE ? "ocr_image" : "ocr_carea";
    add_open(out, "div", class, "block", n->page, number, &at);
    strbuf_addf(out, "\" data-type=\"%s\">\n", block_type_name(block->type));
    if (block->type == BLOCK_TABLE)
        add_table(out, n, block, number);
    else if (block->line_count)
        add_par(out, n, block, NULL, block->line_count);
    strbuf_adds(out, "</div>\n");
}

/* A quotation mark would end the name. */
static void add_image_name(struct strbuf *out, const char *name)
{
    strbuf_adds(out, "image &quot;");
    for (const char *next; *name; name = next + (*next != '\0')) {
        auto_strbuf part = {0};
        next = strchrnul(name, '"');
        strbuf_add(&part, name, (size_t)(next - name));
        xml_add_text(out, strbuf_str(&part));
        strbuf_adds(out, *next ? "'" : "");
    }
    strbuf_adds(out, "&quot;; ");
}

static void hocr_page(struct strbuf *out, const struct export_page *e, bool first)
{
    const struct page nothing = {.number = (int)e->number}, *page = e->page ? e->page : &nothing;
    struct counters n = {.page = page};
    struct box at = box_of_page(page);
    (void)first;
    strbuf_addf(out, "<div class=\"ocr_page\" id=\"page_%u\" title=\"", e->number);
    add_image_name(out, e->filename ? e->filename : "");
    add_box(out, &at);
    strbuf_addf(out, "; ppageno %u", e->number - 1);
    if (!e->page) {
        strbuf_addf(out, "\" data-failed=\"%s\">\n", error_code(e->error->class));
        export_failed_comment(out, e);
        strbuf_adds(out, "</div>\n");
        return;
    }
    strbuf_addf(out, "; scan_res %d %d\"", page->dpi, page->dpi);
    xml_add_language(out, "lang", page->language);
    strbuf_adds(out, ">\n");
    for (size_t i = 0; i < page->block_count; i++)
        add_block(out, &n, &page->blocks[i], i + 1);
    strbuf_adds(out, "</div>\n");
}

static void hocr_end(struct strbuf *out)
{
    strbuf_adds(out, "</body>\n</html>\n");
}

const struct export_format export_hocr = {.extension = "hocr",
                                          .content_type = "application/xhtml+xml; charset=utf-8",
                                          .decoded = true,
                                          .begin = hocr_begin,
                                          .page = hocr_page,
                                          .end = hocr_end};
