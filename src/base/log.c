/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The log. One write(2) a line, so lines of several processes do not mix. Calls strbuf,
 * json_writer, clock.
 */
#include "base/log.h"

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static struct {
    const char *service;
    enum log_level least;
    bool json;
} config = {"pagemill", LOG_INFO, false};

void log_setup(const char *service, enum log_level least, enum log_format format)
{
    config.service = service;
    config.least = least;
    config.json = format == LOG_JSON || (format == LOG_AUTO && !isatty(STDERR_FILENO));
}

static const char *const names[] = {"debug", "info", "warning", "error"};

static struct json_writer begin_json(struct strbuf *line, const char *level)
{
    struct json_writer w = {.out = line};
    json_add_object(&w, NULL);
    json_add_time(&w, "time", clock_wall());
    json_add_string(&w, "level", level);
    json_add_string(&w, "service", config.service);
    return w;
}

static void add_json(struct strbuf *line, const char *level, const char *job, int page,
                     const char *text)
{
    struct json_writer w = begin_json(line, level);
    if (job)
        json_add_string(&w, "job", job);
    if (page)
        json_add_int(&w, "page", page);
    json_add_string(&w, "message", text);
    json_end_object(&w);
}

static void add_text(struct strbuf *line, const char *level, const char *job, int page,
                     const char *text)
{
    char when[CLOCK_TEXT];
    strbuf_addf(line, "%s %-7s ", clock_rfc3339(clock_wall(), when), level);
    if (job)
        strbuf_addf(line, "job %s ", job);
    if (page)
        strbuf_addf(line, "page %d ", page);
    strbuf_adds(line, text);
}

static void write_line(struct strbuf *line)
{
    strbuf_addc(line, '\n');
    ssize_t ignored = write(STDERR_FILENO, line->data, line->len);
    (void)ignored;
}

void log_line(enum log_level level, const char *job, int page, const char *fmt, ...)
{
    if (level < config.least)
        return;
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    utf8_make_printable(text, sizeof text);
    auto_strbuf line = {0};
    (config.json ? add_json : add_text)(&line, names[level], job, page, text);
    write_line(&line);
}

static void add_access_json(struct strbuf *line, const char *level, const struct log_access *a)
{
    struct json_writer w = begin_json(line, level);
    json_add_string(&w, "method", a->method);
    json_add_string(&w, "path", a->path);
    json_add_int(&w, "status", a->status);
    json_add_int(&w, "bytes", a->bytes);
    json_add_number(&w, "duration_ms", (double)a->microseconds / 1000, 3);
    json_add_string(&w, "client", a->client);
    json_add_string(&w, "owner", a->owner);
    json_add_string(&w, "request_id", a->request);
    json_end_object(&w);
}

static void add_access_text(struct strbuf *line, const char *level, const struct log_access *a)
{
    char when[CLOCK_TEXT];
    strbuf_addf(line, "%s %-7s %s %s %d %lld bytes %.1f ms %s %s %s",
                clock_rfc3339(clock_wall(), when), level, a->method, a->path, a->status,
                (long long)a->bytes, (double)a->microseconds / 1000, a->client, a->owner,
                a->request);
    utf8_make_printable(line->data, line->len + 1);
}

void log_access(enum log_level level, const struct log_access *access)
{
    if (level < config.least)
        return;
    auto_strbuf line = {0};
    (config.json ? add_access_json : add_access_text)(&line, names[level], access);
    write_line(&line);
}
