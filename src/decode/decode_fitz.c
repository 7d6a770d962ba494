/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * MuPDF contexts, their errors, and documents read by offset. Colour management is off: the
 * profiles in documents are one more parser for hostile bytes, and nothing here needs true colours.
 * Called by the drivers that use MuPDF.
 */
#include "decode/decode_fitz.h"

#include "base/fd.h"

/* Fonts, glyphs and decoded images kept from page to page. Letterheads and scans repeat; more than
 * this gained nothing on the documents that were tried. */
/* MuPDF's cache of fonts and images; more buys little, since a page is rendered once. */
enum { STORE_SIZE = 8 << 20 };

enum { MESSAGE_MAX = 120 };

static void swallow(void *user, const char *message)
{
    (void)user;
    (void)message;
}

int decode_fitz_open(struct decode_fitz *f, const struct decode_limits *limits, struct error *err)
{
    f->memory = (struct decode_memory){.cap = limits->max_memory};
    f->functions = decode_memory_functions(&f->memory);
    f->ctx = fz_new_context(&f->functions, NULL, STORE_SIZE);
    if (!f->ctx)
        return error_set(err, ERROR_LIMIT, "%llu bytes of memory are not enough (worker_memory)",
                         (unsigned long long)limits->max_memory);
    fz_set_error_callback(f->ctx, swallow, NULL);
    fz_set_warning_callback(f->ctx, swallow, NULL);
    fz_disable_icc(f->ctx);
    return 0;
}

void decode_fitz_close(struct decode_fitz *f)
{
    fz_drop_context(f->ctx);
    f->ctx = NULL;
}

void decode_fitz_begin(struct decode_fitz *f)
{
    f->memory.refused = 0;
}

int decode_fitz_check_memory(struct decode_fitz *f, struct error *err)
{
    if (!f->memory.refused)
        return 0;
    return error_set(err, ERROR_LIMIT, "needs more than %llu MiB of memory (worker_memory)",
                     (unsigned long long)(f->memory.cap >> 20));
}

int decode_fitz_error(struct decode_fitz *f, const char *what, struct error *err)
{
    if (decode_fitz_check_memory(f, err) < 0)
        return -1;
    return error_set(err, ERROR_INPUT, "%s: %.*s", what, MESSAGE_MAX, fz_caught_message(f->ctx));
}

struct file {
    int fd;
    uint64_t size, offset;
    unsigned char buffer[16384];
};

static int file_next(fz_context *ctx, fz_stream *stream, size_t max)
{
    (void)max;
    struct file *file = stream->state;
    ssize_t n = fd_read_full(file->fd, file->buffer, sizeof file->buffer, (off_t)file->offset);
    if (n < 0)
        fz_throw(ctx, FZ_ERROR_GENERIC, "the document cannot be read");
    file->offset += (uint64_t)n;
    stream->rp = file->buffer;
    stream->wp = file->buffer + n;
    stream->pos = (int64_t)file->offset;
    return n ? *stream->rp++ : EOF;
}

static void file_seek(fz_context *ctx, fz_stream *stream, int64_t offset, int whence)
{
    struct file *file = stream->state;
    int64_t base = whence == SEEK_END ? (int64_t)file->size : 0;
    if (__builtin_add_overflow(base, offset, &offset) || offset < 0)
        fz_throw(ctx, FZ_ERROR_GENERIC, "a position outside the document");
    file->offset = (uint64_t)offset;
    stream->pos = offset;
    stream->rp = stream->wp = file->buffer;
}

static void file_drop(fz_context *ctx, void *state)
{
    fz_free(ctx, state);
}

fz_stream *decode_fitz_stream(fz_context *ctx, int fd, uint64_t size)
{
    struct file *file = fz_calloc(ctx, 1, sizeof *file);
    file->fd = fd;
    file->size = size;
    /* fz_new_stream drops the state itself when it fails. */
    fz_stream *stream = fz_new_stream(ctx, file, file_next, file_drop);
    stream->seek = file_seek;
    return stream;
}
