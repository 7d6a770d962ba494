/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pages through the exporter: what is held back, what passes through, what goes over the edges of
 * pages, and how failed pages part it.
 */
#include "unit.h"

#include "export/exporter.h"
#include "page_made.h"
#include "page_sample.h"

struct run {
    struct exporter *exporter;
    struct strbuf out;
};

static struct run begin(const char *extension, enum page_unit unit)
{
    struct run r = {.exporter = exporter_new(export_find(extension), unit)};
    exporter_begin(r.exporter, "{\"filename\":\"a & b.pdf\"}", &r.out);
    return r;
}

static void feed(struct run *r, struct page *p)
{
    struct error err;
    auto_strbuf json = {0};
    page_encode(p, &json);
    OK(exporter_add(r->exporter, (uint32_t)p->number, &json, &r->out, &err));
    page_free(&p);
}

static void feed_failed(struct run *r, uint32_t number)
{
    struct error why;
    error_set(&why, ERROR_TIMEOUT, "too slow");
    exporter_add_failed(r->exporter, number, &why, &r->out);
}

static const char *end(struct run *r)
{
    while (exporter_end(r->exporter, &r->out))
        ;
    exporter_free(&r->exporter);
    return strbuf_str(&r->out);
}

#define ENDS_AS(run, expected)                      \
    do {                                            \
        assert_string_equal(end(&(run)), expected); \
        strbuf_free(&(run).out);                    \
    } while (0)

/* A page with one paragraph. */
static struct page *with_text(int number, const char *text)
{
    struct page *p = made_page(number);
    made_block(p, BLOCK_TEXT, 300, text);
    return p;
}

static void feed_text(struct run *r, int number, const char *text)
{
    feed(r, with_text(number, text));
}

/* ---- several formats, and links ---- */

static const int sentence_pages = 6;

/* Sentences that go over every edge, and a figure. */
static struct page *sentence_page(int n)
{
    struct page *p = with_text(n, n % 2 ? "it goes" : "on and on.");
    if (n == 3)
        page_add_block(p, BLOCK_FIGURE)->bbox = (struct rect){100, 500, 300, 600};
    return p;
}

static void feed_sentences(struct run *r)
{
    for (int n = 1; n <= sentence_pages; n++)
        feed(r, sentence_page(n));
    feed_failed(r, (uint32_t)sentence_pages + 1);
}

static void export_many(const struct export_format *const *formats, size_t count,
                        struct strbuf *outs)
{
    struct exporter *e = exporter_new_many(formats, count, PAGE_POINTS);
    struct error err;
    exporter_begin(e, "{\"filename\":\"a & b.pdf\"}", outs);
    for (int n = 1; n <= sentence_pages; n++) {
        auto_strbuf json = {0};
        struct page *p = sentence_page(n);
        page_encode(p, &json);
        OK(exporter_add(e, (uint32_t)n, &json, outs, &err));
        page_free(&p);
    }
    error_set(&err, ERROR_TIMEOUT, "too slow");
    exporter_add_failed(e, (uint32_t)sentence_pages + 1, &err, outs);
    while (exporter_end(e, outs))
        ;
    exporter_free(&e);
}

static void each_of_several_formats_is_as_it_is_alone(void **state)
{
    const struct export_format *formats[EXPORTER_FORMATS];
    struct strbuf outs[EXPORTER_FORMATS] = {0};
    size_t count = 0;
    (void)state;
    for (size_t i = 0; export_formats[i]; i++)
        if (!export_formats[i]->single)
            formats[count++] = export_formats[i];
    export_many(formats, count, outs);
    for (size_t i = 0; i < count; i++) {
        struct run r = begin(formats[i]->extension, PAGE_POINTS);
        feed_sentences(&r);
        ENDS_AS(r, strbuf_str(&outs[i]));
        strbuf_free(&outs[i]);
    }
}

static void assert_links(const char *extension, const char *folder, const char *link)
{
    struct run r = {.exporter = exporter_new(export_find(extension), PAGE_PIXELS)};
    if (folder)
        exporter_link(r.exporter, folder);
    exporter_begin(r.exporter, "{}", &r.out);
    feed_sentences(&r);
    const char *out = end(&r);
    if (!strstr(out, link))
        fail_msg("%s has no %s: %s", extension, link, out);
    strbuf_free(&r.out);
}

