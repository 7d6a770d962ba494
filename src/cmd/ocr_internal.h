/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What pagemill ocr writes to: the output of one document, and the line of progress.
 */
#ifndef CMD_OCR_INTERNAL_H
#define CMD_OCR_INTERNAL_H

#include "base/strbuf.h"
#include "cmd/cmd.h"
#include "export/exporter.h"

#include <stdio.h>

struct output {
    FILE *file; /* NULL: none */
    char path[1200],
        part[1216]; /* part: written first, renamed to path when whole; "" for standard output */
    bool shared;    /* one file for all documents: opened once, kept open */
};

/* to: FILE, DIR, "-" or "". A directory gives a file each, named after the input. alone: a FILE is
 * of this document only, and there when it is whole. */
int output_begin(struct output *o, const char *to, const char *input, const char *extension,
                 bool alone, struct error *err);
int output_write(struct output *o, const struct strbuf *bytes, struct error *err);
int output_end(struct output *o, struct error *err);
void output_abort(struct output *o);        /* a document's own file that is not whole is removed */
bool output_is_directory(const char *path); /* or is to be one */
const char *output_basename(const char *path);
const char *output_extension(
    const char *path); /* "md" of "x.md", "det.mmd" of "x.det.mmd"; NULL: none, or a directory */

struct progress {
    bool on, shown;
    int64_t started;
};

void progress_begin(struct progress *p);
void progress_show(struct progress *p, const char *name, const struct job_counts *pages);
void progress_clear(struct progress *p);

#endif
