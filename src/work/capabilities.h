/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What pagemill-work can do on this machine, asked of it once at start: engines with their
 * languages, formats, versions, and the parts of the sandbox that hold. Immutable once loaded.
 */
#ifndef WORK_CAPABILITIES_H
#define WORK_CAPABILITIES_H

#include "base/error.h"
#include "base/settings.h"
#include "model/recipe.h"

#include <stdint.h>

struct capabilities;

int capabilities_load(struct capabilities **out, const struct settings *settings,
                      const struct recipe *recipe, struct error *err);
void capabilities_free(struct capabilities **c);
const char *
capabilities_json(const struct capabilities *c); /* the worker's own words, checked to be JSON */

/* Of the raster that the engine wants: 1 or 3. */
uint32_t capabilities_channels(const struct capabilities *c, const char *engine);

/* What the engine reads with here: "ppocr/PP-OCRv6_tiny+tesseract/5.3.0"; "" if unknown. */
const char *capabilities_version(const struct capabilities *c, const char *engine);

/* Is there such an engine, with all of these languages ("eng+deu")? ERROR_INPUT listing what is
 * installed. */
int capabilities_check(const struct capabilities *c, const char *engine, const char *languages,
                       struct error *err);

#endif
