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
#include "page/wish.h"

#include <stdbool.h>

enum { OPTIONS_METADATA = 16 << 10 /* bytes of metadata JSON */ };

struct options {
    char engine[64];
    char languages[128]; /* "eng+deu" */
    char pages[512];
    char password[128];
    int64_t text_layer; /* enum layer_policy */
    int64_t layout;     /* enum layout_mode */
    bool tables, figures;
    int64_t rotate; /* index: 0 auto, else quarter turns + 1 */
    int64_t dpi;
    int64_t priority;
    int64_t ttl; /* seconds after the end */
    bool strict;
};

extern const struct param_table options_table;

/* What else a submission may say. */
struct extras {
    struct strbuf metadata; /* JSON, compact; empty: none */
    char file_url[2048];
    char webhook_url[1024];
    char webhook_secret[128];
    char webhook_events[64]; /* "completed,failed"; "": all */
    bool force;
};

extern const struct param_table extras_table; /* all but metadata */

void extras_free(struct extras *extras); /* also forgets the secret */
/* One field of a form or of a query: an option, one of the extras, metadata, or "options", a JSON
 * object of them all. ERROR_INPUT naming it. */
int extras_set(struct extras *extras, struct options *o, const char *name, const char *value,
               struct error *err);

/* ERROR_INPUT naming the option. "language" is taken for "languages". */
int options_set(struct options *o, const char *name, const char *value, struct error *err);
/* Once all are set: engine and languages left empty are the settings', languages separated by
 * commas or blanks become eng+deu, and what a single value's type cannot say is checked (page
 * selection, language names). */
int options_settle(struct options *o, const struct settings *settings, struct error *err);
/* What they say about the reading of a page. */
struct page_wish options_wish(const struct options *o);

void options_encode(const struct options *o,
                    struct strbuf *out); /* a JSON object, without the password */

/* A JSON object of options, and of extras unless NULL: "metadata" may be any JSON value, "webhook"
 * an object of url, secret and events. */
int options_decode(struct options *o, const char *json, size_t len, struct extras *extras,
                   struct error *err);

/* Any JSON value of at most OPTIONS_METADATA bytes, appended to *metadata in its compact form. */
int options_metadata(const char *json, size_t len, struct strbuf *metadata, struct error *err);

#endif
