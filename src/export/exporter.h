/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The pages of a document through output formats, in rising order, one by one. A few are held
 * back, so that what goes over the edges of pages is known when they are written (layout/flow.h);
 * memory does not grow with the document. Each page is decoded once, whatever the number of
 * formats. Called by api and cmd.
 */
#ifndef EXPORT_EXPORTER_H
#define EXPORT_EXPORTER_H

#include "export/export.h"

struct exporter;

enum {
    EXPORTER_WINDOW = 4,   /* decoded pages held at most */
    EXPORTER_FORMATS = 32, /* at once; there are not so many */
};

/* unit: of the page results in json and ndjson. */
struct exporter *exporter_new(const struct export_format *format, enum page_unit unit);
/* Several at once. Where the functions below say out, they take an array then: one for each. */
struct exporter *exporter_new_many(const struct export_format *const *formats, size_t count,
                                   enum page_unit unit);
void exporter_free(struct exporter **exporter);

/* Before exporter_begin: the folder of the pictures that outputs link to, instead of
 * EXPORT_IMAGES. Any name: it is escaped here. */
void exporter_link(struct exporter *exporter, const char *folder);

/* Each appends to out what can be written so far, perhaps nothing. job: a JSON object. */
void exporter_begin(struct exporter *exporter, const char *job, struct strbuf *out);
/* json: a page result as it is stored; its bytes are taken. Fails if it is none. */
int exporter_add(struct exporter *exporter, uint32_t number, struct strbuf *json,
                 struct strbuf *out, struct error *err);
void exporter_add_failed(struct exporter *exporter, uint32_t number, const struct error *why,
                         struct strbuf *out);
/* What was held back, a page a call. True: once more; false: that was all. */
bool exporter_end(struct exporter *exporter, struct strbuf *out);

#endif
