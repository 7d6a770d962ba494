/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What only the neighbours of a page can tell: running headers, footers and page numbers, and what
 * goes on over the edges of pages.
 */
#include "unit.h"

#include "layout/flow.h"
#include "page_made.h"

#include <math.h>

enum { PAGES = 6, HEAD = 40, BODY = 300, FOOT = 1340 };

/* Pages with the same make, each marked among its neighbours. */
struct set {
    struct page *pages[PAGES];
    struct flow_margins margins[PAGES];
    size_t count;
};

static void set_mark(struct set *s)
{
    for (size_t i = 0; i < s->count; i++)
        flow_look(s->pages[i], &s->margins[i]);
    for (size_t i = 0; i < s->count; i++) {
        const struct flow_margins *around[PAGES];
        size_t n = 0;
        for (size_t k = 0; k < s->count; k++)
            if (k != i && (k > i ? k - i : i - k) <= FLOW_REACH)
                around[n++] = &s->margins[k];
        flow_mark(s->pages[i], &s->margins[i], around, n);
    }
}

static void set_free(struct set *s)
{
    for (size_t i = 0; i < s->count; i++)
        page_free(&s->pages[i]);
    s->count = 0;
}

/* A page with one block above and one below its body; format may hold %d for the page. */
static void add(struct set *s, const char *above, const char *below)
{
    int number = (int)s->count + 1;
    struct page *p = s->pages[s->count++] = made_page(number);
    made_block(p, BLOCK_TEXT, HEAD, above);
    made_block(p, BLOCK_TEXT, BODY, "The body of the page, which is another one on each.");
    made_block(p, BLOCK_TEXT, FOOT, below);
}

static void assert_types(const struct page *p, enum block_type above, enum block_type below)
{
    assert_string_equal(block_type_name(p->blocks[0].type), block_type_name(above));
    assert_string_equal(block_type_name(p->blocks[1].type), block_type_name(BLOCK_TEXT));
    assert_string_equal(block_type_name(p->blocks[2].type), block_type_name(below));
}

static void what_repeats_is_a_header(void **state)
{
    struct set s = {0};
    (void)state;
    for (int i = 0; i < 4; i++) {
        char below[32];
        snprintf(below, sizeof below, "Report 2026, part %d", i + 9);
        add(&s, "Annual Report of the Company", below);
    }
    set_mark(&s);
    for (size_t i = 0; i < s.count; i++)
        assert_types(s.pages[i], BLOCK_HEADER, BLOCK_FOOTER);
    set_free(&s);
}

static void left_and_right_pages_differ(void **state)
{
    struct set s = {0};
    (void)state;
    for (int i = 0; i < 6; i++)
        add(&s, i % 2 ? "A History of Printing" : "Chapter Two", "");
    set_mark(&s);
    assert_types(s.pages[2], BLOCK_HEADER, BLOCK_TEXT);
    assert_types(s.pages[3], BLOCK_HEADER, BLOCK_TEXT);
    assert_types(s.pages[0], BLOCK_HEADER, BLOCK_TEXT); /* page 3 says the same, page 2 something */
    set_free(&s);
}

/* A title is larger than the text of its page: of slides it may repeat, and it is no running head.
 */
static void large_type_is_a_title(void **state)
{
    struct set s = {0};
    (void)state;
    for (int i = 0; i < 3; i++) {
        add(&s, "Upcoming Events (1 of 3)", "The Society");
        struct block *b = &s.pages[i]->blocks[0];
        b->bbox.y2 = b->bbox.y1 + 60;
        b->lines[0].polygon = quad_of_rect(b->bbox);
    }
    set_mark(&s);
    for (size_t i = 0; i < s.count; i++)
        assert_types(s.pages[i], BLOCK_TEXT, BLOCK_FOOTER);
    set_free(&s);
}

/* Captions of tables, a page each, that begin alike. */
static void long_texts_are_compared_to_their_end(void **state)
{
    static const char *const captions[] = {
        "Table 16. Actual and projected numbers for enrolment in all schools",
        "Table 17. Actual and projected numbers for degrees that women take",
        "Table 18. Actual and projected numbers for what teachers earn"};
    struct set s = {0};
    (void)state;
    for (int i = 0; i < 3; i++)
        add(&s, captions[i], "");
    set_mark(&s);
    for (size_t i = 0; i < s.count; i++)
        assert_types(s.pages[i], BLOCK_TEXT, BLOCK_TEXT);
    set_free(&s);
}

