/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Has pages and parts of them drawn for people by a process that lives for one document. Refuses
 * answers that are not sealed memory of the size announced. Called by api on its pool threads and
 * by cmd; calls process.
 */
#include "work/picture.h"

#include "base/fd.h"

#include <math.h>

enum { GRACE_MS = 2000 };

int picture_open(struct picture_maker *m, const struct settings *settings, int document,
                 const char *password, struct error *err)
{
    static const char *const stage[] = {"decode", NULL};
    *m = (struct picture_maker){.process = PROCESS_NONE, .settings = settings};
    if (process_start(&m->process, settings, NULL, stage, err) < 0)
        return -1;
    if (process_open_document(&m->process, settings, document, password, &m->pages, err) == 0)
        return 0;
    picture_close(m);
    return -1;
}

void picture_close(struct picture_maker *m)
{
    process_kill(&m->process);
}

int picture_make(struct picture_maker *m, uint32_t page, uint32_t dpi, const struct view *view,
                 uint64_t *size, struct error *err)
{
    struct message answer, request = {.version = MESSAGE_VERSION, .type = MESSAGE_PICTURE};
    auto_fd fd = -1;
    int64_t timeout = m->settings->render_timeout * 1000;
    if (page == 0 || page > m->pages)
        return error_set(err, ERROR_NOT_FOUND, "the document has %u pages", m->pages);
    request.u.page.page = page;
    request.u.page.view = *view;
    request.u.page.how =
        (struct render){.dpi = dpi, .channels = 3, .timeout_ms = (uint32_t)timeout};
    if (process_call(&m->process, &request, -1, MESSAGE_IMAGE, &answer, &fd,
                     (int)timeout + GRACE_MS, err) < 0 ||
        fd_check_sealed(fd, answer.u.result.size, err) < 0)
        return -1;
    *size = answer.u.result.size;
    return fd_take(&fd);
}

static const struct block *find_figure(const struct page *page, unsigned n)
{
    for (size_t i = 0; i < page->block_count; i++)
        if (page->blocks[i].type == BLOCK_FIGURE && n-- == 0)
            return &page->blocks[i];
    return NULL;
}

/* On the page, rounded outwards. */
static uint32_t within(float at, int side)
{
    return (uint32_t)fminf(fmaxf(at, 0), (float)side);
}

int picture_figure(struct picture_maker *m, const struct page *page, unsigned n, uint64_t *size,
                   struct error *err)
{
    const struct block *figure = find_figure(page, n);
    if (!figure)
        return error_set(err, ERROR_NOT_FOUND, "page %d has no figure %u", page->number, n);
    const struct rect *r = &figure->bbox;
    const struct view view = {.jpeg = 1,
                              .width = (uint32_t)page->width,
                              .height = (uint32_t)page->height,
                              .x1 = within(floorf(r->x1), page->width),
                              .y1 = within(floorf(r->y1), page->height),
                              .x2 = within(ceilf(r->x2), page->width),
                              .y2 = within(ceilf(r->y2), page->height)};
    uint32_t dpi = page->dpi > PICTURE_DPI ? (uint32_t)page->dpi : PICTURE_DPI;
    return picture_make(m, (uint32_t)page->number, dpi, &view, size, err);
}

int picture_render(const struct settings *settings, int document, const char *password,
                   uint32_t page, uint32_t dpi, const struct view *view, uint64_t *size,
                   struct error *err)
{
    struct picture_maker m;
    if (picture_open(&m, settings, document, password, err) < 0)
        return -1;
    int fd = picture_make(&m, page, dpi, view, size, err);
    picture_close(&m);
    return fd;
}
