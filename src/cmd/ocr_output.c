/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Output files of pagemill ocr: whole or not there. The line of progress: on a terminal only.
 */
#include "cmd/ocr_internal.h"

#include "base/clock.h"
#include "base/fd.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 * 1024 }; /* bytes copied at once */

const char *output_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool output_is_directory(const char *path)
{
    struct stat st;
    size_t len = strlen(path);
    return (len && path[len - 1] == '/') || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

const char *output_extension(const char *path)
{
    const char *name = output_basename(path), *last = NULL;
    if (output_is_directory(path))
        return NULL;
    /* The longest end that is a format: x.det.mmd, and x.y.md too. */
    for (const char *dot = *name ? strchr(name + 1, '.') : NULL; dot; dot = strchr(dot + 1, '.')) {
        last = dot + 1;
        if (export_find(last) || export_plan_of(last))
            break;
    }
    return last;
}

int output_stem(const char *input, const char **stem)
{
    *stem = strcmp(input, "-") == 0 ? "stdin" : output_basename(input);
    const char *dot = strrchr(*stem, '.');
    return (int)(dot && dot != *stem ? (size_t)(dot - *stem) : strlen(*stem));
}

/* A link would be replaced by the file, and a device, too. */
static bool is_in_place(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static int open_path(struct output *o, int length, struct error *err)
{
    if (length < 0 || (size_t)length >= sizeof o->path)
        return error_set(err, ERROR_INPUT, "output path too long");
    *o->part = '\0';
    if (!is_in_place(o->path))
        snprintf(o->part, sizeof o->part, "%s.part", o->path);
    o->broken = false;
    return unfinished_open(o) < 0 ? error_errno(err, "%s", o->path) : 0;
}

int output_open(struct output *o, const char *path, struct error *err)
{
    o->shared = false;
    return open_path(o, snprintf(o->path, sizeof o->path, "%s", path), err);
}

static int path_in_directory(char *path, size_t size, const char *to, const char *input,
                             const char *extension)
{
    const char *stem, *slash = to[strlen(to) - 1] == '/' ? "" : "/";
    int length = output_stem(input, &stem);
    return snprintf(path, size, "%s%s%.*s.%s", to, slash, length, stem, extension);
}

bool output_replaces_input(const char *to, const char *input, const char *extension)
{
    char path[OUTPUT_PATH];
    struct stat ours, theirs;
    if (!output_is_directory(to))
        return false;
    path_in_directory(path, sizeof path, to, input, extension);
    return stat(path, &ours) == 0 && stat(input, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
           ours.st_ino == theirs.st_ino;
}

static int open_in_directory(struct output *o, const char *to, const char *input,
                             const char *extension, struct error *err)
{
    if (mkdir(to, 0777) < 0 && !output_is_directory(to))
        return error_errno(err, "%s", to);
    o->shared = false;
    return open_path(o, path_in_directory(o->path, sizeof o->path, to, input, extension), err);
}

int output_begin(struct output *o, const char *to, const char *input, const char *extension,
                 bool alone, struct error *err)
{
    if (o->file)
        return 0;
    if (!*to || strcmp(to, "-") == 0) {
        o->file = stdout;
        o->shared = true;
        return 0;
    }
    if (output_is_directory(to))
        return open_in_directory(o, to, input, extension, err);
    if (output_open(o, to, err) < 0)
        return -1;
    o->shared = !alone;
    return 0;
}

int output_spool(struct output *o, int fd, struct error *err)
{
    *o = (struct output){.file = fd < 0 ? tmpfile() : fdopen(fd, "w+")};
    return o->file ? 0 : error_errno(err, "a temporary file");
}

static int write_bytes(struct output *o, const void *bytes, size_t len, struct error *err)
{
    if ((!len || fwrite(bytes, 1, len, o->file) == len) && fflush(o->file) == 0)
        return 0;
    o->broken = true;
    return error_errno(err, "writing the output");
}

int output_write(struct output *o, const struct strbuf *bytes, struct error *err)
{
    return write_bytes(o, bytes->data, bytes->len, err);
}

int output_copy(struct output *o, int fd, uint64_t size, struct error *err)
{
    char piece[PIECE];
    for (uint64_t at = 0; at < size;) {
        ssize_t n = fd_read_full(fd, piece, sizeof piece, (off_t)at);
        if (n <= 0)
            return error_set(err, ERROR_IO, "an output became shorter");
        if (write_bytes(o, piece, (size_t)n, err) < 0)
            return -1;
        at += (uint64_t)n;
    }
    return 0;
}

static int finish(struct output *o, struct error *err)
{
    FILE *file = o->file;
    o->file = NULL;
    if (fclose(file) == 0 && (!*o->part || unfinished_rename(o) == 0))
        return 0;
    error_errno(err, "%s", o->path);
    if (*o->part)
        unfinished_remove(o);
    return -1;
}

int output_end(struct output *o, struct error *err)
{
    return o->shared ? 0 : finish(o, err);
}

int output_publish(struct output *o, struct error *err)
{
    if (!o->file || !o->shared || o->file == stdout)
        return 0;
    if (!o->broken)
        return finish(o, err);
    o->shared = false;
    output_abort(o);
    return 0;
}

void output_abort(struct output *o)
{
    if (!o->file || o->shared)
        return;
    fclose(o->file);
    o->file = NULL;
    if (*o->part)
        unfinished_remove(o);
}

void progress_begin(struct progress *p)
{
    p->started = clock_steady();
}

void progress_show(struct progress *p, const char *name, const struct job_counts *pages)
{
    enum { WIDTH = 24 };
    static const char full[] = "########################", empty[] = "........................";
    int64_t ended = pages->done + pages->failed;
    double seconds = (double)(clock_steady() - p->started) / 1000;
    if (!p->on || !pages->total)
        return;
    int bar = (int)(ended * WIDTH / pages->total);
    double rate = seconds > 0 ? (double)ended / seconds : 0;
    fprintf(stderr, "\r\033[K%.40s [%.*s%.*s] %lld/%lld pages", output_basename(name), bar, full,
            WIDTH - bar, empty, (long long)ended, (long long)pages->total);
    if (ended) {
        int64_t left = (int64_t)((double)(pages->total - ended) / rate + 0.5);
        fprintf(stderr, ", %.2f pages/s, %lld:%02lld left", rate, (long long)(left / 60),
                (long long)(left % 60));
    }
    p->shown = true;
}

void progress_clear(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}
