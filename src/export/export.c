/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The table of output formats. Called by api and cmd.
 */
#include "export/export_driver.h"

#include <string.h>

static const struct export_format *const formats[] = {&export_json, &export_ndjson, &export_text,
                                                      &export_markdown};

const struct export_format *export_find(const char *extension)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i]->extension, extension) == 0)
            return formats[i];
    return NULL;
}

const char *export_extensions(void)
{
    return "json, ndjson, txt, md";
}
