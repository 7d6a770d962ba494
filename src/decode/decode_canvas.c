/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Memory in and out: the document's bytes as a private mapping, the pixels as a memory file that is
 * sealed when it is handed over. Called by decode.c and the picture drivers.
 */
#include "decode/decode_driver.h"

#include "base/fd.h"

#include <sys/mman.h>
#include <unistd.h>

int decode_canvas_open(struct decode_canvas *c, const char *name, uint64_t size, struct error *err)
{
    auto_fd fd = fd_memory(name, err);
    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)size) < 0)
        return error_errno(err, "a memory file of %llu bytes", (unsigned long long)size);
    void *pixels = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (pixels == MAP_FAILED)
        return error_set(err, ERROR_LIMIT, "no memory for %llu bytes of pixels",
                         (unsigned long long)size);
    *c = (struct decode_canvas){fd_take(&fd), pixels, size};
    return 0;
}

static void unmap(struct decode_canvas *c)
{
    if (c->pixels)
        munmap(c->pixels, c->size);
    c->pixels = NULL;
}

int decode_canvas_take(struct decode_canvas *c, struct error *err)
{
    unmap(c); /* the kernel refuses to seal a file with a writable mapping */
    return fd_seal(c->fd, err) < 0 ? -1 : fd_take(&c->fd);
}

void decode_canvas_close(struct decode_canvas *c)
{
    unmap(c);
    fd_close(&c->fd);
}

int decode_bytes_map(struct decode_bytes *b, const struct decode_source *source, struct error *err)
{
    if (source->size > SIZE_MAX / 2)
        return error_set(err, ERROR_LIMIT, "the document is too large to be held");
    void *data = mmap(NULL, source->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, source->fd, 0);
    if (data == MAP_FAILED)
        return error_set(err, ERROR_LIMIT, "no memory for a document of %llu bytes",
                         (unsigned long long)source->size);
    *b = (struct decode_bytes){data, (size_t)source->size};
    return 0;
}

void decode_bytes_unmap(struct decode_bytes *b)
{
    if (b->data)
        munmap(b->data, b->len);
    b->data = NULL;
}