static void misread_letters_are_forgiven(void **state)
{
    struct set s = {0};
    (void)state;
    add(&s, "Proceedings of the Royal Society", "");
    add(&s, "Proceedlngs of the Royal Soclety", "");
    add(&s, "Proceedings of the Roya1 Society", "");
    set_mark(&s);
    assert_types(s.pages[1], BLOCK_HEADER, BLOCK_TEXT);
    set_free(&s);
}

static void numbers_that_grow_are_page_numbers(void **state)
{
    static const char *const roman[] = {"- ix -", "x", "xi", "xii"};
    struct set s = {0};
    (void)state;
    for (int i = 0; i < 4; i++) {
        char below[32];
        snprintf(below, sizeof below, i % 2 ? "%d" : "Page %d of 99", i + 96);
        add(&s, roman[i], below);
    }
    set_mark(&s);
    for (size_t i = 0; i < s.count; i++)
        assert_types(s.pages[i], BLOCK_PAGE_NUMBER, BLOCK_PAGE_NUMBER);
    set_free(&s);
}

static void two_pages_are_enough_for_numbers_only(void **state)
{
    struct set s = {0};
    (void)state;
    add(&s, "Dear reader", "1 / 2");
    add(&s, "Dear reader", "2 / 2");
    set_mark(&s);
    assert_types(s.pages[0], BLOCK_TEXT, BLOCK_PAGE_NUMBER);
    set_free(&s);
}

static void what_does_not_repeat_stays(void **state)
{
    static const char *const above[] = {"First of all", "Then came the", "And so it is", "The end"};
    static const char *const below[] = {"17", "3", "1999", "40"}; /* no order in them */
    struct set s = {0};
    (void)state;
    for (int i = 0; i < 4; i++)
        add(&s, above[i], below[i]);
    s.pages[0]->blocks[0].type = BLOCK_TITLE;
    s.pages[1]->blocks[0].type = BLOCK_HEADER; /* what the page itself told is believed */
    set_mark(&s);
    assert_types(s.pages[0], BLOCK_TITLE, BLOCK_FOOTER); /* lone numbers, each at the foot */
    assert_types(s.pages[1], BLOCK_HEADER, BLOCK_FOOTER);
    assert_types(s.pages[2], BLOCK_TEXT, BLOCK_FOOTER);
    set_free(&s);
}

static void the_place_counts(void **state)
{
    struct set s = {0};
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct page *p = s.pages[s.count++] = made_page(i + 1);
        made_block(p, BLOCK_TEXT, HEAD + 50.0F * (float)(i % 3), "The same words");
        made_block(p, BLOCK_TEXT, 600, "The same words in the middle");
        made_block(p, BLOCK_TEXT, FOOT, "last\nlines\nof\na long\nparagraph");
    }
    set_mark(&s);
    for (size_t i = 0; i < s.count; i++)
        assert_types(s.pages[i], BLOCK_TEXT, BLOCK_TEXT);
    set_free(&s);
}

static void a_page_is_not_all_margin(void **state)
{
    struct set s = {0};
    (void)state;
    for (int i = 0; i < 4; i++) {
        s.pages[s.count++] = made_page(i + 1);
        made_block(s.pages[i], BLOCK_TEXT, HEAD, "This page is left blank");
    }
    set_mark(&s);
    for (size_t i = 0; i < s.count; i++)
        assert_int_equal(s.pages[i]->blocks[0].type, BLOCK_TEXT);
    set_free(&s);
}

/* Turned by 90 degrees to be read: the top of the text is at the left. */
static void pages_may_lie_on_their_side(void **state)
{
    struct set s = {0};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct page *p = s.pages[s.count++] = made_page(i + 1);
        p->rotation = 90;
        made_block(p, BLOCK_TEXT, 100, "Turned header")->bbox = (struct rect){40, 300, 60, 900};
        made_block(p, BLOCK_TEXT, BODY, "Body")->bbox = (struct rect){300, 100, 700, 1300};
        made_block(p, BLOCK_TEXT, FOOT, "Turned foot")->bbox = (struct rect){960, 300, 980, 900};
    }
    set_mark(&s);
    assert_types(s.pages[1], BLOCK_HEADER, BLOCK_FOOTER);
    set_free(&s);
}

