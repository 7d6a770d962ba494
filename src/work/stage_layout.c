/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The layout of a page that was just read, and how long it took. Called by the decode and recognise
 * stages.
 */
#include "work/stage.h"

#include "base/clock.h"
#include "layout/layout.h"

int stage_layout(struct page *page, const struct layout_hints *hints, const struct page_wish *wish,
                 struct error *err)
{
    if (wish->layout == LAYOUT_OFF)
        return 0;
    struct layout_hints kept = *hints;
    kept.keep_tables = wish->tables;
    kept.keep_figures = wish->figures;
    const int64_t begun = clock_steady_ns();
    int rc = layout_page(page, &kept, err);
    page->stage_ms[PAGE_STAGE_LAYOUT] += (float)(clock_steady_ns() - begun) / 1e6F;
    return rc;
}
