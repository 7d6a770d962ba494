/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the XML formats share: escaping, attributes, and what they say about the job. Only for
 * src/export.
 */
#ifndef EXPORT_EXPORT_XML_H
#define EXPORT_EXPORT_XML_H

#include "base/strbuf.h"
#include "page/page.h"

#include <jansson.h>

/* Escaped for text and for attributes in double quotes alike. What XML 1.0 has no way to write
 * (control characters, U+FFFE, U+FFFF, malformed UTF-8) becomes U+FFFD. */
void xml_add_text(struct strbuf *out, const char *s);

/* One attribute, with a blank before it. */
void xml_add_attribute(struct strbuf *out, const char *name, const char *value);
void xml_add_int(struct strbuf *out, const char *name, long value);
void xml_add_part(struct strbuf *out, const char *name, float value); /* 0 to 1, three decimals */
/* Of one language as a well-formed tag; nothing for several languages or none. */
void xml_add_language(struct strbuf *out, const char *name, const char *language);

/* <name>text</name> */
void xml_add_element(struct strbuf *out, const char *name, const char *text);

/* What the job object says; never NULL. */
struct xml_job {
    const char *filename, *created; /* created: RFC 3339, UTC */
    char *options;                  /* JSON, or NULL */
    json_t *root;
};

void xml_job_open(struct xml_job *job, const char *json);
void xml_job_close(struct xml_job *job);

#endif
