/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Writing a ZIP archive of outputs, in order, onto a descriptor. Every entry has the same time, so
 * the same job gives the same bytes. Zip64 where an entry or the whole needs it.
 */
#ifndef EXPORT_EXPORT_ZIP_H
#define EXPORT_EXPORT_ZIP_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct zip;

enum { ZIP_STEM = 200 };
enum zip_method { ZIP_DEFLATED, ZIP_STORED }; /* stored: what is compressed already */

/* fd stays the caller's. when: of every entry, Unix ms. */
int zip_new(struct zip **out, int fd, int64_t when, struct error *err);
/* Before zip_finish what was written is not to be used. */
void zip_free(struct zip **zip);

/* An entry begins, the one before it ends. name: UTF-8, relative, parts joined by '/'. */
int zip_begin(struct zip *zip, const char *name, struct error *err);
int zip_write(struct zip *zip, const void *bytes, size_t len, struct error *err);
/* A whole entry from a file, read by offset. */
int zip_add_file(struct zip *zip, const char *name, int fd, uint64_t size, enum zip_method method,
                 struct error *err);
int zip_finish(struct zip *zip, struct error *err);

/* The document's name without folders and extension, fit for a name in any archive: what could
 * lead out of a folder or ends up as something else on another system becomes '_'. */
void zip_stem(const char *filename, char out[ZIP_STEM]);

#endif
