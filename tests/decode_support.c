/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Opening, rendering and checking, for the decoder's tests.
 */
#include "decode_support.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const struct decode_limits limits = {100000000, 256u << 20, 1000};
const struct render at_72 = {72, 1, 0}, at_72_rgb = {72, 3, 0};

int file_of(const void *bytes, size_t len)
{
    int fd = fd_memory("test", NULL);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_full(fd, bytes, len, NULL), 0);
    return fd;
}

int file_of_strbuf(struct strbuf *b)
{
    int fd = file_of(b->data, b->len);
    strbuf_free(b);
    return fd;
}

struct document *opened_with(int fd, const char *password, const struct decode_limits *l)
{
    struct document *doc;
    struct error err = {0};
    if (document_open(&doc, fd, password, l, &err) < 0)
        fail_msg("%s: %s", error_code(err.class), err.text);
    return doc;
}

void refused_with(int fd, const char *password, const struct decode_limits *l,
                  enum error_class class, const char *words)
{
    struct document *doc = (struct document *)&doc;
    struct error err = {0};
    assert_int_equal(document_open(&doc, fd, password, l, &err), -1);
    assert_ptr_equal(doc, (struct document *)&doc);
    assert_string_equal(error_code(err.class), error_code(class));
    if (!strstr(err.text, words))
        fail_msg("'%s' is not in '%s'", words, err.text);
    close(fd);
}

void refused(int fd, enum error_class class, const char *words)
{
    refused_with(fd, "", &limits, class, words);
}

struct picture rendered(struct document *doc, uint32_t n, const struct render *how)
{
    struct picture p;
    struct error err = {0};
    p.fd = document_render(doc, n, how, &p.raster, &err);
    if (p.fd < 0)
        fail_msg("%s: %s", error_code(err.class), err.text);
    uint64_t size = raster_bytes(&p.raster, limits.max_pixels, &err);
    assert_int_equal(fd_check_sealed(p.fd, size, &err), 0);
    p.pixels = mmap(NULL, size, PROT_READ, MAP_SHARED, p.fd, 0);
    assert_ptr_not_equal(p.pixels, MAP_FAILED);
    return p;
}

void drop(struct picture *p)
{
    munmap((void *)(uintptr_t)p->pixels, (size_t)p->raster.stride * p->raster.height);
    close(p->fd);
}

const uint8_t *pixel(const struct picture *p, uint32_t x, uint32_t y)
{
    return p->pixels + (size_t)y * p->raster.stride + x * p->raster.channels;
}

void failed_page(struct document *doc, uint32_t n, const struct render *how, enum error_class class,
                 const char *words)
{
    struct raster raster = {.width = 7};
    struct error err = {0};
    assert_int_equal(document_render(doc, n, how, &raster, &err), -1);
    assert_int_equal(raster.width, 7);
    assert_string_equal(error_code(err.class), error_code(class));
    assert_int_equal(err.page, n);
    if (!strstr(err.text, words))
        fail_msg("'%s' is not in '%s'", words, err.text);
}

void check_size(struct document *doc, uint32_t n, uint32_t dpi, uint32_t width, uint32_t height)
{
    struct render how = {dpi, 1, 0};
    struct picture p = rendered(doc, n, &how);
    assert_int_equal(p.raster.width, width);
    assert_int_equal(p.raster.height, height);
    assert_int_equal(p.raster.dpi, dpi);
    assert_int_equal(p.raster.reduced, 0);
    drop(&p);
}

struct page *text_of(struct document *doc, uint32_t n, uint32_t dpi)
{
    struct page *page;
    struct text_layer layer;
    struct error err = {0};
    struct render how = {dpi, 1, 0};
    if (document_text(doc, n, &how, &page, &layer, &err) < 0)
        fail_msg("%s: %s", error_code(err.class), err.text);
    assert_int_equal(page->number, n);
    assert_int_equal(page->source, PAGE_SOURCE_TEXT);
    assert_string_equal(page->engine, "text-layer");
    return page;
}
