/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a client may ask of one job. One table gives every option its type, bounds and sentence; a
 * JSON object, form fields, query parameters and command-line flags all end here. Unknown names are
 * refused by name.
 */
#ifndef PAGE_OPTIONS_H
#define PAGE_OPTIONS_H

#include "base/settings.h"
#include "base/strbuf.h"

#include <stdbool.h>

enum text_layer { TEXT_LAYER_OCR, TEXT_LAYER_TEXT };

enum { OPTIONS_METADATA = 16 << 10 /* bytes of metadata JSON */ };

struct options {
    char engine[64];
    char languages[128]; /* "eng+deu" */
    char pages[512];
    char password[128];
    int64_t text_layer; /* enum text_layer */
    int64_t dpi;
    int64_t priority;
    int64_t ttl; /* seconds after the end */
    bool strict;
};

extern const struct param_table options_table;

/* ERROR_INPUT naming the option. "language" is taken for "languages". */
int options_set(struct options *o, const char *name, const char *value, struct error *err);
/* Once all are set: engine and languages left empty are the settings', languages separated by
 * commas or blanks become eng+deu, and what a single value's type cannot say is checked (page
 * selection, language names). */
int options_settle(struct options *o, const struct settings *settings, struct error *err);
void options_encode(const struct options *o,
                    struct strbuf *out); /* a JSON object, without the password */

/* A JSON object of options; "metadata" (any JSON value) is written to *metadata, which may be NULL
 * to refuse it. */
int options_decode(struct options *o, const char *json, size_t len, struct strbuf *metadata,
                   struct error *err);

/* Any JSON value of at most OPTIONS_METADATA bytes, appended to *metadata in its compact form. */
int options_metadata(const char *json, size_t len, struct strbuf *metadata, struct error *err);

#endif
