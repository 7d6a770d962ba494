/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What both stages answer with. Refuses results over their cap. Called by stages.
 */
#include "work/stage.h"

#include "base/fd.h"
#include "page/page.h"

#include <sys/resource.h>

uint64_t stage_rss_kib(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) < 0 ? 0 : (uint64_t)usage.ru_maxrss;
}

int stage_answer_page(struct exchange *x, const struct page *page, struct error *err)
{
    auto_strbuf json = {.cap = PAGE_MAX_JSON};
    page_encode(page, &json);
    if (json.overflowed)
        return error_set(err, ERROR_LIMIT, "the page result is over %d MiB", PAGE_MAX_JSON >> 20);
    auto_fd fd = fd_memory("page", err);
    if (fd < 0 || fd_write_full(fd, json.data, json.len, err) < 0 || fd_seal(fd, err) < 0)
        return -1;
    x->answer.type = MESSAGE_RESULT;
    x->answer.u.result.size = json.len;
    x->answer.u.result.rss_kib = stage_rss_kib();
    x->answer_fd = fd_take(&fd);
    return 0;
}
