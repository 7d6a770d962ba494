/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Pictures for people: pages, and figures cut from them. Blocks: each maker is a decode process of
 * its own, for one document and as many pictures of it as are asked for.
 */
#ifndef WORK_PICTURE_H
#define WORK_PICTURE_H

#include "base/error.h"
#include "base/settings.h"
#include "decode/limits.h"
#include "page/page.h"
#include "work/process.h"

#include <stdint.h>

struct picture_maker {
    struct process process;
    const struct settings *settings;
    uint32_t pages;
};

/* document: a descriptor that stays the caller's; password "" for none. */
int picture_open(struct picture_maker *m, const struct settings *settings, int document,
                 const char *password, struct error *err);
void picture_close(struct picture_maker *m);

/* These return a sealed memory file, *size its bytes. ERROR_NOT_FOUND: no such page. Pictures of
 * one page that follow each other cost one rendering. */
int picture_make(struct picture_maker *m, uint32_t page, uint32_t dpi, const struct view *view,
                 uint64_t *size, struct error *err);
/* The n-th figure (from 0) of a page result as JPEG, at the result's resolution or PICTURE_DPI,
 * whichever is more. ERROR_NOT_FOUND: no such figure. */
enum { PICTURE_DPI = 150 }; /* of a photograph that is printed */
int picture_figure(struct picture_maker *m, const struct page *page, unsigned n, uint64_t *size,
                   struct error *err);

/* One picture by a maker of its own. */
int picture_render(const struct settings *settings, int document, const char *password,
                   uint32_t page, uint32_t dpi, const struct view *view, uint64_t *size,
                   struct error *err);

#endif
