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

enum { OUTPUT_PATH = 1200 };

struct output {
    FILE *file; /* NULL: none */
    char path[OUTPUT_PATH],
        part[OUTPUT_PATH +
             16]; /* part: written first, renamed to path when whole; "": written in place */
    bool shared;  /* one file for all documents: opened once, whole when the run has ended */
    bool broken;  /* something could not be written */
    struct output *next_unfinished;
};

/* to: FILE, DIR, "-" or "". A directory gives a file each, named after the input. alone: a FILE is
 * of this document only, and there when it is whole. What is no regular file (a device, a pipe, a
 * link) is written in place. */
int output_begin(struct output *o, const char *to, const char *input, const char *extension,
                 bool alone, struct error *err);
int output_open(struct output *o, const char *path, struct error *err); /* of one document */
/* A file without a name: fd, taken unless this fails, or for −1 a temporary one. output_abort
 * closes it. */
int output_spool(struct output *o, int fd, struct error *err);
int output_write(struct output *o, const struct strbuf *bytes, struct error *err);
int output_copy(struct output *o, int fd, uint64_t size, struct error *err);
int output_end(struct output *o, struct error *err);     /* the document has ended */
int output_publish(struct output *o, struct error *err); /* the run has ended */
void output_abort(struct output *o);        /* a document's own file that is not whole is removed */
bool output_is_directory(const char *path); /* or is to be one */
/* Would a document's file in a directory take the document's own place? */
bool output_replaces_input(const char *to, const char *input, const char *extension);
const char *output_basename(const char *path);
int output_stem(const char *input, const char **stem); /* of the names of files; its length */
const char *output_extension(
    const char *path); /* "md" of "x.md", "det.mmd" of "x.det.mmd"; NULL: none, or a directory */

/* ocr_unfinished.c: files that are not whole, removed when a signal ends the process. These return
 * −1 with errno. */
int unfinished_open(struct output *o); /* o->part, or o->path where there is none */
int unfinished_rename(struct output *o);
void unfinished_remove(struct output *o);
void unfinished_watch(void); /* before there are other threads */

struct progress {
    bool on, shown;
    int64_t started;
};

void progress_begin(struct progress *p);
void progress_show(struct progress *p, const char *name, const struct job_counts *pages);
void progress_clear(struct progress *p);

#endif
