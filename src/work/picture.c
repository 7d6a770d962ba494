/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Renders a page for people. Called by api on its pool threads; calls process.
 */
#include "work/picture.h"

#include "base/fd.h"
#include "work/process.h"

enum { GRACE_MS = 2000 };

static int open_and_render(struct process *p, const struct settings *settings, int document,
                           const char *password, uint32_t page, uint32_t dpi, uint64_t *size,
                           struct error *err)
{
    struct message request, answer;
    auto_fd fd = -1;
    int64_t timeout = settings->render_timeout * 1000;
    uint32_t pages;
    if (process_open_document(p, settings, document, password, &pages, err) < 0)
        return -1;
    if (page == 0 || page > pages)
        return error_set(err, ERROR_NOT_FOUND, "the document has %u pages", pages);
    request = (struct message){.version = MESSAGE_VERSION, .type = MESSAGE_PICTURE};
    request.u.page.page = page;
    request.u.page.how =
        (struct render){.dpi = dpi, .channels = 3, .timeout_ms = (uint32_t)timeout};
    if (process_call(p, &request, -1, MESSAGE_IMAGE, &answer, &fd, (int)timeout + GRACE_MS, err) <
            0 ||
        fd_check_sealed(fd, answer.u.result.size, err) < 0)
        return -1;
    *size = answer.u.result.size;
    return fd_take(&fd);
}

int picture_render(const struct settings *settings, int document, const char *password,
                   uint32_t page, uint32_t dpi, uint64_t *size, struct error *err)
{
    static const char *const stage[] = {"decode", NULL};
    struct process p = PROCESS_NONE;
    if (process_start(&p, settings, NULL, stage, err) < 0)
        return -1;
    int fd = open_and_render(&p, settings, document, password, page, dpi, size, err);
    process_kill(&p);
    return fd;
}
