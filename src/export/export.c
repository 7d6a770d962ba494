/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The table of output formats. Called by api and cmd.
 */
#include "export/export_driver.h"

#include <stdio.h>
#include <string.h>

const struct export_format *const export_formats[] = {
    &export_json, &export_ndjson, &export_markdown, &export_html, &export_text,
    &export_csv,  &export_mmd,    &export_det,      NULL};

const struct export_format *export_find(const char *extension)
{
    for (size_t i = 0; export_formats[i]; i++)
        if (strcmp(export_formats[i]->extension, extension) == 0)
            return export_formats[i];
    return NULL;
}

void export_extensions(char out[EXPORT_LIST])
{
    *out = '\0';
    for (size_t i = 0, n = 0; export_formats[i] && n < EXPORT_LIST; i++)
        n += (size_t)snprintf(out + n, EXPORT_LIST - n, "%s%s", i ? ", " : "",
                              export_formats[i]->extension);
}

const struct block *export_caption(const struct page *page, const struct block *block,
                                   enum block_type type)
{
    if (block->caption < 0 || (size_t)block->caption >= page->block_count)
        return NULL;
    const struct block *caption = &page->blocks[block->caption];
    return caption->type == type ? caption : NULL;
}