static void links_lead_to_a_folder_of_any_name(void **state)
{
    static const char *const extensions[] = {"md", "html", "mmd", "det.mmd", "alto.xml"};
    (void)state;
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        assert_links(extensions[i], NULL, "images/2_0.jpg");
        assert_links(extensions[i], "a & (\"b\")\xff_images",
                     "a%20%26%20%28%22b%22%29%FF_images/2_0.jpg");
        bool linked = i < 4;
        assert_int_equal(export_find(extensions[i])->linked, linked);
    }
}

/* ---- json ---- */

static void bytes_pass_through(void **state)
{
    struct run r = begin("ndjson", PAGE_PIXELS);
    struct error err;
    (void)state;
    auto_strbuf json = {0};
    strbuf_adds(&json, SAMPLE_JSON);
    strbuf_addc(&json, ' '); /* nobody writes it anew */
    OK(exporter_add(r.exporter, 1, &json, &r.out, &err));
    ENDS_AS(r, SAMPLE_JSON " \n");
}

static void a_page_that_changed_is_written_anew(void **state)
{
    struct run r = begin("ndjson", PAGE_PIXELS);
    (void)state;
    feed_text(&r, 1, "it goes");
    feed_text(&r, 2, "on and on.");
    const char *out = end(&r);
    assert_non_null(strstr(out, "\"continues\":true"));
    assert_non_null(strstr(out, "\"continued\":true"));
    strbuf_free(&r.out);
}

static void lengths_in_points(void **state)
{
    struct run r = begin("json", PAGE_POINTS);
    (void)state;
    struct page *p = with_text(1, "words");
    page_add_line(p, &p->blocks[0])->font_size = 25;
    feed(&r, p);
    const char *out = end(&r);
    assert_non_null(strstr(out, "\"width\":500,\"height\":700,\"unit\":\"pt\",\"dpi\":144"));
    assert_non_null(strstr(out, "\"bbox\":[50,150,75,160]"));
    assert_non_null(strstr(out, "\"font\":{\"size\":12.5}"));
    strbuf_free(&r.out);
}

static void what_is_no_page_result_is_refused(void **state)
{
    struct run r = begin("md", PAGE_PIXELS);
    struct error err;
    auto_strbuf json = {0};
    (void)state;
    strbuf_adds(&json, "{\"page\":1}");
    REFUSED(ERROR_BUG, exporter_add(r.exporter, 1, &json, &r.out, &err));
    ENDS_AS(r, "");
}

/* ---- the window ---- */

/* However long the document, a page is written once the window is full, in order. */
static void a_few_pages_are_held_back(void **state)
{
    struct run r = begin("txt", PAGE_PIXELS);
    (void)state;
    for (int n = 1; n <= 50; n++) {
        char text[32];
        snprintf(text, sizeof text, "Page %d of it.", n);
        feed_text(&r, n, text);
        int written = n < EXPORTER_WINDOW ? 0 : n - EXPORTER_WINDOW + 1;
        snprintf(text, sizeof text, "Page %d of it.\n", written);
        size_t len = strlen(text);
        if (written)
            assert_string_equal(r.out.data + r.out.len - len, text);
        else
            assert_int_equal(r.out.len, 0);
    }
    end(&r);
    strbuf_free(&r.out);
}

static void an_exporter_may_be_given_up(void **state)
{
    struct run r = begin("html", PAGE_PIXELS);
    (void)state;
    feed_text(&r, 1, "one");
    feed_failed(&r, 2);
    exporter_free(&r.exporter);
    exporter_free(&r.exporter);
    strbuf_free(&r.out);
}

static void a_document_without_pages(void **state)
{
    (void)state;
    struct run md = begin("md", PAGE_PIXELS), json = begin("json", PAGE_PIXELS),
               csv = begin("csv", PAGE_PIXELS);
    ENDS_AS(md, "");
    ENDS_AS(json, "{\"job\":{\"filename\":\"a & b.pdf\"},\"pages\":[\n]}\n");
    ENDS_AS(csv, "");
}

/* ---- over the edges ---- */

static void a_sentence_is_whole(void **state)
{
    struct run r = begin("md", PAGE_PIXELS);
    (void)state;
    feed_text(&r, 1, "The inter-");
    feed_text(&r, 2, "national law *goes");
    feed_text(&r, 3, "on.");
    feed_text(&r, 4, "Next.");
    ENDS_AS(r, "The international law \\*goes on.\n\n---\n\nNext.\n");
}

