/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Output files of pagemill ocr: whole or not there. The line of progress: on a terminal only.
 */
#include "cmd/ocr_internal.h"

#include "base/clock.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
        if (export_find(last))
            break;
    }
    return last;
}

/* 1: in a directory, 0: as it is named, −1 */
static int set_paths(struct output *o, const char *to, const char *input, const char *extension,
                     struct error *err)
{
    const char *name = strcmp(input, "-") == 0 ? "stdin" : output_basename(input);
    const char *dot = strrchr(name, '.');
    int stem = (int)(dot && dot != name ? (size_t)(dot - name) : strlen(name));
    bool directory = output_is_directory(to);
    if (directory && mkdir(to, 0777) < 0 && !output_is_directory(to))
        return error_errno(err, "%s", to);
    int n = directory ? snprintf(o->path, sizeof o->path, "%s/%.*s.%s", to, stem, name, extension)
                      : snprintf(o->path, sizeof o->path, "%s", to);
    if (n < 0 || (size_t)n >= sizeof o->path)
        return error_set(err, ERROR_INPUT, "output path too long");
    snprintf(o->part, sizeof o->part, "%s.part", o->path);
    return directory;
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
    int directory = set_paths(o, to, input, extension, err);
    if (directory < 0)
        return -1;
    o->shared = !directory && !alone;
    /* All documents into one file: it grows in place. One file each: under another name until it is
     * whole. */
    o->file = fopen(o->shared ? o->path : o->part, "we");
    return o->file ? 0 : error_errno(err, "%s", o->path);
}

int output_write(struct output *o, const struct strbuf *bytes, struct error *err)
{
    if (bytes->len && fwrite(bytes->data, 1, bytes->len, o->file) != bytes->len)
        return error_errno(err, "writing the output");
    return fflush(o->file) ? error_errno(err, "writing the output") : 0;
}

int output_end(struct output *o, struct error *err)
{
    if (o->shared)
        return 0;
    FILE *file = o->file;
    o->file = NULL;
    if (fclose(file) || rename(o->part, o->path) < 0)
        return error_errno(err, "%s", o->path);
    return 0;
}

void output_abort(struct output *o)
{
    if (!o->file || o->shared)
        return;
    fclose(o->file);
    o->file = NULL;
    unlink(o->part);
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
