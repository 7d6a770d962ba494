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

static void add_json(struct strbuf *line, const char *level, const char *job, int page,
                     const char *text)
{
    struct json_writer w = {.out = line};
    json_add_object(&w, NULL);
    json_add_time(&w, "time", clock_wall());
    json_add_string(&w, "level", level);
    json_add_string(&w, "service", config.service);
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

void log_line(enum log_level level, const char *job, int page, const char *fmt, ...)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
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
    strbuf_addc(&line, '\n');
    ssize_t ignored = write(STDERR_FILENO, line.data, line.len);
    (void)ignored;
}
