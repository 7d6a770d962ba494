/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Has a document bound with a plan by a process that lives for it alone. Refuses answers that are
 * not sealed memory of the size announced. Called by api on its pool threads; calls process.
 */
#include "work/bind.h"

#include "base/fd.h"
#include "work/process.h"

#include <stdio.h>

enum { GRACE_MS = 2000, MOST_MS = 600000 };

/* Of the PDF: pictures may be packed less tightly in it than they were. Text takes less than its
 * plan. */
enum { SIZE_FACTOR = 4, SIZE_SLACK = 64 << 20 };

static int time_allowed(const struct settings *settings, uint32_t pages)
{
    int64_t ms = settings->render_timeout * 1000 * pages;
    return (int)(ms < MOST_MS ? ms : MOST_MS);
}

static int open_document(struct process *p, const struct settings *settings, int document,
                         const char *password, uint32_t *pages, struct error *err)
{
    uint32_t told;
    if (process_open_document(p, settings, document, password, &told, err) < 0)
        return -1;
    if (told == 0 || told > settings->max_pages)
        return error_set(err, ERROR_BUG, "a worker told of %u pages", told);
    *pages = told;
    return 0;
}

static int ask(struct process *p, const struct settings *settings, uint32_t pages, int plan,
               uint64_t plan_size, uint64_t max_size, uint64_t *size, struct error *err)
{
    struct message answer, request = {.version = MESSAGE_VERSION, .type = MESSAGE_BIND};
    auto_fd fd = -1;
    request.u.bind.plan_size = plan_size;
    request.u.bind.max_size = max_size;
    request.u.bind.page_ms = (uint32_t)(settings->render_timeout * 1000);
    if (process_call(p, &request, plan, MESSAGE_BOUND, &answer, &fd,
                     time_allowed(settings, pages) + GRACE_MS, err) < 0 ||
        fd_check_sealed(fd, answer.u.result.size, err) < 0)
        return -1;
    *size = answer.u.result.size;
    return fd_take(&fd);
}

int bind_document(const struct settings *settings, int document, const char *password, int plan,
                  uint64_t plan_size, uint64_t *size, struct error *err)
{
    struct process p = PROCESS_NONE;
    char file_size[32];
    uint64_t document_size, max_size;
    uint32_t pages = 0;
    if (fd_size(document, &document_size, err) < 0)
        return -1;
    max_size = document_size * SIZE_FACTOR + plan_size + SIZE_SLACK;
    /* A page's pixels are a memory file too. */
    uint64_t raster = (uint64_t)settings->max_pixels * 3 + SIZE_SLACK;
    snprintf(file_size, sizeof file_size, "%llu",
             (unsigned long long)(max_size > raster ? max_size : raster));
    const char *const stage[] = {"bind", "--file-size", file_size, NULL};
    if (process_start(&p, settings, NULL, stage, err) < 0)
        return -1;
    int fd = open_document(&p, settings, document, password, &pages, err) < 0
                 ? -1
                 : ask(&p, settings, pages, plan, plan_size, max_size, size, err);
    process_kill(&p);
    return fd;
}
