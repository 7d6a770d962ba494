/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The table of output formats. Called by api and cmd.
 */
#include "export/export_driver.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

const struct export_format *const export_formats[] = {
    &export_json, &export_ndjson, &export_markdown, &export_html, &export_text,    &export_csv,
    &export_mmd,  &export_det,    &export_hocr,     &export_alto, &export_pagexml, &export_tsv,
    NULL};

const struct export_format *export_find(const char *extension)
{
    for (size_t i = 0; export_formats[i]; i++)
        if (strcmp(export_formats[i]->extension, extension) == 0)
            return export_formats[i];
    return NULL;
}

const struct export_format *export_plan_of(const char *extension)
{
    if (strcmp(extension, "pdf") == 0)
        return &export_plan_text;
    return strcmp(extension, "layouts.pdf") == 0 ? &export_plan_layouts : NULL;
}

int export_too_many(const struct export_format *format, struct error *err)
{
    return error_set(err, ERROR_INPUT,
                     "%s holds one page: ask with pages=N, or take the zip, which has them all",
                     format->extension);
}

void export_extensions(char out[EXPORT_LIST])
{
    *out = '\0';
    for (size_t i = 0, n = 0; export_formats[i] && n < EXPORT_LIST; i++)
        n += (size_t)snprintf(out + n, EXPORT_LIST - n, "%s%s", i ? ", " : "",
                              export_formats[i]->extension);
}

const char *export_images(const struct export_page *page)
{
    return page->images ? page->images : EXPORT_IMAGES;
}

static size_t caption_of(const struct page *page, const struct block *b)
{
    bool named = b->type == BLOCK_FIGURE && b->caption >= 0 &&
                 (size_t)b->caption < page->block_count &&
                 page->blocks[b->caption].type == BLOCK_FIGURE_CAPTION;
    return named ? (size_t)b->caption : page->block_count;
}

unsigned char *export_marks(const struct page *page)
{
    unsigned char *marks = x_calloc(page->block_count + 1, 1);
    for (size_t i = 0; i < page->block_count; i++)
        marks[caption_of(page, &page->blocks[i])] = EXPORT_AWAITED;
    return marks;
}

size_t export_take_caption(const struct page *page, const struct block *figure,
                           unsigned char *marks)
{
    size_t caption = caption_of(page, figure);
    if (marks[caption] != EXPORT_AWAITED)
        return page->block_count;
    marks[caption] = EXPORT_DONE;
    return caption;
}