static void what_is_beside_it_makes_room(void **state)
{
    struct run r = begin("md", PAGE_PIXELS);
    (void)state;
    struct page *a = with_text(1, "It goes"), *b = made_page(2);
    made_block(a, BLOCK_FOOTNOTE, 1200, "1 A note.");
    page_add_block(b, BLOCK_FIGURE);
    made_block(b, BLOCK_TEXT, 300, "on.");
    made_block(b, BLOCK_TEXT, 400, "More.");
    feed(&r, a);
    feed(&r, b);
    ENDS_AS(r, "1 A note.\n\nIt goes on.\n\n![](images/1_0.jpg)\n\nMore.\n");
}

/* It cannot be whole and leave room for the picture at once. */
static void a_page_that_is_run_through_with_something_on_it(void **state)
{
    struct run r = begin("md", PAGE_PIXELS);
    (void)state;
    struct page *b = with_text(2, "on and");
    page_add_block(b, BLOCK_FIGURE);
    feed_text(&r, 1, "It goes");
    feed(&r, b);
    feed_text(&r, 3, "on.");
    ENDS_AS(r, "It goes on and\n\n![](images/1_0.jpg)\n\n---\n\non.\n");
}

static void columns_on_a_page_are_joined(void **state)
{
    struct run r = begin("md", PAGE_PIXELS);
    (void)state;
    struct page *a = with_text(1, "Left co-");
    a->blocks[0].continues = true;
    made_block(a, BLOCK_FOOTNOTE, 1200, "1 A note.");
    struct block *right = made_block(a, BLOCK_TEXT, 300, "lumn goes");
    right->continued = true;
    feed(&r, a);
    feed_text(&r, 2, "on.");
    ENDS_AS(r, "1 A note.\n\nLeft column goes on.\n");
}

static void a_list_goes_on(void **state)
{
    struct run r = begin("md", PAGE_PIXELS);
    (void)state;
    struct page *a = made_page(1), *b = made_page(2);
    made_block(a, BLOCK_LIST, 300, "1. one\n2. two goes");
    made_block(b, BLOCK_LIST, 300, "on here\n3. three");
    feed(&r, a);
    feed(&r, b);
    ENDS_AS(r, "1. one\n2. two goes on here\n3. three\n");
}

static void failed_pages_part(void **state)
{
    struct run r = begin("md", PAGE_PIXELS);
    (void)state;
    feed_text(&r, 1, "it goes");
    feed_failed(&r, 2);
    feed_text(&r, 3, "on");
    feed_text(&r, 5, "and on");
    ENDS_AS(r,
            "it goes\n\n---\n\n<!-- page 2: failed: timeout -->\n\n---\n\non\n\n---\n\nand on\n");
}

static void running_headers_are_left_out(void **state)
{
    (void)state;
    struct run md = begin("md", PAGE_PIXELS), txt = begin("txt", PAGE_PIXELS);
    for (int n = 1; n <= 5; n++)
        for (int k = 0; k < 2; k++) {
            char number[8], body[16];
            snprintf(number, sizeof number, "%d", n + 6);
            snprintf(body, sizeof body, "part %d", n);
            struct page *p = made_page(n);
            made_block(p, BLOCK_TEXT, 40, "The Title of the Book");
            made_block(p, BLOCK_TEXT, 300, body);
            made_block(p, BLOCK_TEXT, 1350, number);
            feed(k ? &md : &txt, p);
        }
    ENDS_AS(md, "part 1 part 2 part 3 part 4 part 5\n");
    assert_non_null(strstr(end(&txt), "The Title of the Book\n\npart 3\n\n9\n\f"));
    strbuf_free(&txt.out);
}

/* ---- tables ---- */

static const char *const rows_1[] = {"Name", "Sum", "a|b", "1,5", NULL};
static const char *const rows_2[] = {"Name", "Sum", "c\"d", "3", NULL};

