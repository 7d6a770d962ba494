/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The layout of a page, step by step: what a model or the drawing shows is taken first, then what
 * stands at the margins, then the running text in reading order; then the parts are named. Refuses
 * nothing but a full arena. Called by the stages that have read a page.
 */
#include "layout/layout.h"

#include "layout/draft.h"

static int lay_out(struct sheet *s, struct page *page, struct error *err)
{
    struct draft d;
    if (draft_open(&d, s) < 0 || draft_take_regions(&d) < 0 || draft_take_tables(&d, err) < 0)
        return -1;
    if (draft_take_figures(&d) < 0 || draft_take_margins(&d) < 0 || draft_read_body(&d) < 0)
        return -1;
    draft_sort(&d);
    draft_find_code(&d);
    draft_find_notes(&d);
    draft_make_lists(&d);
    draft_find_headings(&d);
    draft_sort(&d);
    if (draft_find_captions(&d) < 0)
        return -1;
    draft_join(&d);
    return draft_write(&d, page);
}

int layout_page(struct page *page, const struct layout_hints *hints, struct error *err)
{
    struct sheet s;
    if (sheet_open(&s, page, hints, err) < 0)
        return -1;
    int rc = lay_out(&s, page, err);
    sheet_close(&s);
    return rc == 0 ? 0 : error_set(err, ERROR_LIMIT, "more on the page than its layout may take");
}
