/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the two halves of the OpenAPI document share.
 */
#ifndef API_API_OPENAPI_H
#define API_API_OPENAPI_H

#include "api/api_internal.h"

/* A member `key` that is the JSON Schema of a type of api_table.h. doc may be NULL. */
void openapi_schema(struct json_writer *w, const char *key, const char *type, const char *doc);
/* Inside of a schema: the words of "a/b/c" as its type, and bounds of a number or of a length. */
void openapi_words(struct strbuf *out, const char *words, size_t len);
void openapi_bounds(struct json_writer *w, int64_t min, int64_t max, bool text);
void openapi_components(struct json_writer *w);

#endif