static void feed_tables(struct run *r, bool spans)
{
    struct page *a = made_page(1), *b = made_page(2);
    struct block *t = made_table(a, 900, 2, 1, rows_1), *u = made_table(b, 200, 2, 1, rows_2);
    if (spans) {
        t->cell_count--;
        t->cells[t->cell_count - 1].colspan = 2;
        u->cell_count--;
        u->cells[u->cell_count - 1].colspan = 2;
    }
    feed(r, a);
    feed(r, b);
}

static void a_table_is_whole(void **state)
{
    (void)state;
    struct run md = begin("md", PAGE_PIXELS), spans = begin("md", PAGE_PIXELS),
               csv = begin("csv", PAGE_PIXELS);
    feed_tables(&md, false);
    ENDS_AS(md, "| Name | Sum |\n| --- | --- |\n| a\\|b | 1,5 |\n| c\"d | 3 |\n");
    feed_tables(&spans, true);
    ENDS_AS(spans, "<table>\n<thead>\n<tr><th>Name</th><th>Sum</th></tr>\n</thead>\n<tbody>\n"
                   "<tr><td colspan=\"2\">a|b</td></tr>\n<tr><td colspan=\"2\">c&quot;d</td></tr>\n"
                   "</tbody>\n</table>\n");
    feed_tables(&csv, false);
    ENDS_AS(csv, "Name,Sum\r\na|b,\"1,5\"\r\n\"c\"\"d\",3\r\n\r\n");
}

static void tables_of_two_forms_stay_apart(void **state)
{
    struct run r = begin("md", PAGE_PIXELS);
    (void)state;
    struct page *a = made_page(1), *b = made_page(2);
    made_table(a, 900, 2, 1, rows_1);
    struct block *u = made_table(b, 200, 2, 1, rows_2);
    u->cell_count--;
    u->cells[u->cell_count - 1].colspan = 2;
    feed(&r, a);
    feed(&r, b);
    ENDS_AS(r, "| Name | Sum |\n| --- | --- |\n| a\\|b | 1,5 |\n\n---\n\n"
               "<table>\n<thead>\n<tr><th>Name</th><th>Sum</th></tr>\n</thead>\n<tbody>\n"
               "<tr><td colspan=\"2\">c&quot;d</td></tr>\n</tbody>\n</table>\n");
}

static void failed_pages_in_every_format(void **state)
{
    (void)state;
    for (size_t i = 0; export_formats[i]; i++) {
        struct run r = begin(export_formats[i]->extension, PAGE_PIXELS);
        feed_failed(&r, 7);
        const char *out = end(&r);
        if (!strstr(out, "7") || !strstr(out, "timeout"))
            fail_msg("%s: %s", export_formats[i]->extension, out);
        strbuf_free(&r.out);
    }
}

/* ---- any document ---- */

enum { DOCUMENTS = 300, MOST_PAGES = 9, MOST_BLOCKS = 9, WORD = 8 };

static uint32_t seed;

static unsigned dice(unsigned sides)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 12) % sides;
}

/* A word that no other is, and that is no number and begins no list. */
static char *random_word(struct page *p, struct strbuf *words, enum block_type type)
{
    char word[WORD] = {0};
    for (int i = 0; i < WORD - 1; i++)
        word[i] = "abefghjk"[dice(8)];
    strbuf_addf(words, "%02u%s", type, word);
    return arena_strndup(p->arena, word, WORD - 1);
}

static void random_table(struct page *p, struct block *b, struct strbuf *words)
{
    b->cols = 1 + (int)dice(3);
    b->rows = 1 + (int)dice(4);
    for (int row = 0; row < b->rows; row++)
        for (int col = 0; col < b->cols; col++) {
            struct cell *c = page_add_cell(p, b);
            c->row = row;
            c->col = col;
            c->header = dice(3) == 0;
            c->text = dice(4) ? random_word(p, words, BLOCK_TABLE) : "";
            c->bbox = (struct rect){100 + 200 * (float)col, 300, 280 + 200 * (float)col, 320};
        }
    if (dice(3) == 0 && b->cols > 1) { /* the last cell's place to the one before it */
        b->cells[--b->cell_count - 1].colspan = 2;
        if (*b->cells[b->cell_count].text)
            strbuf_cut(words, words->len - 2 - (WORD - 1));
    }
    b->bbox = (struct rect){100, 300, 100 + 200 * (float)b->cols, 320};
}