static void hostile_margins_are_bounded(void **state)
{
    struct set s = {0};
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct page *p = s.pages[s.count++] = made_page(i + 1);
        for (int n = 0; n < 5000; n++)
            made_block(p, BLOCK_TEXT, (float)(n % 190),
                       "9999999999999999999 same \xF0\x9F\x98\x80");
        made_block(p, BLOCK_TEXT, BODY, "Body");
    }
    set_mark(&s);
    assert_true(s.margins[0].count <= (size_t)2 * FLOW_EDGES);
    assert_int_equal(s.pages[1]->blocks[5000].type, BLOCK_TEXT);
    set_free(&s);
}

/* ---- joins ---- */

static bool joined(struct page *a, struct page *b)
{
    struct flow_margins m;
    flow_look(a, &m);
    flow_mark(a, &m, NULL, 0);
    flow_look(b, &m);
    flow_mark(b, &m, NULL, 0);
    return flow_join(a, b);
}

static const struct {
    const char *last, *first;
    bool goes_on;
} sentences[] = {
    {"the old man went to", "the sea again.", true},
    {"it was inter-", "national law.", true},
    {"a hyphen before Smith-", "Jones came.", true},
    {"That was the end.", "the next one", false},
    {"Is it so?\"", "he said.", false},
    {"the following:", "one, two", false},
    {"a heading without a stop", "A new sentence.", false},
    {"the first item", "b) the second item", false},
    {"\xD1\x87\xD1\x82\xD0\xBE \xD0\xBE\xD0\xBD",
     "\xD1\x81\xD0\xBA\xD0\xB0\xD0\xB7\xD0\xB0\xD0\xBB.", true},
    {"\xE4\xBB\x96\xE8\xAF\xB4\xE3\x80\x82", "\xE6\x98\x8E\xE5\xA4\xA9", false}, /* 。*/
    {"", "words", false},
};

static void sentences_go_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sentences); i++) {
        struct page *a = made_page(1), *b = made_page(2);
        made_block(a, BLOCK_TEXT, BODY, sentences[i].last);
        made_block(b, BLOCK_TEXT, BODY, sentences[i].first);
        bool found = joined(a, b);
        if (found != sentences[i].goes_on)
            fail_msg("\"%s\" | \"%s\"", sentences[i].last, sentences[i].first);
        assert_int_equal(flow_tail(a), found ? 0 : FLOW_NONE);
        assert_int_equal(flow_head(b), found ? 0 : FLOW_NONE);
        page_free(&a);
        page_free(&b);
    }
}

/* Without letters in lower case the shape tells: full lines before and after the edge. */
static void full_lines_go_on(void **state)
{
    static const char zh[] = "\xE4\xB8\xAD\n\xE6\x96\x87\n\xE6\x96\x87\n\xE6\x96\x87";
    (void)state;
    for (int full = 0; full < 2; full++) {
        struct page *a = made_page(1), *b = made_page(2);
        struct block *last = made_block(a, BLOCK_TEXT, BODY, zh);
        made_block(b, BLOCK_TEXT, BODY, zh);
        if (full)
            last->lines[3].polygon = quad_of_rect((struct rect){100, 390, 900, 410});
        assert_int_equal(joined(a, b), full);
        page_free(&a);
        page_free(&b);
    }
}

static void asides_do_not_part_a_paragraph(void **state)
{
    struct page *a = made_page(1), *b = made_page(2);
    (void)state;
    made_block(a, BLOCK_TEXT, BODY, "it goes on");
    made_block(a, BLOCK_FIGURE_CAPTION, 700, "Figure 1");
    made_block(a, BLOCK_FOOTNOTE, 1200, "1 A note.");
    made_block(b, BLOCK_HEADER, HEAD, "Head");
    page_add_block(b, BLOCK_FIGURE);
    made_block(b, BLOCK_TEXT, BODY, "and on.");
    assert_true(joined(a, b));
    assert_int_equal(flow_tail(a), 0);
    assert_int_equal(flow_head(b), 2);
    assert_false(flow_fills(b));
    page_free(&a);
    page_free(&b);
}

static void kinds_of_text_stay_apart(void **state)
{
    struct page *a = made_page(1), *b = made_page(2), *none = made_page(3);
    (void)state;
    made_block(a, BLOCK_TEXT, BODY, "it goes on");
    made_block(b, BLOCK_HEADING, BODY, "and on");
    assert_false(joined(a, b));
    assert_false(joined(a, none));
    assert_false(joined(none, b));
    page_free(&a);
    page_free(&b);
    page_free(&none);
}

