/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The layout of a page that was just read, and how long it took. Called by the decode and recognise
 * stages.
 */
#include "work/stage.h"

#include "base/clock.h"
#include "layout/layout.h"

int stage_layout(struct page *page, const struct layout_hints *hints, struct error *err)
{
    const int64_t begun = clock_steady_ns();
    int rc = layout_page(page, hints, err);
    page->stage_ms[PAGE_STAGE_LAYOUT] += (float)(clock_steady_ns() - begun) / 1e6F;
    return rc;
}