static struct page *random_page(int number, struct strbuf *words)
{
    static const enum block_type often[] = {BLOCK_TEXT, BLOCK_TEXT, BLOCK_LIST, BLOCK_TABLE};
    struct page *p = made_page(number);
    const unsigned blocks = dice(MOST_BLOCKS);
    for (unsigned i = 0; i < blocks; i++) {
        enum block_type type = dice(2) ? often[dice(4)] : (enum block_type)dice(BLOCK_TYPES);
        struct block *b = page_add_block(p, type);
        if (type == BLOCK_TABLE)
            random_table(p, b, words);
        else
            for (unsigned k = dice(4); k > 0; k--)
                made_line(p, b, random_word(p, words, type), 100, 100 + 100 * (float)i, 800);
        b->continues = dice(3) == 0;
        b->continued = dice(3) == 0;
        b->caption = dice(2) ? (int)dice(blocks) : BLOCK_NO_CAPTION;
    }
    return p;
}

static size_t times_in(const struct strbuf *text, const char *word)
{
    size_t n = 0;
    for (const char *at = strbuf_str(text); (at = strstr(at, word)); at++)
        n++;
    return n;
}

/* words: type and word, one after the other. */
static void assert_all_there(const char *extension, const struct strbuf *out,
                             const struct strbuf *words)
{
    const bool markdown = strcmp(extension, "md") == 0, tables = strcmp(extension, "csv") == 0;
    for (size_t i = 0; i < words->len; i += 2 + WORD - 1) {
        const int type = (words->data[i] - '0') * 10 + words->data[i + 1] - '0';
        char word[WORD] = {0};
        memcpy(word, words->data + i + 2, WORD - 1);
        const size_t found = times_in(out, word);
        if (type == BLOCK_HEADER || type == BLOCK_FOOTER || type == BLOCK_PAGE_NUMBER ||
            type == BLOCK_FIGURE)
            assert_true(!markdown || found == 0);
        else if (type == BLOCK_FIGURE_CAPTION && markdown)
            assert_in_range(found, 1, 2); /* and once in the picture's place */
        else if ((tables ? type == BLOCK_TABLE : true) && found != 1)
            fail_msg("%s: %s \"%s\" %zu times in\n%s", extension,
                     block_type_name((enum block_type)type), word, found, strbuf_str(out));
    }
}

/* Whatever the types, joins and captions, each word is there once, in its kind of output. */
static void every_word_once(void **state)
{
    static const char *const extensions[] = {"md", "html", "txt", "csv"};
    (void)state;
    for (uint32_t round = 0; round < DOCUMENTS; round++)
        for (size_t f = 0; f < COUNT(extensions); f++) {
            auto_strbuf words = {0};
            seed = round;
            struct run r = begin(extensions[f], PAGE_PIXELS);
            const int pages = 1 + (int)dice(MOST_PAGES);
            for (int n = 1; n <= pages; n++)
                if (dice(8))
                    feed(&r, random_page(n, &words));
                else
                    feed_failed(&r, (uint32_t)n);
            end(&r);
            assert_all_there(extensions[f], &r.out, &words);
            strbuf_free(&r.out);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_several_formats_is_as_it_is_alone),
        cmocka_unit_test(links_lead_to_a_folder_of_any_name),
        cmocka_unit_test(bytes_pass_through),
        cmocka_unit_test(a_page_that_changed_is_written_anew),
        cmocka_unit_test(lengths_in_points),
        cmocka_unit_test(what_is_no_page_result_is_refused),
        cmocka_unit_test(a_few_pages_are_held_back),
        cmocka_unit_test(an_exporter_may_be_given_up),
        cmocka_unit_test(a_document_without_pages),
        cmocka_unit_test(a_sentence_is_whole),
        cmocka_unit_test(what_is_beside_it_makes_room),
        cmocka_unit_test(a_page_that_is_run_through_with_something_on_it),
        cmocka_unit_test(columns_on_a_page_are_joined),
        cmocka_unit_test(a_list_goes_on),
        cmocka_unit_test(failed_pages_part),
        cmocka_unit_test(running_headers_are_left_out),
        cmocka_unit_test(a_table_is_whole),
        cmocka_unit_test(tables_of_two_forms_stay_apart),
        cmocka_unit_test(failed_pages_in_every_format),
        cmocka_unit_test(every_word_once),
    };
    return cmocka_run_group_tests_name("exporter", tests, NULL, NULL);
}
