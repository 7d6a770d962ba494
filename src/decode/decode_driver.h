/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a document format implements, and what formats share. decode.c has checked every argument
 * before a driver sees it, holds the page's clock, makes the memory file and puts the page number
 * into errors; a driver measures a page and draws it into pixels that are already there.
 */
#ifndef DECODE_DECODE_DRIVER_H
#define DECODE_DECODE_DRIVER_H

#include "decode/decode.h"
#include "page/media.h"

#include <stdbool.h>
#include <stddef.h>

struct decode_source {
    int fd; /* read by offset only */
    uint64_t size;
    const char *password; /* never NULL */
    struct decode_limits limits;
};

struct decode_driver {
    /* A struct whose first member is struct document, with limits and pages (1 to max_pages)
     * filled. */
    int (*open)(struct document **out, const struct decode_source *source, struct error *err);
    void (*close)(struct document *doc);
    /* Width, height, dpi and reduced of page n, within the limits, without decoding its pixels. */
    int (*measure)(struct document *doc, uint32_t n, const struct render *how,
                   struct raster *raster, struct error *err);
    /* Every byte of the raster's rows is the driver's to set; they come as zeroes. */
    int (*draw)(struct document *doc, uint32_t n, const struct raster *raster, uint8_t *pixels,
                struct error *err);
    /* Blocks with their lines and words, in the raster's pixels; *layer comes empty. NULL: no text
     * layers. */
    int (*text)(struct document *doc, uint32_t n, const struct raster *raster, struct page *page,
                struct text_layer *layer, struct error *err);
};

/* A new memory file, mapped and writable, zeroed. Take: unmapped, sealed, handed over. */
struct decode_canvas {
    int fd; /* -1: none */
    uint8_t *pixels;
    uint64_t size;
};

#define DECODE_NO_CANVAS \
    {                    \
        .fd = -1         \
    }

struct document {
    const struct decode_driver *driver;
    struct decode_limits limits;
    uint32_t pages;
    /* decode.c's: the page that a picture was made of last; 0: none. */
    uint32_t shown;
    struct render shown_how;
    struct raster shown_raster;
    struct decode_canvas shown_canvas;
};

extern const struct decode_driver decode_mupdf, decode_image, decode_jp2, decode_tiff, decode_webp;

/* Longest side of a page in pixels. It is JPEG's, and keeps every int of every library in range. */
enum { DECODE_MAX_SIDE = 65500 };

/* Is width × height within max_pixels and DECODE_MAX_SIDE? decode_check_size says so in an error.
 */
bool decode_fits(uint64_t width, uint64_t height, const struct decode_limits *limits);
int decode_check_size(uint64_t width, uint64_t height, const struct decode_limits *limits,
                      struct error *err);

/* The raster of a picture file: its own pixels, sides swapped for the orientations that turn it (5
 * to 8 of EXIF), and its resolution: `stated` if that can be meant, else an estimate. */
int decode_measure_picture(uint64_t width, uint64_t height, unsigned orientation, double stated,
                           const struct decode_limits *limits, struct raster *raster,
                           struct error *err);

/* The page's clock (one per process: SIGALRM). decode_timer_watch: an int that the alarm sets to 1,
 * or NULL; it must outlive the watch. */
int decode_timer_install(struct error *err);
void decode_timer_start(uint32_t ms); /* 0: no limit */
void decode_timer_stop(void);
void decode_timer_watch(int *flag);
bool decode_timer_expired(void);

/* The end of every operation on a page: the clock stops, and what it ran over is ERROR_TIMEOUT,
 * even where the result looks like success. */
int decode_page_end(int result, uint32_t n, const struct render *how, struct error *err);

int decode_canvas_open(struct decode_canvas *c, const char *name, uint64_t size, struct error *err);
int decode_canvas_take(struct decode_canvas *c, struct error *err); /* the descriptor */
void decode_canvas_close(struct decode_canvas *c);                  /* accepts one that was taken */

/* The document's bytes as private memory: a decoder may scribble on them, the file never changes.
 */
struct decode_bytes {
    uint8_t *data;
    size_t len;
};

int decode_bytes_map(struct decode_bytes *b, const struct decode_source *source, struct error *err);
void decode_bytes_unmap(struct decode_bytes *b);

/* Rows of decoded pixels: `colours` (1 grey, 3 RGB) bytes and, when alpha, one more with the
 * colours already multiplied by it. */
struct decode_rows {
    const uint8_t *samples;
    ptrdiff_t stride;
    uint32_t width, first, count; /* of the picture before it is turned: rows first … first+count */
    uint32_t colours;
    bool alpha;
};

/* Put rows into the raster on white, turned by the EXIF orientation, grey or colour as the raster
 * has it. */
void decode_blit(const struct decode_rows *rows, unsigned orientation, const struct raster *raster,
                 uint8_t *pixels);

/* Write the raster as a PNG or JPEG file into a new sealed memory file: its descriptor. */
int decode_jpeg(const struct raster *raster, uint8_t *pixels, struct error *err);
int decode_png(const struct raster *raster, uint8_t *pixels, const struct decode_limits *limits,
               struct error *err);

/* One image file directory of a TIFF file, or of an EXIF block, which is one too. */
struct decode_ifd {
    uint32_t width, height;
    unsigned orientation; /* 1 to 8 */
    double dpi;           /* 0: not stated */
    uint32_t next;        /* offset of the next one; 0: none */
};

uint32_t decode_ifd_first(const uint8_t *bytes, size_t len); /* 0: none */
/* False when it does not lie within the bytes. */
bool decode_ifd_read(const uint8_t *bytes, size_t len, uint32_t offset, struct decode_ifd *out);

#endif
