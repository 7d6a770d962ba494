/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The layout of pages set in code: which blocks they have, in which order, and what is in them.
 */
#include "unit.h"

#include "base/strbuf.h"
#include "layout/layout.h"
#include "layout_draw.h"

#include <math.h>

static const struct layout_hints no_hints = {.keep_tables = true, .keep_figures = true};

static void lay_out(struct page *p, const struct layout_hints *hints)
{
    struct error err;
    if (layout_page(p, hints, &err) < 0)
        fail_msg("%s", err.text);
}

/* "type:first words of its first line/lines" of each block, a line each. */
static char *outline(const struct page *p)
{
    struct strbuf out = {0};
    for (size_t i = 0; i < p->block_count; i++) {
        const struct block *b = &p->blocks[i];
        strbuf_addf(&out, "%s%.0d %.12s/%zu%s%s\n", block_type_name(b->type), b->level,
                    b->line_count ? b->lines[0].text : "", b->line_count, b->continued ? " <" : "",
                    b->continues ? " >" : "");
    }
    return out.data ? out.data : strdup("");
}

static void blocks_are(struct page *p, const struct layout_hints *hints, const char *expected)
{
    for (uint32_t seed = 0; seed < 3; seed++) {
        if (seed)
            draw_shuffle(p, seed);
        lay_out(p, hints);
        char *is = outline(p);
        assert_string_equal(is, expected);
        free(is);
    }
    page_free(&p);
}

static void columns_and_what_spans_them(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_line(p, 250, 100, 40, "A Story of the Mill");
    draw_prose(p, 100, 200, 380, 12);
    draw_prose(p, 520, 200, 380, 12);
    blocks_are(p, &no_hints,
               "title1 A Story of t/1\n"
               "text the miller w/12\n"
               "text the miller w/12\n");
}

static void margins_are_set_apart(void **state)
{
    struct page *p = draw_page(1000, 1400);
    (void)state;
    draw_line(p, 100, 50, 18, "Journal of Mills");
    draw_line(p, 850, 50, 18, "117");
    draw_prose(p, 100, 120, 800, 20);
    draw_line(p, 100, 1330, 18, "Printed in a shed");
    blocks_are(p, &no_hints,
               "header Journal of M/1\n"
               "page_number 117/1\n"
               "text the miller w/20\n"
               "footer Printed in a/1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_and_what_spans_them),
        cmocka_unit_test(margins_are_set_apart),
    };
    return cmocka_run_group_tests_name("layout_page", tests, NULL, NULL);
}