static void joins_without_another_side_are_undone(void **state)
{
    struct page *p = made_page(1);
    struct flow_margins m;
    (void)state;
    for (int i = 0; i < 7; i++)
        made_block(p, i == 5 ? BLOCK_FIGURE : BLOCK_TEXT, BODY, "words");
    p->blocks[0].continued = true; /* from nowhere */
    p->blocks[1].continues = true; /* overtaken */
    p->blocks[2].continues = p->blocks[4].continued = true;
    p->blocks[4].continues = p->blocks[5].continued = true; /* a picture */
    p->blocks[6].continues = true;                          /* into nowhere */
    flow_look(p, &m);
    assert_true(flow_mark(p, &m, NULL, 0));
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(p->blocks[i].continues, i == 2);
        assert_int_equal(p->blocks[i].continued, i == 4);
    }
    assert_int_equal(flow_next(p, 2), 4);
    assert_int_equal(flow_start(p, 4), 2);
    assert_int_equal(flow_head(p), FLOW_NONE);
    assert_int_equal(flow_tail(p), FLOW_NONE);
    assert_false(flow_mark(p, &m, NULL, 0));
    page_free(&p);
}

/* ---- tables ---- */

static const char *const rows_1[] = {"Name", "Sum", "Year", "a",    "1",
                                     "1901", "b",   "2",    "1902", NULL};
static const char *const rows_2[] = {"Name", "Sum", "Year", "c", "3", "1903", NULL};

static void tables_go_on(void **state)
{
    struct page *a = made_page(1), *b = made_page(2);
    (void)state;
    made_table(a, 900, 3, 1, rows_1);
    made_block(a, BLOCK_FOOTNOTE, 1250, "1 a note");
    made_block(b, BLOCK_TEXT, 200, "Table 4 (continued)");
    made_table(b, 250, 3, 1, rows_2);
    assert_true(joined(a, b));
    assert_int_equal(flow_tail(a), 0);
    assert_int_equal(flow_head(b), 1);
    assert_int_equal(flow_repeated_rows(&a->blocks[0], &b->blocks[1]), 1);
    page_free(&a);
    page_free(&b);
}

static void other_tables_stay_apart(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct page *a = made_page(1), *b = made_page(2);
        made_table(a, 900, 3, 1, rows_1);
        if (way == 1)
            made_block(a, BLOCK_TEXT, 1250, "So much for this table.");
        if (way == 2)
            made_block(b, BLOCK_TABLE_CAPTION, 200, "Table 5");
        struct block *next = made_table(b, 250, 3, 1, rows_2);
        if (way == 0)
            next->cols = 4;
        if (way == 3)
            next->bbox.x2 -= 200;
        assert_false(joined(a, b));
        page_free(&a);
        page_free(&b);
    }
}

static void only_headers_are_repeated(void **state)
{
    struct page *p = made_page(1);
    (void)state;
    made_table(p, 100, 3, 0, rows_1);
    made_table(p, 300, 3, 0, rows_2);
    made_table(p, 500, 3, 1, rows_1);
    made_table(p, 700, 3, 1, rows_1);
    assert_int_equal(flow_repeated_rows(&p->blocks[0], &p->blocks[1]), 0);
    assert_int_equal(flow_repeated_rows(&p->blocks[2], &p->blocks[3]), 1);
    page_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_repeats_is_a_header),
        cmocka_unit_test(left_and_right_pages_differ),
        cmocka_unit_test(large_type_is_a_title),
        cmocka_unit_test(long_texts_are_compared_to_their_end),
        cmocka_unit_test(misread_letters_are_forgiven),
        cmocka_unit_test(numbers_that_grow_are_page_numbers),
        cmocka_unit_test(two_pages_are_enough_for_numbers_only),
        cmocka_unit_test(what_does_not_repeat_stays),
        cmocka_unit_test(the_place_counts),
        cmocka_unit_test(a_page_is_not_all_margin),
        cmocka_unit_test(pages_may_lie_on_their_side),
        cmocka_unit_test(hostile_margins_are_bounded),
        cmocka_unit_test(sentences_go_on),
        cmocka_unit_test(full_lines_go_on),
        cmocka_unit_test(asides_do_not_part_a_paragraph),
        cmocka_unit_test(kinds_of_text_stay_apart),
        cmocka_unit_test(joins_without_another_side_are_undone),
        cmocka_unit_test(tables_go_on),
        cmocka_unit_test(other_tables_stay_apart),
        cmocka_unit_test(only_headers_are_repeated),
    };
    return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
