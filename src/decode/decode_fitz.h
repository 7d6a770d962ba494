/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A MuPDF context whose allocations are counted and capped, that prints nothing, has no colour
 * management and opens no files. For the drivers that use MuPDF, each of which has its own.
 */
#ifndef DECODE_DECODE_FITZ_H
#define DECODE_DECODE_FITZ_H

#include "decode/decode_driver.h"

#include <mupdf/fitz.h>

struct decode_memory {
    uint64_t used, cap;
    size_t refused; /* bytes of a request that was refused and not met since; 0: none */
};

fz_alloc_context decode_memory_functions(struct decode_memory *m);

struct decode_fitz {
    fz_context *ctx;
    struct decode_memory memory;
    fz_alloc_context functions;
};

/* The struct must stay where it is until decode_fitz_close. */
int decode_fitz_open(struct decode_fitz *f, const struct decode_limits *limits, struct error *err);
void decode_fitz_close(struct decode_fitz *f);

/* Forget earlier refusals; call before an operation whose memory errors shall be told apart. */
void decode_fitz_begin(struct decode_fitz *f);
/* Was the operation refused memory? MuPDF goes on without what it could not allocate. */
int decode_fitz_check_memory(struct decode_fitz *f, struct error *err);
/* Only in fz_catch. MuPDF's message after `what`; ERROR_LIMIT when memory ran out, else
 * ERROR_INPUT. MuPDF's own codes are of no use: several failures come as 0. */
int decode_fitz_error(struct decode_fitz *f, const char *what, struct error *err);

/* May throw. */
fz_stream *decode_fitz_stream(fz_context *ctx, int fd, uint64_t size);

/* The PDF that a document is, with its context; NULL when it is something else. They stay the
 * document's. */
struct pdf_document;
struct decode_fitz *decode_mupdf_inside(struct document *doc, struct pdf_document **pdf);

#endif
