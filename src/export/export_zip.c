/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * ZIP archives through libarchive, of which nothing but its writer is used: no archive is ever read
 * here. Called by api and cmd.
 */
#include "export/export_zip.h"

#include "base/fd.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 64 * 1024 }; /* bytes copied at once */

struct zip {
    struct archive *archive;
    int64_t when;
    int fd;
    struct error error; /* the first one of writing */
};

/* libarchive is told of no failure: it would leak what it holds. */
static la_ssize_t write_piece(struct archive *archive, void *context, const void *bytes, size_t len)
{
    struct zip *zip = context;
    (void)archive;
    if (zip->error.class == ERROR_NONE)
        fd_write_full(zip->fd, bytes, len, &zip->error);
    return (la_ssize_t)len;
}

static int check(struct zip *zip, bool good, struct error *err)
{
    if (zip->error.class != ERROR_NONE) {
        *err = zip->error;
        return error_context(err, "writing the archive");
    }
    return good ? 0
                : error_set(err, ERROR_IO, "writing the archive: %s",
                            archive_error_string(zip->archive));
}

int zip_new(struct zip **out, int fd, int64_t when, struct error *err)
{
    struct zip *zip = x_calloc(1, sizeof *zip);
    struct archive *a = zip->archive = archive_write_new();
    zip->when = when;
    zip->fd = fd;
    bool good = archive_write_set_format_zip(a) == ARCHIVE_OK &&
                archive_write_set_format_option(a, "zip", "hdrcharset", "UTF-8") == ARCHIVE_OK &&
                archive_write_set_bytes_in_last_block(a, 1) == ARCHIVE_OK &&
                archive_write_open(a, zip, NULL, write_piece, NULL) == ARCHIVE_OK;
    if (check(zip, good, err) < 0) {
        zip_free(&zip);
        return -1;
    }
    *out = zip;
    return 0;
}

void zip_free(struct zip **zip)
{
    if (!*zip)
        return;
    archive_write_free((*zip)->archive);
    free(*zip);
    *zip = NULL;
}

/* size: −1 when it is not known yet. */
static int begin(struct zip *zip, const char *name, int64_t size, enum zip_method method,
                 struct error *err)
{
    int set = method == ZIP_STORED ? archive_write_zip_set_compression_store(zip->archive)
                                   : archive_write_zip_set_compression_deflate(zip->archive);
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname_utf8(e, name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_mtime(e, zip->when / 1000, 0);
    if (size >= 0)
        archive_entry_set_size(e, size);
    bool good = set == ARCHIVE_OK && archive_write_header(zip->archive, e) == ARCHIVE_OK;
    archive_entry_free(e);
    return check(zip, good, err);
}

int zip_begin(struct zip *zip, const char *name, struct error *err)
{
    return begin(zip, name, -1, ZIP_DEFLATED, err);
}

int zip_write(struct zip *zip, const void *bytes, size_t len, struct error *err)
{
    return check(zip, archive_write_data(zip->archive, bytes, len) == (la_ssize_t)len, err);
}

int zip_add_file(struct zip *zip, const char *name, int fd, uint64_t size, enum zip_method method,
                 struct error *err)
{
    char piece[PIECE];
    if (begin(zip, name, (int64_t)size, method, err) < 0)
        return -1;
    for (uint64_t at = 0; at < size;) {
        size_t want = size - at < PIECE ? (size_t)(size - at) : PIECE;
        ssize_t n = fd_read_full(fd, piece, want, (off_t)at);
        if (n <= 0)
            return n < 0 ? error_errno(err, "%s", name)
                         : error_set(err, ERROR_IO, "%s: shorter than it was", name);
        if (zip_write(zip, piece, (size_t)n, err) < 0)
            return -1;
        at += (uint64_t)n;
    }
    return 0;
}

int zip_finish(struct zip *zip, struct error *err)
{
    return check(zip, archive_write_close(zip->archive) == ARCHIVE_OK, err);
}

void zip_stem(const char *filename, char out[ZIP_STEM])
{
    const char *slash = strrchr(filename, '/'), *name = slash ? slash + 1 : filename;
    const char *dot = strrchr(name, '.');
    size_t len = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    snprintf(out, ZIP_STEM, "%.*s", (int)(len < ZIP_STEM ? len : ZIP_STEM - 1), name);
    utf8_make_printable(out, ZIP_STEM);
    for (char *c = out; *c; c++)
        if (strchr("\\/:*?\"<>|", *c) || (c == out && *c == '.'))
            *c = '_';
    if (!*out)
        snprintf(out, ZIP_STEM, "document");
}
